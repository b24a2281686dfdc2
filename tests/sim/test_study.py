#!/usr/bin/env python3
"""test_study.py PROGRAM: studies from outside: ${...}, repeat, extends, --list-runs, --run, -j.

Every case runs the real program in a folder of its own.
"""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

(PROGRAM,) = tap.arguments(1)
PATIENCE = 300  # seconds, after which something hangs: no machine is as slow

SWARM = (
    "[file]\nblocks = 8\n[tracker]\nup = 8Mbit\n"
    "[peers a]\ncount = ${N=3,5}\nup = 8Mbit\ndown = 16Mbit\n"
)
# 12 runs: 2 x 3 points, twice.
STUDY = SWARM + "[protocol]\nselection = ${rarest-first, random, sequential}\n" \
    "[scenario]\nrepeat = 2\n"
POINTS = [(n, s) for n in ("3", "5") for s in ("rarest-first", "random", "sequential")]


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.write(STUDY)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, text, name="s.ini"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_sim(self, *arguments, status=0, **more):
        result = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                                text=True, timeout=PATIENCE, **more)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def names(self):
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*"))

    def refuse(self, message, *arguments):
        """One line on stderr that begins as told, exit 2, nothing created."""
        before = self.names()
        result = self.run_sim(*arguments, status=2)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"\A[^\n]+\n\Z")
        self.assertTrue(result.stderr.startswith("minibit-sim: " + message),
                        f"{result.stderr!r}, not {message!r}")
        self.assertEqual(self.names(), before)

    def runs(self, *arguments):
        """What --list-runs=csv says, a dictionary for each run."""
        text = self.run_sim("s.ini", "--list-runs=csv", *arguments).stdout
        return list(csv.DictReader(io.StringIO(text)))

    def bytes_of(self, folder="results/s"):
        """Every file of a study but what may differ between two equal runs."""
        root, found = self.folder / folder, {}
        for path in root.rglob("*"):
            if path.is_dir():
                continue
            name = path.relative_to(root).as_posix()
            if path.name == "manifest.json":
                manifest = json.loads(path.read_text())
                del manifest["volatile"]
                found[name] = json.dumps(manifest)
            else:
                found[name] = path.read_bytes()
        return found

    def stamps(self, folder="results/s"):
        """When each run's manifest was written: unchanged where no run was repeated. A folder that
        has not its own name yet was killed on the way, and is no run."""
        return {p.parent.name: p.stat().st_mtime_ns
                for p in (self.folder / folder).glob("[!.]*/manifest.json")}


class Planning(Case):
    def test_order_and_numbers(self):
        rows = self.runs()
        self.assertEqual(list(rows[0]), ["run", "folder", "repetition", "seed", "N",
                                         "protocol.selection"])
        self.assertEqual([r["run"] for r in rows], [str(i) for i in range(12)])
        self.assertEqual([r["repetition"] for r in rows], ["0"] * 6 + ["1"] * 6)
        self.assertEqual([(r["N"], r["protocol.selection"]) for r in rows], POINTS * 2)

    def test_seeds(self):
        """A repetition has one seed for all its points; the first has the scenario's own."""
        rows = self.runs("--seed=7")
        self.assertEqual({r["seed"] for r in rows[:6]}, {"7"})
        self.assertEqual(len({r["seed"] for r in rows[6:]}), 1)
        self.assertNotEqual(rows[6]["seed"], "7")
        self.assertEqual(rows, self.runs("--set", "scenario.seed=7"))

    def test_listing_writes_nothing(self):
        before = self.names()
        table = self.run_sim("s.ini", "--list-runs").stdout.splitlines()
        self.assertEqual(len(table), 13)
        self.assertEqual(table[0].split(), ["run", "folder", "repetition", "seed", "N",
                                            "protocol.selection"])
        self.assertEqual(len({line.index("rarest") for line in table if "rarest" in line}), 1)
        self.run_sim("s.ini", "--dry-run")
        self.assertEqual(self.names(), before)

    def test_a_run_is_the_scenario_alone(self):
        """Repetition 0 is what the scenario gives without any ${}."""
        self.run_sim("s.ini", "-q")
        run = self.runs()[4]
        self.write(STUDY.replace("${N=3,5}", "5").replace("repeat = 2", "name = s").replace(
            "${rarest-first, random, sequential}", "random"), "alone.ini")
        self.run_sim("alone.ini", "-q", "-o", "alone")
        there = self.folder / "results/s" / run["folder"]
        for path in (self.folder / "alone").iterdir():
            if path.name != "manifest.json":
                self.assertEqual(path.read_bytes(), (there / path.name).read_bytes(), path.name)

    def test_folder_is_the_hash_of_the_configuration(self):
        self.run_sim("s.ini", "-q")
        for run in self.runs():
            config = (self.folder / "results/s" / run["folder"] / "config.ini").read_bytes()
            self.assertEqual(hashlib.sha256(config).hexdigest()[:16], run["folder"])
            self.assertIn(f"seed = {run['seed']}\n", config.decode())


