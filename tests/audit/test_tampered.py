#!/usr/bin/env python3
"""test_tampered.py AUDIT SIM: each way of tampering with a finished run is found, and named rightly.

TABLES is the table. Every kind starts from a run that the auditor finds right, changes one thing, and
makes the manifest agree again, so that digests do not give it away.
"""
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from folders import Folder, audit, simulate  # noqa: E402

AUDIT, SIM = tap.arguments(2)
SCENARIO = """[scenario]
name = small
until = 1h
sample = 2s
[file]
size = 5000000B
[protocol]
preset = minibit
[tracker]
up = 8Mbit
down = 8Mbit
latency = 10ms
[peers fast]
count = 3
up = 4Mbit
down = 16Mbit
latency = 5ms
arrival = within 2s
[peers slow]
count = 5
up = 1Mbit
down = 8Mbit
latency = 20ms
arrival = within 4s
leave = after 5s
"""


def nanoseconds(text):
    return int(text.replace(".", ""))


def seconds(ns):
    return f"{ns // 10**9}.{ns % 10**9:09}"


def edit(name, change, numbered=False):
    """A kind that changes the rows of a table."""
    def tamper(folder):
        rows = folder.rows(name)
        change(rows)
        folder.write_rows(name, rows)
        if numbered:
            folder.number(name)
    return tamper


def field(name, key, value, row=7):
    """A kind that changes a field; `value` makes the new text of the old one."""
    def change(rows):
        before = rows[row][key]
        rows[row][key] = value(before)
        assert rows[row][key] != before
    return edit(name, change)


def figure(path, value):
    """A kind that changes a figure of summary.json."""
    def tamper(folder):
        summary = folder.json("summary.json")
        *parents, key = path.split(".")
        inner = summary
        for parent in parents:
            inner = inner[parent]
        inner[key] = value(inner[key])
        folder.write_json("summary.json", summary)
    return tamper


def more(by=1):
    return lambda text: str(int(text) + by)


def later(ns):
    return lambda text: seconds(nanoseconds(text) + ns)


def transferred(rows, wanted=lambda row: True):
    return next(i for i, row in enumerate(rows) if i > 40 and row["via"] != "initial" and wanted(row))


def swap(rows):
    rows[60], rows[80] = rows[80], rows[60]


def ignorant_giver(rows):
    """The giver becomes a leecher that gains this block later only."""
    for row in rows[5:60]:
        for other in rows:
            if (other["block"] == row["block"] and other["peer"] != row["peer"]
                    and nanoseconds(other["time_s"]) > nanoseconds(row["time_s"])):
                row["from"], row["from_role"], row["via"] = other["peer"], "leecher", "regular"
                return
    raise AssertionError("nobody lacks a block")


def role(old, new, via=None):
    def change(rows):
        row = rows[transferred(rows, lambda row: row["from_role"] == old)]
        row["from_role"] = new
        if via:
            row["via"] = via
    return change


def ground(old, new):
    def change(rows):
        rows[transferred(rows, lambda row: row["via"] == old)]["via"] = new
    return change


def too_quick(rows):
    row = rows[transferred(rows)]
    row["started_s"] = seconds(nanoseconds(row["time_s"]) - 60_000_000)


