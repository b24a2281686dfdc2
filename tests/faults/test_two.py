#!/usr/bin/env python3
"""test_two.py SIM: two processes at once on one folder.

Two runs to one folder: one does it, the other is told in one line or comes when all is done. A run
where a study is, and a study where a run is: told in one line. Two processes on one study share it:
both succeed, and its bytes are those of one alone.
"""
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

(SIM,) = tap.arguments(1)

import faults  # noqa: E402

BIG = faults.RUN.replace("count = 2", "count = 80").replace("blocks = 3", "blocks = 60")
TIMES = 40 if faults.everything() else 6


class Two(faults.Case):
    def setUp(self):
        super().setUp()
        self.tiny.write_text(BIG)
        self.study.write_text(BIG.replace("count = 80", "count = ${N=40, 50, 60, 70}"))
        self.out = self.scratch / "out"

    def together(self, *commands):
        """[(exit status, stderr)] of commands that are started at once."""
        started = [subprocess.Popen([str(word) for word in command], cwd=self.scratch, text=True,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for command in commands]
        return [(process.communicate(timeout=faults.TIMEOUT)[1], process.returncode)[::-1]
                for process in started]

    def whole_of(self, scenario):
        command = [SIM, scenario, "-q", "-j", "2", "-o", self.scratch / "whole"]
        status, said = self.run_it(command)
        self.assertEqual(status, 0, said)
        return faults.files_of(self.scratch / "whole")

    def test_two_runs(self):
        command, whole, told = [SIM, self.tiny, "-q", "-o", self.out], self.whole_of(self.tiny), 0
        for _ in range(TIMES):
            faults.shutil.rmtree(self.out, ignore_errors=True)
            done = self.together(command, command)
            self.assertIn(0, [status for status, _ in done], done)
            for status, said in done:
                if status:
                    self.assertEqual(status, 2, said)
                    self.assert_one_line(said)
                    told += 1
            self.assertEqual(faults.files_of(self.out), whole)
        print(f"# {TIMES} pairs, {told} told")
        self.assertGreater(told, 0)

    def test_two_on_one_study(self):
        command, whole = [SIM, self.study, "-q", "-j", "2", "-o", self.out], self.whole_of(self.study)
        for _ in range(TIMES):
            faults.shutil.rmtree(self.out, ignore_errors=True)
            for status, said in self.together(command, command):
                self.assertEqual(status, 0, said)
            self.assertEqual(faults.files_of(self.out), whole)

    def test_a_run_and_a_study(self):
        """Whoever comes second is told; what the first does is whole."""
        for _ in range(TIMES):
            faults.shutil.rmtree(self.out, ignore_errors=True)
            done = self.together([SIM, self.tiny, "-q", "-o", self.out],
                                 [SIM, self.study, "-q", "-o", self.out])
            self.assertEqual(sorted(status for status, _ in done), [0, 2], done)
            self.assert_one_line(next(said for status, said in done if status))
            self.assertGreater(self.assert_marked_is_whole(self.out), 0)


if __name__ == "__main__":
    tap.main()