class Running(Case):
    def test_index_and_folders(self):
        text = self.run_sim("s.ini").stdout
        self.assertEqual(text, "12 runs (6 parameter points x 2 repetitions)\n"
                         "12 done now, 0 done before, 0 failed\n"
                         "results in results/s; index.csv there lists the runs\n")
        index = (self.folder / "results/s/index.csv").read_text()
        self.assertEqual(index, self.run_sim("s.ini", "--list-runs=csv").stdout)
        folders = {r["folder"] for r in self.runs()}
        self.assertEqual({p.name for p in (self.folder / "results/s").iterdir()},
                         folders | {"index.csv"})
        self.assertEqual(set(self.stamps()), folders)

    def test_same_bytes_for_any_number_of_processes(self):
        self.run_sim("s.ini", "-q", "-j1", "-o", "one", "--events=csv")
        self.run_sim("s.ini", "-q", "-j3", "-o", "three", "--events=csv")
        self.assertEqual(self.bytes_of("one"), self.bytes_of("three"))
        for part in ("6..11", "1,0,5", "2..4"):
            self.run_sim("s.ini", "-q", "--run", part, "-o", "parts", "--events=csv")
        self.assertEqual(self.bytes_of("one"), self.bytes_of("parts"))

    def test_what_is_done_is_not_done_again(self):
        self.run_sim("s.ini", "-q", "--run", "2,3")
        before = self.stamps()
        self.assertEqual(len(before), 2)
        self.assertIn("10 done now, 2 done before", self.run_sim("s.ini").stdout)
        self.assertEqual(before, {k: v for k, v in self.stamps().items() if k in before})

    def test_growing(self):
        """More repetitions and more values rename nothing and repeat nothing."""
        self.run_sim("s.ini", "-q")
        before = self.stamps()
        self.write(STUDY.replace("3,5", "3,4,5").replace("repeat = 2", "repeat = 3"))
        self.assertIn("15 done now, 12 done before", self.run_sim("s.ini").stdout)
        after = self.stamps()
        self.assertEqual(len(after), 27)
        self.assertEqual(before, {k: v for k, v in after.items() if k in before})
        self.assertEqual(len((self.folder / "results/s/index.csv").read_text().splitlines()), 28)


def stop(group):
    """Stops all processes of the group: when this returns none of them does anything any more."""
    while True:
        os.killpg(group, signal.SIGSTOP)
        states = set()
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue  # it has just ended
            if int(its_group) == group:
                states.add(state)
        if states <= {"T", "Z"}:
            return
        time.sleep(0.001)


