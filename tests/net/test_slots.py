#!/usr/bin/env python3
"""test_slots.py TRACKER PEER: many ids of one address do not keep a seeder from others.

They ask by hand, in MiniBit's own way, from 127.0.0.50; who suffers is a real peer at 127.0.0.1.
"""
import base64
import json
import socket
import threading
import time

import swarm
import tap
from scripted import Lines, note
from swarm import HOST

PROGRAMS = tap.arguments(2)
BLOCK = 65536
BLOCKS = 16
SLOTS = 3
THERE = "127.0.0.50"
RATE = 1 << 20  # bytes a second


class Taker:
    """An id that is always interested, and asks whenever it is unchoked; `rate` bytes a second is
    what it takes, 0: as fast as it comes."""

    def __init__(self, name, port, rate):
        self.name, self.port, self.rate = name, port, rate
        self.ended, self.served = False, 0
        self.connection = None
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.ended:
            try:
                self.hold()
            except (OSError, ValueError, TypeError):
                time.sleep(0.2)

    def hold(self):
        self.connection = socket.socket()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.bind((THERE, 0))
        self.connection.connect((HOST, self.port))
        empty = base64.b64encode(bytes((BLOCKS + 7) // 8)).decode()
        self.connection.sendall(note("hello", self.name, set=empty))
        lines = Lines(self.connection)
        while message := lines.next():
            told = message.get("minibit", {})
            if told.get("note") == "unchoke":
                request = {"bloco": self.served % BLOCKS, "peerId": self.name,
                           "minibit": {"version": 1, "raw": True, "keep": True}}
                self.connection.sendall(json.dumps(request).encode() + b"\n")
            if "length" in told:
                self.take(told["length"], lines)

    def take(self, left, lines):
        left -= len(lines.rest)
        lines.rest = b""
        while left > 0:
            part = self.connection.recv(min(left, self.rate or 65536))
            if not part:
                raise OSError("closed")
            left -= len(part)
            if self.rate:
                time.sleep(1)
        self.served += 1

    def close(self):
        self.ended = True
        if self.connection:
            self.connection.close()


class Slots(swarm.Case):
    programs = PROGRAMS

    def crowd(self, count, rate):
        self.file = self.swarm.make_file(BLOCK * BLOCKS)
        self.tracker = self.swarm.tracker(
            self.file, "--block-size", f"{BLOCK}B", "--up-rate", f"{RATE}B",
            "--set", f"protocol.seeder_slots={SLOTS}")
        takers = [Taker(f"taker{i}", self.tracker.seeder_port, rate) for i in range(count)]
        for taker in takers:
            self.addCleanup(taker.close)
        time.sleep(2)  # they have every slot by now
        return takers

    def is_served(self):
        """A peer gets the file; how long that takes."""
        began = time.monotonic()
        peer = self.swarm.peer("anna", "--exit-when-complete")
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        return time.monotonic() - began

    def test_takers_of_a_byte_a_second(self):
        self.crowd(12, 1)
        # passed on after twice 15 s: at first much is taken by the system
        self.assertLess(self.is_served(), 30 + 10)
        for line in self.tracker.err:
            self.assertNotIn("banned", line)

    def test_greedy_takers_get_no_more_than_one(self):
        takers = self.crowd(30, 0)
        before = sum(taker.served for taker in takers)
        # The next slot that falls free is anna's, and then, with one of three, every other one: each of
        # her blocks costs two of theirs, and what they get while she starts and ends comes on top. Told
        # in blocks: a machine that is busy gives less to all.
        self.is_served()
        served = sum(taker.served for taker in takers) - before
        self.assertGreater(served, 0)
        self.assertLess(served, 2 * BLOCKS + 4 * RATE / BLOCK)

    def test_a_tracker_that_stops_does_not_wait_for_them(self):
        self.crowd(6, 1)
        self.tracker.signal(15)
        began = time.monotonic()
        self.assertEqual(self.tracker.wait(), 0)
        self.assertLess(time.monotonic() - began, 12)

    def test_a_seeder_that_withholds(self):
        told = ("--set", "protocol.knowledge=have")
        file = self.swarm.make_file(BLOCK * BLOCKS)
        self.swarm.tracker(file, "--block-size", f"{BLOCK}B", *told, "--set", "protocol.super_seed=withhold")
        # Nothing is listed of it: who hears of no other way has nothing to ask it for.
        seeder = swarm.announce(self.swarm.tracker_port, "stranger")[0]
        self.assertEqual((seeder["id"], seeder["blocks"]), ("tracker", []))
        peers = [self.swarm.peer(name, "--exit-when-complete", *told) for name in ("anna", "bert", "cleo")]
        for peer in peers:
            self.assertExit(peer, 0)
            self.assertSameBytes(peer.folder / file.name, file)

    def test_a_seeder_that_unchokes_in_rounds(self):
        file = self.swarm.make_file(BLOCK * BLOCKS)
        rule = ("--set", "protocol.preset=bittorrent", "--set", "protocol.unchoke_interval=200ms")
        self.swarm.tracker(file, "--block-size", f"{BLOCK}B", "--up-rate", f"{RATE}B", *rule,
                           "--set", "protocol.seeder_choke=round-robin",
                           "--set", "protocol.optimistic_interval=400ms", "--set", f"protocol.seeder_slots={SLOTS}")
        peers = [self.swarm.peer(f"p{i}", "--exit-when-complete", *rule) for i in range(8)]
        for peer in peers:
            self.assertExit(peer, 0)
            self.assertSameBytes(peer.folder / file.name, file)

    def test_who_withholds_must_be_told(self):
        file = self.swarm.make_file(BLOCK)
        tracker = self.swarm.start(PROGRAMS[0], "--set", "protocol.super_seed=withhold", "127.0.0.1", "0", file)
        self.assertEqual(tracker.wait(), 2)
        self.assertIn("knowledge = have", " ".join(tracker.err))


if __name__ == "__main__":
    tap.main()
