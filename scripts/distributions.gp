# How times are spread at one number of threads: the percentiles, on an axis on which each further nine has as
# much room, and beside them the distribution; loaded by the scripts of the figures, which say what was timed:
#
# times            as in "acquire times"
# turns            of what they are percentiles, as in "acquires"
# time_label       what the axes of time say
#
# Their arguments:
# ARG1  the data, two blocks a curve: the percentiles (columns 5 and 6: 1 / (1 - part), nanoseconds) and the
#       spread (nanoseconds, part of the largest); before them the threads, the lock, the variant, and 1 for
#       shared acquisitions
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs
# ARG5  for dumb: the columns of the terminal
# ARG6  the length of the longest name in the key

if (format eq "png") set terminal pngcairo noenhanced size 1400,620 font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size 1400,620 font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size 11in,4.9in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,28

set datafile columnheaders
set colorsequence podo
stats data using 1 nooutput
curves = STATS_blocks / 2
threads = int(STATS_max)
stats data using 2 nooutput
locks_most = STATS_max

# A lock has its colour; readers are dashed, and so, otherwise, is what tells curves of one lock apart. Each lock
# and variant has a row of the spread, writers above its line and readers below.
rows = 0
row_of = ""
locks = ""
variants = ""
ways = ""
last = ""
least = 1e300
most = 0
do for [i = 0 : curves - 1] {
    stats data index 2 * i using 2 nooutput
    lock_now = int(STATS_min)
    stats data index 2 * i using 3 nooutput
    variant_now = int(STATS_min)
    stats data index 2 * i using 4 nooutput
    way_now = int(STATS_min)
    if (last ne sprintf("%d %d", lock_now, variant_now)) { rows = rows + 1 }
    last = sprintf("%d %d", lock_now, variant_now)
    locks = locks . sprintf(" %d", lock_now)
    variants = variants . sprintf(" %d", variant_now)
    ways = ways . sprintf(" %d", way_now)
    # The spread begins a step below the shortest time and ends a step beyond the longest.
    stats data index 2 * i + 1 using 5 nooutput
    least = STATS_min < least ? STATS_min : least
    most = STATS_max > most ? STATS_max : most
    row_of = row_of . sprintf(" %d", rows)
}
readers = strstrt(ways, "1") > 0
colour(i) = int(word(locks, i + 1)) % 8 + 1
variant(i) = int(word(variants, i + 1)) + int(word(locks, i + 1)) / 8
way(i) = int(word(ways, i + 1))
dash(i) = way(i) == 1 ? 2 : variant(i) == 0 ? 1 : variant(i) % 3 + 3
row(i) = rows - int(word(row_of, i + 1)) + 1

# Whole decades, each a little wider than it is: gnuplot's own end falls short of a tic by a rounding error, and
# the tic then has no label.
time_least = 0.99 * 10 ** floor(log10(least))
time_most = 1.01 * 10 ** ceil(log10(most))

of_threads = sprintf("%d thread%s", threads, threads == 1 ? "" : "s")
set border 3
set tics nomirror
set grid xtics ytics linecolor rgb "#bbbbbb" linewidth 0.6
set logscale xy
set xtics ("" 1, "50%%" 2, "90%%" 10, "99%%" 100, "99.9%%" 1000, "99.99%%" 10000, "99.999%%" 100000, \
           "99.9999%%" 1000000, "99.99999%%" 10000000)
set xrange [1 : *]
set ytics ("1 ns" 1, "10 ns" 10, "100 ns" 100, "1 us" 1e3, "10 us" 1e4, "100 us" 1e5, "1 ms" 1e6, "10 ms" 1e7, \
           "100 ms" 1e8, "1 s" 1e9, "10 s" 1e10, "100 s" 1e11)
set yrange [time_least : time_most]

if (format eq "dumb") {
    set title times . ", " . of_threads
    set key width 2 outside bottom center horizontal maxrows 3
    plot for [i = 0 : curves - 1] data index 2 * i using 5:6 with lines title columnheader(1)
    exit
}

set xlabel "percentile of the " . turns . " of " . of_threads
key_left = 1 - 0.05 - 0.0074 * (longest < 60 ? longest : 60)
panel = (key_left - 0.02 - 0.08 - 0.05) / 2
set multiplot
set label 2 title at screen 0.5, 0.965 center font "sans,15"
set tmargin at screen 0.88
set bmargin at screen 0.13
set lmargin at screen 0.08
set rmargin at screen 0.08 + panel
set ylabel time_label offset 0.5
set key at screen key_left, 0.88 left top Left reverse vertical samplen 2.5 spacing 1.25
plot for [i = 0 : curves - 1] data index 2 * i using 5:6 with lines linecolor colour(i) dashtype dash(i) \
         linewidth 1.3 title columnheader(1)

unset label 2
unset logscale y
set key off
set lmargin at screen 0.13 + panel
set rmargin at screen 0.13 + 2 * panel
set xlabel time_label . (readers ? " (readers: below the lines)" : "")
unset ylabel
set xtics ("1 ns" 1, "10 ns" 10, "100 ns" 100, "1 us" 1e3, "10 us" 1e4, "100 us" 1e5, "1 ms" 1e6, "10 ms" 1e7, \
           "100 ms" 1e8, "1 s" 1e9, "10 s" 1e10, "100 s" 1e11)
set xrange [time_least : time_most]
set yrange [0.4 : rows + 0.6]
unset ytics
set border 1
set grid xtics noytics linecolor rgb "#bbbbbb" linewidth 0.6
side(i) = way(i) == 1 ? -0.45 : 0.45
plot for [i = 0 : curves - 1] data index 2 * i + 1 using 5:(row(i) + side(i) * column(6)):(row(i)) \
         with filledcurves linecolor colour(i) fillstyle transparent solid 0.35 noborder notitle, \
     for [i = 0 : curves - 1] data index 2 * i + 1 using 5:(row(i) + side(i) * column(6)) \
         with lines linecolor colour(i) dashtype dash(i) notitle
unset multiplot
