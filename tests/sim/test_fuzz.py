#!/usr/bin/env python3
"""test_fuzz.py PROGRAM FUZZ [COUNT]: swarms drawn from seeds hold, and minibit-fuzz does what it says.

COUNT (2,000) swarms from the hash of the commit that is tested: others for each commit, the same for all who
test that one. Scenarios that failed once are in found/, each with what went wrong at its head.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM, FUZZ = (str(Path(word).resolve()) for word in sys.argv[1:3])
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
sys.path.insert(0, str(ROOT / "fuzz"))

from minibit_fuzz import check  # noqa: E402
from minibit_fuzz.check import Check, Programs  # noqa: E402
from minibit_fuzz.draw import BY_HAND, NOT_DRAWN, Swarm  # noqa: E402
from minibit_fuzz.heal import resolved  # noqa: E402
from minibit_fuzz.shrink import shrink  # noqa: E402


def fuzz(*words, sim=PROGRAM):
    return subprocess.run([FUZZ, "--sim", sim, *words], capture_output=True, text=True, check=False)


def require(truth, text):
    if not truth:
        raise AssertionError(text)


def commit():
    """The hash of what is tested; without a repository, of the sources' own figures."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or "no repository"


def swarms():
    done = fuzz("--from", commit(), "--count", str(COUNT), "-j", "2", "--keep", tempfile.mkdtemp())
    require(done.returncode == 0, done.stdout + done.stderr)
    return done.stdout.splitlines()[-1].removeprefix("minibit-fuzz: ")


def found():
    """Scenarios that failed once: with every check, twice the same bytes, and as their head says."""
    names = sorted((HERE / "found").glob("*.ini"))
    for path in names:
        with tempfile.TemporaryDirectory() as folder:
            digests = set()
            for run, options in (("a", ["--check=every", "--events=csv"]), ("b", ["--check=off"])):
                done = subprocess.run([PROGRAM, str(path), "-q", *options, "-o", f"{folder}/{run}"],
                                      capture_output=True, text=True, check=False)
                require(done.returncode == 0, f"{path.name}: {done.stderr}")
                digests.add(Path(folder, run, "summary.json").read_text())
            require(len(digests) == 1, f"{path.name}: two runs differ")
            events = Path(folder, "a", "events.csv").read_text()
            if path.name == "bye-to-unreachable.ini":
                require(not re.search(r"hear,a-1,b-1", events), f"{path.name}: it was heard")
    require(len(names) >= 4, "scenarios are missing")
    return f"{len(names)} scenarios"


ONE_VALUE = {"path", "unreachable", "seeder"}  # written only where they are not what holds without them


def every_key():
    """Each key of --help-keys is drawn, or is on the list of those that are not, with a reason."""
    keys = Programs(PROGRAM).keys
    for group, known in keys.groups.items():
        said = BY_HAND.get(group, set()) | set(NOT_DRAWN.get(group, {}))
        require(said == known, f"[{group}]: {sorted(said ^ known)}")
    programs, drawn = Programs(PROGRAM), {}
    for seed in range(1, 1001):
        for group, values in programs.draw(seed).groups.items():
            for key, value in values.items():
                drawn.setdefault((group.split()[0], key), set()).add(value)
    for group, wanted in [*((g.split()[0], k) for g, k in BY_HAND.items()), ("protocol", set(keys.ranges)),
                          ("peers", keys.own)]:
        missing = [key for key in wanted if len(drawn.get((group, key), ())) < 1 + (key not in ONE_VALUE)]
        require(not missing, f"[{group}] {missing}: not drawn, or always the same")
    return f"{len(drawn)} keys"


def same_seed():
    one, two, other = (fuzz("--seed", seed, "--print") for seed in ("7", "7", "8"))
    require(one.returncode == 0 and one.stdout == two.stdout != other.stdout, one.stdout + one.stderr)
    require(resolved(one.stdout)["tracker"]["up"], "no scenario")


