#!/usr/bin/env python3
"""test_parallel.py PROGRAM: studies through GNU parallel on this machine alone.

What it leaves must be the bytes that one process leaves, also after all of it was killed amid.
"""
import os
import signal

import harness
from harness import PROGRAM, SCRATCH, SCRIPTS, require

RESULTS = os.path.join(os.path.dirname(PROGRAM), "minibit-results")

study = harness.write_study()
expected = harness.reference(study)
# GNU parallel keeps files of its own in a folder of the user's.
environment = dict(os.environ, PARALLEL_HOME=str(SCRATCH / "parallel-home"))


def parallel(folder, *options, status=0):
    return harness.run(
        SCRIPTS / "parallel", study, "-o", folder, "--program", PROGRAM, *options,
        status=status, env=environment,
    )


def whole_study():
    folder = SCRATCH / "whole"
    said = parallel(folder, "-j", "2")
    require("8 of 8 runs to do" in said and "all 8 runs are finished" in said, said)
    harness.require_same(folder, expected)
    table = (folder / "table.md").read_text()
    require(table == harness.run(RESULTS, "table", folder), "not the table of minibit-results")
    said = parallel(folder)
    require("runs to do" not in said and "all 8 runs are finished" in said, said)
    harness.require_same(folder, expected)


def chunks():
    folder = SCRATCH / "chunks"
    parallel(folder, "--chunk", "5", "-j", "2")
    harness.require_same(folder, expected)


def finished(folder):
    """The manifests of finished runs; a run under way has a folder whose name begins with a dot."""
    return list(folder.glob("[!.]*/manifest.json"))


def killed_amid():
    folder = SCRATCH / "killed"
    command = [SCRIPTS / "parallel", study, "-o", folder, "--program", PROGRAM, "-j", "2"]
    process = harness.start(
        [str(word) for word in command], SCRATCH / "killed.log", env=environment
    )
    harness.wait_for(lambda: finished(folder), "a finished run", pause_s=0.002)
    harness.kill_tree(process.pid)
    process.wait()
    done = len(finished(folder))
    require(0 < done < harness.RUNS, f"{done} runs were finished when it was killed")
    said = parallel(folder, "-j", "2")
    require(f"{harness.RUNS - done} of 8 runs to do" in said, f"not the rest of {done}: {said}")
    harness.require_same(folder, expected)
    return f"after {done} of 8 runs"


def interrupted():
    folder, log = SCRATCH / "interrupted", SCRATCH / "interrupted.log"
    command = [SCRIPTS / "parallel", study, "-o", folder, "--program", PROGRAM, "-j", "1"]
    process = harness.start([str(word) for word in command], log, env=environment)
    harness.wait_for(lambda: finished(folder), "a finished run", pause_s=0.002)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    require(process.wait(harness.PATIENCE_S) == 130, log.read_text())
    said = log.read_text()
    require("interrupted; the same command goes on" in said, said)
    require(said.count("runs to do") == 1, f"it went on: {said}")
    done = len(finished(folder))
    require(0 < done < harness.RUNS, f"{done} runs were finished when it was interrupted")
    parallel(folder, "-j", "2")
    harness.require_same(folder, expected)


def killed_worker():
    folder = SCRATCH / "worker"
    command = [SCRIPTS / "parallel", study, "-o", folder, "--program", PROGRAM, "-j", "2"]
    process = harness.start(
        [str(word) for word in command], SCRATCH / "worker.log", env=environment
    )
    harness.kill_worker(folder)
    require(process.wait(harness.PATIENCE_S) == 0, SCRATCH.joinpath("worker.log").read_text())
    harness.require_same(folder, expected)


def leftovers():
    folder = SCRATCH / "whole"
    (folder / ".0123456789abcdef.elsewhere.17.tmp").mkdir()
    (folder / ".0123456789abcdef.elsewhere.17.tmp" / "config.ini").touch()
    (folder / ".index.csv.elsewhere.17.tmp").touch()
    (folder / ".mine.tmp").touch()
    harness.run(SCRIPTS / "merge", study, "-o", folder, "--program", PROGRAM)
    (folder / ".mine.tmp").unlink()
    harness.require_same(folder, expected)


def one_at_a_time():
    folder = SCRATCH / "twice"
    command = [SCRIPTS / "parallel", study, "-o", folder, "--program", PROGRAM, "-j", "2"]
    process = harness.start(
        [str(word) for word in command], SCRATCH / "twice.log", env=environment
    )
    harness.wait_for(lambda: next(harness.workers(folder), None), "work", pause_s=0.002)
    os.kill(process.pid, signal.SIGSTOP)
    said = parallel(folder, status=1)
    os.kill(process.pid, signal.SIGCONT)
    require("this study is being run already" in said, said)
    require(process.wait(harness.PATIENCE_S) == 0, SCRATCH.joinpath("twice.log").read_text())


def bad_use():
    folder = SCRATCH / "bad"
    for message, arguments in (
        ("no study given", ("-o", folder)),
        ("no results folder given", (study,)),
        (f"{SCRATCH}/none.ini: not a file", (SCRATCH / "none.ini", "-o", folder)),
        ("unknown option --host; did you mean --hosts?", (study, "-o", folder, "--host", "a")),
        ("--hosts a/b/c: no such file",
         (study, "-o", folder, "--hosts", "a/b/c", "--program", PROGRAM)),
        ("--hosts ,: names no host",
         (study, "-o", folder, "--hosts", ",", "--program", PROGRAM)),
        ("--jobs none: not a whole number", (study, "-o", folder, "--jobs", "none")),
        ("--retries: its value is missing", (study, "-o", folder, "--retries")),
        ("--program none: no such program", (study, "-o", folder, "--program", "none")),
        (f"{study}: not a folder", (study, "-o", study)),
    ):
        said = harness.run(SCRIPTS / "parallel", *arguments, status=2, env=environment)
        require(said.startswith(f"parallel: {message}"), f"{said!r}, not {message!r}")
        require(said.count("\n") == 1, f"not one line: {said!r}")
    require(not list(SCRATCH.glob("bad*")), "something was made")


def bad_study():
    folder = SCRATCH / "bad-study"
    scenario = SCRATCH / "bad.ini"
    scenario.write_text(harness.STUDY.replace("N=20", "N=twenty"), encoding="utf-8")
    said = harness.run(
        SCRIPTS / "parallel", scenario, "-o", folder, "--program", PROGRAM, status=2,
        env=environment,
    )
    require(said.startswith("minibit-sim: ") and said.count("\n") == 1, said)
    require(not list(SCRATCH.glob("bad-study*")), "something was made")


harness.main(
    [
        ("a study through GNU parallel is the bytes of -j 1, and is run once", whole_study),
        ("several runs in a job", chunks),
        ("all of it killed with -9, and resumed", killed_amid),
        ("interrupted once, it ends at once, and is resumed", interrupted),
        ("a worker killed with -9: its run is tried again", killed_worker),
        ("what killed processes left is swept up, and nothing else", leftovers),
        ("a study is run once at a time", one_at_a_time),
        ("bad use", bad_use),
        ("a study with a mistake", bad_study),
    ]
)
