"""A replay's transfers.csv: the rows are those of its trace, and their ends what max-min fair shares make."""
import csv
import os
from fractions import Fraction

from . import capacity, fairness, tables, zones
from .config import Line
from .numbers import SECOND, half_up, time_ns, time_text

COLUMNS = "at_s,from,to,bytes,completed_s".split(",")


def check(run, thorough):
    path = os.path.join(run.folder, "transfers.csv")
    names = [name for name in run.config.groups if name.startswith("node ")]
    run.links = [Line(name[5:], run.config.groups[name], {}) for name in names]
    run.names = [name[5:] for name in names]
    run.zones = zones.of_config(run.config)
    for node, name in enumerate(names):
        if "zone" in run.config.groups[name]:
            run.zones.of[node] = run.zones.index[run.config.groups[name]["zone"]]
    index = {name: node for node, name in enumerate(run.names)}
    flows, rows = [], []
    for line, fields in tables.rows(run.report, path, COLUMNS):
        try:
            rows.append((line, time_ns(fields[0]), fields[1], fields[2], int(fields[3])))
            flows.append(flow(run, line, index[fields[1]], index[fields[2]], fields))
        except (ValueError, KeyError) as error:
            run.report.wrong("transfers.csv", line, "a row that cannot be read", "nodes and times", error)
    run.report.count("transfers", len(rows))
    against_trace(run, rows)
    links = capacity.Capacity(run)
    for one in flows:
        if one[4] is not None:
            links.add(*one)
    links.check("transfers.csv")
    fairness.check(run, "transfers.csv", flows, thorough)


def flow(run, line, giver, node, fields):
    """(giver, receiver, begin, last byte, bytes); bytes None: not through at the end of the run."""
    begin, end = time_ns(fields[0]), time_ns(fields[4])
    latency = run.links[giver].latency + run.links[node].latency
    latency += run.zones.latency(giver, node) if run.zones else 0
    if end is not None and not begin + latency <= end <= run.config.until:
        run.report.wrong("transfers.csv", line, "completed_s",
                         f"{time_text(begin + latency)} to {time_text(run.config.until)}", fields[4])
    if end is None:
        return giver, node, begin, max(begin, run.config.until), None
    return giver, node, begin, max(begin, end - latency), int(fields[3])


def against_trace(run, rows):
    """The trace where it still lies; its digest was looked at."""
    name = run.config.groups["replay"].get("trace", "")
    known = run.manifest.get("volatile", {}).get("inputs", {}).get(name, {}).get("path", "")
    told = run.manifest.get("inputs", {}).get(name, {})
    places = [path for path in (os.path.join(run.folder, name), known)
              if path and os.path.isfile(path) and tables.digest(path) == (told.get("bytes"), told.get("sha256"))]
    if not places:
        run.report.not_checked("the trace", "it is no longer there")
        return
    with open(places[0], newline="", encoding="utf-8") as file:
        wanted = [(half_up(Fraction(row["at_s"]) * SECOND), row["from"], row["to"], int(row["bytes"]))
                  for row in csv.DictReader(file)]
    if len(wanted) != len(rows):
        run.report.wrong("transfers.csv", None, "rows", len(wanted), len(rows))
    for row, right in zip(rows, wanted):
        if row[1:] != right:
            run.report.wrong("transfers.csv", row[0], "a row of the trace", right, row[1:])
