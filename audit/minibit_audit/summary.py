"""summary.json: every figure that the tables tell, worked out anew with exact fractions."""
from fractions import Fraction

from . import availability, bound, zones
from .numbers import SECOND, half_up, nearest_rank

# Told by the simulator's inside, or by events.csv alone (events.py looks at these).
BY_EVENTS = ("requests", "refusals", "uplink_utilization", "trace_digest", "trace_records",
             "trace_checkpoints")
INSIDE = ("events", "rerated_flows_per_event")
BY_OTHERS = ("schema", "scenario", "seed", "complete", "file_bytes", "blocks", "block_bytes")


def flat(value, path=""):
    """{path: scalar or list} of an object; an empty object is nothing."""
    if not isinstance(value, dict):
        return {path: value}
    found = {}
    for key, inner in value.items():
        found |= flat(inner, f"{path}.{key}" if path else key)
    return found


def seconds(ns):
    return None if ns is None else Fraction(ns, SECOND)


def mean_seconds(numerator, denominator):
    return seconds(half_up(Fraction(numerator, denominator))) if denominator else None


def ratio(value):
    return None if value is None else Fraction(half_up(Fraction(value) * 10**6), 10**6)


def counted(run, peers):
    """Those whose statistics count: of open arrivals, not who came before the warm-up was over."""
    return [peer for peer in peers if not peer.link.is_open or peer.arrived_s >= run.config.warmup]


def downloads(run, peers, path):
    times = sorted(p.download_s for p in counted(run, peers)
                   if p.completed_s is not None and p.dealt < run.config.blocks)
    wanted = {"count": len(times), "mean": mean_seconds(sum(times), len(times))}
    for name, percent in (("median", 50), ("p95", 95)):
        wanted[name] = seconds(nearest_rank(times, percent)) if times else None
    wanted["min"] = seconds(times[0]) if times else None
    wanted["max"] = seconds(times[-1]) if times else None
    return {f"{path}download_s.{key}": value for key, value in wanted.items()}


def share_ratios(run, peers, path):
    ratios = sorted(Fraction(p.uploaded_bytes, p.downloaded_bytes) for p in counted(run, peers)
                    if p.downloaded_bytes)
    wanted = {"count": len(ratios), "mean": ratio(sum(ratios) / len(ratios)) if ratios else None}
    for name, percent in (("median", 50), ("p95", 95)):
        wanted[name] = ratio(nearest_rank(ratios, percent)) if ratios else None
    wanted["min"] = ratio(ratios[0]) if ratios else None
    wanted["max"] = ratio(ratios[-1]) if ratios else None
    return {f"{path}share_ratio.{key}": value for key, value in wanted.items()}


def of_peers(run, peers, path=""):
    done = [p for p in peers if p.completed_s is not None]
    return {f"{path}peers": len(peers), f"{path}peers_complete": len(done),
            **downloads(run, peers, path), **share_ratios(run, peers, path)}


