/* Samples of a duration: all of them while there is room, an even random choice of them beyond
 * that, and their exact quantiles. */
#ifndef BENCH_RESERVOIR_H
#define BENCH_RESERVOIR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reservoir {
    uint64_t *kept;
    size_t room;
    uint64_t count;       /* of all that were added; the first `room` fill it */
    uint64_t least, most; /* of all */
    uint64_t random;
};

/* With room for `room` samples, room > 0. False: out of memory. Free with reservoir_free(). */
bool reservoir_make(struct reservoir *reservoir, size_t room, uint64_t seed);
void reservoir_free(struct reservoir *reservoir);

/* One thread at a time. */
void reservoir_add(struct reservoir *reservoir, uint64_t sample);

/* {"count", "min", "p50", "p90", "p99", "p99.9", "max"}: count, min and max of all that were added;
 * a quantile is the smallest kept sample that so many per cent of them do not exceed. NULL when
 * there is none. Sorts what is kept. The caller owns it. */
json_t *reservoir_to_json(struct reservoir *reservoir);

#endif
