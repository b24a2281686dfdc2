#!/usr/bin/env python3
"""Holds docs/formats.md against record/columns.def and record/figures.def: each table of columns or
figures is exactly what their rows say, name, unit and meaning, and the page says of a live run
exactly what their rows leave to a simulator. The manual page minibit-results(5) is made of the page.

    columns.py ROOT            the test
    columns.py ROOT --write    puts the tables into the page
"""
import pathlib
import re
import sys
import unittest

# The page's heading, and the rows of the table below it.
PAGES = {
    "## completion.csv": ["REC_COMPLETION"],
    "## provenance.csv, or provenance.csv.zst": ["REC_PROVENANCE"],
    "## timeline.csv": ["REC_TIMELINE"],
    "## events.csv, or events.csv.zst": ["REC_EVENTS"],
    "## nodes.csv": ["REC_NODES"],
    "## paths.csv": ["REC_PATHS"],
    "## zones.csv": ["REC_ZONES"],
    "## faults.csv": ["REC_STRIKES"],
    "## transfers.csv": ["REC_TRANSFERS"],
    "## summary.json": ["REC_FIGURE", "REC_FAULT", "REC_ZONE", "REC_FIGURES"],
}
LIVE = "- what only a simulator can see is empty or `null`: "
# Files that a live run does not have at all.
NOT_LIVE = ("REC_EVENTS", "REC_NODES", "REC_PATHS", "REC_ZONES", "REC_ZONE", "REC_STRIKES",
            "REC_TRANSFERS")
TEXT = r'"(?:[^"\\]|\\.)*"'


def arguments(text):
    """What stands between the commas of a row that are in no bracket and no text."""
    found, depth, item = [], 0, ""
    for part in re.findall(rf"{TEXT}|[^\"]", text):
        depth += (part in "([") - (part in ")]") if len(part) == 1 else 0
        if part == "," and depth == 0:
            found.append(item.strip())
            item = ""
        else:
            item += part
    return [*found, item.strip()]


def plain(text):
    """The text of one or several C literals in a row; "" for NULL."""
    parts = re.findall(TEXT, text)
    return re.sub(r"\\(.)", r"\1", "".join(part[1:-1] for part in parts))


class Row:
    def __init__(self, macro, text):
        given = arguments(text)
        self.macro = macro
        self.name = ("zones.NAME." if macro == "REC_ZONE" else "") + (plain(given[0]) or given[0])
        self.unit = plain(given[1 if macro == "REC_FIGURES" else 2])
        self.meaning = plain(given[-1])
        self.only_simulated = given[{"REC_FIGURES": 2, "REC_FIGURE": 4, "REC_FAULT": 4}.get(macro, 3)] == "SIM"

    def line(self):
        unit = f" {self.unit} " if self.unit else " "
        return f"| `{self.name}` |{unit}| {self.meaning} |"


def read_rows(texts):
    rows = []
    for text in texts:
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        lines = "\n".join(line for line in code.split("\n") if not line.startswith("#"))
        rows += [Row(*match.groups()) for match in re.finditer(r"^(REC_\w+)\((.*?)\)$", lines, re.S | re.M)]
    return rows


def tables(rows):
    """{heading: lines of the table below it}."""
    made = {}
    for heading, macros in PAGES.items():
        first = "path" if "REC_FIGURE" in macros else "column"
        made[heading] = [f"| {first} | unit | meaning |", "|---|---|---|",
                         *(row.line() for row in rows if row.macro in macros)]
    return made


def place(lines, heading):
    """Where the first table below the heading begins and ends."""
    start = lines.index(heading)
    while not lines[start].startswith("|"):
        start += 1
    end = start
    while lines[end].startswith("|"):
        end += 1
    return start, end


def with_tables(page, rows):
    lines = page.split("\n")
    for heading, table in tables(rows).items():
        start, end = place(lines, heading)
        lines[start:end] = table
    return "\n".join(lines)


def said_of_live(page):
    """The names in the item of the page's list that tells what a live run lacks."""
    item = re.search(re.escape(LIVE) + r"(.*?)[;.]\n", page, re.S).group(1)
    return re.findall(r"`([^`]+)`", item)


def only_simulated(rows):
    return [row.name for row in rows if row.only_simulated and row.macro not in NOT_LIVE]


class Columns(unittest.TestCase):
    root = None

    def setUp(self):
        self.page = (self.root / "docs/formats.md").read_text(encoding="utf-8")
        self.rows = read_rows((self.root / f"record/{name}.def").read_text(encoding="utf-8")
                              for name in ("columns", "figures"))

    def test_the_tables_are_the_rows(self):
        lines = self.page.split("\n")
        for heading, table in tables(self.rows).items():
            start, end = place(lines, heading)
            self.assertEqual(lines[start:end], table, "tests/lint/columns.py . --write puts them there")

    def test_every_row_is_read_and_whole(self):
        for name in ("columns", "figures"):
            text = (self.root / f"record/{name}.def").read_text(encoding="utf-8")
            begun = len(re.findall(r"^REC_\w+\(", text, re.M))
            self.assertEqual(begun, len(read_rows([text])), name)
            self.assertGreater(begun, 40)
        for row in self.rows:
            self.assertTrue(row.name and row.meaning, row.name)
            self.assertNotIn("|", re.sub(r"\\\|", "", row.meaning))

    def test_a_unit_is_what_the_name_says(self):
        for row in self.rows:
            for ending, unit in (("_s", "s"), ("_bytes", "bytes"), ("_bytes_per_s", "bytes/s")):
                if row.name.split(".")[0].endswith(ending) and not row.name.endswith(".count"):
                    self.assertEqual(row.unit, "bytes/s" if row.name.endswith("_per_s") else unit, row.name)

    def test_what_a_live_run_lacks(self):
        self.assertEqual(said_of_live(self.page), only_simulated(self.rows))

    def test_a_change_of_either_side_is_seen(self):
        for old, new in (("when it arrived and registered", "when it came"), ("`arrived_s`", "`came_s`"),
                         ("| bytes/s |", "| bytes |")):
            self.assertIn(old, self.page)
            self.assertNotEqual(with_tables(self.page, self.rows), self.page.replace(old, new))
            self.assertEqual(with_tables(self.page.replace(old, new, 1), self.rows), self.page)
        self.assertNotEqual(with_tables(self.page, self.rows[1:]), self.page)


def main():
    Columns.root = pathlib.Path(sys.argv[1])
    if sys.argv[2:] != ["--write"]:
        return unittest.main(argv=sys.argv[:1])
    page = Columns.root / "docs/formats.md"
    rows = read_rows((Columns.root / f"record/{name}.def").read_text(encoding="utf-8")
                     for name in ("columns", "figures"))
    page.write_text(with_tables(page.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
