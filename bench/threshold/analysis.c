#include "bench/threshold/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/json.h"
#include "bench/random.h"
#include "bench/significance.h"

double analysis_goodness(enum surface_measure measure, double value)
{
    if (!surface_less_is_better(measure))
        return value;
    /* Where nobody waited: a thousandth of a nanosecond is less than any cost that is one. */
    return 1 / fmax(value, 1e-3);
}

struct estimate analysis_median(const struct surface_point *point, enum surface_measure measure)
{
    struct estimate estimate = {.value = NAN};
    size_t count;
    double *values = surface_values(point, measure, &count);

    if (count > 0) {
        estimate.value = statistics_median(values, count);
        estimate.has_interval = statistics_median_interval(values, count, &estimate.interval);
    }
    free(values);
    return estimate;
}

const char *analysis_verdict_name(enum analysis_verdict verdict)
{
    static const char *const names[] = {
        [ANALYSIS_UNKNOWN] = "unknown",
        [ANALYSIS_NO_GAIN] = "no gain",
        [ANALYSIS_UNCERTAIN] = "uncertain",
        [ANALYSIS_GAIN] = "gain",
    };

    return names[verdict];
}

double analysis_resampled_median(const double *values, size_t n, uint64_t *random, double *scratch)
{
    const size_t drawn = n > 1 ? n - 1 : n;

    for (size_t i = 0; i < drawn; i++)
        scratch[i] = values[random_below(random, n)];
    statistics_sort(scratch, drawn);
    return statistics_median(scratch, drawn);
}

struct interval analysis_percentiles(double *values, size_t count)
{
    statistics_sort(values, count);
    size_t cut = count / 40;
    return (struct interval){values[cut], values[count - 1 - cut], 0.95};
}

/* ---- the plateau ---- */

/* The values of all points of a cell, for resampling. */
struct values {
    double **of_point;
    size_t *counts;
    size_t points, most, least;
};

static struct values values_of(const struct surface_cell *cell, enum surface_measure measure)
{
    struct values values = {.points = cell->count,
                            .of_point = allocate_array(cell->count, sizeof *values.of_point),
                            .counts = allocate_array(cell->count, sizeof *values.counts),
                            .least = SIZE_MAX};

    for (size_t i = 0; i < cell->count; i++) {
        values.of_point[i] = surface_values(&cell->points[i], measure, &values.counts[i]);
        size_t count = values.counts[i];
        values.most = count > values.most ? count : values.most;
        values.least = count > 0 && count < values.least ? count : values.least;
    }
    return values;
}

static void values_free(struct values *values)
{
    for (size_t i = 0; i < values->points; i++)
        free(values->of_point[i]);
    free(values->of_point);
    free(values->counts);
}

/* Medians as they are or, with `random`, of a resample; NaN of a point without values. */
static void medians_of(const struct values *values, uint64_t *random, double *scratch,
                       double *medians)
{
    for (size_t i = 0; i < values->points; i++) {
        const double *x = values->of_point[i];
        size_t n = values->counts[i];
        if (n == 0)
            medians[i] = NAN;
        else
            medians[i] = random == NULL ? statistics_median(x, n)
                                        : analysis_resampled_median(x, n, random, scratch);
    }
}

struct plateau {
    size_t best, low, high;
};

/* Whether a value is as good as the reference. */
static bool as_good(enum surface_measure measure, double value, double reference)
{
    return surface_less_is_better(measure) ? value <= reference * (1 + ANALYSIS_PLATEAU)
                                           : value >= reference * (1 - ANALYSIS_PLATEAU);
}

/* The number of the best; SIZE_MAX: there is none. */
static size_t best_of(enum surface_measure measure, const double *medians, size_t count)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(medians[i]) &&
            (best == SIZE_MAX ||
             analysis_goodness(measure, medians[i]) > analysis_goodness(measure, medians[best])))
            best = i;
    }
    return best;
}

/* What the budgets are held against: the best median, less its luck. */
static double reference_of(enum surface_measure measure, double best, double luck)
{
    return surface_less_is_better(measure) ? best * luck : best / luck;
}

