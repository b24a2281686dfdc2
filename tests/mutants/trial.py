"""Tries one change at a time on a built copy of the tree: which test says it?

A Job owns a copy of the sources below its folder and two builds of it: `checked`, with the address
sanitizer, for the unit tests, and `plain`, optimized, for whole swarms and to see whether a change
makes other machine code at all. The source tree itself is only read.
"""
import hashlib
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {
    "checked": ["-Ddebug=false", "-Doptimization=1", "-Db_sanitize=address", "-Db_lundef=false"],
    "plain": ["-Ddebug=false", "-Doptimization=2"],
}
# What whole swarms must show whatever they do: these hold no digest.
SWARM_TESTS = ("figures", "snub", "silence", "links")
# Seconds of processor time that a test's process may take before a change counts as one that never
# ends, and how many times that may go by where it waits, on a machine that is busy with else.
SLOWEST = 60
WAITING = 20
BUILDING = 1200  # seconds that a build may take, on a machine that is busy with else
ENVIRONMENT = {
    **os.environ,
    "PYTHONDONTWRITEBYTECODE": "1",
    "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
}


class Broken(Exception):
    """The copy does not build, or fails its tests, as it is."""


def run(command, timeout=SLOWEST):
    """Exit status (None where it took too long) and output; nothing of it lives on. What takes long is
    told by its processor time: a machine that is busy makes no change one that never ends."""
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
    try:
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (timeout, timeout + 5))
    except ProcessLookupError:
        pass  # it has ended
    try:
        output, _ = child.communicate(timeout=WAITING * timeout)
        if child.returncode == -signal.SIGXCPU:
            return None, ""
        return child.returncode, output.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return None, ""


def update(source, target):
    """Makes the file the same, and leaves it alone where it is."""
    content = source.read_bytes()
    if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    shutil.copymode(source, target)


