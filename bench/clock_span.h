/* The time between two looks at the clock. */
#ifndef BENCH_CLOCK_SPAN_H
#define BENCH_CLOCK_SPAN_H

#include <stdint.h>

/* From one look to a later one. The clock of a broken machine, or those of two of its CPUs, may go
 * backwards meanwhile, and the difference would be some 584 years: then it is 0, and counted. */
static inline uint64_t clock_span(uint64_t from_ns, uint64_t to_ns, uint64_t *backwards)
{
    if (to_ns >= from_ns)
        return to_ns - from_ns;
    ++*backwards;
    return 0;
}

#endif
