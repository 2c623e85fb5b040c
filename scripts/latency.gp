# How long acquires took. Called by `lockbench plot --figure latency`.
#
# The arguments: see distributions.gp.

times = "acquire times"
turns = "acquires"
time_label = "until the lock was acquired"

data = ARG1
format = ARG2
title = ARG3
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/distributions.gp"
