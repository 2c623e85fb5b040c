# Throughput against threads, with fairness beside it. Called by `lockbench plot`; by hand:
#
#   lockbench plot RUN.jsonl --format dat --output RUN.dat
#   gnuplot -c scripts/throughput.gp RUN.dat png 'title' 2 > RUN.png
#
# The arguments: see panels.gp.

left_column = 4
left_low = 5
left_high = 6
left_y(n) = n / 1e6
left_least = 0
left_most = 0
left_label = "acquisitions, million a second"
right_column = 7
right_y(n) = n
right_least = 0
right_most = 1.03
right_label = "Jain's fairness index (1: all threads alike)"

data = ARG1
format = ARG2
title = ARG3
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/panels.gp"