def usage():
    for words, said in ((["--seed", "x"], "invalid int"), (["--for", "8 days"], "no time"),
                        (["--seed", "1", "--first", "2"], "one of them"), (["--print"], "Give --seed N"),
                        (["-j", "0"], "at least 1"), (["--sim", "/none"], "no such program"),
                        (["--for", "1s", "--count", "3"], "one of them"),
                        (["--sede", "7"], "unknown option --sede; did you mean --seed?"),
                        (["--no-shirnk"], "unknown option --no-shirnk; did you mean --no-shrink?"),
                        (["--fail=2"], "unknown option --fail; did you mean --failures?"),
                        (["--xyzzy"], "unknown option --xyzzy; see --help"),
                        (["-x"], "unknown option -x; see --help"), (["7"], "7: takes options only; see --help")):
        done = fuzz(*words)
        require(done.returncode == 2 and said in done.stderr, f"{words}: {done.returncode} {done.stderr}")
        require(len(done.stderr.splitlines()) == 1, done.stderr)
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    require(fuzz("--version").stdout == version.replace("minibit-sim", "minibit-fuzz"), "another version")
    told = set(re.findall(r"(--[a-z-]+)(?:=\S+)?  ", fuzz("--help").stdout))
    taken = set(re.findall(r'"(--[a-z-]+)"', (ROOT / "fuzz/minibit-fuzz").read_text()))
    require(taken - {"--show-config"} == told, f"--help tells {sorted(told ^ taken)} or not")


def script(folder, name, text):
    """A program that stands for another."""
    path = Path(folder, name)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def failing_sim(folder, words):
    """A simulator that fails where a scenario has these words."""
    return script(folder, "minibit-sim", f"case $1 in -*) ;; *) if grep -q '{words}' \"$1\"\n"
                  "then echo 'minibit-sim: nobody there' >&2; exit 1; fi;; esac\n"
                  f"exec {PROGRAM} \"$@\"")


def failing():
    """A simulator that fails where somebody is unreachable: told, shrunk to that, and run again."""
    with tempfile.TemporaryDirectory() as folder:
        sim = failing_sim(folder, "unreachable = yes")
        done = fuzz("--first", "1", "--count", "60", "--failures", "1", "--keep", folder, "-j", "1", "--no-audit",
                    sim=str(sim))
        require(done.returncode == 1, f"exit {done.returncode}: {done.stdout}{done.stderr}")
        seed = re.search(r"seed (\d+) fails: ends with 1: .*nobody there", done.stdout)
        require(seed and done.stdout.startswith("minibit-fuzz: seed 1..60\n"), done.stdout)
        kept = Path(folder, f"minibit-fuzz-{seed[1]}.ini")
        groups = resolved(kept.read_text())
        peers = [keys for name, keys in groups.items() if name.startswith("peers ")]
        require(len(peers) == 1 and peers[0]["unreachable"] == "yes" and len(peers[0]) == 4,
                f"not shrunk:\n{kept.read_text()}")
        require(groups["tracker"]["up"] in ("0bit", "unlimited") and peers[0]["count"] == "0",
                f"numbers are left:\n{kept.read_text()}")
        again = fuzz("--seed", seed[1], "--no-shrink", "--keep", folder, sim=str(sim))
        require(again.returncode == 1 and "nobody there" in again.stdout, again.stdout)
    return f"seed {seed[1]}"


