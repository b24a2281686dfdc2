#!/usr/bin/env python3
"""fuzz.py FOLDER SECONDS [--around N] [TARGET...]: the fuzz targets as fuzzers, with clang's
libFuzzer, under its sanitizers of addresses and undefined behaviour.

Prints TAP. The targets are built in FOLDER, the first time from scratch. First each runs the files
of its corpus and N neighbours of each (0: all; fuzz_main.c), then it fuzzes. Without names, those of this commit run: a third
of them, chosen by the commit's hash, which share SECONDS, so that each commit tries others for the
same time. `all` runs every target, each for SECONDS. What is found is left in FOLDER/found and
told with the command that shows it. Without clang the test is skipped.
"""
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
JOBS = 2
SHARE = 3  # one of so many targets runs for a commit
AROUND = 400  # neighbours of each file of the corpus, unless told otherwise
C_ARGS = "-DMB_FUZZER -fsanitize=fuzzer-no-link -fno-omit-frame-pointer -fno-sanitize-recover=all"
OPTIONS = ("-Doptimization=1", "-Db_sanitize=address,undefined", "-Db_lundef=false",
           f"-Dc_args={C_ARGS}")
# No thread that outlives its input, and no pause of the machine, is an error of a target.
LIMITS = ("-timeout=60", "-rss_limit_mb=3072", "-max_len=4096", "-verbosity=0",
          "-print_final_stats=1")


def fail(text):
    for line in text[-6000:].splitlines():
        print("#", line)
    sys.exit("not ok - the targets are not built")


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **more)
    if done.returncode:
        fail(done.stdout)
    return done.stdout


def names_of_all():
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c")
                  if (HERE / "corpus" / path.stem.removeprefix("fuzz_")).is_dir())


def commit():
    """The commit's hash; without one, that of the sources of the targets."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True,
                          text=True, check=False)
    if done.returncode == 0:
        return done.stdout.strip()
    return hashlib.sha256(b"".join(path.read_bytes() for path in HERE.glob("*.c"))).hexdigest()


def rotation(names, hash_text):
    """Every third target, from one that the hash says."""
    first = int(hash_text[:12], 16) % SHARE
    return names[first::SHARE]


def build(folder, names):
    if not (folder / "build.ninja").exists():
        run(["meson", "setup", *OPTIONS, str(folder), str(ROOT)], env=os.environ | {"CC": "clang"})
    run(["ninja", "-C", str(folder), *(f"tests/fuzz/fuzz_{name}" for name in names)])


def seeds_of(name):
    """What a target begins with; the shipped scenarios are inputs too."""
    folders = [HERE / "corpus" / name]
    return [str(folder) for folder in folders + ([ROOT / "scenarios"] if name == "scenario" else [])]


def figure(output, key):
    """A figure of libFuzzer's final statistics."""
    lines = [line for line in output.splitlines() if line.startswith(f"stat::{key}:")]
    return int(lines[-1].split()[-1]) if lines else 0


def fuzz(folder, name, seconds, around):
    """(whether it held, inputs, what it said)."""
    program = str(folder / "tests" / "fuzz" / f"fuzz_{name}")
    found = folder / "found" / name
    grown = folder / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    grown.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS":
                                "detect_leaks=1:allocator_may_return_null=1:handle_abort=1"}
    commands = [[program, f"-around={around}", str(HERE / "corpus" / name)],
                [program, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={found}/",
                 str(grown), *seeds_of(name)]]
    said, inputs = "", 0
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", env=environment, check=False)
        said = f"{' '.join(command)}\n{done.stdout}"
        counted = [line for line in done.stdout.splitlines() if line.endswith(" inputs")]
        inputs += int(counted[-1].split()[1]) if counted else figure(done.stdout,
                                                                     "number_of_executed_units")
        if done.returncode:
            return False, inputs, said
    return True, inputs, said


def main():
    folder, seconds, chosen = Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]
    around = AROUND
    if chosen[:1] == ["--around"]:
        around, chosen = int(chosen[1]), chosen[2:]
    if shutil.which("clang") is None:
        print("1..0 # SKIP no clang, so no libFuzzer; the corpora are replayed by the other tests")
        return
    names, each = (names_of_all() if chosen == ["all"] else chosen), seconds
    if not names:
        names = rotation(names_of_all(), commit())
        each = max(1, seconds * JOBS // len(names))
    print(f"1..{len(names)}\n# of {commit()[:12]}: {', '.join(names)}, {each} s each", flush=True)
    build(folder, names)
    failed = total = 0
    with ThreadPoolExecutor(JOBS) as pool:
        tasks = [pool.submit(fuzz, folder, name, each, around) for name in names]
        for number, (name, task) in enumerate(zip(names, tasks), 1):
            held, inputs, said = task.result()
            total += inputs
            failed += not held
            print(f"{'ok' if held else 'not ok'} {number} - {name}: {inputs} inputs", flush=True)
            for line in [] if held else said.splitlines()[-60:]:
                print("#", line)
    print(f"# {total} inputs in all")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
