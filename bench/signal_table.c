#include "bench/signal_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/fitness.h"
#include "bench/json.h"
#include "bench/statistics.h"
#include "bench/table.h"
#include "bench/workload.h"

/* Of each sample, these quantiles are kept; the table shows their medians over the repetitions. */
enum quantile { P50, P90, P99, MOST, QUANTILES };
static const char *const quantile_names[QUANTILES] = {"p50", "p90", "p99", "max"};

struct series {
    double *values[QUANTILES]; /* of each sample that has them */
    size_t count;
    double medians[QUANTILES]; /* NaN where there is no sample */
    bool has_interval;         /* of the p50 */
    struct interval interval;
};

struct signal_cell {
    const json_t *record; /* the first one of the cell */
    const char *lock;
    unsigned threads, objects; /* 0 objects: there is no such number */
    size_t samples, violations;
    size_t fit; /* of the samples; the others are left out, unless all are unfit */
    struct series series[EXCHANGE_MEASURES];
    double key; /* to sort by: the p50 of a measure */
};

struct cells {
    enum exchange exchange;
    struct signal_cell *cells;
    size_t count;
};

enum exchange signal_table_exchange(const struct records *file)
{
    const json_t *plan = json_object_get(file->run, "plan");
    struct workload workload;

    return workload_from_json(json_object_get(plan, "workload"), &workload) ? workload.exchange
                                                                            : EXCHANGE_NONE;
}

static unsigned number_of(const json_t *record, const char *name)
{
    return (unsigned)json_integer_value(json_object_get(record, name));
}

static struct signal_cell *cell_of(struct cells *cells, const json_t *record)
{
    const char *lock = json_string_value(json_object_get(record, "lock"));
    struct signal_cell key = {.record = record,
                              .lock = lock == NULL ? "" : lock,
                              .threads = number_of(record, "threads"),
                              .objects = number_of(record, "objects")};

    for (size_t i = 0; i < cells->count; i++) {
        struct signal_cell *cell = &cells->cells[i];
        if (cell->threads == key.threads && cell->objects == key.objects &&
            strcmp(cell->lock, key.lock) == 0)
            return cell;
    }
    struct signal_cell *grown = realloc(cells->cells, (cells->count + 1) * sizeof *grown);
    if (grown == NULL)
        abort();
    cells->cells = grown;
    grown[cells->count] = key;
    return &grown[cells->count++];
}

static void add_measure(struct series *series, const json_t *quantiles)
{
    if (!json_is_object(quantiles))
        return;
    for (int i = 0; i < QUANTILES; i++) {
        double *grown = realloc(series->values[i], (series->count + 1) * sizeof *grown);
        if (grown == NULL)
            abort();
        series->values[i] = grown;
        grown[series->count] = json_number_value(json_object_get(quantiles, quantile_names[i]));
    }
    series->count++;
}

static void finish_series(struct series *series)
{
    for (int i = 0; i < QUANTILES; i++) {
        series->medians[i] = NAN;
        if (series->count == 0)
            continue;
        statistics_sort(series->values[i], series->count);
        series->medians[i] = statistics_median(series->values[i], series->count);
    }
    series->has_interval =
        series->count > 0 &&
        statistics_median_interval(series->values[P50], series->count, &series->interval);
    for (int i = 0; i < QUANTILES; i++)
        free(series->values[i]);
}

/* By threads, then objects, then from the fastest. */
static int compare_cells(const void *first, const void *second)
{
    const struct signal_cell *a = first, *b = second;
    double x = a->key, y = b->key;
    int order = (a->threads > b->threads) - (a->threads < b->threads);

    order = order != 0 ? order : (a->objects > b->objects) - (a->objects < b->objects);
    order = order != 0 ? order : isnan(x) - isnan(y);
    order = order != 0 ? order : (x > y) - (x < y);
    return order != 0 ? order : strcmp(a->lock, b->lock);
}

