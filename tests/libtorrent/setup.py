"""A set-up: a MiniBit scenario, read as minibit-sim resolves it, so that both swarms are the same.

The scenario is the only declaration. `minibit-sim FILE --show-config` checks it, takes what it
extends, and gives every key; what a real client cannot be told is refused here by name.
"""
import configparser
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fuzz"))
from minibit_fuzz.heal import BITS, BYTES, SECOND, TIMES  # noqa: E402

UNLIMITED = 0  # libtorrent's word for it


class SetupError(Exception):
    """A set-up that cannot be run; the text says which file, key and why."""


@dataclass
class Group:
    name: str
    count: int
    up: int  # bytes a second, 0 for no limit
    down: int
    arrival: str
    leave: str
    have: str
    free_rider: bool


@dataclass
class Setup:
    name: str
    description: str
    path: Path
    until: float
    blocks: int
    block_size: int
    seeder_up: int
    seeder_down: int
    slots: int  # all of them, the optimistic one too
    seeder_slots: int
    unchoke_s: float
    optimistic_s: float
    max_known: int  # 0: any number
    listed: int  # so many others the tracker names to a newcomer; 0: all
    super_seed: bool
    groups: list = field(default_factory=list)

    @property
    def file_size(self):
        return self.blocks * self.block_size

    @property
    def from_nothing(self):
        """Whether all blocks come from the seeder, so that there is a first copy to speak of."""
        return all(group.have == "none" for group in self.groups)


def _number(text, scales, of):
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]+)(/s)?", text)
    if not match or match[2] not in scales:
        raise SetupError(f"{of} = {text}: not understood")
    return float(match[1]) * scales[match[2]]


def rate(text, of):
    """Bytes a second."""
    if text == "unlimited":
        return UNLIMITED
    found = _number(text, BITS, of) / 8
    if found < 1:
        raise SetupError(f"{of} = {text}: libtorrent has no rate below a byte a second")
    return round(found)


def seconds(text, of):
    return _number(text, TIMES, of) / SECOND


