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
struct auto_budget {
    uint64_t fitting_ns; /* with at most a thread for each CPU */
    uint64_t crowded_ns; /* with more threads */
};

enum { AUTO_LOCKS_MOST = 32, AUTO_LOCK_NAME = 32 };

struct auto_budgets {
    bool known;
    struct auto_budget any; /* of locks of which nothing else is known */
    struct {
        char name[AUTO_LOCK_NAME];
        struct auto_budget budget;
    } locks[AUTO_LOCKS_MOST];
    size_t locks_count;
    char from[64]; /* as in "profile of 2026-11-22" */
};

/* Finds the machine's: on real cores from its saved profile (profile.h), of which there has to be
 * one, because a calibration of the moment would make two runs different locks; of a simulated
 * machine from a calibration of its model, which is always the same. Complains and returns
 * EXIT_USAGE when there is no profile of this machine. */
enum exit_code auto_budgets_find(const struct machine *machine, hwloc_topology_t topology,
                                 struct auto_budgets *budgets);

/* Says what they are and where they came from: once where those of the locks with `budget=auto`
 * among `specs` are the same, otherwise of each; without such a lock, those of any. `cpus` is how
 * many the threads are laid on. */
void auto_budgets_say(const struct auto_budgets *budgets, const struct lock_spec *specs,
                      size_t count, unsigned cpus);

/* The one of that lock (by its name alone) for so many threads on so many CPUs. */
uint64_t auto_budget_ns(const struct auto_budgets *budgets, const char *lock, unsigned threads,
                        unsigned cpus);

/* As an object of a record, and back; reading returns false when the object is not one. */
json_t *auto_budgets_to_json(const struct auto_budgets *budgets);
bool auto_budgets_from_json(const json_t *object, struct auto_budgets *budgets);

#endif
