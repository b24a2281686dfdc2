"""What the validation tests share: scenarios as text, runs of the real program, their results, TAP.

Each test is a program, `test_THEME.py PROGRAM`, that simulates with PROGRAM and prints TAP. Times
are whole nanoseconds throughout: a run prints them with 9 decimals, so nothing is rounded.

A case is a function that raises Failed with a reason. The scenario of its last run then stays, and
the last line that the test prints is the command that runs it again.
"""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "build/minibit-sim"
JOBS = 2
SECOND = 10**9
KIBIT = 1024
MIBIT = 1024 * 1024
BLOCK_BITS = 2 * MIBIT
UNLIMITED = None


def strategies(kind, program=PROGRAM):
    """The names of that kind ("selection", "choke"), in the order of `--list-strategies`, asked of the
    simulator beside `program`."""
    simulator = Path(program).with_name("minibit-sim")
    done = subprocess.run([simulator, "--list-strategies"], capture_output=True, text=True, check=True)
    names, on = [], False
    for line in done.stdout.splitlines():
        if not line.startswith(" "):
            on = line.startswith(f"{kind} =")
        elif on and not line.startswith("   "):
            names.append(line.split()[0])
    assert names, kind
    return tuple(names)


class Failed(Exception):
    """A case did not hold; `command` runs the scenario that shows it."""

    def __init__(self, reason, command=""):
        super().__init__(reason)
        self.command = command


# ---- scenarios ---------------------------------------------------------------------------------


def scenario(**groups):
    """The text of a scenario: scenario(file={"blocks": 4}, **{"peers a": {...}}); True is yes."""
    lines = []
    for name, keys in groups.items():
        lines.append(f"[{name}]")
        for key, value in keys.items():
            text = ("no", "yes")[value] if isinstance(value, bool) else value
            lines.append(f"{key} = {text}")
    return "\n".join(lines) + "\n"


def rate(bits_per_s):
    """A rate as a scenario writes it; None is unlimited."""
    return "unlimited" if bits_per_s is UNLIMITED else f"{bits_per_s}bit"


def seconds(ns):
    """Nanoseconds as a scenario writes them."""
    return f"{ns}ns"


def nanoseconds(text):
    """A time of a result, exactly; None where nothing happened."""
    if text is None or text == "":
        return None
    whole, _, decimals = text.partition(".")
    assert len(decimals) == 9, text
    return int(whole) * SECOND + int(decimals)


def ceiling(fraction):
    return -(-fraction.numerator // fraction.denominator)


# ---- runs --------------------------------------------------------------------------------------


class Result:
    """What a run left, read as it is asked for. The folder lives as long as the process."""

    def __init__(self, folder, command):
        self.folder = Path(folder)
        self.command = command

    def rows(self, table):
        with open(self.folder / f"{table}.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def text(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def summary(self):
        """summary.json with its numbers as exact fractions."""
        return json.loads(self.text("summary.json"), parse_float=Fraction)

    def completions(self):
        """When each peer completed, in order of arrival; fails where one did not."""
        times = [nanoseconds(row["completed_s"]) for row in self.rows("completion")]
        self.require(None not in times, "a peer never completed")
        return times

    def last(self):
        return max(self.completions())

    def downloads(self, group=None):
        return [
            nanoseconds(row["download_s"])
            for row in self.rows("completion")
            if group in (None, row["group"])
        ]

    def mean_download(self, group=None):
        times = self.downloads(group)
        self.require(None not in times, "a peer never completed")
        return Fraction(sum(times), len(times))

    def require(self, truth, reason):
        if not truth:
            raise Failed(reason, self.command)


def audited(result):
    """The same, in which minibit-audit, beside the program, finds nothing wrong."""
    audit = Path(PROGRAM).with_name("minibit-audit")
    done = subprocess.run([audit, "--quiet", result.folder], capture_output=True, text=True, check=False)
    result.require(done.returncode == 0, done.stdout + done.stderr)
    return result


_scratch = tempfile.TemporaryDirectory(prefix="minibit-validation.")
_numbers = iter(range(10**9))
_lock = threading.Lock()


def run(text, seed=1, check="every", options=(), files=()):
    """Simulates; `files` are (name, text) that the scenario names. Fails if the program does."""
    with _lock:
        folder = Path(_scratch.name) / str(next(_numbers))
    folder.mkdir()
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    path = folder / "scenario.ini"
    path.write_text(text, encoding="utf-8")
    arguments = [str(path), "--seed", str(seed), f"--check={check}", *options]
    again = " ".join([PROGRAM, *arguments, "-o", str(folder / "again")])
    done = subprocess.run(
        [PROGRAM, *arguments, "-q", "-o", str(folder / "run")],
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise Failed(f"exit {done.returncode}: {done.stderr.strip()[-2000:]}", again)
    return Result(folder / "run", again)


def each(function, items):
    """[function(item) for item in items], two at a time; the first failure is raised."""
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(function, items))


def mean(values):
    return Fraction(sum(values)) / len(values)


# ---- TAP ---------------------------------------------------------------------------------------


def _kept(command):
    """The command, with the scenario that it names moved to where it outlives this process."""
    scratch = Path(_scratch.name)
    folder = next((f for f in scratch.iterdir() if f"{f}/" in command), None)
    if folder is None:
        return command
    kept = tempfile.mkdtemp(prefix="minibit-failed.")
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    return command.replace(str(folder), kept)


def _run(function):
    """(what a case shows or why it failed, whether it failed, the command that shows it)."""
    try:
        return function(), False, ""
    except Failed as failed:
        return str(failed), True, _kept(failed.command)
    except Exception:  # what cannot be read is a failure of its case alone
        return traceback.format_exc().strip(), True, ""


def _report(number, name, function, todo=None):
    """Prints a case's outcome; returns the command that runs its failure again, or None."""
    text, failed, command = _run(function)
    expected = f" # TODO {todo}" if todo else ""
    if failed:
        print(f"not ok {number} - {name}{expected}")
        print("# " + text.replace("\n", "\n# "), flush=True)
        return None if todo else command or " ".join([sys.executable, *sys.argv])
    print(f"ok {number} - {name}" + (f": {text}" if text else "") + expected, flush=True)
    for folder in Path(_scratch.name).iterdir():
        shutil.rmtree(folder)
    return None


def main(cases):
    """Runs the cases (name, function) and prints TAP; what a function returns is shown.

    A third item says why a case is known not to hold: it is shown, but fails only if it does hold.
    """
    print(f"1..{len(cases)}", flush=True)
    commands = [_report(n, *case) for n, case in enumerate(cases, 1)]
    commands = [command for command in commands if command]
    for command in commands:
        print(f"# run it again: {command}")
    sys.exit(1 if commands else 0)
