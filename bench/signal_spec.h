/* What can do a workload of signals (bench/exchange.h), as a person names it: a primitive of
 * bench/native/signals or, in EXCHANGE_HANDOFF, a lock as well. */
#ifndef BENCH_SIGNAL_SPEC_H
#define BENCH_SIGNAL_SPEC_H

#include <stdbool.h>

#include "bench/exchange.h"
#include "bench/lock_spec.h"

/* Reads one name. Complains and returns EXIT_USAGE when there is nothing of that name, or it can't
 * do the workload, or this system lacks it. */
enum exit_code signal_spec_read(const char *text, enum exchange exchange, struct lock_spec *spec);

/* Reads a list of names separated by commas, and adds what it names to the array, which it makes
 * longer; what stands there already is not added twice. In EXCHANGE_HANDOFF, groups of locks such
 * as
 * @queue are taken too. */
enum exit_code signal_specs_read(const char *text, enum exchange exchange, struct lock_spec **specs,
                                 size_t *count);

/* Adds every primitive that can do the workload. Those that this system lacks are named, unless
 * `quiet`, and left out. */
enum exit_code signal_specs_add_all(enum exchange exchange, bool quiet, struct lock_spec **specs,
                                    size_t *count);

#endif
