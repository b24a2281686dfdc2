#!/usr/bin/env python3
"""test_calls.py SIM DISK_WORK: system calls that fail, one at a time, by strace's injection.

What is injected: no space (ENOSPC), a broken disk (EIO), a signal (EINTR). DISK_WORK does what a peer
and its record do with their disk, in one thread. Of each call that touches the folder under test:

- EINTR makes no difference: exit 0, the same bytes;
- after ENOSPC or EIO the program ends with 1 or 2 and one line, or, where it can do without the call
  (a lock, a name that is not there), with 0 and the same bytes;
- what is marked whole then is whole, and doing it again without faults gives the same bytes.

Skipped where strace is missing or may not trace. FAULTS_ALL tries every call, else a share.
"""
import collections
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, WORK = tap.arguments(2)

import faults  # noqa: E402

MOST = 25  # injections of a kind in a case, unless all are tried
FAIL = ("openat", "write", "pwrite64", "read", "pread64", "close", "rename", "renameat2", "mkdir",
        "fsync", "fdatasync", "ftruncate", "fallocate", "unlink", "flock", "lseek", "newfstatat")
INTERRUPT = ("read", "pread64", "write", "pwrite64", "close", "fsync", "fdatasync")
CALL = re.compile(r"^(?:\[pid\s+\d+\] )?(\w+)\((.*)$")


def can_trace():
    if shutil.which("strace") is None:
        return "no strace"
    done = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"],
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"strace may not trace: {done.stderr.strip()[:80]}"


WHY_NOT = can_trace()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Calls(faults.Case):
    def calls(self, command):
        """[(call, its number among those of its name)] of those that touch the folder under test.

        Numbers are a process's own, as injection counts them."""
        log = self.scratch / "log"
        status, said = self.run_it(["strace", "-ff", "-y", "-o", log, "-e",
                                    "trace=" + ",".join(FAIL), *command])
        self.assertEqual(status, 0, said)
        found = {}
        for file in sorted(self.scratch.glob("log.*")):
            numbers = collections.Counter()
            for line in file.read_text(errors="replace").splitlines():
                match = CALL.match(line)
                if not match:
                    continue
                numbers[match[1]] += 1
                if str(self.folder) in match[2]:
                    found[match[1], numbers[match[1]]] = True
            file.unlink()
        return list(found)

    def inject(self, command, call, number, error):
        return self.run_it(["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                            f"inject={call}:error={error}:when={number}", *command])

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def fault(self, command, call, number, error):
        """One fault; whether the program failed."""
        name = f"{error} of {call} number {number}"
        self.clear()
        status, said = self.inject(command, call, number, error)
        self.assert_marked(name)
        if status == 127:  # a process of its own number of calls: the loader's was struck
            return False
        if status == 0:
            self.assert_same(f"{name}: {said}")
            return False
        self.assertNotEqual(error, "EINTR", f"{name} made a difference: {said}")
        self.assertIn(status, (1, 2), f"{name}: {said}")
        self.assert_said(said, name)
        status, said = self.run_it(self.again(command))
        self.assertEqual(status, 0, f"again after {name}: {said}")
        self.assert_same(f"again after {name}")
        return True

    def assert_same(self, name):
        now = faults.files_of(self.folder)
        self.assertEqual(sorted(now), sorted(self.whole), name)
        self.assertEqual([file for file in now if now[file] != self.whole[file]], [], name)

    def assert_marked(self, name):
        self.assert_marked_is_whole(self.folder)

    def assert_said(self, said, name):
        self.assert_one_line(said, name)

    def again(self, command):
        return command

    def go_through(self, command):
        self.clear()
        calls = self.calls(command)
        self.whole = faults.files_of(self.folder)
        count = failed = 0
        for error in ("ENOSPC", "EIO", "EINTR"):
            chosen = [c for c in calls if error != "EINTR" or c[0] in INTERRUPT]
            chosen = [c for c in chosen if error != "ENOSPC" or c[0] not in ("read", "pread64")]
            for call, number in faults.spread(chosen, MOST):
                failed += self.fault(command, call, number, error)
                count += 1
        print(f"# {len(calls)} calls, {count} injections, {failed} failures told")
        self.assertGreater(failed, 0)


class Run(Calls):
    def test_recorder(self):
        self.folder = self.scratch / "out"
        self.go_through([SIM, self.tiny, "-q", "-o", self.folder, "--events=csv",
                         "--provenance=zst"])

    def again(self, command):
        return [*command, "--force"]


class Study(Calls):
    def test_study(self):
        self.folder = self.scratch / "out"
        self.go_through([SIM, self.study, "-q", "-j", "1", "-o", self.folder])

    def assert_said(self, said, name):
        """A line for each run that failed, and one for the study."""
        self.assertTrue(said.endswith("\n"), name)
        self.assertLessEqual(said.count("\n"), 8, f"{name}: {said}")


class Store(Calls):
    def test_store(self):
        self.folder = self.scratch / "out"
        self.go_through([WORK, "store", self.folder])

    def assert_marked(self, name):
        """A file that has its name is whole."""
        file = self.folder / "film.bin"
        if file.exists():
            self.assertEqual(file.read_bytes(), self.whole["film.bin"], name)

    def assert_same(self, name):
        """Notes beside it, which could not be removed, are advice to the next start."""
        self.assert_marked(name)
        self.assertTrue((self.folder / "film.bin").exists(), name)


class Record(Calls):
    def test_record(self):
        self.folder = self.scratch / "out"
        self.go_through([WORK, "record", self.folder])

    def again(self, command):
        """A folder that has a record is refused."""
        self.clear()
        return command


del Calls

if __name__ == "__main__":
    tap.main()
