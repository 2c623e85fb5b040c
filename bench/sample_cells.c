#include "bench/sample_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/fitness.h"
#include "bench/latencies.h"
#include "bench/processes.h"
#include "bench/statistics.h"

static json_t *identity_of(const json_t *record, bool any_machine)
{
    static const char *const fields[] = {"lock",      "machine",  "threads",
                                         "placement", "workload", "objects"};
    json_t *identity = json_object();

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_t *value = json_object_get(record, fields[i]);
        if (value != NULL && !(any_machine && strcmp(fields[i], "machine") == 0))
            json_object_set(identity, fields[i], value);
    }
    /* A record without the field, an older one or of a model, is of one process. */
    json_object_set_new(
        identity, "processes",
        processes_to_json(processes_from_json(json_object_get(record, "processes"))));
    return identity;
}

static struct sample_cell *cell_of(struct sample_cells *cells, const json_t *record,
                                   bool any_machine)
{
    json_t *identity = identity_of(record, any_machine);
    char *key = json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS);

    if (key == NULL)
        abort();
    for (size_t i = 0; i < cells->count; i++) {
        if (strcmp(cells->cells[i].key, key) == 0) {
            json_decref(identity);
            free(key);
            return &cells->cells[i];
        }
    }
    struct sample_cell *grown = realloc(cells->cells, (cells->count + 1) * sizeof *grown);
    if (grown == NULL)
        abort();
    cells->cells = grown;
    grown[cells->count] =
        (struct sample_cell){.identity = identity, .key = key, .samples = json_array()};
    return &grown[cells->count++];
}

static int compare_text(const json_t *a, const json_t *b, const char *field)
{
    const json_t *first = json_object_get(a, field), *second = json_object_get(b, field);

    if (first == NULL || second == NULL)
        return (first != NULL) - (second != NULL);
    char *x = json_dumps(first, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    char *y = json_dumps(second, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    int order = x == NULL || y == NULL ? 0 : strcmp(x, y);
    free(x);
    free(y);
    return order;
}

static int compare_number(const json_t *a, const json_t *b, const char *field)
{
    json_int_t x = json_integer_value(json_object_get(a, field));
    json_int_t y = json_integer_value(json_object_get(b, field));

    return (x > y) - (x < y);
}

static int compare_cells(const void *first, const void *second, void *file)
{
    const json_t *a = ((const struct sample_cell *)first)->identity;
    const json_t *b = ((const struct sample_cell *)second)->identity;
    const char *lock = json_string_value(json_object_get(a, "lock"));
    const char *other = json_string_value(json_object_get(b, "lock"));
    size_t x = records_order_of_lock(file, lock), y = records_order_of_lock(file, other);
    int order = compare_text(a, b, "machine");

    order = order != 0 ? order : compare_text(a, b, "workload");
    order = order != 0 ? order : compare_text(a, b, "placement");
    order = order != 0 ? order : compare_text(a, b, "processes");
    order = order != 0 ? order : compare_number(a, b, "threads");
    order = order != 0 ? order : compare_number(a, b, "objects");
    order = order != 0 ? order : (x > y) - (x < y);
    return order != 0 ? order : strcmp(lock, other);
}

static void leave_out_unfit(struct sample_cell *cell)
{
    json_t *all = cell->samples;

    cell->samples = fitness_choose(all);
    cell->unfit_count = json_array_size(cell->samples) == json_array_size(all);
    json_decref(all);
}

struct sample_cells sample_cells_make(const struct records *file,
                                      const struct sample_cells_settings *settings)
{
    struct sample_cells cells = {0};
    size_t i;
    json_t *record;

    json_array_foreach (file->samples, i, record)
        json_array_append(cell_of(&cells, record, settings->any_machine)->samples, record);
    json_array_foreach (file->violations, i, record) {
        if (json_is_string(json_object_get(record, "lock")))
            cell_of(&cells, record, settings->any_machine)->violations++;
    }
    for (i = 0; i < cells.count; i++) {
        struct sample_cell *cell = &cells.cells[i];
        cell->unfit = fitness_count_unfit(cell->samples);
        cell->unfit_count = true;
        if (cell->unfit > 0 && !settings->all_windows)
            leave_out_unfit(cell);
    }
    if (cells.count > 0)
        qsort_r(cells.cells, cells.count, sizeof *cells.cells, compare_cells, (void *)file);
    return cells;
}

void sample_cells_free(struct sample_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        json_decref(cells->cells[i].identity);
        json_decref(cells->cells[i].samples);
        free(cells->cells[i].key);
    }
    free(cells->cells);
    *cells = (struct sample_cells){0};
}

const struct sample_cell *sample_cells_find(const struct sample_cells *cells, const char *key)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (strcmp(cells->cells[i].key, key) == 0)
            return &cells->cells[i];
    }
    return NULL;
}

