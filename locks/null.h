/* null: no lock at all.
 *
 * Guarantees nothing. It is the cost of everything that is not the lock: what the measured loop,
 * the clock and the data under the lock take by themselves. Its runs are not verified, and it is
 * never ranked. */
#ifndef LOCKS_NULL_H
#define LOCKS_NULL_H

#include "lock.h"

struct null_lock {
    char unused;
};

static inline void null_init(struct null_lock *lock)
{
    plain_store(&lock->unused, 0);
}

static inline void null_acquire(struct null_lock *lock)
{
    (void)lock;
}

static inline bool null_try_acquire(struct null_lock *lock)
{
    (void)lock;
    return true;
}

static inline void null_release(struct null_lock *lock)
{
    (void)lock;
}

static inline bool null_is_idle(struct null_lock *lock)
{
    (void)lock;
    return true;
}

LOCK_ENTRY_INIT(null, struct null_lock)
LOCK_ENTRIES(null, struct null_lock)

static const struct lock_ops null_ops = {
    .name = "null",
    .family = "baseline",
    .description = "no lock: what the loop and the data cost",
    .source = "none",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_UNVERIFIED,
    .size = sizeof(struct null_lock),
    .init = null_entry_init,
    LOCK_ENTRIES_OF(null),
};

#endif

#ifdef LOCK
LOCK(null)
#endif