static void sort_by(struct cells *cells, int measure)
{
    for (size_t i = 0; i < cells->count; i++)
        cells->cells[i].key = cells->cells[i].series[measure].medians[P50];
    if (cells->count > 0)
        qsort(cells->cells, cells->count, sizeof *cells->cells, compare_cells);
}

static struct cells cells_make(const struct records *file)
{
    struct cells cells = {.exchange = signal_table_exchange(file)};
    const struct exchange_measure *measures = exchange_traits(cells.exchange)->measures;
    size_t i;
    json_t *record;

    json_array_foreach (file->samples, i, record) {
        struct signal_cell *cell = cell_of(&cells, record);
        cell->samples++;
        cell->fit += fitness_is_fit(record);
    }
    json_array_foreach (file->samples, i, record) {
        struct signal_cell *cell = cell_of(&cells, record);
        if (cell->fit > 0 && !fitness_is_fit(record))
            continue;
        for (int m = 0; m < EXCHANGE_MEASURES && measures[m].field != NULL; m++)
            add_measure(&cell->series[m], json_object_get(record, measures[m].field));
    }
    json_array_foreach (file->violations, i, record)
        cell_of(&cells, record)->violations++;
    for (i = 0; i < cells.count; i++) {
        for (int m = 0; m < EXCHANGE_MEASURES; m++)
            finish_series(&cells.cells[i].series[m]);
    }
    sort_by(&cells, 0);
    return cells;
}

static bool same_block(const struct signal_cell *a, const struct signal_cell *b)
{
    return a->threads == b->threads && a->objects == b->objects;
}

/* The p50 over that of the bare futex under the same conditions; NaN without one. */
static double ratio_of(const struct cells *cells, const struct signal_cell *cell, int measure)
{
    for (size_t i = 0; i < cells->count; i++) {
        const struct signal_cell *other = &cells->cells[i];
        if (same_block(cell, other) && strcmp(other->lock, "futex") == 0)
            return cell->series[measure].medians[P50] / other->series[measure].medians[P50];
    }
    return NAN;
}

/* Three digits that count and the unit, at most six characters. */
static const char *short_time(double ns, char text[16])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;

    if (isnan(ns))
        return "-";
    for (; unit < 3 && ns >= 999.5; unit++)
        ns /= 1000;
    snprintf(text, 16, "%.*f%s",
             unit == 0 || ns >= 99.95 ? 0
             : ns >= 9.995            ? 1
                                      : 2,
             ns, units[unit]);
    return text;
}

static void print_block_head(FILE *out, const struct cells *cells, const struct signal_cell *cell,
                             int measure, int width)
{
    const char *bold = isatty(fileno(out)) ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";

    fprintf(out, "\n%s", bold);
    if (cell->objects > 0)
        fprintf(out, "%u object%s: ", cell->objects, cell->objects == 1 ? "" : "s");
    else if (exchange_traits(cells->exchange)->threads == 0)
        fprintf(out, "%u threads: ", cell->threads);
    fprintf(out, "%s%s\n", exchange_traits(cells->exchange)->measures[measure].meaning, plain);
    fprintf(out, "  %-*s %7s %16s %7s %7s %7s %7s\n", width, "primitive", "p50", "95% interval",
            "p90", "p99", "max", "/futex");
}

static void print_cell(FILE *out, const struct cells *cells, const struct signal_cell *cell,
                       int measure, int width)
{
    const struct series *series = &cell->series[measure];
    char text[QUANTILES][16], low[16] = "-", high[16] = "-", ratio[16] = "-";
    char unfit[TABLE_UNFIT_TEXT];
    double over = ratio_of(cells, cell, measure);

    if (series->has_interval) {
        short_time(series->interval.low, low);
        short_time(series->interval.high, high);
    }
    if (!isnan(over))
        snprintf(ratio, sizeof ratio, "%.*f", over < 0.1 ? 4 : over < 100 ? 2 : 0, over);
    fprintf(
        out, "  %-*s %7s  %7s %7s %7s %7s %7s %7s%s%s\n", width, cell->lock,
        short_time(series->medians[P50], text[P50]), low, high,
        short_time(series->medians[P90], text[P90]), short_time(series->medians[P99], text[P99]),
        short_time(series->medians[MOST], text[MOST]), ratio, cell->violations > 0 ? " WRONG" : "",
        table_unfit(cell->samples - cell->fit, cell->fit == 0, unfit));
}

