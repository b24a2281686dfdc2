#!/usr/bin/env python3
"""test_people.py PROGRAM: who is there: trackers without the file, publishers, sessions, how peers go, and barter."""
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import minibit
from minibit import audited, run, scenario

EVENTS = ("--events=csv",)
LINE = {"up": "8Mbit", "down": "80Mbit"}
APART = LINE | {"unreachable": True}  # who are both such never meet
DEALT = {"deal": "given", "initial_blocks": 2}


def refused(groups, words, files=()):
    """The scenario ends with exit code 2 and one line with these words, and leaves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files:
            Path(folder, name).write_bytes(content if isinstance(content, bytes) else content.encode())
        path = Path(folder, "s.ini")
        path.write_text(scenario(**groups), encoding="utf-8")
        done = subprocess.run([minibit.PROGRAM, path, "-o", Path(folder, "out")], capture_output=True, text=True,
                              check=False, cwd=folder)
        lines = done.stderr.splitlines()
        if done.returncode != 2 or len(lines) != 1 or words not in lines[0]:
            raise minibit.Failed(f"exit {done.returncode}, not 2 with {words!r}: {done.stderr}\n{path.read_text()}")
        if Path(folder, "out").exists():
            raise minibit.Failed(f"{words}: a refused run left a folder")


def same(result, found, wanted):
    result.require(found == wanted, f"{found}, not {wanted}")


# ---- a tracker without the file ----------------------------------------------------------------


def swarm(tracker, **more):
    groups = {"scenario": {"until": "1h"}, "file": {"blocks": 20}, "protocol": {}, "tracker": tracker}
    groups["peers publisher"] = LINE | {"have": "all"}
    groups["peers others"] = LINE | {"count": 5}
    return groups | more


def no_file():
    """All comes from the publisher in the end, and the bound is of its uplink and the others' alone."""
    result = audited(run(scenario(**swarm({"seeder": False, "latency": "20ms"})), options=EVENTS))
    summary = result.summary()
    for row in result.rows("completion"):
        same(result, row["from_tracker"], "0")
    same(result, (summary["peers_complete"], summary["tracker_share"], summary["seeder_copies"]), (6, 0, 0))
    bound = 5 * 20 * minibit.BLOCK_BITS * minibit.SECOND // (6 * 8 * 10**6)
    same(result, summary["lower_bound_s"], Fraction(bound, minibit.SECOND))
    same(result, (summary["unavailable_s"], summary["tracker_left_s"]), (0, None))
    tracker = [row for row in result.rows("events") if row["node"] == "tracker" and row["event"] in ("start", "uplink")]
    same(result, tracker, [])


def seeders_keys():
    """What a seeder's keys say is nothing to a tracker that is none: the same configuration."""
    told = [run(scenario(**swarm({"seeder": False} | more))).text("config.ini")
            for more in ({}, {"up": "3Mbit", "down": "1Mbit", "seeder_slots": 3})]
    minibit.Result("", "").require(told[0] == told[1] and "seeder = no" in told[0], told)


def copies_by_hand():
    """Nobody has a block until 10 s, when the publisher comes, and from 40 s on, when it goes."""
    groups = {
        "scenario": {"until": "1min"}, "file": {"blocks": 3}, "protocol": {"initial_blocks": 0},
        "tracker": {"seeder": False, "leave": "at 50s"},
        "peers waits": APART, "peers brings": APART | {"have": "all", "arrival": "at 10s", "leave": "at 40s"}}
    result = audited(run(scenario(**groups), options=EVENTS))
    found = {key: result.summary()[key] for key in
             ("unavailable_s", "first_lost_s", "lost_blocks", "single_blocks", "tracker_left_s")}
    same(result, found, {"unavailable_s": 30, "first_lost_s": 0, "lost_blocks": 3, "single_blocks": 0,
                         "tracker_left_s": None})
    same(result, [row["mean_copies"] for row in result.rows("timeline")],
         ["0.000000"] + ["1.000000"] * 3 + ["0.000000"] * 3)


