/* ttas_checked: ttas that knows its owner, and so catches its misuse.
 *
 * Guarantees what ttas guarantees, and that a thread which holds it and acquires it again gets
 * EDEADLK instead of waiting for itself, and a release by any other thread EPERM, after which the
 * lock is as it was. No order among waiters. The check costs the owner's number instead of a 1.
 *
 * Source: L. Rudolph and Z. Segall, "Dynamic Decentralized Cache Schemes for MIMD Parallel
 * Processors", ISCA 1984; the checks are those of an NT spin lock under the driver verifier. */
#ifndef LOCKS_TTAS_CHECKED_H
#define LOCKS_TTAS_CHECKED_H

#include "lock.h"

struct ttas_checked_lock {
    WORD(uint32_t) owner; /* number of the owner + 1; 0: free */
};

static inline void ttas_checked_init(struct ttas_checked_lock *lock)
{
    word_init(&lock->owner, 0);
}

/* acquire: pairs with the release in ttas_checked_release(). A compare-exchange and not an
 * exchange, because a waiter must not overwrite the owner's number. */
static inline bool ttas_checked_enter(struct ttas_checked_lock *lock, uint32_t *seen)
{
    *seen = 0;
    return word_compare_exchange(&lock->owner, seen, machine_self() + 1, acquire, relaxed);
}

/* Relaxed, wherever the own number is looked for: a thread always sees its own last store. */
static inline int ttas_checked_acquire(struct ttas_checked_lock *lock, void *context)
{
    uint32_t seen;

    (void)context;
    while (!ttas_checked_enter(lock, &seen)) {
        if (seen == machine_self() + 1)
            return EDEADLK;
        word_await_equal(&lock->owner, 0, relaxed);
    }
    return 0;
}

static inline int ttas_checked_try_acquire(struct ttas_checked_lock *lock, void *context)
{
    uint32_t seen;

    (void)context;
    return word_load(&lock->owner, relaxed) == 0 && ttas_checked_enter(lock, &seen) ? 0 : EBUSY;
}

static inline int ttas_checked_release(struct ttas_checked_lock *lock, void *context)
{
    (void)context;
    if (word_load(&lock->owner, relaxed) != machine_self() + 1)
        return EPERM;
    word_store(&lock->owner, 0, release);
    return 0;
}

static inline bool ttas_checked_is_idle(struct ttas_checked_lock *lock)
{
    return word_load(&lock->owner, relaxed) == 0;
}

LOCK_ENTRY_INIT(ttas_checked, struct ttas_checked_lock)
LOCK_ENTRIES_CHECKED(ttas_checked, struct ttas_checked_lock, void)

static const struct lock_nt ttas_checked_nt = {
    .name = "KSPIN_LOCK",
    .irql = "DISPATCH",
    .use = "as ttas, under test",
};

static const struct lock_ops ttas_checked_ops = {
    .name = "ttas_checked",
    .family = "test-and-set",
    .description = "ttas that catches recursion and foreign release",
    .source = "Rudolph and Segall, ISCA 1984",
    .nt = &ttas_checked_nt,
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_OWNER_CHECKED,
    .size = sizeof(struct ttas_checked_lock),
    .init = ttas_checked_entry_init,
    LOCK_ENTRIES_OF(ttas_checked),
};

#endif

#ifdef LOCK
LOCK(ttas_checked)
#endif
