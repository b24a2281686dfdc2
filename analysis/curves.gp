# Download curves of a run: blocks held over time, for each group the median peer and the band that
# holds four peers of five. By hand: gnuplot -c analysis/curves.gp RUN-FOLDER
# Leaves curves.png and curves.svg in the run folder. Needs provenance.

here = system("dirname -- '" . ARG0 . "'")
run = ARG1
kind = "curves"
title_start = "blocks held"
explanation = "line: the median peer of a group; band: from its 10th to its 90th percentile"
columns = 3
load here . "/style.gp"

set xlabel (by_age ? "time since arrival (" : "time (") . unit . ")"
set ylabel "blocks held"
set yrange [0:(most > 0 ? most : 1) * 1.03]

do for [format in "png svg"] {
    eval value(format)
    set output run . "/curves." . format
    plot for [g = 0:groups - 1] data index g using 1:2:4 with filledcurves notitle \
             fillcolor rgb colour(g) fillstyle transparent solid (groups > 4 ? 0.1 : 0.18) noborder, \
         for [g = 0:groups - 1] data index g using 1:3 with lines title label_of(g) \
             linecolor rgb colour(g) linewidth 2.5 dashtype dash(g)
    unset output
}
system("rm -rf " . work)
