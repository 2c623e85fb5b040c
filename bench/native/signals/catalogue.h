/* The signalling primitives as a table. */
#ifndef BENCH_NATIVE_SIGNALS_CATALOGUE_H
#define BENCH_NATIVE_SIGNALS_CATALOGUE_H

#include "bench/native/signals/signal.h"

/* Every primitive, in the order of signals.def; signal_catalogue_size of them. */
extern const struct signal_ops *const signal_catalogue[];
extern const unsigned signal_catalogue_size;

/* The primitive of that name, or NULL. */
const struct signal_ops *signal_find(const char *name);

#endif
