/* What a person is told: how long to spin, on this machine, and what could not be said. */
#ifndef BENCH_THRESHOLD_ADVICE_H
#define BENCH_THRESHOLD_ADVICE_H

#include <jansson.h>
#include <stdio.h>

#include "bench/glibc_spin.h"
#include "bench/threshold/recommend.h"

/* What is known beside the surface. */
struct advice_inputs {
    unsigned cpus;             /* that the threads may use */
    struct estimate sleep_ns;  /* C: what sleeping and being woken costs; value NaN: not known */
    const char *sleep_unknown; /* then why not */
    uint64_t seed;             /* of the bootstrap; recorded */
};

/* For threads that have a CPU each, or for more threads than CPUs. */
struct advice_side {
    struct recommendation speed; /* of all locks, by throughput, */
    struct recommendation cpu;   /* by CPU time, */
    struct recommendation tail;  /* and by the 99th percentile of the acquire latency */
    /* What `speed` gains over sleeping at once, by critical section, and the longest with which it
     * gains. */
    struct recommend_level *levels;
    size_t levels_count;
    struct estimate reach;
    /* Cells by verdict of analysis.h, by throughput. */
    size_t verdicts[ANALYSIS_GAIN + 1];
    /* What waiting costs with the budget nearest to C, over what the oracle pays (analysis.h): in
     * so many cells, half of them at most, all of them at most. */
    size_t oracle_cells;
    double oracle_median, oracle_most;
};

enum { ADVICE_ENOUGH, ADVICE_MORE, ADVICE_SIDES }; /* threads <= CPUs, and more */

struct advice_lock {
    const char *lock;
    struct recommendation sides[ADVICE_SIDES]; /* by throughput */
};

struct advice {
    struct advice_inputs inputs;
    struct advice_side sides[ADVICE_SIDES];
    struct advice_lock *locks; /* in the order of the surface */
    size_t locks_count;
    /* The value of GLIBC_TUNABLES=glibc.pthread.mutex_spin_count that spins for the budget of
     * ADVICE_ENOUGH, and how long it was measured to spin, in ns; and that for the budget of
     * ADVICE_MORE, value NaN where there is none. After advice_translate(). */
    struct estimate glibc_count, glibc_ns, glibc_crowded_count;
    bool glibc_out_of_reach;               /* the budget is longer than it can spin */
    char glibc_unknown[GLIBC_SPIN_REASON]; /* value NaN: why */
};

/* After surface_price() with `sleep_ns`, where that is known. The surface has to live on. */
struct advice advice_make(const struct surface *surface, const struct advice_inputs *inputs);
void advice_free(struct advice *advice);

/* Takes what was found for the budget of ADVICE_ENOUGH; of it the count, and of the ends of the
 * budget's interval, and of the budget of ADVICE_MORE, the counts on its curve. */
void advice_translate(struct advice *advice, const struct glibc_spin *spin);

/* As text of at most 80 columns, every number with its interval where there is one. */
void advice_print(FILE *out, const struct advice *advice);

/* The same as an object; the caller owns it. What could not be said is a list of reasons. */
json_t *advice_to_json(const struct advice *advice);

#endif
