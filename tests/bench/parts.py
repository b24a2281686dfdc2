#!/usr/bin/env python3
"""parts.py MINIBIT-SIM SWARM.ini [PEERS [BLOCKS [KNOWN [PRESET]]]]: what a peer's bytes are.

Runs the flash crowd of swarm.ini (1000 peers, 256 blocks, 50 known, minibit) under valgrind's dhat, and prints
what was allocated where memory was highest, by the file of whom it is for: bytes and pieces a peer. What an
allocator adds to a piece, some 8 to 16 bytes, and what lies unused between them, come on top.
"""
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import swarms

# Who only hands on what another asks for.
HELPERS = ("list.c", "pages.c", "output.c", "event.c")
OWN = re.compile(r" \((?:in )?([\w./-]*?)(\w+\.c):\d+\)$")


def owner(frames):
    """The file of ours that asked, as far as helpers go not."""
    found = [match.group(2) for match in map(OWN.search, frames) if match]
    found = [name for name in found if not name.startswith("vg_")]
    return next((name for name in found if name not in HELPERS), found[0] if found else "libraries")


def measure(program, swarm, peers, blocks, known, preset):
    keys = swarms.keys(peers, known, **{"file.size": f"{blocks * 256}KiB", "protocol.preset": preset})
    with tempfile.TemporaryDirectory(prefix="minibit-bench.") as folder:
        subprocess.run(["valgrind", "-q", "--tool=dhat", "--read-inline-info=yes", f"--dhat-out-file={folder}/dhat",
                        program, swarm, "-q", "-o", f"{folder}/out", "--provenance=off", "--check=off",
                        "--progress=never", *keys], check=True, stderr=subprocess.DEVNULL)
        return json.loads(Path(folder, "dhat").read_text(encoding="utf-8"))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.splitlines()[0])
    program, swarm, *more = sys.argv[1:]
    peers, blocks, known = (int(word) for word in (*more[:3], *("1000", "256", "50")[len(more[:3]):]))
    found = measure(program, swarm, peers, blocks, known, more[3] if len(more) > 3 else "minibit")
    size, pieces = collections.Counter(), collections.Counter()
    for point in found["pps"]:
        name = owner([found["ftbl"][frame] for frame in point["fs"]])
        size[name] += point["gb"]
        pieces[name] += point["gbk"]
    print("| file | bytes a peer | pieces a peer |")
    print("|---|---|---|")
    rows = [("all", size.total(), pieces.total()), *((name, size[name], pieces[name]) for name, _ in size.most_common())]
    for name, total, count in rows:
        if total >= 20 * peers:
            print(f"| {name} | {total / peers:,.0f} | {count / peers:.2f} |")


if __name__ == "__main__":
    main()
