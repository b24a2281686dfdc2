#!/usr/bin/env python3
"""The stand-ins for the original, among themselves: what they must do before they test others.

The figures are those of the original program's own runs: 36 rounds for 40 blocks, most of them
from the tracker. Each known slip is shown once.
"""
import json
import subprocess
import sys
import threading
import unittest

import swarm
import tap
from swarm import HOST

sys.path.insert(0, str(swarm.LIB))
import original_peer
import original_tracker
import original_wire

ROUNDS = 36
PATIENCE = 10  # seconds


def exchange(port, message):
    """Sends bytes, and reads what comes until the other side closes, or resets: it left some unread."""
    received, closed = swarm.exchange(port, message, half_close=True)
    assert closed, "no end within the time"
    return received


class Swarms(swarm.Case):
    def test_every_peer_gets_the_file_in_36_rounds_mostly_from_the_tracker(self):
        file = self.swarm.make_file(39 * 1000 + 17)
        self.swarm.original_tracker(file, "--block-size", 1000, "--seed", 1)
        peers = [self.swarm.original_peer(f"peer{i}", "--stepped", "--seed", i,
                                          stdin=subprocess.PIPE) for i in (1, 2, 3)]
        for done in range(1, ROUNDS + 1):  # how fast the machine starts and runs them is no matter
            for peer in peers:
                peer.expect(rf"^rounds done {done}$")
                peer.process.stdin.write("\n")
                peer.process.stdin.flush()
        rounds = [int(peer.expect(r"^complete round (\d+)$")[1]) for peer in peers]
        self.assertEqual(rounds, [ROUNDS] * 3)
        for i in (1, 2, 3):
            self.assertSameBytes(self.swarm.folder / f"peer{i}.avi", file)
        gains = [line for peer in peers for line in peer.out if line.startswith("block ")]
        self.assertEqual(len(gains), 3 * ROUNDS)
        share = sum(" from tracker " in line for line in gains) / len(gains)
        self.assertTrue(0.7 <= share < 1, share)


class Tracker(swarm.Case):
    def setUp(self):
        super().setUp()
        file = self.swarm.make_file(40 * 100)
        self.tracker = self.swarm.original_tracker(file, "--block-size", 100)

    def announce(self, **fields):
        entry = {"id": "p", "ip": HOST, "port": 5, "blocks": []} | fields
        answer = exchange(self.swarm.tracker_port, json.dumps(entry).encode())
        return json.loads(answer) if answer else None

    def test_a_newcomer_is_dealt_four_and_the_seeder_comes_first(self):
        seeder, asker = self.announce()
        self.assertEqual((seeder["id"], seeder["blocks"]), ("tracker", list(range(40))))
        self.assertEqual(len(set(asker["blocks"])), 4)

    def test_what_a_peer_reports_is_not_looked_at(self):
        first = self.announce()[1]["blocks"]
        again = [self.announce(blocks=[1, 2, 3])[1]["blocks"] for _ in range(5)]
        self.assertTrue(all(len(set(blocks)) == 4 for blocks in again))
        self.assertTrue(any(blocks != first for blocks in again))

    def test_unknown_keys_are_ignored(self):
        self.assertEqual(len(self.announce(minibit={"version": 1})), 2)

    def test_an_announce_over_its_buffer_is_lost(self):
        self.assertIsNotNone(self.announce(blocks=list(range(600))))
        self.assertIsNone(self.announce(blocks=list(range(1200))))
        self.assertIsNotNone(self.announce())

    def test_the_seeder_serves_everybody_what_exists(self):
        request = json.dumps({"bloco": 7, "peerId": "stranger"}).encode()
        answer = json.loads(exchange(self.tracker.seeder_port, request))
        self.assertEqual(answer["id"], 7)
        request = json.dumps({"bloco": 40, "peerId": "stranger"}).encode()
        self.assertEqual(exchange(self.tracker.seeder_port, request), b"")


