# Throughput against threads, with fairness beside it. Called by `lockbench plot`; by hand:
#
#   lockbench plot RUN.jsonl --format dat --output RUN.dat
#   gnuplot -c scripts/throughput.gp RUN.dat png 'title' 2 > RUN.png
#
# ARG1  the data, a block a lock (see `--format dat`)
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs: beyond it, threads share them
# ARG5  for dumb: the columns of the terminal
# ARG6  the length of the longest name in the key

data = ARG1
format = ARG2
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16

if (format eq "png") set terminal pngcairo noenhanced size 1400,620 font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size 1400,620 font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size 11in,4.9in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,28

set datafile columnheaders
set colorsequence podo
stats data using 1 nooutput
curves = STATS_blocks
most_threads = STATS_max
# How far apart the curves lie before threads share CPUs.
stats data using (column(1) <= cpus ? column(2) : NaN) nooutput
spread = STATS_records > 0 && STATS_min > 0 ? STATS_max / STATS_min : 1

# The palette has eight colours: from the ninth curve on they come again, dashed.
dash(i) = i < 8 ? 1 : 2

set logscale x 2
set xrange [0.9 : most_threads * 1.12]
set xlabel "threads"
set xtics 1, 2
set border 3
set tics nomirror
set format y "%g"
set grid ytics linecolor rgb "#dddddd" linewidth 0.6

# A linear axis shows best which lock is faster, unless the slow ones would be pressed flat. Locks that
# collapse where threads share CPUs lie on the floor of either.
if (spread > 20) {
    set logscale y
} else {
    set yrange [0 : *]
}

set arrow 1 from cpus, graph 0 to cpus, graph 1 nohead dashtype 2 linecolor rgb "#777777"
set label 1 sprintf("%d CPU%s", cpus, cpus == 1 ? "" : "s") at cpus, graph 1 offset 0.6,0.6 textcolor rgb "#777777"

if (format eq "dumb") {
    unset label 1
    set title sprintf("%s; the line: %d CPU%s", ARG3, cpus, cpus == 1 ? "" : "s")
    set ylabel ""
    set key width 2 outside bottom center horizontal maxrows 3
    set arrow 1 from cpus, graph 0 to cpus, graph 1 nohead
    plot for [i = 0 : curves - 1] data index i using 1:($2 / 1e6) with linespoints \
             title columnheader(1)
    exit
}

# Two panels, and the key at the right of both, as wide as its names need.
key_left = 1 - 0.05 - 0.0074 * (longest < 60 ? longest : 60)
panel = (key_left - 0.02 - 0.06 - 0.07) / 2
set multiplot
set label 2 ARG3 at screen 0.5, 0.965 center font "sans,15"
set tmargin at screen 0.88
set bmargin at screen 0.13
set lmargin at screen 0.06
set rmargin at screen 0.06 + panel
set ylabel "acquisitions, million a second"
set key off
# A point without an interval (fewer than six repetitions) gets a band of no width.
plot for [i = 0 : curves - 1] data index i using 1:((valid(3) ? $3 : $2) / 1e6):((valid(4) ? $4 : $2) / 1e6) \
         with filledcurves linecolor (i + 1) fillstyle transparent solid 0.15 noborder notitle, \
     for [i = 0 : curves - 1] data index i using 1:($2 / 1e6) \
         with linespoints linecolor (i + 1) pointtype (i + 4) dashtype dash(i) \
         title columnheader(1)

unset label 2
unset label 1
unset logscale y
set lmargin at screen 0.13 + panel
set rmargin at screen 0.13 + 2 * panel
set yrange [0 : 1.03]
set ylabel "Jain's fairness index (1: all threads alike)"
set key at screen key_left, 0.88 left top Left reverse vertical samplen 2.5 spacing 1.25
plot for [i = 0 : curves - 1] data index i using 1:5 \
         with linespoints linecolor (i + 1) pointtype (i + 4) dashtype dash(i) \
         title columnheader(1)
unset multiplot
