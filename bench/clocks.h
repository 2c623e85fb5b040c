/* Whether the clocks of the CPUs that measure tell the same time. */
#ifndef BENCH_CLOCKS_H
#define BENCH_CLOCKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum clock_verdict {
    CLOCKS_AGREE,     /* no offset can be told from none: it is less than a line's way */
    CLOCKS_DIFFER,    /* one is ahead of another, or they drift apart */
    CLOCKS_UNCHECKED, /* it could not be tried */
};

struct clock_check {
    enum clock_verdict verdict;
    uint64_t within_ns; /* of clocks that agree: how far one may still be from the first CPU's */
    char reason[160];   /* why they do not, or why it could not be tried; "": they agree */
};

/* As an object; the caller owns it. */
json_t *clocks_to_json(const struct clock_check *check);

/* Returns false where it is none of these. */
bool clocks_from_json(const json_t *object, struct clock_check *check);

#endif
