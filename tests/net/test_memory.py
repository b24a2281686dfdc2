#!/usr/bin/env python3
"""test_memory.py TRACKER PEER: what strangers can make a tracker keep is bounded, and given back."""
import base64
import json
import socket
import time

import swarm
import tap
from swarm import HOST, memory_bytes

PROGRAMS = tap.arguments(2)
BLOCKS = 100000
SET_BYTES = BLOCKS // 8
MIB = 1 << 20
ALL_BUT_ONE = base64.b64encode(b"\xff" * (SET_BYTES - 1) + b"\x7f").decode()


def telling(name, set_of=ALL_BUT_ONE, **extension):
    told = {"version": 1, "set": set_of, "count": BLOCKS - 1, "epoch": 1} if set_of else {"version": 1}
    return json.dumps({"id": name, "ip": HOST, "port": 5, "blocks": [],
                       "minibit": told | extension}).encode()


class Memory(swarm.Case):
    programs = PROGRAMS

    def track(self, *options):
        path = self.swarm.folder / "film.avi"
        with open(path, "wb") as file:
            file.truncate(BLOCKS * 512)
        self.tracker = self.swarm.tracker(path, "--block-size", "512B", *options)
        self.before = memory_bytes(self.tracker.process.pid)

    def grown(self):
        return memory_bytes(self.tracker.process.pid) - self.before

    def announce(self, name, **more):
        received, closed = swarm.exchange(self.swarm.tracker_port, telling(name, **more))
        self.assertTrue(closed)
        return json.loads(received) if received else None

    def test_a_peer_costs_an_eighth_of_a_byte_a_block(self):
        self.track("--set", "protocol.peers_per_announce=2")
        peers = 1200
        for number in range(peers):
            self.assertIsNotNone(self.announce(f"p{number}"))
        # its set and a little more, and what is kept of entries as they are written
        self.assertLess(self.grown(), peers * (SET_BYTES + 1500) + 16 * MIB + 8 * MIB)
        whole = self.announce("asker", set_of=None)
        listed = [entry for entry in whole if entry["id"].startswith("p")]
        self.assertEqual([entry["minibit"]["set"] for entry in listed], [ALL_BUT_ONE] * len(listed))
        self.assertGreater(len(listed), 0)

    def fill(self, most):
        """How many are booked before one is refused; None where `most` are."""
        for taken in range(most):
            if self.announce(f"p{taken}") is None:
                return taken
        return None

    def test_beyond_the_budget_newcomers_are_refused_until_others_have_gone(self):
        for interval in (4, 16, 64):  # three of them must be enough to fill it: not so on a slow machine
            self.track("--memory", "16MiB", "--set", "protocol.peers_per_announce=2",
                       "--set", f"protocol.announce_interval={interval}s")
            taken = self.fill(16 * MIB // SET_BYTES)
            if taken is not None:
                break
        self.assertIsNotNone(taken, "nobody is refused")
        self.assertGreater(taken, 400)
        self.tracker.expect(r"no memory left for what it holds \(--memory\)", stream="err")
        self.assertIsNotNone(self.announce(f"p{taken - 1}"), "who is known is served")
        self.assertLess(self.grown(), 16 * MIB + 8 * MIB)
        # after three silent intervals and a tick the others are no longer booked
        self.assertTrue(swarm.wait_until(lambda: self.announce("newcomer") is not None, 6 * interval + 60))
        self.assertTrue(self.tracker.running())

    def test_who_asks_and_does_not_read(self):
        self.track("--memory", "48MiB")
        connections = []
        for number in range(100):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((HOST, self.swarm.tracker_port))
            self.addCleanup(connection.close)
            connection.sendall(telling(f"p{number}", set_of=None, wants=True, keep=True) + b"\n")
            connections.append(connection)
        time.sleep(1)
        self.tracker.expect("no memory left for its answer", stream="err")
        # an answer is over 4 MiB: the one that was too much was written before it was dropped
        self.assertLess(self.grown(), 48 * MIB + 24 * MIB)
        for connection in connections:
            connection.close()
        peer = self.swarm.peer("alice")
        peer.expect("^listening")
        self.assertTrue(swarm.wait_until(lambda: (peer.folder / "film.avi.part").exists(), 30))

    def test_long_messages_that_never_end(self):
        self.track("--memory", "16MiB")
        for number in range(100):
            connection = socket.create_connection((HOST, self.swarm.tracker_port))
            self.addCleanup(connection.close)
            try:
                connection.sendall(b'{"id": "x", "blocks": [' + b"1, " * 100000)
            except OSError:
                pass  # it was refused while that was sent
        self.tracker.expect("no memory left for its message", stream="err")
        self.assertLess(self.grown(), 16 * MIB + 8 * MIB)
        self.assertTrue(self.tracker.running(), self.tracker.story())


if __name__ == "__main__":
    tap.main()
