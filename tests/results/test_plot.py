#!/usr/bin/env python3
"""test_plot.py PROGRAM: what gnuplot is given to draw, and the files that come out.

The format gp is gnuplot's script with all of its data, so what a picture shows can be computed here
by other means and compared; PNG, SVG and PDF are looked at as files.
"""
import csv
import math
import os
import re
import shutil
import statistics
import xml.etree.ElementTree as ElementTree

from folders import COMPLETION, TIMELINE, check, equal, good, main, refused, results, scratch, simulate
from folders import write_run, write_study

PROVENANCE = "seq,time_s,peer,block,from,from_role,started_s,bytes,via"
KINDS = ["curves", "completion", "sources", "rarest", "matrix"]
ODD = "it's <b>&{x}_1^2%#$~"
SVG = "{http://www.w3.org/2000/svg}"


def seconds(value):
    return f"{value:.9f}"


def completion_row(name, group, done, arrived=0):
    download = "" if done == "" else seconds(done - arrived)
    done = "" if done == "" else seconds(done)
    status = "complete" if done else "incomplete"
    return f"{name},{group},{seconds(arrived)},,{done},{download},4,0,3,0,1,1,9,9,0,0,,{status}"


def provenance_row(seq, time, peer, block, giver, role):
    return f"{seq},{seconds(time)},{peer},{block},{giver},{role},{seconds(time - 1)},9,regular"


def timeline_row(time, tracker, leechers, copies, mean):
    blocks = f"{tracker + leechers},{tracker},0,{leechers}"
    return f"{seconds(time)},6,6,0,0,{blocks},,,{copies},{mean},1,,0"


def swarm(folder, peers=3, blocks=4, groups=("slow", "fast"), **figures):
    """Groups of `peers` each with `blocks` blocks; the fast take 2.5 s a block, the slow 5 s. The
    first of all gets everything from the tracker, each other from the one before it."""
    names = [(f"{g}-{i}", g, (2.5, 5.0)[g == "slow"]) for g in groups for i in range(1, peers + 1)]
    gains = []
    for block in range(blocks):
        for place, (name, _, pace) in enumerate(names):
            giver = names[place - 1][0] if place else "tracker"
            gains.append(((block + 1) * pace, name, block, giver, place))
    gains.sort(key=lambda gain: gain[0])
    rows = [
        provenance_row(seq, time, name, block, giver, "leecher" if place else "tracker")
        for seq, (time, name, block, giver, place) in enumerate(gains)
    ]
    end = 5.0 * blocks
    moments = [(t, sum(g[0] <= t and not g[4] for g in gains),
                sum(g[0] <= t and g[4] > 0 for g in gains)) for t in (0.0, end / 2, end)]
    tables = {
        "completion.csv": "\n".join(
            [COMPLETION, *(completion_row(n, g, blocks * pace) for n, g, pace in names)]) + "\n",
        "provenance.csv": "\n".join([PROVENANCE, *rows]) + "\n",
        "timeline.csv": "\n".join(
            [TIMELINE, *(timeline_row(t, a, b, 1 + i, "1.500000")
                         for i, (t, a, b) in enumerate(moments))]) + "\n",
        "config.ini": "[scenario]\nseed = 1\n" + "".join(f"[peers {g}]\n" for g in groups),
    }
    figures = {
        "blocks": blocks, "end_s": end, "lower_bound_s": 5.5, "first_copy_s": 20.0, **figures,
    }
    return write_run(folder, figures, tables=tables)


