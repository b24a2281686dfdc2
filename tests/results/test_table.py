#!/usr/bin/env python3
"""test_table.py PROGRAM: figures over parameter points, held against Python's own statistics."""
import csv
import io
import math
import os
import random
import re
import statistics
from pathlib import Path

from folders import check, equal, good, main, refused, results, scratch, simulate, write_run, write_study

# Student's t, 97.5 %, by degrees of freedom (Abramowitz and Stegun, table 26.10).
T975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 19: 2.093, 29: 2.045}


def figures(mean, share=0.5, **more):
    return {
        "completed_s": mean * 2, "download_s": {"count": 3, "mean": mean, "p95": mean * 1.5},
        "tracker_share": share, "peers_complete": 3, "bound_ratio": None, **more,
    }


def rows_of(ran):
    return list(csv.DictReader(io.StringIO(ran.out)))


def means_and_intervals():
    """n = 2 to 30: what GSL makes of it is what statistics and a printed table make of it."""
    draw = random.Random(4)
    runs, wanted = [], {}
    for size in (2, 3, 4, 5, 6, 10, 20, 30):
        values = [round(draw.gauss(200, 40), 9) for _ in range(size)]
        runs += [(i, i + 1, (size,), figures(v)) for i, v in enumerate(values)]
        half = T975[size - 1] * statistics.stdev(values) / math.sqrt(size)
        wanted[str(size)] = (size, statistics.fmean(values), half)
    study = write_study(scratch() / "s", ["N"], runs)
    rows = rows_of(good("table", study, "--metric", "download_s.mean", "--format=csv"))
    equal([row["N"] for row in rows], list(wanted), "points")
    for row in rows:
        size, mean, half = wanted[row["N"]]
        equal((row["runs"], row["download_s.mean.n"]), (str(size), str(size)))
        low, high = (float(row[f"download_s.mean.{end}"]) for end in ("low", "high"))
        check(math.isclose(float(row["download_s.mean.mean"]), mean, rel_tol=1e-12), f"mean {row}")
        # The printed quantile has four digits.
        check(math.isclose(high - low, 2 * half, rel_tol=3e-4), f"interval {row}, wanted {half}")


def one_run_has_no_interval():
    study = write_study(scratch() / "s", ["N"], [(0, 1, (5,), figures(221.7))])
    row = rows_of(good("table", study, "--metric=download_s.mean", "--format=csv"))[0]
    equal((row["download_s.mean.mean"], row["download_s.mean.low"], row["download_s.mean.high"]),
          ("221.7", "", ""))
    table = good("table", study, "--metric=download_s.mean").table()
    equal(table, [["N", "runs", "mean download time (min:s)"], ["5", "1", "3:41.7"]])


def survivors_are_counted():
    """A time to completion is one of the peers that completed: where others did not, that is said."""
    def complete(mean, peers_complete):
        groups = {"slow": {"peers": 15, "peers_complete": peers_complete - 5, "download_s": {"mean": mean}},
                  "fast": {"peers": 5, "peers_complete": 5, "download_s": {"mean": mean}}}
        return figures(mean, peers=20, peers_complete=peers_complete, groups=groups)
    runs = [(0, 1, (1,), complete(10, 20)), (1, 2, (1,), complete(12, 20)),
            (0, 1, (2,), complete(11, 9)), (1, 2, (2,), complete(13, 7))]
    study = write_study(scratch() / "s", ["N"], runs)
    ran = good("table", study, "--metric=completed_s", "--metric=download_s.mean", "--metric=tracker_share")
    rows = ran.table()
    equal([["peers" in cell for cell in row[2:]] for row in rows[1:]], [[False] * 3, [True, True, False]])
    check(rows[2][3].endswith(" (16 of 40 peers)"), rows[2][3])
    equal(ran.err, "minibit-results: not all peers completed at 1 of 2 points: times there are of those "
          "that did\n")
    by_group = good("table", study, "--by=N,group", "--metric=download_s.mean").table()
    equal([row[3].partition("(")[2] for row in by_group[1:]], ["", "", "6 of 30 peers)", ""])
    equal(good("table", study, "--metric=tracker_share").err, "")


