#!/usr/bin/env python3
"""test_sanitized.py FOLDER FAILING_IO [TEST...]: the programs under gcc's sanitizers (addresses,
undefined behaviour, leaks), put through the other tests.

They are built in FOLDER, the first time from scratch. Memory that is used after its end shows here
and nowhere else, so strangers' talk, disks that fail and ends at any moment are all gone through.
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OPTIONS = ("-Doptimization=1", "-Db_sanitize=address,undefined", "-Db_lundef=false")
TESTS = ("conversations", "hostile", "interop", "swarm", "files", "descriptors", "cuts", "edited",
         "identity", "slots", "slow_givers", "chaos")
ENVIRONMENT = os.environ | {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def build(folder):
    if not (folder / "build.ninja").exists():
        run(["meson", "setup", *OPTIONS, folder, ROOT], env=os.environ | {"CC": "gcc"})
    run(["ninja", "-C", folder, "minibit-tracker", "minibit-peer"])


def options_of(name, folder, failing_io):
    """What a test takes beside the two programs."""
    if name == "files":
        return [failing_io]
    if name == "chaos":  # seeds that the plain build is not put through
        return ["--sanitized", folder, "--seed", "101..108", "--jobs", "2"]
    return []


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(done.stdout[-4000:] + done.stderr[-4000:])


def main():
    folder, failing_io = (Path(path).resolve() for path in sys.argv[1:3])
    names = sys.argv[3:] or TESTS
    print(f"1..{len(names)}", flush=True)
    build(folder)
    for number, name in enumerate(names, 1):
        command = [sys.executable, HERE / f"test_{name}.py", folder / "minibit-tracker",
                   folder / "minibit-peer", *options_of(name, folder, failing_io)]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
        print(f"{'not ok' if done.returncode else 'ok'} {number} - {name}", flush=True)
        if done.returncode:
            wrong = [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
            print("\n".join("# " + line for line in wrong))
            print(f"# again: python3 {os.path.relpath(__file__)} {folder} {failing_io} {name}",
                  flush=True)


if __name__ == "__main__":
    main()