class Sharing(Case):
    """Processes that are killed, that are interrupted, and that work on the same study at once."""

    # Some hundredths of a second each, so that a signal meets runs under way.
    SLOW = STUDY.replace("blocks = 8", "blocks = 256").replace("N=3,5", "N=30,40")
    # Long enough that it meets them mostly; a study that was over first is begun anew.
    SLOWER = SLOW.replace("N=30,40", "N=60,80")

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, "s.ini", "-q", *arguments], cwd=self.folder,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    def wait_for_runs(self, count, folder="results/s"):
        deadline = time.monotonic() + 60
        while len(self.stamps(folder)) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertGreaterEqual(len(self.stamps(folder)), count)

    def stopped(self, count, *arguments, meets=lambda: True):
        """A study that stands still, all its processes, with `count` runs done or more and others under
        way; what `meets` returns of it, once that is true."""
        for _ in range(20):
            process = self.start(*arguments)
            while process.poll() is None:
                stop(process.pid)
                found = count <= len(self.stamps()) < 12 and meets()
                if found:
                    return process, found
                os.killpg(process.pid, signal.SIGCONT)
                time.sleep(0.005)
            process.communicate()  # all was done before it was looked at
            shutil.rmtree(self.folder / "results")
        self.fail("it is over each time before it is met")

    undisturbed = {}  # by the study's text, for all tests that share it

    def assertWhole(self):
        """Nothing but the index and the runs' folders, with the bytes of an undisturbed study."""
        text = (self.folder / "s.ini").read_text()
        if text not in self.undisturbed:
            self.run_sim("s.ini", "-q", "-o", "plain")
            self.undisturbed[text] = self.bytes_of("plain")
        self.assertEqual(self.undisturbed[text], self.bytes_of())

    def hidden(self):
        return [p.name for p in (self.folder / "results/s").glob(".*")]

    def test_killed(self):
        """kill -9 of everything at once, thrice; what is done is kept."""
        self.write(self.SLOWER)
        for done in (1, 2, 4):
            process, _ = self.stopped(done, "-j2")
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            time.sleep(0.1)  # its workers may take a moment to go
            before = self.stamps()
            self.assertLess(len(before), 12)
        self.run_sim("s.ini", "-q")
        self.assertEqual(before, {k: v for k, v in self.stamps().items() if k in before})
        self.assertEqual(self.hidden(), [])
        self.assertWhole()

    def test_parent_killed(self):
        """The workers go with it, and the next one sweeps up what they leave."""
        self.write(self.SLOW)
        process = self.start("-j2")
        self.wait_for_runs(1)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(0.2)
        self.run_sim("s.ini", "-q")
        self.assertEqual(self.hidden(), [])
        self.assertWhole()

    def test_worker_killed(self):
        """A failed run: exit 1, the others done, its private folder gone."""
        self.write(self.SLOWER)
        process, hidden = self.stopped(
            2, "-j1", meets=lambda: [name for name in self.hidden() if name.endswith(".tmp")])
        os.kill(int(hidden[0].split(".")[-2]), signal.SIGKILL)
        os.killpg(process.pid, signal.SIGCONT)
        _, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1, errors)
        self.assertRegex(errors, r"\Aminibit-sim: run \d+ \(N=\d+, protocol.selection=[a-z-]+, "
                         r"repetition \d\): ended by signal 9 \(Killed\)\n"
                         r"minibit-sim: 1 of 12 runs failed\n\Z")
        self.assertEqual(self.hidden(), [])
        self.assertEqual(len(self.stamps()), 11)
        self.assertIn("1 done now, 11 done before", self.run_sim("s.ini").stdout)
        self.assertWhole()

    def test_interrupted(self):
        self.write(self.SLOWER)
        for number, send, done in ((signal.SIGINT, os.kill, 1), (signal.SIGTERM, os.kill, 3),
                                   (signal.SIGINT, os.killpg, 5)):
            process, _ = self.stopped(done, "-j2")
            send(process.pid, number)
            os.killpg(process.pid, signal.SIGCONT)
            _, errors = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 130, errors)
            self.assertRegex(errors, r"\Aminibit-sim: interrupted; \d+ of 12 runs are done, and "
                             r"the same command goes on from there\n\Z")
            self.assertEqual(self.hidden(), [])
        self.run_sim("s.ini", "-q")
        self.assertWhole()

    def test_at_once(self):
        """Two processes on the very same runs, from a folder that is not there."""
        self.write(self.SLOW)
        both = [self.start("-j2"), self.start("-j2")]
        for process in both:
            _, errors = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, errors), (0, ""))
        self.assertEqual(self.hidden(), [])
        self.assertWhole()

    def test_spoilt_runs_are_done_again(self):
        self.run_sim("s.ini", "-q")
        whole = self.bytes_of()
        folders = sorted(self.stamps())

        def of(number, name):
            return self.folder / "results/s" / folders[number] / name

        of(0, "manifest.json").unlink()
        of(1, "completion.csv").unlink()
        of(2, "provenance.csv").write_text("short")
        of(3, "manifest.json").write_text("{")
        manifest = json.loads(of(4, "manifest.json").read_text())
        of(4, "manifest.json").write_text(json.dumps({**manifest, "sources_sha256": "0" * 64}))
        of(5, "manifest.json").write_text(json.dumps({**manifest, "complete": False}))
        self.write("mine", f"results/s/{folders[0]}/note.txt")
        self.assertIn("6 done now, 6 done before", self.run_sim("s.ini").stdout)
        self.assertEqual(of(0, "note.txt").read_text(), "mine")
        of(0, "note.txt").unlink()
        self.assertEqual(self.bytes_of(), whole)

    def test_another_commit_of_the_same_sources_does_nothing_again(self):
        self.run_sim("s.ini", "-q")
        for path in self.folder.glob("results/s/*/manifest.json"):
            manifest = json.loads(path.read_text())
            path.write_text(json.dumps({**manifest, "commit": "another", "version": "9.9.9"}))
        self.assertIn("0 done now, 12 done before", self.run_sim("s.ini").stdout)

    def test_what_dead_processes_leave_is_swept_up(self):
        """Of this machine; what another one's processes have under way stays."""
        self.run_sim("s.ini", "-q")
        dead = subprocess.Popen(["true"])
        dead.wait()
        host = "".join(c if c.isalnum() else "-" for c in os.uname().nodename)[:32]
        self.write("half", f"results/s/.0123456789abcdef.{host}.{dead.pid}.tmp/summary.json.tmp")
        self.write("half", f"results/s/.index.csv.{host}.{dead.pid}.tmp")
        self.write("half", f"results/s/.0123456789abcdef.elsewhere.{dead.pid}.tmp/summary.json.tmp")
        self.run_sim("s.ini", "-q")
        self.assertEqual(self.hidden(), [f".0123456789abcdef.elsewhere.{dead.pid}.tmp"])

    def test_tables_that_were_not_written(self):
        """What is asked for and not there is made; what is there is kept."""
        self.run_sim("s.ini", "-q", "--provenance=off")
        self.assertIn("12 done now", self.run_sim("s.ini").stdout)
        self.assertIn("12 done before", self.run_sim("s.ini", "--provenance=off").stdout)
        self.assertIn("12 done now", self.run_sim("s.ini", "--events=zst").stdout)
        self.assertIn("12 done before", self.run_sim("s.ini").stdout)


