#!/usr/bin/env python3
"""Golden runs: every shipped scenario does the same, to the nanosecond and to the byte, everywhere.

digests.txt holds for each case a trace digest. The tests, each printing TAP:

    golden.py shipped PROGRAM            the scenarios as shipped: digest, expectations, and the
                                         same whatever is recorded and checked
    golden.py small PROGRAM              the reduced ones: digest, two runs the same bytes, the same
                                         with every kind of check and recording
    golden.py variant PROGRAM NAME DIR   builds the program in DIR with another compiler or other
                                         options; its runs of the reduced ones, all checks on, leave
                                         the same bytes as PROGRAM's

After a change that is meant to change what swarms do, and only then:

    golden.py regenerate PROGRAM         writes digests.txt anew and says which digests changed
"""
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DIGESTS = HERE / "digests.txt"
JOBS = 2

# name: (compiler, meson's options)
VARIANTS = {
    "gcc-O0": ("gcc", ["-Doptimization=0"]),
    "gcc-O3": ("gcc", ["-Doptimization=3"]),
    "clang-O0": ("clang", ["-Doptimization=0"]),
    "clang-O3": ("clang", ["-Doptimization=3"]),
    "sanitizers": ("gcc", ["-Doptimization=1", "-Db_sanitize=address,undefined"]),
}


class Failed(Exception):
    """A case did not hold; `again` is the command that shows it."""

    def __init__(self, reason, again=""):
        super().__init__(reason)
        self.again = again


# ---- cases -------------------------------------------------------------------------------------


class Case:
    """A line of digests.txt: NAME DIGEST SCENARIO [OPTION...], quoted as a shell would."""

    def __init__(self, line):
        self.name, self.digest, self.scenario, *self.options = shlex.split(line)
        self.small = bool(self.options)

    def line(self):
        words = [shlex.quote(word) for word in [self.scenario, *self.options]]
        return f"{self.name:26} {self.digest} {' '.join(words)}"

    def command(self, program, folder, more=()):
        return [program, str(ROOT / self.scenario), *self.options, *more, "-q", "-o", str(folder)]


def read_cases():
    lines = DIGESTS.read_text(encoding="utf-8").splitlines()
    return [Case(line) for line in lines if line and not line.startswith("#")]


# ---- runs --------------------------------------------------------------------------------------


class Run:
    """One run of a case: its folder of results and the command that makes them again."""

    def __init__(self, case, program, scratch, more=()):
        self.case = case
        self.folder = Path(tempfile.mkdtemp(dir=scratch)) / "run"
        shown = case.command(os.path.relpath(program), "/tmp/golden", [*more, "--force"])
        self.again = f"{shlex.join(shown)}; grep trace_digest /tmp/golden/summary.json"
        self._simulate(case.command(program, self.folder, more))

    def _simulate(self, command):
        sanitizers = {
            "ASAN_OPTIONS": "detect_leaks=1",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        }
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **sanitizers}
        )
        # What a reduced scenario comes to is another matter than what the whole one must.
        if done.returncode not in ((0, 3) if self.case.small else (0,)):
            raise Failed(f"exit {done.returncode}: {done.stderr.strip()[-4000:]}", self.again)

    def digest(self):
        text = (self.folder / "summary.json").read_text(encoding="utf-8")
        return re.search(r'"trace_digest": "([0-9a-f]{16})"', text).group(1)

    def outputs(self):
        """SHA-256 of each file; of the manifest, what does not vary."""
        hashes = {}
        for path in sorted(self.folder.iterdir()):
            content = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(content)
                manifest.pop("volatile")
                manifest.pop("commit", None)
                content = json.dumps(manifest).encode()
            hashes[path.name] = hashlib.sha256(content).hexdigest()
        return hashes

    def drop(self):
        shutil.rmtree(self.folder.parent)


def require_same(one, other, what, only=None):
    """The outputs of two runs are the same bytes: all of them, or those named in `only`."""
    left, right = one.outputs(), other.outputs()
    names = only or sorted(left.keys() | right.keys())
    differing = [name for name in names if left.get(name) != right.get(name)]
    if differing:
        raise Failed(f"{what}: {', '.join(differing)} differ", other.again)


