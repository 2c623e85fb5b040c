#include "bench/summary.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fitness.h"
#include "bench/sample_cells.h"
#include "locks/catalogue.h"

/* The numbers that are medians of samples: the field of a sample, and its place in a cell. */
static const struct {
    const char *field;
    size_t place;
} medians[] = {
    {"throughput", offsetof(struct cell, throughput)},
    {"jain", offsetof(struct cell, jain)},
    {"rsd", offsetof(struct cell, rsd)},
    {"gini", offsetof(struct cell, gini)},
    {"theil", offsetof(struct cell, theil)},
    {"top_half", offsetof(struct cell, top_half)},
    {"burst.mean", offsetof(struct cell, burst)},
    {"cpu_ns", offsetof(struct cell, cpu_ns)},
    {"futex_calls", offsetof(struct cell, futex_calls)},
    {"traffic.transactions", offsetof(struct cell, transactions)},
    {"traffic.invalidated", offsetof(struct cell, invalidated)},
    {"lwss.mean", offsetof(struct cell, lwss_mean)},
    {"lwss.median", offsetof(struct cell, lwss_median)},
    {"mttr", offsetof(struct cell, mttr)},
    {"lock_opportunity_jain", offsetof(struct cell, opportunity_jain)},
};

static const char *text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text == NULL ? "" : text;
}

/* The traits of a recorded lock; a lock that this program does not know is taken for a good one. */
static uint32_t traits_of(const char *lock)
{
    char name[LOCK_PARAMETERS_MOST * 32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(lock, ":"), lock);
    const struct lock_ops *ops = lock_find(name);
    return ops == NULL ? 0 : ops->traits;
}

static bool is_of_cell(const struct cell *cell, const struct cell *key)
{
    return cell->threads == key->threads && cell->processes == key->processes &&
           strcmp(cell->source, key->source) == 0 && strcmp(cell->lock, key->lock) == 0 &&
           strcmp(cell->machine, key->machine) == 0 && strcmp(cell->workload, key->workload) == 0 &&
           strcmp(cell->placement, key->placement) == 0;
}

static char *setting_of(const json_t *workload)
{
    json_t *rest = json_copy((json_t *)workload);

    json_object_del(rest, "readers");
    char *text = rest == NULL ? strdup("") : json_dumps(rest, JSON_COMPACT);
    json_decref(rest);
    if (text == NULL)
        abort();
    return text;
}

/* The cell of a record, made if this is the first of it. */
static struct cell *cell_of(struct summary *summary, const struct records *file, const char *source,
                            const json_t *record)
{
    json_t *workload = json_object_get(record, "workload");
    struct cell key = {
        .source = source,
        .lock = text_of(record, "lock"),
        .machine = text_of(record, "machine"),
        .placement = text_of(record, "placement"),
        .threads = (unsigned)json_integer_value(json_object_get(record, "threads")),
        .processes = processes_from_json(json_object_get(record, "processes")),
        .cpus = (unsigned)json_array_size(json_object_get(record, "cpus")),
        .workload = workload == NULL ? strdup("") : json_dumps(workload, JSON_COMPACT),
    };

    for (size_t i = 0; i < summary->count; i++) {
        if (is_of_cell(&summary->cells[i], &key)) {
            free(key.workload);
            return &summary->cells[i];
        }
    }
    struct cell *grown = realloc(summary->cells, (summary->count + 1) * sizeof *grown);
    if (grown == NULL)
        abort();
    summary->cells = grown;
    key.ranked = (traits_of(key.lock) & (LOCK_UNVERIFIED | LOCK_BROKEN)) == 0;
    key.has_hogs = json_object_get(workload, "hogs") != NULL;
    key.spins = (traits_of(key.lock) & LOCK_SPINS) != 0;
    key.order = records_order_of_lock(file, key.lock);
    key.all_cpus =
        (unsigned)json_integer_value(json_object_get(json_object_get(file->run, "plan"), "cpus"));
    key.burst_most = key.max_gap = key.read_scaling = key.relative = NAN;
    key.readers = (unsigned)json_integer_value(json_object_get(workload, "readers"));
    key.setting = setting_of(workload);
    key.records = json_array();
    grown[summary->count] = key;
    return &grown[summary->count++];
}

