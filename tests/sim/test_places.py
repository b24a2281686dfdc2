#!/usr/bin/env python3
"""test_places.py PROGRAM: latencies that were measured between places, and rates of places.

Held against sums of latencies that give the same ways, against single messages and blocks of
events.csv, and against the auditor, which knows of a run what its folder says.
"""
import minibit
from minibit import SECOND, audited, run, scenario, seconds

FILE = {"blocks": 12}


def sums_of_latencies():
    """A table of the sums of both ends' latencies is the swarm with those latencies, to the nanosecond."""
    own = [3, 11, 40, 7, 120]  # ms: the tracker's and those of four peers, each a group
    line = {"up": "4Mbit", "down": "16Mbit"}
    table = "\n".join(",".join(str(a + b) for b in own) for a in own) + "\n"
    for preset in ("minibit", "bittorrent", "coursework"):
        plain = {"file": FILE, "protocol": {"preset": preset}, "tracker": line | {"latency": "3ms"}}
        placed = {"file": FILE, "protocol": {"preset": preset}, "tracker": line | {"place": 1},
                  "latency": {"matrix": "ways.csv", "measured": "one-way"}}
        for number, latency in enumerate(own[1:], 1):
            plain[f"peers p{number}"] = line | {"latency": f"{latency}ms"}
            placed[f"peers p{number}"] = line | {"place": number + 1, "latency": "1s"}
        a = run(scenario(**plain))
        b = audited(run(scenario(**placed), files=[("ways.csv", table)]))
        b.require(a.summary()["trace_digest"] == b.summary()["trace_digest"], f"{preset}: other events")


def single_messages():
    """Requests, last bytes, announces: each takes the table's way, which is another one back."""
    ways = {("a", "a"): 1, ("a", "b"): 30, ("a", "c"): 70, ("b", "a"): 90, ("b", "b"): 2, ("b", "c"): 20,
            ("c", "a"): 10, ("c", "b"): 50, ("c", "c"): 4}  # ms
    table = "place,a,b,c\n" + "".join(f"{f},{','.join(str(ways[f, t]) for t in 'abc')}\n" for f in "abc")
    line = {"up": "8Mbit", "down": "8Mbit"}
    result = audited(run(scenario(
        file=FILE, latency={"matrix": "ways.csv", "measured": "one-way"}, tracker=line | {"place": "a"},
        **{"peers x": line | {"count": 3, "place": "b"}, "peers y": line | {"count": 3, "place": "c"},
           "peers z": line | {"count": 1, "place": "a"}}), options=["--events=csv"], files=[("ways.csv", table)]))
    at = {row["node"]: row["place"] for row in result.rows("nodes")}
    result.require(at["tracker"] == "a" and at["x-3"] == "b" and at["y-1"] == "c", f"places {at}")
    sent, announced, blocks, answers = {}, {}, 0, 0
    for row in result.rows("events"):
        time, node, other = minibit.nanoseconds(row["time_s"]), row["node"], row["other"]
        if row["event"] == "sent":
            sent[node, other, row["block"]] = time
        elif row["event"] == "deliver":
            way = ways[at[other], at[node]] * SECOND // 1000
            result.require(time - sent[other, node, row["block"]] == way, f"block to {node} from {other}")
            blocks += 1
        elif row["event"] == "announce" and row["detail"] == "register":
            announced[node] = time
        elif row["event"] == "register":
            way = ways[at[node], "a"] * SECOND // 1000
            result.require(time - announced[node] == way, f"announce of {node}")
        elif row["event"] == "hear" and row["detail"].startswith("answer") and node in announced:
            way = (ways[at[node], "a"] + ways["a", at[node]]) * SECOND // 1000
            result.require(time - announced.pop(node) == way, f"answer to {node}")
            answers += 1
    result.require(blocks == 7 * 12 and answers == 7, f"{blocks} blocks, {answers} answers")


def rates():
    """A place's rates win over the group's: a block takes what the slower end takes, and the bound knows it."""
    table = "place,up,down,a,b\na,4Mbit,8Mbit,0,20\nb,8Mbit,2Mbit,20,0\n"
    group = {"up": "1Mbit", "down": "1Mbit", "place": "b"}
    result = audited(run(scenario(file={"blocks": 4}, latency={"matrix": "ways.csv"},
                                  tracker={"up": "1Mbit", "place": "a"}, **{"peers x": group}),
                         files=[("ways.csv", table)]))
    bound = 4 * minibit.BLOCK_BITS * SECOND // 2_000_000
    result.require(minibit.nanoseconds(result.text("summary.json").split('"lower_bound_s": ')[1].split(",")[0])
                   == bound, "lower bound")
    result.require(bound <= result.last() < bound + SECOND, f"complete after {result.last()} ns")


