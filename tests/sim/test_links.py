#!/usr/bin/env python3
"""test_links.py PROGRAM: given transfers, played by [replay], end when fairness says (V11, V12).

Every completion equals that of a naive progressive filling within 1 part in 10^6 of the time that
the transfer took (a transfer of a microsecond: to the ns), in trees of zones too; and twice the rates
halve all times.
"""
import bisect
import random
from fractions import Fraction

import filling
from minibit import SECOND, each, main, nanoseconds, run, scenario

CASES = 100
ZONED = 60


def random_case(seed):
    """(nodes: name -> (up, down, latency_ns), transfers: (at_ns, from, to, bytes)), up in B/s."""
    rng = random.Random(seed)
    large = seed % 20 == 0
    count = 200 if large else rng.choice((2, 3, 5, 8, 20, 40))
    classes = [rng.randrange(1_000, 5_000_000) for _ in range(rng.choice((1, 3, 50)))]

    def draw_rate():
        return None if rng.random() < 0.05 else rng.choice(classes)

    nodes = {f"n{i}": (draw_rate(), draw_rate(), rng.choice((0, rng.randrange(10**8))))
             for i in range(count)}
    names = [name for name in nodes]
    hubs = rng.sample(names, max(1, count // 10))  # some ends that many share
    transfers = []
    for _ in range(250 if large else rng.randrange(1, 120)):
        a = rng.choice(hubs if rng.random() < 0.3 else names)
        b = rng.choice([name for name in names if name != a])
        if rng.random() < 0.2:
            a, b = b, a
        if nodes[a][0] is None and nodes[b][1] is None:
            continue  # no time at all: there is nothing to compare
        size = rng.choice((1, 262_144, rng.randrange(1, 10_000_000)))
        transfers.append((rng.randrange(10 * SECOND), a, b, size))
    return nodes, transfers


def random_zones(rng, nodes):
    """(zones: name -> (parent or None, up, down, inside, latency_ns), the zone of each node)."""
    zones = {}
    for number in range(rng.randrange(1, 8)):
        parent = rng.choice([None, *zones])
        zones[f"z{number}"] = (parent, *(None if rng.random() < 0.3 else rng.randrange(10_000, 20_000_000)
                                         for _ in range(3)), rng.randrange(10**7))
    return zones, {name: rng.choice([None, *zones]) for name in nodes}


def around(zones, name):
    """A zone and those that it lies in, from the inside out."""
    return [] if name is None else [name, *around(zones, zones[name][0])]


def way(zones, where, a, b):
    """The links between two nodes, and their latency beside the nodes' own."""
    here, there = (around(zones, where.get(node)) for node in (a, b))
    left, entered = [z for z in here if z not in there], [z for z in there if z not in here]
    shared = [z for z in here if z in there][:1]
    links = [(a, "up"), (b, "down"), *((z, "out") for z in left), *((z, "in") for z in entered),
             *((z, "inside") for z in shared)]
    return links, sum(zones[z][4] for z in left + entered)


def scaled(nodes, transfers, factor):
    """Every rate times `factor`, every time divided by it."""
    links = {name: (up and up * factor, down and down * factor, latency // factor)
             for name, (up, down, latency) in nodes.items()}
    return links, [(at // factor, a, b, size) for at, a, b, size in transfers]


def text_rate(bytes_per_s):
    return "unlimited" if bytes_per_s is None else f"{bytes_per_s}B"


def zone_groups(zones):
    groups = {}
    for name, (parent, up, down, inside, latency) in zones.items():
        groups[f"zone {name}"] = {"up": text_rate(up), "down": text_rate(down), "inside": text_rate(inside),
                                  "latency": f"{latency}ns", **({"parent": parent} if parent else {})}
    return groups


def replay(nodes, transfers, zones=None, where=None):
    """When each transfer completed, in ns, as the program says."""
    groups = {
        f"node {name}": {"up": text_rate(up), "down": text_rate(down), "latency": f"{latency}ns"}
        for name, (up, down, latency) in nodes.items()
    }
    for name, zone in (where or {}).items():
        groups[f"node {name}"] |= {"zone": zone} if zone else {}
    text = scenario(scenario={"until": "100000h"}, replay={"trace": "trace.csv"}, **groups,
                    **zone_groups(zones or {}))
    trace = "at_s,from,to,bytes\n" + "".join(
        f"{at // SECOND}.{at % SECOND:09},{a},{b},{size}\n" for at, a, b, size in transfers)
    result = run(text, files=[("trace.csv", trace)])
    rows = result.rows("transfers")
    told = [(nanoseconds(r["at_s"]), r["from"], r["to"], int(r["bytes"])) for r in rows]
    result.require(told == transfers, "transfers.csv does not repeat the trace in its order")
    times = [nanoseconds(row["completed_s"]) for row in rows]
    result.require(None not in times, "a transfer never completed")
    return times, result


def reference(nodes, transfers, zones=None, where=None):
    zones = zones or {}
    capacity = {(name, way): rate for name, link in nodes.items()
                for way, rate in (("up", link[0]), ("down", link[1]))}
    capacity |= {(name, side): rate for name, zone in zones.items()
                 for side, rate in zip(("out", "in", "inside"), zone[1:4])}
    ways = [way(zones, where or {}, a, b) for _, a, b, _ in transfers]
    ends = filling.play([(at / SECOND, *links, size)
                         for (at, _, _, size), (links, _) in zip(transfers, ways)], capacity)
    return [end * SECOND + nodes[a][2] + nodes[b][2] + latency
            for end, (_, a, b, _), (_, latency) in zip(ends, transfers, ways)]


def require_equal(result, found, wanted, transfers):
    """Within 1 part in 10^6 of the time taken, or a ns for each change of its rate there can be."""
    changes = sorted([at for at, *_ in transfers] + list(wanted))
    worst = 0.0
    for number, (got, want, (at, *_)) in enumerate(zip(found, wanted, transfers)):
        meanwhile = bisect.bisect_right(changes, want) - bisect.bisect_left(changes, at)
        off, took = abs(got - want), want - at
        result.require(off <= max(took / 10**6, meanwhile),
                       f"transfer {number} completed at {got} ns, not at {float(want):.1f}")
        if took > 10 * SECOND // 1000:
            worst = max(worst, float(off / took))
    return worst


def against_filling():
    def one(seed):
        nodes, transfers = random_case(seed)
        found, result = replay(nodes, transfers)
        return require_equal(result, found, reference(nodes, transfers), transfers), len(transfers)
    found = each(one, range(1, CASES + 1))
    return (f"{CASES} traces, {sum(count for _, count in found)} transfers, "
            f"the worst off by {max(worst for worst, _ in found):.1e} of its time")


def zones_against_filling():
    def one(seed):
        rng = random.Random(seed)
        nodes, transfers = random_case(seed)
        zones, where = random_zones(rng, nodes)
        used = {zone for name in where for zone in around(zones, where[name])}
        zones = {name: zone for name, zone in zones.items() if name in used}
        if not zones:
            return 0.0, 0
        found, result = replay(nodes, transfers, zones, where)
        wanted = reference(nodes, transfers, zones, where)
        return require_equal(result, found, wanted, transfers), len(transfers)
    found = each(one, range(201, 201 + ZONED))
    return (f"{ZONED} traces, {sum(count for _, count in found)} transfers, "
            f"the worst off by {max(worst for worst, _ in found):.1e} of its time")


def by_hand():
    """Two share an uplink until one, held by its own downlink, leaves it room."""
    nodes = {"a": (1000, None, 0), "b": (None, 250, 0), "c": (None, None, 10**8)}
    transfers = [(0, "a", "b", 1000), (0, "a", "c", 3000), (2 * SECOND, "a", "c", 1500)]
    # b: 250 B/s, 4 s. c: 750 for 2 s, 375 beside its like from then on, with 1500 left of each;
    # from 4 s on 500, with 750 left: 5.5 s, and 0.1 s of latency.
    wanted = [4 * SECOND, 5_600_000_000, 5_600_000_000]
    found, result = replay(nodes, transfers)
    result.require(found == wanted, f"{found}, not {wanted}")


def twice_as_fast():
    def one(seed):
        nodes, transfers = random_case(seed)
        nodes = {n: (up, down, latency // 2 * 2) for n, (up, down, latency) in nodes.items()}
        transfers = [(at // 2 * 2, *rest) for at, *rest in transfers]
        slow, _ = replay(nodes, transfers)
        faster = scaled(nodes, transfers, 2)
        fast, result = replay(*faster)
        return require_equal(result, fast, [Fraction(time, 2) for time in slow], faster[1])
    return f"30 traces, the worst off by {max(each(one, range(101, 131))):.1e} of its time"


main([
    ("V11 by hand", by_hand),
    ("V11 against progressive filling", against_filling),
    ("V11 in zones against progressive filling", zones_against_filling),
    ("V12 twice the rates, half the times", twice_as_fast),
])
