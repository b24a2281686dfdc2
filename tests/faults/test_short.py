#!/usr/bin/env python3
"""test_short.py SIM DISK_WORK SHORT_IO NO_THREADS: every read and write comes in halves, between signals.

SHORT_IO is loaded into the program. What the simulator, a study and a peer's disk leave is the same to
the byte, and nothing is said. So it is with NO_THREADS, which refuses every thread.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, WORK, SHORT, ALONE = tap.arguments(4)

import faults  # noqa: E402


class Short(faults.Case):
    def same(self, *command):
        """Runs it into two folders, the second time in pieces."""
        counted = self.scratch / "count"
        for folder, more in ("plain", {}), ("short", {"LD_PRELOAD": SHORT,
                                                      "COUNTED_CALLS": str(counted)}):
            status, said = self.run_it([*command, self.scratch / folder], **more)
            self.assertEqual((status, said), (0, ""))
        plain, short = (faults.files_of(self.scratch / name) for name in ("plain", "short"))
        self.assertEqual(sorted(plain), sorted(short))
        self.assertEqual([name for name in plain if plain[name] != short[name]], [])
        calls = sum(map(int, counted.read_text().split()))
        print(f"# {calls} calls")
        self.assertGreater(calls, 10)

    def test_run(self):
        self.same(SIM, self.tiny, "-q", "--events=csv", "--provenance=zst", "-o")

    def test_large_tables(self):
        """Tables that grow large are written on threads: the same bytes in pieces, and without threads."""
        large = self.scratch / "large.ini"
        large.write_text(self.tiny.read_text().replace("blocks = 3", "blocks = 500\nblock_size = 1KiB")
                         .replace("count = 2", "count = 60"))
        for provenance, events in ("csv", "zst"), ("zst", "csv"):
            command = [SIM, large, "-q", f"--provenance={provenance}", f"--events={events}", "-o"]
            faults.shutil.rmtree(self.scratch / "plain", ignore_errors=True)
            faults.shutil.rmtree(self.scratch / "short", ignore_errors=True)
            self.same(*command)
            counted = self.scratch / "threads"
            status, said = self.run_it([*command, self.scratch / f"alone-{provenance}"], LD_PRELOAD=ALONE,
                                       COUNTED_THREADS=str(counted))
            self.assertEqual((status, said), (0, ""))
            self.assertEqual(int(counted.read_text()), 2, "a thread for each of the two tables")
            plain, alone = (faults.files_of(self.scratch / name) for name in ("plain", f"alone-{provenance}"))
            self.assertEqual([name for name in plain if plain[name] != alone[name]], [])

    def test_study(self):
        self.same(SIM, self.study, "-q", "-o")

    def test_store(self):
        self.same(WORK, "store")

    def test_record(self):
        self.same(WORK, "record")


if __name__ == "__main__":
    tap.main()
