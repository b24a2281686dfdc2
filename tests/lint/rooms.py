#!/usr/bin/env python3
"""rooms.py ROOT [--measure]: holds the rooms inside a peer (core/peer/) to their order.

A room is a header and the C file of that name. Rooms stand in ORDER, lowest first:

  calls     go to the own room or a lower one;
  includes  of the rooms' headers likewise; impl.h, which puts them together, is for C files alone;
  writes    of a field of what all rooms share, in struct mb_peer and below: by one file only.

Seen are assignments through pointers, ++ and --, and fields or their addresses that are passed
where a function takes what it may change. What goes on behind a local pointer to an array is not.
--measure prints the counts. Exit 0 none, 1 some.
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

import rules

ORDER = (
    "list", "own", "find", "known", "show", "learn", "send", "announce", "pace", "select", "steer", "requests",
    "partial", "beside", "ask", "serve", "slots", "lend", "rotate", "view", "choke", "round", "leave", "meet",
    "gain", "message", "peer", "create", "look", "check",
)
# (struct, field) that several files write, and why that is right.
ALLOWED = {}

FOLDER = "core/peer"
ASSEMBLY = "impl"
NAME = re.compile(r"[A-Za-z_]\w*")
STRUCT = re.compile(r"^(?:typedef )?struct (\w+) \{\n(.*?)^\}", re.S | re.M)
DEFINITION = re.compile(r"^(?:static )?(?:inline )?([\w ]+?[ *]+)(\w+)\(([^;{}]*?)\)\n\{\n(.*?)^\}",
                        re.S | re.M)
PROTOTYPE = re.compile(r"^(?:static )?(?:inline )?\w[\w ]*?[ *]+(\w+)\(([^;{}]*?)\)(?=;|\n\{)", re.M)
DECLARED = re.compile(r"(const )?\b(\w+) (\**)(\w+)(?=\s*[=,;)\[]|$)")
ASSIGNS = re.compile(r"(?<![=!<>])(?:=(?!=)|\+=|-=|\|=|&=|\^=|\+\+|--)|<<=|>>=")


def strip(text):
    return rules.blank_comments(text)


def fields_of(body):
    """{name: (type, is a pointer or an array)} of a struct's body; groups of bits are not used."""
    found = {}
    for line in body.split(";"):
        match = re.match(r"\s*(?:const )?(?:struct )?(\w+)\s+(.*)$", line, re.S)
        if not match:
            continue
        for part in match.group(2).split(","):
            name = NAME.search(part)
            if name:
                found[name.group(0)] = (match.group(1), "*" in part or "[" in part)
    return found


def split_arguments(text):
    """The arguments of a call, split where no bracket is open."""
    parts, depth, last = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    return [part.strip() for part in parts + [text[last:]]]


