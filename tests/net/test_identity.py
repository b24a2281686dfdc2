#!/usr/bin/env python3
"""test_identity.py TRACKER PEER: who somebody is, and what is held against him.

An id says little: peers come back with more or less than they had, at another port or address, and
strangers take the ids of others. What the latest connection tells is believed; blame and trust stay
with an id at an address.
"""
import shutil
import signal
import socket
import time

import swarm
import tap
from scripted import Giver, hang_up, header, note

PROGRAMS = tap.arguments(2)
BLOCK = 65536
BLOCKS = 24
ELSEWHERE = "127.0.0.66"


class Case(swarm.Case):
    programs = PROGRAMS

    def begin(self, rate="500kbit", **more):
        self.file = self.swarm.make_file(BLOCKS * BLOCK)
        self.content = self.file.read_bytes()
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B", "--up-rate", rate)

    def peer(self, name, *options, **more):
        return self.swarm.peer(name, "--set", "protocol.announce_interval=1s", *options, **more)

    def giver(self, name, give, host=swarm.HOST):
        giver = Giver(name, BLOCKS, give, host=host)
        self.addCleanup(giver.close)
        return giver

    def honest(self, connection, block, offset, number):
        data = self.content[block * BLOCK + offset : (block + 1) * BLOCK]
        connection.sendall(header(block, len(data), offset) + data)

    @staticmethod
    def wrong(connection, block, offset, number):
        connection.sendall(header(block, BLOCK - offset, offset) + bytes(BLOCK - offset))

    def completes(self, peer, patience=30):
        peer.expect("^complete", patience)
        self.assertSameBytes(peer.folder / self.file.name, self.file)


class ComingBack(Case):
    def test_with_the_whole_file(self):
        """Known as a beginner, back as a seeder: the others fetch from it, the tracker being off."""
        self.begin()
        back, other = self.peer("back"), self.peer("other")
        back.expect("^listening")
        time.sleep(2.5)
        back.stop()
        shutil.rmtree(back.folder)
        back.folder.mkdir()
        shutil.copy(self.file, back.folder / self.file.name)
        back = self.peer("back")
        back.expect("^complete")
        time.sleep(0.5)
        self.tracker.signal(signal.SIGKILL)
        self.completes(other)

    def test_with_nothing(self):
        """Known as a seeder, back with an empty folder: it is served again."""
        self.begin("20Mbit")
        back, other = self.peer("back"), self.peer("other")
        self.completes(back)
        self.completes(other)
        back.stop()
        shutil.rmtree(back.folder)
        back = self.peer("back", "--exit-when-complete")
        self.completes(back)

    def test_at_another_address_of_its_machine(self):
        """Both its addresses are its own: nobody is told that its id is live elsewhere."""
        self.begin("4Mbit")
        anna = self.peer("anna")
        self.swarm.listening(anna)
        both = self.giver("both", self.honest, host="127.0.0.2")
        both.announce(self.swarm.tracker_port)
        self.assertTrue(swarm.wait_until(lambda: both.welcomed > 0, 10), anna.story())
        second = socket.create_connection((swarm.HOST, anna.port), timeout=1)
        self.addCleanup(second.close)
        second.sendall(note("hello", "both", port=both.port, **both.told))
        with self.assertRaises(TimeoutError):  # it stays open, and is answered over the other one
            second.recv(1)
        self.completes(anna)
        self.assertNotRegex("\n".join(anna.err + self.tracker.err), "live from another|banned")


class InAnothersName(Case):
    def test_a_ban_does_not_reach_the_honest_one(self):
        """A stranger takes an absent peer's id and gives a wrong block; then the peer comes."""
        self.begin()
        anna = self.peer("anna")
        self.swarm.listening(anna)
        stranger = self.giver("xena", self.wrong, host=ELSEWHERE)
        stranger.greet(anna.port)
        anna.expect(f"xena at {ELSEWHERE} is banned for 10 min", stream="err")
        stranger.close()
        xena = self.giver("xena", self.honest)
        xena.greet(anna.port)
        self.completes(anna)
        with self.assertRaises(AssertionError):  # and the stranger stays out
            self.giver("xena", self.wrong, host=ELSEWHERE).greet(anna.port)

    def test_half_a_lie_is_not_put_down_to_the_honest_one(self):
        self.begin()
        anna = self.peer("anna", "--exit-when-complete", "--seed", "1")
        self.swarm.listening(anna)

        def half(connection, block, offset, number):
            connection.sendall(header(block, BLOCK - offset, offset) + bytes(BLOCK // 2))
            time.sleep(0.2)
            hang_up(connection)
        stranger = self.giver("xena", half, host=ELSEWHERE)
        kept = stranger.greet(anna.port)
        self.assertTrue(swarm.wait_until(lambda: stranger.asked, 10), anna.story())
        time.sleep(0.4)
        hang_up(kept)
        stranger.close()
        time.sleep(0.2)
        xena = self.giver("xena", self.honest)
        xena.greet(anna.port)
        self.completes(anna)
        self.assertNotIn("xena at 127.0.0.1 is banned", "\n".join(anna.err))

    def test_the_listed_one_comes_in_though_a_stranger_is_there(self):
        self.begin()
        anna = self.peer("anna")
        self.swarm.listening(anna)
        stranger = self.giver("xena", lambda *_: None, host=ELSEWHERE)  # it gives nothing at all
        stranger.greet(anna.port)
        xena = self.giver("xena", self.honest)
        xena.announce(self.swarm.tracker_port)
        time.sleep(2.5)  # anna has announced since
        xena.greet(anna.port)
        self.completes(anna)

    def test_the_trackers_listing_is_not_taken_over(self):
        self.begin()
        anna = self.peer("anna")
        self.assertTrue(swarm.wait_until(lambda: any(
            entry["id"] == "anna" for entry in swarm.announce(self.swarm.tracker_port, "bert", 7))), anna.story())
        self.assertIsNone(swarm.announce(self.swarm.tracker_port, "anna", 9, source=ELSEWHERE, ip=ELSEWHERE))
        listed = swarm.announce(self.swarm.tracker_port, "bert", 7)
        self.assertEqual([entry["ip"] for entry in listed if entry["id"] == "anna"], [swarm.HOST])


if __name__ == "__main__":
    tap.main()
