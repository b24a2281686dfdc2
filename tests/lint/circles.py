#!/usr/bin/env python3
"""circles.py ROOT [FOLDER]: the C files of a folder call each other in one direction only.

A file calls another where it names a function that the other defines for more than itself. Files that
call each other in a circle cannot be read, tested or replaced one by one. Where a folder's header lists its
files "from the lowest up", each calls only those above it in the list.
Prints a line a breach; with FOLDER who calls whom in its circles. Exit 0 none, 1 some.
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

import rules

ROOMS = ("core", "record", "sim", "net", "analysis")
DEFINITION = re.compile(r"^(?!static)(?:[a-z][\w \*]*?[ \*])(\w+)\([^;{}]*\)\n\{", re.M)
LIST = re.compile(r"\A/\*.*?calls only those above it in this list\.(.*?)\*/", re.S)
LISTED = re.compile(r"^ \*   (\w+\.c(?:, \w+\.c)*) ", re.M)
WORD = re.compile(r"\b[a-z_]\w+\b")


def calls(texts):
    """{file: {other file: names}} of {file: text}."""
    code = {name: rules.blank_comments(text) for name, text in texts.items()}
    owner = {found: name for name, text in code.items() for found in DEFINITION.findall(text)}
    edges = {name: defaultdict(set) for name in code}
    for name, text in code.items():
        for word in set(WORD.findall(text)) & owner.keys():
            if owner[word] != name:
                edges[name][owner[word]].add(word)
    return edges


def reached(edges, start):
    found, waiting = set(), list(edges[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges[name]
    return found


def circles(edges):
    """Each circle as a sorted list of its files."""
    far = {name: reached(edges, name) for name in edges}
    found = {tuple(sorted(other for other in far[name] if name in far[other]))
             for name in edges if name in far[name]}
    return sorted(list(circle) for circle in found)


def folders(root):
    for room in ROOMS:
        for folder in sorted({path.parent for path in (root / room).rglob("*.c")}):
            yield (folder.relative_to(root).as_posix(),
                   {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.c")})


def listed(header):
    """The files that a header's opening comment lists, from the lowest up; none where it lists none."""
    found = LIST.match(header)
    return [name for row in LISTED.findall(found.group(1)) for name in row.split(", ")] if found else []


def disorder(edges, order):
    """Of files in that order: who is not there, and who calls one below it."""
    place = {name: at for at, name in enumerate(order)}
    yield from (f"{name} is listed and not there" for name in order if name not in edges)
    for name in order:
        for other in sorted(edges.get(name, ())):
            if place.get(other, -1) > place[name]:
                yield f"{name} calls {' '.join(sorted(edges[name][other]))} of {other}, which is listed below it"


def show(edges, circle):
    for name in circle:
        for other in circle:
            if edges[name].get(other):
                print(f"  {name} -> {other}: {' '.join(sorted(edges[name][other]))}")


def breaches(edges, headers):
    """What is wrong among a folder's files, of which `headers` may list the order."""
    for circle in circles(edges):
        yield f"{' '.join(circle)} call each other in a circle"
    for header in headers:
        yield from disorder(edges, listed(header))


def main(root, shown=None):
    told = []
    for folder, texts in folders(root):
        edges = calls(texts)
        headers = [path.read_text(encoding="utf-8") for path in sorted((root / folder).glob("*.h"))]
        told += [f"{folder}: {line}" for line in breaches(edges, headers)]
        if folder == shown:
            for circle in circles(edges):
                show(edges, circle)
    for line in told:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), *sys.argv[2:3]))