def require_digest(run):
    if run.digest() != run.case.digest:
        raise Failed(f"trace digest {run.digest()} instead of {run.case.digest}", run.again)


# Whatever is recorded or checked, these tables are the same.
TABLES = ("completion.csv", "timeline.csv", "summary.json", "config.ini")


def check_shipped(case, program, scratch):
    plain = Run(case, program, scratch)
    require_digest(plain)
    more = ["--provenance=off", "--events=zst", "--check=sample"]
    other = Run(case, program, scratch, more)
    require_same(plain, other, "recorded and checked otherwise", TABLES)
    plain.drop(), other.drop()


def check_small(case, program, scratch):
    plain = Run(case, program, scratch)
    require_digest(plain)
    require_same(plain, Run(case, program, scratch), "the same run twice")
    for more in (["--check=sample"], ["--check=every"]):
        require_same(plain, Run(case, program, scratch, more), "checked")
    for more in (["--provenance=off"], ["--provenance=zst", "--events=csv"], ["--events=zst"]):
        require_same(plain, Run(case, program, scratch, more), "recorded otherwise", TABLES)


def check_variant(case, program, variant, scratch):
    more = ["--check=every", "--events=csv"]
    other = Run(case, variant, scratch, more)
    require_digest(other)
    require_same(Run(case, program, scratch, ["--events=csv"]), other, "built otherwise")


# ---- variants ----------------------------------------------------------------------------------


def build(name, folder):
    """The path of minibit-sim, built in `folder` as the variant says; None without its compiler."""
    compiler, options = VARIANTS[name]
    if not shutil.which(compiler):
        return None
    setup = ["meson", "setup", "-Db_lundef=false", *options, folder, str(ROOT)]
    steps = [["ninja", "-C", folder, "minibit-sim"]]
    if not (Path(folder) / "build.ninja").exists():
        steps.insert(0, setup)
    for step in steps:
        done = subprocess.run(
            step, capture_output=True, text=True, check=False, env={**os.environ, "CC": compiler}
        )
        if done.returncode != 0:
            raise Failed((done.stdout + done.stderr)[-4000:], f"CC={compiler} {shlex.join(step)}")
    return str(Path(folder) / "minibit-sim")


# ---- TAP ---------------------------------------------------------------------------------------


def attempt(check, case):
    try:
        check(case)
    except Failed as failure:
        return failure
    return None


def report(cases, check):
    """Runs the check of every case, two at a time, and prints TAP. The exit status."""
    print(f"1..{len(cases)}", flush=True)
    again = None
    with ThreadPoolExecutor(JOBS) as pool:
        for number, (case, failure) in enumerate(
            zip(cases, pool.map(lambda c: attempt(check, c), cases)), 1
        ):
            if failure:
                again = failure.again
                print("# " + str(failure).replace("\n", "\n# "))
            print(f"{'not ok' if failure else 'ok'} {number} - {case.name}", flush=True)
    if again:
        print(f"# reproduce: {again}")
    return 1 if again else 0


def test_variant(program, name, folder, scratch):
    try:
        variant = build(name, folder)
    except Failed as failure:
        print("1..1\n# " + str(failure).replace("\n", "\n# "))
        print(f"not ok 1 - build\n# reproduce: {failure.again}")
        return 1
    if not variant:
        print(f"1..0 # SKIP no {VARIANTS[name][0]} here")
        return 0
    small = [case for case in read_cases() if case.small]
    return report(small, lambda case: check_variant(case, program, variant, scratch))


def regenerate(program, scratch):
    lines = []
    for line in DIGESTS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            case = Case(line)
            digest = Run(case, program, scratch).digest()
            said = "as before" if digest == case.digest else "CHANGED"
            print(f"{case.name:26} {said}", flush=True)
            case.digest = digest
            line = case.line()
        lines.append(line)
    DIGESTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def main(what, program, *more):
    program = os.path.abspath(program)
    with tempfile.TemporaryDirectory(prefix="minibit-golden.") as scratch:
        if what == "regenerate":
            return regenerate(program, scratch)
        if what == "variant":
            return test_variant(program, *more, scratch)
        check = {"shipped": check_shipped, "small": check_small}[what]
        cases = [case for case in read_cases() if case.small == (what == "small")]
        return report(cases, lambda case: check(case, program, scratch))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
