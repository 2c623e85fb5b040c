/* ksemaphore_futex: a semaphore of one permit on a futex, without a queue. What ksemaphore would be
 * if it let waiters race.
 *
 * Guarantees exclusion. Does not guarantee any order: who comes at the right moment takes the
 * permit before a sleeper that was woken for it. No owner; a release while nobody holds it is
 * refused with EOVERFLOW.
 *
 * Source: U. Drepper, "Futexes Are Tricky", 2011. */
#ifndef LOCKS_NT_KSEMAPHORE_FUTEX_H
#define LOCKS_NT_KSEMAPHORE_FUTEX_H

#include "../lock.h"

struct ksemaphore_futex_lock {
    WORD(uint32_t) permits;
    WORD(uint32_t) waiters; /* that sleep, or are about to */
    uint32_t limit;
};

static inline void ksemaphore_futex_init(struct ksemaphore_futex_lock *lock)
{
    word_init(&lock->permits, 1);
    word_init(&lock->waiters, 0);
    plain_store(&lock->limit, 1);
}

/* acquire: pairs with the release in ksemaphore_futex_release(). It begins with what is most
 * likely, so that a free one costs one access. */
static inline bool ksemaphore_futex_try_acquire(struct ksemaphore_futex_lock *lock)
{
    uint32_t seen = plain_load(&lock->limit);

    while (seen > 0) {
        if (word_compare_exchange(&lock->permits, &seen, seen - 1, acquire, relaxed))
            return true;
    }
    return false;
}

/* A waiter counts itself and then looks for a permit, a release puts the permit and then looks for
 * waiters: with a full fence between the two on both sides, one of them sees the other. */
static inline void ksemaphore_futex_contend(struct ksemaphore_futex_lock *lock)
{
    word_fetch_add(&lock->waiters, 1, relaxed);
    machine_fence(seq_cst);
    while (!ksemaphore_futex_try_acquire(lock))
        machine_futex_wait(&lock->permits, 0);
    word_fetch_sub(&lock->waiters, 1, relaxed);
}

static inline void ksemaphore_futex_acquire(struct ksemaphore_futex_lock *lock)
{
    if (!ksemaphore_futex_try_acquire(lock))
        ksemaphore_futex_contend(lock);
}

static inline int ksemaphore_futex_release(struct ksemaphore_futex_lock *lock)
{
    uint32_t limit = plain_load(&lock->limit), seen = limit - 1;

    while (!word_compare_exchange(&lock->permits, &seen, seen + 1, release, relaxed)) {
        if (seen >= limit)
            return EOVERFLOW;
    }
    machine_fence(seq_cst);
    if (word_load(&lock->waiters, relaxed) > 0)
        machine_futex_wake(&lock->permits, 1);
    return 0;
}

static inline bool ksemaphore_futex_is_idle(struct ksemaphore_futex_lock *lock)
{
    return word_load(&lock->permits, relaxed) == 1 && word_load(&lock->waiters, relaxed) == 0;
}

LOCK_ENTRY_INIT(ksemaphore_futex, struct ksemaphore_futex_lock)
LOCK_ENTRY(ksemaphore_futex, acquire, struct ksemaphore_futex_lock, void,
           ksemaphore_futex_acquire(lock);
           return 0)
LOCK_ENTRY(ksemaphore_futex, try_acquire, struct ksemaphore_futex_lock, void,
           return ksemaphore_futex_try_acquire(lock) ? 0 : EBUSY)
LOCK_ENTRY(ksemaphore_futex, release, struct ksemaphore_futex_lock, void,
           return ksemaphore_futex_release(lock))
LOCK_ENTRY_IS_IDLE(ksemaphore_futex, struct ksemaphore_futex_lock)

static const struct lock_nt ksemaphore_futex_nt = {
    .name = "KSEMAPHORE, unqueued",
    .irql = "<= DISPATCH",
    .use = "none: what the queue costs",
};

static const struct lock_ops ksemaphore_futex_ops = {
    .name = "ksemaphore_futex",
    .family = "nt",
    .description = "semaphore of one permit on a futex: barging",
    .source = "Drepper, Futexes Are Tricky, 2011",
    .nt = &ksemaphore_futex_nt,
    .traits = LOCK_UNFAIR | LOCK_SLEEPS,
    .size = sizeof(struct ksemaphore_futex_lock),
    .init = ksemaphore_futex_entry_init,
    LOCK_ENTRIES_OF(ksemaphore_futex),
};

#endif

#ifdef LOCK
LOCK(ksemaphore_futex)
#endif
