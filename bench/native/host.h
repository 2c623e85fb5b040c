/* What the machine at hand is, for the record of a run. */
#ifndef BENCH_NATIVE_HOST_H
#define BENCH_NATIVE_HOST_H

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>

/* An object: CPU model, microcode, kernel, governor, turbo, SMT, load, whether it is virtual, the
 * CPUs allowed, hwloc's synthetic string and XML, whether hardware counters can be had. What this
 * machine does not tell is null, and the reason stands under "unmeasured". The caller owns it. */
json_t *host_describe(hwloc_topology_t topology);

/* Whether two such objects are of one machine, as far as it bears on every number and stays when a
 * machine is left alone: processor, CPUs, topology, kernel, governor, turbo, hardware threads.
 * Otherwise `difference` says what differs: "its kernel is X, and here it is Y". */
enum { HOST_DIFFERENCE = 320 };
bool host_is_same(const json_t *then, const json_t *now, char difference[HOST_DIFFERENCE]);

/* Whether one member of them is the same; otherwise likewise. */
bool host_has_same(const json_t *then, const json_t *now, const char *member,
                   char difference[HOST_DIFFERENCE]);

#endif
