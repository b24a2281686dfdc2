#!/usr/bin/env python3
"""test_streams.py TRACKER PEER LIVE SIM RESULTS: standard streams that are closed, full or gone.

A service's start script closes them; `| head -1` goes away. No file or socket may land on one of
their descriptors, no download may be lost, and what could not be said shows in the exit code.
"""
import os
import subprocess

import swarm
import tap
from ports import free_port

TRACKER, PEER, LIVE, SIM, RESULTS = tap.arguments(5)
BLOCK = 4096
SIZE = 40 * BLOCK + 100


class Case(swarm.Case):
    programs = (TRACKER, PEER)

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(SIZE)


def closing(descriptors):
    return lambda: [os.close(descriptor) for descriptor in descriptors]


SETS = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]


class Closed(Case):
    def run_closed(self, descriptors, *arguments, patience=30):
        """Its exit code; it inherits the test's streams but for those that are closed."""
        with open(os.devnull, "r+b") as null:
            process = subprocess.Popen([str(a) for a in arguments], stdin=null, stdout=null, stderr=null,
                                       cwd=self.swarm.folder, preexec_fn=closing(descriptors))
        self.addCleanup(process.kill)
        return process

    def test_a_peer(self):
        self.swarm.tracker(self.file)
        for number, descriptors in enumerate(SETS):
            with self.subTest(closed=descriptors):
                folder = self.swarm.folder / f"out{number}"
                folder.mkdir()
                peer = self.run_closed(descriptors, PEER, "-v", "--output-dir", folder,
                                       "--exit-when-complete", f"p{number}", swarm.HOST, 0, swarm.HOST,
                                       self.swarm.tracker_port)
                self.assertEqual(peer.wait(30), 0)
                self.assertSameBytes(folder / self.file.name, self.file)

    def test_a_tracker(self):
        port = free_port()
        for descriptors in SETS:
            with self.subTest(closed=descriptors):
                tracker = self.run_closed(descriptors, TRACKER, swarm.HOST, port, self.file)
                self.assertTrue(swarm.wait_until(lambda: self.answers(port), 20))
                for descriptor in descriptors:
                    target = os.readlink(f"/proc/{tracker.pid}/fd/{descriptor}")
                    self.assertEqual(target, "/dev/null")
                tracker.terminate()
                self.assertEqual(tracker.wait(20), 0)
        self.assertEqual(swarm.digest(self.file), self.before)

    def setUp(self):
        super().setUp()
        self.before = swarm.digest(self.file)

    def answers(self, port):
        try:
            return swarm.announce(port, "anna") is not None
        except OSError:
            return False

    def test_the_others(self):
        scenario = self.swarm.folder / "one.ini"
        scenario.write_text("[scenario]\nname = one\n[file]\nblocks = 4\n[tracker]\nup = 8Mbit\n"
                            "[peers home]\ncount = 2\nup = 8Mbit\ndown = 8Mbit\n")
        for number, descriptors in enumerate(SETS):
            with self.subTest(closed=descriptors):
                out = self.swarm.folder / f"run{number}"
                self.assertEqual(self.run_closed(descriptors, SIM, scenario, "-o", out).wait(30), 0)
                self.assertEqual(self.run_closed(descriptors, RESULTS, "table", out).wait(30), 0)
                for program in (SIM, RESULTS, LIVE, TRACKER, PEER):
                    self.assertEqual(self.run_closed(descriptors, program, "--version").wait(30), 0)


class Full(Case):
    def test_help_that_cannot_be_written(self):
        for program in (TRACKER, PEER, LIVE, SIM, RESULTS):
            for option in ("--help", "--version"):
                with self.subTest(program=program, option=option), open("/dev/full", "w") as full:
                    done = subprocess.run([program, option], stdout=full, stderr=subprocess.PIPE)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(b"standard output cannot be written", done.stderr)

    def test_a_peer_whose_output_is_full_or_gone_keeps_the_file(self):
        self.swarm.tracker(self.file)
        gone, end = os.pipe()
        os.close(gone)
        with open("/dev/full", "w") as full:
            for name, stream in (("full", full), ("gone", end)):
                with self.subTest(name):
                    peer = self.swarm.peer(name, "--exit-when-complete", stdout=stream)
                    self.assertEqual(peer.wait(), 1, peer.story())
                    self.assertSameBytes(peer.folder / self.file.name, self.file)
        os.close(end)

    def test_messages_that_cannot_be_written_change_nothing(self):
        self.swarm.tracker(self.file)
        gone, end = os.pipe()
        os.close(gone)
        with open("/dev/full", "w") as full:
            for name, stream in (("full", full), ("gone", end)):
                with self.subTest(name):
                    peer = self.swarm.peer(name, "-v", "--exit-when-complete", stderr=stream)
                    self.assertEqual(peer.wait(), 0, peer.story())
                    self.assertSameBytes(peer.folder / self.file.name, self.file)
        os.close(end)


if __name__ == "__main__":
    tap.main()
