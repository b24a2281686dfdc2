#!/usr/bin/env python3
"""test_library.py LIBRARY MAP SIM NM: what libminibit exports, and that its runs are minibit-sim's.

MAP is the linker's list, made from the public headers (include/public.py). Whole runs are compared byte
for byte with the folders that minibit-sim leaves, also where several go on at the same time.
"""
import ctypes
import json
import re
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import tap  # noqa: E402

LIBRARY, MAP, SIM, NM = map(Path, tap.arguments(4))
SOURCE = Path(__file__).resolve().parents[2]
TABLES = ("completion.csv", "config.ini", "events.csv", "provenance.csv", "summary.json", "timeline.csv")
PLAIN = """[scenario]
name = {name}
until = 1h
seed = {seed}
[file]
size = 20MiB
[protocol]
preset = {preset}
[tracker]
up = 20Mbit
down = 20Mbit
latency = 10ms
[peers a]
count = 30
up = 8Mbit
down = 16Mbit
latency = 20ms
arrival = poisson 1/s
leave = after 20s
[peers b]
up = 1Mbit
down = 8Mbit
arrival = trace arrivals.csv
"""
ROWS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p,
                        ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class State(ctypes.Structure):
    _fields_ = [("now", ctypes.c_int64), ("until", ctypes.c_int64), ("events", ctypes.c_uint64),
                ("blocks_delivered", ctypes.c_uint64), ("blocks_wanted", ctypes.c_uint64),
                ("peers_arrived", ctypes.c_uint32), ("peers_complete", ctypes.c_uint32),
                ("peers_expected", ctypes.c_uint32)]


PROGRESS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(State))


def load():
    library = ctypes.CDLL(str(LIBRARY))
    text, whole = ctypes.c_char_p, ctypes.c_int
    for name, result, *more in (
            ("new", ctypes.c_void_p), ("free", None), ("scenario", whole, text, text), ("set", whole, text),
            ("tables", None, whole, whole), ("on_rows", None, ROWS, ctypes.c_void_p),
            ("on_progress", None, PROGRESS, ctypes.c_void_p), ("run", whole), ("interrupt", None),
            ("interrupted", whole), ("error", text), ("summary", text),
            ("table", ctypes.c_void_p, text, ctypes.POINTER(ctypes.c_size_t))):
        function = getattr(library, "mb_sim_" + name)
        function.restype = result
        function.argtypes = [] if name == "new" else [ctypes.c_void_p, *more]
    library.mb_version.restype = text
    return library


minibit = load()


class Run:
    """An object of the library, freed with this one."""

    def __init__(self):
        self.sim = minibit.mb_sim_new()
        self.callbacks = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        minibit.mb_sim_free(self.sim)

    def __getattr__(self, name):
        return lambda *more: getattr(minibit, "mb_sim_" + name)(self.sim, *more)

    def read(self, text, name="run.ini"):
        return self.scenario(str(name).encode(), text.encode())

    def whole(self, name):
        size = ctypes.c_size_t(99)
        at = self.table(name.encode(), ctypes.byref(size))
        assert at or size.value == 0
        return ctypes.string_at(at, size.value) if at else None

    def message(self):
        return self.error().decode()


def text_of(name, seed=1, preset="minibit"):
    return PLAIN.format(name=name, seed=seed, preset=preset)


