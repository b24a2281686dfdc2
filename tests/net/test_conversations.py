#!/usr/bin/env python3
"""test_conversations.py TRACKER PEER: strangers whose every message is in order, but who say them
over several connections, and close these, when nobody expects it.

Nothing must come of it: the program runs on (under the sanitizers as well, where a connection or a
link that is used after its end shows) and serves whoever asks next.
"""
import base64
import json
import socket
import threading

import swarm
import tap
from swarm import HOST, announce, exchange

PROGRAMS = tap.arguments(2)
BLOCK_SIZE = 4096
BLOCKS = 16
SIZE = (BLOCKS - 1) * BLOCK_SIZE + 100  # a short last block
ALL = base64.b64encode(b"\xff" * (BLOCKS // 8)).decode()


def line(**fields):
    return json.dumps(fields).encode() + b"\n"


def notice(name, peer_id="mallory", keep=True, **fields):
    more = {"keep": True} if keep else {}
    return line(peerId=peer_id, minibit={"version": 1, "note": name} | more | fields)


def request(block, peer_id="mallory", keep=True):
    more = {"keep": True} if keep else {}
    return line(bloco=block, peerId=peer_id, minibit={"version": 1, "raw": True} | more)


def header(block, size):
    return line(id=block, minibit={"version": 1, "keep": True, "length": size})


class Case(swarm.Case):
    programs = PROGRAMS
    OPTIONS = ()  # of the tracker

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(SIZE)
        self.content = self.file.read_bytes()
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B", *self.OPTIONS)
        self.open = []
        self.addCleanup(lambda: [connection.close() for connection in self.open])

    def connect(self, port=None, *sent):
        connection = socket.create_connection((HOST, port or self.tracker.seeder_port), timeout=10)
        self.open.append(connection)
        for message in sent:
            connection.sendall(message)
        return connection

    def settle(self, program=None, port=None):
        """Whatever was sent before has been dealt with: a request after it is answered."""
        program, port = program or self.tracker, port or self.tracker.seeder_port
        received, closed = exchange(port, b'{"bloco": 1, "peerId": "witness"}')
        self.assertTrue(program.running(), program.story())
        self.assertTrue(closed)
        return received

    def serves(self):
        data = base64.b64decode(json.loads(self.settle())["data"])
        self.assertEqual(data, self.content[BLOCK_SIZE : 2 * BLOCK_SIZE])


class OneAfterAnother(Case):
    def test_a_connection_outlives_the_one_that_was_kept(self):
        first = self.connect(None, notice("alive", keep=False))
        second = self.connect(None, notice("hello", set=ALL))
        self.settle()
        second.close()
        self.settle()
        first.sendall(notice("alive", keep=False) + notice("hello", set=ALL))
        self.settle()
        first.close()
        self.serves()

    def test_who_leaves_over_a_connection_that_is_not_kept(self):
        for name in ("leave", "full"):
            with self.subTest(name):
                first = self.connect(None, notice("hello", set=ALL, keep=False))
                self.settle()
                first.sendall(notice(name, keep=False))
                self.settle()
                first.close()
                self.serves()

    def test_who_leaves_goes_on_talking(self):
        talker = self.connect(None, notice("hello"), notice("leave"), notice("hello"), request(0),
                              notice("leave"), request(1), notice("cancel", block=1))
        self.settle()
        talker.close()
        self.serves()

    def test_who_asks_and_is_gone(self):
        for _ in range(50):
            self.connect(None, notice("hello"), request(0), request(1)).close()
        self.serves()

    def test_all_notices_in_any_order(self):
        names = ("hello", "listed", "unchoke", "choke", "have", "interest", "decline", "alive",
                 "full", "leave")
        for turn in range(len(names)):
            talker = self.connect()
            for name in names[turn:] + names[:turn]:
                more = {"have": [0]} if name == "have" else {}
                talker.sendall(notice(name, f"talker{turn}", **more))
        self.serves()

    def test_another_id_over_the_same_connection(self):
        talker = self.connect(None, notice("hello", "mallory"), notice("hello", "eve"))
        while talker.recv(4096):
            pass
        self.tracker.expect("another id than before", stream="err")
        self.serves()

    def test_more_blocks_listed_than_a_set_is_for(self):
        talker = self.connect(None, notice("have", have=[0] * 17))
        while talker.recv(4096):
            pass
        self.tracker.expect("more blocks listed", stream="err")

    def test_more_requests_than_anybody_needs(self):
        talker = self.connect(None, notice("hello"))
        try:
            for _ in range(2000):
                talker.sendall(request(0))
            while talker.recv(65536):
                pass
        except OSError:
            pass
        self.tracker.expect("too many requests", stream="err")
        self.serves()


class CalledBack(Case):
    """Who says where it listens is called back; what it does with that connection is its own."""

    def called_back(self, act):
        called = threading.Event()

        def answer(connection, received):
            act(connection)
            called.set()

        listener = swarm.Listener(answer)
        self.addCleanup(listener.close)
        talker = self.connect(None, notice("hello", port=listener.port))
        self.assertTrue(called.wait(10), self.tracker.story())
        return talker

    def test_a_request_over_it_and_then_none_to_answer(self):
        for _ in range(20):
            talker = self.called_back(lambda connection: connection.sendall(request(0) + request(1)))
            self.settle()
            talker.close()
        self.serves()

    def test_it_leaves_with_a_request_on_it(self):
        def act(connection):
            connection.sendall(request(0) + notice("leave") + request(2))

        for _ in range(20):
            self.called_back(act).close()
        self.serves()


class TwoWays(Case):
    """A giver that answers over each of its two connections; the tracker is slow meanwhile."""

    OPTIONS = ("--up-rate", "1kB", "--set", "protocol.initial_blocks=0")

    def begin_both(self, peer, cut):
        """What the giver did: it greets, unchokes, and answers over both connections at once."""
        done = threading.Event()
        asked = []

        def answer(connection, received):
            while len(asked) < 2:
                for text in received.split(b"\n"):
                    if b"bloco" in text:
                        asked.append(json.loads(text)["bloco"])
                if len(asked) < 2:
                    received = connection.recv(65536)
            for block, way in zip(asked, (connection, talker)):
                size = min(BLOCK_SIZE, SIZE - block * BLOCK_SIZE)
                way.sendall(header(block, size) + bytes(size - cut(block)))
            done.set()
            while connection.recv(65536):
                pass

        giver = swarm.Listener(answer)
        self.addCleanup(giver.close)
        talker = self.connect(peer.port, notice("hello", "giver", port=giver.port, set=ALL, epoch=1,
                                                count=BLOCKS, open=True))
        talker.sendall(notice("unchoke", "giver", open=True))
        self.assertTrue(done.wait(20), peer.story())
        talker.close()

    def test_a_giver_that_cannot_be_reached(self):
        """It is asked, and answers, over the connection that it opened itself."""
        peer = self.peer()
        talker = self.connect(peer.port, notice("hello", "giver", set=ALL, epoch=1, count=BLOCKS,
                                                open=True), notice("unchoke", "giver", open=True))
        given = set()
        received = b""
        while len(given) < 2:
            part = talker.recv(65536)
            self.assertNotEqual(part, b"", peer.story())
            received += part
            *lines, received = received.split(b"\n")
            for text in lines:
                if b"bloco" in text:
                    block = json.loads(text)["bloco"]
                    data = self.content[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]
                    talker.sendall(header(block, len(data)) + data)
                    given.add(block)

    def peer(self):
        peer = self.swarm.peer("alice", "--set", "protocol.pipeline=4",
                               "--set", "protocol.initial_blocks=0")
        self.swarm.listening(peer)
        self.assertTrue(swarm.wait_until(
            lambda: any(entry["id"] == "alice" for entry in
                        announce(self.swarm.tracker_port, "witness") or [])))
        return peer

    def test_both_are_cut(self):
        peer = self.peer()
        self.begin_both(peer, lambda block: 10)
        self.settle(peer, peer.port)
        self.assertTrue(peer.running(), peer.story())

    def test_the_second_ends_first(self):
        peer = self.peer()
        first = []

        def cut(block):
            first.append(block)
            return 10 if len(first) == 1 else 0

        self.begin_both(peer, cut)
        peer.expect("banned", stream="err", patience=20)
        self.assertTrue(peer.running(), peer.story())


class Beginnings(Case):
    """A giver that begins blocks with bytes of its own and goes: what was kept of a cut transfer
    is believed no more than its giver, and whoever gives the rest is not to blame."""

    OPTIONS = ("--up-rate", "20kB", "--set", "protocol.initial_blocks=0")

    def give(self, peer, name, size):
        """Begins the block that it is asked for with `size` wrong bytes, and is gone."""
        giver = self.connect(peer.port, notice("hello", name, set=ALL, epoch=1, count=BLOCKS,
                                               open=True), notice("unchoke", name, open=True))
        received = b""
        while b"bloco" not in received or not received.endswith(b"\n"):
            part = giver.recv(65536)
            if not part:
                return None
            received += part
        block = next(json.loads(text)["bloco"] for text in received.split(b"\n")
                     if b"bloco" in text)
        whole = min(BLOCK_SIZE, SIZE - block * BLOCK_SIZE)
        giver.sendall(header(block, whole) + b"\xff" * min(size, whole - 1))
        giver.close()
        return block

    def peer(self):
        peer = self.swarm.peer("alice", "--exit-when-complete",
                               "--set", "protocol.initial_blocks=0")
        self.swarm.listening(peer)
        self.assertTrue(swarm.wait_until(
            lambda: exchange(peer.port, b'{"bloco": 1, "peerId": "w"}')[1] and
            any(entry["id"] == "alice" for entry in
                announce(self.swarm.tracker_port, "witness") or [])))
        return peer

    def test_the_one_who_ends_the_block_is_not_banned(self):
        peer = self.peer()
        self.assertIsNotNone(self.give(peer, "mallory", BLOCK_SIZE // 2))
        peer.expect("in parts from several peers, has the wrong hash", stream="err")
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        self.assertFalse([text for text in peer.err if "banned" in text], peer.story())

    def test_a_beginning_of_nothing(self):
        peer = self.peer()
        self.assertIsNotNone(self.give(peer, "mallory", 0))
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)

    def test_who_is_doubted_is_not_kept_from(self):
        """It may begin as many blocks as it likes: what it gives is dropped from then on."""
        peer = self.peer()
        for _ in range(4):
            if self.give(peer, "mallory", BLOCK_SIZE // 2) is None:
                break
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        wrong = [text for text in peer.err if "has the wrong hash" in text]
        self.assertLessEqual(len(wrong), 4, peer.story())
        self.assertFalse([text for text in peer.err if "tracker is banned" in text], peer.story())


class Announces(Case):
    def keep(self, peer_id, port=5, **fields):
        entry = {"id": peer_id, "ip": HOST, "port": port, "blocks": [],
                 "minibit": {"version": 1, "keep": True} | fields}
        connection = self.connect(self.swarm.tracker_port, json.dumps(entry).encode() + b"\n")
        connection.recv(65536)
        return connection

    def listed(self):
        return {entry["id"] for entry in announce(self.swarm.tracker_port, "witness")}

    def test_another_id_over_the_same_connection(self):
        kept = self.keep("alice")
        kept.sendall(b'{"id": "bob", "ip": "127.0.0.1", "port": 6, "blocks": [], '
                     b'"minibit": {"version": 1, "keep": true}}\n')
        self.assertEqual(kept.recv(100), b"")
        self.tracker.expect("another id than before", stream="err")
        self.assertNotIn("bob", self.listed())

    def test_it_grows_loses_and_leaves(self):
        """Its log grows and is begun anew while the tracker's books hold it."""
        for turn in range(30):
            entry = {"id": "alice", "ip": HOST, "port": 5,
                     "blocks": list(range(turn % BLOCKS + 1)) if turn % 3 else [turn % BLOCKS]}
            exchange(self.swarm.tracker_port, json.dumps(entry).encode())
            self.assertIn("alice", self.listed())
        entry["minibit"] = {"version": 1, "leaving": True}
        exchange(self.swarm.tracker_port, json.dumps(entry).encode())
        self.assertNotIn("alice", self.listed())

    def test_kept_connections_end_before_their_answers(self):
        for turn in range(50):
            entry = {"id": f"peer{turn}", "ip": HOST, "port": 5, "blocks": [],
                     "minibit": {"version": 1, "keep": True}}
            self.connect(self.swarm.tracker_port, json.dumps(entry).encode() + b"\n").close()
        self.assertTrue(swarm.wait_until(lambda: "peer49" in self.listed() or True))
        self.assertTrue(self.tracker.running(), self.tracker.story())


if __name__ == "__main__":
    tap.main()
