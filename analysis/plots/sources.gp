# Whence the blocks come: rows `start tracker seeders leechers`, blocks per second; stacked steps,
# the tracker's at the bottom, where its height can be read.
set yrange [0:most * 1.05]
set style fill solid 1 noborder
TRACKER = tint(4)
SEEDER = tint(5)
LEECHER = tint(0)
plot $data using 1:(shown_1 ? $2 + $3 + $4 : NaN) with fillsteps notitle linecolor rgb SEEDER, \
     $data using 1:(shown_2 ? $2 + $4 : NaN) with fillsteps notitle linecolor rgb LEECHER, \
     $data using 1:(shown_0 ? $2 : NaN) with fillsteps notitle linecolor rgb TRACKER, \
     shown_1 ? NaN : 1 / 0 with boxes title (shown_1 ? label_1 : '') linecolor rgb SEEDER, \
     shown_2 ? NaN : 1 / 0 with boxes title (shown_2 ? label_2 : '') linecolor rgb LEECHER, \
     shown_0 ? NaN : 1 / 0 with boxes title (shown_0 ? label_0 : '') linecolor rgb TRACKER
