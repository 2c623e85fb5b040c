/* What the machine at hand is, for the record of a run. */
#ifndef BENCH_NATIVE_HOST_H
#define BENCH_NATIVE_HOST_H

#include <hwloc.h>
#include <jansson.h>

/* An object: CPU model, microcode, kernel, governor, turbo, SMT, load, whether it is virtual, the
 * CPUs allowed, hwloc's synthetic string and XML, whether hardware counters can be had. What this
 * machine does not tell is null, and the reason stands under "unmeasured". The caller owns it. */
json_t *host_describe(hwloc_topology_t topology);

#endif
