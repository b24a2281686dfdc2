#!/usr/bin/env python3
"""test_usage.py TRACKER PEER LIVE: command lines, what is shown, and where things are put."""
import fcntl
import json
import os
import pty
import re
import socket
import struct
import termios

import swarm
import tap
from ports import free_port
from swarm import HOST, announce

*PROGRAMS, LIVE = tap.arguments(3)
BLOCK_SIZE, BLOCKS = 16384, 40


class Case(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE - 100)

    def tracker(self, *options):
        return self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", *options)


class CommandLines(Case):
    def test_wrong_ones_are_told_in_a_line_and_nothing_starts(self):
        arguments = ("a", HOST, 0, HOST, 1)
        for line, said in (
                (("--set", "protocol.regular_slot=4", *arguments), "did you mean regular_slots?"),
                (("--set", "protocol.regular_slots=x", *arguments), "protocol.regular_slots=x"),
                (("--set", "protocol.selection=x", *arguments), "protocol.selection=x"),
                (("--set", "nonsense", *arguments), "nonsense"),
                (("--preset", "minibt", *arguments), "did you mean minibit?"),
                (("--out-dir", "x", *arguments), "did you mean --output-dir?"),
                (("--up-rate", "5", *arguments), "--up-rate 5"),
                (("--seed-for", "10", *arguments), "--seed-for 10"),
                (("--name", "../x", *arguments), "--name ../x"),
                ((), "5 arguments"), (("a", HOST), "5 arguments"),
                (("a b", HOST, 0, HOST, 1), "a b"), (("tracker", HOST, 0, HOST, 1), "tracker"),
                (("a", HOST, 70000, HOST, 1), "70000"), (("a", "nonsense", 0, HOST, 1), "nonsense"),
                (("a", HOST, 0, "localhost", 1), "localhost"), (("a", HOST, 0, HOST, 0), "port 0"),
                (("a", "::1", 0, HOST, 1), "the other IPv6")):
            with self.subTest(line):
                peer = self.swarm.start(PROGRAMS[1], *line)
                self.assertExit(peer, 2)
                self.assertEqual(len(peer.err), 1, peer.story())
                self.assertIn(said, peer.err[0])
                self.assertTrue(peer.err[0].startswith("minibit-peer: "), peer.err)

    def test_the_nearest_option_of_a_live_run(self):
        live = self.swarm.start(LIVE, "--outptu", "x", "a.ini")
        self.assertExit(live, 2)
        self.assertEqual(live.err, [
            "minibit-live: unknown option --outptu; did you mean --output?"])

    def test_help_opens_with_examples(self):
        for program in (*PROGRAMS, LIVE):
            helped = self.swarm.start(program, "--help")
            self.assertExit(helped, 0)
            text = [line for line in helped.out if line]
            self.assertEqual((text[0], text[2]), ("Usage:", "Examples:"))
            self.assertRegex(text[3], f"^  {os.path.basename(program)} ")
            self.assertEqual(helped.err, [])
            self.assertLessEqual(max(map(len, text)), 100)

    def test_version(self):
        for program in (*PROGRAMS, LIVE):
            told = self.swarm.start(program, "--version")
            self.assertExit(told, 0)
            self.assertRegex(told.out[0], rf"^{os.path.basename(program)} \d+\.\d+\.\d+")
            self.assertRegex(told.out[1], "^commit .")
            self.assertRegex(told.out[2], "^sources [0-9a-f]{64}$")


