/* The work on a plan: every turn measured, every record written as soon as there is one. */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <hwloc.h>

#include "bench/clocks.h"
#include "bench/plan.h"
#include "bench/records.h"
#include "bench/topology.h"

struct job {
    const struct plan *plan;
    const struct placement *placement;
    struct record_writer *writer;
    bool clocks_compared;      /* of the CPUs that the plan needs, before the first repetition: */
    struct clock_check clocks; /* whether times of two of them can be compared */
    const char *trace;         /* where the one cell's first repetition writes a trace, or NULL */
    /* The same records, for the table; and before them those of a run that is gone on with. */
    struct records kept;
};

/* The first record of a run: what, on which machine, how. Taken by the caller. */
json_t *job_describe(const struct plan *plan, hwloc_topology_t topology, int argc, char **argv);

/* A record that says when and how a run was gone on with; NULL of a simulated machine, where a
 * moment means nothing. Taken by the caller. */
json_t *job_describe_resumption(const struct plan *plan, int argc, char **argv);

/* The turns of a plan that have no record yet, in the plan's order. A new array of `*count`, or
 * NULL without memory. */
struct turn *job_turns(const struct plan *plan, const struct records *kept, size_t *count);

/* Whether nothing of a plan is left to measure. */
bool job_is_complete(const struct plan *plan, const struct records *kept);

/* Measures everything that has no record yet. Returns EXIT_FINE also when locks were caught: that
 * is in kept.violations. EXIT_INTERRUPTED or, with a complaint, EXIT_MACHINE when it had to stop;
 * what was measured until then is written and kept. */
enum exit_code job_measure(struct job *job);

/* Measures one repetition, of that number, of each cell that is open, of plan_cells(), unless it
 * has a record. None is begun after `end_ns` of machine_clock(); `*left` were not. Returns as
 * job_measure(). */
enum exit_code job_measure_round(struct job *job, const bool *open, unsigned repetition,
                                 uint64_t end_ns, size_t *left);

/* Waits until no other lockbench measures on this machine: two would measure each other. Says so
 * unless `quiet`. Returns at once when interrupted. */
void job_wait_for_machine(bool quiet);

/* Takes the machine for this process, until it ends, as job_wait_for_machine() does, if it is free.
 * Returns false when another lockbench measures; true also when that can't be known. */
bool job_take_machine(void);

#endif