def nobody_has_it():
    """A block that nobody can bring, or fewer than the file has, are told before the run."""
    none = {"seeder": False}
    base = {"file": {"blocks": 8}, "tracker": none}
    refused(base | {"peers a": LINE}, "nobody has block 0: some group must hold it (have = all)")
    refused(base | {"peers a": LINE | {"have": "all-but-block 3"}, "peers b": LINE | {"have": "all-but-block 3"}},
            "nobody has block 3")
    refused(base | {"peers a": LINE | {"have": "3 blocks", "count": 2}}, "bring 6 of the file's 8 blocks")
    refused(base | {"protocol": DEALT, "peers a": LINE | {"have": "all"}}, "it gives each newcomer 2 blocks, but has none")
    refused(base | {"tracker": {}, "peers a": LINE}, "the key up is missing")
    for have in ("4 blocks", "all-but-block 3"):
        run(scenario(**base, **{"peers a": LINE | {"have": have, "count": 2}, "peers b": LINE | {
            "have": "all-but-block 1"}}))
    still = run(scenario(**base, **{"peers a": LINE | {"have": "all", "free_rider": True}, "peers b": LINE}),
                options=("--dry-run",))
    told = subprocess.run([*still.command.split(), "--dry-run"], capture_output=True, text=True, check=True)
    still.require("tracker: has no file; a: free_rider = yes" in told.stdout + told.stderr, told)


# ---- how peers go ------------------------------------------------------------------------------


def leaving(leave):
    groups = swarm({"up": "1Mbit"}, **{"peers others": LINE | {"count": 5, "leave": leave, "arrival": "within 10s"}})
    groups["protocol"] = {"seeder_slots": 3}
    del groups["peers publisher"]
    return audited(run(scenario(**groups, **{"peers late": LINE | {"count": 3, "arrival": "at 100s"}}), options=EVENTS))


def words(result, event):
    return [(row["time_s"], row["node"]) for row in result.rows("events")
            if row["event"] == event and row["node"].startswith("others-")]


def without_a_word():
    """Gone at that very moment: nobody is told, and what was under way is cut. The first goes when it would in good
    order, since nothing differs until then."""
    for leave, stays in (("after 5s", 5), ("exponential 5s", None), ("at 20s", None)):
        orderly, sudden = leaving(leave), leaving(f"{leave}, at-once")
        same(sudden, words(sudden, "leaving"), [])
        same(sudden, set(words(sudden, "bye")) & set(words(sudden, "leave")), set())
        sudden.require(len(words(orderly, "leaving")) == len(words(sudden, "leave")) == 5, "not all left")
        same(sudden, words(sudden, "leave")[0], words(orderly, "leaving")[0])
        rows = [row for row in sudden.rows("completion") if row["group"] == "others"]
        for row in rows:
            if stays:
                same(sudden, Fraction(row["left_s"]), Fraction(row["completed_s"]) + stays)
            elif leave == "at 20s":
                same(sudden, row["left_s"], "20.000000000")
        cuts = {row["time_s"] for row in sudden.rows("events") if row["event"] == "cut"}
        if leave == "at 20s":
            same(sudden, cuts, {"20.000000000"})


def sudden_ends():
    """A sudden end goes with a time; and config.ini keeps it."""
    base = {"file": {"blocks": 8}, "tracker": LINE}
    for leave in ("never, at-once", "when-complete, at-once", "at-once, at-once"):
        refused(base | {"peers a": LINE | {"leave": leave}}, "a sudden end goes with a time")
    refused(base | {"peers a": LINE | {"leave": "after 5, at-once"}}, "after 5, at-once: a bare number")
    refused(base | {"peers a": LINE | {"leave": "after 5s, now"}}, "after 5s, now")
    result = run(scenario(**base, **{"peers a": LINE | {"leave": "exponential 10min, at-once"}}))
    result.require("\nleave = exponential 10min, at-once\n" in result.text("config.ini"), result.text("config.ini"))


