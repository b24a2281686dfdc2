"""What a path names: a run, a study's folder, or nothing that can be audited; and a run's audit."""
import csv
import os

from . import capacity, completion, events, fairness, faults, manifest, possession, summary, tables, timeline, transfers, uplinks, zones
from .findings import Report
from .numbers import Unreadable
from .run import Run


def silent(_done, _what):
    pass


def runs_of(path):
    """The folders of the runs that a path names. Unreadable where there is none."""
    if os.path.isfile(path):
        path = os.path.dirname(path) or "."
    if not os.path.isdir(path):
        raise Unreadable(f"{path}: no such folder")
    if os.path.exists(os.path.join(path, "manifest.json")):
        return [path]
    index = os.path.join(path, "index.csv")
    if os.path.exists(index):
        with open(index, newline="", encoding="utf-8") as file:
            names = [row["folder"] for row in csv.DictReader(file) if row.get("folder")]
        found = [os.path.join(path, name) for name in names]
        found = [folder for folder in found if os.path.isdir(folder)]
        if found:
            return found
    raise Unreadable(f"{path}: neither a run (no manifest.json) nor a study with finished runs")


def audit(paths, progress=silent, thorough=False):
    """Yields a Report for each run that the paths name, one after another. Raises Unreadable."""
    for path in paths:
        for folder in runs_of(path):
            yield audit_run(folder, progress, thorough)


def audit_run(folder, progress=silent, thorough=False):
    report = Report(folder)
    run = Run(folder, report)
    manifest.check(run)
    if run.config.is_replay:
        transfers.check(run, thorough)
        return report
    run.faults = faults.Faults(run)
    completion.within(run)
    run.faults.check()
    run.zone_rows = zones.Rows(run) if run.zones else None
    replay = play(run, progress)
    summary.check(run, replay)
    decisions(run, progress, thorough)
    return report


def decisions(run, progress, thorough):
    """Replays events.csv where it was kept."""
    path = tables.existing(run.folder, "events.csv")
    if path is None:
        run.report.not_checked("slots, requests, trace_digest", "there is no events.csv")
        return
    provenance = tables.existing(run.folder, "provenance.csv")
    gains = tables.rows(run.report, provenance, possession.COLUMNS) if provenance else None
    replay = events.Events(run, gains, thorough)
    replay.play(path, progress)
    replay.check(uplinks.Capacity(run))
    name = os.path.basename(path)
    links = capacity.Capacity(run)
    for flow in replay.ended:
        links.add(*flow)
    links.check(name)
    if run.zones:
        cross(run, replay, name)
    under_way = [(f[0], f[1], f[4], run.end, None) for f in replay.flows.values()]
    fairness.check(run, name, replay.ended + under_way, thorough)


def cross(run, replay, name):
    """What events tell of transfers over the borders of zones."""
    moves = zones.Moves(run)
    for flow in replay.ended:
        moves.add(*flow)
    for giver, taker, block, _, begin, _ in replay.flows.values():
        moves.add(giver, taker, begin, run.end, run.config.wire[block], False)
    moves.check(run.zone_rows, name, True)
    moves.check_share(True)


def play(run, progress):
    """Replays provenance.csv with what watches it; None without one."""
    path = tables.existing(run.folder, "provenance.csv")
    rows = timeline.Timeline(run, path is not None)
    links = None if run.is_live else capacity.Capacity(run)
    moves = zones.Moves(run) if run.zones else None
    replay = possession.Replay(run, rows, links, moves)
    rows.replay = replay
    if path is None:
        run.report.not_checked("possession, times and bytes", "there is no provenance.csv")
        rows.finish()
        return None
    replay.play(path, progress)
    rows.finish()
    completion.replayed(run, replay)
    if links:
        links.check(replay.file)
    if moves:
        moves.check(run.zone_rows, replay.file, False)
        moves.check_share(False)
    return replay
