#!/usr/bin/env python3
"""Runs a swarm by libminibit and draws how many peers were complete when.

    run.py PICTURE.png [SLOTS...]

A run for each number of slots, at the same time in threads. Rows come by a callback while a run goes
on; nothing is written but the picture, by gnuplot.
"""
import csv
import ctypes
import json
import subprocess
import sys
import threading

SCENARIO = b"""
[scenario]
name = evening
until = 2h
sample = 2s
[file]
size = 50MiB
[tracker]
up = 20Mbit
down = 20Mbit
latency = 10ms
[peers fibre]
count = 20
up = 50Mbit
down = 100Mbit
latency = 5ms
arrival = within 10s
[peers dsl]
count = 60
up = 1.5Mbit
down = 16Mbit
latency = 25ms
arrival = within 10s
"""
ROWS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p,
                        ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)

minibit = ctypes.CDLL("libminibit.so.0")
minibit.mb_sim_new.restype = ctypes.c_void_p
minibit.mb_version.restype = ctypes.c_char_p
for name, *more in (("free",), ("set", ctypes.c_char_p), ("scenario", ctypes.c_char_p, ctypes.c_char_p),
                    ("on_rows", ROWS, ctypes.c_void_p), ("run",), ("error",), ("summary",)):
    function = getattr(minibit, "mb_sim_" + name)
    function.argtypes = [ctypes.c_void_p, *more]
    function.restype = (ctypes.c_char_p if name in ("error", "summary")
                        else None if name in ("free", "on_rows") else ctypes.c_int)


def simulate(assignment):
    """The rows of timeline.csv and the summary, of a run with a key of its own."""
    tables = {}

    @ROWS
    def rows(_, table, data, size):
        tables[table] = tables.get(table, b"") + ctypes.string_at(data, size)
        return 0

    sim = minibit.mb_sim_new()
    try:
        minibit.mb_sim_on_rows(sim, rows, None)
        if (minibit.mb_sim_set(sim, assignment) or minibit.mb_sim_scenario(sim, b"evening", SCENARIO)
                or minibit.mb_sim_run(sim)):
            sys.exit(minibit.mb_sim_error(sim).decode())
        summary = json.loads(minibit.mb_sim_summary(sim))
    finally:
        minibit.mb_sim_free(sim)
    return list(csv.DictReader(tables[b"timeline.csv"].decode().splitlines())), summary


def plot(runs, picture):
    lines = ", ".join(f"$run{slots} using 1:2 with steps linewidth 2 title '{slots} slots'"
                      for slots in runs)
    data = "".join(f"$run{slots} << end\n"
                   + "".join(f"{row['time_s']} {row['complete']}\n" for row in rows) + "end\n"
                   for slots, (rows, _) in runs.items())
    script = (f"set terminal pngcairo size 800,500\nset output '{picture}'\n{data}"
              f"set xlabel 'time in s'\nset ylabel 'peers complete'\nset key left\nplot {lines}\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main(picture, choices):
    runs = dict.fromkeys(choices)

    def run(slots):
        runs[slots] = simulate(f"protocol.regular_slots={slots}".encode())

    threads = [threading.Thread(target=run, args=(slots,)) for slots in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for slots, (_, summary) in runs.items():
        print(f"{slots} slots: mean {summary['download_s']['mean']} s, digest {summary['trace_digest']}")
    plot(runs, picture)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:] or ["2", "4", "8"])
