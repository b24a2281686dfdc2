#!/usr/bin/env python3
"""test_slow_givers.py TRACKER PEER: givers of a few bytes a second hold nobody up, unpunished."""
import base64
import json
import time

import swarm
import tap
from scripted import Giver, header

PROGRAMS = tap.arguments(2)
BLOCK = 65536
BLOCKS = 24
SNUB_S = 3
HURRY = ("--set", f"protocol.snub_after={SNUB_S}s")


class SlowGivers(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCK * BLOCKS)
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B",
                                          "--up-rate", "400kB")  # it takes 4 s: all are asked

    def slow(self, name, good=0, first=0):
        """A giver of `good` whole blocks, then of the first `first` bytes at once and 10 a second."""
        content = self.file.read_bytes()

        def give(connection, block, offset, number):
            data = content[block * BLOCK : (block + 1) * BLOCK]
            connection.sendall(header(block, BLOCK))
            connection.sendall(data if number < good else data[:first])
            for byte in data[first:] if number >= good else b"":
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

        giver = Giver(name, BLOCKS, give)
        self.addCleanup(giver.close)
        giver.announce(self.swarm.tracker_port)
        return giver

    def plain(self, name):
        """One that speaks the plain protocol, 10 bytes a second of it."""
        content = self.file.read_bytes()
        asked = []

        def answer(connection, request):
            asked.append(request)
            block = json.loads(request)["bloco"]
            data = base64.b64encode(content[block * BLOCK : (block + 1) * BLOCK]).decode()
            for byte in json.dumps({"id": block, "data": data}).encode():
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

        listener = swarm.Listener(answer)
        listener.asked = asked
        self.addCleanup(listener.close)
        swarm.announce(self.swarm.tracker_port, name, listener.port, range(BLOCKS))
        return listener

    def is_whole_soon(self, givers, *options):
        began = time.monotonic()
        peer = self.swarm.peer("anna", "--exit-when-complete", *HURRY, *options)
        self.assertExit(peer, 0)
        # one wait for all that hangs, another for what a second one that is slow was asked for
        self.assertLess(time.monotonic() - began, 4 * SNUB_S + 10, peer.story())
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        self.assertTrue(any(giver.asked for giver in givers), "no slow giver was asked")
        for line in peer.err:
            self.assertNotIn("banned", line)
        self.assertLess(len(peer.err), 12, peer.story())

    def test_one(self):
        self.is_whole_soon([self.slow("slow")])

    def test_several(self):
        self.is_whole_soon([self.slow(f"slow{i}") for i in range(5)])

    def test_plain_ones(self):
        self.is_whole_soon([self.plain(f"slow{i}") for i in range(2)])

    def test_one_that_was_good_first(self):
        self.is_whole_soon([self.slow("slow", good=3)])

    def test_one_whose_last_bytes_are_missing(self):
        self.is_whole_soon([self.slow("slow", first=BLOCK - 2000)])

    def test_bittorrent(self):
        self.is_whole_soon([self.slow(f"slow{i}") for i in range(2)], "--preset", "bittorrent")


if __name__ == "__main__":
    tap.main()