WAITING = """[scenario]
name = waiting
until = 40s
warmup = 4s
[file]
size = 10MiB
[tracker]
up = 20Mbit
down = 20Mbit
[peers early]
count = 3
up = 10Mbit
down = 20Mbit
[peers late]
arrival = every 3s
count = 10
up = 1Mbit
down = 4Mbit
[peers holders]
count = 1
up = 1Mbit
down = 1Mbit
have = all
"""


def restricted_means():
    """Who never completed counts with the wait in vain; warmup and those that came complete do not."""
    run = simulate(WAITING)
    rows = list(csv.DictReader(open(run / "completion.csv")))
    waits = {}
    for row in rows:
        arrived, completed = float(row["arrived_s"]), float(row["completed_s"] or 40)
        if row["group"] == "holders" or (row["group"] == "late" and arrived < 4):
            continue
        waits.setdefault(row["group"], []).append(min(completed, 40) - arrived)
    check(any(row["status"] == "incomplete" for row in rows), "somebody must be late")
    check(len(waits["late"]) < 10, "somebody must come before warmup")
    everybody = statistics.fmean(sum(waits.values(), []))
    metric = "download_s.restricted_mean"
    row = rows_of(good("table", run, f"--metric={metric}", "--format=csv"))[0]
    check(abs(float(row[f"{metric}.mean"]) - everybody) < 1e-9, row)
    by_group = {row["group"]: row[f"{metric}.mean"] for row in
                rows_of(good("table", run, "--by=group", f"--metric={metric}", "--format=csv"))}
    equal(sorted(by_group), ["early", "holders", "late"])
    equal(by_group["holders"], "")
    for group, of in waits.items():
        check(abs(float(by_group[group]) - statistics.fmean(of)) < 1e-9, group)
    inner = f"groups.late.{metric}"
    row = rows_of(good("table", run, f"--metric={inner}", "--format=csv"))[0]
    equal(row[f"{inner}.mean"], by_group["late"])
    marked = good("table", run, "--metric=download_s.mean", f"--metric={metric}").table()[1]
    equal([" peers)" in cell for cell in marked[1:]], [True, False])
    equal(refused("table", run, "--metric=download_s.restrited_mean").err.count(metric), 1)
    no_until = write_run(scratch() / "r", {"end_s": 1})
    equal(good("table", no_until, f"--metric={metric}").table()[1], ["1", "(0 of 1)"])


def differences_are_paired():
    """Run against run of one seed: Python's own statistics of the pairs, whatever the runs' order."""
    draw = random.Random(7)
    noise = {seed: draw.gauss(0, 50) for seed in range(1, 9)}
    samples, runs = {}, []
    for kind, shift in (("random", 0), ("rarest", -5), ("sequential", 20)):
        for n in (1, 2):
            seeds = list(noise)[: 5 if (kind, n) == ("sequential", 2) else 8]
            for seed in draw.sample(seeds, len(seeds)):
                value = 200 + noise[seed] + n * shift + draw.gauss(0, 1)
                samples[kind, n, seed] = value
                runs.append((seed, seed, (kind, n), figures(value)))
    study = write_study(scratch() / "s", ["protocol.selection", "N"], runs)
    command = ["table", study, "--against=selection=random", "--metric=download_s.mean"]
    for row in rows_of(good(*command, "--format=csv")):
        kind, n = row["protocol.selection"], int(row["N"])
        if kind == "random":
            equal(row["download_s.mean.difference.n"], "0")
            continue
        pairs = [samples[key] - samples["random", n, key[2]] for key in samples if key[:2] == (kind, n)]
        half = T975.get(len(pairs) - 1, 2.365) * statistics.stdev(pairs) / math.sqrt(len(pairs))
        low, high = (float(row[f"download_s.mean.difference.{end}"]) for end in ("low", "high"))
        equal(row["download_s.mean.difference.n"], str(len(pairs)))
        check(math.isclose(float(row["download_s.mean.difference.mean"]), statistics.fmean(pairs)), row)
        check(math.isclose((high - low) / 2, half, rel_tol=1e-3), (row, half))
        check(half < 3 and float(row["download_s.mean.high"]) - float(row["download_s.mean.low"]) > 30,
              "pairs know more than the runs by themselves")
    table = good(*command).table()
    equal(table[0][4], "mean download time, difference from protocol.selection = random (s)")
    equal([row[4][:1] for row in table[1:]], ["", "", "-", "-", "+", "+"])
    both = good("table", study, "--against=selection=random,N=1", "--metric=download_s.mean").table()
    equal([row[4] == "" for row in both[1:]], [True] + [False] * 5)

    refused(*command[:2], "--against=selection=randm", words=["selection = randm", "did you mean random"])
    refused(*command[:2], "--against=selecton=random", words=["selecton", "did you mean"])
    refused(*command[:2], "--against=random", words=["KEY=VALUE"])
    refused(*command[:2], "--against=N=1,N=2", words=["said twice"])
    refused(*command[:2], "--by=N,selection,seed", "--against=seed=1", words=["same seed"])
    refused(*command[:2], "--query=SELECT 1 AS x", "--against=N=1", words=["--against"])
    twice = write_study(scratch() / "t", ["N"], [(0, 1, (1,), figures(1)), (1, 1, (1,), figures(2)),
                                                 (0, 1, (2,), figures(3))])
    refused("table", twice, "--against=N=1", words=["two runs of seed 1"])


