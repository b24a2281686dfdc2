# Blocks held over time: reads completion.csv, then provenance.csv.
#
# Writes a gnuplot index per group with rows `time p10 median p90` over the group's peers. Where the
# run has a lower bound, time is the run's; otherwise it is each peer's age, and a peer counts only
# at ages that it could reach within the run, so that early and late arrivals weigh alike.
#
# tally[(group, step, held)] counts the peers of a group that hold so many blocks at a step of the
# grid. Memory and time do not grow with peers x steps beyond that: rows are taken as they come.

BEGIN { STEPS = 300; file = 0 }

FNR == 1 {
    file++
    read_header(column)
    if (file == 1) need(column, "peer group arrived_s completed_s", "completion.csv")
    else {
        need(column, "time_s peer", "provenance.csv")
        at = column["time_s"]
        who = column["peer"]
        lay_grid()
    }
    next
}

file == 1 {
    p = $column["peer"]
    group_of_peer[p] = group_of($column["group"])
    size[group_of_peer[p]]++
    peers++
    arrived = $column["arrived_s"] + 0
    origin[p] = bound == "none" ? arrived : 0
    entry[p] = arrived - origin[p]
    limit[p] = end - origin[p]
    completed = $column["completed_s"]
    if (completed == "") unfinished = 1
    else {
        if (completed + 0 > arrived) note_time(group_of_peer[p], completed - arrived)
        if (completed - origin[p] > last) last = completed - origin[p]
    }
    next
}

{
    p = $who
    if (!(p in held)) stop("provenance.csv names " p ", which completion.csv does not")
    hold_until(p, ceiling(($at - origin[p]) / step_s - 1e-6))
    if (++held[p] > most) most = held[p]
}

END {
    if (failed) exit 2
    if (file < 2) stop("provenance.csv is empty")
    order_groups()
    for (p in held) hold_until(p, min(STEPS, int(limit[p] / step_s + 1e-9)) + 1)
    write_curves(out "/data")
    meta = out "/meta.gp"
    write_meta(meta, span)
    printf "most = %d\npeers_text = '%s'\n", most, peers_text(peers) > meta
    printf "by_age = %d\n", bound == "none" > meta
    for (i = 0; i < groups; i++) {
        g = order[i]
        printf "label_%d = %s\n", i, quoted(group[g] " (" peers_text(size[g]) ")") > meta
    }
}

function min(a, b) { return a < b ? a : b }

function ceiling(x) { return x > int(x) ? int(x) + 1 : int(x) }

# The grid runs to the last completion, or to the end if somebody did not complete.
function lay_grid(    p)
{
    if (bound == "none") span = last > 0 ? last : end
    else span = unfinished ? end : last
    if (span <= 0) span = 1
    if (bound != "none" && bound > span) span = bound
    step_s = span / STEPS
    choose_unit(span)
    for (p in group_of_peer) {
        held[p] = 0
        next_step[p] = ceiling(entry[p] / step_s)
    }
}

# Counts peer p with what it holds now at its steps before `step`.
function hold_until(p, step,    base)
{
    if (step > STEPS + 1) step = STEPS + 1
    base = group_of_peer[p] * (STEPS + 1)
    while (next_step[p] < step) {
        tally[base + next_step[p], held[p]]++
        next_step[p]++
    }
}

# A group's rows end once all its peers hold everything, so that finished groups hide no other.
function write_curves(data,    i, g, s, n, row, all)
{
    for (i = 0; i < groups; i++) {
        g = order[i]
        if (i > 0) printf "\n\n" > data
        all = 0
        for (s = 0; s <= STEPS && !all; s++) {
            row = g * (STEPS + 1) + s
            n = percentiles(row)
            # Too few peers of that age say nothing of the group.
            if (n == 0 || n < size[g] / 20) continue
            printf "%.9g %d %d %d\n", s * step_s / unit_s, low10, median, high90 > data
            all = low0 == most && s > 0
        }
    }
}

# Sets low0, low10, median and high90 (nearest rank) of a row of the tally; returns its peers.
function percentiles(row,    h, n, sum, count)
{
    n = 0
    for (h = 0; h <= most; h++) if ((row, h) in tally) n += tally[row, h]
    low0 = low10 = median = high90 = -1
    sum = 0
    for (h = 0; h <= most && high90 < 0; h++) {
        if (!((row, h) in tally)) continue
        sum += tally[row, h]
        if (low0 < 0) low0 = h
        if (low10 < 0 && sum >= ceiling(n / 10)) low10 = h
        if (median < 0 && sum >= ceiling(n / 2)) median = h
        if (high90 < 0 && sum >= ceiling(n * 9 / 10)) high90 = h
    }
    return n
}
