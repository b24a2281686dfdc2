#!/usr/bin/env python3
"""bench_study.py PROGRAM [RUNS]: how much of two cores a study of small swarms gets out of.

RUNS (1,000) swarms of 20 peers and 40 blocks, two at a time, bound to two cores: the processor time
that all its processes took, of twice the time that it took. Beside it what other programs took of
these cores meanwhile, and what nobody did: on a busy machine only the last figure says anything.
Then the same again, when all is done already.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORES = 2
TICK = os.sysconf("SC_CLK_TCK")
SCENARIO = """[scenario]
repeat = {repeat}
[file]
blocks = 40
[tracker]
up = 10Mbit
[peers a]
count = 20
up = ${{1..10}}Mbit
down = 16Mbit
"""


def idle_seconds(cores):
    """Time that these cores have been idle since the machine started."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("cpu")}
    return sum(int(fields[f"cpu{core}"][3]) + int(fields[f"cpu{core}"][4]) for core in cores) / TICK


def measure(command, folder, cores):
    """(wall, processor, idle) seconds of the command on these cores."""
    before, idle, start = resource.getrusage(resource.RUSAGE_CHILDREN), idle_seconds(cores), \
        time.monotonic()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   preexec_fn=lambda: os.sched_setaffinity(0, cores))
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, taken, idle_seconds(cores) - idle


def main():
    program = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    cores = set(sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "s.ini").write_text(SCENARIO.format(repeat=(runs + 9) // 10))
        for what in ("done", "skipped"):
            wall, taken, idle = measure([program, "s.ini", "-q", "-j", str(CORES)], folder, cores)
            room = len(cores) * wall
            print(f"{runs} runs {what} in {wall:.2f} s: {taken:.2f} s of processor time, "
                  f"{100 * taken / room:.1f} % of {len(cores)} cores; others took "
                  f"{100 * max(0, room - taken - idle) / room:.1f} %, idle {100 * idle / room:.1f} %")


if __name__ == "__main__":
    main()
