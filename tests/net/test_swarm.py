#!/usr/bin/env python3
"""test_swarm.py TRACKER PEER: the programs as their users meet them.

The README's three commands; trackers that go away and come back; leaving; what is recorded; every
preset.
"""
import csv
import json
import signal
import time

import swarm
import tap
from ports import free_port
from swarm import HOST, announce

PROGRAMS = tap.arguments(2)
BLOCK_SIZE, BLOCKS = 16384, 40
BRISK = ("--set", "protocol.unchoke_interval=200ms", "--set", "protocol.announce_interval=300ms")


class Case(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE - 100)

    def tracker(self, *options, **more):
        return self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", *BRISK, *options,
                                  **more)

    def peer(self, name, *options, **more):
        return self.swarm.peer(name, *BRISK, *options, **more)

    def completes(self, *peers):
        for peer in peers:
            peer.expect("^complete")
            self.assertSameBytes(peer.folder / self.file.name, self.file)

    def listed(self):
        return {entry["id"] for entry in announce(self.swarm.tracker_port, "witness") or []}

    def rows(self, folder, name="provenance.csv"):
        with open(folder / name, newline="") as file:
            return list(csv.DictReader(file))


class ThreeTerminals(Case):
    def test_the_commands_of_the_readme(self):
        """They are taken from the README itself, with free ports and this test's file."""
        lines = swarm.readme_block("minibit-tracker", "minibit-peer", "minibit-peer")
        ports = {port: str(free_port()) for port in ("9000", "9001", "9002")}
        programs = dict(zip(("minibit-tracker", "minibit-peer"), PROGRAMS))
        film = self.file.rename(self.swarm.folder / "film.mp4")
        started = []
        for name, text in lines:
            words = [ports.get(word, word) for word in text.split()]
            started.append(self.swarm.start(programs[name], *words))
            started[-1].expect("^listening")
        for peer, folder in zip(started[1:], ("one", "two")):
            peer.expect("^complete")
            self.assertSameBytes(self.swarm.folder / folder / "film.mp4", film)
        self.assertTrue(all(program.running() for program in started))


class Trackers(Case):
    def test_peers_trade_on_when_the_tracker_is_away(self):
        tracker = self.tracker()
        first = self.peer("first")
        self.completes(first)
        second = self.peer("second", "--down-rate", "100kB")
        self.assertTrue(swarm.wait_until(lambda: "second" in self.listed()))
        swarm.wait_until(lambda: False, 0.5)
        tracker.stop()
        self.completes(second)

    def test_a_tracker_that_comes_back_is_told_again(self):
        tracker = self.tracker()
        first = self.peer("first")
        self.completes(first)
        tracker.stop()
        again = self.swarm.start(
            PROGRAMS[0], "--block-size", f"{BLOCK_SIZE}B", HOST, self.swarm.tracker_port, self.file)
        again.expect("^listening")
        self.assertTrue(swarm.wait_until(lambda: "first" in self.listed(), 20), first.story())

    def test_a_tracker_with_another_file_is_not_followed(self):
        tracker = self.tracker()
        first = self.peer("first")
        self.completes(first)
        tracker.stop()
        other = self.swarm.make_file(BLOCKS * BLOCK_SIZE, "other.avi", seed=2)
        self.swarm.start(
            PROGRAMS[0], "--block-size", f"{BLOCK_SIZE}B", HOST, self.swarm.tracker_port, other)
        first.expect("another file", stream="err", patience=20)
        self.assertTrue(first.running())
        self.assertSameBytes(first.folder / self.file.name, self.file)


    def test_the_pauses_between_attempts_grow(self):
        times = []
        away = swarm.Listener(lambda connection, received: times.append(time.monotonic()))
        self.addCleanup(away.close)
        self.swarm.tracker_port = away.port
        peer = self.peer("first")
        self.assertTrue(swarm.wait_until(lambda: len(times) >= 4, 30), peer.story())
        pauses = [later - earlier for earlier, later in zip(times, times[1:])]
        self.assertTrue(pauses[0] >= 0.9 and pauses[1] >= 1.9 and pauses[2] >= 3.8, pauses)


