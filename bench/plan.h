/* What is to be measured, and in which order. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/auto_budget.h"
#include "bench/counting.h"
#include "bench/lock_spec.h"
#include "bench/machine.h"
#include "bench/passes.h"
#include "bench/processes.h"
#include "bench/workload.h"

/* The most threads of a run, and the most repetitions of all cells together, which take days. */
enum { PLAN_THREADS_MOST = 4096, PLAN_TURNS_MOST = 1000000 };

/* A plan is every lock with every number of threads (and of objects) under every workload, each so
 * many times. One such combination is a cell. */
struct plan {
    struct machine machine;
    json_t *latencies; /* of a simulated machine: its measured matrix, or NULL */
    struct lock_spec *locks;
    size_t locks_count;
    struct auto_budgets auto_budgets; /* known where a lock has `budget=auto` */
    unsigned *threads;
    size_t threads_count;
    unsigned *objects; /* of one wait; NULL in workloads that have no such number */
    size_t objects_count;
    struct workload *workloads; /* they differ in what threads do, not in who they are: irql, nested
                                   locks and exchange are the same in all */
    size_t workloads_count;
    const char *placement;
    unsigned cpus;      /* that the placement has; more threads share them */
    unsigned processes; /* see processes.h */
    unsigned repetitions;
    /* With `until_percent`, see growth.h, that is the least; 0: every cell has so many. */
    double until_percent;
    unsigned repetitions_most;
    uint64_t until_ns;  /* no further one begins after so long; 0: the time does not end it */
    uint64_t window_ns; /* 0: of each number of threads its own, see plan_window_ns() */
    uint64_t seed;
    bool through_vtable;
    enum counting counters;  /* of real cores, */
    passes_set passes;       /* likewise, */
    uint64_t latency_stride; /* likewise; 0: chosen in each repetition */
};

/* One repetition of one cell. */
struct turn {
    const struct lock_spec *lock;
    unsigned threads;
    const struct workload *workload;
    unsigned objects;
    unsigned repetition;
    uint64_t seed; /* of what this repetition draws */
};

/* The locks of the default plan: one or more of each family. */
extern const char *const plan_default_locks;

/* The numbers of threads of the default plan: the powers of two up to the number of CPUs, that
 * number, and twice that number. A new array. */
unsigned *plan_default_threads(unsigned cpus, size_t *count);

/* Those that show what becomes of a lock when they pass the number of CPUs: one a CPU, one and a
 * half (rounded up), two and four, without those that are too many. A new array. */
unsigned *plan_crowding_threads(unsigned cpus, size_t *count);

/* Sets the window so that the whole plan takes about `budget_ns`; returns what it will
 * take, which is longer when the budget would leave too little for a window. */
uint64_t plan_fit_budget(struct plan *plan, uint64_t budget_ns);

/* The window of a cell. Where the plan has no one length for all, it grows with the time that is
 * spent under the lock, so that one turn more or less weighs little, and on a model with the
 * threads, so that each has many turns; and it takes in some time slices where they share CPUs. */
uint64_t plan_window_ns(const struct plan *plan, const struct turn *turn);

/* The warm-up that goes with a window. */
uint64_t plan_warmup_ns(const struct plan *plan, uint64_t window_ns);

/* The length of each pass that goes with a window, and of all of them. */
uint64_t plan_pass_ns(const struct plan *plan, uint64_t window_ns);
uint64_t plan_passes_ns(const struct plan *plan, uint64_t window_ns);

/* How long a repetition takes on real cores, with all that belongs to it. */
uint64_t plan_turn_ns(const struct plan *plan, const struct turn *turn);

/* How many cells there are, and how many numbers of objects: one, where there is no such number. */
size_t plan_cells(const struct plan *plan);
size_t plan_objects_count(const struct plan *plan);

/* Every repetition of every cell, in one random order drawn from the plan's seed, so that a machine
 * that drifts drifts over all cells alike. A new array of `*count`. */
struct turn *plan_turns(const struct plan *plan, size_t *count);

/* One repetition of each cell that is open, of plan_cells(), beyond those that every cell has, in a
 * random order drawn from the seed and the repetition's number. A new array of `*count`. */
struct turn *plan_round(const struct plan *plan, const bool *open, unsigned repetition,
                        size_t *count);

/* A cell, in the plan's order: its lock, threads, workload and objects. */
struct turn plan_cell(const struct plan *plan, size_t cell);

/* Whether a lock's budget is `auto`, so that the plan has to have its `auto_budgets`. */
bool plan_needs_budgets(const struct plan *plan);

/* The lock of a turn as it is measured, with its budget for so many threads. Its text is not what
 * the records name it by: they keep `auto`, so that runs with it compare. */
struct lock_spec plan_lock(const struct plan *plan, const struct turn *turn);

/* Whether a record (a sample, a violation, an ending) is of that cell. */
bool plan_is_of_cell(const json_t *record, const struct turn *cell);

/* The workloads as an object of a record: one, or one with a list of shares of readers, or a list.
 */
json_t *plan_workloads_to_json(const struct plan *plan);

/* The plan as an object of a record; the caller owns it. */
json_t *plan_to_json(const struct plan *plan);

/* The command line that makes such a plan, a list of words, for a run that does not depend on
 * anything else; the caller owns it. */
json_t *plan_to_command(const struct plan *plan);

#endif
