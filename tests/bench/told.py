#!/usr/bin/env python3
"""told.py MINIBIT-SIM SPENT SWARM.ini [SCENARIO.ini ...]: what --dry-run tells, beside what a run takes.

Runs each scenario, and where none is named the flash crowd of swarm.ini with few and many peers, blocks and
known peers, and prints memory, processor time and events, each with how many times as much was told for a run
that goes as such swarms do. Of a study it takes the first run.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import swarms

UNITS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
COST = r"about ([\d.]+) (.)B of memory, ([\d:.]+)[^,]* of processor time, (\d+) events"
# Peers, blocks, known peers.
GROWTH = ((100, 256, 50), (1000, 256, 50), (10_000, 64, 50), (300, 16, 50), (300, 1024, 50), (300, 4096, 50),
          (1000, 64, 5), (1000, 64, 20), (1000, 64, 200))


def seconds(text):
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def told(words):
    done = subprocess.run([*words, "--dry-run"], capture_output=True, text=True, check=True)
    memory, unit, time, events = re.search(COST, done.stdout).groups()
    return float(memory) * UNITS[unit], seconds(time), int(events)


def taken(words, spent):
    with tempfile.TemporaryDirectory(prefix="minibit-bench.") as folder:
        done = subprocess.run([spent, *words, "-q", "--check=off", "--progress=never", "-o", f"{folder}/out"],
                              stdout=subprocess.PIPE, text=True, check=False)
        text = next(Path(folder).rglob("summary.json")).read_text(encoding="utf-8")
    us, kilobytes = done.stdout.split()[-2:]
    return int(kilobytes) * 1024, int(us) / 1e6, int(re.search(r'"events": (\d+)', text).group(1))


def show(name, words, spent):
    (memory, time, events), (memory_told, time_told, events_told) = taken(words, spent), told(words)
    print(f"| {name} | {memory / 1e6:.1f} MB | {memory_told / memory:.2f} | {time:.2f} s | {time_told / time:.2f} "
          f"| {events:,} | {events_told / events:.2f} |", flush=True)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__.splitlines()[0])
    program, spent, swarm, *scenarios = sys.argv[1:]
    print("| run | memory | times told | processor time | times told | events | times told |")
    print("|---|---|---|---|---|---|---|")
    for path in scenarios:
        study = "${" in Path(path).read_text(encoding="utf-8") or "repeat" in Path(path).read_text(encoding="utf-8")
        show(Path(path).stem, [program, path, *(["--run=0"] if study else [])], spent)
    for peers, blocks, known in GROWTH if not scenarios else ():
        keys = swarms.keys(peers, known, **{"file.size": f"{blocks * 256}KiB", "protocol.peers_per_announce": known})
        show(f"{peers:,} peers, {blocks:,} blocks, {known} known", [program, swarm, "--provenance=off", *keys], spent)
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
