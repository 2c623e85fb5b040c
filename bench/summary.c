#include "bench/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "locks/catalogue.h"

/* The columns that are medians of samples. */
enum column {
    THROUGHPUT,
    JAIN,
    RSD,
    BURST,
    CPU_NS,
    TRANSACTIONS,
    INVALIDATED,
    MTTR,
    OPPORTUNITY_JAIN,
    COLUMNS
};
_Static_assert(COLUMNS == sizeof((struct cell *)0)->values / sizeof(double *), "one a column");

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

static size_t order_in_plan(const struct records *file, const char *lock)
{
    const json_t *locks = json_object_get(json_object_get(file->run, "plan"), "locks");
    size_t i;
    json_t *name;

    json_array_foreach (locks, i, name) {
        if (json_string_value(name) != NULL && strcmp(json_string_value(name), lock) == 0)
            return i;
    }
    return i;
}

static bool is_of_cell(const struct cell *cell, const struct cell *key)
{
    return cell->threads == key->threads && cell->processes == key->processes &&
           strcmp(cell->source, key->source) == 0 && strcmp(cell->lock, key->lock) == 0 &&
           strcmp(cell->machine, key->machine) == 0 && strcmp(cell->workload, key->workload) == 0 &&
           strcmp(cell->placement, key->placement) == 0;
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
    key.order = order_in_plan(file, key.lock);
    key.max_gap = NAN;
    grown[summary->count] = key;
    return &grown[summary->count++];
}

static double number_of(const json_t *record, const char *name)
{
    const json_t *number = json_object_get(record, name);

    return json_is_number(number) ? json_number_value(number) : NAN;
}

static void add_sample(struct cell *cell, const json_t *record)
{
    const json_t *burst = json_object_get(record, "burst");
    const json_t *traffic = json_object_get(record, "traffic");
    const double values[COLUMNS] = {number_of(record, "throughput"),
                                    number_of(record, "jain"),
                                    number_of(record, "rsd"),
                                    number_of(burst, "mean"),
                                    number_of(record, "cpu_ns"),
                                    number_of(traffic, "transactions"),
                                    number_of(traffic, "invalidated"),
                                    number_of(record, "mttr"),
                                    number_of(record, "lock_opportunity_jain")};
    double burst_most = number_of(burst, "max"), max_gap = number_of(record, "max_gap");

    for (int i = 0; i < COLUMNS; i++) {
        cell->values[i] = realloc(cell->values[i], (cell->samples + 1) * sizeof(double));
        if (cell->values[i] == NULL)
            abort();
        cell->values[i][cell->samples] = values[i];
    }
    cell->samples++;
    cell->unverified += json_is_null(json_object_get(record, "verified"));
    double together = number_of(json_object_get(record, "validity"), "full_concurrency");
    cell->apart += isnan(together) || together < 0.5;
    if (burst_most > cell->burst_most)
        cell->burst_most = burst_most;
    cell->max_gap = fmax(cell->max_gap, max_gap);
}

/* The median of those that were measured. */
static double median_known(double *values, size_t count)
{
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i]))
            values[known++] = values[i];
    }
    if (known == 0)
        return NAN;
    statistics_sort(values, known);
    return statistics_median(values, known);
}

static void finish_cell(struct cell *cell)
{
    cell->throughput = median_known(cell->values[THROUGHPUT], cell->samples);
    cell->has_interval =
        statistics_median_interval(cell->values[THROUGHPUT], cell->samples, &cell->interval);
    cell->jain = median_known(cell->values[JAIN], cell->samples);
    cell->rsd = median_known(cell->values[RSD], cell->samples);
    cell->burst = median_known(cell->values[BURST], cell->samples);
    cell->cpu_ns = median_known(cell->values[CPU_NS], cell->samples);
    cell->transactions = median_known(cell->values[TRANSACTIONS], cell->samples);
    cell->invalidated = median_known(cell->values[INVALIDATED], cell->samples);
    cell->mttr = median_known(cell->values[MTTR], cell->samples);
    cell->opportunity_jain = median_known(cell->values[OPPORTUNITY_JAIN], cell->samples);
    for (int i = 0; i < COLUMNS; i++) {
        free(cell->values[i]);
        cell->values[i] = NULL;
    }
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
    if (summary.count > 0)
        qsort(summary.cells, summary.count, sizeof *summary.cells, compare_cells);
    return summary;
}

void summary_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++)
        free(summary->cells[i].workload);
    free(summary->cells);
    *summary = (struct summary){0};
}

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

json_t *summary_to_json(const struct summary *summary)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        json_t *interval = cell->has_interval
                               ? json_pack("[f, f]", cell->interval.low, cell->interval.high)
                               : json_null();
        json_array_append_new(
            cells, json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o, "
                             "s:o, s:o, s:o, s:o, "
                             "s:o, s:o, s:o, s:b, s:o}",
                             "source", cell->source, "lock", cell->lock, "machine", cell->machine,
                             "placement", cell->placement, "threads", (int)cell->threads,
                             "processes", processes_to_json(cell->processes), "workload",
                             json_loads(cell->workload, JSON_DECODE_ANY, NULL), "samples",
                             (int)cell->samples, "unverified", (int)cell->unverified, "violations",
                             (int)cell->violations, "throughput", number_or_null(cell->throughput),
                             "interval", interval, "jain", number_or_null(cell->jain), "rsd",
                             number_or_null(cell->rsd), "burst", number_or_null(cell->burst),
                             "cpu_ns", number_or_null(cell->cpu_ns), "transactions",
                             number_or_null(cell->transactions), "invalidated",
                             number_or_null(cell->invalidated), "mttr", number_or_null(cell->mttr),
                             "max_gap", number_or_null(cell->max_gap), "less_null", cell->less_null,
                             "lock_opportunity_jain", number_or_null(cell->opportunity_jain)));
    }
    return json_pack("{s:o}", "cells", cells);
}