class Failing(Case):
    def test_unmet(self):
        """Exit 3, also when the runs were done before."""
        self.write(STUDY + "[expect]\npeers = 3\ncomplete = all\n")
        for done in ("12 done now", "12 done before"):
            result = self.run_sim("s.ini", status=3)
            self.assertIn(done, result.stdout)
            self.assertIn("expectations met in 6 of 12 runs\n", result.stdout)
            lines = result.stderr.splitlines()
            self.assertEqual(len(lines), 6)
            self.assertEqual(lines[0], "minibit-sim: run 3 (N=5, protocol.selection=rarest-first, "
                             "repetition 0): s.ini:14: [expect] peers = 3: not met, got 5")

    def test_a_run_that_fails_stops_no_other(self):
        """The results of two points cannot be written: their folders are taken by files."""
        rows = self.runs()
        (self.folder / "results/s").mkdir(parents=True)
        for number in (2, 9):
            self.write("mine", f"results/s/{rows[number]['folder']}")
        result = self.run_sim("s.ini", "--force", status=1)
        self.assertIn("10 done now, 0 done before, 2 failed", result.stdout)
        lines = result.stderr.splitlines()
        self.assertRegex(lines[0], r"\Aminibit-sim: run 2 \(.*\): results/s/[0-9a-f]{16}: Not a")
        self.assertRegex(lines[1], r"\Aminibit-sim: run 9 \(")
        self.assertEqual(lines[2:], ["minibit-sim: 2 of 12 runs failed"])
        for number in (2, 9):
            path = self.folder / "results/s" / rows[number]["folder"]
            self.assertEqual(path.read_text(), "mine")
        self.assertEqual(len(self.stamps()), 10)

    def test_full_disk(self):
        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))

        result = self.run_sim("s.ini", "-q", status=1, preexec_fn=limit)
        self.assertIn("12 of 12 runs failed", result.stderr)
        self.assertEqual([p.name for p in (self.folder / "results/s").iterdir()], ["index.csv"])

    def test_no_room_for_the_index(self):
        """Its runs have room, their table has not: told, not ended by a signal."""
        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        self.write(STUDY.replace("repeat = 2", "repeat = 20"))
        result = self.run_sim("s.ini", "-q", status=1, preexec_fn=limit)
        self.assertRegex(result.stderr, r"\Aminibit-sim: [^\n]*index\.csv[^\n]*: File too large\n")
        self.assertFalse((self.folder / "results/s/index.csv").exists())

    def test_a_value_is_refused_before_anything_runs(self):
        self.write(STUDY.replace("3,5", "3,none"))
        self.refuse("s.ini:6: [peers a] count = none: not a whole number without unit, such as 10 "
                    "(run 3: N=none, protocol.selection=rarest-first, repetition 0)", "s.ini")


