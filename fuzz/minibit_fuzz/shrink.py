"""The smallest swarm that still fails in the same way, by trying smaller ones.

Groups, then keys, then numbers, each as long as it gets smaller: Zeller and Hildebrandt, "Simplifying and
isolating failure-inducing input", 2002, over what a scenario is made of, not over its characters.
"""
import re
import time

NEEDED = {"scenario": {"until"}, "tracker": {"up"}, "file": {"blocks", "size", "path"}}
PEER_NEEDED = {"up", "down", "count"}
FAULT_NEEDED = {"kind", "targets", "at"}


def without_groups(swarm):
    names = [name for name in swarm.groups if name.startswith("fault ")]
    yield from without(swarm, names)
    yield from without(swarm, list(swarm.peers()), all_at_once=False)


def without(swarm, names, all_at_once=True):
    for start, count in chunks(len(names)):
        if count == len(names) and not all_at_once:
            continue
        smaller = swarm.copy()
        for name in names[start:start + count]:
            del smaller.groups[name]
        yield smaller
    if any(name.startswith("zone ") for name in swarm.groups):
        smaller = swarm.copy()
        smaller.groups = {name: {key: value for key, value in keys.items() if key != "zone"}
                          for name, keys in smaller.groups.items() if not name.startswith("zone ")}
        yield smaller


def chunks(length):
    count = length
    while count >= 1:
        for start in range(0, length, count):
            yield start, count
        count //= 2


def without_keys(swarm):
    found = []
    for name, keys in swarm.groups.items():
        needed = PEER_NEEDED if name.startswith("peers ") else NEEDED.get(name, set())
        needed = FAULT_NEEDED if name.startswith("fault ") else needed
        found += [(name, key) for key in keys if key not in needed]
    for start, count in chunks(len(found)):
        smaller = swarm.copy()
        for name, key in found[start:start + count]:
            del smaller.groups[name][key]
            if key == "arrival" and "count" not in smaller.groups[name]:
                smaller.groups[name]["count"] = "2"
        if smaller.groups.get("protocol") == {}:
            del smaller.groups["protocol"]
            smaller.groups["protocol"] = {"preset": "minibit"}
        yield smaller


def simpler_values(value):
    """Values that are easier to read or to think about, the simplest first."""
    found = re.fullmatch(r"(.*?)(\d+)(ns|bit|B|%| blocks|)", value)
    if not found:
        return
    head, number, unit = found[1], int(found[2]), found[3]
    less = (number - 1,) if number < 100 else ()  # one by one only where that comes to an end
    for other in (0, 1, number // 2, *less):
        if 0 <= other < number:
            yield f"{head}{other}{unit}"
    if unit in ("ns", "bit") and number > 9:
        rounded = int(f"{number:.0e}".split("e")[0]) * 10 ** (len(str(number)) - 1)
        if rounded != number:
            yield f"{head}{rounded}{unit}"


def smaller_values(swarm):
    for name, keys in swarm.groups.items():
        for key, value in keys.items():
            if key == "path":
                smaller = swarm.copy()
                del smaller.groups[name]["path"]
                smaller.groups[name]["size"] = f"{len(swarm.files[value])}B"
                yield smaller
            for other in simpler_values(value):
                smaller = swarm.copy()
                smaller.groups[name][key] = other
                yield smaller


def size(swarm):
    return sum(len(keys) for keys in swarm.groups.values())


def shrink(swarm, fails, seconds=120):
    """`fails`(swarm) says whether it still fails likewise. Returns the smallest found in that time."""
    end = time.monotonic() + seconds
    again = True
    while again:
        again = False
        for candidates in (without_groups, without_keys, smaller_values):
            found = True
            while found:
                found = False
                for smaller in candidates(swarm):
                    if time.monotonic() > end:
                        return tidy(swarm)
                    if smaller.groups != swarm.groups and fails(smaller):
                        swarm, found, again = smaller, True, True
                        break
    return tidy(swarm)


def tidy(swarm):
    """Files that nobody names go."""
    named = swarm.text()
    swarm.files = {name: content for name, content in swarm.files.items() if name in named}
    return swarm
