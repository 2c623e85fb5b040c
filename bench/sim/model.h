/* The simulated machine: which CPUs it has, and how far apart they are. */
#ifndef BENCH_SIM_MODEL_H
#define BENCH_SIM_MODEL_H

#include <hwloc.h>

#include "bench/message.h"
#include "bench/sim/parameters.h"

/* The most CPUs of a simulated machine. */
enum { SIM_CPUS_MOST = 1024 };

/* CPUs from `first` to `last` in hwloc's logical order, in which those that share something follow
 * each other. */
struct sim_range {
    uint16_t first, last;
};

struct sim_cpu {
    unsigned os_index, node;
    struct sim_range near[SIM_REMOTE]; /* who is no farther than SIM_CORE, SIM_CACHE, SIM_PACKAGE */
};

struct sim_model {
    unsigned cpus_count;
    struct sim_cpu *cpus; /* in logical order */
    double *latency_ns;   /* measured, from each CPU to each; NULL: by distance */
    struct sim_parameters parameters;
};

/* Loads a topology: the path of an XML file that hwloc wrote, or a synthetic string such as
 * "pack:2 core:32 pu:1". Complains and returns EXIT_USAGE when hwloc rejects it or it has more than
 * SIM_CPUS_MOST CPUs. */
enum exit_code sim_topology_load(const char *text, hwloc_topology_t *topology);

/* Makes the model of a topology. With `latencies`, the path of what `lockbench topology --json`
 * wrote, its matrix takes the place of the latencies by distance. Complains and returns EXIT_USAGE
 * when that file is not such a thing or is of other CPUs. Free with sim_model_free(). */
enum exit_code sim_model_make(hwloc_topology_t topology, const struct sim_parameters *parameters,
                              const char *latencies, struct sim_model *model);
void sim_model_free(struct sim_model *model);

/* The logical index of the CPU with that number of the system's, or the number of CPUs: there is
 * none. */
unsigned sim_model_index(const struct sim_model *model, unsigned os_index);

/* The measured matrix as a list of rows for a record, or NULL. The caller owns it. */
json_t *sim_model_latencies(const struct sim_model *model);

#endif
