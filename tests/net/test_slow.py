#!/usr/bin/env python3
"""test_slow.py TRACKER PEER: who is slow on purpose, and for how long that is borne.

A request that drips 20 s, 60 s without a byte of a block, 120 s of silence. net/limits.h has
the figures, and nothing makes them shorter; so all are waited for side by side.
"""
import json
import socket
import threading
import time

import swarm
import tap
from swarm import HOST, announce

PROGRAMS = tap.arguments(2)
BLOCKS, BLOCK_SIZE = 20, 4096
LARGE_BLOCK = 4 << 20
GRACE = 12  # seconds after a limit: it is looked at once a second, on a busy machine


class Waiting(threading.Thread):
    """Something that takes its time; result() waits for it."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self.work, self.arguments, self.value = work, arguments, None
        self.start()

    def run(self):
        try:
            self.value = self.work(*self.arguments)
        except Exception as problem:  # told where the result is asked for
            self.value = problem

    def result(self):
        self.join(300)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def seconds_to_close(port, first, drip=b"", every=1.0, patience=180):
    """How long a connection lasts that says `first` and then `drip` every now and then."""
    started = time.monotonic()
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(first)
        connection.settimeout(every)
        while time.monotonic() - started < patience:
            try:
                if connection.recv(4096) == b"":
                    break
            except TimeoutError:
                pass
            except OSError:
                break
            try:
                connection.sendall(drip)
            except OSError:
                break
    return time.monotonic() - started


def bytes_taken_late(port, asker, pause):
    """A block is asked for, and not read for so long; how many bytes then still come."""
    received = 0
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((HOST, port))
        connection.sendall(json.dumps({"bloco": 0, "peerId": asker}).encode())
        time.sleep(pause)
        connection.settimeout(5)
        try:
            while part := connection.recv(65536):
                received += len(part)
        except OSError:
            pass
    return received


class Slow(swarm.Case):
    """One test, for its parts wait side by side."""

    programs = PROGRAMS

    def stalling_giver(self):
        """A peer that meets a giver of half a block; a giver that is slow, but never for 60 s."""
        def answer(connection, received):
            if b'"bloco"' in received:
                connection.sendall(b'{"id": 0, "data": "AAAA')
                time.sleep(100)

        liar = swarm.Listener(answer)
        self.addCleanup(liar.close)
        announce(self.swarm.tracker_port, "liar", address_port=liar.port, blocks=range(BLOCKS))
        return self.swarm.peer("alice", "--exit-when-complete")

    def within(self, name, waiting, low):
        with self.subTest(name):
            seconds = waiting.result()
            self.assertTrue(low - 2 <= seconds <= low + GRACE, f"{name}: {seconds:.1f} s")

    def test_each_is_borne_as_long_as_it_should_be_and_no_longer(self):
        large = self.swarm.make_file(2 * LARGE_BLOCK, "large.avi")
        large_seeder = self.swarm.tracker(large, "--block-size", f"{LARGE_BLOCK}B").seeder_port
        file = self.swarm.make_file(BLOCKS * BLOCK_SIZE)
        tracker = self.swarm.tracker(file, "--block-size", f"{BLOCK_SIZE}B")
        ports = {"tracker": self.swarm.tracker_port, "seeder": tracker.seeder_port}
        drips = {name: Waiting(seconds_to_close, port, b'{"bloco": ', b" ", 0.5, 40)
                 for name, port in ports.items()}
        silences = {name: Waiting(seconds_to_close, port, b"") for name, port in ports.items()}
        late = Waiting(bytes_taken_late, large_seeder, "late", 75)
        soon = Waiting(bytes_taken_late, large_seeder, "soon", 20)
        peer = self.stalling_giver()

        for name, waiting in drips.items():
            self.within(f"a request that drips, to the {name}", waiting, 20)
        with self.subTest("who takes a block late, but in time"):
            self.assertGreater(soon.result(), LARGE_BLOCK)
        with self.subTest("who does not take a block for a minute"):
            self.assertTrue(0 < late.result() < LARGE_BLOCK, late.result())
        with self.subTest("a block that stalls is asked of somebody else"):
            self.assertEqual(peer.wait(140), 0, peer.story())
            self.assertSameBytes(peer.folder / file.name, file)
        for name, waiting in silences.items():
            self.within(f"silence, to the {name}", waiting, 120)
        self.assertTrue(tracker.running(), tracker.story())


if __name__ == "__main__":
    tap.main()