class Script:
    """A script with its data: variables by name, and the data's blocks of rows."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        head, rest = self.text.split("$data << END_OF_DATA\n")
        data = rest.split("END_OF_DATA\n")[0]
        self.blocks = [
            [[float(field) for field in row.split()] for row in block.split("\n") if row.strip()]
            for block in data.split("\n\n\n")
        ]
        self.values = dict(line.split(" = ", 1) for line in head.split("\n") if " = " in line)

    def text_of(self, name):
        return self.values[name][1:-1].replace("''", "'")

    def number(self, name):
        return float(self.values[name])


def script(folder, kind, *more):
    out = scratch()
    good("plot", folder, f"--kind={kind}", "--format=gp", "-o", out, *more)
    return Script(next(out.iterdir()))


# ---- files -------------------------------------------------------------------------------------


def a_run_gives_every_picture():
    run = swarm(scratch() / "a run")
    ran = good("plot", run)
    equal(ran.out.split(), [f for k in KINDS for f in f"{run}/{k}.png".split()], "named")
    for kind in KINDS:
        equal((run / f"{kind}.png").read_bytes()[:4], b"\x89PNG", kind)


def svg_says_names_literally():
    run = swarm(scratch() / "r", groups=("slow", ODD))
    for kind in KINDS:
        good("plot", run, f"--kind={kind}", "--format=svg", "-o", run / "x.svg", "--force")
        tree = ElementTree.parse(run / "x.svg")
        texts = " ".join("".join(text.itertext()) for text in tree.iter(f"{SVG}text"))
        check("made: " in texts, f"{kind}: no title in {texts}")
        if kind in ("curves", "completion", "matrix"):
            check(ODD in texts, f"{kind}: {texts}")
        equal([t.text for t in tree.iter(f"{SVG}title")], [], "titles that browsers show")


def latex_is_a_pair_and_escaped():
    run = swarm(scratch() / "r", groups=("a_b", "50%&#"))
    for kind in KINDS:
        good("plot", run, f"--kind={kind}", "--format=tex", "-o", run / "x.tex", "--force")
        text = (run / "x.tex").read_text(encoding="utf-8")
        check("\\includegraphics" in text and "{x}" in text, f"{kind}: no picture is included")
        equal((run / "x.pdf").read_bytes()[:5], b"%PDF-")
        if kind in ("curves", "completion", "matrix"):
            check("a\\_b" in text and "50\\%\\&\\#" in text, f"{kind}: names are not escaped")


def a_name_says_its_format():
    run, other = swarm(scratch() / "r"), swarm(scratch() / "o")
    for extension, magic in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG"), ("gp", b"# Drawn")):
        path = scratch() / f"x.{extension}"
        equal(good("plot", run, "--kind=rarest", "-o", path).out, f"{path}\n")
        check(path.read_bytes().startswith(magic), extension)
    out = scratch()
    refused("plot", run, "--kind=rarest", "--format=png", "-o", out / "y.svg", words=["y.svg", "--format=png"])
    refused("plot", run, "--kind=rarest,matrix", "-o", out / "y.svg", words=["2 pictures", "name a folder"])
    refused("plot", run, other, "--kind=rarest", "-o", out / "both.png", words=["2 pictures", "name a folder"])
    refused("plot", run, "--kind=rarest", "--format=pdf,tex", "-o", out, words=["two pictures", "rarest.pdf"])
    for ending in ("jpg", "eps", "PNG"):
        refused("plot", run, "--kind=rarest", "-o", out / f"y.{ending}", words=[f"y.{ending}", ".svg, .pdf"])
    refused("plot", run, "--kind=rarest", "-o", "", words=["--output: the name is empty"])
    equal(list(out.iterdir()), [], "refused before anything is drawn")
    folder = out / "a.svg"
    folder.mkdir()
    equal(good("plot", run, "--kind=rarest", "-o", folder).out, f"{folder}/rarest.png\n")
    text = (scratch() / "z.tex")
    good("plot", run, "--kind=rarest", "-o", text)
    tex = text.read_text()
    check("\\linewidth" in tex and tex.count("{") == tex.count("}"), "LaTeX that fits the line")
    check(text.with_suffix(".pdf").read_bytes().startswith(b"%PDF"), "the pair's other half")


def letters_without_a_font_are_told():
    study = study_of(["\u4e2d\u6587", "plain"], by="wo")
    home = scratch()
    (home / "fonts.conf").write_text(
        '<?xml version="1.0"?>\n<fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir>'
        f"<cachedir>{home}</cachedir></fontconfig>\n")
    env = {**os.environ, "FONTCONFIG_FILE": str(home / "fonts.conf")}
    ran = results("plot", study, "--metric=download_s.mean", "-o", scratch(), env=env)
    equal((ran.status, ran.err.count("no font on this machine has \u4e2d\u6587: drawn as boxes")), (0, 1), ran.err)
    ran = results("plot", study, "--metric=download_s.mean", "--format=svg", "-o", scratch(), env=env)
    equal((ran.status, ran.err), (0, ""))


def nothing_is_replaced_unasked():
    run = swarm(scratch() / "r")
    (run / "curves.png").write_text("mine")
    refused("plot", run, words=["curves.png", "--force"])
    equal((run / "curves.png").read_text(), "mine")
    check(not (run / "completion.png").exists(), "another was drawn all the same")
    good("plot", run, "--force")
    equal((run / "curves.png").read_bytes()[:4], b"\x89PNG")
    (run / "x.pdf").write_text("mine")
    refused("plot", run, "--kind=curves", "--format=tex", "-o", run / "x.tex", words=["x.pdf"])


def the_same_bytes_every_time():
    run = swarm(scratch() / "r")
    outs = [scratch(), scratch()]
    for out, locale in zip(outs, ("C", "de_DE.UTF-8")):
        good("plot", run, "--format=svg,gp", "-o", out, env={**os.environ, "LC_ALL": locale})
    for file in outs[0].iterdir():
        equal(file.read_bytes(), (outs[1] / file.name).read_bytes(), file.name)


def without_gnuplot():
    run = swarm(scratch() / "r")
    empty = scratch()
    refused("plot", run, words=["gnuplot", "install"], env={**os.environ, "PATH": str(empty)})
    check(not list(run.glob("*.png")), "something is there")


# ---- data --------------------------------------------------------------------------------------


def curves_are_percentiles():
    found = script(swarm(scratch() / "r", peers=5), "curves")
    equal(found.text_of("label_0"), "fast (5 peers)")
    equal((found.number("place_0"), found.number("place_1")), (1, 0), "colours by the scenario")
    for index, pace in ((0, 2.5), (1, 5.0)):
        for time, low, median, high in found.blocks[index]:
            held = min(4, math.floor(time / pace + 1e-6))
            equal((low, median, high), (held, held, held), f"at {time} s")
    equal(found.number("bound"), 5.5)


OPEN = """[scenario]
name = open
until = 90s
[file]
size = 8MiB
[tracker]
up = 8Mbit
down = 8Mbit
[peers early]
arrival = every 4s
count = 10
up = 500kbit
down = 4Mbit
[peers late]
arrival = every 2s
count = 40
up = 4Mbit
down = 20Mbit
"""


def lines_of_curves_only_rise():
    """The same peers at each point of a line, also where the run ends before many are done."""
    run = simulate(OPEN, "--provenance=csv")
    with open(run / "completion.csv", newline="", encoding="utf-8") as file:
        peers = list(csv.DictReader(file))
    check({p["status"] for p in peers} >= {"incomplete", "complete"}, "the end must cut some off")
    gains = {}
    with open(run / "provenance.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            gains.setdefault(row["peer"], []).append(float(row["time_s"]))
    found = script(run, "curves")
    labels = [found.text_of(f"label_{i}").partition(" ")[0] for i in range(2)]
    check("of the half that the run saw longest" in found.text_of("explanation"), "nothing said")
    scale = {"s": 1, "min": 60}[found.text_of("x_label").rpartition("(")[2].rstrip(")")]
    for name, block in zip(labels, found.blocks):
        group = [p for p in peers if p["group"] == name]
        windows = sorted(90 - float(p["arrived_s"]) for p in group)
        seen = windows[len(windows) // 2] if any(p["status"] == "incomplete" for p in group) else math.inf
        counted = [p for p in group if 90 - float(p["arrived_s"]) >= seen - 1e-9]
        for before, row in zip(block, block[1:]):
            check(all(a <= b for a, b in zip(before, row)), f"{name} falls at {row}")
        for time, _, median, _ in block:
            age = time * scale
            check(age <= seen + 1e-6, f"{name} at {age}")
            held = sorted(sum(t - float(p["arrived_s"]) <= age + 1e-9 for t in gains.get(p["peer"], []))
                          for p in counted)
            near = [sorted(sum(t - float(p["arrived_s"]) <= age + d for t in gains.get(p["peer"], []))
                           for p in counted)[math.ceil(len(counted) / 2) - 1] for d in (-1e-3, 1e-3)]
            check(near[0] <= median <= near[1], f"{name} at {age}: {median}, wanted {near}, {held}")


def who_comes_later_holds_nothing_before():
    """From the run's start: the first ones' blocks are not the group's median."""
    run = swarm(scratch() / "r", peers=4, groups=("slow",))
    text = (run / "completion.csv").read_text().replace("slow-4,slow,0.0", "slow-4,slow,9.0")
    text = text.replace("slow-3,slow,0.0", "slow-3,slow,9.0")
    tables = {n: (run / n).read_text() for n in ("provenance.csv", "timeline.csv", "config.ini")}
    late = write_run(scratch() / "l", {"blocks": 4, "end_s": 40, "lower_bound_s": 5.5},
                     tables={**tables, "completion.csv": text})
    medians = [row[2] for row in script(late, "curves").blocks[0]]
    equal(medians, sorted(medians))


