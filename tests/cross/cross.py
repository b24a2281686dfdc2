#!/usr/bin/env python3
"""cross.py ARCHITECTURE PROGRAM DIR [CASE...]: the simulator on another processor leaves the same bytes.

Builds it and the unit tests in DIR for ARCHITECTURE (arm64 or s390x) and runs them under qemu's
emulation of that processor: every unit test, the cases of tests/golden/digests.txt, which must have
their digest and, file by file, the bytes of PROGRAM, and a hundred random swarms, which must have
these bytes too. CASEs are golden cases to run instead; without them it is all but the swarms of a
thousand peers, which take some minutes. Prints TAP.

Nothing of the system is changed: the libraries of ARCHITECTURE are fetched by an apt whose lists and
packages lie in DIR, from the sources of this system, and are unpacked there, not installed.
"""
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
sys.path.insert(0, str(ROOT / "tests" / "golden"))
from golden import JOBS, Failed, Run, read_cases, require_digest, require_same  # noqa: E402
from same import LARGE, Drawn, Reference, require_all_same  # noqa: E402

# Debian's name: (its compiler's prefix, qemu's name, ELF's number, ELF's byte order)
ARCHITECTURES = {
    "arm64": ("aarch64-linux-gnu", "aarch64", 183, "little"),
    "s390x": ("s390x-linux-gnu", "s390x", 22, "big"),
}
SEEDS = range(1, 101)
# A test may start itself anew, by the name it was called: that is this script, not the program.
EMULATOR = """#!/bin/sh
case $1 in
    /*) CROSS_PROGRAM=$1; export CROSS_PROGRAM; shift ;;
esac
exec qemu-{qemu} -L {root} -0 "$0" "$CROSS_PROGRAM" "$@"
"""
SIMULATOR = """#!/bin/sh
exec {emulator} {program} "$@"
"""


def step(*command, env=None):
    """Runs a command that must succeed."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    if done.returncode != 0:
        raise Failed((done.stdout + done.stderr)[-4000:], shlex.join(words))


def write_script(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


# ---- what the other architecture needs ---------------------------------------------------------


def packages():
    """The libraries that ./bootstrap installs to build MiniBit, and libc."""
    text = (ROOT / "bootstrap").read_text(encoding="utf-8")
    listed = re.search(r"^BUILD_PACKAGES=\((.*?)^\)", text, re.M | re.S).group(1)
    return ["libc6-dev", *re.findall(r"\b(lib\S+-dev)=", listed)]


def fetch(architecture, folder, names):
    """Downloads the packages and all they need into `folder`/archives."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch() # as if nothing were installed
    options = {
        "APT::Architecture": architecture, "APT::Architectures::": architecture,
        "APT::Sandbox::User": "", "Acquire::Languages": "none", "Acquire::Retries": 3,
        "Dir::State": folder, "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status", "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
    }
    apt = ["apt-get", "-q", "-y"]
    for key, value in options.items():
        apt += ["-o", f"{key}={value}"]
    step(*apt, "update")
    step(*apt, "install", "--no-install-recommends", "--download-only", *names)


def make_root(architecture, folder):
    """`folder`/root: the libraries and headers; made anew where the list of packages changed."""
    root, made_of, names = folder / "root", folder / "packages", " ".join(packages())
    if made_of.exists() and made_of.read_text(encoding="utf-8") == names:
        return root
    made_of.unlink(missing_ok=True)
    for stale in (root, folder / "apt", folder / "build"):
        shutil.rmtree(stale, ignore_errors=True)
    fetch(architecture, folder / "apt", packages())
    for package in sorted((folder / "apt" / "archives").glob("*.deb")):
        step("dpkg", "-x", package, root)
    shutil.rmtree(folder / "apt")
    made_of.write_text(names, encoding="utf-8")
    return root


# ---- build -------------------------------------------------------------------------------------


def configure(architecture, folder):
    """`folder`/build, for meson; and the script that runs what is built there."""
    root, emulator = make_root(architecture, folder), folder / "emulator"
    write_script(emulator, EMULATOR.format(
        qemu=ARCHITECTURES[architecture][1], root=shlex.quote(str(root))))
    constants = folder / "constants.ini"
    constants.write_text(f"[constants]\nroot = '{root}'\nemulator = '{emulator}'\n", encoding="utf-8")
    if not (folder / "build" / "build.ninja").exists():
        step("meson", "setup", "--cross-file", constants,
             "--cross-file", HERE / f"{architecture}.ini", folder / "build", ROOT)
    return emulator


