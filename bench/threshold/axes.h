/* What the grid of `lockbench threshold` is asked to be, as written on the command line, and the
 * plan that it amounts to. */
#ifndef BENCH_THRESHOLD_AXES_H
#define BENCH_THRESHOLD_AXES_H

#include "bench/measuring.h"
#include "bench/threshold/grid.h"

struct axes {
    const char *budgets, *criticals, *outsides; /* lists as written; NULL: default */
};

/* Reads the locks that measuring names, or takes every one that has a budget, and puts the list of
 * each with each budget into measuring->locks. Complains and returns EXIT_USAGE on a lock that has
 * no budget or that was given one, and on a budget that is none. `*budgets` is their number. */
enum exit_code axes_read_locks(const struct axes *axes, struct measuring *measuring,
                               size_t *budgets);

/* The workloads: each critical section with each outside work. A new array of `*count`. Complains
 * and returns EXIT_USAGE when one can't be read. */
enum exit_code axes_read_workloads(const struct axes *axes, struct workload **workloads,
                                   size_t *count);

/* The default numbers of threads as a list for --threads. Returns `text`. */
enum { AXES_TEXT = 128 };
const char *axes_default_threads(unsigned cpus, char text[AXES_TEXT]);

#endif
