#!/usr/bin/env python3
"""coverage.py BUILD | coverage.py limits: which lines and branches of the programs no test runs.

With a folder: builds everything in it with gcc's counters and without optimization, runs the unit
tests, the simulator's, the results' and the net's quick ones there, writes BUILD/coverage/index.html
and prints a table by folder, and each line whose branches are to be all taken and are not. It fails
where a figure is below what the table of docs/reliability.md promises.

A test that fails there fails the run too. Programs that count are slower, and have files of their
own to write at their end: what these complain of goes to a file of its own, and MINIBIT_COUNTED in
the environment tells tests not to hold the counters' time to the program's account.

`limits` only reads that table: it must name every part below, and promise what is aimed at. Prints TAP.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
SUITES = ("unit", "sim", "results", "net")
# part: (its files, lines % and branches % that are aimed at); the first that matches a file has it
PARTS = {
    "core/": (r"core/(peer/)?[^/]*", 100, 100),
    "core/strategies/": (r"core/strategies/.*", 100, 100),
    "core/codec/": (r"core/codec/.*", 100, 100),
    "core/file/": (r"core/file/.*", 100, 100),
    "sim/engine/links*": (r"sim/engine/links[^/]*", 100, 100),
    "sim/": (r"sim/.*", 90, 0),
    "record/": (r"record/.*", 90, 0),
    "net/": (r"net/.*", 90, 0),
}
# Branches that only a failed assertion or a failed allocation takes; more are marked GCOVR_EXCL_.
NO_BRANCHES = r".*(\bassert\(|return MB_ERR_MEMORY;).*"
# Lines that only a failed allocation reaches.
NO_LINES = r"\s*(out->failed = true;|return MB_ERR_MEMORY;)\s*"


def step(*command, judged=True, **environment):
    """Runs a command, saying nothing unless it fails. What it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, cwd=ROOT, env={**os.environ, "CC": "gcc", **environment})
    if judged and done.returncode != 0:
        sys.exit((done.stdout + done.stderr)[-4000:] + f"\ncoverage.py: {command[0]} failed")
    return done.stdout


# ---- measuring ----------------------------------------------------------------------------------


def run_tests(build):
    """Builds, and runs the tests. Those that failed, a line each."""
    if not (build / "build.ninja").exists():
        step("meson", "setup", "-Db_coverage=true", "-Doptimization=0", build)
    # Threads that count at once may leave a branch taken less than never, which gcovr does not read.
    step("meson", "configure", "-Dc_args=-fprofile-update=atomic", build)
    step("ninja", "-C", build)
    for counts in build.rglob("*.gcda"):
        counts.unlink()
    suites = [word for suite in SUITES for word in ("--suite", suite)]
    complaints = str(build / "counters.log")  # of libgcov, which else writes them to standard error
    said = step("meson", "test", "-C", build, "--no-rebuild", "-t", "5", *suites, judged=False,
                GCOV_ERROR_FILE=complaints, MINIBIT_COUNTED="1", MINIBIT_TEST_PATIENCE="240")
    failed = re.findall(r"^ *\d+/\d+ (.* (?:FAIL|ERROR|TIMEOUT) .*)", said, re.M)
    for line in failed:
        print(f"under the counters: {' '.join(line.split())}")
    return failed


def measure(build):
    """What gcovr counts in each file."""
    page, counts = build / "coverage", build / "coverage.json"
    page.mkdir(exist_ok=True)
    step("gcovr", "--root", ROOT, build, "--filter", f"{ROOT}/(core|record|sim|net)/",
         "--exclude-branches-by-pattern", NO_BRANCHES, "--exclude-lines-by-pattern", NO_LINES,
         "--exclude-unreachable-branches",
         # a thread that still counts as its program ends can leave a branch taken -1 times: untaken
         "--gcov-ignore-parse-errors", "--html-details", page / "index.html", "--json", counts)
    return json.loads(counts.read_text(encoding="utf-8"))["files"]


def part_of(path):
    return next(part for part, (files, *_) in PARTS.items() if re.fullmatch(files, path))


def totals(files):
    """part: [lines run, lines, branches taken, branches]"""
    sums = {part: [0, 0, 0, 0] for part in PARTS}
    for file in files:
        own = sums[part_of(file["file"])]
        for line in counted(file):
            branches = [branch["count"] > 0 for branch in line["branches"]]
            for at, more in enumerate((line["count"] > 0, 1, sum(branches), len(branches))):
                own[at] += more
    return sums


def counted(file):
    return [line for line in file["lines"] if not line["gcovr/noncode"]]


def percent(part, whole):
    """Rounded down: what falls short of all is not shown as all."""
    return part * 1000 // whole / 10 if whole else 100.0


def show_missing(files):
    """The lines not run and branches not taken of the parts that promise every branch."""
    for file in files:
        if PARTS[part_of(file["file"])][2] < 100:
            continue
        source = (ROOT / file["file"]).read_text(encoding="utf-8").splitlines()
        for line in counted(file):
            missing = sum(branch["count"] == 0 for branch in line["branches"])
            if line["count"] == 0 or missing:
                print(f"{file['file']}:{line['line_number']}: {missing} of {len(line['branches'])}"
                      f" branches: {source[line['line_number'] - 1].strip()}")


# ---- the promise --------------------------------------------------------------------------------


def promised():
    """part: (lines %, branches %), of the table of docs/reliability.md."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(r"^## Coverage$(.*?)(?=^## |\Z)", text, re.M | re.S)
    rows = re.findall(r"^\| `([^`]+)` \| ([\d.]+) % \| ([\d.]+) % \|", section.group(1), re.M)
    return {part: (float(lines), float(branches)) for part, lines, branches in rows}


def limits():
    """TAP: the page's table can be read, and promises no less than what is aimed at."""
    table = promised()
    print(f"1..{len(PARTS)}")
    failed = len(table) != len(PARTS)
    for number, (part, (_, lines, branches)) in enumerate(PARTS.items(), 1):
        good = part in table and table[part][0] >= lines and table[part][1] >= branches
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - {part}: {table.get(part)}")
    return 1 if failed else 0


def main(build):
    build = Path(build).resolve()
    failed = run_tests(build)
    files, below = measure(build), []
    show_missing(files)
    print(f"{'':18}{'lines':>16}{'':8}{'branches':>16}")
    for part, (lines, all_lines, taken, branches) in totals(files).items():
        figures = percent(lines, all_lines), percent(taken, branches)
        print(f"{part:18}{lines:8} of {all_lines:4}{figures[0]:7} %{taken:8} of {branches:4}"
              f"{figures[1]:7} %")
        if any(figure < limit for figure, limit in zip(figures, promised()[part])):
            below.append(part)
    print(f"page: {os.path.relpath(build / 'coverage' / 'index.html', ROOT)}")
    if failed:
        print(f"coverage.py: {len(failed)} tests failed; {build}/meson-logs/testlog.txt tells why")
    if below:
        sys.exit(f"coverage.py: below what docs/reliability.md promises: {', '.join(below)}")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(limits() if sys.argv[1] == "limits" else main(sys.argv[1]))
