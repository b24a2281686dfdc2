#!/usr/bin/env python3
"""test_files.py TRACKER PEER: full disks, read-only folders, files that are there already.

A clear message, exit code 1, and what was fetched is kept.
"""
import os
import resource
import signal
import subprocess

import swarm

PROGRAMS = swarm.program_arguments(2)
BLOCK_SIZE = 65536
BLOCKS = 64


class Files(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE)
        self.folder = self.swarm.folder / "alice"
        self.folder.mkdir()
        self.target = self.folder / self.file.name
        self.part = self.folder / (self.file.name + ".part")

    def tracker(self, *options):
        return self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", *options)

    def peer(self, *options, **more):
        return self.swarm.peer("alice", "--exit-when-complete", *options, folder=self.folder, **more)

    def fails(self, peer, text):
        """It ends with exit code 1 and one line that says `text` and names the file."""
        self.assertExit(peer, 1)
        said = [line for line in peer.err if text.lower() in line.lower()]
        self.assertEqual(len(said), 1, peer.story())
        self.assertIn(str(self.folder), said[0])

    def mount(self, size):
        """A small file system of its own for the peer's folder."""
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a file system")
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "minibit", self.folder])
        if made.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=True)

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


class Present(Files):
    def test_a_file_that_is_there_is_not_written_over(self):
        self.tracker()
        self.target.write_bytes(b"mine")
        self.fails(self.peer(), "exists")
        self.assertEqual(self.target.read_bytes(), b"mine")
        self.assertExit(self.peer("--force"), 0)
        self.assertSameBytes(self.target, self.file)

    def test_the_right_file_is_seeded(self):
        tracker = self.tracker()
        self.target.write_bytes(self.file.read_bytes())
        self.assertExit(self.peer(), 0)
        self.assertSameBytes(self.target, self.file)
        self.assertTrue(tracker.running())

    def test_nothing_is_left_but_the_file(self):
        self.tracker()
        self.assertExit(self.peer(), 0)
        self.assertEqual([path.name for path in self.folder.iterdir()], [self.file.name])

    def test_a_wrong_part_costs_only_what_is_wrong(self):
        self.tracker()
        content = bytearray(self.file.read_bytes())
        content[5 * BLOCK_SIZE] ^= 1
        self.part.write_bytes(content)
        record = self.swarm.folder / "record"
        self.assertExit(self.peer("--record", record), 0)
        self.assertSameBytes(self.target, self.file)
        rows = (record / "provenance.csv").read_text().splitlines()[1:]
        fetched = [row for row in rows if not row.endswith(",initial")]
        self.assertEqual([row.split(",")[3] for row in fetched], ["5"])

    def test_two_peers_in_one_folder(self):
        self.tracker("--up-rate", "1MB")
        first = self.swarm.peer("alice", folder=self.folder)
        first.expect("^listening")
        self.assertTrue(swarm.wait_until(self.part.exists))
        second = self.swarm.peer("bob", folder=self.folder)
        self.assertExit(second, 1)
        self.assertTrue(first.running())

    def test_an_empty_file(self):
        self.file.write_bytes(b"")
        self.tracker()
        self.assertExit(self.peer(), 0)
        self.assertEqual(self.target.read_bytes(), b"")

    def test_a_folder_that_is_not_there(self):
        self.tracker()
        self.folder.rmdir()
        self.folder.write_bytes(b"a file")
        peer = self.swarm.start(
            PROGRAMS[1], "--output-dir", self.folder, "alice", swarm.HOST, 0, swarm.HOST,
            self.swarm.tracker_port)
        self.fails(peer, "irectory")


class Full(Files):
    def test_a_disk_that_has_no_room(self):
        self.mount("1m")
        self.tracker()
        self.fails(self.peer(), "No space left")

    def test_a_limit_on_the_size_of_files(self):
        self.tracker()
        limit = (BLOCKS * BLOCK_SIZE // 2,) * 2
        self.fails(self.peer(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)),
                   "File too large")

    def test_a_folder_that_turns_read_only_keeps_its_blocks(self):
        self.mount("16m")
        tracker = self.tracker("--up-rate", "2MB")
        peer = self.peer()
        peer.expect("^listening")
        self.assertTrue(swarm.wait_until(self.has_some))
        peer.signal(signal.SIGKILL)
        peer.wait()
        self.remount("ro")
        self.fails(self.peer(), "ead-only")
        self.assertTrue(self.part.exists())
        self.remount("rw")
        record = self.swarm.folder / "record"
        self.assertExit(self.peer("--record", record), 0)
        self.assertSameBytes(self.target, self.file)
        rows = (record / "provenance.csv").read_text().splitlines()[1:]
        self.assertGreater(sum(row.endswith(",initial") for row in rows), 0)
        self.assertTrue(tracker.running())

    def has_some(self):
        return self.part.exists() and any(
            self.part.read_bytes()[at : at + 4096] != bytes(4096)
            for at in range(0, BLOCKS * BLOCK_SIZE // 2, BLOCK_SIZE))


class Tracker(Files):
    def test_a_file_that_is_not_there(self):
        tracker = self.swarm.start(PROGRAMS[0], swarm.HOST, 0, self.swarm.folder / "none.avi")
        self.assertExit(tracker, 1)
        self.assertIn("none.avi", tracker.err[-1])

    def test_a_port_that_is_taken(self):
        self.tracker()
        other = self.swarm.start(PROGRAMS[0], swarm.HOST, self.swarm.tracker_port, self.file)
        self.assertExit(other, 1)
        self.assertIn(str(self.swarm.tracker_port), other.err[-1])

    def test_a_peer_whose_tracker_is_away_waits_for_it(self):
        self.swarm.tracker_port = swarm.free_port()
        peer = self.peer()
        peer.expect("^listening")
        self.assertTrue(peer.running())
        self.swarm.start(PROGRAMS[0], swarm.HOST, self.swarm.tracker_port, self.file)
        self.assertExit(peer, 0)
        self.assertSameBytes(self.target, self.file)


if __name__ == "__main__":
    swarm.main()
