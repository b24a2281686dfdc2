"""events.csv, replayed: who may send what to whom, what every byte became, and what summary.json makes of it."""
from fractions import Fraction

from . import tables
from .faults import Watch
from .news import News
from .numbers import SECOND, time_ns, time_text
from .possession import COLUMNS as PROVENANCE
from .trace import KINDS, NOBODY, Digest, value_of

COLUMNS = "seq,time_s,event,node,other,block,detail".split(",")
# What is told of a node that is not there: of its links, and of what reaches nobody.
OF_ANYBODY = ("uplink", "downlink", "lost", "waste", "bad", "hear", "arrive", "fault", "restart", "cut",
              "register", "unanswered")


class Events:
    """State while the rows pass. A flow is [giver, receiver, block, via, begin, bytes], one to a pair."""

    def __init__(self, run, provenance, thorough=False):
        self.run, self.report, self.index = run, run.report, run.index
        count = len(run.peers) + 1
        seeder = run.config.has_seeder
        self.present = [True] + [False] * (count - 1)
        self.is_complete = [seeder] + [False] * (count - 1)
        self.is_open = [seeder and self.opens(0)] + [False] * (count - 1)
        self.held = [run.config.blocks if seeder else 0] + [0] * (count - 1)
        self.unchoked = [{} for _ in range(count)]
        self.asked, self.flows, self.on_way = {}, {}, {}
        self.requests = self.refusals = self.rows = 0
        self.refused, self.wasted = [0] * count, [0] * count
        self.links = {"uplink": [None] * count, "downlink": [None] * count}
        self.as_leecher = [None] * count
        self.sent, self.ended, self.touched = [0] * count, [], set()
        self.digest, self.before, self.forgotten = Digest(), 0, set()
        self.lapsing, self.cancelled = [], []
        self.leaving, self.renewed = set(), set()
        self.credit = [link.number("credit", 1) if link.keys.get("choke") == "barter" else None for link in run.links]
        self.debts = {}  # blocks that A gave B less those that it got of it, since they know each other
        self.provenance, self.news = provenance, News(run, self, thorough)
        self.watch = Watch(self, run.faults)
        self.handlers = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

    def play(self, path, progress):
        self.file, index, handlers = path.rsplit("/", 1)[-1], self.index, self.handlers
        learners, watchers = self.news.handlers, self.watch.handlers
        for line, fields in tables.rows(self.report, path, COLUMNS):
            self.line = line
            try:
                time, kind = time_ns(fields[1]), fields[2]
                node, other = index[fields[3]], index[fields[4]] if fields[4] else NOBODY
                block = int(fields[5]) if fields[5] else NOBODY
                if int(fields[0]) != self.rows:
                    self.wrong("seq", self.rows, fields[0])
                if time != self.before:
                    self.next_instant(time)
                if kind in KINDS:
                    self.digest.add(time, node, other, block, kind, value_of(kind, fields[6]))
                if not self.present[node] and kind not in OF_ANYBODY:
                    self.wrong(f"{kind} of {fields[3]}", "while it is there", fields[1])
                if kind in watchers:
                    watchers[kind](time, node, other, block, fields[6])
                if kind in handlers:
                    handlers[kind](time, node, other, block, fields[6])
                if kind in learners:
                    learners[kind](node, other, block, fields[6])
            except (ValueError, KeyError) as error:
                self.wrong("a row that cannot be read", "names, numbers and words of docs/formats.md", error)
            self.rows += 1
            if not self.rows & 0xFFFF:
                progress(self.rows, "rows of events")
        self.next_instant(self.before)
        self.news.finish()
        self.watch.finish()
        self.report.count("rows of events", self.rows)

    def wrong(self, what, expected, found):
        self.report.wrong(self.file, self.line, what, expected, found)

    def name(self, node):
        return self.run.peers[node - 1].name if node else "tracker"

    # ---- slots -------------------------------------------------------------------------------

    def next_instant(self, time):
        """At the end of each instant nobody has unchoked more than it may."""
        if time < self.before or time > self.run.end:
            self.wrong("time_s", f"{time_text(self.before)} to {time_text(self.run.end)}", time_text(time))
        self.lapse()
        for node in self.touched:
            most = self.slots(node)
            if most is not None and len(self.unchoked[node]) > most:
                self.wrong(f"unchoked by {self.name(node)}", f"{most} at most", len(self.unchoked[node]))
        self.touched.clear()
        self.news.instant(time)
        self.before = time

    def lapse(self):
        """What was heard in an instant is told before what follows from each word of it: so a transfer may
        begin, and be cut, behind the word that ends its ground."""
        for node, other in self.lapsing:
            if self.unchoked[node].pop(other, None) is not None:
                self.forgotten.add((node, other))
        for key in self.cancelled:
            if self.asked.get(key, 0) > 1:
                self.asked[key] -= 1
            else:
                self.asked.pop(key, None)
        self.lapsing.clear()
        self.cancelled.clear()
        self.renewed.clear()

    def opens(self, node):
        """Whether it serves everybody once it is complete."""
        link = self.run.links[node]
        return link.number("seeder_slots") == 0 and not (link.is_free and node)

    def slots(self, node):
        """None: everybody."""
        link = self.run.links[node]
        if link.is_free and node:
            return 0
        if node in self.leaving:  # it serves those that it had unchoked one block more
            return None
        if self.is_complete[node]:
            return link.number("seeder_slots") or None
        if link.keys.get("choke") == "none":
            return link.number("upload_slots")
        return link.number("regular_slots") + 1

    def do_unchoke(self, time, node, other, block, detail):
        self.unchoked[node][other] = detail
        self.touched.add(node)

    def do_choke(self, time, node, other, block, detail):
        if self.unchoked[node].pop(other, None) is not None:
            return
        if (node, other) in self.forgotten:
            self.forgotten.discard((node, other))
        else:
            self.wrong(f"{self.name(node)} chokes {self.name(other)}", "somebody whom it has unchoked", "not so")

    def do_bye(self, time, node, other, block, detail):
        """Whom it forgets holds no slot of it any more; what it was sending may still end in a choke."""
        self.lapsing.append((node, other))
        self.debts.pop((node, other), None)

    do_gone = do_bye

    def do_hello(self, time, node, other, block, detail):
        """They know each other anew: what was before is over, what follows holds; but what was heard before in
        the instant may still be followed.
        """
        if (node, other) in self.lapsing:
            self.lapsing.remove((node, other))
            if self.unchoked[node].pop(other, None) is not None:
                self.forgotten.add((node, other))
                self.renewed.add((node, other))

    def do_hear(self, time, node, other, block, detail):
        if detail[:6] == "hello ":
            self.do_hello(time, node, other, block, detail)
        if detail[:4] in ("bye ", "full"):
            self.do_bye(time, node, other, block, detail)
        elif detail[:6] == "cancel":
            self.cancelled.append((other, node, block))

    # ---- being there -------------------------------------------------------------------------

    def moment(self, node, key, time):
        told = getattr(self.run.peers[node - 1], key)
        if told != time:
            self.wrong(f"{key} of {self.name(node)} in completion.csv", time_text(time), time_text(told))

    def do_arrive(self, time, node, other, block, detail):
        if self.present[node]:
            self.wrong(f"arrival of {self.name(node)}", "once", "again")
        self.present[node] = True
        if node:
            self.moment(node, "arrived_s", time)

    def do_leaving(self, time, node, other, block, detail):
        self.leaving.add(node)

    def do_leave(self, time, node, other, block, detail):
        self.present[node] = False
        self.unchoked[node].clear()
        if node:
            self.moment(node, "left_s", time)

    def do_complete(self, time, node, other, block, detail):
        self.is_complete[node] = True
        self.is_open[node] = node not in self.leaving and self.opens(node)
        self.touched.add(node)
        if self.held[node] != self.run.config.blocks:
            self.wrong(f"blocks of {self.name(node)} at its completion", self.run.config.blocks,
                       self.held[node])
        self.moment(node, "completed_s", time)

    def do_have(self, time, node, other, block, detail):
        if node and int(detail) != self.held[node]:
            self.wrong(f"blocks that {self.name(node)} tells of", self.held[node], detail)

    # ---- asking ------------------------------------------------------------------------------

    def do_request(self, time, node, other, block, detail):
        self.requests += 1
        key = (node, other, block)
        self.asked[key] = self.asked.get(key, 0) + 1

    def answered(self, node, other, block, what):
        key = (other, node, block)
        left = self.asked.get(key, 0)
        if not left:
            self.wrong(f"{what} block {block} to {self.name(other)}", "after a request of it", "none")
        elif left == 1:
            del self.asked[key]
        else:
            self.asked[key] = left - 1

    def do_refuse(self, time, node, other, block, detail):
        self.refusals += 1
        self.refused[other] += 1
        self.answered(node, other, block, "refuses")

    # ---- sending -----------------------------------------------------------------------------

    def do_start(self, time, node, other, block, detail):
        self.answered(node, other, block, "sends")
        pair = (node, other)
        if pair in self.flows:
            self.wrong(f"{self.name(node)} sends to {self.name(other)}", "one block at a time", "two")
        self.flows[pair] = [node, other, block, detail, time, 0]
        credit = self.credit[node]
        if credit is not None and detail == "regular" and self.debts.get(pair, 0) >= credit:
            self.wrong(f"{self.name(node)} gives to {self.name(other)}", f"while it owes less than {credit} blocks",
                       f"owed {self.debts[pair]}")
        if detail != "open" and not self.is_open[node] and other not in self.unchoked[node] and \
                pair not in self.renewed:
            self.wrong(f"{self.name(node)} sends to {self.name(other)}", "to those it has unchoked",
                       "another")

    def end_flow(self, time, node, other, block, detail, what):
        flow = self.flows.pop((node, other), None)
        if flow is None or flow[2] != block:
            self.wrong(f"{what} of block {block} to {self.name(other)}", "a transfer under way", "none")
            return None
        flow[5] = int(detail)
        self.sent[node] += flow[5]
        self.ended.append((node, other, flow[4], time, flow[5]))
        return flow

    def do_sent(self, time, node, other, block, detail):
        flow = self.end_flow(time, node, other, block, detail, "sent")
        self.debts[node, other] = self.debts.get((node, other), 0) + 1
        if flow:
            latency = self.run.delay(node, other)
            self.on_way.setdefault((node, other, block), []).append((time + latency, flow))

    def do_cut(self, time, node, other, block, detail):
        self.end_flow(time, node, other, block, detail, "cut")

    def arrives(self, time, node, other, block, detail):
        """The flow whose last byte has come; None where there is none."""
        self.debts[node, other] = self.debts.get((node, other), 0) - 1
        waiting = self.on_way.get((other, node, block))
        if not waiting:
            self.wrong(f"block {block} from {self.name(other)}", "after its last byte was sent", "before")
            return None
        due, flow = waiting.pop(0)
        if due != time or int(detail) != flow[5]:
            self.wrong(f"block {block} from {self.name(other)}", f"{flow[5]} bytes at {time_text(due)}",
                       f"{detail} at {time_text(time)}")
        return flow

    def do_deliver(self, time, node, other, block, detail):
        flow = self.arrives(time, node, other, block, detail)
        self.held[node] += 1
        if flow and self.provenance:
            self.row([time_text(time), self.name(node), str(block), self.name(other), None,
                      time_text(flow[4]), detail, flow[3]])

    def do_hold(self, time, node, other, block, detail):
        self.held[node] += 1
        if self.provenance:
            now = time_text(time)
            self.row([now, self.name(node), str(block), "", "", now, "0", "initial"])

    def row(self, wanted):
        """The next row of provenance.csv, but for its number and the giver's role."""
        found = next(self.provenance, None)
        if found is None:
            self.wrong("provenance.csv", "a row for this", "no more rows")
            return
        found = found[1][1:]
        for column, right, told in zip(PROVENANCE[1:], wanted, found):
            if right is not None and right != told:
                self.wrong(f"{column} in provenance.csv", right or "nothing", told or "nothing")
                return

    def do_waste(self, time, node, other, block, detail):
        self.arrives(time, node, other, block, detail)
        self.wasted[node] += int(detail)

    do_bad = do_waste

    def do_lost(self, time, node, other, block, detail):
        self.wasted[node] += int(detail)

    # ---- links -------------------------------------------------------------------------------

    def do_uplink(self, time, node, other, block, detail):
        self.links["uplink"][node] = int(detail)
        if self.as_leecher[node] is None:
            self.as_leecher[node] = int(detail)

    def do_downlink(self, time, node, other, block, detail):
        self.links["downlink"][node] = int(detail)

    # ---- afterwards --------------------------------------------------------------------------

    def check(self, leeching):
        self.line, report, summary = None, self.report, self.run.summary
        if self.provenance and next(self.provenance, None):
            self.wrong("provenance.csv", "no more rows than gains", "more")
        wanted = {"requests": self.requests, "refusals": self.refusals,
                  "trace_records": self.digest.records, "trace_digest": f"{self.digest.state:016x}",
                  "trace_checkpoints": self.digest.checkpoints}
        for key, value in wanted.items():
            report.same("summary.json", None, key, value, summary.get(key))
        for node, peer in enumerate(self.run.peers, 1):
            self.peer(node, peer)
        self.utilization(leeching)

    def peer(self, node, peer):
        told = {"refusals": self.refused[node], "wasted_bytes": self.wasted[node],
                "uploaded_bytes": self.links["uplink"][node],
                "downloaded_bytes": self.links["downlink"][node]}
        for key, value in told.items():
            self.report.same("completion.csv", peer.row, f"{key} by events", value, getattr(peer, key))
        under_way = sum(1 for pair in self.flows if pair[0] == node)
        whole = sum(self.run.config.wire[flow[2]] for pair, flow in self.flows.items() if pair[0] == node) \
            if under_way else 0
        if not self.sent[node] <= peer.uploaded_bytes <= self.sent[node] + whole:
            self.wrong(f"bytes that {peer.name} sent", f"{self.sent[node]} to {self.sent[node] + whole}",
                       peer.uploaded_bytes)

    def utilization(self, leeching):
        """What uplinks carried by their owners' completion, leaving or the end, in whole bytes each."""
        if not leeching.is_told:
            self.report.not_checked("uplink_utilization", "an uplink without a rate could carry anything")
            return
        could = leeching.until(self.run.end)[0]
        carried = sum(self.as_leecher[node] or 0 for node in range(1, len(self.run.peers) + 1))
        found = self.run.summary.get("uplink_utilization")
        wanted = Fraction(carried * SECOND) / could if could else None
        if (found is None) != (wanted is None) or \
                found is not None and abs(found - wanted) > Fraction(1, 2 * 10**6):
            self.report.wrong("summary.json", None, "uplink_utilization",
                              "null" if wanted is None else f"{float(wanted):.6f}", found)
