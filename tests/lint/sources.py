#!/usr/bin/env python3
"""The hash that names the sources of results: over which files, and what changes it.

    sources.py SCRIPT SOURCE-ROOT PROGRAM DECIDING... -- EDGES...

SCRIPT is program/sources.py, PROGRAM the built minibit-sim."""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT, ROOT, PROGRAM = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
CUT = sys.argv.index("--")
DECIDING = [pathlib.Path(name).resolve().relative_to(ROOT) for name in sys.argv[4:CUT]]
EDGES = {pathlib.Path(name).resolve().relative_to(ROOT) for name in sys.argv[CUT + 1:]}
# Edges whose header a deciding source includes, for what it calls there decides nothing.
CALLED = {"sim/files/folder.c", "sim/files/manifest.c", "sim/files/results.c", "sim/scenario/config_writer.c",
          "sim/study/study.c"}


def listed(root):
    done = subprocess.run([sys.executable, SCRIPT, root, "--list", *(root / d for d in DECIDING)],
                          check=True, capture_output=True, text=True)
    return done.stdout.split()


def hashed(root):
    """As the script's own text tells to do it by hand."""
    lines = "".join(f"{hashlib.sha256((root / name).read_bytes()).hexdigest()}  {name}\n"
                    for name in sorted(listed(root)))
    return hashlib.sha256(lines.encode()).hexdigest()


def written(root):
    """What the script writes into the header."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "sources.h")
        subprocess.run([sys.executable, SCRIPT, root, out, f"{out}.d",
                        *(root / name for name in DECIDING)], check=True)
        return out.read_text().split('"')[1]


class Sources(unittest.TestCase):
    def test_the_program_tells_the_hash_of_these_sources(self):
        told = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
        self.assertEqual(told.stdout.splitlines()[2], f"sources {hashed(ROOT)}")

    def test_what_decides_is_among_them(self):
        names = set(listed(ROOT))
        for name in ("core/peer/peer.c", "core/strategy.c", "core/types.h", "core/strategies/strategies.h",
                     "core/strategies/rarest_first.c", "core/file/file.c", "sim/swarm/swarm.c",
                     "sim/swarm/internal.h", "sim/engine/links_solve.c", "sim/output/recorder_rows.c",
                     "sim/output/summary.c", "sim/scenario/trace.c", "sim/engine/dates.h"):
            self.assertIn(name, names)
        for name in ("sim/command/main.c", "sim/command/options.c", "sim/study/run.c", "sim/command/progress.c"):
            self.assertNotIn(name, names)

    def test_every_strategy_and_decision_is_among_them(self):
        own = {p.relative_to(ROOT).as_posix() for p in (ROOT / "core").glob("**/*.c")}
        codec = {name for name in own if name.startswith("core/codec/")}
        self.assertEqual(own - codec - set(listed(ROOT)), set())

    def test_no_deciding_source_calls_an_edge_unnoticed(self):
        headers = {name[:-2] + ".c" for name in listed(ROOT) if name.endswith(".h")}
        called = {edge.as_posix() for edge in EDGES} & headers
        self.assertEqual(called - CALLED, set())

    def test_an_edit_changes_it_and_a_stray_file_does_not(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name in ("core", "record", "sim"):
                shutil.copytree(ROOT / name, root / name)
            before = written(root)
            self.assertEqual(before, hashed(ROOT))
            (root / "core/stray.c").write_text("int stray;\n")
            (root / "notes.txt").write_text("a note\n")
            with (root / "sim/command/options.c").open("a") as file:
                file.write("\n")
            self.assertEqual(written(root), before)
            for name in ("core/strategies/rarest_first.c", "core/types.h", "sim/swarm/internal.h"):
                with (root / name).open("a") as file:
                    file.write("\n")
                after = written(root)
                self.assertNotEqual(after, before, name)
                before = after


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