def many_groups_are_drawn_together():
    names = tuple(f"group-{i:03}" for i in range(31))
    run = swarm(scratch() / "r", peers=2, groups=names)
    for kind in ("curves", "completion"):
        found = script(run, kind)
        equal((found.number("groups"), found.text_of("label_0")[:13]), (1, "all 31 groups"), kind)
        check("31 groups are drawn as one" in found.text_of("explanation"), kind)
    found = script(run, "matrix")
    equal((found.number("tics"), found.number("lines"), found.number("bins")), (1, 0, 61))
    check("in the order of the 31 groups" in found.text_of("x_label"), found.text_of("x_label"))
    found = script(swarm(scratch() / "f", peers=2, groups=names[:14]), "curves")
    equal((found.number("groups"), found.number("bands")), (14, 0))


def a_file_without_blocks():
    run = simulate("[scenario]\nname = e\nuntil = 1h\n[file]\nblocks = 0\n[tracker]\nup = 1Mbit\n"
                   "[peers x]\ncount = 1\nup = 1Mbit\ndown = 1Mbit\n")
    refused("plot", run, "--kind=curves", words=["no blocks"])
    ran = good("plot", run, "-o", scratch())
    equal((ran.out, ran.err.count("is not drawn")), ("", 5))
    good("report", run, "-o", scratch() / "r.html")