static struct plateau plateau_of(enum surface_measure measure, const double *medians, size_t count,
                                 double luck)
{
    struct plateau plateau = {.best = best_of(measure, medians, count)};

    plateau.low = plateau.high = plateau.best;
    if (plateau.best == SIZE_MAX)
        return plateau;
    double reference = reference_of(measure, medians[plateau.best], luck);
    /* A hole is passed over: it is not known to be worse. */
    for (size_t i = plateau.best; i-- > 0;) {
        if (!isnan(medians[i]) && !as_good(measure, medians[i], reference))
            break;
        plateau.low = isnan(medians[i]) ? plateau.low : i;
    }
    for (size_t i = plateau.best + 1; i < count; i++) {
        if (!isnan(medians[i]) && !as_good(measure, medians[i], reference))
            break;
        plateau.high = isnan(medians[i]) ? plateau.high : i;
    }
    return plateau;
}

static struct budget_estimate budget_between(const struct surface_cell *cell, size_t at,
                                             double *resampled, size_t count)
{
    struct budget_estimate estimate = {.ns = cell->points[at].budget_ns};

    if (count == 0)
        return estimate;
    struct interval interval = analysis_percentiles(resampled, count);
    estimate.has_interval = true;
    estimate.low_ns = cell->points[(size_t)interval.low].budget_ns;
    estimate.high_ns = cell->points[(size_t)interval.high].budget_ns;
    return estimate;
}

/* The medians of a resample each. */
struct resampled {
    double *medians; /* of each point, of each resample */
    size_t count;    /* of resamples: 0, where a point has too few values */
};

static struct resampled resample(const struct values *values, uint64_t seed)
{
    struct resampled resampled = {
        .medians = allocate_array(values->points * ANALYSIS_RESAMPLES, sizeof(double)),
        .count = values->least >= ANALYSIS_REPETITIONS_LEAST ? ANALYSIS_RESAMPLES : 0};
    double *scratch = allocate_array(values->most, sizeof *scratch);
    uint64_t random = seed;

    for (size_t i = 0; i < resampled.count; i++)
        medians_of(values, &random, scratch, &resampled.medians[i * values->points]);
    free(scratch);
    return resampled;
}

/* How many times better the best of several medians looks than it is: the luckiest of those that
 * are nearly alike. A resample's best is that much luckier than what it was drawn from, on average;
 * 1 where nothing is resampled. */
static double luck_of(enum surface_measure measure, const double *medians, size_t points,
                      const struct resampled *resampled)
{
    size_t best = best_of(measure, medians, points);
    double sum = 0;

    if (best == SIZE_MAX || resampled->count == 0)
        return 1;
    for (size_t i = 0; i < resampled->count; i++) {
        const double *drawn = &resampled->medians[i * points];
        sum += analysis_goodness(measure, drawn[best_of(measure, drawn, points)]);
    }
    double luck = sum / (double)resampled->count / analysis_goodness(measure, medians[best]);
    return luck > 1 ? luck : 1;
}

/* Numbers of points are resampled, and not budgets, of which one is infinite. */
static void find_plateau(const struct surface_cell *cell, enum surface_measure measure,
                         const struct values *values, uint64_t seed, struct analysis *analysis)
{
    double *medians = allocate_array(values->points, sizeof *medians);
    double(*edges)[ANALYSIS_RESAMPLES] = allocate_array(3, sizeof *edges);
    struct resampled resampled = resample(values, seed);

    medians_of(values, NULL, NULL, medians);
    double luck = luck_of(measure, medians, values->points, &resampled);
    for (size_t i = 0; i < resampled.count; i++) {
        struct plateau plateau =
            plateau_of(measure, &resampled.medians[i * values->points], values->points, luck);
        edges[0][i] = (double)plateau.best;
        edges[1][i] = (double)plateau.low;
        edges[2][i] = (double)plateau.high;
    }
    struct plateau plateau = plateau_of(measure, medians, values->points, luck);
    analysis->known = plateau.best != SIZE_MAX;
    if (analysis->known) {
        analysis->best = plateau.best;
        analysis->best_value = analysis_median(&cell->points[plateau.best], measure);
        analysis->reference = reference_of(measure, analysis->best_value.value, luck);
        analysis->best_budget = budget_between(cell, plateau.best, edges[0], resampled.count);
        analysis->low = budget_between(cell, plateau.low, edges[1], resampled.count);
        analysis->high = budget_between(cell, plateau.high, edges[2], resampled.count);
    }
    free(medians);
    free(edges);
    free(resampled.medians);
}

