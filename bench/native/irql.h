/* What stands in for the interrupt request level of NT: how a thread keeps others from interrupting
 * it around each acquisition (enum irql of workload.h), and what that costs. */
#ifndef BENCH_NATIVE_IRQL_H
#define BENCH_NATIVE_IRQL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/workload.h"

/* Each works on the calling thread; a `lower` takes back the `raise` before it. They do not nest.
 */
struct irql_mode {
    void (*raise)(void);
    void (*lower)(void);
};

/* How the level is raised and lowered; with IRQL_NONE, by doing nothing. */
const struct irql_mode *irql_mode(enum irql irql);

/* Whether the level is raised once by each thread and stays so, and not around each acquisition. */
bool irql_is_held(enum irql irql);

/* Tries whether this process may raise the level, on the calling thread, which is an ordinary one.
 * Returns NULL, or in `problem` why not and what would help. */
const char *irql_check(enum irql irql, char *problem, size_t problem_size);

/* The kernel's file that says how long real-time threads may run in each second: without a limit,
 * threads that spin would never let anybody else run. `file` is RT_RUNTIME_FILE; returns NULL, or
 * in `problem` what is wrong with it. */
#define RT_RUNTIME_FILE "/proc/sys/kernel/sched_rt_runtime_us"
const char *irql_check_throttle(const char *file, char *problem, size_t problem_size);

/* The cost of one raise and its lower on the calling thread, in nanoseconds: the median of many
 * short batches. Called as the measured loop calls them, so that it is what that spends on them.
 * Takes some milliseconds. 0 with IRQL_NONE. */
double irql_measure_ns(enum irql irql);

/* For the thread that ends the window: where the threads at work are real-time threads, it has to
 * be a more urgent one, or would wait for the kernel's throttle to stop them. Nothing otherwise. */
void irql_raise_leader(enum irql irql);
void irql_lower_leader(enum irql irql);

#endif
