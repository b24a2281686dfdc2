"""What goes wrong in a live swarm, drawn from a seed.

draw(seed) makes the same plan from the same seed anywhere: the file, every peer with its options,
its rates and what befalls it, the strangers that misbehave, the cuts, and how long the swarm may
take. It starts nothing; chaos_run.py carries the plan out.
"""
import dataclasses
import math
import random

TROUBLE_ENDS_S = 6.0  # nothing is done to the swarm later than that
RATE_MIN = 60_000  # bytes per second
FAST = 20_000_000  # what a peer without a limit is taken to send at least
SNUB_SHARE = 0.5  # of the time-out: protocol.snub_after
SNUB_WAVES = 3  # the slow come late, and the second that is asked may be slow too
MARGIN_S = 8.0  # starting programs, and a processor that others use too


@dataclasses.dataclass
class Peer:
    """An honest peer: `events` are (seconds, what), in order; the first is its start."""

    name: str
    options: list
    up: float  # bytes per second, FAST if unlimited
    down: float
    events: list
    exits: bool = False  # leaves in good order once it is complete
    stays: bool = True  # it must end up with the whole file
    gives: bool = True

    def last_event(self):
        return self.events[-1][0]


@dataclasses.dataclass
class Stranger:
    """One who misbehaves: kind, id, address, and what its kind needs."""

    kind: str
    name: str
    host: str
    at: float
    more: dict


