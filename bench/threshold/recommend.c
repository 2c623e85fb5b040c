#include "bench/threshold/recommend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/random.h"

/* A cell's values by budget. */
struct row {
    const struct surface_cell *cell;
    double **values; /* of each point, sorted */
    size_t *counts;
    double *goods; /* logarithms of how good each point is, in the present resample; NaN: unknown */
};

struct rows {
    struct row *rows;
    size_t count, most; /* the most values of a point */
    enum surface_measure measure;
    bool resampled; /* every point has enough values for it */
};

/* ---- the cells that count ---- */

static bool is_of(const struct surface_cell *cell, const struct recommend_settings *settings)
{
    return (settings->lock == NULL || strcmp(settings->lock, cell->lock) == 0) &&
           cell->threads > 1 && settings->has_cpus == surface_has_cpus(cell) &&
           (settings->critical_ns == 0 || settings->critical_ns == delay_mean(&cell->critical));
}

static void add_row(struct rows *rows, const struct surface_cell *cell)
{
    struct row *row = &rows->rows[rows->count++];

    *row = (struct row){.cell = cell,
                        .values = allocate_array(cell->count, sizeof *row->values),
                        .counts = allocate_array(cell->count, sizeof *row->counts),
                        .goods = allocate_array(cell->count, sizeof *row->goods)};
    for (size_t i = 0; i < cell->count; i++) {
        row->values[i] = surface_values(&cell->points[i], rows->measure, &row->counts[i]);
        if (row->counts[i] > rows->most)
            rows->most = row->counts[i];
        if (row->counts[i] > 0 && row->counts[i] < ANALYSIS_REPETITIONS_LEAST)
            rows->resampled = false;
    }
}

static void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t j = 0; j < rows->rows[i].cell->count; j++)
            free(rows->rows[i].values[j]);
        free(rows->rows[i].values);
        free(rows->rows[i].counts);
        free(rows->rows[i].goods);
    }
    free(rows->rows);
}

static bool is_measured(const struct surface_point *point, enum surface_measure measure)
{
    return point != NULL && !isnan(surface_median(point, measure));
}

/* Both ends, with which all is compared, and two budgets in between. */
static bool is_complete(const struct surface_cell *cell, enum surface_measure measure)
{
    size_t between = 0;

    for (size_t i = 0; i < cell->count; i++) {
        uint64_t budget_ns = cell->points[i].budget_ns;
        between += budget_ns != 0 && budget_ns != SURFACE_FOREVER &&
                   is_measured(&cell->points[i], measure);
    }
    return between >= 2 && is_measured(surface_point_of(cell, 0), measure) &&
           is_measured(surface_point_of(cell, SURFACE_FOREVER), measure);
}

/* In a window that was too short for one acquisition nothing can be said of a cell. */
static bool has_ends_above_zero(const struct surface_cell *cell, enum surface_measure measure)
{
    return measure != SURFACE_THROUGHPUT ||
           surface_median(surface_point_of(cell, 0), measure) > 0 ||
           surface_median(surface_point_of(cell, SURFACE_FOREVER), measure) > 0;
}

static struct rows rows_make(const struct surface *grid, const struct recommend_settings *settings,
                             size_t *incomplete)
{
    struct rows rows = {.rows = allocate_array(grid->count, sizeof *rows.rows),
                        .measure = settings->measure,
                        .resampled = true};

    *incomplete = 0;
    for (size_t i = 0; i < grid->count; i++) {
        const struct surface_cell *cell = &grid->cells[i];
        if (!is_of(cell, settings))
            continue;
        if (is_complete(cell, settings->measure) && has_ends_above_zero(cell, settings->measure))
            add_row(&rows, cell);
        else
            ++*incomplete;
    }
    return rows;
}

/* ---- how good a budget is in a cell ---- */

/* From the medians or, with `random`, from those of a resample. */
static void fill_goods(struct rows *rows, uint64_t *random, double *scratch)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->rows[i];
        for (size_t j = 0; j < row->cell->count; j++) {
            size_t n = row->counts[j];
            double median = n == 0 ? NAN
                            : random == NULL
                                ? statistics_median(row->values[j], n)
                                : analysis_resampled_median(row->values[j], n, random, scratch);
            row->goods[j] = n == 0 ? NAN : log(analysis_goodness(rows->measure, median));
        }
    }
}

