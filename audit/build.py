#!/usr/bin/env python3
"""build.py OUTPUT NAME VERSION COMMIT.h SOURCES.h DIR: minibit-audit as one file that Python runs.

COMMIT.h and SOURCES.h are what every program tells of itself; DIR has the sources.
"""
import compileall
import os
import py_compile
import re
import shutil
import sys
import tempfile
import zipapp


def word_of(path):
    """The text that a header defines."""
    with open(path, encoding="utf-8") as file:
        return re.search(r'"(.*)"', file.read())[1]


def main():
    output, name, version, commit, sources, folder = sys.argv[1:]
    text = f"{name} {version}\ncommit {word_of(commit)}\nsources {word_of(sources)}\n"
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(os.path.join(folder, "__main__.py"), scratch)
        package = os.path.join(scratch, "minibit_audit")
        shutil.copytree(os.path.join(folder, "minibit_audit"), package,
                        ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(package, "version.py"), "w", encoding="utf-8") as file:
            file.write(f'"""What `--version` prints."""\nTEXT = {text!r}\n')
        # Compiled beside the sources, which a Python of another version takes instead.
        compileall.compile_dir(scratch, legacy=True, quiet=1,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        os.remove(os.path.join(scratch, "__main__.pyc"))
        zipapp.create_archive(scratch, output, "/usr/bin/env python3", compressed=True)
    os.chmod(output, 0o755)


main()