class Books(unittest.TestCase):
    def test_only_the_seeder_is_booked_with_everything(self):
        tracker = original_tracker.Tracker(9, __import__("random").Random(1))
        tracker.answer({"id": "tracker", "ip": HOST, "port": 1, "blocks": []})
        tracker.answer({"id": "a", "ip": HOST, "port": 2, "blocks": [1, 2, 3, 4, 5]})
        sizes = [len(entry["blocks"]) for entry in tracker.books.values()]
        self.assertEqual(sizes, [9, 4])


class Decisions(unittest.TestCase):
    """The peer's choices, with books written by hand."""

    def peer(self, **books):
        sys.argv = ["original_peer.py", "me", HOST, "0", HOST, "1", "--seed", "1"]
        peer = original_peer.Peer(original_peer.parse_arguments())
        peer.known = {
            name: {"id": name, "ip": HOST, "port": 1, "blocks": blocks}
            for name, blocks in books.items()
        }
        return peer

    def test_the_highest_listed_block_plus_one_is_the_count(self):
        self.assertEqual(self.peer(a=[3], b=[7, 1]).count(), 8)
        self.assertFalse(self.peer(me=[]).complete())

    def test_the_block_booked_least_often_ties_to_the_first(self):
        peer = self.peer(tracker=[0, 1, 2, 3], a=[0, 2], b=[0])
        self.assertEqual(peer.pick(peer.known["tracker"]), 1)
        self.assertEqual(peer.pick(peer.known["b"]), 0)
        peer.held = {1: b""}
        self.assertEqual(peer.pick(peer.known["tracker"]), 3)

    def test_a_promoted_optimistic_takes_the_fourth_place(self):
        books = {name: [i] for i, name in enumerate("abcdefgh")}
        peer = self.peer(**books)
        for _ in range(20):
            peer.unchoke()
            self.assertEqual(len(set(peer.unchoked)), 4)

    def test_an_optimistic_with_nothing_to_offer_comes_beside_the_top(self):
        peer = self.peer(**{name: [0] for name in "abcdefgh"})
        peer.held = {0: b""}
        peer.unchoke()
        self.assertEqual(len(set(peer.unchoked)), 5)


class Slips(unittest.TestCase):
    """A peer's reading, against a sender under the test's control."""

    def setUp(self):
        self.gone = threading.Event()  # the reader has left while the sender waited

    def serve(self, *parts):
        """After each part but the last waits for the reader to go, and goes on if it stays."""
        gone = self.gone

        def answer(request):
            return b""

        class Slow(original_wire.Handler):
            def handle(self):
                self.request.recv(2048)
                self.request.settimeout(PATIENCE)
                for part in parts[:-1]:
                    self.request.sendall(part)
                    try:
                        if not self.request.recv(1):
                            gone.set()
                            return
                    except TimeoutError:
                        pass
                self.request.sendall(parts[-1])

        server = original_wire.Server((HOST, 0), 2048, answer)
        server.RequestHandlerClass = Slow
        server.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address

    def test_a_block_in_one_go_is_read(self):
        answer = original_wire.block_answer(3, b"x" * 1000)
        address = self.serve(answer)
        self.assertEqual(original_wire.fetch(address, 3, "p", 5), b"x" * 1000)

    def test_a_block_in_two_goes_is_lost(self):
        answer = original_wire.block_answer(3, b"x" * 1000)
        address = self.serve(answer[:700], answer[700:])
        self.assertIsNone(original_wire.fetch(address, 3, "p", 6 * PATIENCE))
        self.assertTrue(self.gone.wait(PATIENCE))

    def test_a_list_over_its_buffer_is_lost(self):
        entry = {"id": "p", "ip": HOST, "port": 1, "blocks": []}
        self.assertEqual(original_wire.announce(self.serve(b"[" + b" " * 8190 + b"]"), entry, 5), [])
        self.assertIsNone(original_wire.announce(self.serve(b"[" + b" " * 8191 + b"]"), entry, 5))

    def test_silence_ends_in_a_time_out(self):
        answer = original_wire.block_answer(3, b"x" * 1000)
        self.assertIsNone(original_wire.fetch(self.serve(b"", answer), 3, "p", 0.2))
        self.assertTrue(self.gone.wait(PATIENCE))


if __name__ == "__main__":
    tap.main()
