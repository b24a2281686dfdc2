#!/usr/bin/env python3
"""original_tracker.py IP PORT FILE: stands in for the original's tracker and its seeder.

It splits FILE into blocks in the working folder's `blocks/`, which every original peer reads its
dealt blocks from, notes the extension in `extensao.txt`, and answers announces from its books.
These are wrong by design: at each announce of a known peer it draws 4 blocks anew instead of taking
what the peer told. It never forgets a peer. The options only make tests small and quick.
"""
import argparse
import json
import os
import random
import threading
from pathlib import Path

import original_wire as wire

DEALT = 4
SEEDER = "tracker"


class Tracker:
    def __init__(self, count, draw):
        self.count, self.draw = count, draw
        self.books = {}  # id -> entry, in the order of registration
        self.lock = threading.Lock()

    def deal(self, peer_id):
        if peer_id == SEEDER:
            return list(range(self.count))
        return self.draw.sample(range(self.count), min(DEALT, self.count))

    def answer(self, request):
        peer_id, ip, port = request["id"], request["ip"], request["port"]
        request["blocks"]  # must be there, and is not looked at
        with self.lock:
            self.books[peer_id] = {
                "id": peer_id, "ip": ip, "port": port, "blocks": self.deal(peer_id),
            }
            return json.dumps(list(self.books.values())).encode()


def split(path, block_size, folder):
    data = path.read_bytes()
    blocks = [data[at : at + block_size] for at in range(0, len(data), block_size)]
    (folder / "blocks").mkdir(parents=True, exist_ok=True)
    for number, block in enumerate(blocks):
        (folder / "blocks" / str(number)).write_bytes(block)
    (folder / "extensao.txt").write_text(path.suffix)
    return blocks


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("ip")
    parser.add_argument("port", type=int, help="0: any free one")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeder-port", type=int, default=9001, help="0: any free one")
    parser.add_argument("--block-size", type=int, default=262144)
    parser.add_argument("--dir", type=Path, default=Path("."), help="the working folder")
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


def main():
    options = parse_arguments()
    blocks = split(options.file, options.block_size, options.dir)
    tracker = Tracker(len(blocks), random.Random(options.seed))

    def serve(request):
        request["peerId"]  # must be there; everybody is served
        block = request["bloco"]
        return wire.block_answer(block, blocks[block]) if 0 <= block < len(blocks) else None

    server = wire.Server((options.ip, options.port), wire.ANNOUNCE_READ, tracker.answer)
    seeder = wire.Server((options.ip, options.seeder_port), wire.REQUEST_READ, serve)
    seeder_port = seeder.server_address[1]
    tracker.answer({"id": SEEDER, "ip": options.ip, "port": seeder_port, "blocks": []})
    seeder.start()
    print(f"listening on {options.ip} {server.server_address[1]}", flush=True)
    print(f"seeder on {options.ip} {seeder_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    main()
