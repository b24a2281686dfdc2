#!/usr/bin/env python3
"""test_availability.py PROGRAM: how long some block had no copy, and the missing piece.

Held against a case done by hand, against copies counted from events.csv, and against the drift of Hajek
and Zhu, "The missing piece syndrome in peer-to-peer communication" (2010).
"""
import random
from fractions import Fraction

import minibit
from minibit import audited, run, scenario

FIGURES = ("unavailable_s", "first_lost_s", "lost_blocks", "single_blocks")


def by_hand():
    """Nobody has block 1 from 10 s, when the seeder goes, to 25 s, when one comes that has it, and from 40 s on."""
    line = {"up": "1bit", "down": "1bit"}  # nothing moves
    groups = {
        "scenario": {"until": "1min"}, "file": {"blocks": 2}, "protocol": {"initial_blocks": 0},
        "tracker": {"up": "1bit", "leave": "at 10s", "seeder_slots": 1},
        "peers waits": line | {"have": "all-but-block 1", "arrival": "at 15s", "leave": "at 59s"},
        "peers brings": line | {"have": "all", "arrival": "at 25s", "leave": "at 40s"}}
    result = audited(run(scenario(**groups)))
    found = {key: result.summary()[key] for key in (*FIGURES, "tracker_left_s", "peers_incomplete")}
    # The run ends at 59 s, when the last goes.
    wanted = {"unavailable_s": 15 + 19, "first_lost_s": 10, "lost_blocks": 2, "single_blocks": 0,
              "tracker_left_s": 10, "peers_incomplete": 0}
    result.require(found == wanted, f"{found}, not {wanted}")


def counted(result):
    """The figures again, instant by instant, from who gained what, and who went."""
    blocks = int(result.summary()["blocks"])
    holds, at, now = {"tracker": set(range(blocks))}, {}, None
    for row in result.rows("events"):
        if row["event"] in ("hold", "deliver", "leave"):
            at.setdefault(Fraction(row["time_s"]), []).append(row)
    end, spans, since = result.summary()["end_s"], [], None
    for now in sorted(at):
        for row in at[now]:
            if row["event"] == "leave":
                holds.pop(row["node"], None)
            else:
                holds.setdefault(row["node"], set()).add(int(row["block"]))
        lacks = set().union(*holds.values()) != set(range(blocks))
        if lacks and since is None:
            since = now
        elif not lacks and since is not None:
            spans.append((since, now))
            since = None
    if since is not None:
        spans.append((since, end))
    copies = [sum(block in held for held in holds.values()) for block in range(blocks)]
    wanted = {"unavailable_s": sum(b - a for a, b in spans), "first_lost_s": spans[0][0] if spans else None,
              "lost_blocks": copies.count(0), "single_blocks": copies.count(1)}
    found = {key: result.summary()[key] for key in FIGURES}
    result.require(found == wanted, f"{found}, counted {wanted}")
    return wanted


def drawn():
    """Swarms that lose blocks, and find them again with who comes later: counted anew from events.csv."""
    lost = found = 0
    for seed in range(1, 25):
        rng = random.Random(seed)
        line = {"up": "2Mbit", "down": "8Mbit", "latency": f"{rng.choice((0, 10, 200))}ms"}
        groups = {
            "scenario": {"until": "5min"}, "file": {"blocks": rng.choice((1, 7, 30))},
            "protocol": {"preset": rng.choice(("minibit", "bittorrent", "coursework"))},
            "tracker": {"up": "4Mbit", "leave": f"at {rng.randrange(5, 60)}s"},
            "peers a": line | {"arrival": "poisson 0.2/s", "count": 20,
                               "leave": rng.choice(("at-once", "when-complete", "after 5s"))},
            "peers b": line | {"arrival": f"at {rng.randrange(60, 200)}s", "count": rng.randrange(0, 3),
                               "have": rng.choice(("all", "50%")), "leave": rng.choice(("never", f"at {rng.randrange(210, 280)}s"))}}
        what = counted(audited(run(scenario(**groups), seed=seed, options=["--events=csv"])))
        lost += what["first_lost_s"] is not None
        found += what["first_lost_s"] is not None and what["lost_blocks"] == 0
    assert lost >= 5 and found >= 1, (lost, found)
    return f"{lost} lost blocks, {found} found them again"


def drift():
    """The club grows by lambda - U_s a second above U_s, and goes below it."""
    seconds, club, shown = 600, 300, []
    for newcomers in (Fraction(3, 2), Fraction(2), Fraction(3)):
        over = []
        for seed in (1, 2, 3):
            line = {"up": "4Mbit", "down": "16Mbit", "latency": "20ms", "leave": "at-once"}
            found = run(scenario(
                scenario={"until": f"{seconds}s"}, file={"blocks": 10}, protocol={"initial_blocks": 0},
                tracker={"up": "2Mibit"},  # a block of 256 KiB a second
                **{"peers club": line | {"count": club, "have": "all-but-block 0"},
                   "peers new": line | {"arrival": f"poisson {float(newcomers)}/s"}}), seed=seed).summary()
            came = found["peers"] - club
            # What the arrivals of this run bring, less a block a second: no noise of Poisson's is left.
            over.append(found["peers_incomplete"] - (club + came - seconds))
        # But for the twenty blocks that the seeder has under way at the end, it is exact.
        assert all(0 <= x <= 20 for x in over), (newcomers, over)
        shown.append(f"lambda {float(newcomers)}: {over}")
    return "; ".join(shown)


minibit.main([("a case by hand", by_hand), ("drawn swarms", drawn), ("the missing piece", drift)])
