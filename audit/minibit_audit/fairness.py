"""Max-min fairness: every transfer carried what max-min fair shares of the links would have carried.

events.csv tells when each transfer began and ended and what it carried. Between two changes the fair
shares are worked out by progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2) over the part of
the net that the change can reach; what a transfer gets by them until it ends is held against its bytes.
"""
import heapq
from collections import defaultdict

from .config import UNLIMITED
from .numbers import SECOND, time_text

# How many ends of transfers are looked at in the filling before the rest is left out: a quarter of a minute or so.
WORK_MOST = 6_000_000
FOREVER = float("inf")


class Flow:
    __slots__ = ("ends", "begin", "end", "bytes", "rate", "carried", "since", "changes")

    def __init__(self, zones, giver, node, begin, end, size):
        self.ends = ((giver, 0), (node, 1), *(zones.limited(giver, node) if zones else ()))
        self.begin, self.end, self.bytes = begin, end, size
        self.rate, self.carried, self.since, self.changes = 0.0, 0.0, begin, 0

    def settle(self, now):
        if self.rate:
            self.carried += self.rate * (now - self.since) / SECOND
        self.since = now


class Net:
    """Links and the flows that are on them now."""

    def __init__(self, run):
        self.rates = {}
        for node, link in enumerate(run.links):
            for side, rate in ((0, link.up), (1, link.down)):
                self.rates[node, side] = float(UNLIMITED if rate is None else rate)
        for number, zone in enumerate(run.zones.all if run.zones else ()):
            for side, rate in enumerate(zone.rates):
                if rate is not None:
                    self.rates[-1 - number, side] = float(rate)
        self.on, self.work = defaultdict(set), 0

    def add(self, flow):
        for end in flow.ends:
            if end in self.rates:
                self.on[end].add(flow)

    def remove(self, flow):
        for end in flow.ends:
            if end in self.rates:
                self.on[end].discard(flow)

    def reach(self, ends):
        """The links that a change at these can reach, and their flows."""
        waiting, links, flows = [end for end in ends if end in self.rates], set(), set()
        links.update(waiting)
        while waiting:
            for flow in self.on[waiting.pop()]:
                if flow not in flows:
                    flows.add(flow)
                    for end in flow.ends:
                        if end in self.rates and end not in links:
                            links.add(end)
                            waiting.append(end)
        self.work += 2 * len(flows) + len(links)
        return links, flows

    def fill(self, links):
        """{flow: rate}: the link with the least share fixes its flows, again and again."""
        room = {link: self.rates[link] for link in links}
        count = {link: len(self.on[link]) for link in links}
        heap = [(room[link] / count[link], link) for link in links if count[link]]
        heapq.heapify(heap)
        fixed = {}
        while heap:
            level, link = heapq.heappop(heap)
            if not count[link]:
                continue
            now = max(room[link], 0.0) / count[link]
            if now > level * (1 + 1e-12):
                heapq.heappush(heap, (now, link))
                continue
            for flow in self.on[link]:
                if flow not in fixed:
                    fixed[flow] = level
                    for end in flow.ends:
                        if end in room:
                            room[end] -= level
                            count[end] -= 1
        return fixed

    def change(self, now, ends):
        links, _ = self.reach(ends)
        for flow, rate in self.fill(links).items():
            if abs(rate - flow.rate) > 1e-12 * rate:
                flow.settle(now)
                flow.rate = rate
                flow.changes += 1


def check(run, file, ended, thorough):
    """`ended`: (giver, receiver, begin, end, bytes); bytes None: under way at the end of the run."""
    net, looked_at = Net(run), 0
    flows = [Flow(run.zones, *row) for row in ended]
    flows = [flow for flow in flows if any(end in net.rates for end in flow.ends)]
    changes = [(flow.begin, number, flow) for number, flow in enumerate(flows)]
    changes += [(flow.end, -1 - number, flow) for number, flow in enumerate(flows)]
    changes.sort(key=lambda change: change[:2])
    at = 0
    while at < len(changes):
        now, ends, done = changes[at][0], set(), []
        while at < len(changes) and changes[at][0] == now:
            _, number, flow = changes[at]
            ends.update(flow.ends)
            if number < 0:
                flow.settle(now)
                net.remove(flow)
                done.append(flow)
            else:
                net.add(flow)
            at += 1
        # Who begins and ends in one instant carries nothing, whichever row comes first.
        for flow in done:
            net.remove(flow)
            looked_at += carried(run, file, flow)
        net.change(now, ends)
        if net.work > WORK_MOST and not thorough:
            run.report.not_checked(f"max-min shares from {time_text(now)} on",
                                   "that takes long; --thorough looks at all")
            break
    run.report.count("transfers with max-min shares", looked_at)


def carried(run, file, flow):
    if flow.bytes is None:
        return 0
    # a share is rounded down to 2^-16 byte/s, and with it what others find left over
    rounding = (flow.end - flow.begin) / SECOND / 2**14
    allowed = 1 + flow.bytes / 10**6 + (flow.changes + 2) * flow.rate / SECOND + rounding
    if abs(flow.carried - flow.bytes) > allowed and flow.end > flow.begin:
        names = [run.names[node] for node, _ in flow.ends[:2]]
        run.report.wrong(file, None, f"the transfer from {names[0]} to {names[1]} that ends at "
                         f"{time_text(flow.end)}", f"{flow.carried:.0f} bytes by max-min fair shares",
                         flow.bytes)
    return 1
