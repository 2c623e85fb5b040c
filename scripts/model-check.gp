# Throughput of each cell on the model against that on real cores. Called by `scripts/model-check`; by hand:
#
#   gnuplot -c scripts/model-check.gp throughput.csv 2 png > model-check.png
#
# ARG1  lock, threads, critical, outside, and the throughput of two runs on real cores and of one on the model, as CSV
# ARG2  the number of CPUs
# ARG3  png, svg, or pdf

data = ARG1
cpus = int(ARG2)
format = ARG3

set datafile separator comma
set datafile columnheaders
if (format eq "png") set terminal pngcairo noenhanced size 1320,700 font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size 1320,700 font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size 10.4in,5.5in font "sans,12" linewidth 1.6
set colorsequence podo

stats data using "first" nooutput
least = 10 ** floor(log10(STATS_min))
most = 10 ** ceil(log10(STATS_max))
set logscale xy
set xrange [least : most]
set yrange [least : most]
set format xy "%.0s%c"
set xlabel "acquisitions a second on real cores"
set ylabel "acquisitions a second on the model"
set border 3
set tics nomirror
set grid linecolor rgb "#dddddd" linewidth 0.6
set size square
set key top left Left reverse samplen 1

locks = "spin_park push_lock mcs_yield mcs_park"
is(lock, name) = strstrt(name, lock . ":") == 1
crowded(threads) = threads > cpus
set multiplot layout 1,2
do for [side = 0 : 1] {
    set title side == 0 ? sprintf("no more threads than the %d CPUs", cpus) : sprintf("more threads than the %d CPUs", cpus)
    plot x with lines linecolor rgb "#777777" dashtype 2 notitle, \
        for [i = 1 : words(locks)] data \
            using (is(word(locks, i), stringcolumn("lock")) && crowded(column("threads")) == side ? column("first") : NaN):"model" \
            with points pointtype 4 + 2 * i pointsize 0.7 linecolor i title word(locks, i)
}
unset multiplot
