"""faults.csv: whom each [fault] of config.ini struck and when, what that took, and its sums in summary.json."""
import os

from . import tables
from .numbers import Unreadable, duration, time_ns, time_text
from .run import NEVER

COLUMNS = ("seq,time_s,fault,kind,node,until_s,transfers_cut,connections_lost,bytes_lost,blocks_lost,"
           "messages_lost").split(",")
SUMS = ("transfers_cut", "connections_lost", "bytes_lost", "blocks_lost", "messages_lost")
FILE = "faults.csv"
PERCENT = 10**6


class Plan:
    """A [fault NAME] group."""

    def __init__(self, name, keys, groups):
        self.name, self.kind = name, keys.get("kind", "")
        self.when = keys.get("at", "").split()
        self.lasts = keys.get("for", "").split()
        self.group = self.peer = self.count = self.share = None
        self.targets(keys.get("targets", "tracker"), groups)

    def targets(self, text, groups):
        if text == "tracker":
            return
        many, of, group = text.partition(" of ")
        if of and many.endswith("%"):
            whole, _, part = many[:-1].partition(".")
            self.share = int(whole) * PERCENT + int(part.ljust(6, "0") if part else 0)
            self.group = group
        elif of:
            self.group, self.count = group, int(many)
        elif text in groups:
            self.group = text
        else:
            self.peer, self.group = text, text.rpartition("-")[0]

    def most(self, present):
        """How many of so many it strikes."""
        if self.count is not None:
            return min(self.count, present)
        return -(-self.share * present // (100 * PERCENT)) if self.share is not None else present


class Strike:
    """A row of the table."""

    __slots__ = ("line", "time", "plan", "node", "until") + SUMS

    def __init__(self, line, row, plan, node):
        self.line, self.plan, self.node = line, plan, node
        self.time, self.until = time_ns(row["time_s"]), time_ns(row["until_s"])
        for key in SUMS:
            setattr(self, key, int(row[key]))

    def bit(self):
        """Whether it did anything."""
        return self.node is not None and (self.plan.kind == "crash" or any(getattr(self, key) for key in SUMS))


class Faults:
    def __init__(self, run):
        self.run, self.report = run, run.report
        config = run.config.groups
        self.plans = {name[6:].strip(): Plan(name[6:].strip(), keys, run.config.peers)
                      for name, keys in config.items() if name.startswith("fault ")}
        self.strikes = []
        self.read()

    def wrong(self, strike, what, expected, found):
        self.report.wrong(FILE, strike.line if strike else None, what, expected, found)

    def read(self):
        path = os.path.join(self.run.folder, FILE)
        if os.path.exists(path) != bool(self.plans):
            raise Unreadable(f"{path}: there is one exactly where config.ini has faults")
        if not self.plans:
            return
        for line, fields in tables.rows(self.report, path, COLUMNS):
            row = dict(zip(COLUMNS, fields))
            try:
                plan = self.plans[row["fault"]]
                node = self.run.index[row["node"]] if row["node"] else None
                self.strikes.append(Strike(line, row, plan, node))
            except (KeyError, ValueError) as error:
                self.report.wrong(FILE, line, "a row that cannot be read", "names, numbers and times", error)
                continue
            if int(row["seq"]) != len(self.strikes) - 1 or row["kind"] != plan.kind:
                self.report.wrong(FILE, line, "seq, kind", f"{len(self.strikes) - 1}, {plan.kind}",
                                  f"{row['seq']}, {row['kind']}")
        self.report.count("strikes of faults", len(self.strikes))

    # ---- when ----

    def happens(self, time):
        """Whether what is due then is within the run."""
        return time < self.run.end or time == self.run.end < self.run.config.until

    def moments(self, plan, found):
        """The times at which it must have struck; of what is drawn those that it says."""
        if plan.when[0] == "poisson":
            return found
        if plan.when[0] != "every":
            at = duration(" ".join(plan.when))
            return [at] if self.happens(at) else []
        step = duration(" ".join(plan.when[1:]))
        return [time for time in range(step, self.run.end + 1, step) if self.happens(time)]

    def ends(self, strike):
        lasts = strike.plan.lasts
        if not lasts or strike.node is None:
            is_right = strike.until is None
        elif lasts[0] == "exponential":
            is_right = strike.until is None or strike.time <= strike.until and self.happens(strike.until)
        else:
            until = strike.time + duration(" ".join(lasts))
            is_right = strike.until == (until if self.happens(until) else None)
        if not is_right:
            self.wrong(strike, "until_s", " ".join(lasts) or "nothing", time_text(strike.until))

    # ---- whom ----

    def answers(self, time):
        """Whether the tracker answers announces that reach it then, but for outages; None: it leaves just then."""
        leaves = self.run.config.answers_until()
        if any(time >= crash for crash in self.crashes_of_tracker()) or leaves is not None and time > leaves:
            return False
        return None if time == leaves else True

    def there(self, node, time, plan):
        """1: it was there when something struck; 0: it was not; None: it came or went just then."""
        if plan.kind == "tracker-outage":
            return None if time in self.crashes_of_tracker() else self.answers(time)
        if not node:
            told = self.run.summary.get("tracker_left_s")
            left = NEVER if told is None else self.run.figure_time("tracker_left_s")
            return None if left == time else int(left > time)
        peer = self.run.peers[node - 1]
        left = NEVER if peer.left_s is None else peer.left_s
        if peer.arrived_s > time or left < time:
            return 0
        return None if left == time else 1

    def candidates(self, plan):
        if plan.group is None:
            return [0]
        return [node for node, peer in enumerate(self.run.peers, 1)
                if peer.group == plan.group and plan.peer in (None, f"{peer.group}-{peer.number}")]

    def whom(self, plan, time, rows):
        """So many of the targets as it must strike, and none else."""
        struck = [row.node for row in rows if row.node is not None]
        among = self.candidates(plan)
        sure = maybe = 0
        for node in among:
            there = self.there(node, time, plan)
            sure += there == 1 or there is None and node in struck
            maybe += there is None and node not in struck
        least, most = plan.most(sure), plan.most(sure + maybe)
        odd = set(struck) - set(among) or len(struck) > len(set(struck)) or \
            any(self.there(node, time, plan) == 0 for node in struck)
        if odd or not least <= len(struck) <= most or len(rows) != max(len(struck), 1):
            names = [self.run.names[node] for node in struck]
            self.wrong(rows[0], f"whom {plan.name} strikes", f"{least} to {most} of its targets", names or "nobody")

    def each_plan(self, plan):
        found = {}
        for strike in self.strikes:
            if strike.plan is plan:
                found.setdefault(strike.time, []).append(strike)
        wanted = self.moments(plan, list(found))
        if wanted != list(found):
            self.wrong(None, f"when {plan.name} strikes", [time_text(t) for t in wanted[:5]],
                       [time_text(t) for t in list(found)[:5]])
        told = self.run.summary.get("faults", {}).get(plan.name, {})
        if told.get("strikes") == len(found):  # one that is drawn may strike twice in a nanosecond
            for time, rows in found.items():
                self.whom(plan, time, rows)
        self.figures(plan, len(found))

    # ---- what ----

    def figures(self, plan, strikes):
        rows = [strike for strike in self.strikes if strike.plan is plan]
        told = self.run.summary.get("faults", {}).get(plan.name, {})
        wanted = {"strikes": strikes, "struck": sum(row.node is not None for row in rows),
                  "bit": sum(row.bit() for row in rows)}
        wanted |= {key: sum(getattr(row, key) for row in rows) for key in SUMS}
        if plan.when[0] == "poisson" and told.get("strikes", 0) > strikes:
            wanted["strikes"] = told["strikes"]
        for key in {*wanted, *told}:
            self.report.same("summary.json", None, f"faults.{plan.name}.{key}", wanted.get(key), told.get(key))

    def crash(self, strike):
        node, run = strike.node, self.run
        if node == 0:
            left, blocks, status = run.summary.get("tracker_left_s"), run.config.blocks, "crashed"
            left = None if left is None else run.figure_time("tracker_left_s")
        else:
            peer = run.peers[node - 1]
            left, blocks, status = peer.left_s, peer.blocks, peer.status
        if left != strike.time or status == "left":
            self.wrong(strike, f"{run.names[node]} crashes", time_text(left), time_text(strike.time))
        if strike.blocks_lost != blocks:
            self.wrong(strike, "blocks_lost", blocks, strike.blocks_lost)

    def check(self):
        if not self.plans:
            return
        before = 0
        for strike in self.strikes:
            if not before <= strike.time <= self.run.end:
                self.wrong(strike, "time_s", f"{time_text(before)} or later", time_text(strike.time))
            before = max(before, strike.time)
            self.ends(strike)
            if strike.plan.kind == "crash" and strike.node is not None:
                self.crash(strike)
        for plan in self.plans.values():
            self.each_plan(plan)
        crashed = {strike.node for strike in self.strikes if strike.plan.kind == "crash"}
        for node, peer in enumerate(self.run.peers, 1):
            if peer.status == "crashed" and node not in crashed:
                self.report.wrong("completion.csv", peer.row, "status", "a crash in faults.csv", "none")

    def crashes_of_tracker(self):
        return [strike.time for strike in self.strikes if strike.plan.kind == "crash" and strike.node == 0]


class Severance:
    """Strikes of one moment by which connections are gone: of those struck with the others, or all of theirs."""

    def __init__(self, run, rows):
        self.plan, self.begin, self.end = rows[0].plan, rows[0].time, rows[0].until
        self.each = self.plan.kind == "lose-connection"
        if self.each:
            self.end = self.begin
        group = self.plan.group if self.plan.peer is None and self.plan.count is self.plan.share is None else None
        self.rows = {}
        if group is not None and not self.each:  # who comes later is on the side of its group
            self.rows = {node: rows[0] for node, peer in enumerate(run.peers, 1) if peer.group == group}
        self.rows |= {row.node: row for row in rows}

    def row(self, a, b):
        """The row to which it is owed that these two lose each other; None: they do not."""
        found = [self.rows[node] for node in (a, b) if node in self.rows]
        if a == b or not found or len(found) == 2 and not self.each:
            return None
        return min(found, key=lambda row: row.line)

    def takes(self, sent, time):
        """Whether what was sent then and comes now is lost; None: it was sent at that very moment."""
        if self.end is not None and self.end > self.begin and sent >= self.end:
            return False
        return time >= self.begin and (self.end is None or sent <= self.end)


class Watch:
    """What events.csv tells of faults, row by row."""

    def __init__(self, events, faults):
        self.events, self.faults, self.run = events, faults, events.run
        self.crashes = {strike.node: strike for strike in faults.strikes if strike.plan.kind == "crash"}
        self.outages = [strike for strike in faults.strikes
                        if strike.plan.kind == "tracker-outage" and strike.node is not None]
        self.now = None  # the strike of the crash under way
        by_moment = {}
        for strike in faults.strikes:
            if strike.plan.kind in ("cut", "lose-connection") and strike.node is not None:
                by_moment.setdefault((strike.time, strike.plan.name), []).append(strike)
        self.lasting = [strike for strike in faults.strikes if strike.plan.kind != "crash" and strike.node is not None]
        self.severances = [Severance(events.run, rows) for rows in by_moment.values()]
        self.severing, self.parted = None, {}
        self.cut, self.lost, self.late, self.unanswered, self.perhaps = {}, {}, {}, {}, {}
        self.told = 0
        self.handlers = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

    def under_way(self, time):
        return [row for row in self.outages if row.time <= time and (row.until is None or time < row.until)]

    def do_crash(self, time, node, other, block, detail):
        strike = self.crashes.get(node)
        if strike is None or strike.time != time or strike.plan.name != detail:
            self.events.wrong(f"crash of {self.events.name(node)} by {detail}", "a row of faults.csv", "none")
        self.now = node

    def do_leave(self, time, node, other, block, detail):
        if (detail == "crashed") != (self.now == node):
            self.events.wrong(f"{self.events.name(node)} is gone", "crashed after a crash, and else left", detail)
        self.now = None

    def lost_way(self, giver, node, time):
        """The row by which what comes now from the one to the other was lost on its way; None."""
        sent = time - self.run.delay(giver, node)
        for severance in self.severances:
            row = severance.row(giver, node)
            if row and severance.takes(sent, time):
                return row
        return None

    def owed(self, sums, row, amount):
        sums[row] = sums.get(row, 0) + amount

    def do_cut(self, time, node, other, block, detail):
        if self.now in (node, other):
            self.cut[self.now] = self.cut.get(self.now, 0) + 1
        row = self.severing and self.severing.row(node, other)
        if row and self.severing.begin == time:
            self.owed(self.cut, row, 1)

    def do_gone(self, time, node, other, block, detail):
        for severance in self.severances:
            row = severance.begin == time and severance.row(node, other)
            if row:
                self.owed(self.parted, row, 1)
        self.severing = None

    def do_lost(self, time, node, other, block, detail):
        row = self.severing and self.severing.begin == time and self.severing.row(node, other)
        waiting = self.events.on_way.get((other, node, block))
        if row:
            self.owed(self.lost, row, int(detail))
        elif self.now is None and waiting and waiting[0][0] == time and self.events.present[node]:
            row = self.lost_way(other, node, time)
            if row:
                waiting.pop(0)
                self.owed(self.late if time == self.run.end else self.lost, row, int(detail))
        elif self.now is not None:
            self.lost[self.now] = self.lost.get(self.now, 0) + int(detail)
        elif node in self.crashes and not self.events.present[node]:
            sums = self.late if time == self.run.end else self.lost
            sums[node] = sums.get(node, 0) + int(detail)

    def do_unanswered(self, time, node, other, block, detail):
        rows = self.under_way(time)
        there = self.faults.answers(time)
        row = self.lost_way(node, 0, time)
        if there and not rows and not row:
            self.events.wrong(f"announce of {self.events.name(node)}", "an answer", "none")
        for row in rows if there is not False else ():
            sums = self.unanswered if there else self.perhaps
            sums[row] = sums.get(row, 0) + 1

    def do_answer(self, time, node, other, block, detail):
        if self.under_way(time):
            self.events.wrong("the tracker's answer", "none while it is out", "one")

    def do_fault(self, time, node, other, block, detail):
        name, _, ends = detail.partition(" ")
        rows = [row for row in self.lasting if row.plan.name == name and row.node == node and
                time == (row.until if ends else row.time)]
        if not rows:
            self.events.wrong(f"fault {detail}", "a row of faults.csv", "none")
        self.told += 1
        self.severing = None if ends else next(
            (s for s in self.severances if s.begin == time and s.plan.name == name), None)

    def same(self, strike, key, least, most=None):
        found = getattr(strike, key)
        if not least <= found <= (least if most is None else most):
            self.faults.wrong(strike, key, least if most is None else f"{least} to {most}", found)

    def finish(self):
        for node, strike in self.crashes.items():
            if node is None:
                continue
            lost = self.lost.get(node, 0)
            self.same(strike, "transfers_cut", self.cut.get(node, 0))
            self.same(strike, "bytes_lost", lost, lost + self.late.get(node, 0))
        for strike in self.outages:
            least = self.unanswered.get(strike, 0)
            self.same(strike, "messages_lost", least, least + self.perhaps.get(strike, 0))
        for severance in self.severances:
            for row in set(severance.rows.values()):
                lost, parted = self.lost.get(row, 0), self.parted.get(row, 0)
                self.same(row, "transfers_cut", self.cut.get(row, 0))
                self.same(row, "bytes_lost", lost, lost + self.late.get(row, 0))
                self.same(row, "connections_lost", 0, parted)
        wanted = len(self.lasting) + sum(row.until is not None for row in self.lasting)
        if self.told != wanted:
            self.events.wrong("rows of faults", wanted, self.told)
