/* Repetitions that grow in number until a cell's throughput is known well enough: `--until`. */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include <jansson.h>

#include "bench/plan.h"
#include "bench/records.h"

/* Why a cell gets no more repetitions. */
enum growth_end {
    GROWTH_OPEN,        /* it does */
    GROWTH_INTERVAL,    /* the 95% interval of its median is narrow enough */
    GROWTH_REPETITIONS, /* it has as many as a cell may have */
    GROWTH_LOST,        /* a repetition of it left no sample: it hangs or crashes */
};

struct growth {
    enum growth_end end;
    unsigned repetitions;
    unsigned unfit;    /* so many of them: they do not count for the interval */
    double half_width; /* per cent: how far the interval's farther end is from the median; NaN
                          without an interval */
};

/* Judges each cell that is open, of plan_cells(), by its first `repetitions` repetitions. Returns
 * how many stay open. */
size_t growth_judge(const struct plan *plan, const struct records *records, unsigned repetitions,
                    struct growth *cells);

/* When the time is up: takes in what the cells that are open got beyond what they were judged by.
 */
void growth_close(const struct plan *plan, const struct records *records, struct growth *cells);

/* A record of how it ended, without what says which cell it is; an open cell ended with the time.
 * The caller owns it. */
json_t *growth_to_json(const struct growth *cell);

#endif
