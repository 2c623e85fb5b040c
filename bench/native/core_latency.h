/* How long a cache line takes from one core to another. */
#ifndef BENCH_NATIVE_CORE_LATENCY_H
#define BENCH_NATIVE_CORE_LATENCY_H

#include <stddef.h>

/* Measures, for each pair of the n CPUs, the one-way time in nanoseconds of a line that two threads
 * bound to them write in turn: the median of several batches. Fills n * n numbers; the diagonal is
 * NaN, and so is a pair whose threads could not be bound. The calling thread must not be needed
 * elsewhere: it waits. Shows progress. */
void core_latency_measure(const unsigned *cpus, size_t n, double *matrix);

#endif