def resolve(program, path):
    """The scenario's groups and keys as minibit-sim understands them."""
    done = subprocess.run([program, str(path), "--show-config"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise SetupError(done.stderr.strip())
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#", ";"),
                                       interpolation=None, strict=True)
    parser.optionxform = str
    parser.read_string(done.stdout)
    return parser


# What a real swarm on one machine does not have, and what its client does not offer, must be as here.
FIXED = {
    ("protocol", "choke"): "rate-tft", ("protocol", "selection"): "rarest-first",
    ("protocol", "initial_blocks"): "0", ("protocol", "exchange"): "continuous",
    ("protocol", "ask"): "unchokers", ("protocol", "knowledge"): "have",
    ("protocol", "free_rider"): "no", ("protocol", "encoding"): "raw",
    ("tracker", "latency"): "0s", ("tracker", "leave"): "never",
}


def _refuse(parser, path):
    for (group, key), wanted in FIXED.items():
        found = parser[group].get(key, wanted)
        if found != wanted:
            raise SetupError(f"{path}: [{group}] {key} = {found}: libtorrent is held to {wanted}")
    for name in parser.sections():
        if name.startswith("peers ") and parser[name].get("latency", "0s") != "0s":
            raise SetupError(f"{path}: [{name}] latency: loopback has none")


def _group(parser, section, path):
    keys = parser[section]
    if "count" not in keys:
        raise SetupError(f"{path}: [{section}] needs a count")
    known = set("count up down latency arrival leave have free_rider".split())
    for key in keys:
        if key not in known:
            raise SetupError(f"{path}: [{section}] {key}: not a thing to ask of libtorrent")
    of = f"{path}: [{section}]"
    group = Group(section[6:], int(keys["count"]), rate(keys["up"], f"{of} up"),
                  rate(keys["down"], f"{of} down"), keys["arrival"], keys["leave"],
                  keys["have"], keys.get("free_rider") == "yes")
    _arrival(group, random.Random(0), of)
    leave_after(group.leave, of)
    pieces_held(group.have, 100, random.Random(0), of)
    return group


def read(program, path):
    """The set-up that the scenario at `path` declares."""
    path = Path(path)
    parser = resolve(program, path)
    _refuse(parser, path)
    protocol, tracker = parser["protocol"], parser["tracker"]
    if "blocks" not in parser["file"]:
        raise SetupError(f"{path}: [file] blocks: a set-up has whole blocks")
    of = f"{path}: [tracker]"
    return Setup(
        name=parser["scenario"]["name"], description=parser["scenario"]["description"], path=path,
        until=seconds(parser["scenario"]["until"], f"{path}: until"),
        blocks=int(parser["file"]["blocks"]),
        block_size=int(_number(parser["file"]["block_size"], BYTES, f"{path}: block_size")),
        seeder_up=rate(tracker["up"], f"{of} up"), seeder_down=rate(tracker["down"], f"{of} down"),
        slots=int(protocol["regular_slots"]) + 1, seeder_slots=int(tracker["seeder_slots"]),
        unchoke_s=seconds(protocol["unchoke_interval"], f"{path}: unchoke_interval"),
        optimistic_s=seconds(protocol["optimistic_interval"], f"{path}: optimistic_interval"),
        max_known=int(protocol["max_known"]), listed=max(int(protocol["peers_per_announce"]) - 1, 0),
        super_seed=protocol["super_seed"] != "no",
        groups=[_group(parser, name, path) for name in parser.sections()
                if name.startswith("peers ")])


# ---- what a group's keys mean for its peers -------------------------------------------------------


def _arrival(group, draw, of=""):
    """When each of the group's peers comes, in seconds."""
    kind, _, value = group.arrival.partition(" ")
    if kind == "at":
        return [seconds(value, of)] * group.count
    if kind == "within":
        return sorted(draw.uniform(0, seconds(value, of)) for _ in range(group.count))
    if kind == "every":
        return [i * seconds(value, of) for i in range(group.count)]
    if kind == "poisson":
        per_s, now, times = float(value.removesuffix("/s")), 0.0, []
        for _ in range(group.count):
            now += draw.expovariate(per_s)
            times.append(now)
        return times
    raise SetupError(f"{of} arrival = {group.arrival}: not a thing to ask of a live swarm")


def leave_after(leave, of=""):
    """How long a complete peer stays: None is to the end; and whether it goes in good order."""
    if leave == "never":
        return None, True
    if leave == "when-complete":
        return 0.0, True
    if leave == "at-once":
        return 0.0, False
    if leave.startswith("after "):
        return seconds(leave[6:], of), True
    raise SetupError(f"{of} leave = {leave}: not a thing to ask of a live swarm")


def pieces_held(have, blocks, draw, of=""):
    """The pieces that a peer holds on arrival."""
    if have == "none":
        return [False] * blocks
    if have == "all":
        return [True] * blocks
    match = re.fullmatch(r"(\d+) blocks", have)  # a share is resolved to blocks
    if not match:
        raise SetupError(f"{of} have = {have}: not a thing to ask of a live swarm")
    held = set(draw.sample(range(blocks), min(int(match[1]), blocks)))
    return [i in held for i in range(blocks)]


@dataclass
class Peer:
    name: str
    group: Group
    arrived: float
    held: list


def peers(setup, seed):
    """Every peer of the set-up in the order of arrival, drawn from `seed`. Those that come at the same
    moment come in an order by lot: libtorrent's optimistic slot goes round in the order of connection,
    so that a group that always came last would have its first turn last."""
    draw = random.Random(f"{setup.name} {seed}")
    found = []
    for group in setup.groups:
        for i, arrived in enumerate(_arrival(group, draw), 1):
            held = pieces_held(group.have, setup.blocks, draw)
            found.append(Peer(f"{group.name}-{i}", group, arrived, held))
    draw.shuffle(found)
    return sorted(found, key=lambda peer: peer.arrived)


def acquaintances(present, degree, setup, draw):
    """Those of `present` whom a newcomer is connected to: as many as the tracker lists, of those that
    have room, so that nobody has more than `max_known`."""
    most = setup.max_known or len(present)
    able = [name for name in present if degree.get(name, 0) < most]
    draw.shuffle(able)
    return able[:min(most, setup.listed or most)]
