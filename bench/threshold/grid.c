#include "bench/threshold/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fitness.h"
#include "bench/random.h"
#include "bench/statistics.h"
#include "locks/lock.h"

const uint64_t grid_default_budgets[] = {0,     250,   500,   1000,   2000,   4000,         8000,
                                         16000, 32000, 64000, 128000, 256000, MACHINE_NEVER};
const size_t grid_default_budgets_count =
    sizeof grid_default_budgets / sizeof grid_default_budgets[0];

/* The first look is at both ends, at the longest budget that ends, and at every so many between; at
 * two or more of these, for with fewer a cell does not count (recommend.h). */
enum { COARSE_STEP = 4, COARSE_BETWEEN = 2 };

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

/* One lock with one number of threads under one workload. */
struct group_name {
    size_t lock, threads, workload;
};

static bool is_alone(const struct grid *grid, const struct group_name *group)
{
    return grid->plan->threads[group->threads] == 1;
}

size_t grid_groups(const struct grid *grid)
{
    return plan_cells(grid->plan) / grid->budgets;
}

/* Drawn from the seed, so that those which are reached are a fair choice when the time is up early;
 * a thread alone comes last, because it has nobody to wait for. A new array. */
static struct group_name *order_groups(const struct grid *grid)
{
    const struct plan *plan = grid->plan;
    const size_t count = grid_groups(grid);
    struct group_name *groups = calloc(count, sizeof *groups);
    uint64_t random = plan->seed;
    size_t ordered = 0;

    if (groups == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        groups[i] = (struct group_name){i / plan->workloads_count / plan->threads_count,
                                        i / plan->workloads_count % plan->threads_count,
                                        i % plan->workloads_count};
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)random_below(&random, i);
        struct group_name last = groups[i - 1];
        groups[i - 1] = groups[other];
        groups[other] = last;
    }
    for (size_t i = 0; i < count; i++) {
        struct group_name group = groups[i];
        if (is_alone(grid, &group))
            continue;
        groups[i] = groups[ordered];
        groups[ordered++] = group;
    }
    return groups;
}

static bool is_coarse(const struct grid *grid, size_t budget)
{
    const size_t between = grid->budgets - 2;
    size_t step = between / COARSE_BETWEEN;

    step = step == 0 ? 1 : step > COARSE_STEP ? COARSE_STEP : step;
    return budget + 2 >= grid->budgets || budget % step == 0;
}

size_t grid_open_coarse(const struct grid *grid, size_t round, bool *open)
{
    struct group_name *groups = order_groups(grid);
    size_t opened = 0;

    memset(open, 0, plan_cells(grid->plan) * sizeof *open);
    for (size_t i = round * GRID_ROUND; i < (round + 1) * GRID_ROUND && i < grid_groups(grid);
         i++) {
        const struct group_name *group = &groups[i];
        for (size_t budget = 0; budget < grid->budgets; budget++) {
            if (is_alone(grid, group) ? budget > 0 : !is_coarse(grid, budget))
                continue;
            open[grid_cell(grid, group->lock, group->threads, group->workload, budget)] = true;
            opened++;
        }
    }
    free(groups);
    return opened;
}

/* Marks the cells that have a sample, or a violation without one; `tried` has one more than there
 * are cells, for records of none. */
static void mark_tried(const struct grid *grid, const struct records *records, bool *tried)
{
    json_t *record;
    size_t i;

    json_array_foreach (records->samples, i, record)
        tried[grid_find(grid, record)] = true;
    json_array_foreach (records->violations, i, record)
        tried[grid_find(grid, record)] = true;
}

/* Whether a group has all of its first look. */
static bool was_looked_at(const struct grid *grid, const struct group_name *group,
                          const bool *tried)
{
    for (size_t budget = 0; budget < grid->budgets; budget++) {
        if ((is_alone(grid, group) ? budget == 0 : is_coarse(grid, budget)) &&
            !tried[grid_cell(grid, group->lock, group->threads, group->workload, budget)])
            return false;
    }
    return true;
}

size_t grid_count_looked_at(const struct grid *grid, const struct records *records)
{
    const size_t cells = plan_cells(grid->plan);
    bool *tried = calloc(cells + 1, sizeof *tried);
    struct group_name *groups = order_groups(grid);
    size_t count = 0;

    if (tried == NULL)
        abort();
    mark_tried(grid, records, tried);
    for (size_t i = 0; i < grid_groups(grid); i++)
        count += was_looked_at(grid, &groups[i], tried);
    free(groups);
    free(tried);
    return count;
}

/* What the samples of a cell say. */
struct look {
    bool tried; /* with or without a sample: a lock that hangs leaves none */
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
    bool *tried = calloc(cells + 1, sizeof *tried);
    json_t **samples = calloc(cells, sizeof(json_t *)), *sample;
    size_t i;

    if (looks == NULL || samples == NULL || tried == NULL)
        abort();
    json_array_foreach (records->samples, i, sample) {
        size_t cell = grid_find(grid, sample);
        if (cell == cells)
            continue;
        samples[cell] = samples[cell] == NULL ? json_array() : samples[cell];
        json_array_append(samples[cell], sample);
    }
    mark_tried(grid, records, tried);
    for (size_t cell = 0; cell < cells; cell++) {
        looks[cell].tried = tried[cell];
        if (samples[cell] != NULL)
            look_at(samples[cell], &looks[cell]);
        json_decref(samples[cell]);
    }
    free(samples);
    free(tried);
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

/* A group with what is known of it. */
struct group {
    const struct grid *grid;
    const struct look *looks;
    size_t lock, threads, workload;
};

static size_t cell_of(const struct group *group, size_t budget)
{
    return grid_cell(group->grid, group->lock, group->threads, group->workload, budget);
}

static bool was_tried(const struct group *group, size_t budget)
{
    return group->looks[cell_of(group, budget)].tried;
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
    } while (!was_tried(group, to));
    size_t cell = cell_of(group, (from + to) / 2);
    if (was_tried(group, (from + to) / 2) || open[cell])
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
        open[i] = looks[i].values > 0 && looks[i].values < enough;
        opened += open[i];
    }
    free_looks(grid, looks);
    return opened;
}
