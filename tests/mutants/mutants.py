#!/usr/bin/env python3
"""Do the tests say it when the code is wrong? One small change of the code at a time, and who says so.

    mutants.py [--seed N] [--count N] [--jobs N] [--only FILE]... [--list] [--again REPORT] BUILD

Draws `count` changes of core/, its strategies and the simulator's links and queue (changes.py says
of what kind), makes each in a copy of the tree below BUILD/mutants, and runs the unit tests, then
small swarms under the checker and the tests of what a right swarm shows (trial.py). Digests of golden
runs come last and are counted apart: they say that something changed, not what is right. A change that
makes the same machine code is none, and another is drawn for it; so it is with one that does not
compile. It fails where more than 5 % of the changes survive that survivors.txt does not explain.
"""
import argparse
import difflib
import hashlib
import json
import queue
import shutil
import sys
import threading
import time
from pathlib import Path

from changes import changes_of
from trial import ROOT, Broken, Job

EXPLAINED = Path(__file__).with_name("survivors.txt")
LIMIT = 0.05
NONE = ("compile", "equivalent")
SAYS = {
    "right": "killed by a test of what is right",
    "time": "killed by time: it does not end",
    "digest": "killed by a golden digest alone",
    "survived": "survived",
    "compile": "no mutant: does not compile",
    "equivalent": "no mutant: the same machine code",
}


def files_to_change(root):
    """The files whose slips are tried; what only checks others is not among them."""
    found = [*root.glob("core/*.c"), *root.glob("core/peer/*.c"), *root.glob("core/strategies/*.c")]
    found += [*root.glob("sim/engine/links*.c"), root / "sim/engine/dates.c", root / "sim/engine/queue.c"]
    return sorted(str(p.relative_to(root)) for p in found if not p.stem.endswith("check"))


def explained(path=EXPLAINED):
    """The reasons of survivors.txt by key: a line is the key, those below it, indented, the reason."""
    reasons, key = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            reasons[key] = f"{reasons[key]} {line.strip()}".strip()
        else:
            key = line.strip()
            reasons[key] = ""
    return reasons


def outlived(changes, reasons):
    """The names with a reason of changes that can no longer be made: their lines are others now."""
    keys = {change.key for change in changes}
    return [key for key in reasons if key not in keys]


def drawn_as(file):
    """The name under which a file is drawn: its own and its part's, whatever folder of that it moves to.
    What lies in core/peer/ keeps the names that it had in core/."""
    part, *folders, name = file.split("/")
    return f"{part}/peer_{name}" if folders == ["peer"] and name != "peer.c" else f"{part}/{name}"


def lot(seed, change):
    """The change's place in the seed's draw. It tells nothing of another's, so that a line more or less
    elsewhere changes no draw."""
    drawn = f"{seed} {drawn_as(change.file)}{change.key.removeprefix(change.file)} {change.new}"
    return hashlib.sha256(drawn.encode()).digest()


def draw(seed, only, root=ROOT):
    """All changes in the order in which the seed draws them."""
    changes = []
    for file in only or files_to_change(root):
        changes += changes_of(file, (root / file).read_text(encoding="utf-8"))
    return sorted(changes, key=lambda c: lot(seed, c))


def diff_of(change):
    text = (ROOT / change.file).read_text(encoding="utf-8")
    old, new = text.splitlines(keepends=True), change.apply(text).splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, change.file, change.file, n=2))


class Trials:
    """Hands out changes to the jobs until `count` of them were mutants."""

    def __init__(self, changes, count):
        self.changes = iter(changes)
        self.count = count
        self.results = []
        self.under_way = 0
        self.condition = threading.Condition()

    def next(self):
        with self.condition:
            while True:
                mutants = sum(verdict not in NONE for _, verdict, _ in self.results)
                if mutants >= self.count:
                    return None
                if mutants + self.under_way < self.count:
                    break
                self.condition.wait()
            change = next(self.changes, None)
            self.under_way += change is not None
            return change

    def done(self, change, verdict, by):
        with self.condition:
            self.under_way -= 1
            self.results.append((change, verdict, by))
            self.condition.notify_all()
            print(f"{len(self.results):4} {verdict:10} {by:24} {change.key}", flush=True)


