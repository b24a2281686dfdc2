"""What the auditor's tests share: runs of small scenarios, audits, and folders that are tampered with."""
import csv
import hashlib
import json
import shutil
import subprocess
from pathlib import Path


def simulate(sim, scenario, folder, *options):
    """The folder, with the results of a scenario's run; unmet expectations of a reduced one are no matter."""
    done = subprocess.run([sim, "-q", scenario, "-o", folder, *options], capture_output=True, text=True,
                          check=False)
    assert done.returncode in (0, 3), done.stderr
    return Path(folder)


def audit(program, *words):
    """(exit status, standard output, standard error)."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Folder:
    """A copy of a run to tamper with. `retell` makes the manifest agree again, so that a finding is not
    merely that of a digest."""

    def __init__(self, origin, place):
        self.path = Path(place)
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(origin, self.path)

    def rows(self, name):
        with open(self.path / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write_rows(self, name, rows):
        with open(self.path / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def number(self, name):
        """Gives the rows their numbers again."""
        rows = self.rows(name)
        for seq, row in enumerate(rows):
            row["seq"] = str(seq)
        self.write_rows(name, rows)

    def json(self, name):
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def write_json(self, name, value):
        (self.path / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")

    def retell(self):
        manifest = self.json("manifest.json")
        for name, told in manifest["files"].items():
            content = (self.path / name).read_bytes()
            told |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        manifest["config_sha256"] = manifest["files"]["config.ini"]["sha256"]
        self.write_json("manifest.json", manifest)