def build(architecture, folder):
    """A script that runs minibit-sim, built for the architecture."""
    emulator, program = configure(architecture, folder), folder / "build" / "minibit-sim"
    step("ninja", "-C", folder / "build", "minibit-sim")
    head = program.read_bytes()[:20]
    _, _, machine, order = ARCHITECTURES[architecture]
    if (head[5], int.from_bytes(head[18:20], order)) != ({"little": 1, "big": 2}[order], machine):
        raise Failed(f"not a program of {architecture}", f"file {program}")
    script = folder / "minibit-sim"
    write_script(script, SIMULATOR.format(
        emulator=shlex.quote(str(emulator)), program=shlex.quote(str(program))))
    return str(script)


# ---- tests -------------------------------------------------------------------------------------


def unit_tests(folder):
    """Builds and runs them all: (name, Failed or None) for each."""
    place = folder / "build"
    log = place / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", str(place), "--suite", "unit", "--timeout-multiplier", "5",
               "--num-processes", str(JOBS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()
             ] if log.exists() else []
    if not tests:
        raise Failed((done.stdout + done.stderr)[-4000:], shlex.join(command))
    for test in tests:
        said = f"{test.get('stdout', '')}{test.get('stderr', '')}"[-4000:]
        again = f"meson test -C {os.path.relpath(place)} {test['name'].split(' / ')[-1]}"
        yield test["name"], None if test["result"] == "OK" else Failed(said, again)


def same_run(case, program, other, scratch):
    """A case's run on the other processor against the one here."""
    try:
        there = Run(case, other, scratch, ["--events=csv"])
        require_digest(there)
        here = Run(case, program, scratch, ["--events=csv"])
        require_same(here, there, "on the other processor")
        here.drop(), there.drop()
    except Failed as failure:
        return failure
    return None


def same_swarms(program, other, scratch):
    """The random swarms' runs on the other processor against those here."""
    cases = [Drawn(seed, program, scratch) for seed in SEEDS]
    try:
        require_all_same(Reference(program, scratch), cases, other)
    except Failed as failure:
        return failure
    return None


def chosen_cases(names):
    return [case for case in read_cases()
            if (case.name in names if names else case.name not in LARGE)]


def points(architecture, program, folder, cases, swarms, scratch):
    """All that is tested: (name, Failed or None)."""
    try:
        other = build(architecture, folder)
        yield "build", None
        yield from unit_tests(folder)
    except Failed as failure:
        yield "build", failure
        return
    with ThreadPoolExecutor(JOBS) as pool:
        results = pool.map(lambda case: same_run(case, program, other, scratch), cases)
        yield from zip((f"golden {case.name}" for case in cases), results)
    if swarms:
        yield f"random swarms {SEEDS[0]} to {SEEDS[-1]}", same_swarms(program, other, scratch)


def report(tests):
    """Prints TAP. The exit status."""
    number, again = 0, None
    for number, (name, failure) in enumerate(tests, 1):
        if failure:
            again = failure.again
            print("# " + str(failure).strip().replace("\n", "\n# "))
        print(f"{'not ok' if failure else 'ok'} {number} - {name}", flush=True)
    print(f"1..{number}")
    if again:
        print(f"# reproduce: {again}")
    return 1 if again else 0


def main(architecture, program, folder, *names):
    cases = chosen_cases(names)
    if len(cases) < len(names):
        sys.exit(f"cross.py: no such case in tests/golden/digests.txt, of {' '.join(names)}")
    prefix, qemu, _, _ = ARCHITECTURES[architecture]
    for tool in (f"{prefix}-gcc", f"qemu-{qemu}", "apt-get", "dpkg"):
        if not shutil.which(tool):
            print(f"1..0 # SKIP no {tool} here; ./bootstrap test cross installs what Debian has")
            return 0
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="minibit-cross.") as scratch:
        program = os.path.abspath(program)
        return report(points(architecture, program, folder, cases, not names, scratch))


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ARCHITECTURES:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
