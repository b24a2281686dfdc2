# Who gave whom: rows `receiver sender value`; the first receiver is bin 1, the tracker receives
# nothing.
set xrange [0.5:bins - 0.5]
set yrange [bins - 0.5:-0.5]
set border 15
unset grid
set size noratio
set rmargin at screen 0.86
set lmargin at screen (latex ? 0.11 + 0.009 * longest_name : 0.075 + 0.0085 * longest_name)
set tics scale 0
unset xtics
unset ytics
set xtics () nomirror out scale 0 textcolor rgb INK
set ytics () nomirror out scale 0 textcolor rgb INK
if (slanted) {
    set xtics rotate by 45 right
    set bmargin 4.5 + 0.33 * longest_name
}
do for [i = 0:tics - 1] {
    name = value(sprintf("tic_%d", i))
    where = value(sprintf("at_%d", i))
    set ytics add (name where)
    if (i > 0) { set xtics add (name where) }
}
if (tics == 1) { unset xtics }
do for [i = 0:lines - 1] {
    edge = value(sprintf("line_%d", i))
    set arrow from graph 0, first edge to graph 1, first edge nohead front \
        linecolor rgb INK linewidth 0.8
    set arrow from first edge, graph 0 to first edge, graph 1 nohead front \
        linecolor rgb INK linewidth 0.8
}
# One hue, from light to dark, so that shades of grey tell the same.
set palette defined (0 "#deebf7", 0.3 "#9ecae1", 0.6 "#4292c6", 0.85 "#08519c", 1 "#08306b")
set cblabel box_label textcolor rgb INK
set cbtics textcolor rgb INK
if (logarithmic) {
    set logscale cb
    shade(v) = log(v / least) / log(most / least)
} else {
    least = 0
    shade(v) = v / most
}
set cbrange [least:most]
set style fill solid 1 noborder
plot $data using 1:2:(0.49):(0.49):3 with boxxyerror notitle linecolor palette, \
     $data using 1:2:(numbers ? sprintf("%.0f", $3) : ""):(shade($3) > 0.5 ? 0xffffff : 0x333333) \
         with labels notitle textcolor rgb variable
