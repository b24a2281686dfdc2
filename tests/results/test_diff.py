#!/usr/bin/env python3
"""test_diff.py PROGRAM MINIBIT_SIM: two runs that are the same, that part somewhere, or differ else."""
import csv
import json
import shutil
import subprocess

import folders
from folders import (PROGRAM, check, equal, left_over, main, refused, results, scratch,
                     write_manifest, write_run)

SCENARIO = """[scenario]
name = d
until = 1h
[file]
blocks = 40
[tracker]
up = 4Mbit
latency = 10ms
[peers a]
count = 12
up = 1Mbit
down = 8Mbit
latency = 20ms
arrival = within 5s
"""
DIGESTED = ("register", "unchoke", "choke", "request", "refuse", "start", "deliver", "complete",
            "leave")


def simulate(*options, text=SCENARIO):
    return folders.simulate(text, *options)


def diff(a, b, *options, status=1, err=""):
    ran = results("diff", a, b, *options)
    equal((ran.status, ran.err), (status, err), ran.command)
    return ran.out


def events(run):
    """The rows that the digest covers, without their numbers."""
    with open(run / "events.csv", encoding="utf-8") as file:
        return [",".join(row[1:]) for row in csv.reader(file) if row[2] in DIGESTED]


def parting(a, b):
    """Where the two part: the number of the record, and it in both."""
    one, other = events(a), events(b)
    at = next(i for i, (x, y) in enumerate(zip(one, other)) if x != y)
    return at, one[at], other[at]


def marked(out):
    return [line[4:] for line in out.splitlines() if line.startswith("  > ")]


def the_same():
    a, b = simulate(), simulate("--events=csv")
    equal(diff(a, b, status=0), f"{a} and {b} are the same run\n")
    equal(diff(a, b, "-q", status=0), "")
    equal(diff(a, a, status=0), f"{a} and {a} are the same run\n")


def nobody_reads():
    """1 would say that they differ."""
    a, b = simulate(), simulate("--seed=2")
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run([PROGRAM, "diff", a, b], stdout=full, stderr=subprocess.PIPE, text=True,
                             check=False)
    equal((ran.returncode, ran.stderr),
          (2, "minibit-results: standard output cannot be written\n"))


def another_seed():
    a, b = simulate("--events=csv"), simulate("--events=csv", "--seed=2")
    at, one, other = parting(a, b)
    out = diff(a, b)
    check("| scenario.seed | 1   | 2   |" in out, out)
    check(f"They part at record {at} of their events" in out, out)
    equal(marked(out), [one, other])
    check("| download_s.mean " in out and "| trace_digest " in out, out)
    equal(diff(a, b, "-q"), "")
    kept = out.split("The scenarios differ in")[1]
    a, b = simulate(), simulate("--seed=2", "--events=zst")
    equal(diff(a, b).split("The scenarios differ in")[1], kept)
    equal(left_over(), [])


def late_in_the_run():
    """Equal but for a peer that leaves late: many events, and checkpoints, are the same."""
    text = SCENARIO.replace("blocks = 40", "blocks = 1200").replace("count = 12", "count = 30")
    a = simulate("--events=csv", text=text)
    b = simulate("--events=csv", "--set", "tracker.leave=at 1500s", text=text)
    checkpoints = [json.loads((run / "summary.json").read_text())["trace_checkpoints"]
                   for run in (a, b)]
    check(checkpoints[0][0] == checkpoints[1][0], "no checkpoint is the same")
    at, one, other = parting(a, b)
    check(at > 65536, at)
    out = diff(a, b)
    check("| tracker.leave | never | at 25min |" in out, out)
    check(f"They part at record {at} of their events" in out, out)
    equal(marked(out), [one, other])


def one_ends_before():
    a, b = simulate("--events=csv"), simulate("--events=csv", "--set", "scenario.until=20s")
    out = diff(a, b)
    one, other = events(a), events(b)
    equal(one[:len(other)], other, "the shorter one begins as the longer does")
    check(f"They part at record {len(other)} of their events" in out, out)
    equal(marked(out), [one[len(other)], "(the end)"])


def keys_that_one_lacks():
    a = simulate()
    b = simulate(text=SCENARIO + "[peers b]\nup = 1Mbit\ndown = 1Mbit\nfree_rider = yes\n")
    out = diff(a, b)
    check("| peers b.free_rider |     | yes " in out, out)
    check("| groups.b.peers " in out, out)
    out = diff(b, a)
    check("| peers b.free_rider | yes " in out, out)