def completion_is_the_distribution():
    run = swarm(scratch() / "r", peers=2)
    text = (run / "completion.csv").read_text().replace("20.000000000,20.000000000", ",", 1)
    rows = text.split("\n")
    table = "\n".join(rows)
    swarm_run = write_run(run, {"blocks": 4, "end_s": 20}, tables={
        **{n: (run / n).read_text() for n in ("provenance.csv", "timeline.csv", "config.ini")},
        "completion.csv": table})
    found = script(swarm_run, "completion")
    equal(found.text_of("label_0"), "fast: 2 peers, median 10.0 s, p95 10.0 s")
    equal(found.text_of("label_1"), "slow: 1 of 2 peers, median 20.0 s, p95 not reached")
    equal(found.blocks[0], [[10, 0], [10, 50], [10, 100]])
    equal(found.blocks[1], [[20, 0], [20, 50]])
    equal(found.blocks[2], [[10, 50, 0], [10, 100, 0], [20, 50, 1], [0, -1, 1]])


def sources_add_up():
    run = swarm(scratch() / "r", peers=3, blocks=40)
    found = script(run, "sources")
    rows = found.blocks[0]
    width = rows[1][0] - rows[0][0]
    equal(round(sum(row[1] for row in rows[:-1]) * width, 6), 40, "from the tracker")
    equal(round(sum(row[3] for row in rows[:-1]) * width, 6), 40 * 5, "from leechers")
    equal(found.text_of("label_0"), "tracker: 17 % of all")


