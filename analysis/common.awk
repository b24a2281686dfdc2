# What both plots share: reading a CSV by its header, the unit of time, and meta.gp.
# Expects -v out, name, bound (s, or "none"), end (s) and names, the groups in the scenario's order.
# Group g is group[g], g from 0.

BEGIN { FS = ","; groups = 0; named = split(names, scenario_names, " ") }

# Columns of the header row $0 by name, into `column`.
function read_header(column,    i)
{
    sub(/\r$/, "")
    for (i in column) delete column[i]
    for (i = 1; i <= NF; i++) column[$i] = i
}

# Ends the run with exit 2 and one line if one of the columns in `names` is not there.
function need(column, names, file,    list, n, i)
{
    n = split(names, list, " ")
    for (i = 1; i <= n; i++) if (!(list[i] in column)) stop(file " has no column " list[i])
}

function stop(message)
{
    print message
    failed = 1
    exit 2
}

# The number of the group called `title`, a new one if it is not known.
function group_of(title)
{
    if (!(title in group_number)) {
        group[groups] = title
        group_number[title] = groups++
    }
    return group_number[title]
}

function quoted(text)
{
    gsub(/'/, "''", text)
    return "'" text "'"
}

# 1234567 as 1,234,567.
function with_commas(n,    text)
{
    text = sprintf("%d", n)
    while (text ~ /[0-9][0-9][0-9][0-9]/) {
        match(text, /[0-9][0-9][0-9]($|,)/)
        text = substr(text, 1, RSTART - 1) "," substr(text, RSTART)
    }
    return text
}

function peers_text(n)
{
    return with_commas(n) (n == 1 ? " peer" : " peers")
}

# How many of all: "980 of 1,000 peers", or "1,000 peers" when it is all of them.
function part_text(n, all)
{
    return (n == all ? "" : with_commas(n) " of ") peers_text(all)
}

# Sets `unit` and `unit_s` so that an axis up to `span` seconds reads well.
function choose_unit(span)
{
    if (span <= 600) { unit = "s"; unit_s = 1 }
    else if (span <= 4 * 3600) { unit = "min"; unit_s = 60 }
    else { unit = "h"; unit_s = 3600 }
}

# A time for a reader: three digits that count, in the unit of the axis, or in seconds if it is less.
function time_text(seconds,    value, digits)
{
    value = seconds < unit_s ? seconds : seconds / unit_s
    digits = value < 10 ? 2 : value < 100 ? 1 : 0
    return sprintf("%." digits "f %s", value, seconds < unit_s ? "s" : unit)
}

# Where the scenario names the group, from 0: its colour, the same in every picture of the scenario.
function place_of(title,    i)
{
    for (i = 1; i <= named; i++) if (scenario_names[i] == title) return i - 1
    return group_number[title]
}

# The part of meta.gp that both plots have, once the groups are in order.
function write_meta(meta, span,    i)
{
    for (i = 0; i < groups; i++) printf "place_%d = %d\n", i, place_of(group[order[i]]) > meta
    printf "run_name = %s\n", quoted(name) > meta
    printf "groups = %d\nunit = '%s'\nspan = %.9g\n", groups, unit, span / unit_s > meta
    printf "bounded = %d\n", bound != "none" > meta
    printf "bound = %.9g\n", (bound == "none" ? 0 : bound) / unit_s > meta
    printf "bound_text = '%s'\n", bound == "none" ? "" : time_text(bound) > meta
}

# Notes a download time of a group, for rank and order_groups.
function note_time(g, seconds)
{
    time[g, ++count[g]] = seconds
}

# The nearest-rank percentile of a group's times, once they are sorted.
function rank(g, share,    n)
{
    n = count[g] * share
    if (n > int(n)) n = int(n) + 1
    return time[g, n < 1 ? 1 : n]
}

# Sets order[0..groups-1] to the groups by median time, so that a legend reads as the picture does;
# groups without a time come last. Sorts every group's times.
function order_groups(    i, j, g)
{
    for (g = 0; g < groups; g++) {
        sort_times(g)
        for (j = g; j > 0 && slower(order[j - 1], g); j--) order[j] = order[j - 1]
        order[j] = g
    }
}

function slower(a, b)
{
    if (!count[a] || !count[b]) return !count[a] && count[b]
    return rank(a, 0.5) > rank(b, 0.5)
}

# Heapsort of time[g, 1..count[g]].
function sort_times(g,    n, i, t)
{
    n = count[g]
    for (i = int(n / 2); i >= 1; i--) sift(g, i, n)
    for (i = n; i > 1; i--) {
        t = time[g, 1]
        time[g, 1] = time[g, i]
        time[g, i] = t
        sift(g, 1, i - 1)
    }
}

function sift(g, i, n,    child, t)
{
    t = time[g, i]
    while ((child = 2 * i) <= n) {
        if (child < n && time[g, child + 1] > time[g, child]) child++
        if (time[g, child] <= t) break
        time[g, i] = time[g, child]
        i = child
    }
    time[g, i] = t
}