class Leaving(Case):
    def test_a_signal_ends_it_in_good_order(self):
        self.tracker()
        for number in (signal.SIGINT, signal.SIGTERM):
            peer = self.peer(f"peer{number}")
            self.completes(peer)
            peer.signal(number)
            self.assertExit(peer, 0)
            self.assertTrue(swarm.wait_until(lambda: f"peer{number}" not in self.listed()))

    def test_seeding_for_a_while(self):
        self.tracker()
        peer = self.peer("peer", "--seed-for", "300ms")
        self.completes(peer)
        self.assertExit(peer, 0)

    def test_a_second_signal_ends_it_at_once(self):
        self.tracker("--up-rate", "10kB")
        peer = self.peer("peer", "--record", self.swarm.folder / "record")
        peer.expect("^listening")
        peer.signal(signal.SIGTERM)
        peer.signal(signal.SIGTERM)
        peer.wait(10)
        self.assertTrue((self.swarm.folder / "record" / "completion.csv").exists())

    def test_the_tracker_ends_on_a_signal(self):
        tracker = self.tracker()
        tracker.signal(signal.SIGTERM)
        self.assertExit(tracker, 0)


class Records(Case):
    def test_what_a_peer_leaves(self):
        self.tracker()
        record = self.swarm.folder / "record"
        peer = self.peer("alice", "--exit-when-complete", "--record", record, "--group", "dsl")
        self.assertExit(peer, 0)
        gains = self.rows(record)
        self.assertEqual({int(row["block"]) for row in gains}, set(range(BLOCKS)))
        self.assertEqual({row["from"] for row in gains}, {"tracker"})
        row, = self.rows(record, "completion.csv")
        self.assertEqual((row["peer"], row["group"], row["status"], row["from_tracker"]),
                         ("alice", "dsl", "complete", str(BLOCKS)))
        self.assertEqual(int(row["downloaded_bytes"]), self.file.stat().st_size)
        figures = json.loads((record / "summary.json").read_text())
        self.assertEqual((figures["blocks"], figures["peers_complete"]), (BLOCKS, 1))

    def test_what_a_tracker_leaves(self):
        record = self.swarm.folder / "record"
        tracker = self.tracker("--record", record)
        self.assertExit(self.peer("alice", "--exit-when-complete"), 0)
        tracker.signal(signal.SIGTERM)
        tracker.wait()
        self.assertEqual(len(self.rows(record)), BLOCKS)
        row, = self.rows(record, "completion.csv")
        self.assertEqual((row["peer"], row["status"]), ("alice", "complete"))

    def test_a_folder_that_cannot_be_written(self):
        self.tracker()
        (self.swarm.folder / "file").write_text("")
        peer = self.peer("alice", "--record", self.swarm.folder / "file" / "record")
        self.assertExit(peer, 1)


class Protocol(Case):
    def three(self, *options):
        self.tracker(*options)
        peers = [self.peer(f"peer{i}", *options) for i in (1, 2, 3)]
        self.completes(*peers)

    def test_presets(self):
        for preset in ("minibit", "coursework", "bittorrent"):
            with self.subTest(preset):
                self.swarm.stop()
                self.setUp()
                self.three("--preset", preset, "--set", "protocol.exchange_interval=50ms")

    def test_blocks_in_base64(self):
        self.three("--set", "protocol.encoding=base64")

    def test_all_see_to_blocks_at_once(self):
        self.three("--set", "protocol.endgame=yes", "--set", "protocol.cut_on_choke=yes",
                   "--set", "protocol.pipeline=4", "--set", "protocol.knowledge=have")


if __name__ == "__main__":
    tap.main()
