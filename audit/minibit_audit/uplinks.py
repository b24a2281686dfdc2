"""What leechers' uplinks could have carried: the denominator of uplink_utilization."""
from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate

from .config import UNLIMITED


class Steps:
    """Sum of rate x (t - begin) over those that have begun by t, in byte-nanoseconds per second."""

    def __init__(self, steps):
        steps.sort()
        self.times = [time for time, _ in steps]
        self.rates = list(accumulate((rate for _, rate in steps), initial=Fraction(0)))
        self.areas = list(accumulate((rate * time for time, rate in steps), initial=Fraction(0)))

    def until(self, time):
        count = bisect_right(self.times, time)
        return self.rates[count] * time - self.areas[count], count


class Capacity:
    """Uplinks of peers while they are leechers: from arrival to completion, leaving, or the end."""

    def __init__(self, run):
        begins, ends = [], []
        # Of a link without a rate nothing says what it could have carried.
        self.is_told = all(peer.link.up is not None for peer in run.peers)
        for peer in run.peers:
            up = UNLIMITED if peer.link.up is None else peer.link.up
            begins.append((peer.arrived_s, up))
            until = [t for t in (peer.completed_s, peer.left_s) if t is not None]
            if until:
                ends.append((min(until), up))
        self.begun, self.ended = Steps(begins), Steps(ends)

    def until(self, time):
        """(byte-nanoseconds per second up to then, uplinks that were leechers' by then)."""
        begun, ended = self.begun.until(time), self.ended.until(time)
        return begun[0] - ended[0], begun[1]
