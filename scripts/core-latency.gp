# How long a cache line takes from each CPU to each, as a map: a row the CPU that it comes from, a column the one
# that it goes to. Called by `lockbench plot --figure core-latency`; by hand:
#
#   lockbench topology --json > MACHINE.json
#   lockbench plot MACHINE.json --figure core-latency --format dat --output MACHINE.dat
#   gnuplot -c scripts/core-latency.gp MACHINE.dat png 'title' 2 > MACHINE.png
#
# ARG1  the data: a line for each pair, see its first line
# ARG2  png, svg, pdf, or dumb: characters
# ARG3  the title
# ARG4  the number of CPUs
# ARG5  for dumb: the columns of the terminal

data = ARG1
format = ARG2
title = ARG3
n = int(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80

set datafile columnheaders
least = 1e300
most = 0
array cpu[n]
array ns[n * n]
note(v) = (v > 0 && v < least ? least = v : 0, v > most ? most = v : 0, 1)
# `stats` complains of a column that has nothing but NaN, so it is shown ones.
stats data using (cpu[int($1) + 1] = $3, ns[int($1) * n + int($2) + 1] = $5, note($5), 1) nooutput
known(i, j) = at(i, j) == at(i, j)
at(i, j) = ns[(i - 1) * n + j]
# Short numbers: latencies in nanoseconds have one digit after the point at most below 10.
text(v) = sprintf(most < 10 ? "%.1f" : "%.0f", v)

if (format eq "dumb") {
    set print "-"
    print strlen(title) > columns - 2 ? title[1 : columns - 5] . "..." : title
    print "ns for a cache line, one way; a row is where it comes from"
    width = strlen(text(most)) + 1
    longest_cpu = strlen(sprintf("%d", cpu[n]))
    do for [i = 1 : n] { longest_cpu = strlen(sprintf("%d", cpu[i])) > longest_cpu ? strlen(sprintf("%d", cpu[i])) : longest_cpu }
    width = longest_cpu + 1 > width ? longest_cpu + 1 : width
    head = sprintf("%%%ds", longest_cpu)
    # Numbers where they fit, else a character a CPU, or for several.
    if (n <= 16 && longest_cpu + n * width <= columns) {
        cell = sprintf("%%%ds", width)
        line = sprintf(head, "")
        do for [j = 1 : n] { line = line . sprintf(cell, sprintf("%d", cpu[j])) }
        print line
        do for [i = 1 : n] {
            line = sprintf(head, sprintf("%d", cpu[i]))
            do for [j = 1 : n] { line = line . sprintf(cell, known(i, j) ? text(at(i, j)) : "-") }
            print line
        }
    } else {
        shades = ".:-=+*#%@"
        shade(v) = shades[1 + int(8.999 * (v - least) / (most > least ? most - least : 1)) : *][1:1]
        step = int(ceil(n / real(columns - longest_cpu - 1)))
        do for [i = 1 : n : step] {
            line = sprintf(head, sprintf("%d", cpu[i])) . " "
            do for [j = 1 : n : step] { line = line . (known(i, j) ? shade(at(i, j)) : " ") }
            print line
        }
        if (step > 1) { print sprintf("one CPU of each %d", step) }
        print sprintf("%s: %s to %s ns", shades, text(least), text(most))
    }
    exit
}

# Up to 16 CPUs the map is of a size at which numbers can be read in it; each cell is of whole pixels.
side = n * int(ceil((n <= 4 ? 440 : 720) / real(n)))
wide = side + 240
high = side + 150
if (format eq "png") set terminal pngcairo noenhanced size wide,high font "sans,13"
if (format eq "svg") set terminal svg noenhanced size wide,high font "sans,13" background "white"
if (format eq "pdf") set terminal pdfcairo noenhanced size (wide / 126.5)in,(high / 126.5)in font "sans,12"

# Viridis: its lightness rises evenly, so that it reads without colours as well.
set palette defined (0 "#440154", 1 "#472d7b", 2 "#3b528b", 3 "#2c728e", 4 "#21918c", 5 "#28ae80", 6 "#5ec962", 7 "#addc30", 8 "#fde725")
# Where all are nearly alike, the colours do not make much of it.
narrow = most < 1.2 * least
low = narrow ? 0.45 * (least + most) : least
high_ns = narrow ? 0.55 * (least + most) : most
set cbrange [low : high_ns]
set cblabel "ns for a cache line, one way" offset 1,0
# A title that does not fit is cut off at both ends.
room = wide / 10
set title (strlen(title) > room ? title[1 : room - 3] . "..." : title) font "sans,15"
set size ratio 1
set lmargin at screen 90.0 / wide
set rmargin at screen (90.0 + side) / wide
set tmargin at screen 1 - 60.0 / high
set bmargin at screen 1 - (60.0 + side) / high
set xrange [-0.5 : n - 0.5]
set yrange [n - 0.5 : -0.5]
set xlabel "to CPU (grey: the same CPU, or not measured)"
set ylabel "from CPU"
set border 3 linecolor rgb "#777777"
unset xtics
unset ytics
step = n <= 16 ? 1 : n <= 32 ? 2 : n <= 64 ? 4 : int(ceil(n / 16.0))
set xtics ()
set ytics ()
set tics nomirror scale 0
set cbtics scale 0.5
do for [i = 1 : n : step] {
    set xtics add (sprintf("%d", cpu[i]) i - 1)
    set ytics add (sprintf("%d", cpu[i]) i - 1)
}
set object 1 rectangle from graph 0, graph 0 to graph 1, graph 1 behind fillcolor rgb "#cccccc" fillstyle solid noborder
set key off
# White on what is dark.
light(v) = v < (low + high_ns) / 2 + 0.1 * (high_ns - low) ? 0xffffff : 0x000000
if (n <= 16) {
    plot data using 2:1:5 with image pixels, \
         data using ($5 > 0 ? $2 : NaN):1:(text($5)):(light($5)) \
             with labels textcolor rgb variable font (n <= 8 ? "sans,13" : "sans,10")
} else {
    # A picture within a picture is blurred when it is shown larger, cells of a drawing are not.
    if (format eq "png") {
        plot data using 2:1:5 with image
    } else {
        plot data using 2:1:5 with image pixels
    }
}
