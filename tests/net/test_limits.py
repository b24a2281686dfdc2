#!/usr/bin/env python3
"""test_limits.py TRACKER PEER: how long things may take, how fast they may go, how much is said of them.

What comes slowly but steadily arrives; what stands still, or trickles to hold a connection, ends, and
the line that says so blames the right side. Rates that were asked for hold for every byte. What a
stranger can provoke any number of times is told a few times and then counted.
"""
import base64
import json
import re
import signal
import socket
import time

import swarm
import tap
from scripted import Giver, note

PROGRAMS = tap.arguments(2)
BLOCK = 65536


class Case(swarm.Case):
    programs = PROGRAMS

    def share(self, blocks, *options):
        self.file = self.swarm.make_file(blocks * BLOCK)
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B", *options)

    def connect(self, port):
        connection = socket.create_connection((swarm.HOST, port), timeout=60)
        self.addCleanup(connection.close)
        return connection


class Slow(Case):
    def test_a_steady_message_may_take_its_time(self):
        """Longer than the limit on silence, with a byte well within it."""
        self.share(2)
        connection = self.connect(self.tracker.seeder_port)
        request = json.dumps({"bloco": 1, "peerId": "slow", "pad": "x" * 300}).encode()
        for at in range(0, len(request), 24):
            connection.sendall(request[at : at + 24])
            time.sleep(0.8)
        self.assertTrue(connection.recv(100).startswith(b'{"id"'), self.tracker.story())

    def test_a_trickle_ends(self):
        """A byte now and then does not hold a connection for good."""
        self.share(2)
        connection = self.connect(self.tracker.seeder_port)
        began = time.monotonic()
        try:
            while time.monotonic() - began < 50:
                connection.sendall(b"{" if time.monotonic() - began < 1 else b" ")
                time.sleep(1)
        except OSError:
            pass
        self.assertLess(time.monotonic() - began, 40)
        self.tracker.expect("refused from .*: message too slow", stream="err")

    def test_silence_in_a_message_ends_it(self):
        self.share(2)
        connection = self.connect(self.tracker.seeder_port)
        began = time.monotonic()
        connection.sendall(b'{"bloco": 1')
        self.assertEqual(connection.recv(100), b"")
        self.assertGreater(time.monotonic() - began, 9)
        self.tracker.expect("refused from .*: no byte of the rest of a message", stream="err")

    def test_a_sleep_is_nobodys_fault(self):
        """A program that stood still finds what came meanwhile before it judges anybody."""
        self.share(8, "--up-rate", "400kbit")
        peer = self.swarm.peer("anna", "--exit-when-complete", "-v")
        peer.expect("^listening")
        time.sleep(2)
        peer.signal(signal.SIGSTOP)
        time.sleep(14)
        peer.signal(signal.SIGCONT)
        self.assertEqual(peer.wait(), 0, peer.story())
        said = "\n".join(peer.err + self.tracker.err)
        self.assertNotRegex(said, "in time|too slow|refused|banned")

    def test_a_block_in_base64_may_take_longer_than_the_time_out(self):
        """Its bytes put the time-out off, as those of a raw one do, though it counts only whole."""
        self.share(3, "--up-rate", "24kB")
        began = time.monotonic()
        peer = self.swarm.peer("anna", "--exit-when-complete", "--set", "protocol.encoding=base64",
                               "--set", "protocol.request_timeout=2s")
        self.assertEqual(peer.wait(60), 0, peer.story())
        payload = 3 * BLOCK * 4 // 3
        self.assertGreater(time.monotonic() - began, payload / 24000 - 2)
        self.assertLess(time.monotonic() - began, 1.5 * payload / 24000 + 2, peer.story())


