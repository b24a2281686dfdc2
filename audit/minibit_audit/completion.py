"""completion.csv: each row against the replay of provenance.csv, and against itself."""
from .numbers import time_text


def in_order(run, peer, before):
    if peer.arrived_s < before and not run.is_live:
        run.report.wrong("completion.csv", peer.row, "arrived_s", f"{time_text(before)} or later",
                         time_text(peer.arrived_s))
    return peer.arrived_s


def comes_again(report, peer, sessions):
    """PEER.n is the n-th session of PEER, once the one before is over."""
    name, _, number = peer.name.partition(".")
    last = sessions.get(name)
    wanted = f"{name}.{int(last.name.partition('.')[2] or 1) + 1}" if last else "a peer that was there"
    if peer.name != wanted or last.group != peer.group:
        report.wrong("completion.csv", peer.row, "peer", wanted, peer.name)
    elif last.left_s is None or last.left_s > peer.arrived_s:
        report.wrong("completion.csv", peer.row, "arrived_s", f"once {last.name} has left, at {time_text(last.left_s)}",
                     time_text(peer.arrived_s))
    peer.before, sessions[name] = last, peer


def order_and_names(run):
    """Rows come in order of arrival; GROUP-k is the k-th of its group, where no trace names its peers."""
    report, before, counts, sessions = run.report, 0, {}, {}
    for peer in run.peers:
        before = max(before, in_order(run, peer, before))
        if "." in peer.name and not run.is_live:
            comes_again(report, peer, sessions)
            continue
        sessions[peer.name] = peer
        counts[peer.group] = counts.get(peer.group, 0) + 1
        wanted = f"{peer.group}-{counts[peer.group]}"
        traced = peer.link.keys.get("arrival", "").startswith("trace ")  # its rows may have named it
        if peer.name != wanted and not run.is_live and not traced:
            report.wrong("completion.csv", peer.row, "peer", wanted, peer.name)
    for name, link in run.config.peers.items():
        if "count" in link.keys and counts.get(name, 0) > link.number("count"):
            report.wrong("completion.csv", None, f"peers of {name}",
                         f"{link.keys['count']} at most", counts[name])


def times_of(run, peer):
    report, row = run.report, peer.row
    download = None if peer.completed_s is None else peer.completed_s - peer.arrived_s
    if download != peer.download_s:
        report.wrong("completion.csv", row, "download_s", time_text(download),
                     time_text(peer.download_s))
    for key in ("arrived_s", "first_block_s", "completed_s", "left_s"):
        value = getattr(peer, key)
        if value is not None and not peer.arrived_s <= value <= run.end:
            report.wrong("completion.csv", row, key,
                         f"{time_text(peer.arrived_s)} to {time_text(run.end)}", time_text(value))
    if peer.left_s is not None and peer.completed_s is not None and peer.completed_s > peer.left_s:
        report.wrong("completion.csv", row, "completed_s", f"by {time_text(peer.left_s)}",
                     time_text(peer.completed_s))


def status_of(run, peer):
    if peer.completed_s is not None:
        wanted = ("complete",)
    elif peer.left_s is None:
        wanted = ("incomplete",)
    else:
        wanted = ("left", "crashed")
    if peer.status not in wanted:
        run.report.wrong("completion.csv", peer.row, "status", " or ".join(wanted), peer.status)
    if peer.completed_s is not None and peer.blocks != run.config.blocks:
        run.report.wrong("completion.csv", peer.row, "blocks of a complete peer", run.config.blocks,
                         peer.blocks)


def leaves(run, peer):
    """When it was gone, by its group's `leave`: at once, or in good order from then on. What a trace's rows say is not
    told in the folder; what comes at the end of the run is not known to come.
    """
    if run.is_live or run.config.may_crash() or peer.link.keys.get("arrival", "at 0s").startswith("trace"):
        return
    (kind, *time), sudden = peer.link.leaves()
    begins = {"never": None, "at": time and time[0], "exponential": peer.completed_s}.get(kind, peer.completed_s)
    if kind == "after" and begins is not None:
        begins += time[0]
    sudden |= kind == "at-once"
    text = f"{time_text(begins)}{'' if sudden else ' or later'}"
    if peer.left_s is None:
        is_right = begins is None or begins >= run.end or not sudden or kind == "exponential"
    elif kind == "exponential":
        is_right, text = begins is not None and peer.left_s >= begins, f"after {time_text(begins)}"
    else:
        is_right = begins is not None and (peer.left_s == begins if sudden else peer.left_s >= begins)
    if not is_right:
        run.report.wrong("completion.csv", peer.row, "left_s", text if begins is not None else "nothing",
                         time_text(peer.left_s))