class Progress(Case):
    def on_a_terminal(self, *options):
        """What a peer shows there until it ends."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        peer = self.swarm.peer("alice", "--exit-when-complete", *options, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:
            pass  # the other end has closed
        self.assertExit(peer, 0)
        return shown.decode()

    def test_a_bar_on_a_terminal(self):
        self.tracker()
        shown = self.on_a_terminal("--down-rate", "250kB")
        bars = re.findall(r"\[(#*)(\.*)\] (\d+) of (\d+) blocks", shown)
        self.assertGreaterEqual(len(bars), 2, shown)
        self.assertEqual({len(full + empty) for full, empty, _, _ in bars}, {24})
        held = [int(held) for _, _, held, _ in bars]
        self.assertEqual(held, sorted(held))
        self.assertEqual(bars[-1][2:], (str(BLOCKS), str(BLOCKS)))
        self.assertIn("\r\x1b[K", shown)

    def test_none_where_it_is_to_be_quiet(self):
        self.tracker()
        self.assertEqual(self.on_a_terminal("--quiet"), "")

    def test_plain_lines_elsewhere(self):
        self.tracker()
        peer = self.swarm.peer("alice", "--exit-when-complete")
        self.assertExit(peer, 0)
        self.assertNotEqual(peer.err, [])
        self.assertTrue(all(line.isprintable() for line in peer.err), peer.err)


class Places(Case):
    def peer(self, *options, **more):
        peer = self.swarm.peer("alice", "--exit-when-complete", *options, **more)
        self.assertExit(peer, 0)
        return peer

    def test_the_working_folder_is_where_the_file_goes(self):
        self.tracker()
        folder = self.swarm.folder / "here"
        folder.mkdir()
        peer = self.swarm.start(PROGRAMS[1], "--exit-when-complete", "alice", HOST, 0, HOST,
                                self.swarm.tracker_port, cwd=folder)
        self.assertExit(peer, 0)
        self.assertSameBytes(folder / self.file.name, self.file)

    def test_another_name_there(self):
        self.tracker()
        self.assertSameBytes(self.peer("--name", "other.bin").folder / "other.bin", self.file)

    def test_a_name_that_the_wire_does_not_take(self):
        for number, (given, made) in enumerate((
                ("ein film (1).avi", "ein_film__1_.avi"), (".hidden.avi", "_hidden.avi"),
                ("x" * 150 + ".avi", "x" * 96 + ".avi"))):
            with self.subTest(given):
                self.file = self.file.rename(self.swarm.folder / given)
                self.tracker()
                peer = self.peer(folder=self.swarm.folder / f"folder{number}")
                self.assertSameBytes(peer.folder / made, self.file)

    def test_the_port_of_the_seeder(self):
        port = free_port()
        self.assertEqual(self.tracker("--seeder-port", port).seeder_port, port)
        listed = announce(self.swarm.tracker_port, "witness")
        self.assertEqual([entry["port"] for entry in listed if entry["id"] == "tracker"], [port])


class Addresses(Case):
    def test_every_address_where_that_was_asked_for(self):
        tracker = self.swarm.start(PROGRAMS[0], "0.0.0.0", 0, self.file)
        port = int(tracker.expect(r"^listening on \S+ (\d+)$")[1])
        peer = self.swarm.start(PROGRAMS[1], "--output-dir", "wild", "alice", "0.0.0.0", 0,
                                "127.0.0.1", port)
        peer.expect("^complete")
        with socket.create_connection(("127.0.0.2", port), timeout=10) as connection:
            entry = {"id": "w", "ip": connection.getsockname()[0], "port": 5, "blocks": []}
            connection.sendall(json.dumps(entry).encode())
            listed = {entry["id"]: entry["ip"] for entry in json.loads(connection.recv(8192))}
        # the seeder's address is the one that the asker reached, a peer's the one it was seen under
        self.assertEqual((listed["tracker"], listed["alice"]), ("127.0.0.2", "127.0.0.1"))

    def test_only_the_address_that_was_named(self):
        self.tracker()
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.2", self.swarm.tracker_port), timeout=2)

    def test_a_peer_is_seen_under_the_address_that_it_announces(self):
        self.tracker()
        peer = self.swarm.start(PROGRAMS[1], "--output-dir", "two", "alice", "127.0.0.2", 0, HOST,
                                self.swarm.tracker_port)
        peer.expect("^complete")
        listed = announce(self.swarm.tracker_port, "witness")
        self.assertEqual([e["ip"] for e in listed if e["id"] == "alice"], ["127.0.0.2"])

    def test_version_6(self):
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        tracker = self.swarm.start(PROGRAMS[0], "::1", 0, self.file)
        port = int(tracker.expect(r"^listening on \S+ (\d+)$")[1])
        peer = self.swarm.start(PROGRAMS[1], "--output-dir", "six", "--exit-when-complete", "alice",
                                "::1", 0, "::1", port)
        self.assertExit(peer, 0)
        self.assertSameBytes(self.swarm.folder / "six" / self.file.name, self.file)


if __name__ == "__main__":
    tap.main()
