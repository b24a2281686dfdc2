#!/usr/bin/env python3
"""test_memory.py SIM FAILING_MEMORY: every allocation of the simulator fails, once and for good.

FAILING_MEMORY is loaded into the program and lets the n-th allocation of its own code fail, n from 1
until a run needs no more. The program must say so in one line and end with 1, and leave no run that is
marked whole; where it can do without, the run is the same to the byte. What GLib allocates is GLib's:
it ends a program that gets none. FAULTS_ALL in the environment tries every n, else a share.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, FAILING = tap.arguments(2)

import faults  # noqa: E402

MOST = 40  # of a case's allocations, unless every one is tried


class Memory(faults.Case):
    def count(self, command):
        """How many allocations a run takes that has them all; the run is left in `whole`."""
        counted = self.scratch / "count"
        status, said = self.run_it([*command, "-o", self.scratch / "whole"], LD_PRELOAD=FAILING,
                                   COUNTED_ALLOCATIONS=str(counted))
        self.assertEqual(status, 0, said)
        return int(counted.read_text())

    def fail_one(self, command, number, for_good):
        """Whether the run failed."""
        folder = self.scratch / "out"
        what = {"FAILING_FOR_GOOD": "1"} if for_good else {}
        name = f"allocation {number} {'and all after it' if for_good else 'alone'}"
        status, said = self.run_it([*command, "-o", folder], LD_PRELOAD=FAILING,
                                   FAILING_ALLOCATION=str(number), **what)
        if status == 0:
            self.assertEqual(faults.files_of(folder), self.whole, name)
        else:
            self.assertEqual(status, 1, f"{name}: {said}")
            self.assert_one_line(said, name)
            self.assert_left(folder, name)
        faults.shutil.rmtree(folder, ignore_errors=True)
        return status != 0

    def assert_left(self, folder, name):
        """Nothing, or the whole run: memory can run out when it only remains to be told of."""
        if folder.exists():
            self.assertEqual(faults.files_of(folder), self.whole, name)

    def fail_each(self, *options):
        command = [SIM, *options, "-q"]
        total = self.count(command)
        self.whole = faults.files_of(self.scratch / "whole")
        tried = faults.spread(range(1, total + 1), MOST)
        failed = sum(self.fail_one(command, number, for_good)
                     for number in tried for for_good in (False, True))
        print(f"# {total} allocations, {2 * len(tried)} runs, {failed} failed")
        self.assertGreater(failed, len(tried), "next to none was needed: are they reached?")

    def test_run(self):
        self.fail_each(self.tiny, "--events=csv")

    def test_compressed(self):
        self.fail_each(self.tiny, "--events=zst", "--provenance=zst")

    def test_places(self):
        """Each node's line and each pair of places, which stand in tables of their own."""
        (self.scratch / "places.csv").write_text("place,up,a,b\na,4Mbit,1,20\nb,2Mbit,20,3\n")
        places = self.scratch / "places.ini"
        places.write_text("[scenario]\nname = places\nuntil = 10min\n[file]\nsize = 64kB\nblock_size = 16kB\n"
                          "[latency]\nmatrix = places.csv\n[tracker]\nup = 8Mbit\nplace = a\n"
                          "[peers few]\ncount = 3\nup = 1Mbit\ndown = 8Mbit\nplace = in order\n")
        self.fail_each(places)

    def test_checked(self):
        self.fail_each(self.tiny, "--check=every")


if __name__ == "__main__":
    tap.main()
