#!/usr/bin/env python3
"""test_slurm.py PROGRAM: studies as Slurm array jobs, on a private Slurm of two nodes.

What is merged must be the bytes that one process leaves, also where workers or nodes die.
"""
import re

import harness
from harness import PROGRAM, SCRATCH, SCRIPTS, require
from slurm import Slurm

# Smaller than the number of runs, so that tasks must take several.
ARRAY_MAX = 5

study = harness.write_study()
expected = harness.reference(study)
cluster = Slurm(ARRAY_MAX)


def submit(folder, *options, status=0, scenario=study):
    return cluster.run(
        SCRIPTS / "slurm-submit", scenario, "-o", folder, "--program", PROGRAM, *options,
        status=status,
    )


def whole_study():
    folder = SCRATCH / "whole"
    said = submit(folder, "--wait")
    require("8 of 8 runs to do, in 4 tasks" in said, said)
    require("all 8 runs are finished" in said, said)
    harness.require_same(folder, expected)
    logs = "".join(path.read_text() for path in folder.with_name("whole.slurm").glob("1/runs-*"))
    require("on node1" in logs and "on node2" in logs, f"not on both nodes: {logs}")


def nothing_twice():
    folder = SCRATCH / "whole"
    said = submit(folder)
    require("nothing to submit" in said, said)
    require(not folder.with_name("whole.slurm").joinpath("2").exists(), "submitted again")
    harness.require_same(folder, expected)


def killed_worker():
    folder = SCRATCH / "killed"
    submit(folder, "--chunk", "2")
    harness.kill_worker(folder)
    cluster.wait_until_over()
    said = folder.with_name("killed.slurm").joinpath("1/merge.log").read_text()
    missing = re.search(r"^(\d+) of 8 runs are missing", said)
    require(missing and 1 <= int(missing[1]) <= 2, f"the merge does not miss 1 or 2 runs: {said}")
    require(not (folder / "table.md").exists(), "a table of a study that is not whole")
    said = submit(folder)
    cluster.wait_until_over()
    require(f"{missing[1]} of 8 runs to do" in said, f"not what was missing, {missing[1]}: {said}")
    harness.require_same(folder, expected)
    return f"{missing[1]} of 8 runs made after it"


def dead_node():
    folder = SCRATCH / "dead"
    submit(folder, "--chunk", "4")
    cluster.kill_node_at_work("node1", folder)
    cluster.wait_until_over()
    require("due to failure of node node1" in cluster.log("slurmctld"), "nothing was requeued")
    said = folder.with_name("dead.slurm").joinpath("1/merge.log").read_text()
    require("all 8 runs are finished" in said, said)
    harness.require_same(folder, expected)
    cluster.start_node("node1")


def one_at_a_time():
    folder = SCRATCH / "held"
    submit(folder, "--", "--hold")
    job = folder.with_name("held.slurm").joinpath("1/jobs").read_text().split()[0]
    said = submit(folder, status=1)
    require(f"slurm-submit: job {job} of this study is not over" in said, said)
    cluster.run("scancel", job)
    cluster.wait_until_over()
    said = folder.with_name("held.slurm").joinpath("1/merge.log").read_text()
    require("8 of 8 runs are missing" in said, said)
    require(not folder.exists() or not any(folder.iterdir()), "a merge has made something")


def changed_study():
    scenario = harness.write_study("changing.ini")
    folder = SCRATCH / "changed"
    submit(folder, "--", "--hold", scenario=scenario)
    scenario.write_text(harness.STUDY.replace("N=20,", "N=20,30,"), encoding="utf-8")
    work = folder.with_name("changed.slurm") / "1"
    cluster.run("scontrol", "release", work.joinpath("jobs").read_text().split()[0])
    cluster.wait_until_over()
    said = work.joinpath("runs-0.log").read_text()
    require("not the study that was submitted" in said, said)
    require(not list(folder.glob("*/manifest.json")), "runs of another study were made")


def bad_use():
    folder = SCRATCH / "bad"
    for message, arguments in (
        ("no study given", ("-o", folder)),
        ("no results folder given", (study,)),
        (f"{SCRATCH}/none.ini: not a file", (SCRATCH / "none.ini", "-o", folder)),
        ("unknown option --chunks; did you mean --chunk?", (study, "-o", folder, "--chunks", "3")),
        ("--chunk 0: not a whole number from 1", (study, "-o", folder, "--chunk", "0")),
        ("--chunk: its value is missing", (study, "-o", folder, "--chunk")),
        ("--chunk 1: 8 runs, at most 5 tasks in an array: --chunk 2 or more",
         (study, "-o", folder, "--chunk", "1", "--program", PROGRAM)),
        ("--program none: no such program", (study, "-o", folder, "--program", "none")),
        (f"{study}: not a folder", (study, "-o", study)),
    ):
        said = cluster.run(SCRIPTS / "slurm-submit", *arguments, status=2)
        require(said.startswith(f"slurm-submit: {message}"), f"{said!r}, not {message!r}")
        require(said.count("\n") == 1, f"not one line: {said!r}")
    require(not list(SCRATCH.glob("bad*")), "something was made")


harness.main(
    [
        ("a study as an array job is the bytes of -j 1", whole_study),
        ("a finished study is not submitted again", nothing_twice),
        ("a worker killed with -9: reported, made by the next submission", killed_worker),
        ("a node that dies: its tasks go to the other", dead_node),
        ("a study is submitted once at a time", one_at_a_time),
        ("a study that has changed since is not run", changed_study),
        ("bad use", bad_use),
    ],
    cluster.logs,
)
