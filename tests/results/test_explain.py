#!/usr/bin/env python3
"""test_explain.py PROGRAM MINIBIT_SIM: swarms whose answer arithmetic knows, and sums that must hold."""
import csv
import json
from decimal import Decimal

from retelling import retell

import folders
from test_random import draw
from folders import (check, equal, good, left_over, main, refused, scratch, write_manifest,
                     write_study)

BLOCK = 262144
HEAD = """[scenario]
name = e
until = {until}
[file]
blocks = 10
[protocol]
initial_blocks = 0
{protocol}
[tracker]
up = {up}
{tracker}
"""
PEER = "[peers a]\nup = 1Mbit\ndown = 8Mbit\n"


def scenario(peers=PEER, protocol="", up="4Mbit", tracker="", until="1h"):
    return HEAD.format(protocol=protocol, up=up, tracker=tracker, until=until) + peers


def simulate(text, options=("--events=csv",)):
    return folders.simulate(text, *options)


def explain(run, *options):
    """What the program says as JSON, times and numbers exact."""
    out = good("explain", run, "--format=json", *options).out
    return json.loads(out, parse_float=Decimal, parse_int=int)


def ns(seconds):
    return int(Decimal(seconds).scaleb(9))


def budget(run, peer="a-1"):
    """The parts of a peer's time that are not 0, in ns; held to add up to its download."""
    said = explain(run, "--peer", peer)
    parts = {key: ns(value) for key, value in said["budget_s"].items()}
    equal(sum(parts.values()), ns(said["download_s"]), "the parts together")
    return {key: value for key, value in parts.items() if value}


def uplink(run, role):
    """The parts of the capacity of a role's uplinks that are not 0, in bytes."""
    said = explain(run)["uplinks"][role]
    equal(sum(said["bytes"].values()), said["capacity_bytes"], "the parts together")
    return {key: value for key, value in said["bytes"].items() if value}


# ---- known by arithmetic -----------------------------------------------------------------------


def one_peer():
    """10 blocks at 4 Mbit/s into 8 Mbit/s: half of the time is the downlink's own."""
    run = simulate(scenario())
    equal(budget(run), {"downlink": 2621440000, "slow_senders": 2621440000})
    said = good("explain", run, "--peer", "a-1").out.splitlines()
    equal(said[-1], "  above all because its own downlink carries no more: 50 % of the time")
    equal(uplink(run, "tracker"), {"sending": 10 * BLOCK})
    equal(uplink(run, "leecher"), {"uninterested": 655360})


def client_and_server():
    """Three peers that give nothing: a third of the server's 4 Mbit/s each, so 15.73 s, less what
    the downlink (8 Mbit/s) alone takes, less what a whole server would be too slow."""
    run = simulate(scenario(PEER + "count = 3\nfree_rider = yes\n", "seeder_slots = 0"))
    found = budget(run)
    wanted = {"downlink": 2621440000, "slow_senders": 7864320000, "shared_senders": 5242880000}
    equal(found.keys(), wanted.keys())
    for key, value in wanted.items(): # the links round each block's end up to a nanosecond
        check(value <= found[key] <= value + 30, f"{key}: {found[key]}, wanted {value}")
    parts = uplink(run, "tracker")
    equal(parts.pop("sending"), 30 * BLOCK)
    check(sum(parts.values()) <= 1, parts)
    parts = uplink(run, "leecher")
    check("sending" not in parts and parts["choked"] > 0, parts)
    check(parts.keys() <= {"choked", "elsewhere", "uninterested"}, parts)


def latency_only():
    """A way takes 50 ms: announce and answer, greetings, and for each block request and answer."""
    run = simulate(scenario("[peers a]\nup = 1Mbit\ndown = 8Mbit\nlatency = 30ms\n",
                            "seeder_slots = 0\npipeline = 0", tracker="latency = 20ms"))
    equal(budget(run), {
        "downlink": 2621440000, "slow_senders": 2621440000, "unknown": 100000000,
        "notice": 100000000, "request": 500000000, "landing": 500000000})
    # the tracker: 2 ways until it is registered, one until it is greeted; then its word goes out
    equal(uplink(run, "tracker"), {
        "sending": 10 * BLOCK, "unknown": 3 * 25000, "notice": 25000, "request": 10 * 25000,
        "landing": 10 * 25000})


def full_downlinks():
    """8 Mbit/s into 2 Mbit/s: three quarters of the uplink are lost to the downlink."""
    run = simulate(scenario("[peers a]\nup = 1Mbit\ndown = 2Mbit\n", up="8Mbit"))
    equal(budget(run), {"downlink": 10485760000})
    equal(uplink(run, "tracker"), {"sending": 10 * BLOCK, "downlinks_full": 30 * BLOCK})


