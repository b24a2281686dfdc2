#!/usr/bin/env python3
"""test_net_memory.py TRACKER PEER LIVE FAILING_MEMORY: memory runs out in the programs of the real network.

FAILING_MEMORY is loaded into one program of a small swarm on the loopback, and lets the n-th allocation
fail, once, and for good from there on: of the program's own code (`core/`, `net/`, and libuv and cJSON,
which allocate through it). The program goes on and does what it is for, or ends with 1 and one
line. Nothing that has the file's name is another file; a fetch that failed is done again, and goes on
from what is there. FAULTS_ALL in the environment tries every n, else a share.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

TRACKER, PEER, LIVE, FAILING = tap.arguments(4)

import faults  # noqa: E402

HOST = "127.0.0.1"
JOBS = 3  # at once: they wait for each other most of the time
SIZE = 200_000
LIVE_SCENARIO = """[scenario]
name = tiny
until = 20s
[file]
blocks = 4
block_size = 16KiB
[protocol]
unchoke_interval = 200ms
[tracker]
up = 10MB
down = 10MB
[peers home]
count = 2
up = 10MB
down = 10MB
leave = when-complete
"""


class Memory(faults.Case):
    most = 12  # of a case's allocations, unless every one is tried

    def setUp(self):
        super().setUp()
        self.film = self.scratch / "film.bin"
        self.film.write_bytes(random.Random(1).randbytes(SIZE))
        self.started, self.addresses, self.lock = [], {}, threading.Lock()
        self.addCleanup(self.end)

    def end(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    # ---- programs

    def start(self, *command, **environment):
        process = subprocess.Popen(
            [str(word) for word in command], cwd=self.scratch, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | environment)
        self.started.append(process)
        return process

    def stop(self, process):
        """(exit status, stderr) of one that is told to leave, or has ended."""
        if process.poll() is None:
            process.terminate()
        said = process.communicate(timeout=faults.TIMEOUT)[1]
        return process.returncode, said

    def start_tracker(self, **environment):
        """A tracker and its port, or None where it ended before it listened."""
        tracker = self.start(TRACKER, "--quiet", "--paranoid", "--block-size", "16KiB", HOST, 0,
                             self.film, **environment)
        line = tracker.stdout.readline()
        match = re.match(r"listening on \S+ (\d+)$", line)
        return tracker, match and int(match[1])

    def peer(self, name, port, *options):
        return [PEER, "--quiet", "--paranoid", "--output-dir", self.scratch / name, *options,
                name, self.address(name), 0, HOST, port]

    def address(self, name):
        """Of the loopback, and of no other peer: a port that is free may be one of the dead."""
        with self.lock:
            number = self.addresses.setdefault(name, len(self.addresses))
        return f"127.1.{number // 250}.{1 + number % 250}"

    # ---- what holds

    def failing(self, number, for_good, **more):
        return {"LD_PRELOAD": FAILING, "FAILING_ALLOCATION": str(number)} | more | (
            {"FAILING_FOR_GOOD": "1"} if for_good else {})

    def counting(self, **more):
        return {"LD_PRELOAD": FAILING, "COUNTED_ALLOCATIONS": str(self.scratch / "count")} | more

    def counted(self):
        return int((self.scratch / "count").read_text())

    def is_there(self, name):
        """Whether a peer has the file, which is whole then."""
        path = self.scratch / name / self.film.name
        if path.exists():
            self.assertEqual(path.read_bytes(), self.film.read_bytes(), f"{path} is not the file")
        return path.exists()

    def assert_told(self, status, said, name):
        self.assertEqual(status, 1, f"{name}: {said}")
        self.assert_one_line(said, name)

    def fail_each(self, total, fail_one):
        """fail_one(number, for_good, name) for the numbers 1 to `total`: whether the program failed."""
        tried = [(number, for_good, f"{number}{'-and-on' if for_good else ''}")
                 for number in faults.spread(range(1, total + 1), self.most)
                 for for_good in (False, True)]

        def one(each):
            try:
                return fail_one(*each), ""
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                return False, str(failure)

        with ThreadPoolExecutor(JOBS) as pool:
            done = list(pool.map(one, tried))
        ended, wrong = sum(ends for ends, _ in done), [text for _, text in done if text]
        print(f"# {total} allocations, {len(tried)} runs, {ended} ended")
        self.assertEqual(len(wrong), 0, "\n".join(wrong[:5]))
        return ended


class Fetching(Memory):
    """A peer that fetches from a tracker and another peer."""

    most = 25

    def setUp(self):
        super().setUp()
        self.tracker, self.port = self.start_tracker()
        self.other = self.start(*self.peer("other", self.port, "--exit-when-complete"))
        self.assertEqual(self.other.wait(faults.TIMEOUT), 0)
        self.other = self.start(*self.peer("other", self.port))

    def fetch(self, name, **environment):
        command = self.peer(name, self.port, "--exit-when-complete", "--record", f"record-{name}")
        return self.run_it(command, **environment)

    def fail_one(self, number, for_good, name, **more):
        status, said = self.fetch(name, **self.failing(number, for_good, **more))
        if status == 0:
            self.assertTrue(self.is_there(name), name)
            return False
        self.assert_told(status, said, name)
        self.is_there(name)
        shutil.rmtree(self.scratch / f"record-{name}", ignore_errors=True)
        status, said = self.fetch(name)
        self.assertEqual(status, 0, f"again after {name}: {said}")
        self.assertTrue(self.is_there(name), name)
        return True

    def fail_all(self, **more):
        status, said = self.fetch("first", **self.counting(**more))
        self.assertEqual((status, said), (0, ""))
        return self.fail_each(self.counted(), lambda *each: self.fail_one(*each, **more))

    def test_own_code(self):
        self.assertGreater(self.fail_all(), 10)


class Serving(Memory):
    """A tracker, or a peer that has the file from before; two peers want it."""

    def fetchers(self, name, port):
        return [self.start(*self.peer(f"{which}-{name}", port, "--exit-when-complete"))
                for which in ("anna", "bert")]

    def wait_for(self, server, fetchers, name):
        """Until all have the file, or who serves has ended."""
        end = time.monotonic() + faults.TIMEOUT
        while server.poll() is None and any(each.poll() is None for each in fetchers):
            self.assertLess(time.monotonic(), end, f"{name}: neither done nor ended")
            time.sleep(0.01)

    def serve(self, name, **environment):
        """Whether it ended before it was told to."""
        server, port = self.start_tracker(**environment)
        fetchers = self.fetchers(name, port) if port else []
        self.wait_for(server, fetchers, name)
        ended = [each.poll() for each in fetchers]
        status, said = self.stop(server)
        for each in fetchers:  # without a tracker they would try again for a while
            self.assertNotIn(each.poll(), (-6, -11))
            each.kill()
            each.wait()
        whole = [self.is_there(f"{which}-{name}") for which in ("anna", "bert")]
        if status == 0:
            self.assertEqual((ended, whole), ([0, 0], [True, True]), f"{name}: {said}")
            return False
        self.assert_told(status, said, name)
        return True

    def fail_all(self, **more):
        self.assertFalse(self.serve("first", **self.counting(**more)))
        return self.fail_each(self.counted(), lambda number, for_good, name: self.serve(
            name, **self.failing(number, for_good, **more)))

    def test_tracker(self):
        self.assertGreater(self.fail_all(), 5)


class Live(Memory):
    """minibit-live; and all the programs that it starts."""

    most = 6

    def setUp(self):
        super().setUp()
        (self.scratch / "live.ini").write_text(LIVE_SCENARIO)

    def run_live(self, name, **environment):
        (self.scratch / f"tmp-{name}").mkdir()
        return self.run_it([LIVE, "--quiet", "--paranoid", "live.ini", "-o", name],
                           TMPDIR=str(self.scratch / f"tmp-{name}"), **environment)

    def fail_one(self, number, for_good, name, **more):
        status, said = self.run_live(name, **self.failing(number, for_good, **more))
        marked = self.assert_marked_is_whole(self.scratch / name)
        if status == 0:
            self.assertEqual(marked, 1, name)
            gains = (self.scratch / name / "provenance.csv").read_text().splitlines()
            self.assertEqual(len(gains), 1 + 2 * 4, f"{name}: blocks are missing from the run")
            return False
        self.assertEqual(status, 1, f"{name}: {said}")
        if more["FAILING_PROGRAM"] == "minibit-live":
            self.assert_one_line(said, name)
        else:
            self.assertEqual(set(re.findall(r"\((exit.*)\)$", said, re.M)), {"exit code 1, signal 0"}, said)
        return True

    def fail_all(self, **more):
        status, said = self.run_live("whole", **self.counting(**more))
        self.assertEqual((status, said), (0, ""))
        return self.fail_each(self.counted(), lambda *each: self.fail_one(*each, **more))

    def test_live(self):
        self.fail_all(FAILING_PROGRAM="minibit-live")

    def test_its_peers(self):
        self.fail_all(FAILING_PROGRAM="minibit-peer")


if __name__ == "__main__":
    tap.main()
