/* The best spin budget of each cell of a grid, and how sharp it is. */
#ifndef BENCH_THRESHOLD_ANALYSIS_H
#define BENCH_THRESHOLD_ANALYSIS_H

#include <jansson.h>

#include "bench/statistics.h"
#include "bench/threshold/surface.h"

/* All budgets whose median is within so much of the best one's are as good. The best of several
 * that are nearly alike is the luckiest, and the others would seldom come so near to it: so its
 * luck, estimated by the bootstrap, is taken off first. */
#define ANALYSIS_PLATEAU 0.05

/* A number with a 95% interval, or without one (too few repetitions). */
struct estimate {
    double value; /* NaN: not known */
    bool has_interval;
    struct interval interval;
};

/* The same of a budget; SURFACE_FOREVER is one. */
struct budget_estimate {
    uint64_t ns;
    bool has_interval;
    uint64_t low_ns, high_ns;
};

/* The median of a point, with the interval of order statistics. */
struct estimate analysis_median(const struct surface_point *point, enum surface_measure measure);

/* Whether spinning pays: held against sleeping at once. */
enum analysis_verdict {
    ANALYSIS_UNKNOWN,   /* sleeping at once was not measured, or nothing else */
    ANALYSIS_NO_GAIN,   /* sleeping at once is within the plateau: no budget beats it by 5% */
    ANALYSIS_UNCERTAIN, /* the best is better by more, but the interval of that has 1 in it, or
                           there is none: too few repetitions */
    ANALYSIS_GAIN,
};

/* In JSON: `unknown`, `no gain`, `uncertain`, `gain`. */
const char *analysis_verdict_name(enum analysis_verdict verdict);

struct analysis {
    bool known;  /* else nothing was measured, and the rest is not set */
    size_t best; /* of the cell's points: the best median, of equal ones the smallest budget */
    struct estimate best_value;
    double reference; /* the same, less its luck */
    /* The plateau: the row of budgets around the best that all are within ANALYSIS_PLATEAU
     * of the reference. The
     * intervals of its edges and of the best are of the bootstrap over repetitions, and
     * nominal. */
    struct budget_estimate best_budget, low, high;
    enum analysis_verdict verdict;
    /* How many times better the best is than sleeping at once; of Hodges and Lehmann. */
    struct estimate gain;
};

/* Of one cell and one measure. `seed` is of the bootstrap. */
struct analysis analysis_of_cell(const struct surface_cell *cell, enum surface_measure measure,
                                 uint64_t seed);

/* Whether that point lies on the plateau. */
bool analysis_on_plateau(const struct surface_cell *cell, const struct analysis *analysis,
                         size_t point);

/* What a budget costs against one that knows how long each wait will be.
 *
 * The offline oracle pays min(W, C) for a wait of W. The mean of that is just what is spun with a
 * budget of C, so it is measured there: the cost of waiting with the budget nearest to C, less the
 * price C of its sleeps. A budget's ratio is its own cost of waiting, per acquisition, divided by
 * that. With B = C it is at most 2, whatever the waits (Karlin et al., see oracle.h), but for what
 * the interplay of the waiters adds. */
struct competitive {
    bool known;
    const char *unknown;   /* else why not */
    uint64_t reference_ns; /* the budget of the grid nearest to C, within a factor of 2 */
    double offline_ns;     /* what the oracle pays per acquisition */
    struct estimate at_reference, none, forever; /* the ratios with B = C, 0 and inf */
    struct estimate best;                        /* and the smallest of all budgets, */
    uint64_t best_budget_ns;                     /* which has this one */
};

/* After surface_price() with the same price; the intervals are of the bootstrap. */
struct competitive analysis_competitive(const struct surface_cell *cell, double sleep_ns,
                                        uint64_t seed);

/* Resamples: from n values draws n - 1 with replacement, and returns their median. (Draws of n
 * scatter less than n values do, by a part of 1/n, which is much of a few: J. N. K. Rao and C. F.
 * J. Wu, "Resampling inference with complex survey data", JASA 1988.) `scratch` has room for n. */
double analysis_resampled_median(const double *values, size_t n, uint64_t *random, double *scratch);

/* Resamples of a bootstrap. */
enum { ANALYSIS_RESAMPLES = 1000 };

/* The least number of repetitions of a budget for which a bootstrap says anything. */
enum { ANALYSIS_REPETITIONS_LEAST = 3 };

/* The percentile interval of resampled values, which are sorted here. */
struct interval analysis_percentiles(double *values, size_t count);

/* How good a value is, more being better: itself, or 1 divided by it where less is better. */
double analysis_goodness(enum surface_measure measure, double value);

/* {"value": .., "interval": [low, high] or null}; the caller owns it. */
json_t *estimate_to_json(const struct estimate *estimate);
json_t *budget_estimate_to_json(const struct budget_estimate *estimate);

/* All cells with all measures: best, plateau, verdict and, if `sleep_ns` is not NaN, the ratio. */
json_t *analysis_to_json(const struct surface *grid, double sleep_ns, uint64_t seed);

#endif
