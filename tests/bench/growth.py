#!/usr/bin/env python3
"""growth.py MINIBIT-SIM SPENT SWARM.ini [--to DIR] [--seconds N] [--repeat N]: does a step cost more than its work?

Runs the flash crowd of swarm.ini with ever more peers, blocks and known peers, and from a seeder without
slots, each alone, and prints one table: processor time of a block, events of a block, memory of a peer,
and the time against the row above. DIR (default: growth) gets growth.csv, growth.gp and growth.png.

A series ends before a run that would take more than --seconds (default 60) of processor time, as far as
the run before it tells. Of --repeat runs (default 1) each figure is the median. Provenance and checks are off.
"""
import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import swarms

COLUMNS = ("series", "size", "peers", "blocks", "known", "us_a_block", "events_a_block", "bytes_a_peer", "seconds")
# What a series has besides the size that grows: peers, blocks, known peers, other settings.
SERIES = {
    "peers": ((100, 1000, 10_000, 100_000, 1_000_000), lambda n: (n, 256, 50, {})),
    "blocks": ((16, 64, 256, 1024, 4096, 16_384), lambda n: (300, n, 50, {})),
    "known": ((5, 10, 20, 50, 100, 200), lambda n: (1000, 64, n, {"protocol.peers_per_announce": n})),
    "open seeder": ((250, 1000, 4000, 16_000), lambda n: (n, 64, 50, {"tracker.seeder_slots": 0})),
}


def run(asked, peers, blocks, known, more):
    settings = swarms.keys(peers, known, **{"file.size": f"{blocks * 256}KiB"}, **more)
    return swarms.run(asked.program, asked.spent, asked.swarm, settings)


def measure(asked, base, series, size):
    peers, blocks, known, more = SERIES[series][1](size)
    runs = [run(asked, peers, blocks, known, more) for _ in range(asked.repeat)]
    seconds = statistics.median(seconds for seconds, _, _ in runs)
    memory = statistics.median(memory for _, memory, _ in runs)
    moved = runs[0][2]["blocks_transferred"]
    return dict(zip(COLUMNS, (series, size, peers, blocks, known, round(seconds * 1e6 / moved, 3),
                              round(runs[0][2]["events"] / moved, 2), round((memory - base) / peers),
                              round(seconds, 2))))


def show(row, before):
    times = f"{row['us_a_block'] / before['us_a_block']:.2f}" if before else ""
    print(f"| {row['series']} | {row['size']:,} | {row['us_a_block']:.2f} us | {times} "
          f"| {row['events_a_block']:.1f} | {row['bytes_a_peer'] / 1000:.1f} kB |", flush=True)


def grow(asked, base, series):
    rows = []
    for size in SERIES[series][0]:
        # What the next takes if a block costs half as much again.
        if rows and rows[-1]["seconds"] * size / rows[-1]["size"] * 1.5 > asked.seconds:
            break
        rows.append(measure(asked, base, series, size))
        show(rows[-1], rows[-2] if len(rows) > 1 else None)
    return rows


def plot(folder, rows):
    """One panel a series: time of a block, and memory of a peer on the axis at the right."""
    lines = ["set terminal pngcairo size 1200,900 font ',11'", "set output 'growth.png'", "set multiplot layout 2,2",
             "set logscale x", "set grid", "set yrange [0:*]", "set y2range [0:*]", "set ytics nomirror", "set y2tics",
             "set ylabel 'processor time of a block (us)'", "set y2label 'memory of a peer (kB)'",
             "set key top left"]
    for series in SERIES:
        points = [row for row in rows if row["series"] == series]
        if not points:
            continue
        lines += ["$data << EOD"]
        lines += [f"{row['size']} {row['us_a_block']} {row['bytes_a_peer'] / 1000}" for row in points]
        label = "peers, seeder without slots" if series == "open seeder" else series
        lines += ["EOD", f"set xlabel '{label}'",
                  "plot $data using 1:2 with linespoints lw 2 title 'time', "
                  "$data using 1:3 axes x1y2 with linespoints lw 2 title 'memory'"]
    script = folder / "growth.gp"
    script.write_text("\n".join([*lines, "unset multiplot"]) + "\n", encoding="utf-8")
    if shutil.which("gnuplot"):
        subprocess.run(["gnuplot", script.name], cwd=folder, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("spent")
    parser.add_argument("swarm")
    parser.add_argument("--to", type=Path, default=Path("growth"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--series", choices=SERIES, action="append", help="only this one; may be repeated")
    asked = parser.parse_args()
    asked.program = str(Path(asked.program).resolve())
    asked.to.mkdir(parents=True, exist_ok=True)
    base = swarms.empty(asked.program, asked.spent, asked.swarm)
    print("| series | size | processor time of a block | times the row above | events of a block | memory of a peer |")
    print("|---|---|---|---|---|---|")
    rows = [row for series in asked.series or SERIES for row in grow(asked, base, series)]
    with open(asked.to / "growth.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    plot(asked.to, rows)
    print(f"load average {os.getloadavg()[0]:.1f}; {asked.to}/growth.csv, growth.png", file=sys.stderr)


if __name__ == "__main__":
    main()
