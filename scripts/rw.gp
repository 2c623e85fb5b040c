# Throughput against the readers' share of the acquisitions, with read scaling beside it, of one number of threads.
# Called by `lockbench plot --figure rw`.
#
# The arguments: see panels.gp.

threads_column = 4
left_column = 5
left_low = 6
left_high = 7
left_y(n) = n / 1e6
left_least = 0
left_most = 0
left_label = "acquisitions, million a second"
right_column = 8
right_y(n) = n
right_least = 0
right_most = 0
right_line = 1
right_label = "read scaling (1: further threads cost nothing)"

data = ARG1
format = ARG2
title = ARG3
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/panels.gp"
