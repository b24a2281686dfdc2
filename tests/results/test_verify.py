#!/usr/bin/env python3
"""test_verify.py PROGRAM MINIBIT_SIM: runs done again, and files that somebody changed."""
import os
import shutil
import signal
import subprocess
import time

import folders
from folders import (PROGRAM, SIM, check, equal, good, left_over, main, refused, results, scratch,
                     write_manifest)

SCENARIO = """[scenario]
name = v
until = 1h
[file]
blocks = 10
[tracker]
up = 4Mbit
[peers a]
count = 4
up = 1Mbit
down = 8Mbit
"""


def simulate(folder, text=SCENARIO, options=()):
    return folders.simulate(text, *options, folder=folder)


def the_same_again():
    for options, files in (((), 5), (("--events=zst", "--provenance=zst"), 6),
                           (("--provenance=off", "--seed=18446744073709551615"), 4)):
        run = simulate(scratch(), options=options)
        before = {p.name: p.read_bytes() for p in run.iterdir()}
        equal(good("verify", run).out, f"1 of 1 run: all {files} files as the manifest says, and "
                                       "the same bytes when run again\n")
        equal({p.name: p.read_bytes() for p in run.iterdir()}, before, "the folder")
    equal(left_over(), [])


def a_study():
    folder = scratch()
    rows = ["run,folder,repetition,seed,N"]
    for number in range(5):
        run = simulate(scratch(), options=("--seed", str(number)))
        shutil.copytree(run, folder / "s" / f"r{number}")
        rows.append(f"{number},r{number},{number},{number},1")
    (folder / "s" / "index.csv").write_text("\n".join(rows) + "\n")
    wanted = "5 of 5 runs: all 25 files as the manifests say, and the same bytes when run again\n"
    for jobs in ("1", "3"):
        equal(good("verify", folder / "s", f"-j{jobs}").out, wanted)
    for number in (1, 3):
        with open(folder / "s" / f"r{number}" / "timeline.csv", "a", encoding="utf-8") as file:
            file.write("\n")
    ran = results("verify", folder / "s")
    equal(ran.status, 2)
    check(ran.out.startswith("3 of 5 runs: all 15 files"), ran.out)
    lines = ran.err.split("\n")
    check("r1/timeline.csv: changed" in lines[0] and "r3/timeline.csv: changed" in lines[1], ran.err)


def paths_of_other_files():
    """A path in config.ini is as seen from the folder of the run, wherever it is run again."""
    folder = scratch()
    (folder / "payload.bin").write_bytes(bytes(range(256)) * 4096)
    (folder / "times.csv").write_text("arrived_s,leave_s\n0,\n1.5,\n2,\n")
    text = SCENARIO.replace("blocks = 10", "path = payload.bin").replace(
        "count = 4\n", "arrival = trace times.csv\n")
    run = simulate(folder, text)
    check("same bytes when run again" in good("verify", run).out, "not the same")


def a_replay():
    folder = scratch()
    (folder / "t.csv").write_text("at_s,from,to,bytes\n0,x,y,1000000\n1.5,y,x,1000000\n")
    run = simulate(folder, "[replay]\ntrace = t.csv\n[node x]\nup = 8Mbit\ndown = 8Mbit\n"
                           "[node y]\nup = 8Mbit\ndown = 8Mbit\n")
    check("same bytes when run again" in good("verify", run).out, "not the same")


def changed_files():
    run = simulate(scratch())
    text = (run / "completion.csv").read_text()
    (run / "completion.csv").write_text(text.replace("a-2,", "a-7,"))
    refused("verify", run, words=["completion.csv: changed since the run"])
    refused("verify", run, "--manifest-only", words=["completion.csv: changed since the run"])
    (run / "completion.csv").unlink()
    refused("verify", run, words=["completion.csv: missing"])


