#!/usr/bin/env python3
"""test_hostile.py TRACKER PEER: what strangers may send, as tables.

Each row is sent to a running program. It must close the connection without an answer, tell of it
once in its log (as a line or among those that a line sums up), keep running, and be in the state
that it was in before.
"""
import base64
import hashlib
import json
import re
import socket

import swarm
import tap
from swarm import HOST, announce, exchange

PROGRAMS = tap.arguments(2)
BLOCKS = 40
BLOCK_SIZE = 4096
LOG_WINDOW_S = 10  # lines of one kind past a few are summed up at its end


def message(**fields):
    return json.dumps(fields).encode()


def good_announce(**fields):
    return {"id": "mallory", "ip": HOST, "port": 5, "blocks": []} | fields


def raw_announce(**texts):
    """An announce some of whose values are given as JSON text, however wrong."""
    fields = {key: json.dumps(value) for key, value in good_announce().items()} | texts
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in fields.items()) + "}").encode()


def extension(**fields):
    return message(**good_announce(minibit={"version": 1} | fields))


def request(**texts):
    fields = {"bloco": "0", "peerId": '"mallory"'} | texts
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in fields.items()) + "}").encode()


WRONG_NUMBERS = (
    "1.5", "1e400", "-1", "0042", str(2**53 + 1), "1.0", "-0", "+1", "NaN", '"1"', "null", "true",
    "9" * 400, "1e3", "[1]",
)
WRONG_IDS = (
    '""', '"a b"', '"../x"', '"a/b"', json.dumps("x" * 65), '"\\u0000"', '"a\\u0000"', '"é"', "7",
    "null", '"."', '"a.b"',
)
LENIENT_BASE64 = ("Bw", "Bw=", "Bw= =", "B w==", "Bw==\\n", "Bx==", "B-==", "Bw==Bw==", "%3D")
SET_SIZE = (BLOCKS + 7) // 8

# What no program takes, whatever it expects.
ANYWHERE = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": bytes.fromhex("1603010200010001fc0303"),
    "no json": b"hello",
    "a closing bracket": b"}",
    "a number": b"42",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a zero byte": b"\0",
    "single quotes": b"{'id': 'a'}",
    "a comment": b'{"id": "a" /* */}',
    "nested lists": b"[" * 1000,
    "nested objects": b'{"a":' * 1000,
}

# To a tracker that knows its file: 40 blocks.
ANNOUNCES = {
    **ANYWHERE,
    **{f"port {text[:20]}": raw_announce(port=text) for text in WRONG_NUMBERS},
    "port 0": raw_announce(port="0"),
    "port 65536": raw_announce(port="65536"),
    **{f"block {text[:20]}": raw_announce(blocks=f"[{text}]") for text in WRONG_NUMBERS},
    "a block past the last": raw_announce(blocks="[40]"),
    "blocks in an object": raw_announce(blocks='{"0": 1}'),
    **{f"id {text[:20]}": raw_announce(id=text) for text in WRONG_IDS},
    "the seeder's id": raw_announce(id='"tracker"'),
    "another's address": raw_announce(ip='"10.1.2.3"'),
    "no address": raw_announce(ip='""'),
    "no id": message(ip=HOST, port=5, blocks=[]),
    "no port": message(id="mallory", ip=HOST, blocks=[]),
    "no blocks": message(id="mallory", ip=HOST, port=5),
    "a key twice": raw_announce()[:-1] + b', "port": 6}',
    "an unknown key twice": raw_announce()[:-1] + b', "x": 1, "x": 1}',
    "a key twice, once escaped": raw_announce()[:-1] + b', "p\\u006frt": 6}',
    "a control character": raw_announce(x='"\x01"'),
    "a new line in a string": raw_announce(x='"\n"'),
    "invalid UTF-8": raw_announce()[:-1] + b', "x": "\xff\xfe"}',
    "an overlong form": raw_announce()[:-1] + b', "x": "\xc0\xaf"}',
    "a lone surrogate": raw_announce(x='"\\ud800"'),
    "an escaped zero": raw_announce(x='"\\u0000"'),
    "junk behind": raw_announce() + b"x",
    "a second message": raw_announce() + raw_announce(),
    "nesting of five": raw_announce(x="[[[[[]]]]]"),
    "a comma too many": raw_announce()[:-1] + b",}",
    "longer than this file's list": raw_announce(x=json.dumps("x" * 20000)),
    "as long without an end": b'{"id": "' + b"a" * 100000,
    "version 0": message(**good_announce(minibit={"version": 0})),
    "no version": message(**good_announce(minibit={"raw": True})),
    "an extension that is none": message(**good_announce(minibit=[])),
    "a flag that is a number": extension(raw=1),
    **{f"set {text}": extension(set=text, count=3, epoch=1) for text in LENIENT_BASE64},
    "a set too short": extension(set=base64.b64encode(bytes(SET_SIZE - 1)).decode(), count=0),
    "a set too long": extension(set=base64.b64encode(bytes(SET_SIZE + 1)).decode(), count=0),
}

