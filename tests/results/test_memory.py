#!/usr/bin/env python3
"""test_memory.py PROGRAM MINIBIT_SIM: however little memory there is, a command ends by itself.

With the result, or with one line and a status that is not 0, and where a signal tells it to. Limits
go from below what the program needs to be loaded to what every command has enough of.
"""
import os
import resource
import signal
import subprocess
import time

from folders import PROGRAM, check, equal, left_over, main, scratch, simulate

LIMITS = [50, *range(56, 100, 2), 110, 130, 160, 200, 280, 400]
SCENARIO = ("[scenario]\nuntil = 2h\n[file]\nblocks = 60\n[tracker]\nup = 50Mbit\n"
            "[peers a]\ncount = 120\nup = 5Mbit\ndown = 20Mbit\n")


def limited(mib):
    """What a program does before it begins."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return limit


def sweep(run, *arguments):
    """The limits at which the command does its work; at all others it says why not. Where there is not
    even enough for GLib to begin with, below all that it can say something at, GLib ends it with a line."""
    enough, has_begun = [], False
    for mib in LIMITS:
        done = subprocess.run([PROGRAM, arguments[0], run, *arguments[1:]], capture_output=True, text=True,
                              timeout=60, preexec_fn=limited(mib))
        what = f"{arguments[0]}, {mib} MiB: {done.returncode} {done.stderr!r}"
        if done.returncode == 0:
            enough.append(mib)
            continue
        loader = done.returncode == 127 and "loading shared libraries" in done.stderr
        loader = loader or not has_begun and done.returncode == -signal.SIGABRT and "GLib (" in done.stderr
        has_begun = has_begun or not loader
        check(loader or done.returncode == 1, what)
        check(loader or done.stderr.startswith("minibit-results: "), what)
        equal(done.stderr.count("\n"), 1, what)
    check(400 in enough and 280 in enough and 50 not in enough, f"{arguments[0]}: {enough}")


def every_limit():
    plain, packed = simulate(SCENARIO), simulate(SCENARIO, "--provenance=zst")
    page = str(scratch() / "x.html")
    for run in (plain, packed):
        sweep(run, "report", "-o", page, "--force")
    sweep(packed, "explain")  # starts the simulator, and reads what that has compressed
    sweep(packed, "table")
    sweep(packed, "sql", "SELECT count(*) FROM completion")


def a_signal_ends_it():
    """While it waits for a gnuplot that never ends, and threads are not to be had."""
    run = simulate(SCENARIO)
    folder = scratch()
    (folder / "gnuplot").write_text("#!/bin/sh\nexec sleep 100\n")
    (folder / "gnuplot").chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    for mib in (90, 110, 400):
        before = left_over()
        child = subprocess.Popen([PROGRAM, "report", run, "-o", folder / "x.html"], env=environment,
                                 stderr=subprocess.PIPE, text=True, preexec_fn=limited(mib))
        deadline = time.monotonic() + 20
        while left_over() == before and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=20)
        equal((child.returncode, said), (130, "minibit-results: interrupted\n"), f"{mib} MiB")
        equal(left_over(), before, "temporary folders")


main([
    ("a command ends by itself within any limit of memory", every_limit),
    ("a signal ends it within tight ones", a_signal_ends_it),
])