@dataclasses.dataclass
class Plan:
    seed: int
    size: int
    block_size: int
    preset: str
    common: list  # options of every program
    tracker: list  # of the tracker
    up: float  # its rate
    slots: int  # peers that whoever is complete serves at a time
    timeouts_s: float  # what a stalled request may cost
    unchoke_s: float
    peers: list = dataclasses.field(default_factory=list)
    strangers: list = dataclasses.field(default_factory=list)
    originals: int = 0
    outage: tuple = ()  # (seconds, for how long, whether the seeder comes back at its port)
    relayed: float = 0.0  # the share of pairs whose connections may be cut
    cuts: float = 0.0  # the share of these connections that are

    @property
    def blocks(self):
        return -(-self.size // self.block_size)

    @property
    def trouble_ends(self):
        last = max(peer.last_event() for peer in self.peers)
        if self.outage:  # the pause before the tracker is tried again doubles
            last = max(last, self.outage[0] + 2 * self.outage[1] + 2)
        return max(last, TROUBLE_ENDS_S if self.relayed else 0)

    def ideal_s(self):
        """No less than what any swarm needs to spread the file with these rates and slots."""
        staying = [peer for peer in self.peers if peer.stays]
        rates = sum(peer.up for peer in staying if peer.gives) + self.up
        if self.preset == "coursework":  # its books are wrong: nearly all comes from the tracker
            rates = self.up
        slowest = min(min(peer.up, peer.down) for peer in staying)
        fluid = max(self.size / self.up, self.size / min(p.down for p in staying),
                    len(staying) * self.size / rates)
        depth = 1 + math.log(max(2, len(staying)), 2) / math.log(1 + self.slots, 2)
        first = min(self.up, slowest)
        return fluid + depth * self.slots * self.block_size / first

    def bound_s(self):
        """When every peer that stays must be complete, in seconds from the start."""
        pace = 1.0
        if self.preset == "coursework":
            pace = self.blocks * ROUND_S
        return (self.trouble_ends + 4 * self.ideal_s() + 4 * self.unchoke_s + 3 * pace
                + self.timeouts_s + SNUB_WAVES * self.snub_s() + MARGIN_S)

    def snub_s(self):
        """When a request to who gives a byte a second is asked of others, at the latest."""
        slow = any(stranger.kind == "trickler" for stranger in self.strangers)
        return self.timeouts_s * SNUB_SHARE * 5 / 4 if slow else 0

    def describe(self):
        yield (f"{self.blocks} blocks of {self.block_size} bytes, {self.size} in all; preset "
               f"{self.preset}; within {self.bound_s():.1f} s (ideal {self.ideal_s():.1f} s)")
        yield f"everybody: {' '.join(self.common)}"
        yield f"tracker: {' '.join(self.tracker)}"
        if self.outage:
            yield (f"tracker: killed at {self.outage[0]:.2f} s for {self.outage[1]:.2f} s, its "
                   f"seeder back at {'the same' if self.outage[2] else 'another'} port")
        yield f"{self.relayed:.0%} of pairs over relays that cut {self.cuts:.0%} of connections"
        for peer in self.peers:
            events = ", ".join(f"{what} {at:.2f}" for at, what in peer.events)
            end = "stays" if peer.stays and not peer.exits else "leaves whole" if peer.exits else ""
            yield f"{peer.name}: {' '.join(peer.options)} | {events} {end}"
        for stranger in self.strangers:
            yield (f"{stranger.name}: {stranger.kind} at {stranger.host} from {stranger.at:.2f} s "
                   f"{stranger.more}")
        if self.originals:
            yield f"{self.originals} peers of the classroom program"


# ---- drawing ------------------------------------------------------------------------------------

ROUND_S = 0.15


def chance(r, probability):
    return r.random() < probability


def seconds(value):
    return f"{round(value * 1000)}ms"


def rate_option(name, rate):
    return [name, f"{int(rate)}B"]


def key(name, value):
    return ["--set", f"protocol.{name}={value}"]


def draw_file(r):
    """(size, block size): mostly short last blocks, now and then a single block."""
    block_size = r.choice([1000, 4096, 16384, 16384, 65536, 131072])
    most = max(5, min(60, (3 << 20) // block_size // 2))
    blocks = 1 if chance(r, 0.04) else r.randint(5, most)
    last = block_size if chance(r, 0.2) else r.randint(1, block_size)
    return (blocks - 1) * block_size + last, block_size


def draw_common(r, preset):
    """(options of every program, what a complete peer's slots are, seconds between unchokes)."""
    unchoke = r.uniform(0.3, 1.5)
    common = ["--preset", preset] + key("unchoke_interval", seconds(unchoke))
    slots = {"minibit": 20, "bittorrent": 5, "coursework": 0}[preset]
    if preset == "coursework":
        common += key("exchange_interval", seconds(ROUND_S)) + key("announce_interval", "400ms")
        return common, slots, unchoke
    if preset == "bittorrent":
        common += key("optimistic_interval", seconds(r.uniform(0.5, 3)))
    if preset == "minibit" or chance(r, 0.5):
        common += key("announce_interval", seconds(r.uniform(0.5, 3)))
    if chance(r, 0.4):
        slots = r.choice([2, 4, 8])
        common += key("seeder_slots", slots)
    for name, values, often in (
        ("pipeline", (0, 2, 3), 0.4), ("encoding", ("base64", "raw"), 0.35),
        ("cut_on_choke", ("yes", "no"), 0.4), ("endgame", ("yes", "no"), 0.4),
        ("regular_slots", (2, 3, 6), 0.3), ("knowledge", ("piggyback", "have"), 0.3),
        ("selection", ("random", "sequential"), 0.15), ("choke", ("complement", "rate-tft"), 0.2),
        ("initial_blocks", (0, 2), 0.2),
    ):
        if chance(r, often):
            common += key(name, r.choice(values))
    return common, slots, unchoke


def own_keys(r):
    """What a peer sets against the others' habit."""
    keys = []
    for name, values in (("pipeline", (0, 1, 4)), ("encoding", ("base64", "raw")),
                         ("cut_on_choke", ("yes", "no")), ("endgame", ("yes", "no")),
                         ("seeder_slots", (0, 3))):
        if chance(r, 0.1):
            keys += key(name, r.choice(values))
    return keys


def draw_fate(r, start):
    """(events from the start on, whether it exits when complete, whether it stays)."""
    events, at = [(start, "start")], start + r.uniform(0.2, 1)
    fate = r.choices(("none", "exits", "term", "kill", "restart", "return", "cleared", "stop"),
                     (40, 18, 7, 8, 12, 4, 4, 7))[0]
    if fate == "exits":
        return events, True, True
    if fate == "none":
        return events, False, True
    first = min(at + r.uniform(0, 3), TROUBLE_ENDS_S - 1)
    second = first + r.uniform(0.05, 1.5)
    if fate in ("term", "kill"):
        return events + [(first, fate)], False, False
    if fate == "stop":
        return events + [(first, "stop"), (second, "continue")], False, True
    events.append((first, "term" if fate == "return" else "kill"))
    if fate == "cleared":
        events.append((first + 0.01, "clear"))
    return events + [(second, "start")], False, True


def draw_peer(r, number, base, mixed, coursework):
    up = max(RATE_MIN, base * r.uniform(0.4, 1.6))
    down = max(RATE_MIN, up * r.choice([1, 2, 4, 6]))
    options = list(mixed)
    options += [] if coursework else own_keys(r)
    if chance(r, 0.2):
        up = FAST
    else:
        options += rate_option("--up-rate", up)
    if chance(r, 0.35):
        down = FAST
    else:
        options += rate_option("--down-rate", down)
    if chance(r, 0.15):
        options += ["--latency", f"{r.randint(1, 40)}ms"]
    free_rider = not coursework and chance(r, 0.04)
    if free_rider:
        options += key("free_rider", "yes")
    start = 0 if chance(r, 0.4) else r.uniform(0, 4)
    events, exits, stays = draw_fate(r, start)
    return Peer(f"p{number}", options, up, down, events, exits, stays, not free_rider)


def draw_strangers(r, plan):
    """One poisoner, and the slow."""
    lies = r.choice(["whole", "tail", "half", "name", "some"])
    own = lies == "name" or chance(r, 0.5)
    names = [peer.name for peer in plan.peers]
    plan.strangers.append(Stranger(
        "poisoner", r.choice(names) if lies == "name" else "poisoner",
        f"127.0.0.{r.randint(60, 99)}" if own else "127.0.0.1", r.uniform(0, 2), {"lies": lies}))
    for number in range(0 if plan.preset == "coursework" else r.choice([0, 0, 1, 1, 2, 3])):
        plan.strangers.append(Stranger(
            "trickler", f"slow{number}", f"127.0.0.{r.choice([1, 40 + number])}", r.uniform(0, 2),
            {"fast": r.choice([0, 0, 1, 3]), "bytes": r.choice([1, 1, 10]),
             "pause": r.choice([0.2, 1.0])}))
        if plan.block_size < 4096:  # in eight time-outs a block would be whole: slow, and no more
            plan.strangers[-1].more["bytes"] = 1
    if chance(r, 0.15):
        plan.strangers.append(Stranger("hogs", "hog", "127.0.0.50", r.uniform(0, 1),
                                       {"count": r.randint(3, 20)}))


def announce_soon(plan):
    """A tracker that comes back knows nobody until they announce: not once in half an hour."""
    if "announce_interval" not in " ".join(plan.common):
        plan.common += key("announce_interval", "2s")
    for peer in plan.peers:
        if "--preset" in peer.options:
            peer.options += key("announce_interval", "2s")


def draw(seed):
    r = random.Random(f"a live swarm that breaks, {seed}")
    size, block_size = draw_file(r)
    preset = r.choices(("minibit", "bittorrent", "coursework"), (45, 40, 15))[0]
    common, slots, unchoke = draw_common(r, preset)
    base = max(RATE_MIN, size / r.uniform(1.5, 4), 5 * block_size)
    up = base * r.uniform(1, 3)
    plan = Plan(seed, size, block_size, preset, common,
                ["--block-size", f"{block_size}B"] + rate_option("--up-rate", up), up, slots, 0,
                unchoke)
    if preset != "coursework" and chance(r, 0.1):
        plan.tracker += key("super_seed", "yes")
    for number in range(r.randint(10, 30)):
        mixed = []
        if preset != "coursework" and chance(r, 0.08):
            mixed = ["--preset", r.choice(("minibit", "bittorrent")),
                     *key("unchoke_interval", seconds(unchoke))]
        plan.peers.append(draw_peer(r, number, base, mixed, preset == "coursework"))
    plan.slots = slots or len(plan.peers)
    if not any(peer.stays for peer in plan.peers):
        plan.peers[0].stays, plan.peers[0].events = True, plan.peers[0].events[:1]
    if chance(r, 0.25):
        plan.outage = (r.uniform(0.5, 3.5), r.uniform(0.2, 1.5), chance(r, 0.5))
        announce_soon(plan)
    if chance(r, 0.7):
        plan.relayed, plan.cuts = r.choice([0.15, 0.4, 0.8]), r.choice([0.3, 0.7])
    if chance(r, 0.7):
        draw_strangers(r, plan)
    plan.originals = r.choice([0, 0, 0, 1, 2])
    stalls = plan.relayed or plan.strangers or any(
        what == "stop" for peer in plan.peers for _, what in peer.events)
    if stalls or chance(r, 0.5):
        plan.timeouts_s = r.uniform(4, 6)
        plan.common += key("request_timeout", seconds(plan.timeouts_s))
        if preset != "coursework":  # as the original, that has no answer to the slow
            plan.common += key("snub_after", seconds(SNUB_SHARE * plan.timeouts_s))
    return plan
