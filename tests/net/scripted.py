"""A peer of the test's own, which speaks MiniBit over real connections and does what a test says.

Giver holds some blocks of a file, greets whoever greets it and hands each request to the test.
"""
import json
import random
import socket
import threading

from chaos_strangers import note, set_of
from swarm import HOST, announce, wait_until

__all__ = ["Giver", "Lines", "hang_up", "header", "note", "set_of"]


def header(block, length, offset=0):
    """The line before raw bytes."""
    extension = {"version": 1, "keep": True, "length": length}
    if offset:
        extension["offset"] = offset
    return json.dumps({"id": block, "minibit": extension}).encode() + b"\n"


def hang_up(connection):
    """Closes it although a thread may be reading it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended by itself
    connection.close()


class Lines:
    """A connection read line by line; None where it ended."""

    def __init__(self, connection):
        self.connection, self.rest = connection, b""

    def next(self):
        while b"\n" not in self.rest:
            part = self.connection.recv(65536)
            if not part:
                return None
            self.rest += part
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)


class Giver:
    """`give(connection, block, offset, number)` answers its `number`-th request, from 0 on.

    `told` are the blocks that it says it holds, of `blocks`. Close it with close().
    """

    def __init__(self, name, blocks, give, told=None, host=HOST):
        self.name, self.give, self.host = name, give, host
        told = range(blocks) if told is None else told
        self.told = {"set": set_of(blocks, told), "epoch": random.randrange(1, 1 << 31),
                     "count": len(told)}
        self.asked, self.connections, self.lock = [], [], threading.Lock()
        self.welcomed = 0  # connections that it has welcomed
        self.server = socket.create_server((host, 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def welcome(self, connection):
        self.welcomed += 1
        connection.sendall(note("listed", self.name, **self.told) + note("unchoke", self.name, open=True))

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines, greeted = Lines(connection), False
        try:
            while message := lines.next():
                if not greeted:
                    greeted = True
                    self.welcome(connection)
                if "bloco" not in message:
                    continue
                offset = message.get("minibit", {}).get("offset", 0)
                with self.lock:
                    number = len(self.asked)
                    self.asked.append((message["bloco"], offset))
                self.give(connection, message["bloco"], offset, number)
        except (OSError, ValueError):
            pass

    def announce(self, tracker_port):
        """The tracker lists it from now on."""
        extension = {"raw": True} | self.told
        return announce(tracker_port, self.name, self.port, extension=extension, ip=self.host,
                        source=self.host)

    def greet(self, port):
        """Says hello to a peer until that greets back; the connection, which the caller closes.

        A peer that does not know the file yet closes whatever comes.
        """
        for _ in range(40):
            welcomed = self.welcomed
            connection = socket.create_connection((HOST, port), timeout=10, source_address=(self.host, 0))
            self.connections.append(connection)
            connection.sendall(note("hello", self.name, port=self.port, **self.told))
            if wait_until(lambda: self.welcomed > welcomed, 0.5):
                return connection
            connection.close()
        raise AssertionError(f"{self.name}'s hello is not answered")

    def close(self):
        self.server.close()
        for connection in self.connections:
            hang_up(connection)
