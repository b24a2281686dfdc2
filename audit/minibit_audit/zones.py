"""Zones: the tree of config.ini, the links between two nodes that lie in it, and what crossed its borders.

zones.csv is held against itself, against the bytes of its nodes in completion.csv, and against the transfers:
what has ended by a moment has crossed by then, and what is under way has crossed in part.
"""
import os
import re
from fractions import Fraction

from . import numbers, tables
from .numbers import SECOND, half_up, time_ns

COLUMNS = ("time_s,zone,out_bytes,in_bytes,inside_bytes,up_utilization,down_utilization,"
           "inside_utilization").split(",")
SIDES = ("up", "down", "inside")
BYTES = ("out_bytes", "in_bytes", "inside_bytes")
# So many transfers a node may well have at a time, each counted in whole bytes.
FLOWS = 64


class Zone:
    __slots__ = ("name", "keys", "parent", "rates", "latency", "chain")

    def __init__(self, name, keys, parent):
        self.name, self.keys, self.parent = name, keys, parent
        self.rates = [numbers.rate(keys.get(side, "unlimited")) for side in SIDES]
        self.latency = numbers.duration(keys.get("latency", "0s"))
        self.chain = None


def members(groups, word):
    """The zones that NAME, NAME-3, spread over NAME or at random in NAME may mean, in order."""
    for head in ("spread over ", "at random in "):
        if word.startswith(head):
            name = word[len(head):].strip()
            return [f"{name}-{k}" for k in range(1, int(groups[f"zone {name}"]["count"]) + 1)]
    return [word]


def of_config(config):
    """None where there are no zones."""
    return Zones(config) if any(name.startswith("zone ") for name in config.groups) else None


def put(run, node, name, line):
    """The node is in this zone, which its group's key allows."""
    groups, title, number = run.config.groups, "tracker", 0
    if node:
        title = f"peers {run.peers[node - 1].group}"
        number = run.peers[node - 1].number - 1
    said = groups.get(title, {}).get("zone", "")
    allowed = members(groups, said) if said else [""]
    if said.startswith("spread over "):
        allowed = [allowed[number % len(allowed)]]
    first = run.index.get(re.sub(r"\.[0-9]+$", "", run.names[node]), node)
    if first != node:  # it comes again to where it was
        allowed = [run.zones.all[run.zones.of[first]].name if first in run.zones.of else ""]
    if name not in allowed:
        run.report.wrong("nodes.csv", line, "zone", " or ".join(allowed[:3]) or "nothing", name or "nothing")
    elif name:
        run.zones.of[node] = run.zones.index[name]


class Zones:
    """Zone k of `all` has the links (-1 - k, 0..2): its up, down and inside."""

    def __init__(self, config):
        self.groups, self.all, self.index, self.of = config.groups, [], {}, {}
        for title, keys in config.groups.items():
            if title.startswith("zone "):
                self.expand(title[5:].strip(), keys)
        for number, zone in enumerate(self.all):
            zone.chain = self.chain(number)

    def expand(self, name, keys):
        parents = members(self.groups, keys["parent"]) if "parent" in keys else [None]
        names = [f"{name}-{k}" for k in range(1, int(keys["count"]) + 1)] if "count" in keys else [name]
        for number, one in enumerate(names):
            self.index[one] = len(self.all)
            self.all.append(Zone(one, keys, parents[number % len(parents)]))

    def chain(self, number):
        """The zone and those that it lies in, from the inside out."""
        found = [number]
        while self.all[number].parent is not None:
            number = self.index[self.all[number].parent]
            found.append(number)
        return found

    def links(self, giver, taker):
        """(zones left, zones entered, the innermost that both are in or None)."""
        a = self.all[self.of[giver]].chain if giver in self.of else []
        b = self.all[self.of[taker]].chain if taker in self.of else []
        both = set(a) & set(b)
        shared = [zone for zone in a if zone in both]
        return ([zone for zone in a if zone not in both], [zone for zone in b if zone not in both],
                shared[0] if shared else None)

    def keys(self, giver, taker):
        left, entered, inside = self.links(giver, taker)
        found = [(-1 - zone, 0) for zone in left] + [(-1 - zone, 1) for zone in entered]
        return found + ([(-1 - inside, 2)] if inside is not None else [])

    def limited(self, giver, taker):
        """Of the links between the two those that have a rate."""
        return [key for key in self.keys(giver, taker) if self.rate(key) is not None]

    def rate(self, key):
        return self.all[-1 - key[0]].rates[key[1]]

    def latency(self, giver, taker):
        left, entered, _ = self.links(giver, taker)
        return sum(self.all[zone].latency for zone in left + entered)

    def name(self, key):
        return f"the {SIDES[key[1]]} of zone {self.all[-1 - key[0]].name}"


