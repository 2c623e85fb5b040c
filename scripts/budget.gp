# Throughput and CPU time against the spin budget, relative to sleeping at once. Called by
# `lockbench plot --figure budget`; by hand:
#
#   lockbench plot RUN.jsonl --figure budget --format dat --output RUN.dat
#   gnuplot -c scripts/budget.gp RUN.dat png 'title' 2 > RUN.png
#
# ARG1  the data, a block a curve: the budget in ns (-1: without end), what sleeping costs, and the two ratios
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs
# ARG5  for dumb: the columns of the terminal
# ARG6  the length of the longest name in the key

data = ARG1
format = ARG2
title = ARG3
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 32

set datafile columnheaders
set colorsequence podo
least = 1e300
most = 0
sleep = 0
note(b) = (b > 0 && b < least ? least = b : 0, b > most ? most = b : 0, 1)
stats data using (strcol(2) ne "NaN" ? sleep = $2 : 0, note($1)) nooutput
curves = STATS_blocks
# Pixels: two panels, each with room for its label at its left, and the key.
panel = 620
wide = 2 * panel + 30 + 90 + 9.5 * (longest < 70 ? longest : 70)
high = curves > 18 ? 560 + 30 * (curves - 18) : 560
if (format eq "png") set terminal pngcairo noenhanced size wide,high font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size wide,high font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size (wide / 126.5)in,(high / 126.5)in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,28
if (most == 0) { least = 1000; most = 1000 }
# On a logarithmic axis, "0" and "inf" stand apart at either end.
none = least / 4
forever = most * 4
x(b) = b == 0 ? none : b < 0 ? forever : b

# What differs by more than this factor is pressed flat on a linear axis.
spread_most = 8
least_y = 1e300
most_y = 0
note_y(y) = (y > 0 && y < least_y ? least_y = y : 0, y > most_y ? most_y = y : 0, 1)
stats data using (strcol(3) ne "NaN" ? note_y($3) : 1) nooutput
left_log = most_y > spread_most * least_y
least_y = 1e300
most_y = 0
stats data using (strcol(4) ne "NaN" ? note_y($4) : 1) nooutput
right_log = most_y > spread_most * least_y
cpu_measured = most_y > 0

set logscale x
if (left_log) { set logscale y } else { set yrange [0 : *] }
set xrange [none / 1.3 : forever * 1.3]
set xlabel "spin budget"
set border 3
set tics nomirror
set xtics (1)
set xtics add ("0" none, "inf" forever)
units = "ns us ms s"
do for [i = 0 : 10] {
    at = 10.0 ** i
    if (at >= least / 1.01 && at <= most * 1.01) {
        set xtics add (sprintf("%d%s", int(10 ** (i % 3) + 0.5), word(units, i / 3 + 1)) at)
    }
}
set format y "%g"
set grid ytics linecolor rgb "#dddddd" linewidth 0.6
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead linecolor rgb "#bbbbbb"
c_text = sleep == 0 ? "" : sleep < 1e3 ? sprintf("C = %.3g ns", sleep) : sleep < 1e6 ? sprintf("C = %.3g us", sleep / 1e3) : sprintf("C = %.3g ms", sleep / 1e6)
if (sleep > 0) set arrow 2 from sleep, graph 0 to sleep, graph 1 nohead dashtype 2 linecolor rgb "#777777"

if (format eq "dumb") {
    line = sleep > 0 ? "; the line: " . c_text : ""
    room = columns - strlen(line) - 4
    set title (strlen(title) > room ? title[1 : room - 3] . "..." : title) . line
    set key width 2 outside bottom center horizontal maxrows 4
    unset arrow 1
    plot for [i = 0 : curves - 1] data index i using (x($1)):3 with linespoints title columnheader(1)
    exit
}

colour(i) = i % 8 + 1
dash(i) = (i / 8) % 5 + 1
point(i) = i % 10 + 4
set label 2 title at screen 0.5, 0.965 center font "sans,15"
if (sleep > 0) set label 1 c_text at sleep, graph 1 offset 0.5,0.6 textcolor rgb "#777777"
set multiplot
set tmargin at screen 0.88
set bmargin at screen 0.12
set lmargin at screen 100.0 / wide
set rmargin at screen real(panel) / wide
set key off
set ylabel "throughput, 1: sleeping at once"
plot for [i = 0 : curves - 1] data index i using (x($1)):3 with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) title columnheader(1)
unset label 2
set lmargin at screen (panel + 110.0) / wide
set rmargin at screen 2.0 * panel / wide
set ylabel "CPU time per acquisition, 1: sleeping at once"
set key at screen (2.0 * panel + 20) / wide, 0.88 left top Left reverse vertical samplen 2.5 spacing 1.2
if (right_log) { set logscale y; set yrange [* : *] } else { unset logscale y; set yrange [0 : *] }
# The key is drawn with points that lie outside.
if (!cpu_measured) {
    unset logscale y
    set yrange [0 : 1]
    set format y ""
    set label 3 "not measured" at graph 0.5, 0.5 center textcolor rgb "#777777"
}
plot for [i = 0 : curves - 1] data index i using (x($1)):(cpu_measured ? $4 : -1) with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) title columnheader(1)
unset multiplot