def differences_of_survivors_are_marked():
    def some(mean, complete):
        return figures(mean, peers=10, peers_complete=complete)
    study = write_study(scratch() / "s", ["N"], [(0, 1, (1,), some(9, 10)), (0, 1, (2,), some(5, 4)),
                                                 (0, 1, (3,), some(8, 10))])
    table = good("table", study, "--against=N=1", "--metric=download_s.mean").table()
    equal([row[3] for row in table[1:]], ["", "-4 (4 of 10 peers)", "-1"])


def words_and_units():
    """One unit a column, in its heading; labels of one's own; the documented figures all have words."""
    study = write_study(scratch() / "s", ["peers dsl.up"], [
        (0, 1, ("1Mbit",), figures(30, wasted_bytes=1500, a_b="x")),
        (0, 2, ("2Mbit",), figures(90, wasted_bytes=2500000, a_b="x"))])
    metrics = ["--metric=download_s.mean", "--metric=wasted_bytes"]
    equal(good("table", study, *metrics).table(),
          [["uplink of dsl", "runs", "mean download time (min:s)", "waste (MB)"],
           ["1Mbit", "1", "0:30", "0.00150"], ["2Mbit", "1", "1:30", "2.50000"]])
    equal(good("table", study, *metrics, "--seconds", "--label=peers dsl.up=Uplink",
               "--label=download_s.mean=Time").table(),
          [["Uplink", "runs", "Time (s)", "waste (MB)"],
           ["1Mbit", "1", "30", "0.00150"], ["2Mbit", "1", "90", "2.50000"]])
    header = good("table", study, *metrics, "--label=download_s.mean=T", "--format=csv").out.partition("\n")[0]
    check("download_s.mean.mean" in header and "T." not in header, "programs read paths")
    refused("table", study, "--label=download_s.man=x", "--metric=download_s.mean", words=["did you mean"])
    refused("table", study, "--label=x", words=["NAME=TEXT"])


def documented_figures_have_words():
    text = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", text.partition("## summary.json")[2].partition("### ")[0], re.M)
    paths = set()
    for cell in rows:
        names = re.findall(r"`([^`]+)`", cell)
        paths |= {name if name[0] != "." else names[0].rpartition(".")[0] + name for name in names}
    check(len(paths) > 40, paths)
    no_numbers = {"schema", "scenario", "seed", "complete", "trace_digest", "trace_checkpoints", "groups.NAME.",
                  "group_bytes.FROM.TO"}
    check(no_numbers <= paths, no_numbers - paths)
    asked = sorted(paths - no_numbers)
    whole = {}
    for path in asked:
        inner = whole
        for part in path.split(".")[:-1]:
            inner = inner.setdefault(part, {})
        inner[path.split(".")[-1]] = 1
    whole["groups"] = {"a.b": {"peers_complete": 1, "share_ratio": {"p95": 1}}}
    whole["group_bytes"] = {"a": {"tracker": 1}}
    run = write_run(scratch() / "r", whole)
    asked += ["groups.a.b.share_ratio.p95", "group_bytes.a.tracker"]
    heads = good("table", run, *(f"--metric={path}" for path in asked)).table()[0][1:]
    # These are words as they are.
    equal([path for path, head in zip(asked, heads) if path == head.partition(" (")[0]], ["peers"])
    equal(heads[-2:], ["95th percentile share ratio of a.b", "bytes from a to tracker (bytes)"])
    equal(len(set(heads)), len(heads), "no two have the same words")


