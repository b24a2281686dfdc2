#!/usr/bin/env python3
"""test_bittorrent.py PROGRAM: what others found of BitTorrent's mechanisms comes out (V7 to V10).

Bharambe, Herley and Padmanabhan, "Analyzing and improving a BitTorrent network's performance
mechanisms", 2006; the figures of V7 to V9 were measured with their simulator, OctoSim. Legout,
Urvoy-Keller and Michiardi, "Rarest first and choke algorithms are enough", 2006, for V10.

V7 to V9 are 260 runs: one of each set-up is checked at every event, the others at each sample, for
the sake of time. V10's are all checked at every event.
"""
from fractions import Fraction

from minibit import BLOCK_BITS, KIBIT, SECOND, Failed, each, main, mean, nanoseconds, rate, run
from minibit import scenario

SEEDS = range(1, 21)
CHECK = ("every", "sample")  # each set-up once at every event, for the sake of time
UP, DOWN = 400 * KIBIT, 1500 * KIBIT
FEW = {"peers_per_announce": 5, "max_known": 10}  # about 7 known
MANY = {"peers_per_announce": 38, "max_known": 80}  # about 60


def swarm(blocks, seeder, groups, **protocol):
    """Peers that come at 100 per second and leave when they are complete."""
    return scenario(
        scenario={"until": "20h", "sample": "1min"},
        file={"blocks": blocks},
        protocol={"preset": "bittorrent", "endgame": False, **protocol},
        tracker={"up": rate(seeder)},
        **{f"peers {name}": {"leave": "when-complete", "down": rate(DOWN), **keys}
           for name, keys in groups.items()},
    )


def mean_of(text, group=None):
    """The mean of a group's mean downloads over the seeds, in ns."""
    runs = each(lambda seed: run(text, seed, CHECK[seed > 1]), SEEDS)
    return mean([result.mean_download(group) for result in runs]), runs[0].command


def homogeneous(seeder, selection, super_seed, known):
    group = {"count": 105, "up": rate(UP), "arrival": "every 10ms"}
    return mean_of(swarm(50, seeder * KIBIT, {"p": group}, selection=selection,
                         super_seed=super_seed, **known))


def require_near(name, found, wanted, tolerance, command):
    if abs(found - Fraction(wanted)) > Fraction(tolerance):
        raise Failed(f"{name} is {float(found):.3f}, not {wanted} within {tolerance}", command)


# ---- V7: rarest first against random -----------------------------------------------------------

V7_RATIOS = {}


def against_random(seeder, ratio, tolerance, wanted_s):
    def case():
        rarest, command = homogeneous(seeder, "rarest-first", True, FEW)
        drawn, _ = homogeneous(seeder, "random", False, FEW)
        found = V7_RATIOS[seeder] = rarest / drawn
        shown = (f"rarest first {float(rarest / SECOND):.0f} s of {wanted_s}, random "
                 f"{float(drawn / SECOND):.0f} s, ratio {float(found):.3f} of {ratio}")
        require_near(f"{shown}: the ratio", found, ratio, tolerance, command)
        of_wanted = rarest / (wanted_s * SECOND)
        require_near(f"{shown}: the mean, relative,", of_wanted, "1", "0.12", command)
        return shown
    return case


def first_ratio_largest():
    if len(V7_RATIOS) < 3 or not V7_RATIOS[6000] > max(V7_RATIOS[400], V7_RATIOS[200]):
        raise Failed(f"ratios: {[(k, float(v)) for k, v in V7_RATIOS.items()]}")


# ---- V8: super-seeding -------------------------------------------------------------------------


def super_seeding(seeder, ratio, tolerance):
    def case():
        steered, command = homogeneous(seeder, "rarest-first", True, MANY)
        plain, _ = homogeneous(seeder, "rarest-first", False, MANY)
        shown = (f"with {float(steered / SECOND):.0f} s, without {float(plain / SECOND):.0f} s, "
                 f"ratio {float(steered / plain):.3f} of {ratio}")
        require_near(f"{shown}: the ratio", steered / plain, ratio, tolerance, command)
        return shown
    return case


# ---- V9: near free riders ----------------------------------------------------------------------


def near_free_riders():
    groups = {
        "slow": {"count": 20, "up": rate(20 * KIBIT), "arrival": "every 50ms"},
        "fast": {"count": 80, "up": rate(UP), "arrival": "every 12500us"},
    }
    text = swarm(100, 1000 * KIBIT, groups, super_seed=True, **MANY)
    runs = each(lambda seed: run(text, seed, CHECK[seed > 1]), SEEDS)
    ratios = [result.mean_download("slow") / result.mean_download("fast") for result in runs]
    found = mean(ratios)
    if not Fraction("1.2") <= found <= Fraction("1.65"):
        raise Failed(f"the slow take {float(found):.3f} times as long", runs[0].command)
    return f"the slow take {float(found):.3f} times as long ({min(map(float, ratios)):.2f} to " \
           f"{max(map(float, ratios)):.2f})"


