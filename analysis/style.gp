# What every plot shares: prepares the data of run folder `run` as `kind`, then how it looks.
# Loaded by the scripts beside it, after they have set `kind`, `run`, `here`, the picture's
# `title_start` and `explanation`, and the legend's `columns`.

if (!exists("run") || run eq "") {
    printerr "usage: gnuplot -c " . here . "/" . kind . ".gp RUN-FOLDER"
    exit status 2
}
if (strstrt(run, "'") > 0) {
    printerr run . ": a path with a quotation mark cannot be drawn"
    exit status 2
}
shell_quoted(text) = "'" . text . "'"
work = system("mktemp -d")
system("sh " . shell_quoted(here . "/prepare") . " " . kind . " " . shell_quoted(run) . " " . work)
if (GPVAL_SYSTEM_ERRNO != 0) {
    system("rm -rf " . work)
    exit status 2
}
load work . "/meta.gp"
headline = title_start . ", " . peers_text
data = work . "/data"

# Okabe and Ito's palette, told apart by colour-blind readers too; dashes when it comes round again.
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000"
# A group's colour is that of its place in the scenario, so that runs can be compared.
place(g) = value(sprintf("place_%d", g))
colour(g) = word(colours, place(g) % 7 + 1)
dash(g) = place(g) / 7 % 5 + 1
label_of(g) = value(sprintf("label_%d", g))

INK = "#333333"
set border 3 linecolor rgb INK
set tics nomirror out textcolor rgb INK
set grid xtics ytics linetype 1 linecolor rgb "#e4e4e4" linewidth 1
set lmargin at screen 0.085
set rmargin at screen 0.97
# The legend lies below the frame, in as many rows as `columns` makes of the groups.
rows = int(ceil(groups / real(columns)))
height = 750 + (rows > 3 ? 27 * (rows - 3) : 0)
set bmargin 4.6 + 1.3 * rows
set tmargin at screen 1 - 120.0 / height
set key at screen 0.5, 18.0 / height bottom center vertical maxrows rows Left reverse \
    samplen 2.5 spacing 1.2 width 2 textcolor rgb INK
set xrange [0:span * 1.03]
set xlabel textcolor rgb INK offset 0,0.3
set ylabel textcolor rgb INK offset 0.5,0

size = sprintf("size 1200,%d", height)
looks = "noenhanced background '#ffffff' "
png = "set terminal pngcairo font 'DejaVu Sans,14' " . looks . size
svg = "set terminal svg dynamic font 'DejaVu Sans,15' " . looks . size

# What the picture shows, and how to read it.
set label 1 run_name . ": " . headline at screen 0.085, 1 - 34.0 / height left font ",17" \
    textcolor rgb INK
set label 2 explanation at screen 0.085, 1 - 66.0 / height left font ",12" textcolor rgb "#666666"

# The lower bound is named above the frame, where no curve runs.
if (bounded) {
    set arrow 1 from first bound, graph 0 to first bound, graph 1.02 nohead back \
        linecolor rgb "#666666" linewidth 1.5 dashtype 2
    bound_label = "lower bound for the last peer: " . bound_text
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
