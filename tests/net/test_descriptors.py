#!/usr/bin/env python3
"""test_descriptors.py TRACKER PEER: out of descriptors, and connections that say nothing.

Past the limit a connection is accepted and closed; the program runs on, and serves again as soon
as there is room.
"""
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


def is_closed(connection):
    try:
        return connection.recv(1) == b""
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
        self.connections = connect_many(port, 3 * LIMIT)
        self.assertTrue(swarm.wait_until(lambda: sum(map(is_closed, self.connections)) >= LIMIT, 10))
        self.assertTrue(self.tracker.running(), self.tracker.story())

    def test_surplus_is_closed_and_the_rest_stays(self):
        for port in (self.swarm.tracker_port, self.tracker.seeder_port):
            self.crowd(port)
            self.assertGreater(sum(not is_closed(c) for c in self.connections), LIMIT // 4)
            for connection in self.connections:
                connection.close()
            answer = lambda: swarm.announce(self.swarm.tracker_port, "alice")
            self.assertTrue(swarm.wait_until(answer, 10), self.tracker.story())

    def test_a_full_table_does_not_spin(self):
        self.crowd(self.swarm.tracker_port)
        before = swarm.processor_seconds(self.tracker.process.pid)
        time.sleep(1)
        self.assertLess(swarm.processor_seconds(self.tracker.process.pid) - before, 0.3)

    def test_a_peer_with_few_descriptors_still_gets_the_file(self):
        peer = self.swarm.peer("alice", "--exit-when-complete",
                               preexec_fn=swarm.set_descriptor_limit(LIMIT))
        self.assertExit(peer, 0)
        self.assertSameBytes(peer.folder / self.file.name, self.file)


if __name__ == "__main__":
    tap.main()
