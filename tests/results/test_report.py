#!/usr/bin/env python3
"""test_report.py PROGRAM MINIBIT_SIM: the report in a real browser.

Real runs are simulated, their reports opened in headless Chromium, played, scrubbed and looked
over; what the replay shows is compared with provenance.csv, read here.
"""
import base64
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from folders import check, equal, good, main, refused, scratch, write_run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from webdriver import Browser, absent  # noqa: E402

SIMULATOR = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else "build/minibit-sim"
ODD = "is 1 < 2 & \"3\"? </script><script>window.hacked = 1</script> <img src=x onerror=hacked=1>"
SCENARIO = f"""# Does it hold? <script>window.hacked = 1</script>
#
# - an item,
#   and its end
#
#     minibit-sim a.ini
[scenario]
name = small
description = {ODD}
until = 2h
[file]
blocks = 24
[protocol]
preset = minibit
[tracker]
up = 4Mbit
down = 4Mbit
latency = 10ms
[peers dsl]
count = PEERS
up = 1Mbit
down = 8Mbit
latency = 20ms
arrival = within 10s
[peers fibre]
count = 3
up = 10Mbit
down = 20Mbit
latency = 5ms
leave = after 5s
"""

RIDERS = """# Who waits?
#
# Look for
# - groups.rider.download_s.mean against groups.giver.download_s.mean; lower_bound_s.
# - refusals against requests; group_bytes.
#
# Try
#     first_copy_s
[scenario]
name = riders
description = ${riders=0, 2, 4} riders of 8, served by ${choke}
until = 1h
repeat = 2
[file]
blocks = 32
[protocol]
preset = minibit
choke = ${choke=rarity-tft, rate-tft}
[tracker]
up = 4Mbit
down = 4Mbit
[peers giver]
count = ${8, 6, 4 ! riders}
up = 1Mbit
down = 8Mbit
[peers rider]
count = ${riders}
up = 1Mbit
down = 8Mbit
free_rider = yes
"""
PAPER = "return getComputedStyle(document.documentElement).backgroundColor"
browser = None
kept = {}


def simulate(text, *options):
    folder = scratch()
    (folder / "a.ini").write_text(text)
    done = subprocess.run([SIMULATOR, folder / "a.ini", "-q", "-o", folder / "run", *options],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"simulation: {done.stderr}")
    return folder / "run"


def small_run(peers=6):
    if peers not in kept:
        kept[peers] = simulate(SCENARIO.replace("PEERS", str(peers)))
    return kept[peers]


def report(folder, *options):
    page = scratch() / "report.html"
    good("report", folder, "-o", page, *options)
    return page