def within(run):
    """What a row says of itself."""
    order_and_names(run)
    for peer in run.peers:
        times_of(run, peer)
        status_of(run, peer)
        leaves(run, peer)
        total = peer.dealt + peer.from_tracker + peer.from_seeders + peer.from_leechers
        run.report.same("completion.csv", peer.row, "blocks", total, peer.blocks)
        if peer.wasted_bytes > peer.downloaded_bytes:
            run.report.wrong("completion.csv", peer.row, "wasted_bytes",
                             f"{peer.downloaded_bytes} at most", peer.wasted_bytes)
    sent = sum(peer.uploaded_bytes for peer in run.peers)
    came = sum(peer.downloaded_bytes for peer in run.peers)
    if sent > came:
        run.report.wrong("completion.csv", None, "uploaded_bytes of all", f"{came} at most", sent)
    run.report.count("peers", len(run.peers))


def came_back(run, replay, node, peer):
    """It holds what it had, and what it is dealt as any newcomer is, if that is given on arrival."""
    held = replay.held[run.index[peer.before.name]]
    had = {number for number, time in enumerate(held) if time >= 0}
    has = set(replay.initials.get(node, ()))
    given = run.config.protocol.get("deal") == "given"
    most = len(had) + (int(run.config.protocol.get("initial_blocks", "0")) if given else 0)
    if not had <= has:
        run.report.wrong("completion.csv", peer.row, "blocks that it kept", "those that it had", "others")
    if len(has) > most:
        run.report.wrong("completion.csv", peer.row, "blocks that it kept", f"{most} at most", len(has))


def replayed(run, replay):
    """What the replay says of each row."""
    for node, peer in enumerate(run.peers, 1):
        if peer.before:
            came_back(run, replay, node, peer)
        sums = {"dealt": replay.dealt[node], "from_tracker": replay.by_role[0][node],
                "from_seeders": replay.by_role[1][node], "from_leechers": replay.by_role[2][node],
                "uploaded_blocks": replay.uploads[node]}
        for key, value in sums.items():
            run.report.same("completion.csv", peer.row, key, value, getattr(peer, key))
        if peer.first_block_s != replay.first[node]:
            run.report.wrong("completion.csv", peer.row, "first_block_s",
                             time_text(replay.first[node]), time_text(peer.first_block_s))
        completed(run, replay, node, peer)
        conserved(run, replay, node, peer)


def completed(run, replay, node, peer):
    blocks, link = run.config.blocks, peer.link
    held = sum(replay.by_role[role][node] for role in range(3)) + replay.dealt[node]
    last = max(replay.held[node], default=peer.arrived_s)
    last = max(last, peer.arrived_s)
    found = peer.completed_s
    if held < blocks:
        is_right, wanted = found is None, "nothing: blocks are lacking"
    elif run.is_live:
        is_right = found is not None and last - run.slack <= found <= last + run.slack \
            or link.is_rounds or run.is_merged()
        wanted = f"{time_text(last)}, give or take {time_text(run.slack)}"
    elif not link.is_rounds or link.keys.get("have") == "all" or not blocks:
        is_right, wanted = found == last, time_text(last)
    else:
        interval = link.time("exchange_interval")
        begins = peer.arrived_s + -(-(last - peer.arrived_s) // interval) * interval
        ends = begins + interval + link.time("round_jitter")
        begins = last if link.time("round_jitter") else begins
        wanted = f"{time_text(begins)} to {time_text(ends)}, the next round's begin"
        is_right = begins <= found <= ends if found is not None else \
            ends >= run.end or peer.left_s is not None  # who begins to leave has no further round
        if is_right and found is not None and not link.time("round_jitter"):
            is_right = (found - peer.arrived_s) % interval == 0
    if not is_right:
        run.report.wrong("completion.csv", peer.row, "completed_s", wanted, time_text(found))


def conserved(run, replay, node, peer):
    """downloaded = led to blocks + wasted; a cut transfer's bytes lead to blocks in no row."""
    led = peer.downloaded_bytes - peer.wasted_bytes
    wanted = replay.bytes_in[node]
    whole = sum(run.config.wire[b] for b, time in enumerate(replay.held[node]) if time >= 0) \
        if replay.may_resume() else None
    if led == wanted:
        return
    # Each part of a block has an envelope of its own in base64, and a live program asks again.
    parts = 2 if run.is_live or run.config.protocol.get("encoding") == "base64" else 1
    if whole is None or not wanted <= led <= whole * parts:
        run.report.wrong("completion.csv", peer.row, "downloaded_bytes - wasted_bytes", wanted, led)
