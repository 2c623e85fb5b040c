/* `budget=auto`: how long the waiters of a lock spin, taken from what is known of the machine. */
#ifndef BENCH_AUTO_BUDGET_H
#define BENCH_AUTO_BUDGET_H

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/lock_spec.h"
#include "bench/machine.h"
#include "bench/message.h"

/* MACHINE_NEVER: for ever. */
struct auto_budgets {
    bool known;
    uint64_t fitting_ns; /* with at most a thread for each CPU */
    uint64_t crowded_ns; /* with more threads */
    char from[64];       /* as in "profile of 2026-11-22" */
};

/* Finds the machine's: on real cores from its saved profile (profile.h), of which there has to be
 * one, because a calibration of the moment would make two runs different locks; of a simulated
 * machine from a calibration of its model, which is always the same. Complains and returns
 * EXIT_USAGE when there is no profile of this machine. */
enum exit_code auto_budgets_find(const struct machine *machine, hwloc_topology_t topology,
                                 struct auto_budgets *budgets);

/* Says once what they are and where they came from; `cpus` is how many the threads are laid on. */
void auto_budgets_say(const struct auto_budgets *budgets, unsigned cpus);

/* The one for so many threads on so many CPUs. */
uint64_t auto_budget_ns(const struct auto_budgets *budgets, unsigned threads, unsigned cpus);

/* As an object of a record, and back; reading returns false when the object is not one. */
json_t *auto_budgets_to_json(const struct auto_budgets *budgets);
bool auto_budgets_from_json(const json_t *object, struct auto_budgets *budgets);

/* A budget as a value of a record: whole nanoseconds, or "inf". */
json_t *auto_budget_to_json(uint64_t ns);

#endif
