#!/usr/bin/env python3
"""test_bounds.py PROGRAM: what no swarm can beat, and what arithmetic alone says (V1 to V4).

Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time", 2006, bound a
fluid file; Mundinger, Weber and Weiss, "Optimal scheduling of peer-to-peer file dissemination",
2008, and Yang and de Veciana, "Service capacity of peer to peer networks", 2004, one that moves
block by block.
"""
import random
from fractions import Fraction

from minibit import BLOCK_BITS, MIBIT, SECOND, UNLIMITED, Failed, ceiling, each, main
from minibit import nanoseconds, rate, run, scenario, seconds, strategies

PRESETS = ("minibit", "bittorrent", "coursework")
RANDOM_RUNS = 300
DISCRETE_RUNS = 120


def peers(count, up, down, **more):
    return {"count": count, "up": rate(up), "down": rate(down), **more}


def swarm(groups, tracker_up, blocks=256, protocol=None, **tracker):
    """All present from t = 0, empty, staying; a block weighs its 2 Mibit."""
    return scenario(
        scenario={"until": "1000h", "sample": "1h"},
        file={"blocks": blocks},
        protocol={"encoding": "raw", **(protocol or {})},
        tracker={"up": rate(tracker_up), **tracker},
        **{f"peers g{i}": group for i, group in enumerate(groups)},
    )


# ---- V1: one peer ------------------------------------------------------------------------------


def one_peer(preset):
    def case():
        text = swarm([peers(1, MIBIT, UNLIMITED)], MIBIT, protocol={"preset": preset})
        result = run(text)
        result.require(result.completions() == [512 * SECOND], f"{result.completions()} ns")
        return "512.000000000 s"
    return case


def one_peer_far_away():
    """Announce, answer, greeting, unchoke, request and the last block's way: 6 x 30 ms."""
    for preset in ("minibit", "bittorrent"):
        for pipeline in (0, 1, 4):
            group = peers(1, MIBIT, UNLIMITED, latency="20ms")
            protocol = {"preset": preset, "pipeline": pipeline}
            result = run(swarm([group], MIBIT, protocol=protocol, latency="10ms"))
            ways = 6 if pipeline else 4 + 2 * 256  # without a pipeline each block is asked for anew
            wanted = 512 * SECOND + ways * 30 * 10**6
            result.require(result.completions() == [wanted],
                           f"{preset}, pipeline {pipeline}: {result.completions()}, not {wanted}")
    return "512.180000000 s with 30 ms, 527.480000000 s without a pipeline"


def one_peer_in_rounds():
    """4 blocks are given, then one comes a round of 5 s, seen at the next: (256 - 4) x 5 s."""
    text = swarm([peers(1, MIBIT, UNLIMITED)], MIBIT, protocol={"preset": "coursework"})
    result = run(text)
    result.require(result.completions() == [1260 * SECOND], f"{result.completions()} ns")
    return "1260.000000000 s"


# ---- V2: the fluid bound -----------------------------------------------------------------------


def fluid_bound(blocks, tracker_up, groups):
    """max(F/u_s, F/d_min, N F/(u_s + sum u_i)) in ns; groups are (count, up, down, rides free)."""
    file_bits = blocks * BLOCK_BITS
    count = sum(group[0] for group in groups)
    bounds = [Fraction(0)]
    if tracker_up is not UNLIMITED:
        bounds.append(Fraction(file_bits, tracker_up))
    bounds += [Fraction(file_bits, down) for _, _, down, _ in groups if down is not UNLIMITED]
    ups = [(n, up) for n, up, _, rides in groups if not rides]
    if tracker_up is not UNLIMITED and all(up is not UNLIMITED for _, up in ups):
        bounds.append(Fraction(count * file_bits, tracker_up + sum(n * up for n, up in ups)))
    return max(bounds) * SECOND


def require_bound(result, bound):
    last = result.last()
    result.require(last >= bound, f"done at {last} ns, before the bound {float(bound)}")
    told = result.summary()["lower_bound_s"]
    shown = None if told is None else Fraction(told) * SECOND
    result.require(shown is not None and abs(shown - bound) <= 1,
                   f"summary.json says lower_bound_s = {told}, not {float(bound / SECOND)}")
    return last


