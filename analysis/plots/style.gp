# ---- how every picture looks; the texts and numbers are above ------------------------------------
set encoding utf8
latex = terminal eq 'tex'
# A page says the title itself, and its theme has the background.
# So has a narrow one, for the width of a hand: its legend is one column.
narrow = terminal eq 'narrow'
page = terminal eq 'page' || narrow
if (narrow) { legend_rows = legend_rows * legend_columns }

# Okabe and Ito's palette, told apart by colour-blind readers too; dashes when it comes round again.
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #777777"
tint(n) = word(colours, int(n) % 7 + 1)
# A group's colour is that of its place in the scenario, so that runs can be compared.
place(g) = value(sprintf("place_%d", g))
colour(g) = tint(place(g))
dash(g) = int(place(g)) / 7 % 5 + 1
label_of(g) = value(sprintf("label_%d", g))

INK = "#333333"
DIM = "#666666"
GRID = "#e4e4e4"

# The legend lies below the frame. In LaTeX the caption says what a title would.
height = 750 + (legend_rows > 3 ? 27 * (legend_rows - 3) : 0)
# Names along an axis that have not room beside each other are tilted, and take room below.
tilted = exists("letters") && letters > 0 && letters * values * 9.5 > (narrow ? 480 : 1040)
tilt_rows = tilted ? 0.36 * letters : 0
height = height + 22 * tilt_rows
if (page) { height = height - 70 }
if (narrow) { height = 430 + (legend_rows > 14 ? 23 : 23 * legend_rows) + 22 * tilt_rows }
if (latex) {
    set terminal cairolatex pdf input colortext transparent fontscale 0.8 \
        size 15cm, (8.6 + 0.45 * legend_rows + 0.4 * tilt_rows) * 1cm
    set tmargin 2
}
if (page) {
    set terminal svg dynamic font 'DejaVu Sans,16' noenhanced size (narrow ? 600 : 1200),height
    set tmargin at screen 1 - 50.0 / height
}
if (!latex && !page) {
    if (terminal eq 'svg') {
        set terminal svg dynamic font 'DejaVu Sans,15' noenhanced background '#ffffff' \
            size 1200,height
    }
    if (terminal eq 'pdf') {
        set terminal pdfcairo font 'DejaVu Sans,14' fontscale 0.4 noenhanced size 16cm, \
            height / 1200.0 * 16cm linewidth 0.8
    }
    if (terminal eq 'png') {
        set terminal pngcairo font 'DejaVu Sans,14' noenhanced background '#ffffff' size 1200,height
    }
    set tmargin at screen 1 - 120.0 / height
    set label 1 figure_title at screen 0.1, 1 - 34.0 / height left font ",17" textcolor rgb INK
    set label 2 explanation at screen 0.1, 1 - 66.0 / height left font ",12" textcolor rgb DIM
}
set output output_file

set border 3 linecolor rgb INK
set tics nomirror out textcolor rgb INK
set grid xtics ytics linetype 1 linecolor rgb GRID linewidth 1
set lmargin at screen (latex ? 0.14 : narrow ? 0.19 : 0.1)
set rmargin at screen 0.97
set bmargin (latex ? 3.6 : 4.6) + 1.3 * legend_rows + tilt_rows
set key at screen 0.5, (latex ? 0.02 : (narrow ? 8.0 : 18.0) / height) bottom center vertical \
    maxrows (legend_rows > 0 ? int(legend_rows) : 1) Left reverse samplen 2.5 spacing 1.2 \
    width (latex ? -11 : 2) textcolor rgb INK
if (narrow && legend_rows > 14) {
    unset key
    set bmargin 6
    set label 9 "its many groups are named on a wider screen" at screen 0.5, 8.0 / height center \
        textcolor rgb DIM
}
set xlabel x_label textcolor rgb INK offset 0,0.3
set ylabel y_label textcolor rgb INK offset 0,0

# A moment that matters is named above the frame, where no curve runs.
if (exists("bounded") && bounded) {
    set arrow 1 from first bound, graph 0 to first bound, graph 1.02 nohead back \
        linecolor rgb DIM linewidth 1.5 dashtype 2
    if (bound > 0.75 * span) {
        set label 3 bound_label at first bound, graph 1.05 right textcolor rgb INK
    } else {
        if (bound < 0.25 * span) {
            set label 3 bound_label at first bound, graph 1.05 left textcolor rgb INK
        } else {
            set label 3 bound_label at first bound, graph 1.05 center textcolor rgb INK
        }
    }
}
if (exists("span")) {
    set xrange [0:span * 1.03]
}

# ---- what this picture shows ---------------------------------------------------------------------
