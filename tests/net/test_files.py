#!/usr/bin/env python3
"""test_files.py TRACKER PEER FAILING_IO: full disks, failing disks, files that are there already.

A clear message, exit code 1, and what was fetched is kept. FAILING_IO is tests/lib/failing_io.c as
a module to be loaded before the C library.
"""
import csv
import errno
import os
import resource
import signal
import subprocess
import time

import swarm
import tap
from ports import free_port

*PROGRAMS, FAILING_IO = tap.arguments(3)
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

    def initial(self, record):
        """The blocks that a peer held when it started; those that it fetched."""
        with open(record / "provenance.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        held = {int(row["block"]) for row in rows if row["via"] == "initial"}
        return held, {int(row["block"]) for row in rows} - held

    def stored(self):
        """The blocks that are right on disk."""
        here = self.part.read_bytes() if self.part.exists() else b""
        right = self.file.read_bytes()
        return [block for block in range(BLOCKS)
                if here[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]
                == right[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]]

    def has_some(self):
        return len(self.stored()) >= 2

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
        self.assertEqual(self.initial(record)[1], {5})

    def test_the_bitmap_is_advice_only(self):
        """It claims every block, of which two are right."""
        self.tracker()
        record = self.swarm.folder / "record"
        peer = self.peer("--down-rate", "500kB")
        self.stop_half_way(peer)
        content = bytearray(len(self.file.read_bytes()))
        for block in (3, 9):
            at = slice(block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE)
            content[at] = self.file.read_bytes()[at]
        self.part.write_bytes(content)
        bitmap = self.part.with_name(self.part.name + ".blocks")
        data = bytearray(bitmap.read_bytes())
        data[-BLOCKS // 8 :] = b"\xff" * (BLOCKS // 8)
        bitmap.write_bytes(data)
        self.assertExit(self.peer("--record", record), 0)
        self.assertSameBytes(self.target, self.file)
        self.assertEqual(self.initial(record)[0], {3, 9})

    def test_what_is_spoilt_on_the_way_does_not_get_the_name(self):
        self.tracker()
        peer = self.peer("--down-rate", "1MB")
        self.assertTrue(swarm.wait_until(self.has_some))
        spoilt = self.stored()[0]
        with open(self.part, "r+b") as part:
            part.seek(spoilt * BLOCK_SIZE)
            part.write(b"spoilt")
        self.assertExit(peer, 1)
        self.assertIn(".part: ", peer.err[-1])
        self.assertFalse(self.target.exists())
        record = self.swarm.folder / "record"
        self.assertExit(self.peer("--record", record), 0)
        self.assertSameBytes(self.target, self.file)
        self.assertEqual(self.initial(record)[1], {spoilt})

    def test_a_file_that_appears_meanwhile_is_not_written_over(self):
        self.tracker()
        peer = self.peer("--down-rate", "2MB")
        self.assertTrue(swarm.wait_until(self.part.exists))
        self.target.write_bytes(b"mine")
        self.fails(peer, "exists")
        self.assertEqual(self.target.read_bytes(), b"mine")
        self.assertTrue(self.part.exists())

    def test_a_name_that_points_elsewhere_is_not_followed(self):
        self.tracker()
        elsewhere = self.swarm.folder / "elsewhere"
        self.target.symlink_to(elsewhere)
        peer = self.peer()
        peer.wait()
        self.assertFalse(elsewhere.exists())

    def test_it_is_preallocated_and_written_in_place(self):
        self.tracker("--up-rate", "500kB")
        peer = self.peer()
        self.assertTrue(swarm.wait_until(self.has_some))
        self.assertEqual(self.part.stat().st_size, BLOCKS * BLOCK_SIZE)
        self.assertGreaterEqual(self.part.stat().st_blocks * 512, BLOCKS * BLOCK_SIZE)
        number = self.part.stat().st_ino
        peer.signal(signal.SIGKILL)
        peer.wait()
        self.assertExit(self.peer("--down-rate", "unlimited"), 0)
        self.assertEqual(self.target.stat().st_ino, number)

    def stop_half_way(self, peer):
        self.assertTrue(swarm.wait_until(self.has_some), peer.story())
        peer.signal(signal.SIGKILL)
        peer.wait()

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
        self.assertNotEqual(self.initial(record)[0], set())
        self.assertTrue(tracker.running())

class Failing(Files):
    """A disk that fails after a while: what was stored before is held at the next start."""

    def failing(self, call, after, error=errno.EIO, path=".part"):
        counted = self.swarm.folder / "calls"
        self.addCleanup(lambda: counted.unlink(missing_ok=True))
        return os.environ | {
            "LD_PRELOAD": FAILING_IO, "FAILING_CALL": call, "FAILING_AFTER": str(after),
            "FAILING_ERRNO": str(int(error)), "FAILING_PATH": path,
            "COUNTED_CALLS": str(counted), "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def calls(self):
        path = self.swarm.folder / "calls"
        return path.stat().st_size if path.exists() else 0

    def fails_and_goes_on(self, message, call, after, error=errno.EIO):
        self.tracker()
        self.fails(self.peer(env=self.failing(call, after, error)), message)
        self.assertGreater(self.calls(), after)
        self.assertFalse(self.target.exists())
        record = self.swarm.folder / "record"
        self.assertExit(self.peer("--record", record), 0)
        self.assertSameBytes(self.target, self.file)
        return self.initial(record)[0]

    def test_a_write_that_fails(self):
        # each block is two writes: its bit and its bytes
        held = self.fails_and_goes_on("Input/output error", "pwrite", 42)
        self.assertTrue(15 <= len(held) <= 22, held)

    def test_a_disk_that_fills_up(self):
        held = self.fails_and_goes_on("No space left", "pwrite", 42, errno.ENOSPC)
        self.assertTrue(15 <= len(held) <= 22, held)

    def test_a_sync_that_fails(self):
        self.assertNotEqual(self.fails_and_goes_on("Input/output error", "fdatasync", 1), set())

    def test_a_rename_that_fails(self):
        held = self.fails_and_goes_on("Input/output error", "renameat2", 1)  # the bits' is first
        self.assertEqual(len(held), BLOCKS)

    def test_a_read_that_fails_at_the_start(self):
        self.tracker()
        self.part.write_bytes(self.file.read_bytes())
        self.fails(self.peer(env=self.failing("pread", 9)), "Input/output error")
        self.assertExit(self.peer(), 0)

    def test_a_tracker_whose_disk_fails_while_it_serves(self):
        tracker = self.tracker_with(self.failing("pread", BLOCKS + 5, path="film"))
        peer = self.swarm.peer("alice", folder=self.folder)
        self.assertExit(tracker, 1)
        self.assertIn("film.avi: Input/output error", tracker.err[-1])
        self.assertTrue(peer.running())

    def tracker_with(self, environment):
        return self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", env=environment)

    def test_syncs_come_in_batches(self):
        self.tracker()
        self.assertExit(self.peer(env=self.failing("fdatasync", 1000)), 0)
        self.assertTrue(1 <= self.calls() <= BLOCKS // 8, self.calls())


class Tracker(Files):
    def test_a_file_that_is_not_there(self):
        for path, said in (("none.avi", "none.avi: No such file"), (".", "not a regular file")):
            tracker = self.swarm.start(PROGRAMS[0], swarm.HOST, 0, self.swarm.folder / path)
            self.assertExit(tracker, 2)
            self.assertIn(said, tracker.err[-1])
            self.assertEqual(len(tracker.err), 1, tracker.err)

    def test_told_to_stop_while_it_hashes(self):
        """It ends then, and not when the whole file has been read."""
        with open(self.swarm.folder / "large.avi", "wb") as file:
            file.truncate(8 << 30)
        tracker = self.swarm.start(PROGRAMS[0], "--block-size", "16MiB", swarm.HOST, 0,
                                   self.swarm.folder / "large.avi")
        time.sleep(0.3)
        tracker.signal(signal.SIGINT)
        self.assertExit(tracker, -signal.SIGINT)
        self.assertEqual(tracker.err, [])

    def test_a_port_that_is_taken(self):
        self.tracker()
        other = self.swarm.start(PROGRAMS[0], swarm.HOST, self.swarm.tracker_port, self.file)
        self.assertExit(other, 1)
        self.assertIn(str(self.swarm.tracker_port), other.err[-1])

    def test_a_peer_whose_tracker_is_away_waits_for_it(self):
        self.swarm.tracker_port = free_port()
        peer = self.peer()
        peer.expect("^listening")
        self.assertTrue(peer.running())
        self.swarm.start(PROGRAMS[0], swarm.HOST, self.swarm.tracker_port, self.file)
        self.assertExit(peer, 0)
        self.assertSameBytes(self.target, self.file)


if __name__ == "__main__":
    tap.main()
