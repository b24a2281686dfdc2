#!/usr/bin/env python3
"""test_folders.py PROGRAM: folders that are no results, or not whole, in every command alike."""
from folders import equal, good, main, refused, results, scratch, write_run, write_study

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
    each(folder / "file", ["not a folder"])


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
    ("a run that is not finished", unfinished),
    ("schemas that differ, or that nobody knows", schemas),
    ("JSON that is cut off", broken_json),
    ("studies without a finished run, or whose index is not right", studies),
    ("a replay has transfers and no figures", replay),
    ("help, examples first; errors are one line", the_program),
])
