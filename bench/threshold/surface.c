#include "bench/threshold/surface.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/fitness.h"
#include "bench/processes.h"
#include "bench/sample_cells.h"
#include "bench/sim/parameters.h"
#include "bench/statistics.h"
#include "bench/table.h"
#include "bench/workload.h"
#include "locks/catalogue.h"

static const struct {
    const char *name, *title;
} measures[SURFACE_MEASURES] = {
    [SURFACE_THROUGHPUT] = {"throughput", "throughput"},
    [SURFACE_CPU] = {"cpu_ns", "CPU time"},
    [SURFACE_TAIL] = {"latency_p99_ns", "p99 acquire latency"},
    [SURFACE_WAIT] = {"wait_ns", "cost of waiting"},
    [SURFACE_SLEEPS] = {"sleeps", "sleeps"},
    [SURFACE_PREEMPTIONS] = {"preemptions", "involuntary switches"},
    [SURFACE_FUTEX] = {"futex_calls", "futex calls"},
    [SURFACE_WORK] = {"work_ns", "work"},
};

const char *surface_measure_name(enum surface_measure measure)
{
    return measures[measure].name;
}

const char *surface_measure_title(enum surface_measure measure)
{
    return measures[measure].title;
}

bool surface_less_is_better(enum surface_measure measure)
{
    return measure != SURFACE_THROUGHPUT;
}

/* ---- reading ---- */

static void *grow(void *array, size_t count, size_t size)
{
    void *grown = realloc(array, (count + 1) * size);

    if (grown == NULL)
        abort();
    memset((char *)grown + count * size, 0, size);
    return grown;
}

static bool usual_budget(const char *lock, uint64_t *budget_ns)
{
    size_t length = strcspn(lock, ":");
    char *name = strndup(lock, length);
    const struct lock_ops *ops = name == NULL ? NULL : lock_find(name);
    const struct lock_parameter *p = ops == NULL ? NULL : ops->parameters;

    free(name);
    while (p != NULL && p->name != NULL && strcmp(p->name, "budget") != 0)
        p++;
    if (p == NULL || p->name == NULL || p->unit != LOCK_TIME)
        return false;
    *budget_ns = p->usual;
    return true;
}

/* Splits a lock's text into what it is without its budget, a new string, and that. False when it
 * has none. */
static bool split_lock(const char *lock, char **base, uint64_t *budget_ns)
{
    const char *at = strstr(lock, ":budget=");
    char value[TIME_TEXT];

    if (at == NULL) {
        *base = usual_budget(lock, budget_ns) ? strdup(lock) : NULL;
        return *base != NULL;
    }
    const char *text = at + strlen(":budget=");
    size_t length = strcspn(text, ":");
    if (length >= sizeof value)
        return false;
    memcpy(value, text, length);
    value[length] = '\0';
    if (strcmp(value, "inf") == 0)
        *budget_ns = SURFACE_FOREVER;
    else if (!read_time(value, budget_ns))
        return false;
    *base = malloc(strlen(lock) + 1);
    if (*base == NULL)
        abort();
    sprintf(*base, "%.*s%s", (int)(at - lock), lock, text + length);
    return true;
}

/* What tells cells apart beside the lock, the machine, the threads and the two times. */
static char *rest_of(const json_t *sample, const struct workload *workload)
{
    struct workload others = *workload;
    char text[WORKLOAD_TEXT];
    const char *placement = json_string_value(json_object_get(sample, "placement"));
    char *rest = NULL;

    others.critical = others.outside = (struct delay){0};
    if (asprintf(&rest, "%s, placement %s, %u processes", workload_describe(&others, text),
                 placement == NULL ? "?" : placement,
                 processes_from_json(json_object_get(sample, "processes"))) < 0)
        abort();
    return rest;
}

static bool same_delay(const struct delay *a, const struct delay *b)
{
    return a->kind == b->kind && a->low_ns == b->low_ns && a->high_ns == b->high_ns &&
           a->high_part == b->high_part;
}

static bool same_cell(const struct surface_cell *a, const struct surface_cell *b)
{
    return strcmp(a->lock, b->lock) == 0 && strcmp(a->machine, b->machine) == 0 &&
           a->threads == b->threads && a->cpus == b->cpus &&
           same_delay(&a->critical, &b->critical) && same_delay(&a->outside, &b->outside) &&
           strcmp(a->rest, b->rest) == 0;
}

/* Takes the strings of `key`. */
static struct surface_cell *cell_of(struct surface *grid, struct surface_cell key)
{
    for (size_t i = 0; i < grid->count; i++) {
        if (same_cell(&grid->cells[i], &key)) {
            free(key.lock);
            free(key.rest);
            return &grid->cells[i];
        }
    }
    grid->cells = grow(grid->cells, grid->count, sizeof *grid->cells);
    grid->cells[grid->count] = key;
    return &grid->cells[grid->count++];
}