def latex_fits():
    study = write_study(scratch() / "s", ["N"], [(0, 1, (1,), figures(30))])
    text = good("table", study, "--format=latex").out
    equal([text.count(word) for word in ("\\toprule", "\\midrule", "\\bottomrule", "\\hline")], [1, 1, 1, 0])
    check("\\linewidth" in text and text.count("{") == text.count("}"), text)


def missing_values_are_counted():
    runs = [(i, i, ("a",), figures(100, bound_ratio=ratio))
            for i, ratio in enumerate([2, None, 3, None])]
    runs += [(0, 9, ("b",), figures(100))]
    study = write_study(scratch() / "s", ["x"], runs)
    table = good("table", study, "--metric=bound_ratio").table()
    equal(table[1], ["a", "4", "2.5 ± 6.4 (2 of 4)"])
    equal(table[2], ["b", "1", "(0 of 1)"])
    row = rows_of(good("table", study, "--metric=bound_ratio", "--format=csv"))[1]
    equal((row["bound_ratio.n"], row["bound_ratio.mean"]), ("0", ""))


def times_are_readable():
    cases = [(12.34, "12.34"), (59.996, "59.996"), (60, "1:00"), (221.683, "3:41.7"),
             (3600, "1:00:00"), (3725.5, "1:02:05.5"), (0, "0")]
    for value, text in cases:
        run = write_run(scratch() / "r", {"end_s": value})
        wanted = {"59.996": "60.00", "3:41.7": "3:41.7", "1:02:05.5": "1:02:06"}.get(text, text)
        equal(good("table", run, "--metric=end_s").table()[1], ["1", wanted], f"{value}")


def keys():
    """--by: one of several parameters, run columns, several folders, parts of a parameter's name."""
    runs = [(r, r + 1, (n, s), figures(n * 10 + r)) for r in range(2)
            for n in (1, 2) for s in ("rarest", "random")]
    study = write_study(scratch() / "one", ["N", "protocol.selection"], runs)
    metric = "--metric=download_s.mean"
    equal([row[:2] for row in good("table", study, metric).table()],
          [["N", "selection"], ["1", "rarest"], ["1", "random"], ["2", "rarest"],
           ["2", "random"]])
    table = good("table", study, metric, "--by", "selection,repetition,N").table()
    equal([row[:4] for row in table[1:]],
          [[s, r, n, "1"] for s in ("rarest", "random") for r in "01" for n in "12"])
    other = write_study(scratch() / "two", ["N"], [(0, 1, (7,), figures(1))])
    table = good("table", study, other, metric).table()
    equal(table[0][:3], ["study", "N", "selection"])
    equal(table[-1][:4], ["two", "7", "", "1"])


def no_repetitions():
    """Runs that differ in more than the keys are not averaged: what they differ in has a column, and
    that is said. What goes along with a key is no difference."""
    runs = [(r, r + 1, (n, s, 10 * n), figures(n * 10 + r)) for r in range(2)
            for n in (1, 2) for s in ("rarest", "random")]
    study = write_study(scratch() / "one", ["N", "selection", "along"], runs)
    metric = "--metric=download_s.mean"

    def said(what):
        return (f"minibit-results: runs with different {what} are no repetitions of each other: each "
                "by itself\n")
    by_n = good("table", study, metric, "--by=N")
    whole = good("table", study, metric, "--by=N,selection")
    equal((by_n.table(), by_n.err), (whole.table(), said("selection")))
    equal((whole.table()[0][:3], len(whole.table()), whole.err), (["N", "selection", "runs"], 5, ""))
    by_repetition = good("table", study, metric, "--by=repetition")
    equal(by_repetition.table()[0][:4], ["repetition", "N", "selection", "runs"])
    equal(by_repetition.err, said("N") + said("selection"))
    other = write_study(scratch() / "two", ["N", "selection", "along"], runs)
    both = good("table", study, other, metric, "--by=N,selection")
    equal((both.table()[0][:3], both.err), (["N", "selection", "study"], said("study")))
    equal(good("table", study, metric, "--by=N,selection,group").err, "")