def sources_without_provenance():
    run = swarm(scratch() / "r")
    os.remove(run / "provenance.csv")
    tables = {n: (run / n).read_text() for n in ("completion.csv", "timeline.csv", "config.ini")}
    write_run(run, {"blocks": 4, "end_s": 20}, tables=tables)
    rows = script(run, "sources").blocks[0]
    width = rows[1][0]
    equal(round(sum(row[1] for row in rows[:-1]) * width, 6), 4, "from the tracker")
    refused("plot", run, "--kind=curves", words=["curves", "provenance"])
    ran = good("plot", run, "-o", scratch())
    equal([os.path.basename(p) for p in ran.out.split()],
          ["completion.png", "sources.png", "rarest.png"])
    check("provenance" in ran.err, "it does not say why the others are missing")


def rarest_is_the_timeline():
    found = script(swarm(scratch() / "r"), "rarest")
    equal(found.blocks[0], [[0, 1, 1.5], [10, 2, 1.5], [20, 3, 1.5]])
    equal(found.text_of("bound_label"), "every block handed out once: 20.0 s")


def matrix_of_pairs():
    found = script(swarm(scratch() / "r", peers=2), "matrix")
    # slow-1 is 1, slow-2 2, fast-1 3, fast-2 4; each had its four blocks from the one before it.
    equal(found.blocks[0], [[1, 0, 4], [2, 1, 4], [3, 2, 4], [4, 3, 4]])
    equal([found.text_of(f"tic_{i}") for i in range(5)],
          ["tracker", "slow-1", "slow-2", "fast-1", "fast-2"])


def zones_are_a_tree():
    line = "up = 1MB\ndown = 1MB\n"
    run = simulate("[scenario]\nuntil = 1h\nsample = 1s\n[file]\nblocks = 20\n[zone rack]\ncount = 2\nup = 100kB\ndown = 500kB\n"
                   f"parent = hall\n[zone home]\n[zone hall]\n[tracker]\n{line}[peers a]\ncount = 4\n{line}"
                   f"zone = spread over rack\n[peers b]\n{line}zone = home\n")
    found = script(run, "zones")
    equal([found.text_of(f"name_{i}") for i in range(4)], ["home", "hall", "   rack-1", "   rack-2"])
    rows = found.blocks[0][:-1]
    equal(sorted({row[2] for row in rows}), [2, 3], "those that have rates")
    check(all(0 <= row[3] <= 100 for row in rows) and max(row[3] for row in rows) > 99, "a rack's way in is full at times")
    equal(found.text_of("crossed_0"), "100 %")
    refused("plot", swarm(scratch() / "r"), "--kind=zones", words=["the run has no zones"])


def long_names_are_cut_in_the_middle():
    run = swarm(scratch() / "r", peers=1, groups=("a-name-of-very-many-letters",))
    found = script(run, "matrix")
    equal(found.text_of("tic_1"), "a-name-of-very-m…tters-1")


def matrix_of_many_is_binned():
    found = script(swarm(scratch() / "r", peers=500, blocks=2), "matrix")
    rows = found.blocks[0]
    check(len(rows) < 61 * 61, f"{len(rows)} rows")
    sums = {}
    for receiver, _, share in rows:
        sums[receiver] = sums.get(receiver, 0) + share
    check(all(abs(total - 100) < 1e-6 for total in sums.values()), f"columns: {sums}")
    equal(len(sums), 60, "columns")


# ---- comparisons -------------------------------------------------------------------------------