def figures_alone():
    """The same trace, but another version worked out a figure differently."""
    a, b = simulate(), simulate()
    text = (b / "summary.json").read_text()
    summary = json.loads(text)
    (b / "summary.json").write_text(json.dumps({**summary, "jain_index": 0.5, "more": 3}))
    write_manifest(b, [p.name for p in b.iterdir() if p.name != "manifest.json"])
    out = diff(a, b)
    check("They part" not in out and "scenarios differ" not in out, out)
    check("| jain_index |" in out and "| more       |" in out and "download_s" not in out, out)


def live_runs():
    """They have no digest, so provenance and figures say whether they are the same."""
    a, b = simulate(), simulate()
    for run in (a, b):
        summary = json.loads((run / "summary.json").read_text())
        (run / "summary.json").write_text(json.dumps({**summary, "trace_digest": None}))
        write_manifest(run, [p.name for p in run.iterdir() if p.name != "manifest.json"],
                       program="minibit-live")
    note = f"minibit-results: {a}: it kept no events, and only a simulated run can be run again\n"
    equal(diff(a, b, status=0, err=note), f"{a} and {b} are the same run\n")
    rows = (b / "provenance.csv").read_text().replace(",regular\n", ",optimistic\n", 1)
    (b / "provenance.csv").write_text(rows)
    write_manifest(b, [p.name for p in b.iterdir() if p.name != "manifest.json"],
                   program="minibit-live")
    check("of their provenance" in diff(a, b, err=note), "provenance")


def without_the_simulator():
    """Where events cannot be made again, provenance says where, and where there is none, figures."""
    a, b = simulate(), simulate("--seed=2")
    for run in (a, b):
        write_manifest(run, [p.name for p in run.iterdir() if p.name != "manifest.json"],
                       program="minibit-live")
    note = f"minibit-results: {a}: it kept no events, and only a simulated run can be run again\n"
    out = diff(a, b, err=note)
    check("of their provenance" in out, out)
    rows = [(run / "provenance.csv").read_text().splitlines() for run in (a, b)]
    first = next(i for i, (x, y) in enumerate(zip(*rows)) if x != y)
    equal(marked(out), [rows[i][first].split(",", 1)[1] for i in (0, 1)])
    (b / "provenance.csv").unlink()
    write_manifest(b, [p.name for p in b.iterdir() if p.name != "manifest.json"],
                   program="minibit-live")
    out = diff(a, b, err=note)
    check("They part" not in out and "| download_s.mean " in out, out)


def replays():
    def replay(size):
        folder = scratch()
        (folder / "t.csv").write_text(f"at_s,from,to,bytes\n0,x,y,1000\n1,y,x,{size}\n")
        return simulate(text=f"[replay]\ntrace = {folder}/t.csv\n[node x]\nup = 8Mbit\n"
                             "down = 8Mbit\n[node y]\nup = 8Mbit\ndown = 8Mbit\n")
    a, b = replay(1000), replay(2000)
    out = diff(a, b)
    check("They part at record 1 of their transfers" in out, out)
    equal(marked(out), ["1.000000000,y,x,1000,1.001000000", "1.000000000,y,x,2000,1.002000000"])
    equal(diff(a, a, status=0), f"{a} and {a} are the same run\n")
    refused("diff", a, simulate(), words=["one is a replay"])


def wrong_arguments():
    run = simulate("--events=csv")
    refused("diff", run, words=["two runs"])
    refused("diff", run, run, run, words=["two runs"])
    refused("diff", run, scratch())
    refused("diff", run, scratch() / "none", words=["none"])
    refused("diff", run, run, "--brieff", words=["did you mean --brief?"])
    unfinished = write_run(scratch() / "u", {}, complete=False)
    refused("diff", run, unfinished)
    other = simulate("--events=csv", "--seed=2")
    lines = (other / "events.csv").read_text().splitlines(keepends=True)
    cut = scratch() / "cut"
    shutil.copytree(other, cut)
    (cut / "events.csv").write_text("".join(lines[:5]) + "5,0.1")
    refused("diff", run, cut, words=["events.csv"])


def odd_values():
    """A value with what means something in a table comes out as it is."""
    a = simulate(text=SCENARIO.replace("until", "description = a | b, \"c\" <script>\nuntil"))
    out = diff(a, simulate())
    check("scenario.description" in out and "They part" not in out, out)


main([
    ("the same run", the_same),
    ("another seed", another_seed),
    ("what it says cannot be written", nobody_reads),
    ("late in a run", late_in_the_run),
    ("one ends before", one_ends_before),
    ("keys that one lacks", keys_that_one_lacks),
    ("figures alone", figures_alone),
    ("live runs", live_runs),
    ("events that cannot be made again", without_the_simulator),
    ("replays", replays),
    ("wrong arguments", wrong_arguments),
    ("odd values", odd_values),
])