def closing(text, start):
    """Past the bracket that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(text)


def chain_at(text):
    """[base, field, field] of an expression like a->b[i].c that `text` is all of, or None."""
    match = NAME.match(text)
    if not match:
        return None
    chain, i, through = [match.group(0)], match.end(), False
    while i < len(text):
        if text[i] == "[":
            i, through = closing(text, i), True
        elif text.startswith("->", i) or text[i] == ".":
            arrow = text[i] == "-"
            match = NAME.match(text, i + 1 + arrow)
            if not match:
                return None
            chain.append(match.group(0))
            through |= arrow
            i = match.end()
        else:
            return None
    return chain if through else None


def before(text, end):
    """What stands before `end` and is one expression of names, fields and indices."""
    i = end
    while i > 0:
        if text[i - 1] == "]":
            depth, j = 0, i
            while j > 0:
                j -= 1
                depth += (text[j] == "]") - (text[j] == "[")
                if depth == 0:
                    break
            i = j
        elif re.match(r"[\w.]", text[i - 1]):
            i -= 1
        elif text[i - 2 : i] == "->":
            i -= 2
        else:
            break
    return text[i:end]


def home(stem, function):
    """The room of a function: of one that impl.h has for it, by its prefix."""
    if stem != ASSEMBLY:
        return stem
    prefix = function.split("_")[1]
    return prefix if prefix in ORDER else "known"


class File:
    def __init__(self, path, text):
        self.path, self.stem = path, path.stem
        self.is_header = path.suffix == ".h"
        self.text = strip(text)
        self.lines = self.text.split("\n")
        self.functions = [(m.group(2), m.group(3), m.group(4), self.text[: m.start()].count("\n") + 1)
                          for m in DEFINITION.finditer(self.text)]

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            match = rules.INCLUDE.match(line)
            if match and match.group(1).startswith(FOLDER + "/"):
                yield number, Path(match.group(1)).stem


class Tree:
    """What the headers and C files of a peer say."""

    def __init__(self, root, texts=None):
        paths = sorted((root / FOLDER).glob("*.[ch]")) if texts is None else sorted(texts)
        self.files = [File(Path(p), Path(p).read_text(encoding="utf-8") if texts is None else texts[p])
                      for p in paths]
        self.structs, self.rooms, self.homes, self.takes = {}, {}, {}, {}
        for file in self.files:
            for match in STRUCT.finditer(file.text):
                if file.is_header and file.stem != ORDER[0]:  # lists are their holders'
                    self.structs[match.group(1)] = fields_of(match.group(2))
                    self.rooms[match.group(1)] = file.stem
            for name, _, _, _ in file.functions:
                self.homes.setdefault(name, home(file.stem, name))
        outside = [] if texts is not None else sorted((root / "core").glob("*.h"))
        for text in [strip(p.read_text(encoding="utf-8")) for p in outside] + [f.text for f in self.files]:
            for match in PROTOTYPE.finditer(text):
                self.takes[match.group(1)] = [self.changes(a) for a in split_arguments(match.group(2))]
        self.calls, self.writes = defaultdict(list), defaultdict(list)
        for file in self.files:
            for name, parameters, body, line in file.functions:
                self.look(home(file.stem, name), parameters, body, line)

    @staticmethod
    def changes(parameter):
        return "*" in parameter and not parameter.startswith("const ")

    def resolve(self, chain, types):
        """(struct, field) that an lvalue's last step into a shared struct names, or None."""
        found, here = None, types.get(chain[0])
        for name in chain[1:]:
            fields = self.structs.get(here)
            if fields is None or name not in fields:
                return found
            found, here = (here, name), fields[name][0]
        return found

    def look(self, stem, parameters, body, first):
        types = {m.group(4): m.group(2) for m in DECLARED.finditer(parameters + ";" + body)
                 if m.group(3) and m.group(2) in self.structs}
        def where(at):
            return first + 2 + body.count("\n", 0, at)

        for match in ASSIGNS.finditer(body):
            target = before(body, len(body[: match.start()].rstrip()))
            if not target and match.group(0) in ("++", "--"):
                after = re.match(r"[\w.\[\]>-]+", body[match.end():])
                target = after.group(0) if after else ""
            chain = chain_at(target)
            name = chain and self.resolve(chain, types)
            if name:
                self.writes[name].append((stem, where(match.start())))
        for match in re.finditer(r"\b(\w+)\(", body):
            callee = match.group(1)
            if callee in self.homes and self.homes[callee] != stem:
                self.calls[stem, self.homes[callee]].append((callee, where(match.start())))
            arguments = split_arguments(body[match.end() : closing(body, match.end() - 1) - 1])
            for argument, changed in zip(arguments, self.takes.get(callee, ())):
                if changed:
                    self.pass_on(stem, callee, argument, types, where(match.start()))
            if callee == "mb_group_put" and len(arguments) == 4 and arguments[2].startswith("MB_"):
                self.writes["mb_group", arguments[2]].append((stem, where(match.start())))

    def pass_on(self, stem, callee, argument, types, line):
        """`callee` may change the argument; a room may be handed what is its own."""
        chain = chain_at(argument.lstrip("&"))
        name = chain and len(chain) > 1 and self.resolve(chain, types)
        if not name:
            return
        kind, is_pointer = self.structs[name[0]][name[1]]
        if self.homes.get(callee) == self.rooms.get(kind, ""):
            return
        if argument.startswith("&") or is_pointer:
            self.writes[name].append((stem, line))


def rank(stem):
    return ORDER.index(stem) if stem in ORDER else None


def breaches(tree):
    """Every (file, line, message)."""
    for file in tree.files:
        if rank(file.stem) is None and file.stem != ASSEMBLY:
            yield file.stem, 1, "is no room of ORDER"
            continue
        for line, other in file.includes():
            if file.stem == ASSEMBLY or (other == ASSEMBLY and not file.is_header):
                continue
            if other == ASSEMBLY or rank(other) is None or rank(other) > rank(file.stem):
                yield file.stem, line, f"includes {other}.h, which is above it"
    for (caller, home), calls in sorted(tree.calls.items()):
        for callee, line in calls:
            if None not in (rank(caller), rank(home)) and rank(home) > rank(caller):
                yield caller, line, f"calls {callee}() of {home}, which is above it"
    for name, writes in sorted(tree.writes.items()):
        stems = sorted({stem for stem, _ in writes})
        if len(stems) > 1 and name not in ALLOWED:
            places = ", ".join(f"{stem}:{min(l for s, l in writes if s == stem)}" for stem in stems)
            yield stems[0], 1, f"{name[0]}.{name[1]} is written by {places}"


def measure(tree):
    pairs = sorted(tree.calls)
    upward = [(a, b) for a, b in pairs if None not in (rank(a), rank(b)) and rank(b) > rank(a)]
    several = {n: sorted({s for s, _ in w}) for n, w in tree.writes.items() if len({s for s, _ in w}) > 1}
    both = sorted({tuple(sorted(p)) for p in pairs if (p[1], p[0]) in tree.calls})
    print(f"{sum(len(c) for c in tree.calls.values())} calls between files, over {len(pairs)} ordered pairs")
    print(f"{sum(len(tree.calls[p]) for p in upward)} of them go up, over {len(upward)} pairs")
    print(f"{len(both)} pairs of files call each other: " + ", ".join(" <-> ".join(p) for p in both))
    print(f"{len(several)} fields are written by two files or more:")
    for name, stems in sorted(several.items()):
        print(f"  {name[0]}.{name[1]}: {', '.join(stems)}")
    print("lines: " + ", ".join(f"{f.path.name} {len(f.lines) - 1}" for f in tree.files))


def main(root, options):
    tree = Tree(root)
    if "--measure" in options:
        measure(tree)
        return 0
    found = list(breaches(tree))
    for stem, line, message in found:
        print(f"{FOLDER}/{stem}.c:{line}: rooms: {message}")
    print(f"{len(tree.files)} files, {len(found)} breaches")
    return 1 if found or not tree.files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