def figures(mean):
    return {"download_s": {"mean": mean}, "tracker_share": 0.25, "blocks": 4}


def study_of(values, by="N", runs=3):
    rows = [(r, r + 1, (v,), figures(100.0 + 10 * i + r * r))
            for r in range(runs) for i, v in enumerate(values)]
    return write_study(scratch() / "s", [by], rows)


def lines_over_a_quantity():
    study = study_of(["2Mbit", "500kbit", "1Mbit/s"])
    found = script(study, "compare", "--metric=download_s.mean")
    equal((found.number("lines"), found.text_of("x_label")), (1, "N (Mbit/s)"))
    equal([row[0] for row in found.blocks[0]], [0.5, 1, 2])
    for row, base in zip(found.blocks[0], (110, 120, 100)):
        samples = [base, base + 1, base + 4]
        half = 4.302652730 * statistics.stdev(samples) / math.sqrt(3)
        wanted = [statistics.fmean(samples)]
        wanted += [wanted[0] - half, wanted[0] + half]
        check(all(math.isclose(a, b, rel_tol=1e-8) for a, b in zip(row[1:4], wanted)),
              f"{row}, wanted {wanted}")


def long_names_are_tilted():
    """Names that have no room beside each other: the picture is told how long they are."""
    names = ["exponential 10min", "after 1min", "never", "at 20min", "at-once", "when-complete", "at 30min"]
    found = script(study_of(names), "compare", "--metric=download_s.mean")
    equal((found.number("letters"), found.number("values")), (17, 7))
    check("tilted = " in found.text and "rotate by 40" in found.text, "the script tilts nothing")


def bars_over_names():
    names = ["a, b", 'say "<script>alert(1)</script>"', "50%_x"]
    found = script(study_of(names), "compare", "--metric=download_s.mean")
    equal(found.number("lines"), 0)
    equal([found.text_of(f"tic_{i}").replace("%%", "%") for i in range(3)], names)
    study = study_of(names)
    good("plot", study, "--format=svg")
    texts = "".join(ElementTree.parse(study / "compare-download_s.mean.svg").getroot().itertext())
    check(all(name in texts for name in names), texts)


def a_series_for_a_second_parameter():
    rows = [(0, 1, (n, s), figures(100 + 10 * n + len(s))) for n in (1, 2) for s in ("x", "yy")]
    study = write_study(scratch() / "s", ["N", "sel"], rows)
    found = script(study, "compare", "--metric=download_s.mean", "--by", "N,sel")
    equal([found.text_of(f"label_{i}") for i in range(2)], ["sel = x", "sel = yy"])
    equal([[row[:4] for row in block] for block in found.blocks[:2]],
          [[[1, 111, 111, 111], [2, 121, 121, 121]], [[1, 112, 112, 112], [2, 122, 122, 122]]])
    check("no intervals" in found.text_of("explanation"), "a single run has no interval")


def survivors_are_told():
    more = {"peers": 4, "peers_complete": 4}
    rows = [(0, 1, (1,), {**figures(100), **more}), (0, 1, (2,), {**figures(50), **more, "peers_complete": 1})]
    study = write_study(scratch() / "s", ["N"], rows)
    found = script(study, "compare", "--metric=download_s.mean")
    equal([row[4] for row in found.blocks[0]], [1, 0])
    check("hollow (1 of 2 points)" in found.text_of("explanation"), found.text_of("explanation"))


