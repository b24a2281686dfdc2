#!/usr/bin/env python3
"""test_short.py SIM DISK_WORK SHORT_IO: every read and write comes in halves, between signals.

SHORT_IO is loaded into the program. What the simulator, a study and a peer's disk leave is the same to
the byte, and nothing is said.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, WORK, SHORT = tap.arguments(3)

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

    def test_study(self):
        self.same(SIM, self.study, "-q", "-o")

    def test_store(self):
        self.same(WORK, "store")

    def test_record(self):
        self.same(WORK, "record")


if __name__ == "__main__":
    tap.main()
