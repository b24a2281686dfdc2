#!/usr/bin/env python3
"""bench_tracker.py TRACKER LOAD [--seconds N] [plain|kept]: 9,000 idle connections and announces beside them.

Starts a tracker, loads it, and prints announces per second, latency, and the most memory that the
tracker has taken. The target is 5,000 a second within 64 MiB; the load generator is on the same
machine. Each announce has a connection of its own; `plain`: it shows no extension, as the original's;
`kept`: 64 peers announce over connections that they keep.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
import swarm
import tap

IDLE, CLIENTS = 9000, 64


def main():
    tracker_program, load = tap.arguments(2)
    seconds = sys.argv[sys.argv.index("--seconds") + 1] if "--seconds" in sys.argv else "5"
    how = [word for word in ("plain", "kept") if word in sys.argv]
    bench = swarm.Swarm(tracker_program)
    try:
        # 256 blocks, as in the coursework, of 1 KiB: blocks are not what is measured
        file = bench.make_file(256 * 1024)
        tracker = bench.tracker(file, "--block-size", "1KiB", "-q")
        done = subprocess.run(
            [load, swarm.HOST, str(bench.tracker_port), seconds, str(IDLE), str(CLIENTS),
             *how],
            stdout=subprocess.PIPE, text=True)
        print(done.stdout, end="")
        memory = swarm.memory_bytes(tracker.process.pid)
        print(f"most memory of the tracker: {memory / 2**20:.1f} MiB")
        announces = int(re.search(r"(\d+) announces per second", done.stdout)[1]) * int(seconds)
        taken = swarm.processor_seconds(tracker.process.pid)
        print(f"processor time of the tracker: {taken / max(announces, 1) * 1e6:.0f} us an announce")
        return done.returncode
    finally:
        bench.stop()


if __name__ == "__main__":
    sys.exit(main())