def work(trials, job, failures):
    try:
        while (change := trials.next()) is not None:
            trials.done(change, *job.attempt(change))
    except Exception as failure:  # a job that fails ends the others too
        failures.put(failure)
        with trials.condition:
            trials.count = 0
            trials.condition.notify_all()


def try_all(changes, count, build, jobs):
    """The trials, by `jobs` at a time."""
    folder = build.resolve() / "mutants"
    workers = [Job(folder / f"job-{number}") for number in range(1, jobs + 1)]
    for job in workers:
        job.prepare()
    trials, failures = Trials(changes, count), queue.Queue()
    threads = [threading.Thread(target=work, args=(trials, job, failures)) for job in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not failures.empty():
        raise failures.get()
    return trials.results


def unexplained(results, reasons):
    """The survivors without a reason, and whether they are more than may be."""
    mutants = [r for r in results if r[1] not in NONE]
    found = [change for change, verdict, _ in mutants
             if verdict == "survived" and not reasons.get(change.key)]  # fmt: skip
    return found, len(found) > LIMIT * len(mutants)


def report(results, seconds):
    """Prints the figures and the survivors without a reason; the exit status."""
    found, too_many = unexplained(results, explained())
    for change in found:
        print(f"\nsurvived: {change.key}\n{diff_of(change)}", end="")
    mutants = sum(verdict not in NONE for _, verdict, _ in results)
    print(f"\n{mutants} mutants in {seconds:.0f} s")
    for verdict, text in SAYS.items():
        print(f"{sum(r[1] == verdict for r in results):5}  {text}")
    print(f"{len(found):5}  of the survivors unexplained; the limit is {LIMIT:.0%} of the mutants")
    return 1 if too_many else 0


def keep(results, path):
    rows = [{"key": c.key, "kind": c.kind, "verdict": verdict, "by": by} for c, verdict, by in results]
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def read_report(path, changes):
    """The results of a former run, and the changes of it that survived, or fell to a digest alone.
    What can no longer be made is left out."""
    by_key = {change.key: change for change in changes}
    rows = json.loads(path.read_text(encoding="utf-8"))
    results = [(by_key[r["key"]], r["verdict"], r["by"]) for r in rows if r["key"] in by_key]
    return results, [change for change, verdict, _ in results if verdict in ("survived", "digest")]


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", type=Path, help="the build folder; the copies lie below it")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--count", type=int, default=300, help="how many mutants (300)")
    parser.add_argument("--jobs", "-j", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--only", action="append", metavar="FILE", help="change this file alone")
    parser.add_argument("--list", action="store_true", help="print the draw, and try nothing")
    parser.add_argument("--again", type=Path, help="try anew what survived in that report.json")
    return parser.parse_args()


def main():
    options = read_arguments()
    changes, former = draw(options.seed, options.only), []
    if options.again:
        former, changes = read_report(options.again, changes)
        options.count = len(changes)
    if options.list:
        for change in changes[: options.count]:
            print(f"{change.kind:10} {change.key}")
        return 0
    start = time.monotonic()
    try:
        results = try_all(changes, options.count, options.build, options.jobs)
    except Broken as failure:
        sys.exit(f"mutants: {failure}")
    tried = {change.key for change, _, _ in results}
    results = [r for r in former if r[0].key not in tried] + results
    for key in outlived(draw(options.seed, None), explained()):
        print(f"survivors.txt: no longer there: {key}")
    keep(results, options.build / "mutants/report.json")
    return report(results, time.monotonic() - start)


if __name__ == "__main__":
    if not shutil.which("ninja"):
        sys.exit("mutants: no ninja here")
    sys.exit(main())