def what_has_no_room_is_a_picture_of_its_own():
    """Never is one mean made of runs that differ in more than their seed."""
    rows = [(0, 1, (n, s, c, 10 * n), figures(100 * n + 10 * len(s) + len(c)))
            for n in (1, 2) for s in ("x", "yy") for c in ("tit", "none")]
    study = write_study(scratch() / "s", ["N", "sel", "protocol.choke", "along"], rows)
    out = scratch()
    good("plot", study, "--metric=download_s.mean", "--by=N,sel", "--format=gp", "-o", out)
    equal(sorted(f.name for f in out.iterdir()),
          [f"compare-download_s.mean-choke={c}.gp" for c in ("none", "tit")])
    none = Script(out / "compare-download_s.mean-choke=none.gp")
    check(none.text_of("figure_title").endswith(", choke = none"), none.text_of("figure_title"))
    equal([[row[:2] for row in block] for block in none.blocks[:2]],
          [[[1, 114], [2, 214]], [[1, 124], [2, 224]]])
    many = [(0, 1, (n, s, c), figures(1)) for n in (1, 2) for s in "xy" for c in map(str, range(13))]
    study = write_study(scratch() / "m", ["N", "sel", "c"], many)
    refused("plot", study, "--by=N,sel,c", words=["two keys", "13"])


def differences_from_a_point():
    rows = [(r, r, (n, s), figures(100 * r + n * len(s))) for n in (1, 2) for s in ("x", "yyy") for r in (1, 2)]
    study = write_study(scratch() / "s", ["N", "sel"], rows)
    found = script(study, "compare", "--metric=download_s.mean", "--by=N,sel", "--against=sel=x")
    equal(found.number("series"), 1)
    equal((found.text_of("label_0"), found.number("place_0")), ("sel = yyy", 1))
    equal([row[:4] for row in found.blocks[0]], [[1, 2, 2, 2], [2, 4, 4, 4]])
    check("difference from sel = x" in found.text_of("figure_title"), found.text_of("figure_title"))
    equal((found.number("difference"), found.number("from_zero")), (1, 0))


def axes_on_request():
    study = study_of([0, 1, 10, 1000], runs=1)
    found = script(study, "compare", "--metric=download_s.mean")
    equal((found.number("logarithmic"), found.text_of("x_label")), (0, "N"))
    equal([found.text_of(f"tic_{i}") for i in range(4)], ["0", "", "", "1,000"])
    refused("plot", study, "--metric=download_s.mean", "--log=x", words=["N = 0", "logarithmic"])
    study = study_of([1, 10, 1000], runs=1)
    found = script(study, "compare", "--metric=download_s.mean", "--log=x,y", "--range=y=50..", "--seconds",
                   "--label=download_s.mean=Wait", "--label=N=Peers")
    equal((found.text_of("x_label"), found.text_of("y_label")), ("Peers (logarithmic)", "Wait (s, logarithmic)"))
    equal((found.number("logarithmic"), found.number("logarithmic_y"), found.number("y_from")), (1, 1, 50))
    equal([found.text_of(f"tic_{i}") for i in range(3)], ["1", "10", "1,000"])
    for wrong, word in (("--log=z", "x, y or x,y"), ("--range=y=2..1", "FROM..TO"), ("--range=3", "FROM..TO"),
                        ("--label=M=x", "no column M"), ("--log=y", "")):
        if word:
            refused("plot", study, "--metric=download_s.mean", wrong, words=[word])
    names = study_of(["a", "b"])
    refused("plot", names, "--metric=download_s.mean", "--log=x", words=["names"])
    refused("plot", names, "--metric=download_s.mean", "--range=x=1..2", words=["names"])
    refused("plot", study, "--run=0", "--log=x", words=["--log"])


def many_lines_are_a_scale_of_colours_or_refused():
    def study(names):
        rows = [(0, 1, (n, s), figures(n)) for n in range(1, 17) for s in names]
        return write_study(scratch() / "s", ["N", "sel"], rows)
    found = script(study([2 * i for i in range(12)]), "compare", "--metric=download_s.mean", "--by=N,sel")
    equal((found.number("colour_bar"), found.number("legend_rows")), (1, 0))
    equal((found.number("bar_first"), found.number("bar_last"), found.text_of("bar_label")), (0, 22, "sel"))
    equal([row[5] for row in (block[0] for block in found.blocks[:12])], [2 * i for i in range(12)])
    equal([row[0] for row in found.blocks[3]], list(range(1, 17)), "x is where it was run")
    refused("plot", study([f"s{i}" for i in range(15)]), "--by=N,sel", words=["15 lines"])
    names = write_study(scratch() / "n", ["sel"], [(0, 1, (f"s{i}",), figures(i)) for i in range(61)])
    refused("plot", names, words=["61 bars"])


