"""minibit-sim held against live runs: its own runs, the comparison, and the verdict.

What is known not to be met is listed with its values; the list may only shrink. A listed figure that
is met, one that is not met and not listed, and one that got worse are each an error.
"""
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import figures

SEEDS = range(1, 11)
# A median of ten seeds moves a little with every change of what is drawn when.
WORSE_BY = 0.03


def simulate(program, setup, seeds=SEEDS, jobs=2, keys=()):
    """The figures of each of the set-up's simulated runs; `keys` are KEY=VALUE of [protocol]."""
    changes = [word for key in keys for word in ("--set", f"protocol.{key}")]

    def one(seed):
        with tempfile.TemporaryDirectory(prefix="minibit-against.") as folder:
            done = subprocess.run(
                [program, str(setup.path), *changes, "--seed", str(seed), "-q", "--provenance=off",
                 "-o", f"{folder}/run"], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise figures.FigureError(f"{setup.path}, seed {seed}: {done.stderr.strip()}")
            return figures.of_simulated(Path(folder) / "run", setup)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, seeds))


def rows(program, setup, runs, seeds=SEEDS, keys=()):
    """figures.compare() of a set-up's live runs with as many simulated ones as there are seeds."""
    live = [figures.of_live(run, setup) for run in runs if run["setup"] == setup.name]
    if not live:
        raise figures.FigureError(f"{setup.name}: no live run")
    return figures.compare(figures.medians(live), figures.medians(simulate(program, setup, seeds, keys=keys)))


def verdict(setup_name, compared, known):
    """What is wrong, a sentence each: nothing, if all is met but what is known."""
    wrong = []
    for figure, live, simulated, off, met in compared:
        listed = known.get((setup_name, figure))
        shown = f"{setup_name}: {figure}: {simulated:.2f}, libtorrent {live:.2f} ({off:+.1%})"
        if met and listed:
            wrong.append(f"{shown} is met now: take it off the list of differences")
        elif not met and not listed:
            wrong.append(f"{shown} is not within {figures.tolerance(figure):.0%}")
        elif listed and abs(off) > abs(listed[1] / listed[0] - 1) + WORSE_BY:
            wrong.append(f"{shown} is further off than {listed[1]:.2f} of {listed[0]:.2f}")
    names = {figure for figure, *_ in compared}
    wrong += [f"{setup}: {figure}: listed as a difference, but there is no such figure"
              for setup, figure in known if setup == setup_name and figure not in names]
    return wrong


def markdown(tables, known):
    """The table of docs/validation.md: a row for each set-up and figure."""
    lines = ["| set-up | figure | libtorrent | MiniBit | difference |", "|---|---|---|---|---|"]
    for name, compared in tables:
        for i, (figure, live, simulated, off, met) in enumerate(compared):
            digits = 2 if figure == "seeder files" else 0
            shown = f"{off:+.0%}" if met else f"**{off:+.0%}**"
            lines.append(f"| {'' if i else name} | {figure} | {live:.{digits}f} | "
                         f"{simulated:.{digits}f} | {shown} |")
    return "\n".join(lines)
