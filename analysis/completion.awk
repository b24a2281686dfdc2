# The distribution of completion times: reads completion.csv.
#
# Writes a gnuplot index per group with rows `time percent`, the share of the group's peers that
# completed within that time, and after them an index with the medians and 95th percentiles as rows
# `time percent group`. Peers that arrived complete are left out; a group of such keeps its place in
# the legend, so that colours agree with the curves'.

BEGIN { POINTS = 1000 }

FNR == 1 {
    read_header(column)
    need(column, "group arrived_s completed_s download_s", "completion.csv")
    next
}

{
    done = $column["completed_s"]
    g = group_of($column["group"])
    if (done != "" && done + 0 == $column["arrived_s"] + 0) next
    size[g]++
    peers++
    if (done == "") next
    finished++
    note_time(g, $column["download_s"] + 0)
    if ($column["download_s"] + 0 > span) span = $column["download_s"] + 0
}

END {
    if (failed) exit 2
    if (peers == 0) stop("no peer had anything to download")
    if (span <= 0) span = end > 0 ? end : 1
    if (bound != "none" && bound > span) span = bound
    choose_unit(span)
    data = out "/data"
    meta = out "/meta.gp"
    order_groups()
    for (i = 0; i < groups; i++) write_group(i, order[i])
    for (i = 0; i < groups; i++) write_marks(i, order[i])
    write_meta(meta, span)
    printf "peers_text = '%s'\n", part_text(finished, peers) > meta
}

function write_group(place, g,    i, stride)
{
    if (place > 0) printf "\n\n" > data
    printf "%.9g 0\n", (count[g] ? time[g, 1] : 0) / unit_s > data
    stride = count[g] > POINTS ? count[g] / POINTS : 1
    for (i = 1; i <= count[g]; i = next_point(i, stride, count[g]))
        printf "%.9g %.9g\n", time[g, i] / unit_s, 100 * i / size[g] > data
    printf "label_%d = %s\n", place, quoted(label(g)) > meta
}

# Every stride-th point, and the last in any case.
function next_point(i, stride, n)
{
    if (i == n) return n + 1
    i = int(i + stride)
    return i > n ? n : i
}

function write_marks(place, g)
{
    if (place == 0) printf "\n\n" > data
    if (!count[g]) { printf "0 -1 %d\n", place > data; return }
    printf "%.9g %.9g %d\n", rank(g, 0.5) / unit_s, 50 * count[g] / size[g], place > data
    printf "%.9g %.9g %d\n", rank(g, 0.95) / unit_s, 95 * count[g] / size[g], place > data
}

function label(g,    text)
{
    if (!size[g]) return group[g] ": complete on arrival"
    text = group[g] ": " part_text(count[g], size[g])
    if (!count[g]) return text
    return text ", median " time_text(rank(g, 0.5)) ", p95 " time_text(rank(g, 0.95))
}
