#!/usr/bin/env python3
"""The real client as a reference: libtorrent's swarms on loopback, and minibit-sim's beside them.

examples:
  reference.py list
      the set-ups, and how many peers and how long each has
  reference.py measure --results /tmp/live
      three live runs of each set-up, a dozen at a time, about an hour; called again, it goes on
  reference.py measure equal riders --runs 1 --results /tmp/live
      one run of two of them
  reference.py measure equal --set allowed_fast_set_size=0 --results /tmp/experiment
      with one setting of libtorrent changed, to see what it does
  reference.py compare --results /tmp/live
      minibit-sim, ten seeds of each, against these; without --results against the figures kept here
  reference.py keep --results /tmp/live
      put these runs into tests/libtorrent/measured, in place of what is there of the same set-ups
  reference.py differences
      write anew which figures minibit-sim does not meet today

exit status: 0 done; 1 a run failed, or a figure is neither met nor listed; 2 wrong usage or set-up
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import against
import figures
import setup as setups
import store

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "measured"
DIFFERENCES = MEASURED / "differences.csv"
LATE_S = 1.0  # a process that was kept waiting for longer was starved


def fail(text):
    print(f"reference.py: {text}", file=sys.stderr)
    sys.exit(2)


def all_setups(program, names=()):
    """The set-ups of these names or paths, or all."""
    known = {path.stem: path for path in sorted((HERE / "setups").glob("*.ini"))}
    chosen = []
    for name in names or known:
        path = Path(name) if name.endswith(".ini") else known.get(name)
        if path is None:
            raise setups.SetupError(f"no set-up {name}: there are {', '.join(known)}")
        chosen.append(setups.read(program, path))
    return chosen


def need_libtorrent():
    if importlib.util.find_spec("libtorrent") is None:
        fail(f"{sys.executable} has no libtorrent: `apt-get install python3-libtorrent` and run "
             "this with /usr/bin/python3, or `./bootstrap test libtorrent`, which does both")


# ---- measuring ------------------------------------------------------------------------------------


def start(options, setup, seed, out):
    """The process of one live run."""
    command = [sys.executable, str(HERE / "live.py"), options.program, str(setup.path), str(seed),
               str(out), *options.change]
    if options.one_address:
        command.append("one-address")
    log = open(out.with_suffix(".log"), "w", encoding="utf-8")
    return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def last_words(out):
    text = out.with_suffix(".log").read_text(encoding="utf-8").strip()
    return text.splitlines()[-1] if text else "it said nothing"


def go_on(options, waiting, running):
    """Starts what there is room for; returns what has ended as (name, exit status, file)."""
    while waiting and len(running) < options.jobs:
        setup, seed, out = waiting.pop(0)
        running.append((f"{setup.name}, run {seed}", start(options, setup, seed, out), out))
        time.sleep(1)  # starting is what takes processor time
    now = [(one, one[1].poll()) for one in running]  # asked once: it may end at any moment
    ended = [(one[0], status, one[2]) for one, status in now if status is not None]
    running[:] = [one for one, status in now if status is None]
    return ended


def measure(options):
    """Live runs of the set-ups, longest first; those that are there are not done again."""
    need_libtorrent()
    folder = Path(options.results)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = all_setups(options.program, options.setups)
    planned = [(setup, seed, folder / f"{setup.name}-{seed}.json")
               for setup in sorted(chosen, key=lambda s: -s.file_size / (s.seeder_up or 1))
               for seed in range(1, options.runs + 1)]
    waiting = [plan for plan in planned if not plan[2].exists()]
    count, failed, running, told = len(waiting), [], [], time.monotonic()
    print(f"{count} live runs to do, {len(planned) - count} are there; {options.jobs} at a time",
          flush=True)
    try:
        while waiting or running:
            for name, status, out in go_on(options, waiting, running):
                print(f"{name}: {'done' if status == 0 else 'FAILED: ' + last_words(out)}",
                      flush=True)
                if status != 0:
                    failed.append(name)
            if time.monotonic() - told > 60:
                told = time.monotonic()
                for _, _, out in running:
                    print(f"  {last_words(out)}", flush=True)
            time.sleep(1)
    finally:
        for _, process, _ in running:
            process.terminate()
    warn(read_results(folder))
    return 1 if failed else 0


def read_results(folder):
    found = []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise figures.FigureError(f"{path}: {error}") from None
    if not found:
        raise figures.FigureError(f"{folder}: no live runs; `reference.py measure` makes some")
    return found


def warn(runs):
    """Says which runs had trouble: a process kept waiting, an error of libtorrent."""
    for run in runs:
        name = f"{run['setup']}, run {run['seed']}"
        if run["late_max_s"] > LATE_S:
            print(f"note: {name}: the process was kept waiting for {run['late_max_s']:.1f} s")
        for error in run.get("errors", []):
            print(f"note: {name}: {error}")


# ---- comparing ------------------------------------------------------------------------------------


def show(name, compared, runs, known):
    loads = [run["load"] for run in runs]
    used = [run["uplinks_used"] for run in runs if run["uplinks_used"]]
    print(f"{name}: {len(runs)} live runs of {min(run['started'] for run in runs)[:10]}, load "
          f"{min(loads):.1f} to {max(loads):.1f}"
          + (f", {min(used):.0%} to {max(used):.0%} of the uplinks used" if used else ""))
    for figure, live, simulated, off, met in compared:
        note = "" if met else "  known" if (name, figure) in known else "  DIFFERS"
        print(f"  {figure:<16}{live:10.2f}{simulated:10.2f}  {off:+7.1%}{note}")


def tables(options, runs):
    """(set-up's name, comparison) of each chosen set-up that was measured."""
    found = []
    for setup in all_setups(options.program, options.setups):
        if options.setups or any(run["setup"] == setup.name for run in runs):
            found.append((setup.name, against.rows(options.program, setup, runs, keys=options.protocol)))
    return found


def compare(options):
    runs = read_results(options.results) if options.results else store.load(MEASURED)
    known = store.differences(DIFFERENCES)
    compared = tables(options, runs)
    if options.markdown:
        print(against.markdown(compared, known))
        return 0
    print(f"{'seconds, and files':<18}libtorrent   MiniBit")
    wrong = []
    for name, rows in compared:
        show(name, rows, [run for run in runs if run["setup"] == name], known)
        wrong += [figure for figure, *_, met in rows if not met and (name, figure) not in known]
    print(f"{len(wrong)} figures differ that are not known to" if wrong else
          "all figures are met, but for the known differences")
    return 1 if wrong else 0


def keep(options):
    new = read_results(options.results)
    changed = [run["setup"] for run in new if run["one_address"] or run["changes"]]
    if changed and not options.to:
        fail(f"{options.results}: {changed[0]} ran with another setting; keep it --to a folder")
    names = {run["setup"] for run in new}
    folder = MEASURED / options.to if options.to else MEASURED
    old = store.load(folder) if (folder / "runs.csv").exists() else []
    store.save(folder, [run for run in old if run["setup"] not in names] + new)
    print(f"{len(new)} runs kept in {os.path.relpath(folder)}")
    return 0


def differences(options):
    found = [(name, figure, live, simulated)
             for name, rows in tables(options, store.load(MEASURED))
             for figure, live, simulated, _, met in rows if not met]
    store.save_differences(DIFFERENCES, found)
    print(f"{len(found)} differences in {os.path.relpath(DIFFERENCES)}")
    return 0


def listing(options):
    for setup in all_setups(options.program, options.setups):
        count = sum(group.count for group in setup.groups)
        print(f"{setup.name:<26}{count:3} peers, {setup.blocks} blocks: {setup.description}")
    return 0


def test(options):
    """What `./bootstrap test libtorrent` does: measures anew, then compares."""
    return measure(options) or compare(options)


# ---- the command line -----------------------------------------------------------------------------


def arguments():
    parser = argparse.ArgumentParser(
        prog="reference.py", description=__doc__.split("\n\n")[0],
        epilog=__doc__.split("\n\n", 1)[1], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", help="list, measure, compare, keep, differences; or test, which "
                        "measures and then compares", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("setups", nargs="*", metavar="SETUP", help="a set-up's name, or a file")
    parser.add_argument("--program", default="build/minibit-sim", help="minibit-sim")
    parser.add_argument("--results", metavar="DIR", help="where live runs are left and found")
    parser.add_argument("--runs", type=int, default=3, help="live runs of each set-up (3)")
    parser.add_argument("--jobs", type=int, default=12, help="live runs at a time (12)")
    parser.add_argument("--one-address", action="store_true",
                        help="all clients at 127.0.0.1, instead of a net for each")
    parser.add_argument("--set", action="append", default=[], dest="change",
                        metavar="SETTING=NUMBER", help="a setting of every client")
    parser.add_argument("--protocol", action="append", default=[], metavar="KEY=VALUE",
                        help="compare: a key of [protocol] in minibit-sim's runs")
    parser.add_argument("--to", metavar="NAME", help="keep: a folder beside the reference's tables")
    parser.add_argument("--markdown", action="store_true", help="compare: as the docs have it")
    return parser.parse_intermixed_args()  # names may stand behind options


COMMANDS = {"list": listing, "measure": measure, "compare": compare, "keep": keep,
            "differences": differences, "test": test}


def check(options):
    """What the parser cannot say."""
    if options.command in ("measure", "keep", "test") and not options.results:
        fail(f"{options.command} needs --results DIR")
    if options.protocol and options.command != "compare":
        fail("--protocol goes with compare alone")
    if options.runs < 1 or options.jobs < 1:
        fail("--runs and --jobs are at least 1")
    for change in options.change:
        key, _, value = change.partition("=")
        if not key or not value.lstrip("-").isdigit():
            fail(f"--set {change}: it is SETTING=NUMBER")


def main():
    options = arguments()
    check(options)
    try:
        return COMMANDS[options.command](options)
    except setups.SetupError as error:
        fail(error)
    except figures.FigureError as error:
        print(f"reference.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
