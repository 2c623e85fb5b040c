#include "bench/growth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/statistics.h"

static bool is_of_cell(const json_t *sample, const struct turn *cell)
{
    const char *lock = json_string_value(json_object_get(sample, "lock"));

    return lock != NULL && strcmp(lock, cell->lock->text) == 0 &&
           json_integer_value(json_object_get(sample, "threads")) == cell->threads;
}

/* The throughput of a cell's first repetitions, sorted; into room for as many. */
static size_t throughputs(const struct records *records, const struct turn *cell,
                          unsigned repetitions, double *values)
{
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (records->samples, i, sample) {
        if (count < repetitions && is_of_cell(sample, cell) &&
            json_integer_value(json_object_get(sample, "repetition")) < repetitions)
            values[count++] = json_number_value(json_object_get(sample, "throughput"));
    }
    statistics_sort(values, count);
    return count;
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

static void judge(const struct plan *plan, size_t count, const double *values, struct growth *cell)
{
    cell->half_width = half_width(values, count);
    if (count < cell->repetitions)
        cell->end = GROWTH_LOST;
    else if (cell->half_width <= plan->until_percent)
        cell->end = GROWTH_INTERVAL;
    else if (cell->repetitions >= plan->repetitions_most)
        cell->end = GROWTH_REPETITIONS;
}

size_t growth_judge(const struct plan *plan, const struct records *records, unsigned repetitions,
                    struct growth *cells)
{
    double *values = calloc((size_t)repetitions + 1, sizeof *values);
    size_t open = 0;

    if (values == NULL)
        abort();
    for (size_t i = 0; i < plan_cells(plan); i++) {
        struct turn cell = plan_cell(plan, i);
        if (cells[i].end != GROWTH_OPEN)
            continue;
        cells[i].repetitions = repetitions;
        judge(plan, throughputs(records, &cell, repetitions, values), values, &cells[i]);
        open += cells[i].end == GROWTH_OPEN;
    }
    free(values);
    return open;
}

void growth_close(const struct plan *plan, const struct records *records, struct growth *cells)
{
    for (size_t i = 0; i < plan_cells(plan); i++) {
        struct turn cell = plan_cell(plan, i);
        double *values = calloc((size_t)cells[i].repetitions + 1, sizeof *values);
        if (values == NULL)
            abort();
        if (cells[i].end == GROWTH_OPEN) {
            size_t count = throughputs(records, &cell, cells[i].repetitions + 1, values);
            cells[i].repetitions = (unsigned)count;
            judge(plan, count, values, &cells[i]);
        }
        free(values);
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

    return json_pack("{s:s, s:i, s:o}", "ended", ends[cell->end], "repetitions",
                     (int)cell->repetitions, "half_width_percent",
                     isnan(cell->half_width) ? json_null() : json_real(cell->half_width));
}
