#!/usr/bin/env python3
"""lint.py ROOT: holds every C file of the tree to the house rules, and to clang-format if there.

Prints file:line: rule: message for each breach. Exit 0 none, 1 some.
"""
import shutil
import subprocess
import sys
from pathlib import Path

import rules

FOLDERS = ("core", "record", "sim", "net", "analysis", "include", "examples", "tests")


def c_files(root):
    """The C files of the project's folders, in a fixed order."""
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.[ch]"))


def check_rules(root, files):
    breaches = 0
    for file in files:
        path = file.relative_to(root).as_posix()
        source = rules.Source(path, file.read_text(encoding="utf-8"))
        for number, rule, message in rules.check(source):
            print(f"{path}:{number}: {rule}: {message}")
            breaches += 1
    return breaches


def check_format(root, files):
    if not shutil.which("clang-format"):
        print("clang-format is not here: formatting is not checked")
        return 0
    command = ["clang-format", "--dry-run", "-Werror", "--style=file"]
    paths = [file.relative_to(root).as_posix() for file in files]
    result = subprocess.run(command + paths, cwd=root, capture_output=True, text=True)
    if result.returncode == 0:
        return 0
    print(result.stderr)
    print("clang-format -i FILE puts it right")
    return 1


def main(root):
    files = list(c_files(root))
    breaches = check_rules(root, files) + (check_format(root, files) if files else 0)
    print(f"{len(files)} files, {breaches} breaches")
    return 1 if breaches or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
