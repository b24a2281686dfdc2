#!/usr/bin/env python3
"""test_figures.py PROGRAM: every figure that a run prints, worked out a second time from its tables.

This shares no code with the simulator: it reads the CSV files as docs/formats.md defines them, in
exact fractions, and holds summary.json, timeline.csv, completion.csv and manifest.json against them.
The digest is mixed anew from events.csv, record by record.
"""
import hashlib
import json
import re
from collections import Counter, defaultdict
from fractions import Fraction

from minibit import SECOND, Failed, main, nanoseconds, run, scenario

HEADERS = {
    "completion": "peer,group,arrived_s,first_block_s,completed_s,download_s,blocks,dealt,"
    "from_tracker,from_seeders,from_leechers,uploaded_blocks,uploaded_bytes,downloaded_bytes,"
    "wasted_bytes,refusals,left_s,status",
    "provenance": "seq,time_s,peer,block,from,from_role,started_s,bytes,via",
    "timeline": "time_s,arrived,active,complete,left,blocks_delivered,from_tracker,from_seeders,"
    "from_leechers,goodput_bytes_per_s,uplink_utilization,min_copies,mean_copies,rarest_blocks,"
    "interest_ratio,unchoked_pairs",
    "events": "seq,time_s,event,node,other,block,detail",
}
ROLES = {"tracker": "from_tracker", "seeder": "from_seeders", "leecher": "from_leechers"}
NONE = 2**32 - 1
NS = SECOND


def rounded(value, places=6):
    """To the nearest, halves up, as a text with so many decimals; "" for None."""
    if value is None:
        return ""
    scaled = (value * 10**places * 2 + 1).__floor__() // 2
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def split(parts):
    """The parts' shares with 6 decimals that add up to 1: the largest remainders are rounded up."""
    if not sum(parts):
        return [None] * len(parts)
    shares = [Fraction(part * 10**6, sum(parts)) for part in parts]
    cut = [share.__floor__() for share in shares]
    for place in sorted(range(len(parts)), key=lambda i: (cut[i] - shares[i], i))[:10**6 - sum(cut)]:
        cut[place] += 1
    return [rounded(Fraction(share, 10**6)) for share in cut]


def clock(ns):
    return None if ns is None else f"{ns // NS}.{ns % NS:09d}"


def ratio(part, whole):
    return Fraction(part, whole) if whole else None


