"""What the tests of minibit-results share: folders of results written by hand, and the program run.

Each test is a program, `test_THEME.py PROGRAM [MINIBIT_SIM]`, that prints TAP through the validation
tests' runner. Folders are as docs/formats.md says, so they need no simulator.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sim"))
from minibit import Failed, main  # noqa: E402,F401 (main is for those who import this)

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "build/minibit-results"
COMPLETION = (
    "peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,from_tracker,"
    "from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,downloaded_bytes,wasted_bytes,"
    "refusals,left_s,status"
)
TIMELINE = (
    "time_s,arrived,active,complete,left,blocks_delivered,from_tracker,from_seeders,from_leechers,"
    "goodput_bytes_per_s,uplink_utilization,min_copies,mean_copies,rarest_blocks,interest_ratio,"
    "unchoked_pairs"
)

# Only of those tests that are given it.
SIM = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None

_scratch = tempfile.TemporaryDirectory(prefix="minibit-results.")
# Where the programs have their temporary folders: no other test's are among them.
_temporary = Path(_scratch.name) / "tmp"
_temporary.mkdir()
os.environ["TMPDIR"] = str(_temporary)
_numbers = iter(range(10**9))


def scratch():
    """A new empty folder that lives as long as the process."""
    folder = Path(_scratch.name) / str(next(_numbers))
    folder.mkdir()
    return folder


def left_over():
    """What the programs have left in their folder for temporary things."""
    return sorted(_temporary.iterdir())


def check(truth, reason):
    if not truth:
        raise Failed(reason)


def equal(found, wanted, what=""):
    check(found == wanted, f"{what or 'found'}: {found!r}\nwanted: {wanted!r}")


# ---- folders -----------------------------------------------------------------------------------


def peer(name, download, group=None, status="complete"):
    """A row of completion.csv for a peer that arrived at 0."""
    return (
        f"{name},{group or name.rsplit('-', 1)[0]},0.000000000,1.000000000,{download},{download},"
        f"4,0,3,0,1,1,100,400,0,0,,{status}"
    )


def write_run(folder, figures=None, seed=1, peers=(), schema=1, complete=True, tables=None):
    """A run folder with these figures in summary.json; `tables` are further files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "completion.csv": "\n".join([COMPLETION, *peers]) + "\n",
        "timeline.csv": TIMELINE + "\n",
        "summary.json": json.dumps({"schema": schema, "scenario": "made", **(figures or {})}),
        "config.ini": f"[scenario]\nname = made\nseed = {seed}\n",
    }
    files.update(tables or {})
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    write_manifest(folder, files, seed, schema, complete)
    return folder


def simulate(text, *options, folder=None):
    """A real run of this scenario, which lies in `folder` or a new one; returns the run's folder."""
    folder = folder or scratch()
    (folder / "s.ini").write_text(text)
    done = subprocess.run([SIM, "s.ini", "-q", "-o", "run", *options], cwd=folder,
                          capture_output=True, text=True, check=False)
    # What stands still is told, and a run all the same.
    said = [line for line in done.stderr.splitlines() if "no block can ever move" not in line]
    equal((done.returncode, said), (0, []), "simulation")
    return folder / "run"


def write_manifest(folder, names, seed=1, schema=1, complete=True, program="minibit-sim"):
    """The manifest of the files as they are now."""
    entries = {}
    for name in names:
        data = (folder / name).read_bytes()
        if name.endswith(".zst"):
            data = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True).stdout
        entries[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest = {
        "schema": schema, "program": program, "version": "0", "commit": "0" * 40,
        "scenario": "made", "complete": complete, "seed": seed, "files": entries, "volatile": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def quoted(field):
    text = str(field)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def write_study(folder, params, runs):
    """A study: `runs` are (repetition, seed, values of the params, figures); None as the figures of
    a run that is not finished."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [["run", "folder", "repetition", "seed", *params]]
    for number, (repetition, seed, values, figures) in enumerate(runs):
        rows.append([number, f"f{number:04}", repetition, seed, *values])
        if figures is not None:
            write_run(folder / f"f{number:04}", figures, seed)
    text = "".join(",".join(map(quoted, row)) + "\n" for row in rows)
    (folder / "index.csv").write_text(text)
    return folder


# ---- the program -------------------------------------------------------------------------------


class Ran:
    """What the program said."""

    def __init__(self, done, command):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.command = command

    def table(self):
        """Rows of a Markdown table, cells stripped, its header first."""
        lines = [line for line in self.out.split("\n") if line.startswith("|")]
        return [[c.strip() for c in line[1:-1].split(" | ")] for line in lines[:1] + lines[2:]]


def results(*arguments, cwd=None, **more):
    """Runs minibit-results."""
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120, **more
    )
    return Ran(done, " ".join(command))


def good(*arguments, cwd=None, **more):
    """The same; fails unless it ends well."""
    ran = results(*arguments, cwd=cwd, **more)
    if ran.status != 0:
        raise Failed(f"exit {ran.status}: {ran.err}", ran.command)
    return ran


def refused(*arguments, words=(), status=2, cwd=None, **more):
    """The same; fails unless it is refused by one line with these words, and nothing else is said."""
    ran = results(*arguments, cwd=cwd, **more)
    lines = ran.err.split("\n")
    told = ran.status == status and ran.out == "" and len(lines) == 2 and lines[1] == ""
    told = told and lines[0].startswith("minibit-results: ")
    if not told or not all(str(word) in lines[0] for word in words):
        raise Failed(
            f"wanted exit {status} and one line with {words}; exit {ran.status}: "
            f"{ran.err!r} {ran.out!r}",
            ran.command,
        )
    return ran
