#!/usr/bin/env python3
"""test_zones.py PROGRAM: links that zones share, who is in which zone, and what is told of them.

Held against swarms without zones that must be the same to the nanosecond, against times worked out
by hand, and against the auditor, which shares the links out anew.
"""
import minibit
from minibit import SECOND, audited, run, scenario

FILE = {"blocks": 12}
LINE = {"up": "4Mbit", "down": "16Mbit"}


def digest(result):
    return result.summary()["trace_digest"]


def zones_that_change_nothing():
    """Zones without rates and latency are the swarm without them, and yet tell what crossed."""
    for preset in ("minibit", "bittorrent", "coursework"):
        groups = {"file": FILE, "protocol": {"preset": preset}}
        plain = run(scenario(**groups, tracker=LINE, **{"peers a": LINE | {"count": 9}}))
        zoned = audited(run(scenario(
            **groups, **{"zone rack": {"count": 3, "parent": "hall"}, "zone hall": {}}, tracker=LINE | {"zone": "hall"},
            **{"peers a": LINE | {"count": 9, "zone": "spread over rack"}})))
        zoned.require(digest(plain) == digest(zoned), f"{preset}: other events")
        told = zoned.summary()["zones"]
        zoned.require([told[name]["peers"] for name in ("hall", "rack-1", "rack-3")] == [9, 3, 3], "peers")
        zoned.require(told["hall"]["cross_share"] == 0 and told["hall"]["ingress_copies"] == 0, "hall's border")


def borders_are_latencies():
    """Each in a zone of its own whose border takes 7 ms is the swarm with latencies of 7 ms."""
    for preset in ("minibit", "bittorrent"):
        groups = {"file": FILE, "protocol": {"preset": preset}, "tracker": LINE | {"latency": "3ms"}}
        plain = run(scenario(**groups, **{"peers a": LINE | {"count": 6, "latency": "7ms"}}))
        zoned = audited(run(scenario(**groups, **{
            "zone home": {"count": 6, "latency": "7ms"}, "peers a": LINE | {"count": 6, "zone": "spread over home"}})))
        zoned.require(digest(plain) == digest(zoned), f"{preset}: other events")


def rates_of_one():
    """A zone of one node with its rates is a node with these rates."""
    groups = {"file": FILE, "tracker": {"up": "8Mbit"}}
    plain = run(scenario(**groups, **{"peers a": LINE | {"count": 6}}))
    zoned = audited(run(scenario(**groups, **{
        "zone home": {"count": 6} | LINE,
        "peers a": {"up": "unlimited", "down": "unlimited", "count": 6, "zone": "spread over home"}})))
    zoned.require(plain.last() == zoned.last(), f"{plain.last()} and {zoned.last()}")


