#!/usr/bin/env python3
"""test_strategy.py MESON SOURCE: adds the strategies of docs/adding-a-strategy.md as it says.

In a copy of the tree, the files and rows are those of the page's own blocks, and nothing else is
touched; then the simulator is built by what the page says, and swarms are run with them.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

MESON, SOURCE = tap.arguments(2)
SOURCE = Path(SOURCE)
KEPT = ("core", "record", "sim", "net", "analysis", "audit", "fuzz", "program", "scenarios", "tests", "docs",
        "include", "examples", "meson.build")
SCENARIO = """[scenario]
name = trial
until = 1h
[file]
blocks = 40
[tracker]
up = 4Mbit
[peers a]
count = 12
up = 1Mbit
down = 8Mbit
"""


def run(*command, cwd, timeout=300):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True,
                          timeout=timeout, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def blocks(text):
    """The page's blocks, each with the text that stands before it."""
    parts = re.split(r"^```(\w*)\n(.*?)^```$", text, flags=re.M | re.S)
    return [(parts[i], parts[i + 1], parts[i + 2]) for i in range(0, len(parts) - 2, 3)]


class Trial(unittest.TestCase):
    def test_one_file_and_one_row_each(self):
        page = (SOURCE / "docs" / "adding-a-strategy.md").read_text(encoding="utf-8")
        files = {re.findall(r"`(core/strategies/\w+\.c)`", before)[-1]: code
                 for before, kind, code in blocks(page) if code.startswith("/* ")}
        rows = re.findall(r"MB_(?:SELECTOR|CHOKER)\(\w+\)", page)
        self.assertEqual(sorted(files), ["core/strategies/neediest.c", "core/strategies/window.c"])
        self.assertEqual(rows, ["MB_SELECTOR(window)", "MB_CHOKER(neediest)"])
        with tempfile.TemporaryDirectory(prefix="minibit-strategy.") as folder:
            tree = Path(folder) / "tree"
            for name in KEPT:
                copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy2
                tree.mkdir(exist_ok=True)
                copy(SOURCE / name, tree / name)
            self.trial(tree, files, rows)

    def trial(self, tree, files, rows):
        run(MESON, "setup", "build", "--buildtype=plain", cwd=tree)
        run("ninja", "-C", "build", "minibit-sim", cwd=tree)
        before = self.simulate(tree, "before")
        for name, code in files.items():
            (tree / name).write_text(code, encoding="utf-8")
        with open(tree / "core" / "strategies" / "strategies.def", "a", encoding="utf-8") as registry:
            registry.write("".join(f"{row}\n" for row in rows))
        run("ninja", "-C", "build", "minibit-sim", "tests/unit/test_strategies", cwd=tree)
        listed = run("build/minibit-sim", "--list-strategies", cwd=tree)
        self.assertRegex(listed, r"(?m)^  window +the rarest of the next blocks in order$")
        self.assertRegex(listed, r"(?m)^  neediest +the peers that lack most of what I have$")
        keys = run("build/minibit-sim", "--help-keys", cwd=tree)
        self.assertIn("window_blocks", keys)
        run("build/tests/unit/test_strategies", cwd=tree)
        # Whoever uses none of them has the same bytes as before; who does has other ones.
        self.assertEqual(self.simulate(tree, "after"), before)
        window = self.simulate(tree, "window", "--set", "protocol.selection=window", "--set",
                               "protocol.window_blocks=8")
        neediest = self.simulate(tree, "neediest", "--set", "protocol.choke=neediest")
        self.assertEqual(len({before, window, neediest}), 3)
        # In order, but for a window of one block: that is what sequential does.
        one = self.simulate(tree, "one", "--set", "protocol.selection=window", "--set",
                            "protocol.window_blocks=1")
        self.assertEqual(one, self.simulate(tree, "in-order", "--set", "protocol.selection=sequential"))

    def simulate(self, tree, name, *options):
        """The digest of a checked run in which all peers complete."""
        (tree / "trial.ini").write_text(SCENARIO, encoding="utf-8")
        run("build/minibit-sim", "trial.ini", "-q", "--check=every", "-o", name, *options, cwd=tree)
        summary = json.loads((tree / name / "summary.json").read_text())
        self.assertEqual(summary["peers_complete"], 12)
        return summary["trace_digest"]


if __name__ == "__main__":
    tap.main()