def times_never_go_below_zero():
    rows = [(r, r + 1, (n,), figures(1 + 40 * (r == 0) * n)) for n in (1, 2) for r in range(3)]
    found = script(write_study(scratch() / "s", ["N"], rows), "compare", "--metric=download_s.mean")
    check(found.blocks[0][0][2] < 0, "the interval must reach below 0 here")
    equal(found.number("from_zero"), 1)


def a_run_of_a_study():
    runs = [(0, 1, (1,), figures(1)), (0, 1, (2,), figures(2))]
    study = write_study(scratch() / "s", ["N"], runs)
    swarm(study / "f0001")
    out = scratch()
    good("plot", study, "--run=1", "--kind=matrix", "-o", out)
    equal([f.name for f in out.iterdir()], ["matrix.png"])
    refused("plot", study, "--kind=matrix", words=["--run"])
    refused("plot", study, "--run=7", words=["--run", "7"])


# ---- bad input ---------------------------------------------------------------------------------


def wrong_words():
    run, study = swarm(scratch() / "r"), study_of([1, 2])
    refused("plot", words=["folder"])
    refused("plot", run, "--kind=curve", words=["curve", "curves"])
    refused("plot", run, "--format=jpg", words=["jpg", "png"])
    refused("plot", study, "--by=M", words=["M", "N"])
    refused("plot", study, "--metric=download_s.men", words=["download_s.mean"])
    refused("plot", study_of([5, 5]), words=["nothing to compare"])
    refused("plot", scratch(), words=["no"])


def broken_tables():
    def broken(name, old, new, words):
        run = swarm(scratch() / "r")
        path = run / name
        path.write_text(path.read_text().replace(old, new, 1))
        # The manifest tells the size, so an equal one is kept up.
        tables = {n: (run / n).read_text()
                  for n in ("completion.csv", "provenance.csv", "timeline.csv", "config.ini")}
        write_run(run, {"blocks": 4, "end_s": 20}, tables=tables)
        refused("plot", run, words=words)

    broken("completion.csv", "peer,group", "peer,band", ["completion.csv", "group"])
    broken("provenance.csv", "fast-1", "alien-1", ["provenance.csv", "alien-1", "line 2"])
    broken("provenance.csv", "tracker,tracker", "tracker,boss", ["provenance.csv", "boss"])
    broken("provenance.csv", "0,2.5", "0,x.5", ["provenance.csv", "line 2"])
    broken("timeline.csv", "min_copies", "copies", ["timeline.csv", "min_copies"])


if not shutil.which("gnuplot"):
    print("1..0 # SKIP gnuplot is not here")
else:
    main([(function.__name__.replace("_", " "), function) for function in (
        a_run_gives_every_picture, svg_says_names_literally, latex_is_a_pair_and_escaped, a_name_says_its_format, letters_without_a_font_are_told,
        nothing_is_replaced_unasked, the_same_bytes_every_time, without_gnuplot,
        curves_are_percentiles, lines_of_curves_only_rise, who_comes_later_holds_nothing_before,
        many_groups_are_drawn_together, a_file_without_blocks, completion_is_the_distribution, sources_add_up,
        sources_without_provenance, rarest_is_the_timeline, matrix_of_pairs, zones_are_a_tree,
        long_names_are_cut_in_the_middle, matrix_of_many_is_binned, lines_over_a_quantity,
        bars_over_names, long_names_are_tilted,
        a_series_for_a_second_parameter, what_has_no_room_is_a_picture_of_its_own,
        survivors_are_told, differences_from_a_point, axes_on_request,
        many_lines_are_a_scale_of_colours_or_refused, times_never_go_below_zero,
        a_run_of_a_study, wrong_words, broken_tables,
    )])
