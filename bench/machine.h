/* The machine that a plan runs on: real cores, or a simulated machine and what its operations cost.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <hwloc.h>
#include <stdbool.h>

#include "bench/message.h"
#include "bench/sim/parameters.h"

struct machine {
    const char *text; /* as recorded: `native`, or `sim:TOPOLOGY` */
    /* Of a simulated machine only: */
    const char *latencies; /* a file with a measured matrix, or NULL */
    struct sim_parameters parameters;
};

/* The machine at hand. */
struct machine machine_native(void);

/* Reads `native` or `sim:TOPOLOGY`; the text has to live on. Complains and returns EXIT_USAGE.
 * Whether there is such a topology shows when it is loaded. */
enum exit_code machine_read(const char *text, struct machine *machine);

bool machine_is_simulated(const struct machine *machine);

/* The TOPOLOGY of a simulated machine, given the machine as recorded; NULL of another one, and
 * where none is recorded (NULL). */
const char *machine_topology_text(const char *text);

/* Loads its topology: of real cores, those that this process may use. Complains. */
enum exit_code machine_load(const struct machine *machine, hwloc_topology_t *topology);

#endif
