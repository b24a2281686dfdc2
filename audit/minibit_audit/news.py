"""Who lists whom, who has unchoked whom and what each has been told: interest_ratio and unchoked_pairs of timeline.csv.

It follows from events.csv but for two things. Which peers the tracker's answer lists no row tells, so what A
knows of B is at least what B has said to it, and at most what B had said to the tracker by then. And where
A is told in one instant by B that it comes and that it goes, the rows do not tell in which order A does what
follows: such rows of the timeline are left out until that pair has parted.
"""
import os
from collections import defaultdict
from fractions import Fraction

from . import tables
from .findings import Report
from .numbers import half_up, time_ns
from .timeline import COLUMNS

# So many pairs are looked at, which is some seconds' work.
PAIRS = 4_000_000
COMES, GOES = 1, 2


def millionths(part, whole):
    return half_up(Fraction(10**6 * part, whole))


class Known:
    """What A knows of B, in blocks of B's in the order in which it got them: at least and at most."""

    __slots__ = ("least", "most", "blocks")

    def __init__(self):
        self.least = self.most = self.blocks = 0


class News:
    def __init__(self, run, events, thorough):
        self.run, self.report, self.events = run, run.report, events
        count = len(run.peers) + 1
        seeders = run.config.blocks if run.config.has_seeder else 0
        self.gained = [list(range(seeders))] + [[] for _ in run.peers]
        self.mine = [(1 << seeders) - 1] + [0] * len(run.peers)
        self.lists = [{} for _ in range(count)]
        self.known = [defaultdict(Known) for _ in range(count)]
        self.asked, self.carried, self.reported = defaultdict(set), {}, {}
        self.answered = [{} for _ in range(count)]
        self.now, self.crossed = {}, [set() for _ in range(count)]
        self.pairs = float("inf") if thorough else PAIRS
        # A tracker that deals anew tells of blocks that nobody has; who restarts is another.
        self.is_told = run.config.protocol.get("books") != "redealt"
        self.is_blind = False
        # A seeder that withholds tells each peer of what it has shown it, in the order in which it did.
        self.rule = run.config.protocol.get("super_seed", "no")
        self.withholds = self.rule.startswith("withhold")
        self.shown, self.ever = [[] for _ in range(count)], [0] * run.config.blocks
        self.looked = self.left_out = 0
        self.handlers = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}
        path = os.path.join(run.folder, "timeline.csv")
        self.samples = [(line, time_ns(fields[0]), dict(zip(COLUMNS, fields)))
                        for line, fields in tables.rows(Report(run.folder), path, COLUMNS)]
        self.samples.reverse()

    # ---- who lists whom ----------------------------------------------------------------------

    def comes(self, node, other):
        self.now[node, other] = self.now.get((node, other), 0) | COMES

    def goes(self, node, other):
        self.now[node, other] = self.now.get((node, other), 0) | GOES
        self.lists[node].pop(other, None)
        self.known[node].pop(other, None)
        self.asked.pop((node, other), None)
        if not node and self.withholds and self.shown[other]:  # should they meet again, it is shown all anew
            self.is_told &= not self.events.present[other]
            self.shown[other] = []

    def do_hello(self, node, other, block, detail):
        self.comes(node, other)
        if other != node:
            self.lists[node][other] = True

    def do_bye(self, node, other, block, detail):
        self.goes(node, other)

    do_gone = do_bye

    def do_unchoke(self, node, other, block, detail):
        self.comes(node, other)

    def do_leave(self, node, other, block, detail):
        self.lists[node].clear()
        self.known[node].clear()
        self.crossed[node].clear()

    def do_restart(self, node, other, block, detail):
        self.is_blind = True

    # ---- what is known -----------------------------------------------------------------------

    def do_hold(self, node, other, block, detail):
        self.gained[node].append(block)
        self.mine[node] |= 1 << block
        self.ever[block] += 1

    def do_request(self, node, other, block, detail):
        self.asked[node, other].add(block)

    def do_cancel(self, node, other, block, detail):
        self.asked[node, other].discard(block)

    def do_refuse(self, node, other, block, detail):
        self.is_told &= detail != "not held"

    def do_register(self, node, other, block, detail):
        """What the tracker deals is in its books before it is there."""
        self.reported[node] = self.reported.get(node, 0) + int(detail)

    def do_start(self, node, other, block, detail):
        self.carried[node, other, block] = len(self.log(node, other))
        if self.withholds and not node and block not in self.shown[other]:
            self.events.wrong(f"the seeder sends to {self.events.name(other)}", "a block that it has shown it", block)

    def do_deliver(self, node, other, block, detail):
        """The block tells too, by its giver's own `knowledge`; one no longer waited for is not listened to."""
        told = self.carried.pop((other, node, block), 0)
        if self.run.links[other].keys.get("knowledge") != "tracker":
            self.learn(node, other, told, block in self.asked[node, other])
        self.asked[node, other].discard(block)
        self.do_hold(node, other, block, detail)

    def log(self, node, other):
        """The blocks that `node` tells `other` of, in order."""
        return self.gained[node] if node or not self.withholds else self.shown[other]

    def do_have(self, node, other, block, detail):
        """What a seeder that withholds shows, and that the last one was seen where it had to be."""
        if node or not self.withholds or other >= len(self.shown):
            return
        name, shown = self.events.name(other), self.shown[other]
        last = shown[-1] if shown else block
        if int(detail) != len(shown) + 1 or block in shown:
            self.events.wrong(f"blocks shown to {name}", f"the {len(shown) + 1}th, a new one", f"{detail}: {block}")
        elif shown and not self.mine[other] >> last & 1:
            self.events.wrong(f"shown to {name}", f"nothing before it has block {last}", block)
        elif shown and self.rule == "withhold" and self.ever[last] < 2 and len(self.lists[0]) > 1 and not self.now:
            self.events.wrong(f"shown to {name}", f"nothing before another has block {last}", block)
        shown.append(block)

    def learn(self, node, other, count, is_sure):
        known = self.known[node][other]
        known.most = max(known.most, count)
        if is_sure and count > known.least:
            for block in self.log(other, node)[known.least:count]:
                known.blocks |= 1 << block
            known.least = count

    def do_hear(self, node, other, block, detail):
        what, told = detail.split()
        if not node:
            if what in ("register", "periodic", "complete"):
                self.reported[other] = int(told)
                return
        elif what == "answer":
            self.answered[node] = dict(self.reported)
            return
        if what in ("bye", "full"):
            self.goes(node, other)
            return
        if what == "hello":
            self.comes(node, other)
        elif what in ("refuse", "cut"):
            self.asked[node, other].discard(block)
        if what != "cut":
            self.learn(node, other, int(told), what == "hello" or other in self.lists[node])

    # ---- rows of the timeline ----------------------------------------------------------------

    def instant(self, time):
        """All of the instant before `time` has happened."""
        for (node, other), what in self.now.items():
            if what == COMES | GOES:
                self.crossed[node].add(other)
            elif what == GOES:
                self.crossed[node].discard(other)
        self.now.clear()
        while self.samples and self.samples[-1][1] < time:
            self.sample(*self.samples.pop())

    def sample(self, line, time, row):
        if self.is_blind or any(self.crossed):
            self.left_out += 1
            return
        present = [node for node, there in enumerate(self.events.present) if there]
        self.slots(line, row, present)
        if self.is_told and self.pairs > 0:
            self.interest(line, row, [node for node in present if not self.events.is_complete[node]])
            self.looked += 1
        else:
            self.left_out += 1

    def slots(self, line, row, present):
        held = 0
        for node in present:
            unchoked = self.lists[node] if self.events.is_open[node] else self.events.unchoked[node]
            held += len(unchoked) - (node in unchoked)
        if row["unchoked_pairs"] != str(held):
            self.report.wrong("timeline.csv", line, "unchoked_pairs", held, row["unchoked_pairs"])

    def interest(self, line, row, incomplete):
        pairs = least = most = 0
        for node in incomplete:
            lacks = ~self.mine[node]
            for other in self.lists[node]:
                pairs += 1
                if self.known[node][other].blocks & lacks:
                    least += 1
                elif self.may_offer(node, other, lacks):
                    most += 1
        self.pairs -= pairs
        found = row["interest_ratio"]
        low, high = (millionths(least, pairs), millionths(least + most, pairs)) if pairs else (0, 0)
        if bool(found) != bool(pairs) or pairs and not low <= int(found.replace(".", "")) <= high:
            wanted = f"{low / 10**6:.6f} to {high / 10**6:.6f}" if pairs else "nothing"
            self.report.wrong("timeline.csv", line, "interest_ratio", wanted, found or "nothing")

    def may_offer(self, node, other, lacks):
        known = self.known[node][other]
        log = self.log(other, node)
        most = max(known.most, self.answered[node].get(other, 0)) if other else len(log)
        if most > len(log):
            return True
        return any(lacks >> block & 1 for block in log[known.least:most])

    def finish(self):
        self.instant(self.run.end + 1)
        self.report.count("rows of the timeline with interest", self.looked)
        if self.left_out:
            self.report.not_checked(f"interest_ratio, unchoked_pairs in {self.left_out} rows of timeline.csv",
                                    "what is told and when does not follow from the rows, or it takes too long")
