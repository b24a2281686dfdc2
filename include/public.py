#!/usr/bin/env python3
"""What of MiniBit other programs may use: the public headers, and what these declare.

    public.py exports ROOT OUT      writes the linker's list of the functions that they declare
    public.py install ROOT VERSION  copies them to where meson installs; VERSION is the header made

include/minibit/core.h offers headers of core/, which stay where they are: what it includes, and what
that does, is public. In place of "core/x.h" the copies include "minibit/core/x.h", so that nobody's
own core/ is meant.
"""
import os
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
DECLARED = re.compile(r"^(?!static|typedef|#)[A-Za-z_][\w \t\n*]*?\b(mb_\w+)\(", re.M)
OWN = ("include/minibit/core.h", "include/minibit/sim.h")


def headers(root):
    """The public headers from the root, those of include/ first."""
    found, waiting = [], list(OWN)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += INCLUDE.findall((root / name).read_text(encoding="utf-8"))
    return found


def functions(root):
    """Those that the public headers declare and do not define."""
    names = set()
    for name in headers(root):
        text = COMMENT.sub(" ", (root / name).read_text(encoding="utf-8"))
        names |= set(DECLARED.findall(text))
    return sorted(names)


def exports(root, out):
    lines = "".join(f"        {name};\n" for name in functions(root))
    Path(out).write_text("{\n    global:\n" + lines + "    local: *;\n};\n", encoding="ascii")


def install(root, version):
    to = Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"], "include", "minibit")
    for name in headers(root):
        target = to / name.removeprefix("include/minibit/")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (root / name).read_text(encoding="utf-8")
        target.write_text(INCLUDE.sub(r'#include "minibit/\1"', text), encoding="utf-8")
    (to / "version.h").write_bytes(Path(version).read_bytes())


if __name__ == "__main__":
    {"exports": exports, "install": install}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