def choked():
    """The tracker goes after its first block; who is left holds all and gives nothing."""
    run = simulate(scenario(
        "[peers a]\nup = 1Mbit\ndown = 2Mbit\n"
        "[peers f]\nup = 1Mbit\ndown = 2Mbit\nhave = all\nfree_rider = yes\n",
        up="1Mbit", tracker="leave = at 1s", until="60s"))
    equal(budget(run), {"downlink": 1048576000, "slow_senders": 1048576000, "choked": 57902848000})
    said = good("explain", run, "--peer", "a-1").out.splitlines()
    equal(said[-2:], [
        "in short: a-1 was not complete after 60.000000000 s, of which its downlink alone needs "
        "1.048576000 s,",
        "  above all because all that held what it lacked had choked it: 96 % of the time"])
    equal(uplink(run, "seeder"), {"choked": 7500000})
    equal(uplink(run, "leecher"), {"uninterested": 7500000})
    equal(budget(run, "f-1"), {})


def nobody_has_it():
    """The tracker goes after its first block, and with it the others."""
    run = simulate(scenario("[peers a]\nup = 1Mbit\ndown = 2Mbit\ncount = 2\n", up="2Mbit",
                            tracker="leave = at 1s", protocol="seeder_slots = 1", until="60s"))
    found = budget(run)
    check(found["nothing"] > 50 * 10**9, found)


def nobody_known():
    """The tracker goes before anybody comes."""
    run = simulate(scenario("[peers a]\nup = 1Mbit\ndown = 2Mbit\narrival = at 10s\n",
                            tracker="leave = at 1s", until="60s"))
    equal(budget(run), {"unknown": 50000000000})
    equal(uplink(run, "leecher"), {"unknown": 6250000})


def two_last_blocks_at_once():
    """Two that leave send each other a last block, at the same rate: both end at one instant."""
    for seed in range(1, 7):
        run = folders.simulate(
            "[scenario]\nname = tie\nuntil = 1h\n[file]\nblocks = 8\n[tracker]\nup = 10Mbit\n"
            "[peers x]\ncount = 2\nup = 1Mbit\ndown = 10Mbit\nleave = at 1s\n",
            "--events=csv", "--seed", str(seed))
        uplink(run, "leecher")
        gone = set()
        for row in csv.DictReader((run / "events.csv").read_text().splitlines()):
            if row["event"] == "leave":
                gone.add(row["node"])
            if row["event"] == "sent":
                check(row["node"] not in gone, f"seed {seed}: {row['node']} sends after it left")
        equal(gone, {"x-1", "x-2"}, f"who has left, seed {seed}")


def any_run():
    """No run that the simulator makes is refused, whatever its scenario."""
    for seed in range(1, 61):
        run = folders.simulate(draw(seed), "--events=csv", "--seed", str(seed))
        good("explain", run)


def rounds():
    """A block of 0.524 s a round of 5 s; the last is noticed when the next round begins."""
    run = simulate(scenario(protocol="preset = coursework\ndeal = fetched\nencoding = raw"))
    equal(budget(run), {"downlink": 2621440000, "slow_senders": 2621440000,
                        "pause": 50 * 10**9 - 5242880000})
    equal(uplink(run, "tracker")["sending"], 10 * BLOCK)
    check("pause" in uplink(run, "tracker"), "no pause")


# ---- what holds of any run ---------------------------------------------------------------------

CLASSES = """[peers fast]
count = 8
up = 4Mbit
down = 8Mbit
latency = 5ms
arrival = within 5s
leave = after 20s
[peers slow]
count = 12
up = 1Mbit
down = 3Mbit
latency = 20ms
arrival = within 20s
[peers rider]
count = 3
up = 1Mbit
down = 8Mbit
latency = 10ms
free_rider = yes
leave = at-once
"""
SWARMS = {
    "minibit": "",
    "bittorrent": "preset = bittorrent",
    "coursework": "preset = coursework\nexchange_interval = 1s",
    "mutual": "ask = mutual",
    "none": "choke = none\nupload_slots = 2",
    "super": "preset = bittorrent\nsuper_seed = yes",
    "open": "seeder_slots = 0\npipeline = 0\nknowledge = have",
}


def swarm(protocol):
    return simulate(scenario(CLASSES, protocol, tracker="latency = 10ms", until="10min"))


