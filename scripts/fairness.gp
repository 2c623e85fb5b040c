# Fairness against threads: Jain's index, which final counts give, and beside it the longest wait, which
# they hide. Called by `lockbench plot --figure fairness`.
#
# The arguments: see panels.gp.

beyond = 1
left_column = 4
left_low = 0
left_high = 0
left_y(n) = n
left_least = 0
left_most = 1.03
left_label = "Jain's fairness index (1: all threads alike)"
right_column = 5
right_y(n) = n / column(1)
right_least = 0
right_most = 0
# What is first come, first served stands above the axis, and not on it.
right_floor = 0.6
right_label = "longest wait, in turns of all threads (FIFO: 1)"

data = ARG1
format = ARG2
title = ARG3
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/panels.gp"
