/* The commands, each in a file of its own. */
#ifndef BENCH_COMMANDS_COMMANDS_H
#define BENCH_COMMANDS_COMMANDS_H

#include "bench/options.h"

extern const struct command command_check;
extern const struct command command_compare;
extern const struct command command_export;
extern const struct command command_counters;
extern const struct command command_doctor;
extern const struct command command_run;
extern const struct command command_list;
extern const struct command command_threshold;
extern const struct command command_plot;
extern const struct command command_topology;
extern const struct command command_repetition;
extern const struct command command_spin_time;

#endif
