#!/usr/bin/env python3
"""test_faults.py PROGRAM: what breaks by [fault NAME].

Single faults against sums worked out by hand; that faults draw from streams of their own; what is told
of them, and asked of them by [expect]. Every run is audited, which works out faults.csv anew.
"""
import subprocess
import tempfile
from pathlib import Path

import minibit
from minibit import PROGRAM, SECOND, audited, run, scenario

ROOT = Path(__file__).resolve().parents[2]
RATE = 1_000_000  # bytes per second
BLOCK = 262_144
SHIPPED = ("tracker-down", "last-seeder-crashes", "churn", "partition")
HOMES = {"count": 12, "up": "4Mbit", "down": "16Mbit", "latency": "20ms", "arrival": "within 5s"}


def simple(peers, faults, protocol=None, tracker=None):
    """A seeder of 10^6 bytes per second without latency, and peers that are dealt nothing."""
    named = {f"fault {name}": keys for name, keys in faults.items()}
    return scenario(scenario={"until": "1h"}, file={"blocks": 8},
                    protocol={"initial_blocks": 0} | (protocol or {}),
                    tracker={"up": "8Mbit", "down": "8Mbit"} | (tracker or {}), **peers, **named)


def strikes(result, fault=None):
    return [row for row in result.rows("faults") if fault in (None, row["fault"])]


def a_seeder_crashes():
    """After 1 s three blocks are there, and 1,000,000 - 3 x 262,144 bytes of the fourth, which are lost."""
    peer = {"peers a": {"count": 1, "up": "8Mbit", "down": "8Mbit"}}
    result = audited(run(simple(peer, {"end": {"kind": "crash", "targets": "tracker", "at": "1s"}}),
                         options=["--events=csv"]))
    row = strikes(result)[0]
    wanted = {"time_s": "1.000000000", "node": "tracker", "until_s": "", "transfers_cut": "1",
              "bytes_lost": str(RATE - 3 * BLOCK), "blocks_lost": "8"}
    result.require({key: row[key] for key in wanted} == wanted, f"{row}")
    figures = result.summary()
    result.require(figures["tracker_left_s"] == 1 and figures["lost_blocks"] == 5, "what is left")
    peer = result.rows("completion")[0]
    result.require(peer["blocks"] == "3" and peer["wasted_bytes"] == str(RATE - 3 * BLOCK), f"{peer}")


