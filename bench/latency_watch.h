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
    /* The first marks a place in the calling thread's way, the second tells whether it has lost its
     * CPU since; NULL: that can't be known. */
    void (*mark)(void);
    bool (*has_lost_cpu)(void);
};

/* When the last holders released, as those wrote down who saw an announcement; 0: not known. It
 * lies under the lock: for the exclusive ones, whom a look of their own would otherwise cost a
 * line. Readers may be several at once, and what waits for readers waits for the last of them. */
struct latency_releases {
    volatile uint64_t exclusive_ns;
    WORD(uint64_t) shared_ns;
};

/* One thread's, while it is in its loop; the rest is of the turn that is looked at. */
struct latency_turns {
    struct latency_watch *watch;
    uint64_t next; /* the turn to look at: the less of these two */
    uint64_t next_timed, next_announced;
    bool timed, announced;
    uint64_t arrived_ns, acquired_ns;
    unsigned written;      /* releases in a row that it wrote down, */
    uint64_t last_written; /* the last of them in this turn */
};

static inline uint64_t latency_next(const struct latency_turns *turns)
{
    return turns->next_timed < turns->next_announced ? turns->next_timed : turns->next_announced;
}

static inline struct latency_turns latency_turns_begin(struct latency_watch *watch)
{
    const uint64_t stride = watch->stride;
    /* Not the turns 0, N, 2N, ...: on those the loop may look at its own waits. */
    struct latency_turns turns = {
        .watch = watch,
        .next_timed = stride / 3,
        .next_announced = watch->handoffs ? stride / 3 * 2 : UINT64_MAX,
    };

    turns.next = latency_next(&turns);
    return turns;
}

/* What few turns do stands in functions of its own, so that the others' loop stays small. */
#define LATENCY_RARE static __attribute__((noinline, cold, unused))

/* Before the acquire of the turn `next`. */
LATENCY_RARE void latency_arrive(struct latency_turns *turns)
{
    const uint64_t turn = turns->next, stride = turns->watch->stride;

    turns->timed = turn == turns->next_timed;
    turns->announced = turn == turns->next_announced;
    if (turns->timed)
        turns->next_timed += stride;
    if (turns->announced) {
        turns->next_announced += stride;
        word_fetch_add(&turns->watch->announced, 1, relaxed);
    }
    turns->next = latency_next(turns);
    turns->arrived_ns = machine_clock();
}

/* Before a further acquire of the same turn, which counts like the first; what that one announced
 * is taken back already. */
LATENCY_RARE void latency_arrive_again(struct latency_turns *turns)
{
    turns->announced = false;
    turns->arrived_ns = machine_clock();
}

/* The clock's own part taken off; of clocks that differ by less than it, nothing is left. */
static inline uint64_t latency_between(const struct latency_turns *turns, uint64_t from,
                                       uint64_t to)
{
    uint64_t clock_ns = turns->watch->clock_ns;

    return to > from + clock_ns ? to - from - clock_ns : 0;
}

/* Of one thread, by its own clock, which does not go backwards where it is right. */
static inline void latency_add_own(const struct latency_turns *turns, struct latencies *latencies,
                                   enum latency latency, uint64_t from, uint64_t to)
{
    if (to < from)
        latencies->backwards++;
    else
        latencies_add(latencies, latency, latency_between(turns, from, to));
}

/* A reader waits for the writer before it, a writer for all who had the lock before. A time before
 * the thread's own arrival is not one of a lock that it was waiting for. */
static inline void latency_take_handoff(const struct latency_turns *turns,
                                        struct latency_releases *releases, bool shared,
                                        struct latencies *latencies)
{
    uint64_t released_ns = plain_load(&releases->exclusive_ns);
    uint64_t by_reader_ns = shared ? 0 : word_load(&releases->shared_ns, relaxed);

    word_fetch_sub(&turns->watch->announced, 1, relaxed);
    released_ns = by_reader_ns > released_ns ? by_reader_ns : released_ns;
    if (released_ns > turns->arrived_ns)
        latencies_add(latencies, LATENCY_HANDOFF,
                      latency_between(turns, released_ns, turns->acquired_ns));
}

/* With the lock, in a turn that began with latency_arrive(). */
LATENCY_RARE void latency_acquired(struct latency_turns *turns, struct latency_releases *releases,
                                   bool shared, struct latencies *latencies)
{
    turns->acquired_ns = machine_clock();
    if (turns->timed && turns->watch->mark != NULL)
        turns->watch->mark();
    if (turns->timed)
        latency_add_own(turns, latencies, LATENCY_ACQUIRE, turns->arrived_ns, turns->acquired_ns);
    if (turns->announced)
        latency_take_handoff(turns, releases, shared, latencies);
}

/* In such a turn with the lock, at the very end. */
LATENCY_RARE void latency_hold_ends(const struct latency_turns *turns, struct latencies *latencies)
{
    if (!turns->timed)
        return;
    latency_add_own(turns, latencies, LATENCY_HOLD, turns->acquired_ns, machine_clock());
    if (turns->watch->has_lost_cpu != NULL)
        latencies->preempted += turns->watch->has_lost_cpu();
}

/* Who has the lock again and again while somebody waits, as an unfair lock allows, would look at
 * the clock again and again: after so many times in a row it writes down that it does not know. */
enum { LATENCY_WRITTEN_MOST = 8 };

/* In a turn, right before the release, when somebody has announced itself. */
LATENCY_RARE void latency_write_down(struct latency_turns *turns, struct latency_releases *releases,
                                     bool shared, uint64_t turn)
{
    uint64_t now = 0;

    if (turn != turns->last_written + 1)
        turns->written = 0;
    turns->last_written = turn;
    if (turns->written < LATENCY_WRITTEN_MOST) {
        turns->written++;
        now = machine_clock();
    }
    if (shared)
        word_store(&releases->shared_ns, now, relaxed);
    else
        plain_store(&releases->exclusive_ns, now);
}

/* The last thing before each release. All that most turns do is to look at the watch, whose address
 * is in a register: behind an atomic operation, each load that waits for another one delays the
 * release. */
static inline __attribute__((always_inline)) void latency_release(struct latency_turns *turns,
                                                                  struct latency_watch *watch,
                                                                  struct latency_releases *releases,
                                                                  bool shared, uint64_t turn)
{
    if (__builtin_expect(word_load(&watch->announced, relaxed) != 0, false))
        latency_write_down(turns, releases, shared, turn);
}

#endif