# To whoever serves blocks. A block that is not there is refused in words to who shows the
# extension; to others the connection closes.
REQUESTS = {
    **ANYWHERE,
    **{f"block {text[:20]}": request(bloco=text) for text in WRONG_NUMBERS},
    "a block past the last": request(bloco="40"),
    **{f"id {text[:20]}": request(peerId=text) for text in WRONG_IDS},
    "no id": message(bloco=0),
    "no block": message(peerId="mallory"),
    "over 512 bytes": request(x=json.dumps("x" * 600)),
    "a key twice": b'{"bloco": 0, "bloco": 1, "peerId": "mallory"}',
    "junk behind": request() + b"}",
    "nesting of five": request(x="[[[[[]]]]]"),
    "a control character": request(x='"\x1f"'),
    "invalid UTF-8": b'{"bloco": 0, "peerId": "mallory", "x": "\xff"}',
    "an announce": raw_announce(),
    "an unknown notice": message(peerId="mallory", minibit={"version": 1, "note": "nonsense"}),
    "a notice without a block": message(peerId="mallory", minibit={"version": 1, "note": "cancel"}),
}


def occasions(line):
    """Of how many refusals a line of the log tells."""
    summed_up = re.match(r"[a-z-]+: (\d+) more like this in ", line)
    return int(summed_up[1]) if summed_up else 1


class Table(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE)
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B")
        self.tracker.expect("hashed", stream="err")  # from here on its lines are counted

    def books(self):
        """Whom the tracker lists, seen by a witness that is always booked."""
        return {entry["id"]: entry["blocks"] for entry in self.announce("witness")}

    def announce(self, name, **more):
        answer = announce(self.swarm.tracker_port, name, **more)
        self.assertIsNotNone(answer, self.tracker.story())
        return answer

    def refuses(self, program, port, table):
        first = len(program.err)
        for name, sent in table.items():
            with self.subTest(name):
                before = self.books()
                received, closed = exchange(port, sent)
                self.assertEqual(received, b"")
                self.assertTrue(closed, "the connection stays open")
                self.assertTrue(program.running(), program.story())
                self.assertEqual(self.books(), before)
        told = lambda: sum(occasions(line) for line in program.err[first:])
        swarm.wait_until(lambda: told() >= len(table), LOG_WINDOW_S + 2)
        self.assertEqual(told(), len(table), program.err[first:])
        for line in program.err[first:]:
            self.assertTrue(line.isprintable(), line)


