#!/usr/bin/env python3
"""same.py PROGRAM FOLDER VARIANT...: other builds and other surroundings leave the same bytes.

    --seeds FIRST COUNT   the random swarms to try; FIRST may be `commit`, drawn from its hash
    --whole               the shipped scenarios in full too, but for slow builds; those of a thousand
                          peers only in LARGE_IN, the variants furthest from PROGRAM, for their time

Each VARIANT runs the reduced golden cases, which must have their digest, and the random swarms. Every
file that it leaves must have the bytes of PROGRAM's: all tables, with events.csv, and all of
manifest.json but `volatile` and `commit`. Where one does not, the first line that differs is shown.
Builds lie in FOLDER, a folder for each. VARIANT is one of BUILDS or of SURROUNDINGS below, or `all`.
Prints TAP, a point for each variant.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
import golden  # noqa: E402
from golden import JOBS, ROOT, Failed, Run, read_cases, require_digest  # noqa: E402
from swarms import draw  # noqa: E402

# name: (compiler, meson's options). These five are what golden.py builds, and may lie in its folder.
BUILDS = golden.VARIANTS | {
    "gcc-native": ("gcc", ["-Doptimization=3", "-Dc_args=-march=native"]),
    "gcc-lto": ("gcc", ["-Doptimization=3", "-Db_lto=true"]),
    "clang-native": ("clang", ["-Doptimization=3", "-Dc_args=-march=native"]),
    "clang-sanitizers": ("clang", ["-Doptimization=1", "-Db_sanitize=address,undefined"]),
}
# name: (the program it needs, what is said before the program's name). {locales} is a folder.
SURROUNDINGS = {
    "locale": ("localedef", "env LOCPATH={locales} LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8"),
    "time-zone": ("env", "env TZ=Pacific/Chatham"),
    "no-random-addresses": ("setarch", "setarch -R"),
    "random-addresses": ("env", "env"),
    "old-address-layout": ("setarch", "setarch -L"),
    "filled-memory": ("env", "env MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1"),
    "mapped-memory": ("env", "env MALLOC_MMAP_THRESHOLD_=64 MALLOC_TOP_PAD_=0"),
    "large-environment": ("env", "env MINIBIT_NOTHING=" + "x" * 100_000),
}
LARGE = ("flashcrowd", "complement", "mutual", "bittorrent")
LARGE_IN = ("gcc-lto", "clang-native", "filled-memory")
SLOW = ("gcc-O0", "clang-O0", "sanitizers", "clang-sanitizers")
LOCALES = ("tr_TR", "de_DE")
MORE = ["--events=csv"]


class Drawn:
    """A random swarm, as golden.py's Case is one that is kept: it has no digest to have."""

    def __init__(self, seed, program, scratch):
        self.seed, self.name, self.small = seed, f"random swarm {seed}", True
        folder = Path(scratch) / f"swarm-{seed}"
        folder.mkdir()
        self.path = draw(seed, program, folder)

    def command(self, program, folder, more=()):
        return [program, str(self.path), "--seed", str(self.seed), *more, "-q", "-o", str(folder)]


def commit_seed():
    """A seed that goes along with the commit: each is tried with other swarms."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"],
                          capture_output=True, text=True, check=False)
    return 1 + int(done.stdout[:7], 16) if done.returncode == 0 else 1


# ---- comparison ---------------------------------------------------------------------------------


def first_difference(one, other):
    """Where the first table of two runs parts, in words."""
    for name in ("events.csv", "config.ini", "timeline.csv", "completion.csv", "summary.json"):
        paths = [run.folder / name for run in (one, other)]
        if not all(path.exists() for path in paths):
            continue
        left, right = [path.read_text(encoding="utf-8").splitlines() for path in paths]
        for number, (a, b) in enumerate(zip([*left, "(end)"], [*right, "(end)"]), 1):
            if a != b:
                return f"{name}, line {number}: {a} | {b}"
    return "no table parts"


def refusal(case, failure):
    """What a drawn scenario is refused with, which is to be the same everywhere. Else it is raised."""
    if isinstance(case, golden.Case) or not str(failure).startswith("exit 2:"):
        raise failure
    return str(failure)


class Reference:
    """PROGRAM's own runs, each made once: the hashes of its files."""

    def __init__(self, program, scratch):
        self.program, self.scratch, self.known = program, scratch, {}

    def run(self, case):
        return Run(case, self.program, self.scratch, MORE)

    def outputs(self, case):
        if case.name not in self.known:
            try:
                run = self.run(case)
                self.known[case.name] = run.outputs()
                run.drop()
            except Failed as failure:
                self.known[case.name] = {"refusal": refusal(case, failure)}
        return self.known[case.name]

    def require_same(self, case, variant):
        """A case's run by the variant's program leaves what PROGRAM leaves."""
        here = self.outputs(case)
        try:
            run = Run(case, variant, self.scratch, MORE)
        except Failed as failure:
            if here != {"refusal": refusal(case, failure)}:
                raise
            return
        if isinstance(case, golden.Case):
            require_digest(run)
        there = run.outputs()
        names = [name for name in sorted(here.keys() | there.keys())
                 if here.get(name) != there.get(name)]
        if names:
            raise Failed(f"{case.name}: {', '.join(names)} differ\n"
                         f"{first_difference(self.run(case), run)}")
        run.drop()


