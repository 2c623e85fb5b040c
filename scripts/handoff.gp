# How long the lock was on its way from a release to the acquire of a thread that waited. Called by `lockbench plot --figure handoff`.
#
# The arguments: see distributions.gp.

times = "hand-off times"
turns = "hand-offs"
time_label = "from the release to the next acquire"

data = ARG1
format = ARG2
title = ARG3
columns = (ARGC >= 5) ? int(ARG5) : 80
longest = (ARGC >= 6) ? int(ARG6) : 16
folder = system(sprintf("dirname -- '%s'", ARG0))
load folder . "/distributions.gp"
