/* The sections of locks that keep readers and writers apart in another way than by excluding each
 * other: readers that read again when a writer came in between, and readers that look at what was
 * published while a writer makes the next. From the acquire to the release, which both have a say
 * in. */
#ifndef BENCH_RACING_SECTIONS_H
#define BENCH_RACING_SECTIONS_H

#include <errno.h>

#include "bench/worker.h"

/* One side of a race that is meant: atomic, and ordered by the lock alone. */
static inline uint64_t racing_load(const volatile uint64_t *value)
{
    return word_load((const volatile WORD(uint64_t) *)value, relaxed);
}

static inline void racing_store(volatile uint64_t *value, uint64_t stored)
{
    word_store((volatile WORD(uint64_t) *)value, stored, relaxed);
}

/* What nobody may find any more. */
#define POISON UINT64_MAX

/* Those of a pair that is published lie behind it, and are published with it. */
static inline struct guarded_line *racing_lines(const struct workplace *place, struct guarded *pair)
{
    return pair == place->guarded ? place->lines : (struct guarded_line *)pair + 1;
}

/* What measured_turn() is about, from its acquire on. */
struct racing {
    const struct lock_ops *ops;
    enum observation observation;
    const struct workplace *place;
    struct worker *worker;
    struct latency_turns *timing;
    uint64_t *owned_before;
    struct latencies *latencies;
    bool looked_at; /* the turn's hold is timed */
    struct step step;
    uint64_t turn, writes;
    void *context;
};

/* As write_section(), of a pair that readers may look at meanwhile, or that is to take the place of
 * `old`. */
static inline void write_racing(const struct racing *racing, struct guarded *old,
                                struct guarded *pair)
{
    const struct workplace *place = racing->place;
    struct worker *worker = racing->worker;
    struct guarded_line *lines = racing_lines(place, pair);
    uint64_t count = racing_load(&old->first);

    if (racing_load(&old->second) != count || count == POISON)
        note_violation(worker);
    if (plain_load(&old->owner) != place->self + 1u)
        take_over(worker, racing->writes);
    racing_store(&pair->first, count + 1);
    if (racing->observation == OBSERVE_OWNERS)
        owner_log_add(&worker->owners, racing->owned_before, count);
    plain_store(&pair->owner, place->self + 1u);
    for (unsigned i = 0; i < place->lines_beyond; i++)
        racing_store(&lines[i].value, racing_load(&lines[i].value) + 1);
    measured_delay(racing->step.critical_ns, racing->turn, &worker->critical);
    racing_store(&pair->second, count + 1);
}

/* As read_section(); returns whether the pair was whole, which is for the caller to judge. */
static inline bool read_racing(const struct racing *racing, struct guarded *pair)
{
    const struct workplace *place = racing->place;
    const struct guarded_line *lines = racing_lines(place, pair);
    uint64_t count = racing_load(&pair->first);

    for (unsigned i = 0; i < place->lines_beyond; i++)
        (void)racing_load(&lines[i].value);
    measured_delay(racing->step.critical_ns, racing->turn, &racing->worker->critical);
    return racing_load(&pair->second) == count && count != POISON;
}

/* From the first shared acquire on: what is read counts when the release says so. Each reading is
 * an acquire and a hold of its own, in the times too. */
static inline __attribute__((always_inline)) int read_until_valid(const struct racing *racing)
{
    void *lock = racing->place->lock;

    for (;;) {
        bool whole = read_racing(racing, racing->place->guarded);
        if (racing->looked_at)
            latency_hold_ends(racing->timing, racing->latencies);
        int error = racing->ops->release_shared(lock, racing->context);
        if (error == 0 && !whole)
            note_violation(racing->worker);
        if (error != EAGAIN)
            return error;
        racing->worker->retries++;
        if (racing->looked_at)
            latency_arrive_again(racing->timing);
        error = racing->ops->acquire_shared(lock, racing->context);
        if (error != 0)
            return error;
        if (racing->looked_at)
            latency_acquired(racing->timing, &racing->place->guarded->releases, true,
                             racing->latencies);
    }
}

/* acquire: pairs with the release by which the pair was published. Only what follows from the
 * pointer has to be ordered, for which C11 has no order that compilers take at its word. */
static inline __attribute__((always_inline)) int read_published(const struct racing *racing)
{
    struct guarded *pair = word_load(racing->worker->published, acquire);

    if (!read_racing(racing, pair))
        note_violation(racing->worker);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    return racing->ops->release_shared(racing->place->lock, racing->context);
}

/* What was published before is poisoned as soon as nobody may look at it any more, and is the
 * thread's own from then on. */
static inline __attribute__((always_inline)) int write_published(const struct racing *racing)
{
    struct worker *worker = racing->worker;
    struct guarded *old = word_load(worker->published, relaxed);

    write_racing(racing, old, worker->spare);
    word_store(worker->published, worker->spare, release);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    int error = racing->ops->release(racing->place->lock, racing->context);
    racing_store(&old->first, POISON);
    racing_store(&old->second, POISON);
    worker->spare = old;
    return error;
}

static inline __attribute__((always_inline)) int racing_section(const struct racing *racing)
{
    struct guarded *guarded = racing->place->guarded;

    if ((racing->ops->traits & LOCK_READERS_BESIDE_WRITER) != 0)
        return racing->step.shared ? read_published(racing) : write_published(racing);
    if (racing->step.shared)
        return read_until_valid(racing);
    write_racing(racing, guarded, guarded);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    return racing->ops->release(racing->place->lock, racing->context);
}

#endif
