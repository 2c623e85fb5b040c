/* Whether a machine drifted while a file was measured: whether, cell by cell, later windows tend to
 * be better or worse than earlier ones. */
#ifndef BENCH_DRIFT_H
#define BENCH_DRIFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/records.h"
#include "bench/sample_cells.h"

/* Below this p a drift is said to be there: of a hundred runs without any, one is accused. */
#define DRIFT_LEVEL 0.01

/* With at most so many pairs of samples in all, and no ties, the distribution is counted out;
 * beyond, it is taken for normal. */
enum { DRIFT_EXACT_MOST = 4000 };

/* One value of a series, which belongs to a group. */
struct drift_value {
    size_t group;
    double value;
};

struct trend {
    size_t groups; /* that have two values or more */
    double s; /* pairs within a group in which the later value is larger, less those in which it
                 is smaller */
    double pairs;
    double p;   /* two-sided; NaN when no pair is unequal */
    bool exact; /* p is; else normal, corrected for ties and for continuity */
};

/* H. B. Mann's test against trend (Econometrica 13, 1945) with M. G. Kendall's statistic, within
 * each group and summed up over the groups, as R. M. Hirsch, J. R. Slack and R. A. Smith do for
 * seasons (Water Resources Research 18, 1982). `values` are in the order of time, groups numbered
 * from 0 to `groups` - 1. Groups may lie as far apart and vary as differently as they like. */
struct trend drift_test(const struct drift_value *values, size_t count, size_t groups);

struct drift {
    struct trend trend;
    double tau;    /* trend.s over trend.pairs, from -1 to 1; NaN without pairs */
    double change; /* how much larger the second half is than the first, as a part: the median of
                      the values over those of their cells; NaN likewise */
    bool found;
    const char *measure;
};

/* Of the samples that count, by what cells are compared by (`measure`, or NULL for the usual).
 * Samples are in the order of their times or, where not all have one, of the file. There is none on
 * a simulated machine: its cells are left out. */
struct drift drift_find(const struct sample_cells *cells, const char *measure);

/* Of the samples of a file, as those of its cells. */
struct drift drift_of_file(const struct records *file);

/* `throughput falls over the run, by 4.1% from the first half to the second (p 0.0003)`; of a drift
 * that was found. */
void drift_describe(const struct drift *drift, char *text, size_t size);

/* An object, null where nothing could be tested; the caller owns it. */
json_t *drift_to_json(const struct drift *drift);

#endif
