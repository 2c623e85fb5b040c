# Two panels side by side against the number of threads, or against the share of readers, with one key for both;
# loaded by the scripts of the figures, which say what stands in the panels:
#
# left_y(n), right_y(n)        from the n-th column of a line to what is drawn
# left_column, right_column    the columns, see the first line of each block of the data
# left_label, right_label      what the axes say
# left_low, left_high          the columns of a band around the left curve, or 0
# left_least, right_least      a linear axis begins there
# left_most, right_most        and ends there, or 0: as the data has it, perhaps on a logarithmic axis
# right_floor                  where a logarithmic axis begins on the right; not there: as the data has it
# right_line                   where a line lies across the right panel; not there: none does
# threads_column               the column of the one number of threads of which the figure is: then the first column
#                              is the readers' share in per cent; not there: it is the number of threads
# beyond                       1: what is measured where threads share CPUs counts for that choice too (what
#                              rises there presses the rest flat); otherwise it does not
#
# Their arguments:
# ARG1  the data, a block a lock (see `--format dat`)
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs: beyond it, threads share them
# ARG5  for dumb: the columns of the terminal
# ARG6  the length of the longest name in the key

set datafile columnheaders
set colorsequence podo
stats data using 1 nooutput
curves = STATS_blocks
most_threads = STATS_max
by_readers = exists("threads_column")

# A key that is higher than the panels would be cut off without a word, so they grow with it.
height = curves > 15 ? 620 + 30 * (curves - 15) : 620
if (format eq "png") set terminal pngcairo noenhanced size 1400,height font "sans,13" linewidth 1.6
if (format eq "svg") set terminal svg noenhanced size 1400,height font "sans,13" linewidth 1.6 background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size 11in,(height / 126.5)in font "sans,12" linewidth 1.6
if (format eq "dumb") set terminal dumb noenhanced size columns,28

# How far apart the curves lie, before threads share CPUs or at all; 0 as the largest: nothing was measured. `stats`
# complains of a column that is NaN all over, so it is not shown any; it only walks along the lines.
least = 1e300
most = 0
zeros = 0
note(y) = (y > 0 && y < least ? least = y : 0, y > most ? most = y : 0, y == 0 ? zeros = 1 : 0, 1)
if (!exists("beyond")) beyond = by_readers
known(c) = (beyond || column(1) <= cpus) && strcol(c) ne "NaN"
stats data using (known(left_column) ? note(left_y(column(left_column))) : 1) nooutput
left_spread = most > 0 ? most / least : 1
left_zeros = zeros
zeros = 0
least = 1e300
most = 0
stats data using (known(right_column) ? note(right_y(column(right_column))) : 1) nooutput
right_spread = most > 0 ? most / least : 1
right_zeros = zeros
right_measured = most > 0

# A lock has its colour, and the curves of one lock differ in dashes and points: by what stands in the name
# of the curve, such as the file or the machine. The palette has eight colours: from the ninth lock on they come
# again, in dashes and points of their own. Where there is one curve a lock, each lock has points of its own.
locks = ""
variants = ""
variants_most = 0
do for [i = 0 : curves - 1] {
    stats data index i using 2 nooutput
    locks = locks . sprintf(" %d", STATS_min)
    stats data index i using 3 nooutput
    variants = variants . sprintf(" %d", STATS_min)
    variants_most = STATS_min > variants_most ? int(STATS_min) : variants_most
}
lock(i) = int(word(locks, i + 1))
style(i) = int(word(variants, i + 1)) + lock(i) / 8 * (variants_most + 1)
colour(i) = lock(i) % 8 + 1
dash(i) = style(i) % 5 + 1
point(i) = variants_most == 0 ? lock(i) + 4 : int(word("7 4 9 12 11 6 5 8 13 10", style(i) % 10 + 1))

if (by_readers) {
    stats data using threads_column nooutput
    of_threads = sprintf("%d thread%s", STATS_max, STATS_max == 1 ? "" : "s")
    set xlabel sprintf("readers, %% of the acquisitions of %s", of_threads)
    # Shares between 95 and 100%, where locks for readers part, would lie on one another: then the few writers have as
    # much room as the many.
    stats data using ($1 > 95 && $1 < 100 ? 1 : 0) nooutput
    stretched = STATS_max > 0
    x(share) = stretched ? 1 - log10(101.0 - share) / log10(101.0) : share / 100.0
    set xrange [-0.03 : 1.03]
    if (stretched) {
        set xtics ("0" x(0), "50" x(50), "80" x(80), "90" x(90), "95" x(95), "98" x(98), "99" x(99), "100" x(100))
    } else {
        set xtics ("0" 0, "10" 0.1, "20" 0.2, "30" 0.3, "40" 0.4, "50" 0.5, "60" 0.6, "70" 0.7, "80" 0.8, "90" 0.9, "100" 1)
    }
} else {
    x(threads) = threads
    set logscale x 2
    set xrange [0.9 : most_threads * 1.12]
    set xlabel "threads"
    set xtics 1, 2
}
set border 3
set tics nomirror
set format y "%g"
set grid ytics linecolor rgb "#dddddd" linewidth 0.6

