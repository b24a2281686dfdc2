#!/usr/bin/env python3
"""test_coursework.py PROGRAM: the coursework's tables from studies written here, whose figures say
now one thing, now the other; every sentence must follow them."""
import csv
import re
import shutil
from html import unescape

from folders import (TIMELINE, check, equal, good, main, refused, scratch, peer, write_run,
                     write_study)


def around(mean, spread=1.0):
    """Three repetitions whose interval is the mean -+ 2.5 spreads."""
    return (mean - spread, mean, mean + spread)


def repeated(points):
    """The runs of a study: points are (values, [figures of each repetition])."""
    return [(r, r + 1, values, figures[r]) for r in range(3) for values, figures in points]


def figures(mean=100, share=0.5, done=None, spread=1.0, **more):
    return [{"peers": 9, "completed_s": d, "download_s": {"mean": m}, "tracker_share": share,
             "seeder_share": 0.25, "refusals": 7, "blocks": 4, **more}
            for m, d in zip(around(mean, spread), around(done or mean, spread))]


def write_original(folder, done=1260, spread=0):
    study = write_study(folder / "original", [],
                        repeated([((), figures(done, 0.98, done, spread))]))
    write_run(study / "f0000", figures(done, 0.98, done, spread)[0],
              peers=[peer("a-1", f"{done}.000000000")])


def write_books(folder, quarters=None):
    quarters = quarters or {"false": (0.9, 0.9, 0.9, 0.9), "true": (0.9, 0.5, 0.3, 0.1)}
    study = write_study(folder / "books", ["books"],
                        repeated([((books,), figures()) for books in quarters]))
    for number in range(3 * len(quarters)):
        shares = list(quarters.values())[number % len(quarters)]
        rows, given = [TIMELINE], 0
        for place, time in enumerate((0, 315, 630, 945, 1260, 1261)):
            # Of 1,000 blocks a quarter; between the last two rows there are none.
            given += int(1000 * shares[place - 1]) if 0 < place < 5 else 0
            rows.append(f"{time}.000000000,9,9,0,0,{1000 * min(place, 4)},{given},0,0,,,1,1.0,1,1.0,1")
        write_run(study / f"f{number:04}", figures()[0],
                  tables={"timeline.csv": "\n".join(rows) + "\n"})


def write_selection(folder, means=None):
    # 400 and 404: the intervals of 2.5 each overlap, though neither holds the other mean.
    means = means or {"rarest-first": (400, 100), "random": (404, 90), "sequential": (1600, 150)}
    write_study(folder / "selection", ["selection", "seeder"],
                repeated([((selection, seeder), figures(means[selection][i])) for selection in means
                          for i, seeder in enumerate(("2Mbit", "16Mbit"))]))


def write_freeriders(folder, givers=None, riders=None):
    givers = givers or {"rarity-tft": 300, "rate-tft": 280, "none": 310}
    riders = riders or {"rarity-tft": 301, "rate-tft": 840, "none": 200}
    points = []
    for count in ("0", "20"):
        for choke, giver in givers.items():
            rider = [None] * 3 if count == "0" else around(riders[choke])
            points.append(((count, choke), [
                {"groups": {"giver": {"peers_complete": 1, "download_s": {"mean": g}},
                            "rider": {"peers_complete": 1, "download_s": {"mean": r}}}}
                for g, r in zip(around(giver), rider)]))
    write_study(folder / "freeriders", ["riders", "choke"], repeated(points))


def write_scale(folder, times=None, shares=(0.6, 0.1)):
    times = times or {"swarm": (100, 200), "client-server": (150, 7500)}
    write_study(folder / "scale", ["mode", "N"],
                repeated([((mode, n), [dict(f, tracker_share=s) for f, s in zip(
                    figures(times[mode][i]), around(shares[i], 0.001))])
                    for mode in times for i, n in enumerate((3, 300))]))


def write_staying(folder, means=(240, 120, 121)):
    write_study(folder / "staying", ["leave"],
                repeated([((leave,), figures(mean, spread=2))
                          for leave, mean in zip(("at-once", "after 5min", "never"), means)]))