static void print_measure(FILE *out, struct cells *cells, int measure, int width)
{
    sort_by(cells, measure);
    for (size_t i = 0; i < cells->count; i++) {
        const struct signal_cell *cell = &cells->cells[i];
        if (i == 0 || !same_block(cell, cell - 1))
            print_block_head(out, cells, cell, measure, width);
        print_cell(out, cells, cell, measure, width);
    }
}

void signal_table_print(FILE *out, const struct records *file)
{
    struct cells cells = cells_make(file);
    const struct exchange_measure *measures = exchange_traits(cells.exchange)->measures;
    bool too_few = false, first = true;
    size_t all_unfit = 0;
    int width = 16;

    for (size_t i = 0; i < cells.count; i++) {
        int length = (int)strlen(cells.cells[i].lock);
        width = length > width ? length : width;
        all_unfit += cells.cells[i].samples > 0 && cells.cells[i].fit == 0;
        too_few = too_few || !cells.cells[i].series[0].has_interval;
    }
    table_print_head(out, file);
    for (int m = 0; m < EXCHANGE_MEASURES && measures[m].field != NULL; m++)
        print_measure(out, &cells, m, width);
    table_print_unfit(out, file, all_unfit, &first);
    table_print_outliers(out, file, &first);
    table_print_drift(out, file, &first);
    if (too_few)
        table_print_too_few(out, file, &first);
    table_print_violations(out, file);
    free(cells.cells);
}

static json_t *measure_to_json(const struct cells *cells, const struct signal_cell *cell, int m)
{
    const struct series *series = &cell->series[m];
    json_t *object = json_object();

    for (int i = 0; i < QUANTILES; i++)
        json_object_set_new(object, quantile_names[i], json_number_or_null(series->medians[i]));
    json_object_set_new(object, "interval",
                        series->has_interval
                            ? json_pack("[f, f]", series->interval.low, series->interval.high)
                            : json_null());
    json_object_set_new(object, "to_futex", json_number_or_null(ratio_of(cells, cell, m)));
    return object;
}

static json_t *cell_to_json(const struct cells *cells, const struct signal_cell *cell)
{
    static const char *const same[] = {"lock", "machine", "placement", "threads", "workload"};
    const struct exchange_measure *measures = exchange_traits(cells->exchange)->measures;
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        json_object_set(object, same[i], json_object_get(cell->record, same[i]));
    json_object_set_new(object, "objects",
                        cell->objects > 0 ? json_integer(cell->objects) : json_null());
    json_object_set_new(object, "samples", json_integer((json_int_t)cell->samples));
    json_object_set_new(object, "unfit", json_integer((json_int_t)(cell->samples - cell->fit)));
    json_object_set_new(object, "violations", json_integer((json_int_t)cell->violations));
    for (int m = 0; m < EXCHANGE_MEASURES && measures[m].field != NULL; m++)
        json_object_set_new(object, measures[m].field, measure_to_json(cells, cell, m));
    return object;
}

json_t *signal_table_to_json(const struct records *file)
{
    struct cells cells = cells_make(file);
    json_t *list = json_array();

    for (size_t i = 0; i < cells.count; i++)
        json_array_append_new(list, cell_to_json(&cells, &cells.cells[i]));
    free(cells.cells);
    return json_pack("{s:o}", "cells", list);
}
