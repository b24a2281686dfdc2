#!/usr/bin/env python3
"""names.py ROOT: what comments and pages name is there, and what headers promise is kept.

- An identifier of the project's (mb_, rec_, sim_, net_, res_) in a comment or on a page is one of the code.
- A path there is a file; a bare file name in a comment is one of the same room.
- A function that a header declares is defined, and a room's headers declare nothing in another's name.
- A header's guard ends with the file's name, and is no other header's.

Prints a line a breach. Exit 0 none, 1 some.
"""
import re
import sys
from pathlib import Path

import rules

ROOMS = {"core": "mb", "record": "rec", "sim": "sim", "net": "net", "analysis": "res"}
CODE = (*ROOMS, "program", "include", "examples", "tests")
PLACES = (*CODE, "audit", "fuzz", "docs", "scenarios")
# What a page tells its reader to make.
TO_MAKE = {"core/strategies/window.c", "core/strategies/neediest.c", "mb_selector_window", "mb_choker_neediest"}

PREFIXES = "|".join(ROOMS.values())
NAME = re.compile(rf"\b(?:{PREFIXES}|{PREFIXES.upper()})_\w+")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(PLACES)})(?:/[\w.-]*\w)+(?![\w*{{])")
FILE = re.compile(r"(?<![\w/.<-])[a-z]\w*\.(?:c|h|def)\b")
DECLARED = re.compile(r"^(?!typedef|static|extern|#)[A-Za-z_][^\n;={]*?\b(\w+)\([^;{}]*?\)[^;{}()]*"
                      r"(?:\(\([^;{}]*\)\))?;", re.M)
DEFINED = re.compile(r"^[A-Za-z_][\w \t*()]*?\b(\w+)\([^;{}()]*(?:\([^;{}()]*\)[^;{}()]*)*\)\s*\{", re.M)
TYPE = re.compile(r"^(?:typedef )?(?:struct|union|enum) (\w+)|^\} (\w+);", re.M)
GUARD = re.compile(r"^#ifndef (\w+)$", re.M)


def is_placeholder(name):
    """Whether a part of it stands for any: core/KIND.c, mb_selector_NAME."""
    return bool(re.search(r"(^|[/_.])(NAME|KIND)($|[/_.])", name)) and not name.isupper()


class Tree:
    """The files of the tree: {path: text} of C files and of pages, and the paths of all."""

    def __init__(self, code, pages, paths):
        self.code, self.pages, self.paths = code, pages, paths
        self.bare = {path: rules.blank_comments(text) for path, text in code.items()}
        self.words = {word for text in self.bare.values() for word in re.findall(r"\w+", text)}

    def knows(self, name):
        if name in self.words or name in TO_MAKE or is_placeholder(name):
            return True
        # As tables of rows make them: MB_VIA_##ID. And what begins many: MB_FLAG_.
        starts = [name[:at + 1] for at, letter in enumerate(name) if letter == "_"]
        if any(start in self.words and name[len(start):] in self.words for start in starts[1:]):
            return True
        return name.endswith("_") and any(word.startswith(name) for word in self.words)

    def has(self, path):
        return path in self.paths or path in TO_MAKE or is_placeholder(path)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def of_text(tree, text):
    """(offset, message) of what a comment's or a page's text names and is not there."""
    for match in NAME.finditer(text):
        if not tree.knows(match.group()):
            yield match.start(), f"there is no {match.group()}"
    for match in PATH.finditer(text):
        if not tree.has(match.group()):
            yield match.start(), f"there is no {match.group()}"


def of_comments(tree, path):
    """(line, message) of what the comments of a C file name."""
    room, text = path.split("/")[0], tree.code[path]
    files = {other.split("/")[-1] for other in tree.paths if room == "tests" or other.startswith(room + "/")}
    for comment in COMMENT.finditer(text):
        for at, message in of_text(tree, comment.group()):
            yield line_of(text, comment.start() + at), message
        for match in FILE.finditer(comment.group()):
            if match.group() not in files:
                yield line_of(text, comment.start() + match.start()), f"there is no {match.group()} in {room}/"


def of_header(tree, path, defined):
    """(line, message) of what a header declares."""
    room, text = path.split("/")[0], tree.bare[path]
    others = tuple(f"{prefix}_" for name, prefix in ROOMS.items() if name != room)
    for match in DECLARED.finditer(text):
        if match.group(1) not in defined and match.group(1) not in ("__attribute__", "sizeof"):
            yield line_of(text, match.start(1)), f"{match.group(1)}() is not defined"
    for match in [*DECLARED.finditer(text), *TYPE.finditer(text)]:
        name = match.group(1) or match.group(2)
        declares = room in ROOMS and not match.group().endswith(f"struct {name}")
        if declares and name.startswith(others):
            yield line_of(text, match.start()), f"{name} has another room's name"


def of_guard(tree, path, guards):
    guard = GUARD.search(tree.bare[path])
    name = guard.group(1) if guard else ""
    if not name.endswith(Path(path).stem.upper() + "_H"):
        yield 1, f"the guard {name} is not called after the file"
    if guards.setdefault(name, path) != path:
        yield 1, f"{guards[name]} has the guard {name} too"


def breaches(tree):
    """(path, line, message) of each."""
    defined = {name for text in tree.bare.values() for name in DEFINED.findall(text)}
    guards = {}
    for path in tree.code:
        found = list(of_comments(tree, path))
        if path.endswith(".h"):
            found += [*of_header(tree, path, defined), *of_guard(tree, path, guards)]
        for line, message in found:
            yield path, line, message
    for path, text in tree.pages.items():
        for at, message in of_text(tree, text):
            yield path, line_of(text, at), message


def read(root):
    code = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for folder in CODE for kind in ("*.[ch]", "*.def", "*.h.in")
            for path in sorted((root / folder).rglob(kind))}
    pages = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
             for path in [root / "README.md", *sorted((root / "docs").rglob("*.md")),
                          *sorted((root / "docs/man").glob("*.scd"))]}
    paths = {path.relative_to(root).as_posix() for folder in PLACES for path in (root / folder).rglob("*")}
    return Tree(code, pages, paths)


def main(root):
    tree = read(root)
    found = list(breaches(tree))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"{len(tree.code) + len(tree.pages)} files, {len(found)} breaches")
    return 1 if found or not tree.code else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