def order():
    """Rows by the first key, then the second: quantities by value, names as runs first have them."""
    sizes, choices = ("1MiB", "900KiB", "2MiB", "1024KiB"), ("rarest", "any", "")
    runs = [(0, 1, (choice, size), figures(100)) for choice in choices for size in sizes]
    study = write_study(scratch() / "s", ["choice", "size"], runs)
    metric, rising = "--metric=download_s.mean", ("900KiB", "1MiB", "1024KiB", "2MiB")
    table = good("table", study, metric, "--by=size,choice").table()
    equal([row[:2] for row in table[1:]], [[size, choice] for size in rising for choice in choices])
    table = good("table", study, metric).table()
    equal([row[:2] for row in table[1:]], [[choice, size] for choice in choices for size in rising])
    other = write_study(scratch() / "other", ["size"], [(0, 1, ("1KiB",), figures(1))])
    table = good("table", study, other, metric, "--by=choice,size,study").table()
    equal(table[-1][:2], ["", "1KiB"], "the other study has no choice, which is not an empty one")
    table = good("table", study, other, metric, "--by=study,size,choice").table()
    equal([row[1] for row in table[1:]], [*(size for size in rising for _ in choices), "1KiB"])


def groups():
    """--by group looks within each group; a single run shows its groups of itself."""
    def with_groups(fast, slow):
        return figures(1, groups={
            name: {"peers": 2, "peers_complete": 2, "download_s": {"mean": mean}}
            for name, mean in (("fast", fast), ("slow.er", slow))})
    study = write_study(scratch() / "s", ["N"], [(r, r, (5,), with_groups(10 + r, 20))
                                                  for r in range(2)])
    table = good("table", study, "--by=N,group", "--metric=download_s.mean").table()
    equal([row[:3] for row in table[1:]], [["5", "fast", "2"], ["5", "slow.er", "2"]])
    table = good("table", study / "f0000").table()
    equal(table, [["group", "runs", "peers", "peers complete", "mean download time (s)"],
                  ["fast", "1", "2", "2", "10"], ["slow.er", "1", "2", "2", "20"]])


def queries():
    """--query: figures of one's own, with the same statistics; NULL is missing."""
    runs = [(r, r, (n,), figures(n * 10 + r)) for r in range(3) for n in (1, 2)]
    study = write_study(scratch() / "s", ["N"], runs)
    sql = 'SELECT N, "download_s.mean" AS wait_s, CASE WHEN N > 1 THEN 5 END AS x FROM figures'
    table = good("table", study, "--query", sql, "--by=N").table()
    equal(table, [["N", "runs", "wait_s (s)", "x"], ["1", "3", "11.0 ± 2.5", "(0 of 3)"],
                  ["2", "3", "21.0 ± 2.5", "5 ± 0"]])
    row = rows_of(good("table", study, "--query", sql, "--by=N", "--format=csv"))[0]
    same = rows_of(good("table", study, "--metric=download_s.mean", "--format=csv"))[0]
    equal(row["wait_s.low"], same["download_s.mean.low"])
    refused("table", study, "--query", sql, "--by=waits", words=["no column waits", "did you mean wait_s"])
    refused("table", study, "--query", "SELECT folder FROM run", words=["folder is not a number"])
    refused("table", study, "--query", "DELETE FROM run", words=["only SELECT"])
    refused("table", study, "--query", sql, "--metric=x", words=["--metric"])


NASTY = ['a,b', 'say "x"', "50% & more", "a|b", "<script>alert(1)</script>", "x_y#$~^{}\\",
         "two\nlines", "ü€"]


