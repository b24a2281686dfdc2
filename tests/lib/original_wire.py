"""How the original classroom program reads and writes its messages, its slips included.

Used by original_tracker.py and original_peer.py, the stand-ins for the original in tests. One JSON
message per direction and connection, no framing: every reader trusts that the network hands over
a message the way it was written, and loses what does not fit its buffer.
"""
import base64
import json
import socket
import socketserver
import sys
import threading

ANNOUNCE_READ = 4096  # a tracker reads an announce with one read of this
REQUEST_READ = 2048  # a peer a request
LIST_READ = 8192  # a peer the tracker's list
BLOCK_READ = 4096  # a peer a block, until a read brings less


def ask(address, message, timeout):
    """Connects, sends `message`; the connection, for the caller to read from and close."""
    connection = socket.create_connection(address, timeout=timeout)
    try:
        connection.sendall(json.dumps(message).encode())
    except OSError:
        connection.close()
        raise
    return connection


def announce(address, entry, timeout):
    """The tracker's list, or None where it cannot be had: away, cut, too long for one read."""
    try:
        with ask(address, entry, timeout) as connection:
            return json.loads(connection.recv(LIST_READ))
    except (OSError, ValueError):
        return None


def fetch(address, block, peer_id, timeout):
    """A block's bytes, or None: refused, not there, cut on the way, or lost to a short read."""
    received = b""
    try:
        with ask(address, {"bloco": block, "peerId": peer_id}, timeout) as connection:
            while True:
                part = connection.recv(BLOCK_READ)
                received += part
                if len(part) < BLOCK_READ:
                    break
        answer = json.loads(received)
        return base64.b64decode(answer["data"]) if answer["id"] == block else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Server(socketserver.ThreadingTCPServer):
    """Answers each connection on a thread of its own: `answer(request)` gives bytes or None."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, read_size, answer):
        self.read_size, self.answer = read_size, answer
        super().__init__(address, Handler)

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        print(f"original: a request failed: {error!r}", file=sys.stderr, flush=True)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        request = json.loads(self.request.recv(self.server.read_size))
        reply = self.server.answer(request)
        if reply is not None:
            self.request.sendall(reply)
        self.request.shutdown(socket.SHUT_WR)


def block_answer(block, data):
    return json.dumps({"id": block, "data": base64.b64encode(data).decode()}).encode()