/* ---- against sleeping at once ---- */

/* How many times better the second side is. */
static struct estimate times_better(enum surface_measure measure, const double *first, size_t n,
                                    const double *second, size_t m)
{
    struct ratio ratio = surface_less_is_better(measure) ? significance_ratio(second, m, first, n)
                                                         : significance_ratio(first, n, second, m);

    return (struct estimate){ratio.estimate, ratio.has_interval, ratio.interval};
}

static size_t known_points(const struct values *values)
{
    size_t known = 0;

    for (size_t i = 0; i < values->points; i++)
        known += values->counts[i] > 0;
    return known;
}

static void judge(const struct surface_cell *cell, enum surface_measure measure,
                  const struct values *values, struct analysis *analysis)
{
    analysis->gain.value = NAN;
    if (cell->points[0].budget_ns != 0 || values->counts[0] == 0 || known_points(values) < 2)
        return;
    double at_once = statistics_median(values->of_point[0], values->counts[0]);
    if (as_good(measure, at_once, analysis->reference)) {
        analysis->verdict = ANALYSIS_NO_GAIN;
    } else {
        analysis->gain =
            times_better(measure, values->of_point[0], values->counts[0],
                         values->of_point[analysis->best], values->counts[analysis->best]);
        analysis->verdict = analysis->gain.has_interval && analysis->gain.interval.low > 1
                                ? ANALYSIS_GAIN
                                : ANALYSIS_UNCERTAIN;
    }
}

struct analysis analysis_of_cell(const struct surface_cell *cell, enum surface_measure measure,
                                 uint64_t seed)
{
    struct analysis analysis = {.known = false};
    struct values values = values_of(cell, measure);

    find_plateau(cell, measure, &values, seed, &analysis);
    if (analysis.known)
        judge(cell, measure, &values, &analysis);
    values_free(&values);
    return analysis;
}

bool analysis_on_plateau(const struct surface_cell *cell, const struct analysis *analysis,
                         size_t point)
{
    uint64_t budget_ns = cell->points[point].budget_ns;

    return analysis->known && budget_ns >= analysis->low.ns && budget_ns <= analysis->high.ns;
}

/* ---- against the oracle ---- */

/* The finite budget with the least factor between it and C, if that is at most 2. */
static bool find_reference(const struct surface_cell *cell, const struct values *values,
                           double sleep_ns, size_t *reference)
{
    double nearest = log(2) + 1e-9;
    bool found = false;

    for (size_t i = 0; i < cell->count; i++) {
        uint64_t budget_ns = cell->points[i].budget_ns;
        if (budget_ns == 0 || budget_ns == SURFACE_FOREVER || values->counts[i] == 0)
            continue;
        double distance = fabs(log((double)budget_ns / sleep_ns));
        if (distance <= nearest) {
            nearest = distance;
            *reference = i;
            found = true;
        }
    }
    return found;
}

static double sleeps_of(const struct surface_cell *cell, size_t point)
{
    return surface_median(&cell->points[point], SURFACE_SLEEPS);
}

/* Ratios of all points to what the oracle pays. */
static double ratios_of(const double *medians, size_t count, size_t reference, double slept_ns,
                        double *ratios)
{
    double offline = medians[reference] - slept_ns;

    for (size_t i = 0; i < count; i++)
        ratios[i] = offline > 0 ? medians[i] / offline : NAN;
    return offline;
}

