/* The threads of one repetition on the simulated machine. */
#ifndef BENCH_SIM_CREW_H
#define BENCH_SIM_CREW_H

#include <jansson.h>

#include "bench/repetition.h"

/* Runs a repetition on the model that it asks for. Returns its result (result.h), or NULL with what
 * could not be done in `problem`. Complaints about the model are printed as well. */
json_t *sim_measure(const struct repetition *repetition, char *problem, size_t problem_size);

#endif