def opened(folder, *options, player=True):
    browser.size(1200, 900)
    browser.media(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
    browser.complaints(), browser.requests()
    page = report(folder, *options)
    browser.open(page.as_uri())
    if player:
        browser.wait("return !!window.player && !player.drawn", "the player is there")
    return page


def seek(time):
    """Scrubs to a moment, in the replay's units, through the slider as a hand would."""
    browser.script("const s = document.getElementById('scrub'); s.value = arguments[0];"
                   "s.dispatchEvent(new Event('input'));", time)
    browser.wait("return !player.drawn", "a picture")


def rows(folder, table):
    with open(folder / f"{table}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---- in the browser ----------------------------------------------------------------------------


def opens_without_a_word():
    page = opened(small_run())
    equal(browser.complaints(), [], "console")
    equal(browser.requests(), [page.as_uri()], "requests")
    count = "return document.querySelectorAll(arguments[0]).length"
    equal(browser.script(count, "figure.curves .wide svg"), 1, "curves")
    equal(browser.script("return document.querySelectorAll('figure').length"), 5, "figures")
    ids = browser.script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    equal(len(set(ids)), len(ids), "ids are unique")
    names = browser.script(
        "return [...document.querySelectorAll('svg[role=img],button,select,input')].filter("
        "(e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)")
    equal(names, [], "without an accessible name")


def holds_what_provenance_says():
    run = small_run()
    opened(run)
    unit = browser.script("return player.replay.unit_s")
    end = browser.script("return player.replay.end")
    gains = rows(run, "provenance")
    for share in (0.9, 0.1, 0.5, 0.33, 1, 0):
        time = round(end * share)
        seek(time)
        held = browser.script("return Object.fromEntries(player.replay.peers.map("
                              "(p, i) => [p.name, player.replay.held[i]]))")
        wanted = {row["peer"]: 0 for row in rows(run, "completion")}
        copies = [0] * 24
        left = {r["peer"]: float(r["left_s"] or "inf") for r in rows(run, "completion")}
        for row in gains:
            if float(row["time_s"]) <= time * unit + 1e-9:
                wanted[row["peer"]] += 1
                copies[int(row["block"])] += left[row["peer"]] > time * unit
        equal(held, wanted, f"held at {time * unit} s")
        equal(browser.script("return [...player.replay.copies]"), copies,
              f"copies at {time * unit}")
        flying = browser.script("return player.replay.underWay(player.t).length")
        started = [r for r in gains if r["from"] and float(r["started_s"]) <= time * unit
                   < float(r["time_s"])]
        check(abs(flying - len(started)) <= 1, f"{flying} under way, wanted {len(started)}")


def plays_to_the_end():
    opened(small_run())
    browser.script("document.getElementById('speed').value = '4';"
                   "document.getElementById('speed').dispatchEvent(new Event('change'));"
                   "document.getElementById('play').click()")
    first = browser.wait("return player.t > 0 && player.t", "time moves")
    check(browser.wait(f"return player.t > {first} && player.t", "it moves on") > first, "stands")
    equal(browser.script("return document.getElementById('play').ariaLabel"), "Pause")
    browser.wait("return !player.playing", "it ends")
    browser.wait("return !player.drawn", "a picture")
    check("9 of 9 peers complete" in browser.script(
        "return document.getElementById('state').textContent"), "not all are complete")
    equal(browser.complaints(), [], "console")


def less_motion_is_steps():
    opened(small_run())
    browser.media(prefers_reduced_motion="reduce")
    browser.script("player.toggle()")
    equal(browser.script("return player.t"), 0, "it moves at once")
    browser.wait("return player.t > 0", "a step")
    browser.script("player.toggle()")


def keys_do_what_they_say():
    opened(small_run())
    end = browser.script("return player.replay.end")
    browser.script("document.getElementById('scene').focus()")
    browser.press("end")
    outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle")
    equal(browser.script("return player.t"), end, "End")
    equal(outline, "solid", "the focus is seen")
    browser.press("left", "left")
    check(browser.script("return player.t") < end * 0.985, "two steps back")
    browser.press("home", "right")
    check(0 < browser.script("return player.t") < end * 0.02, "Home, and a step on")
    before = browser.script("return player.replay.gainsUntil(player.t)")
    browser.press(".")
    check(browser.script("return player.replay.gainsUntil(player.t)") > before, "a block on")
    browser.press("down", "down")
    first = rows(small_run(), "completion")[0]["peer"]
    told = browser.script("return document.getElementById('watched').textContent")
    check(told.startswith(f"{first}, of "), f"the second watched is the first peer: {told}")
    browser.press("escape")
    equal(browser.script("return player.watched"), -1, "Esc")
    browser.press("space")
    check(browser.script("return player.playing"), "space plays")
    browser.press("space")
    check(not browser.script("return player.playing"), "space pauses")


def the_mouse_tells_who():
    opened(small_run())
    seek(browser.script("return player.replay.end"))
    box = browser.script("const b = document.getElementById('scene').getBoundingClientRect();"
                         "scrollTo(0, scrollY + b.top); const c = document.getElementById('scene')"
                         ".getBoundingClientRect(); return [c.left, c.top]")
    x, y = browser.script("return [player.scene.x[2], player.scene.y[2]]")
    browser.move(box[0] + x, box[1] + y)
    tip = browser.script("return document.getElementById('tip').textContent")
    second = rows(small_run(), "completion")[1]["peer"]
    check(tip.startswith(f"{second}, of ") and "24 of 24 blocks" in tip, f"tip: {tip}")


def dark_and_narrow():
    opened(small_run())
    for width in (360, 768, 1200):
        browser.size(width, 800)
        for theme in ("light", "dark"):
            browser.media(prefers_color_scheme=theme)
            wide = browser.script("return document.documentElement.scrollWidth")
            check(wide <= width, f"{theme}: {wide} wide in {width}")
            paper = browser.script(PAPER)
            equal(paper, {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}[theme], theme)
            line = browser.script("return getComputedStyle(document.querySelector("
                                  "'figure.curves text').parentNode).fill")
            check((line == "rgb(230, 233, 238)") == (theme == "dark"), f"{theme}: texts are {line}")
    browser.media(prefers_color_scheme="light")
    browser.script("for (let i = 0; i < 2; i++) document.getElementById('theme').click()")
    paper = browser.script(PAPER)
    equal(paper, "rgb(20, 23, 28)", "the switch")


def texts_come_out_and_never_run():
    opened(small_run())
    equal(browser.script("return window.hacked ?? null"), None, "a text ran")
    equal(browser.script("return document.querySelector('.lead').textContent"), ODD)
    check("<script>" in browser.script("return document.querySelector('.remarks').textContent"),
          "the comment is not there")
    equal(browser.script("return document.querySelector('.remarks li').textContent"),
          "an item,\nand its end")
    check(ODD in browser.script("return document.querySelector('.config').textContent"), "config")
    # Only the page's own script may run, so even what slipped through would be refused.
    browser.script("const s = document.createElement('script');"
                   "s.textContent = 'window.hacked = 1'; document.body.append(s)")
    equal(browser.script("return window.hacked ?? null"), None, "the policy lets it run")


def a_study_is_compared():
    values = 'a, b "c", </script><script>window.hacked=1</script>'
    text = SCENARIO.replace("PEERS", "${N=2,4}").replace("preset = minibit", "preset = minibit\n"
                            "selection = ${sel=rarest-first,random}")
    study = simulate(text.replace("until = 2h", "until = 2h\nrepeat = 2"))
    index = study / "index.csv"
    index.write_text(index.read_text().replace(
        ",random,", ',"' + values.replace('"', '""') + '",').replace(
        ",random\n", ',"' + values.replace('"', '""') + '"\n'))
    opened(study, "--run=3")
    equal(browser.complaints(), [], "console")
    equal(browser.script("return window.hacked ?? null"), None, "a value ran")
    cells = browser.script("return [...document.querySelectorAll('section:first-of-type table td')]"
                           ".map((e) => e.textContent)")
    check(values in cells and "rarest-first" in cells, f"cells: {cells}")
    check(values in browser.script("return document.querySelector('figure.compare').textContent"),
          "the plot does not name the value")
    equal(browser.script("return document.querySelectorAll('figure.compare').length"), 2, "plots")
    equal(browser.script("return document.querySelector('section[aria-labelledby=run] h3')"
                         ".textContent"), f"small, sel = {values}, N = 4", "which run is replayed")


def riders_study():
    if "riders" not in kept:
        kept["riders"] = simulate(RIDERS)
    return kept["riders"]


def runs_of(study, **values):
    """The folders of the study's runs that have these values."""
    with open(study / "index.csv", newline="", encoding="utf-8") as file:
        return [study / row["folder"] for row in csv.DictReader(file)
                if all(row[key] == value for key, value in values.items())]


def a_study_keeps_groups_apart():
    study = riders_study()
    opened(study)
    equal(browser.complaints(), [], "console")
    lead = browser.script("return document.querySelector('.lead').textContent")
    equal(lead, "", "a study has not its first run's description")
    told = browser.script("return document.querySelector("
                          "'section[aria-labelledby=comparison] p').textContent")
    equal(told, "12 runs: 6 points, 2 repetitions each; riders = 0, 2, 4; "
                "choke = rarity-tft, rate-tft.")
    table = browser.script("return [...document.querySelectorAll('[aria-label=\"The groups compared\"]"
                           " tr')].map((r) => [...r.cells].map((c) => c.textContent))")
    equal([row[:3] for row in table[1:] if row[0] == "4"],
          [["4", choke, group] for choke in ("rarity-tft", "rate-tft")
           for group in ("giver", "rider")], "points and groups")
    equal([row[2] for row in table[1:] if row[0] == "0"], ["giver"] * 2, "a group without peers")
    row, = [row for row in table if row[:3] == ["4", "rate-tft", "rider"]]
    means = [json.loads((run / "summary.json").read_text())["groups"]["rider"]["download_s"]["mean"]
             for run in runs_of(study, riders="4", choke="rate-tft")]
    equal(len(means), 2)
    head, = [head for head in table[0] if head.startswith("mean download (")]
    cell = row[table[0].index(head)]
    minutes, seconds = re.match(r"(?:(\d+):)?([\d.]+)", cell).groups()
    shown = 60 * int(minutes or 0) + float(seconds)
    check(abs(shown - sum(means) / 2) < 0.6, f"{cell}, wanted {sum(means) / 2}")
    titles = browser.script("return [...document.querySelectorAll('figure.compare figcaption b')]"
                            ".map((e) => e.textContent)")
    equal(titles, ["riders: mean download time, by group",
                   "riders: tracker's share of blocks"], "what is drawn")


def a_study_replays_its_two_ends():
    study = riders_study()
    opened(study)
    equal(browser.script("return player.views.map((v) => v.replay.title)"),
          ["riders, riders = 0, choke = rarity-tft", "riders, riders = 4, choke = rarity-tft"])
    groups = "return player.views.map((v) => [...new Set(v.replay.peers.map((p) => v.replay.groups" \
             "[p.group]))])"
    equal(browser.script(groups), [["giver"], ["giver", "rider"]], "the second has riders")
    facts = browser.script("return [...document.querySelectorAll('.facts dt')].map((e) => e.innerText)")
    for name in ("groups.rider.download_s.mean", "groups.giver.download_s.mean", "lower_bound_s",
                 "refusals", "requests", "group_bytes.giver.rider"):
        check(name in facts, f"what to look for is not there: {name} in {facts}")
    check("first_copy_s" not in facts, "what to try is no figure to look for")
    opened(study, "--run=11", "--run=2")
    equal(len(browser.script("return player.views.map((v) => v.replay.title)")), 2)
    opened(study, "--run=2")
    equal(len(browser.script("return player.views.map((v) => v.replay.title)")), 1)
    refused("report", study, "-o", scratch() / "x.html", "--run=1", "--run=2", "--run=3",
            words=["--run", "two"])


def two_runs_on_one_clock():
    one, other = small_run(), small_run(2)
    page = scratch() / "two.html"
    good("report", one, other, "-o", page)
    browser.open(page.as_uri())
    browser.wait("return !!window.player && !player.drawn", "the player is there")
    unit = browser.script("return player.replay.unit_s")
    equal(browser.script("return player.views.map((v) => v.replay.unit_s)"), [unit, unit])
    end = browser.script("return player.end")
    for share in (0.3, 0.7, 1):
        time = round(end * share)
        seek(time)
        for view, run in enumerate((one, other)):
            wanted = sum(float(row["time_s"]) <= time * unit + 1e-9
                         for row in rows(run, "provenance"))
            held = browser.script("return player.views[arguments[0]].replay.held"
                                  ".reduce((a, b) => a + b)", view)
            equal(held, wanted, f"run {view} at {time * unit} s")
    equal(browser.complaints(), [], "console")
    ids = browser.script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    equal(len(set(ids)), len(ids), "ids are unique")


def all_of_the_replay_is_in_sight():
    for folder in (small_run(), riders_study(), small_run(700)):
        opened(folder)
        browser.size(1280, 900)
        browser.wait("return !player.drawn", "a picture")
        browser.script("document.getElementById('scene').scrollIntoView()")
        low = browser.script("return Math.max(...['copies', 'scrub', 'timeline'].map((id) => "
                             "document.getElementById(id).getBoundingClientRect().bottom))")
        top = browser.script("return document.getElementById('scene').getBoundingClientRect().top")
        check(top >= -1 and low <= 900, f"the replay lies from {top} to {low}")


def figures_fit_a_telephone():
    opened(riders_study())
    browser.size(400, 800)
    equal(browser.script("return document.documentElement.scrollWidth"), 400)
    wide = browser.script("return Math.max(...[...document.querySelectorAll("
                          "'figure:not(.matrix) svg.plot')].map((e) => e.getBoundingClientRect()"
                          ".right))")
    check(wide <= 400, f"a plot reaches to {wide}")
    small = browser.script("return Math.min(...[...document.querySelectorAll('svg.plot text')].map("
                           "(e) => e.getBoundingClientRect().height).filter((h) => h > 0))")
    check(small >= 9, f"a plot's text is {small} high")
    over = browser.script("return [...document.querySelectorAll('table')].filter((e) => "
                          "getComputedStyle(e.parentNode).overflowX !== 'auto').length")
    equal(over, 0, "tables that do not scroll")


def prints_whole():
    opened(riders_study())
    browser.size(720, 1000)
    browser.protocol("Emulation.setEmulatedMedia", media="print", features=[
        {"name": "prefers-color-scheme", "value": "dark"}])
    try:
        equal(browser.script(PAPER), "rgb(255, 255, 255)", "the paper")
        wide = browser.script("return Math.max(...[...document.querySelectorAll('table,pre,svg.plot')]"
                              ".map((e) => e.getBoundingClientRect().right))")
        check(wide <= 720, f"something is cut: it reaches to {wide} of 720")
        equal(browser.script("return document.getElementById('play').offsetParent"), None, "controls")
        equal(browser.script("return getComputedStyle(document.querySelector('figure')).breakInside"),
              "avoid")
    finally:
        browser.protocol("Emulation.setEmulatedMedia", media="", features=[])


def fills_the_screen():
    opened(small_run())
    browser.script("document.getElementById('scene').focus()")
    browser.press("f")
    browser.wait("return document.fullscreenElement?.id === 'player'", "fullscreen")
    browser.press("f")
    browser.wait("return !document.fullscreenElement", "back")


def hundreds_of_groups_leave_room_for_peers():
    one = SCENARIO.replace("PEERS", "1")
    many = "".join(f"[peers group_with_a_long_name_{i:03}]\ncount = 2\nup = 2Mbit\ndown = 8Mbit\n"
                   for i in range(60))
    opened(simulate(one + many))
    browser.size(1280, 900)
    browser.wait("return !player.drawn", "a picture")
    size, low, height = browser.script(
        "const s = player.scene; return [s.size, Math.max(...s.y.slice(0, -1)), s.height]")
    check(size > 8 and low < height, f"peers of {size} down to {low} in {height}")
    browser.size(400, 800)
    tall = browser.script("return Math.max(...[...document.querySelectorAll('svg.plot')].map("
                          "(e) => e.getBoundingClientRect().height))")
    check(tall < 500, f"a plot is {tall} high")


def saves_a_video():
    opened(riders_study())
    equal(browser.script("return document.getElementById('video').hidden"), False, "no button")
    browser.script("player.speed = 20; document.getElementById('video').click()")
    size, kind = browser.wait("return window.saved && [window.saved.size, window.saved.type]",
                              "the video", 40)
    check(size > 5000 and kind.startswith("video/"), f"{size} bytes of {kind}")
    head = browser.script("return window.saved.slice(0, 12).arrayBuffer().then((b) => "
                          "[...new Uint8Array(b)])")
    check(bytes(head[:4]) == b"\x1aE\xdf\xa3" or bytes(head[4:8]) == b"ftyp", f"{head}")
    equal(browser.complaints(), [], "console")


def a_large_swarm():
    opened(small_run(700))
    equal(browser.script("return player.replay.peers.length"), 703)
    seek(round(browser.script("return player.replay.end") / 2))
    equal(browser.script("return player.scene.heightAt(player.scene.size)"
                         "<= player.scene.height - player.scene.top"), True, "all peers fit")
    took = browser.script("const s = performance.now();"
                          "for (let i = 0; i < 5; i++) player.drawNow();"
                          "return (performance.now() - s) / 5")
    check(took < 250, f"a picture takes {took} ms")


def without_provenance():
    run = simulate(SCENARIO.replace("PEERS", "2"), "--provenance=off")
    opened(run, player=False)
    check(not browser.script("return document.getElementById('no-replay').hidden"), "not said")
    equal(browser.complaints(), [], "console")


# ---- as a file ---------------------------------------------------------------------------------


def the_data_cannot_end_its_element():
    page = report(small_run()).read_text(encoding="utf-8")
    element = r'<script type="application/json" id="data">(.*?)</script>'
    data = re.search(element, page, re.S).group(1)
    check("<" not in data, "a < in the data")
    replay, = json.loads(data)
    equal(len(base64.b64decode(replay["block"])), replay["gains"], "a byte a block")
    equal(len(re.findall(r"<script\b", page)), 2, "scripts")
    check(not re.search(r"""(src|href)=["'](?!data:,|#)""", page), "it refers to something outside")


def bad_input():
    run = small_run()
    refused("report", run, words=["-o"])
    refused("report", "-o", "x.html", words=["folder"])
    page = scratch() / "mine.html"
    page.write_text("mine")
    refused("report", run, "-o", page, words=["mine.html"])
    equal(page.read_text(), "mine")
    good("report", run, "-o", page, "--force")
    refused("report", run, "-o", page, "--force", "--run=9", words=["--run", "9"])
    refused("report", run, "-o", scratch() / "x.html", words=["gnuplot"],
            env={**os.environ, "PATH": str(scratch())})
    unfinished = write_run(scratch() / "u", complete=False)
    refused("report", unfinished, "-o", scratch() / "x.html", words=["u"])


CASES = [
    opens_without_a_word, holds_what_provenance_says, plays_to_the_end, less_motion_is_steps,
    keys_do_what_they_say, the_mouse_tells_who, dark_and_narrow, texts_come_out_and_never_run,
    a_study_is_compared, a_study_keeps_groups_apart, a_study_replays_its_two_ends,
    two_runs_on_one_clock, all_of_the_replay_is_in_sight, figures_fit_a_telephone, prints_whole,
    fills_the_screen, saves_a_video, hundreds_of_groups_leave_room_for_peers, a_large_swarm,
    without_provenance, the_data_cannot_end_its_element,
    bad_input,
]

if absent():
    print(f"1..0 # SKIP {absent()}")
else:
    with Browser() as browser:
        main([(case.__name__.replace("_", " "), case) for case in CASES])
