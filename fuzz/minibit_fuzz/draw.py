"""A whole swarm from a seed: a legal scenario of any kind, with weight on ties and extremes.

The keys of [protocol] are not named here but for a few: their ranges are read from what the simulator's
own --help-keys prints, so that a new key is drawn from the day on which it is there. Times are drawn in
proportion to what a block takes in this swarm: a run has events by the thousand, whatever its rates.

Each seed leaves some kinds out altogether (Groce et al., "Swarm testing", ISSTA 2012): what is rare where
everything is drawn at once is common where little else is.
"""
import random
import re

SECOND = 10**9
HOUR = 3600 * SECOND
PEERS_MAX = 40
TRANSFERS_MAX = 1500
RATE_MAX = 10**12

# Kinds that a seed may leave out.
KINDS = ("latency", "arrivals", "open arrivals", "traces", "leaves", "tracker leaves", "unreachable",
         "have", "own keys", "protocol keys", "extremes", "unequal rates", "short block", "real file",
         "tiny intervals", "warmup", "own tracker slots")

# Keys of a scenario that are not drawn, and why. test_fuzz.py holds this list against --help-keys.
NOT_DRAWN = {
    "scenario": {"name": "given", "description": "has no effect", "seed": "given with --seed",
                 "extends": "a way to write", "without": "a way to write", "repeat": "makes a study"},
    "replay": {"trace": "no protocol runs: validation-links draws those"},
    "node NAME": {"up": "of a replay", "down": "of a replay", "latency": "of a replay", "zone": "likewise"},
    "expect": {"complete": "healed swarms are held to it", "completed_by": "likewise",
               "PATH": "says what must come out"},
}
# Drawn below, by name.
BY_HAND = {
    "scenario": {"until", "warmup", "sample"}, "file": {"size", "blocks", "path", "block_size"},
    "protocol": {"preset"}, "latency": {"matrix", "measured", "unit", "missing", "fill"},
    "zone NAME": {"count", "up", "down", "inside", "latency", "parent"},
    "tracker": {"seeder", "up", "down", "latency", "place", "zone", "leave", "seeder_slots"},
    "fault NAME": {"kind", "targets", "at", "for"},
    "peers NAME": {"count", "up", "down", "latency", "place", "zone", "arrival", "leave", "return", "have", "unreachable"},
}


class Keys:
    """What --help-keys says: `groups`, a set of keys for each, and the ranges of [protocol]'s."""

    def __init__(self, text, strategies):
        self.groups, self.ranges, self.own = {}, {}, set()
        head, _, tail = text.partition("The keys of [protocol] and their value in each preset")
        group = None
        for line in head.splitlines():
            if line.startswith("["):
                group = line[1:line.index("]")]
                self.groups[group] = set()
            elif re.match(r"  [a-zA-Z_]+  ", line) and group:
                self.groups[group].add(line.split()[0])
        lines = tail.splitlines()
        for number, line in enumerate(lines):
            found = re.match(r"(\*| ) ([a-z_]+) ", line)
            if not found:
                continue
            key, span = found[2], lines[number + 2].strip()
            self.ranges[key] = strategies[key] if key in strategies else span
            if found[1] == "*":
                self.own.add(key)
        assert len(self.ranges) > 30 and "unchoke_interval" in self.ranges, "--help-keys is not understood"


def read_strategies(text):
    """The names that --list-strategies prints, by the key that they are values of."""
    found, key = {}, None
    for line in text.splitlines():
        head = re.match(r"([a-z]+) =", line)
        if head:
            key = head[1]
            found[key] = []
        elif key and re.match(r"  \S", line):
            found[key].append(line.split()[0])
    return found


class Swarm:
    """A scenario: groups with their keys, in order, and the files beside it."""

    def __init__(self, groups, files=None):
        self.groups = groups
        self.files = files or {}

    def copy(self):
        return Swarm({name: dict(keys) for name, keys in self.groups.items()}, dict(self.files))

    def text(self):
        lines = []
        for name, keys in self.groups.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {value}" for key, value in keys.items()]
        return "\n".join(lines) + "\n"

    def renamed(self, head):
        """The same with `head` before the names of its files."""
        groups = {name: {key: " ".join(head + word if word in self.files else word for word in value.split(" "))
                         for key, value in keys.items()} for name, keys in self.groups.items()}
        return Swarm(groups, {head + name: content for name, content in self.files.items()})

    def peers(self):
        return {name: keys for name, keys in self.groups.items() if name.startswith("peers ")}


