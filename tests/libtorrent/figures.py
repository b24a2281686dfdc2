"""What is compared: a run's figures, live or simulated, their medians, and which are too far apart.

A run's figures are a dictionary: "mean GROUP", the mean download of a group's peers; "last", when the
last of all was complete; "first copy", when every block was held by some peer; "seeder files", what
the seeder sent, in files. Seconds all but the last.
"""
import csv
import json
import statistics
from pathlib import Path

# How far minibit-sim's median may be from libtorrent's, as a share of the latter.
TOLERANCES = {"mean": 0.10, "last": 0.10, "first copy": 0.15, "seeder files": 0.15}


class FigureError(Exception):
    """A run, or what is kept of it, from which no figures can be taken; says what and where."""


def tolerance(figure):
    return TOLERANCES["mean" if figure.startswith("mean ") else figure]


def _of_peers(downloads, lasts, setup, where):
    """The means of groups and the last completion; `downloads` is group -> seconds or None each."""
    found = {}
    for group in setup.groups:
        if group.have == "all":
            continue
        times = downloads.get(group.name, [])
        if len(times) != group.count:
            raise FigureError(f"{where}: {len(times)} peers of group {group.name}, not {group.count}")
        if None in times:
            raise FigureError(f"{where}: {times.count(None)} of group {group.name} never complete")
        found[f"mean {group.name}"] = statistics.fmean(times)
    found["last"] = max(lasts)
    return found


def of_live(run, setup):
    """The figures of what live.py left of a run."""
    where = f"{setup.name}, live run {run['seed']}"
    downloads, lasts = {}, []
    for peer in run["peers"]:
        done = peer["completed"]
        downloads.setdefault(peer["group"], []).append(
            None if done is None else done - peer["arrived"])
        lasts.append(done or 0)
    found = _of_peers(downloads, lasts, setup, where)
    if setup.from_nothing:
        if run["first_copy"] is None:
            raise FigureError(f"{where}: there was no first copy")
        found["first copy"] = run["first_copy"]
    found["seeder files"] = run["seeder_bytes"] / setup.file_size
    return found


def of_simulated(folder, setup):
    """The figures of what minibit-sim left in `folder`."""
    folder = Path(folder)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    downloads, lasts, received, sent = {}, [], 0, 0
    with open(folder / "completion.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            done = row["completed_s"]
            downloads.setdefault(row["group"], []).append(float(row["download_s"]) if done else None)
            lasts.append(float(done) if done else 0)
            received += int(row["downloaded_bytes"])
            sent += int(row["uploaded_bytes"])
    found = _of_peers(downloads, lasts, setup, f"{setup.name}, {folder}")
    if setup.from_nothing:
        found["first copy"] = summary["first_copy_s"]
    # What peers received and no peer sent came from the seeder, parts of blocks too.
    found["seeder files"] = (received - sent) / setup.file_size
    return found


def medians(runs):
    """The median of each figure over several runs."""
    if not runs:
        raise FigureError("no runs")
    if any(run.keys() != runs[0].keys() for run in runs):
        raise FigureError("runs with different figures")
    return {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}


def compare(live, simulated):
    """(figure, live, simulated, relative difference, whether within tolerance) for each figure."""
    if live.keys() != simulated.keys():
        raise FigureError(f"figures {sorted(live)} and {sorted(simulated)} are not the same")
    found = []
    for figure, wanted in live.items():
        off = simulated[figure] / wanted - 1
        found.append((figure, wanted, simulated[figure], off, abs(off) <= tolerance(figure)))
    return found
