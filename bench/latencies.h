/* What a lock's times were, of one way of taking it: exclusively or shared. */
#ifndef BENCH_LATENCIES_H
#define BENCH_LATENCIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/histogram.h"

enum latency {
    LATENCY_ACQUIRE, /* from before the acquire to after it */
    LATENCY_HOLD,    /* from after the acquire to before the release */
    LATENCY_HANDOFF, /* from before a release to after the acquire of one that was waiting for it */
    LATENCIES
};

/* The longest that a spin lock should be held, by the documentation of NT: 25 us. */
enum { LATENCY_LONG_HOLD_NS = 25000 };

/* Every how many turns of a thread one is timed. Odd: an even stride would meet the same few steps
 * of a script again and again. */
enum { LATENCY_STRIDE_LEAST = 3, LATENCY_STRIDE_MOST = 1048575 };

static inline bool latency_stride_fits(uint64_t stride)
{
    return stride >= LATENCY_STRIDE_LEAST && stride <= LATENCY_STRIDE_MOST && stride % 2 == 1;
}

/* As often as costs some three thousandths of the time, where a turn of a thread takes `turn_ns`,
 * so many threads run at once, and two looks at the clock are `clock_ns` apart. */
uint64_t latency_stride_for(double turn_ns, uint64_t running, uint64_t clock_ns);

/* All zeros: nothing was timed. */
struct latencies {
    struct histogram of[LATENCIES];
    uint64_t long_holds; /* that were longer than that, */
    uint64_t preempted;  /* and those in which the holder lost its CPU, where that is seen: */
    uint64_t off_cpu_ns; /* for so long together, where that is seen as well */
    uint64_t backwards;  /* times that are none, because a thread's clock went backwards */
};

/* The two ways, in arrays of latencies. */
enum { LATENCIES_EXCLUSIVE, LATENCIES_SHARED, LATENCIES_WAYS };

/* The fields of a record: "latency_ns", "hold_shared_ns". */
extern const char *const latency_fields[LATENCIES_WAYS][LATENCIES];

static inline void latencies_add(struct latencies *latencies, enum latency latency, uint64_t ns)
{
    histogram_add(&latencies->of[latency], ns);
    if (latency == LATENCY_HOLD && ns > LATENCY_LONG_HOLD_NS)
        latencies->long_holds++;
}

/* Adds all of `other`. False: it is more than fits. */
bool latencies_merge(struct latencies *latencies, const struct latencies *other);

/* One of them as an object, which the caller owns: the fields of histogram_to_json() and, of holds,
 * `over_25us`. */
json_t *latencies_to_json(const struct latencies *latencies, enum latency latency);

/* Reads back what latencies_to_json() made of one; the others are then empty. False, with all of
 * them empty, when `object` (or NULL) is none. */
bool latencies_from_json(const json_t *object, struct latencies *latencies, enum latency latency);

#endif
