#!/usr/bin/env python3
"""test_cuts.py TRACKER PEER: transfers that end before their block does, and givers that go as soon
as they have given.

What was sent whole counts whatever became of its giver; what was cut is asked for again at once, of
whoever has it, and nobody is blamed: with rates limited or not, raw or in base64. Programs
compare what the core and the sockets hold of cut blocks at each step (--paranoid), and stop where they
differ.
"""
import base64
import json
import os
import socket
import struct
import threading
import time

import swarm
import tap
from scripted import Giver, hang_up, header, note

PROGRAMS = tap.arguments(2)
BLOCK = 65536
BLOCKS = 24
RARE = 5  # the block that givers are asked for first: they hold no other
SLOW = "1Mbit"  # of the seeder: a block takes it half a second
SHAPES = {"unlimited": [], "limited": ["--down-rate", "40Mbit"]}


class Case(swarm.Case):
    programs = PROGRAMS

    def begin(self, options):
        """A swarm of its own for each of a test's parts."""
        self.end()
        self.swarm = swarm.Swarm(*PROGRAMS)
        self.file = self.swarm.make_file(BLOCKS * BLOCK)
        self.content = self.file.read_bytes()
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B", "--up-rate", SLOW)
        self.anna = self.swarm.peer("anna", "--exit-when-complete", "-v", "--seed", "1", *options)
        self.swarm.listening(self.anna)

    def begin_asking(self, options, make, greeted=None):
        """A swarm in which the first giver, which make() makes, is asked for the only block that it
        holds: begun anew where the seeder has been asked for that before. The list `greeted` then has
        the connection that the giver greets over, and no earlier one."""
        for _ in range(5):
            self.begin(options)
            giver = make()
            connection = giver.greet(self.anna.port)
            if greeted is not None:
                greeted[:] = [connection]
            if swarm.wait_until(lambda: giver.asked, 3):
                return giver
            giver.close()
        self.fail(self.anna.story())

    def giver(self, name, give, told=(RARE,)):
        giver = Giver(name, BLOCKS, give, list(told))
        self.addCleanup(giver.close)
        return giver

    def part(self, block, start=0, end=None):
        return self.content[block * BLOCK + start : min((block + 1) * BLOCK, block * BLOCK + (end or BLOCK))]

    def completes(self, patience=swarm.PATIENCE):
        self.assertEqual(self.anna.wait(patience), 0, self.anna.story())
        self.assertSameBytes(self.anna.folder / self.file.name, self.file)
        said = "\n".join(self.anna.err + self.tracker.err)
        self.assertNotRegex(said, "banned|wrong hash|refused", self.anna.story())


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Cut(Case):
    def cut_once(self, after, hard=False):
        """Gives `after` bytes of its first block and hangs up; whole blocks after that."""
        def give(connection, block, offset, number):
            sent = header(block, BLOCK - offset, offset)
            if number > 0:
                connection.sendall(sent + self.part(block, offset))
                return
            connection.sendall(sent + self.part(block, offset, after) if after else sent)
            time.sleep(0.3)
            reset(connection) if hard else connection.close()
        return give

    def test_the_rest_is_asked_for_at_once(self):
        """A giver whose connection ends keeps another to the peer: it is asked again, not left alone
        for as long as a request may take."""
        for shape, options in SHAPES.items():
            for after, hard in ((BLOCK // 2, False), (BLOCK // 2, True), (BLOCK - 1, False), (0, False)):
                with self.subTest(shape=shape, after=after, hard=hard):
                    giver = self.begin_asking(
                        options, lambda: self.giver("giver", self.cut_once(after, hard)))
                    asked = swarm.wait_until(lambda: len(giver.asked) > 1, 8)
                    self.assertTrue(asked, f"asked {giver.asked}: {self.anna.story()}")
                    self.assertEqual(giver.asked[1], (RARE, after))

    def test_base64_cut_in_the_middle(self):
        """A text that ends early is worth nothing; the block is asked for again from its start."""
        def give(connection, block, offset, number):
            text = json.dumps({"id": block, "data": base64.b64encode(self.part(block)).decode(),
                               "minibit": {"version": 1, "keep": True}}).encode() + b"\n"
            connection.sendall(text if number else text[: len(text) // 2])
            if not number:
                time.sleep(0.3)
                connection.close()
        for shape, options in SHAPES.items():
            with self.subTest(shape=shape):
                giver = self.begin_asking([*options, "--set", "protocol.encoding=base64"],
                                          lambda: self.giver("giver", give))
                self.assertTrue(swarm.wait_until(lambda: len(giver.asked) > 1, 8), self.anna.story())


class Gone(Case):
    def give_and_go(self, others):
        """Halves: the first giver is cut in the middle, the second gives the rest and is gone."""
        def give(connection, block, offset, number):
            sent = header(block, BLOCK - offset, offset)
            if not offset:
                connection.sendall(sent + self.part(block, 0, BLOCK // 2))
                time.sleep(0.2)
                for other in others:
                    hang_up(other)
                connection.close()
                return
            for other in others:
                hang_up(other)
            time.sleep(0.05)
            connection.sendall(sent + self.part(block, offset))
            connection.close()
            self.given.append(block)
        return give

    def play(self, *options):
        self.given, first, second = [], [], []
        one = self.begin_asking(options, lambda: self.giver("one", self.give_and_go(first)), first)
        time.sleep(0.4)
        two = self.giver("two", self.give_and_go(second))
        second.append(two.greet(self.anna.port))
        swarm.wait_until(lambda: self.given or self.anna.find("^complete", self.anna.out), 8)
        one.close()
        two.close()
        self.completes()
        loops = [line for line in self.anna.err if "another byte" in line or "asked for anew" in line]
        self.assertLessEqual(len(loops), 2, self.anna.story())
        self.assertLess(len(one.asked) + len(two.asked), 8)

    def test_a_block_counts_though_its_giver_has_gone(self):
        for preset in ("minibit", "bittorrent"):
            for shape, options in SHAPES.items():
                with self.subTest(preset=preset, shape=shape):
                    self.play("--preset", preset, *options)

    def test_what_a_leaver_gave_is_kept(self):
        """It says goodbye in the middle of a block: another, who is idle, is asked for the rest."""
        for shape, options in SHAPES.items():
            with self.subTest(shape=shape):
                greeted, go = [], threading.Event()

                def leave(connection, block, offset, number):
                    connection.sendall(header(block, BLOCK) + self.part(block, 0, BLOCK // 2))
                    go.wait(swarm.PATIENCE)
                    greeted[0].sendall(note("leave", "leaver"))

                def rest(connection, block, offset, number):
                    connection.sendall(header(block, BLOCK - offset, offset) + self.part(block, offset))

                self.begin_asking(options, lambda: self.giver("leaver", leave), greeted)
                other = self.giver("other", rest)
                other.greet(self.anna.port)
                time.sleep(0.5)  # the half and the greeting are there
                self.assertEqual(other.asked, [])
                go.set()
                self.assertTrue(swarm.wait_until(lambda: other.asked, 8), self.anna.story())
                self.assertEqual(other.asked[0], (RARE, BLOCK // 2))

    def test_half_a_lie_is_not_kept(self):
        """A beginning that turned out wrong is thrown away by both; the block comes from its start."""
        def lie(connection, block, offset, number):
            connection.sendall(header(block, BLOCK - offset, offset) + bytes(BLOCK // 2))
            time.sleep(0.2)
            connection.close()

        def tell_the_rest(connection, block, offset, number):
            connection.sendall(header(block, BLOCK - offset, offset) + self.part(block, offset))
            if offset:
                connection.close()
                hang_up(kept)
        self.begin_asking([], lambda: self.giver("liar", lie))
        time.sleep(0.4)
        honest = self.giver("honest", tell_the_rest)
        kept = honest.greet(self.anna.port)
        self.anna.expect("^complete")
        honest.close()
        self.assertEqual(self.anna.wait(), 0, self.anna.story())
        self.assertSameBytes(self.anna.folder / self.file.name, self.file)
        self.assertNotRegex("\n".join(self.anna.err), "honest is banned")

    def test_a_beginning_of_others_is_not_taken_for_ones_own(self):
        """Two are asked at once for the rest of what a liar began. The first makes the block whole,
        and wrong; the second is cut then. What it has sent stands on the lie: it is not kept."""
        give_the_rest, cut = threading.Event(), threading.Event()
        lied, liars = BLOCK // 2, []

        def lie(connection, block, offset, number):
            connection.sendall(header(block, BLOCK) + bytes(lied))
            time.sleep(0.2)
            for liar in liars:
                liar.close()

        def make_liar():
            liars.append(self.giver("liar", lie))
            return liars[-1]

        def late(connection, block, offset, number):
            connection.sendall(header(block, BLOCK - offset, offset))
            give_the_rest.wait(swarm.PATIENCE)
            connection.sendall(self.part(block, offset))
            time.sleep(0.2)
            first.close()

        def cut_once(connection, block, offset, number):
            connection.sendall(header(block, BLOCK - offset, offset) + self.part(block, offset, BLOCK - 1000))
            if number:
                connection.sendall(self.part(block, BLOCK - 1000))
                return
            cut.wait(swarm.PATIENCE)
            connection.close()

        self.begin_asking(["--set", "protocol.snub_after=1s"], make_liar)
        time.sleep(0.4)
        first = self.giver("first", late)
        first.greet(self.anna.port)
        self.assertTrue(swarm.wait_until(lambda: first.asked, 8), self.anna.story())
        second = self.giver("second", cut_once)
        second.greet(self.anna.port)
        self.assertTrue(swarm.wait_until(lambda: second.asked, 8), self.anna.story())
        self.assertEqual((first.asked[0], second.asked[0]), ((RARE, lied), (RARE, lied)))
        time.sleep(0.3)
        give_the_rest.set()
        self.anna.expect("in parts from several peers, has the wrong hash", stream="err")
        cut.set()
        self.assertTrue(swarm.wait_until(lambda: len(second.asked) > 1, 8), self.anna.story())
        self.assertEqual(second.asked[1], (RARE, 0))
        self.anna.expect("^complete")
        self.assertSameBytes(self.anna.folder / self.file.name, self.file)
        self.assertNotRegex("\n".join(self.anna.err), "(first|second) .*banned")


if __name__ == "__main__":
    tap.main()
