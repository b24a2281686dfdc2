#!/usr/bin/env python3
"""test_edited.py TRACKER PEER: a file that is edited, touched, moved or deleted while it is served.

It is its user's: no program ends for that or writes to it. What still fits is served, what does not
is refused and no longer told of, a line says so, and whoever serves is banned by nobody.
"""
import base64
import json
import os
import time

import swarm
import tap

PROGRAMS = tap.arguments(2)
BLOCK = 65536
BLOCKS = 12
OPEN = ("--set", "protocol.seeder_slots=0")  # whoever asks is served


class Served(swarm.Case):
    """The same for a tracker's file and for one that a peer has fetched."""

    programs = PROGRAMS
    askers = 0

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK)
        self.content = self.file.read_bytes()
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK}B", *OPEN)
        xena = self.swarm.peer("xena", *OPEN)
        xena.expect("^complete")
        xena.port = int(xena.expect(r"^listening on \S+ (\d+)$")[1])
        self.servers = [(self.tracker, self.file, self.tracker.seeder_port),
                        (xena, xena.folder / self.file.name, xena.port)]

    def answer(self, port, block):
        """A classroom peer asks for a block: its bytes, or None where it is refused."""
        self.askers += 1  # a new one each time: nobody is given a block twice
        request = {"bloco": block, "peerId": f"asker{self.askers}"}
        received, _ = swarm.exchange(port, json.dumps(request).encode())
        return base64.b64decode(json.loads(received)["data"]) if received else None

    def serves(self, port, lost=()):
        for block in range(BLOCKS):
            right = self.content[block * BLOCK : (block + 1) * BLOCK]
            self.assertTrue(self.answer(port, block) == (None if block in lost else right), block)

    def told(self):
        """How many blocks the tracker says that its seeder holds."""
        listed = swarm.announce(self.swarm.tracker_port, f"p{time.monotonic_ns()}", extension={})
        entry, = (entry for entry in listed if entry["id"] == "tracker")
        return bin(int.from_bytes(base64.b64decode(entry["minibit"]["set"]))).count("1")

    def edit(self, path, blocks, keep_time=False):
        info = path.stat()
        with open(path, "r+b") as file:
            for block in blocks:
                file.seek(block * BLOCK + 7)
                file.write(b"my tags")
        if keep_time:
            os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))

    def test_edited_in_place(self):
        for keep_time in (False, True):
            for program, path, port in self.servers:
                path.write_bytes(self.content)
                self.edit(path, (0, 5), keep_time)
                edited = path.read_bytes()
                self.serves(port, (0, 5))
                program.expect("has changed: 2 of its 12 blocks do not fit", stream="err")
                if program is self.tracker:
                    self.assertEqual(self.told(), BLOCKS - 2)
                self.assertEqual(path.read_bytes(), edited)

    def test_back_again(self):
        for program, path, port in self.servers:
            self.edit(path, (3,))
            self.serves(port, (3,))
            program.expect("has changed: 1 of", stream="err")
            path.write_bytes(self.content)
            program.expect("all of its blocks fit again", stream="err")
            self.serves(port)

    def test_touched(self):
        for program, path, port in self.servers:
            os.utime(path)
            self.serves(port)
            program.expect("all of its blocks fit$", stream="err")
            self.serves(port)

    def test_cut_short_and_grown(self):
        for program, path, port in self.servers:
            os.truncate(path, 10 * BLOCK + 5)
            self.serves(port, (10, 11))
            program.expect("has changed: 2 of", stream="err")
            path.write_bytes(self.content + b"more")
            program.expect("all of its blocks fit again", stream="err")
            self.serves(port)

    def test_deleted_and_replaced(self):
        for program, path, port in self.servers:
            path.unlink()
            self.serves(port)  # its bytes are still there
            path.write_bytes(b"another film")
            self.serves(port)
            self.assertEqual(path.read_bytes(), b"another film")

    def test_spoilt_and_replaced_by_a_good_copy(self):
        """An editor writes a new file and moves it over the old one."""
        for program, path, port in self.servers:
            self.edit(path, (1, 2))
            self.serves(port, (1, 2))
            program.expect("has changed: 2 of", stream="err")
            copy = path.with_name("copy")
            copy.write_bytes(self.content)
            copy.rename(path)
            program.expect("all of its blocks fit again", stream="err")
            self.serves(port)

    def test_a_swarm_goes_on_and_nobody_is_banned(self):
        for _, path, _ in self.servers:
            self.edit(path, (4,) if path == self.file else (8,))
        yuri = self.swarm.peer("yuri", "--exit-when-complete", "--set", "protocol.announce_interval=1s")
        self.assertExit(yuri, 0)  # what the one lacks the other has
        self.assertEqual((yuri.folder / self.file.name).read_bytes(), self.content)
        self.assertNotRegex("\n".join(yuri.err), "banned|wrong hash")

    def end(self):
        for program, _, _ in self.servers:
            self.assertTrue(program.running(), program.story())
        super().end()


class WithoutHashes(swarm.Case):
    programs = PROGRAMS

    def test_nothing_is_served_of_what_cannot_be_proven(self):
        file = self.swarm.make_file(4 * BLOCK)
        self.swarm.original_tracker(file, "--block-size", BLOCK)
        xena = self.swarm.peer("xena")
        port = int(xena.expect(r"^listening on \S+ (\d+)$")[1])
        path = xena.folder / xena.expect("^complete (.*)$")[1].split("/")[-1]
        with open(path, "r+b") as changed:
            changed.write(b"x")
        received, _ = swarm.exchange(port, b'{"bloco": 2, "peerId": "asker"}')
        self.assertEqual(received, b"")
        xena.expect("has changed: 4 of its 4 blocks", stream="err")
        self.assertTrue(xena.running())


if __name__ == "__main__":
    tap.main()
