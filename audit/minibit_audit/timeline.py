"""timeline.csv, row by row, recomputed while provenance.csv is replayed."""
import os
from bisect import bisect_right
from fractions import Fraction

from . import tables, uplinks
from .numbers import SECOND, half_up, ratio_text, time_ns, time_text

COLUMNS = ("time_s,arrived,active,complete,left,blocks_delivered,from_tracker,from_seeders,"
           "from_leechers,goodput_bytes_per_s,uplink_utilization,min_copies,mean_copies,"
           "rarest_blocks,interest_ratio,unchoked_pairs").split(",")
# Each transfer over an uplink is counted in whole bytes; so many there may well be at a time.
FLOWS = 32
BY_OTHERS = ("time_s", "uplink_utilization", "interest_ratio", "unchoked_pairs")


class Timeline:
    """Told of every gain in order; books each row when the first gain behind its moment comes.

    A row shows the moment with all that happens in it.
    """

    def __init__(self, run, has_provenance):
        self.run, self.report, self.has_provenance = run, run.report, has_provenance
        self.table, self.next = [], 0
        path = os.path.join(run.folder, "timeline.csv")
        for line, fields in tables.rows(self.report, path, COLUMNS):
            self.read(line, dict(zip(COLUMNS, fields)))
        self.moments()
        self.copies = [int(run.config.has_seeder)] * run.config.blocks
        self.total = sum(self.copies)
        self.roles, self.payload, self.before = [0, 0, 0], 0, None
        self.leaving = sorted((p.left_s, node) for node, p in enumerate(run.peers, 1)
                              if p.left_s is not None)
        self.uplinks = uplinks.Capacity(run)
        # What a live transfer brought counts evenly over its time, so it can seem a little more.
        self.most = Fraction(11, 10) if run.is_live else 1 + Fraction(1, 10**6)
        begins = [time for time in (run.config.tracker_leaves(), *run.faults.crashes_of_tracker()) if time is not None]
        self.gone, self.tracker_leaves = 0, min(begins, default=None)
        self.arrivals = sorted(p.arrived_s for p in run.peers)
        self.completions = sorted(p.completed_s for p in run.peers if p.completed_s is not None)
        self.lefts = sorted(p.left_s for p in run.peers if p.left_s is not None)
        self.ends = sorted(min(t for t in (p.completed_s, p.left_s) if t is not None)
                           for p in run.peers if not p.completed_s is p.left_s is None)

    def read(self, line, row):
        try:
            self.table.append((line, time_ns(row["time_s"]), row))
        except ValueError as error:
            self.report.wrong("timeline.csv", line, "time_s", "a time", error)

    def moments(self):
        """0, each sample, and the end."""
        wanted, sample, end = [], self.run.config.sample, self.run.end
        wanted = [*range(0, end, sample), end] if end else [0]
        found = [time for _, time, _ in self.table]
        if found == wanted:
            return
        for (line, time, _), right in zip(self.table, wanted):
            if time != right:
                self.report.wrong("timeline.csv", line, "time_s", time_text(right), time_text(time))
                return
        self.report.same("timeline.csv", None, "rows", len(wanted), len(found))

    def gain(self, time, node, number, role):
        while self.next < len(self.table) and self.table[self.next][1] < time:
            self.show()
        self.depart(time - 1)
        self.copies[number] += 1
        self.total += 1
        if role >= 0:
            self.roles[role] += 1
            self.payload += self.run.config.payload[number]

    def finish(self):
        while self.next < len(self.table):
            self.show()
        self.report.count("rows of the timeline", len(self.table))

    def depart(self, until):
        """Takes off what those held that have left by then."""
        while self.gone < len(self.leaving) and self.leaving[self.gone][0] <= until:
            for number, time in enumerate(self.replay.held[self.leaving[self.gone][1]]):
                if time >= 0:
                    self.copies[number] -= 1
                    self.total -= 1
            self.gone += 1

    def show(self):
        line, time, row = self.table[self.next]
        self.next += 1
        self.depart(time)
        self.tracker_goes(time, row)
        wanted = self.peers_by(time)
        if self.has_provenance:
            wanted |= self.blocks_by(time)
        for key, value in wanted.items():
            if str(value) != row[key]:
                self.report.wrong("timeline.csv", line, key, value if value != "" else "nothing",
                                  row[key] or "nothing")
        self.shares(line, row)
        self.used(line, time, row["uplink_utilization"])
        self.before = (time, self.payload)

    def tracker_goes(self, time, row):
        """Its leave begins when config.ini says, and ends when those that it has unchoked are served: when,
        no table but events.csv tells, so the row that first counts it out is believed.
        """
        if self.tracker_leaves is None or time < self.tracker_leaves or not self.copies:
            return
        without = ratio_text(Fraction(self.total, len(self.copies)) - 1)
        if row["mean_copies"] == without:
            self.copies = [count - 1 for count in self.copies]
            self.total -= len(self.copies)
            self.tracker_leaves = None

    def peers_by(self, time):
        return {"arrived": bisect_right(self.arrivals, time),
                "active": bisect_right(self.arrivals, time) - bisect_right(self.ends, time),
                "complete": bisect_right(self.completions, time),
                "left": bisect_right(self.lefts, time)}

    def blocks_by(self, time):
        blocks, least = len(self.copies), min(self.copies, default=0)
        shown = {"blocks_delivered": sum(self.roles), "from_tracker": self.roles[0],
                 "from_seeders": self.roles[1], "from_leechers": self.roles[2],
                 "goodput_bytes_per_s": "", "min_copies": least if blocks else "",
                 "mean_copies": ratio_text(Fraction(self.total, blocks)) if blocks else "",
                 "rarest_blocks": self.copies.count(least) if blocks else ""}
        if self.before and time > self.before[0]:
            shown["goodput_bytes_per_s"] = half_up(
                Fraction((self.payload - self.before[1]) * SECOND, time - self.before[0]))
        return shown

    def shares(self, line, row):
        for key in ("uplink_utilization", "interest_ratio"):
            text = row[key]
            is_ratio = text[1:2] == "." and len(text) == 8 and (text[0] + text[2:]).isdecimal()
            if text and (not is_ratio or key == "interest_ratio" and text > "1.000000"):
                self.report.wrong("timeline.csv", line, key, "0.000000 to 1.000000", text)

    def used(self, line, time, text):
        """No more than the leechers' uplinks could carry, each in whole bytes; empty where there were none."""
        if not self.uplinks.is_told:
            return
        before = self.before[0] if self.before else time
        area, links = self.uplinks.until(time)
        could = area - self.uplinks.until(before)[0]
        if bool(text) != bool(could):
            self.report.wrong("timeline.csv", line, "uplink_utilization",
                              "a ratio" if could else "nothing", text or "nothing")
        elif text and Fraction(text) > self.most + Fraction(FLOWS * links * SECOND) / could:
            self.report.wrong("timeline.csv", line, "uplink_utilization", "1.000000 at most", text)
