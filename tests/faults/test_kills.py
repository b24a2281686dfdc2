#!/usr/bin/env python3
"""test_kills.py SIM RESULTS [--seed N] [--kills N]: kill -9 at any instant of what writes results.

Runs, studies, pictures and reports are killed after a random time, with all their processes. Then
what is marked whole is whole: manifests hold, a page or picture under its name is the one that comes
without a kill, and going on yields the same bytes as never having been killed. The seed is printed;
with it and the number of kills the same instants are tried again.
"""
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, RESULTS = tap.arguments(2)

import faults  # noqa: E402


def option(name, default):
    if name not in sys.argv:
        return default
    at = sys.argv.index(name)
    value = int(sys.argv[at + 1])
    del sys.argv[at : at + 2]
    return value


SEED = option("--seed", secrets.randbelow(1 << 31))
KILLS = option("--kills", 200 if faults.everything() else 25)
BIG = faults.RUN.replace("count = 2", "count = 60").replace("blocks = 3", "blocks = 60")


class Kills(faults.Case):
    def setUp(self):
        super().setUp()
        self.draw = random.Random(f"{SEED} {self.id()}")
        self.tiny.write_text(BIG)
        self.study.write_text(BIG.replace("count = 60", "count = ${N=40, 50, 60, 70}"))
        self.out = self.scratch / "out"
        print(f"# --seed {SEED} --kills {KILLS}")

    def start(self, command):
        return subprocess.Popen([str(word) for word in command], cwd=self.scratch,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True)

    def takes(self, command):
        """How long it takes, in seconds; it must succeed."""
        begun = time.monotonic()
        self.assertEqual(self.start(command).wait(faults.TIMEOUT), 0, command)
        return time.monotonic() - begun

    def kill(self, command, within):
        """Whether it was killed before it ended."""
        process = self.start(command)
        time.sleep(self.draw.uniform(0, 1.3 * within))
        ended = process.poll() is not None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        return not ended

    def assert_verified(self, folder):
        status, said = self.run_it([RESULTS, "verify", folder, "--manifest-only"])
        self.assertEqual(status, 0, said)

    def test_run(self):
        command = [SIM, self.tiny, "-q", "-o", self.out, "--force", "--events=zst"]
        within = self.takes(command)
        whole, killed, marked = faults.files_of(self.out), 0, 0
        for _ in range(KILLS):
            if self.draw.random() < 0.5:
                shutil.rmtree(self.out, ignore_errors=True)
            killed += self.kill(command, within)
            marked += self.assert_marked_is_whole(self.out)
            if (self.out / "manifest.json").exists():
                self.assert_verified(self.out)
        print(f"# {killed} kills, {marked} times a whole run was there")
        self.takes(command)
        self.assertEqual(faults.files_of(self.out), whole)

    def test_study(self):
        command = [SIM, self.study, "-q", "-j", "2", "-o", self.out]
        within, killed, marked = self.takes(command), 0, 0
        whole = faults.files_of(self.out)
        for _ in range(KILLS):
            killed += self.kill(command, within)
            marked += self.assert_marked_is_whole(self.out)
            if self.draw.random() < 0.3:  # else the next goes on where this one was
                self.takes(command)
                self.assertEqual(faults.files_of(self.out), whole)
                self.assert_verified(self.out)
                shutil.rmtree(self.out)
        print(f"# {killed} kills, {marked} whole runs found after them")
        self.takes(command)
        self.assertEqual(faults.files_of(self.out), whole)

    def one_file(self, command, file):
        """A file that a command of minibit-results makes of a run, killed on the way."""
        self.takes([SIM, self.tiny, "-q", "-o", self.out])
        run = faults.files_of(self.out)
        within, whole, killed, found = self.takes(command), file.read_bytes(), 0, 0
        for _ in range(KILLS):
            if self.draw.random() < 0.5:
                file.unlink(missing_ok=True)
            killed += self.kill(command, within)
            found += file.exists()
            if file.exists():
                self.assertEqual(file.read_bytes(), whole, f"{file} is half of itself")
        print(f"# {killed} kills, {found} times the file was there")
        self.assertEqual(faults.files_of(self.out), run, "the run was touched")
        self.takes(command)
        self.assertEqual(file.read_bytes(), whole)

    def test_plot(self):
        file = self.scratch / "curves.png"
        self.one_file([RESULTS, "plot", self.out, "--kind=curves", "-o", file, "--force"], file)

    def test_report(self):
        file = self.scratch / "report.html"
        self.one_file([RESULTS, "report", self.out, "-o", file, "--force"], file)


if __name__ == "__main__":
    tap.main()
