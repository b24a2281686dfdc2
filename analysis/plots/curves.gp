# Download curves: rows `time p10 median p90`, an index for each group.
set yrange [0:(most > 0 ? most : 1) * 1.03]
band = groups > 4 ? 0.1 : 0.18
plot for [g = 0:groups - 1] $data index g using 1:2:4 with filledcurves notitle \
         fillcolor rgb colour(g) fillstyle transparent solid band noborder, \
     for [g = 0:groups - 1] $data index g using 1:3 with lines title label_of(g) \
         linecolor rgb colour(g) linewidth 2.5 dashtype dash(g)
