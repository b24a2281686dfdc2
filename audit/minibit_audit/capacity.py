"""No link carries more than its rate, in any window of time.

Bytes of a transfer travel between its begin and its last byte; how they spread over that time, the
tables do not tell. Some spreading keeps a link within its rate in every window exactly if serving the
transfer that ends first first does (earliest deadline first, Liu and Layland 1973): so no link is
accused that could be right, and every window that is overfull however the bytes spread is found.
"""
import heapq
from array import array

from .numbers import SECOND, time_text


class Capacity:
    def __init__(self, run):
        self.run = run
        self.transfers = {}

    def rate(self, key):
        if key[0] < 0:
            return self.run.zones.rate(key)
        return (self.run.links[key[0]].up, self.run.links[key[0]].down)[key[1]]

    def add(self, giver, node, started, sent, size):
        zones = self.run.zones.limited(giver, node) if self.run.zones else []
        for key in [(giver, 0), (node, 1), *zones]:
            if self.rate(key) is not None and size:
                self.transfers.setdefault(key, array("q")).extend((started, sent, size))

    def check(self, file):
        for (node, side), numbers in sorted(self.transfers.items()):
            rate = self.rate((node, side))
            flows = sorted(zip(numbers[0::3], numbers[1::3], numbers[2::3]))
            late = overfull(flows, rate)
            if late:
                name = self.run.zones.name((node, side)) if node < 0 else \
                    f"the {('uplink', 'downlink')[side]} of {self.run.names[node]}"
                self.run.report.wrong(
                    file, None, name,
                    f"what comes by {time_text(late[0])} at no more than {float(rate):.0f} bytes/s",
                    f"{time_text(late[1])} too late")
        self.run.report.count("links within their rates", len(self.transfers))


def overfull(flows, rate):
    """(deadline, ns too late) of the first transfer that earliest deadline first cannot have done.

    Time counts in ticks of 1 / rate.numerator ns, so that all is in whole numbers. What is right to a
    millionth or to a nanosecond for each transfer is no fault.
    """
    scale, byte = rate.numerator, SECOND * rate.denominator
    waiting, now, next_flow, count, busy = [], 0, 0, len(flows), 0
    while next_flow < count or waiting:
        if not waiting and now < flows[next_flow][0] * scale:
            now, busy = flows[next_flow][0] * scale, 0
        while next_flow < count and flows[next_flow][0] * scale <= now:
            started, sent, size = flows[next_flow]
            heapq.heappush(waiting, [sent, size * byte, started])
            next_flow += 1
        first = waiting[0]
        until = flows[next_flow][0] * scale if next_flow < count else now + first[1]
        done = min(first[1], until - now)
        now += done
        first[1] -= done
        if not first[1]:
            busy += 1
            late = now - first[0] * scale
            if late > 0 and late > scale * (busy + 1 + (first[0] - first[2]) // 10**6):
                return first[0], late // scale
            heapq.heappop(waiting)
    return None
