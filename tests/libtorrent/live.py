"""One live run of a set-up: as many libtorrent clients as it has peers, in this process, on loopback."""
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import client  # noqa: E402
import setup as setups  # noqa: E402
from ports import free_port  # noqa: E402

POLL_S = 0.2
SAMPLE_S = 10.0
GOODBYE_S = 60.0  # who says goodbye is gone by then
# A newcomer's connections are made within so long, in an order by lot, as they are in a real swarm:
# libtorrent's optimistic slot goes round in the order of connection, so that who was connected last
# by everybody would have its first turn last with everybody.
MEETING_S = 3.0


class Swarm:
    """The clients, the runner's clock, and what is written down of each."""

    def __init__(self, setup, seed, scratch, own_address=True, changes=None):
        self.setup, self.scratch, self.own_address = setup, scratch, own_address
        self.changes = changes or {}
        self.draw = random.Random(f"{setup.name} {seed} acquaintances")
        self.waiting = setups.peers(setup, seed)
        content = self.content = os.path.join(scratch, "content")
        with open(content, "wb") as file:
            for i in range(setup.blocks):
                file.write(hashlib.shake_128(f"{i}".encode()).digest(setup.block_size))
        self.info = client.make_torrent(content, setup.block_size)
        self.port = free_port()  # each client has an address of its own
        self.clients, self.degree, self.rows = {}, {}, {}
        self.first_copy, self.meetings = {}, []
        self.errors, self.lags, self.samples, self.leaving = [], [], [], {}
        self.began = None

    def now(self):
        return time.monotonic() - self.began

    def _client(self, name, number, held, rates, slots, super_seed=False):
        times = (self.setup.unchoke_s, self.setup.optimistic_s)
        return client.Client(name, number, self.info, os.path.join(self.scratch, name),
                             self.content, held, rates, slots, times, port=self.port,
                             own_address=self.own_address, super_seed=super_seed,
                             changes=self.changes)

    def seeder(self):
        self.clients["seeder"] = self._client(
            "seeder", 0, [True] * self.setup.blocks, (self.setup.seeder_up, self.setup.seeder_down),
            self.setup.seeder_slots, self.setup.super_seed)

    def arrive(self, peer):
        group = peer.group
        slots = 0 if group.free_rider else self.setup.slots
        number = 1 + len(self.rows)
        newcomer = self._client(peer.name, number, peer.held, (group.up, group.down), slots)
        known = setups.acquaintances(
            [name for name in self.clients if name != "seeder" and name not in self.leaving],
            self.degree, self.setup, self.draw)
        for name in known:
            self.degree[name] = self.degree.get(name, 0) + 1
        self.degree[peer.name] = len(known)
        for name in ["seeder", *known]:
            pair = [peer.name, name]
            self.draw.shuffle(pair)  # either may call the other
            self.meetings.append((self.now() + self.draw.uniform(0, MEETING_S), *pair))
        self.clients[peer.name] = newcomer
        self.rows[peer.name] = {"peer": peer.name, "group": group.name, "arrived": self.now(),
                                "completed": self.now() if all(peer.held) else None, "left": None}

    def meet(self):
        """Connects the pairs whose moment has come, if both are still there."""
        due = sorted(meeting for meeting in self.meetings if meeting[0] <= self.now())
        self.meetings = [meeting for meeting in self.meetings if meeting not in due]
        for _, one, other in due:
            if one in self.clients and other in self.clients:
                self.clients[one].connect(self.clients[other])

    def listen(self):
        for name, one in list(self.clients.items()):
            for kind, what in one.news():
                if kind == "piece":
                    self.first_copy.setdefault(what, self.now())
                elif kind == "complete" and name != "seeder":
                    self.complete(name)
                elif kind == "error":
                    self.errors.append(f"{self.now():.1f} {name}: {what}")

    def complete(self, name):
        row = self.rows[name]
        if row["completed"] is not None:
            return
        row["completed"] = self.now()
        group = next(g for g in self.setup.groups if g.name == row["group"])
        stay, orderly = setups.leave_after(group.leave)
        if stay is not None:
            self.leaving[name] = [self.now() + stay, orderly, None]
            self.depart(name)

    def depart(self, name):
        """Goes, at once or in good order, when the time has come; called again until gone."""
        at, orderly, since = self.leaving[name]
        if self.now() < at or name not in self.clients:
            return
        one = self.clients[name]
        if orderly and since is None:
            one.say_goodbye()
            self.leaving[name][2] = self.now()
            return
        if orderly and self.now() - since < GOODBYE_S and one.bytes()[3] > 0:
            return
        self.gone(name)

    def gone(self, name):
        row, one = self.rows[name], self.clients.pop(name)
        row["left"] = self.now()
        row["sent"], row["received"], row["wasted"], _ = one.bytes()
        one.close()
        shutil.rmtree(one.folder)

    def sample(self):
        figures = {name: one.bytes()[:2] for name, one in self.clients.items()}
        present = [self.rows[name] for name in figures if name != "seeder"]
        group_up = {group.name: group.up for group in self.setup.groups if not group.free_rider}
        capacity = self.setup.seeder_up + sum(group_up.get(row["group"], 0) for row in present)
        self.samples.append((self.now(), figures, capacity, os.getloadavg()[0]))

    def over(self):
        done = all(row["completed"] is not None for row in self.rows.values())
        return (done and not self.waiting) or self.now() > self.setup.until

    def run(self, progress):
        self.seeder()
        time.sleep(2)
        self.began = time.monotonic()
        due, told = 0.0, 0.0
        while not self.over():
            while self.waiting and self.waiting[0].arrived <= self.now():
                self.arrive(self.waiting.pop(0))
            before = self.now()
            self.meet()
            self.listen()
            for name in list(self.leaving):
                self.depart(name)
            if self.now() >= due:
                self.sample()
                due += SAMPLE_S
            if self.now() >= told:
                progress(self)
                told += 60
            time.sleep(POLL_S)
            self.lags.append(self.now() - before - POLL_S)
        ended = self.now()
        self.sample()
        return self.report(ended)

    def report(self, ended):
        seeder = self.clients["seeder"].bytes()
        for name, one in self.clients.items():
            if name != "seeder":
                self.rows[name]["sent"], self.rows[name]["received"], \
                    self.rows[name]["wasted"], _ = one.bytes()
        lags = sorted(self.lags)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        loads = [load for _, _, _, load in self.samples]
        first = max(self.first_copy.values()) if len(self.first_copy) == self.setup.blocks \
            and self.setup.from_nothing else None
        return {
            "setup": self.setup.name, "libtorrent": client.VERSION, "ended": round(ended, 1),
            "one_address": not self.own_address, "changes": self.changes,
            "seeder_bytes": seeder[0], "first_copy": first and round(first, 1),
            "seeder_bytes_at_first_copy": self.sent_by(first),
            "uplinks_used": self.uplinks_used(),
            "load": round(sum(loads) / len(loads), 2), "load_max": round(max(loads), 2),
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
            "late_p99_s": round(lags[len(lags) * 99 // 100], 3), "late_max_s": round(lags[-1], 3),
            "errors": self.errors[:20], "groups_over_time": self.groups_over_time(),
            "peers": [{key: round(value, 1) if isinstance(value, float) else value
                       for key, value in row.items()} for row in self.rows.values()],
        }

    def sent_by(self, moment):
        """The seeder's bytes up to then, between two samples in proportion."""
        if moment is None:
            return None
        before = max((s for s in self.samples if s[0] <= moment), key=lambda s: s[0])
        after = min((s for s in self.samples if s[0] > moment), key=lambda s: s[0], default=before)
        low, high = before[1]["seeder"][0], after[1]["seeder"][0]
        span = after[0] - before[0]
        return round(low + (high - low) * (moment - before[0]) / span) if span else low

    def groups_over_time(self):
        """[seconds, {group: (peers present, bytes they have received, bytes they have sent)}] at each
        sample, for who wants to see why; it is not kept."""
        found = []
        for moment, figures, _, _ in self.samples:
            groups = {}
            for name, (sent, received) in figures.items():
                group = self.rows[name]["group"] if name in self.rows else name
                count, in_all, out_all = groups.get(group, (0, 0, 0))
                groups[group] = (count + 1, in_all + received, out_all + sent)
            found.append([round(moment, 1), groups])
        return found

    def uplinks_used(self):
        """The share of the uplinks' capacity that was sent, while nobody came or went: from a minute
        after the last arrival to the first completion; None if there is no such time."""
        last = max(row["arrived"] for row in self.rows.values()) + 60
        ends = [row["completed"] for row in self.rows.values()
                if row["completed"] is not None and row["completed"] > row["arrived"]]
        window = [s for s in self.samples if last <= s[0] <= min(ends, default=0)]
        if len(window) < 3:
            return None
        names = window[0][1].keys()
        sent = sum(window[-1][1][name][0] - window[0][1][name][0] for name in names)
        span = window[-1][0] - window[0][0]
        return round(sent / (window[0][2] * span), 4)


def show(swarm):
    done = sum(row["completed"] is not None for row in swarm.rows.values())
    print(f"{swarm.setup.name}: {swarm.now():.0f} s, {done} of {len(swarm.rows)} complete, "
          f"{len(swarm.waiting)} to come, {len(swarm.first_copy)} of {swarm.setup.blocks} "
          f"pieces out", file=sys.stderr, flush=True)


def measure(setup, seed, own_address=True, changes=None, progress=show):
    """Runs the set-up live and returns what is to be kept of it."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="minibit-libtorrent.", dir=base)
    try:
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        swarm = Swarm(setup, seed, scratch, own_address, changes)
        found = swarm.run(progress)
        return {"seed": seed, "started": started, **found}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    """live.py PROGRAM SETUP.ini SEED OUT.json [one-address] [SETTING=NUMBER...]: one run's process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it has written goes too
    program, path, seed, out, *options = sys.argv[1:]
    changes = {key: int(value) for key, _, value in
               (option.partition("=") for option in options if "=" in option)}
    found = measure(setups.read(program, path), int(seed), "one-address" not in options, changes)
    with open(out + ".part", "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    os.rename(out + ".part", out)
    os._exit(0)  # dozens of sessions need not be taken down one by one


if __name__ == "__main__":
    main()
