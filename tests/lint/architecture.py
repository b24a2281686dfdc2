#!/usr/bin/env python3
"""architecture.py ROOT: docs/architecture.md against the tree and against what lint holds.

Every path that the page names is there; the folders of each room stand in the order in which the
rules let them include each other, and none is left out. Exit 0 if so; else a line each, and 1."""
import re
import sys
from pathlib import Path

import rules

ROOMS = ("core", "record", "sim", "net", "analysis")
ROW = re.compile(r"^\| `(\w+)/` \| (.*) \|$", re.M)
PATH = re.compile(r"`((?:core|record|sim|net|analysis|audit|fuzz|tests|include|examples)/[\w./-]*)`")


def folders(root, room):
    return {path.name for path in (root / room).iterdir()
            if path.is_dir() and any(path.rglob("*.[ch]"))}


def breaches(root, page):
    rooms = dict(ROW.findall(page))
    for room in ROOMS:
        if room not in rooms:
            yield f"the room {room}/ has no row"
            continue
        told = re.findall(r"`(?:\w+/)?(\w+)/?`", rooms[room])
        if room in rules.ORDER and tuple(told) != rules.ORDER[room]:
            yield f"{room}/: the page has {', '.join(told)}; the rules {', '.join(rules.ORDER[room])}"
        for name in sorted(folders(root, room) - set(told)):
            yield f"{room}/{name}/ is not named"
        for name in sorted(set(rules.ORDER.get(room, ())) - folders(root, room)):
            yield f"{room}/{name}/ is not there"
    for path in sorted(set(PATH.findall(page))):
        if not (root / path).exists():
            yield f"{path} is not there"


def main(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    found = list(breaches(root, page))
    for line in found:
        print(f"docs/architecture.md: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
