# Copies over time: rows `time rarest mean`.
if (logarithmic) {
    set logscale y
    set yrange [0.9:most * 1.3]
} else {
    set yrange [0:most * 1.05]
}
plot $data using 1:3 with lines title label_1 linecolor rgb tint(5) linewidth 2.5 dashtype 2, \
     $data using 1:2 with steps title label_0 linecolor rgb tint(0) linewidth 2.5