def downloads(run):
    """Of each group the time from arrival to completion, leaving or the end, added up, in ns."""
    end = json.loads((run / "summary.json").read_text(), parse_float=Decimal)["end_s"]
    sums = {}
    with open(run / "completion.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            until = row["completed_s"] or row["left_s"] or end
            sums[row["group"]] = sums.get(row["group"], 0) + ns(until) - ns(row["arrived_s"])
    return sums


def sums_of(name):
    run = swarm(SWARMS[name])
    said = explain(run)
    summary = json.loads((run / "summary.json").read_text(), parse_float=Decimal)
    equal(said["uplinks"]["leecher"]["shares"]["sending"], summary["uplink_utilization"])
    for role in ("tracker", "seeder", "leecher"):
        uplink(run, role)
    sent = sum(said["uplinks"][role]["sent_bytes"] for role in said["uplinks"])
    equal(sent, sum(sum(to.values()) for to in summary["group_bytes"].values()), "bytes sent")
    for group, wanted in downloads(run).items():
        found = said["groups"][group]["downloads"]
        equal(ns(found["time_s"]), wanted, f"{group}'s downloads")
        equal(sum(ns(part) for part in found["parts_s"].values()), wanted, f"{group}'s parts")


FEW = """[peers fast]
count = 3
up = 4Mbit
down = 8Mbit
latency = 5ms
arrival = within 5s
leave = after 3s
[peers slow]
count = 4
up = 1Mbit
down = 3Mbit
latency = 20ms
arrival = within 8s
[peers rider]
count = 1
up = 1Mbit
down = 8Mbit
latency = 10ms
free_rider = yes
leave = at-once
"""
RATES = {"tracker": 500000, "fast": 500000, "slow": 125000, "rider": 125000} # bytes per second


def told_again(name):
    """Uplinks and downloads by a plain second reading of the events and their definitions."""
    run = simulate(scenario(FEW, SWARMS[name], tracker="latency = 10ms", until="10min"))
    ups, downs, _ = retell(run)
    said = explain(run)
    for role in ("tracker", "seeder", "leecher"):
        wanted = {}
        for (node, of), parts in ups.items():
            for part, time in parts.items() if of == role else ():
                rate = RATES[node.rsplit("-", 1)[0]]
                wanted[part] = wanted.get(part, 0) + rate * time // 10**9
        found = said["uplinks"][role]["bytes"]
        busy = found.pop("sending") + found.pop("downlinks_full")
        for part, count in {**found, "busy": busy}.items():
            check(abs(count - wanted.pop(part, 0)) <= 2 * len(ups), f"{role}: {part}: {count}")
        equal(wanted, {}, role)
    for peer in downs:
        found = {part: ns(time) for part, time in
                 explain(run, "--peer", peer)["budget_s"].items() if ns(time)}
        receiving = sum(found.pop(part, 0) for part in ("downlink", "slow_senders",
                                                        "shared_senders"))
        wanted = {part: time for part, time in downs[peer].items() if time}
        equal(receiving, wanted.pop("busy", 0), f"{peer}: receiving")
        equal(found, wanted, peer)


def second_reading_counts():
    """The second reading itself counts as many unchoked pairs as the simulator."""
    for protocol in ("", SWARMS["open"], SWARMS["coursework"]):
        run = simulate(scenario(FEW, protocol, tracker="latency = 10ms", until="10min"))
        with open(run / "timeline.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        check(len(rows) > 2, "few samples")
        for row in rows[1:-1:max(1, len(rows) // 10)]:
            equal(retell(run, sample=ns(row["time_s"]))[2], int(row["unchoked_pairs"]),
                  f"{protocol} at {row['time_s']} s")


def times_in_order(hop):
    if hop["delivered_s"] is None: # its receiver left: no hop of a chain but of who sent it
        check(hop["since_s"] <= hop["started_s"] <= hop["sent_s"], hop)
    else:
        check(hop["since_s"] <= hop["started_s"] <= hop["sent_s"] <= hop["delivered_s"], hop)


def chains():
    run = swarm("")
    for peer in ("fast-1", "slow-12", "rider-2"):
        said = explain(run, "--peer", peer)
        budget(run, peer)
        way, chain, blocks = said["way"], said["chain"], said["blocks"]
        equal(len({hop["block"] for hop in blocks}), 10, "blocks")
        equal(sum(source["blocks"] for source in said["sources"]), 10, "blocks of sources")
        equal((way[0], chain[0]["to"]), (chain[0], peer))
        equal(chain[0]["delivered_s"], said["completed_s"])
        equal(way[-1]["from"], "tracker")
        for later, earlier in zip(way, way[1:]):
            equal((earlier["to"], earlier["block"]), (later["from"], later["block"]))
            check(earlier["delivered_s"] <= later["started_s"], (earlier, later))
        for later, earlier in zip(chain, chain[1:]):
            check(later["since_s"] in (earlier["sent_s"], earlier["delivered_s"]), later)
            check({earlier["from"], earlier["to"]} & {later["from"], later["to"]}, later)
        for hop in chain:
            times_in_order(hop)
        equal(chain[-1]["cause"], "arrival")
        check(all(hop["cause"] != "arrival" for hop in chain[:-1]), "an arrival amid the chain")


def a_queue():
    """Of one giver, one after another: each but the first stood behind the one before."""
    said = explain(simulate(scenario()), "--peer=a-1")
    equal([hop["cause"] for hop in said["chain"]], ["queue"] * 9 + ["arrival"])
    equal([hop["started_s"] for hop in said["chain"]][:2],
          [Decimal("4.718592000"), Decimal("4.194304000")])


# ---- events made again -------------------------------------------------------------------------


def without_events():
    text = scenario(CLASSES, tracker="latency = 10ms")
    kept, bare = simulate(text), simulate(text, options=())
    before = {p.name: p.read_bytes() for p in bare.iterdir()}
    for options in ((), ("--peer=slow-3",), ("--format=json",)):
        equal(good("explain", bare, *options).out, good("explain", kept, *options).out)
    equal({p.name: p.read_bytes() for p in bare.iterdir()}, before, "the folder")
    zst = simulate(text, options=("--events=zst",))
    equal(good("explain", zst).out, good("explain", kept).out)
    equal(left_over(), [])


def rewrite(run, name, old, new):
    """Changes a file of a run, and its manifest to match."""
    text = (run / name).read_text()
    check(old in text, f"{name} has no {old!r}")
    (run / name).write_text(text.replace(old, new))
    names = [p.name for p in run.iterdir() if p.name != "manifest.json"]
    write_manifest(run, names)


def another_version():
    run = simulate(scenario(), options=())
    digest = json.loads((run / "summary.json").read_text())["trace_digest"]
    rewrite(run, "summary.json", digest, "0123456789abcdef")
    refused("explain", run, status=1, words=["comes out differently", "0123456789abcdef", digest])
    write_manifest(run, [p.name for p in run.iterdir() if p.name != "manifest.json"],
                   program="minibit-live")
    refused("explain", run, words=["kept no events", "only a simulated run"])
    rewrite(run, "summary.json", '"0123456789abcdef"', "null")
    write_manifest(run, [p.name for p in run.iterdir() if p.name != "manifest.json"],
                   program="minibit-live")
    refused("explain", run, words=["kept no events", "only a simulated run"])
    equal(left_over(), [])


# ---- bad input ---------------------------------------------------------------------------------


def wrong_arguments():
    run = simulate(scenario())
    refused("explain", run, "--peer=a-2", words=["--peer=a-2: no such peer", "did you mean a-1?"])
    refused("explain", run, "--peer=tracker", words=["the tracker downloads nothing"])
    refused("explain", run, "--format=xml", words=["--format=xml", "text, json"])
    refused("explain", run, "--hops=0", words=["--hops=0"])
    refused("explain", run, run, words=["the folder of one run"])
    refused("explain", words=["the folder of one run"])
    refused("explain", scratch(), words=["no"])
    study = write_study(scratch() / "s", ["N"], [(0, 1, ["1"], {})])
    refused("explain", study, words=["study"])
    out = scratch() / "why.txt"
    out.write_text("mine")
    refused("explain", run, "--output", out, words=["exists already"])
    equal(out.read_text(), "mine")
    equal(good("explain", run, "--output", out, "--force").out, "")
    equal(out.read_text(), good("explain", run).out)


def a_replay():
    folder = scratch()
    (folder / "t.csv").write_text("at_s,from,to,bytes\n0,x,y,1000\n")
    run = simulate(f"[replay]\ntrace = {folder}/t.csv\n[node x]\nup = 8Mbit\ndown = 8Mbit\n"
                   "[node y]\nup = 8Mbit\ndown = 8Mbit\n", options=())
    refused("explain", run, words=["a replay of transfers"])


def damaged_events():
    """Each leaves the file whole, so that its content alone is what is wrong."""
    cases = [
        (",sent,tracker,a-1,", ",have,tracker,a-1,", ["contradict each other"]),
        (",start,tracker,a-1,", ",have,tracker,a-1,", ["contradict each other", "has no transfer"]),
        (",a-1,tracker,", ",a-9,tracker,", ["events.csv", "no such peer"]),
        (",request,", ",requesst,", ["events.csv", "no such event"]),
        ("\n0,0.000000000,", "\n0,x,", ["events.csv:2", "not a time"]),
        (",deliver,a-1,tracker,", ",deliver,a-1,,", ["needs a node"]),
        ("time_s,event,", "time_s,what,", ["events.csv", "event"]),
    ]
    for old, new, words in cases:
        run = simulate(scenario())
        rewrite(run, "events.csv", old, new)
        refused("explain", run, words=words)
    run = simulate(scenario())
    events = (run / "events.csv").read_bytes()
    (run / "events.csv").write_bytes(events[:len(events) // 2])
    refused("explain", run, words=["events.csv"])


def at_places():
    """A run of a tracker and peers at two places whose round trip takes 40 ms."""
    folder = scratch()
    (folder / "places.csv").write_text("place,here,there\nhere,0,40\nthere,40,0\n")
    text = scenario(PEER + "place = there\n", tracker="place = here").replace(
        "[tracker]", "[latency]\nmatrix = places.csv\n[tracker]")
    return folders.simulate(text, "--events=csv", folder=folder)


def measured_ways():
    """They count as latencies do that come to the same."""
    run, same = at_places(), simulate(scenario(PEER + "latency = 10ms\n", tracker="latency = 10ms"))
    equal(budget(run), budget(same))
    check(budget(run) != budget(simulate(scenario())), "20 ms make no difference")


ZONES = "[zone far]\nlatency = 20ms\nparent = farther\n[zone farther]\n"


def borders_of_zones():
    """They count as latencies do; a link that zones share is named for as long as it is full."""
    run, same = simulate(scenario(ZONES + PEER + "zone = far\n")), simulate(scenario(PEER + "latency = 20ms\n"))
    equal(budget(run), budget(same))
    tight = scenario(ZONES.replace("latency = 20ms", "down = 10kB") + PEER + "zone = far\n", until="10h")
    run = simulate(tight)
    found = explain(run)["shared_full_s"]
    last = ns(explain(run, "--peer", "a-1")["download_s"])
    equal(list(found), ["far.down"])
    check(0 <= last - ns(found["far.down"]) <= 20 * 10**9, f"{found}, done after {last} ns")
    check("down of far" in good("explain", run).out, "the text does not name it")


def damaged_places():
    """The first that is wrong is told, alone."""
    cases = [
        ("nodes.csv", "node,place,up,", "node,plaice,upp,", ["nodes.csv", "place"]),
        ("nodes.csv", "\na-1,", "\na-9,", ["nodes.csv:3", "completion.csv has no a-9"]),
        ("nodes.csv", ",1MB,", ",eight,", ["nodes.csv", "not two rates and a time"]),
        ("paths.csv", "from,to,", "fro,too,", ["paths.csv", "from"]),
        ("paths.csv", "here,there,0.020", "here,there,x", ["paths.csv:3", "not a time"]),
    ]
    for name, old, new, words in cases:
        run = at_places()
        rewrite(run, name, old, new)
        refused("explain", run, words=words)


def an_older_version():
    """Events without those that the accounts need."""
    run = simulate(scenario())
    lines = (run / "events.csv").read_text().splitlines(keepends=True)
    words = (",sent,", ",uplink,", ",downlink,", ",start,", ",deliver,", ",complete,")
    (run / "events.csv").write_text("".join(
        line for line in lines if not any(word in line for word in words)))
    write_manifest(run, [p.name for p in run.iterdir() if p.name != "manifest.json"])
    refused("explain", run, words=["older version"])


main([
    ("one peer, half as fast as its downlink", one_peer),
    ("client and server", client_and_server),
    ("latency alone", latency_only),
    ("full downlinks", full_downlinks),
    ("choked", choked),
    ("nobody has what it lacks", nobody_has_it),
    ("nobody known", nobody_known),
    ("two last blocks at once", two_last_blocks_at_once),
    ("any run is explained", any_run),
    ("rounds", rounds),
    *((f"sums: {name}", lambda name=name: sums_of(name)) for name in SWARMS),
    *((f"told again: {name}", lambda name=name: told_again(name)) for name in SWARMS),
    ("told again: unchoked pairs", second_reading_counts),
    ("chains hang together", chains),
    ("a queue", a_queue),
    ("events made again", without_events),
    ("another version's run, a live one", another_version),
    ("wrong arguments", wrong_arguments),
    ("a replay", a_replay),
    ("damaged events", damaged_events),
    ("measured ways", measured_ways),
    ("borders of zones", borders_of_zones),
    ("damaged places", damaged_places),
    ("events of an older version", an_older_version),
])
