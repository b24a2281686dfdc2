#!/usr/bin/env python3
"""test_random.py PROGRAM [FIRST COUNT]: legal scenarios of every kind, drawn from a seed each.

The checker looks at every event of each (it ends the program where an invariant does not hold), and
of what a run leaves every byte must be accounted for.
FIRST and COUNT name other seeds than the test's: `test_random.py build/minibit-sim 1 2000`.
"""
import random
import sys
from collections import Counter

from minibit import Failed, each, main, run, scenario, strategies

RUNS = 250
CHUNK = 25

SHARED = {
    "initial_blocks": (0, 1, 4, 9), "deal": ("fetched", "given"), "books": ("reported", "redealt"),
    "peers_per_announce": (0, 1, 2, 5, 50), "encoding": ("raw", "base64"),
}
OWN = {
    "announce_interval": ("100ms", "1s", "5s", "15s"), "announce_when_short": ("yes", "no"),
    "max_known": (0, 1, 2, 5), "exchange": ("continuous", "rounds"),
    "exchange_interval": ("100ms", "700ms", "5s"), "round_jitter": ("0s", "300ms"),
    "pipeline": (0, 1, 4, 15), "ask": ("unchokers", "mutual"),
    "knowledge": ("tracker", "piggyback", "have"),
    "selection": strategies("selection"),
    "choke": strategies("choke"), "score": ("rarity", "count"),
    "regular_slots": (0, 1, 2, 4), "unchoke_interval": ("200ms", "1s", "10s"),
    "seeder_slots": (0, 1, 2, 20), "upload_slots": (1, 2, 4), "endgame": ("yes", "no"),
    "super_seed": ("yes", "no"), "cut_on_choke": ("yes", "no"), "free_rider": ("yes", "no"),
    "request_timeout": ("1ms", "200ms", "1s", "5s", "1min"), "random_first": (0, 2),
    "snub_after": ("0s", "100ms", "1s", "1min"),
    "rarest_ties": ("random", "first"), "choke_ties": ("random", "learned"),
    "optimistic_interval": ("1s", "30s"), "rate_window": ("1s", "20s"),
}
ARRIVALS = ("at 0s", "at 3s", "within 5s", "every 1s", "poisson 0.5/s")
LEAVES = ("never", "never", "when-complete", "at-once", "after 2s", "exponential 5s")
LEAVES_FROM_START = ("at 1ms", "at 200ms", "at 1s", "at 4s")
LATENCIES = ("0ms", "0ms", "1ms", "10ms", "300ms", "2s")


def some(rng, keys, share):
    return {key: rng.choice(values) for key, values in keys.items() if rng.random() < share}


def legal(keys, base):
    """Without what the program refuses, or what would go on for ever at no cost."""
    whole = {**base, **keys}
    if whole.get("ask", "mutual" if whole.get("preset") == "coursework" else "") == "mutual":
        if whole.get("choke") in ("none", "barter"):
            keys["choke"] = "rarity-tft"
    return keys


def draw_group(rng, blocks, protocol):
    have = ["none"] * 4 + ["all", "25%", "50%"] + ["all-but-block 0"] * bool(blocks)
    group = {"count": rng.randrange(1, 8), "up": f"{rng.randrange(20, 4000)}kbit",
             "down": rng.choice(("unlimited", f"{rng.randrange(100, 9000)}kbit")),
             "latency": rng.choice(LATENCIES), "arrival": rng.choice(ARRIVALS),
             "leave": rng.choice(LEAVES), "have": rng.choice(have)}
    if rng.random() < 0.2:
        group["unreachable"] = "yes"
    if rng.random() < 0.2:
        group |= {"arrival": "at 0s", "leave": rng.choice(LEAVES_FROM_START)}
    return {**group, **legal(some(rng, OWN, 0.06), protocol)}


def draw(seed):
    rng = random.Random(f"random swarm {seed}")
    blocks = rng.choice((0, 1, 2, 3, 8, 20, 40))
    file = {"size": f"{blocks * 16384 - (blocks and rng.randrange(16384))}B",
            "block_size": rng.choice(("16KiB", "16KiB", "10000B"))}
    protocol = {"preset": rng.choice(("minibit", "coursework", "bittorrent"))}
    protocol |= legal(some(rng, SHARED, 0.2) | some(rng, OWN, 0.15), protocol)
    groups = {f"peers g{i}": draw_group(rng, blocks, protocol) for i in range(rng.randrange(1, 4))}
    tracker = {"up": f"{rng.randrange(50, 3000)}kbit", "latency": rng.choice(LATENCIES)}
    if rng.random() < 0.2:
        tracker["leave"] = rng.choice(("at 1s", "at 6s"))
    return scenario(scenario={"until": rng.choice(("8s", "15s", "40s")), "sample": "1s"}, file=file,
                    protocol=protocol, tracker=tracker, **groups)


