# Completion times: rows `time percent`, an index for each group; then `time percent place` of the
# medians and 95th percentiles.
set yrange [0:103]
set ytics 20
plot for [g = 0:groups - 1] $data index g using 1:2 with steps title label_of(g) \
         linecolor rgb colour(g) linewidth 2.5 dashtype dash(g), \
     for [g = 0:groups - 1] $data index groups using 1:($3 == g ? $2 : NaN) with points \
         notitle pointtype 7 pointsize 0.9 linecolor rgb colour(g)
