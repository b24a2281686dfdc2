#!/usr/bin/env python3
"""symbols.py NM ARCHIVE: the decisions library may need only what the allow-list names.

No clock, no input or output, no randomness and no sorting of libc's: whatever the archive leaves
undefined must be on the list or be defined in the archive. Exit 0 held, 1 broken, 77 when the
archive carries a sanitizer's or a profiler's symbols, which are not the library's own.
"""
import re
import subprocess
import sys

ALLOWED = {
    "memcpy", "memmove", "memset", "memcmp", "memchr",
    "strcmp", "strncmp", "strlen", "strnlen", "strchr", "strrchr",
    "malloc", "calloc", "realloc", "aligned_alloc", "free",
    "__assert_fail", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_",
    "__udivti3", "__umodti3", "__udivmodti4", "__divti3", "__modti3", "__popcountdi2", "__clzdi2", "__ctzdi2",
    "__memcpy_chk", "__memmove_chk", "__memset_chk",
}
INSTRUMENTED = re.compile(r"^(__asan_|__ubsan_|__tsan_|__msan_|__gcov_|__llvm_prof|__sanitizer_)")
ROW = re.compile(r"^(?:[0-9a-fA-F]+)?\s+([A-Za-z?])\s+(\S+)$")


def undefined(listing):
    """What the listing of nm leaves undefined once its own objects are linked together."""
    defined, wanted = set(), set()
    for line in listing.splitlines():
        match = ROW.match(line)
        if not match:
            continue
        kind, name = match.groups()
        if kind in "Uwv":
            wanted.add(name)
        elif kind.isupper():
            defined.add(name)
    return wanted - defined


def foreign(listing):
    """The names that the listing needs and the allow-list does not have."""
    return undefined(listing) - ALLOWED


def main(nm, archive):
    listing = subprocess.run([nm, archive], check=True, capture_output=True, text=True).stdout
    if any(INSTRUMENTED.match(name) for name in undefined(listing)):
        print("instrumented build: not looked at")
        return 77
    if " T " not in listing:
        print(f"{archive}: defines nothing")
        return 1
    names = sorted(foreign(listing))
    for name in names:
        print(f"{archive}: needs {name}, which is not on the allow-list of decisions")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