# ---- what must add up ---------------------------------------------------------------------------


def check_bytes(result):
    """What came down is what led to blocks, what led to none, and nothing else."""
    gained, kept, wasted = Counter(), Counter(), Counter()
    for row in result.rows("provenance"):
        gained[row["peer"]] += int(row["bytes"])
    for row in result.rows("events"):
        if row["event"] in ("waste", "lost", "bad"):
            wasted[row["node"]] += int(row["detail"])
    for row in result.rows("completion"):
        who = row["peer"]
        result.require(int(row["wasted_bytes"]) == wasted[who],
                       f"wasted_bytes of {who} is {row['wasted_bytes']}, its rows say {wasted[who]}")
        kept[who] = int(row["downloaded_bytes"]) - gained[who] - wasted[who]
    cut = "cut_on_choke = yes" in result.text("config.ini")
    for who, bytes_ in kept.items():
        result.require(bytes_ == 0 or cut and bytes_ > 0,
                       f"{who}: {bytes_} bytes neither led to a block nor to none")


def check_knowledge(result):
    """Who knows whom can be told from the events, and each that is forgotten was known."""
    lists, held = set(), Counter()
    for row in result.rows("events"):
        event, node, pair = row["event"], row["node"], (row["node"], row["other"])
        if event == "hello":
            lists.add(pair)
        elif event in ("bye", "gone"):
            itself = node == row["other"]  # whom the original's books list, without a greeting
            result.require(pair in lists or itself, f"{event} of {pair}, who do not know each other")
            lists.discard(pair)
        elif event == "hear" and row["detail"].split()[0] in ("bye", "full"):
            lists.discard(pair)
        elif event == "leave":
            lists = {(a, b) for a, b in lists if a != node}
        elif event in ("hold", "deliver"):
            held[node] += 1
        elif event == "have":
            result.require(int(row["detail"]) == held[node] or node == "tracker",
                           f"{node} tells of {row['detail']} blocks and holds {held[node]}")


def one(seed):
    try:
        result = run(draw(seed), seed, options=["--events=csv"])
        check_bytes(result)
        check_knowledge(result)
    except Failed as failed:
        raise Failed(f"seed {seed}: {failed}", failed.command) from None


def nobody_reachable():
    """Nobody can greet anybody: requests that count on a greeting do not come to anything."""
    text = scenario(scenario={"until": "1h"}, file={"blocks": 8}, protocol={"preset": "coursework"},
                    tracker={"up": "3Mbit", "latency": "10ms"},
                    **{"peers nat": {"count": 3, "up": "3Mbit", "down": "10Mbit",
                                     "unreachable": True}})
    for seed in range(1, 26):
        result = run(text, seed)
        result.completions()
        result.require({row["from"] for row in result.rows("provenance")} <= {"", "tracker"},
                       "a block came from a peer that nobody can reach")
    return "25 seeds"


def impatient():
    """Requests are given up before their answers can come: blocks are sent a second time."""
    group = {"up": "1Mbit", "down": "1Mbit"}
    text = scenario(scenario={"until": "1h"}, file={"blocks": 2, "block_size": "16KiB"},
                    protocol={"request_timeout": "1s"}, tracker={"up": "1Mbit"},
                    **{"peers far": {"count": 2, "latency": "2s", **group},
                       "peers near": {"count": 3, "latency": "1ms", **group}})
    for seed in range(1, 26):
        run(text, seed).completions()
    return "25 seeds"


def vanished_givers():
    """What givers that are gone at once were sending is wasted, and what is sent anew counts once."""
    text = scenario(scenario={"until": "3h"}, file={"size": "40MB", "block_size": "1MB"},
                    tracker={"up": "3Mbit"},
                    **{"peers fast": {"count": 4, "up": "1Mbit", "down": "20Mbit",
                                      "arrival": "every 7s", "leave": "at-once"},
                       "peers slow": {"count": 8, "up": "700kbit", "down": "4Mbit"}})
    result = run(text, options=["--events=csv"])
    check_bytes(result)
    wasted = result.summary()["wasted_bytes"]
    whole = sum(int(row["downloaded_bytes"]) for row in result.rows("completion"))
    result.require(whole - wasted == 12 * 40_000_000 and wasted > 0, f"{whole} came, {wasted} wasted")
    return f"{wasted} bytes of {whole}"


