# What becomes of the throughput as threads pass the number of CPUs: 1 is what the lock has with as many threads as
# CPUs; and beside it, where that was seen, the part of the holds in which the holder lost its CPU. Called by `lockbench plot --figure collapse`; by hand:
#
#   lockbench plot RUN.jsonl --figure collapse --format dat --output RUN.dat
#   gnuplot -c scripts/collapse.gp RUN.dat png 'title' 2 > RUN.png
#
# ARG1  the data, a block a curve: threads per CPU, threads, throughput and its interval, holds that lost
#       their CPU
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs
# ARG5  for dumb: the columns of the terminal
# ARG6  the length of the longest name in the key

data = ARG1
format = ARG2
title = ARG3
cpus = int(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16

set datafile columnheaders
set colorsequence podo
stats data using 1 nooutput
curves = STATS_blocks
least_x = STATS_min
most_x = STATS_max
stats data using 3 nooutput
least_y = STATS_min
# `stats` complains of a column that is NaN all over, so it only walks along the lines; of heads it reads NaN.
most_lost = 0
seen = 0
note(y) = (y >= 0 ? seen = 1 : 0, most_lost = y > most_lost ? y : most_lost, 1)
stats data using (strcol(6) ne "NaN" ? note(column(6)) : 1) nooutput
key_width = 90 + 9.5 * (longest < 70 ? longest : 70)
# Pixels: one panel, or two of which each has room for its label at its left.
panel = seen ? 680 : 870
panels = panel * (1 + seen)
wide = panels + 30 + key_width
high = curves > 18 ? 560 + 30 * (curves - 18) : 560
if (format eq "png") set terminal pngcairo noenhanced size wide,high font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size wide,high font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size (wide / 126.5)in,(high / 126.5)in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,28

set logscale x 2
set xrange [least_x * 0.93 : most_x * 1.07]
set xlabel "threads per CPU"
set border 3
set tics nomirror
set format y "%g"
set format x "%g"
set grid ytics linecolor rgb "#dddddd" linewidth 0.6
# What falls to a hundredth is told from what falls to a thousandth.
if (least_y < 0.05) { set logscale y } else { set yrange [0 : *] }
cpus_text = sprintf("%d CPU%s", cpus, cpus == 1 ? "" : "s")
set arrow 1 from 1, graph 0 to 1, graph 1 nohead dashtype 2 linecolor rgb "#777777"

if (format eq "dumb") {
    line = "; the line: " . cpus_text
    room = columns - strlen(line) - 4
    set title (strlen(title) > room ? title[1 : room - 3] . "..." : title) . line
    set key width 2 outside bottom center horizontal maxrows 4
    set arrow 1 from 1, graph 0 to 1, graph 1 nohead
    plot for [i = 0 : curves - 1] data index i using 1:3 with linespoints title columnheader(1)
    exit
}

room = wide / 10
set label 2 (strlen(title) > room ? title[1 : room - 3] . "..." : title) at screen 0.5, 0.96 center font "sans,15"
set label 1 cpus_text at 1, graph 1 offset 0.5,0.6 textcolor rgb "#777777"
colour(i) = i % 8 + 1
dash(i) = (i / 8) % 5 + 1
point(i) = i % 10 + 4
# A point without an interval gets a band of no width.
low(n) = valid(4) ? column(4) : column(3)
high(n) = valid(5) ? column(5) : column(3)
set ylabel "throughput, 1: as many threads as CPUs"
set lmargin at screen 120.0 / wide
set rmargin at screen real(panel) / wide
set tmargin at screen 0.88
set bmargin at screen 0.12
if (!seen) {
    set key at screen (panels + 20.0) / wide, 0.88 left top Left reverse vertical samplen 2.5 spacing 1.2
    plot for [i = 0 : curves - 1] data index i using 1:(low(0)):(high(0)) \
             with filledcurves linecolor colour(i) fillstyle transparent solid 0.15 noborder notitle, \
         for [i = 0 : curves - 1] data index i using 1:3 \
             with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) title columnheader(1)
    exit
}
set multiplot
unset key
plot for [i = 0 : curves - 1] data index i using 1:(low(0)):(high(0)) \
         with filledcurves linecolor colour(i) fillstyle transparent solid 0.15 noborder notitle, \
     for [i = 0 : curves - 1] data index i using 1:3 \
         with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) notitle
unset label 2
unset logscale y
set lmargin at screen (panel + 130.0) / wide
set rmargin at screen real(panels) / wide
set format y "%g%%"
set ylabel "holds in which the holder lost its CPU"
set yrange [0 : (most_lost > 0 ? most_lost * 105 : 1)]
set key at screen (panels + 20.0) / wide, 0.88 left top Left reverse vertical samplen 2.5 spacing 1.2
plot for [i = 0 : curves - 1] data index i using 1:(100 * column(6)) \
         with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) title columnheader(1)
unset multiplot
