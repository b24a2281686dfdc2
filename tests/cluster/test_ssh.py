#!/usr/bin/env python3
"""test_ssh.py PROGRAM: studies through GNU parallel over two private sshd on the loopback.

What it leaves must be the bytes that one process leaves, also where workers or hosts die.
"""
import os
import re

import harness
from harness import PROGRAM, SCRATCH, SCRIPTS, require
from sshd import Hosts

study = harness.write_study()
expected = harness.reference(study)
hosts = Hosts("hare", "fox")
environment = dict(
    os.environ, PARALLEL_SSH=hosts.ssh, PARALLEL_HOME=str(SCRATCH / "parallel-home")
)


def command(folder, *options, scenario=study):
    words = [SCRIPTS / "parallel", scenario, "-o", folder, "--program", PROGRAM, *options]
    return [str(word) for word in words]


def parallel(folder, *options, status=0, **more):
    return harness.run(*command(folder, *options, **more), status=status, env=environment)


def start(folder, *options):
    return harness.start(
        command(folder, *options), folder.with_suffix(".log"), env=environment
    )


def require_finished(process, folder):
    status = process.wait(harness.PATIENCE_S)
    require(status == 0, f"exit {status}\n{folder.with_suffix('.log').read_text()}")
    harness.require_same(folder, expected)


def used_hosts(folder):
    """The hosts in GNU parallel's list of jobs, each once."""
    rows = (folder.parent / f"{folder.name}.parallel" / "joblog").read_text().splitlines()[1:]
    return {row.split("\t")[1] for row in rows}


def shared_folder():
    folder = SCRATCH / "shared"
    parallel(folder, "--hosts", "hare,fox", "-j", "1")
    harness.require_same(folder, expected)
    require(used_hosts(folder) == {"hare", "fox"}, f"used: {used_hosts(folder)}")


def no_shared_folder():
    folder = SCRATCH / "apart"
    list_of_hosts = SCRATCH / "hosts.txt"
    list_of_hosts.write_text("# two, and this machine\n1/hare\n1/fox  # slow\n\n1/:\n")
    parallel(folder, "--hosts", list_of_hosts, "--no-shared")
    harness.require_same(folder, expected)
    require(used_hosts(folder) == {"hare", "fox", ":"}, f"used: {used_hosts(folder)}")
    for name in ("hare", "fox"):
        left = [path for path in hosts.home(name).rglob("*") if path.is_file()]
        require(not left, f"left on {name}: {left}")


def files_of_a_study():
    (SCRATCH / "base").mkdir()
    (SCRATCH / "base" / "tracker.ini").write_text(
        harness.STUDY.replace("count = ${N=20,100}\n", "arrival = trace times.csv\n")
    )
    (SCRATCH / "base" / "times.csv").write_text("arrived_s,leave_s\n0,\n1,\n2.5,\n4,\n")
    (SCRATCH / "study").mkdir()
    scenario = SCRATCH / "study" / "traced.ini"
    scenario.write_text("[scenario]\nextends = ../base/tracker.ini\nname = traced\n")
    alone = SCRATCH / "traced-alone"
    harness.run(PROGRAM, scenario, "-o", alone, "-j", "1", "-q")
    folder = SCRATCH / "traced"
    parallel(folder, "--hosts", "1/hare,1/fox", "--no-shared", "--chunk", "2", scenario=scenario)
    harness.require_same(folder, harness.contents(alone))


def killed_worker():
    folder = SCRATCH / "worker"
    process = start(folder, "--hosts", "1/hare,1/fox")
    harness.kill_worker(folder)
    require_finished(process, folder)


def dead_host(*options):
    folder = SCRATCH / ("dead" + "".join(options))
    process = start(folder, "--hosts", "1/hare,1/fox", *options)
    back = folder.with_name(folder.name + ".parallel")
    harness.wait_for(
        lambda: list(folder.glob("*/manifest.json")) or list(back.rglob("manifest.json")),
        "a finished run", pause_s=0.002,
    )
    hosts.kill("fox")
    try:
        require(process.poll() is None, "it was over before the host died")
        require_finished(process, folder)
    finally:
        hosts.start("fox")


def host_away():
    folder = SCRATCH / "away"
    hosts.kill("fox")
    try:
        said = parallel(folder, "--hosts", "hare,fox")
    finally:
        hosts.start("fox")
    require(re.search(r"^parallel: fox is left out: .+$", said, re.M), said)
    require(used_hosts(folder) == {"hare"}, f"used: {used_hosts(folder)}")
    harness.require_same(folder, expected)


def resumed():
    folder = SCRATCH / "resumed"
    process = start(folder, "--hosts", "1/hare,1/fox", "--no-shared")
    # Of a run, the last file that rsync puts in its place.
    whole = "incoming/resumed/*/timeline.csv"
    back = SCRATCH / "resumed.parallel"
    harness.wait_for(lambda: list(back.glob(whole)), "a run brought back", pause_s=0.002)
    harness.kill_tree(process.pid)
    process.wait()
    said = parallel(folder, "--hosts", "1/hare,1/fox", "--no-shared")
    require("8 of 8" not in said, f"what had come back was made again: {said}")
    harness.require_same(folder, expected)


def other_program():
    program = SCRATCH / "minibit-sim"
    program.write_text(
        '#!/bin/sh\ncase $HOME:$1 in */fox/home:--version) echo "minibit-sim 9.9.9"; exit ;; esac\n'
        f'exec {PROGRAM} "$@"\n'
    )
    program.chmod(0o755)
    folder = SCRATCH / "other"
    said = harness.run(
        SCRIPTS / "parallel", study, "-o", folder, "--program", program, "--hosts", "hare,fox",
        status=2, env=environment,
    )
    require("fox: " in said and "is 9.9.9, here it is " in said, said)
    require(not folder.exists(), "runs were made")


def no_host():
    said = parallel(SCRATCH / "none", "--hosts", "owl", status=1)
    require("owl is left out: " in said and "no host answers" in said, said)


harness.main(
    [
        ("two hosts that share a folder leave the bytes of -j 1", shared_folder),
        ("two hosts that share none, and this machine", no_shared_folder),
        ("a study of several files goes to the hosts", files_of_a_study),
        ("a worker killed with -9: its run is tried again", killed_worker),
        ("a host that dies amid: the other takes over", dead_host),
        ("the same without a shared folder", lambda: dead_host("--no-shared")),
        ("a host that does not answer is left out", host_away),
        ("killed with -9 while runs come back, and resumed", resumed),
        ("a host with another version is refused", other_program),
        ("no host answers", no_host),
    ],
    hosts.logs,
)
