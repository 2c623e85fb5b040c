/* What a simulated repetition found, as its result: what every machine finds, and the traffic and
 * where threads are stuck, which only this one sees exactly. */
#ifndef BENCH_SIM_REPORT_H
#define BENCH_SIM_REPORT_H

#include <jansson.h>

#include "bench/findings.h"
#include "bench/sim/engine.h"

/* What happened within the window. */
struct sim_window {
    bool ended; /* false: it was not reached, or broke off */
    struct sim_usage usage;
    struct sim_traffic traffic;
    struct sim_tally *tallies;
    size_t tallies_count;
    uint64_t acquisitions;
};

/* Keeps what the lines' traffic is now. Free the tallies. */
void sim_window_take_traffic(struct sim_window *window, const struct sim_memory *memory);

/* The result (result.h). A window that did not end has no numbers, only violations. The caller owns
 * it. */
json_t *sim_report(const struct findings *findings, const struct sim_engine *engine,
                   const struct sim_window *window, enum sim_end end);

#endif
