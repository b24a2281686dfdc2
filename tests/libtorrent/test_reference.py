#!/usr/bin/env python3
"""test_reference.py PROGRAM: the runner of the real client, without the real client.

Set-ups are read as minibit-sim resolves them; what a live swarm cannot be told is refused by name; a
swarm of stand-ins comes, completes and goes on a clock of its own; figures, medians and verdicts are
worked out by hand beside; bad input ends with a sentence that says where.
"""
import json
import random
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
import tap  # noqa: E402

PROGRAM = tap.arguments(1)[0]

import against  # noqa: E402
import figures  # noqa: E402
import reference  # noqa: E402
import setup as setups  # noqa: E402
import store  # noqa: E402

SETUP = """[scenario]
name = small
description = two groups
until = 1h
[file]
blocks = 8
[protocol]
preset = bittorrent
{protocol}
[tracker]
up = 200KiB
down = unlimited
{tracker}
[peers a]
count = 2
up = 8kbit
down = 1.5MB
arrival = {arrival}
leave = {leave}
have = {have}
{peers}
[peers b]
count = 1
up = 100KiB
down = unlimited
arrival = at 2s
leave = never
free_rider = yes
"""
BLANK = dict(protocol="", tracker="", arrival="at 0s", leave="when-complete", have="none", peers="")


def read(folder, **changes):
    path = Path(folder) / "small.ini"
    path.write_text(SETUP.format(**{**BLANK, **changes}), encoding="utf-8")
    return setups.read(PROGRAM, path)


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="minibit-reference.")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)


class Reading(Scratch):
    def test_every_key(self):
        setup = read(self.folder, protocol="regular_slots = 3\nunchoke_interval = 15s\nmax_known = 7",
                     tracker="seeder_slots = 9", have="25%")
        self.assertEqual((setup.name, setup.blocks, setup.block_size), ("small", 8, 262144))
        self.assertEqual((setup.slots, setup.seeder_slots, setup.max_known), (4, 9, 7))
        self.assertEqual((setup.unchoke_s, setup.optimistic_s, setup.until), (15, 30, 3600))
        self.assertEqual((setup.seeder_up, setup.seeder_down), (204800, setups.UNLIMITED))
        a, b = setup.groups
        self.assertEqual((a.name, a.count, a.up, a.down), ("a", 2, 1000, 1500000))
        self.assertEqual((a.leave, a.have, a.free_rider, b.free_rider),
                         ("when-complete", "2 blocks", False, True))
        self.assertFalse(setup.from_nothing)
        self.assertTrue(read(self.folder).from_nothing)

    def test_what_a_live_swarm_cannot_do_is_refused_by_name(self):
        cases = [({"protocol": "choke = complement"}, r"\[protocol\] choke = complement"),
                 ({"protocol": "selection = random"}, r"\[protocol\] selection = random"),
                 ({"protocol": "initial_blocks = 2"}, r"\[protocol\] initial_blocks"),
                 ({"tracker": "latency = 5ms"}, r"\[tracker\] latency = 5ms"),
                 ({"tracker": "leave = at 5min"}, r"\[tracker\] leave"),
                 ({"peers": "latency = 5ms"}, r"\[peers a\] latency"),
                 ({"peers": "regular_slots = 2"}, r"\[peers a\] regular_slots"),
                 ({"peers": "unreachable = yes"}, r"\[peers a\] unreachable"),
                 ({"leave": "at 5min"}, r"\[peers a\] leave = at 5min"),
                 ({"leave": "exponential 5min"}, r"\[peers a\] leave = exponential"),
                 ({"have": "all-but-block 0"}, r"\[peers a\] have = all-but-block")]
        for changes, wanted in cases:
            with self.subTest(changes), self.assertRaisesRegex(setups.SetupError, wanted):
                read(self.folder, **changes)

    def test_a_bad_scenario_is_told_in_the_simulators_words(self):
        with self.assertRaisesRegex(setups.SetupError, r"small\.ini.*leaf.*leave"):
            read(self.folder, peers="leaf = never")
        with self.assertRaisesRegex(setups.SetupError, "none.ini"):
            setups.read(PROGRAM, self.folder / "none.ini")

    def test_rates(self):
        for text, wanted in [("8kbit", 1000), ("1KiB", 1024), ("2.5MB/s", 2500000),
                             ("unlimited", 0), ("1Mibit", 131072)]:
            self.assertEqual(setups.rate(text, "up"), wanted, text)
        for text in ("4bit", "0B", "fast", "3", "3parsec"):
            with self.subTest(text), self.assertRaisesRegex(setups.SetupError, "^up = "):
                setups.rate(text, "up")

    def test_the_shipped_set_ups(self):
        found = {setup.name: setup for setup in reference.all_setups(PROGRAM)}
        self.assertGreaterEqual(len(found), 12)
        for name, setup in found.items():
            self.assertEqual(setup.path.stem, name)
            self.assertEqual((setup.slots, setup.seeder_slots, setup.unchoke_s, setup.optimistic_s,
                              setup.block_size), (5, 5, 10, 30, 262144), name)
        self.assertEqual([g.up for g in found["near-riders"].groups], [102400, 1000])
        self.assertEqual([n for n, s in found.items() if s.super_seed], ["super-seed"])
        self.assertEqual([n for n, s in found.items() if any(g.free_rider for g in s.groups)],
                         ["free-riders"])
        self.assertEqual(found["few-connections"].max_known, 10)