static bool is_of_signals(const struct sample_cell *cell)
{
    return json_object_get(json_object_get(cell->identity, "workload"), "exchange") != NULL;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* `latency_ns.p99`, `hold_shared_ns.max`, ... */
static bool is_of_latency(const char *name)
{
    for (int way = 0; way < LATENCIES_WAYS; way++) {
        for (int i = 0; i < LATENCIES; i++) {
            size_t length = strlen(latency_fields[way][i]);
            if (has_prefix(name, latency_fields[way][i]) && name[length] == '.')
                return true;
        }
    }
    return false;
}

/* What stands beside times, and is none. */
static bool is_number_of_times(const char *name)
{
    static const char *const numbers[] = {"count", "stride", "beyond", "over_25us"};
    const char *dot = strchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(dot + 1, numbers[i]) == 0)
            return true;
    }
    return false;
}

struct measure measure_named(const char *name)
{
    size_t length = strlen(name);
    bool more_is_better = strcmp(name, "throughput") == 0 || strcmp(name, "jain") == 0 ||
                          strcmp(name, "lock_opportunity_jain") == 0 || has_prefix(name, "lwss.");
    bool is_time = (strstr(name, "_ns.") != NULL && !is_number_of_times(name)) ||
                   (length > 3 && strcmp(name + length - 3, "_ns") == 0);
    struct measure measure = {name, !more_is_better, is_time || strcmp(name, "throughput") == 0, "",
                              1};

    if (strcmp(name, "throughput") == 0) {
        measure.unit = "M/s";
        measure.scale = 1e-6;
    } else if (is_time && is_of_latency(name)) {
        measure.unit = "us";
        measure.scale = 1e-3;
    } else if (is_time) {
        measure.unit = "ns";
    }
    return measure;
}

struct measure sample_cell_measure(const struct sample_cell *cell)
{
    return measure_named(is_of_signals(cell) ? "latency_ns.p50" : "throughput");
}

/* A name may have a dot of its own, as in `latency_ns.p99.9`. */
const json_t *sample_value(const json_t *sample, const char *path)
{
    const json_t *value = json_object_get(sample, path);
    const char *dot = strchr(path, '.');

    if (value != NULL || dot == NULL)
        return value;
    char *name = strndup(path, (size_t)(dot - path));
    if (name == NULL)
        abort();
    value = sample_value(json_object_get(sample, name), dot + 1);
    free(name);
    return value;
}

double sample_number(const json_t *sample, const char *name)
{
    const json_t *value = sample_value(sample, name);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

size_t samples_values(const json_t *samples, const char *name, double *values)
{
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (samples, i, sample) {
        const json_t *value = sample_value(sample, name);
        if (json_is_number(value))
            values[count++] = json_number_value(value);
    }
    statistics_sort(values, count);
    return count;
}

static double median_and_free(double *values, size_t count)
{
    double median = count == 0 ? NAN : statistics_median(values, count);

    free(values);
    return median;
}

double samples_median(const json_t *samples, const char *name)
{
    double *values = allocate_array(json_array_size(samples), sizeof *values);

    return median_and_free(values, samples_values(samples, name, values));
}

double sample_acquisitions(const json_t *sample)
{
    double all = 0;
    size_t i;
    json_t *number;

    json_array_foreach (json_object_get(sample, "acquisitions"), i, number)
        all += json_number_value(number);
    return all;
}

double samples_median_per_acquisition(const json_t *samples, const char *name)
{
    double *values = allocate_array(json_array_size(samples), sizeof *values);
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (samples, i, sample) {
        const json_t *value = sample_value(sample, name);
        double acquisitions = sample_acquisitions(sample);
        if (json_is_number(value) && acquisitions > 0)
            values[count++] = json_number_value(value) / acquisitions;
    }
    statistics_sort(values, count);
    return median_and_free(values, count);
}

double *sample_cell_values(const struct sample_cell *cell, const struct measure *measure,
                           size_t *count)
{
    double *values = allocate_array(json_array_size(cell->samples), sizeof *values);

    *count = samples_values(cell->samples, measure->name, values);
    return values;
}
