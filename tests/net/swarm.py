"""What the network tests share: programs started and watched, files made, results checked.

A test makes a Swarm in its setUp() and starts trackers and peers of either kind in it; everything
lies in one temporary folder, and stop() ends what still runs.
"""
import contextlib
import hashlib
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

LIB = Path(__file__).resolve().parent.parent / "lib"
sys.path.insert(0, str(LIB))  # for tap, and for the stand-ins
HOST = "127.0.0.1"
PATIENCE = float(os.environ.get("MINIBIT_TEST_PATIENCE", 60))  # seconds that a step may take


class Program:
    """A running program whose output is read line by line as it comes."""

    def __init__(self, arguments, **more):
        self.arguments = [str(argument) for argument in arguments]
        self.process = subprocess.Popen(
            self.arguments, text=True, errors="replace",
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more,
        )
        self.out, self.err = [], []
        self.news = threading.Condition()
        self.readers = [
            threading.Thread(target=self.read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
            if pair[0]
        ]
        for reader in self.readers:
            reader.start()

    def read(self, stream, lines):
        for line in stream:
            with self.news:
                lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def find(self, pattern, lines):
        for line in lines:
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def expect(self, pattern, patience=PATIENCE, stream="out"):
        """The first match of `pattern` in a line of output, which may be yet to come."""
        lines = self.out if stream == "out" else self.err
        end = time.monotonic() + patience
        with self.news:
            while True:
                match = self.find(pattern, lines)
                if match:
                    return match
                left = end - time.monotonic()
                if left <= 0 or not any(reader.is_alive() for reader in self.readers):
                    raise AssertionError(f"no {pattern!r} on std{stream} of {self.story()}")
                self.news.wait(min(left, 0.5))

    def story(self):
        """What it was and said, for the message of a failure."""
        parts = [" ".join(self.arguments), f"exit code {self.process.poll()}"]
        parts += ["stdout:"] + self.out[-20:] + ["stderr:"] + self.err[-20:]
        return "\n  ".join(parts)

    def wait(self, patience=PATIENCE):
        """Its exit code, all of its output read."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {patience} s: {self.story()}") from None
        for reader in self.readers:
            reader.join(patience)
        return code

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def stop(self):
        self.signal(signal.SIGKILL)
        self.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()  # a second time it does nothing


class Swarm:
    """A temporary folder and the programs of one test."""

    def __init__(self, tracker=None, peer=None):
        self.tracker_program, self.peer_program = tracker, peer
        self.temporary = tempfile.TemporaryDirectory(prefix="minibit-net.")
        self.folder = Path(self.temporary.name)
        self.programs = []
        self.tracker_port = None
        self.paranoid = ("--paranoid",)  # (): where the programs' time or memory is measured

    def stop(self):
        for program in self.programs:
            program.stop()
        self.temporary.cleanup()  # a second time it does nothing

    def start(self, *arguments, **more):
        more.setdefault("cwd", self.folder)
        program = Program(arguments, **more)
        self.programs.append(program)
        return program

    def make_file(self, size, name="film.avi", seed=1):
        path = self.folder / name
        path.write_bytes(random.Random(seed).randbytes(size))
        return path

    # ---- the stand-ins for the original; all of one swarm work in one folder

    def original_tracker(self, file, *options, folder=None):
        tracker = self.start(
            sys.executable, LIB / "original_tracker.py", HOST, 0, file, "--seeder-port", 0,
            "--dir", folder or self.folder, *options,
        )
        self.tracker_port = int(tracker.expect(r"^listening on \S+ (\d+)$")[1])
        tracker.seeder_port = int(tracker.expect(r"^seeder on \S+ (\d+)$")[1])
        return tracker

    def original_peer(self, name, *options, folder=None, **more):
        peer = self.start(
            sys.executable, LIB / "original_peer.py", name, HOST, 0, HOST, self.tracker_port,
            "--dir", folder or self.folder, *options, **more,
        )
        peer.port = int(peer.expect(r"^listening on \S+ (\d+)$")[1])
        return peer

    # ---- the programs under test

    def tracker(self, file, *options, **more):
        tracker = self.start(self.tracker_program, *self.paranoid, *options, HOST, 0, file, **more)
        self.tracker_port = int(tracker.expect(r"^listening on \S+ (\d+)$")[1])
        tracker.seeder_port = int(tracker.expect(r"^seeder on \S+ (\d+)$")[1])
        return tracker

    def peer(self, name, *options, folder=None, **more):
        folder = folder or self.folder / name
        folder.mkdir(exist_ok=True)
        peer = self.start(
            self.peer_program, *self.paranoid, "--output-dir", folder, *options, name, HOST, 0, HOST,
            self.tracker_port, **more,
        )
        peer.folder = folder
        return peer

    def listening(self, peer):
        """Waits until a peer accepts requests; its port."""
        peer.port = int(peer.expect(r"^listening on \S+ (\d+)$")[1])
        return peer.port


class Case(unittest.TestCase):
    """A test with a swarm of its own; `programs` are the paths of tracker and peer, if needed."""

    programs = (None, None)

    def setUp(self):
        self.swarm = Swarm(*self.programs)
        self.addCleanup(self.end)

    def end(self):
        """Every test holds this: no program failed an assertion or a sanitizer's check."""
        self.swarm.stop()
        for program in self.swarm.programs:
            for line in program.err:
                self.assertNotRegex(line, "Assertion|Sanitizer|runtime error", program.story())

    def assertSameBytes(self, path, original):
        self.assertTrue(path.exists(), f"{path} is not there")
        self.assertEqual(digest(path), digest(original), f"{path} differs from {original}")

    def assertExit(self, program, code):
        self.assertEqual(program.wait(), code, program.story())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wait_until(condition, patience=PATIENCE, step=0.02):
    """Whether `condition()` came true in time."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return condition()


def memory_bytes(process_id):
    """The most physical memory that a process has taken so far."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def processor_seconds(process_id):
    """Processor time that a process has taken so far, in the kernel's too."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def handling_hangup(how):
    """Programs that start in here take SIGHUP so, whatever this test was started under."""
    before = signal.signal(signal.SIGHUP, how)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def limit_files(size):
    """For preexec_fn: no file may grow over so many bytes, as if the disk had no more room."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def set_descriptor_limit(count):
    """For preexec_fn: the program may open so many descriptors."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def readme_block(*programs):
    """The arguments of the README's block that runs just these: [(program, text)]."""
    readme = (LIB.parent.parent / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```\n(.*?)^```$", readme, re.M | re.S):
        lines = re.findall(r"^build/(\S+) (.*)$", block, re.M)
        if tuple(name for name, _ in lines) == programs:
            return lines
    raise AssertionError(f"README has no block of {programs}")


# ---- talking to a program by hand


def exchange(port, message, source=None, patience=10, half_close=False):
    """Sends bytes and reads to the other side's close: (what came, whether it closed in time)."""
    received = b""
    with socket.socket() as connection:
        connection.settimeout(patience)
        if source:
            connection.bind((source, 0))
        connection.connect((HOST, port))
        try:
            connection.sendall(message)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            return received, False
        except OSError:
            pass  # reset: closed with what we sent unread
    return received, True


def announce(port, peer_id, address_port=5, blocks=(), extension=None, ip=HOST, source=None):
    """A well-formed announce; the list that came, or None."""
    entry = {"id": peer_id, "ip": ip, "port": address_port, "blocks": list(blocks)}
    if extension is not None:
        entry["minibit"] = {"version": 1} | extension
    received, _ = exchange(port, json.dumps(entry).encode(), source)
    return json.loads(received) if received else None


class Listener:
    """Accepts connections and hands each to `answer(connection, first bytes)` on a thread."""

    def __init__(self, answer):
        self.answer, self.requests = answer, []
        self.socket = socket.create_server((HOST, 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        with connection:
            connection.settimeout(PATIENCE)
            try:
                request = connection.recv(65536)
                if not request:
                    return
                self.requests.append(request)
                self.answer(connection, request)
            except OSError:
                pass

    def close(self):
        self.socket.close()
