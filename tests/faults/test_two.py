#!/usr/bin/env python3
"""test_two.py SIM RESULTS TRACKER PEER: two processes at once on one folder.

Two runs to one folder: one does it, the other is told in one line or comes when all is done. A run
where a study is, and a study where a run is: told in one line. Two processes on one study share it:
both succeed, and its bytes are those of one alone. Two pages, pictures or archives under one name, and two
peers that fetch into one folder: what has the name is whole, and nothing else is left.
"""
import random
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

SIM, RESULTS, TRACKER, PEER = tap.arguments(4)

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

    # ---- what is made of results

    def made_twice(self, command, file, folder):
        """Two make one file at once, over an old one and where none was; no half of it is ever seen."""
        status, said = self.run_it(command)
        self.assertEqual(status, 0, said)
        whole, told, there = file.read_bytes(), 0, sorted(folder.iterdir())
        for turn in range(TIMES):
            words = command + ["--force"] * (turn % 2)
            if not turn % 2:
                file.unlink()
            done = self.together(words, words)
            self.assertIn(0, [status for status, _ in done], done)
            for status, said in done:
                if status:
                    self.assertEqual((status, turn % 2), (2, 0), said)
                    self.assert_one_line(said)
                    told += 1
            self.assertEqual(file.read_bytes(), whole, "half of itself")
            self.assertEqual(sorted(folder.iterdir()), there, "something is left")
        print(f"# {TIMES} pairs, {told} told")

    def of_a_run(self, name, *words):
        self.run_it([SIM, self.tiny, "-q", "-o", self.out])
        run, folder = faults.files_of(self.out), self.scratch / "made"
        folder.mkdir()
        self.made_twice([RESULTS, *words, "-o", folder / name], folder / name, folder)
        self.assertEqual(faults.files_of(self.out), run, "the run was touched")

    def test_two_reports(self):
        self.of_a_run("report.html", "report", self.out)

    def test_two_plots(self):
        self.of_a_run("curves.png", "plot", self.out, "--kind=curves")

    def test_two_archives(self):
        self.study.write_text(faults.STUDY)
        self.run_it([SIM, self.study, "-q", "-o", self.scratch / "study"])
        self.of_a_run("study.tar.zst", "archive", self.scratch / "study")

    # ---- peers

    def fetch_twice(self, port, folder):
        """Two peers fetch into one folder at once."""
        commands = [[PEER, "--quiet", "--output-dir", folder, "--exit-when-complete", "--record",
                     f"{folder}-{name}", name, f"127.0.1.{number}", 0, "127.0.0.1", port]
                    for number, name in enumerate(("anna", "bert"), 1)]
        return self.together(*commands)

    def test_two_peers(self):
        film, told = self.scratch / "film.bin", 0
        film.write_bytes(random.Random(1).randbytes(200_000))
        tracker = subprocess.Popen(
            [TRACKER, "--quiet", "--block-size", "16KiB", "--up-rate", "2MB", "127.0.0.1", "0", film],
            cwd=self.scratch, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(tracker.wait)
        self.addCleanup(tracker.kill)
        self.addCleanup(tracker.stdout.close)
        port = re.match(r"listening on \S+ (\d+)$", tracker.stdout.readline())[1]
        for turn in range(TIMES):
            folder = self.scratch / f"films{turn}"
            folder.mkdir()
            done = self.fetch_twice(port, folder)
            self.assertIn(0, [status for status, _ in done], done)
            for status, said in done:
                if status:
                    self.assertRegex(said, r"\Aminibit-peer: [^\n]*film\.bin\.part is in use by another program")
                    self.assert_one_line(said)
                    told += 1
            self.assertEqual([path.name for path in folder.iterdir()], ["film.bin"])
            self.assertEqual((folder / "film.bin").read_bytes(), film.read_bytes())
        print(f"# {TIMES} pairs, {told} told")


if __name__ == "__main__":
    tap.main()