def infinities_are_missing():
    study = write_study(scratch() / "s", ["N"], [(i, i, (1,), figures(10)) for i in range(3)])
    sql = "SELECT N, CASE run WHEN 1 THEN 9e999 ELSE run END AS x, -9e999 AS y FROM run"
    equal(good("table", study, "--by=N", "--query", sql).table()[1], ["1", "3", "1 ± 13 (2 of 3)", "(0 of 3)"])
    row, = rows_of(good("table", study, "--by=N", "--query", sql, "--format=csv"))
    equal((row["x.mean"], row["y.n"], row["y.mean"]), ("1", "0", ""))


def nasty_values():
    """Parameter values of any text come out as they are, in each format."""
    runs = [(0, 1, (value,), figures(10)) for value in NASTY]
    study = write_study(scratch() / "s", ["a,b"], runs)
    metric = "--metric=tracker_share"
    rows = rows_of(good("table", study, metric, "--format=csv"))
    equal([row["a,b"] for row in rows], NASTY, "CSV")
    equal([row["a,b"] for row in rows_of(good("table", study, metric, "--format=csv", "--by=a,b"))],
          NASTY, "a key whose name has a comma")
    lines = good("table", study, metric).out.split("\n")
    equal(len(lines), len(NASTY) + 3, "lines of Markdown")
    check("<script" not in "".join(lines), "Markdown lets a tag through")
    for text in ("a\\|b", "&lt;script&gt;", "50% &amp; more", "two<br>lines", "x_y#\\$\\~^{}\\\\"):
        check(any(text in line for line in lines), f"Markdown has no {text!r}: {lines}")
    latex = good("table", study, metric, "--format=latex").out
    for text in ("50\\% \\& more", "a\\textbar{}b", "\\textless{}script\\textgreater{}",
                 "x\\_y\\#\\$\\textasciitilde{}\\textasciicircum{}\\{\\}\\textbackslash{}",
                 "two lines"):
        check(text in latex, f"LaTeX has no {text!r}:\n{latex}")
    for line in latex.split("\n")[6:-3]:
        equal(line.replace("\\&", "").count("&"), 2, f"cells of {line!r}")


def output_file():
    """--output never replaces without --force, and leaves nothing when refused."""
    folder = scratch()
    study = write_study(folder / "s", ["N"], [(0, 1, (5,), figures(10))])
    good("table", study, "-o", folder / "t.md")
    first = (folder / "t.md").read_text()
    check(first.startswith("|   N | runs |"), first)
    refused("table", study, "-f", "csv", "-o", folder / "t.md", words=["t.md", "--force"])
    equal((folder / "t.md").read_text(), first)
    good("table", study, "-f", "csv", "-o", folder / "t.md", "--force")
    check((folder / "t.md").read_text().startswith("N,runs,"), "not replaced")
    refused("table", study, "-o", folder / "none" / "t.md", words=["none"])
    equal(sorted(p.name for p in folder.iterdir()), ["s", "t.md"])


def a_name_says_its_format():
    study, out = write_study(scratch() / "s", ["N"], [(0, 1, (1,), figures(10))]), scratch()
    for name, begin in (("t.md", "| "), ("t.csv", "N,runs"), ("t.tex", "% needs"), ("t.txt", "| ")):
        good("table", study, "-o", out / name)
        check((out / name).read_text().startswith(begin), name)
    good("sql", study, "SELECT 1 AS x", "-o", out / "q.csv")
    equal((out / "q.csv").read_text(), "x\n1\n")
    good("table", study, "--format=csv", "-o", out / "u.md")
    check((out / "u.md").read_text().startswith("N,runs"), "what is asked for counts")


def devices_stay():
    """What is no file, such as /dev/stdout, is written to: neither refused nor replaced by a file."""
    folder = scratch()
    study = write_study(folder / "s", ["N"], [(0, 1, (5,), figures(10))])
    wanted = good("table", study).out
    os.mkfifo(folder / "pipe")
    (folder / "t.md").write_text("old")
    (folder / "link").symlink_to("t.md")
    for more in ((), ("--force",)):
        end = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        good("table", study, "-o", folder / "pipe", *more)
        equal(os.read(end, 65536).decode(), wanted)
        os.close(end)
    refused("table", study, "-o", folder / "link", words=["link", "--force"])
    good("table", study, "-o", folder / "link", "--force")
    equal((folder / "link").readlink().name, "t.md")
    equal((folder / "t.md").read_text(), wanted)
    ran = results("table", study, "-o", "/dev/full") if os.getuid() else None
    if ran:
        equal((ran.status, ran.out), (1, ""))
        check("/dev/full: cannot be written" in ran.err, ran.err)