static struct surface_point *point_of(struct surface_cell *cell, uint64_t budget_ns)
{
    for (size_t i = 0; i < cell->count; i++) {
        if (cell->points[i].budget_ns == budget_ns)
            return &cell->points[i];
    }
    cell->points = grow(cell->points, cell->count, sizeof *cell->points);
    cell->points[cell->count].budget_ns = budget_ns;
    return &cell->points[cell->count++];
}

/* A delay of 0 is not achieved, and not recorded as such. */
static double achieved(const json_t *sample, const char *name, const struct delay *delay)
{
    double value = sample_number(sample, name);

    return isnan(value) ? delay_mean(delay) : value;
}

static struct surface_sample sample_of(const json_t *sample, const struct surface_cell *cell)
{
    struct surface_sample taken = {.fit = fitness_is_fit(sample)};
    const double acquisitions = sample_acquisitions(sample);
    const double all = acquisitions > 0 ? acquisitions : NAN;

    taken.value[SURFACE_THROUGHPUT] = sample_number(sample, "throughput");
    taken.value[SURFACE_CPU] = sample_number(sample, "cpu_ns");
    taken.value[SURFACE_TAIL] = sample_number(sample, "latency_ns.p99");
    taken.value[SURFACE_WAIT] = NAN;
    taken.value[SURFACE_SLEEPS] = sample_number(sample, "validity.voluntary_switches") / all;
    taken.value[SURFACE_PREEMPTIONS] = sample_number(sample, "validity.involuntary_switches") / all;
    taken.value[SURFACE_FUTEX] = sample_number(sample, "futex_calls");
    taken.value[SURFACE_WORK] = achieved(sample, "validity.critical_ns", &cell->critical) +
                                achieved(sample, "validity.outside_ns", &cell->outside);
    return taken;
}

static void add_samples(struct surface *grid, const struct records *file)
{
    struct workload workload;
    json_t *sample;
    size_t i;

    json_array_foreach (file->samples, i, sample) {
        struct surface_cell key = {.machine = json_string_value(json_object_get(sample, "machine")),
                                   .cpus = table_cpus(file),
                                   .sleep_cpu_ns = NAN};
        const char *lock = json_string_value(json_object_get(sample, "lock"));
        uint64_t budget_ns;
        if (lock == NULL || key.machine == NULL ||
            !workload_from_json(json_object_get(sample, "workload"), &workload) ||
            workload.exchange != EXCHANGE_NONE || !split_lock(lock, &key.lock, &budget_ns))
            continue;
        key.threads = (unsigned)json_integer_value(json_object_get(sample, "threads"));
        key.critical = workload.critical;
        key.outside = workload.outside;
        key.rest = rest_of(sample, &workload);
        struct surface_cell *cell = cell_of(grid, key);
        struct surface_point *point = point_of(cell, budget_ns);
        point->samples = grow(point->samples, point->count, sizeof *point->samples);
        point->samples[point->count++] = sample_of(sample, cell);
    }
}

/* As fitness_choose() does. */
static void leave_out_unfit(struct surface_point *point)
{
    size_t fit = 0;

    for (size_t i = 0; i < point->count; i++)
        fit += point->samples[i].fit;
    if (fit == 0)
        return;
    point->unfit = point->count - fit;
    for (size_t i = 0, to = 0; i < point->count; i++) {
        if (point->samples[i].fit)
            point->samples[to++] = point->samples[i];
    }
    point->count = fit;
}

static int compare_points(const void *first, const void *second)
{
    const struct surface_point *a = first, *b = second;

    return (a->budget_ns > b->budget_ns) - (a->budget_ns < b->budget_ns);
}

static int compare_delays(const struct delay *a, const struct delay *b)
{
    double x = delay_mean(a), y = delay_mean(b);

    return x != y ? (x > y) - (x < y) : (a->kind > b->kind) - (a->kind < b->kind);
}

static int compare_cells(const void *first, const void *second)
{
    const struct surface_cell *a = first, *b = second;
    int order = strcmp(a->lock, b->lock);

    order = order != 0 ? order : strcmp(a->machine, b->machine);
    order = order != 0 ? order : strcmp(a->rest, b->rest);
    order = order != 0 ? order : compare_delays(&a->outside, &b->outside);
    order = order != 0 ? order : (a->threads > b->threads) - (a->threads < b->threads);
    return order != 0 ? order : compare_delays(&a->critical, &b->critical);
}

struct surface surface_make(const struct records *files, size_t count)
{
    struct surface grid = {0};

    for (size_t i = 0; i < count; i++)
        add_samples(&grid, &files[i]);
    for (size_t i = 0; i < grid.count; i++) {
        struct surface_cell *cell = &grid.cells[i];
        for (size_t j = 0; j < cell->count; j++)
            leave_out_unfit(&cell->points[j]);
        qsort(cell->points, cell->count, sizeof *cell->points, compare_points);
    }
    if (grid.count > 0)
        qsort(grid.cells, grid.count, sizeof *grid.cells, compare_cells);
    return grid;
}

void surface_free(struct surface *grid)
{
    for (size_t i = 0; i < grid->count; i++) {
        struct surface_cell *cell = &grid->cells[i];
        for (size_t j = 0; j < cell->count; j++)
            free(cell->points[j].samples);
        free(cell->points);
        free(cell->lock);
        free(cell->rest);
    }
    free(grid->cells);
    *grid = (struct surface){0};
}

