/* Ends a simulation in which nothing moves any more: a thread that computes and never comes to the
 * machine stops virtual time itself, so no virtual deadline can catch it. */
#ifndef BENCH_SIM_WATCHDOG_H
#define BENCH_SIM_WATCHDOG_H

#include "bench/sim/engine.h"

/* From now on, ends the process with REPETITION_STUCK when the engine has made no step for 10 s of
 * this process's computing time; time in which it was stopped does not count. */
void watchdog_start(const struct sim_engine *engine);

/* The engine has come to its end. */
void watchdog_stop(void);

#endif
