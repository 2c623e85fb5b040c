#include "bench/threshold/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fitness.h"
#include "bench/statistics.h"
#include "locks/lock.h"

const uint64_t grid_default_budgets[] = {0,     250,   500,   1000,   2000,   4000,         8000,
                                         16000, 32000, 64000, 128000, 256000, MACHINE_NEVER};
const size_t grid_default_budgets_count =
    sizeof grid_default_budgets / sizeof grid_default_budgets[0];

/* The first look is at both ends, at the longest budget that ends, and at every so many between. */
enum { COARSE_STEP = 4 };

unsigned *grid_default_threads(unsigned cpus, size_t *count)
{
    static const unsigned halves[] = {1, 2, 3, 4, 8};
    unsigned *threads = calloc(sizeof halves / sizeof halves[0], sizeof *threads);

    *count = 0;
    for (size_t i = 0; threads != NULL && i < sizeof halves / sizeof halves[0]; i++) {
        unsigned number = (halves[i] * cpus + 1) / 2;
        if (number <= PLAN_THREADS_MOST && (*count == 0 || number > threads[*count - 1]))
            threads[(*count)++] = number;
    }
    return threads;
}

static size_t locks_of(const struct grid *grid)
{
    return grid->plan->locks_count / grid->budgets;
}

size_t grid_cell(const struct grid *grid, size_t lock, size_t threads, size_t workload,
                 size_t budget)
{
    const struct plan *plan = grid->plan;

    return ((lock * grid->budgets + budget) * plan->threads_count + threads) *
               plan->workloads_count +
           workload;
}

size_t grid_find(const struct grid *grid, const json_t *sample)
{
    /* One that is of another budget is so of all threads and workloads. */
    const size_t each = grid->plan->threads_count * grid->plan->workloads_count;

    for (size_t i = 0; i < grid->plan->locks_count; i++) {
        const char *lock = json_string_value(json_object_get(sample, "lock"));
        if (lock == NULL || strcmp(lock, grid->plan->locks[i].text) != 0)
            continue;
        for (size_t j = i * each; j < (i + 1) * each; j++) {
            struct turn cell = plan_cell(grid->plan, j);
            if (plan_is_of_cell(sample, &cell))
                return j;
        }
    }
    return plan_cells(grid->plan);
}

size_t grid_open_coarse(const struct grid *grid, bool *open)
{
    const size_t each = grid->plan->threads_count * grid->plan->workloads_count;
    size_t opened = 0;

    for (size_t i = 0; i < plan_cells(grid->plan); i++) {
        size_t budget = i / each % grid->budgets;
        open[i] = budget + 2 >= grid->budgets || budget % COARSE_STEP == 0;
        opened += open[i];
    }
    return opened;
}

/* What the samples of a cell say. */
struct look {
    size_t samples, values;
    double *throughput, *cpu_ns; /* of the fit ones, or of all if there is none; sorted */
};