/* ---- looking ---- */

const struct surface_point *surface_point_of(const struct surface_cell *cell, uint64_t budget_ns)
{
    for (size_t i = 0; i < cell->count; i++) {
        if (cell->points[i].budget_ns == budget_ns)
            return &cell->points[i];
    }
    return NULL;
}

double *surface_values(const struct surface_point *point, enum surface_measure measure,
                       size_t *count)
{
    double *values = allocate_array(point->count, sizeof *values);

    *count = 0;
    for (size_t i = 0; i < point->count; i++) {
        if (!isnan(point->samples[i].value[measure]))
            values[(*count)++] = point->samples[i].value[measure];
    }
    statistics_sort(values, *count);
    return values;
}

double surface_median(const struct surface_point *point, enum surface_measure measure)
{
    size_t count;
    double *values = surface_values(point, measure, &count);
    double median = count == 0 ? NAN : statistics_median(values, count);

    free(values);
    return median;
}

double surface_part_between(uint64_t low_ns, uint64_t budget_ns, uint64_t high_ns)
{
    double low = (double)low_ns, at = (double)budget_ns, high = (double)high_ns;

    return low > 0 ? log(at / low) / log(high / low) : at / high;
}

double surface_median_at(const struct surface_cell *cell, uint64_t budget_ns,
                         enum surface_measure measure)
{
    double below = NAN;
    uint64_t below_ns = 0;

    for (size_t i = 0; i < cell->count; i++) {
        const struct surface_point *point = &cell->points[i];
        double median = surface_median(point, measure);
        if (isnan(median))
            continue;
        if (point->budget_ns == budget_ns)
            return median;
        if (point->budget_ns > budget_ns) {
            if (point->budget_ns == SURFACE_FOREVER || !(below > 0) || !(median > 0))
                return NAN;
            return below *
                   pow(median / below, surface_part_between(below_ns, budget_ns, point->budget_ns));
        }
        below = median;
        below_ns = point->budget_ns;
    }
    return NAN;
}

/* ---- the price of a sleep ---- */

/* The CPU time of one thread alone with the same lock and work, whatever its budget; NaN when the
 * grid has no such cell. */
static double alone_cpu(const struct surface *grid, const struct surface_cell *cell)
{
    struct surface_cell key = *cell;

    key.threads = 1;
    for (size_t i = 0; i < grid->count; i++) {
        const struct surface_cell *other = &grid->cells[i];
        if (!same_cell(other, &key))
            continue;
        for (size_t j = 0; j < other->count; j++) {
            double cpu = surface_median(&other->points[j], SURFACE_CPU);
            if (!isnan(cpu))
                return cpu;
        }
    }
    return NAN;
}

static void price_cell(struct surface_cell *cell, double alone_ns, double sleep_ns)
{
    const struct surface_point *none = surface_point_of(cell, 0);
    double sleeps = none == NULL ? NAN : surface_median(none, SURFACE_SLEEPS);
    double work = none == NULL || !isnan(alone_ns) ? alone_ns : surface_median(none, SURFACE_WORK);

    cell->sleep_cpu_ns =
        sleeps > 0 ? fmax(0, (surface_median(none, SURFACE_CPU) - work) / sleeps) : NAN;
    for (size_t i = 0; i < cell->count; i++) {
        for (size_t j = 0; j < cell->points[i].count; j++) {
            double *value = cell->points[i].samples[j].value;
            double base = isnan(alone_ns) ? value[SURFACE_WORK] : alone_ns;
            double spun = value[SURFACE_CPU] - base - value[SURFACE_SLEEPS] * cell->sleep_cpu_ns;
            /* Where next to nothing is spun, the noise of cpu may be below it. */
            value[SURFACE_WAIT] = fmax(0, spun) + value[SURFACE_SLEEPS] * sleep_ns;
            if (isnan(spun))
                value[SURFACE_WAIT] = NAN;
        }
    }
}

void surface_price(struct surface *grid, double sleep_ns)
{
    for (size_t i = 0; i < grid->count; i++)
        price_cell(&grid->cells[i], alone_cpu(grid, &grid->cells[i]), sleep_ns);
}

/* The call that sleeps, the call that wakes and what it does, the delay, and the switch to the
 * woken thread. */
static double modelled_sleep_ns(const json_t *model)
{
    struct sim_parameters parameters;

    if (!sim_parameters_from_json(model, &parameters))
        return NAN;
    return (double)(2 * parameters.syscall_ns + parameters.wake_call_ns + parameters.wake_ns +
                    parameters.switch_ns);
}

double surface_sleep_ns(const struct records *file)
{
    const json_t *value = sample_value(file->run, "calibration.cost.median_ns");
    const json_t *model = sample_value(file->run, "plan.model");

    if (json_is_number(value))
        return json_number_value(value);
    return model == NULL ? NAN : modelled_sleep_ns(model);
}
