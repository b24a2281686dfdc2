#!/usr/bin/env python3
"""test_cli.py PROGRAM: the command line of minibit-sim, as its users meet it.

Exit codes, one clear line for each kind of bad input, nothing created by a refused run, results
where they belong. Each case runs the real program in a folder of its own.
"""
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402
from minibit import strategies  # noqa: E402

(PROGRAM,) = tap.arguments(1)

FILE = "[file]\nblocks = 4\n"
TRACKER = "[tracker]\nup = 8Mbit\n"
PEERS = "[peers a]\ncount = 3\nup = 8Mbit\ndown = 16Mbit\n"
SMALL = FILE + TRACKER + PEERS
# Long enough to be interrupted: a swarm that never ends before `until`.
ENDLESS = (
    "[scenario]\nuntil = 10000h\n[file]\nblocks = 64\n[tracker]\nup = 100Mbit\n"
    "[peers a]\nup = 8Mbit\ndown = 16Mbit\narrival = poisson 1/min\nleave = when-complete\n"
)
REPLAY = (
    "[replay]\ntrace = trace.csv\n[node x]\nup = 8Mbit\ndown = 8Mbit\n"
    "[node y]\nup = 8Mbit\ndown = 8Mbit\nlatency = 5ms\n"
)
TRACE = "at_s,from,to,bytes\n0,x,y,1000000\n1.5,y,x,1000000\n"


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, text, name="s.ini"):
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def run_sim(self, *arguments, **more):
        return subprocess.run(
            [PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120,
            **more,
        )

    def files(self):
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*"))

    def assertRefused(self, message, *arguments, status=2):
        """One line on stderr that begins as told; nothing on stdout; nothing created."""
        before = self.files()
        result = self.run_sim(*arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"\A[^\n]+\n\Z")
        self.assertTrue(
            result.stderr.startswith("minibit-sim: " + message),
            f"{result.stderr!r}, not {message!r}",
        )
        self.assertEqual(self.files(), before)

    def assertDone(self, result, status=0):
        self.assertEqual(result.returncode, status, result.stderr)


class Helps(Case):
    def test_help_shows_examples_first(self):
        for option in ("--help", "-h"):
            result = self.run_sim(option)
            self.assertDone(result)
            self.assertLess(result.stdout.index("Examples:"), result.stdout.index("--output"))
            self.assertEqual(result.stderr, "")

    def test_version(self):
        result = self.run_sim("--version")
        self.assertDone(result)
        self.assertRegex(result.stdout, r"\Aminibit-sim \d+\.\d+\.\d+\n"
                         r"commit .+\nsources [0-9a-f]{64}\n\Z")

    def test_keys(self):
        result = self.run_sim("--help-keys")
        self.assertDone(result)
        for word in ("[scenario]", "[peers NAME]", "arrival", "peers_per_announce", "rarest_ties"):
            self.assertIn(word, result.stdout)
        self.assertRegex(result.stdout, r"choke +rarity-tft +rarity-tft +rate-tft\n")

    def test_strategies(self):
        result = self.run_sim("--list-strategies")
        self.assertDone(result)
        for word in ("rarest-first", "rarity-tft"):
            self.assertRegex(result.stdout, rf"(?m)^  {word} ")

    def test_full_standard_output_is_an_error(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "w") as full:
            result = subprocess.run([PROGRAM, "--help-keys"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 1)


class Usage(Case):
    def test_wrong_options(self):
        self.write(SMALL)
        self.assertRefused("no scenario given")
        self.assertRefused("unknown option --sede; did you mean --seed?", "s.ini", "--sede", "3")
        self.assertRefused("unknown option -Z", "s.ini", "-Z")
        self.assertRefused("t.ini: one scenario at a time", "s.ini", "t.ini")
        self.assertRefused("--check=evry: not one of off, sample, every", "s.ini", "--check=evry")
        self.assertRefused("--events=yes: not one of off, csv, zst", "s.ini", "--events=yes")
        self.assertRefused("--provenance=x: not one of csv, zst, off", "s.ini", "--provenance=x")
        self.assertRefused("--progress=x: not one of auto, always", "s.ini", "--progress=x")
        self.assertRefused("--seed=-1: not a whole number", "s.ini", "--seed=-1")
        self.assertRefused("--seed=1e3: not a whole number", "s.ini", "--seed=1e3")
        self.assertRefused("--output: the folder's name is empty", "s.ini", "-o", "")
        self.assertRefused("--payload-dir: only a scenario with", "s.ini", "--payload-dir", "p")
        self.assertRefused("s.ini: --set foo: write group.key=value", "s.ini", "--set", "foo")

    def test_unreadable_scenarios(self):
        self.assertRefused("no.ini: cannot be read: No such file or directory", "no.ini")
        self.assertRefused(".: cannot be read: Is a directory", ".")
        self.write("[scenario]\nname = a\0b\n")
        self.assertRefused("s.ini:2: a NUL byte", "s.ini")
        self.write(b"[scenario]\nname = \xff\n")
        self.assertRefused("s.ini:2: not valid UTF-8", "s.ini")
        self.write("#" * (16 << 20) + "\n")
        self.assertRefused("s.ini:1: a scenario file has at most 16 MiB", "s.ini")


class BadInput(Case):
    """Every kind of bad scenario: file, line, group, key, value, and what was meant."""

    def refuse(self, text, message, *arguments):
        self.write(text)
        self.assertRefused(message, "s.ini", *arguments)

    def test_unknown(self):
        self.refuse(
            SMALL + "[protocl]\n",
            's.ini:9: [protocl]: unknown group; did you mean "protocol"?',
        )
        self.refuse(
            SMALL + "uplod = 3\n",
            's.ini:9: [peers a] uplod = 3: unknown key; did you mean "up"?',
        )
        self.refuse(
            SMALL + "[protocol]\nchoke = rate_tft\n",
            "s.ini:10: [protocol] choke = rate_tft: not one of " + ", ".join(strategies("choke", PROGRAM)) +
            '; did you mean "rate-tft"?',
        )

    def test_duplicates(self):
        self.refuse(
            SMALL + "up = 1Mbit\n",
            "s.ini:9: [peers a] up = 1Mbit: this key is there already, in line 7",
        )
        self.refuse(SMALL + "[file]\n", "s.ini:9: [file]: this group is there already, in line 1")

    def test_units(self):
        self.refuse(
            SMALL + "latency = 10\n",
            "s.ini:9: [peers a] latency = 10: a bare number; a time has a unit",
        )
        self.refuse(
            SMALL + "latency = 10msec\n",
            's.ini:9: [peers a] latency = 10msec: "msec" is no unit of a time '
            '(ns us ms s min h); did you mean "ms"?',
        )
        self.refuse(
            FILE + PEERS + "[tracker]\nup = 8\n",
            "s.ini:8: [tracker] up = 8: a bare number; a rate has a unit",
        )

    def test_absurd_numbers(self):
        for value in ("-3", "9223372036854775808", "18446744073709551616", "1" + "0" * 400, "0"):
            self.refuse(
                FILE + TRACKER + f"[peers a]\nup = 8Mbit\ndown = 8Mbit\ncount = {value}\n",
                f"s.ini:8: [peers a] count = {value[:80]}",
            )
        absurd = ("9223372036854775808B", "-1B", "99999999999999999999GiB", "NaNB", "1e30B", "infB")
        for value in absurd:
            self.refuse(
                "[file]\nsize = " + value + "\n" + TRACKER + PEERS,
                f"s.ini:2: [file] size = {value}: ",
            )
        for value in ("-1s", "9223372036854775808ns", "99999999999h"):
            self.refuse(
                SMALL + f"[scenario]\nuntil = {value}\n",
                f"s.ini:10: [scenario] until = {value}: ",
            )

    def test_what_is_no_comment(self):
        self.refuse(
            SMALL + "latency = 5ms  # slow\n",
            's.ini:9: [peers a] latency = 5ms  # slow: "ms  # slow" is no unit of a time '
            "(ns us ms s min h); a comment stands on a line of its own",
        )

    def test_keys_of_other_groups(self):
        self.refuse(
            SMALL + "preset = minibit\n",
            "s.ini:9: [peers a] preset = minibit: unknown key here; it belongs in [protocol]",
        )
        self.refuse(
            SMALL + "[scenario]\ncount = 3\n",
            "s.ini:10: [scenario] count = 3: unknown key here; it belongs in [zone NAME] or [peers NAME]",
        )

    def test_rules_under_which_nothing_moves(self):
        self.refuse(
            SMALL + "[protocol]\npreset = coursework\nchoke = none\n",
            "s.ini:11: [protocol] choke = none: with choke = none only who asks is unchoked",
        )
        self.refuse(
            SMALL + "[protocol]\nsuper_seed = withhold\n",
            "s.ini:10: [protocol] super_seed = withhold: a seeder that withholds shows the next block",
        )

    def test_zero_rates(self):
        self.refuse(
            FILE + "[tracker]\nup = 0bit\n" + PEERS,
            "s.ini:4: [tracker] up = 0bit: nobody else has the whole file",
        )
        self.refuse(
            SMALL.replace("up = 8Mbit\ndown", "up = 0Mbit\ndown"),
            "s.ini:7: [peers a] up = 0Mbit: without an uplink",
        )
        self.refuse(
            SMALL.replace("down = 16Mbit", "down = 0Mbit"),
            "s.ini:8: [peers a] down = 0Mbit: without a downlink",
        )

    def test_leave_before_arrival(self):
        self.refuse(
            SMALL + "arrival = at 10min\nleave = at 5min\n",
            "s.ini:10: [peers a] leave = at 5min: not after arrival = at 10min",
        )

    def test_missing_files(self):
        self.refuse(
            "[file]\npath = gone.bin\n" + TRACKER + PEERS,
            "s.ini:2: [file] path = gone.bin: gone.bin: No such file or directory",
        )
        self.refuse(
            SMALL + "arrival = trace gone.csv\n",
            "s.ini:9: [peers a] arrival = trace gone.csv: gone.csv: No such file",
        )
        self.refuse(
            REPLAY,
            "s.ini:2: [replay] trace = trace.csv: trace.csv: No such file or directory",
        )

    def test_missing_groups_and_keys(self):
        self.refuse("", "s.ini: the group [file] is missing")
        self.refuse(FILE + PEERS, "s.ini: the group [tracker] is missing")
        self.refuse(FILE + TRACKER, "s.ini: no group [peers NAME]")
        self.refuse(
            FILE + TRACKER + "[peers a]\nup = 1Mbit\n",
            "s.ini:5: [peers a]: the key down is missing",
        )

    def test_kinds_of_faults(self):
        self.refuse(
            SMALL + "[fault x]\nkind = bad-blocks\n",
            "s.ini:10: [fault x] kind = bad-blocks: not one of crash | tracker-outage | cut | lose-connection",
        )

    def test_a_tracker_without_a_seeder_cannot_crash(self):
        self.refuse(
            SMALL.replace("[tracker]\n", "[tracker]\nseeder = no\n") + "[fault x]\nkind = crash\ntargets = tracker\nat = 1s\n",
            "s.ini:12: [fault x] targets = tracker: with seeder = no it has nothing to lose but its answers",
        )

    def test_options_are_named_as_such(self):
        self.refuse(
            SMALL,
            "s.ini: --set: [peers a] count = 16777217: out of range: 0 to 16777216",
            "--set",
            "peers a.count=16777217",
        )
        self.refuse(
            SMALL,
            's.ini: --set peers b.count=1: there is no group [peers b]; did you mean "peers a"?',
            "--set",
            "peers b.count=1",
        )

    def test_bad_traces(self):
        self.write("at_s,from,to,bytes\n0,x,z,10\n", "trace.csv")
        self.refuse(REPLAY, "trace.csv:2: ")
        self.write("at,from,to\n", "trace.csv")
        self.refuse(REPLAY, "trace.csv:1: ")
        self.write(TRACE, "trace.csv")
        self.refuse(
            REPLAY.replace("up = 8Mbit", "up = 0Mbit", 1),
            "s.ini: [node x] up = 0bit: trace.csv:2 would never end",
        )
        self.write("arrived_s\n20000\n", "late.csv")
        self.refuse(
            SMALL.replace("count = 3\n", "") + "arrival = trace late.csv\n",
            "s.ini:8: [peers a] arrival = trace late.csv: the first comes at 20000s, not before",
        )


class Folders(Case):
    def setUp(self):
        super().setUp()
        self.write(SMALL)

    def test_default_folder(self):
        self.assertDone(self.run_sim("s.ini"))
        names = {p.name for p in (self.folder / "results/s").iterdir()}
        self.assertLessEqual(
            {"completion.csv", "provenance.csv", "timeline.csv", "summary.json", "config.ini",
             "manifest.json"},
            names,
        )
        self.assertNotIn("events.csv", names)
        self.assertEqual([n for n in names if n.endswith(".tmp")], [])

    def test_holding_something_is_refused_without_force(self):
        (self.folder / "out").mkdir()
        self.write("mine", "out/note.txt")
        self.assertRefused("out: ", "s.ini", "-o", "out")
        self.assertDone(self.run_sim("s.ini", "-o", "out", "--force"))
        self.assertEqual((self.folder / "out/note.txt").read_text(), "mine")
        self.assertTrue((self.folder / "out/manifest.json").exists())

    def test_empty_folder_is_taken(self):
        (self.folder / "out").mkdir()
        self.assertDone(self.run_sim("s.ini", "-o", "out"))

    def test_folder_that_cannot_be_made(self):
        self.write("a file", "out")
        self.assertRefused("out", "s.ini", "-o", "out")
        self.assertRefused("out/deeper", "s.ini", "-o", "out/deeper")

    def test_unwritable_folder(self):
        if os.geteuid() == 0:
            self.skipTest("root may write anywhere")
        (self.folder / "out").mkdir(mode=0o555)
        self.assertRefused("out", "s.ini", "-o", "out")

    def test_payload_folder_is_looked_at_first(self):
        self.write("x" * 300000, "data.bin")
        self.write(SMALL.replace("blocks = 4", "path = data.bin"))
        self.assertRefused("--payload-dir: the folder's name is empty", "s.ini", "--payload-dir", "")
        self.assertRefused("data.bin: Not a directory", "s.ini", "--payload-dir", "data.bin")
        self.assertRefused("data.bin/x: Not a dir", "s.ini", "--payload-dir", "data.bin/x")
        (self.folder / "full").mkdir()
        self.write("mine", "full/a-1.bin")
        self.assertRefused("full: the folder holds something", "s.ini", "--payload-dir", "full")
        self.assertEqual((self.folder / "full/a-1.bin").read_text(), "mine")
        self.assertDone(self.run_sim("s.ini", "-o", "a/b", "--payload-dir", "a/b/c/d"))
        self.assertEqual(len(list((self.folder / "a/b/c/d").iterdir())), 3)
        self.assertRefused("a/b", "s.ini", "-o", "a/b", "--payload-dir", "new")
        self.assertDone(self.run_sim("s.ini", "--payload-dir", "full", "--force"))
        self.assertEqual((self.folder / "full/a-1.bin").read_text(), "x" * 300000)

    def test_failing_write_names_the_file_and_leaves_no_manifest(self):
        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

        result = self.run_sim("s.ini", "-o", "out", preexec_fn=limit)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r"\Aminibit-sim: [^\n]*out/[a-z.]+[^\n]*\n\Z")
        self.assertFalse((self.folder / "out/manifest.json").exists())

    def endless_run(self, *options):
        """A run that has begun to write into `out`, and goes on until it is interrupted."""
        self.write(ENDLESS, "endless.ini")
        process = subprocess.Popen([PROGRAM, "endless.ini", "-q", "-o", "out", *options],
                                   cwd=self.folder, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until = time.monotonic() + 60
        while not list(self.folder.glob("out/**/timeline.csv.tmp")):  # the last that it opens
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        return process

    def assertWhole(self, folder):
        manifest = json.loads((self.folder / folder / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            content = (self.folder / folder / name).read_bytes()
            self.assertEqual(hashlib.sha256(content).hexdigest(), file["sha256"], name)
        self.assertEqual(list((self.folder / folder).glob("*.tmp")), [])

    def test_a_folder_in_use_is_nobody_elses(self):
        first = self.endless_run()
        self.write(SMALL, "small.ini")
        self.write(SMALL.replace("count = 3", "count = ${2,3}"), "study.ini")
        for scenario in ("small.ini", "study.ini"):
            for options in ([], ["--force"]):
                self.assertRefused("out: another run is writing there now", scenario, "-o", "out",
                                   *options)
        first.send_signal(signal.SIGINT)
        self.assertEqual(first.wait(60), 130)
        self.assertWhole("out")
        self.assertDone(self.run_sim("small.ini", "-q", "-o", "out", "--force"))
        self.assertWhole("out")

    def test_a_studys_folder_takes_no_single_run_meanwhile(self):
        first = self.endless_run("--set", "scenario.seed=${1,2}")
        self.write(SMALL, "small.ini")
        result = self.run_sim("small.ini", "-o", "out", "--force")
        self.assertEqual((result.returncode, result.stderr),
                         (2, "minibit-sim: out: another run is writing there now\n"))
        first.send_signal(signal.SIGINT)
        self.assertEqual(first.wait(60), 130)
        self.assertTrue((self.folder / "out/index.csv").exists())
        self.assertFalse((self.folder / "out/manifest.json").exists())

    def test_of_runs_begun_at_once_into_one_folder_one_is_done(self):
        self.write(SMALL)
        for number in range(6):
            for options in ([], ["--force"]):
                folder = f"at/once{number}{len(options)}"
                all_three = [subprocess.Popen([PROGRAM, "s.ini", "-q", "-o", folder, *options],
                                              cwd=self.folder, stderr=subprocess.DEVNULL)
                             for _ in range(3)]
                ends = sorted(process.wait(60) for process in all_three)
                self.assertEqual(ends[0], 0)
                self.assertLessEqual(set(ends), {0, 2})
                if not options:
                    self.assertEqual(ends, [0, 2, 2])
                self.assertWhole(folder)


class Runs(Case):
    def test_table(self):
        self.write("[scenario]\ndescription = Three peers\n" + SMALL)
        result = self.run_sim("s.ini", "--check=every")
        self.assertDone(result)
        self.assertRegex(
            result.stdout,
            r"\As: 3 peers, 4 blocks of 256 KiB \(1 MiB\), seed 1\nThree peers\n",
        )
        self.assertRegex(result.stdout, r"\na +3 +3 +\d+\.\d s ")
        self.assertRegex(result.stdout, r"\neveryone complete at \d+\.\d s\n")
        self.assertTrue(result.stdout.endswith("results in results/s\n"))
        self.assertEqual(result.stderr, "")

    def test_quiet(self):
        self.write(SMALL)
        result = self.run_sim("s.ini", "-q")
        self.assertDone(result)
        self.assertEqual(result.stdout + result.stderr, "")

    def test_unmet_expectations(self):
        self.write(SMALL + "[expect]\ncomplete = all\ncompleted_by = 1ms\npeers = 4..5\n")
        result = self.run_sim("s.ini")
        self.assertDone(result, 3)
        self.assertIn("expectations met: 1 of 3\n", result.stdout)
        self.assertRegex(result.stderr, r"\As\.ini:11: \[expect\] completed_by = 1ms: not met, "
                         r"got [^\n]+\n"
                         r"s\.ini:12: \[expect\] peers = 4\.\.5: not met, got 3\n\Z")
        self.assertTrue((self.folder / "results/s/manifest.json").exists())

    def test_met_expectations(self):
        self.write(
            SMALL + "[expect]\ncomplete = all\ncompleted_by = 1h\npeers = 3\n"
            "groups.a.peers = ..3\n",
        )
        result = self.run_sim("s.ini")
        self.assertDone(result)
        self.assertIn("expectations met: 4 of 4\n", result.stdout)

    def test_every_figure_can_be_expected(self):
        """Whatever scalar the summary has, [expect] takes, and its own value meets it."""
        import json

        self.write(SMALL)
        self.assertDone(self.run_sim("s.ini", "-q"))
        text = (self.folder / "results/s/summary.json").read_text()
        keep = json.loads(text, parse_float=str, parse_int=str)

        def scalars(value, path=""):
            for key, inner in value.items():
                if isinstance(inner, dict):
                    yield from scalars(inner, path + key + ".")
                elif not isinstance(inner, list):
                    yield path + key, inner

        lines = [f"{path} = {'null' if value is None else value}" for path, value in scalars(keep)
                 if path != "complete"]
        self.assertGreater(len(lines), 30)
        self.write(SMALL + "[expect]\n" + "\n".join(lines) + "\n")
        self.assertDone(self.run_sim("s.ini", "-o", "again"))

    def test_same_bytes_twice_and_from_config(self):
        self.write(SMALL + "[protocol]\npreset = bittorrent\n")
        self.assertDone(self.run_sim("s.ini", "-o", "one", "--events=csv", "--seed=9"))
        self.assertDone(self.run_sim("s.ini", "-o", "two", "--events=csv", "--seed=9"))
        self.assertDone(self.run_sim("one/config.ini", "-o", "three", "--events=csv"))
        for path in (self.folder / "one").iterdir():
            if path.name == "manifest.json":
                continue
            for other in ("two", "three"):
                self.assertEqual(
                    path.read_bytes(),
                    (self.folder / other / path.name).read_bytes(),
                    path.name,
                )

    def test_config_is_what_is_shown(self):
        self.write(SMALL)
        shown = self.run_sim("s.ini", "--show-config", "--set", "peers a.count=2")
        self.assertDone(shown)
        self.assertEqual(self.files(), ["s.ini"])
        self.assertDone(self.run_sim("s.ini", "-q", "--set", "peers a.count=2"))
        self.assertEqual((self.folder / "results/s/config.ini").read_text(), shown.stdout)

    def test_a_rate_is_kept_or_refused(self):
        """One that would be off by more than a millionth is refused: 0.001 bit/s is 8.192 units."""
        self.write("at_s,from,to,bytes\n0,x,y,1\n", "trace.csv")
        self.write(REPLAY.replace("up = 8Mbit", "up = 0.001bit"))
        self.assertNotEqual((self.folder / "s.ini").read_text(), REPLAY)
        self.assertRefused("s.ini:4: [node x] up = 0.001bit: ", "s.ini")
        self.write(REPLAY.replace("up = 8Mbit", "up = 0.125bit"))
        self.assertDone(self.run_sim("s.ini"))
        self.assertIn("0.000000000,x,y,1,64.", (
            self.folder / "results/s/transfers.csv").read_text())

    def test_until_is_no_longer_part_of_the_run(self):
        text = (
            "[scenario]\nuntil = {}\nsample = 5s\n[file]\nsize = 1250000B\n"
            "block_size = 1250000B\n[protocol]\ninitial_blocks = 0\n[tracker]\nup = 1Mbit\n"
            "[peers a]\nup = 1Mbit\ndown = 1Gbit\n[expect]\ncompleted_by = 10s\n"
        )
        for until, code, row in (
            ("10s", 3, ",,,,0,0,0,0,0,0,0,1250000,1250000,0,,incomplete"),
            ("10001ms", 0, ",10.000000000,10.000000000,10.000000000,1,0,1,0,0,0,0,1250000,0,0,,"
                           "complete"),
        ):
            self.write(text.format(until))
            self.assertEqual(self.run_sim("s.ini", "--force", "--check=every").returncode, code)
            completion = (self.folder / "results/s/completion.csv").read_text()
            self.assertEqual(completion.splitlines()[1], "a-1,a,0.000000000" + row)

    def test_dry_run(self):
        self.write(SMALL)
        result = self.run_sim("s.ini", "--dry-run")
        self.assertDone(result)
        self.assertRegex(
            result.stdout,
            r"3 peers, 12 block transfers[^\n]*\nabout [\d.]+ [kMGT]B of memory, ",
        )
        self.assertEqual(self.files(), ["s.ini"])

    def test_progress(self):
        self.write(ENDLESS.replace("10000h", "2h"))
        result = self.run_sim("s.ini", "-q", "--progress=never")
        self.assertDone(result)
        self.assertEqual(result.stderr, "")
        result = self.run_sim("s.ini", "-q", "--force", "--progress=always")
        self.assertDone(result)

    def test_files_of_odd_sizes(self):
        for size in (0, 1, 262144, 262145):
            self.write(b"x" * size, "data.bin")
            self.write("[file]\npath = data.bin\n" + TRACKER + PEERS + "[expect]\ncomplete = all\n")
            result = self.run_sim("s.ini", "--force", "--check=every", "--payload-dir",
                                  f"payload{size}")
            self.assertDone(result)
            rebuilt = 0
            for path in (self.folder / f"payload{size}").rglob("*"):
                if path.is_file():
                    self.assertEqual(path.read_bytes(), b"x" * size)
                    rebuilt += 1
            self.assertEqual(rebuilt, 3)

    def test_replay(self):
        self.write(TRACE, "trace.csv")
        self.write(REPLAY)
        result = self.run_sim("s.ini", "--check=every")
        self.assertDone(result)
        self.assertIn("2 of 2 transfers complete", result.stdout)
        self.assertEqual(
            (self.folder / "results/s/transfers.csv").read_text(),
            "at_s,from,to,bytes,completed_s\n0.000000000,x,y,1000000,1.005000000\n"
            "1.500000000,y,x,1000000,2.505000000\n",
        )
        self.assertDone(self.run_sim("results/s/config.ini", "-o", "results/t"))
        self.assertRefused("results/s: ", "s.ini")
        result = self.run_sim("s.ini", "--dry-run")
        self.assertIn("a replay over 2 nodes", result.stdout)

    def test_any_locale(self):
        self.write(SMALL)
        for locale in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
            result = self.run_sim("s.ini", "-o", locale, env={**os.environ, "LC_ALL": locale})
            self.assertDone(result)
        self.assertEqual(
            (self.folder / "C/completion.csv").read_bytes(),
            (self.folder / "tr_TR.UTF-8/completion.csv").read_bytes(),
        )


class Interrupts(Case):
    def interrupt(self, number):
        self.write(ENDLESS)
        process = subprocess.Popen(
            [PROGRAM, "s.ini"], cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        deadline = time.monotonic() + 60
        while not (self.folder / "results/s").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertRegex(
            err,
            r"\Aminibit-sim: interrupted at [\d:. s]+ of the run; "
            r"the results so far are in results/s\n\Z",
        )
        self.assertIn("peers", out)
        for name in ("manifest.json", "summary.json"):
            text = (self.folder / "results/s" / name).read_text()
            self.assertTrue(re.search(r'"complete": false', text), name)

    def test_ctrl_c(self):
        self.interrupt(signal.SIGINT)

    def test_ctrl_c_in_a_replay(self):
        rows = "".join(f"{n}.5,{'xy'[n % 2]},{'yx'[n % 2]},900000\n" for n in range(400000))
        self.write("at_s,from,to,bytes\n" + rows, "trace.csv")
        self.write("[scenario]\nuntil = 10000h\n" + REPLAY)
        process = subprocess.Popen([PROGRAM, "s.ini", "--check=every"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (self.folder / "results/s").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertRegex(err, r"\Aminibit-sim: interrupted at [^\n]+ are in results/s\n\Z")
        self.assertIn("transfers complete", out)
        manifest = (self.folder / "results/s/manifest.json").read_text()
        self.assertIn('"complete": false', manifest)
        table = (self.folder / "results/s/transfers.csv").read_text()
        self.assertEqual(table.count("\n"), 400001)

    def test_terminate(self):
        self.interrupt(signal.SIGTERM)


if __name__ == "__main__":
    tap.main()
