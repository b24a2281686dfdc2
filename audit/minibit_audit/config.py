"""config.ini as the auditor needs it: the file, every node's line and how it serves."""
import copy

from . import numbers
from .numbers import Unreadable


def groups_of(text):
    """{group: {key: value}} in order."""
    groups, keys = {}, None
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            keys = groups.setdefault(line[1:-1].strip(), {})
        elif keys is None or "=" not in line:
            raise Unreadable(f"config.ini: not a group or a key: {line!r}")
        else:
            key, _, value = line.partition("=")
            keys[key.strip()] = value.strip()
    return groups


# What an unlimited line counts where its capacity does: bytes per second.
UNLIMITED = 125 * 10**9
OPENED = ("every", "poisson", "trace")


class Line:
    """The link of a node and the keys that hold for it. Rates in bytes per second, None: unlimited."""

    def __init__(self, name, own, shared):
        self.name, self.keys = name, {**shared, **own}
        self.up = numbers.rate(own.get("up", "unlimited"))
        self.down = numbers.rate(own.get("down", "unlimited"))
        self.latency = numbers.duration(own.get("latency", "0s"))
        self.is_free = self.keys.get("free_rider") == "yes"
        self.is_rounds = self.keys.get("exchange") == "rounds"
        self.is_open = self.keys.get("arrival", "at 0s").split()[0] in OPENED

    def at(self, up, down, latency):
        """The same with rates and latency of its own."""
        own = copy.copy(self)
        own.up, own.down, own.latency = numbers.rate(up), numbers.rate(down), latency
        return own

    def leaves(self):
        """((kind, its time if it has one), whether it goes without a word)."""
        when, sudden, _ = self.keys.get("leave", "never").partition(", at-once")
        kind, *time = when.split()
        return (kind, *map(numbers.duration, time)), bool(sudden)

    def number(self, key, otherwise=0):
        return int(self.keys.get(key, otherwise))

    def time(self, key, otherwise="0s"):
        return numbers.duration(self.keys.get(key, otherwise))


class Config:
    """The scenario of a run, and of its file the size of each block."""

    def __init__(self, text):
        self.groups = groups_of(text)
        scenario = self.groups.get("scenario", {})
        self.name = scenario.get("name", "")
        self.seed = int(scenario.get("seed", 1))
        self.until = numbers.duration(scenario.get("until", "4h"))
        self.warmup = numbers.duration(scenario.get("warmup", "0s"))
        self.sample = numbers.duration(scenario.get("sample", "10s"))
        self.is_replay = "replay" in self.groups
        self.protocol = self.groups.get("protocol", {})
        self.tracker = Line("tracker", self.groups.get("tracker", {}), self.protocol)
        self.has_seeder = self.tracker.keys.get("seeder", "yes") == "yes"
        self.peers = {name[6:]: Line(name[6:], keys, self.protocol)
                      for name, keys in self.groups.items() if name.startswith("peers ")}
        self.is_open = any(line.is_open for line in self.peers.values())

    def tracker_leaves(self):
        """When the tracker's serving ends; None: never, and where it never serves."""
        return self.answers_until() if self.has_seeder else None

    def answers_until(self):
        """When the tracker answers no more; None: never."""
        words = self.tracker.keys.get("leave", "never").split()
        return numbers.duration(" ".join(words[1:])) if words[0] == "at" else None

    def may_crash(self):
        """Whether a fault may take a peer away before it leaves."""
        return any(name.startswith("fault ") and keys.get("kind") == "crash" for name, keys in self.groups.items())

    def set_file(self, size, blocks, block_size, is_live):
        """Sizes of the file as summary.json has them; `wire` as docs/protocol.md counts them."""
        self.size, self.blocks, self.block_size = size, blocks, block_size
        last = size - (blocks - 1) * block_size if blocks else 0
        self.payload = [block_size] * (blocks - 1) + [last] if blocks else []
        if self.protocol.get("encoding", "raw") == "base64" and not is_live:
            self.wire = [20 + len(str(block)) + 4 * (-(-payload // 3))
                         for block, payload in enumerate(self.payload)]
        else:
            self.wire = self.payload
        self.wire_total = sum(self.wire)

    def expected_file(self):
        """(size, blocks, block size) by [file]; size None where a path names it."""
        keys = self.groups.get("file", {})
        block = numbers.size(keys.get("block_size", "256KiB"))
        if "blocks" in keys:
            return int(keys["blocks"]) * block, int(keys["blocks"]), block
        if "size" in keys:
            total = numbers.size(keys["size"])
            return total, -(-total // block), block
        return None, None, block
