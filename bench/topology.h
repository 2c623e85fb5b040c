/* The machine at hand as hwloc sees it, and in which order threads are laid on its CPUs. */
#ifndef BENCH_TOPOLOGY_H
#define BENCH_TOPOLOGY_H

#include <hwloc.h>
#include <stddef.h>

#include "bench/message.h"

/* Loads what this process may run on: the CPUs that its affinity mask (taskset) and its cgroup
 * allow, and no others. Complains and returns EXIT_MACHINE when hwloc can't. */
enum exit_code topology_load(hwloc_topology_t *topology);

/* The number of CPUs (hardware threads) in a topology. */
unsigned topology_cpus(hwloc_topology_t topology);

/* An order in which threads take CPUs: thread i runs on cpus[i % count], in the system's numbering.
 * With more threads than CPUs it begins again. */
struct placement {
    unsigned *cpus;
    size_t count;
};

/* Makes the order named `name`:
 *   compact  neighbours first: the hardware threads of a core, then the next core
 *   scatter  as far apart as possible: packages, then caches, then cores in turn
 *   cores    as compact, but the first hardware thread of every core before any second one
 *   LIST     these CPUs in this order, as in 0,2,4-7
 * Complains and returns EXIT_USAGE on a name or a CPU that there is not. Free with
 * placement_free(). */
enum exit_code placement_make(hwloc_topology_t topology, const char *name,
                              struct placement *placement);
void placement_free(struct placement *placement);

/* How many different CPUs a placement has: a list may name one twice. */
unsigned placement_cpus(const struct placement *placement);

#endif
