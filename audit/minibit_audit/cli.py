"""The command line of minibit-audit."""
import difflib
import re
import sys
import time

from . import version
from .folders import audit_run, runs_of
from .numbers import Unreadable

HELP = """Usage:
  minibit-audit [OPTION…] DIR|FILE…

Examples:
  minibit-audit results/flashcrowd
  minibit-audit results/which-first           # a study: a line for each of its runs
  minibit-audit --quiet results/*/            # only what is wrong

Reads what runs have left and works every figure out anew, from docs/formats.md alone and with no
code of the programs that made them: who held what block when, links' rates, every byte, every row
and every figure. FILE stands for the folder that it lies in.

Options:
  --most=N                  Show so many findings of a run (default: 20)
  --thorough                Max-min shares to the end of the run, however long that takes
  -v, --verbose             Tell what was looked at, and what could not be
  -q, --quiet               Print nothing of runs in which all is right
  --version                 Print the version
  -h, --help                Print this help

Exit status: 0 all is right, 1 something is wrong, 2 wrong usage, or an input that cannot be read.
"""


class Usage(Exception):
    pass


def unknown(word):
    """An option that there is not, with the nearest that there is."""
    name = word.split("=")[0]
    nearest = difflib.get_close_matches(name, re.findall(r"--[a-z-]+", HELP[HELP.index("Options:"):]), n=1)
    return Usage(f"unknown option {name}" + (f"; did you mean {nearest[0]}?" if nearest else ""))


def arguments(words):
    options, paths = {"most": 20, "verbose": False, "quiet": False, "thorough": False}, []
    names = {"-v": "verbose", "--verbose": "verbose", "-q": "quiet", "--quiet": "quiet",
             "--thorough": "thorough"}
    words = list(words)
    while words:
        word = words.pop(0)
        if word in names:
            options[names[word]] = True
        elif word == "--most" or word.startswith("--most="):
            value = word[7:] if "=" in word else words.pop(0) if words else ""
            if not value.isdecimal():
                raise Usage(f"--most: not a count: {value!r}")
            options["most"] = int(value)
        elif word == "--":
            paths += words
            break
        elif word.startswith("-") and word != "-":
            raise unknown(word)
        else:
            paths.append(word)
    if not paths:
        raise Usage("a folder of results is due")
    return options, paths


class Progress:
    """What was read so far, on a terminal's standard error alone, at most ten times a second."""

    def __init__(self):
        self.is_on, self.shown, self.last = sys.stderr.isatty(), False, 0.0

    def __call__(self, done, what):
        if self.is_on and time.monotonic() - self.last > 0.1:
            self.last, self.shown = time.monotonic(), True
            sys.stderr.write(f"\r\033[K{done} {what}")
            sys.stderr.flush()

    def clear(self):
        if self.shown:
            sys.stderr.write("\r\033[K")
            self.shown = False


def tell(report, options):
    wrong = len(report.findings)
    if not wrong and options["quiet"]:
        return
    for line in report.lines(options["most"]):
        print(line)
    print(f"{report.folder}: " + (f"{wrong} wrong" if wrong else "all right"))
    if options["verbose"]:
        for what, number in report.checked.items():
            print(f"  looked at: {number} {what}")
        for what, why in report.left_out:
            print(f"  not looked at: {what}: {why}")


def audit_all(paths, options):
    status, progress = 0, Progress()
    for path in paths:
        try:
            for folder in runs_of(path):
                report = audit_run(folder, progress, options["thorough"])
                progress.clear()
                tell(report, options)
                status = max(status, 1 if report.findings else 0)
                sys.stdout.flush()
        except (Unreadable, UnicodeError, OSError) as error:
            progress.clear()
            sys.stdout.flush()
            print(f"minibit-audit: {error}", file=sys.stderr)
            status = 2
    return status


def main(words):
    if any(word in ("-h", "--help") for word in words):
        print(HELP, end="")
        return 0
    if "--version" in words:
        print(version.TEXT, end="")
        return 0
    try:
        options, paths = arguments(words)
    except Usage as error:
        print(f"minibit-audit: {error} (--help tells more)", file=sys.stderr)
        return 2
    try:
        return audit_all(paths, options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 2
