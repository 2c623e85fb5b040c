/* A short look at what else the CPUs do: first while this process sleeps, then while it spins. */
#ifndef BENCH_NATIVE_DOCTOR_LOOK_H
#define BENCH_NATIVE_DOCTOR_LOOK_H

#include <hwloc.h>
#include <stdbool.h>
#include <stdint.h>

struct cpu_look {
    unsigned cpu;
    bool busy_known;
    double busy; /* part of the time in which somebody ran there while this process slept */
    int bind_error;
    bool stayed; /* what was bound to it ran there */
    double lost; /* part of the time that was taken from a thread which spun there */
};

struct doctor_sight {
    struct cpu_look *cpus;
    unsigned count;
    bool steal_known;
    double steal; /* part of the time in which the hypervisor took the CPUs that spun */
};

/* Looks for `look_ns` twice at every CPU of the topology, at all of them at once. `root` as in
 * system_files.h. Returns false when there is no memory or not every thread could be started. Free
 * with doctor_look_free(). */
bool doctor_look(const char *root, hwloc_topology_t topology, uint64_t look_ns,
                 struct doctor_sight *sight);
void doctor_look_free(struct doctor_sight *sight);

#endif