class BadInput(Case):
    def test_notation(self):
        for value, message in (
            ("${N=3,5", "${ without its }"),
            ("${M}", "no list has the name M"),
            ("${}", "${} is empty"),
            ("${3,,5}", "an empty value in the list"),
            ("${1..5 step 0}", "1..5: a step of 0 never arrives"),
            ("${1..1000000000}", "a range of 1000000000 values; a list has at most 1000000"),
        ):
            self.write(SWARM.replace("${N=3,5}", value))
            self.refuse(f"s.ini:6: [peers a] count = {value}: {message}", "s.ini")
        self.write(SWARM + "latency = ${N=1,2}ms\n")
        self.refuse("s.ini:9: [peers a] latency = ${N=1,2}ms: N is defined already", "s.ini")
        self.write(SWARM.replace("N=3,5", "1..1000") + "latency = ${0..999}ms\n"
                   "have = ${0..999} blocks\n")
        self.refuse("s.ini: a study of 1000000000 runs; at most 1000000", "s.ini", "--list-runs")

    def test_options(self):
        self.refuse("--run=12: there are the runs 0 to 11", "s.ini", "--run", "12")
        self.refuse("--run=x: write a run's number", "s.ini", "--run", "x")
        self.refuse("--jobs=0: a whole number from 1", "s.ini", "-j0")
        self.refuse("--jobs=two: a whole number from 1", "s.ini", "-j", "two")
        self.refuse("--list-runs=xml: not one of table, csv", "s.ini", "--list-runs=xml")
        self.refuse("--show-config: there are 12 runs; say which by --run", "s.ini",
                    "--show-config")
        self.refuse("--payload-dir: not with a study", "s.ini", "--payload-dir", "p")
        self.refuse("s.ini: --set: [peers a] count = ${Q}: no list has the name Q", "s.ini",
                    "--set", "peers a.count=${Q}")

    def test_folders_of_others(self):
        self.write("mine", "out/note.txt")
        self.refuse("out: the folder holds something that is no study", "s.ini", "-o", "out")
        self.write("a,b\n", "table/index.csv")
        self.refuse("table: the folder holds something that is no study", "s.ini", "-o", "table")
        self.refuse("s.ini: Not a directory", "s.ini", "-o", "s.ini")
        self.run_sim("s.ini", "-q", "-o", "out", "--force")
        self.assertEqual((self.folder / "out/note.txt").read_text(), "mine")

    def test_a_single_run_s_folder(self):
        """A study takes its place only by force, and the other way round."""
        alone = ("s.ini", "-q", "--set", "peers a.count=3", "--set", "protocol.selection=random",
                 "--set", "scenario.repeat=1")
        self.run_sim(*alone)
        self.refuse("results/s: the folder holds something that is no study", "s.ini")
        self.run_sim("s.ini", "-q", "--force")
        self.assertFalse((self.folder / "results/s/manifest.json").exists())
        self.refuse("results/s: the folder holds something (--force", *alone)
        self.run_sim(*alone, "--force")
        self.assertFalse((self.folder / "results/s/index.csv").exists())
        self.assertEqual(len(self.stamps()), 12)


