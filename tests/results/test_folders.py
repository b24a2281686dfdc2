#!/usr/bin/env python3
"""test_folders.py PROGRAM: folders that are no results, or not whole, in every command alike."""
import os
import re
import subprocess

from folders import SIM, check, equal, good, main, refused, results, scratch, write_run, write_study

COMMANDS = [("table",), ("verify",), ("sql", "SELECT 1")]


def each(folder, words, **more):
    """Every command refuses the folder alike."""
    for name, *sql in COMMANDS:
        refused(name, folder, *sql, words=words, **more)


def no_results():
    folder = scratch()
    each(folder / "none", ["none: no such folder"])
    each(folder, ["holds neither a run"])
    (folder / "file").write_text("x")
    refused("table", folder / "file", words=["not a folder"])
    refused("sql", folder / "file", "SELECT 1", words=["not a folder"])
    refused("verify", folder / "file", words=["no archive of results"])


EVENING = """[scenario]
description = gr\u00fc\u00dfe
until = 1h
repeat = 2
[file]
blocks = 8
[tracker]
up = 10Mbit
[peers Z\u00fcrich]
count = ${N=2, 3}
up = 2Mbit
down = 10Mbit
[peers \u6771\u4eac]
count = 2
up = 1Mbit
down = 10Mbit
"""


