#!/usr/bin/env python3
"""test_docs.py SOURCE BUILD: every command that README.md and docs/ print, in order, in a fresh folder.

Each page's blocks are run from top to bottom as somebody would who reads it: scenarios are written to
files, commands run by bash, Python by Python, servers and peers in the background until the file has
come. What is not run stands in NOT_RUN with the reason, what is run smaller in SMALLER; both must be
met by some page, so that neither outlives what it is about.
"""
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from ports import free_port  # noqa: E402

SOURCE, BUILD = map(Path, tap.arguments(2))
PAGES = ["README.md"] + sorted(f"docs/{path.name}" for path in (SOURCE / "docs").glob("*.md"))
PROGRAMS = ("minibit-sim", "minibit-tracker", "minibit-peer", "minibit-live", "minibit-results",
            "minibit-fuzz", "minibit-audit")

# How a command begins, and why it is not run here.
NOT_RUN = {
    "./bootstrap": "builds all of MiniBit and runs the tests, this one among them",
    "meson ": "makes and installs the build that is tested here; test_installed.py does so",
    "ninja -C build": "the build is there; test_strategy.py does this in a copy with the strategy",
    "build/minibit-sim scenarios/flashcrowd.ini -o results/window": "test_strategy.py runs a swarm with it",
    "analysis/cluster/slurm-submit": "needs a Slurm; `./bootstrap test cluster` has a private one",
    "analysis/cluster/parallel study.ini -o results/study --hosts": "needs other machines",
    "python3 tests/sim/test_bittorrent.py": "is a test of its own",
    "python3 tests/libtorrent/reference.py": "is a test of its own",
    "python3 tests/lint/assertions.py": "is a test of its own",
    "valgrind ": "counts instructions for minutes, and may not be here",
    "sudo apt-get": "installs packages",
    "scp ": "needs other machines",
    "cc examples/driver.c": "links to the installed library; test_installed.py does so",
    "./driver": "is made by that",
}
# Blocks that are no commands, by their first line.
SAMPLES = {
    "flashcrowd: 1000 peers": "what the demo prints",
    "$ analysis/cluster/slurm-submit": "what a Slurm of theirs answers",
    "# N/HOST": "a file of hosts",
    "Host *": "a file of ssh",
    "  sim/  ": "a picture of who includes whom",
}
# What takes minutes is run smaller: by regular expressions.
SMALLER = {
    r"(which-first\.ini)(?= )": r"\1 --set file.size=2MiB --set scenario.repeat=2",
    r"--run 10\.\.19 ": "--run 10..11 ",
}
STUDY = """[scenario]
name = study
until = 1h
repeat = 5
[file]
blocks = 8
[tracker]
up = 10Mbit
[peers a]
count = ${N=2, 4, 6, 8}
up = 2Mbit
down = 10Mbit
"""


