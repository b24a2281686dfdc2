#!/usr/bin/env python3
"""original_peer.py ID MY_IP MY_PORT TRACKER_IP TRACKER_PORT: stands in for the original's peer.

Written from what is known of it (docs/protocol.md has its messages): rounds of work and sleep,
a re-announce every third round, an unchoke every second, a block a round at most. What it knows of
others is what the tracker's list says, however wrong. The options only make tests small and quick.

A line on standard output for each step that tests want to see:
    listening on IP PORT
    dealt BLOCK
    block BLOCK from ID round ROUND
    complete round ROUND
    rounds done ROUNDS     with --stepped
"""
import argparse
import os
import random
import sys
import threading
import time
from pathlib import Path

import original_wire as wire

TOP = 4
ANNOUNCE_ROUNDS = 3
UNCHOKE_ROUNDS = 2  # 10 s have passed


def say(*words):
    print(*words, flush=True)


class Peer:
    def __init__(self, options):
        self.options = options
        self.id = options.id
        self.tracker = (options.tracker_ip, options.tracker_port)
        self.draw = random.Random(options.seed)
        self.held = {}  # block -> bytes
        self.known = {}  # id -> entry, in the order learned; oneself among them
        self.unchoked = []
        self.lock = threading.Lock()
        self.announced = False

    # ---- what it tells and serves

    def entry(self):
        with self.lock:
            blocks = sorted(self.held)
        return {"id": self.id, "ip": self.options.ip, "port": self.port, "blocks": blocks}

    def serve(self, request):
        block, asker = request["bloco"], request["peerId"]
        with self.lock:
            data = self.held.get(block)
            allowed = self.complete() or asker in self.unchoked
        return wire.block_answer(block, data) if allowed and data is not None else None

    # ---- what it decides

    def count(self):
        """Blocks of the file: the highest listed plus one."""
        return max((block + 1 for entry in self.known.values() for block in entry["blocks"]),
                   default=0)

    def complete(self):
        return self.count() > 0 and len(self.held) == self.count()

    def wanted(self, entry):
        return [block for block in entry["blocks"] if block not in self.held]

    def announce(self):
        entry = self.entry()
        if not self.announced:
            entry["blocks"] = []
        answer = wire.announce(self.tracker, entry, self.options.timeout)
        if answer is None:
            return
        with self.lock:
            for listed in answer:
                self.known[listed["id"]] = listed
        if not self.announced:
            self.take_dealt()
        self.announced = True

    def take_dealt(self):
        """Reads the blocks that the tracker booked it with from the folder that all share."""
        for block in self.known.get(self.id, {"blocks": []})["blocks"]:
            path = self.options.dir / "blocks" / str(block)
            if path.exists():
                with self.lock:
                    self.held[block] = path.read_bytes()
                say("dealt", block)

    def unchoke(self):
        ids = list(self.known)
        if not ids:
            return
        optimistic = self.draw.choice(ids)
        score = {peer: len(self.wanted(self.known[peer])) for peer in ids}
        ranked = sorted((peer for peer in ids if peer != optimistic), key=lambda p: -score[p])
        top = ranked[:TOP]
        if score[optimistic] > 0 and len(top) == TOP:
            top.pop()
        with self.lock:
            self.unchoked = top + [optimistic]

    def pick(self, provider):
        """The block to ask this provider for: the one that the fewest are booked with, if it is."""
        copies = {}
        for entry in self.known.values():
            for block in self.wanted(entry):
                copies[block] = copies.get(block, 0) + 1
        rarest = min(copies, key=copies.get)
        wanted = self.wanted(provider)
        return rarest if rarest in wanted else self.draw.choice(wanted)

    def exchange(self, number):
        """Asks the unchoked in random order until one block has come."""
        order = list(self.unchoked)
        self.draw.shuffle(order)
        for peer in order:
            provider = self.known[peer]
            if not self.wanted(provider):
                continue
            block = self.pick(provider)
            address = (provider["ip"], provider["port"])
            data = wire.fetch(address, block, self.id, self.options.timeout)
            if data is None:
                continue
            with self.lock:
                self.held[block] = data
            say("block", block, "from", peer, "round", number)
            return

    # ---- its life

    def rebuild(self):
        name = self.options.dir / "extensao.txt"
        extension = name.read_text() if name.exists() else ".mp4"
        path = self.options.dir / f"{self.id}{extension}"
        path.write_bytes(b"".join(self.held[block] for block in range(self.count())))

    def round(self, number):
        if number % ANNOUNCE_ROUNDS == 0:
            self.announce()
        if number % UNCHOKE_ROUNDS == 0:
            self.unchoke()
        if not self.complete():
            self.exchange(number)

    def run(self):
        server = wire.Server((self.options.ip, self.options.port), wire.REQUEST_READ, self.serve)
        self.port = server.server_address[1]
        server.start()
        say("listening on", self.options.ip, self.port)
        self.announce()
        number, rebuilt = 0, False
        while True:
            if self.complete() and not rebuilt:
                self.rebuild()
                rebuilt = True
                say("complete round", number)
            self.round(number)
            number += 1
            self.sleep(number)

    def sleep(self, number):
        if not self.options.stepped:
            time.sleep(self.options.round)
            return
        say("rounds done", number)
        if not sys.stdin.readline():
            os._exit(0)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("id")
    parser.add_argument("ip")
    parser.add_argument("port", type=int, help="0: any free one")
    parser.add_argument("tracker_ip")
    parser.add_argument("tracker_port", type=int)
    parser.add_argument("--round", type=float, default=5.0, help="seconds of sleep after a round")
    parser.add_argument("--stepped", action="store_true",
                        help="no sleep: a round for each line of standard input")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds")
    parser.add_argument("--dir", type=Path, default=Path("."), help="the working folder")
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


def main():
    try:
        Peer(parse_arguments()).run()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