class Rates(Case):
    BLOCKS = 16
    RATE = 2_000_000 / 8

    def fastest(self, payload, seconds):
        """A burst at the start apart, no faster than asked for."""
        self.assertLess(payload / (seconds + 0.3), 1.1 * self.RATE)

    def test_base64_to_many_plain_askers(self):
        self.share(self.BLOCKS, "--up-rate", "2Mbit")
        began, received = time.monotonic(), 0
        for block in range(self.BLOCKS):
            answer, _ = swarm.exchange(self.tracker.seeder_port,
                                       json.dumps({"bloco": block, "peerId": f"p{block}"}).encode())
            received += len(answer)
        self.assertGreater(received, self.BLOCKS * BLOCK * 4 // 3)
        self.fastest(received, time.monotonic() - began)

    def test_down_rate_in_base64(self):
        self.share(self.BLOCKS)
        began = time.monotonic()
        peer = self.swarm.peer("anna", "--exit-when-complete", "--down-rate", "2Mbit", "--set",
                               "protocol.encoding=base64")
        self.assertEqual(peer.wait(), 0, peer.story())
        self.fastest(self.BLOCKS * BLOCK * 4 // 3, time.monotonic() - began)

    def test_lists_are_charged(self):
        """The tracker's answers share the line with its blocks."""
        blocks = 8000
        self.file = self.swarm.make_file(blocks * 10)
        self.tracker = self.swarm.tracker(self.file, "--block-size", "10B", "--up-rate", "2Mbit")
        began, received = time.monotonic(), 0
        for number in range(2):
            entry = {"id": f"p{number}", "ip": swarm.HOST, "port": 5, "blocks": [],
                     "minibit": {"version": 1, "wants": True}}
            answer, _ = swarm.exchange(self.swarm.tracker_port, json.dumps(entry).encode(), patience=60)
            received += len(answer)
        self.assertGreater(received, 200_000)
        self.fastest(received, time.monotonic() - began)

    def test_a_rate_is_used_up(self):
        """Nothing is lost to the counting: raw blocks come as fast as the rate lets them."""
        self.share(self.BLOCKS, "--up-rate", "2Mbit")
        began = time.monotonic()
        peer = self.swarm.peer("anna", "--exit-when-complete")
        self.assertEqual(peer.wait(), 0, peer.story())
        self.assertLess(time.monotonic() - began, self.BLOCKS * BLOCK / self.RATE * 1.1 + 1.5)


class Said(Case):
    def test_a_flood_of_one_kind_is_counted(self):
        self.share(2, "--quiet")
        for _ in range(300):
            swarm.exchange(self.swarm.tracker_port, b"GET / HTTP/1.1\r\n\r\n")
            swarm.exchange(self.tracker.seeder_port, b"GET / HTTP/1.1\r\n\r\n")
        swarm.exchange(self.tracker.seeder_port, b'{"bloco": 99, "peerId": "other"}')
        self.tracker.expect("does not fit the file", stream="err")  # another kind is told at once
        self.assertLess(len(self.tracker.err), 40, self.tracker.story())
        self.tracker.signal(signal.SIGTERM)
        self.tracker.wait()
        counted = [int(m[1]) for line in self.tracker.err
                   if (m := re.search(r": (\d+) more like this in \d+ s: refused from", line))]
        told = [line for line in self.tracker.err if "refused from" in line and "more like" not in line
                and "fit the file" not in line]
        self.assertEqual(sum(counted) + len(told), 600, self.tracker.story())

    def test_bans_are_counted_too(self):
        """A cheat with a new name each time fills no disk."""
        self.share(24, "--up-rate", "200kbit")
        anna = self.swarm.peer("anna")
        self.swarm.listening(anna)
        wrong = base64.b64encode(bytes(BLOCK)).decode()

        def give(connection, block, offset, number):
            connection.sendall(json.dumps({"id": block, "data": wrong, "minibit": {
                "version": 1, "keep": True}}).encode() + b"\n")
        for number in range(12):
            giver = Giver(f"cheat{number}", 24, give, [number])
            self.addCleanup(giver.close)
            giver.greet(anna.port)
        self.assertTrue(swarm.wait_until(
            lambda: sum("is banned" in line for line in anna.err) >= 5, 20), anna.story())
        time.sleep(1)
        self.assertLessEqual(sum("is banned" in line for line in anna.err), 6, anna.story())

    def test_the_end_of_a_connection_is_told_with_its_bytes(self):
        self.share(2, "-v")
        connection = self.connect(self.tracker.seeder_port)
        connection.sendall(note("hello", "anna", set=base64.b64encode(b"\0").decode()))
        connection.recv(10)
        connection.close()
        self.tracker.expect(r"closed: .*; \d+ bytes came, \d+ went", stream="err")


if __name__ == "__main__":
    tap.main()