def names_of_any_script():
    """A file with a blank and an umlaut, groups with letters of two scripts: through every program."""
    home = scratch() / "ein Ordner \u00fc"
    home.mkdir()
    (home / "Abend \u00dcbung.ini").write_text(EVENING, encoding="utf-8")

    def simulate(*arguments, locale="C.UTF-8"):
        done = subprocess.run([SIM, *arguments], cwd=home, capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": locale})
        return done.returncode, done.stderr
    for locale, to in (("C.UTF-8", ()), ("C", ("-o", "c"))):
        equal(simulate("Abend \u00dcbung.ini", "-q", "--events=csv", *to, locale=locale), (0, ""))
    study = "results/Abend-\u00dcbung"
    runs = sorted(path.parent for path in (home / study).glob("*/completion.csv"))
    equal(len(runs), 4)
    for run in runs:
        equal((run / "completion.csv").read_bytes(), (home / "c" / run.name / "completion.csv").read_bytes())
    one = str(runs[0].relative_to(home))
    # Letters of two columns, and of two bytes, move nothing out of its column.
    told = subprocess.run([SIM, f"{one}/config.ini", "-o", "told"], cwd=home, capture_output=True, text=True,
                          check=True).stdout.split("\n")
    wide = {name: next(line for line in told if line.startswith(name)) for name in ("Z\u00fcrich", "\u6771\u4eac")}
    ends = {len(re.match(r"\S+ +\d+", line)[0]) + 2 * line.count("\u6771") for line in wide.values()}
    equal(len(ends), 1, wide)
    lines = good("table", study, "--by=group", "--metric=peers", cwd=home).out.rstrip("\n").split("\n")
    equal(len({len(line) + 2 * line.count("\u6771") for line in lines}), 1, lines)
    rows = good("table", study, "--by=group,N", "--metric=peers", cwd=home).table()[1:]
    equal([row[:2] for row in rows], [["Z\u00fcrich", "2"], ["Z\u00fcrich", "3"], ["\u6771\u4eac", "2"],
                                      ["\u6771\u4eac", "3"]])
    figure = "groups.Z\u00fcrich.download_s.mean"
    row = good("table", one, f"--metric={figure}", cwd=home).table()
    equal(row[0][1], "mean download time of Z\u00fcrich (s)")
    good("sql", study, f'SELECT "{figure}" FROM figures', cwd=home)
    good("verify", study, cwd=home)
    check("Z\u00fcrich-1 of Abend-\u00dcbung" in good("explain", one, "--peer=Z\u00fcrich-1", cwd=home).out, "explain")
    good("report", study, "-o", "Bericht \u00fc.html", cwd=home)
    page = (home / "Bericht \u00fc.html").read_text(encoding="utf-8")
    check("Z\u00fcrich" in page and "\u6771\u4eac" in page, "the report lacks a group")
    good("plot", one, "--kind=matrix", "-o", "Bild \u00fc.svg", cwd=home)
    check("Z\u00fcrich-1" in (home / "Bild \u00fc.svg").read_text(encoding="utf-8"), "the picture lacks a peer")
    equal(simulate("Abend \u00dcbung.ini", "-q", "--run=0", "--set", "peers Z\u00fcrich.count=1", "-o", "eins"), (0, ""))
    equal(simulate(f"{one}/config.ini", "-q", "-o", "wieder", "--events=csv"), (0, ""))
    equal((home / "wieder/events.csv").read_bytes(), (home / one / "events.csv").read_bytes())
    status, said = simulate("Abend \u00dcbung.ini", "--set", "peers Zurich.count=1", "-o", "x")
    equal((status, "did you mean \"peers Z\u00fcrich\"?" in said), (2, True))
    (home / "bad.ini").write_bytes(EVENING.encode("latin-1", "replace"))
    status, said = simulate("bad.ini")
    equal((status, "not valid UTF-8" in said), (2, True))


def unfinished():
    run = write_run(scratch() / "r")
    (run / "manifest.json").unlink()
    each(run, ["r: the run is not finished"])
    each(write_run(scratch() / "r", complete=False), ["not finished"])
    begun = scratch()
    (begun / "provenance.csv.tmp").write_text("seq")
    each(begun, ["not finished"])


def schemas():
    folder = scratch()
    write_run(folder / "a")
    write_run(folder / "b", schema=2)
    each(folder / "b", ["schema 2", "reads schema 1"])
    refused("table", folder / "a", folder / "b", words=["b: schema 2", "schema 1"])
    text = (folder / "a" / "manifest.json").read_text()
    (folder / "a" / "manifest.json").write_text(text.replace('"schema"', '"scheme"'))
    each(folder / "a", ["no schema"])


def broken_json():
    run = write_run(scratch() / "r", {"v": 1})
    text = (run / "manifest.json").read_text()
    (run / "manifest.json").write_text(text[:-5])
    each(run, ["manifest.json: not a whole JSON object"])
    (run / "manifest.json").write_text(text)
    (run / "summary.json").write_text("[1]")
    refused("table", run, words=["summary.json: not a whole JSON object"])
    (run / "summary.json").unlink()
    refused("table", run, words=["summary.json: no such file"])


def studies():
    study = write_study(scratch() / "s", ["N"], [(0, 1, (5,), None)])
    each(study, ["s: the study has no finished run"])
    index = study / "index.csv"
    for text, words in (
        ("", ["index.csv: empty"]),
        ("run,folder,seed,repetition\n", ["index.csv"]),
        ("run,folder,repetition\n", ["no column seed"]),
        ("run,folder,repetition,seed,N\n0,f0000,0,1\n", ["line 2", "4 fields"]),
        ("run,folder,repetition,seed,N\n0,f0000,0,1,5", ["line 2", "cut off"]),
        ("run,folder,repetition,seed,N\nx,f0000,0,1,5\n", ["line 2", "run is no number: x"]),
        ("run,folder,repetition,seed,N\n0,../../etc,0,1,5\n", ["line 2", "no folder of a run"]),
        ("run,folder,repetition,seed,N\n0,..,0,1,5\n", ["line 2", "no folder of a run"]),
    ):
        index.write_text(text)
        each(study, words)


def replay():
    run = write_run(scratch() / "r", tables={
        "transfers.csv": "at_s,from,to,bytes,completed_s\n0.000000000,x,y,5,1.500000000\n"})
    refused("table", run, words=["a replay has no figures"])
    ran = good("sql", run, 'SELECT "from", "to", completed_s FROM transfers')
    equal(ran.table()[1], ["x", "y", "1.5"])


def the_program():
    refused(words=["no command"])
    refused("--verison", words=["did you mean --version"])
    for words in (("--help",), ("table", "--help"), ("sql", "--help"), ("verify", "-h")):
        text = good(*words).out
        equal(text.split("\n")[0], "Usage:")
        equal("Examples:" in text.split("\n\n")[1], True, f"{words}: examples first")
    with open("/dev/full", "w", encoding="utf-8") as full:
        import subprocess
        from folders import PROGRAM
        done = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False)
    equal((done.returncode, done.stderr),
          (1, "minibit-results: standard output cannot be written\n"))
    equal(results("nonsense").status, 2)


main([
    ("a folder that holds no results", no_results),
    ("names of any script, with blanks, through every program", names_of_any_script),
    ("a run that is not finished", unfinished),
    ("schemas that differ, or that nobody knows", schemas),
    ("JSON that is cut off", broken_json),
    ("studies without a finished run, or whose index is not right", studies),
    ("a replay has transfers and no figures", replay),
    ("help, examples first; errors are one line", the_program),
])
