#!/usr/bin/env python3
"""test_snub.py PROGRAM: givers of a byte a second hold nobody up, and honest slow ones lose nothing.

The bound is arithmetic: what the slow ones hold up is found a snub_after and a tick (a quarter of
it) after it was asked for, and is at most everything that is missing, which the seeder could send.
"""
from minibit import BLOCK_BITS, SECOND, each, main, run, scenario

BLOCKS = 64
SEEDER = 20 * 10**6  # bit/s
FILE_NS = BLOCKS * BLOCK_BITS * SECOND // SEEDER
SNUB_NS = 60 * SECOND
TICK_NS = SNUB_NS // 4


def swarm(slow, fast=1, protocol=None, **slow_keys):
    return scenario(
        scenario={"until": "20min", "sample": "10s"},
        file={"blocks": BLOCKS},
        protocol=protocol or {},
        tracker={"up": f"{SEEDER}bit", "latency": "5ms"},
        **{"peers slow": {"count": slow, "up": "80bit", "down": "10Mbit", "have": "all",
                          "latency": "5ms",
                          **slow_keys},
           "peers fast": {"count": fast, "up": "10Mbit", "down": "unlimited",
                           "latency": "5ms"}},
    )


def held_up(slow, fast, **protocol):
    """Everyone completes, within what the slow ones can cost."""
    def one(seed):
        result = run(swarm(slow, fast, protocol), seed)
        times = result.downloads("fast")
        result.require(None not in times, f"{times.count(None)} of {fast} never completed")
        limit = SNUB_NS + TICK_NS + 2 * fast * FILE_NS + SECOND
        result.require(max(times) <= limit, f"{max(times) / SECOND} s, over {limit / SECOND} s")
        return max(times)

    return lambda: f"at most {max(each(one, range(1, 6))) / SECOND:.1f} s"


def for_ever():
    """What it is there for: without it the fast peer waits as long as the run lasts."""
    result = run(swarm(6, protocol={"snub_after": "0s"}))
    result.require(result.downloads("fast") == [None], "it completed")


def alike():
    """Where everybody is slow, a block in minutes, nobody is snubbed: no byte comes twice."""
    peers = {"count": 8, "up": "100kbit", "down": "unlimited", "latency": "5ms"}
    result = run(scenario(
        scenario={"until": "20h", "sample": "1min"},
        file={"blocks": BLOCKS},
        protocol={"seeder_slots": 4},
        tracker={"up": "100kbit", "latency": "5ms"},
        **{"peers p": peers},
    ))
    result.completions()
    wasted = result.summary()["wasted_bytes"]
    result.require(wasted == 0, f"{wasted} bytes came twice")


def honest_beside_fast():
    """A slow giver whose blocks take ten seconds beside a fast seeder is not slow enough."""
    result = run(swarm(6, 2, up="1Mbit"))
    result.require(result.summary()["wasted_bytes"] == 0, "bytes came twice")


main([
    ("one slow giver", held_up(1, 1)),
    ("several slow givers", held_up(6, 4)),
    ("as many as can be known", held_up(79, 1)),
    ("bittorrent", held_up(6, 4, preset="bittorrent")),
    ("bittorrent without endgame", held_up(6, 4, preset="bittorrent", endgame=False)),
    ("a seeder without slots", held_up(6, 2, seeder_slots=0)),
    ("a longer pipeline", held_up(6, 2, pipeline=7)),
    ("have messages, random blocks", held_up(6, 2, knowledge="have", selection="random")),
    ("choke = none", held_up(6, 2, choke="none")),
    ("never snubbed", for_ever),
    ("all alike", alike),
    ("honest beside a fast seeder", honest_beside_fast),
])