def rank(values, p):
    """The nearest-rank percentile."""
    return sorted(values)[max(0, -(-len(values) * p // 100) - 1)]


def half_up(value):
    return (Fraction(value) * 2 + 1).__floor__() // 2


class Audit:
    """The tables of one run, and what they say of each figure."""

    def __init__(self, result, plan):
        self.result, self.plan = result, plan
        self.figures = json.loads(result.text("summary.json"), parse_float=str)
        self.peers = result.rows("completion")
        self.gains = result.rows("provenance")
        self.samples = result.rows("timeline")
        self.events = result.rows("events")
        self.end = nanoseconds(self.figures["end_s"])
        self.blocks, self.size = self.figures["blocks"], self.figures["file_bytes"]
        self.by_name = {row["peer"]: row for row in self.peers}
        self.moved = [row for row in self.gains if row["via"] != "initial"]
        for row in self.peers:
            for key in ("arrived_s", "first_block_s", "completed_s", "download_s", "left_s"):
                row[key] = nanoseconds(row[key])
        for row in self.gains:
            row["time_s"], row["started_s"] = nanoseconds(row["time_s"]), nanoseconds(row["started_s"])
            row["block"], row["bytes"] = int(row["block"]), int(row["bytes"])
        for row in self.events:
            row["time_s"] = nanoseconds(row["time_s"])

    def same(self, what, found, wanted):
        self.result.require(found == wanted, f"{what} is {found}, its tables say {wanted}")

    def payload(self, block):
        return min(self.figures["block_bytes"], self.size - block * self.figures["block_bytes"])

    # ---- files -----------------------------------------------------------------------------

    def check_headers(self):
        for table, header in HEADERS.items():
            text = self.result.text(f"{table}.csv")
            self.same(f"header of {table}.csv", text.split("\n", 1)[0], header)
            self.result.require("\r" not in text and text.endswith("\n"), f"{table}.csv: line ends")
            self.result.require(not re.search(r"\b(nan|inf)\b", text.lower()), f"{table}.csv: NaN")
        for table in (self.gains, self.events):
            self.same("seq", [row["seq"] for row in table], [str(n) for n in range(len(table))])

    def check_manifest(self):
        manifest = json.loads(self.result.text("manifest.json"))
        there = {path.name for path in self.result.folder.iterdir()} - {"manifest.json"}
        self.same("files of the manifest", set(manifest["files"]), there)
        for name, file in manifest["files"].items():
            data = (self.result.folder / name).read_bytes()
            self.same(name, (file["bytes"], file["sha256"]),
                      (len(data), hashlib.sha256(data).hexdigest()))
        self.same("config_sha256", manifest["config_sha256"],
                  manifest["files"]["config.ini"]["sha256"])

    # ---- completion.csv ----------------------------------------------------------------------

    def check_peers(self):
        gained, dealt, given = defaultdict(Counter), Counter(), Counter()
        first, held = {}, defaultdict(set)
        for row in self.gains:
            who = row["peer"]
            self.result.require(row["block"] not in held[who], f"{who} gains a block twice")
            held[who].add(row["block"])
            if row["via"] == "initial":
                dealt[who] += 1
                self.same("an initial block", (row["from"], row["from_role"], row["bytes"]),
                          ("", "", 0))
                continue
            gained[who][ROLES[row["from_role"]]] += 1
            self.check_role(row)
            given[row["from"]] += 1
            first.setdefault(who, row["time_s"])
            if len(held[who]) == self.blocks:
                self.check_completion(who, row["time_s"])
        for row in self.peers:
            who = row["peer"]
            self.same(f"dealt of {who}", int(row["dealt"]), dealt[who])
            self.same(f"blocks of {who}", int(row["blocks"]), len(held[who]))
            self.same(f"uploaded_blocks of {who}", int(row["uploaded_blocks"]), given[who])
            self.same(f"first_block_s of {who}", row["first_block_s"], first.get(who))
            for column in ROLES.values():
                self.same(f"{column} of {who}", int(row[column]), gained[who][column])
            complete = row["completed_s"] is not None
            self.same(f"complete {who}", complete, len(held[who]) == self.blocks)
            self.same(f"download_s of {who}", row["download_s"],
                      row["completed_s"] - row["arrived_s"] if complete else None)
            status = "complete" if complete else "left" if row["left_s"] is not None else "incomplete"
            self.same(f"status of {who}", row["status"], status)

    def check_role(self, row):
        """A giver is a seeder from its completed_s on, which in rounds is when it notices."""
        role = "tracker"
        if row["from"] != "tracker":
            done = self.by_name[row["from"]]["completed_s"]
            if done == row["started_s"]:
                return  # either, by what came first at that instant
            role = "seeder" if done is not None and done < row["started_s"] else "leecher"
        self.same(f"from_role of block {row['block']} to {row['peer']}", row["from_role"], role)

    def check_completion(self, who, last):
        """When the last block came; in rounds, when the round after it begins."""
        step, row = self.plan.get("round"), self.by_name[who]
        if step:
            last = row["arrived_s"] + -(-(last - row["arrived_s"]) // step) * step
        self.same(f"completed_s of {who}", row["completed_s"], last)

    def check_bytes(self):
        """What left the uplinks came down the downlinks, and no more than was delivered or cut."""
        up, down = Counter(), Counter()
        for row in self.moved:
            up[row["from"]] += row["bytes"]
            down[row["peer"]] += row["bytes"]
        wasted, refused = Counter(), Counter()
        for row in self.events:
            if row["event"] == "cut":
                up[row["node"]] += int(row["detail"])
                down[row["other"]] += int(row["detail"])
            if row["event"] == "waste":
                up[row["other"]] += int(row["detail"])
                down[row["node"]] += int(row["detail"])
            if row["event"] in ("waste", "bad", "lost"):
                wasted[row["node"]] += int(row["detail"])
            if row["event"] == "refuse":
                refused[row["other"]] += 1
        table = self.figures["group_bytes"]
        total = sum(sum(row.values()) for row in table.values())
        tracker = sum(table.get("tracker", {}).values())
        self.same("bytes down", sum(int(r["downloaded_bytes"]) for r in self.peers), total)
        self.same("bytes up", sum(int(r["uploaded_bytes"]) for r in self.peers), total - tracker)
        for row in self.peers:
            for column, known in (("uploaded_bytes", up), ("downloaded_bytes", down)):
                # above: what was under way at the end, or towards one who had just left
                self.result.require(int(row[column]) >= known[row["peer"]],
                                    f"{column} of {row['peer']} below its transfers'")
            self.same(f"wasted_bytes of {row['peer']}", int(row["wasted_bytes"]),
                      wasted[row["peer"]])
            if not self.plan.get("cuts"):
                gained = sum(r["bytes"] for r in self.moved if r["peer"] == row["peer"])
                self.same(f"downloaded_bytes of {row['peer']}", int(row["downloaded_bytes"]),
                          gained + wasted[row["peer"]])
            self.same(f"refusals of {row['peer']}", int(row["refusals"]), refused[row["peer"]])
        if self.figures["peers_complete"] == self.figures["peers"] and not self.plan.get("cuts"):
            self.same("bytes of all", total, sum(up.values()))

    # ---- summary.json ------------------------------------------------------------------------

    def counted(self, row):
        opened = self.plan["groups"][row["group"]].get("open", False)
        return not opened or row["arrived_s"] >= self.plan.get("warmup", 0)

    def check_distribution(self, path, values, text):
        found = self.figures
        for key in path.split("."):
            found = found[key]
        wanted = {"count": len(values)}
        for key in ("mean", "median", "p95", "min", "max"):
            wanted[key] = None
        if values:
            wanted |= {"mean": text(Fraction(sum(values)) / len(values)),
                       "median": text(rank(values, 50)), "p95": text(rank(values, 95)),
                       "min": text(min(values)), "max": text(max(values))}
        self.same(path, found, wanted)

    def check_distributions(self):
        for name in [None, *self.plan["groups"]]:
            prefix = f"groups.{name}." if name else ""
            rows = [r for r in self.peers if name in (None, r["group"])]
            times = [r["download_s"] for r in rows if r["download_s"] is not None
                     and self.counted(r) and int(r["dealt"]) < self.blocks]
            ratios = [Fraction(int(r["uploaded_bytes"]), int(r["downloaded_bytes"]))
                      for r in rows if int(r["downloaded_bytes"]) and self.counted(r)]
            self.check_distribution(prefix + "download_s", times, lambda t: clock(half_up(t)))
            self.check_distribution(prefix + "share_ratio", ratios, rounded)
            if name:
                group = self.figures["groups"][name]
                self.same(prefix + "peers", group["peers"], len(rows))
                self.same(prefix + "peers_complete", group["peers_complete"],
                          sum(r["completed_s"] is not None for r in rows))

    def check_scalars(self):
        f, moved = self.figures, len(self.moved)
        roles = Counter(row["from_role"] for row in self.moved)
        done = [r["completed_s"] for r in self.peers if r["completed_s"] is not None]
        served = [int(r["uploaded_bytes"]) for r in self.peers if self.counted(r)]
        wanted = {
            "complete": True,
            "peers": len(self.peers),
            "peers_complete": len(done),
            "completed_s": clock(max(done, default=None)),
            "blocks_transferred": moved,
            **{f"{role}_share": share for role, share in zip(
                ROLES, split([roles[role] for role in ROLES]))},
            "seeder_copies": rounded(ratio(
                sum(self.payload(r["block"]) for r in self.moved if r["from"] == "tracker"),
                self.size)),
            "first_copy_s": clock(self.first_copy()),
            "max_served_files": rounded(ratio(max(served), self.plan["wire_bytes"]) if served
                                        else None),
            "jain_index": rounded(ratio(sum(served) ** 2,
                                        len(served) * sum(x * x for x in served))),
            "requests": sum(e["event"] == "request" for e in self.events),
            "refusals": sum(e["event"] == "refuse" for e in self.events),
            "wasted_bytes": sum(int(r["wasted_bytes"]) for r in self.peers),
        }
        for key, value in wanted.items():
            self.same(key, "" if f[key] is None else f[key], "" if value is None else value)

    def first_copy(self):
        out, when = set(), None
        for row in self.gains:
            if row["via"] != "initial" and row["from"] != "tracker":
                continue
            out.add(row["block"])
            when = row["time_s"]
            if len(out) == self.blocks:
                return when
        return None

    def check_bound(self):
        f, plan = self.figures, self.plan
        if plan.get("open"):
            self.same("lower_bound_s", (f["lower_bound_s"], f["bound_ratio"]), (None, None))
            return
        wire, weigh = plan["wire_bytes"], plan.get("weigh", self.payload)
        dealt = defaultdict(set)
        for row in self.gains:
            if row["via"] == "initial":
                dealt[row["peer"]].add(row["block"])
        held = set().union(*dealt.values())
        giving = sum(plan["groups"][r["group"]]["up"] for r in self.peers
                     if not plan["groups"][r["group"]].get("rider"))
        lacking = [wire - sum(weigh(b) for b in dealt[r["peer"]]) for r in self.peers]
        bound = max(
            Fraction(wire - sum(map(weigh, held)), plan["up"]),
            max(Fraction(lack, plan["groups"][r["group"]]["down"])
                for lack, r in zip(lacking, self.peers)),
            Fraction(sum(lacking), plan["up"] + giving),
        )
        # Each term is rounded down to a nanosecond from rates in 2^-16 byte/s.
        found = Fraction(nanoseconds(f["lower_bound_s"]), NS)
        self.result.require(abs(found - bound) <= Fraction(2, NS) + bound / 10**8,
                            f"lower_bound_s is {found}, not {float(bound)}")
        if f["bound_ratio"] is not None:
            self.same("bound_ratio", f["bound_ratio"],
                      rounded(Fraction(nanoseconds(f["completed_s"]), nanoseconds(f["lower_bound_s"]))))

    def check_utilization(self):
        """Between what leechers' whole transfers carried and what all that they began may have."""
        done, begun, could = 0, 0, Fraction(0)
        stop = {}
        for row in self.peers:
            ends = [t for t in (row["completed_s"], row["left_s"], self.end) if t is not None]
            stop[row["peer"]] = min(ends)
            could += self.plan["groups"][row["group"]]["up"] * Fraction(
                min(ends) - row["arrived_s"], NS)
        begun = sum(int(r["uploaded_bytes"]) for r in self.peers)
        for row in self.moved:
            if row["from"] != "tracker" and row["time_s"] <= stop[row["from"]]:
                done += row["bytes"]
            if row["from"] != "tracker" and row["started_s"] >= stop[row["from"]]:
                begun -= row["bytes"]
        found = Fraction(self.figures["uplink_utilization"])
        slack = Fraction(1, 10**6)
        self.result.require(done / could - slack <= found <= begun / could + slack,
                            f"uplink_utilization {float(found)} outside "
                            f"{float(done / could)}..{float(begun / could)}")

    def check_little(self):
        f, warmup = self.figures, self.plan.get("warmup", 0)
        if not self.plan.get("open") or self.end <= warmup:
            self.same("mean_active", (f["mean_active"], f["little_error"]), (None, None))
            return
        there, late, times = 0, 0, []
        for row in self.peers:
            if row["completed_s"] == row["arrived_s"]:
                continue
            ends = [t for t in (row["completed_s"], row["left_s"], self.end) if t is not None]
            there += max(0, min(ends) - max(row["arrived_s"], warmup))
            if row["arrived_s"] >= warmup:
                late += 1
                times += [] if row["download_s"] is None else [row["download_s"]]
        span = self.end - warmup
        self.same("mean_active", f["mean_active"], rounded(Fraction(there, span)))
        expected = Fraction(late, span) * Fraction(sum(times), len(times)) if times else None
        self.same("little_error", f["little_error"] or "",
                  rounded(abs(1 - expected / Fraction(there, span)) if times else None))

    # ---- timeline.csv ------------------------------------------------------------------------

    def check_timeline(self):
        times = [nanoseconds(row["time_s"]) for row in self.samples]
        step = self.plan["sample"]
        wanted = [t for t in range(0, self.end, step)] + [self.end]
        self.same("times of timeline.csv", times, wanted)
        before, payload_before = None, 0
        for now, row in zip(times, self.samples):
            self.check_counts(now, row)
            payload_before = self.check_goodput(before, now, row, payload_before)
            self.check_copies(now, row)
            before = now

    def check_counts(self, now, row):
        def upto(key):
            return sum(r[key] is not None and r[key] <= now for r in self.peers)

        here = [r for r in self.moved if r["time_s"] <= now]
        roles = Counter(ROLES[r["from_role"]] for r in here)
        gone = sum(r["left_s"] is not None and r["left_s"] <= now
                   and r["completed_s"] is None for r in self.peers)
        wanted = {"arrived": upto("arrived_s"), "complete": upto("completed_s"),
                  "left": upto("left_s"), "blocks_delivered": len(here),
                  "active": upto("arrived_s") - upto("completed_s") - gone,
                  **{column: roles[column] for column in ROLES.values()}}
        for column, value in wanted.items():
            self.same(f"{column} at {clock(now)}", int(row[column]), value)

    def check_goodput(self, before, now, row, payload_before):
        payload = sum(self.payload(r["block"]) for r in self.moved if r["time_s"] <= now)
        wanted = "" if before is None else str(half_up(
            Fraction((payload - payload_before) * NS, now - before)))
        self.same(f"goodput_bytes_per_s at {clock(now)}", row["goodput_bytes_per_s"], wanted)
        return payload

    def check_copies(self, now, row):
        gone = self.plan.get("tracker_leaves")
        start = 0 if gone is not None and gone <= now else 1
        copies = [start] * self.blocks
        for gain in self.gains:
            left = self.by_name[gain["peer"]]["left_s"]
            if gain["time_s"] <= now and (left is None or left > now):
                copies[gain["block"]] += 1
        if not copies:
            return
        least = min(copies)
        self.same(f"copies at {clock(now)}",
                  (row["min_copies"], row["mean_copies"], row["rarest_blocks"]),
                  (str(least), rounded(Fraction(sum(copies), len(copies))), str(copies.count(least))))

    # ---- the digest --------------------------------------------------------------------------

    KINDS = {"register": 1, "unchoke": 2, "choke": 3, "request": 4, "refuse": 5, "start": 6,
             "deliver": 7, "complete": 8, "leave": 9}
    WORDS = {
        "unchoke": {"slot": 1, "more": 2, "open": 4, "optimistic": 8, "quiet": 32},
        "choke": {"quiet": 32},
        "refuse": {"choked": 1, "not held": 2, "busy": 3, "leaving": 4},
        "start": {"initial": 0, "regular": 1, "optimistic": 2, "seed": 3, "open": 4, "endgame": 5},
        "leave": {"incomplete": 0, "complete": 1, "left": 2, "crashed": 3},
    }

    def value(self, row):
        event, detail = row["event"], row["detail"]
        if event in ("unchoke", "choke"):
            return sum(self.WORDS[event][word] for word in detail.split())
        if event in self.WORDS:
            return self.WORDS[event][detail]
        return int(detail) if detail else 0

    def check_digest(self):
        numbers = {"tracker": 0, "": NONE} | {r["peer"]: n for n, r in enumerate(self.peers, 1)}
        mask = 2**64 - 1

        def fold(a, b):
            product = a * b
            return (product ^ product >> 64) & mask

        h, records = 0x6D696E6962697431, 0
        for row in self.events:
            kind = self.KINDS.get(row["event"])
            if kind is None:
                continue
            block = int(row["block"]) if row["block"] else NONE
            w1 = numbers[row["node"]] | numbers[row["other"]] << 32
            a = fold(row["time_s"] ^ 0xA0761D6478BD642F, w1 ^ 0xE7037ED1A0B428DB)
            b = fold((block | kind << 32) ^ 0x8EBC6AF09C88C6E3, self.value(row) ^ 0x589965CC75374CC3)
            h ^= a
            h = ((((h << 29) | (h >> 35)) & mask) + b) * 0x9E3779B97F4A7C15 & mask
            h ^= h >> 32
            records += 1
        self.same("trace_records", self.figures["trace_records"], records)
        self.same("trace_digest", self.figures["trace_digest"], f"{h:016x}")

    def check_all(self):
        self.check_headers()
        self.check_manifest()
        self.check_peers()
        self.check_bytes()
        self.check_distributions()
        self.check_scalars()
        self.check_bound()
        self.check_utilization()
        self.check_little()
        self.check_timeline()
        self.check_digest()
        return f"{len(self.peers)} peers, {len(self.gains)} blocks, {len(self.events)} events"


# ---- the runs ----------------------------------------------------------------------------------

MBIT = 125000  # bytes per second


def audit(groups, plan, seed=1):
    result = run(scenario(**groups), seed=seed, options=["--events=csv"])
    return Audit(result, plan).check_all()


def plan_of(blocks, up, groups, sample=2, block_bytes=262144, **more):
    rates = {name: {"up": g[0] * MBIT, "down": g[1] * MBIT, **(g[2] if len(g) > 2 else {})}
             for name, g in groups.items()}
    return {"up": up * MBIT, "groups": rates, "sample": sample * NS,
            "wire_bytes": blocks * block_bytes, **more}


def crowd():
    """Three groups that come at different times, with blocks, without, one that only takes."""
    groups = {"fast": (8, 20), "slow": (1, 8), "rider": (1, 8, {"rider": True})}
    return audit({
        "scenario": {"sample": "2s", "until": "1h"}, "file": {"blocks": 24},
        "tracker": {"up": "8Mbit", "latency": "5ms"},
        "peers fast": {"count": 9, "up": "8Mbit", "down": "20Mbit", "latency": "3ms",
                       "arrival": "within 5s", "have": "25%"},
        "peers slow": {"count": 12, "up": "1Mbit", "down": "8Mbit", "latency": "9ms",
                       "have": "all-but-block 3"},
        "peers rider": {"count": 4, "up": "1Mbit", "down": "8Mbit", "free_rider": True,
                        "arrival": "at 3s"},
    }, plan_of(24, 8, groups))


def churn():
    """BitTorrent's rules with cuts, endgame and peers that vanish the moment they are complete."""
    groups = {"a": (2, 10), "b": (1, 4)}
    return audit({
        "scenario": {"sample": "2s", "until": "2h"}, "file": {"blocks": 40},
        "protocol": {"preset": "bittorrent"},
        "tracker": {"up": "4Mbit", "latency": "5ms"},
        "peers a": {"count": 20, "up": "2Mbit", "down": "10Mbit", "latency": "20ms",
                    "leave": "at-once"},
        "peers b": {"count": 15, "up": "1Mbit", "down": "4Mbit", "latency": "30ms",
                    "arrival": "within 20s", "leave": "exponential 30s"},
    }, plan_of(40, 4, groups, cuts=True))


def rounds():
    """The classroom's rounds, with dealt blocks and their false books."""
    return audit({
        "scenario": {"sample": "10s", "until": "1h"}, "file": {"blocks": 30},
        "protocol": {"preset": "coursework", "encoding": "raw"},
        "tracker": {"up": "100Mbit"},
        "peers s": {"count": 7, "up": "100Mbit", "down": "100Mbit", "latency": "1ms"},
    }, plan_of(30, 100, {"s": (100, 100)}, sample=10, round=5 * NS))


def uneven():
    """A short last block, weighed as JSON, of which everybody holds another part already."""
    sizes = [10000] * 11 + [1]

    def weigh(block):
        return 20 + len(str(block)) + 4 * -(-sizes[block] // 3)

    groups = {"a": (1, Fraction(1, 10)), "b": (1, 100)}
    plan = plan_of(12, 8, groups, sample=1)
    return audit({
        "scenario": {"sample": "1s", "until": "1h"},
        "file": {"size": "110001B", "block_size": "10000B"}, "protocol": {"encoding": "base64"},
        "tracker": {"up": "8Mbit"},
        "peers a": {"count": 1, "up": "1Mbit", "down": "100kbit", "have": "all-but-block 3"},
        "peers b": {"count": 3, "up": "1Mbit", "down": "100Mbit", "have": "25%"},
    }, plan | {"weigh": weigh, "wire_bytes": sum(map(weigh, range(12)))})


def dealt_whole():
    """Open arrivals that are dealt the whole file: there, and active, until they are answered."""
    groups = {"v": (1, 8, {"open": True})}
    return audit({
        "scenario": {"sample": "5s", "until": "60s", "warmup": "10s"}, "file": {"blocks": 3},
        "protocol": {"deal": "given"},
        "tracker": {"up": "2Mbit", "latency": "300ms"},
        "peers v": {"arrival": "every 2s", "up": "1Mbit", "down": "8Mbit", "latency": "200ms",
                    "leave": "at-once"},
    }, plan_of(3, 2, groups, sample=5, open=True, warmup=10 * NS))


def first_come():
    """choke = none: a leecher serves whoever asks, on no other ground than that."""
    groups = {"a": (2, 8)}
    text = scenario(**{
        "scenario": {"sample": "2s", "until": "1h"}, "file": {"blocks": 12},
        "protocol": {"choke": "none", "initial_blocks": 0}, "tracker": {"up": "2Mbit"},
        "peers a": {"count": 5, "up": "2Mbit", "down": "8Mbit", "latency": "5ms"},
    })
    result = run(text, options=["--events=csv"])
    audit = Audit(result, plan_of(12, 2, groups))
    grounds = {row["via"] for row in audit.moved if row["from_role"] == "leecher"}
    result.require(grounds == {"open"}, f"leechers serve on the grounds {grounds}")
    return audit.check_all()


def nobody_yet():
    """All come before the warm-up ends: no peer counts, and what only peers can show is null."""
    groups = {"v": (1, 8, {"open": True})}
    return audit({
        "scenario": {"sample": "5s", "until": "60s", "warmup": "50s"}, "file": {"blocks": 2},
        "tracker": {"up": "2Mbit"},
        "peers v": {"arrival": "every 40s", "up": "1Mbit", "down": "8Mbit"},
    }, plan_of(2, 2, groups, sample=5, open=True, warmup=50 * NS))


def steady():
    """Open arrivals, some of whom give up, and a warm-up."""
    groups = {"v": (1, 8, {"open": True}), "w": (2, 8, {"open": True})}
    return audit({
        "scenario": {"sample": "7s", "until": "15min", "warmup": "3min"}, "file": {"blocks": 20},
        "tracker": {"up": "2Mbit", "latency": "5ms"},
        "peers v": {"arrival": "poisson 0.1/s", "up": "1Mbit", "down": "8Mbit",
                    "leave": "when-complete", "latency": "20ms"},
        "peers w": {"arrival": "every 30s", "up": "2Mbit", "down": "8Mbit", "leave": "after 1min",
                    "latency": "11ms"},
    }, plan_of(20, 2, groups, sample=7, open=True, warmup=180 * NS), seed=3)


def orphans():
    """The tracker leaves before the file is whole anywhere; who waits in vain stays incomplete."""
    return audit({
        "scenario": {"sample": "2s", "until": "60s"}, "file": {"blocks": 12},
        "tracker": {"up": "2Mbit", "leave": "at 7s"},
        "peers a": {"count": 5, "up": "1Mbit", "down": "8Mbit", "latency": "4ms"},
        "peers b": {"count": 2, "up": "1Mbit", "down": "8Mbit", "leave": "at 20s"},
    }, plan_of(12, 2, {"a": (1, 8), "b": (1, 8)}, tracker_leaves=7 * NS, cuts=True))


def unreachable():
    """Peers that accept no contact are served by a seeder that they contacted, not by each other."""
    groups = {"s": (4, 16), "a": (4, 16)}
    result = run(scenario(**{
        "scenario": {"sample": "2s", "until": "1h"}, "file": {"blocks": 8},
        "tracker": {"up": "1Mbit", "latency": "5ms"},
        "peers s": {"up": "4Mbit", "down": "16Mbit", "latency": "10ms", "have": "all"},
        "peers a": {"count": 6, "up": "4Mbit", "down": "16Mbit", "latency": "10ms",
                    "unreachable": True},
    }), options=["--events=csv"])
    audit = Audit(result, plan_of(8, 1, groups))
    given = {(row["from"], row["peer"]) for row in audit.moved}
    result.require(any(giver == "s-1" for giver, _ in given), "the seeder gives nothing")
    result.require(not any(giver.startswith("a-") for giver, _ in given),
                   "one who cannot be contacted gives to another such")
    result.require(audit.end < 40 * NS, f"it takes {clock(audit.end)} s")
    return audit.check_all()


def rerated():
    """Two transfers over one uplink, rerated as can be counted by hand, however fast the downlinks."""
    peer = {"up": "8Mbit", "free_rider": True}
    result = run(scenario(**{
        "scenario": {"until": "1h"}, "file": {"size": "1MB", "block_size": "1MB"},
        "protocol": {"encoding": "raw"}, "tracker": {"up": "8Mbit"},
        "peers first": {**peer, "down": "80Mbit"},
        "peers second": {**peer, "down": "16Mbit", "arrival": "at 500ms"},
    }))
    ends = [nanoseconds(row["completed_s"]) for row in result.rows("completion")]
    result.require(ends == [3 * NS // 2, 2 * NS], f"they complete at {ends}")
    # The first comes, the second comes and both have half, the first goes and the other has all, and
    # goes: none, 2, 1, none, at four instants.
    found = json.loads(result.text("summary.json"), parse_float=str)["rerated_flows_per_event"]
    result.require(found == rounded(Fraction(3, 4)), f"rerated_flows_per_event is {found}, not 3/4")
    return "3 changes of rate at 4 instants"


CASES = [("figures: " + (case.__doc__ or "").strip().rstrip("."), case)
         for case in (crowd, churn, rounds, uneven, dealt_whole, first_come, nobody_yet, steady, orphans,
                      unreachable, rerated)]

if __name__ == "__main__":
    main(CASES)
