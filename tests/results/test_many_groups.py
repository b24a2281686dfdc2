#!/usr/bin/env python3
"""test_many_groups.py PROGRAM MINIBIT_SIM: what thousands of groups cost grows with their number.

Never with its square: not the bytes of summary.json, not the memory of a run, not the time of a
run or of what reads it. Pairs of groups that moved no byte are 0 to every reader.
"""
import json
import resource
import subprocess

import folders
from folders import check, equal, good, main, refused, scratch, write_run, write_study

FEW, MANY = 4000, 16000
HOME = scratch()
RUNS, COSTS = {}, {}


def groups(count):
    return "[file]\nblocks = 1\n[tracker]\nup = 1Mbit\n" + "".join(
        f"[peers g{i}]\nup = 1Mbit\ndown = 1Mbit\n" for i in range(count))


def cost(*command):
    """Processor seconds of a command that ends well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=300)
    equal((done.returncode, done.stderr), (0, ""), " ".join(map(str, command)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def grows(what, costs, again):
    """Four times as many groups: 4 times as long, not 16 times. Who shares the machine's caches makes a run
    longer, never shorter: of runs done again the shortest counts."""
    for _ in range(3):
        if costs[1] < 9 * max(costs[0], 0.05):
            return
        costs = [min(pair) for pair in zip(costs, again())]
    check(False, f"{what}: {costs[0]:.2f} s, then {costs[1]:.2f} s")


def a_run():
    def simulate(*options):
        return [cost(folders.SIM, "-q", f"{count}.ini", "-o", f"r{count}", *options) for count in (FEW, MANY)]

    for count in (FEW, MANY):
        (HOME / f"{count}.ini").write_text(groups(count))
    costs = simulate()
    for count in (FEW, MANY):
        RUNS[count] = HOME / f"r{count}"
        size = (RUNS[count] / "summary.json").stat().st_size
        check(size < 700 * count, f"summary.json of {count} groups: {size} bytes")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    check(peak < 30000 * MANY, f"{MANY} groups: {peak} bytes of memory")
    grows("the run", costs, lambda: simulate("--force"))
    pairs = json.loads((RUNS[FEW] / "summary.json").read_text())["group_bytes"]
    equal(sum(map(len, pairs.values())), FEW, "each peer had its only block of one other")
    check(all(value > 0 for row in pairs.values() for value in row.values()), "a pair of no bytes")


def holders():
    """Groups that bring blocks, of which it is asked whether any can move."""
    for count in (MANY, 4 * MANY):
        (HOME / f"have{count}.ini").write_text(groups(count).replace("blocks = 1", "blocks = 4").replace(
            "down = 1Mbit\n", "down = 1Mbit\nhave = 50%\n"))

    def check_them():
        return [cost(folders.SIM, "--dry-run", f"have{count}.ini") for count in (MANY, 4 * MANY)]

    grows("the dry run", check_them(), check_them)


def its_configuration():
    """It is larger than the scenario, and a scenario all the same."""
    size = (RUNS[MANY] / "config.ini").stat().st_size
    check(size > 1 << 20, f"config.ini: {size} bytes")
    cost(folders.SIM, "--dry-run", RUNS[MANY] / "config.ini")


def its_readers():
    for command in (["table", "RUN"], ["diff", "RUN", "RUN"], ["plot", "RUN", "--force"],
                    ["report", "RUN", "-o", "x.html", "--force"],
                    ["sql", "RUN", "SELECT count(*) FROM figures"]):
        def read(words=command):
            return [cost(folders.PROGRAM, *(str(RUNS[n]) if part == "RUN" else part for part in words))
                    for n in (FEW, MANY)]

        grows(command[0], read(), read)
    text = good("explain", RUNS[FEW]).out
    check("tracker" in text, text)


def pair_figures(bytes_of):
    return {"peers": 2, "group_bytes": bytes_of, "groups": {
        name: {"peers": 1, "peers_complete": 1} for name in ("a", "b.c")}}


def a_pair_that_is_not_there():
    """Is 0 where both groups are; a group that is not there has no pairs."""
    run = write_run(scratch() / "r", pair_figures({"tracker": {"a": 5}}))
    names = ["group_bytes.tracker.a", "group_bytes.tracker.b.c", "group_bytes.b.c.a"]
    table = good("table", run, "--by=run", *(f"--metric={name}" for name in names), "--format=csv").out
    equal(table.splitlines()[1].split(",")[3::4], ["5", "0", "0"], table)
    for name in ("group_bytes.a.d", "group_bytes.a", "group_bytes.tracker"):
        refused("table", run, f"--metric={name}", words=["no figure"])
    study = write_study(scratch() / "s", ["N"], [
        (0, 1, (1,), pair_figures({"a": {"a": 6}})), (0, 2, (2,), pair_figures({}))])
    table = good("table", study, "--metric=group_bytes.a.a", "--format=csv").out
    equal([line.split(",")[3] for line in table.splitlines()[1:]], ["6", "0"], table)
    ran = good("sql", study, 'SELECT N, "group_bytes.a.a" FROM figures ORDER BY N')
    equal(ran.table()[1:], [["1", "6"], ["2", "0"]])


def two_runs_of_which_one_has_the_pair():
    a = write_run(scratch() / "a", pair_figures({"a": {"a": 6}, "tracker": {"a": 0}}))
    b = write_run(scratch() / "b", pair_figures({"b.c": {"a": 7}}), seed=2)
    ran = folders.results("diff", a, b)
    rows = {row[0]: row[1:4] for row in ran.table() if row[0].startswith("group_bytes")}
    equal(rows, {"group_bytes.a.a": ["6", "0", "-6"], "group_bytes.b.c.a": ["0", "7", "+7"]}, ran.out)


main([
    ("a run of 16,000 groups", a_run),
    ("a dry run of 64,000 groups that bring blocks", holders),
    ("its config.ini can be run", its_configuration),
    ("what reads it", its_readers),
    ("a pair that is not there is 0", a_pair_that_is_not_there),
    ("diff of a pair that one run has not", two_runs_of_which_one_has_the_pair),
])
