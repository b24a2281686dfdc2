"""lower_bound_s, from the definition in docs/formats.md, with what peers held on arrival taken off."""
from fractions import Fraction

from .numbers import SECOND, half_up


def held_on_arrival(run, replay):
    """For each peer the wire bytes that it lacked on arrival, and those that nobody held."""
    wire, nobody = run.config.wire, bytearray(run.config.blocks)
    lacking = []
    for node, peer in enumerate(run.peers, 1):
        total = run.config.wire_total
        for number in replay.initials.get(node, ()):
            nobody[number] = 1
            total -= wire[number]
        lacking.append(total)
    return lacking, sum(wire[b] for b, held in enumerate(nobody) if not held)


def bound_ns(run, replay):
    if run.config.is_open or not run.peers:
        return None
    lacking, first = held_on_arrival(run, replay)
    seeder, terms = run.config.tracker.up if run.config.has_seeder else Fraction(0), [Fraction(0)]
    if seeder is not None:
        givers = [peer.link for peer in run.peers if not peer.link.is_free and not peer.before]
        shared = [(first, seeder)]
        if all(link.up is not None for link in givers):
            shared.append((sum(lacking), seeder + sum(link.up for link in givers)))
        if any(wanted and not rate for wanted, rate in shared):
            return None
        terms += [wanted / rate for wanted, rate in shared if wanted]
    terms += [total / peer.link.down for total, peer in zip(lacking, run.peers)
              if peer.link.down is not None]
    return max(terms) * SECOND // 1


def figures(run, replay):
    bound = bound_ns(run, replay)
    done = [p.completed_s for p in run.peers if p.completed_s is not None]
    share = None
    if bound and len(done) == expected_peers(run):
        share = Fraction(half_up(Fraction(max(done), bound) * 10**6), 10**6)
    return {"lower_bound_s": None if bound is None else Fraction(bound, SECOND), "bound_ratio": share}


def expected_peers(run):
    """Peers of the whole scenario, of arrivals that are not open; sessions are peers too."""
    again = sum(1 for peer in run.peers if peer.before)
    return sum(link.number("count", 1) for link in run.config.peers.values()) + again
