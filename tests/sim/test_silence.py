#!/usr/bin/env python3
"""test_silence.py PROGRAM: a request is given up for silence alone, never while its answer comes.

A giver that is alone, and slow, and far away: its block takes as long as it takes, and comes once. The
times are arithmetic: the hello and its answer, the request, the block at the uplink's rate, and the way.
"""
from minibit import BLOCK_BITS, SECOND, Failed, main, run, scenario

TIMEOUT = 60
# Latencies of an end: announce, list, hello, unchoke, request, two ends each.
HANDSHAKE = 10


def pair(rate, latency, **file):
    """One block from a tracker of `rate` bit/s to one peer, each end `latency` ns from the core."""
    return run(scenario(
        scenario={"until": "24h"},
        file=file or {"blocks": 1},
        tracker={"up": f"{rate}bit", "latency": f"{latency}ns"},
        **{"peers a": {"count": 1, "up": "1Mbit", "down": "1Gbit", "latency": f"{latency}ns"}},
    ), options=["--events=csv"])


def ceil(a, b):
    return -(-a // b)


def once(result, what):
    downloads = result.completions()
    summary = result.summary()
    result.require(summary["wasted_bytes"] == 0, f"{what}: {summary['wasted_bytes']} bytes came in vain")
    byes = sum(row["event"] == "bye" for row in result.rows("events"))
    result.require(byes == 0, f"{what}: it said bye to the one that served it")
    return downloads[0]


def rates_and_latencies():
    """Around each tick and time-out: the last byte leaves just before, the block lands just after."""
    tried = 0
    for ticks in (4, 5, 6, 7, 8, 12, 16):
        for early in (1, 50, 150, 400):  # ms before the tick
            for latency in (1, 20, 100, 250, 1000):  # ms
                left = ticks * TIMEOUT * 250 - early - HANDSHAKE * latency
                if left <= 0:
                    continue
                rate = BLOCK_BITS * 1000 // left
                result = pair(rate, latency * 10**6)
                taken = once(result, f"{rate} bit/s, {latency} ms")
                least = ceil(BLOCK_BITS * SECOND, rate) + 2 * latency * 10**6
                result.require(least <= taken <= least + SECOND + HANDSHAKE * latency * 10**6,
                               f"{rate} bit/s, {latency} ms: {taken} ns instead of {least} and a bit")
                tried += 1
    return f"{tried} pairs"


def long_way():
    """Request and block are under way for longer than a time-out."""
    for seconds in (8, 16, 20, 24, 29):
        once(pair(20 * 10**6, seconds * SECOND), f"{seconds} s")


def envelope():
    """A byte of the file, a hundred of its envelope, at a bit a second."""
    scenarios = []
    for rate in (1, 2, 5, 10):
        result = run(scenario(
            scenario={"until": "24h"},
            file={"blocks": 1, "block_size": "1B"},
            protocol={"encoding": "base64"},
            tracker={"up": f"{rate}bit"},
            **{"peers a": {"count": 1, "up": "1Mbit", "down": "8Mbit"}},
        ), options=["--events=csv"])
        scenarios.append(once(result, f"{rate} bit/s"))
    if sorted(scenarios, reverse=True) != scenarios:
        raise Failed(f"slower is not longer: {scenarios}")


def slow_swarm():
    """Fifty slow peers, blocks of minutes: where nothing is asked for twice, nothing comes in vain."""
    for seed in range(1, 4):
        result = run(scenario(
            scenario={"until": "100h", "sample": "10min"},
            file={"blocks": 20},
            protocol={"endgame": False, "snub_after": "0s"},
            tracker={"up": "100kbit", "latency": "40ms"},
            **{f"peers {ms}": {"count": 10, "up": "64kbit", "down": "unlimited", "latency": f"{ms}ms"}
               for ms in (5, 20, 50, 100, 200)},
        ), seed)
        result.completions()
        wasted = result.summary()["wasted_bytes"]
        result.require(wasted == 0, f"{wasted} bytes came in vain")


main([
    ("slow and far, one block", rates_and_latencies),
    ("a long way", long_way),
    ("an envelope is no silence", envelope),
    ("a slow swarm", slow_swarm),
])