static double between(double low, double high, double part)
{
    return low + part * (high - low);
}

/* The logarithm; NaN where it is not known. */
static double good_at(const struct row *row, uint64_t budget_ns)
{
    const struct surface_point *points = row->cell->points;
    size_t below = SIZE_MAX;

    for (size_t i = 0; i < row->cell->count; i++) {
        if (isnan(row->goods[i]))
            continue;
        if (points[i].budget_ns == budget_ns)
            return row->goods[i];
        if (points[i].budget_ns < budget_ns) {
            below = i;
            continue;
        }
        if (below == SIZE_MAX || points[i].budget_ns == SURFACE_FOREVER)
            return NAN;
        return between(
            row->goods[below], row->goods[i],
            surface_part_between(points[below].budget_ns, budget_ns, points[i].budget_ns));
    }
    return NAN;
}

/* The logarithm of the better of the two ends. */
static double good_at_ends(const struct row *row)
{
    return fmax(good_at(row, 0), good_at(row, SURFACE_FOREVER));
}

struct score {
    double mean, worst;
    size_t worst_row;
};

/* Of ratios to the better of the two ends; NaN where the budget is not known in a cell. */
static struct score score_of(const struct rows *rows, uint64_t budget_ns)
{
    struct score score = {0, HUGE_VAL, 0};

    for (size_t i = 0; i < rows->count; i++) {
        double ratio = good_at(&rows->rows[i], budget_ns) - good_at_ends(&rows->rows[i]);
        if (isnan(ratio))
            return (struct score){NAN, NAN, 0};
        score.mean += ratio / (double)rows->count;
        if (ratio < score.worst) {
            score.worst = ratio;
            score.worst_row = i;
        }
    }
    return (struct score){exp(score.mean), exp(score.worst), score.worst_row};
}

/* ---- the choice ---- */

static int compare_budgets(const void *first, const void *second)
{
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;

    return (a > b) - (a < b);
}

/* Every budget of every cell, upwards, each once. */
static uint64_t *candidates_of(const struct rows *rows, size_t *count)
{
    size_t all = 0, kept = 0;

    for (size_t i = 0; i < rows->count; i++)
        all += rows->rows[i].cell->count;
    uint64_t *budgets = allocate_array(all, sizeof *budgets);
    all = 0;
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t j = 0; j < rows->rows[i].cell->count; j++)
            budgets[all++] = rows->rows[i].cell->points[j].budget_ns;
    }
    qsort(budgets, all, sizeof *budgets, compare_budgets);
    for (size_t i = 0; i < all; i++) {
        if (kept == 0 || budgets[i] != budgets[kept - 1])
            budgets[kept++] = budgets[i];
    }
    *count = kept;
    return budgets;
}

static bool is_fine(const struct score *score)
{
    return score->worst >= RECOMMEND_WORST_LEAST;
}

/* The number of the candidate to take. `scores` is room for all. */
static size_t choose(const struct rows *rows, const uint64_t *candidates, size_t count,
                     struct score *scores)
{
    double mean_most = 0, worst_most = 0;
    double tie = surface_less_is_better(rows->measure) ? ANALYSIS_PLATEAU : RECOMMEND_TIE;
    size_t safest = 0;

    for (size_t i = 0; i < count; i++) {
        scores[i] = score_of(rows, candidates[i]);
        if (is_fine(&scores[i]) && scores[i].mean > mean_most)
            mean_most = scores[i].mean;
        if (scores[i].worst > worst_most) {
            worst_most = scores[i].worst;
            safest = i;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (is_fine(&scores[i]) && scores[i].mean >= mean_most * (1 - tie))
            return i;
    }
    return safest;
}

struct resamples {
    double chosen[ANALYSIS_RESAMPLES], mean[ANALYSIS_RESAMPLES], worst[ANALYSIS_RESAMPLES];
};

static void set_intervals(const uint64_t *candidates, struct resamples *resamples,
                          struct recommendation *recommendation)
{
    struct interval chosen = analysis_percentiles(resamples->chosen, ANALYSIS_RESAMPLES);