class Rows:
    """zones.csv: {zone: [(line, time, three counts)]}."""

    def __init__(self, run):
        self.run, self.zones, self.report = run, run.zones, run.report
        self.of, self.moments = [[] for _ in self.zones.all], []
        for line, fields in tables.rows(self.report, os.path.join(run.folder, "zones.csv"), COLUMNS):
            try:
                self.row(line, dict(zip(COLUMNS, fields)))
            except (ValueError, KeyError) as error:
                self.wrong(line, "a row that cannot be read", "a zone, times and counts", error)
        wanted = [*range(0, run.end, run.config.sample), run.end] if run.end else [0]
        for zone, rows in zip(self.zones.all, self.of):
            if [row[1] for row in rows] != wanted:
                self.wrong(None, f"moments of {zone.name}", f"{len(wanted)} as of timeline.csv", len(rows))

    def wrong(self, line, what, expected, found):
        self.report.wrong("zones.csv", line, what, expected, found)

    def row(self, line, row):
        number, time = self.zones.index[row["zone"]], time_ns(row["time_s"])
        counts = [int(row[key]) for key in BYTES]
        before = self.of[number][-1] if self.of[number] else None
        if not self.moments or self.moments[-1][0] != time:
            self.moments.append((time, set()))
        seen = self.moments[-1][1]
        parent = self.zones.all[number].parent
        if parent is not None and self.zones.index[parent] not in seen:
            self.wrong(line, "zone", f"{parent} before it", row["zone"])
        seen.add(number)
        self.of[number].append((line, time, counts))
        for side in range(3):
            self.side(line, row, number, side, counts[side], before)

    def side(self, line, row, number, side, count, before):
        rate, text = self.zones.all[number].rates[side], row[f"{SIDES[side]}_utilization"]
        time = time_ns(row["time_s"])
        if before and count < before[2][side]:
            self.wrong(line, BYTES[side], f"{before[2][side]} at least", count)
            return
        if not before and count and time == 0:
            self.wrong(line, BYTES[side], 0, count)
        wanted = ""
        if before and rate is not None and time > before[1]:
            could = rate * (time - before[1]) / SECOND
            share = (count - before[2][side]) / could
            wanted = numbers.ratio_text(share)
            if share > 1 + FLOWS * len(self.run.names) / could + Fraction(1, 10**6):
                self.wrong(line, f"{SIDES[side]}_utilization", "1.000000 at most", numbers.ratio_text(share))
        if text != wanted:
            self.wrong(line, f"{SIDES[side]}_utilization", wanted or "nothing", text or "nothing")

    def last(self, number):
        return self.of[number][-1][2] if self.of[number] else [0, 0, 0]


def used(rate, count, end):
    return None if rate is None or not end else ratio(count * SECOND / (rate * end))


def ratio(value):
    return Fraction(half_up(Fraction(value) * 10**6), 10**6)


def figures(run, rows):
    """{path: value} of summary.json's `zones`, by zones.csv and nodes.csv."""
    zones, wanted, kept = run.zones, {}, [0] * len(run.zones.all)
    peers = [0] * len(zones.all)
    for node, zone in zones.of.items():
        for above in zones.all[zone].chain:
            peers[above] += node > 0
    for number in range(len(zones.all)):
        for above in zones.all[number].chain:
            kept[above] += rows.last(number)[2]
    for number, zone in enumerate(zones.all):
        out, came, inside = rows.last(number)
        path, every = f"zones.{zone.name}.", out + came + kept[number]
        wanted |= {path + "parent": zone.parent, path + "peers": peers[number], path + "out_bytes": out,
                   path + "in_bytes": came, path + "inside_bytes": inside,
                   path + "cross_share": ratio(Fraction(out + came, every)) if every else None,
                   path + "ingress_copies": ratio(Fraction(came, run.config.wire_total))
                   if run.config.wire_total else None}
        for side, count in zip(SIDES, rows.last(number)):
            text = zone.keys.get(side)
            wanted[path + side] = None if text == "unlimited" else text
            wanted[f"{path}{side}_utilization"] = used(zone.rates[SIDES.index(side)], count, run.end)
    conserved(run, rows, kept)
    return wanted


