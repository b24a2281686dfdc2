#!/usr/bin/env python3
"""test_streams.py PROGRAM: what is drawn for one peer, or group, is not drawn for all alike.

Each has a random stream of its own, by its number. With one for all a swarm would look as random as
ever from outside, and be no swarm: all would begin with the same blocks, stay for the same time, come
at the same instants. tests/unit/test_peer_streams.c is the same for what peers decide.
"""
import sys
from collections import defaultdict

from minibit import main, nanoseconds, run, scenario

PEERS = 12


def begun_with():
    """64 blocks, of which each begins with 8: no two of twelve with the same."""
    text = scenario(
        scenario={"until": "1h"}, file={"blocks": 64}, tracker={"up": "100Mbit"},
        **{"peers a": {"count": PEERS, "up": "9Mbit", "down": "20Mbit", "have": "8 blocks"}},
    )  # fmt: skip
    result = run(text)
    held = defaultdict(set)
    for row in result.rows("provenance"):
        if row["via"] == "initial":
            held[row["peer"]].add(int(row["block"]))
    result.require({len(blocks) for blocks in held.values()} == {8}, f"not 8 blocks each: {held}")
    different = len({frozenset(blocks) for blocks in held.values()})
    result.require(different == PEERS, f"{PEERS} peers begin with {different} different sets")
    taken = set().union(*held.values())
    result.require(len(taken) > 32, f"all begin with some of {len(taken)} blocks out of 64")


def stayed():
    """Twelve stay for a while, drawn with the same mean: no two for the same."""
    text = scenario(
        scenario={"until": "3h"}, file={"blocks": 4}, tracker={"up": "100Mbit"},
        **{"peers a": {"count": PEERS, "up": "9Mbit", "down": "20Mbit", "leave": "exponential 60s"},
           "peers last": {"up": "9Mbit", "down": "20Mbit", "arrival": "at 1h"}},
    )  # fmt: skip
    result = run(text)
    stays = [nanoseconds(row["left_s"]) - nanoseconds(row["completed_s"])
             for row in result.rows("completion") if row["group"] == "a"]  # fmt: skip
    result.require(len(set(stays)) == PEERS, f"{PEERS} peers stay for {len(set(stays))} times")


def came(arrival):
    """Two groups that come by the same law come at other times."""
    def case():
        group = {"count": PEERS, "up": "9Mbit", "down": "20Mbit", "arrival": arrival}
        text = scenario(
            scenario={"until": "1h"}, file={"blocks": 4}, tracker={"up": "100Mbit"},
            **{"peers a": group, "peers b": group},
        )  # fmt: skip
        result = run(text)
        times = [nanoseconds(row["arrived_s"]) for row in result.rows("completion")]
        result.require(len(set(times)) > 2 * PEERS - 2, f"{len(set(times))} times of {len(times)} peers")

    return case


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([
        ("blocks begun with", begun_with),
        ("time stayed", stayed),
        ("arrivals within a time", came("within 1min")),
        ("arrivals at random", came("poisson 20/min")),
    ])  # fmt: skip
