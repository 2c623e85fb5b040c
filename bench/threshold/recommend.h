/* One budget for all of a grid's cells: what to set where a lock has one budget, whatever it
 * guards. */
#ifndef BENCH_THRESHOLD_RECOMMEND_H
#define BENCH_THRESHOLD_RECOMMEND_H

#include "bench/threshold/analysis.h"

/* The worst cell is to keep at least so much of what the better of sleeping at once and spinning
 * for ever has there. */
#define RECOMMEND_WORST_LEAST 0.8

/* Of budgets whose mean throughput differs by no more than this part, the smallest is taken:
 * spinning for longer would cost CPU time and gain nothing. Of costs, of which waiting is but a
 * part, it is ANALYSIS_PLATEAU. */
#define RECOMMEND_TIE 0.01

/* Which cells it is for. */
struct recommend_settings {
    enum surface_measure measure;
    const char *lock; /* without its budget, as in the grid; NULL: all locks */
    bool has_cpus;    /* cells in which each thread has a CPU; else those with more threads. A
                         thread alone has nobody to wait for: its cells never count */
    /* Cells whose critical sections are of that mean, in ns; 0: of any. */
    double critical_ns;
    uint64_t seed; /* of the bootstrap */
};

struct recommendation {
    bool known;
    const char *unknown; /* else why not */
    size_t cells;        /* that count, and those that do not: without both ends of the budgets, or
                            without two budgets in between */
    size_t incomplete;
    struct budget_estimate budget;
    /* Of a cell, the ratio to the better of sleeping at once and spinning for ever: the geometric
     * mean over the cells, and the worst. 1: as good as the better one. */
    struct estimate mean, worst;
    const struct surface_cell *worst_cell;
    bool worst_fine; /* the worst cell keeps RECOMMEND_WORST_LEAST; no budget does, else */
    /* The same of those two alone. */
    double none_mean, none_worst, forever_mean, forever_worst;
};

/* The budget with the largest mean among those whose worst cell keeps enough or, where there is
 * none, the one whose worst cell keeps most. A budget that was not measured in a cell is taken
 * between its neighbours there, in logarithms of both; above the largest one that ends it is not
 * known, and no candidate then. Intervals are of the bootstrap over repetitions: of the budget,
 * chosen anew in each resample, and of mean and worst with the budget that was chosen. */
struct recommendation recommend(const struct surface *grid,
                                const struct recommend_settings *settings);

/* How much a budget gains over sleeping at once, by length of the critical section. */
struct recommend_level {
    double critical_ns; /* the mean */
    size_t cells;
    struct estimate gain; /* geometric mean over the cells; 1: none */
};

/* One for each length that the settings' cells have, upwards, in a new array of `*count`; cells
 * without that budget or without a budget of 0 do not count. */
struct recommend_level *recommend_levels(const struct surface *grid,
                                         const struct recommend_settings *settings,
                                         uint64_t budget_ns, size_t *count);

/* The longest critical section with which a budget gains at least this part; 0: with none. Its
 * interval is from the longest that gains it for sure to the longest that may. */
#define RECOMMEND_GAIN_LEAST 0.05
struct estimate recommend_reach(const struct recommend_level *levels, size_t count);

json_t *recommendation_to_json(const struct recommendation *recommendation);

#endif