class Tracker(Table):
    def test_announces_that_are_refused(self):
        self.refuses(self.tracker, self.swarm.tracker_port, ANNOUNCES)

    def test_an_id_that_is_live_from_another_address(self):
        self.announce("alice")
        before = self.books()
        for more in ({}, {"extension": {}}, {"extension": {"leaving": True}}):
            answer = announce(self.swarm.tracker_port, "alice", ip="127.0.0.2",
                              source="127.0.0.2", **more)
            self.assertIsNone(answer)
            self.assertEqual(self.books(), before)

    def test_what_is_cut_short_changes_nothing(self):
        before = self.books()
        whole = raw_announce()
        for size in range(0, len(whole), 7):
            received, closed = exchange(self.swarm.tracker_port, whole[:size], half_close=True)
            self.assertEqual((received, closed), (b"", True), whole[:size])
        self.assertEqual(self.books(), before)

    def test_a_message_byte_by_byte_is_as_good(self):
        with socket.create_connection((HOST, self.swarm.tracker_port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in raw_announce(id='"slow"'):
                connection.sendall(bytes([byte]))
            answer = b""
            while part := connection.recv(65536):
                answer += part
        self.assertIn("slow", [entry["id"] for entry in json.loads(answer)])

    def test_the_list_for_an_original_fits_its_buffer(self):
        for i in range(60):
            self.announce(f"peer{i}", blocks=range(BLOCKS))
        entry = json.dumps(good_announce(id="original")).encode()
        received, _ = exchange(self.swarm.tracker_port, entry)
        self.assertLessEqual(len(received), 8192)
        listed = json.loads(received)
        self.assertEqual(listed[0]["id"], "tracker")
        self.assertEqual(sorted(listed[0]["blocks"]), list(range(BLOCKS)))
        self.assertGreater(len(listed), 10)


class TrustedAddress(swarm.Case):
    programs = PROGRAMS

    def test_another_address_is_taken_where_the_user_says_so(self):
        file = self.swarm.make_file(BLOCKS * BLOCK_SIZE)
        self.swarm.tracker(file, "--trust-announced-ip")
        self.assertIsNotNone(announce(self.swarm.tracker_port, "a", ip="10.1.2.3"))


class Servers(Table):
    def test_an_id_that_is_live_from_another_address(self):
        hello = message(peerId="alice", minibit={"version": 1, "note": "hello", "keep": True})
        with socket.create_connection((HOST, self.tracker.seeder_port)) as connection:
            connection.sendall(hello + b"\n")
            self.assertNotEqual(connection.recv(4096), b"")  # it is live from now on
            received, closed = exchange(self.tracker.seeder_port, hello + b"\n", "127.0.0.2")
            self.assertEqual((received, closed), (b"", True))
            self.tracker.expect("live from another address", stream="err")

    def test_requests_that_the_seeder_refuses(self):
        self.refuses(self.tracker, self.tracker.seeder_port, REQUESTS)

    def test_requests_that_a_peer_refuses(self):
        peer = self.swarm.peer("alice")
        self.swarm.listening(peer)
        peer.expect("is whole", stream="err")
        self.refuses(peer, peer.port, REQUESTS)

    def test_it_serves_after_all_that(self):
        for sent in REQUESTS.values():
            exchange(self.tracker.seeder_port, sent)
        received, _ = exchange(self.tracker.seeder_port, request(bloco="3"))
        data = base64.b64decode(json.loads(received)["data"], validate=True)
        self.assertEqual(data, self.file.read_bytes()[3 * BLOCK_SIZE : 4 * BLOCK_SIZE])


def block_answer(block, data):
    return json.dumps({"id": block, "data": base64.b64encode(data).decode()}).encode()


class Givers(Table):
    """A peer among givers that lie: it must complete all the same, from those that do not."""

    def lie(self, make_answer):
        """A giver that claims every block, says what `make_answer(block, right bytes)` gives, and
        never anything else; the peer that meets it."""
        content = self.file.read_bytes()

        def answer(connection, received):
            block = json.loads(received.split(b"\n")[0]).get("bloco")
            if block is not None:
                right = content[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]
                connection.sendall(make_answer(block, right))

        liar = swarm.Listener(answer)
        self.addCleanup(liar.close)
        self.announce("liar", address_port=liar.port, blocks=range(BLOCKS))
        peer = self.swarm.peer("alice", "--exit-when-complete", "--up-rate", "1MB")
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        return liar, peer

    def asked(self, liar):
        return [text for text in liar.requests if b'"bloco"' in text]

    def test_bytes_of_the_wrong_hash_ban_after_one(self):
        liar, _ = self.lie(lambda block, right: block_answer(block, bytes(len(right))))
        # a second request may be on its way while the first block is hashed
        self.assertLessEqual(len(self.asked(liar)), 2)

    def test_who_is_banned_stays_banned(self):
        content = self.file.read_bytes()
        wrong = lambda block, right: block_answer(block, bytes(len(right)))
        liar = swarm.Listener(lambda connection, received: connection.sendall(
            wrong(json.loads(received)["bloco"], content[:BLOCK_SIZE])))
        self.addCleanup(liar.close)
        self.announce("liar", address_port=liar.port, blocks=range(BLOCKS))
        peer = self.swarm.peer("alice")
        self.swarm.listening(peer)
        peer.expect("liar at 127.0.0.1 is banned for 10 min: a block of the wrong hash", stream="err")
        for _ in range(2):
            self.assertEqual(exchange(peer.port, request(peerId='"liar"')), (b"", True))
        peer.expect("its id is banned", stream="err")
        peer.expect("^complete")
        self.assertSameBytes(peer.folder / self.file.name, self.file)

    def test_answers_that_are_none(self):
        answers = {
            "another block": lambda block, right: block_answer(block + 1, right),
            "too short": lambda block, right: block_answer(block, right[:-1]),
            "too long": lambda block, right: block_answer(block, right + b"x"),
            "no padding": lambda block, right: block_answer(block, right).replace(b"=", b""),
            "spare bits": lambda block, right: block_answer(block, right).replace(
                b'=="}', b'"}').replace(b'="}', b'"}')[:-3] + b'/=="}',
            "the other alphabet": lambda block, right: block_answer(block, b"\xff" * len(right))
                .replace(b"/", b"_"),
            "a block of nothing": lambda block, right: block_answer(block, b""),
            "spaces": lambda block, right: block_answer(block, right).replace(b'"data": "', b'"data": " '),
            "over its size": lambda block, right: b'{"id": 0, "data": "' + b"A" * 200000,
            "http": lambda block, right: b"HTTP/1.1 200 OK\r\n\r\n",
            "junk behind": lambda block, right: block_answer(block, right) + b"x",
            "raw unasked": lambda block, right: message(
                id=block, minibit={"version": 1, "length": 2**40}) + b"\n" + right,
            "half": lambda block, right: block_answer(block, right)[:100],
            "nothing": lambda block, right: b"",
        }
        for name, make_answer in answers.items():
            with self.subTest(name):
                self.swarm.stop()
                self.setUp()
                self.lie(make_answer)


class FakeTracker(swarm.Case):
    """A peer whose tracker is not one: it says so, creates nothing, and tries again or ends."""

    programs = PROGRAMS
    FILE = {"size": 100, "block_size": 50, "extension": "avi", "name": "f", "root": "0" * 64,
            "hashes": base64.b64encode(bytes(64)).decode()}

    def entry(self, **file):
        seeder = {"id": "tracker", "ip": HOST, "port": 9, "blocks": [0, 1]}
        own = {"id": "alice", "ip": HOST, "port": 9, "blocks": [],
               "minibit": {"version": 1, "file": self.FILE | file}}
        return json.dumps([seeder, own]).encode()

    def test_answers_that_are_refused(self):
        self.started = []
        root_of = lambda **file: self.entry(**file)
        answers = {
            **ANYWHERE,
            "hashes that do not make the root": self.entry(),
            "an extension with a path": root_of(extension="../x"),
            "a name with a path": root_of(name="../x"),
            "a name with a folder": root_of(name="a/x.avi"),
            "a hidden name": root_of(name=".bashrc"),
            "a name like an option": root_of(name="-rf"),
            "a name with a zero": root_of(name="x\0y"),
            "a name too long": root_of(name="x" * 101),
            "an extension too long": root_of(extension="a" * 11),
            "a negative size": root_of(size=-1),
            "a size past all measure": root_of(size=2**60),
            "blocks of nothing": root_of(block_size=0),
            "too few hashes": root_of(hashes="AAAA"),
            "not the list": b'{"id": "tracker"}',
        }
        for number, name in enumerate(answers):
            self.start_with(name, answers[name], number)
        for name, fake, peer in self.started:
            with self.subTest(name):
                done = lambda: len(fake.requests) >= 2 or not peer.running()
                self.assertTrue(swarm.wait_until(done, 20), peer.story())
                if not peer.running():
                    self.assertExit(peer, 1)
                self.assertNotEqual(peer.err, [])
                peer.stop()
                fake.close()
                self.assertEqual([path.name for path in peer.folder.rglob("*")], [])
        self.assertFalse((self.swarm.folder / "x").exists())

    def start_with(self, name, text, number):
        """All at once: each would wait out a pause."""
        fake = swarm.Listener(lambda connection, received: connection.sendall(text))
        self.swarm.tracker_port = fake.port
        peer = self.swarm.peer("alice", folder=self.swarm.folder / f"alice{number}")
        self.started.append((name, fake, peer))


if __name__ == "__main__":
    tap.main()
