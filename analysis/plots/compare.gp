# A metric over a parameter: rows `x mean low high of_all series`, an index for each series.
set key vertical
given(value) = value == value
if (from_zero) { set yrange [0:*] }
if (from_zero && whole) { set yrange [0:(y_last > 1 ? y_last : 1)] }
if (difference) { set xzeroaxis linecolor rgb INK linewidth 1.5 linetype 1 }
if (logarithmic_y) {
    set logscale y
    set yrange [y_first / 1.25:y_last * 1.25]
    unset mytics
    unset ytics
    set ytics () nomirror out textcolor rgb INK
    do for [power = -6:9] {
        do for [digit in "1 2 5"] {
            set ytics add (sprintf("%g", digit * 10.0**power) digit * 10.0**power)
        }
    }
}
if (given(y_from)) { set yrange [y_from:] }
if (given(y_to)) { set yrange [:y_to] }
if (lines) {
    if (logarithmic) {
        set logscale x
        set xrange [x_first / 1.15:x_last * 1.15]
    } else {
        margin = x_last > x_first ? 0.04 * (x_last - x_first) : 1
        set xrange [x_first - margin:x_last + margin]
    }
    if (given(x_from)) { set xrange [x_from:] }
    if (given(x_to)) { set xrange [:x_to] }
} else {
    set xrange [-0.6:values - 0.4]
    unset grid
    set grid ytics linetype 1 linecolor rgb GRID linewidth 1
    set tics scale 0.5
}
# The values that were run are the tics, unless there are too many to read.
if (!lines || values <= 12) {
    unset xtics
    set xtics () nomirror out textcolor rgb INK
    if (tilted) { set xtics rotate by 40 right }
    do for [i = 0:values - 1] {
        name = value(sprintf("tic_%d", i))
        where = value(sprintf("at_%d", i))
        set xtics add (name where)
    }
    if (lines) { set grid xtics }
}
if (colour_bar) {
    # From blue to yellow by way of red, neither so dark nor so light that paper of either kind
    # swallows it.
    set palette defined (0 '#2c62c9', 1 '#8a4fb5', 2 '#cf4f6f', 3 '#e8853a', 4 '#dcae2c')
    set cbrange [bar_first:bar_last]
    set cblabel bar_label textcolor rgb INK offset 1,0
    set cbtics textcolor rgb INK
    set colorbox user origin screen (latex ? 0.86 : 0.885),graph 0 size screen 0.02,graph 1 \
        noborder
    set rmargin at screen (latex ? 0.84 : 0.87)
}
wide = 0.8 / series
shift(s) = (s - (series - 1) / 2.0) * wide
filled(s) = (int(place(s)) % 5) * 2 + 5
if (lines && colour_bar) {
    plot for [s = 0:series - 1] $data index s using 1:2:6 with lines notitle \
             linecolor palette linewidth 2, \
         for [s = 0:series - 1] $data index s using ($5 == 0 ? $1 : NaN):2:6 with points notitle \
             linecolor palette pointtype 6 pointsize 1
}
if (lines && !colour_bar) {
    plot for [s = 0:series - 1] keyentry with linespoints title label_of(s) \
             linecolor rgb colour(s) linewidth 2.2 dashtype dash(s) \
             pointtype filled(s) pointsize 1.3, \
         for [s = 0:series - 1] $data index s using 1:2 with lines notitle \
             linecolor rgb colour(s) linewidth 2.2 dashtype dash(s), \
         for [s = 0:series - 1] $data index s using 1:2:3:4 with yerrorbars notitle \
             linecolor rgb colour(s) linewidth 1.6 pointtype 7 pointsize 0, \
         for [s = 0:series - 1] $data index s using ($5 == 0 ? NaN : $1):2 with points notitle \
             linecolor rgb colour(s) pointtype filled(s) pointsize 1.3, \
         for [s = 0:series - 1] $data index s using ($5 == 0 ? $1 : NaN):2 with points notitle \
             linecolor rgb '#ffffff' pointtype filled(s) pointsize 1.5, \
         for [s = 0:series - 1] $data index s using ($5 == 0 ? $1 : NaN):2 with points notitle \
             linecolor rgb colour(s) linewidth 2 pointtype filled(s) - 1 pointsize 1.3
}
if (!lines) {
    set errorbars 1.5
    plot for [s = 0:series - 1] $data index s \
             using ($5 == 0 ? NaN : $1 + shift(s)):2:(wide * 0.92) with boxes \
             title label_of(s) linecolor rgb colour(s) fillstyle solid 0.75 noborder, \
         for [s = 0:series - 1] $data index s \
             using ($5 == 0 ? $1 + shift(s) : NaN):2:(wide * 0.92) with boxes \
             notitle linecolor rgb colour(s) fillstyle solid 0.2 border rgb colour(s), \
         for [s = 0:series - 1] $data index s \
             using ($4 > $3 ? $1 + shift(s) : NaN):2:3:4 with yerrorbars \
             notitle linecolor rgb '#ffffff' linewidth 5 pointtype 7 pointsize 0, \
         for [s = 0:series - 1] $data index s \
             using ($4 > $3 ? $1 + shift(s) : NaN):2:3:4 with yerrorbars \
             notitle linecolor rgb INK linewidth 2 pointtype 7 pointsize 0.4
}