def complete_while_leaving():
    """Who completes while it takes its leave gives its last blocks as a seeder, whatever its slots: the audit knows."""
    found = Path(__file__).resolve().parent / "found"
    trace = (found / "seed-while-leaving.csv").read_text(encoding="utf-8")
    result = audited(run((found / "seed-while-leaving.ini").read_text(encoding="utf-8"), seed=870008,
                         files=[("seed-while-leaving.csv", trace)], options=EVENTS))
    gone = {row["peer"] for row in result.rows("completion") if row["left_s"]}
    last = {row["from"] for row in result.rows("provenance") if row["via"] == "seed"} - {"tracker"}
    result.require(last and last <= gone, f"{last}, of {gone}")


def dealt_anew():
    """Who comes back holds what it had, and is dealt to as any newcomer is: the audit knows."""
    found = Path(__file__).resolve().parent / "found"
    files = [(name, (found / name).read_text(encoding="utf-8")) for name in ("dealt-anew.csv", "dealt-anew-ways.csv")]
    result = audited(run((found / "dealt-anew.ini").read_text(encoding="utf-8"), seed=498750613, files=files,
                         options=EVENTS))
    held = {row["peer"]: row["dealt"] for row in result.rows("completion")}
    result.require((held["who0x3"], held["who0x3.2"]) == ("4", "5"), held)


# ---- a publisher that comes and goes -----------------------------------------------------------


def comes_and_goes():
    """There from 0 to 2 s, 10 to 12 s and so on, until everybody is complete: nobody waits for its return. Its uplink
    counts once in the bound, however often it is there."""
    groups = swarm({"seeder": False}, **{"peers others": LINE | {"count": 3}})
    groups["peers publisher"] = LINE | {"have": "all", "up": "4Mbit", "leave": "after 2s, at-once", "return": "after 8s"}
    result = audited(run(scenario(**groups), options=EVENTS))
    rows = [row for row in result.rows("completion") if row["group"] == "publisher"]
    same(result, [row["peer"] for row in rows], ["publisher-1"] + [f"publisher-1.{n + 2}" for n in range(len(rows) - 1)])
    for number, row in enumerate(rows):
        same(result, (Fraction(row["arrived_s"]), row["dealt"]), (10 * number, "20"))
        same(result, row["left_s"] and Fraction(row["left_s"]), 10 * number + 2 if row["left_s"] else "")
    summary, ends = result.summary(), max(result.completions())
    result.require(len(rows) > 2 and 10 * (len(rows) - 1) * minibit.SECOND <= ends < 10 * len(rows) * minibit.SECOND,
                   f"{len(rows)} sessions, {ends}")
    same(result, summary["end_s"], Fraction(ends, minibit.SECOND))
    bound = 3 * 20 * minibit.BLOCK_BITS * minibit.SECOND // (28 * 10**6)
    same(result, (summary["lower_bound_s"], summary["bound_ratio"] is None), (Fraction(bound, minibit.SECOND), False))
    gone = [Fraction(row["left_s"]) for row in rows if row["left_s"]]
    for row in result.rows("events"):
        if row["event"] == "start" and row["node"].startswith("publisher"):
            result.require(Fraction(row["time_s"]) % 10 < 2, f"the publisher gives while it is not there: {row}")
    return f"{len(gone)} sessions"


