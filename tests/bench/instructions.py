#!/usr/bin/env python3
"""instructions.py MINIBIT-SIM SWARM.ini [--whole | --write]: what a block costs, in instructions.

Valgrind's callgrind counts what the processor is told, which repeats on any machine, busy or not, as
long as compiler and C library are those that the marks in instructions.txt were measured with. More
than 3 % above a mark fails. Where it has fallen as much the mark is to be lowered: `--write` does so.

In zones (zones.ini) a block costs less than twice as much as without.

Counted are small swarms, some seconds each; `--whole` counts those of 1,000 peers, some minutes each.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import swarms  # noqa: E402
import tap  # noqa: E402

PROGRAM, SWARM = tap.arguments(2)
ASKED = [word for word in ("--whole", "--write") if word in sys.argv]
sys.argv = [word for word in sys.argv if word not in ASKED]
ZONES = str(pathlib.Path(__file__).with_name("zones.ini"))
MARKS = pathlib.Path(__file__).with_name("instructions.txt")
MARGIN = 0.03
# Name of the mark: (tens of peers, file, preset, known peers).
SMALL = {
    "minibit-300": (30, "32MiB", "minibit", 50),
    "bittorrent-200": (20, "16MiB", "bittorrent", 80),
}
WHOLE = {
    "minibit-1000": (100, "64MiB", "minibit", 50),
    "bittorrent-1000": (100, "64MiB", "bittorrent", 80),
}


def compiler():
    """What made the program, as its own comment section says; and the C library."""
    shown = subprocess.run(["readelf", "-p", ".comment", PROGRAM], capture_output=True, text=True,
                           check=False).stdout
    found = re.search(r"(GCC: |clang version )[^\n]*", shown)
    libc = subprocess.run(["ldd", "--version"], capture_output=True, text=True, check=False).stdout
    return f"{found.group(0).strip() if found else 'unknown'}, {libc.splitlines()[0]}"


def marks():
    """The compiler of the marks, and each mark by its name."""
    lines = [line for line in MARKS.read_text().splitlines() if line and not line.startswith("#")]
    made = lines[0].partition(": ")[2]
    return made, {name: int(count) for name, count in (line.split() for line in lines[1:])}


def count(tens, size, preset, known, swarm=SWARM, more=()):
    """Instructions a block of one run, in which memory is not filled as meson asks for in its tests."""
    plain = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, swarm, "-q",
             "-o", f"{folder}/out", "--provenance=off", "--check=off",
             *swarms.keys(10 * tens, known, **{"file.size": size, "protocol.preset": preset}, **dict(more))],
            capture_output=True, text=True, check=False, env=plain)
        if done.returncode != 0:
            raise AssertionError(f"{preset}: exit {done.returncode}: {done.stderr[-500:]}")
        summary = pathlib.Path(folder, "out/summary.json").read_text()
    instructions = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    blocks = int(re.search(r'"blocks_transferred": (\d+)', summary).group(1))
    return instructions / blocks


def write(counted):
    _, old = marks()
    head = [line for line in MARKS.read_text().splitlines() if line.startswith("#")]
    old.update({name: round(value) for name, value in counted.items()})
    MARKS.write_text("\n".join([*head, f"made by: {compiler()}",
                                *(f"{name} {value}" for name, value in old.items())]) + "\n")


class Instructions(unittest.TestCase):
    def test_a_block_costs_no_more_than_its_mark(self):
        if not shutil.which("valgrind"):
            self.skipTest("valgrind is not here")
        made, expected = marks()
        if made != compiler() and "--write" not in ASKED:
            self.skipTest(f"the marks are of {made}, this is {compiler()}")
        counted = {}
        for name, swarm in (WHOLE if "--whole" in ASKED else SMALL).items():
            counted[name] = count(*swarm)
            change = counted[name] / expected.get(name, counted[name]) - 1
            print(f"# {name}: {counted[name]:,.0f} instructions a block, {change:+.1%}")
            if "--write" in ASKED or name not in expected:
                continue
            with self.subTest(name):
                self.assertLessEqual(change, MARGIN, f"{name}: the mark is {expected[name]:,}")
            if change < -MARGIN:
                print(f"# {name}: lower its mark: {' '.join(map(str, (__file__, PROGRAM, SWARM)))} --write")
        if "--write" in ASKED:
            write(counted)

    def test_a_block_costs_less_than_twice_as_much_in_zones(self):
        """Three levels of them, whose links are full much of the time; ten peers to a rack."""
        tens, *more = (100, "16MiB", "bittorrent", 80) if "--whole" in ASKED else (10, "8MiB", "bittorrent", 80)
        plain = count(tens, *more)
        zoned = count(tens, *more, swarm=ZONES, more={"zone rack.count": tens})
        print(f"# zones-{10 * tens}: {zoned:,.0f} instructions a block, without zones {plain:,.0f}: "
              f"{zoned / plain:.2f} times")
        self.assertLess(zoned, 2 * plain)


if __name__ == "__main__":
    tap.main()
