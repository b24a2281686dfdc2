#!/usr/bin/env python3
"""Holds the tables of docs/protocol.md and docs/formats.md against the rows that the programs are
made from: core/messages.def, record/words.def and the codec's list of flags. Both ways: a word that
one has and the other lacks is an error, and so is another meaning.

    tables.py ROOT
"""
import pathlib
import re
import sys
import unittest

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
CODE = re.compile(r"`([^`]*)`")
PAIR = re.compile(r"`([^`]*)`(?: \(([^)]*)\))?")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def rows(text, macro):
    """The arguments of every row MACRO(…) of a .def: texts joined and without quotes."""
    found = []
    lines = "\n".join(line for line in without_comments(text).split("\n") if not line.startswith("#"))
    for match in re.finditer(rf"^{macro}\((.*?)\)$", lines, re.S | re.M):
        parts, rest = [], match.group(1)
        for item in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+|[^\s,"]+', rest):
            texts = STRING.findall(item)
            parts.append("".join(texts) if item.startswith('"') else item)
        found.append(parts)
    return found


def table(text, head):
    """The rows of the page's table whose head is `head`, each a list of cells."""
    lines = text.split("\n")
    if head not in lines:
        raise AssertionError(f"no table {head}")
    found = []
    for line in lines[lines.index(head) + 2:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def word(code):
    return CODE.fullmatch(code).group(1)


class Tables:
    """What the files say; `change` puts another text in a file's place."""

    def __init__(self, root, change=()):
        names = {"messages": "core/messages.def", "words": "record/words.def",
                 "codec": "core/codec/message.h", "protocol": "docs/protocol.md",
                 "formats": "docs/formats.md"}
        self.text = {key: (root / name).read_text(encoding="utf-8") for key, name in names.items()}
        for key, old, new in change:
            if old not in self.text[key]:
                raise AssertionError(f"{names[key]} has no {old}")
            self.text[key] = self.text[key].replace(old, new, 1)

    def messages(self, macro):
        return rows(self.text["messages"], macro)

    def words(self, macro):
        return rows(self.text["words"], macro)

    # ---- each yields what the rows say, and what the page says

    def notes(self):
        made = {m[2]: (m[-1], m[8] == "WHICH") for m in self.messages("MB_MESSAGE") if m[1] == "NOTICE"}
        made |= {n[1]: (n[2], False) for n in self.messages("MB_NOTE")}
        page = table(self.text["protocol"], "| note | meaning | needs |")
        return made, {word(note): (meaning, "`block`" in needs) for note, meaning, needs in page}

    def reasons(self):
        made = {r[1]: tuple(r[3:]) for r in self.messages("MB_REASON") + self.messages("MB_REFUSAL")}
        page = table(self.text["protocol"], "| reason | meaning | what the asker should do |")
        return made, {word(reason): (meaning, advice) for reason, meaning, advice in page}

    def flags(self):
        made = set(re.findall(r"FLAG\((\w+)\)", self.text["codec"])) - {"NAME"}
        page = table(self.text["protocol"], "| key | value | where | meaning |")
        return made, {word(key) for key, value, _, _ in page if value == "true"}

    def grounds(self):
        made = {v[1]: v[2] for v in self.messages("MB_VIA")}
        return made, dict(PAIR.findall(self.column("via").partition(": ")[2]))

    def statuses(self):
        return {s[1]: s[2] for s in self.words("REC_STATUS")}, dict(PAIR.findall(self.column("status")))

    def roles(self):
        return {r[1] for r in self.words("REC_ROLE")}, \
            set(CODE.findall(self.column("from_role").split(";")[0]))

    def column(self, name):
        return re.search(rf"^\| `{name}` \| (.*) \|$", self.text["formats"], re.M).group(1)

    def events(self):
        """The words of events.csv, each with the words that its detail can be."""
        lists = {"REASON": [r[2] for r in self.messages("MB_REASON")],
                 "ANNOUNCE": [a[1] for a in self.messages("MB_ANNOUNCE")],
                 "FLAGS": [f[3] for f in self.messages("MB_FLAG") if f[2] == "SHOWN"]}
        made = {m[5]: m[6] for m in self.messages("MB_MESSAGE") if m[3] == "EVENT"}
        made |= {e[2]: e[3] for e in self.words("REC_EVENT")}
        page = {}
        for names, _, detail in table(self.text["formats"], "| `event` | meaning | `detail` |"):
            page |= {name: detail for name in CODE.findall(names)}
        wanted = {}
        for name, kind in made.items():
            said = page.get(name, "")
            if kind in lists and name != "choke": # of an unchoke's words it has `quiet` alone
                wanted[name] = set(lists[kind])
                page[name] = set(CODE.findall(said)) if name in page else None
            elif name in page:
                wanted[name] = kind != "NONE"
                page[name] = bool(said)
            else:
                wanted[name] = None
        return wanted, page

    def numbers(self):
        """Nothing of a page: no number of a kind is there twice."""
        kinds = [m[4] for m in self.messages("MB_MESSAGE") if m[3] == "EVENT"]
        kinds += [e[1] for e in self.words("REC_EVENT")]
        return sorted(set(kinds)), sorted(kinds)


EACH = ("notes", "reasons", "flags", "grounds", "statuses", "roles", "events", "numbers")

# What each must see: a change of one file alone.
BREAKS = (
    ("notes", "protocol", "| `alive` | nothing: the connection is wanted | |\n", ""),
    ("notes", "messages", '"alive"', '"living"'),
    ("notes", "messages", '"I go"', '"I stay"'),
    ("notes", "messages", "NONE, ONE, WHICH", "NONE, ONE, ANY"),
    ("reasons", "protocol", "| ask somebody else |", "| ask again |"),
    ("reasons", "messages", '"bad-request"', '"bad"'),
    ("flags", "protocol", "| `raw` | true |", "| `rare` | true |"),
    ("flags", "codec", "FLAG(endgame)", "FLAG(end)"),
    ("grounds", "formats", "`regular` (a regular slot)", "`regular` (a slot)"),
    ("grounds", "messages", 'MB_VIA(SEED, "seed"', 'MB_VIA(SEED, "seeds"'),
    ("statuses", "formats", ", `crashed` |", " |"),
    ("statuses", "words", '"left", "left before', '"went", "left before'),
    ("roles", "words", '"leecher"', '"taker"'),
    ("events", "formats", "| `waste` |", "| `wasted` |"),
    ("events", "words", '"waste"', '"wasted"'),
    ("events", "messages", '20, "hello"', '20, "hallo"'),
    ("events", "messages", '"not held"', '"not there"'),
    ("events", "formats", "| it is gone | `left`, `crashed` |", "| it is gone | |"),
    ("events", "messages", 'SHOWN, "more"', 'NOT, "more"'),
    ("numbers", "words", "REC_EVENT(LOST, 40", "REC_EVENT(LOST, 39"),
)


class Pages(unittest.TestCase):
    root = None

    def test_each_table_is_what_the_rows_say(self):
        self.maxDiff = None
        for name in EACH:
            with self.subTest(table=name):
                made, page = getattr(Tables(self.root), name)()
                self.assertEqual(made, page)
                self.assertGreaterEqual(len(made), 3)

    def test_no_table_hides_a_change(self):
        for name, key, old, new in BREAKS:
            with self.subTest(table=name, change=new):
                made, page = getattr(Tables(self.root, [(key, old, new)]), name)()
                self.assertNotEqual(made, page)

    def test_each_has_a_change_to_see(self):
        self.assertEqual({name for name, *_ in BREAKS}, set(EACH))


if __name__ == "__main__":
    Pages.root = pathlib.Path(sys.argv.pop(1))
    unittest.main()