def at_random():
    """Sessions whose lengths are drawn: the same with another group beside it, and of the mean that is said."""
    def sessions(**more):
        groups = swarm({"seeder": False}, **{"peers others": LINE | {"up": "1kbit", "down": "1kbit"}})
        groups["peers publisher"] |= {"leave": "exponential 20s, at-once", "return": "exponential 10s", "count": 4}
        result = audited(run(scenario(**groups, **more)))
        return result, [(row["peer"], row["arrived_s"], row["left_s"]) for row in result.rows("completion")
                        if row["group"] == "publisher"]
    (result, alone), (_, beside) = sessions(), sessions(**{"peers more": LINE | {"count": 2}})
    same(result, alone, beside)
    stays = [Fraction(left) - Fraction(came) for _, came, left in alone if left]
    mean = float(sum(stays) / len(stays))
    # 4 publishers for an hour: some 480 sessions; five standard errors of their mean
    result.require(len(stays) > 400 and abs(mean - 20) < 5 * 20 / len(stays) ** 0.5, f"{len(stays)}, mean {mean}")
    return f"{len(stays)} sessions of {mean:.1f} s in the mean, of 20 s"


def returns_refused():
    base = {"file": {"blocks": 8}, "tracker": LINE}
    stays = LINE | {"have": "all", "leave": "after 10s"}
    for keys, words in (({"have": "none"}, "only who has the whole file (have = all) comes back"),
                        ({"leave": "never"}, "who comes back goes after a time"),
                        ({"leave": "at 1h"}, "who comes back goes after a time"),
                        ({"return": "after 0s"}, "who is back at once has not gone"),
                        ({"return": "often"}, "not one of never"),
                        ({"count": 1000000, "return": "after 1ms", "leave": "after 0s"}, "more than 16777216 peers")):
        refused(base | {"peers a": stays | {"return": "after 1min"} | keys}, words)


# ---- sessions of a trace -----------------------------------------------------------------------


def traced(trace, **more):
    return {"scenario": {"until": "1h"}, "file": {"blocks": 40}, "tracker": {"up": "1Mbit"},
            "peers t": {"up": "1Mbit", "down": "8Mbit", "arrival": f"trace {trace}"}} | more


def sessions_of_a_trace():
    """A peer comes again with the blocks that it had, on its row's line, by its name in every table; what it was still
    sending when it is back is cut. BOM and CRLF are all right; rows stand in any order."""
    rows = ["arrived_s,leave_s,peer,up", "60,,anna,2Mbit", "0,20,anna,", "5,,bert,", "20,50,anna,", "1,,,"]
    text = "\ufeff" + "\r\n".join(rows) + "\r\n"
    result = audited(run(scenario(**traced("t.csv")), files=[("t.csv", text)], options=EVENTS))
    found = {row["peer"]: row for row in result.rows("completion")}
    same(result, list(found), ["anna", "t-2", "bert", "anna.2", "anna.3"])
    held = {}
    for row in result.rows("provenance"):
        held.setdefault(row["peer"], {}).setdefault(row["via"] == "initial", set()).add(row["block"])
    mine = held["anna"][False]
    result.require(2 < len(mine) < 40 and found["anna"]["status"] == "left", f"{len(mine)} blocks")
    same(result, held["anna.2"][True], mine)
    same(result, held["anna.3"][True], mine | held["anna.2"][False])
    same(result, (found["anna.3"]["blocks"], found["anna"]["left_s"]), ("40", "20.000000000"))
    same(result, [row["up"] for row in result.rows("nodes") if row["node"].startswith("anna")],
         ["1Mbit", "1Mbit", "2Mbit"])
    explained = subprocess.run([Path(minibit.PROGRAM).with_name("minibit-results"), "explain", result.folder],
                               capture_output=True, text=True, check=False)
    result.require(explained.returncode == 0, explained.stderr)