def another_result():
    """Changed together with the manifest: only running it again shows it, line by line."""
    run = simulate(scratch())
    names = ["completion.csv", "provenance.csv", "timeline.csv", "summary.json", "config.ini"]
    text = (run / "completion.csv").read_text()
    cases = [
        (text.replace("\na-2,", "\na-7,"), ["line 3 is 'a-7,", "run again 'a-2,"]),
        (text + "a-9\n", ["line 6 is 'a-9'", "run again nothing"]),
        (text[:-1], ["line 5", "without a line end"]),
    ]
    for changed, words in cases:
        (run / "completion.csv").write_text(changed)
        write_manifest(run, names)
        equal(good("verify", run, "--manifest-only").out,
              "1 of 1 run: all 5 files as the manifest says\n")
        refused("verify", run, status=1,
                words=["completion.csv: ", *words, "it was made from sources unknown (commit 000000"])
    (run / "completion.csv").write_text(text)
    write_manifest(run, names[1:])
    refused("verify", run, words=["completion.csv: there only when run again"], status=1)
    (run / "config.ini").write_text((run / "config.ini").read_text() + "[nonsense]\n")
    write_manifest(run, names)
    refused("verify", run, words=["minibit-sim fails", "nonsense"], status=1)


def live_runs():
    run = simulate(scratch())
    names = ["completion.csv", "provenance.csv", "timeline.csv", "summary.json", "config.ini"]
    write_manifest(run, names, program="minibit-live")
    equal(good("verify", run).out, "1 of 1 run: all 5 files as the manifest says\n")


def without_the_simulator():
    run = simulate(scratch())
    alone = scratch()
    shutil.copy(PROGRAM, alone / "minibit-results")
    done = subprocess.run([alone / "minibit-results", "verify", run], capture_output=True,
                          text=True, check=False, env={"PATH": "/nowhere"})
    equal((done.returncode, done.stdout), (2, ""))
    check("minibit-sim: neither beside" in done.stderr, done.stderr)


def endless_run():
    """A folder whose config.ini takes for ever when it is run again."""
    endless = SCENARIO.replace("until = 1h", "seed = 1\nuntil = 10000h").replace(
        "count = 4", "arrival = poisson 1/min\nleave = when-complete")
    run = simulate(scratch())
    (run.parent / "endless.ini").write_text(endless)
    with open(run / "config.ini", "w", encoding="utf-8") as config:
        subprocess.run([SIM, run.parent / "endless.ini", "--show-config"], stdout=config, check=True)
    names = ["completion.csv", "provenance.csv", "timeline.csv", "summary.json", "config.ini"]
    write_manifest(run, names)
    return run


def begun(temporary):
    """Whether the simulator writes its files, or gnuplot has its script."""
    return list(temporary.glob("*/*/*.tmp")) or list(temporary.glob("minibit-plot.*/*"))


def interrupted():
    """Ctrl-C reaches the simulator too, SIGTERM only the program that was told to end."""
    run = endless_run()
    other = simulate(scratch(), options=("--seed=2",))
    plots = ["plot", other, "-o", scratch()]
    (run.parent / "gnuplot").write_text("#!/bin/sh\nexec sleep 100\n")
    (run.parent / "gnuplot").chmod(0o755)
    environment = {**os.environ, "PATH": f"{run.parent}:{os.environ['PATH']}"}
    for command in (["verify", run], ["explain", run], ["diff", other, run], plots):
        for number, tell in ((signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)):
            temporary = scratch()
            process = subprocess.Popen([PROGRAM, *command], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, start_new_session=True,
                                       env={**environment, "TMPDIR": str(temporary)})
            deadline = time.monotonic() + 30
            while not begun(temporary) and time.monotonic() < deadline:
                time.sleep(0.02)
            tell(process.pid, number)
            out, err = process.communicate(timeout=60)
            equal((process.returncode, out, err), (130, "", "minibit-results: interrupted\n"),
                  f"{command[0]}, signal {number}")
            equal(list(temporary.iterdir()), [], f"{command[0]}, signal {number}")
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                continue
            check(False, f"{command[0]}, signal {number}: the simulator is still there")


main([
    ("a run comes out the same again", the_same_again),
    ("so does a study, for any number of jobs; what is changed is named", a_study),
    ("paths of other files lead to the same place", paths_of_other_files),
    ("a replay comes out the same again", a_replay),
    ("a file changed since the run is named", changed_files),
    ("another result is named with its first line", another_result),
    ("a live run is only held against its manifest", live_runs),
    ("without the simulator it says so", without_the_simulator),
    ("interrupted, verify, explain, diff and plot leave nothing behind", interrupted),
])
