"""What a swarm must reach once its troubles are over, and by when.

A healed swarm has a tracker that stays, peers that stay until they are complete, and time-outs longer than
an honest answer takes. Then every block exists, everyone can reach who has it, and everyone must complete.
The bound is arithmetic, and generous: every block of every peer fetched from the tracker, one after the
other, each after a full turn of every clock there is. What is missed for ever is missed by any bound.
"""
import re
from fractions import Fraction

SECOND = 10**9
TIMES = {"ns": 1, "us": 10**3, "ms": 10**6, "s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}
CLOCKS = ("announce_interval", "exchange_interval", "round_jitter", "unchoke_interval", "optimistic_interval",
          "rate_window", "request_timeout", "snub_after")
UNTIL_MAX = 10**6 * 3600 * SECOND
# An envelope of JSON, and what base64 makes of the bytes.
ENVELOPE = 300


BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
BITS = {"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9, "Kibit": 2**10, "Mibit": 2**20,
        "Gibit": 2**30, **{unit: 8 * size for unit, size in BYTES.items()}}


def number(text, units):
    """A number with its unit, exactly."""
    found = re.fullmatch(r"([\d.]+)([a-zA-Z]+)", text)
    assert found and found[2] in units, text
    return Fraction(found[1]) * units[found[2]]


def nanoseconds(text):
    return int(number(text, TIMES))


def bits_per_s(text):
    """Of a rate; None is unlimited."""
    return None if text == "unlimited" else number(text, BITS)


def resolved(text):
    """Groups and keys of a scenario's text with every key, as --show-config prints it."""
    groups, group = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            group = groups.setdefault(line[1:-1], {})
        elif " = " in line and not line.startswith("#"):
            key, _, value = line.partition(" = ")
            group[key] = value
    return groups


def table(swarm, groups):
    """The fields of the table of latencies; none without one."""
    name = groups.get("latency", {}).get("matrix", "").rpartition("/")[2]
    return swarm.files[name].replace(",", " ").split() if name in swarm.files else []


def is_zone(name):
    return name.startswith("zone ")


def path_delay(swarm, groups):
    ends = [nanoseconds(keys["latency"]) for name, keys in groups.items() if "latency" in keys and not is_zone(name)]
    borders = sum(nanoseconds(keys["latency"]) for name, keys in groups.items() if is_zone(name))
    numbers = [float(field) for field in table(swarm, groups) if re.fullmatch(r"[\d.]+", field)]
    measured = int(max(numbers, default=0) * TIMES[groups["latency"]["unit"]]) + 1 if numbers else 0
    filled = nanoseconds(groups["latency"].get("fill", "0ns")) if numbers else 0
    own = [nanoseconds(field) for field in trace_fields(swarm) if field.endswith("ns")]
    return max(2 * max(ends + own) + 2 * borders, measured, filled)


def trace_fields(swarm):
    """Of all traces of arrivals."""
    return [field for content in swarm.files.values()
            if isinstance(content, str) and content.startswith("arrived_s")
            for row in content.splitlines()[1:] for field in row.split(",")]


def rates_of_places(swarm, groups):
    fields = table(swarm, groups) + trace_fields(swarm)
    return [bits_per_s(field) for field in fields if field.endswith("bit")]


def clocks(groups):
    """The longest turn of each clock, in a row."""
    return sum(max((nanoseconds(keys[clock]) for keys in groups.values() if clock in keys), default=0)
               for clock in CLOCKS)


def blocks_of(swarm, file):
    """How many there are, and the bytes of a whole one."""
    size = int(number(file["block_size"], BYTES))
    if "blocks" in file:
        return int(file["blocks"]), size
    path = swarm.groups["file"].get("path")
    whole = len(swarm.files[path]) if path else int(number(file["size"], BYTES))
    return -(-whole // size), size


def last_arrival(swarm):
    """When the last peer is there, at the latest; of poisson arrivals with a chance of e^-20 beyond."""
    latest = 0
    for keys in swarm.peers().values():
        kind, _, value = keys.get("arrival", "at 0ns").partition(" ")
        if kind in ("at", "within"):
            last = nanoseconds(value)
        elif kind == "every":
            last = nanoseconds(value) * int(keys["count"])
        elif kind == "poisson":
            last = int((3 * int(keys["count"]) + 40) / float(value[:-2]) * SECOND)
        else:
            rows = swarm.files[value].splitlines()[1:]
            last = max((int(float(row.split(",")[0]) * SECOND) for row in rows), default=0)
        latest = max(latest, last)
    return latest


def count_peers(swarm):
    return sum(len(swarm.files[keys["arrival"].split()[1]].splitlines()) - 1
               if keys.get("arrival", "").startswith("trace") else int(keys["count"])
               for keys in swarm.peers().values())


def bound(swarm, groups):
    """Whole nanoseconds by which a healed swarm is complete; `groups`: its keys, resolved."""
    blocks, size = blocks_of(swarm, groups["file"])
    bits = 8 * (size * 4 // 3 + ENVELOPE)
    up, peers = bits_per_s(groups["tracker"]["up"]), count_peers(swarm)
    rates = [bits_per_s(keys["down"]) for keys in swarm.peers().values()] + rates_of_places(swarm, groups)
    rates += [bits_per_s(keys[side]) for name, keys in groups.items() if is_zone(name)
              for side in ("up", "down", "inside") if side in keys]
    slowest = min((rate for rate in (up, *rates) if rate), default=10**12)
    serial = peers * blocks * int(bits * SECOND / slowest + 1)
    turns = 2 * (peers * blocks + peers + blocks + 10)
    return last_arrival(swarm) + 4 * serial + turns * (clocks(groups) + 12 * path_delay(swarm, groups) + SECOND)


def heal(swarm, resolve):
    """The swarm healed, as a copy; `resolve` makes of a swarm its keys, resolved. Its until is the bound."""
    healed = swarm.copy()
    healed.groups = {name: keys for name, keys in healed.groups.items() if not name.startswith("fault ")}
    healed.groups["tracker"].pop("leave", None)
    healed.groups["tracker"].pop("seeder", None)
    healed.groups["tracker"].setdefault("up", "1Mbit")
    healed.groups["scenario"].pop("warmup", None)
    if healed.groups["protocol"].get("super_seed") == "withhold":  # free riders pass nothing on, and get no more
        healed.groups["protocol"]["super_seed"] = "withhold-loose"
    for keys in healed.peers().values():
        keys.pop("return", None)
        if keys.get("leave", "").startswith("at "):
            del keys["leave"]
    for name, content in healed.files.items():
        if isinstance(content, str) and content.startswith("arrived_s"):
            rows = content.splitlines()
            if rows[0].endswith(",peer"):  # sessions would be of peers that never leave
                rows[1:] = [row.rpartition(",")[0] + "," for row in rows[1:]]
            healed.files[name] = "\n".join(
                [rows[0]] + [re.sub("^([^,]*),[^,]*", r"\1,", row) for row in rows[1:]]) + "\n"
    healed.groups["scenario"]["until"] = f"{UNTIL_MAX}ns"
    healed.groups["scenario"]["sample"] = f"{UNTIL_MAX}ns"
    groups = resolve(healed)
    give_patience(healed, groups)
    make_mutual(healed, groups)
    groups = resolve(healed)
    until = min(bound(healed, groups), UNTIL_MAX)
    healed.groups["scenario"]["until"] = f"{until}ns"
    return healed


def give_patience(healed, groups):
    """A time-out is longer than a request and its answer's first byte take, and than the slowest byte."""
    rates = [bits_per_s(keys[end]) for keys in groups.values() for end in ("up", "down", "inside") if end in keys]
    slowest = min((rate for rate in rates + rates_of_places(healed, groups) if rate), default=10**12)
    sharers = count_peers(healed) + 1
    if any(is_zone(name) for name in groups):
        sharers *= sharers  # all that go from anybody to anybody
    least = int(4 * path_delay(healed, groups) + 16 * sharers * SECOND / slowest) + SECOND
    for name, keys in groups.items():
        if "request_timeout" in keys and nanoseconds(keys["request_timeout"]) < least:
            healed.groups[name]["request_timeout"] = f"{least}ns"


def make_mutual(healed, groups):
    """Who asks only those that it serves, and serves nobody, can never ask."""
    for name, keys in healed.peers().items():
        whole = groups["protocol"] | groups[name]
        if whole["ask"] == "mutual" and whole["free_rider"] == "yes":
            keys["free_rider"] = "no"