def require_all_same(reference, cases, variant):
    def one(case):
        try:
            reference.require_same(case, variant)
        except Failed as failure:
            return str(failure)
        return None

    with ThreadPoolExecutor(JOBS) as pool:
        failures = [failure for failure in pool.map(one, cases) if failure]
    if failures:
        raise Failed("\n".join(failures[:3]) + f"\n{len(failures)} of {len(cases)} differ")
    return f"{len(cases)} runs"


# ---- variants -----------------------------------------------------------------------------------


def make_locales(folder):
    """The locales in a folder of their own; the system's are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LOCALES:
        if not (folder / f"{name}.UTF-8").exists():
            command = ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise LookupError(f"no {name}: {done.stderr.strip()}")


def surrounded(name, program, folder):
    """A script that runs the program in other surroundings; LookupError where there are none."""
    tool, before = SURROUNDINGS[name]
    if not shutil.which(tool):
        raise LookupError(f"no {tool} here")
    if name == "locale":
        make_locales(folder / "locales")
    before = before.format(locales=shlex.quote(str(folder / "locales")))
    if subprocess.run([*shlex.split(before), "true"], capture_output=True, check=False).returncode:
        raise LookupError(f"{before.split()[0]} is not permitted here")
    script = folder / name
    script.write_text(f'#!/bin/sh\nexec {before} {shlex.quote(program)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)


def make(name, program, folder):
    """The path of a variant's program; LookupError where this system has not what it needs."""
    if name in SURROUNDINGS:
        return surrounded(name, program, folder)
    golden.VARIANTS.update(BUILDS)
    built = golden.build(name, str(folder / name))
    if not built:
        raise LookupError(f"no {BUILDS[name][0]} here")
    return built


# ---- TAP ----------------------------------------------------------------------------------------


def point(number, name, reference, cases, folder):
    """Tries a variant and prints its line. Whether it did not hold."""
    try:
        text = require_all_same(reference, cases, make(name, reference.program, folder))
        print(f"ok {number} - {name}: {text}", flush=True)
    except LookupError as lacking:
        print(f"ok {number} - {name} # SKIP {lacking}", flush=True)
    except Failed as failure:
        print("# " + str(failure).replace("\n", "\n# "))
        print(f"not ok {number} - {name}", flush=True)
        return True
    return False


def cases_of(name, cases):
    """Those that a variant runs."""
    return [case for case in cases if case.small or
            name not in SLOW and (case.name not in LARGE or name in LARGE_IN)]


def options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("variants", nargs="+", choices=["all", *BUILDS, *SURROUNDINGS])
    parser.add_argument("--seeds", nargs=2, default=["commit", "20"])
    parser.add_argument("--whole", action="store_true")
    return parser.parse_args()


def main():
    asked, failed = options(), []
    program, folder = os.path.abspath(asked.program), Path(asked.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    names = [*BUILDS, *SURROUNDINGS] if "all" in asked.variants else asked.variants
    first = commit_seed() if asked.seeds[0] == "commit" else int(asked.seeds[0])
    count = int(asked.seeds[1])
    print(f"1..{len(names)}\n# random swarms {first} to {first + count - 1}", flush=True)
    with tempfile.TemporaryDirectory(prefix="minibit-same.") as scratch:
        cases = [case for case in read_cases() if case.small or asked.whole]
        cases += [Drawn(seed, program, scratch) for seed in range(first, first + count)]
        reference = Reference(program, scratch)
        for number, name in enumerate(names, 1):
            if point(number, name, reference, cases_of(name, cases), folder):
                failed.append(name)
    if failed:
        whole = " --whole" if asked.whole else ""
        print(f"# again: python3 tests/cross/same.py {os.path.relpath(program)} "
              f"{os.path.relpath(folder)} {' '.join(failed)} --seeds {first} {count}{whole}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
