#!/usr/bin/env python3
"""bench_swarm.py MINIBIT-SIM SPENT SWARM.ini PRESET MAX_KNOWN [PEERS ...]: what a block costs to simulate.

Runs the flash crowd of swarm.ini at several sizes (1000 10000 100000) and prints, for each, the processor
time per block delivered, the events, the re-rated flows per event and the peak memory per peer. Provenance
and checks are off, as for large swarms.

Processor time is the whole process's, user and system, from start to written results. Memory is the peak
resident set less that of a run of ten peers and one byte. The smallest sizes are run three times; the
median of each figure is printed. Peers go by tens.
"""
import statistics
import sys
from pathlib import Path

import swarms

SIZES = (1000, 10_000, 100_000)
REPEATS, REPEAT_UP_TO = 3, 2000


def measure(programs, preset, known, peers, base):
    settings = swarms.keys(peers, known, **{"protocol.preset": preset})
    runs = [swarms.run(*programs, settings) for _ in range(REPEATS if peers <= REPEAT_UP_TO else 1)]
    seconds, memory = (statistics.median(run[at] for run in runs) for at in (0, 1))
    found = runs[0][2]
    blocks = found["blocks_transferred"]
    print(f"{preset:10} {known:>5} {peers:8} {blocks:11} {seconds:9.2f} {1e9 * seconds / blocks:9.0f} "
          f"{found['events']:11} {found['rerated_flows_per_event']:10.2f} {(memory - base) / peers / 1000:10.2f} "
          f"{found['end_s']:10.0f}", flush=True)


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__.splitlines()[0])
    *programs, preset, known = sys.argv[1:6]
    programs[0] = Path(programs[0]).resolve()
    base = swarms.empty(*programs)
    print(f"{'preset':10} {'known':>5} {'peers':>8} {'blocks':>11} {'cpu_s':>9} {'ns/block':>9} {'events':>11} "
          f"{'rerated/ev':>10} {'kB/peer':>10} {'swarm_s':>10}")
    for peers in map(int, sys.argv[6:] or SIZES):
        measure(programs, preset, known, peers, base)


if __name__ == "__main__":
    main()