def broken_traces():
    """Each in one line, with the row's number; nothing is written."""
    more = {"peers u": LINE | {"arrival": "trace u.csv"}}
    for trace, words, groups in (
            ("0,,anna\n5,9,anna\n", "t.csv:2: anna: comes again, so this row must say when it leaves", {}),
            ("0,7,anna\n5,9,anna\n", "t.csv:3: anna: comes again before it has left", {}),
            ("5,9,anna\n0,7,anna\n", "t.csv:2: anna: comes again before it has left", {}),
            ("0,,an na\n", "t.csv:2: an na: a peer's name has letters, digits", {}),
            ("0,,tracker\n", "t.csv:2: tracker: this name is node 0's", {}),
            ("0,,t-1\n", "t.csv:2: t-1: this name is one of a group's peers by their numbers", {}),
            ("0,,u-7\n", "t.csv:2: u-7: this name is one of a group's peers by their numbers", more),
            ("0,,bert\n3,,carl\n", "u.csv:3: carl: is in the trace of another group already", more),
            ("0,,\"anna\"\n", "t.csv:2: \"anna\": a peer's name has letters", {}),
            ("0;;anna\n", "t.csv:2: 0;;anna: not as many fields as the first line has", {}),
            ("0,1\n", "t.csv:2: 0,1: not as many fields as the first line has", {})):
        refused(traced("t.csv", **groups), words, [("t.csv", "arrived_s,leave_s,peer\n" + trace),
                                                   ("u.csv", "arrived_s,peer\n0,dora\n1,carl\n")])
    refused(traced("t.csv"), "t.csv:1: peers: no column of a trace", [("t.csv", "arrived_s,peers\n0,anna\n")])


# ---- barter ------------------------------------------------------------------------------------


def barter_for_ever():
    base = {"file": {"blocks": 8}, "tracker": LINE, "peers a": LINE, "protocol": {"choke": "barter", "ask": "mutual"}}
    refused(base, "ask = unchokers goes with it")


def barter():
    """No peer that lacks blocks gives another `credit` blocks more than it got of it; more credit goes faster."""
    means, most = [], []
    for credit in (1, 4):
        groups = {"scenario": {"until": "1h"}, "file": {"blocks": 60}, "tracker": LINE | {"seeder_slots": 4},
                  "protocol": {"choke": "barter", "credit": credit},
                  "peers a": LINE | {"count": 12, "arrival": "within 5s", "latency": "10ms"}}
        result = audited(run(scenario(**groups), options=EVENTS))
        debts, highest = {}, 0
        for row in result.rows("events"):
            pair = (row["node"], row["other"])
            if row["event"] == "bye":
                debts.pop(pair, None)
            elif row["event"] == "start" and row["detail"] == "regular":
                highest = max(highest, debts.get(pair, 0) + 1)
            elif row["event"] == "sent":
                debts[pair] = debts.get(pair, 0) + 1
            elif row["event"] in ("deliver", "waste"):
                debts[pair] = debts.get(pair, 0) - 1
        most.append(highest)
        means.append(result.mean_download())
    same(result, most, [1, 4])
    result.require(means[1] < means[0], f"{[float(mean) / 1e9 for mean in means]} s")
    return f"{float(means[0]) / 1e9:.1f} s in the mean with a credit of 1, {float(means[1]) / 1e9:.1f} s with 4"


if __name__ == "__main__":
    minibit.main([
        ("a tracker without the file gives nothing, and a publisher all", no_file),
        ("a seeder's keys are nothing to it", seeders_keys),
        ("copies while the publisher comes and goes, by hand", copies_by_hand),
        ("a block that nobody has is told", nobody_has_it),
        ("a sudden end is told to nobody", without_a_word),
        ("which ends may be sudden", sudden_ends),
        ("complete while leaving", complete_while_leaving),
        ("dealt anew", dealt_anew),
        ("a publisher comes and goes, by hand", comes_and_goes),
        ("sessions of random length", at_random),
        ("what cannot come back is told", returns_refused),
        ("a peer of a trace comes again with what it had", sessions_of_a_trace),
        ("a broken trace is told by its line", broken_traces),
        ("barter: block for block", barter),
        ("barter under ask = mutual is told", barter_for_ever),
    ])
