"""manifest.json: every file that it names is there with its bytes, and no other stands beside."""
import os

from . import tables
from .numbers import Unreadable

NAMES = ("completion.csv", "provenance.csv", "timeline.csv", "events.csv", "transfers.csv",
         "faults.csv", "summary.json", "config.ini")


def check(run):
    report, files = run.report, run.manifest.get("files", {})
    for name, told in sorted(files.items()):
        path = tables.existing(run.folder, name)
        if path is None:
            report.wrong("manifest.json", None, f"files.{name}", "a file", "none")
            continue
        try:
            size, digest = tables.digest(path)
        except Unreadable as error:
            report.wrong(os.path.basename(path), None, "cannot be read", "a whole file", error)
            continue
        report.same(os.path.basename(path), None, "bytes by manifest.json", told.get("bytes"), size)
        report.same(os.path.basename(path), None, "SHA-256 by manifest.json", told.get("sha256"), digest)
        report.count("files", 1)
    for name in NAMES:
        path = tables.existing(run.folder, name)
        if path and os.path.basename(path) not in files:
            report.wrong("manifest.json", None, f"files.{os.path.basename(path)}", "an entry", "none")
    told = files.get("config.ini", {}).get("sha256")
    report.same("manifest.json", None, "config_sha256", told, run.manifest.get("config_sha256"))
    same_names(run)
    inputs(run)


def same_names(run):
    report, manifest, config = run.report, run.manifest, run.config
    report.same("manifest.json", None, "scenario", config.name, manifest.get("scenario"))
    if not run.is_merged():
        report.same("manifest.json", None, "seed", config.seed, manifest.get("seed"))
    if not config.is_replay:
        for key in ("schema", "scenario", "seed", "complete"):
            report.same("summary.json", None, key, manifest.get(key), run.summary.get(key))


def inputs(run):
    """Inputs whose bytes lie beside, or where the manifest knows them, are still those."""
    known = run.manifest.get("volatile", {}).get("inputs", {})
    for name, told in sorted(run.manifest.get("inputs", {}).items()):
        places = [os.path.join(run.folder, name), known.get(name, {}).get("path", "")]
        found = next((path for path in places if path and os.path.isfile(path)), None)
        if found is None:
            run.report.not_checked(f"input {name}", "it is no longer there")
        elif tables.digest(found) != (told.get("bytes"), told.get("sha256")):
            run.report.not_checked(f"input {name}", "another file is there now")
