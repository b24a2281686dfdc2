#!/usr/bin/env python3
"""test_planted.py PROGRAM FUZZ [SEEDS]: minibit-fuzz finds each of ten bugs, planted one at a time.

Each in no more than SEEDS seeds (2,000), counted from one. Prints after how many: docs/reliability.md.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from planted import BUGS, plant

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 2000


def hunt(program, fuzz, bug, seeds):
    """After how many seeds it was found, and as what; None: never."""
    with tempfile.TemporaryDirectory(prefix="minibit-planted.") as folder:
        sim = plant(ROOT, Path(program).parent, bug, folder)
        results = Path(program).with_name("minibit-results")
        Path(folder, "minibit-results").symlink_to(results.resolve())
        done = subprocess.run(
            [fuzz, "--sim", str(sim), "--first", "1", "--count", str(seeds), "--failures", "1", "-j", "2",
             "--no-shrink", "--keep", folder], capture_output=True, text=True)
        found = re.search(r"seed (\d+) fails: (.*)", done.stdout)
        if done.returncode not in (0, 1) or (done.returncode == 1) != bool(found):
            raise AssertionError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
        return (int(found[1]), found[2]) if found else None


def main():
    program, fuzz = (str(Path(word).resolve()) for word in sys.argv[1:3])
    seeds = int(sys.argv[3]) if len(sys.argv) > 3 else SEEDS
    print(f"1..{len(BUGS)}")
    bad = 0
    for number, bug in enumerate(BUGS, 1):
        found = hunt(program, fuzz, bug, seeds)
        bad += not found
        print(f"{'ok' if found else 'not ok'} {number} - {bug[0]}: " +
              (f"{found[0]} seeds, {found[1]}" if found else f"not found by {seeds} seeds"), flush=True)
    sys.exit(bad > 0)


main()
