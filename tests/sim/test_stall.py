#!/usr/bin/env python3
"""test_stall.py PROGRAM: scenarios in which no block can ever move are told, and no others.

What is told is held against the run: not a block moved. Each kind stands beside its near misses, in
which some did; and of scenarios put together at random none that is told moved one.
"""
import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

(PROGRAM,) = tap.arguments(1)

COURSEWORK = "preset = coursework\n"
RIDERS = "free_rider = yes\n"
SERVES, SILENT = "up = 20Mbit\n", "up = 0bit\n"
TAKERS = "[peers a]\ncount = 4\nup = 1Mbit\ndown = 8Mbit\n"
SEED = "[peers s]\nhave = all\nup = 1Mbit\ndown = 8Mbit\n"


def scenario(tracker, peers, protocol="", until="1h"):
    return (f"[scenario]\nuntil = {until}\n[file]\nblocks = 8\n[protocol]\n{protocol}"
            f"[tracker]\n{tracker}{peers}")


def far(tracker, seed, up):
    """A seed of that latency and rate, a taker, and a tracker whose latency says when in a tick of half a
    second the taker asks: half a millisecond past one, so that it waits for 2.4995 s of the 2.5 s at most."""
    return ("[scenario]\nuntil = 10min\n[file]\nblocks = 4\nblock_size = 1000B\n[protocol]\n"
            f"request_timeout = 2s\n[tracker]\nup = 0bit\nlatency = {tracker}\n"
            "[peers a]\nup = 1Mbit\ndown = 8Mbit\nlatency = 200ms\n"
            f"[peers s]\nhave = all\nup = {up}\ndown = 8Mbit\nlatency = {seed}\n")


def far_tracker(latency, protocol=""):
    return scenario(f"up = 1kbit\nlatency = {latency}\n", TAKERS, "request_timeout = 2s\n" + protocol).replace(
        "blocks = 8", "blocks = 8\nblock_size = 1000B")


# (name, scenario that stands still, what is said, near misses of it)
KINDS = [
    ("free riders that ask whom they unchoke",
     scenario(SERVES, TAKERS, COURSEWORK + RIDERS), "with ask = mutual who unchokes nobody asks nobody", [
         scenario(SERVES, TAKERS, RIDERS),
         scenario(SERVES, TAKERS + RIDERS + "[peers b]\nup = 1Mbit\ndown = 1Mbit\n", COURSEWORK),
         scenario(SERVES, TAKERS, COURSEWORK + "regular_slots = 0\n"),
     ]),
    ("seeds that ride",
     scenario(SILENT, TAKERS + SEED + RIDERS), "tracker: no uplink; s: free_rider = yes", [
         scenario("up = 1Mbit\n", TAKERS + SEED + RIDERS),
         scenario(SILENT, TAKERS + SEED + RIDERS + "[peers t]\nhave = 25%\nup = 1Mbit\ndown = 1Mbit\n"),
         scenario(SILENT, TAKERS + SEED + RIDERS, "deal = given\n"),
     ]),
    ("nobody accepts anybody",
     scenario(SILENT, TAKERS + "unreachable = yes\n" + SEED + "unreachable = yes\n"),
     "s: unreachable, as who lacks blocks", [
         scenario(SILENT, TAKERS + SEED + "unreachable = yes\n"),
         scenario(SILENT, TAKERS + "unreachable = yes\n" + SEED),
         scenario(SERVES, TAKERS + "unreachable = yes\n" + SEED + "unreachable = yes\n"),
     ]),
    ("seeds that leave at once",
     scenario(SILENT, TAKERS + SEED + "leave = at-once\n"), "s: leaves at once", [
         scenario(SILENT, TAKERS + SEED + "leave = when-complete\n"),
         scenario(SILENT, TAKERS + SEED + "leave = after 0s\n"),
     ]),
    ("a tracker that leaves first",
     scenario(SERVES + "leave = at 5s\n", TAKERS + "arrival = at 6s\n" + SEED),
     "come when the tracker has left", [
         scenario(SERVES + "leave = at 5s\n", TAKERS + "arrival = at 5s\n" + SEED),
         scenario(SERVES + "leave = at 5s\n", TAKERS + "arrival = within 10s\n" + SEED),
     ]),
    ("a seed that comes when the tracker has left",
     scenario(SILENT + "leave = at 5s\n", TAKERS + SEED + "arrival = at 6s\n"),
     "s: comes when the tracker has left", [
         scenario(SILENT + "leave = at 7s\n", TAKERS + SEED + "arrival = at 6s\n"),
     ]),
    ("seeds that come when all have gone",
     scenario(SILENT, TAKERS + "leave = at 5s\n" + SEED + "arrival = at 6s\n"),
     "s: not there at the same time", [
         scenario(SILENT, TAKERS + "leave = at 50s\n" + SEED + "arrival = at 6s\n"),
     ]),
    ("all lack the same block",
     scenario(SILENT, TAKERS + "have = all-but-block 3\n" + SEED + RIDERS),
     "a: has nothing that another lacks; s: free_rider = yes", [
         scenario(SILENT, TAKERS + "have = all-but-block 3\n[peers b]\nhave = all-but-block 4\n"
                  "up = 1Mbit\ndown = 1Mbit\n" + SEED + RIDERS),
     ]),
    ("less than a block by the end",
     scenario("up = 100bit\n", TAKERS), "carry less than one by the end", [
         scenario("up = 10kbit\n", TAKERS),
         scenario("up = 100bit\n", TAKERS + SEED),
     ]),
    # A byte at 2 kbit/s takes 4 ms: from 2.496 s of way on there is none within 2.5 s.
    ("so far that no byte comes in time",
     far("55250us", "2296ms", "2kbit"), "s: too far away and too slow", [
         far("55250us", "2295ms", "2kbit"),
         far("55250us", "2296ms", "2kbit").replace("request_timeout = 2s", "request_timeout = 9s"),
         far("55250us", "2296ms", "2kbit") + "[peers t]\nhave = all\nup = 2kbit\ndown = 1Mbit\n",
     ]),
    # A block at 3.2 kbit/s takes 2.5 s, the last word is there after less: at 3,201 bit/s it comes too late.
    ("so slow that the last word comes first",
     far("50250us", "2800ms", "3200bit"), "s: too far away and too slow", [
         far("50250us", "2800ms", "3201bit"),
     ]),
    ("a tracker that is too far away",
     far_tracker("2500ms"), "tracker: too far away and too slow", [
         far_tracker("1s"),
         far_tracker("2500ms").replace("up = 1kbit", "up = 1Mbit"),
         far_tracker("2500ms").replace("request_timeout = 2s", "request_timeout = 9s"),
     ]),
]

