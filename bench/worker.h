/* One thread of a run: where it works, what it is told, and what it finds; with what every loop
 * does for it around and under the lock. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/delay_samples.h"
#include "bench/latency_watch.h"
#include "bench/observation.h"
#include "bench/owner_log.h"
#include "bench/workload.h"
#include "locks/lock.h"

/* What lies under the lock, on the first of its lines. A writer makes `first` larger, does its
 * work, and makes `second` equal again: two at once, or a reader beside a writer, see them differ
 * or lose a count. volatile: the accesses are to be made, each, even where the compiler sees that
 * no lock is around them. */
struct guarded {
    volatile uint64_t first, second;
    volatile uint64_t owner; /* number of the last writer + 1, 0 before the first */
    struct latency_releases releases;
};

/* One more line under the lock. */
struct guarded_line {
    _Alignas(64) volatile uint64_t value;
};

/* A lock with one of these traits has a loop of its own shape; all others have none of it. */
enum { LOCK_READERS_RACE = LOCK_READERS_RETRY | LOCK_READERS_BESIDE_WRITER };

/* Every so many turns, a wait is looked at. */
enum { DELAY_SAMPLE_STRIDE = 257 };
_Static_assert(DELAY_SAMPLE_STRIDE % 2 == 1 && (SCRIPT_STEPS & (SCRIPT_STEPS - 1)) == 0,
               "looks at every step of a script in turn, not at the same few");

/* Where a thread works. The loop copies it, so that it lives in registers. */
struct workplace {
    void *lock;
    struct guarded *guarded;
    struct guarded_line *lines; /* beyond the first */
    unsigned lines_beyond;
    bool unverified_writes; /* whether a lock that is not verified writes the first line, too */
    unsigned self;
    WORD(uint32_t) * phase;
    struct latency_watch *watch; /* of the phase that observes latencies */
};

/* What a varied loop (varied_loop.h) does besides. Apart from the above, so that no other loop
 * copies it. */
struct variation {
    bool timed;                     /* it looks for how long it has the lock */
    struct guarded_line *own_lines; /* the thread's own, written under the lock */
    unsigned own_lines_count;
    /* From one of several locks to the next, from its guarded pair to the next one's, and so on;
     * and which of them each step of the script takes. */
    size_t lock_stride, guarded_stride, lines_stride;
    uint16_t choices[SCRIPT_STEPS];
};

/* The phases, in the word that the loop looks at. The passes are on real cores only, and those that
 * nobody asked for are left out. */
enum phase { PHASE_WARMUP, PHASE_OWNERS, PHASE_LATENCY, PHASE_WINDOW, PHASE_STOP };

/* What a loop needs of what it observes. Variables of their own, so that those that every turn
 * looks at stay in registers. */
struct observing {
    struct latency_turns *timing;
    uint64_t *next_look;    /* the turn that is timed next */
    uint64_t *owned_before; /* the `before` of the worker's owner log */
};

/* A loop is compiled for each shape. */
struct loop_shape {
    bool scripted; /* it does what the worker's script says, and not only acquire and release */
    enum observation observation;
};

/* From when to when a thread had the lock; never: both 0. */
struct hold {
    uint64_t since_ns, until_ns;
};

/* One thread of a run: what it is told, and what it finds. Nothing of it is shared with another
 * worker's lines. */
struct worker {
    /* Told. */
    _Alignas(MACHINE_APART) struct workplace place;
    const struct lock_ops *ops;
    struct step script[SCRIPT_STEPS];
    void (*raise)(void), (*lower)(void); /* of a raised loop: around each acquisition */
    void *context; /* where the lock's context lies; NULL: on the thread's stack */
    /* Where readers run beside a writer: the pair that they find, and one of the thread's own, to
     * publish when it writes. */
    WORD(struct guarded *) * published;
    struct guarded *spare;

    /* A turn that was under way when the last phase ended: it belongs to the phase in which it
     * ended. Without this, a window in which each thread gets the lock once would count nothing. */
    _Alignas(MACHINE_APART) unsigned carried, carried_writes;

    /* Found in the current phase. `acquisitions` is published at each turn, and exact at the end.
     */
    WORD(uint64_t) acquisitions;
    uint64_t writes;      /* those that were exclusive */
    uint64_t bursts;      /* how often it took over from another writer */
    uint64_t burst_start; /* `writes` at the last time */
    uint64_t burst_most;  /* the longest run of writes without another writer in between */
    uint64_t retries;     /* how often a reader had to read again, where a lock says so */
    struct delay_samples critical, outside;
    /* In a varied loop that is timed: for how long it had the lock in the turns that it began and
     * ended in the phase; and when in those that were under way at its begin and at its end. */
    uint64_t held_ns;
    struct hold first_hold, last_hold;

    /* Found in the passes that observe it. */
    struct owner_log owners;
    struct latencies *latencies; /* one for each way of taking the lock */

    /* Found since the start. */
    uint64_t all_writes;       /* with those that nobody counted: the total to check */
    WORD(uint64_t) violations; /* times that `first` and `second` differed */

    /* Told. */
    struct variation variation;
};

/* Busy for a while that is not 0, and now and then with a look at how long that took. */
static inline void measured_wait(uint64_t ns, uint64_t turn, struct delay_samples *samples)
{
    if (turn % DELAY_SAMPLE_STRIDE != 0) {
        machine_spin(ns);
        return;
    }
    uint64_t start = machine_clock();
    machine_spin(ns);
    delay_sample_add(samples, ns, start, machine_clock());
}

/* Inlined by order, as the sections below: there are so many loops that the compiler would rather
 * call them. */
static inline __attribute__((always_inline)) void measured_delay(uint64_t ns, uint64_t turn,
                                                                 struct delay_samples *samples)
{
    if (ns != 0)
        measured_wait(ns, turn, samples);
}

static inline void note_violation(struct worker *worker)
{
    word_store(&worker->violations, word_load(&worker->violations, relaxed) + 1, relaxed);
}

/* Bursts cost a load of a line that the holder owns anyway, and a store when the owner changes. */
static inline void take_over(struct worker *worker, uint64_t writes)
{
    uint64_t burst = writes - worker->burst_start;

    worker->burst_most = burst > worker->burst_most ? burst : worker->burst_most;
    worker->burst_start = writes;
    worker->bursts++;
}

/* The last turn is not counted in this phase, so nor is a run of writes that began with it. */
static inline void forget_take_over(struct worker *worker, uint64_t writes)
{
    if (worker->bursts > 0 && worker->burst_start == writes)
        worker->bursts--;
}

/* At the end of a phase: what a loop knows of its writes. The last run of them ends here, too. */
static inline __attribute__((always_inline)) void leave_writes(struct worker *worker,
                                                               uint64_t writes, uint64_t before)
{
    worker->writes = writes;
    worker->all_writes += writes - before + worker->carried_writes;
    if (writes - worker->burst_start > worker->burst_most)
        worker->burst_most = writes - worker->burst_start;
}

#endif
