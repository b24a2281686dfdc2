#!/usr/bin/env python3
"""test_against.py PROGRAM: minibit-sim against the live swarms that are kept in measured/.

A case for each set-up: medians of three live runs against those of ten seeds. What minibit-sim is
known not to meet is listed in measured/differences.csv. When the list and the figures do not agree,
`reference.py compare` shows all, and `reference.py differences` writes the list anew.
"""
import re
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
import tap  # noqa: E402

PROGRAM = tap.arguments(1)[0]

import against  # noqa: E402
import figures  # noqa: E402
import reference  # noqa: E402
import store  # noqa: E402

RUNS = store.load(reference.MEASURED)
KNOWN = store.differences(reference.DIFFERENCES)
SETUPS = {setup.name: setup for setup in reference.all_setups(PROGRAM)}


class Measured(unittest.TestCase):
    """The kept runs are fit to be a reference."""

    def test_each_set_up_was_measured_three_times_and_nothing_else_was(self):
        counts = {name: sum(run["setup"] == name for run in RUNS) for name in SETUPS}
        self.assertEqual(counts, dict.fromkeys(SETUPS, 3))
        self.assertLessEqual({run["setup"] for run in RUNS}, set(SETUPS))

    def test_no_process_was_starved(self):
        late = {(run["setup"], run["seed"]): run["late_max_s"] for run in RUNS}
        self.assertLess(max(late.values()), reference.LATE_S, late)

    def test_free_riders_gave_nothing_and_bytes_add_up(self):
        for run in RUNS:
            setup = SETUPS[run["setup"]]
            riders = {group.name for group in setup.groups if group.free_rider}
            sent = run["seeder_bytes"] + sum(peer["sent"] for peer in run["peers"])
            received = sum(peer["received"] for peer in run["peers"])
            with self.subTest(setup=setup.name, run=run["seed"]):
                self.assertEqual([p["sent"] for p in run["peers"] if p["group"] in riders],
                                 [0] * sum(p["group"] in riders for p in run["peers"]))
                # What is under way when somebody leaves is lost.
                self.assertAlmostEqual(received / sent, 1, delta=0.03)

    def test_nobody_sent_more_than_its_uplink_bears(self):
        for run in RUNS:
            ups = {group.name: group.up for group in SETUPS[run["setup"]].groups}
            for peer in run["peers"]:
                there = (run["ended"] if peer["left"] is None else peer["left"]) - peer["arrived"]
                with self.subTest(setup=run["setup"], run=run["seed"], peer=peer["peer"]):
                    self.assertLessEqual(peer["sent"], ups[peer["group"]] * (there + 5) * 1.02)

    def test_the_list_names_what_there_is(self):
        self.assertLessEqual({setup for setup, _ in KNOWN}, set(SETUPS))

    def test_the_table_of_the_docs_is_of_these_runs(self):
        text = (HERE.parent.parent / "docs" / "validation.md").read_text(encoding="utf-8")
        found, bold, name = {}, set(), ""
        for line in re.findall(r"(?m)^\| .* \|$", text[text.index("\n## libtorrent\n"):]):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) != 5 or cells[0] == "set-up":
                continue
            name = cells[0] or name
            found[name, cells[1]] = cells[2]
            if "**" in cells[4]:
                bold.add((name, cells[1]))
        wanted = {}
        for setup in SETUPS.values():
            live = [figures.of_live(run, setup) for run in RUNS if run["setup"] == setup.name]
            for figure, value in figures.medians(live).items():
                digits = 2 if figure == "seeder files" else 0
                wanted[setup.name, figure] = f"{value:.{digits}f}"
        self.assertEqual(found, wanted)
        self.assertEqual(bold, set(KNOWN))


class Against(unittest.TestCase):
    """A case for each set-up; its name is the set-up's."""


def case(setup):
    def run(self):
        rows = against.rows(PROGRAM, setup, RUNS)
        for figure, live, simulated, off, met in rows:
            print(f"# {setup.name}: {figure}: {simulated:.2f}, libtorrent {live:.2f} ({off:+.1%})"
                  + ("" if met else ", known"))
        self.assertEqual(against.verdict(setup.name, rows, KNOWN), [])
    return run


for _setup in SETUPS.values():
    setattr(Against, "test_" + _setup.name.replace("-", "_"), case(_setup))


if __name__ == "__main__":
    tap.main()
