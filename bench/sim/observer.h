/* A lock that is looked at while it is used: who gets it, in which order, and whether anybody else
 * has it then. It costs no virtual time and no traffic. */
#ifndef BENCH_SIM_OBSERVER_H
#define BENCH_SIM_OBSERVER_H

#include "bench/latencies.h"
#include "bench/owner_stream.h"
#include "bench/sim/engine.h"
#include "locks/lock.h"

struct observer {
    struct lock_ops ops; /* to use the lock through; `lock` is then the observer itself */
    const struct lock_ops *observed;
    void *lock;
    struct sim_engine *engine;
    unsigned writers, readers; /* that have the lock */
    uint64_t overlaps;         /* times that somebody got it who should have waited */
    bool recording;
    uint64_t acquisitions; /* while recording, */
    struct owner_stream stream;
    bool stream_cut; /* there was no memory for all of it */
    uint64_t *since; /* when each thread got the lock */
    /* Of what ends while recording; one for each way of taking the lock, */
    struct latencies latencies[LATENCIES_WAYS];
    uint64_t released[LATENCIES_WAYS]; /* and when the lock was last released so */
};

/* Looks at `lock`, which is one of the virtual catalogue. `since` has room for a number a thread.
 */
struct observer observer_make(const struct lock_ops *observed, void *lock,
                              struct sim_engine *engine, uint64_t *since);

#endif