class Peers(Scratch):
    def test_arrivals(self):
        for arrival, wanted in [("at 3s", [3, 3]), ("every 100s", [0, 100])]:
            setup = read(self.folder, arrival=arrival)
            found = [p.arrived for p in setups.peers(setup, 1) if p.group.name == "a"]
            self.assertEqual(found, wanted)
        for arrival in ("within 10s", "poisson 0.5/s"):
            setup = read(self.folder, arrival=arrival)
            one, again, other = (setups.peers(setup, seed) for seed in (1, 1, 2))
            times = [p.arrived for p in one]
            self.assertEqual(times, sorted(times))
            self.assertEqual(times, [p.arrived for p in again])
            self.assertNotEqual(times, [p.arrived for p in other])
            if arrival.startswith("within"):
                self.assertTrue(all(0 <= time <= 10 for time in times))

    def test_who_comes_at_the_same_moment_comes_in_an_order_by_lot(self):
        setup = next(s for s in reference.all_setups(PROGRAM, ["near-riders"]))
        places = [[i for i, p in enumerate(setups.peers(setup, seed)) if p.group.name == "rider"]
                  for seed in range(1, 101)]
        self.assertAlmostEqual(sum(map(sum, places)) / 400, 9.5, delta=1)
        self.assertEqual(len(setups.peers(setup, 1)), 20)

    def test_what_they_hold(self):
        draw = random.Random(1)
        self.assertEqual(sum(setups.pieces_held("3 blocks", 8, draw)), 3)
        self.assertEqual(setups.pieces_held("all", 2, draw), [True, True])
        self.assertEqual(setups.pieces_held("none", 2, draw), [False, False])

    def test_nobody_has_more_acquaintances_than_may_be(self):
        draw, degree, pairs = random.Random(1), {}, []
        setup = next(iter(reference.all_setups(PROGRAM, ["few-connections"])))
        self.assertEqual((setup.max_known, setup.listed), (10, 5))
        for i in range(30):
            known = setups.acquaintances(list(degree), degree, setup, draw)
            self.assertLessEqual(len(known), 5)
            for other in known:
                degree[other] += 1
                pairs.append((i, other))
            degree[i] = len(known)
        self.assertLessEqual(max(degree.values()), 10)
        self.assertGreaterEqual(sum(degree.values()) / 30, 8)
        self.assertEqual(len(pairs), len(set(pairs)))
        # All hang together: the last has a way to the first.
        reached, more = {29}, True
        while more:
            more = {a for pair in pairs for a in pair if set(pair) & reached} - reached
            reached |= more
        self.assertEqual(len(reached), 30)
        everybody = types.SimpleNamespace(max_known=0, listed=0)
        self.assertEqual(len(setups.acquaintances(range(40), {}, everybody, draw)), 40)


# ---- a swarm of stand-ins -------------------------------------------------------------------------


