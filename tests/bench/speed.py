#!/usr/bin/env python3
"""speed.py TRACKER PEER [--size MIB] [--runs N] [--without-aria2]: a seeder and 4 peers, loopback.

Runs MiniBit and, for comparison, aria2 (Debian: apt-get install aria2) on the same job: one seeder
and four peers that start together, a file of 512 MiB cut into pieces of 256 KiB, every piece
verified, on disk. Prints the seconds from the peers' start until the last one has the whole file,
each alternately. aria2 gets a tracker of its own, in this script.
"""
import argparse
import hashlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_to_bytes

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from ports import free_port  # noqa: E402

PEERS = 4
PIECE = 262144
HOST = "127.0.0.1"


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, str):
        return bencode(value.encode())
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"


class TorrentTracker(BaseHTTPRequestHandler):
    """As little of a BitTorrent tracker as aria2 needs: everybody is told of everybody."""

    peers = {}
    lock = threading.Lock()

    def do_GET(self):
        query = dict(pair.split("=", 1) for pair in self.path.split("?", 1)[1].split("&"))
        with self.lock:
            self.peers[unquote_to_bytes(query["peer_id"])] = int(query["port"])
            packed = b"".join(
                socket.inet_aton(HOST) + port.to_bytes(2, "big") for port in self.peers.values())
        body = bencode({"interval": 2, "min interval": 1, "peers": packed})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def make_torrent(file, folder, tracker_port):
    pieces = []
    with open(file, "rb") as data:
        while piece := data.read(PIECE):
            pieces.append(hashlib.sha1(piece).digest())
    info = {"length": file.stat().st_size, "name": file.name, "piece length": PIECE,
            "pieces": b"".join(pieces)}
    torrent = folder / "file.torrent"
    announce = f"http://{HOST}:{tracker_port}/announce"
    torrent.write_bytes(bencode({"announce": announce, "info": info}))
    return torrent


def aria2(torrent, folder, *more):
    return subprocess.Popen(
        ["aria2c", "--quiet", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false",
         "--enable-peer-exchange=false", "--follow-torrent=mem", "--file-allocation=falloc",
         "--bt-max-peers=0", "--max-overall-upload-limit=0", f"--listen-port={free_port()}",
         "--bt-tracker-interval=1", "--no-conf=true", f"--dir={folder}", *more, str(torrent)],
        stdin=subprocess.DEVNULL)


def run_aria2(file, folder):
    TorrentTracker.peers = {}
    server = ThreadingHTTPServer((HOST, 0), TorrentTracker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    torrent = make_torrent(file, folder, server.server_address[1])
    seeder = aria2(torrent, file.parent, "--seed-ratio=0.0", "--check-integrity=true")
    while not TorrentTracker.peers:
        time.sleep(0.05)
    time.sleep(1)
    started = time.monotonic()
    targets = [folder / f"aria2-{i}" for i in range(PEERS)]
    # everybody goes on seeding until all have finished, as MiniBit's peers do
    peers = [aria2(torrent, target, "--seed-ratio=0.0",
                   f"--on-bt-download-complete={folder / 'done.sh'}") for target in targets]
    wait_for([target / ".done" for target in targets])
    seconds = time.monotonic() - started
    end(peers + [seeder])
    server.shutdown()
    server.server_close()
    return seconds, [target / file.name for target in targets]


def run_minibit(programs, file, folder):
    log = open(folder / "minibit.log", "w")
    tracker = subprocess.Popen(
        [programs[0], "--set", "protocol.seeder_slots=0", HOST, "0", file],
        stdout=subprocess.PIPE, stderr=log, text=True)
    port = tracker.stdout.readline().split()[-1]
    started = time.monotonic()
    targets = [folder / f"minibit-{i}" for i in range(PEERS)]
    peers = []
    for i, target in enumerate(targets):
        target.mkdir()
        peers.append(subprocess.Popen(
            [programs[1], "-q", "--output-dir", target, f"peer{i}", HOST, "0", HOST, port],
            stdout=subprocess.PIPE, stderr=log, text=True))
    for peer in peers:
        while not peer.stdout.readline().startswith("complete"):
            if peer.poll() is not None:
                sys.exit(f"minibit-peer failed; see {folder / 'minibit.log'}")
    seconds = time.monotonic() - started
    end(peers + [tracker])
    return seconds, [target / file.name for target in targets]


def wait_for(paths):
    while not all(path.exists() for path in paths):
        time.sleep(0.02)


def end(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure(name, run, file, folder, wanted):
    seconds, targets = run(file, folder)
    if any(digest(target) != wanted for target in targets):
        sys.exit(f"{name}: a peer's file differs")
    for target in targets:
        shutil.rmtree(target.parent)
    print(f"{name:8} {seconds:6.2f} s", flush=True)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tracker", type=os.path.abspath)
    parser.add_argument("peer", type=os.path.abspath)
    parser.add_argument("--size", type=int, default=512, help="MiB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-aria2", action="store_true")
    parser.add_argument("--dir", help="where the files lie (default: a temporary folder)")
    options = parser.parse_args()
    compare = not options.without_aria2
    if compare and not shutil.which("aria2c"):
        sys.exit("aria2c is not here: apt-get install aria2, or --without-aria2")
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="minibit-speed.") as temporary:
        folder = Path(temporary)
        (folder / "seed").mkdir()
        file = folder / "seed" / "file.bin"
        with open(file, "wb") as data:
            for _ in range(options.size):
                data.write(os.urandom(1 << 20))
        done = folder / "done.sh"
        done.write_text('#!/bin/sh\n: > "$(dirname "$3")/.done"\n')
        done.chmod(0o755)
        wanted = digest(file)
        times = {"minibit": [], "aria2": []}
        for _ in range(options.runs):
            run = lambda file, folder: run_minibit((options.tracker, options.peer), file, folder)
            times["minibit"].append(measure("minibit", run, file, folder, wanted))
            if compare:
                times["aria2"].append(measure("aria2", run_aria2, file, folder, wanted))
        for name, seconds in times.items():
            if seconds:
                print(f"{name}: median {statistics.median(seconds):.2f} s of {len(seconds)}, "
                      f"{options.size} MiB to {PEERS} peers")


if __name__ == "__main__":
    main()