static double number_of(const json_t *record, const char *name)
{
    const json_t *number = json_object_get(record, name);

    return json_is_number(number) ? json_number_value(number) : NAN;
}

/* Of what is told of all samples, unfit or not. */
static void add_sample(struct cell *cell, json_t *record)
{
    double burst_most = number_of(json_object_get(record, "burst"), "max");
    double together = number_of(json_object_get(record, "validity"), "full_concurrency");

    json_array_append(cell->records, record);
    cell->samples++;
    cell->unverified += json_is_null(json_object_get(record, "verified"));
    cell->apart += isnan(together) || together < 0.5;
    cell->burst_most = fmax(cell->burst_most, burst_most);
    cell->max_gap = fmax(cell->max_gap, number_of(record, "max_gap"));
}

/* The values of a field of those samples that have it, sorted, into room for all of them. */
static size_t values_of(const json_t *samples, const char *name, double *values)
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

static double median_of(const json_t *samples, const char *name, double *values)
{
    size_t count = values_of(samples, name, values);

    return count == 0 ? NAN : statistics_median(values, count);
}

static double acquisitions_of(const json_t *sample)
{
    double all = 0;
    size_t i;
    json_t *number;

    json_array_foreach (json_object_get(sample, "acquisitions"), i, number)
        all += json_number_value(number);
    return all;
}

/* The same of a number of the whole window, per acquisition. */
static double median_per_acquisition(const json_t *samples, const char *name, double *values)
{
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (samples, i, sample) {
        const json_t *value = sample_value(sample, name);
        double acquisitions = acquisitions_of(sample);
        if (json_is_number(value) && acquisitions > 0)
            values[count++] = json_number_value(value) / acquisitions;
    }
    statistics_sort(values, count);
    return count == 0 ? NAN : statistics_median(values, count);
}

/* A part of holds, over the samples that have it: what is rare has a median of 0. */
static double part_of_holds(const json_t *samples, const char *name, bool of_time)
{
    double part = 0, all = 0;
    size_t i;
    json_t *sample;

    json_array_foreach (samples, i, sample) {
        const json_t *value = json_object_get(sample, name);
        for (int way = 0; json_is_number(value) && way < LATENCIES_WAYS; way++) {
            const json_t *holds = json_object_get(sample, latency_fields[way][LATENCY_HOLD]);
            double weight = json_number_value(json_object_get(holds, "count")) *
                            (of_time ? json_number_value(json_object_get(holds, "mean")) : 1);
            part += weight * json_number_value(value);
            all += weight;
        }
    }
    return all > 0 ? part / all : NAN;
}

/* Those samples that have them, and in which they are what they claim to be. */
static struct latencies *merge_latencies(const json_t *samples)
{
    struct latencies *all = calloc(LATENCIES_WAYS, sizeof *all);
    struct latencies *one = malloc(sizeof *one);
    bool any = false;
    size_t i;
    json_t *sample;

    if (all == NULL || one == NULL)
        abort();
    json_array_foreach (samples, i, sample) {
        for (int way = 0; way < LATENCIES_WAYS; way++) {
            for (unsigned j = 0; j < LATENCIES; j++) {
                const json_t *object = json_object_get(sample, latency_fields[way][j]);
                if (latencies_from_json(object, one, (enum latency)j))
                    any = latencies_merge(&all[way], one) || any;
            }
        }
    }
    free(one);
    if (any)
        return all;
    free(all);
    return NULL;
}

static double acquire_p99(const struct latencies *latencies)
{
    const struct histogram *acquires =
        latencies == NULL ? NULL : &latencies[LATENCIES_EXCLUSIVE].of[LATENCY_ACQUIRE];

    return acquires == NULL || acquires->count == 0 ? NAN : histogram_quantile(acquires, 0.99);
}

