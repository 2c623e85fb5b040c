/* How long the C library's adaptive mutex spins in this process before it sleeps. */
#ifndef BENCH_NATIVE_ADAPTIVE_MUTEX_H
#define BENCH_NATIVE_ADAPTIVE_MUTEX_H

#include <stddef.h>

#include "bench/statistics.h"

enum { ADAPTIVE_MUTEX_PROBLEM = 160 };

struct adaptive_spin {
    double median_ns;         /* from the call to the moment at which the waiter says it sleeps */
    struct interval interval; /* of the median of the waits */
    size_t waits;
};

/* Measures a mutex that one thread holds on `cpu` while another one waits for it on `other_cpu`,
 * over and over. glibc lets a new mutex spin ten times only, and more the longer waits were: the
 * waits counted are those after it has come to the most that the process allows. Returns NULL, or
 * why that can't be measured, in `problem`. Takes a fraction of a second, in threads of its own. */
const char *adaptive_mutex_measure(unsigned cpu, unsigned other_cpu, struct adaptive_spin *spin,
                                   char problem[ADAPTIVE_MUTEX_PROBLEM]);

#endif
