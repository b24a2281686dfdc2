# A metric over a parameter: rows `x mean low high`, an index for each series.
set key vertical
if (from_zero) { set yrange [0:*] }
if (from_zero && is_share) { set yrange [0:(y_last > 1 ? y_last : 1)] }
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
if (lines) {
    if (logarithmic) {
        set logscale x
        set xrange [x_first / 1.15:x_last * 1.15]
    } else {
        margin = x_last > x_first ? 0.04 * (x_last - x_first) : 1
        set xrange [x_first - margin:x_last + margin]
    }
} else {
    set xrange [-0.6:values - 0.4]
    unset grid
    set grid ytics linetype 1 linecolor rgb GRID linewidth 1
    set tics scale 0.5
    set style fill solid 0.75 noborder
}
# The values that were run are the tics, unless there are too many to read.
if (!lines || values <= 12) {
    unset xtics
    set xtics () nomirror out textcolor rgb INK
    do for [i = 0:values - 1] {
        name = value(sprintf("tic_%d", i))
        where = value(sprintf("at_%d", i))
        set xtics add (name where)
    }
    if (lines) { set grid xtics }
}
wide = 0.8 / series
shift(s) = (s - (series - 1) / 2.0) * wide
if (lines) {
    # Beside each other by a hair, so that no interval hides another.
    aside(s) = 0.006 * (s - (series - 1) / 2.0)
    moved(x, s) = logarithmic ? x * exp(aside(s) * log(x_last / x_first)) \
                              : x + aside(s) * (x_last - x_first)
    plot for [s = 0:series - 1] $data index s using (moved($1, s)):2:3:4 with yerrorlines \
        title label_of(s) linecolor rgb tint(s) linewidth 2.2 \
        pointtype (int(s) % 5) * 2 + 5 pointsize 1 dashtype int(s) / 7 + 1
} else {
    plot for [s = 0:series - 1] $data index s using ($1 + shift(s)):2:(wide * 0.92) with boxes \
             title label_of(s) linecolor rgb tint(s), \
         for [s = 0:series - 1] $data index s using ($1 + shift(s)):2:3:4 with yerrorbars \
             notitle linecolor rgb INK linewidth 1.5 pointtype 7 pointsize 0.3
}
