#!/bin/sh
# test_plot.sh ROOT: analysis/plot on a small run folder written here, and on what is none.
# Speaks TAP. Skips where there is no gnuplot.
set -u

root=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0

point()
{
    number=$((number + 1))
    if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

# A run of two groups, `peers` peers each with four blocks, complete after 10 s and 20 s.
write_run()
{
    mkdir -p "$1"
    printf '{"scenario": "it'\''s %s", "complete": true, "lower_bound_s": 5.5}\n' small \
        >"$1/summary.json"
    printf 'time_s,arrived\n0.000000000,0\n20.000000000,%d\n' $((2 * $2)) >"$1/timeline.csv"
    awk -v peers="$2" -v run="$1" 'BEGIN {
        print "peer,group,arrived_s,completed_s,download_s" > (run "/completion.csv")
        print "seq,time_s,peer,block" > (run "/provenance.csv")
        for (g = 1; g <= 2; g++) for (p = 1; p <= peers; p++)
            printf "g%d-%d,g%d,0.000000000,%d.0,%d.0\n", g, p, g, g * 10, g * 10 \
                > (run "/completion.csv")
        for (b = 0; b < 4; b++) for (g = 1; g <= 2; g++) for (p = 1; p <= peers; p++)
            printf "%d,%.9f,g%d-%d,%d\n", n++, (b + 1) * g * 2.5, g, p, b \
                > (run "/provenance.csv")
    }'
}

# refuses NAME RUN WORD: exit 2 and one line that has WORD.
refuses()
{
    message=$("$root/analysis/plot" "$2" 2>&1 >/dev/null)
    [ $? = 2 ] && [ "$(printf '%s\n' "$message" | wc -l)" = 1 ] &&
        printf '%s' "$message" | grep -q -- "$3"
    point $? "$1"
}

is_png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ]; }

command -v gnuplot >/dev/null || { echo '1..0 # SKIP gnuplot is not here'; exit 0; }
echo 1..14

write_run "$work/a run" 3
output=$("$root/analysis/plot" "$work/a run" 2>&1)
point $? 'draws a run folder'
[ "$(printf '%s\n' "$output" | wc -l)" = 4 ]
point $? 'names its four files and nothing else'
is_png "$work/a run/curves.png" && is_png "$work/a run/completion.png"
point $? 'the pictures are PNG'
grep -q "it's small: blocks held, 6 peers" "$work/a run/curves.svg" &&
    grep -q 'g1: 3 peers, median 10.0 s, p95 10.0 s' "$work/a run/completion.svg"
point $? 'they say the scenario, the number of peers and the figures'
grep -q 'lower bound for the last peer: 5.50 s' "$work/a run/curves.svg"
point $? 'the lower bound is marked'

cp -r "$work/a run" "$work/off" && rm -f "$work/off/provenance.csv" "$work"/off/*.png
"$root/analysis/plot" "$work/off" >/dev/null 2>"$work/message"
[ $? = 0 ] && grep -q 'provenance was off' "$work/message" &&
    [ ! -e "$work/off/curves.png" ] && is_png "$work/off/completion.png"
point $? 'without provenance it says so and draws the completion times'

cp -r "$work/a run" "$work/idle" && sed -i 1q "$work/idle/provenance.csv" && rm "$work/idle/"*.png
"$root/analysis/plot" "$work/idle" >/dev/null 2>&1 && is_png "$work/idle/curves.png"
point $? 'draws a run in which no block was gained'

# The second group of the scenario has the second colour, whichever is faster.
cp -r "$work/a run" "$work/order"
printf '[peers g2]\n[peers g1]\n' >"$work/order/config.ini"
sh "$root/analysis/prepare" completion "$work/order" "$work/order" &&
    line=$(grep "'g1: " "$work/order/meta.gp" | sed 's/label_\([0-9]*\).*/\1/') &&
    grep -q "^place_$line = 1$" "$work/order/meta.gp"
point $? "a group's colour is that of its place in the scenario"

refuses 'refuses a folder that is not there' "$work/none" 'no such folder'
mkdir "$work/empty"
refuses 'refuses a folder that is no run' "$work/empty" 'not a run folder'
cp -r "$work/a run" "$work/bad" && sed -i 's/^peer,group/peer,band/' "$work/bad/completion.csv"
refuses 'names the column that is missing' "$work/bad" 'completion.csv has no column group'
cp -r "$work/a run" "$work/alien" && echo '99,20.0,x-1,0' >>"$work/alien/provenance.csv"
refuses 'names a peer that completion.csv does not have' "$work/alien" 'names x-1'
cp -r "$work/a run" "$work/torn" && rm "$work/torn/provenance.csv"
echo torn >"$work/torn/provenance.csv.zst"
refuses 'says when provenance cannot be decompressed' "$work/torn" 'provenance.csv'
message=$(gnuplot -c "$root/analysis/completion.gp" 2>&1)
[ $? = 2 ] && printf '%s' "$message" | grep -q usage
point $? 'by hand without a folder it shows its usage'
