#include "bench/growth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/fitness.h"
#include "bench/json.h"
#include "bench/statistics.h"

/* The first repetitions of a cell. */
struct series {
    size_t samples;
    size_t fit;     /* of these, and so many values */
    double *values; /* throughputs, sorted */
};

static struct series series_of(const struct records *records, const struct turn *cell,
                               unsigned repetitions)
{
    struct series series = {.values = allocate_array(repetitions, sizeof(double))};
    size_t i;
    json_t *sample;

    json_array_foreach (records->samples, i, sample) {
        if (series.samples == repetitions || !plan_is_of_cell(sample, cell) ||
            json_integer_value(json_object_get(sample, "repetition")) >= repetitions)
            continue;
        series.samples++;
        if (fitness_is_fit(sample))
            series.values[series.fit++] = json_number_value(json_object_get(sample, "throughput"));
    }
    statistics_sort(series.values, series.fit);
    return series;
}

static double half_width(const double *values, size_t count)
{
    struct interval interval;

    if (count == 0 || !statistics_median_interval(values, count, &interval))
        return NAN;
    double median = statistics_median(values, count);
    if (!(median > 0))
        return NAN;
    return 100 * fmax(interval.high - median, median - interval.low) / median;
}

/* An interval is of fit windows; what is wrong with the others is no reason to end. */
static void judge(const struct plan *plan, const struct series *series, struct growth *cell)
{
    cell->half_width = half_width(series->values, series->fit);
    cell->unfit = (unsigned)(series->samples - series->fit);
    if (series->samples < cell->repetitions)
        cell->end = GROWTH_LOST;
    else if (cell->half_width <= plan->until_percent)
        cell->end = GROWTH_INTERVAL;
    else if (cell->repetitions >= plan->repetitions_most)
        cell->end = GROWTH_REPETITIONS;
}

size_t growth_judge(const struct plan *plan, const struct records *records, unsigned repetitions,
                    struct growth *cells)
{
    size_t open = 0;

    for (size_t i = 0; i < plan_cells(plan); i++) {
        struct turn cell = plan_cell(plan, i);
        if (cells[i].end != GROWTH_OPEN)
            continue;
        struct series series = series_of(records, &cell, repetitions);
        cells[i].repetitions = repetitions;
        judge(plan, &series, &cells[i]);
        free(series.values);
        open += cells[i].end == GROWTH_OPEN;
    }
    return open;
}

void growth_close(const struct plan *plan, const struct records *records, struct growth *cells)
{
    for (size_t i = 0; i < plan_cells(plan); i++) {
        struct turn cell = plan_cell(plan, i);
        if (cells[i].end != GROWTH_OPEN)
            continue;
        struct series series = series_of(records, &cell, cells[i].repetitions + 1);
        cells[i].repetitions = (unsigned)series.samples;
        judge(plan, &series, &cells[i]);
        free(series.values);
    }
}

json_t *growth_to_json(const struct growth *cell)
{
    static const char *const ends[] = {
        [GROWTH_OPEN] = "time",
        [GROWTH_INTERVAL] = "interval",
        [GROWTH_REPETITIONS] = "repetitions",
        [GROWTH_LOST] = "violation",
    };

    return json_pack("{s:s, s:i, s:i, s:o}", "ended", ends[cell->end], "repetitions",
                     (int)cell->repetitions, "unfit", (int)cell->unfit, "half_width_percent",
                     json_number_or_null(cell->half_width));
}