static void finish_cell(struct cell *cell)
{
    json_t *samples = fitness_choose(cell->records);
    double *values = calloc(cell->samples + 1, sizeof *values);

    if (values == NULL)
        abort();
    cell->unfit = fitness_count_unfit(cell->records);
    cell->unfit_count = cell->unfit == cell->samples;
    for (size_t i = 0; i < sizeof medians / sizeof medians[0]; i++)
        *(double *)((char *)cell + medians[i].place) = median_of(samples, medians[i].field, values);
    cell->has_interval = statistics_median_interval(
        values, values_of(samples, "throughput", values), &cell->interval);
    if (!cell->has_interval)
        cell->interval = (struct interval){NAN, NAN, NAN};
    cell->voluntary = median_per_acquisition(samples, "validity.voluntary_switches", values);
    cell->involuntary = median_per_acquisition(samples, "validity.involuntary_switches", values);
    cell->holder_preempted = part_of_holds(samples, "holder_preempted", false);
    cell->holder_off_cpu = part_of_holds(samples, "holder_off_cpu", true);
    cell->latencies = merge_latencies(samples);
    cell->acquire_p99 = acquire_p99(cell->latencies);
    free(values);
    json_decref(samples);
}

static bool is_null(const struct cell *cell)
{
    return strcmp(cell->lock, "null") == 0 && strcmp(cell->machine, "native") == 0;
}

/* On real cores, counters see the loop, the data and the kernel as well. What `null` causes with as
 * many threads under the same workload is theirs. A model counts the lock's and the data's lines
 * only. */
static void subtract_null(const struct summary *summary, struct cell *cell)
{
    struct cell key = *cell;

    key.lock = "null";
    if (is_null(cell) || strcmp(cell->machine, "native") != 0)
        return;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *null = &summary->cells[i];
        if (!is_of_cell(null, &key) || isnan(null->transactions) || isnan(cell->transactions))
            continue;
        cell->transactions -= null->transactions;
        cell->invalidated -= null->invalidated;
        cell->less_null = true;
    }
}

/* What a turn of a thread that runs takes, against what it takes alone. */
static void find_read_scaling(const struct summary *summary, struct cell *cell)
{
    struct cell key = *cell;

    key.threads = 1;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *other = &summary->cells[i];
        cell->one_share = cell->one_share || other->readers != cell->readers;
        if (cell->readers > 0 && cell->throughput > 0 && other->throughput > 0 &&
            is_of_cell(other, &key))
            cell->read_scaling = cell->cpus * other->throughput / cell->throughput;
    }
}

static void find_relative(const struct summary *summary, struct cell *cell)
{
    struct cell key = *cell;

    key.threads = cell->all_cpus;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *other = &summary->cells[i];
        if (other->throughput > 0 && is_of_cell(other, &key))
            cell->relative = cell->throughput / other->throughput;
    }
}

/* 0 before the ranking, 1 in it, 2 after it. */
static int standing(const struct cell *cell)
{
    return cell->ranked ? 1 : (traits_of(cell->lock) & LOCK_BROKEN) != 0 ? 2 : 0;
}

static int compare_cells(const void *first, const void *second)
{
    const struct cell *a = first, *b = second;
    int order = strcmp(a->source, b->source);

    order = order != 0 ? order : strcmp(a->machine, b->machine);
    order = order != 0 ? order : (a->readers > b->readers) - (a->readers < b->readers);
    order = order != 0 ? order : strcmp(a->workload, b->workload);
    order = order != 0 ? order : strcmp(a->placement, b->placement);
    order = order != 0 ? order : (a->processes > b->processes) - (a->processes < b->processes);
    order = order != 0 ? order : (a->threads > b->threads) - (a->threads < b->threads);
    order = order != 0 ? order : standing(a) - standing(b);
    order = order != 0 ? order : isnan(a->throughput) - isnan(b->throughput);
    order = order != 0 ? order : (a->throughput < b->throughput) - (a->throughput > b->throughput);
    return order != 0 ? order : strcmp(a->lock, b->lock);
}

struct summary summary_make(const struct records *files, size_t files_count)
{
    struct summary summary = {0};

