"""What the tests of a failing machine share: small inputs, what is whole, what an error looks like.

The promise that all of them hold: what is marked whole is whole. A run is marked by its manifest, a
study by its index.csv and its runs' manifests, a fetched file by its name, a picture or a page by its.
"""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

RUN = """[scenario]
name = tiny
seed = 1
until = 1min
[file]
blocks = 3
[tracker]
up = 20Mbit
down = 20Mbit
[peers a]
count = 2
up = 5Mbit
down = 20Mbit
latency = 5ms
"""
STUDY = RUN.replace("count = 2", "count = ${N=1, 2, 3}")
TIMEOUT = 60


def everything():
    """Whether every fault is tried, not as many as fit a test run."""
    return "FAULTS_ALL" in os.environ


def spread(items, most):
    """At most `most` of the items, evenly; all of them where everything is tried."""
    items = list(items)
    if everything() or len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_of(folder):
    """{path below the folder: its bytes}; a manifest without what tells this run from another."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.name == "manifest.json":
            manifest = json.loads(data)
            manifest.pop("volatile")
            data = json.dumps(manifest, sort_keys=True).encode()
        found[str(path.relative_to(folder))] = data
    return found


class Case(unittest.TestCase):
    """A scratch folder in memory where there is such a place, and what must hold in it."""

    def setUp(self):
        room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.scratch = Path(tempfile.mkdtemp(prefix="minibit-faults.", dir=room))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.tiny, self.study = self.scratch / "tiny.ini", self.scratch / "study.ini"
        self.tiny.write_text(RUN)
        self.study.write_text(STUDY)

    def run_it(self, command, **environment):
        """(exit status, stderr) of a command; it must end by itself, and not by a signal."""
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, check=False, cwd=self.scratch,
                              env=os.environ | {"MALLOC_CHECK_": "3"} | environment)
        self.assertGreaterEqual(done.returncode, 0, f"killed: {command} {environment}\n{done.stderr}")
        return done.returncode, done.stderr

    def assert_one_line(self, said, of=""):
        self.assertEqual(said.count("\n"), 1, f"{of}: not one line: {said!r}")
        self.assertTrue(said.endswith("\n") and len(said) > 1, f"{of}: {said!r}")
        self.assertTrue(said.rstrip("\n").isprintable(), f"{of}: {said!r}")

    def assert_marked_is_whole(self, folder):
        """Each manifest's files are there, with their sizes and bytes; how many manifests."""
        count = 0
        for path in folder.rglob("manifest.json"):
            manifest = json.loads(path.read_text())
            for name, entry in manifest["files"].items():
                file = path.parent / name
                self.assertTrue(file.is_file(), f"{path} names {name}, which is not there")
                if not name.endswith(".zst"):
                    self.assertEqual(file.stat().st_size, entry["bytes"], file)
                    self.assertEqual(sha256(file), entry["sha256"], file)
                else:
                    plain = subprocess.run(["zstd", "-dcq", file], capture_output=True, check=True)
                    self.assertEqual(hashlib.sha256(plain.stdout).hexdigest(), entry["sha256"], file)
            count += 1
        return count