def sources(folder, runs="results"):
    """Every file below the folder that is no build's, not hidden, and none of the runs at its root."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in ("__pycache__", runs):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not (path / "build.ninja").exists():
            yield from sources(path, None)


def unit_tests(folder):
    """The names of the unit tests of core/ and sim/ that a change there can break."""
    names = sorted(path.stem for path in (folder / "tests/unit").glob("test_*.c"))
    return [name for name in names if not re.match(r"test_(net|results|file|fuzz)", name)]


def batches(names, file):
    """The unit tests in the order that finds a slip in `file` soonest, the slowest last."""
    inside = file.startswith("core/peer/") and Path(file).stem != "peer"
    stem = ("test_peer_" if inside else "test_") + Path(file).stem
    if not file.endswith("wire_size.c"):
        names = [n for n in names if not n.startswith("test_codec")]
    slow = [n for n in names if n == "test_peer_swarm"]
    near = [n for n in names if n == stem or n == stem.replace("links_", "links ").split()[0]]
    own = ["test_choke", "test_select", "test_strategies"] if "strategies" in file else []
    if stem.startswith("test_peer"):
        own = [n for n in names if n.startswith("test_peer") and n not in near + slow]
    own = [n for n in own if n in names]
    far = [n for n in names if n not in near + own + slow]
    if not file.startswith("core/"):
        far, slow = [n for n in far if n in ("test_replay", "test_recorder", "test_payload")], []
    return [batch for batch in (near, own, far, slow) if batch]


class Job:
    """A copy of the tree and its builds; one change at a time is tried on it."""

    program = "minibit-sim"

    def __init__(self, folder, root=ROOT):
        self.root = Path(root)
        self.folder = Path(folder)
        self.tree = self.folder / "tree"
        self.objects = {}
        self.code = {}
        self.digests = {}

    # ---- the copy ------------------------------------------------------------------------------

    def prepare(self):
        for source in sources(self.root):
            update(source, self.tree / source.relative_to(self.root))
        self.tests = unit_tests(self.tree)
        for name, options in OPTIONS.items():
            if not (self.build(name) / "build.ninja").exists():
                self.must(["meson", "setup", *options, str(self.build(name)), str(self.tree)])
        self.must(["ninja", "-C", str(self.build("plain")), self.program])
        self.must(["ninja", "-C", str(self.build("checked")), *map(self.unit, self.tests)])
        for name in self.tests:
            status, output = run([str(self.build("checked") / self.unit(name))])
            if status != 0:
                raise Broken(f"{name} fails without any change:\n{output[-3000:]}")
        self.digests = self.swarms()[1]
        if not self.digests:
            raise Broken("the small swarms fail without any change")

    def build(self, name):
        return self.folder / name

    @staticmethod
    def unit(name):
        return f"tests/unit/{name}"

    def must(self, command):
        status, output = run(command, timeout=2 * BUILDING)
        if status != 0:
            raise Broken(f"{shlex.join(command)}\n{output[-3000:]}")

    # ---- one change ----------------------------------------------------------------------------

    def object_of(self, file):
        """The target that ninja makes of the file, in both builds."""
        if file not in self.objects:
            _, output = run(["ninja", "-C", str(self.build("plain")), "-t", "query",
                             os.path.relpath(self.tree / file, self.build("plain"))])  # fmt: skip
            self.objects[file] = re.search(r"^\s+(\S+\.o)$", output, re.M).group(1)
        return self.objects[file]

    def machine_code(self, file):
        """The hash of its object in the plain build, or None where it does not compile."""
        target = self.object_of(file)
        status, _ = run(["ninja", "-C", str(self.build("plain")), target], BUILDING)
        if status != 0:
            return None
        return hashlib.sha256((self.build("plain") / target).read_bytes()).hexdigest()

    def attempt(self, change):
        """(verdict, what said it): compile, equivalent, right, digest, time or survived."""
        path = self.tree / change.file
        text = path.read_text(encoding="utf-8")
        if change.file not in self.code:
            self.code[change.file] = self.machine_code(change.file)
        try:
            path.write_text(change.apply(text), encoding="utf-8")
            return self.judge(change)
        finally:
            path.write_text(text, encoding="utf-8")

    def judge(self, change):
        """What the unit tests say; only of what they let through is the machine code looked at."""
        for batch in batches(self.tests, change.file):
            status, _ = run(["ninja", "-C", str(self.build("checked")), *map(self.unit, batch)], BUILDING)
            if status != 0:
                return "compile", ""
            for name in batch:
                status, _ = run([str(self.build("checked") / self.unit(name))])
                if status != 0:
                    return ("time" if status is None else "right"), name
        if self.machine_code(change.file) == self.code[change.file]:
            return "equivalent", ""
        return self.judge_swarms(change)

    def judge_swarms(self, change):
        status, _ = run(["ninja", "-C", str(self.build("plain")), self.program], BUILDING)
        if status != 0:
            return "compile", ""
        failed, digests = self.swarms()
        if failed:
            return failed
        for name in SWARM_TESTS:
            if name == "links" and not change.file.startswith("sim/"):
                continue
            test = self.tree / f"tests/sim/test_{name}.py"
            program = str(self.build("plain") / "minibit-sim")
            status, _ = run([sys.executable, str(test), program], timeout=4 * SLOWEST)
            if status != 0:
                return ("time" if status is None else "right"), f"sim/test_{name}.py"
        differing = [name for name in digests if digests[name] != self.digests[name]]
        return ("digest", differing[0]) if differing else ("survived", "")

    def swarms(self):
        """The reduced golden scenarios under the checker: what failed, and every digest."""
        digests = {}
        lines = (self.tree / "tests/golden/digests.txt").read_text(encoding="utf-8").splitlines()
        cases = [shlex.split(line) for line in lines if line and not line.startswith("#")]
        for name, _, scenario, *options in (case for case in cases if len(case) > 3):
            with tempfile.TemporaryDirectory(prefix="minibit-mutant.") as scratch:
                program = str(self.build("plain") / "minibit-sim")
                command = [program, str(self.tree / scenario), *options, "--check=every", "-q"]
                status, _ = run([*command, "-o", f"{scratch}/run"])
                if status not in (0, 3):
                    return ("time" if status is None else "right", f"checker, {name}"), digests
                summary = Path(scratch, "run/summary.json").read_text(encoding="utf-8")
            digests[name] = re.search(r'"trace_digest": "(\w+)"', summary).group(1)
        return None, digests