    for (size_t i = 0; i < files_count; i++) {
        const char *source = files_count > 1 ? files[i].name : "";
        size_t j;
        json_t *record;
        json_array_foreach (files[i].samples, j, record)
            add_sample(cell_of(&summary, &files[i], source, record), record);
        json_array_foreach (files[i].violations, j, record)
            cell_of(&summary, &files[i], source, record)->violations++;
    }
    for (size_t i = 0; i < summary.count; i++)
        finish_cell(&summary.cells[i]);
    for (size_t i = 0; i < summary.count; i++)
        subtract_null(&summary, &summary.cells[i]);
    for (size_t i = 0; i < summary.count; i++)
        find_read_scaling(&summary, &summary.cells[i]);
    for (size_t i = 0; i < summary.count; i++)
        find_relative(&summary, &summary.cells[i]);
    if (summary.count > 0)
        qsort(summary.cells, summary.count, sizeof *summary.cells, compare_cells);
    return summary;
}

void summary_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++) {
        free(summary->cells[i].workload);
        free(summary->cells[i].setting);
        json_decref(summary->cells[i].records);
        free(summary->cells[i].latencies);
    }
    free(summary->cells);
    *summary = (struct summary){0};
}

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

/* Their numbers; whoever wants the histograms finds them in the records. */
static void add_latencies(json_t *object, const struct cell *cell)
{
    for (int way = 0; way < LATENCIES_WAYS; way++) {
        for (unsigned i = 0; i < LATENCIES; i++) {
            json_t *latency = json_null();
            if (cell->latencies != NULL && cell->latencies[way].of[i].count > 0) {
                latency = latencies_to_json(&cell->latencies[way], (enum latency)i);
                json_object_del(latency, "histogram");
            }
            json_object_set_new(object, latency_fields[way][i], latency);
        }
    }
}

/* Medians and extremes, each under its name. */
static void add_numbers(json_t *object, const struct cell *cell)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"throughput", cell->throughput},
        {"jain", cell->jain},
        {"rsd", cell->rsd},
        {"gini", cell->gini},
        {"theil", cell->theil},
        {"top_half", cell->top_half},
        {"burst", cell->burst},
        {"burst_max", cell->burst_most},
        {"cpu_ns", cell->cpu_ns},
        {"futex_calls", cell->futex_calls},
        {"transactions", cell->transactions},
        {"invalidated", cell->invalidated},
        {"lwss_mean", cell->lwss_mean},
        {"lwss_median", cell->lwss_median},
        {"mttr", cell->mttr},
        {"max_gap", cell->max_gap},
        {"lock_opportunity_jain", cell->opportunity_jain},
        {"read_scaling", cell->read_scaling},
        {"relative_throughput", cell->relative},
        {"voluntary_per_acquisition", cell->voluntary},
        {"involuntary_per_acquisition", cell->involuntary},
        {"holder_preempted", cell->holder_preempted},
        {"holder_off_cpu", cell->holder_off_cpu},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_object_set_new(object, numbers[i].name, number_or_null(numbers[i].value));
}

json_t *summary_to_json(const struct summary *summary)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        json_t *interval = cell->has_interval
                               ? json_pack("[f, f]", cell->interval.low, cell->interval.high)
                               : json_null();
        json_t *object = json_pack(
            "{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:i, s:i, s:i, s:i, s:o, s:b}", "source",
            cell->source, "lock", cell->lock, "machine", cell->machine, "placement",
            cell->placement, "threads", (int)cell->threads, "processes",
            processes_to_json(cell->processes), "workload",
            json_loads(cell->workload, JSON_DECODE_ANY, NULL), "samples", (int)cell->samples,
            "unfit", (int)cell->unfit, "unverified", (int)cell->unverified, "violations",
            (int)cell->violations, "interval", interval, "less_null", cell->less_null);
        add_numbers(object, cell);
        add_latencies(object, cell);
        json_array_append_new(cells, object);
    }
    return json_pack("{s:o}", "cells", cells);
}
