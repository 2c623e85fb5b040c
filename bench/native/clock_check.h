/* Whether the clocks of several CPUs tell the same time, which a time taken on one and subtracted
 * on another takes for granted. Threads on two CPUs send each other the time, as D. L. Mills's NTP
 * and F. Cristian's "Probabilistic Clock Synchronization" (1989) do: what one saw can't have been
 * before it was sent, nor after the answer came back. */
#ifndef BENCH_NATIVE_CLOCK_CHECK_H
#define BENCH_NATIVE_CLOCK_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "bench/clocks.h"

/* How far the second clock may be ahead of the first, in nanoseconds. */
struct clock_bounds {
    int64_t low, high;
};

/* What is known before the first exchange: nothing. */
#define CLOCK_BOUNDS_UNKNOWN ((struct clock_bounds){INT64_MIN, INT64_MAX})

/* Narrows the bounds by one exchange: sent and come back by the first clock, seen in between by the
 * second. */
void clock_bounds_narrow(struct clock_bounds *bounds, uint64_t sent, uint64_t seen, uint64_t back);

/* Judges the bounds of a pair of CPUs. */
void clock_check_judge(const struct clock_bounds *bounds, unsigned cpu, unsigned other,
                       struct clock_check *check);

/* Checks each of the n CPUs, which may be named more than once, against the first, with `clock`
 * (machine_clock). In threads of its own, while the caller waits; a fraction of a millisecond a
 * CPU, up to 0.1 s where others keep it busy. */
void clock_check_cpus(const unsigned *cpus, size_t n, uint64_t (*clock)(void),
                      struct clock_check *check);

#endif
