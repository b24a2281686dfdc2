"""How long some block had no copy among the nodes present: from gains, departures and the tracker's.

Counted after all that an instant brings, so that what it takes and gives again was never lacking.
"""
from .numbers import SECOND
from fractions import Fraction


def changes(run, replay, tracker_left):
    """(time, block, +1 or -1) of all copies but those that the tracker may have from the start, in order."""
    found = [(time, block, 1) for node in range(1, len(replay.held))
             for block, time in enumerate(replay.held[node]) if time >= 0]
    for node, peer in enumerate(run.peers, 1):
        if peer.left_s is not None:
            found += [(peer.left_s, block, -1) for block, time in enumerate(replay.held[node]) if time >= 0]
    if tracker_left is not None:
        found += [(tracker_left, block, -1) for block in range(run.config.blocks)]
    return sorted(found)


def lacking(run, replay, tracker_left, copies):
    """Spans of time in which some block had none; `copies` ends as it is at the end."""
    spans, without, now = [], copies.count(0), None
    since = 0 if without else None
    for time, block, by in changes(run, replay, tracker_left):
        if time != now and since is None and without:
            since = now
        if time != now and since is not None and not without:
            if now > since:
                spans.append((since, now))
            since = None
        now = time
        without += (copies[block] + by == 0) - (copies[block] == 0)
        copies[block] += by
    if since is not None and not without:
        if now > since:
            spans.append((since, now))
    elif without:
        spans.append((now if since is None else since, run.end))
    return spans


def figures(run, replay):
    left = run.summary.get("tracker_left_s")
    tracker_left = None if left is None else int(left * SECOND)
    copies = [int(run.config.has_seeder)] * run.config.blocks
    spans = lacking(run, replay, tracker_left, copies)
    return {"unavailable_s": Fraction(sum(end - begin for begin, end in spans), SECOND),
            "first_lost_s": Fraction(spans[0][0], SECOND) if spans else None,
            "lost_blocks": copies.count(0), "single_blocks": copies.count(1)}


def check_tracker(run):
    """The tracker's seeder goes when config.ini says, once it has served whom it had unchoked; else never."""
    left, begins = run.summary.get("tracker_left_s"), run.config.tracker_leaves()
    if left is None:
        return
    if run.figure_time("tracker_left_s") in run.faults.crashes_of_tracker():
        return
    if begins is None or not begins <= left * SECOND <= run.end:
        wanted = "null" if begins is None else f"{Fraction(begins, SECOND)} to the end"
        run.report.wrong("summary.json", None, "tracker_left_s", wanted, left)