def conserved(run, rows, kept):
    """What came to a zone's nodes came in or stayed inside; what they gave went out or stayed inside."""
    zones, gave = run.zones, [0] * len(run.zones.all)
    got = gave[:]
    sent = {node: peer.uploaded_bytes for node, peer in enumerate(run.peers, 1)}
    sent[0] = sum(p.downloaded_bytes for p in run.peers) - sum(p.uploaded_bytes for p in run.peers)
    for node, zone in zones.of.items():
        for above in zones.all[zone].chain:
            gave[above] += sent[node]
            got[above] += run.peers[node - 1].downloaded_bytes if node else 0
    for number, zone in enumerate(zones.all):
        out, came, _ = rows.last(number)
        run.report.same("zones.csv", None, f"bytes that came to the nodes of {zone.name}", got[number],
                        came + kept[number])
        run.report.same("zones.csv", None, f"bytes that the nodes of {zone.name} gave", gave[number],
                        out + kept[number])


class Moves:
    """Transfers as (giver, taker, begin, end, bytes, whether so many are known to have gone)."""

    def __init__(self, run):
        self.run, self.list = run, []

    def add(self, giver, taker, begin, end, size, is_whole=True):
        self.list.append((giver, taker, begin, end, size, is_whole))

    def check(self, rows, file, is_all):
        """Rows between what had ended by then and, where all transfers are known, what had begun."""
        zones, changes = self.run.zones, []
        for number, (giver, taker, begin, end, size, is_whole) in enumerate(self.list):
            keys = zones.keys(giver, taker)
            changes.append((begin, 0, number, keys, size))
            if is_whole:
                changes.append((end, 1, number, keys, size))
        changes.sort(key=lambda change: change[:3])
        sure, begun, at = {}, {}, 0
        for moment, (time, _) in enumerate(rows.moments):
            while at < len(changes) and changes[at][0] <= time:
                _, is_end, _, keys, size = changes[at]
                for key in keys:
                    into = sure if is_end else begun
                    into[key] = into.get(key, 0) + size
                at += 1
            self.moment(rows, moment, sure, begun if is_all else None, file)
        self.run.report.count(f"moments of zones against {file}", len(rows.moments))

    def moment(self, rows, number, sure, begun, file):
        """The `number`-th of each zone."""
        for zone, of in enumerate(rows.of):
            if number >= len(of):
                continue
            line, _, counts = of[number]
            for side in range(3):
                least = sure.get((-1 - zone, side), 0)
                most = counts[side] if begun is None else begun.get((-1 - zone, side), 0)
                if not least <= counts[side] <= most:
                    rows.wrong(line, f"{BYTES[side]} by {file}",
                               f"{least} at least" if begun is None else f"{least} to {most}", counts[side])

    def check_share(self, is_all):
        """cross_share: what is sure to have crossed a border, and what may have."""
        of, sure, within, may = self.run.zones.of, 0, 0, 0
        for giver, taker, _, _, size, is_whole in self.list:
            crosses = of.get(giver) != of.get(taker)
            if is_whole:
                sure, within = sure + size * crosses, within + size * (not crosses)
            else:
                may += size * crosses
        moved = sum(peer.downloaded_bytes for peer in self.run.peers)
        least, most = sure, sure + may if is_all else moved - within
        found, error = self.run.summary.get("cross_share"), Fraction(1, 2 * 10**6)
        if not moved:
            self.run.report.same("summary.json", None, "cross_share", None, found)
        elif found is None or not Fraction(least, moved) - error <= found <= Fraction(most, moved) + error:
            self.run.report.wrong("summary.json", None, "cross_share",
                                  f"{least / moved:.6f} to {most / moved:.6f}", found)