# ---- V10: the first copy -----------------------------------------------------------------------


def first_copies(result):
    """When each block's first copy left the seeder whole, in order; and blocks it sent by then."""
    first, sent = {}, 0
    for row in result.rows("provenance"):
        if row["from_role"] == "tracker":
            first.setdefault(row["block"], nanoseconds(row["time_s"]))
    times = sorted(first.values())
    for row in result.rows("provenance"):
        sent += row["from_role"] == "tracker" and nanoseconds(row["time_s"]) <= times[-1]
    return times, sent


def first_copy(seeder, blocks, group, rule="steer", most=None):
    most = most or blocks * Fraction(11, 10)  # blocks that may be sent by then

    def one(seed):
        text = scenario(
            scenario={"until": "40h", "sample": "1min"},
            file={"blocks": blocks},
            protocol={"preset": "bittorrent", "super_seed": rule},
            tracker={"up": rate(seeder * KIBIT)},
            **{"peers p": group},
        )
        result = run(text, seed)
        times, sent = first_copies(result)
        block_ns = Fraction(BLOCK_BITS * SECOND, seeder * KIBIT)
        whole = blocks * block_ns
        result.require(len(times) == blocks, f"{len(times)} blocks left the seeder")
        result.require(times[-1] >= whole, f"the last first copy at {times[-1]}, before F/u_s")
        result.require(times[-1] <= most * block_ns, f"{float(times[-1] / whole):.3f} F/u_s")
        told = nanoseconds(str_of_time(result.summary()["first_copy_s"]))
        result.require(told == times[-1], f"first_copy_s is {told}, not {times[-1]}")
        slots = 5  # so many leave side by side, whole at the same moment
        for i, time in enumerate(times, 1):
            result.require(i * block_ns - 1 <= time <= (i + slots + most - blocks) * block_ns,
                           f"first copy {i} at {time}, not near {float(i * block_ns)}")
        result.require(sent <= most, f"{sent} blocks sent for {blocks}")
        return times[-1] / whole, sent

    def case():
        found = each(one, range(1, 4))
        return (f"{min(float(f) for f, _ in found):.3f} to {max(float(f) for f, _ in found):.3f} "
                f"F/u_s, {max(s for _, s in found)} blocks sent for {blocks} by then")
    return case


def str_of_time(number):
    """A time of summary.json, read as a fraction, with its 9 decimals again."""
    ns = number * SECOND
    assert ns.denominator == 1
    return f"{ns.numerator // SECOND}.{ns.numerator % SECOND:09}"


def staying(count, up, down):
    return {"count": count, "up": rate(up * KIBIT), "down": rate(down * KIBIT)}


CROWD = {**staying(105, 400, 1500), "arrival": "every 10ms", "leave": "when-complete"}

main([
    *[(f"V7 rarest first against random, seeder {seeder} kibit/s",
       against_random(seeder, ratio, tolerance, wanted))
      for seeder, ratio, tolerance, wanted in
      ((6000, "0.95", "0.08", 272), (400, "0.82", "0.08", 416), (200, "0.77", "0.10", 632))],
    ("V7 a fast seeder leaves least to choose", first_ratio_largest),
    ("V8 super-seeding, seeder 6000 kibit/s", super_seeding(6000, "0.96", "0.08")),
    ("V8 super-seeding, seeder 400 kibit/s", super_seeding(400, "0.92", "0.10"),
     "docs/validation.md says why"),
    ("V8 super-seeding, seeder 200 kibit/s", super_seeding(200, "0.77", "0.12")),
    ("V9 near free riders", near_free_riders),
    ("V10 the first copy, 60 peers at 100 kibit/s", first_copy(100, 100, staying(60, 400, 1500))),
    ("V10 the first copy, 41 peers at 128 kibit/s", first_copy(128, 256, staying(41, 1024, 99999))),
    ("V10 the first copy, a crowd at 200 kibit/s", first_copy(200, 50, CROWD)),
    ("V10 the first copy, a crowd at 400 kibit/s", first_copy(400, 50, CROWD)),
    ("V10 the first copy, 60 peers at 512 kibit/s", first_copy(512, 256, staying(60, 1024, 8192))),
    # None is shown to two while there is one that was shown to nobody: then one more to each peer, at most.
    *[(f"V10 the first copy, {rule}, 20 peers at 128 kibit/s",
       first_copy(128, 100, staying(20, 1024, 99999), rule, 100 + 20)) for rule in ("withhold", "withhold-loose")],
])
