/* The grid that `lockbench threshold` measures: every budget of every lock that has one, under
 * every critical section with every outside work, with every number of threads. Each lock with each
 * number of threads under each workload is a group, in which budgets compete. */
#ifndef BENCH_THRESHOLD_GRID_H
#define BENCH_THRESHOLD_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan.h"
#include "bench/records.h"

struct grid {
    const struct plan *plan; /* its locks are the budgets of one lock after those of the other */
    size_t budgets;          /* of each lock, upwards: from sleeping at once to spinning for ever */
};

/* The default budgets, in nanoseconds, upwards, from 0 to MACHINE_NEVER. */
extern const uint64_t grid_default_budgets[];
extern const size_t grid_default_budgets_count;

/* The numbers of threads of the default grid: 0.5, 1, 1.5, 2 and 4 a CPU, each at least 1, none
 * twice. A new array of `*count`. */
unsigned *grid_default_threads(unsigned cpus, size_t *count);

/* The number of a cell in the plan. */
size_t grid_cell(const struct grid *grid, size_t lock, size_t threads, size_t workload,
                 size_t budget);

/* The cell that a sample is of, or plan_cells(): none. */
size_t grid_find(const struct grid *grid, const json_t *sample);

size_t grid_groups(const struct grid *grid);

/* The cells to begin with: of each group the two ends and some budgets between, of threads that are
 * alone only the first budget, for nobody waits. A round has so many groups, in an order drawn from
 * the plan's seed: where the time is up early, some groups are whole instead of all in parts. Sets
 * `open`, of plan_cells(); returns how many cells are open, 0 after the last round. */
enum { GRID_ROUND = 4 };
size_t grid_open_coarse(const struct grid *grid, size_t round, bool *open);

/* How many groups have a sample, or a violation, of all that they begin with. */
size_t grid_count_looked_at(const struct grid *grid, const struct records *records);

/* The cells to go on with: of each group the budgets halfway to those measured next to the best one
 * by throughput and to the best one by CPU time. None is left when these have no neighbour that was
 * not measured, or was tried in vain: a lock that hangs leaves a violation and no sample. Likewise.
 */
size_t grid_open_finer(const struct grid *grid, const struct records *records, bool *open);

/* The cells that were measured, with fewer than `enough` samples that count: where no window was
 * fit, all. Likewise. */
size_t grid_open_again(const struct grid *grid, const struct records *records, size_t enough,
                       bool *open);

#endif
