# Cache-line traffic against threads: transactions per acquisition, and beside them the copies that were
# invalidated. Called by `lockbench plot --figure traffic`.
#
# The arguments: see panels.gp.

left_column = 4
left_low = 0
left_high = 0
left_y(n) = n
left_least = 0
left_most = 0
left_label = "transactions per acquisition"
right_column = 5
right_y(n) = n
right_least = 0
right_most = 0
right_label = "copies invalidated per acquisition"

data = ARG1
format = ARG2
title = ARG3
cpus = real(ARG4)
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/panels.gp"
