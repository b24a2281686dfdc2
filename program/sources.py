#!/usr/bin/env python3
"""Writes the header with the SHA-256 of the sources that decide a run's results.

The sources are the files named and, from file to file, whatever of the project they include. The
hash is over the lines that `sha256sum` prints for them, by paths from the source root in the order
of their bytes, so that anyone can check it:

    sources.py ROOT --list FILE... | LC_ALL=C sort | xargs sha256sum | sha256sum

No compiler, flag, time or commit is part of it.
"""

import hashlib
import pathlib
import re
import sys

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def closure(root, names):
    """The paths, from `root`, of the files and of all that they include; what is not among the
    sources, such as a header made by the build, is left out."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found or not (root / name).is_file():
            continue
        found.add(name)
        beside = pathlib.PurePosixPath(name).parent
        for match in INCLUDE.findall((root / name).read_bytes()):
            included = match.decode()
            waiting += [included, (beside / included).as_posix()]
    return sorted(found, key=str.encode)


def digest(root, names):
    lines = hashlib.sha256()
    for name in names:
        content = hashlib.sha256((root / name).read_bytes()).hexdigest()
        lines.update(f"{content}  {name}\n".encode())
    return lines.hexdigest()


def header(sha256):
    return (
        "/* Made by program/sources.py; program/version.c alone includes it. */\n"
        "#ifndef PROGRAM_SOURCES_H\n#define PROGRAM_SOURCES_H\n\n"
        f'#define MB_SOURCES_SHA256 "{sha256}"\n\n#endif\n'
    )


def main(arguments):
    root = pathlib.Path(arguments[0]).resolve()
    out, depfile = (None, None) if arguments[1] == "--list" else arguments[1:3]
    files = [pathlib.Path(file).resolve().relative_to(root) for file in arguments[3 if out else 2:]]
    missing = [file for file in files if not (root / file).is_file()]
    if missing or not files:
        return f"sources.py: no such source: {', '.join(map(str, missing)) or 'none given'}"
    names = closure(root, [file.as_posix() for file in files])
    if not out:
        print("\n".join(names))
        return 0
    pathlib.Path(out).write_text(header(digest(root, names)), encoding="ascii")
    rule = " ".join(str(root / name).replace(" ", "\\ ") for name in names)
    pathlib.Path(depfile).write_text(f"{out}: {rule}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