class Clock:
    """Time goes on when somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Actor:
    """In the place of a client: after 4 s in the swarm it has a piece, after `takes` s all of them."""
    clock, takes, all = None, {}, {}

    def __init__(self, name, number, info, folder, content, held, rates, slots, times, **rest):
        Path(folder).mkdir()
        self.name, self.folder, self.held = name, folder, list(held)
        self.rates, self.slots, self.times, self.rest = rates, slots, times, rest
        self.began, self.friends, self.closed, self.bye = self.clock.now, [], None, None
        Actor.all[name] = self

    def connect(self, other):
        self.friends.append(other.name)

    def news(self):
        since = self.clock.now - self.began
        takes = self.takes.get(self.name, 1e9)
        if since >= 4 and not self.held[0]:
            self.held[0] = True
            yield "piece", 0
        if since >= takes and not all(self.held):
            for i, held in enumerate(self.held):
                if not held:
                    self.held[i] = True
                    yield "piece", i
            yield "complete", None

    def bytes(self):
        connections = 0 if self.bye is not None and self.clock.now >= self.bye + 5 else 3
        return int(1000 * (self.clock.now - self.began)), 7, 2, connections

    def say_goodbye(self):
        self.bye = self.clock.now

    def close(self):
        self.closed = self.clock.now


class Live(Scratch):
    def swarm(self, takes, **changes):
        """The report of a run of stand-ins that take so long; Actor.all has them."""
        stand_in = types.ModuleType("client")
        stand_in.Client, stand_in.VERSION = Actor, "0"
        stand_in.make_torrent = lambda path, size: None
        with mock.patch.dict(sys.modules, {"client": stand_in}):
            sys.modules.pop("live", None)
            import live
        Actor.clock, Actor.takes, Actor.all = Clock(), takes, {}
        with mock.patch.object(live.time, "monotonic", Actor.clock.monotonic), \
                mock.patch.object(live.time, "sleep", Actor.clock.sleep):
            scratch = tempfile.mkdtemp(dir=self.folder)
            swarm = live.Swarm(read(self.folder, **changes), 1, scratch)
            return swarm.run(lambda _: None)

    def test_they_come_complete_and_go_in_good_order(self):
        report = self.swarm({"a-1": 20, "a-2": 40, "b-1": 60})
        rows = {row["peer"]: row for row in report["peers"]}
        for name, arrived, completed in [("a-1", 0, 20), ("a-2", 0, 40), ("b-1", 2, 62)]:
            self.assertAlmostEqual(rows[name]["arrived"], arrived, delta=0.21)
            self.assertAlmostEqual(rows[name]["completed"], completed, delta=0.41)
        # They had five seconds' blocks to send, and b stays to the end.
        self.assertAlmostEqual(rows["a-1"]["left"], 25, delta=0.7)
        self.assertIsNone(rows["b-1"]["left"])
        self.assertEqual(rows["a-1"]["sent"] // 1000, 25)
        self.assertAlmostEqual(report["first_copy"], 20, delta=0.41)
        # What the seeder had sent by then is between samples: it came two seconds earlier.
        self.assertAlmostEqual(report["seeder_bytes_at_first_copy"], 22000, delta=500)
        self.assertEqual(report["ended"], round(Actor.clock.now - 2, 1))

    def test_gone_at_once(self):
        report = self.swarm({"a-1": 20, "a-2": 40, "b-1": 60}, leave="at-once")
        rows = {row["peer"]: row for row in report["peers"]}
        self.assertEqual(rows["a-1"]["left"], rows["a-1"]["completed"])
        self.assertIsNone(Actor.all["a-1"].bye)

    def test_who_stays_for_a_while(self):
        report = self.swarm({"a-1": 20, "a-2": 40, "b-1": 60}, leave="after 10s")
        self.assertAlmostEqual(report["peers"][0]["left"], 35, delta=0.9)

    def test_a_goodbye_has_an_end(self):
        with mock.patch.object(Actor, "bytes", lambda self: (1, 1, 0, 3)):
            report = self.swarm({"a-1": 20, "a-2": 40, "b-1": 160})
        self.assertAlmostEqual(report["peers"][0]["left"], 80, delta=0.9)

    def test_each_is_told_its_rates_slots_and_acquaintances(self):
        self.swarm({"a-1": 9, "a-2": 9, "b-1": 9}, protocol="max_known = 1\noptimistic_interval = 40s")
        self.assertEqual(Actor.all["a-1"].rates, (1000, 1500000))
        self.assertEqual((Actor.all["a-1"].slots, Actor.all["b-1"].slots), (5, 0))
        self.assertEqual(Actor.all["a-1"].times, (10, 40))
        self.assertEqual(Actor.all["seeder"].rates, (204800, 0))
        met = sorted(tuple(sorted((name, friend))) for name, one in Actor.all.items()
                     for friend in one.friends)
        # Whoever of a-1 and a-2 came second knows the first, and then both know enough.
        self.assertEqual(met, [("a-1", "a-2"), ("a-1", "seeder"), ("a-2", "seeder"),
                               ("b-1", "seeder")])

    def test_who_comes_at_once_is_connected_in_an_order_by_lot(self):
        log = []
        with mock.patch.object(Actor, "connect", lambda self, other: log.append(
                (self.clock.now, self.name, other.name))):
            self.swarm({"a-1": 9, "a-2": 9, "b-1": 9}, peers="", leave="never")
        self.assertEqual(len(log), 6)
        self.assertTrue(all(2 <= at <= 7.5 for at, _, _ in log), log)
        self.assertGreater(len({at for at, _, _ in log}), 2)

    def test_it_ends_at_until_with_who_is_not_complete(self):
        report = self.swarm({"a-1": 20}, leave="never")
        self.assertAlmostEqual(report["ended"], 3600, delta=0.5)
        self.assertIsNone(report["peers"][1]["completed"])
        self.assertLess(report["late_max_s"], 1e-6)


# ---- figures and verdicts -------------------------------------------------------------------------


def live_run(seed=1, first=30.0):
    peers = [("a-1", "a", 0.0, 50.0), ("a-2", "a", 10.0, 70.0), ("b-1", "b", 2.0, 100.0)]
    return {"setup": "small", "seed": seed, "started": "2026-11-28T05:00:00Z", "libtorrent": "2",
            "ended": 100.5, "first_copy": first, "seeder_bytes": 3 * 8 * 262144,
            "seeder_bytes_at_first_copy": 5, "uplinks_used": 0.98, "load": 1.0, "load_max": 2.0,
            "cpu_s": 3.0, "late_p99_s": 0.0, "late_max_s": 0.1,
            "peers": [{"peer": peer, "group": group, "arrived": arrived, "completed": completed,
                       "left": None, "sent": 5, "received": 6, "wasted": 0}
                      for peer, group, arrived, completed in peers]}


class Figures(Scratch):
    def test_of_a_live_run(self):
        setup = read(self.folder)
        self.assertEqual(figures.of_live(live_run(), setup),
                         {"mean a": 55.0, "mean b": 98.0, "last": 100.0, "first copy": 30.0,
                          "seeder files": 3.0})
        self.assertNotIn("first copy", figures.of_live(live_run(), read(self.folder, have="25%")))
        self.assertNotIn("mean a", figures.of_live(live_run(), read(self.folder, have="all")))

    def test_of_a_simulated_run(self):
        setup = read(self.folder)
        found, = against.simulate(PROGRAM, setup, [1])
        self.assertEqual(sorted(found), ["first copy", "last", "mean a", "mean b", "seeder files"])
        # Who gives a kilobyte a second is no help: the seeder sends nearly all three copies.
        self.assertTrue(2.9 <= found["seeder files"] <= 3.0, found)
        size = setup.file_size / setup.seeder_up
        self.assertTrue(size <= found["first copy"] <= found["last"], found)
        self.assertTrue(0.9 * found["seeder files"] * size <= found["last"] <= 3.5 * size, found)

    def test_what_is_missing_is_told(self):
        setup = read(self.folder)
        run = live_run()
        run["peers"].pop()
        with self.assertRaisesRegex(figures.FigureError, "small, live run 1: 0 peers of group b"):
            figures.of_live(run, setup)
        run = live_run()
        run["peers"][1]["completed"] = None
        with self.assertRaisesRegex(figures.FigureError, "1 of group a never complete"):
            figures.of_live(run, setup)
        with self.assertRaisesRegex(figures.FigureError, "no first copy"):
            figures.of_live(live_run(first=None), setup)
        with self.assertRaisesRegex(figures.FigureError, "seed 1: .*leaf"):
            path = self.folder / "bad.ini"
            path.write_text("[peers a]\nleaf = 3\n", encoding="utf-8")
            setup.path = path
            against.simulate(PROGRAM, setup, [1])

    def test_medians(self):
        self.assertEqual(figures.medians([{"last": 1}, {"last": 9}, {"last": 4}]), {"last": 4})
        for runs in ([], [{"last": 1}, {"first copy": 1}]):
            with self.assertRaises(figures.FigureError):
                figures.medians(runs)

    def test_tolerances(self):
        live = {"mean a": 100, "last": 100, "first copy": 100, "seeder files": 4}
        for share, wanted in [(0.09, [1, 1, 1, 1]), (0.11, [0, 0, 1, 1]), (0.16, [0, 0, 0, 0]),
                              (-0.09, [1, 1, 1, 1]), (-0.11, [0, 0, 1, 1]), (-0.16, [0, 0, 0, 0])]:
            simulated = {figure: value * (1 + share) for figure, value in live.items()}
            met = [row[4] for row in figures.compare(live, simulated)]
            self.assertEqual(met, [bool(one) for one in wanted], share)
        with self.assertRaises(figures.FigureError):
            figures.compare(live, {"last": 1})

    def test_verdicts(self):
        def verdict(simulated, known):
            return against.verdict("s", figures.compare({"last": 100}, {"last": simulated}), known)
        listed = {("s", "last"): (100, 130), ("other", "last"): (1, 2)}
        self.assertEqual(verdict(105, {}), [])
        self.assertIn("is not within 10%", verdict(130, {})[0])
        self.assertIn("not within", verdict(70, {})[0])
        self.assertEqual(verdict(130, listed), [])
        self.assertEqual(verdict(120, listed), [])
        self.assertIn("is met now", verdict(105, listed)[0])
        self.assertIn("further off", verdict(134, listed)[0])
        self.assertIn("further off", verdict(66, listed)[0])
        self.assertIn("no such figure", verdict(105, {("s", "mean x"): (1, 2)})[0])

    def test_markdown(self):
        rows = figures.compare({"last": 100, "seeder files": 2}, {"last": 130, "seeder files": 2.1})
        self.assertEqual(against.markdown([("s", rows)], {}).splitlines()[2:],
                         ["| s | last | 100 | 130 | **+30%** |",
                          "|  | seeder files | 2.00 | 2.10 | +5% |"])


class Kept(Scratch):
    def test_there_and_back(self):
        runs = [live_run(2), live_run(1, first=None)]
        store.save(self.folder, runs)
        self.assertEqual(store.load(self.folder), runs[::-1])
        before = (self.folder / "runs.csv").read_bytes()
        store.save(self.folder, store.load(self.folder))
        self.assertEqual((self.folder / "runs.csv").read_bytes(), before)

    def test_bad_tables(self):
        with self.assertRaisesRegex(figures.FigureError, "runs.csv: No such file"):
            store.load(self.folder)
        store.save(self.folder, [live_run()])
        runs, peers = self.folder / "runs.csv", self.folder / "peers.csv"
        whole = runs.read_text(), peers.read_text()
        for path, old, new, wanted in [(runs, "seeder_bytes,", "", "its columns are not"),
                                       (runs, "100.5", "soon", "runs.csv, line 2: .*soon"),
                                       (peers, "small,1,a-2", "small,7,a-2", "small, run 7: no such"),
                                       (peers, "a-1,a,0.0", "a-1,a,x", "peers.csv, line 2")]:
            runs.write_text(whole[0])
            peers.write_text(whole[1])
            path.write_text(path.read_text().replace(old, new, 1))
            with self.subTest(wanted), self.assertRaisesRegex(figures.FigureError, wanted):
                store.load(self.folder)

    def test_differences(self):
        path = self.folder / "differences.csv"
        store.save_differences(path, [("b", "last", 1, 2.005), ("a", "mean x", 3, 4)])
        self.assertEqual(store.differences(path),
                         {("a", "mean x"): (3, 4), ("b", "last"): (1, 2.0)})
        path.write_text(path.read_text().replace("4.00", ""))
        with self.assertRaisesRegex(figures.FigureError, "empty field"):
            store.differences(path)


# ---- the command ----------------------------------------------------------------------------------


def command(*arguments, python=()):
    return subprocess.run([sys.executable, *python, str(HERE / "reference.py"), *arguments,
                           "--program", PROGRAM], capture_output=True, text=True, check=False)


class Command(Scratch):
    def refused(self, wanted, *arguments, python=(), status=2):
        done = command(*arguments, python=python)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, wanted)
        self.assertNotIn("Traceback", done.stderr)

    def test_bad_usage(self):
        there = ("--results", str(self.folder))
        self.refused("no set-up quick: there are at-once, .*three-classes", "list", "quick")
        self.refused("measure needs --results DIR", "measure")
        self.refused("no set-up quick", "list", "--runs", "1", "quick")
        self.refused("--runs and --jobs are at least 1", "measure", *there, "--runs", "0")
        self.refused("--set fast: it is SETTING=NUMBER", "measure", *there, "--set", "fast")
        self.refused("invalid choice: 'mesure'", "mesure")
        self.refused("no live runs", "compare", *there, status=1)
        self.refused("nothing.ini", "list", str(self.folder / "nothing.ini"))
        (self.folder / "x.json").write_text(json.dumps(
            {**live_run(), "one_address": False, "changes": {"allowed_fast_set_size": 0}}))
        self.refused("small ran with another setting", "keep", *there)
        (self.folder / "x.json").write_text("{")
        self.refused(r"x\.json: ", "compare", *there, status=1)

    def test_without_libtorrent_it_says_what_to_install(self):
        # -S leaves out the folders where packages are.
        self.refused("apt-get install python3-libtorrent.*./bootstrap test libtorrent",
                     "measure", "--results", str(self.folder), python=["-S"])

    def test_help_shows_examples(self):
        done = command("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("measure equal riders --runs 1", done.stdout)

    def test_keep_and_compare(self):
        run = live_run()
        path = self.folder / "live"
        path.mkdir()
        (path / "small-1.json").write_text(json.dumps(run))
        setup = read(self.folder)
        done = command("compare", str(setup.path), "--results", str(path))
        # The stand-in's seconds are no swarm's: what differs is said, and that it is not known.
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"small: 1 live runs of 2026-11-28, load 1.0 to 1.0, 98% to 98%")
        self.assertRegex(done.stdout, r"mean a +55\.00 .*DIFFERS")
        self.assertRegex(done.stdout, r"\d figures differ that are not known to")
        done = command("compare", str(setup.path), "--results", str(path), "--protocol", "seeder_choke=sorted")
        self.assertEqual(done.returncode, 1)
        self.assertIn("seeder_choke = sorted", done.stderr + done.stdout)


class Measuring(Scratch):
    """The order of live runs, with a small program in the place of each."""

    def measure(self, body, **changes):
        options = types.SimpleNamespace(program=PROGRAM, setups=["equal", "forty"], runs=2, jobs=2,
                                        results=str(self.folder), change=[], one_address=False)
        vars(options).update(changes)
        started = self.started = []

        def start(options, setup, seed, out):
            started.append(out.stem)
            out.with_suffix(".log").write_text("first\nit broke\n")
            run = json.dumps({**live_run(seed), "setup": setup.name})
            return subprocess.Popen([sys.executable, "-c", body, str(out), run])
        with mock.patch.object(reference, "start", start), \
                mock.patch.object(reference, "need_libtorrent"), \
                mock.patch.object(reference.time, "sleep"), \
                mock.patch("builtins.print") as printed:
            status = reference.measure(options)
        return status, [call.args[0] for call in printed.call_args_list]

    WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"

    def test_all_are_done_once(self):
        status, said = self.measure(self.WRITE)
        self.assertEqual(status, 0)
        self.assertEqual(sorted(self.started), ["equal-1", "equal-2", "forty-1", "forty-2"])
        self.assertIn("4 live runs to do, 0 are there; 2 at a time", said)
        (self.folder / "forty-2.json").unlink()
        status, said = self.measure(self.WRITE)
        self.assertEqual((status, self.started), (0, ["forty-2"]))

    def test_a_run_that_fails_is_told_with_its_last_words(self):
        status, said = self.measure(self.WRITE + "; sys.exit('equal-1' in sys.argv[1])")
        self.assertEqual(status, 1)
        self.assertIn("equal, run 1: FAILED: it broke", said)
        self.assertIn("forty, run 1: done", said)

    def test_a_process_that_was_kept_waiting_is_told(self):
        body = self.WRITE.replace("sys.argv[2]", "sys.argv[2].replace('\"late_max_s\": 0.1', "
                                  "'\"late_max_s\": 1.6')")
        _, said = self.measure(body, setups=["equal"], runs=1)
        self.assertIn("note: equal, run 1: the process was kept waiting for 1.6 s", said)


if __name__ == "__main__":
    tap.main()