class Library(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="minibit-library.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        rows = "".join(f"{second},{second + 300 if second % 3 else ''}\n" for second in range(20))
        (self.folder / "arrivals.csv").write_text("arrived_s,leave_s\n" + rows)

    def by_program(self, text, name):
        (self.folder / f"{name}.ini").write_text(text)
        done = subprocess.run([SIM, f"{name}.ini", "-o", name, "--quiet", "--events=csv", "--provenance=csv"],
                              cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {table: (self.folder / name / table).read_bytes() for table in TABLES}

    def by_library(self, text, name):
        with Run() as run:
            run.tables(1, 1)
            self.assertEqual(run.read(text, self.folder / f"{name}.ini"), 0, run.message())
            self.assertEqual(run.run(), 0, run.message())
            self.assertEqual(run.whole("summary.json"), run.summary())
            return {table: run.whole(table) for table in TABLES}

    def test_it_exports_what_the_headers_declare(self):
        listed = subprocess.run([NM, "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True)
        exported = [line.split()[2] for line in listed.stdout.splitlines()]
        self.assertEqual(sorted(exported), re.findall(r"\bmb_\w+", MAP.read_text()))
        declared = re.findall(r"^MB_API .*?\b(mb_\w+)\(", (SOURCE / "include/minibit/sim.h").read_text(), re.M)
        self.assertEqual(set(declared), {name for name in exported if name.startswith("mb_sim_")} | {"mb_version"})
        for name in ("mb_peer_step", "mb_tracker_step", "mb_actions_init", "mb_log_new", "mb_strerror"):
            self.assertIn(name, exported)

    def test_the_version_is_the_programs(self):
        told = subprocess.run([SIM, "--version"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(told.split("\n")[0], "minibit-sim " + minibit.mb_version().decode())

    def test_one_after_the_other(self):
        for preset in ("minibit", "coursework", "bittorrent"):
            text = text_of(preset, preset=preset)
            expected = self.by_program(text, preset)
            for _ in range(2):
                self.assertEqual(self.by_library(text, preset), expected, preset)

    def test_at_the_same_time(self):
        texts = {f"seed-{seed}": text_of(f"seed-{seed}", seed) for seed in range(1, 5)}
        expected = {name: self.by_program(text, name) for name, text in texts.items()}
        start, found = threading.Barrier(len(texts)), {}

        def work(name):
            start.wait()
            found[name] = [self.by_library(texts[name], name) for _ in range(3)]

        threads = [threading.Thread(target=work, args=(name,)) for name in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in texts:
            self.assertEqual(found.get(name), [expected[name]] * 3, name)

    def test_rows_by_a_callback(self):
        text, pieces = text_of("rows"), {}

        @ROWS
        def rows(_, name, data, size):
            pieces.setdefault(name.decode(), []).append(ctypes.string_at(data, size))
            return 0

        with Run() as run:
            run.tables(1, 1)
            run.on_rows(rows, None)
            self.assertEqual(run.read(text, self.folder / "rows.ini"), 0)
            self.assertEqual(run.run(), 0, run.message())
            self.assertIsNone(run.whole("timeline.csv"))
        self.assertTrue(all(piece.endswith(b"\n") for table in pieces.values() for piece in table))
        self.assertGreater(len(pieces["events.csv"]), 1)
        self.assertEqual({name: b"".join(table) for name, table in pieces.items()}, self.by_library(text, "rows"))

    def test_a_callback_that_refuses(self):
        refuse = ROWS(lambda *_: 1)
        with Run() as run:
            run.on_rows(refuse, None)
            self.assertEqual(run.read(text_of("no"), self.folder / "no.ini"), 0)
            self.assertLess(run.run(), 0)
            self.assertRegex(run.message(), r"\A\w+\.\w+: not taken\Z")
            self.assertIsNone(run.summary())

    def test_set_and_tables_left_out(self):
        with Run() as run:
            self.assertEqual(run.set(b"peers a.count=3"), 0)
            self.assertEqual(run.read(text_of("few"), self.folder / "few.ini"), 0)
            self.assertEqual(run.run(), 0, run.message())
            self.assertIsNone(run.whole("events.csv"))
            self.assertIsNone(run.whole("provenance.csv"))
            self.assertEqual(json.loads(run.summary())["peers"], 23)

    def test_what_is_wrong_is_told(self):
        with Run() as run:
            self.assertLess(run.run(), 0)
            self.assertEqual(run.message(), "no scenario has been read")
            self.assertLess(run.read("[scenario]\nnmae = x\n", "bad.ini"), 0)
            self.assertTrue(run.message().startswith("bad.ini:2: [scenario] nmae"), run.message())
            self.assertLess(run.run(), 0)
            replay = "[scenario]\n[replay]\ntrace = t.csv\n[node a]\nup = 1Mbit\ndown = 1Mbit\n"
            self.assertLess(run.read(replay, "r.ini"), 0)
            self.assertIn("[replay]", run.message())
            self.assertEqual(run.read(text_of("late"), self.folder / "late.ini"), 0)
            (self.folder / "arrivals.csv").unlink()
            self.assertLess(run.run(), 0)
            self.assertIn("arrivals.csv: No such file", run.message())
            self.assertLess(run.run(), 0)
            self.assertEqual(run.message(), "it has run already")

    def test_progress_and_interruption(self):
        seen = []
        with Run() as run:
            @PROGRESS
            def progress(_, state):
                seen.append((state[0].events, state[0].now, state[0].peers_arrived))
                if len(seen) == 3:
                    run.interrupt()

            run.on_progress(progress, None)
            self.assertEqual(run.read(text_of("stop"), self.folder / "stop.ini"), 0)
            self.assertEqual(run.run(), 0, run.message())
            self.assertEqual(run.interrupted(), 1)
            self.assertEqual(len(seen), 3)
            self.assertEqual(seen, sorted(seen))
            self.assertIs(json.loads(run.summary())["complete"], False)


if __name__ == "__main__":
    tap.main()