def named_bound(tracker_up, groups, wanted):
    def case():
        bound = fluid_bound(256, tracker_up, groups)
        if f"{float(bound / SECOND):.2f}" != wanted:
            raise Failed(f"the bound is {float(bound / SECOND)} s, not {wanted} s")
        shown = []
        for preset in ("minibit", "bittorrent"):
            text = swarm([peers(n, up, down) for n, up, down, _ in groups], tracker_up,
                         protocol={"preset": preset})
            shown.append(f"{preset} {require_bound(run(text), bound) / SECOND:.2f} s")
        return f"bound {wanted} s, " + ", ".join(shown)
    return case


def random_protocol(rng):
    """Any mix of keys, though none that gives blocks away without a transfer."""
    preset = rng.choice(PRESETS)
    protocol = {"preset": preset, "peers_per_announce": 0, "max_known": 0}
    if preset == "coursework":
        protocol["initial_blocks"] = 0
    for key, values in (
        ("regular_slots", (1, 2, 4, 7)), ("seeder_slots", (0, 1, 3, 20)),
        ("pipeline", (0, 1, 3)), ("endgame", ("yes", "no")), ("snub_after", ("0s", "4s", "1min")),
        ("super_seed", ("yes", "no")),
        ("cut_on_choke", ("yes", "no")), ("unchoke_interval", ("3s", "10s")),
        ("selection", strategies("selection")),
    ):
        if rng.random() < 0.4:
            protocol[key] = rng.choice(values)
    if preset != "coursework" and rng.random() < 0.5:
        protocol["choke"] = rng.choice(strategies("choke"))
        protocol["knowledge"] = rng.choice(("piggyback", "have"))
    return protocol


def random_swarm(seed):
    rng = random.Random(seed)
    blocks = rng.choice((1, 2, 7, 24, 40))
    tracker_up = rng.randrange(100_000, 8_000_000)
    protocol = random_protocol(rng)
    may_ride = protocol["preset"] != "coursework"  # there it would ask nobody, and starve
    groups, texts = [], []
    for _ in range(rng.randrange(1, 4)):
        up = rng.randrange(10_000, 4_000_000)
        down = rng.choice((UNLIMITED, rng.randrange(200_000, 16_000_000)))
        group = (rng.randrange(1, 9), up, down, may_ride and rng.random() < 0.15)
        groups.append(group)
        more = {"free_rider": True} if group[3] else {}
        if rng.random() < 0.3:
            more["latency"] = seconds(rng.randrange(10**8))
        texts.append(peers(*group[:3], **more))
    text = swarm(texts, tracker_up, blocks, protocol)
    require_bound(run(text, seed), fluid_bound(blocks, tracker_up, groups))


def random_swarms():
    each(random_swarm, range(1, RANDOM_RUNS + 1))
    return f"{RANDOM_RUNS} swarms"


def unlimited_links():
    """A link without a limit adds no term, neither alone nor in a sum, to the nanosecond."""
    slow, blocks = 8 * MIBIT, 300
    cases = [
        (UNLIMITED, [(5, MIBIT, slow, False)]),
        (3 * MIBIT, [(9, UNLIMITED, slow, False)]),
        (3 * MIBIT, [(9, MIBIT, UNLIMITED, False), (1, UNLIMITED, UNLIMITED, False)]),
        (3 * MIBIT, [(9, MIBIT, UNLIMITED, False), (3, UNLIMITED, UNLIMITED, True)]),
        (UNLIMITED, [(9, UNLIMITED, 7 * MIBIT, False)]),
        (UNLIMITED, [(9, MIBIT, UNLIMITED, False)]),
        (UNLIMITED, [(9, MIBIT, 900_000 * MIBIT, False)]),
    ]
    for tracker_up, groups in cases:
        texts = [peers(*group[:3], **({"free_rider": True} if group[3] else {})) for group in groups]
        require_bound(run(swarm(texts, tracker_up, blocks)), fluid_bound(blocks, tracker_up, groups))
    result = run(swarm([peers(3, UNLIMITED, UNLIMITED)], UNLIMITED, blocks))
    figures = result.summary()
    result.require((Fraction(figures["lower_bound_s"]), figures["bound_ratio"]) == (0, None),
                   f"nothing is limited: {figures['lower_bound_s']}, {figures['bound_ratio']}")
    return f"{len(cases) + 1} swarms"


# ---- V3: client and server ---------------------------------------------------------------------


