/* What one repetition found, on whichever machine. */
#ifndef BENCH_FINDINGS_H
#define BENCH_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/delay_samples.h"
#include "bench/latencies.h"
#include "bench/owner_stream.h"
#include "bench/repetition.h"

/* A lock that a thread asked for out of the order of their ranks. */
struct order_refusal {
    bool refused;
    unsigned asked, held; /* ranks: of that lock, and the highest that the thread held */
};

struct thread_findings {
    uint64_t acquisitions;      /* in the window */
    bool back;                  /* it came back from the lock: all below is whole */
    int error;                  /* what the lock returned instead of 0 */
    struct order_refusal order; /* why, where that was EDEADLK for the order of nested locks */
    uint64_t writes;            /* in the window: exclusive acquisitions, */
    uint64_t bursts;            /* how often it took over from another writer, */
    uint64_t burst_most;        /* the longest run without another writer in between */
    uint64_t start_ns, end_ns;  /* its part of the window */
    const struct delay_samples *critical, *outside;
};

struct findings {
    const struct repetition *repetition;
    struct thread_findings *threads; /* repetition->threads of them */
    uint64_t elapsed_ns;             /* of the window, common to all; 0: not known */
    unsigned back;                   /* threads that came back from the lock */
    uint64_t silence_ns;             /* how long nobody had come back when the wait ended */
    uint64_t torn;                   /* times that the guarded pair was found half written */
    uint64_t overlaps;               /* times that the machine saw two at once under the lock */
    uint64_t counted, written;       /* the pair's count, and what the threads counted themselves */
    bool idle;                       /* the lock is free at the end */
    uint64_t clock_cost_ns;          /* of two looks at the clock in a row */
    uint64_t cpu_ns;                 /* of all threads, in the window */
    uint64_t voluntary, involuntary; /* context switches in the window, */
    const char *switches_unmeasured; /* or why they are not known; NULL: they are */
    double irql_ns; /* of a raise and its lower, measured before; nothing without an irql */
    const struct owner_stream *owners;       /* who had the lock after whom, */
    const char *owners_unmeasured;           /* or why that is not known; NULL: it is */
    const struct latencies *latencies;       /* of all threads, one for each way, */
    uint64_t latency_stride;                 /* of every so many turns of each thread, */
    const char *latencies_unmeasured;        /* or why not; NULL: they are */
    const char *handoffs_unmeasured;         /* likewise of the hand-offs alone */
    struct lock_stat stats[LOCK_STATS_MOST]; /* what the lock counted itself, */
    unsigned stats_count;                    /* so many numbers */
};

/* Asks the lock, when every thread is back from it, whether it is free and what it counted. `ops`
 * and `lock` are of the machine that is in place. */
static inline void findings_ask_lock(struct findings *findings, const struct lock_ops *ops,
                                     void *lock)
{
    findings->idle = ops->is_idle(lock);
    findings->stats_count = ops->stats == NULL ? 0 : ops->stats(lock, findings->stats);
}

#endif
