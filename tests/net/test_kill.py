#!/usr/bin/env python3
"""test_kill.py TRACKER PEER [--kills N]: kill -9 at any instant, and start again.

A block that the bitmap on disk claims and whose bytes are right is safe: it is held after the
restart, and it is not fetched again. What the peer told the tracker it holds is safe as well. At the
end the file is the original's.
"""
import csv
import random
import signal
import struct
import sys
import time

import swarm
import tap

PROGRAMS = tap.arguments(2)
KILLS = 40
if "--kills" in sys.argv:
    at = sys.argv.index("--kills")
    KILLS = int(sys.argv[at + 1])
    del sys.argv[at : at + 2]

BLOCK_SIZE = 16384
BLOCKS = 1500
WRITERS = 4  # threads of the program that may be at work on a block each
HEADER = "<8s32sQII"  # magic, root, size, block size, epoch; then the bitmap


def claimed(path):
    """The blocks that a bitmap beside a .part file claims."""
    if not path.exists():
        return set()
    data = path.read_bytes()
    bits = data[struct.calcsize(HEADER) :]
    return {block for block in range(BLOCKS) if len(bits) > block // 8
            and bits[block // 8] >> block % 8 & 1}


class Kill(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.draw = random.Random(7)
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE - 5000)
        self.content = self.file.read_bytes()
        self.swarm.tracker(
            self.file, "--block-size", f"{BLOCK_SIZE}B", "--set", "protocol.seeder_slots=0",
            "--set", "protocol.announce_interval=50ms",
            "--up-rate", f"{max(60, 24 * 1024 * 10 // max(KILLS, 1))}kB")
        self.folder = self.swarm.folder / "alice"
        self.part = self.folder / (self.file.name + ".part")
        self.bitmap = self.folder / (self.file.name + ".part.blocks")

    def start(self, life):
        return self.swarm.peer(
            "alice", "--record", self.swarm.folder / f"record{life}", "--set",
            "protocol.announce_interval=50ms", "--seed", life, folder=self.folder)

    def right_on_disk(self):
        """The blocks whose bytes in the .part file are the original's."""
        data = self.part.read_bytes() if self.part.exists() else b""
        cut = range(0, len(self.content), BLOCK_SIZE)
        return {at // BLOCK_SIZE for at in cut
                if data[at : at + BLOCK_SIZE] == self.content[at : at + BLOCK_SIZE]}

    def told(self):
        """The blocks that the tracker has heard of."""
        listed = swarm.announce(self.swarm.tracker_port, "witness") or []
        return {b for entry in listed if entry["id"] == "alice" for b in entry["blocks"]}

    def gained(self, life):
        """(held on arrival, fetched) of a life, as far as its record goes."""
        path = self.swarm.folder / f"record{life}" / "provenance.csv"
        if not path.exists():
            return set(), set()
        lines = path.read_text().splitlines(keepends=True)
        rows = list(csv.DictReader(line for line in lines if line.endswith("\n")))
        initial = {int(row["block"]) for row in rows if row["via"] == "initial"}
        return initial, {int(row["block"]) for row in rows} - initial

    def one_life(self, life, safe):
        """Runs, kills after a moment; what is safe then."""
        peer = self.start(life)
        if life % 4:
            peer.expect("^listening")
        time.sleep(self.draw.uniform(0, 0.12))
        told = self.told()
        peer.signal(signal.SIGKILL)
        peer.wait()
        right = self.right_on_disk()
        now = claimed(self.bitmap) & right
        # a block is claimed before its bytes are written: those that threads were writing
        self.assertLessEqual(len(claimed(self.bitmap) - right), WRITERS, "claimed, but not there")
        self.assertEqual(safe - now, set(), "safe before, and no longer")
        self.assertEqual(told - now, set(), "told to the tracker, but not safe")
        initial, fetched = self.gained(life)
        self.assertEqual(fetched & safe, set(), "fetched although it was safe")
        if fetched:  # then all that it held at the start has been recorded
            self.assertEqual(safe - initial, set(), "safe, but not held after the restart")
        peer.stop()
        self.swarm.programs.remove(peer)
        return now

    def test_nothing_is_lost_and_nothing_fetched_twice(self):
        safe, lives = set(), 0
        for life in range(1, KILLS + 1):
            if not self.part.exists() and safe:
                break
            safe = self.one_life(life, safe)
            lives += 1
        print(f"# {lives} kills, {len(safe)} of {BLOCKS} blocks safe before the last life",
              file=sys.stderr)
        self.assertGreaterEqual(lives, KILLS)
        peer = self.start(KILLS + 1)
        peer.expect("^complete", patience=120)
        self.assertSameBytes(self.folder / self.file.name, self.file)
        _, fetched = self.gained(KILLS + 1)
        self.assertEqual(fetched & safe, set())


if __name__ == "__main__":
    tap.main()
