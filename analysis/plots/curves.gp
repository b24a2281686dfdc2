# Download curves: rows `time p10 median p90`, an index for each group. Bands have edges, so that one
# is seen behind another; of more than two the colours would merge into grey, so that they have edges
# alone.
set yrange [0:(most > 0 ? most : 1) * 1.03]
shown(x) = bands ? x : NaN
plot for [g = 0:groups - 1] $data index g using (groups > 2 ? NaN : shown($1)):2:4 with filledcurves notitle \
         fillcolor rgb colour(g) fillstyle transparent solid 0.13 noborder, \
     for [g = 0:groups - 1] $data index g using (shown($1)):2 with lines notitle \
         linecolor rgb colour(g) linewidth 1.6 dashtype 3, \
     for [g = 0:groups - 1] $data index g using (shown($1)):4 with lines notitle \
         linecolor rgb colour(g) linewidth 1.6 dashtype 3, \
     for [g = 0:groups - 1] $data index g using 1:3 with linespoints title label_of(g) \
         linecolor rgb colour(g) linewidth 2.5 dashtype dash(g) \
         pointtype int(place(g)) % 5 * 2 + 5 pointsize 1.1 pointinterval 40
