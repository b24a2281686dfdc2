"""What is kept of live runs: two tables, a row for each run and a row for each of its peers.

The tables of tests/libtorrent/measured are the reference that the plain tests hold minibit-sim to.
"""
import csv
from pathlib import Path

from figures import FigureError

RUN = {"setup": str, "seed": int, "started": str, "libtorrent": str, "ended": float,
       "first_copy": float, "seeder_bytes": int, "seeder_bytes_at_first_copy": int,
       "uplinks_used": float, "load": float, "load_max": float, "cpu_s": float,
       "late_p99_s": float, "late_max_s": float}
PEER = {"peer": str, "group": str, "arrived": float, "completed": float, "left": float,
        "sent": int, "received": int, "wasted": int}


def _table(path, columns):
    """The rows of a table with just these columns; an empty field is None."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != list(columns):
                raise FigureError(f"{path}: its columns are not {','.join(columns)}")
            for row in reader:
                try:
                    yield {key: kind(row[key]) if row[key] else None
                           for key, kind in columns.items()}
                except (TypeError, ValueError) as error:
                    raise FigureError(f"{path}, line {reader.line_num}: {error}") from None
    except OSError as error:
        raise FigureError(f"{path}: {error.strerror}") from None


def load(folder):
    """The runs of a folder, each with its peers, in the order of the table."""
    folder = Path(folder)
    runs = {(row["setup"], row["seed"]): {**row, "peers": []}
            for row in _table(folder / "runs.csv", RUN)}
    for row in _table(folder / "peers.csv", {"setup": str, "seed": int, **PEER}):
        run = runs.get((row["setup"], row["seed"]))
        if run is None:
            raise FigureError(f"{folder / 'peers.csv'}: {row['setup']}, run {row['seed']}: "
                              "no such run in runs.csv")
        run["peers"].append({key: row[key] for key in PEER})
    return list(runs.values())


def save(folder, runs):
    """Writes the two tables, sorted, so that the same runs give the same bytes."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runs = sorted(runs, key=lambda run: (run["setup"], run["seed"]))
    with open(folder / "runs.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RUN)
        writer.writerows([run[key] for key in RUN] for run in runs)
    with open(folder / "peers.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["setup", "seed", *PEER])
        writer.writerows([run["setup"], run["seed"], *(peer.get(key) for key in PEER)]
                         for run in runs for peer in run["peers"])


# ---- the differences that are known ---------------------------------------------------------------

DIFFERENCE = {"setup": str, "figure": str, "libtorrent": float, "minibit": float}


def differences(path):
    """(set-up, figure) -> (libtorrent's value, minibit-sim's) of those known not to be met."""
    found = {}
    for row in _table(path, DIFFERENCE):
        if None in row.values():
            raise FigureError(f"{path}: a row with an empty field")
        found[row["setup"], row["figure"]] = (row["libtorrent"], row["minibit"])
    return found


def save_differences(path, rows):
    """Writes the list from (set-up, figure, libtorrent's, minibit-sim's)."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(DIFFERENCE)
        writer.writerows([setup, figure, f"{live:.2f}", f"{simulated:.2f}"]
                         for setup, figure, live, simulated in sorted(rows))
