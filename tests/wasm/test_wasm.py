#!/usr/bin/env python3
"""test_wasm.py NATIVE SOURCE BUILD FILE...: a swarm in WebAssembly leaves the bytes that it leaves here.

The sources of core/ and of a swarm, which need no system, are compiled by clang for a processor of 32
bits with no files, clock or threads, with a driver that makes scenarios in C (swarm.c). Node runs it;
NATIVE is the same driver, built by meson. Both print a digest, and each table's size and hash.
"""
import os
import shutil
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

NATIVE, SOURCE, BUILD = map(Path, tap.arguments(3))
FILES = [Path(name) for name in tap.arguments(len(sys.argv) - 1)]
HERE = SOURCE / "tests" / "wasm"
# -O1 compiles in half the time of -O2, and what it leaves is the same.
FLAGS = ("--target=wasm32-wasi", "-std=gnu17", "-O1", "-D_GNU_SOURCE", "-ffp-contract=off",
         "-fno-strict-aliasing", "-Werror=implicit-function-declaration")
STACK = "-Wl,-z,stack-size=1048576"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=300, check=False, **more)


def missing():
    """What this machine lacks to build and run WebAssembly; "" where it has all."""
    for program in ("clang", "wasm-ld", "node"):
        if not shutil.which(program):
            return f"no {program}"
    trial = BUILD / "trial"
    # 128-bit division comes from the compiler's own library for the processor.
    text = "#include <stdio.h>\nint main(int c, char **v) {\n" \
           "    printf(\"%d\", (int)(((unsigned __int128)c << 70) / (unsigned)(c + 2)));\n}\n"
    (BUILD / "trial.c").write_text(text)
    done = run("clang", *FLAGS, BUILD / "trial.c", "-o", trial)
    return "no wasi-libc, or no libclang-rt-dev-wasm32" if done.returncode else ""


def compiled(source):
    name = str(source.resolve().relative_to(SOURCE)).replace("/", "_") + ".o"
    done = run("clang", *FLAGS, "-I", SOURCE, "-c", source, "-o", BUILD / name)
    if done.returncode:
        raise AssertionError(done.stderr)
    return BUILD / name


class Wasm(unittest.TestCase):
    def test_the_same_swarms(self):
        BUILD.mkdir(parents=True, exist_ok=True)
        lacks = missing()
        if lacks:
            self.skipTest(lacks)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compiled, [*FILES, HERE / "swarm.c"]))
        program = BUILD / "swarm.wasm"
        done = run("clang", *FLAGS, STACK, *objects, "-o", program)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        there = run("node", "--no-warnings", HERE / "run.mjs", program)
        self.assertEqual((there.returncode, there.stderr), (0, ""))
        here = run(NATIVE)
        self.assertEqual(here.returncode, 0, here.stdout)
        self.assertIn("blocks", here.stdout)
        self.assertEqual(there.stdout, here.stdout)


if __name__ == "__main__":
    tap.main()
