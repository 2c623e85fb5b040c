# Which spin budget is best for which critical section: a map for each lock, with as many CPUs as threads and with
# fewer. A field is the throughput as a part of what the best budget has; the plateau of each critical section, all
# budgets within 5% of the best, is outlined, the best is marked. Called by `lockbench plot --figure threshold`; by hand:
#
#   lockbench plot RUN.jsonl --figure threshold --format dat --output RUN.dat
#   gnuplot -c scripts/threshold.gp RUN.dat png 'title' 2 > RUN.png
#
# ARG1  the data: two blocks a map, the fields and the plateaus
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs
# ARG5  for dumb: the columns of the terminal

data = ARG1
format = ARG2
title = ARG3
columns = (ARGC >= 5) ? int(ARG5) : 80

set datafile columnheaders
stats data using 1 nooutput
maps = STATS_blocks / 2
stats data index 0 using 1 nooutput
nx = int(STATS_max) + 1
stats data index 0 using 2 nooutput
ny = int(STATS_max) + 1
array critical[nx]
array budget[ny]
stats data index 0 using (critical[int($1) + 1] = strcol(3), budget[int($2) + 1] = strcol(4), 1) nooutput
# The name of a map is the first column's, in quotes, of the first of its two blocks.
name(m) = system(sprintf("sed -n 's/^\"\\([^\"]*\\)\".*/\\1/p' '%s' | sed -n '%dp'", data, m + 1))

if (format eq "dumb") {
    set print "-"
    print strlen(title) > columns - 2 ? title[1 : columns - 5] . "..." : title
    print "throughput, 1: the best budget; * the best, + within 5% around it"
    width = 6
    do for [x = 1 : nx] { width = strlen(critical[x]) + 2 > width ? strlen(critical[x]) + 2 : width }
    array value[nx * ny]
    array low[nx]
    array high[nx]
    array best[nx]
    do for [m = 0 : maps - 1] {
        do for [i = 1 : nx * ny] { value[i] = "-" }
        do for [x = 1 : nx] { low[x] = high[x] = best[x] = -1 }
        stats data index 2 * m using (strcol(5) ne "NaN" ? value[int($1) * ny + int($2) + 1] = sprintf("%.2f", $5) : "", 1) nooutput
        stats data index 2 * m + 1 using (low[int($1) + 1] = int($2), high[int($1) + 1] = int($3), best[int($1) + 1] = int($4), 1) nooutput
        print ""
        print name(m)
        line = sprintf("%8s", "budget")
        do for [x = 1 : nx] { line = line . sprintf(sprintf("%%%ds", width), critical[x]) . " " }
        print line
        do for [k = 1 : ny] {
            y = ny - k
            line = sprintf("%8s", budget[y + 1])
            do for [x = 1 : nx] {
                mark = y == best[x] ? "*" : y >= low[x] && y <= high[x] ? "+" : " "
                line = line . sprintf(sprintf("%%%ds", width), value[(x - 1) * ny + y + 1]) . mark
            }
            print line
        }
    }
    exit
}

across = maps > 1 ? 2 : 1
down = (maps + across - 1) / across
wide = across == 1 ? 760 : 1400
each = 150 + (ny > 8 ? 28 * ny : 224)
high = 60 + down * each
if (format eq "png") set terminal pngcairo noenhanced size wide,high font "sans,12"
if (format eq "svg") set terminal svg noenhanced size wide,high font "sans,12" background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size (wide / 126.5)in,(high / 126.5)in font "sans,11"

# Viridis, see core-latency.gp.
set palette defined (0 "#440154", 1 "#472d7b", 2 "#3b528b", 3 "#2c728e", 4 "#21918c", 5 "#28ae80", 6 "#5ec962", 7 "#addc30", 8 "#fde725")
least = 1
do for [m = 0 : maps - 1] {
    stats data index 2 * m using (strcol(5) ne "NaN" && $5 < least ? least = $5 : 1, 1) nooutput
}
# Where all budgets are nearly alike, the colours do not make much of it.
low = least > 0.8 ? 0.8 : floor(10 * least) / 10.0
set cbrange [low : 1]
set xrange [-0.5 : nx - 0.5]
set yrange [-0.5 : ny - 0.5]
set xlabel "critical section"
set xtics ()
set ytics ()
do for [x = 1 : nx] { set xtics add (critical[x] x - 1) }
do for [y = 1 : ny] { set ytics add (budget[y] y - 1) }
set tics nomirror scale 0
set border 3 linecolor rgb "#777777"
set key off
light(v) = v < 0.6 + 0.4 * low ? 0xffffff : 0x000000
set multiplot
room = wide / 9
set label 1 (strlen(title) > room ? title[1 : room - 3] . "..." : title) at screen 0.5, 1 - 20.0 / high center font "sans,14"
set label 2 "outlined: within 5% of the best, which is marked *; blank: not measured" at screen 0.5, 1 - 44.0 / high center textcolor rgb "#555555"
do for [m = 0 : maps - 1] {
    column = m % across
    row = m / across
    set lmargin at screen (column + 90.0 * across / wide) / across
    set rmargin at screen (column + 1 - 110.0 * across / wide) / across
    set tmargin at screen 1 - (60.0 + row * each + 40) / high
    set bmargin at screen 1 - (60.0 + (row + 1) * each - 60) / high
    set title name(m)
    if (column == 0) { set ylabel "spin budget" } else { unset ylabel }
    if (column == across - 1) { set cblabel "throughput, 1: the best budget" } else { unset cblabel }
    plot data index 2 * m using 1:2:($1 - 0.5):($1 + 0.5):($2 - 0.5):($2 + 0.5):5 \
             with boxxyerror fillstyle solid noborder linecolor palette, \
         data index 2 * m using ($5 >= 0 ? $1 : NaN):2:(sprintf("%.2f", $5)):(light($5)) \
             with labels textcolor rgb variable font "sans,10", \
         data index 2 * m + 1 using 1:(0.5 * ($2 + $3)):($1 - 0.47):($1 + 0.47):($2 - 0.46):($3 + 0.46) \
             with boxxyerror fillstyle empty linecolor rgb "#d62728" linewidth 2.5, \
         data index 2 * m + 1 using ($1 + 0.33):4:("*") with labels textcolor rgb "#d62728" font "sans,18" offset 0,-0.3
    unset label 1
    unset label 2
}
unset multiplot
