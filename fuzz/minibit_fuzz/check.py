"""The runs of one swarm, and what must hold of them."""
import csv
import filecmp
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from pathlib import Path

from .draw import Keys, draw, read_strategies
from .heal import heal, resolved

PATIENCE = 300  # seconds of a processor that a process may take, however busy the machine is
IDLE = 1800  # seconds until one that takes none is given up
EXPLAINED = 20  # of so many seeds one


class Failure(Exception):
    """`kind` says what went wrong, whatever the numbers; `text` says it in full; `command` shows it."""

    def __init__(self, kind, text, command):
        super().__init__(f"{kind}: {text}")
        self.kind, self.text, self.command = kind, text, command
        self.stage = "twice"


class Programs:
    """The programs under test; `overrides` are --set options of every run."""

    def __init__(self, sim, results=None, audit=None, overrides=()):
        self.sim, self.results, self.audit, self.overrides = sim, results, audit, tuple(overrides)
        self.keys = Keys(self.ask("--help-keys"), read_strategies(self.ask("--list-strategies")))

    def ask(self, option):
        return subprocess.run([self.sim, option], capture_output=True, text=True, check=True).stdout

    def draw(self, seed):
        return draw(seed, self.keys)


class Check:
    """All checks of a swarm with a seed, in `folder`, which is this one's own."""

    def __init__(self, programs, swarm, seed, folder):
        self.programs, self.swarm, self.seed = programs, swarm, seed
        self.folder = Path(folder)
        self.events = self.runs = 0

    # ---- running ----

    def write(self, swarm, name):
        path = self.folder / name
        path.write_text(swarm.text(), encoding="utf-8")
        for file, content in swarm.files.items():
            kind = "wb" if isinstance(content, bytes) else "w"
            with open(self.folder / file, kind) as out:
                out.write(content)
        return path

    def command(self, path, options):
        sets = [word for text in self.programs.overrides for word in ("--set", text)]
        return [self.programs.sim, str(path), *sets, "--seed", str(self.seed), *options]

    def run(self, path, name, options):
        out = self.folder / name
        command = self.command(path, ["-q", *options, "-o", str(out)])
        done = run_program(command)
        if done.returncode != 0:
            said = done.stderr.strip()
            raise Failure(kind_of_end(done.returncode, said), said[-600:], command)
        self.runs += 1
        return out, command

    def resolve(self, swarm):
        command = self.command(self.write(swarm, "healed.ini"), ["--show-config"])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(kind_of_end(done.returncode, done.stderr), done.stderr.strip()[-600:], command)
        return resolved(done.stdout)

    # ---- what must hold ----

    def same_bytes(self, first, second, command):
        names = sorted(path.name for path in first.iterdir())
        others = sorted(path.name for path in second.iterdir())
        if names != others:
            raise Failure("other files", f"{names} and {others}", command)
        for name in names:
            if name == "manifest.json":
                same = manifest(first) == manifest(second)
            else:
                same = filecmp.cmp(first / name, second / name, shallow=False)
            if not same:
                raise Failure(f"two runs differ in {name}", "the same scenario, the same seed", command)

    def unwatched(self, path, first):
        """What is recorded and checked changes nothing."""
        second, command = self.run(path, "unwatched",
                                   ["--check=off", "--events=off", "--provenance=off"])
        if not filecmp.cmp(first / "summary.json", second / "summary.json", shallow=False):
            raise Failure("a run that nobody watches differs", "in summary.json", command)

    def twice(self):
        path = self.write(self.swarm, "scenario.ini")
        watched = ["--check=every", "--events=csv"]
        first, command = self.run(path, "run", watched)
        second, _ = self.run(path, "again", watched)
        self.same_bytes(first, second, command)
        self.unwatched(path, first)
        self.events += json.loads((first / "summary.json").read_text())["events"]
        return first

    def healed(self):
        healed = heal(self.swarm, self.resolve)
        path = self.write(healed, "healed.ini")
        run, command = self.run(path, "healed", ["--check=sample", "--events=off", "--provenance=off"])
        with open(run / "completion.csv", newline="", encoding="utf-8") as file:
            missing = [row["peer"] for row in csv.DictReader(file) if not row["completed_s"]]
        if missing:
            until = healed.groups["scenario"]["until"]
            raise Failure("a healed swarm does not complete",
                          f"{', '.join(missing[:5])}{'…' * (len(missing) > 5)}: not complete by {until}", command)

    def explained(self, run):
        command = [self.programs.results, "explain", str(run), "--format=json"]
        done = run_program(command)
        if done.returncode != 0:
            raise Failure(f"explain ends with {done.returncode}", done.stderr.strip()[-600:], command)
        json.loads(done.stdout)

    def audited(self, run):
        command = [self.programs.audit, "--quiet", str(run)]
        done = run_program(command)
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()
            first = said.partition("\n")[0].replace(f"{run}/", "")
            raise Failure(f"the audit ends with {done.returncode}: {without_numbers(first)[:100]}",
                          said[:600], command)

    def all(self):
        """Everything but the audit; raises the first Failure, whose `stage` says where it was found."""
        stages = ["twice", "healed"]
        if self.programs.results and self.seed % EXPLAINED == 0:
            stages.insert(1, "explained")
        for stage in stages:
            self.only(stage)

    def only(self, stage):
        """One stage, with what it needs."""
        run = self.folder / "run"
        try:
            if stage == "healed":
                self.healed()
                return
            if stage == "twice" or not run.exists():
                self.twice()
            if stage == "explained":
                self.explained(run)
            elif stage == "audited":
                self.audited(run)
        except Failure as failure:
            failure.stage = stage
            raise

    @staticmethod
    def audit_many(programs, checks):
        """Audits the runs of many by one process: (seed, Failure) of the first that fails, or None."""
        if not checks or not programs.audit:
            return None
        command = [programs.audit, "--quiet", *(str(check.folder / "run") for check in checks)]
        try:
            done = run_program(command)
        except Failure:  # together they take too long, or one alone does
            done = None
        if done and done.returncode == 0:
            return None
        for check in checks:
            try:
                check.only("audited")
            except Failure as failure:
                return check.seed, failure
        if not done:
            return None
        return checks[0].seed, Failure("the audit of many fails, of each does not", done.stderr[-600:], command)

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)


def run_program(command):
    """What it came to; one that does not end in time is a Failure."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        try:
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 60))
            said = process.communicate(timeout=IDLE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure("hangs", f"no end after {IDLE} s", command) from None
    if process.returncode == -signal.SIGXCPU:
        raise Failure("hangs", f"no end after {PATIENCE} s of a processor", command)
    return subprocess.CompletedProcess(command, process.returncode, *said)


def manifest(folder):
    return {key: value for key, value in json.loads((folder / "manifest.json").read_text()).items()
            if key != "volatile"}


def without_numbers(text):
    return re.sub(r"\d+", "#", text)


def kind_of_end(code, said):
    """`said` without its numbers, and without names of files that stand in the way."""
    line = said.strip().splitlines()[-1] if said.strip() else ""
    where = re.search(r"\((?:\S*/)?(\w+\.c):\d+: (.*)\)$", line) or re.search(r"(\w+\.c):\d+: (.*)$", line)
    if where:
        return f"{where[1]}: {where[2]}"
    line = re.sub(r"/\S+: ", "", line)
    return f"ends with {code}: {without_numbers(line)[:120]}"
