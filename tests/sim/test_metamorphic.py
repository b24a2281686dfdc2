#!/usr/bin/env python3
"""test_metamorphic.py PROGRAM: changes that must change nothing but what they say (V12, V13).

A swarm at twice the rates, with every time halved, does the same in half the time; one whose peers
all come later does the same later; one whose groups bear other names does the same, to the byte.
"""
from minibit import SECOND, each, main, nanoseconds, rate, run, scenario, seconds

PRESETS = ("minibit", "bittorrent", "coursework")
TIMES = ("arrived_s", "first_block_s", "completed_s", "left_s", "time_s", "started_s")
MINUTE = 60 * SECOND


def told(result, change):
    """The rows of completion.csv and provenance.csv, every time mapped by `change`."""
    lines = []
    for table in ("completion", "provenance"):
        for row in result.rows(table):
            row.pop("download_s", None)
            for column in TIMES:
                at = nanoseconds(row.get(column))
                row[column] = None if at is None else change(at)
            lines.append((table, sorted(row.items(), key=lambda item: item[0])))
    return lines


def require_same(one, other, result):
    result.require(len(one) == len(other), f"{len(one)} rows and {len(other)}")
    for a, b in zip(one, other):
        result.require(a == b, f"{a}\nis not\n{b}")


# ---- V12: twice the rates, half the times ------------------------------------------------------


SINGLE = {  # one upload at a time: no rate is ever divided, so no time is rounded
    "minibit": {"choke": "none", "upload_slots": 1, "seeder_slots": 1},
    "bittorrent": {"choke": "none", "upload_slots": 1, "seeder_slots": 1},
    "coursework": {},
}


def swift(preset, speed):
    """At 1 Mbit/s a byte takes 8,000 ns: a transfer cut and resumed divides without rest, too."""
    def at(ns):
        assert ns % speed == 0
        return seconds(ns // speed)

    rounds = preset == "coursework"  # one download at a time in place of one upload
    one, any_rate = rate(10**6 * speed), "unlimited"
    peer = {"up": any_rate if rounds else one, "down": one if rounds else any_rate,
            "latency": at(8 * 10**6)}
    return scenario(
        scenario={"until": at(600 * MINUTE), "sample": at(MINUTE)},
        file={"blocks": 40},
        protocol={
            "preset": preset, "encoding": "raw", "announce_when_short": False,
            "announce_interval": at(16 * SECOND), "exchange_interval": at(4 * SECOND),
            "unchoke_interval": at(10 * SECOND), "request_timeout": at(64 * SECOND),
            "optimistic_interval": at(30 * SECOND), "rate_window": at(20 * SECOND),
            **SINGLE[preset],
        },
        tracker={"up": any_rate if rounds else rate(2 * 10**6 * speed), "latency": at(2 * 10**6)},
        **{
            "peers a": {"count": 8, **peer},
            "peers b": {"count": 5, **peer, "arrival": f"every {at(4 * SECOND)}",
                        "leave": f"after {at(16 * SECOND)}"},
        },
    )


def twice_as_fast(preset):
    def one(seed):
        slow = run(swift(preset, 1), seed)
        fast = run(swift(preset, 2), seed)
        require_same(told(slow, lambda at: at), told(fast, lambda at: 2 * at), fast)
        return slow.last()
    return lambda: f"{max(each(one, range(1, 11))) / SECOND:.9f} s halved exactly"


# ---- V13: later ---------------------------------------------------------------------------------


def arrivals(preset, later, names=("aardvark", "buffalo", "cat"), trace="trace.csv"):
    """Three groups that come in three ways, all later by so many ns."""
    trace_rows = [0, SECOND, SECOND, 3 * SECOND + 1, 41 * SECOND]
    rows = "".join(f"{(at + later) // SECOND}.{(at + later) % SECOND:09},\n" for at in trace_rows)
    link = {"up": "900kbit", "down": "7Mbit"}
    text = scenario(
        scenario={"name": "same", "until": "50h", "sample": "10s"},
        file={"size": "5MB"},
        protocol={"preset": preset},
        tracker={"up": "3Mbit", "latency": "7ms"},
        **{
            f"peers {names[0]}": {"count": 9, **link, "arrival": f"at {seconds(later)}",
                                  "latency": "11ms", "leave": "after 1min"},
            f"peers {names[1]}": {**link, "arrival": f"trace {trace}",
                                  "leave": "exponential 2min"},
            f"peers {names[2]}": {"count": 3, "up": "300kbit", "down": "2Mbit",
                                  "arrival": f"at {seconds(later + 5 * SECOND)}",
                                  "leave": "when-complete"},
        },
    )
    return text, [(trace, "arrived_s,leave_s\n" + rows)]


def shifted(preset):
    later = 7_300_000_019  # no multiple of anything

    def one(seed):
        text, files = arrivals(preset, 0)
        early = run(text, seed, files=files)
        text, files = arrivals(preset, later)
        late = run(text, seed, files=files)
        require_same(told(early, lambda at: at + later), told(late, lambda at: at), late)
    return lambda: f"{len(each(one, range(1, 11)))} runs"


# ---- V13: other names ---------------------------------------------------------------------------


def renamed(preset):
    """Names whose order is the other way round; all tables and the digest are the same."""
    old, new = ("aardvark", "buffalo", "cat"), ("zebra", "yak", "beaver")
    texts = ("completion.csv", "provenance.csv", "timeline.csv", "events.csv", "summary.json")

    def one(seed):
        results = []
        for names in (old, new):
            text, files = arrivals(preset, 0, names)
            results.append(run(text, seed, options=("--events=csv",), files=files))
        for name in texts:
            before = results[0].text(name)
            for a, b in zip(old, new):
                before = before.replace(a, b)
            results[1].require(before == results[1].text(name), f"{name} differs")
    return lambda: f"{len(each(one, range(1, 6)))} runs, {len(texts)} files each"


def renamed_replay():
    def transfers(a, b, c):
        trace = f"at_s,from,to,bytes\n0,{a},{b},5000000\n0.5,{b},{c},3000000\n1,{a},{c},70001\n"
        nodes = {f"node {a}": {"up": "9Mbit", "down": "9Mbit", "latency": "3ms"},
                 f"node {b}": {"up": "2Mbit", "down": "8Mbit"},
                 f"node {c}": {"up": "1Mbit", "down": "1500kbit"}}
        text = scenario(scenario={"name": "same"}, replay={"trace": "t.csv"}, **nodes)
        result = run(text, files=[("t.csv", trace)])
        return result, result.text("transfers.csv")
    result, before = transfers("x", "y", "z")
    _, after = transfers("q", "p", "o")
    for a, b in zip("xyz", "qpo"):
        before = before.replace(f",{a}", f",{b}")
    result.require(before == after, f"{before}\nis not\n{after}")


main([
    *[(f"V12 twice the rates, {preset}", twice_as_fast(preset)) for preset in PRESETS],
    *[(f"V13 all later, {preset}", shifted(preset)) for preset in PRESETS],
    *[(f"V13 other names, {preset}", renamed(preset)) for preset in PRESETS],
    ("V13 other names in a replay", renamed_replay),
])
