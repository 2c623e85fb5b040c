# How long the lock was held. Called by `lockbench plot --figure hold`.
#
# The arguments: see distributions.gp.

times = "hold times"
turns = "holds"
time_label = "time the lock was held"

data = ARG1
format = ARG2
title = ARG3
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/distributions.gp"