def one_link_too_many(rows):
    """Each of the tracker's transfers alone keeps its pace; together they are too much for its link."""
    for row in rows:
        if row["from"] == "tracker":
            size = nanoseconds(row["time_s"]) - nanoseconds(row["started_s"])
            row["started_s"] = seconds(nanoseconds(row["time_s"]) - max(300_000_000, size // 8))


def delete(number):
    def change(rows):
        del rows[number]
    return change


def double(rows):
    rows.insert(51, dict(rows[50]))


def digest(folder):
    manifest = folder.json("manifest.json")
    told = manifest["files"]["timeline.csv"]
    told["sha256"] = told["sha256"][::-1]
    folder.write_json("manifest.json", manifest)


def one_byte(folder):
    path = folder.path / "provenance.csv"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


def truncated(folder):
    path = folder.path / "provenance.csv"
    path.write_bytes(path.read_bytes()[:-40])


def forgotten(folder):
    manifest = folder.json("manifest.json")
    del manifest["files"]["timeline.csv"]
    folder.write_json("manifest.json", manifest)


def missing(folder):
    (folder.path / "timeline.csv").unlink()


def event(kind, change, number=10):
    """A kind that changes a row of events.csv, `change(rows, i)`, the so-manieth of its event."""
    def tamper(rows):
        change(rows, [i for i, row in enumerate(rows) if row["event"] == kind][number])
    return edit("events.csv", tamper, True)


def gone(rows, i):
    del rows[i]


def twice(rows, i):
    rows.insert(i, dict(rows[i]))


def begun_later(folder):
    """A whole transfer begins 20 ms later, in both tables and in time: only its share is too great."""
    rows, gains = folder.rows("events.csv"), folder.rows(P)
    gain = next(g for g in gains[60:] if g["from_role"] == "leecher"
                and nanoseconds(g["time_s"]) - nanoseconds(g["started_s"]) > 1_500_000_000)
    start = next(i for i, r in enumerate(rows) if r["event"] == "start" and r["node"] == gain["from"]
                 and r["other"] == gain["peer"] and r["time_s"] == gain["started_s"])
    moved = rows.pop(start)
    moved["time_s"] = gain["started_s"] = later(20_000_000)(gain["started_s"])
    at = next(i for i, r in enumerate(rows) if nanoseconds(r["time_s"]) > nanoseconds(moved["time_s"]))
    rows.insert(at, moved)
    folder.write_rows("events.csv", rows)
    folder.number("events.csv")
    folder.write_rows(P, gains)


P, C, T = "provenance.csv", "completion.csv", "timeline.csv"
# What is done: (how, what a finding must say as a regular expression, whether the manifest is retold).
KINDS = {
    "a row of provenance removed": (edit(P, delete(50), True), r"completion\.csv.*from_", True),
    "a row of provenance removed, numbers kept": (edit(P, delete(50)), r"provenance.*seq", True),
    "a row of provenance doubled": (edit(P, double, True), "expected once", True),
    "two rows swapped": (edit(P, swap, True), r"provenance\.csv:\d+: time_s", True),
    "a giver without the block": (edit(P, ignorant_giver), "gives block", True),
    "the giver is the receiver": (edit(P, lambda r: r[60].update({"from": r[60]["peer"]})), "giver|gives", True),
    "another giver, who has it": (edit(P, lambda r: r[60].update({"from": "tracker", "from_role": "tracker",
                                                                  "via": "seed"})),
                                  r"completion\.csv:\d+: from_tracker", True),
    "a receiver changed": (field(P, "peer", lambda old: "fast-1" if old != "fast-1" else "fast-2", 90),
                           "expected once|completion", True),
    "an unknown peer": (field(P, "peer", lambda old: "nobody-1"), "cannot be read", True),
    "a block changed": (field(P, "block", lambda old: str((int(old) + 1) % 20), 70), "once|gives block", True),
    "a block that the file has not": (field(P, "block", lambda old: "20"), "block: expected less", True),
    "a gain a microsecond later": (field(P, "time_s", later(1000), -1), "completed_s|time_s", True),
    "a gain before the one before": (field(P, "time_s", lambda old: "0.500000000", 60), "time_s", True),
    "a transfer begun too early": (field(P, "started_s", lambda old: "0.000000000"), "started_s|time_s", True),
    "a transfer that is too quick": (edit(P, too_quick), "duration", True),
    "more than a link carries": (edit(P, one_link_too_many), "uplink of tracker", True),
    "a leecher called a seeder": (edit(P, role("leecher", "seeder", "seed")), "from_role", True),
    "a seeder called a leecher": (edit(P, role("seeder", "leecher", "regular")), "from_role", True),
    "the tracker called a seeder": (edit(P, role("tracker", "seeder")), "from_role", True),
    "an unknown role": (edit(P, role("leecher", "broker")), "cannot be read", True),
    "a ground of seeders for a leecher": (edit(P, ground("regular", "seed")), "via", True),
    "open, where nobody serves all": (edit(P, ground("seed", "open")), "via", True),
    "an unknown ground": (edit(P, ground("seed", "luck")), "via", True),
    "bytes of a block": (field(P, "bytes", more(), 60), "bytes of block", True),
    "a transfer called initial": (field(P, "via", lambda old: "initial", 60), "held on arrival", True),
    "a row of completion removed": (edit(C, delete(3)), "cannot be read|peer", True),
    "an arrival": (field(C, "arrived_s", later(1)), "download_s", True),
    "the first block": (field(C, "first_block_s", later(1)), "first_block_s", True),
    "a completion": (field(C, "completed_s", later(1)), r"completion\.csv:9: completed_s", True),
    "a download time": (field(C, "download_s", later(1)), "download_s", True),
    "blocks": (field(C, "blocks", more(-1)), "completion.csv:9: blocks", True),
    "dealt": (field(C, "dealt", more()), "dealt", True),
    "blocks of a role": (field(C, "from_leechers", more()), "from_leechers", True),
    "uploaded blocks": (field(C, "uploaded_blocks", more()), "uploaded_blocks", True),
    "uploaded bytes": (field(C, "uploaded_bytes", more()), "group_bytes", True),
    "downloaded bytes": (field(C, "downloaded_bytes", more()), "downloaded_bytes - wasted", True),
    "wasted bytes": (field(C, "wasted_bytes", more()), "downloaded_bytes - wasted", True),
    "refusals": (field(C, "refusals", more(1000)), "refusals", True),
    "a departure before completion": (field(C, "left_s", lambda old: "4.500000000"), "left|there", True),
    "a status": (field(C, "status", lambda old: "left"), "status", True),
    "a group": (field(C, "group", lambda old: "fast"), "peer|peers", True),
    "a row of the timeline removed": (edit(T, delete(3)), "timeline.*time_s|rows", True),
    "a row of the timeline moved": (field(T, "time_s", later(1), 3), "timeline.*time_s", True),
    "the summary cut short": (lambda folder: figure("end_s", lambda old: old - 1)(folder), "time_s|end_s", True),
    "a digest": (digest, "SHA-256", False),
    "one byte": (one_byte, "SHA-256", False),
    "a table cut off": (truncated, "bytes by manifest", False),
    "a table removed": (missing, "timeline", False),
    "a table that the manifest does not know": (forgotten, "files.timeline.csv", False),
    "the configuration's digest": (lambda folder: folder.write_json(
        "manifest.json", folder.json("manifest.json") | {"config_sha256": "0" * 64}), "config_sha256", False),
    "a figure that no format has": (lambda folder: folder.write_json(
        "summary.json", folder.json("summary.json") | {"fairness": 1}), "fairness", True),
    "a figure left out": (lambda folder: folder.write_json(
        "summary.json", {k: v for k, v in folder.json("summary.json").items() if k != "jain_index"}),
        "jain_index", True),
}
for column in ("arrived", "active", "complete", "left", "blocks_delivered", "from_tracker",
               "from_seeders", "from_leechers", "goodput_bytes_per_s", "min_copies", "rarest_blocks"):
    KINDS[f"timeline: {column}"] = (field(T, column, more(), 3), rf"timeline\.csv:5: {column}", True)
KINDS["timeline: mean_copies"] = (field(T, "mean_copies", lambda old: old[:-1] + str((int(old[-1]) + 1) % 10), 3),
                                  r"timeline\.csv:5: mean_copies", True)
for path in ("seed", "file_bytes", "blocks_transferred", "peers", "peers_complete", "wasted_bytes",
             "download_s.count", "share_ratio.count", "groups.fast.peers",
             "groups.slow.peers_complete", "groups.slow.download_s.count", "groups.fast.share_ratio.count",
             "group_bytes.fast.slow", "group_bytes.tracker.fast"):
    KINDS[f"summary: {path}"] = (figure(path, lambda old: old + 1), path.split(".")[0], True)
for path in ("completed_s", "download_s.mean", "download_s.median", "download_s.p95", "download_s.min",
             "download_s.max", "lower_bound_s", "first_copy_s", "groups.fast.download_s.mean",
             "groups.slow.download_s.p95"):
    KINDS[f"summary: {path}"] = (figure(path, lambda old: round(old + 1e-6, 9)), path, True)
for path in ("bound_ratio", "tracker_share", "seeder_share", "leecher_share", "seeder_copies",
             "share_ratio.mean", "share_ratio.median", "share_ratio.p95", "share_ratio.min",
             "share_ratio.max", "max_served_files", "jain_index", "groups.fast.share_ratio.mean"):
    KINDS[f"summary: {path}"] = (figure(path, lambda old: round(old + 1e-6, 6)), path, True)
for path in ("mean_active", "little_error"):
    KINDS[f"summary: {path}"] = (figure(path, lambda old: 1.0), path, True)


# The same of runs that kept their events.
EVENT_KINDS = {
    "events: a block asked for vanishes": (event("request", gone), "after a request of it|requests", True),
    "events: a request twice": (event("request", twice), "summary.json: requests", True),
    "events: a refusal twice": (event("refuse", twice, 0), "after a request of it", True),
    "events: a begin vanishes": (event("start", gone), "a transfer under way", True),
    "events: a begin twice": (event("start", twice), "one block at a time", True),
    "events: a last byte vanishes": (event("sent", gone), "after its last byte was sent", True),
    "events: a delivery vanishes": (event("deliver", gone), r"events\.csv:\d+: (peer|time_s|block) in prov", True),
    "events: a delivery twice": (event("deliver", twice), "after its last byte was sent", True),
    "events: an unchoke vanishes": (event("unchoke", gone, 15), "to those it has unchoked|has unchoked", True),
    "events: a choke vanishes": (event("choke", gone), "trace_digest|at most", True),
    "events: slots for all": (event("unchoke", lambda rows, i: rows.__setitem__(
        slice(i, i), [rows[i] | {"other": f"slow-{k}", "node": "fast-1"} for k in range(1, 6)]
        + [rows[i] | {"other": "fast-2", "node": "fast-1"}]), 25), "unchoked by fast-1", True),
    "events: a block that was not asked for": (event("request", lambda rows, i: rows[i].update(block=str(
        (int(rows[i]["block"]) + 1) % 20))), "after a request of it", True),
    "events: an arrival vanishes": (event("arrive", gone, 3), "while it is there", True),
    "events: an arrival later": (event("arrive", lambda rows, i: rows[i].update(
        time_s=later(1)(rows[i]["time_s"])), 3), "arrived_s of", True),
    "events: a departure vanishes": (event("leave", gone, 1), "trace_digest", True),
    "events: a completion vanishes": (event("complete", gone, 1), "trace_digest", True),
    "events: a completion too early": (event("complete", lambda rows, i: rows.insert(
        i - 150, dict(rows.pop(i), time_s=rows[i - 150]["time_s"])), 1), "at its completion", True),
    "events: fewer blocks told": (event("have", lambda rows, i: rows[i].update(detail="0")), "tells of", True),
    "events: fewer bytes sent": (event("sent", lambda rows, i: rows[i].update(
        detail=more(-1000)(rows[i]["detail"]))), "max-min|bytes at", True),
    "events: a link's bytes": (event("uplink", lambda rows, i: rows[i].update(
        detail=more()(rows[i]["detail"])), -2), "uploaded_bytes by events", True),
    "events: bytes of a downlink": (event("downlink", lambda rows, i: rows[i].update(
        detail=more()(rows[i]["detail"])), -2), "downloaded_bytes by events", True),
    "events: a moment before the one before": (event("hear", lambda rows, i: rows[i].update(
        time_s="0.000000001"), 100), "time_s", True),
    "events: an unknown node": (event("hello", lambda rows, i: rows[i].update(other="nobody")),
                                "cannot be read", True),
    "events: an unknown word": (event("start", lambda rows, i: rows[i].update(detail="luck")),
                                "cannot be read", True),
    "events: a share that is not max-min": (begun_later, "max-min fair shares", True),
    "events: numbers": (edit("events.csv", delete(20)), "seq", True),
    "timeline: an unchoke that events lack": (event("unchoke", gone, 6), "unchoked_pairs", True),
    "timeline: unchoked_pairs": (field(T, "unchoked_pairs", more(), 3), r"timeline\.csv:5: unchoked_pairs", True),
    "timeline: fewer unchoked_pairs": (field(T, "unchoked_pairs", more(-1), 4),
                                       r"timeline\.csv:6: unchoked_pairs", True),
    "timeline: interest_ratio": (field(T, "interest_ratio", lambda old: f"{float(old) - 0.01:.6f}", 3),
                                 r"timeline\.csv:5: interest_ratio", True),
    "timeline: a greater interest_ratio": (field(T, "interest_ratio", lambda old: f"{float(old) + 0.01:.6f}", 11),
                                           r"timeline\.csv:13: interest_ratio", True),
    "timeline: no interest_ratio": (field(T, "interest_ratio", lambda old: "", 4),
                                    r"timeline\.csv:6: interest_ratio", True),
    "summary: requests": (figure("requests", lambda old: old + 1), "summary.json: requests", True),
    "summary: refusals": (figure("refusals", lambda old: old + 1), "summary.json: refusals", True),
    "summary: trace_records": (figure("trace_records", lambda old: old + 1), "trace_records", True),
    "summary: trace_digest": (figure("trace_digest", lambda old: old[::-1]), "trace_digest", True),
    "summary: trace_checkpoints": (figure("trace_checkpoints", lambda old: ["0" * 16]), "trace_checkpoints",
                                   True),
    "summary: uplink_utilization": (figure("uplink_utilization", lambda old: round(old + 2e-6, 6)),
                                    "uplink_utilization", True),
}


R = "transfers.csv"
TRACE = "at_s,from,to,bytes\n" + "".join(
    f"{i * 7 % 40}.{i % 10},{'abc'[i % 3]},{'bca'[i % 3] if i % 2 else 'cab'[i % 3]},{10000 + 7919 * i}\n"
    for i in range(40))
REPLAY = """[scenario]
name = replay
[replay]
trace = trace.csv
[node a]
up = 1Mbit
down = 2Mbit
latency = 10ms
[node b]
up = 300kbit
down = unlimited
[node c]
up = 2Mbit
down = 500kbit
latency = 3ms
"""
# Of a replay of transfers.
REPLAY_KINDS = {
    "replay: a row removed": (edit(R, delete(5)), "rows: expected 40|row of the trace", True),
    "replay: a row twice": (edit(R, lambda rows: rows.insert(5, dict(rows[5]))), "rows: expected 40", True),
    "replay: an end later": (field(R, "completed_s", later(2_000_000), 5), "max-min fair shares", True),
    "replay: an end too early": (field(R, "completed_s", lambda old: later(-50_000_000)(old), 8),
                                 "max-min fair shares|link", True),
    "replay: bytes": (field(R, "bytes", more(50), 5), "row of the trace", True),
    "replay: another receiver": (field(R, "to", lambda old: "a" if old == "b" else "b", 5),
                                 "row of the trace", True),
    "replay: an unknown node": (field(R, "to", lambda old: "z", 5), "cannot be read", True),
}


PLACES = "place,up,down,a,b\na,8Mbit,8Mbit,0,30\nb,1Mbit,8Mbit,30,4\n"
PLACED = SCENARIO.replace("[tracker]", "[latency]\nmatrix = places.csv\n[tracker]\nplace = a").replace(
    "count = 3", "count = 3\nplace = in order").replace("count = 5", "count = 5\nplace = b")
# Of a run with places.
PLACED_KINDS = {
    "availability: unavailable": (figure("unavailable_s", lambda old: old + 1), "unavailable_s", True),
    "availability: first lost": (figure("first_lost_s", lambda old: 3.5), "first_lost_s", True),
    "availability: lost blocks": (figure("lost_blocks", lambda old: old + 1), "lost_blocks", True),
    "availability: single blocks": (figure("single_blocks", lambda old: old + 1), "single_blocks", True),
    "availability: a tracker that stays": (figure("tracker_left_s", lambda old: 9.5), "tracker_left_s", True),
    "availability: incomplete": (figure("peers_incomplete", lambda old: old + 1), "peers_incomplete", True),
    "places: a way longer": (field("paths.csv", "latency_s", later(2_000_000), 1), "expected 262144 bytes at", True),
    "places: a way missing": (edit("paths.csv", delete(1)), "not from a to b", True),
    "places: another node": (field("nodes.csv", "node", lambda old: "fast-9", 2), "nodes.csv:4: node", True),
    "places: a slower uplink": (field("nodes.csv", "up", lambda old: "20kbit", 2), "uplink|duration", True),
}

# Of a run in rounds.
ROUNDS = SCENARIO.replace("preset = minibit", "preset = minibit\nexchange = rounds")
ROUNDS_KINDS = {
    "rounds: interest_ratio": (field(T, "interest_ratio", lambda old: f"{float(old) - 0.01:.6f}", 3),
                               r"timeline\.csv:5: interest_ratio", True),
    "rounds: a greater interest_ratio": (field(T, "interest_ratio", lambda old: f"{float(old) + 0.01:.6f}", 11),
                                         r"timeline\.csv:13: interest_ratio", True),
}
# Of a run in which something breaks.
BROKEN = SCENARIO + """[fault power]
kind = crash
targets = 2 of slow
at = 6s
[fault end]
kind = crash
targets = tracker
at = 13s
[fault out]
kind = tracker-outage
at = every 3s
for = 1s
"""
F = "faults.csv"
BROKEN_KINDS = {
    "faults: one transfer more": (field(F, "transfers_cut", more(1), 1), "transfers_cut: expected", True),
    "faults: bytes": (field(F, "bytes_lost", more(1), 1), "bytes_lost: expected", True),
    "faults: blocks": (field(F, "blocks_lost", more(1), 1), "blocks_lost: expected", True),
    "faults: an announce": (field(F, "messages_lost", more(1), 0), "messages_lost: expected", True),
    "faults: another node": (field(F, "node", lambda old: "fast-1", 1), "faults.csv:3: fast-1 crashes", True),
    "faults: another moment": (field(F, "time_s", later(1), 1), "when power strikes: expected .'6.0", True),
    "faults: an end": (field(F, "until_s", later(1), 0), "until_s: expected 1s", True),
    "faults: a row less": (edit(F, delete(1), numbered=True), "whom power strikes: expected 2 to 2", True),
    "faults: a row more": (edit(F, lambda rows: rows.insert(2, dict(rows[2])), numbered=True), "whom power strikes", True),
    "faults: another kind": (field(F, "kind", lambda old: "tracker-outage", 1), "seq, kind", True),
    "faults: strikes": (figure("faults.out.strikes", lambda old: old + 1), "faults.out.strikes", True),
    "faults: bit": (figure("faults.power.bit", lambda old: 0), "faults.power.bit", True),
    "faults: a sum": (figure("faults.end.blocks_lost", lambda old: old - 1), "faults.end.blocks_lost", True),
    "faults: left and not crashed": (edit(C, lambda rows: [row.update(status="left") for row in rows]), "crashes", True),
    "faults: crashed and no fault": (field(C, "status", lambda old: "crashed", 0), "status", True),
    "faults: an answer": (edit("events.csv", lambda rows: [row.update(event="answer", node="tracker", other=row["node"], detail="0")
                                                           for row in rows if row["event"] == "unanswered"]),
                          "none while it is out", True),
    "faults: an announce unheard": (edit("events.csv", lambda rows: rows.insert(200, dict(
        rows[199], event="unanswered", node="fast-1", other="", block="", detail="")), numbered=True), "announce of fast-1", True),
    "faults: no crash": (edit("events.csv", lambda rows: rows.remove(next(r for r in rows if r["event"] == "crash")),
                              numbered=True), "crashed after a crash", True),
}

# Of a run with zones, tight ones.
ZONED = SCENARIO.replace("[tracker]", "[zone rack]\ncount = 2\nup = 1Mbit\ndown = 3Mbit\nlatency = 2ms\nparent = hall\n"
                         "[zone hall]\ninside = 4Mbit\n[tracker]\nzone = hall").replace(
    "count = 3", "count = 3\nzone = spread over rack").replace("count = 5", "count = 5\nzone = rack-2")
Z = "zones.csv"
ZONED_KINDS = {
    "zones: bytes in": (field(Z, "in_bytes", more(50), 7), r"zones\.csv", True),
    "zones: bytes inside at the end": (field(Z, "inside_bytes", more(50), -3), "bytes that came to the nodes of hall", True),
    "zones: bytes out that go back": (field(Z, "out_bytes", lambda old: "0", -1), "at least", True),
    "zones: a share": (field(Z, "up_utilization", lambda old: f"{float(old) + 0.000002:.6f}", 7), "up_utilization", True),
    "zones: a row less": (edit(Z, delete(7)), "moments of", True),
    "zones: another zone": (field("nodes.csv", "zone", lambda old: "rack-1", 2), "nodes.csv:4: zone: expected rack-2", True),
    "zones: nowhere": (field("nodes.csv", "zone", lambda old: "", 2), "nodes.csv:4: zone: expected rack-2", True),
    "zones: another tree": (figure("zones.rack-1.parent", lambda old: None), "zones.rack-1.parent: expected hall", True),
    "zones: peers": (figure("zones.hall.peers", lambda old: old + 1), "zones.hall.peers", True),
    "zones: copies": (figure("zones.rack-2.ingress_copies", lambda old: old + 0.1), "ingress_copies", True),
    "zones: its share": (figure("zones.rack-2.cross_share", lambda old: old - 0.001), "zones.rack-2.cross_share", True),
    "zones: the share": (figure("cross_share", lambda old: old - 0.001), "cross_share", True),
    "zones: a slower way in": (lambda folder: (folder.path / "config.ini").write_text(
        (folder.path / "config.ini").read_text().replace("down = 3Mbit", "down = 2.9Mbit")),
        "the down of zone rack-2|max-min", True),
}

# Of a run in which connections break.
SEVERED = SCENARIO + """[fault cable]
kind = cut
targets = slow
at = 5s
for = 3s
[fault wifi]
kind = lose-connection
targets = fast-2
at = 9s
"""
SEVERED_KINDS = {
    "cut: a transfer": (field(F, "transfers_cut", more(1), 1), "transfers_cut: expected", True),
    "cut: bytes": (field(F, "bytes_lost", more(-1), 1), "bytes_lost: expected", True),
    "cut: a connection": (field(F, "connections_lost", more(1), 5), "connections_lost: expected", True),
    "cut: its end": (field(F, "until_s", later(1), 0), "until_s: expected 3s", True),
    "cut: another node": (field(F, "node", lambda old: "fast-1", 0), "whom cable strikes", True),
    "cut: a loss of connections lasts": (field(F, "until_s", lambda old: "9.5", 5), "until_s|cannot be read", True),
    "cut: nobody is told": (edit("events.csv", lambda rows: rows.remove(next(
        r for r in rows if r["event"] == "gone" and r["time_s"] == "5.000000000")), numbered=True),
                            "connections_lost: expected", True),
}

# By the run that they change.
TABLES = {"clean": KINDS, "events": EVENT_KINDS, "replayed": REPLAY_KINDS, "placed": PLACED_KINDS,
          "rounds": ROUNDS_KINDS, "broken": BROKEN_KINDS, "severed": SEVERED_KINDS,
          "zoned": ZONED_KINDS}


def setUpModule():
    global HOME, RUNS
    HOME = Path(tempfile.mkdtemp(prefix="minibit-audit."))
    (HOME / "small.ini").write_text(SCENARIO)
    (HOME / "placed.ini").write_text(PLACED)
    (HOME / "places.csv").write_text(PLACES)
    (HOME / "rounds.ini").write_text(ROUNDS)
    (HOME / "broken.ini").write_text(BROKEN)
    (HOME / "zoned.ini").write_text(ZONED)
    (HOME / "severed.ini").write_text(SEVERED)
    (HOME / "trace.csv").write_text("\n".join(sorted(TRACE.splitlines(), key=lambda row: row[0] != "a" and
                                                     float(row.split(",")[0]))) + "\n")
    (HOME / "replay.ini").write_text(REPLAY)
    RUNS = {name: simulate(SIM, HOME / f"{scenario}.ini", HOME / name, *options) for name, scenario, *options in (
        ("clean", "small"), ("events", "small", "--events=csv"), ("placed", "placed", "--events=csv"),
        ("replayed", "replay"), ("rounds", "rounds", "--events=csv"),
        ("broken", "broken", "--events=csv"), ("zoned", "zoned", "--events=csv"),
        ("severed", "severed", "--events=csv"))}


def tearDownModule():
    shutil.rmtree(HOME)


class Tampered(unittest.TestCase):
    def test_nothing_is_found_before(self):
        for folder in RUNS.values():
            self.assertEqual(audit(AUDIT, folder), (0, f"{folder}: all right\n", ""))

    def test_retelling_changes_nothing(self):
        folder = Folder(RUNS["events"], HOME / "retold")
        for name in (P, C, T, "events.csv"):
            folder.write_rows(name, folder.rows(name))
        folder.write_json("summary.json", folder.json("summary.json"))
        folder.retell()
        self.assertEqual(audit(AUDIT, folder.path)[0], 0)

    def kind(self, run, name):
        how, wanted, is_retold = TABLES[run][name]
        folder = Folder(RUNS[run], HOME / "tampered")
        how(folder)
        if is_retold:
            folder.retell()
        status, printed, errors = audit(AUDIT, "--most=1000", folder.path)
        self.assertIn(status, (1, 2), f"{name} is not found")
        self.assertRegex(printed + errors, wanted)
        self.assertNotIn("Traceback", errors)


def add(run, name):
    test = "test_" + name.replace(" ", "_")
    assert not hasattr(Tampered, test), f"{name}: twice"
    setattr(Tampered, test, lambda self: self.kind(run, name))


for its_run, kinds in TABLES.items():
    for kind in kinds:
        add(its_run, kind)

if __name__ == "__main__":
    tap.main()
