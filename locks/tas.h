/* tas: test-and-set spin lock.
 *
 * Guarantees exclusion. Does not guarantee any order among waiters, nor that a waiter ever gets in;
 * not recursive. Every try of every waiter is a write to the one line, so waiters slow the holder.
 *
 * Source: the classical test-and-set lock, as analysed by T. E. Anderson, "The Performance of Spin
 * Lock Alternatives for Shared-Memory Multiprocessors", IEEE TPDS 1(1), 1990. */
#ifndef LOCKS_TAS_H
#define LOCKS_TAS_H

#include "lock.h"

struct tas_lock {
    WORD(uint32_t) held;
};

static inline void tas_init(struct tas_lock *lock)
{
    word_init(&lock->held, 0);
}

/* acquire: pairs with the release in tas_release(), so that what the last holder wrote is seen. */
static inline void tas_acquire(struct tas_lock *lock)
{
    word_retry_exchange(&lock->held, 1, 0, acquire);
}

static inline bool tas_try_acquire(struct tas_lock *lock)
{
    return word_exchange(&lock->held, 1, acquire) == 0;
}

static inline void tas_release(struct tas_lock *lock)
{
    word_store(&lock->held, 0, release);
}

static inline bool tas_is_idle(struct tas_lock *lock)
{
    return word_load(&lock->held, relaxed) == 0;
}

LOCK_ENTRY_INIT(tas, struct tas_lock)
LOCK_ENTRIES(tas, struct tas_lock)

static const struct lock_nt tas_nt = {
    .name = "KSPIN_LOCK, naive",
    .irql = "DISPATCH",
    .use = "short sections, few CPUs",
};

static const struct lock_ops tas_ops = {
    .name = "tas",
    .family = "test-and-set",
    .description = "test-and-set: every try is a write",
    .source = "Anderson, IEEE TPDS 1(1), 1990",
    .nt = &tas_nt,
    .traits = LOCK_UNFAIR | LOCK_SPINS,
    .size = sizeof(struct tas_lock),
    .init = tas_entry_init,
    LOCK_ENTRIES_OF(tas),
};

#endif

#ifdef LOCK
LOCK(tas)
#endif