    recommendation->budget.has_interval = true;
    recommendation->budget.low_ns = candidates[(size_t)chosen.low];
    recommendation->budget.high_ns = candidates[(size_t)chosen.high];
    recommendation->mean.has_interval = recommendation->worst.has_interval = true;
    recommendation->mean.interval = analysis_percentiles(resamples->mean, ANALYSIS_RESAMPLES);
    recommendation->worst.interval = analysis_percentiles(resamples->worst, ANALYSIS_RESAMPLES);
}

static void bootstrap(struct rows *rows, const uint64_t *candidates, size_t count, uint64_t seed,
                      struct recommendation *recommendation)
{
    struct resamples *resamples = allocate_array(1, sizeof *resamples);
    struct score *scores = allocate_array(count, sizeof *scores);
    double *scratch = allocate_array(rows->most, sizeof *scratch);
    uint64_t random = seed;

    for (size_t i = 0; i < ANALYSIS_RESAMPLES; i++) {
        fill_goods(rows, &random, scratch);
        resamples->chosen[i] = (double)choose(rows, candidates, count, scores);
        struct score score = score_of(rows, recommendation->budget.ns);
        resamples->mean[i] = score.mean;
        resamples->worst[i] = score.worst;
    }
    set_intervals(candidates, resamples, recommendation);
    free(resamples);
    free(scores);
    free(scratch);
}

static void recommend_of_rows(struct rows *rows, uint64_t seed,
                              struct recommendation *recommendation)
{
    size_t count;
    uint64_t *candidates = candidates_of(rows, &count);
    struct score *scores = allocate_array(count, sizeof *scores);

    fill_goods(rows, NULL, NULL);
    size_t chosen = choose(rows, candidates, count, scores);
    recommendation->known = true;
    recommendation->budget.ns = candidates[chosen];
    recommendation->mean.value = scores[chosen].mean;
    recommendation->worst.value = scores[chosen].worst;
    recommendation->worst_cell = rows->rows[scores[chosen].worst_row].cell;
    recommendation->worst_fine = is_fine(&scores[chosen]);
    /* Both ends are candidates, the first and the last. */
    recommendation->none_mean = scores[0].mean;
    recommendation->none_worst = scores[0].worst;
    recommendation->forever_mean = scores[count - 1].mean;
    recommendation->forever_worst = scores[count - 1].worst;
    if (rows->resampled)
        bootstrap(rows, candidates, count, seed, recommendation);
    free(candidates);
    free(scores);
}

struct recommendation recommend(const struct surface *grid,
                                const struct recommend_settings *settings)
{
    struct recommendation recommendation = {.mean.value = NAN, .worst.value = NAN};
    struct rows rows = rows_make(grid, settings, &recommendation.incomplete);

    recommendation.cells = rows.count;
    if (rows.count > 0)
        recommend_of_rows(&rows, settings->seed, &recommendation);
    else
        recommendation.unknown =
            recommendation.incomplete > 0
                ? "no cell has budgets of 0 and inf and two in between, with acquisitions"
                : "no such cell was measured";
    rows_free(&rows);
    return recommendation;
}

/* ---- by length of the critical section ---- */

/* The geometric mean of what a budget gains over sleeping at once; NaN without a cell. */
static double gain_of(const struct rows *rows, double critical_ns, uint64_t budget_ns,
                      size_t *cells)
{
    double sum = 0;

    *cells = 0;
    for (size_t i = 0; i < rows->count; i++) {
        double gain = good_at(&rows->rows[i], budget_ns) - good_at(&rows->rows[i], 0);
        if (delay_mean(&rows->rows[i].cell->critical) != critical_ns || isnan(gain))
            continue;
        sum += gain;
        ++*cells;
    }
    return *cells == 0 ? NAN : exp(sum / (double)*cells);
}

static int compare_levels(const void *first, const void *second)
{
    const struct recommend_level *a = first, *b = second;

    return (a->critical_ns > b->critical_ns) - (a->critical_ns < b->critical_ns);
}

static struct recommend_level *levels_of(const struct rows *rows, size_t *count)
{
    struct recommend_level *levels = allocate_array(rows->count, sizeof *levels);
    size_t j;

