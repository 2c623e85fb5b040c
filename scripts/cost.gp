# The cost against threads: CPU time of an acquisition, of all threads, waiting or not; and beside it the
# context switches, which waiting asleep costs and waiting awake does not. Called by `lockbench plot --figure
# cost`.
#
# The arguments: see panels.gp.

beyond = 1
left_column = 4
left_low = 0
left_high = 0
left_y(n) = n
left_least = 0
left_most = 0
left_label = "CPU time per acquisition, ns"
right_column = 5
right_y(n) = n
right_least = 0
right_most = 0
right_label = "context switches per acquisition"

data = ARG1
format = ARG2
title = ARG3
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/panels.gp"