class Options(Case):
    def test_force_does_everything_anew(self):
        self.run_sim("s.ini", "-q")
        before = self.stamps()
        self.assertIn("12 done now", self.run_sim("s.ini", "--force").stdout)
        self.assertTrue(all(before[k] != v for k, v in self.stamps().items()))

    def test_a_list_by_option(self):
        self.write(SWARM.replace("${N=3,5}", "3"))
        rows = self.runs("--set", "peers a.count=${4..6}", "--set", "scenario.repeat=2")
        self.assertEqual([r["peers a.count"] for r in rows], ["4", "5", "6"] * 2)

    def test_one_run_shown(self):
        text = self.run_sim("s.ini", "--show-config", "--run", "5").stdout
        self.assertIn("count = 5\n", text)
        self.assertIn("selection = sequential\n", text)
        run = self.runs()[5]
        self.assertEqual(hashlib.sha256(text.encode()).hexdigest()[:16], run["folder"])

    def test_an_ordinary_scenario_has_one_run(self):
        self.write(SWARM.replace("${N=3,5}", "3"))
        self.assertEqual(self.runs(), [{"run": "0", "folder": ".", "repetition": "0",
                                        "seed": "1"}])
        self.run_sim("s.ini", "-q", "--run", "0", "-j", "5")
        self.assertTrue((self.folder / "results/s/manifest.json").exists())
        self.refuse("--run=1: there is only run 0", "s.ini", "--run", "1", "-o", "x")

    def test_verbose_and_progress(self):
        lines = self.run_sim("s.ini", "-v", "-q", "-j1").stderr.splitlines()
        self.assertEqual(len(lines), 12)
        self.assertEqual(lines[1], "run 1 (N=3, protocol.selection=random, repetition 0): done")
        again = self.run_sim("s.ini", "-q", "--force", "--progress=always")
        self.assertRegex(again.stderr, r"\A0 of 12 runs done\n")

    def test_one_configuration_twice_is_refused_before_the_start(self):
        """Written in two ways, or told apart by what decides nothing."""
        self.write(SWARM.replace("8Mbit\n[peers", "${U=8Mbit, 1MB, 16Mbit}\n[peers"))
        for options in ([], ["--run=2"], ["--list-runs"], ["--dry-run"]):
            self.refuse("runs 0 (U=8Mbit, N=3) and 2 (U=1MB, N=3) are one configuration", "s.ini",
                        *options)
        self.write(SWARM.replace("${N=3,5}", "3") + "[scenario]\nrepeat = 2\n[protocol]\n"
                   "selection = random\nrarest_ties = ${random, first}\n")
        self.refuse("runs 0 (protocol.rarest_ties=random, repetition 0) and 1 ", "s.ini")

    def test_only_parameters_of_strategies_in_use_are_part_of_a_run(self):
        group = ("count = 2\nup = 8Mbit\ndown = 16Mbit\n", "choke = rate-tft\nrate_window = ")
        self.write(f"[file]\nblocks = 8\n[tracker]\nup = 8Mbit\n[peers a]\n{group[0]}"
                   f"[peers b]\n{''.join(group)}7s\n[peers c]\n{''.join(group)}20s\n"
                   "[protocol]\nselection = sequential\nchoke = none\n")
        self.run_sim("s.ini", "-q")
        config = (self.folder / "results/s/config.ini").read_text()
        before, of_b, of_c = re.split(r"\[peers [bc]\]", config)
        for name in ("rate_window", "rarest_ties", "choke_ties"):
            self.assertNotIn(name, before)
        self.assertIn("rate_window = 7s\n", of_b)
        self.assertIn("rate_window = 20s\n", of_c)
        self.write(config)
        self.run_sim("s.ini", "-q", "-o", "again")
        for name in ("config.ini", "summary.json"):
            self.assertEqual((self.folder / "again" / name).read_text(),
                             (self.folder / "results/s" / name).read_text())

    def test_finished_runs_that_are_left_out_are_told(self):
        self.write(SWARM)
        self.run_sim("s.ini", "-q")
        index = (self.folder / "results/s/index.csv").read_text().splitlines()
        narrow = self.run_sim("s.ini", "-q", "--set", "peers a.count=${N=4,5}")
        self.assertRegex(narrow.stderr, r"\Aminibit-sim: results/s: finished runs .+\(1; .+\n")
        self.assertEqual(narrow.stderr.splitlines()[1:], index[:2])
        wide = self.run_sim("s.ini", "-q", "--set", "peers a.count=${N=5,3,4}")
        self.assertEqual(wide.stderr, "")
        self.assertIn("0 done now, 2 done before", self.run_sim("s.ini").stdout)

    def test_awkward_values(self):
        """Commas, quotes and markup come through to index.csv and config.ini."""
        self.write(SWARM.replace("${N=3,5}", "3") + "[scenario]\n"
                   'description = ${what="a, ""b""", <script>, é}\n')
        self.run_sim("s.ini", "-q")
        text = (self.folder / "results/s/index.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([r["what"] for r in rows], ['a, "b"', "<script>", "é"])
        config = self.folder / "results/s" / rows[0]["folder"] / "config.ini"
        self.assertIn('description = a, "b"\n', config.read_text())

    def test_paths_are_those_of_the_file_that_names_them(self):
        """A base's trace lies beside the base; folders do not depend on where one stands."""
        self.write("arrived_s\n0\n1\n", "base/trace.csv")
        self.write(SWARM.replace("count = ${N=3,5}\n", "arrival = trace trace.csv\n"),
                   "base/base.ini")
        self.write("[scenario]\nextends = base/base.ini\nrepeat = 2\n")
        self.run_sim("s.ini", "-q")
        rows = self.runs()
        config = self.folder / "results/s" / rows[0]["folder"] / "config.ini"
        self.assertIn("arrival = trace trace.csv\n# trace.csv has SHA-256 ", config.read_text())
        again = subprocess.run([PROGRAM, "../s.ini", "-o", "../results/s"], capture_output=True,
                               text=True, cwd=self.folder / "base", timeout=PATIENCE)
        self.assertIn("0 done now, 2 done before", again.stdout)

    INPUTS = (
        ("in.csv", "arrived_s\n0\n1\n", "arrived_s\n0\n2\n",
         SWARM.replace("count = ${N=3,5}\n", "arrival = trace ../in.csv\n")),
        ("in.bin", "a" * 500000, "a" * 499999 + "b",
         SWARM.replace("blocks = 8", "path = ../in.bin").replace("${N=3,5}", "2")),
        ("in.csv", "at_s,from,to,bytes\n0,x,y,1000\n", "at_s,from,to,bytes\n0,x,y,2000\n",
         "[replay]\ntrace = ../in.csv\n[node x]\nup = 8Mbit\ndown = 8Mbit\n"
         "[node y]\nup = 8Mbit\ndown = 8Mbit\n"),
    )

    def test_a_changed_input_makes_other_runs(self):
        """And one of the same bytes, however it was written, the same runs."""
        for name, first, second, text in self.INPUTS:
            with self.subTest(text):
                folder = Path(tempfile.mkdtemp(dir=self.folder)) / "study"
                self.write(first, folder.parent / name)
                self.write(text + "[scenario]\nuntil = ${1h,2h}\n", folder / "s.ini")
                self.assertIn("2 done now", self.run_sim(folder / "s.ini", "-o", folder / "o").stdout)
                for now, done in ((first, 0), (second, 2), (first, 0)):
                    self.write(now, folder.parent / name)
                    told = self.run_sim(folder / "s.ini", "-o", folder / "o").stdout
                    self.assertIn(f"{done} done now, {2 - done} done before", told)
                manifest = json.loads(next(folder.glob("o/*/manifest.json")).read_text())
                texts = {hashlib.sha256(t.encode()).hexdigest(): t for t in (first, second)}
                listed = manifest["inputs"][name]
                self.assertEqual(listed["bytes"], len(texts[listed["sha256"]]))

    def test_a_moved_study_is_not_done_again(self):
        """Its results alone, or all of it; and its config.ini finds its input from there."""
        for name, first, second, text in self.INPUTS:
            with self.subTest(text):
                root = Path(tempfile.mkdtemp(dir=self.folder))
                self.write(first, root / "a" / name)
                self.write(text + "[scenario]\nuntil = ${1h,2h}\n", root / "a/study/s.ini")
                self.run_sim(root / "a/study/s.ini", "-o", root / "a/o", "-q")
                configs = {p.parent.name: p.read_bytes() for p in root.glob("a/o/*/config.ini")}
                (root / "a/o").rename(root / "elsewhere")
                told = self.run_sim(root / "a/study/s.ini", "-o", root / "elsewhere").stdout
                self.assertIn("0 done now, 2 done before", told)
                (root / "elsewhere").rename(root / "a/o")
                (root / "a").rename(root / "b")
                told = self.run_sim(root / "b/study/s.ini", "-o", root / "b/o").stdout
                self.assertIn("0 done now, 2 done before", told)
                for run, config in configs.items():
                    self.run_sim(root / "b/o" / run / "config.ini", "-o", root / "again" / run, "-q")
                    again = (root / "again" / run / "config.ini").read_bytes()
                    self.assertEqual(again, config)
                    self.write(second, root / "b" / name)
                    refused = self.run_sim(root / "b/o" / run / "config.ini", "-o", root / "other",
                                           status=2)
                    self.assertIn(f"{name}: not there, and where the run had it", refused.stderr)
                    self.write(first, root / "b" / name)

    def test_inputs_of_one_name_are_told_apart(self):
        self.write("arrived_s\n0\n", "a/t.csv")
        self.write("arrived_s\n0\n1\n", "b/t.csv")
        group = SWARM.split("[peers a]")[1].replace("count = ${N=3,5}\n", "")
        self.write(SWARM.split("[peers a]")[0] + f"[peers a]{group}arrival = trace a/t.csv\n"
                   f"[peers b]{group}arrival = trace b/t.csv\n")
        self.run_sim("s.ini", "-q")
        manifest = json.loads((self.folder / "results/s/manifest.json").read_text())
        self.assertEqual(sorted(manifest["inputs"]), ["2-t.csv", "t.csv"])
        self.run_sim("results/s/config.ini", "-q", "-o", "again")
        for name in ("config.ini", "completion.csv"):
            self.assertEqual((self.folder / "again" / name).read_bytes(),
                             (self.folder / "results/s" / name).read_bytes())

    def test_a_replay(self):
        self.write("at_s,from,to,bytes\n0,x,y,1000000\n", "trace.csv")
        self.write("[replay]\ntrace = trace.csv\n[node x]\nup = ${8Mbit, 4Mbit}\ndown = 8Mbit\n"
                   "[node y]\nup = 8Mbit\ndown = 8Mbit\n")
        self.run_sim("s.ini", "-q")
        self.assertEqual(len(list((self.folder / "results/s").glob("*/transfers.csv"))), 2)
        self.assertIn("2 done before", self.run_sim("s.ini").stdout)


class Shipped(Case):
    def test_coursework(self):
        """The six tables' studies: so many runs, the first of which meet what is expected."""
        scenarios = Path(__file__).resolve().parents[2] / "scenarios"
        studies = {
            "coursework-tables.ini": ("coursework-original", 20),
            "coursework/books.ini": ("coursework-books", 60),
            "coursework/selection.ini": ("coursework-selection", 150),
            "coursework/freeriders.ini": ("coursework-freeriders", 90),
            "coursework/scale.ini": ("coursework-scale", 50),
            "coursework/staying.ini": ("coursework-staying", 40),
        }
        self.assertEqual({p.relative_to(scenarios).as_posix()
                          for p in (scenarios / "coursework").iterdir()},
                         set(studies) - {"coursework-tables.ini"})
        for path, (name, runs) in studies.items():
            text = self.run_sim(str(scenarios / path), "--run", "0..1").stdout
            self.assertRegex(text, rf"\A{runs} runs \(.*\), of which 2 asked for\n2 done now")
            self.assertIn("expectations met in 2 of 2 runs\n", text)
            index = (self.folder / "results" / name / "index.csv").read_text()
            self.assertEqual(index.count("\n"), runs + 1)


if __name__ == "__main__":
    tap.main()