def unfinished():
    """At the end of a run some blocks are under way, and some have left and not arrived."""
    text = scenario(scenario={"until": "1500ms"}, file={"blocks": 8, "block_size": "100kB"},
                    protocol={"initial_blocks": 0, "pipeline": 0},
                    tracker={"up": "1Mbit", "latency": "100ms"},
                    **{"peers a": {"up": "1Mbit", "down": "8Mbit", "latency": "100ms"}})
    # asked for after 800 ms (announce, answer, greeting, unchoke), sent from 1000 ms to 1800 ms
    row = run(text, options=["--events=csv"]).rows("completion")[0]
    if (row["downloaded_bytes"], row["wasted_bytes"]) != ("62500", "62500"):
        raise Failed(f"half a second of 1 Mbit/s: {row['downloaded_bytes']}, {row['wasted_bytes']}")
    row = run(text.replace("1500ms", "1900ms"), options=["--events=csv"]).rows("completion")[0]
    if (row["downloaded_bytes"], row["wasted_bytes"]) != ("100000", "100000"):
        raise Failed(f"a block on its way: {row['downloaded_bytes']}, {row['wasted_bytes']}")


def each_block_told():
    """knowledge = have: each block gained is told to all, by its number."""
    text = scenario(scenario={"until": "1h"}, file={"blocks": 6, "block_size": "16KiB"},
                    protocol={"preset": "bittorrent"}, tracker={"up": "1Mbit"},
                    **{"peers a": {"count": 4, "up": "1Mbit", "down": "8Mbit", "latency": "5ms"}})
    result = run(text, options=["--events=csv"])
    rows = result.rows("events")
    gained = [(row["node"], row["block"]) for row in rows if row["event"] == "deliver"]
    told = [(row["node"], row["block"]) for row in rows if row["event"] == "have"]
    result.require(len(gained) == 24 and told == gained, f"gained {gained}, told {told}")
    heard = Counter((row["other"], row["block"]) for row in rows
                    if row["event"] == "hear" and row["detail"].startswith("have "))
    result.require(all(heard[gain] >= 3 for gain in gained[:-8]), f"heard {heard}")


def goes_in_good_order():
    """Who leaves says so, serves its last block, takes its leave of each by name, and is gone."""
    group = {"up": "1Mbit", "down": "8Mbit", "latency": "10ms"}
    text = scenario(scenario={"until": "1h"}, file={"blocks": 8},
                    protocol={"initial_blocks": 0}, tracker={"up": "2Mbit"},
                    **{"peers a": {"count": 3, "leave": "at 3s", **group}, "peers b": group})
    result = run(text, options=["--events=csv"])
    rows = result.rows("events")
    for who in ("a-1", "a-2", "a-3"):
        mine = [row for row in rows if row["node"] == who]
        begins = next(row for row in mine if row["event"] == "leaving")
        result.require(begins["time_s"] == "3.000000000", f"{who} begins at {begins['time_s']}")
        others = [row["other"] for row in mine if row["event"] == "bye"]
        result.require("tracker" in others and "" not in others, f"{who} takes leave of {others}")
        result.require(mine[-3]["event"] == "leave", f"{who}: {mine[-3]['event']}")
    heard = [row["other"] for row in rows if row["event"] == "hear" and row["node"] == "b-1"
             and row["detail"].startswith("bye")]
    result.require(sorted(heard) == ["a-1", "a-2", "a-3"], f"b-1 hears {heard}")


def chunk(first, count):
    def case():
        each(one, range(first, first + count))
        return f"{count} scenarios"
    return case


def cases():
    first, count = [int(text) for text in sys.argv[2:4]] or [1, RUNS]
    return [("nobody can be reached", nobody_reachable), ("impatient peers", impatient),
            ("givers that vanish", vanished_givers), ("a run that ends in between", unfinished), ("each block told", each_block_told),
            ("leaving in good order", goes_in_good_order)] + [
        (f"scenarios of the seeds from {start} on", chunk(start, min(CHUNK, first + count - start)))
        for start in range(first, first + count, CHUNK)]


if __name__ == "__main__":
    main(cases())
