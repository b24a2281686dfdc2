#!/usr/bin/env python3
"""test_safety.py TRACKER PEER FAILING_IO: the programs write nothing over what they did not write.

Whatever stands at a name that a program would write to (the shared file itself, somebody's letter,
a link to either) is there afterwards, byte for byte, and one line says why the program does not
start.
"""
import errno
import json
import os
import signal

import swarm
import tap

*PROGRAMS, FAILING_IO = tap.arguments(3)
BLOCK = 4096
SIZE = 3 * BLOCK + 100
PRECIOUS = b"nobody has a copy of this\n"


class Case(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.folder = self.swarm.folder / "work"
        self.folder.mkdir()
        self.file = self.swarm.make_file(SIZE)

    def refuses(self, program, words):
        """It ends with 1, one line says why, and no file has changed."""
        self.assertEqual(program.wait(), 1, program.story())
        told = [line for line in program.err if words in line]
        self.assertEqual(len(told), 1, program.story())

    def start_tracker(self, file, *options):
        return self.swarm.start(PROGRAMS[0], "--block-size", f"{BLOCK}B", *options, swarm.HOST, 0, file,
                                cwd=self.folder)

    def serves(self, tracker):
        tracker.expect("^listening on")
        tracker.expect("^seeder on")


class ExtensionFile(Case):
    def test_nothing_is_written_unasked(self):
        for name in ("extensao.txt", "film.mp4"):
            shared = self.folder / name
            shared.write_bytes(self.file.read_bytes())
            self.serves(self.start_tracker(name))
            self.assertEqual(os.listdir(self.folder), [name])
            self.assertSameBytes(shared, self.file)
            shared.unlink()

    def test_it_is_written_on_request(self):
        for _ in range(2):  # what is right already stays
            self.serves(self.start_tracker(self.file, "--extension-file", "extensao.txt"))
            self.assertEqual((self.folder / "extensao.txt").read_bytes(), b".avi")

    def test_a_file_without_an_ending(self):
        self.serves(self.start_tracker(self.swarm.make_file(SIZE, "film"), "--extension-file", "e"))
        self.assertEqual((self.folder / "e").read_bytes(), b"")

    def test_nothing_is_written_over(self):
        shared = self.folder / "extensao.txt"
        shared.write_bytes(self.file.read_bytes())
        letter = self.folder / "letter"
        letter.write_bytes(PRECIOUS)
        (self.folder / "link").symlink_to("letter")
        (self.folder / "shared-link").symlink_to("extensao.txt")
        os.link(shared, self.folder / "other-name")
        (self.folder / "dangling").symlink_to("nowhere")
        (self.folder / "folder").mkdir()
        os.mkfifo(self.folder / "pipe")
        before = sorted(os.listdir(self.folder))
        for name in before:
            with self.subTest(name):
                self.refuses(self.start_tracker("extensao.txt", "--extension-file", name), name)
        self.assertSameBytes(shared, self.file)
        self.assertEqual(letter.read_bytes(), PRECIOUS)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_a_place_that_cannot_be_written(self):
        self.refuses(self.start_tracker(self.file, "--extension-file", "no/such/folder"), "cannot write")


class Records(Case):
    def test_records_take_nobodys_place(self):
        for name in ("provenance.csv", "completion.csv", "summary.json"):
            with self.subTest(name):
                shared = self.folder / name
                shared.write_bytes(self.file.read_bytes())
                self.refuses(self.start_tracker(name, "--record", "."), "is there already")
                self.assertSameBytes(shared, self.file)
                shared.unlink()
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_peers_records_take_nobodys_place(self):
        self.serves(self.swarm.tracker(self.file))
        (self.folder / "summary.json").write_bytes(PRECIOUS)
        peer = self.swarm.peer("anna", "--record", self.folder, "--exit-when-complete")
        self.refuses(peer, "is there already")
        self.assertEqual((self.folder / "summary.json").read_bytes(), PRECIOUS)

    def test_records_that_cannot_be_written_are_told_by_the_exit_code(self):
        """The disk fills up while the file comes: the file is whole all the same."""
        self.swarm.tracker(self.file)
        folder = self.swarm.folder / "records"
        peer = self.swarm.peer("anna", "--record", folder)
        peer.expect("^complete")
        (folder / "completion.csv").mkdir()  # as good as a full disk, to what is written at the end
        peer.signal(15)
        self.assertEqual(peer.wait(), 1, peer.story())
        self.assertSameBytes(self.swarm.folder / "anna" / self.file.name, self.file)
        peer.expect("cannot write .*completion.csv", stream="err")

    def test_a_hangup_is_told_like_the_other_signals(self):
        self.swarm.tracker(self.file)
        folder = self.swarm.folder / "records"
        with swarm.handling_hangup(signal.SIG_DFL):
            peer = self.swarm.peer("anna", "--record", folder)
        peer.expect("^complete")
        peer.signal(signal.SIGHUP)
        self.assertEqual(peer.wait(), 0, peer.story())
        self.assertTrue((folder / "summary.json").exists())

    def test_a_hangup_amid_the_download_leaves_what_a_termination_leaves(self):
        with swarm.handling_hangup(signal.SIG_DFL):
            tracker = self.swarm.tracker(self.file, "--block-size", "100B", "--record",
                                         self.folder / "tracker", "--up-rate", "10kB")
            left = {}
            for number in (signal.SIGTERM, signal.SIGHUP):
                record = self.folder / number.name
                peer = self.swarm.peer(number.name, "--record", record)
                table = record / "provenance.csv"
                self.assertTrue(swarm.wait_until(
                    lambda: table.exists() and table.read_bytes().count(b"\n") > 3), peer.story())
                peer.signal(number)
                self.assertExit(peer, 128 + number)
                summary = json.loads((record / "summary.json").read_text())
                left[number] = sorted(os.listdir(record)), sorted(summary)
            self.assertEqual(left[signal.SIGHUP], left[signal.SIGTERM])
            tracker.signal(signal.SIGHUP)
            self.assertExit(tracker, 0)
            self.assertTrue((self.folder / "tracker" / "summary.json").exists())

    def test_under_nohup_a_hangup_ends_nothing(self):
        with swarm.handling_hangup(signal.SIG_IGN):
            tracker = self.swarm.tracker(self.file)
        tracker.signal(signal.SIGHUP)
        self.assertExit(self.swarm.peer("anna", "--exit-when-complete"), 0)
        self.assertTrue(tracker.running(), tracker.story())


class RecordsOnAFullDisk(Case):
    """Files that may not grow are a disk without room: the same calls fail, with EFBIG."""

    ROOM = 3000  # for the file and for record.json, not for a row of each block

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(800)
        self.record = self.folder / "record"

    def fails_to_record(self, program, name, reason="File too large"):
        self.assertEqual(program.wait(), 1, program.story())
        told = [line for line in program.err if "cannot write" in line]
        self.assertEqual(len(told), 1, program.story())
        self.assertIn(f"{self.record / name}: {reason}", told[0])

    def test_a_peer_whose_record_outgrows_the_disk(self):
        self.swarm.tracker(self.file, "--block-size", "8B")
        peer = self.swarm.peer("anna", "--record", self.record, "--exit-when-complete",
                               preexec_fn=swarm.limit_files(self.ROOM))
        self.fails_to_record(peer, "provenance.csv")
        self.assertSameBytes(peer.folder / self.file.name, self.file)

    def test_a_tracker_whose_record_outgrows_the_disk(self):
        tracker = self.swarm.tracker(self.file, "--block-size", "8B", "--record", self.record,
                                     preexec_fn=swarm.limit_files(self.ROOM))
        self.assertExit(self.swarm.peer("anna", "--exit-when-complete"), 0)
        tracker.signal(signal.SIGTERM)
        self.fails_to_record(tracker, "provenance.csv")

    def test_a_disk_that_is_full_at_the_start_is_said_once(self):
        """Nothing tries to write more files into a folder that took not even a heading."""
        tracker = self.swarm.start(PROGRAMS[0], "--record", self.record, swarm.HOST, 0, self.file,
                                   preexec_fn=swarm.limit_files(0))
        self.fails_to_record(tracker, "provenance.csv")
        self.assertEqual(os.listdir(self.record), ["provenance.csv"])

    def test_a_disk_that_tells_only_when_asked_to_keep(self):
        self.swarm.tracker(self.file)
        failing = {"LD_PRELOAD": FAILING_IO, "FAILING_CALL": "fdatasync", "FAILING_AFTER": "0",
                   "FAILING_ERRNO": str(int(errno.ENOSPC)), "FAILING_PATH": "provenance.csv",
                   "ASAN_OPTIONS": "verify_asan_link_order=0"}
        peer = self.swarm.peer("anna", "--record", self.record, "--exit-when-complete",
                               env=os.environ | failing)
        self.fails_to_record(peer, "provenance.csv", "No space left on device")


class Parts(Case):
    """What stands at the names that a download writes to."""

    def setUp(self):
        super().setUp()
        self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B")
        self.out = self.swarm.folder / "out"
        self.out.mkdir()
        self.target = self.out / self.file.name
        self.part = self.out / (self.file.name + ".part")
        self.bits = self.out / (self.file.name + ".part.blocks")

    def peer(self, *options):
        return self.swarm.peer("anna", "--exit-when-complete", *options, folder=self.out)

    def completes(self, *options):
        self.assertExit(self.peer(*options), 0)
        self.assertSameBytes(self.target, self.file)

    def state(self):
        return {path.name: path.lstat() if path.is_symlink() or not path.is_file() else path.read_bytes()
                for path in self.out.iterdir()}

    def test_what_is_not_ours_is_left_alone(self):
        """Anything at either name, of the file's size or not; --force replaces the name alone."""
        letter = self.swarm.folder / "letter"
        letter.write_bytes(PRECIOUS)
        makers = {
            "a download": lambda path: path.write_bytes(os.urandom(5 * BLOCK)),
            "one of the same size": lambda path: path.write_bytes(os.urandom(SIZE)),
            "an empty file": lambda path: path.write_bytes(b""),
            "a link to a letter": lambda path: path.symlink_to(letter),
            "a link to nothing": lambda path: path.symlink_to(self.swarm.folder / "nothing"),
            "a pipe": os.mkfifo,
            "another name of a letter": lambda path: os.link(letter, path),
        }
        for place in (self.part, self.bits):
            for name, make in makers.items():
                with self.subTest(name, at=place.name):
                    make(place)
                    before = self.state()
                    self.refuses(self.peer(), str(place))
                    self.assertEqual(self.state().keys(), before.keys())
                    self.completes("--force")
                    self.assertEqual(os.listdir(self.out), [self.file.name])
                    self.assertEqual(letter.read_bytes(), PRECIOUS)
                    self.assertFalse((self.swarm.folder / "nothing").exists())
                    self.target.unlink()

    def test_a_folder_at_a_name(self):
        for place in (self.part, self.bits, self.target):
            with self.subTest(place.name):
                place.mkdir()
                self.refuses(self.peer(), str(place))
                self.refuses(self.peer("--force"), str(place))  # before anything is fetched
                place.rmdir()
                self.assertEqual(os.listdir(self.out), [])

    def test_parts_whose_state_was_lost_are_proven_by_their_bytes(self):
        content = bytearray(self.file.read_bytes())
        content[BLOCK : 2 * BLOCK] = bytes(BLOCK)
        self.part.write_bytes(content)
        peer = self.peer()
        self.assertExit(peer, 0)
        self.assertSameBytes(self.target, self.file)
        peer.expect("3 of 4 blocks are there from before", stream="err")

    def test_parts_of_another_file_are_kept(self):
        """MiniBit's own, by their header: of a file that had this name at another tracker."""
        other = self.swarm.folder / "other"
        other.mkdir()
        another = other / self.file.name
        another.write_bytes(os.urandom(200 * BLOCK))
        port = self.swarm.tracker_port
        self.swarm.tracker(another, "--block-size", f"{BLOCK}B", "--up-rate", "400kbit")
        first = self.swarm.peer("bert", folder=self.out)
        self.assertTrue(swarm.wait_until(lambda: self.bits.exists() and any(self.bits.read_bytes()[56:])))
        first.stop()
        parts, bits = self.part.read_bytes(), self.bits.read_bytes()
        self.swarm.tracker_port = port
        peer = self.peer()
        self.assertExit(peer, 0)
        self.assertSameBytes(self.target, self.file)
        self.assertEqual((self.out / (self.part.name + ".old")).read_bytes(), parts)
        self.assertEqual((self.out / (self.bits.name + ".old")).read_bytes(), bits)
        peer.expect("are kept as", stream="err")


class WithoutHashes(Case):
    """The classroom program's tracker tells none: nothing is verified, and nothing is claimed to be."""

    def start(self, content, folder):
        file = self.swarm.folder / folder / "film.avi"
        file.parent.mkdir()
        file.write_bytes(content)
        self.swarm.original_tracker(file, "--block-size", BLOCK, folder=file.parent)
        return file

    def peer(self, *options):
        return self.swarm.peer("anna", "--exit-when-complete", *options, folder=self.folder)

    def test_nothing_is_claimed_and_a_finished_file_is_served_again(self):
        file = self.start(self.file.read_bytes(), "one")
        peer = self.peer()
        self.assertExit(peer, 0)
        self.assertNotIn("verified,", "\n".join(peer.err))
        self.assertNotIn("every block verified", "\n".join(peer.err))
        peer.expect("nothing verified it", stream="err")
        target = self.folder / "anna"
        self.assertSameBytes(target, file)
        again = self.peer()
        self.assertExit(again, 0)
        with open(target, "r+b") as changed:
            changed.write(b"x")
        self.refuses(self.peer(), "exists already")  # it is not what was fetched any more

    def test_parts_from_another_tracker_are_not_mixed_in(self):
        content = self.file.read_bytes() * 10
        self.start(content, "one")
        first = self.peer("--down-rate", "200kbit")
        bits = self.folder / "anna.part.blocks"
        self.assertTrue(swarm.wait_until(lambda: bits.exists() and sum(bits.read_bytes()[56:]) > 0))
        first.stop()
        other = self.start(bytes(byte ^ 0x5A for byte in content), "two")
        peer = self.peer()
        self.assertExit(peer, 0)
        self.assertSameBytes(self.folder / "anna", other)
        peer.expect("are kept as", stream="err")

    def test_parts_from_the_same_tracker_are_taken_up_and_it_is_said(self):
        content = self.file.read_bytes() * 10
        file = self.start(content, "one")
        first = self.peer("--down-rate", "200kbit")
        bits = self.folder / "anna.part.blocks"
        self.assertTrue(swarm.wait_until(lambda: bits.exists() and sum(bits.read_bytes()[56:]) > 0))
        first.stop()
        peer = self.peer()
        self.assertExit(peer, 0)
        self.assertSameBytes(self.folder / "anna", file)
        peer.expect("from the same tracker; nothing can verify them", stream="err")


if __name__ == "__main__":
    tap.main()