# A linear axis shows best which lock is better, unless some would be pressed flat. Locks whose throughput collapses
# where threads share CPUs lie on the floor of either.
no_zero = " (0 is not drawn)"
if (left_spread > 20 && left_most == 0) {
    set logscale y
    left_label = left_label . (left_zeros ? no_zero : "")
} else {
    if (left_most > 0) {
        set yrange [left_least : left_most]
    } else {
        set yrange [left_least : *]
    }
}

cpus_text = sprintf("%d CPU%s", cpus, cpus == 1 ? "" : "s")
if (!by_readers) {
    set arrow 1 from cpus, graph 0 to cpus, graph 1 nohead dashtype 2 linecolor rgb "#777777"
    # On the side of the line on which there is room.
    if (2 * cpus > most_threads) {
        set label 1 cpus_text at cpus, graph 1 right offset -0.4,0.6 textcolor rgb "#777777"
    } else {
        set label 1 cpus_text at cpus, graph 1 offset 0.6,0.6 textcolor rgb "#777777"
    }
}

if (format eq "dumb") {
    unset label 1
    line = by_readers ? "; " . of_threads : "; the line: " . cpus_text
    # A title that does not fit is not drawn at all.
    room = columns - strlen(line) - 4
    set title (strlen(title) > room ? title[1 : room - 3] . "..." : title) . line
    set ylabel ""
    set key width 2 outside bottom center horizontal maxrows 3
    if (!by_readers) { set arrow 1 from cpus, graph 0 to cpus, graph 1 nohead }
    plot for [i = 0 : curves - 1] data index i using (x($1)):(left_y(column(left_column))) with linespoints \
             title columnheader(1)
    exit
}

# The key stands at the right of both panels, as wide as its names need.
key_left = 1 - 0.05 - 0.0074 * (longest < 60 ? longest : 60)
# Beside each panel there is room for its label, and for long numbers on a logarithmic axis.
left_room = 0.075
right_room = 0.085
panel = (key_left - 0.02 - left_room - right_room) / 2
set multiplot
set label 2 title at screen 0.5, 1 - 22.0 / height center font "sans,15"
set tmargin at screen 1 - 74.0 / height
set bmargin at screen 80.0 / height
set lmargin at screen left_room
set rmargin at screen left_room + panel
set ylabel left_label
set key off
# A point without an interval (fewer than six repetitions) gets a band of no width.
if (left_low > 0) {
    plot for [i = 0 : curves - 1] data index i \
             using (x($1)):(left_y(valid(left_low) ? column(left_low) : column(left_column))):(left_y(valid(left_high) ? column(left_high) : column(left_column))) \
             with filledcurves linecolor colour(i) fillstyle transparent solid 0.15 noborder notitle, \
         for [i = 0 : curves - 1] data index i using (x($1)):(left_y(column(left_column))) \
             with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) \
             title columnheader(1)
} else {
    plot for [i = 0 : curves - 1] data index i using (x($1)):(left_y(column(left_column))) \
             with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) \
             title columnheader(1)
}

unset label 2
unset label 1
unset logscale y
set lmargin at screen left_room + panel + right_room
set rmargin at screen left_room + 2 * panel + right_room
if (right_spread > 20 && right_most == 0) {
    set logscale y
    if (exists("right_floor")) {
        set yrange [right_floor : *]
    } else {
        set yrange [* : *]
    }
    right_label = right_label . (right_zeros ? no_zero : "")
} else {
    if (right_most > 0) {
        set yrange [right_least : right_most]
    } else {
        set yrange [right_least : *]
    }
}
# The key is drawn with points that lie outside.
if (!right_measured) {
    set yrange [0 : 1]
    set format y ""
    set label 3 "not measured" at graph 0.5, 0.5 center textcolor rgb "#777777"
}
if (exists("right_line") && right_measured) {
    set arrow 2 from graph 0, first right_line to graph 1, first right_line nohead dashtype 2 linecolor rgb "#777777" back
}
set ylabel right_label
set key at screen key_left, 1 - 74.0 / height left top Left reverse vertical samplen 2.5 spacing 1.25
plot for [i = 0 : curves - 1] data index i using (x($1)):(right_measured ? right_y(column(right_column)) : -1) \
         with linespoints linecolor colour(i) pointtype point(i) dashtype dash(i) \
         title columnheader(1)
unset multiplot