def write_all(folder):
    for write in (write_original, write_books, write_selection, write_freeriders, write_scale,
                  write_staying):
        write(folder)
    return folder


NAMES = ("original", "books", "selection", "freeriders", "scale", "staying")


def sentence(folder, name):
    """The last paragraph of the table's page."""
    good("coursework", folder, "--force", "--no-plots")
    return (folder / f"{name}.md").read_text().rstrip("\n").split("\n")[-1]


def says(folder, name, *words):
    text = sentence(folder, name)
    for word in words:
        check(word in text, f"no {word!r} in {text!r}")


def all_files():
    folder = write_all(scratch())
    ran = good("coursework", folder)
    equal(ran.out, f"{folder}/index.md\n{folder}/index.html\n")
    index = (folder / "index.md").read_text()
    for name in NAMES:
        page = (folder / f"{name}.md").read_text()
        check(page.strip() in index, f"index.md lacks {name}")
        check("\\begin{tabular}" in (folder / f"{name}.tex").read_text(), name)
        check((folder / f"{name}.png").read_bytes().startswith(b"\x89PNG"), f"{name}.png")
        check("<svg" in (folder / f"{name}.svg").read_text(), f"{name}.svg")
        check(f"]({name}.svg)" in page, "the page does not show its plot")
        with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        equal({row["runs"] for row in rows}, {"3"}, name)
    equal(index.count("\n## "), 6)
    check("report" not in index, "index.md has links that lead nowhere")
    (folder / "scale.html").write_text("a report")
    good("coursework", folder, "--force", "--no-plots")
    equal((folder / "index.md").read_text().count("[report](scale.html)"), 1)


def the_page():
    """index.html has the cells, sentences and pictures of index.md, and needs nothing beside it."""
    folder = write_all(scratch())
    (folder / "books.html").write_text("a report")
    good("coursework", folder)
    page = (folder / "index.html").read_text()
    equal(re.findall(r'(?:src|href)="(?!#|data:|[a-z]+\.(?:csv|tex|md|png|svg)")([^"]*)"', page), ["books.html"])
    sections = page.split("<section ")[1:]
    equal([re.match(r'id="([a-z]+)"', section)[1] for section in sections], list(NAMES))
    for name, section in zip(NAMES, sections):
        markdown = (folder / f"{name}.md").read_text().split("\n")
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown
                if line.startswith("|") and not re.match(r"\| :?-", line)]
        cells = [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
                 for row in re.findall(r"<tr>.*?</tr>", section, re.S)]
        equal(cells, rows, name)
        paragraphs = re.findall(r"<p class=\"shows\">(.*?)</p>", section, re.S)
        check(unescape(paragraphs[0]) in "\n".join(markdown).replace("\\", ""), name)
        # One for wide screens and one for narrow ones; its axis says what the question is about.
        equal(section.count("<svg"), 2, name)
    said = {"original": ("published", "MiniBit", "time until the last peer is done"),
            "books": ("tracker's share of blocks", "quarter"), "selection": ("mean download time", "random"),
            "freeriders": ("givers", "free riders"), "scale": ("swarm", "client-server", "peers"),
            "staying": ("at-once", "mean download time")}
    for name, words in said.items():
        texts = unescape(re.sub(r"<[^>]*>", " ", (folder / f"{name}.svg").read_text()))
        check(all(word in texts for word in words), f"{name}.svg: {words}")
    good("coursework", folder, "--force", "--no-plots")
    check("<svg" not in (folder / "index.html").read_text(), "--no-plots has plots")


def the_original():
    folder = write_all(scratch())
    says(folder, "original", "the 9 peers is done after 21:00 in each of 3 runs, the published "
                             "result, and the tracker gives 98.0 %")
    shutil.rmtree(folder / "original")
    write_original(folder, 1300, 5)
    says(folder, "original", "after 21:40 on the mean of 3 runs, where 21:00 was published")