def lines_of_a_trace():
    """A trace with a line in each row is the swarm of groups with these lines, to the nanosecond."""
    lines = [(1, "4Mbit", "9Mbit", "10ms"), (2, "1Mbit", "20Mbit", "30ms"), (3, "7Mbit", "8Mbit", "2ms"),
             (9, "300kbit", "5Mbit", "90ms")]
    for preset in ("minibit", "bittorrent"):
        common = {"file": FILE, "protocol": {"preset": preset}, "tracker": {"up": "4Mbit", "latency": "5ms"}}
        trace = "down,arrived_s,up,latency\n" + "".join(f"{d},{t},{u},{l}\n" for t, u, d, l in lines)
        a = run(scenario(**common, **{f"peers p{t}": {"up": u, "down": d, "latency": l, "arrival": f"at {t}s"}
                                      for t, u, d, l in lines}))
        b = audited(run(scenario(**common, **{"peers p": {
            "up": "1bit", "down": "1bit", "latency": "9s", "arrival": "trace t.csv"}}), files=[("t.csv", trace)]))
        b.require(a.summary()["trace_digest"] == b.summary()["trace_digest"], f"{preset}: other events")
        b.require([row["latency_s"] for row in b.rows("nodes")][1:] ==
                  ["0.010000000", "0.030000000", "0.002000000", "0.090000000"], "nodes.csv")


def own_streams():
    """Where the peers of a group are does not depend on another group's size."""
    table = "\n".join(" ".join(str(0 if i == j else 10) for j in range(40)) for i in range(40))
    def places(count):
        line = {"up": "8Mbit", "down": "8Mbit", "place": "at random"}
        text = scenario(file={"blocks": 1}, latency={"matrix": "ways.txt"}, tracker=line,
                        **{"peers x": line | {"count": count}, "peers y": line | {"count": 20}})
        return {row["node"]: row["place"] for row in run(text, files=[("ways.txt", table)]).rows("nodes")}
    few, many = places(3), places(9)
    assert all(many[name] == place for name, place in few.items()), (few, many)
    assert len(set(many.values())) > 10


def again():
    """config.ini with its table gives the run again; without places there is no file of them."""
    table = "0 8 80\n8 0 -1\n80 90 0\n"
    line = {"up": "8Mbit", "down": "8Mbit"}
    text = scenario(file=FILE, latency={"matrix": "ways.txt", "missing": -1, "unit": "us"}, tracker=line,
                    **{"peers x": line | {"count": 5, "place": "in order"}})
    first = run(text, files=[("ways.txt", table)])
    second = run(first.text("config.ini"), files=[("ways.txt", table)])
    for name in ("summary.json", "provenance.csv", "nodes.csv", "paths.csv", "config.ini"):
        first.require(first.text(name) == second.text(name), name)
    result = run(scenario(file=FILE, tracker=line, **{"peers x": line | {"latency": seconds(5)}}))
    result.require(not (result.folder / "nodes.csv").exists(), "nodes.csv without places")


def refused():
    """One line, exit 2, nothing written."""
    tracker, peers = {"up": "8Mbit", "place": "b"}, {"up": "8Mbit", "down": "8Mbit", "place": "berln"}
    for groups, word in (
            ({"latency": {"matrix": "ways.csv"}, "tracker": tracker, "peers x": peers}, 'did you mean "berlin"?'),
            ({"tracker": tracker, "peers x": peers}, "there is no [latency]"),
            ({"latency": {"matrix": "ways.csv"}, "tracker": {"up": "8Mbit"},
              "peers x": {"up": "8Mbit", "down": "8Mbit"}}, "nobody has a place"),
            ({"latency": {"matrix": "no.csv"}, "tracker": tracker, "peers x": peers}, "no.csv"),
            ({"latency": {"measured": "one-way"}, "tracker": tracker, "peers x": peers}, "matrix is missing")):
        try:
            run(scenario(file=FILE, **groups), files=[("ways.csv", "place,berlin,b\nberlin,0,1\nb,1,0\n")])
        except minibit.Failed as failure:
            reason = str(failure)
            assert reason.startswith("exit 2") and word in reason and "\n" not in reason, reason
        else:
            raise minibit.Failed(f"not refused: {word}")


minibit.main([(case.__doc__.split(":")[0].split(",")[0], case) for case in
              (sums_of_latencies, single_messages, rates, lines_of_a_trace, own_streams, again, refused)])
