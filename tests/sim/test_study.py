#!/usr/bin/env python3
"""test_study.py PROGRAM: studies from outside: ${...}, repeat, extends, --list-runs, --run, -j.

Every case runs the real program in a folder of its own.
"""
import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv.pop(1))

SWARM = (
    "[file]\nblocks = 8\n[tracker]\nup = 8Mbit\n"
    "[peers a]\ncount = ${N=3,5}\nup = 8Mbit\ndown = 16Mbit\n"
)
# 12 runs: 2 x 3 points, twice.
STUDY = SWARM + "[protocol]\nselection = ${rarest-first, random, sequential}\n" \
    "[scenario]\nrepeat = 2\n"
POINTS = [(n, s) for n in ("3", "5") for s in ("rarest-first", "random", "sequential")]


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.write(STUDY)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, text, name="s.ini"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_sim(self, *arguments, status=0, **more):
        result = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                                text=True, timeout=120, **more)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def names(self):
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*"))

    def refuse(self, message, *arguments):
        """One line on stderr that begins as told, exit 2, nothing created."""
        before = self.names()
        result = self.run_sim(*arguments, status=2)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"\A[^\n]+\n\Z")
        self.assertTrue(result.stderr.startswith("minibit-sim: " + message),
                        f"{result.stderr!r}, not {message!r}")
        self.assertEqual(self.names(), before)

    def runs(self, *arguments):
        """What --list-runs=csv says, a dictionary for each run."""
        text = self.run_sim("s.ini", "--list-runs=csv", *arguments).stdout
        return list(csv.DictReader(io.StringIO(text)))

    def bytes_of(self, folder="results/s"):
        """Every file of a study but what may differ between two equal runs."""
        root, found = self.folder / folder, {}
        for path in root.rglob("*"):
            if path.is_dir():
                continue
            name = path.relative_to(root).as_posix()
            if path.name == "manifest.json":
                manifest = json.loads(path.read_text())
                del manifest["volatile"]
                found[name] = json.dumps(manifest)
            else:
                found[name] = path.read_bytes()
        return found

    def stamps(self, folder="results/s"):
        """When each run's manifest was written: unchanged where no run was repeated."""
        return {p.parent.name: p.stat().st_mtime_ns
                for p in (self.folder / folder).glob("*/manifest.json")}


class Planning(Case):
    def test_order_and_numbers(self):
        rows = self.runs()
        self.assertEqual(list(rows[0]), ["run", "folder", "repetition", "seed", "N",
                                         "protocol.selection"])
        self.assertEqual([r["run"] for r in rows], [str(i) for i in range(12)])
        self.assertEqual([r["repetition"] for r in rows], ["0"] * 6 + ["1"] * 6)
        self.assertEqual([(r["N"], r["protocol.selection"]) for r in rows], POINTS * 2)

    def test_seeds(self):
        """A repetition has one seed for all its points; the first has the scenario's own."""
        rows = self.runs("--seed=7")
        self.assertEqual({r["seed"] for r in rows[:6]}, {"7"})
        self.assertEqual(len({r["seed"] for r in rows[6:]}), 1)
        self.assertNotEqual(rows[6]["seed"], "7")
        self.assertEqual(rows, self.runs("--set", "scenario.seed=7"))

    def test_listing_writes_nothing(self):
        before = self.names()
        table = self.run_sim("s.ini", "--list-runs").stdout.splitlines()
        self.assertEqual(len(table), 13)
        self.assertEqual(table[0].split(), ["run", "folder", "repetition", "seed", "N",
                                            "protocol.selection"])
        self.assertEqual(len({line.index("rarest") for line in table if "rarest" in line}), 1)
        self.run_sim("s.ini", "--dry-run")
        self.assertEqual(self.names(), before)

    def test_a_run_is_the_scenario_alone(self):
        """Repetition 0 is what the scenario gives without any ${}."""
        self.run_sim("s.ini", "-q")
        run = self.runs()[4]
        self.write(STUDY.replace("${N=3,5}", "5").replace("repeat = 2", "name = s").replace(
            "${rarest-first, random, sequential}", "random"), "alone.ini")
        self.run_sim("alone.ini", "-q", "-o", "alone")
        there = self.folder / "results/s" / run["folder"]
        for path in (self.folder / "alone").iterdir():
            if path.name != "manifest.json":
                self.assertEqual(path.read_bytes(), (there / path.name).read_bytes(), path.name)

    def test_folder_is_the_hash_of_the_configuration(self):
        self.run_sim("s.ini", "-q")
        for run in self.runs():
            config = (self.folder / "results/s" / run["folder"] / "config.ini").read_bytes()
            self.assertEqual(hashlib.sha256(config).hexdigest()[:16], run["folder"])
            self.assertIn(f"seed = {run['seed']}\n", config.decode())


class Running(Case):
    def test_index_and_folders(self):
        text = self.run_sim("s.ini").stdout
        self.assertEqual(text, "12 runs (6 parameter points x 2 repetitions)\n"
                         "12 done now, 0 done before, 0 failed\n"
                         "results in results/s; index.csv there lists the runs\n")
        index = (self.folder / "results/s/index.csv").read_text()
        self.assertEqual(index, self.run_sim("s.ini", "--list-runs=csv").stdout)
        folders = {r["folder"] for r in self.runs()}
        self.assertEqual({p.name for p in (self.folder / "results/s").iterdir()},
                         folders | {"index.csv"})
        self.assertEqual(set(self.stamps()), folders)

    def test_same_bytes_for_any_number_of_processes(self):
        self.run_sim("s.ini", "-q", "-j1", "-o", "one", "--events=csv")
        self.run_sim("s.ini", "-q", "-j3", "-o", "three", "--events=csv")
        self.assertEqual(self.bytes_of("one"), self.bytes_of("three"))
        for part in ("6..11", "1,0,5", "2..4"):
            self.run_sim("s.ini", "-q", "--run", part, "-o", "parts", "--events=csv")
        self.assertEqual(self.bytes_of("one"), self.bytes_of("parts"))

    def test_what_is_done_is_not_done_again(self):
        self.run_sim("s.ini", "-q", "--run", "2,3")
        before = self.stamps()
        self.assertEqual(len(before), 2)
        self.assertIn("10 done now, 2 done before", self.run_sim("s.ini").stdout)
        self.assertEqual(before, {k: v for k, v in self.stamps().items() if k in before})

    def test_growing(self):
        """More repetitions and more values rename nothing and repeat nothing."""
        self.run_sim("s.ini", "-q")
        before = self.stamps()
        self.write(STUDY.replace("3,5", "3,4,5").replace("repeat = 2", "repeat = 3"))
        self.assertIn("15 done now, 12 done before", self.run_sim("s.ini").stdout)
        after = self.stamps()
        self.assertEqual(len(after), 27)
        self.assertEqual(before, {k: v for k, v in after.items() if k in before})
        self.assertEqual(len((self.folder / "results/s/index.csv").read_text().splitlines()), 28)


if __name__ == "__main__":
    print(f"# {sys.executable} {os.path.abspath(__file__)} {PROGRAM}")
    unittest.main(verbosity=1)
