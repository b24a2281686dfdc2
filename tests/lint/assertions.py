#!/usr/bin/env python3
"""assertions.py ROOT [--list]: assertions a function in core/, sim/ and net/; under LEAST is a breach.

Counted are assert() and SIM_CHECK(), not _Static_assert(), over definitions of functions in C files.
`--list` prints each file. Idle ones do not count: a constant, or the same condition twice in a row.
Prints a line a folder, and file:line: message for each idle one. Exit 0 enough everywhere, 1 not.
"""
import re
import sys
from pathlib import Path

import rules

LEAST = 0.4
FOLDERS = ("core", "sim", "net")
FUNCTION = re.compile(r"^[a-z][^;{}=\n]*(?:\n[ \t]+[^;{}\n]+)*\)\n\{$", re.M)
ASSERTION = re.compile(r"\b(?:assert|SIM_CHECK)\s*\(")
IDLE = re.compile(r"\s*(?:true|[1-9]\d*|sizeof\b[^&|]*)\s*\Z")


def condition(text, start):
    """What stands in the brackets that open before `start`, blanks made one."""
    depth, at = 1, start
    while depth and at < len(text):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return re.sub(r"\s+", " ", text[start:at - 1]).strip(), at


def count(text):
    """Functions, assertions that are not idle, and [(line, condition)] of those that are."""
    code = rules.blank_comments(text)
    found, idle, last = 0, [], (None, 0)
    for match in ASSERTION.finditer(code):
        if code.rfind("#define", code.rfind("\n", 0, match.start()) + 1, match.start()) >= 0:
            continue
        told, end = condition(code, match.end())
        again = told == last[0] and not code[last[1]:match.start()].strip(" \n;")
        if IDLE.match(told) or again:
            idle.append((code.count("\n", 0, match.start()) + 1, told))
        else:
            found += 1
        last = told, end
    return len(FUNCTION.findall(code)), found, idle


def look(root, folder, each):
    functions, assertions, breaches = 0, 0, 0
    for file in sorted((root / folder).rglob("*.c")):
        path = file.relative_to(root).as_posix()
        its, found, idle = count(file.read_text(encoding="utf-8"))
        functions, assertions = functions + its, assertions + found
        if each:
            print(f"  {path}: {found} in {its} functions")
        for line, told in idle:
            print(f"{path}:{line}: idle: assert({told}) can never fail")
            breaches += 1
    share = assertions / functions if functions else 0
    enough = share >= LEAST
    print(f"{folder}: {assertions} assertions in {functions} functions: {share:.3f} a function"
          f"{'' if enough else f', fewer than {LEAST}'}")
    return breaches + (not enough)


def main(arguments):
    root = Path(arguments[0]).resolve()
    return 1 if sum(look(root, folder, "--list" in arguments) for folder in FOLDERS) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