def client_server(preset, count):
    def case():
        group = peers(count, MIBIT, UNLIMITED, free_rider=True)
        result = run(swarm([group], MIBIT, protocol={"preset": preset}))
        last, wanted = result.last(), 512 * SECOND * count
        result.require(wanted <= last <= wanted * 101 // 100, f"{last} ns, not {wanted}")
        return f"{last / SECOND:.6f} s of {wanted // SECOND}"
    return case


# ---- V4: the discrete bound --------------------------------------------------------------------


def discrete_floor(count, blocks):
    return blocks + count.bit_length() - 1


def require_doubling(result, block_ns):
    """Of each block, 2^k - 1 peers at most have a copy after k block-times."""
    copies = {}
    for row in result.rows("provenance"):
        copies.setdefault(row["block"], []).append(nanoseconds(row["time_s"]))
    for block, times in copies.items():
        for place, time in enumerate(sorted(times), 1):
            floor = place.bit_length() * block_ns
            result.require(time >= floor, f"copy {place} of block {block}: {time}, before {floor}")


def discrete(count, blocks, protocol, seed=1, up=MIBIT):
    result = run(swarm([peers(count, up, UNLIMITED)], up, blocks, protocol), seed)
    block_ns = Fraction(BLOCK_BITS * SECOND, up)
    floor = discrete_floor(count, blocks) * block_ns
    last = result.last()
    result.require(last >= floor, f"done at {last} ns, before the floor {float(floor)}")
    require_doubling(result, ceiling(block_ns) - 1)
    return last


def nine_peers():
    shown = []
    for preset in ("minibit", "bittorrent"):
        for slots in ({}, {"seeder_slots": 1, "regular_slots": 1}):
            last = discrete(9, 256, {"preset": preset, "initial_blocks": 0, **slots})
            shown.append(f"{last / SECOND:.0f}")
    return "floor 518 s, minibit " + " ".join(shown[:2]) + ", bittorrent " + " ".join(shown[2:])


def one_block(count, wanted):
    """One slot each and everybody known: the floor itself is reached."""
    def case():
        for preset in ("minibit", "bittorrent"):
            protocol = {"preset": preset, "initial_blocks": 0, "seeder_slots": 1,
                        "regular_slots": 1, "peers_per_announce": 0, "max_known": 0}
            for seed in range(1, 6):
                last = discrete(count, 1, protocol, seed)
                if last != wanted * 2 * SECOND:
                    raise Failed(f"{preset}, seed {seed}: {last} ns, not {wanted} block-times")
        return f"{wanted} block-times"
    return case


def random_discrete(seed):
    rng = random.Random(1000 + seed)
    protocol = {**random_protocol(rng), "initial_blocks": 0}
    discrete(rng.randrange(1, 20), rng.choice((1, 2, 5, 16, 40)), protocol, seed,
             rng.randrange(200_000, 4_000_000))


def random_discretes():
    each(random_discrete, range(1, DISCRETE_RUNS + 1))
    return f"{DISCRETE_RUNS} swarms"


MIXED = [(3, up, 3 * MIBIT, False) for up in (4 * MIBIT, MIBIT, MIBIT // 2)]

main([
    ("V1 one peer, minibit", one_peer("minibit")),
    ("V1 one peer, bittorrent", one_peer("bittorrent")),
    ("V1 one peer, coursework's rounds", one_peer_in_rounds),
    ("V1 one peer with latency", one_peer_far_away),
    ("V2 nine peers", named_bound(4 * MIBIT, [(9, MIBIT, 100 * MIBIT, False)], "354.46")),
    ("V2 slow downlinks", named_bound(100 * MIBIT, [(9, 2 * MIBIT, 2 * MIBIT, False)], "256.00")),
    ("V2 three classes", named_bound(4 * MIBIT, MIXED, "224.78")),
    ("V2 unlimited links add no term", unlimited_links),
    ("V2 random swarms", random_swarms),
    *[(f"V3 {count} free riders, {preset}", client_server(preset, count))
      for preset in ("minibit", "bittorrent") for count in (1, 2, 10)],
    ("V4 nine peers", nine_peers),
    *[(f"V4 one block, {count} peers", one_block(count, wanted))
      for count, wanted in ((3, 2), (7, 3), (8, 4))],
    ("V4 random swarms", random_discretes),
])