static struct estimate ratio_estimate(double value, double *resampled, size_t count)
{
    struct estimate estimate = {.value = value};
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(resampled[i]))
            resampled[known++] = resampled[i];
    }
    if (known > 0 && !isnan(value)) {
        estimate.has_interval = true;
        estimate.interval = analysis_percentiles(resampled, known);
    }
    return estimate;
}

static void fill_ratios(const struct surface_cell *cell, const double *ratios, double *resampled,
                        size_t resamples, size_t reference, struct competitive *competitive)
{
    for (size_t i = 0; i < cell->count; i++) {
        struct estimate estimate =
            ratio_estimate(ratios[i], &resampled[i * ANALYSIS_RESAMPLES], resamples);
        if (i == reference)
            competitive->at_reference = estimate;
        if (cell->points[i].budget_ns == 0)
            competitive->none = estimate;
        if (cell->points[i].budget_ns == SURFACE_FOREVER)
            competitive->forever = estimate;
        if (!isnan(ratios[i]) &&
            (isnan(competitive->best.value) || ratios[i] < competitive->best.value)) {
            competitive->best = estimate;
            competitive->best_budget_ns = cell->points[i].budget_ns;
        }
    }
}

static const double spun_least = 0.05;

static void find_ratios(const struct surface_cell *cell, const struct values *values,
                        size_t reference, double sleep_ns, uint64_t seed,
                        struct competitive *competitive)
{
    double *medians = allocate_array(cell->count, sizeof *medians);
    double *ratios = allocate_array(cell->count, sizeof *ratios);
    double *scratch = allocate_array(values->most, sizeof *scratch);
    double *resampled = allocate_array(cell->count * ANALYSIS_RESAMPLES, sizeof *resampled);
    uint64_t random = seed;
    size_t resamples = values->least >= ANALYSIS_REPETITIONS_LEAST ? ANALYSIS_RESAMPLES : 0;
    double slept_ns = sleep_ns * sleeps_of(cell, reference);

    for (size_t i = 0; i < resamples; i++) {
        medians_of(values, &random, scratch, medians);
        ratios_of(medians, cell->count, reference, slept_ns, ratios);
        for (size_t j = 0; j < cell->count; j++)
            resampled[j * ANALYSIS_RESAMPLES + i] = ratios[j];
    }
    medians_of(values, NULL, scratch, medians);
    competitive->offline_ns = ratios_of(medians, cell->count, reference, slept_ns, ratios);
    /* Of a cost of waiting with B = C, half is spun or more, in theory. Where it is next to
     * nothing, there was next to no wait that a spin ended, and the ratio is one of noise. */
    competitive->known = competitive->offline_ns > spun_least * medians[reference];
    if (competitive->known)
        fill_ratios(cell, ratios, resampled, resamples, reference, competitive);
    else
        competitive->unknown =
            "next to nothing was spun: there was hardly a wait that ends while one spins";
    free(medians);
    free(ratios);
    free(scratch);
    free(resampled);
}

struct competitive analysis_competitive(const struct surface_cell *cell, double sleep_ns,
                                        uint64_t seed)
{
    struct competitive competitive = {
        .at_reference.value = NAN, .none.value = NAN, .forever.value = NAN, .best.value = NAN};
    struct values values = values_of(cell, SURFACE_WAIT);
    size_t reference;

    if (isnan(cell->sleep_cpu_ns)) {
        competitive.unknown =
            "without the CPU time and switches of a budget of 0 "
            "the price of a sleep is not known";
    } else if (!find_reference(cell, &values, sleep_ns, &reference)) {
        competitive.unknown = "no budget within a factor of 2 of C was measured";
    } else {
        competitive.reference_ns = cell->points[reference].budget_ns;
        find_ratios(cell, &values, reference, sleep_ns, seed, &competitive);
    }
    values_free(&values);
    return competitive;
}

/* ---- JSON ---- */

json_t *estimate_to_json(const struct estimate *estimate)
{
    return json_pack("{s:o, s:o}", "value", json_number_or_null(estimate->value), "interval",
                     estimate->has_interval
                         ? json_pack("[o, o]", json_number_or_null(estimate->interval.low),
                                     json_number_or_null(estimate->interval.high))
                         : json_null());
}