def wrong_names():
    study = write_study(scratch() / "s", ["count"], [(0, 1, (5,), figures(10))])
    refused("table", study, "--metric=download.mean", words=["download.mean", "download_s.mean"])
    refused("table", study, "--metric=complete_s", words=["did you mean completed_s"])
    refused("table", study, "--metric=scenario", words=["scenario is not a number"])
    refused("table", study, "--by=cuont", words=["cuont", "did you mean count"])
    refused("table", study, "--by=entirely_else",
            words=["no parameter entirely_else; there are count"])
    refused("table", study / "f0000", "--by=entirely_else", words=["there are none, but study"])
    refused("table", study, "--format=html", words=["html", "md, csv, latex"])
    refused("table", study, "--metrik=x", words=["--metrik", "did you mean --metric"])
    refused("tabel", study, words=["did you mean table"])
    refused("table", words=["no folder"])


def unfinished_runs_are_left_out():
    runs = [(0, 1, (1,), figures(10)), (0, 1, (2,), None), (0, 1, (3,), figures(30))]
    study = write_study(scratch() / "s", ["N"], runs)
    write_run(study / "f0002", figures(30), complete=False)
    ran = good("table", study, "--metric=download_s.mean")
    equal([row[0] for row in ran.table()[1:]], ["1"])
    equal(ran.err, "minibit-results: 2 of 3 runs are not finished and left out\n")


def unlisted_runs_are_left_out():
    """A plan that has become narrower left them in the folder."""
    study = write_study(scratch() / "s", ["N"], [(0, 1, (5,), figures(1))])
    for name in ("0123456789abcdef", "fedcba9876543210"):
        write_run(study / name, figures(9))
    (study / "0123456789abcdee").mkdir()
    ran = good("table", study)
    equal(ran.err, "minibit-results: 2 finished runs are not in index.csv and left out: the study was "
          "planned anew without them\n")


def same_bytes_in_any_locale():
    study = write_study(scratch() / "s", ["N"], [(r, r, (5,), figures(10.5 + r)) for r in range(3)])
    plain = good("table", study, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).out
    equal(good("table", study, env={"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}).out, plain)


main([
    ("means and 95 % intervals are those of Python's statistics", means_and_intervals),
    ("one run has no interval", one_run_has_no_interval),
    ("peers that did not complete are told beside the times of those that did", survivors_are_counted),
    ("restricted means count those that never completed", restricted_means),
    ("--against: differences are paired by their seeds", differences_are_paired),
    ("differences of some peers only are marked", differences_of_survivors_are_marked),
    ("headings are words with one unit a column", words_and_units),
    ("every documented figure has words", documented_figures_have_words),
    ("LaTeX has booktabs' rules and fits the line", latex_fits),
    ("missing values are counted and said", missing_values_are_counted),
    ("times are minutes and seconds", times_are_readable),
    ("--by takes parameters, run columns and several folders", keys),
    ("runs that are no repetitions of each other are not averaged", no_repetitions),
    ("rows are in the order of the keys' values", order),
    ("--by group, and a single run's groups", groups),
    ("--query takes figures of one's own", queries),
    ("infinities are no figures", infinities_are_missing),
    ("values of any text come out right in Markdown, CSV and LaTeX", nasty_values),
    ("--output", output_file),
    ("the output's name says the format", a_name_says_its_format),
    ("--output to a pipe or a link", devices_stay),
    ("unknown names are answered with the nearest", wrong_names),
    ("runs that are not finished are left out and counted", unfinished_runs_are_left_out),
    ("runs that no row names are left out and counted", unlisted_runs_are_left_out),
    ("the locale changes nothing", same_bytes_in_any_locale),
])
