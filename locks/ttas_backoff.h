/* ttas_backoff: test-and-test-and-set with bounded exponential backoff.
 *
 * Guarantees exclusion. Does not guarantee any order among waiters, nor that a waiter ever gets in:
 * who has waited long looks less often, so newcomers are favoured; not recursive.
 *
 * A waiter that saw the lock free and lost the race stays away for a random part of an interval
 * that doubles with each loss, so that fewer waiters race at the next release. The interval is in
 * nanoseconds: counted in relax instructions it would differ tenfold between processors.
 *
 * Source: T. E. Anderson, "The Performance of Spin Lock Alternatives for Shared-Memory
 * Multiprocessors", IEEE TPDS 1(1), 1990 (delay after noticing that the lock was released). */
#ifndef LOCKS_TTAS_BACKOFF_H
#define LOCKS_TTAS_BACKOFF_H

#include "lock.h"

/* What each thread draws its delays from; on a line of its own. */
struct ttas_backoff_thread {
    _Alignas(MACHINE_APART) uint32_t random;
};

struct ttas_backoff_lock {
    WORD(uint32_t) held;
    uint64_t least_ns, most_ns;
    struct ttas_backoff_thread threads[]; /* by machine_self() */
};

static inline void ttas_backoff_init(struct ttas_backoff_lock *lock, unsigned threads,
                                     uint64_t least_ns, uint64_t most_ns)
{
    word_init(&lock->held, 0);
    for (unsigned i = 0; i < threads; i++)
        plain_store(&lock->threads[i].random, (i + 1) * 2654435769u);
    plain_store(&lock->least_ns, least_ns);
    plain_store(&lock->most_ns, most_ns);
}

/* xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003), begun differently by each thread: equal delays
 * would keep the losers in step. */
static inline uint32_t ttas_backoff_random(struct ttas_backoff_lock *lock)
{
    uint32_t *state = &lock->threads[machine_self()].random;
    uint32_t random = plain_load(state);

    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    plain_store(state, random);
    return random;
}

/* Off the path of an acquisition that meets no other. */
static inline void ttas_backoff_contend(struct ttas_backoff_lock *lock)
{
    uint64_t interval = plain_load(&lock->least_ns);
    uint64_t most = plain_load(&lock->most_ns);

    for (;;) {
        word_await_equal(&lock->held, 0, relaxed);
        /* acquire: pairs with the release in ttas_backoff_release(). */
        if (word_exchange(&lock->held, 1, acquire) == 0)
            return;
        machine_spin(ttas_backoff_random(lock) % (interval + 1));
        interval = interval * 2 < most ? interval * 2 : most;
    }
}

static inline void ttas_backoff_acquire(struct ttas_backoff_lock *lock)
{
    if (word_exchange(&lock->held, 1, acquire) != 0)
        ttas_backoff_contend(lock);
}

static inline bool ttas_backoff_try_acquire(struct ttas_backoff_lock *lock)
{
    return word_load(&lock->held, relaxed) == 0 && word_exchange(&lock->held, 1, acquire) == 0;
}

static inline void ttas_backoff_release(struct ttas_backoff_lock *lock)
{
    word_store(&lock->held, 0, release);
}

static inline bool ttas_backoff_is_idle(struct ttas_backoff_lock *lock)
{
    return word_load(&lock->held, relaxed) == 0;
}

static inline int ttas_backoff_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    if (parameters[0] > parameters[1])
        return EINVAL;
    ttas_backoff_init(lock, threads, parameters[0], parameters[1]);
    return 0;
}
LOCK_ENTRIES(ttas_backoff, struct ttas_backoff_lock)

static const struct lock_parameter ttas_backoff_parameters[] = {
    {"min", "interval after the first lost race", LOCK_TIME, 100, 1, 1000000000},
    {"max", "bound of the doubled interval, at least min", LOCK_TIME, 10000, 1, 1000000000},
    {0},
};

static const struct lock_ops ttas_backoff_ops = {
    .name = "ttas_backoff",
    .family = "test-and-set",
    .description = "ttas whose losers stay away ever longer",
    .source = "Anderson, IEEE TPDS 1(1), 1990",
    .traits = LOCK_UNFAIR | LOCK_SPINS,
    .parameters = ttas_backoff_parameters,
    .size = sizeof(struct ttas_backoff_lock),
    .size_per_thread = sizeof(struct ttas_backoff_thread),
    .init = ttas_backoff_entry_init,
    LOCK_ENTRIES_OF(ttas_backoff),
};

#endif

#ifdef LOCK
LOCK(ttas_backoff)
#endif
