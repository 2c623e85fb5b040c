/* A lock that is looked at while it is used: who gets it, in which order, and whether anybody else
 * has it then. It costs no virtual time and no traffic. */
#ifndef BENCH_SIM_OBSERVER_H
#define BENCH_SIM_OBSERVER_H

#include "bench/latencies.h"
#include "bench/owner_stream.h"
#include "bench/sim/engine.h"
#include "locks/lock.h"

/* What one thread has of the lock; times in picoseconds. */
struct observed_thread {
    bool holds;
    uint64_t since; /* when it got it, of one that holds it */
    uint64_t held;  /* for how long it did, while recording */
    /* What the engine had counted of it when it got the lock, see sim_thread. */
    uint64_t preempted, off_core;
};

struct observer {
    struct lock_ops ops; /* to use the lock through; `lock` is then the observer itself */
    const struct lock_ops *observed;
    void *lock;
    struct sim_engine *engine;
    unsigned writers, readers; /* that have the lock */
    uint64_t overlaps;         /* times that somebody got it who should have waited */
    bool recording;
    uint64_t began;        /* when it began to record */
    uint64_t free_since;   /* while nobody has the lock, */
    uint64_t idle;         /* for how long nobody had it, while recording */
    uint64_t acquisitions; /* while recording, */
    struct owner_stream stream;
    bool stream_cut; /* there was no memory for all of it */
    struct observed_thread *threads;
    /* Of what ends while recording; one for each way of taking the lock; several
     * observers may share them, */
    struct latencies *latencies;
    uint64_t released[LATENCIES_WAYS]; /* and when the lock was last released so */
};

/* Looks at `lock`, which is one of the virtual catalogue. `threads` has room for all threads,
 * and `latencies` for LATENCIES_WAYS; both are zero. */
struct observer observer_make(const struct lock_ops *observed, void *lock,
                              struct sim_engine *engine, struct observed_thread *threads,
                              struct latencies *latencies);

/* Begins and ends recording, once each. */
void observer_begin(struct observer *observer);
void observer_end(struct observer *observer);

#endif
