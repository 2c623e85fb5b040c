/* The threads of a core that could run, and whose turn it is: earliest eligible virtual deadline
 * first, as Linux has it since 6.6. Source: I. Stoica and H. Abdel-Wahab, "Earliest Eligible
 * Virtual Deadline First", Old Dominion University TR-95-22, 1995; what becomes of one that sleeps
 * is as in Linux 6.12.
 *
 * A thread's virtual time is how long it has run. It is owed something, and eligible, when that is
 * no more than the mean of its core's threads. Each asks for slices, and a slice has to be had
 * until its virtual deadline: of those that are eligible, the earliest deadline is first. So one
 * that sleeps much has the core as soon as it wakes up, until it has had its share. */
#ifndef BENCH_SIM_RUN_QUEUE_H
#define BENCH_SIM_RUN_QUEUE_H

#include "bench/sim/engine.h"

/* Adds what the running thread, if there is one, has had until now. Before any of the others.
 * Returns whether its slice was over, so that it asks for the next one. */
bool run_queue_charge(struct sim_engine *engine, struct sim_core *core);

/* Enters a thread that slept, or begins. It is not in the row yet. */
void run_queue_enter(struct sim_engine *engine, struct sim_core *core, struct sim_thread *thread);

/* The running thread is about to sleep, or is done. */
void run_queue_exit(struct sim_engine *engine, struct sim_core *core, struct sim_thread *thread);

/* The running thread lets others go first: it asks for a new slice from now on. */
void run_queue_yield(struct sim_engine *engine, struct sim_thread *thread);

/* How much longer the running thread may have the core, in picoseconds. */
uint64_t run_queue_left(const struct sim_thread *thread);

/* Whether another thread should have the core instead of the running one; of two alike, when its
 * slice is over the one that waits, otherwise itself. */
bool run_queue_has_better(const struct sim_core *core, bool slice_over);

/* Puts a thread into the row, at its end. */
void run_queue_append(struct sim_core *core, struct sim_thread *thread);

/* Takes the one whose turn it is, of several alike the first, out of the row, in which there has to
 * be one. */
struct sim_thread *run_queue_take(struct sim_core *core);

#endif
