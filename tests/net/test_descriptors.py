#!/usr/bin/env python3
"""test_descriptors.py TRACKER PEER: out of descriptors, and connections that say nothing.

Past the limit who connects waits; idle connections are closed for him, those that only announce
first, and that is said once.
"""
import json
import socket
import time

import swarm
import tap
from swarm import HOST

PROGRAMS = tap.arguments(2)
LIMIT = 40


def connect_many(port, count):
    connections = [socket.create_connection((HOST, port), timeout=10) for _ in range(count)]
    for connection in connections:
        connection.settimeout(0.01)
    return connections


def is_closed_after(connection):
    """Whether it is closed, once what has come over it is read."""
    try:
        while connection.recv(65536):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


class Descriptors(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(100000)
        limit = swarm.set_descriptor_limit(LIMIT)
        self.tracker = self.swarm.tracker(self.file, preexec_fn=limit)
        self.connections = []
        self.addCleanup(lambda: [connection.close() for connection in self.connections])

    def crowd(self, port):
        self.connections = connect_many(port, LIMIT + 10)
        time.sleep(0.5)
        self.assertTrue(self.tracker.running(), self.tracker.story())

    def test_the_mute_make_room(self):
        for port in (self.swarm.tracker_port, self.tracker.seeder_port):
            self.crowd(port)
            began = time.monotonic()
            self.assertExit(self.swarm.peer(f"alice{port}", "--exit-when-complete"), 0)
            # 20 at a time may be mute for 5 s, and there are three times as many before her
            self.assertLess(time.monotonic() - began, 40)
            for connection in self.connections:
                connection.close()

    def test_announcers_make_room_at_once(self):
        entry = {"ip": HOST, "blocks": [], "minibit": {"version": 1, "keep": True}}
        for number in range(2 * LIMIT):
            connection = socket.create_connection((HOST, self.swarm.tracker_port), timeout=5)
            self.connections.append(connection)
            connection.sendall(json.dumps({"id": f"p{number}", "port": 5} | entry).encode() + b"\n")
            self.assertIn(b"tracker", connection.recv(65536))
            connection.settimeout(0.01)
        is_closed_now = [is_closed_after(connection) for connection in self.connections]
        self.assertEqual(is_closed_now, sorted(is_closed_now, reverse=True), "not the oldest")
        self.assertGreater(is_closed_now.count(False), LIMIT // 4)
        told = [line for line in self.tracker.err if "limit on open files" in line]
        self.assertEqual(len(told), 1, self.tracker.story())

    def test_a_full_table_does_not_spin(self):
        self.crowd(self.swarm.tracker_port)
        before = swarm.processor_seconds(self.tracker.process.pid)
        time.sleep(1)
        self.assertLess(swarm.processor_seconds(self.tracker.process.pid) - before, 0.3)

    def test_more_peers_than_descriptors_all_complete(self):
        peers = [self.swarm.peer(f"p{i}", "--exit-when-complete") for i in range(LIMIT)]
        for peer in peers:
            self.assertExit(peer, 0)
            self.assertSameBytes(peer.folder / self.file.name, self.file)
        for peer in peers:
            self.assertLess(len(peer.err), 10, peer.story())

    def test_a_peer_with_few_descriptors_still_gets_the_file(self):
        """Among more peers than it may have connections, as it connects to them and they to it."""
        self.end()
        self.swarm = swarm.Swarm(*PROGRAMS)
        self.file = self.swarm.make_file(600000)
        self.tracker = self.swarm.tracker(self.file, "--block-size", "10kB", "--up-rate", "1MB")
        others = [self.swarm.peer(f"p{i}", "--up-rate", "1MB") for i in range(LIMIT)]
        peer = self.swarm.peer("alice", "--exit-when-complete",
                               preexec_fn=swarm.set_descriptor_limit(LIMIT))
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)
        for other in others:
            other.expect("^complete")
            self.assertTrue(other.running(), other.story())


if __name__ == "__main__":
    tap.main()
