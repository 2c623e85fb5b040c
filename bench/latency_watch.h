/* How a measured loop times some of its turns. Every `stride`-th turn of a thread its acquire and
 * its hold are timed. On others, as many, a thread announces that it is going to wait: holders that
 * see it write down when they release, and the waiter, once it has the lock, takes that from its
 * own time. The two are not done in one turn, because the holders fetch the line with the
 * announcement when they are about to release, which those who wait would find in their waits. */
#ifndef BENCH_LATENCY_WATCH_H
#define BENCH_LATENCY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/latencies.h"
#include "locks/machine/machine.h"

/* Shared by all threads. */
struct latency_watch {
    /* How many threads have announced themselves. Read before each release, written seldom. */
    _Alignas(MACHINE_APART) WORD(uint32_t) announced;
    /* Set before the phase that uses them, and left alone from there. */
    _Alignas(MACHINE_APART) uint64_t stride;
    uint64_t clock_ns; /* of two looks at the clock: what each time has too much */
    bool handoffs;     /* whether anybody is to announce itself */
};

/* When the last holders released, as those wrote down who saw an announcement. It lies under the
 * lock: for the exclusive ones, whom a look of their own would otherwise cost a line. Readers may
 * be several at once, and what waits for readers waits for the last of them. */
struct latency_releases {
    volatile uint64_t exclusive_ns;
    WORD(uint64_t) shared_ns;
};

/* One thread's, while it is in its loop. */
struct latency_turns {
    struct latency_watch *watch;
    uint64_t stride;
    uint64_t next_timed, next_announced;
};

static inline struct latency_turns latency_turns_begin(struct latency_watch *watch)
{
    const uint64_t stride = watch->stride;

    /* Not the turns 0, N, 2N, ...: on those the loop may look at its own waits. */
    return (struct latency_turns){watch, stride, stride / 3,
                                  watch->handoffs ? stride / 3 * 2 : UINT64_MAX};
}

/* What is noted of the present turn. */
struct latency_look {
    bool timed, announced;
    uint64_t arrived_ns, acquired_ns;
};

static inline struct latency_look latency_look_begin(struct latency_turns *turns, uint64_t turn)
{
    struct latency_look look = {turn == turns->next_timed, turn == turns->next_announced, 0, 0};

    if (look.announced) {
        turns->next_announced += turns->stride;
        word_fetch_add(&turns->watch->announced, 1, relaxed);
    }
    if (look.timed)
        turns->next_timed += turns->stride;
    if (look.timed || look.announced)
        look.arrived_ns = machine_clock();
    return look;
}

/* The clock's own part taken off; of clocks that differ by less than it, nothing is left. */
static inline uint64_t latency_between(const struct latency_turns *turns, uint64_t from,
                                       uint64_t to)
{
    uint64_t clock_ns = turns->watch->clock_ns;

    return to > from + clock_ns ? to - from - clock_ns : 0;
}

/* A reader waits for the writer before it, a writer for all who had the lock before. A time before
 * the thread's own arrival is not one of a lock that it was waiting for. */
static inline void latency_take_handoff(const struct latency_turns *turns,
                                        const struct latency_look *look,
                                        struct latency_releases *releases, bool shared,
                                        struct latencies *latencies)
{
    uint64_t released_ns = plain_load(&releases->exclusive_ns);
    uint64_t by_reader_ns = shared ? 0 : word_load(&releases->shared_ns, relaxed);

    word_fetch_sub(&turns->watch->announced, 1, relaxed);
    released_ns = by_reader_ns > released_ns ? by_reader_ns : released_ns;
    if (released_ns > look->arrived_ns)
        latencies_add(latencies, LATENCY_HANDOFF,
                      latency_between(turns, released_ns, look->acquired_ns));
}

/* With the lock. */
static inline void latency_look_acquired(const struct latency_turns *turns,
                                         struct latency_look *look,
                                         struct latency_releases *releases, bool shared,
                                         struct latencies *latencies)
{
    if (!look->timed && !look->announced)
        return;
    look->acquired_ns = machine_clock();
    if (look->timed)
        latencies_add(latencies, LATENCY_ACQUIRE,
                      latency_between(turns, look->arrived_ns, look->acquired_ns));
    if (look->announced)
        latency_take_handoff(turns, look, releases, shared, latencies);
}

/* With the lock, at the very end. */
static inline void latency_look_release(const struct latency_turns *turns,
                                        const struct latency_look *look,
                                        struct latency_releases *releases, bool shared,
                                        struct latencies *latencies)
{
    if (look->timed)
        latencies_add(latencies, LATENCY_HOLD,
                      latency_between(turns, look->acquired_ns, machine_clock()));
    if (word_load(&turns->watch->announced, relaxed) == 0)
        return;
    uint64_t now = machine_clock();
    if (!shared)
        plain_store(&releases->exclusive_ns, now);
    else if (now > word_load(&releases->shared_ns, relaxed))
        word_store(&releases->shared_ns, now, relaxed);
}

#endif
