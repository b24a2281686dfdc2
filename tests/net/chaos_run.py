"""Carries a plan of chaos_plan.py out with real programs on the loopback, and judges what became
of the swarm: run(plan, programs, folder) gives the list of what was wrong, empty if nothing was.
"""
import asyncio
import collections
import ctypes
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import chaos_plan
import chaos_strangers
from chaos_strangers import HOST

LIB = Path(__file__).resolve().parent.parent / "lib"
NAME = "film.avi"
POLL_S = 0.1
REPEATS_MAX = 8  # of one line of a log, numbers apart, within a second
LEAVE_S = 12  # a program that was told to stop may take: 5 s for its last announce, and a busy machine
SANITIZED = 2.5  # times as long under the sanitizers
CRASHES = re.compile(r"Assertion|Sanitizer|runtime error|Aborted|Segmentation")
NUMBER = re.compile(r"\d+")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Log:
    """A file that a program writes: its lines as they come, and which of them repeat too often."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ""
        self.lines, self.recent = [], collections.defaultdict(collections.deque)

    def poll(self, now):
        """What came since the last look: (lines, those that came too often within a second)."""
        try:
            with open(self.path, errors="replace") as file:
                file.seek(self.at)
                text = file.read()
                self.at = file.tell()
        except OSError:
            return [], []
        *news, self.rest = (self.rest + text).split("\n")
        self.lines += news
        return news, self.repeated(news, now)

    def repeated(self, news, now):
        floods = []
        for line in news:
            kind = NUMBER.sub("N", line)
            times = self.recent[kind]
            times.append(now)
            while times[0] < now - 1:
                times.popleft()
            if len(times) == REPEATS_MAX + 1:
                floods.append(line)
        return floods


class Program:
    """One life of a tracker or peer, its output in files."""

    def __init__(self, name, arguments, folder, stem, environment=None):
        self.name, self.started = name, time.monotonic()
        self.arguments = [str(argument) for argument in arguments]
        self.out, self.err = (Log(folder / f"{stem}.{end}") for end in ("out", "err"))
        with open(self.out.path, "w") as out, open(self.err.path, "w") as err:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=folder / "work", env=environment, preexec_fn=die_with_parent)
        self.ended_by = None  # the signal that it was sent to end it
        self.told = self.done = False

    def running(self):
        return self.process.poll() is None

    def send(self, number):
        if self.running():
            self.process.send_signal(number)

    def end(self, number):
        if self.running():
            self.ended_by, self.ended = number, time.monotonic()
            self.process.send_signal(number)

    def said(self, pattern):
        for line in self.out.lines:
            match = re.match(pattern, line)
            if match:
                return match
        return None

    def is_complete(self):
        return self.said("complete ") is not None

    def expected_code(self):
        if self.ended_by == signal.SIGKILL:
            return -signal.SIGKILL
        if self.ended_by == signal.SIGTERM and not self.is_complete() and self.name != "tracker":
            return 128 + signal.SIGTERM
        return 0


class Honest:
    """An honest peer through all its lives."""

    def __init__(self, plan, folder):
        self.plan, self.folder = plan, folder / plan.name
        self.lives = []
        self.complete_s = None

    @property
    def now(self):
        return self.lives[-1] if self.lives else None

    def is_done(self):
        life = self.now
        if not self.plan.stays or not life:
            return not self.plan.stays
        return life.is_complete() and (not self.plan.exits or not life.running())

    def held(self):
        """How many blocks the bitmap beside its part file claims; for the message of a failure."""
        path = self.folder / f"{NAME}.part.blocks"
        if not path.exists():
            return "no part file"
        return f"{sum(bin(byte).count('1') for byte in path.read_bytes()[56:])} blocks on disk"


class Run:
    def __init__(self, plan, programs, folder, sanitized=False, verbose=False):
        self.plan, self.folder, self.verbose = plan, folder, verbose
        self.tracker_program, self.peer_program = programs
        self.slow = SANITIZED if sanitized else 1
        self.faults, self.flooded = [], set()
        self.programs, self.stand_ins = [], []
        self.peers = [Honest(peer, folder) for peer in plan.peers]
        self.honest = {peer.name for peer in plan.peers}
        self.strangers = {stranger.host for stranger in plan.strangers}
        self.began = time.monotonic()
        self.tracker = None
        self.environment = os.environ | {
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1"}

    # ---- telling

    def clock(self):
        return time.monotonic() - self.began

    def say(self, text):
        if self.verbose:
            print(f"# {self.plan.seed}: {self.clock():6.2f} {text}", flush=True)

    def fault(self, text):
        self.say(f"FAULT: {text}")
        self.faults.append(f"{text} (at {self.clock():.1f} s)")

    # ---- starting

    def prepare(self):
        (self.folder / "work").mkdir(parents=True)
        (self.folder / "share").mkdir()
        self.data = random.Random(f"bytes {self.plan.seed}").randbytes(self.plan.size)
        self.digest = hashlib.sha256(self.data).hexdigest()
        (self.folder / "share" / NAME).write_bytes(self.data)

    def start_program(self, name, arguments, stem):
        program = Program(name, arguments, self.folder, stem, self.environment)
        self.programs.append(program)
        return program

    async def start_tracker(self, port=0, seeder_port=0, life=0):
        options = self.plan.common + self.plan.tracker
        if seeder_port:
            options = options + ["--seeder-port", seeder_port]
        self.tracker = self.start_program(
            "tracker", [self.tracker_program, *options, HOST, port, self.folder / "share" / NAME],
            f"tracker.{life}")
        while self.tracker.running():
            self.tracker.out.poll(self.clock())
            listening = self.tracker.said(r"listening on \S+ (\d+)")
            seeder = self.tracker.said(r"seeder on \S+ (\d+)")
            if listening and seeder:
                self.tracker_port, self.seeder_port = int(listening[1]), int(seeder[1])
                return
            await asyncio.sleep(0.02)
        self.fault("the tracker did not start")

    def start_peer(self, peer):
        peer.lives.append(self.start_program(
            peer.plan.name,
            [self.peer_program, "--output-dir", peer.folder, *self.plan.common, *peer.plan.options,
             *(["--exit-when-complete"] if peer.plan.exits else []),
             peer.plan.name, HOST, 0, HOST, self.join_port()],
            f"{peer.plan.name}.{len(peer.lives)}"))

    def join_port(self):
        """Where honest peers announce: a relay, if somebody is to be cut or looked up."""
        return self.relays.port if self.through_relays else self.tracker_port

    def start_original(self, number):
        folder = self.folder / f"original{number}"
        folder.mkdir()
        with open(self.folder / f"original{number}.log", "w") as log:
            self.stand_ins.append(subprocess.Popen(
                [sys.executable, LIB / "original_peer.py", f"original{number}", HOST, "0", HOST,
                 str(self.tracker_port), "--dir", folder, "--round", "0.3", "--seed", "1"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                preexec_fn=die_with_parent))

    # ---- what befalls it

    async def fate(self, peer):
        for at, what in peer.plan.events:
            await asyncio.sleep(max(0, at - self.clock()))
            self.say(f"{peer.plan.name}: {what}")
            life = peer.now
            if what == "start":
                if life and life.running():
                    await self.ended(life)
                self.start_peer(peer)
            elif what == "kill":
                life.end(signal.SIGKILL)
                await self.ended(life)
            elif what == "term":
                await self.listening(life)  # before that, nobody has told the system what it means
                life.end(signal.SIGTERM)
            elif what == "clear":
                shutil.rmtree(peer.folder, ignore_errors=True)
            elif what == "stop":
                life.send(signal.SIGSTOP)
            elif what == "continue":
                life.send(signal.SIGCONT)

    async def listening(self, life):
        while life.running() and not life.said("listening on"):
            await asyncio.sleep(0.02)

    async def ended(self, program):
        """Waits until a program that was told to end has, as long as it may take."""
        end = time.monotonic() + LEAVE_S * self.slow
        while program.running() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        if program.running():
            self.fault(f"{program.name} did not end within {LEAVE_S * self.slow:.0f} s")
            program.process.kill()
            program.done = True

    async def outage(self):
        at, length, same = self.plan.outage
        await asyncio.sleep(max(0, at - self.clock()))
        self.say("tracker: killed")
        self.tracker.end(signal.SIGKILL)
        await self.ended(self.tracker)
        await asyncio.sleep(length)
        self.say("tracker: back")
        await self.start_tracker(self.tracker_port, self.seeder_port if same else 0, 1)

    async def stranger(self, stranger):
        stranger.more["places"] = lambda: self.relays.places
        await asyncio.sleep(stranger.at)
        one = chaos_strangers.KINDS[stranger.kind](
            self.plan, stranger, self.data, lambda: self.tracker_port)
        await one.run()

    # ---- watching

    def poll(self):
        now = self.clock()
        for program in self.programs:
            if program.done:
                continue
            ended = not program.running()
            for log in (program.out, program.err):
                news, floods = log.poll(now)
                for line in news:
                    self.judge_line(program, line)
                for line in floods:
                    self.judge_flood(program, line)
            if ended:
                self.judge_end(program)
        for peer in self.peers:
            if peer.complete_s is None and peer.now and peer.now.is_complete():
                peer.complete_s = now
                self.say(f"{peer.plan.name}: complete")

    def judge_line(self, program, line):
        if CRASHES.search(line):
            self.fault(f"{program.name}: {line}")
        if not re.search(r"\bbanned\b", line):
            return
        self.say(f"{program.name}: {line}")
        words = set(re.findall(r"[\w.-]+", line))
        elsewhere = {host for host in words if host in self.strangers and host != HOST}
        for name in words & self.honest:
            if not elsewhere:
                self.fault(f"{program.name} bans honest {name}: {line}")

    def judge_flood(self, program, line):
        kind = (program.name, NUMBER.sub("N", line))
        if kind not in self.flooded:
            self.flooded.add(kind)
            self.fault(f"{program.name} says more than {REPEATS_MAX} times a second: {line}")

    def judge_end(self, program):
        program.done = True
        code, expected = program.process.returncode, program.expected_code()
        if code != expected:
            self.fault(f"{program.name} ended with {code} and not {expected}; its last words: "
                       f"{' / '.join(program.err.lines[-3:])}")

    async def watch(self, fates):
        """Until all has befallen the peers and those that stay are complete, or time is over."""
        bound = self.plan.bound_s() * self.slow
        while True:
            await asyncio.sleep(POLL_S)
            self.poll()
            if all(fate.done() for fate in fates) and all(peer.is_done() for peer in self.peers):
                return
            if self.clock() > bound:
                break
        for peer in self.peers:
            if not peer.is_done():
                last = peer.now.err.lines[-1:] if peer.now else []
                self.fault(f"{peer.plan.name} is not complete within {bound:.1f} s, "
                           f"{peer.held()} of {self.plan.blocks}: {' / '.join(last)}")

    # ---- the end

    async def stop(self):
        for program in self.programs:
            if program.name != "tracker":
                program.end(signal.SIGTERM)
        for program in self.programs:
            if program.name != "tracker":
                await self.ended(program)
        if self.tracker:
            self.tracker.end(signal.SIGTERM)
            await self.ended(self.tracker)
        self.poll()

    def judge_files(self):
        for peer in self.peers:
            if not peer.lives:
                continue
            there = set(os.listdir(peer.folder)) if peer.folder.exists() else set()
            complete = peer.now.is_complete()
            killed = any(life.ended_by == signal.SIGKILL for life in peer.lives)
            if complete:
                self.judge_bytes(peer, there)
            elif not all(name.startswith(NAME + ".part") if killed else
                         name in (NAME + ".part", NAME + ".part.blocks") for name in there):
                self.fault(f"{peer.plan.name} leaves {sorted(there)}")
        for folder, right in (("work", set()), ("share", {NAME})):
            there = set(os.listdir(self.folder / folder))
            if there != right:
                self.fault(f"{folder}/ has {sorted(there)}")

    def judge_bytes(self, peer, there):
        if there != {NAME}:
            self.fault(f"complete {peer.plan.name} leaves {sorted(there)}")
        path = peer.folder / NAME
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() != self.digest:
            self.fault(f"{peer.plan.name} has other bytes than the file")

    def kill_all(self):
        for process in [program.process for program in self.programs] + self.stand_ins:
            if process.poll() is None:
                process.kill()
            process.wait()

    async def run(self):
        self.prepare()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of cancelled strangers
        self.relays = chaos_strangers.Relays(self.plan, self.clock, chaos_plan.TROUBLE_ENDS_S)
        self.through_relays = self.plan.relayed or any(
            stranger.kind == "hogs" or stranger.more.get("lies") == "name"
            for stranger in self.plan.strangers)
        tasks = []
        try:
            await self.start_tracker()
            self.relays.tracker_port = self.tracker_port
            await self.relays.start()
            self.began = time.monotonic()
            jobs = [self.fate(peer) for peer in self.peers]
            jobs += [self.stranger(stranger) for stranger in self.plan.strangers]
            jobs += [self.outage()] if self.plan.outage else []
            tasks = [asyncio.ensure_future(job) for job in jobs]
            for number in range(self.plan.originals):
                self.start_original(number)
            await self.watch(tasks[: len(self.peers)])
            self.seconds = self.clock()
            await self.stop()
            self.judge_files()
            self.judge_tasks(tasks)
        finally:
            for task in tasks:
                task.cancel()
            self.relays.close()
            self.kill_all()
        return self.faults

    def judge_tasks(self, tasks):
        """A slip of the test itself must not pass for a swarm that went well."""
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception():
                self.fault(f"the test itself failed: {task.exception()!r}")


def run(plan, programs, folder, **more):
    """(what was wrong, seconds until all were complete, processor seconds that it took)."""
    one = Run(plan, programs, folder, **more)
    before = os.times()
    faults = asyncio.run(one.run())
    after = os.times()
    spent = [sum(getattr(after, name) - getattr(before, name) for name in names)
             for names in (("user", "system"), ("children_user", "children_system"))]
    return faults, one.seconds, spent