PIECES = {
    "tracker": [SERVES, SILENT, SERVES + "leave = at 5s\n", SILENT + "leave = at 5s\n", "up = 100bit\n"],
    "protocol": ["", COURSEWORK, "preset = bittorrent\n", "ask = mutual\n", "initial_blocks = 0\n"],
    "group": ["", RIDERS, "unreachable = yes\n", "leave = at-once\n", "leave = at 9s\n", "arrival = at 6s\n",
              "arrival = within 6s\n", "arrival = poisson 1/min\n"],
    "have": ["", "", "have = all-but-block 3\n", "have = 25%\n", "have = 0 blocks\n"],
}


class Stall(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def sim(self, text, *arguments):
        (self.folder / "s.ini").write_text(text)
        return subprocess.run([PROGRAM, "s.ini", *arguments], cwd=self.folder, capture_output=True,
                              text=True, timeout=60)

    def run_it(self, text):
        """(what is said, blocks that moved); None where the scenario is refused."""
        done = self.sim(text, "-q", "-o", "r", "--force")
        if done.returncode == 2:
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        summary = json.loads((self.folder / "r" / "summary.json").read_text())
        return done.stderr, summary["blocks_transferred"]

    def test_kinds(self):
        for name, text, words, misses in KINDS:
            with self.subTest(name):
                said, moved = self.run_it(text)
                self.assertRegex(said, r"\Aminibit-sim: s\.ini: (no block can ever|hardly a block can) move: "
                                       r"[^\n]*\n\Z")
                self.assertEqual("hardly" in said, "too far" in said)
                self.assertIn(words, said)
                self.assertEqual(moved, 0)
                self.assertIn(said.partition(": ")[2], self.sim(text, "--dry-run").stdout)
            for number, miss in enumerate(misses):
                with self.subTest(name, miss=number):
                    said, moved = self.run_it(miss)
                    self.assertEqual(said, "")
                    self.assertGreater(moved, 0)
                    self.assertNotIn("block can", self.sim(miss, "--dry-run").stdout)

    def test_nothing_lacking(self):
        """Where all have the file there is nothing to move."""
        self.assertEqual(self.run_it(scenario(SERVES, SEED)), ("", 0))
        (self.folder / "empty").touch()
        empty = scenario(SILENT, TAKERS + SEED + RIDERS).replace("blocks = 8", "path = empty")
        self.assertEqual(self.run_it(empty), ("", 0))

    def test_tracker_at_a_place(self):
        """The uplink that its place says counts, not the slow one of its own key; without it that one does."""
        text = scenario("up = 8bit\nplace = a\n", TAKERS, until="10s").replace(
            "[tracker]", "[latency]\nmatrix = places.csv\n[tracker]")
        places = self.folder / "places.csv"
        places.write_text("place,up,a,b\na,20Mbit,1,2\nb,20Mbit,2,1\n")
        said, moved = self.run_it(text)
        self.assertEqual(said, "")
        self.assertGreater(moved, 0)
        places.write_text("place,a,b\na,1,2\nb,2,1\n")
        said, moved = self.run_it(text)
        self.assertIn("carry less than one", said)
        self.assertEqual(moved, 0)

    def test_random(self):
        """A group of takers and one of seeds, each with one or two peculiarities."""
        draw, told, moving = random.Random(1), 0, 0
        for number in range(250):
            have, group, other = draw.choice(PIECES["have"]), draw.choice(PIECES["group"]), draw.choice(
                PIECES["group"])
            text = scenario(draw.choice(PIECES["tracker"]), TAKERS.replace("count = 4\n", "")
                            + have + group + SEED + other, draw.choice(PIECES["protocol"]), "10min")
            found = self.run_it(text)
            if not found:
                continue
            said, moved = found
            told, moving = told + bool(said), moving + bool(moved)
            self.assertTrue(moved == 0 or not said, f"number {number}: {moved} blocks\n{said}\n{text}")
        self.assertGreater(told, 25)
        self.assertGreater(moving, 50)

    def test_random_ways(self):
        """Latencies, rates and time-outs about where answers begin to be too late: of those told that hardly a
        block can move, one in ten at most moves any."""
        draw, told, moving, chance = random.Random(2), 0, 0, 0
        for number in range(200):
            far_away = draw.choice(["50ms", "450ms", "1200ms", "1300ms", "2500ms", "4s"])
            slow = draw.choice(["300bit", "1kbit", "3kbit", "5kbit", "1Mbit"])
            ends = f"up = {slow}\nlatency = {far_away}\n"
            other = draw.choice(["", "have = all\n", "have = 25%\n", "arrival = within 6s\n"])
            peers = (TAKERS.replace("up = 1Mbit", "up = " + slow) + "latency = 30ms\n"
                     f"[peers b]\n{ends}down = 1Mbit\n{other}")
            protocol = draw.choice(PIECES["protocol"]) + "".join(draw.choice(lines) for lines in (
                ["request_timeout = 500ms\n", "request_timeout = 1s\n", "request_timeout = 2s\n",
                 "request_timeout = 20s\n"],
                ["", "snub_after = 0s\n", "snub_after = 100ms\n"], ["", "pipeline = 0\n", "pipeline = 3\n"],
                ["initial_blocks = 0\n", "initial_blocks = 1\ndeal = given\n", "initial_blocks = 1\ndeal = fetched\n"],
                ["", "cut_on_choke = yes\n", "cut_on_choke = no\n"], ["", "encoding = base64\n"]))
            tracker = draw.choice([SILENT, ends])
            text = scenario(tracker, peers, protocol, "10min").replace("blocks = 8", "blocks = 8\nblock_size = 1000B")
            found = self.run_it(text)
            if not found:
                continue
            said, moved = found
            told, moving = told + ("too far" in said), moving + bool(moved)
            chance += moved > 0 and "too far" in said
            self.assertTrue(moved == 0 or "no block" not in said, f"number {number}: {moved} blocks\n{said}\n{text}")
        self.assertGreater(told, 15)
        self.assertLessEqual(chance, told // 10)
        self.assertGreater(moving, 50)

    def test_study(self):
        """Each run of a study is told by its number, and done all the same."""
        text = scenario(SERVES, TAKERS.replace("count", "free_rider = ${R=no,yes}\ncount"), COURSEWORK)
        for arguments in (("-q", "-o", "r"), ("--dry-run",)):
            done = self.sim(text, *arguments)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stderr, r"\Aminibit-sim: run 1: s\.ini: no block can ever move: [^\n]*\n\Z")


if __name__ == "__main__":
    tap.main()