def blocks(text):
    """The fenced blocks: their language and their text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def commands(block):
    """Its lines, those that end in a backslash with the next, and a text that is handed over with its command."""
    joined = re.sub(r"\\\n\s*", "", block)
    return [found[0] for found in re.finditer(r"^.*<<(\w+)\n(?:.*\n)*?\1$|^.*\S.*$", joined, re.M)]


class Page(unittest.TestCase):
    met = set()

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="minibit-docs."))
        (self.home / "build").mkdir()
        for name in PROGRAMS:
            (self.home / "build" / name).symlink_to(BUILD / name)
        (self.home / "build" / "include").symlink_to(BUILD / "include")
        for name in ("analysis", "examples", "scenarios", "tests"):
            (self.home / name).symlink_to(SOURCE / name)
        (self.home / "film.mp4").write_bytes(random.Random(1).randbytes(1500000))
        (self.home / "study.ini").write_text(STUDY)
        self.behind, self.ports = [], {}

    def tearDown(self):
        for process in self.behind:
            process.kill()
            process.wait()
        shutil.rmtree(self.home)

    def read(self, page):
        """Runs the page; what its foreground commands printed, by command."""
        self.printed = {}
        for language, block in blocks((SOURCE / page).read_text(encoding="utf-8")):
            if language == "ini":
                name = re.search(r"^name = (.*)$", block, re.M)
                if name:
                    (self.home / f"{name[1]}.ini").write_text(block, encoding="utf-8")
            elif language == "python":
                self.run_one(page, [sys.executable, "-c", block])
            elif language == "r":
                if shutil.which("Rscript"):
                    self.run_one(page, ["Rscript", "-e", block])
            elif language == "" and not self.is_sample(block):
                for line in commands(block):
                    self.run_line(page, line)
                self.end_behind()
        return self.printed

    def is_sample(self, block):
        begin = [words for words in SAMPLES if block.startswith(words)]
        self.met.update(begin)
        return bool(begin)

    def run_line(self, page, line):
        for begin in NOT_RUN:
            if line.startswith(begin):
                self.met.add(begin)
                return
        for wide, narrow in SMALLER.items():
            changed = re.sub(wide, narrow, line)
            if changed != line:
                self.met.add(wide)
            line = changed
        line = re.sub(r"\b900\d\b", self.port, line)
        if line.startswith(("build/minibit-tracker", "build/minibit-peer")):
            self.behind.append(subprocess.Popen(
                ["bash", "-c", f"exec {line}"], cwd=self.home, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True))
            self.await_listener(line)
            return
        self.end_behind()
        # diff says by its status that there are differences
        self.run_one(page, ["bash", "-c", line], (1,) if "minibit-results diff" in line else (0,))

    def port(self, match):
        """One that is free, and the same for all that name it."""
        return str(self.ports.setdefault(match[0], free_port()))

    def await_listener(self, line):
        """Who is named first must be there before the next comes."""
        port = re.search(r"minibit-tracker .*127\.0\.0\.1 (\d+)", line)
        until = time.monotonic() + 30
        while port and time.monotonic() < until:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", int(port[1]))) == 0:
                    return
            time.sleep(0.05)

    def end_behind(self):
        """The peers in the background have the file; then all are told to stop, as Ctrl-C does."""
        folders = [match[1] for process in self.behind
                   if (match := re.search(r"--output-dir (\S+)", " ".join(process.args)))]
        wanted = (self.home / "film.mp4").read_bytes()
        for folder in folders:
            path, until = self.home / folder / "film.mp4", time.monotonic() + 60
            while not path.exists() and time.monotonic() < until:
                time.sleep(0.05)
            self.assertTrue(path.exists(), f"{folder} has not got the file")
            self.assertEqual(path.read_bytes(), wanted)
        for process in self.behind:
            process.send_signal(signal.SIGINT)
        for process in self.behind:
            self.assertIn(process.wait(timeout=30), (0, 130), f"{process.args[2]}: {process.stderr.read()}")
            process.stderr.close()
        self.behind, self.ports = [], {}

    def run_one(self, page, command, statuses=(0,)):
        done = subprocess.run(command, cwd=self.home, capture_output=True, text=True, timeout=240,
                              check=False)
        self.printed[command[-1]] = done.stdout
        self.assertIn(done.returncode, statuses, f"{page}: {command[-1]}\n{done.stdout[-500:]}{done.stderr}")

    def test_readme(self):
        printed = self.read("README.md")
        # The answer to the scenario's question is in the page as the runs print it.
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        told = re.search(r"after (\d:\d\d) on average, and after (\d:\d\d) where there are no DSL", text)
        means = [re.search(r"^fibre +\d+ +\d+ +(\S+)", out, re.M)[1] for line, out in printed.items()
                 if re.match(r"build/minibit-sim evening\.ini +(#|--set)", line)]
        self.assertEqual(list(told.groups()), means)
        self.assertIn("(docs/validation.md)", text)

    def test_docs(self):
        for page in PAGES[1:]:
            with self.subTest(page):
                self.read(page)

    def test_the_exceptions_are_needed(self):
        self.assertEqual((set(NOT_RUN) | set(SAMPLES) | set(SMALLER)) - self.met, set())


if __name__ == "__main__":
    tap.main()