    *count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        double critical_ns = delay_mean(&rows->rows[i].cell->critical);
        for (j = 0; j < *count && levels[j].critical_ns != critical_ns; j++)
            ;
        if (j == *count)
            levels[(*count)++].critical_ns = critical_ns;
    }
    qsort(levels, *count, sizeof *levels, compare_levels);
    return levels;
}

static void bootstrap_levels(struct rows *rows, uint64_t budget_ns, uint64_t seed,
                             struct recommend_level *levels, size_t count)
{
    double *gains = allocate_array(count * ANALYSIS_RESAMPLES, sizeof *gains);
    double *scratch = allocate_array(rows->most, sizeof *scratch);
    uint64_t random = seed;
    size_t cells;

    for (size_t i = 0; i < ANALYSIS_RESAMPLES; i++) {
        fill_goods(rows, &random, scratch);
        for (size_t j = 0; j < count; j++)
            gains[j * ANALYSIS_RESAMPLES + i] =
                gain_of(rows, levels[j].critical_ns, budget_ns, &cells);
    }
    for (size_t j = 0; j < count; j++) {
        levels[j].gain.has_interval = levels[j].cells > 0;
        if (levels[j].cells > 0)
            levels[j].gain.interval =
                analysis_percentiles(&gains[j * ANALYSIS_RESAMPLES], ANALYSIS_RESAMPLES);
    }
    free(gains);
    free(scratch);
}

struct recommend_level *recommend_levels(const struct surface *grid,
                                         const struct recommend_settings *settings,
                                         uint64_t budget_ns, size_t *count)
{
    size_t incomplete;
    struct rows rows = rows_make(grid, settings, &incomplete);
    struct recommend_level *levels = levels_of(&rows, count);

    fill_goods(&rows, NULL, NULL);
    for (size_t i = 0; i < *count; i++)
        levels[i].gain.value = gain_of(&rows, levels[i].critical_ns, budget_ns, &levels[i].cells);
    if (rows.resampled && *count > 0)
        bootstrap_levels(&rows, budget_ns, settings->seed, levels, *count);
    rows_free(&rows);
    return levels;
}

struct estimate recommend_reach(const struct recommend_level *levels, size_t count)
{
    struct estimate reach = {.has_interval = count > 0};

    for (size_t i = 0; i < count; i++) {
        const struct estimate *gain = &levels[i].gain;
        if (gain->value >= 1 + RECOMMEND_GAIN_LEAST)
            reach.value = levels[i].critical_ns;
        if (!gain->has_interval) {
            reach.has_interval = false;
            continue;
        }
        if (gain->interval.low >= 1 + RECOMMEND_GAIN_LEAST)
            reach.interval.low = levels[i].critical_ns;
        if (gain->interval.high >= 1 + RECOMMEND_GAIN_LEAST)
            reach.interval.high = levels[i].critical_ns;
    }
    return reach;
}

static json_t *cell_to_json(const struct surface_cell *cell)
{
    char critical[DELAY_TEXT], outside[DELAY_TEXT];

    return json_pack("{s:s, s:i, s:s, s:s}", "lock", cell->lock, "threads", (int)cell->threads,
                     "critical", format_delay(&cell->critical, critical), "outside",
                     format_delay(&cell->outside, outside));
}

json_t *recommendation_to_json(const struct recommendation *recommendation)
{
    if (!recommendation->known)
        return json_pack("{s:n, s:s, s:i}", "budget_ns", "unmeasured", recommendation->unknown,
                         "cells_incomplete", (int)recommendation->incomplete);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:i, s:i, s:{s:f, s:f}, s:{s:f, s:f}}", "budget_ns",
        budget_estimate_to_json(&recommendation->budget), "geometric_mean",
        estimate_to_json(&recommendation->mean), "worst", estimate_to_json(&recommendation->worst),
        "worst_cell", cell_to_json(recommendation->worst_cell), "worst_is_fine",
        recommendation->worst_fine, "cells", (int)recommendation->cells, "cells_incomplete",
        (int)recommendation->incomplete, "sleeping_at_once", "geometric_mean",
        recommendation->none_mean, "worst", recommendation->none_worst, "spinning_for_ever",
        "geometric_mean", recommendation->forever_mean, "worst", recommendation->forever_worst);
}
