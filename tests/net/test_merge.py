#!/usr/bin/env python3
"""test_merge.py TRACKER PEER LIVE RESULTS: records of real peers become a run that all tools read."""
import csv
import fcntl
import json
import os
import shutil
import subprocess
from decimal import Decimal

import swarm
import tap
from ports import free_port

*PROGRAMS, LIVE, RESULTS = tap.arguments(4)
BLOCK = 65536
BLOCKS = 20
NAMES = ("anna", "ben", "cleo")


def rows(folder, name):
    with open(folder / name, newline="") as file:
        return list(csv.DictReader(file))


class Merge(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.at = self.swarm.folder
        self.run = self.at / "evening"

    def swarm_of(self, *names, killed=None):
        """A swarm whose programs record; their folders, the tracker's first."""
        self.file = self.swarm.make_file(BLOCK * BLOCKS - 100)
        tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B", "--up-rate", "1MB",
                                     "--record", self.at / "r-tracker")
        peers = [self.swarm.peer(name, "--up-rate", "500kB", "--record", self.at / f"r-{name}",
                                 "--group", "class") for name in names]
        for peer in peers:
            peer.expect("^complete")
        for name, peer in zip(names, peers):
            peer.signal(9 if name == killed else 15)
            peer.wait()
        tracker.signal(15)
        self.assertEqual(tracker.wait(), 0)
        return [self.at / f"r-{name}" for name in ("tracker", *names)]

    def merge(self, folders, *options, code=0, program=(LIVE, "--merge")):
        done = subprocess.run([*map(str, program), *map(str, folders), "-o", str(self.run), *options],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr if code or not done.stdout else done.stdout + done.stderr

    def results(self, *arguments):
        done = subprocess.run([RESULTS, *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_every_tool_reads_it_and_the_rows_are_the_peers_own(self):
        folders = self.swarm_of(*NAMES)
        said = self.merge(folders, program=(RESULTS, "merge-live"))
        self.assertIn("3 of 3 peers complete", said)
        merged = {row["peer"]: row for row in rows(self.run, "completion.csv")}
        self.assertEqual(set(merged), set(NAMES))
        began = {folder: Decimal(json.loads((folder / "record.json").read_text())["started"])
                 for folder in folders}
        for name in NAMES:
            folder = self.at / f"r-{name}"
            own, = rows(folder, "completion.csv")
            # one machine, one clock: the time axes differ by when the programs began
            shift = began[folder] - min(began.values())
            for key in ("arrived_s", "completed_s", "left_s"):
                self.assertEqual(Decimal(merged[name][key]), Decimal(own[key]) + shift, key)
            for key in ("blocks", "from_tracker", "downloaded_bytes", "uploaded_blocks",
                        "wasted_bytes", "download_s", "status"):
                self.assertEqual(merged[name][key], own[key], (name, key))
            self.assertEqual(merged[name]["group"], "class")
            mine = [row for row in rows(self.run, "provenance.csv") if row["peer"] == name]
            self.assertEqual(
                [(row["block"], row["from"], row["bytes"], row["via"]) for row in mine],
                [(row["block"], row["from"], row["bytes"], row["via"])
                 for row in rows(folder, "provenance.csv")])
        given = sum(row["from"] == "tracker" for row in rows(self.run, "provenance.csv"))
        self.assertEqual(given, len(rows(folders[0], "provenance.csv")))
        self.assertIn("class", self.results("table", self.run))
        self.results("verify", self.run)
        self.results("plot", self.run)
        self.results("report", self.run, "-o", self.at / "evening.html")
        self.assertIn("cleo", (self.at / "evening.html").read_text())
        config = (self.run / "config.ini").read_text()
        for line in ("up = 1000000B", "up = 500000B", "count = 3", f"size = {BLOCK * BLOCKS - 100}B"):
            self.assertIn(line, config)

    def test_the_commands_of_the_readme(self):
        """They are taken from the README itself, with free ports and this test's file."""
        tracker, peer, merge = swarm.readme_block("minibit-tracker", "minibit-peer", "minibit-results")
        self.swarm.make_file(BLOCK * BLOCKS).rename(self.at / "film.mp4")
        port = str(free_port())
        words = lambda line, name="anna": line[1].replace("9000", port).replace("anna", name).split()
        started = [self.swarm.start(PROGRAMS[0], *words(tracker))]
        started[0].expect("^listening")
        for name in ("anna", "ben"):
            started.append(self.swarm.start(PROGRAMS[1], *words(peer, name)))
        for program in started[1:]:
            program.expect("^complete")
        for program in reversed(started):
            program.signal(15)
            self.assertEqual(program.wait(), 0)
        done = subprocess.run(f"{RESULTS} {merge[1]}", shell=True, cwd=self.at, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("class, live: 2 of 2 peers complete", done.stdout)

    def test_one_that_was_killed_and_one_without_a_record(self):
        folders = self.swarm_of(*NAMES, killed="ben")
        table = folders[2] / "provenance.csv"
        table.write_text(table.read_text() + "99,7.0000")  # half a line
        said = self.merge([folder for folder in folders if folder.name != "r-cleo"])
        self.assertIn("no record of cleo", said)
        self.assertIn("r-ben: cut short", said)
        merged = {row["peer"]: row for row in rows(self.run, "completion.csv")}
        self.assertEqual({name: merged[name]["status"] for name in NAMES}, dict.fromkeys(NAMES, "complete"))
        own = rows(folders[2], "provenance.csv")[:BLOCKS]
        self.assertEqual(len({row["block"] for row in own}), BLOCKS)
        self.assertEqual(int(merged["ben"]["blocks"]), BLOCKS)
        # of cleo the tracker alone tells: what it gave her, and when she came and was complete
        given = [row for row in rows(folders[0], "provenance.csv") if row["peer"] == "cleo"]
        self.assertEqual(int(merged["cleo"]["from_tracker"]), len(given))
        self.assertEqual(int(merged["cleo"]["blocks"]), len(given))
        self.results("table", self.run)

    def test_a_clock_that_is_slow(self):
        folders = self.swarm_of(*NAMES)
        self.merge(folders)
        right = {row["peer"]: row for row in rows(self.run, "completion.csv")}
        shutil.rmtree(self.run)
        head = json.loads((folders[2] / "record.json").read_text())
        head["started"] = str(Decimal(head["started"]) - 30)
        (folders[2] / "record.json").write_text(json.dumps(head))
        said = self.merge(folders)
        self.assertRegex(said, "r-ben: its clock was (29|30).* s early")
        merged = {row["peer"]: row for row in rows(self.run, "completion.csv")}
        # ben began first now, and so the axis: what parts him from anna is as it was
        apart = [Decimal(table["ben"]["completed_s"]) - Decimal(table["anna"]["completed_s"])
                 for table in (right, merged)]
        self.assertAlmostEqual(float(apart[0]), float(apart[1]), delta=1)
        gained = {}
        for row in rows(self.run, "provenance.csv"):
            gained[row["peer"], row["block"]] = Decimal(row["time_s"])
        for row in rows(self.run, "provenance.csv"):
            if row["from"] in NAMES:
                self.assertGreaterEqual(Decimal(row["started_s"]), gained[row["from"], row["block"]])

    def test_one_that_came_back(self):
        file = self.swarm.make_file(BLOCK * BLOCKS)
        self.swarm.tracker(file, "--block-size", f"{BLOCK}B", "--up-rate", "400kB")
        out = self.at / "out"
        first = self.swarm.peer("anna", "--record", self.at / "r1", folder=out)
        swarm.wait_until(lambda: len(rows(self.at / "r1", "provenance.csv")) >= 5
                         if (self.at / "r1" / "provenance.csv").exists() else False)
        first.signal(15)
        first.wait()
        again = self.swarm.peer("anna", "--record", self.at / "r2", "--exit-when-complete", folder=out)
        self.assertExit(again, 0)
        said = self.merge([self.at / "r2", self.at / "r1"])
        self.assertIn("no tracker's record", said)
        row, = rows(self.run, "completion.csv")
        self.assertEqual((row["blocks"], row["status"], row["dealt"]), (str(BLOCKS), "complete", "0"))
        blocks = [row["block"] for row in rows(self.run, "provenance.csv")]
        self.assertEqual(sorted(map(int, blocks)), list(range(BLOCKS)))

    def test_refusals(self):
        folders = self.swarm_of("anna")
        self.merge(folders)
        whole = self.run
        self.run = self.at / "other"
        (self.at / "empty").mkdir()
        shutil.copytree(folders[1], self.at / "torn")
        (self.at / "torn" / "record.json").write_text("{")
        shutil.copytree(folders[1], self.at / "foreign")
        head = json.loads((folders[1] / "record.json").read_text()) | {"root": "f" * 64}
        (self.at / "foreign" / "record.json").write_text(json.dumps(head))
        for given, wanted in (
            ([whole], "a run's results, not one program's record"),
            ([self.at / "empty"], "no record of minibit-peer or minibit-tracker"),
            ([self.at / "nowhere"], "no such folder"),
            ([folders[1], folders[1]], "named twice"),
            ([self.at / "torn"], "record.json is damaged"),
            ([*folders, self.at / "foreign"], "are of different files"),
        ):
            said = self.merge(given, code=2)
            self.assertEqual(said.count("\n"), 1, said)
            self.assertIn(wanted, said)
            self.assertFalse(self.run.exists())
        self.run = whole
        self.assertIn("holds something", self.merge(folders, code=2))
        held = os.open(whole, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.assertIn("another run is writing there now", self.merge(folders, "--force", code=2))
        os.close(held)
        stale = [whole / name for name in ("nodes.csv", "paths.csv", "index.csv", "events.csv.zst")]
        for path in [*stale, whole / "notes.txt"]:
            path.write_text("of an earlier run\n")
        self.merge(folders, "--force")
        self.assertEqual([path for path in stale if path.exists()], [])
        self.assertTrue((whole / "notes.txt").exists())
        done = subprocess.run([RESULTS, "table", folders[1]], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("minibit-results merge-live", done.stderr)


if __name__ == "__main__":
    tap.main()