def a_peer_crashes():
    """It is gone at once; who knew it is told a latency later, and the tracker; it holds up nobody."""
    peers = {"peers a": HOMES}
    result = audited(run(simple(peers, {"x": {"kind": "crash", "targets": "a-3", "at": "6s"}},
                                tracker={"latency": "10ms"}), options=["--events=csv"]))
    rows = {row["peer"]: row for row in result.rows("completion")}
    dead = rows.pop("a-3")
    result.require(dead["status"] == "crashed" and dead["left_s"] == "6.000000000", f"{dead}")
    result.require(all(row["status"] == "complete" for row in rows.values()), "somebody else is not complete")
    result.require(strikes(result)[0]["blocks_lost"] == dead["blocks"], "blocks")
    gone = [row for row in result.rows("events") if row["event"] == "gone" and row["other"] == "a-3"]
    times = {minibit.nanoseconds(row["time_s"]) for row in gone if row["node"] != "tracker"}
    result.require(min(times) == 6 * SECOND + 40 * SECOND // 1000, f"told at {sorted(times)}")


def a_part_on_its_way():
    """A choke cuts a transfer, and its taker crashes before the part has come: lost by the crash, as a block would be."""
    far = {"count": 16, "up": "1Mbit", "down": "8Mbit", "latency": "1s"}
    base = {"protocol": {"preset": "bittorrent"}, "tracker": {"up": "2Mbit", "latency": "1s"}}
    cuts = [row for row in run(simple({"peers a": far}, {}, **base), options=["--events=csv"]).rows("events")
            if row["event"] == "cut" and int(row["detail"]) > 1]
    taker, giver, part = (cuts[0][key] for key in ("other", "node", "detail"))
    crash = minibit.nanoseconds(cuts[0]["time_s"]) + SECOND
    faults = {"x": {"kind": "crash", "targets": taker, "at": f"{crash}ns"}}
    result = audited(run(simple({"peers a": far}, faults, **base), options=["--events=csv"]))
    late = [row for row in result.rows("events") if row["event"] == "lost" and row["node"] == taker
            and minibit.nanoseconds(row["time_s"]) == crash + SECOND]
    result.require([(row["other"], row["detail"]) for row in late] == [(giver, part)], f"{late}, not {part} from {giver}")
    lost = sum(int(row["detail"]) for row in result.rows("events") if row["event"] == "lost"
               and taker in (row["node"], row["other"]) and minibit.nanoseconds(row["time_s"]) >= crash)
    result.require(strikes(result)[0]["bytes_lost"] == str(lost), f"{strikes(result)}, not {lost}")


def an_outage():
    """Who comes in an outage of 20 s tries again after 15 s, and is booked then."""
    peers = {"peers a": {"count": 1, "up": "8Mbit", "down": "8Mbit", "arrival": "at 10s"}}
    faults = {"out": {"kind": "tracker-outage", "at": "5s", "for": "20s"}}
    result = audited(run(simple(peers, faults), options=["--events=csv"]))
    row = strikes(result)[0]
    result.require(row["until_s"] == "25.000000000" and row["messages_lost"] == "1", f"{row}")
    booked = [row["time_s"] for row in result.rows("events") if row["event"] == "register"]
    result.require(booked == ["25.000000000"], f"booked at {booked}")
    result.require(result.last() == 25 * SECOND + 8 * BLOCK * SECOND // RATE, f"complete at {result.last()}")


def an_outage_for_ever():
    """Those who know each other need no tracker; who comes later never knows anybody."""
    peers = {"peers a": HOMES | {"arrival": "at 0s"}, "peers b": HOMES | {"count": 2, "arrival": "every 20s"}}
    result = audited(run(simple(peers, {"out": {"kind": "tracker-outage", "at": "10s"}}), options=["--events=csv"]))
    rows = result.rows("completion")
    result.require(rows[-1]["peer"] == "b-2" and rows[-1]["completed_s"] == "" and rows[-1]["blocks"] == "0", f"{rows[-1]}")
    result.require(all(row["completed_s"] for row in rows[:-1]), "those who were there")
    row = strikes(result)[0]
    result.require(row["until_s"] == "" and int(row["messages_lost"]) > 100, f"{row}")


def connections_break():
    """After 1 s, in the fourth block: that begins anew when the peer meets the seeder again, by its next announce
    at 15 s; so too if nothing goes until 11 s."""
    peer = {"peers a": {"count": 1, "up": "8Mbit", "down": "8Mbit"}}
    for kind, until in ((("lose-connection",), ""), (("cut", "10s"), "11.000000000")):
        for targets in ("a", "tracker"):
            keys = {"kind": kind[0], "targets": targets, "at": "1s"} | ({"for": kind[1]} if kind[1:] else {})
            result = audited(run(simple(peer, {"x": keys}), options=["--events=csv"]))
            row = strikes(result)[0]
            wanted = {"node": "a-1" if targets == "a" else "tracker", "until_s": until, "transfers_cut": "1",
                      "connections_lost": "2", "bytes_lost": str(RATE - 3 * BLOCK), "blocks_lost": "0",
                      "messages_lost": "0"}
            result.require({key: row[key] for key in wanted} == wanted, f"{row}")
            result.require(result.last() == 15 * SECOND + 5 * BLOCK * SECOND // RATE, f"complete at {result.last()}")


def a_border():
    """While a group is cut off no block crosses the border, and some go on either side of it."""
    peers = {"peers a": HOMES, "peers b": HOMES}
    faults = {"x": {"kind": "cut", "targets": "b", "at": "6s", "for": "6s"}}
    result = audited(run(simple(peers, faults, tracker={"latency": "10ms"}), options=["--events=csv"]))
    inside = [row for row in result.rows("provenance") if row["via"] != "initial" and
              6 * SECOND <= minibit.nanoseconds(row["time_s"]) < 12 * SECOND]
    sides = [(row["peer"][0] == "b", row["from"][0] == "b") for row in inside]
    result.require(not sides.count((True, False)) and not sides.count((False, True)), "a block over the border")
    result.require(sides.count((True, True)) > 10 and sides.count((False, False)) > 10, "blocks on either side")
    later = [row for row in result.rows("provenance") if minibit.nanoseconds(row["started_s"]) >= 12 * SECOND]
    result.require(any((row["peer"][0] == "b") != (row["from"][0] == "b") for row in later), "none afterwards")
    result.completions()
    return f"{len(inside)} blocks in 6 s, none over the border"


def how_many():
    """A share is rounded up; so many are no more than there are; nobody twice."""
    peers = {"peers a": HOMES | {"arrival": "at 0s"}}
    for targets, wanted in (("a", 12), ("5 of a", 5), ("99 of a", 12), ("10% of a", 2), ("25% of a", 3),
                            ("0.000001% of a", 1), ("a-12", 1), ("100% of a", 12)):
        result = audited(run(simple(peers, {"x": {"kind": "crash", "targets": targets, "at": "1s"}})))
        nodes = [row["node"] for row in strikes(result)]
        result.require(len(nodes) == len(set(nodes)) == wanted, f"{targets}: {nodes}")


def when():
    """Every 7 s; at random, about so many times; each once the node is there."""
    peers = {"peers a": {"count": 400, "up": "8kbit", "down": "8Mbit", "arrival": "at 0s"}}
    faults = {"clock": {"kind": "crash", "targets": "1 of a", "at": "every 7s"},
              "dice": {"kind": "crash", "targets": "1 of a", "at": "poisson 6/min"}}
    text = simple(peers, faults, tracker={"up": "8kbit"}).replace("until = 1h", "until = 1000s")
    result = audited(run(text, check="sample"))
    clock = [minibit.nanoseconds(row["time_s"]) for row in strikes(result, "clock")]
    result.require(clock == [7 * SECOND * k for k in range(1, 143)], f"{len(clock)} by the clock")
    dice = len(strikes(result, "dice"))
    result.require(60 <= dice <= 140, f"{dice} at random, of 100 in the mean")  # 4 standard deviations
    return f"{dice} strikes in 1,000 s at 6 a minute"


def streams():
    """Faults that do nothing leave the swarm as it was; one more leaves another's strikes as they were."""
    peers = {"peers a": HOMES}
    idle = {"late": {"kind": "crash", "targets": "3 of a", "at": "50min"},
            "blink": {"kind": "tracker-outage", "at": "5.5s", "for": "1ns"}}
    plain, broken = run(simple(peers, {})), audited(run(simple(peers, idle)))
    broken.require(plain.summary()["trace_digest"] == broken.summary()["trace_digest"], "other events")
    dice = {"dice": {"kind": "crash", "targets": "1 of a", "at": "poisson 30/min"}}
    other = {"also": {"kind": "tracker-outage", "at": "poisson 60/min", "for": "exponential 1s"}}
    one, two = run(simple(peers, dice)), audited(run(simple(peers, other | dice)))
    first, second = ([row["time_s"] for row in strikes(result, "dice")] for result in (one, two))
    same = min(len(first), len(second))
    two.require(same > 2 and first[:same] == second[:same], f"{first} and {second}")


def what_is_told():
    """A fault that bit nothing is told on stderr, and [expect] may demand that it did."""
    peers = {"peers a": HOMES}
    faults = {"late": {"kind": "crash", "targets": "a", "at": "50min"},
              "gone": {"kind": "crash", "targets": "a-1", "at": "7s"},
              "blink": {"kind": "tracker-outage", "at": "5.5s", "for": "1ns"}}
    text = simple(peers | {"expect": {"faults.gone.bit": 1, "faults.blink.bit": "1..", "complete": 11}}, faults)
    with tempfile.TemporaryDirectory(prefix="minibit-faults.") as folder:
        Path(folder, "told.ini").write_text(text)
        command = [PROGRAM, f"{folder}/told.ini", "-q", "-o", f"{folder}/told"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    wanted = ["minibit-sim: [fault late] bit nothing: the run was over before it struck",
              "minibit-sim: [fault blink] bit nothing: those that it struck did not need what it took",
              f"{folder}/told.ini:18: [expect] faults.blink.bit = 1..: not met, got 0"]
    if done.returncode != 3 or done.stderr.splitlines() != wanted:
        raise minibit.Failed(f"exit {done.returncode}: {done.stderr}", " ".join(command))


def shipped():
    """The scenarios that break something: what they expect of themselves holds."""
    with tempfile.TemporaryDirectory(prefix="minibit-faults.") as folder:
        for name in SHIPPED:
            command = [PROGRAM, str(ROOT / f"scenarios/{name}.ini"), "-q", "-o", f"{folder}/{name}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise minibit.Failed(f"{name}: exit {done.returncode}: {done.stderr}", " ".join(command))


minibit.main([
    ("a seeder crashes", a_seeder_crashes), ("a peer crashes", a_peer_crashes),
    ("a part on its way", a_part_on_its_way), ("an outage", an_outage), ("an outage for ever", an_outage_for_ever),
    ("connections break", connections_break), ("a border", a_border), ("how many it strikes", how_many), ("when it strikes", when),
    ("streams of their own", streams), ("what is told", what_is_told), ("shipped scenarios", shipped),
])