json_t *budget_estimate_to_json(const struct budget_estimate *estimate)
{
    return json_pack("{s:o, s:o}", "value", json_time_or_inf(estimate->ns), "interval",
                     estimate->has_interval
                         ? json_pack("[o, o]", json_time_or_inf(estimate->low_ns),
                                     json_time_or_inf(estimate->high_ns))
                         : json_null());
}

static json_t *measure_to_json(const struct surface_cell *cell, enum surface_measure measure,
                               uint64_t seed)
{
    struct analysis analysis = analysis_of_cell(cell, measure, seed);

    if (!analysis.known)
        return json_null();
    return json_pack("{s:o, s:o, s:f, s:o, s:o, s:s, s:o}", "best_budget_ns",
                     budget_estimate_to_json(&analysis.best_budget), "best",
                     estimate_to_json(&analysis.best_value), "reference", analysis.reference,
                     "plateau_low_ns", budget_estimate_to_json(&analysis.low), "plateau_high_ns",
                     budget_estimate_to_json(&analysis.high), "against_sleeping",
                     analysis_verdict_name(analysis.verdict), "gain",
                     estimate_to_json(&analysis.gain));
}

static json_t *competitive_to_json(const struct surface_cell *cell, double sleep_ns, uint64_t seed)
{
    struct competitive found = analysis_competitive(cell, sleep_ns, seed);

    if (!found.known)
        return json_pack("{s:s}", "unmeasured", found.unknown);
    return json_pack("{s:o, s:f, s:o, s:o, s:o, s:o, s:o}", "reference_ns",
                     json_time_or_inf(found.reference_ns), "offline_ns", found.offline_ns,
                     "at_reference", estimate_to_json(&found.at_reference), "sleeping_at_once",
                     estimate_to_json(&found.none), "spinning_for_ever",
                     estimate_to_json(&found.forever), "best", estimate_to_json(&found.best),
                     "best_budget_ns", json_time_or_inf(found.best_budget_ns));
}

/* Of each budget, in their order. */
static json_t *medians_to_json(const struct surface_cell *cell)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < SURFACE_MEASURES; i++) {
        json_t *medians = json_array();
        for (size_t j = 0; j < cell->count; j++)
            json_array_append_new(medians, json_number_or_null(surface_median(
                                               &cell->points[j], (enum surface_measure)i)));
        json_object_set_new(object, surface_measure_name((enum surface_measure)i), medians);
    }
    return object;
}

static json_t *cell_to_json(const struct surface_cell *cell, double sleep_ns, uint64_t seed)
{
    static const enum surface_measure shown[] = {SURFACE_THROUGHPUT, SURFACE_CPU, SURFACE_TAIL,
                                                 SURFACE_WAIT};
    char critical[DELAY_TEXT], outside[DELAY_TEXT];
    json_t *object = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s}", "lock", cell->lock, "machine",
                               cell->machine, "threads", (int)cell->threads, "cpus",
                               (int)cell->cpus, "critical", format_delay(&cell->critical, critical),
                               "outside", format_delay(&cell->outside, outside));
    json_t *budgets = json_array();

    for (size_t i = 0; i < cell->count; i++)
        json_array_append_new(budgets, json_time_or_inf(cell->points[i].budget_ns));
    json_object_set_new(object, "budgets_ns", budgets);
    json_object_set_new(object, "medians", medians_to_json(cell));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (shown[i] != SURFACE_WAIT || !isnan(sleep_ns))
            json_object_set_new(object, surface_measure_name(shown[i]),
                                measure_to_json(cell, shown[i], seed));
    }
    if (!isnan(sleep_ns))
        json_object_set_new(object, "against_oracle", competitive_to_json(cell, sleep_ns, seed));
    return object;
}

json_t *analysis_to_json(const struct surface *grid, double sleep_ns, uint64_t seed)
{
    json_t *list = json_array();

    for (size_t i = 0; i < grid->count; i++)
        json_array_append_new(list, cell_to_json(&grid->cells[i], sleep_ns, seed));
    return list;
}