def kept_files():
    """Scenarios that fail keep the files that they name, each under its own seed; both can be run."""
    programs, name = Programs(PROGRAM), "arrivals0.csv"
    drawn = {seed: programs.draw(seed) for seed in range(1, 100)}
    seeds = [seed for seed, swarm in drawn.items() if name in swarm.files][:2]
    with tempfile.TemporaryDirectory() as folder:
        sim = failing_sim(folder, f"= trace {name}")
        for seed in seeds:
            done = fuzz("--seed", str(seed), "--no-shrink", "--no-audit", "--keep", folder, sim=str(sim))
            require(done.returncode == 1, done.stdout + done.stderr)
        for seed in seeds:
            head = f"minibit-fuzz-{seed}"
            require(f"= trace {head}-{name}\n" in Path(folder, f"{head}.ini").read_text(), f"{head}.ini names another")
            require(Path(folder, f"{head}-{name}").read_text() == drawn[seed].files[name], f"{head}: another trace")
            subprocess.run([PROGRAM, f"{head}.ini", "--show-config"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        others = {path.name for path in Path(folder).iterdir() if not path.name.startswith("minibit-fuzz-")}
        require(others == {"minibit-sim"}, f"{others} are there too")
    return f"seeds {seeds}"


def audits():
    """What the audit finds first is the kind of a failure, in whichever folder: so it can be shrunk."""
    kinds = set()
    with tempfile.TemporaryDirectory() as folder:
        audit = script(folder, "audit", "echo $2/timeline.csv:4: a; echo $2/timeline.csv:5: b; exit 1")
        for name in ("a-run", "b/run"):
            try:
                Check.audited(SimpleNamespace(programs=SimpleNamespace(audit=str(audit))), Path(folder, name))
            except check.Failure as failure:
                kinds.add(failure.kind)
    require(kinds == {"the audit ends with 1: timeline.csv:#: a"}, str(kinds))


def shrunk():
    """The smallest that fails is found in some tries: none twice, and none one less at a time for ever."""
    tried = []

    def fails(swarm):
        tried.append(swarm.text())
        return int(swarm.groups["scenario"]["until"][:-2]) >= 10**12 and "peers b" in swarm.groups

    peers = {"count": "20", "up": "7342bit", "down": "7342bit", "arrival": "at 3ns"}
    swarm = Swarm({"scenario": {"until": "37618136387230ns"}, "file": {"size": "196439B"},
                   "protocol": {"preset": "bittorrent"}, "tracker": {"up": "7342bit"},
                   "peers a": peers, "peers b": peers})
    found = shrink(swarm, fails)
    require(found.text() == "[scenario]\nuntil = 1000000000000ns\n[file]\nsize = 0B\n[tracker]\nup = 0bit\n[peers b]\n"
            "count = 0\nup = 0bit\ndown = 0bit\n[protocol]\npreset = minibit\n", f"not the smallest:\n{found.text()}")
    require(len(tried) < 60, f"{len(tried)} tries")
    return f"{len(tried)} tries"


def healed():
    """A simulator whose healed swarms end before anybody can be complete: told."""
    seed = next(str(seed) for seed in range(1, 200) if not re.search("arrival|have = |blocks = 0",
                                                                     Programs(PROGRAM).draw(seed).text()))
    with tempfile.TemporaryDirectory() as folder:
        sim = script(folder, "minibit-sim", "case \"$*\" in *--check=sample*) set -- \"$@\" --set scenario.until=1ns;; "
                     f"esac\nexec {PROGRAM} \"$@\"")
        done = fuzz("--seed", seed, "--no-shrink", "--no-audit", "--keep", folder, sim=str(sim))
        require(done.returncode == 1 and "a healed swarm does not complete" in done.stdout, done.stdout)
        kept = Path(folder, f"minibit-fuzz-{seed}.ini").read_text()
        require("unlimited" in kept or "bit" in kept, kept)
    return f"seed {seed}"


def slow_audits():
    """An audit of many that does not end is done one by one; one that does not end is told, and no more."""
    with tempfile.TemporaryDirectory() as folder:
        slow = script(folder, "audit", "case $# in 2) exit 0;; esac\nexec sleep 60")
        for name in ("1", "2"):
            Path(folder, name, "run").mkdir(parents=True)
        checks = [SimpleNamespace(folder=Path(folder, name), seed=int(name)) for name in ("1", "2")]
        for one in checks:
            one.only = lambda stage, one=one: Check.audited(
                SimpleNamespace(programs=SimpleNamespace(audit=str(slow))), one.folder / "run")
        limits = check.PATIENCE, check.IDLE
        check.PATIENCE, check.IDLE = 1, 0.5
        try:
            require(Check.audit_many(SimpleNamespace(audit=str(slow)), checks) is None, "many are not done one by one")
            script(folder, "audit", "exec sleep 60")
            ends = [Check.audit_many(SimpleNamespace(audit=str(slow)), checks)]
            check.IDLE = 60
            script(folder, "audit", "while :; do :; done")
            ends.append(Check.audit_many(SimpleNamespace(audit=str(slow)), checks))
            script(folder, "audit", "exec sleep 1.5")  # a process that waits takes no processor
            require(Check.audit_many(SimpleNamespace(audit=str(slow)), checks) is None, "who waits is no more patient")
        finally:
            check.PATIENCE, check.IDLE = limits
    told = [(seed, failure.kind, failure.text) for seed, failure in ends]
    require(told == [(1, "hangs", "no end after 0.5 s"), (1, "hangs", "no end after 1 s of a processor")], f"{told}")


def main():
    cases = [("every key is drawn", every_key), ("a seed is a scenario", same_seed), ("wrong usage", usage),
             ("a failure is told, shrunk and found again", failing), ("files of scenarios that fail", kept_files),
             ("what an audit finds", audits), ("the smallest that fails", shrunk), ("nobody completes", healed),
             ("an audit that takes long", slow_audits), ("scenarios that failed once", found),
             ("swarms of this commit", swarms)]
    print(f"1..{len(cases)}")
    bad = 0
    for number, (name, case) in enumerate(cases, 1):
        try:
            text = case()
            print(f"ok {number} - {name}" + (f": {text}" if text else ""), flush=True)
        except AssertionError as error:
            bad += 1
            print(f"not ok {number} - {name}\n# " + str(error).replace("\n", "\n# "), flush=True)
    sys.exit(bad > 0)


main()
