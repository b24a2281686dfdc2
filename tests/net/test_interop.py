#!/usr/bin/env python3
"""test_interop.py TRACKER PEER: MiniBit's programs and the original's, in any mix.

Every mix must end with the very file at every peer. The stand-ins for the original are as careless
as the original itself; what they lose they ask for again.
"""
import base64
import hashlib
import json
import socket
import struct

import swarm
import tap
from ports import free_port
from swarm import HOST, announce, exchange

PROGRAMS = tap.arguments(2)
BLOCK_SIZE = 2000
SIZE = 39 * BLOCK_SIZE + 123
ORIGINAL = ("--round", "0.05")
# The same paces for MiniBit's own as the stand-ins have here.
BRISK = ("--set", "protocol.unchoke_interval=100ms", "--set", "protocol.announce_interval=150ms")


class Mix(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(SIZE)

    def start(self, tracker, peers):
        """Starts a tracker and peers, each "original" or "minibit"; all of them, in order."""
        if tracker == "original":
            self.tracker = self.swarm.original_tracker(self.file, "--block-size", BLOCK_SIZE)
        else:
            self.tracker = self.swarm.tracker(
                self.file, "--block-size", f"{BLOCK_SIZE}B", *BRISK)
        return [self.start_peer(kind, f"peer{i}") for i, kind in enumerate(peers, 1)]

    def start_peer(self, kind, name):
        folder = self.swarm.folder / name
        folder.mkdir()
        if kind == "minibit":
            peer = self.swarm.peer(name, *BRISK, folder=folder)
        elif self.tracker.arguments[0] == PROGRAMS[0]:
            # there is no shared folder: nothing is dealt, and the extension is not known
            peer = self.swarm.original_peer(name, *ORIGINAL, folder=folder)
        else:
            peer = self.swarm.original_peer(name, *ORIGINAL)
        peer.kind, peer.name, peer.folder = kind, name, folder
        return peer

    def complete(self, peers):
        for peer in peers:
            peer.expect("^complete")
            self.assertSameBytes(self.result(peer), self.file)

    def result(self, peer):
        if peer.kind == "minibit":
            own = peer.folder / self.file.name  # told by a MiniBit tracker
            return own if own.exists() else peer.folder / f"{peer.name}.avi"
        shared = self.swarm.folder / f"{peer.name}.avi"
        return shared if shared.exists() else peer.folder / f"{peer.name}.mp4"

    def mix(self, tracker, *peers):
        started = self.start(tracker, peers)
        self.complete(started)
        return started


class WithTheOriginalTracker(Mix):
    def test_one_peer(self):
        self.mix("original", "minibit")

    def test_three_peers(self):
        self.mix("original", "minibit", "minibit", "minibit")

    def test_beside_an_original_peer(self):
        self.mix("original", "minibit", "original")

    def test_after_an_original_peer(self):
        self.mix("original", "original", "original", "minibit", "minibit")


class WithOurTracker(Mix):
    def test_our_peers(self):
        peers = self.mix("minibit", "minibit", "minibit")
        self.assertTrue(all(not peer.err or peer.running() for peer in peers))

    def test_original_peers(self):
        self.mix("minibit", "original", "original")

    def test_beside_an_original_peer(self):
        self.mix("minibit", "minibit", "original")

    def test_two_and_two(self):
        self.mix("minibit", "original", "minibit", "original", "minibit")

    def test_the_extension_is_left_for_originals(self):
        folder = self.swarm.folder / "tracker"
        folder.mkdir()
        self.swarm.tracker(self.file, "--extension-file", "extensao.txt", cwd=folder)
        self.assertEqual((folder / "extensao.txt").read_text().strip(), ".avi")


class BetweenPeers(Mix):
    """Blocks must really go from one kind to the other, not all come from the seeder."""

    def test_an_original_fetches_from_ours_when_the_seeder_is_gone(self):
        ours, = self.start("minibit", ["minibit"])
        self.complete([ours])
        original = self.start_peer("original", "late")
        self.tracker.seeder_port = None
        original.expect("^block .* from peer1")
        self.complete([original])

    def test_ours_fetches_from_an_original_when_the_seeder_is_gone(self):
        original, = self.start("original", ["original"])
        self.complete([original])
        self.tracker.stop()
        self.lone_tracker(original)
        ours = self.start_peer("minibit", "late")
        self.complete([ours])

    def lone_tracker(self, original):
        """A tracker that lists the original alone, with every block, and a seeder that is away."""
        entries = [
            {"id": "tracker", "ip": HOST, "port": free_port(), "blocks": list(range(40))},
            {"id": original.name, "ip": HOST, "port": original.port, "blocks": list(range(40))},
        ]

        def answer(connection, received):
            entry = json.loads(received)
            connection.sendall(json.dumps(entries + [entry]).encode())

        listener = swarm.Listener(answer)
        self.addCleanup(listener.close)
        self.swarm.tracker_port = listener.port


class OnTheWire(Mix):
    """What goes to an original is what it understands."""

    def test_no_extension_for_who_shows_none(self):
        self.start("minibit", [])
        entry = json.dumps({"id": "a", "ip": HOST, "port": 5, "blocks": []}).encode()
        received, _ = exchange(self.swarm.tracker_port, entry)
        self.assertNotIn(b"minibit", received)
        self.assertEqual([sorted(e["blocks"]) for e in json.loads(received)], [list(range(40)), []])
        answer, _ = exchange(self.tracker.seeder_port, b'{"bloco": 39, "peerId": "a"}')
        self.assertEqual(set(json.loads(answer)), {"id", "data"})

    def test_with_the_extension_the_file_is_told(self):
        self.start("minibit", [])
        listed = announce(self.swarm.tracker_port, "a", extension={"wants": True})
        own = next(entry for entry in listed if entry["id"] == "a")["minibit"]
        self.assertEqual(own["file"]["size"], SIZE)
        self.assertEqual(own["file"]["block_size"], BLOCK_SIZE)
        self.assertEqual(own["file"]["extension"], "avi")
        self.assertEqual(len(own["dealt"]), 4)

    def test_the_manifest_is_the_file_s(self):
        self.start("minibit", [])
        listed = announce(self.swarm.tracker_port, "a", extension={"wants": True})
        told = next(entry for entry in listed if entry["id"] == "a")["minibit"]["file"]
        content = self.file.read_bytes()
        hashes = b"".join(hashlib.sha256(content[at : at + BLOCK_SIZE]).digest()
                          for at in range(0, SIZE, BLOCK_SIZE))
        root = hashlib.sha256(b"MiniBit1" + struct.pack("<QI", SIZE, BLOCK_SIZE) + hashes)
        self.assertEqual(base64.b64decode(told["hashes"], validate=True), hashes)
        self.assertEqual((told["root"], told["name"]), (root.hexdigest(), "film.avi"))
        self.assertNotIn("hashes", json.dumps(announce(self.swarm.tracker_port, "b", extension={})))

    def talk(self, *messages):
        """A connection to the seeder that is kept, as a file of lines, with these said on it."""
        connection = socket.create_connection((HOST, self.tracker.seeder_port), timeout=20)
        self.addCleanup(connection.close)
        lines = connection.makefile("rwb")
        self.addCleanup(lines.close)
        for message in messages:
            message.setdefault("peerId", "stranger")
            message["minibit"] = {"version": 1, "keep": True} | message.get("minibit", {})
            lines.write(json.dumps(message).encode() + b"\n")
        lines.flush()
        return lines

    def answer(self, lines, block):
        """The next answer about that block; notices may come between."""
        while True:
            message = json.loads(lines.readline())
            if message.get("id") == block:
                return message

    def test_raw_blocks_over_a_connection_that_is_kept(self):
        self.start("minibit", [])
        self.tracker.stop()
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", "--set",
                                          "protocol.seeder_slots=0")
        lines = self.talk({"minibit": {"note": "hello"}},
                          *({"bloco": block, "minibit": {"raw": True, "offset": offset}}
                            for block, offset in ((3, 0), (39, 0), (7, 1500))))
        content = self.file.read_bytes()
        for block, offset in ((3, 0), (39, 0), (7, 1500)):
            right = content[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE][offset:]
            header = self.answer(lines, block)["minibit"]
            self.assertEqual((header["length"], header.get("offset", 0)), (len(right), offset))
            self.assertEqual(lines.read(len(right)), right)

    def test_a_refusal_has_its_reason(self):
        """A stranger is told that it is one; who asks plainly, nothing."""
        self.start("minibit", [])
        answer = self.answer(self.talk({"bloco": 3}), 3)
        self.assertEqual(answer["minibit"]["refused"], "unknown-peer")

    def test_what_one_holds_is_told_as_bits(self):
        self.start("minibit", [])
        everything = base64.b64encode(b"\xff" * 5).decode()
        entry = {"id": "a", "ip": HOST, "port": 5, "blocks": [],
                 "minibit": {"version": 1, "set": everything, "epoch": 1, "count": 40}}
        exchange(self.swarm.tracker_port, json.dumps(entry).encode())
        listed = announce(self.swarm.tracker_port, "b", extension={})
        sets = {e["id"]: e["minibit"].get("set") for e in listed}
        self.assertEqual((sets["tracker"], sets["a"]), (everything, everything))
        plain = {e["id"]: e["blocks"] for e in announce(self.swarm.tracker_port, "c")}
        self.assertEqual(sorted(plain["a"]), list(range(40)))

    def test_a_list_for_an_original_has_8192_bytes_at_most(self):
        """5,000 blocks do not fit: the seeder first, its highest among them, and others trimmed."""
        self.file = self.swarm.make_file(5000 * 10)
        self.swarm.tracker(self.file, "--block-size", "10B")
        for number in range(30):
            everything = base64.b64encode(b"\xff" * 625).decode()
            entry = {"id": f"a-peer-with-a-long-name-{number}", "ip": HOST, "port": 50000,
                     "blocks": [], "minibit": {"version": 1, "set": everything, "epoch": 1,
                                               "count": 5000}}
            exchange(self.swarm.tracker_port, json.dumps(entry).encode())
        entry = json.dumps({"id": "original", "ip": HOST, "port": 5, "blocks": []}).encode()
        received, _ = exchange(self.swarm.tracker_port, entry)
        self.assertLessEqual(len(received), 8192)
        listed = json.loads(received)
        self.assertEqual(listed[0]["id"], "tracker")
        self.assertIn(4999, listed[0]["blocks"])
        self.assertGreaterEqual(len(listed), 20)
        self.assertIn("original", [e["id"] for e in listed])

    def test_an_announce_to_an_original_fits_its_buffer(self):
        self.file = self.swarm.make_file(2000 * 100)
        self.swarm.original_tracker(self.file, "--block-size", 100)
        peer = self.swarm.peer("peer1", *BRISK)
        peer.expect("^complete")
        self.assertSameBytes(peer.folder / "peer1.avi", self.file)


if __name__ == "__main__":
    tap.main()