def books():
    folder = write_all(scratch())
    says(folder, "books", "from 90.0 % to 90.0 % with books false (no change is shown)",
         "from 90.0 % to 10.0 % with books true (it falls)")
    with open(folder / "books.csv", newline="", encoding="utf-8") as file:
        rows = [(r["books"], r["quarter"], r["tracker_share.mean"]) for r in csv.DictReader(file)]
    equal(rows[4:], [("true", "1", "0.9"), ("true", "2", "0.5"), ("true", "3", "0.3"),
                     ("true", "4", "0.1")])
    shutil.rmtree(folder / "books")
    write_books(folder, {"false": (0.25, 0.5, 0.5, 0.75)})
    says(folder, "books", "from 25.0 % to 75.0 % with books false (it rises)")


def selection():
    folder = write_all(scratch())
    says(folder, "selection",
         "random takes 10 % less time at 16Mbit; no difference is shown at 2Mbit.",
         "sequential takes 4.0 times as long at 2Mbit, 50 % longer at 16Mbit.")
    shutil.rmtree(folder / "selection")
    write_selection(folder, {"rarest-first": (400, 100), "random": (401, 99)})
    says(folder, "selection", "random shows no difference at 2Mbit and 16Mbit.")


def freeriders():
    folder = write_all(scratch())
    says(folder, "freeriders", "Without free riders, those who give are done first under rate-tft "
                               "(4:40). With 20 free riders",
         "the free riders take 3.0 times as long under rate-tft, 35 % less time under none; "
         "between the two no difference is shown under rarity-tft.")
    shutil.rmtree(folder / "freeriders")
    write_freeriders(folder, {"rarity-tft": 300, "rate-tft": 301, "none": 310})
    says(folder, "freeriders", "no way is shown to serve those who give best, the lowest mean being "
                               "that of rarity-tft (5:00)")


def scale():
    folder = write_all(scratch())
    says(folder, "scale", "from 2:30 to 2:05:00 as client-server (50 times as long)",
         "from 1:40 to 3:20 as swarm (2.0 times as long)", "falls from 60.0 % to 10.0 %",
         "faster at 2 of 2 sizes; with 300 peers the server alone takes 38 times as long.")
    shutil.rmtree(folder / "scale")
    write_scale(folder, {"swarm": (160, 201), "client-server": (150, 200)}, (0.1, 0.6))
    says(folder, "scale", "rises from 10.0 % to 60.0 %", "faster at 0 of 2 sizes.")


def staying():
    folder = write_all(scratch())
    says(folder, "staying", "leave 'at-once', the mean download takes 4:00 (seeders give 25.0 %",
         "with 'after 5min' it takes 50 % less time",
         "between 'after 5min' and 'never' no difference is shown")
    shutil.rmtree(folder / "staying")
    write_staying(folder, (100, 101, 150))
    says(folder, "staying", "with 'after 5min' it takes a time not shown to differ",
         "with 'never' it takes 50 % longer", "between 'at-once' and 'after 5min' no difference")


def bad_input():
    folder = write_all(scratch())
    refused("coursework", folder / "none", words=["no such folder"])
    refused("coursework", words=["one folder"])
    good("coursework", folder, "--no-plots")
    refused("coursework", folder, words=["original.csv", "--force"])
    before = sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())
    refused("coursework", folder, "--force", words=["gnuplot is not installed"],
            env={"PATH": "/nowhere"})
    equal(sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir()), before)
    # A table that cannot be made leaves all of them alone.
    (folder / "original.csv").write_text("mine")
    (folder / "scale" / "f0003" / "manifest.json").unlink()
    refused("coursework", folder, "--force", words=["scale: 1 of 12 runs are not finished"])
    shutil.rmtree(folder / "scale")
    refused("coursework", folder, "--force", words=["scale: no such folder"])
    write_scale(folder, {"swarm": (1, 2)})
    refused("coursework", folder, "--force", words=["scale", "3, client-server"])
    equal((folder / "original.csv").read_text(), "mine")


main([
    ("leaves each table as Markdown, CSV and LaTeX, and index.md", all_files),
    ("index.html has all of it on one page", the_page),
    ("the original's result, met or not", the_original),
    ("the tracker's share by quarters falls, rises or does not change", books),
    ("block selection: faster, slower, or no difference", selection),
    ("free riders: who is served best, and what riding costs", freeriders),
    ("swarm against server", scale),
    ("peers that stay", staying),
    ("folders, files and points that are not as they should be", bad_input),
])
