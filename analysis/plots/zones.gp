# The tree of zones: rows `from to row share`; names at the left, two figures of each at the right.
set yrange [rows - 0.5:-0.5]
set xrange [0:span]
set border 1
unset ytics
set grid noxtics noytics
left = (latex ? 0.05 : 0.03) + 0.0095 * (longest_name < 8 ? 8 : longest_name)
right = narrow ? 0.72 : 0.74
set lmargin at screen left
set rmargin at screen right
size_of = rows > 24 ? 9 : 12
font = sprintf(",%d", size_of)
do for [i = 0:rows - 1] {
    set label 100 + i value(sprintf("name_%d", i)) at screen (latex ? 0.02 : 0.015), first i left \
        font font textcolor rgb INK
    set label 200 + i value(sprintf("copies_%d", i)) at graph 1, first i offset 6,0 right \
        font font textcolor rgb INK
    set label 300 + i value(sprintf("crossed_%d", i)) at graph 1, first i offset 13,0 right \
        font font textcolor rgb INK
}
set label 98 copies_label at graph 1, graph 1.02 offset 6,0 right font ",11" textcolor rgb DIM
set label 99 crossed_label at graph 1, graph 1.02 offset 13,0 right font ",11" textcolor rgb DIM
set palette defined (0 "#deebf7", 0.3 "#9ecae1", 0.6 "#4292c6", 0.85 "#08519c", 1 "#08306b")
set cblabel box_label textcolor rgb INK
set cbtics textcolor rgb INK
set cbrange [0:100]
set colorbox user origin screen 0.905, screen 0.25 size screen 0.02, screen 0.5
set style fill solid 1 noborder
plot $data using (($1 + $2) / 2):3:1:2:($3 - 0.42):($3 + 0.42):4 with boxxyerror notitle \
         linecolor palette