class _Draw:
    def __init__(self, seed, keys):
        self.rng = random.Random(f"minibit-fuzz {seed}")
        self.keys, self.seed = keys, seed
        self.on = {kind for kind in KINDS if self.rng.random() < 0.5}
        self.files = {}
        self.swarm()

    # ---- values ----

    def has(self, kind, share=1.0):
        return kind in self.on and self.rng.random() < share

    def time(self, *factors, least=0):
        """One of so many block times, in whole nanoseconds; half of them of a round number."""
        rng = self.rng
        ns = int(self.block_time * rng.choice(factors))
        if rng.random() < 0.3:
            ns = int(ns * rng.uniform(0.5, 2))
        return min(max(ns, least), 100 * HOUR)

    def choose(self, span):
        """A value of a key of [protocol] by what --help-keys says that it may have."""
        rng = self.rng
        if isinstance(span, list):
            return rng.choice(span)
        if " | " in span:
            return rng.choice(span.split(" | "))
        whole = re.fullmatch(r"(\d+) to (\d+)", span)
        if whole:
            least, most = int(whole[1]), int(whole[2])
            values = [least, least, least + 1, least + 2, 3, 4, 7, 20]
            if self.has("extremes", 0.3):
                values = [least, most]
            return str(min(max(rng.choice(values), least), most))
        times = re.fullmatch(r"a time, (\S+) to (\S+)", span)
        assert times, f"--help-keys: {span}"
        if times[1] == "0s" and rng.random() < 0.4:
            return "0s"
        least = 0.1 if self.has("tiny intervals", 0.3) else 3
        return f"{self.time(least, 5, 10, 30, 100, least=SECOND // 1000)}ns"

    def protocol_keys(self, names, share):
        names = sorted(names)
        return {key: self.choose(self.keys.ranges[key]) for key in names if self.rng.random() < share}

    # ---- the scale ----

    def scale(self):
        rng = self.rng
        self.block_size = rng.choice((1, 7, 100, 10000, 16384, 16384, 262144, 1 << 20))
        self.blocks = rng.choice((1, 2, 3, 5, 8, 8, 20, 20, 40, 65))
        if self.has("extremes", 0.1):
            self.blocks = 0
        self.rate = int(10 ** rng.uniform(3, 8))
        if self.has("extremes", 0.2):
            self.rate = rng.choice((10, 100, 10**10, 10**12))
        self.block_time = max(self.block_size * 8 * SECOND // self.rate, 1000)
        if self.block_time > 100 * SECOND:
            self.rate = max(self.block_size * 8 // 100, 1)
            self.block_time = max(self.block_size * 8 * SECOND // self.rate, 1000)
        self.palette = [1] if "unequal rates" not in self.on else rng.choice(
            ([1, 2], [1, 0.5], [1, 1, 0.3, 10], [1, 0.1, 100]))

    def line(self, may_be_unlimited):
        if may_be_unlimited and self.rng.random() < 0.3:
            return "unlimited"
        return f"{min(max(int(self.rate * self.rng.choice(self.palette)), 1), RATE_MAX)}bit"

    def latency(self):
        return self.time(0, 0, 0.01, 0.1, 1, 3) if "latency" in self.on else 0

    # ---- groups ----

    def file(self):
        rng = self.rng
        keys = {"block_size": f"{self.block_size}B"}
        size = self.blocks * self.block_size
        if self.has("short block", 0.8) and self.blocks:
            size -= rng.choice((1, rng.randrange(self.block_size), self.block_size - 1)) % self.block_size
        if self.has("real file", 0.3) and 0 < size <= 1 << 21:
            self.files["real.bin"] = rng.randbytes(size)
            return keys | {"path": "real.bin"}
        if size == self.blocks * self.block_size and rng.random() < 0.5:
            return keys | {"blocks": str(self.blocks)}
        return keys | {"size": f"{size}B"}

    def have(self):
        rng = self.rng
        if not self.has("have", 0.5):
            return {}
        values = ["all", "25%", "50%", "1%", "99%", f"{rng.randrange(self.blocks + 1)} blocks"]
        if self.blocks:
            values.append(f"all-but-block {rng.choice((0, self.blocks - 1, rng.randrange(self.blocks)))}")
        return {"have": rng.choice(values)}

    def arrival(self, number, count):
        rng = self.rng
        if self.has("traces", 0.3):
            name, at, rows = f"arrivals{number}.csv", 0, ["arrived_s,leave_s"]
            for _ in range(count):
                at += self.time(0, 0, 1, 3)
                leaves = at + self.time(10, 50, 100, least=1) if self.has("leaves", 0.5) else None
                rows.append(f"{at / SECOND:.9f}," + (f"{leaves / SECOND:.9f}" if leaves else ""))
            self.files[name] = "\n".join(rows) + "\n"
            return {"arrival": f"trace {name}"}
        if self.has("open arrivals", 0.4):
            if rng.random() < 0.5:
                return {"arrival": f"every {self.time(0.5, 1, 3, least=1)}ns"}
            per_second = SECOND / self.time(0.5, 1, 3, least=1000)
            return {"arrival": f"poisson {max(per_second, 1e-6):.6f}/s"}
        if self.has("arrivals", 0.5):
            return {"arrival": f"{rng.choice(('at', 'within'))} {self.time(1, 3, 10, 50, least=1)}ns"}
        return {}

    def leave(self, arrival):
        rng = self.rng
        if not self.has("leaves", 0.6):
            return {}
        values = ["when-complete", "at-once", f"after {self.time(0, 1, 10)}ns",
                  f"exponential {self.time(1, 10, least=1)}ns"]
        if not arrival:
            values += [f"at {self.time(0.5, 3, 20, least=1)}ns"] * 2
        return {"leave": rng.choice(values)}

    def group(self, number, count):
        keys = {"count": str(count), "up": self.line(True), "down": self.line(True)}
        latency = self.latency()
        if latency or self.rng.random() < 0.1:
            keys["latency"] = f"{latency}ns"
        arrival = self.arrival(number, count)
        if arrival.get("arrival", "").startswith("trace"):
            del keys["count"]
        keys |= arrival | self.leave(arrival) | self.have()
        if self.has("unreachable", 0.4):
            keys["unreachable"] = "yes"
        if "own keys" in self.on:
            keys |= self.protocol_keys(self.keys.own, 0.07)
        return keys

    def tracker(self):
        keys = {"up": self.line(True)}
        if self.rng.random() < 0.3:
            keys["down"] = self.line(True)
        if "latency" in self.on:
            keys["latency"] = f"{self.latency()}ns"
        if self.has("tracker leaves", 0.6):
            keys["leave"] = f"at {self.time(1, 10, 50, least=1)}ns"
        if self.has("own tracker slots", 0.5):
            keys["seeder_slots"] = self.choose("0 to 16777216")
        return keys

    def protocol(self):
        keys = {"preset": self.rng.choice(("minibit", "minibit", "coursework", "bittorrent"))}
        if "protocol keys" in self.on:
            keys |= self.protocol_keys(self.keys.ranges, self.rng.choice((0.1, 0.3)))
        return keys

    def swarm(self):
        rng = self.rng
        self.scale()
        groups = {"scenario": {}, "file": self.file(), "protocol": self.protocol(), "tracker": self.tracker()}
        room = max(1, min(PEERS_MAX, TRANSFERS_MAX // max(self.blocks, 1)))
        for number in range(rng.choice((1, 1, 2, 2, 3, 4))):
            count = min(rng.choice((1, 1, 2, 3, 5, 8, 20)), room)
            room -= count
            groups[f"peers g{number}"] = self.group(number, count)
            if room == 0:
                break
        until = self.time(3, 10, 50, 200, 400, least=1000) + (110 + 50 * self.blocks) * self.block_time
        groups["scenario"] |= {"until": f"{until}ns", "sample": f"{max(until // rng.choice((3, 20, 50)), SECOND // 1000)}ns"}
        if self.has("warmup", 0.5) and any("every" in keys.get("arrival", "") or "poisson" in
                                           keys.get("arrival", "") for keys in groups.values()):
            groups["scenario"]["warmup"] = f"{until // rng.choice((2, 10))}ns"
        Places(self, groups).draw()
        People(self, groups).draw()
        Faults(self, groups).draw()
        Zones(self, groups).draw()
        self.result = Swarm(groups, self.files)
        legalise(self.result)


class Places:
    """A table of latencies, for some swarms: drawn by a stream of its own, so that the rest stays as it was."""

    UNITS = {"ns": 1, "us": 1000, "ms": 10**6, "s": SECOND}

    def __init__(self, swarm, groups):
        self.rng = random.Random(f"minibit-fuzz places {swarm.seed}")
        self.swarm, self.groups = swarm, groups

    def way(self, unit):
        if self.rng.random() < 0.1:
            return "-1"
        ns = int(self.swarm.block_time * self.rng.choice((0, 0, 0.01, 0.1, 1, 3)))
        return f"{min(ns, 100 * SECOND) / self.UNITS[unit]:.9f}"

    def table(self, unit, mark):
        rng, count = self.rng, self.rng.choice((1, 2, 3, 7))
        names = [f"at{number}" for number in range(1, count + 1)]
        rows = [[self.way(unit) for _ in names] for _ in names]
        if rng.random() < 0.5:
            return [str(number) for number in range(1, count + 1)], rows
        rates = [[f"{max(int(self.swarm.rate * rng.uniform(0.5, 2)), 1)}bit" for _ in range(2)] for _ in names]
        rates = rates if rng.random() < 0.5 and self.swarm.rate < RATE_MAX // 2 else [[] for _ in names]
        head = ["place"] + (["up", "down"] if rates[0] else []) + names
        return names, [head] + [[name, *rate, *row] for name, rate, row in zip(names, rates, rows)]

    def lines(self):
        """Lines of their own for the rows of some traces."""
        rng = self.rng
        for name, content in self.swarm.files.items():
            if not isinstance(content, str) or rng.random() < 0.5:
                continue
            rows = content.splitlines()
            for number in range(1, len(rows)):
                rate = max(int(self.swarm.rate * rng.uniform(0.3, 1)), 1)
                latency = min(int(self.swarm.block_time * rng.choice((0.01, 0.1, 1, 3))), 100 * SECOND)
                rows[number] += rng.choice((f",{rate}bit,,", f",,{rate}bit,{latency}ns", ",,,0ns", ",,,"))
            self.swarm.files[name] = "\n".join([rows[0] + ",up,down,latency", *rows[1:]]) + "\n"

    def draw(self):
        rng = self.rng
        self.lines()
        if rng.random() < 0.75:
            return
        unit, (name, mark) = rng.choice(list(self.UNITS)), rng.choice((("ways.csv", ","), ("ways.txt", " ")))
        names, rows = self.table(unit, mark)
        self.swarm.files[name] = "".join(mark.join(row) + "\n" for row in rows)
        fill = f"{int(self.swarm.block_time * rng.choice((0, 0.1, 1)))}ns"
        at = {"tracker": rng.choice(names + ["at random"])}
        for group in self.groups:
            if group.startswith("peers ") and rng.random() < 0.8:
                at[group] = rng.choice(["at random", "in order", rng.choice(names)])
        for group, place in at.items():
            self.groups[group]["place"] = place
        self.groups["latency"] = {"matrix": name, "measured": rng.choice(("round-trip", "one-way")),
                                  "unit": unit, "missing": rng.choice(("-1", "-1", "-1.0")), "fill": fill}
        if self.groups["latency"]["missing"] != "-1":
            self.swarm.files[name] = self.swarm.files[name].replace("-1", "-1.0")


class People:
    """Who is there, for some swarms: by a stream of its own, as the places are."""

    def __init__(self, swarm, groups):
        self.rng = random.Random(f"minibit-fuzz people {swarm.seed}")
        self.swarm, self.groups = swarm, groups

    def publisher(self):
        """A tracker without the file; somebody else has it."""
        groups = self.groups
        groups["tracker"]["seeder"] = "no"
        if self.rng.random() < 0.3:
            for key in ("up", "down", "seeder_slots"):
                groups["tracker"].pop(key, None)
        if self.rng.random() < 0.6:
            groups["peers publisher"] = {"count": "1", "up": f"{self.swarm.rate}bit", "down": "1Mbit",
                                         "have": "all"}
        else:
            self.rng.choice([keys for name, keys in groups.items() if name.startswith("peers ")])["have"] = "all"

    def comes_and_goes(self):
        """Who has the whole file, and leaves after a time, may come back."""
        for keys in self.groups.values():
            kinds = keys.get("have"), keys.get("leave", "").split(" ")[0]
            if keys.get("have") == "all" and "trace" not in keys.get("arrival", "") and self.rng.random() < 0.5:
                if kinds[1] not in ("after", "exponential"):
                    keys["leave"] = self.rng.choice((f"after {self.time(0, 1, 10)}", f"exponential {self.time(1, 10)}"))
                keys["return"] = f"{self.rng.choice(('after', 'exponential'))} {self.time(10, 30, 100)}"

    def sessions(self):
        """Some rows of a trace name their peers, and some peers come again."""
        for number, (name, content) in enumerate(sorted(self.swarm.files.items())):
            if not isinstance(content, str) or not content.startswith("arrived_s") or self.rng.random() < 0.5:
                continue
            rows, gone = content.splitlines(), {}
            for row in range(1, len(rows)):
                came, leaves = (float(field or "inf") for field in rows[row].split(",")[:2])
                free = [peer for peer, left in gone.items() if left <= came]
                peer = self.rng.choice(free) if free and self.rng.random() < 0.7 else f"who{number}x{row}"
                peer = "" if self.rng.random() < 0.2 else peer
                gone[peer] = leaves
                gone.pop("", None)
                rows[row] += f",{peer}"
            self.swarm.files[name] = "\n".join([rows[0] + ",peer", *rows[1:]]) + "\n"

    def time(self, *factors):
        return f"{max(self.swarm.time(*factors), 1)}ns"

    def sudden(self):
        """Some of those who leave at some time do so without a word."""
        for keys in self.groups.values():
            if keys.get("leave", "").split(" ")[0] in ("after", "exponential", "at") and "count" in keys and \
                    self.rng.random() < 0.4:
                keys["leave"] += ", at-once"

    def draw(self):
        if self.rng.random() < 0.12:
            self.publisher()
        self.comes_and_goes()
        self.sessions()
        self.sudden()


class Faults:
    """What breaks, in some swarms: drawn by a stream of its own likewise."""

    def __init__(self, swarm, groups):
        self.rng = random.Random(f"minibit-fuzz faults {swarm.seed}")
        self.swarm, self.groups = swarm, groups
        self.until = int(groups["scenario"]["until"][:-2])

    def first(self, group):
        """Before this nobody of the group is there."""
        kind, _, value = self.groups[f"peers {group}"].get("arrival", "at 0ns").partition(" ")
        if kind == "trace":
            return int(self.swarm.files[value].splitlines()[1].split(",")[0].replace(".", ""))
        return int(value[:-2]) if kind == "at" else 0

    def time(self, *factors):
        return max(int(self.swarm.block_time * self.rng.choice(factors) * self.rng.uniform(0.5, 2)), 1)

    def targets(self, name, keys):
        rng = self.rng
        count = int(keys["count"]) if "count" in keys else len(self.swarm.files[keys["arrival"].split()[1]].splitlines()) - 1
        return rng.choice((name, f"{name}-{rng.randint(1, count)}", f"1 of {name}", f"{rng.randint(1, count + 1)} of {name}",
                           f"{rng.choice(('1', '10', '33.3', '50', '100'))}% of {name}"))

    def when(self, first):
        kind = self.rng.choice(("at", "at", "every", "poisson"))
        if kind == "at" or self.until < 100:
            return f"{min(first + self.time(0.1, 1, 3, 10, 30) - self.rng.choice((0, 1)), self.until - 1)}ns"
        gap = min(self.time(5, 20, 100), self.until - 1)
        return f"every {gap}ns" if kind == "every" else f"poisson {max(SECOND / gap, 1e-6):.6f}/s"

    def crash(self):
        groups = [name[6:] for name in self.groups if name.startswith("peers ")]
        if self.rng.random() < 0.15 and self.groups["tracker"].get("seeder") != "no":
            return {"kind": "crash", "targets": "tracker", "at": self.when(0)}
        name = self.rng.choice(groups)
        first = self.first(name)
        if first >= self.until:
            return None
        return {"kind": "crash", "targets": self.targets(name, self.groups[f"peers {name}"]), "at": self.when(first)}

    def severed(self):
        keys = self.crash()
        if keys is None:
            return None
        if self.rng.random() < 0.3:
            return keys | {"kind": "lose-connection"}
        head = "exponential " if self.rng.random() < 0.3 else ""
        lasts = {"for": f"{head}{self.time(0.1, 1, 10, 50, 200)}ns"} if self.rng.random() < 0.9 else {}
        return keys | {"kind": "cut"} | lasts

    def outage(self):
        latest = max(self.first(name[6:]) for name in self.groups if name.startswith("peers "))
        keys = {"kind": "tracker-outage", "at": self.when(0)}
        if self.rng.random() < 0.8 or latest + 1 >= self.until:
            head = "exponential " if self.rng.random() < 0.3 else ""
            return keys | {"for": f"{head}{self.time(1, 10, 50, 200)}ns"}
        if keys["at"][0].isdigit():
            keys["at"] = f"{max(int(keys['at'][:-2]), latest + 1)}ns"
        return keys

    def draw(self):
        if self.rng.random() < 0.6:
            return
        for number in range(self.rng.choice((1, 1, 2, 3))):
            keys = self.rng.choice((self.crash, self.severed, self.severed, self.outage))()
            if keys:
                self.groups[f"fault f{number}"] = keys


class Zones:
    """A tree of zones, for some swarms: by a stream of its own too."""

    def __init__(self, swarm, groups):
        self.rng = random.Random(f"minibit-fuzz zones {swarm.seed}")
        self.swarm, self.groups = swarm, groups

    def rate(self):
        """Some of what a node has, or of what several have together; often the same for many."""
        rng = self.rng
        if rng.random() < 0.3:
            return "unlimited"
        factor = rng.choice((0.5, 1, 1, 2, 5, 20, rng.uniform(0.3, 10)))
        return f"{min(max(int(self.swarm.rate * factor), 1), RATE_MAX)}bit"

    def zone(self, number, above):
        rng = self.rng
        keys = {side: self.rate() for side in ("up", "down", "inside") if rng.random() < 0.7}
        if rng.random() < 0.5:
            keys["count"] = str(rng.choice((1, 2, 3, 8)))
        if rng.random() < 0.4:
            ns = int(self.swarm.block_time * rng.choice((0, 0.01, 0.1, 1, 3)))
            keys["latency"] = f"{min(ns, 100 * SECOND)}ns"
        if above and rng.random() < 0.85:
            keys["parent"] = self.one(*above[-1] if rng.random() < 0.7 else rng.choice(above))
            if "count" in keys and rng.random() < 0.5:
                equal = [name for name, others in above if "count" in others]
                keys["parent"] = f"spread over {rng.choice(equal)}" if equal else keys["parent"]
        return f"z{number}", keys

    def one(self, name, keys):
        return f"{name}-{self.rng.randint(1, int(keys['count']))}" if "count" in keys else name

    def somebody(self, name, keys):
        if "count" not in keys:
            return name
        return self.rng.choice((f"spread over {name}", f"at random in {name}"))

    def fill(self, zones):
        """Everybody is somewhere, and somebody is in each zone."""
        rng, homes = self.rng, [group for group in self.groups if group.startswith("peers ")]
        for group in [*homes, "tracker"]:
            if rng.random() < 0.8:
                name, keys = rng.choice(zones)
                one = self.one(name, keys)
                self.groups[group]["zone"] = rng.choice((one, self.somebody(name, keys)))
        for number, (name, keys) in enumerate(zones):
            group = f"peers in{number}"
            self.groups[group] = {"count": str(rng.choice((0, 1, 2))), "up": self.swarm.line(False),
                                  "down": self.swarm.line(False), "zone": self.somebody(name, keys)}

    def draw(self):
        rng = self.rng
        if rng.random() < 0.75:
            return
        zones = []
        for number in range(rng.choice((1, 1, 2, 3, 4))):
            zones.append(self.zone(number, zones))
        self.groups |= {f"zone {name}": keys for name, keys in zones}
        self.fill(zones)


def legalise(swarm):
    """Mends what the simulator refuses."""
    protocol = swarm.groups["protocol"]
    for keys in (protocol, *swarm.peers().values()):
        whole = protocol | keys
        ask = whole.get("ask", "mutual" if whole["preset"] == "coursework" else "unchokers")
        if ask == "mutual" and whole.get("choke") in ("none", "barter"):
            keys["choke"] = "rarity-tft"
    tracker = swarm.groups["tracker"]
    deals = protocol.get("deal", "given" if protocol["preset"] == "coursework" else "fetched")
    if tracker.get("seeder") == "no" and deals == "given":
        protocol["initial_blocks"] = "0"
    if protocol.get("super_seed", "").startswith("withhold"):  # it must be told who has what
        protocol["knowledge"] = "have"
        for keys in swarm.peers().values():
            keys.pop("knowledge", None)


def draw(seed, keys):
    """The Swarm of a seed; `keys` is a Keys."""
    return _Draw(seed, keys).result
