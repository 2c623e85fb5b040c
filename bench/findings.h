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
    uint64_t held_ns;           /* that it had the lock in the window, where that is seen */
    uint64_t writes;            /* in the window: exclusive acquisitions, */
    uint64_t bursts;            /* how often it took over from another writer, */
    uint64_t burst_most;        /* the longest run without another writer in between */
    uint64_t retries;           /* times that it had to read again */
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
    const char *holds_unseen;        /* why it is not seen how long threads had the lock, or NULL */
    bool idle_seen;                  /* it is seen as well how long nobody had it: */
    uint64_t idle_ns;                /* in the window; otherwise, that is the rest of the window */
    uint64_t clock_cost_ns;          /* of two looks at the clock in a row */
    uint64_t cpu_ns;                 /* of all threads, in the window */
    uint64_t voluntary, involuntary; /* context switches in the window, */
    const char *switches_unmeasured; /* or why they are not known; NULL: they are */
    uint64_t futex_calls;            /* to sleep and to wake, of all threads, in the window, */
    const char *futex_calls_unmeasured; /* or why they are not known; NULL: they are */
    double irql_ns; /* of a raise and its lower, measured before; nothing without an irql */
    const struct owner_stream *owners;       /* who had the lock after whom, */
    const char *owners_unmeasured;           /* or why that is not known; NULL: it is */
    const struct latencies *latencies;       /* of all threads, one for each way, */
    uint64_t latency_stride;                 /* of every so many turns of each thread, */
    const char *latencies_unmeasured;        /* or why not; NULL: they are */
    const char *handoffs_unmeasured;         /* likewise of the hand-offs alone, */
    const char *preempted_unmeasured;        /* of whether a holder lost its CPU, */
    const char *off_cpu_unmeasured;          /* and for how long */
    struct lock_stat stats[LOCK_STATS_MOST]; /* what the lock counted itself, */
    unsigned stats_count;                    /* so many numbers */
};

/* Asks the locks, `stride` bytes from one to the next, when every thread is back from them, whether
 * they are free and what they counted, together: being of one kind, they count the same things.
 * `ops` and `locks` are of the machine that is in place. */
static inline void findings_ask_locks(struct findings *findings, const struct lock_ops *ops,
                                      void *locks, size_t stride, unsigned count)
{
    findings->idle = true;
    for (unsigned i = 0; i < count; i++) {
        void *lock = (char *)locks + i * stride;
        struct lock_stat more[LOCK_STATS_MOST];
        findings->idle = ops->is_idle(lock) && findings->idle;
        if (ops->stats == NULL)
            continue;
        findings->stats_count = ops->stats(lock, i == 0 ? findings->stats : more);
        for (unsigned j = 0; i > 0 && j < findings->stats_count; j++)
            findings->stats[j].value += more[j].value;
    }
}

#endif