def shared_out():
    """One block to each of four peers: three in a rack share its way in, and the fourth has what is left."""
    block = minibit.BLOCK_BITS
    result = audited(run(scenario(
        file={"blocks": 1}, protocol={"initial_blocks": 1, "seeder_slots": 0}, tracker={"up": "8Mbit"},
        **{"zone rack": {"down": "3Mbit"},
           "peers in": {"up": "1bit", "down": "unlimited", "count": 3, "zone": "rack", "free_rider": True},
           "peers out": {"up": "1bit", "down": "unlimited", "free_rider": True}}), options=["--events=csv"]))
    ends = sorted((row["peer"], minibit.nanoseconds(row["completed_s"])) for row in result.rows("completion"))
    wanted = [(f"in-{k}", block * SECOND // 10**6) for k in (1, 2, 3)] + [("out-1", block * SECOND // (5 * 10**6))]
    for (peer, end), (name, time) in zip(ends, wanted):
        result.require(peer == name and abs(end - time) <= 4 + time // 10**6, f"{peer}: {end}, not {time}")
    rack = result.summary()["zones"]["rack"]
    result.require(rack["in_bytes"] == 3 * block // 8 and rack["ingress_copies"] == 3, f"{rack}")
    result.require(abs(rack["down_utilization"] - 1) < 1e-5, f"{rack['down_utilization']}")


def tight_tree():
    """Racks in sites in a net, all of them full at times: the auditor shares out the same."""
    for preset in ("minibit", "bittorrent", "coursework"):
        result = audited(run(scenario(
            file=FILE, protocol={"preset": preset}, scenario={"until": "1h", "sample": "1s"},
            **{"zone rack": {"count": 5, "up": "1.5Mbit", "down": "3Mbit", "latency": "2ms", "parent": "spread over site"},
               "zone site": {"count": 2, "inside": "4Mbit", "latency": "9ms", "parent": "wan"},
               "zone wan": {"inside": "2Mbit"}},
            tracker=LINE | {"zone": "site-1"},
            **{"peers a": LINE | {"count": 10, "zone": "spread over rack"},
               "peers b": LINE | {"count": 4, "zone": "at random in rack", "leave": "when-complete"},
               "peers c": LINE | {"count": 2}}), options=["--events=csv"]))
        told = result.summary()["zones"]
        result.require(told["wan"]["inside_utilization"] > 0.5, f"{preset}: the net is not full: {told['wan']}")


def own_streams():
    """Where the peers of a group are does not depend on another group's size."""
    def places(count):
        text = scenario(file={"blocks": 1}, tracker=LINE, **{
            "zone rack": {"count": 40}, "peers x": LINE | {"count": count, "zone": "at random in rack"},
            "peers y": LINE | {"count": 20, "zone": "at random in rack"},
            "peers z": LINE | {"count": 40, "zone": "spread over rack"}})
        return {row["node"]: row["zone"] for row in run(text).rows("nodes")}
    few, many = places(3), places(9)
    assert all(many[name] == zone for name, zone in few.items()), (few, many)
    assert len({zone for name, zone in many.items() if name.startswith("y-")}) > 10
    assert all(few[f"z-{k}"] == f"rack-{k}" for k in range(1, 41)) and few["tracker"] == ""


def again():
    """config.ini gives the run again, its zones too; without zones no file tells of them."""
    text = scenario(file=FILE, tracker=LINE | {"zone": "hall"}, expect={"zones.hall.peers": 6, "cross_share": "0.5..1"},
                    **{"zone rack": {"count": 2, "up": "2Mbit", "parent": "hall"}, "zone hall": {"latency": "1ms"},
                       "peers x": LINE | {"count": 5, "zone": "at random in rack"}, "peers y": LINE | {"zone": "rack-2"}})
    first = run(text)
    second = run(first.text("config.ini"))
    for name in ("summary.json", "provenance.csv", "nodes.csv", "zones.csv", "config.ini"):
        first.require(first.text(name) == second.text(name), name)
    result = run(scenario(file=FILE, tracker=LINE, **{"peers x": LINE}))
    for name in ("nodes.csv", "zones.csv"):
        result.require(not (result.folder / name).exists(), f"{name} without zones")
    result.require("zones" not in result.summary() and result.summary()["cross_share"] is None, "zones of none")


def named():
    """Peers that their trace names are spread by their place in it, whatever number a name ends in."""
    trace = "arrived_s,leave_s,peer\n0.0,,anna\n0.0,9.0,bert\n1.0,,\n2.0,,otto-8\n10.0,,bert\n"
    result = audited(run(scenario(file={"blocks": 4}, tracker={"up": "8Mbit"}, **{
        "zone rack": {"count": 3}, "peers a": LINE | {"arrival": "trace t.csv", "zone": "spread over rack"}}),
        files=[("t.csv", trace)]))
    zones = {row["node"]: row["zone"] for row in result.rows("nodes") if row["node"] != "tracker"}
    wanted = {"anna": "rack-1", "bert": "rack-2", "a-3": "rack-3", "otto-8": "rack-1", "bert.2": "rack-2"}
    result.require(zones == wanted, f"{zones}")


def replayed():
    """A replay's nodes share too: two from a to b and c, in one zone whose way in is as fast as one of them."""
    node = {"up": "8Mbit", "down": "8Mbit", "latency": "5ms"}
    result = audited(run(scenario(
        scenario={"until": "1h"}, replay={"trace": "t.csv"},
        **{"zone rack": {"count": 2, "down": "8Mbit", "latency": "10ms"}, "node a": node | {"up": "80Mbit"},
           "node b": node | {"zone": "rack-2"}, "node c": node | {"zone": "rack-2"}, "node d": node | {"zone": "rack-1"}}),
        files=[("t.csv", "at_s,from,to,bytes\n0,a,b,1000000\n0,a,c,1000000\n0,a,d,1000000\n")]))
    ends = [row["completed_s"] for row in result.rows("transfers")]
    result.require(ends == ["2.020000000", "2.020000000", "1.020000000"], f"{ends}")


def refused():
    """One line, exit 2, nothing written."""
    node = {"up": "8Mbit", "down": "8Mbit"}
    trace = "at_s,from,to,bytes\n0,a,b,1\n"
    for groups, word in (
            ({"zone z": {"count": 2}, "node a": node | {"zone": "spread over z"}, "node b": node},
             "a node is in one zone: z-1 to z-2"),
            ({"zone z": {}, "node a": node, "node b": node}, "nobody is in z: no [node NAME] says so by its zone"),
            ({"node a": node | {"zone": "z"}, "node b": node}, "there is no [zone z]")):
        try:
            run(scenario(scenario={"until": "1h"}, replay={"trace": "t.csv"}, **groups), files=[("t.csv", trace)])
        except minibit.Failed as failure:
            reason = str(failure)
            assert reason.startswith("exit 2") and word in reason and "\n" not in reason, reason
        else:
            raise minibit.Failed(f"not refused: {word}")


minibit.main([(case.__doc__.split(":")[0].split(",")[0], case) for case in
              (zones_that_change_nothing, borders_are_latencies, rates_of_one, shared_out, tight_tree, own_streams,
               again, named, replayed, refused)])
