/* How long a cache line takes from one core to another. */
#ifndef BENCH_NATIVE_CORE_LATENCY_H
#define BENCH_NATIVE_CORE_LATENCY_H

#include <stddef.h>

/* The one-way time in nanoseconds of a line that two threads bound to these CPUs write in turn: the
 * median of several batches, some milliseconds; NaN when they can't be bound. The caller waits. */
double core_latency_of_pair(unsigned a, unsigned b);

/* Measures, for each pair of the n CPUs, that time. Fills n * n numbers; the diagonal is
 * NaN, and so is a pair whose threads could not be bound. The calling thread must not be needed
 * elsewhere: it waits. Shows progress. */
void core_latency_measure(const unsigned *cpus, size_t n, double *matrix);

#endif
