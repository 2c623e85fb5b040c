# How many cells of a comparison have a p-value (before Holm's adjustment) of at most so much, against how many would by
# chance alone, with the margin that `scripts/aa-test` allows. Called by it; by hand:
#
#   lockbench compare a.jsonl b.jsonl --csv > a-b.csv
#   gnuplot -c scripts/p-values.gp a-b.csv a-slower.csv png 'title' > p-values.png
#
# ARG1  a comparison of two that are the same, as CSV
# ARG2  a comparison of two that differ
# ARG3  png, svg, pdf, or dumb: characters
# ARG4  the title
# ARG5  for dumb: the columns of the terminal

format = ARG3
title = ARG4
columns = (ARGC >= 5) ? int(ARG5) : 80

set datafile separator comma
set datafile columnheaders
if (format eq "png") set terminal pngcairo noenhanced size 1200,620 font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size 1200,620 font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size 9.5in,4.9in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,50

# At least i of n cells have a p of at most x with the probability ibeta(i, n + 1 - i, x), by chance alone. The margin
# is where that is 1%: with nothing but chance, 99 of 100 such tests stay below it.
solve(i, n, low, high, turns) = turns == 0 ? high : \
    ibeta(i, n + 1 - i, (low + high) / 2) > 0.01 ? solve(i, n, low, (low + high) / 2, turns - 1) \
                                                : solve(i, n, (low + high) / 2, high, turns - 1)
margin(i, n) = solve(i, n, 0.0, 1.0, 40)
allowed(n, m) = m >= n || ibeta(m + 1, n - m, 0.05) <= 0.01 ? m : allowed(n, m + 1)
small = 0
count(p) = (p < 0.05 ? small = small + 1 : 0, 1)

set multiplot layout (format eq "dumb" ? 2 : 1),(format eq "dumb" ? 1 : 2) title title noenhanced
set xrange [0 : 1]
set xlabel "p" offset 0,0.4
set ylabel format eq "dumb" ? "" : "cells with at most that p"
set border 3
set tics nomirror
set grid linecolor rgb "#dddddd" linewidth 0.6
set key at graph 0.5, graph -0.15 center top Left reverse samplen 2 spacing 1.1
set bmargin 8
if (format eq "dumb") { set key off; set bmargin 3 }
set arrow 1 from 0.05, graph 0 to 0.05, graph 1 nohead dashtype 2 linecolor rgb "#777777"
set label 1 "0.05" at 0.05, graph 1 offset 0.6,-0.8 textcolor rgb "#777777"

do for [panel = 1 : 2] {
    file = panel == 1 ? ARG1 : ARG2
    stats file using (column("threads")) nooutput
    n = int(STATS_records)
    small = 0
    stats file using (strlen(stringcolumn("p_raw")) > 0 ? count(column("p_raw")) : 1) nooutput
    set yrange [0 : n * 1.02]
    set title sprintf("%s: %d of %d cells with p < 0.05, by chance up to %d", \
                      panel == 1 ? "A and B alike" : "B slowed", small, n, allowed(n, 0)) font "sans,12"
    set arrow 2 from 0, 0 to 1, n nohead linecolor rgb "#999999"
    # A cell without a p-value has too few repetitions for one.
    plot sample \
        [i = 1 : n : 1] '+' using (margin(i, n)):(i) with lines linecolor rgb "#d55e00" dashtype 2 linewidth 1.2 \
            title "by chance 99 of 100 tests stay below", \
        keyentry with lines linecolor rgb "#999999" title "expected by chance", \
        file using (strlen(stringcolumn("p_raw")) > 0 ? column("p_raw") : NaN):(1) smooth cumulative \
            with points pointtype 7 pointsize 0.8 linecolor rgb "#0072b2" title "cells"
}
unset multiplot
