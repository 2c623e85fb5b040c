#include "bench/outliers.h"

#include <stdlib.h>
#include <string.h>

#include "bench/json.h"
#include "bench/statistics.h"

static json_t *outlier_of(const json_t *sample, const struct measure *measure, double value,
                          double median)
{
    static const char *const names[] = {"lock", "threads", "objects", "repetition"};
    json_t *outlier = json_object();

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *same = json_object_get(sample, names[i]);
        if (same != NULL)
            json_object_set(outlier, names[i], same);
    }
    json_object_set_new(outlier, "measure", json_string(measure->name));
    json_object_set_new(outlier, "value", json_real(value));
    json_object_set_new(outlier, "ratio", median > 0 ? json_real(value / median) : json_null());
    json_object_set(outlier, "elapsed_ns", json_object_get(sample, "elapsed_ns"));
    json_object_set(outlier, "cpus", json_object_get(sample, "cpus"));
    json_object_set(outlier, "validity", json_object_get(sample, "validity"));
    return outlier;
}

json_t *outliers_find(const struct sample_cell *cell)
{
    struct measure measure = sample_cell_measure(cell);
    json_t *outliers = json_array(), *sample;
    double low, high;
    size_t count, i;
    double *values = sample_cell_values(cell, &measure, &count);

    if (statistics_fences(values, count, &low, &high)) {
        json_array_foreach (cell->samples, i, sample) {
            const json_t *number = sample_value(sample, measure.name);
            double value = json_number_value(number);
            if (json_is_number(number) && (value < low || value > high))
                json_array_append_new(outliers, outlier_of(sample, &measure, value,
                                                           statistics_median(values, count)));
        }
    }
    free(values);
    return outliers;
}

json_t *outliers_of_file(const struct records *file)
{
    const struct sample_cells_settings settings = {0};
    struct sample_cells cells = sample_cells_make(file, &settings);
    json_t *all = json_array();

    for (size_t i = 0; i < cells.count; i++) {
        json_t *some = outliers_find(&cells.cells[i]), *outlier;
        json_t *workload = json_object_get(cells.cells[i].identity, "workload");
        size_t j;
        json_array_foreach (some, j, outlier) {
            if (records_shares_of_readers(file) > 1)
                json_object_set(outlier, "readers", json_object_get(workload, "readers"));
        }
        json_array_extend(all, some);
        json_decref(some);
    }
    sample_cells_free(&cells);
    return all;
}

/* ------------------------------------------------------------------------------------------------
 * In words
 */

/* A part of the time of the CPUs used, where there was any. */
static void put_part(const json_t *outlier, const char *name, const char *word, char *text,
                     size_t size)
{
    double all_ns = json_number_or_nan(outlier, "elapsed_ns") *
                    (double)json_array_size(json_object_get(outlier, "cpus"));
    double part = json_number_or_nan(json_object_get(outlier, "validity"), name) / all_ns;

    if (all_ns > 0 && part >= 0.005)
        snprintf(text + strlen(text), size - strlen(text), "; %s %.0f%%", word, part * 100);
}

static void put_count(const json_t *outlier, const char *name, const char *words, char *text,
                      size_t size)
{
    double count = json_number_or_nan(json_object_get(outlier, "validity"), name);

    if (count > 0)
        snprintf(text + strlen(text), size - strlen(text), "; %.0f %s", count, words);
}

void outliers_describe(const json_t *outlier, char *text, size_t size)
{
    struct measure measure = measure_named(json_string_value(json_object_get(outlier, "measure")));
    long long threads = (long long)json_integer_value(json_object_get(outlier, "threads"));
    const json_t *objects = json_object_get(outlier, "objects");
    const json_t *readers = json_object_get(outlier, "readers");

    snprintf(text, size, "%s, %lld thread%s", json_string_value(json_object_get(outlier, "lock")),
             threads, threads == 1 ? "" : "s");
    if (objects != NULL)
        snprintf(text + strlen(text), size - strlen(text), ", %lld objects",
                 (long long)json_integer_value(objects));
    if (readers != NULL)
        snprintf(text + strlen(text), size - strlen(text), ", %lld%% readers",
                 (long long)json_integer_value(readers));
    snprintf(text + strlen(text), size - strlen(text), ", repetition %lld: %.3g %s",
             (long long)json_integer_value(json_object_get(outlier, "repetition")),
             json_number_or_nan(outlier, "value") * measure.scale, measure.unit);
    if (json_is_number(json_object_get(outlier, "ratio")))
        snprintf(text + strlen(text), size - strlen(text), ", %.3g of the median",
                 json_number_or_nan(outlier, "ratio"));
    put_part(outlier, "steal_ns", "steal", text, size);
    put_part(outlier, "others_ns", "others had", text, size);
    put_count(outlier, "involuntary_switches", "involuntary switches", text, size);
}
