#!/usr/bin/env python3
"""test_slow.py TRACKER PEER: who is slow on purpose, and for how long that is borne.

10 s for a whole request, 60 s without a byte of a block, 120 s of silence. It takes some minutes:
net/net_limits.h has the figures, and nothing makes them shorter.
"""
import json
import socket
import threading
import time

import swarm
from swarm import HOST, announce

PROGRAMS = swarm.program_arguments(2)
BLOCKS, BLOCK_SIZE = 20, 4096


class Slow(swarm.Case):
    programs = PROGRAMS

    def setUp(self):
        super().setUp()
        self.file = self.swarm.make_file(BLOCKS * BLOCK_SIZE)
        self.tracker = self.swarm.tracker(self.file, "--block-size", f"{BLOCK_SIZE}B")

    def seconds_to_close(self, port, first, drip=b"", every=1.0, patience=180):
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


class Requests(Slow):
    def test_a_request_that_drips_is_cut_after_ten_seconds(self):
        times = {}

        def measure(name, port):
            times[name] = self.seconds_to_close(port, b'{"bloco": ', b" ", 0.5, 30)

        threads = [
            threading.Thread(target=measure, args=pair)
            for pair in (("tracker", self.swarm.tracker_port), ("seeder", self.tracker.seeder_port))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name, seconds in times.items():
            self.assertTrue(9 <= seconds <= 15, f"{name}: {seconds:.1f} s")

    def test_silence_is_cut_after_two_minutes(self):
        seconds = self.seconds_to_close(self.swarm.tracker_port, b"")
        self.assertTrue(110 <= seconds <= 140, f"{seconds:.1f} s")


class Blocks(Slow):
    def test_a_block_that_stalls_is_asked_of_somebody_else(self):
        """A giver that sends half a block and no more; the seeder is there, but late."""
        stalled = threading.Event()

        def answer(connection, received):
            if b'"bloco"' not in received:
                return
            connection.sendall(b'{"id": 0, "data": "AAAA')
            stalled.set()
            time.sleep(100)

        liar = swarm.Listener(answer)
        self.addCleanup(liar.close)
        announce(self.swarm.tracker_port, "liar", address_port=liar.port, blocks=range(BLOCKS))
        peer = self.swarm.peer("alice", "--exit-when-complete")
        self.assertEqual(peer.wait(120), 0, peer.story())
        self.assertSameBytes(peer.folder / self.file.name, self.file)

    def test_who_does_not_take_a_block_is_cut_after_a_minute(self):
        file = self.swarm.make_file(8 << 20, "large.avi")
        self.swarm.tracker(file, "--block-size", "4MiB")
        port = self.swarm.programs[-1].seeder_port
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((HOST, port))
            connection.sendall(json.dumps({"bloco": 0, "peerId": "mallory"}).encode())
            time.sleep(75)
            connection.settimeout(5)
            received = 0
            try:
                while part := connection.recv(65536):
                    received += len(part)
            except OSError:
                pass
        self.assertLess(received, 4 << 20)


if __name__ == "__main__":
    swarm.main()