static double number_of(const json_t *sample, const char *name, double otherwise)
{
    const json_t *value = json_object_get(sample, name);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static void look_at(const json_t *samples, struct look *look)
{
    json_t *chosen = fitness_choose(samples), *sample;
    size_t i;

    look->samples = json_array_size(samples);
    look->throughput = calloc(json_array_size(chosen) + 1, sizeof(double));
    look->cpu_ns = calloc(json_array_size(chosen) + 1, sizeof(double));
    if (look->throughput == NULL || look->cpu_ns == NULL)
        abort();
    json_array_foreach (chosen, i, sample) {
        look->throughput[i] = number_of(sample, "throughput", 0);
        look->cpu_ns[i] = number_of(sample, "cpu_ns", INFINITY);
    }
    look->values = json_array_size(chosen);
    statistics_sort(look->throughput, look->values);
    statistics_sort(look->cpu_ns, look->values);
    json_decref(chosen);
}

static struct look *look_at_all(const struct grid *grid, const struct records *records)
{
    const size_t cells = plan_cells(grid->plan);
    struct look *looks = calloc(cells, sizeof *looks);
    json_t **samples = calloc(cells, sizeof(json_t *)), *sample;
    size_t i;

    if (looks == NULL || samples == NULL)
        abort();
    json_array_foreach (records->samples, i, sample) {
        size_t cell = grid_find(grid, sample);
        if (cell == cells)
            continue;
        samples[cell] = samples[cell] == NULL ? json_array() : samples[cell];
        json_array_append(samples[cell], sample);
    }
    for (size_t cell = 0; cell < cells; cell++) {
        if (samples[cell] != NULL)
            look_at(samples[cell], &looks[cell]);
        json_decref(samples[cell]);
    }
    free(samples);
    return looks;
}

static void free_looks(const struct grid *grid, struct look *looks)
{
    for (size_t i = 0; i < plan_cells(grid->plan); i++) {
        free(looks[i].throughput);
        free(looks[i].cpu_ns);
    }
    free(looks);
}

/* One lock with one number of threads under one workload. */
struct group {
    const struct grid *grid;
    const struct look *looks;
    size_t lock, threads, workload;
};

static size_t cell_of(const struct group *group, size_t budget)
{
    return grid_cell(group->grid, group->lock, group->threads, group->workload, budget);
}

static bool is_measured(const struct group *group, size_t budget)
{
    return group->looks[cell_of(group, budget)].values > 0;
}

/* The one that is best so far; as many as there are budgets: none was measured. */
static size_t best_budget(const struct group *group, bool by_cpu)
{
    size_t best = group->grid->budgets;
    double best_value = 0;

    for (size_t budget = 0; budget < group->grid->budgets; budget++) {
        const struct look *look = &group->looks[cell_of(group, budget)];
        if (look->values == 0)
            continue;
        double value = by_cpu ? -statistics_median(look->cpu_ns, look->values)
                              : statistics_median(look->throughput, look->values);
        if (best == group->grid->budgets || value > best_value) {
            best = budget;
            best_value = value;
        }
    }
    return best;
}

static size_t open_halfway(const struct group *group, size_t from, int step, bool *open)
{
    size_t to = from;

    do {
        if ((step < 0 && to == 0) || (step > 0 && to + 1 == group->grid->budgets))
            return 0;
        to += (size_t)step;
    } while (!is_measured(group, to));
    size_t cell = cell_of(group, (from + to) / 2);
    if (is_measured(group, (from + to) / 2) || open[cell])
        return 0;
    open[cell] = true;
    return 1;
}

size_t grid_open_finer(const struct grid *grid, const struct records *records, bool *open)
{
    struct look *looks = look_at_all(grid, records);
    struct group group = {.grid = grid, .looks = looks};
    size_t opened = 0;

    memset(open, 0, plan_cells(grid->plan) * sizeof *open);
    for (group.lock = 0; group.lock < locks_of(grid); group.lock++) {
        for (group.threads = 0; group.threads < grid->plan->threads_count; group.threads++) {
            for (group.workload = 0; group.workload < grid->plan->workloads_count;
                 group.workload++) {
                for (int by_cpu = 0; by_cpu < 2; by_cpu++) {
                    size_t best = best_budget(&group, by_cpu != 0);
                    if (best == grid->budgets)
                        continue;
                    opened += open_halfway(&group, best, -1, open);
                    opened += open_halfway(&group, best, 1, open);
                }
            }
        }
    }
    free_looks(grid, looks);
    return opened;
}

size_t grid_open_again(const struct grid *grid, const struct records *records, size_t enough,
                       bool *open)
{
    struct look *looks = look_at_all(grid, records);
    size_t opened = 0;

    for (size_t i = 0; i < plan_cells(grid->plan); i++) {
        open[i] = looks[i].samples > 0 && looks[i].samples < enough;
        opened += open[i];
    }
    free_looks(grid, looks);
    return opened;
}