def role_shares(counts):
    """Each cut to 6 decimals, what is missing to those of which most was cut off."""
    total = sum(counts)
    if not total:
        return [None] * len(counts)
    cut = [count * 10**6 // total for count in counts]
    rest = sorted(range(len(counts)), key=lambda i: -(counts[i] * 10**6 % total))
    for i in rest[:10**6 - sum(cut)]:
        cut[i] += 1
    return [Fraction(value, 10**6) for value in cut]


def served(run):
    given = [p.uploaded_bytes for p in counted(run, run.peers)]
    squares = sum(x * x for x in given)
    jain = Fraction(sum(given) ** 2, len(given) * squares) if squares else None
    whole = run.config.wire_total
    return {"max_served_files": ratio(Fraction(max(given), whole)) if given and whole else None,
            "jain_index": ratio(jain)}


def balance(run):
    """mean_active and little_error, of open arrivals."""
    begin, end = run.config.warmup, run.end
    if not run.config.is_open or end <= begin:
        return {"mean_active": None, "little_error": None}
    present = 0
    for p in run.peers:
        until = min(t for t in (p.completed_s, p.left_s, end) if t is not None)
        present += max(0, until - max(p.arrived_s, begin))
    late = [p for p in run.peers if p.arrived_s >= begin and p.completed_s != p.arrived_s]
    done = [p.download_s for p in late if p.completed_s is not None]
    error = None
    if done and present:
        error = abs(1 - Fraction(len(late) * sum(done), len(done)) / present)
    return {"mean_active": ratio(Fraction(present, end - begin)), "little_error": ratio(error)}


def of_all(run):
    """What completion.csv tells."""
    peers = run.peers
    counts = [sum(getattr(p, key) for p in peers)
              for key in ("from_tracker", "from_seeders", "from_leechers")]
    last = max((p.completed_s for p in peers if p.completed_s is not None), default=None)
    wanted = of_peers(run, peers)
    waiting = [p for p in peers if p.completed_s is None and p.left_s is None]
    wanted |= {"peers_incomplete": len(waiting), "completed_s": seconds(last), "blocks_transferred": sum(counts),
               "wasted_bytes": sum(p.wasted_bytes for p in peers)}
    wanted |= dict(zip(("tracker_share", "seeder_share", "leecher_share"), role_shares(counts)))
    wanted |= served(run) | balance(run)
    for name in run.config.peers:
        group = [p for p in peers if p.group == name]
        wanted |= of_peers(run, group, f"groups.{name}.")
    return wanted


def of_blocks(run, replay):
    """What provenance.csv tells besides."""
    size = run.config.size
    wanted = {"seeder_copies": ratio(Fraction(replay.tracker_payload, size)) if size else None,
              "first_copy_s": seconds(replay.first_copy)}
    if not run.is_merged():
        wanted |= bound.figures(run, replay)
    if not run.is_live:
        wanted |= availability.figures(run, replay)
    return wanted


def check(run, replay):
    found, wanted = flat(run.summary), of_all(run)
    if run.zones:
        wanted |= zones.figures(run, run.zone_rows)
    if replay:
        wanted |= of_blocks(run, replay)
    for path, value in wanted.items():
        if path not in found:
            run.report.wrong("summary.json", None, path, shown(value), "no such figure")
        elif found[path] != value or isinstance(found[path], bool):
            run.report.wrong("summary.json", None, path, shown(value), shown(found[path]))
    run.report.count("figures of summary.json", len(wanted))
    others = BY_EVENTS + INSIDE + BY_OTHERS + ("end_s", "tracker_left_s", "cross_share")
    if not run.zones:
        run.report.same("summary.json", None, "cross_share", None, run.summary.get("cross_share"))
    if not replay or run.is_live:
        others += ("unavailable_s", "first_lost_s", "lost_blocks", "single_blocks")
    availability.check_tracker(run)
    if not replay or run.is_merged():
        others += ("seeder_copies", "first_copy_s", "lower_bound_s", "bound_ratio")
    for path in found:
        if path not in wanted and path not in others and not path.startswith(("group_bytes", "faults.")):
            run.report.wrong("summary.json", None, path, "no such figure", shown(found[path]))
    for path in others:
        if path not in found:
            run.report.wrong("summary.json", None, path, "a figure", "no such figure")
    ends(run)
    cells(run, replay)
    without_events(run, found)


def shown(value):
    if value is None:
        return "null"
    if isinstance(value, Fraction):
        text = f"{float(value):.9f}"
        return text if Fraction(text) == value else str(value)
    return str(value)


def ends(run):
    """A run ends at `until`, or before when nobody is to come and nobody present is incomplete."""
    times = [t for p in run.peers for t in (p.arrived_s, p.completed_s, p.left_s) if t is not None]
    if run.end < max(times, default=0) or (run.end > run.config.until and not run.is_live):
        run.report.wrong("summary.json", None, "end_s",
                         f"{shown(seconds(max(times, default=0)))} to "
                         f"{shown(seconds(run.config.until))}", shown(seconds(run.end)))
    waiting = any(p.completed_s is None and p.left_s is None for p in run.peers)
    if waiting and run.end != run.config.until and run.summary["complete"] is True and not run.is_live:
        run.report.wrong("summary.json", None, "end_s of a run in which somebody is incomplete",
                         shown(seconds(run.config.until)), shown(seconds(run.end)))


def cells(run, replay):
    """group_bytes: rows are what groups gave, columns what they got, a cell no less than its blocks."""
    table = run.summary.get("group_bytes")
    report, names = run.report, ["tracker", *run.config.peers]
    if not isinstance(table, dict):
        report.wrong("summary.json", None, "group_bytes", "an object", table)
        return
    found = {(a, b): value for a, row in table.items() for b, value in row.items()}
    for (a, b), value in found.items():
        if a not in names or b not in names or not isinstance(value, int) or value < 0:
            report.wrong("summary.json", None, f"group_bytes.{a}.{b}", "bytes between groups", value)
            return
    if replay:
        for cell, least in replay.group_bytes.items():
            if found.get(cell, 0) < least:
                report.wrong("summary.json", None, "group_bytes." + ".".join(cell),
                             f"{least} at least", found.get(cell, 0))
    if not run.is_live:
        sums(run, found)


def sums(run, found):
    for name in run.config.peers:
        group = [p for p in run.peers if p.group == name]
        gave = sum(value for (a, _), value in found.items() if a == name)
        got = sum(value for (_, b), value in found.items() if b == name)
        run.report.same("summary.json", None, f"sum of group_bytes.{name}",
                        sum(p.uploaded_bytes for p in group), gave)
        run.report.same("summary.json", None, f"sum of group_bytes.*.{name}",
                        sum(p.downloaded_bytes for p in group), got)


def without_events(run, found):
    """Figures that only events.csv tells exactly have bounds at least."""
    refused = sum(p.refusals for p in run.peers)
    if isinstance(found.get("refusals"), int) and found["refusals"] < refused:
        run.report.wrong("summary.json", None, "refusals", f"{refused} at least", found["refusals"])
    asked = found.get("blocks_transferred", 0)
    if isinstance(found.get("requests"), int) and found["requests"] < asked + refused:
        run.report.wrong("summary.json", None, "requests", f"{asked + refused} at least",
                         found["requests"])
    used = found.get("uplink_utilization")
    if used is not None and not 0 <= used <= 1:
        run.report.wrong("summary.json", None, "uplink_utilization", "0 to 1", shown(used))
    for key in INSIDE:
        run.report.not_checked(key, "no table tells it")
