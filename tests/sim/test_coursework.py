#!/usr/bin/env python3
"""test_coursework.py PROGRAM: the original classroom program's results come out again (V5, V6).

The original's report: 9 peers and the tracker, 64 MB in 256 blocks, all done after 21 minutes, most
blocks from the tracker. The shares at 40 blocks are those of five runs of the original each.
"""
from fractions import Fraction

from minibit import SECOND, Failed, each, main, mean, nanoseconds, run, scenario

SEEDS = range(1, 6)
ROUND = 5 * SECOND


def coursework(peers, blocks, **protocol):
    link = {"up": "100Mbit", "down": "100Mbit"}
    return scenario(
        file={"blocks": blocks},
        protocol={"preset": "coursework", **protocol},
        tracker=link,
        **{"peers p": {"count": peers, **link}},
    )


def require_rounds(result, peers, blocks):
    """Every peer gains 4 blocks on arrival, then one in each of blocks - 4 rounds, none twice."""
    rounds = blocks - 4
    wanted = [rounds * ROUND] * peers
    result.require(result.completions() == wanted, f"{result.completions()}, not {wanted}")
    gained = {}
    for row in result.rows("provenance"):
        gained.setdefault(row["peer"], []).append(row)
    result.require(len(gained) == peers, f"{len(gained)} peers gained blocks")
    for peer, rows in gained.items():
        result.require(len({row["block"] for row in rows}) == blocks == len(rows),
                       f"{peer} gained {len(rows)} blocks, some twice or some never")
        begun = [nanoseconds(row["started_s"]) // ROUND for row in rows if row["via"] != "initial"]
        result.require(begun == list(range(rounds)), f"{peer}'s rounds: {begun}")
    waste = sum(int(row["wasted_bytes"]) for row in result.rows("completion"))
    result.require(waste == 0, f"{waste} bytes wasted")


def share(result):
    """The tracker's share of the blocks transferred, counted anew and as the summary says it."""
    rows = [row for row in result.rows("provenance") if row["via"] != "initial"]
    counted = Fraction(sum(row["from_role"] == "tracker" for row in rows), len(rows))
    told = result.summary()["tracker_share"]
    result.require(abs(counted - told) < Fraction(1, 10**6), f"{counted} counted, {told} told")
    return counted


def original():
    shares = []
    for result in each(lambda seed: run(coursework(9, 256), seed), SEEDS):
        require_rounds(result, 9, 256)
        shares.append(share(result))
        result.require(Fraction(96, 100) <= shares[-1] <= Fraction(99, 100),
                       f"the tracker's share is {float(shares[-1]):.3f}, not 0.96 to 0.99")
    return f"252 rounds, 21:00, the tracker's share {float(mean(shares)):.3f}"


def small(peers, wanted):
    def case():
        results = each(lambda seed: run(coursework(peers, 40), seed), SEEDS)
        for result in results:
            require_rounds(result, peers, 40)
        found = mean([share(result) for result in results])
        if abs(found - wanted) > Fraction(6, 100):
            raise Failed(f"share {float(found):.3f}, not {float(wanted):.2f}", results[0].command)
        return f"36 rounds, the tracker's share {float(found):.3f} of {float(wanted):.2f}"
    return case


def truthful():
    """True books let peers trade, though in step they want the same blocks; jitter helps again."""
    shares = {}
    for name, protocol in (("redealt books", {}), ("true books", {"books": "reported"}),
                           ("and jitter", {"books": "reported", "round_jitter": "1s"})):
        found = each(lambda seed, p=protocol: share(run(coursework(9, 256, **p), seed)), SEEDS)
        shares[name] = mean(found)
    falls = [a - b for a, b in zip(list(shares.values()), list(shares.values())[1:])]
    if min(falls) < Fraction(1, 10):
        raise Failed(f"shares: {[(n, float(s)) for n, s in shares.items()]}")
    return ", ".join(f"{name} {float(found):.3f}" for name, found in shares.items())


main([
    ("V5 9 peers, 256 blocks", original),
    ("V6 40 blocks, 3 peers", small(3, Fraction(89, 100))),
    ("V6 40 blocks, 6 peers", small(6, Fraction(82, 100))),
    ("V6 40 blocks, 9 peers", small(9, Fraction(85, 100))),
    ("V5 what the slip in the books cost", truthful),
])
