# Completion times of a run: for each group, the share of its peers that completed within a time,
# with the median and the 95th percentile marked. By hand:
# gnuplot -c analysis/completion.gp RUN-FOLDER
# Leaves completion.png and completion.svg in the run folder.

here = system("dirname -- '" . ARG0 . "'")
run = ARG1
kind = "completion"
title_start = "completion times"
explanation = "peers complete within a time of their arrival; dots: median and 95th percentile (p95)"
columns = 1
load here . "/style.gp"

set xlabel "download time (" . unit . ")"
set ylabel "peers complete (%)"
set yrange [0:103]
set ytics 20

do for [format in "png svg"] {
    eval value(format)
    set output run . "/completion." . format
    plot for [g = 0:groups - 1] data index g using 1:2 with steps title label_of(g) \
             linecolor rgb colour(g) linewidth 2.5 dashtype dash(g), \
         for [g = 0:groups - 1] data index groups using 1:($3 == g ? $2 : NaN) with points \
             notitle pointtype 7 pointsize 0.9 linecolor rgb colour(g)
    unset output
}
system("rm -rf " . work)
