/* ttas: test-and-test-and-set spin lock.
 *
 * Guarantees exclusion. Does not guarantee any order among waiters, nor that a waiter ever gets in;
 * not recursive. Waiters read their own cached copy while the lock is held; at each release all of
 * them fetch the line and race for it.
 *
 * Source: L. Rudolph and Z. Segall, "Dynamic Decentralized Cache Schemes for MIMD Parallel
 * Processors", ISCA 1984. */
#ifndef LOCKS_TTAS_H
#define LOCKS_TTAS_H

#include "lock.h"

struct ttas_lock {
    WORD(uint32_t) held;
};

static inline void ttas_init(struct ttas_lock *lock)
{
    word_init(&lock->held, 0);
}

/* The await is relaxed: seeing the lock free decides nothing, the exchange does, and it is the
 * exchange that acquires what the last holder released. */
static inline void ttas_acquire(struct ttas_lock *lock)
{
    machine_argument("ndis_rw's writers execute a full fence next; others have this alone");
    while (word_exchange(&lock->held, 1, acquire) != 0)
        word_await_equal(&lock->held, 0, relaxed);
}

/* Gives up when it sees the lock held after the deadline: it has left no trace in it. */
static inline bool ttas_acquire_until(struct ttas_lock *lock, uint64_t deadline)
{
    while (word_await_equal_until(&lock->held, 0, relaxed, deadline) == 0) {
        /* acquire: pairs with the release in ttas_release(). */
        if (word_exchange(&lock->held, 1, acquire) == 0)
            return true;
    }
    return false;
}

static inline bool ttas_try_acquire(struct ttas_lock *lock)
{
    machine_argument("ndis_rw's writers execute a full fence next; others have this alone");
    return word_load(&lock->held, relaxed) == 0 && word_exchange(&lock->held, 1, acquire) == 0;
}

static inline void ttas_release(struct ttas_lock *lock)
{
    word_store(&lock->held, 0, release);
}

static inline bool ttas_is_idle(struct ttas_lock *lock)
{
    return word_load(&lock->held, relaxed) == 0;
}

LOCK_ENTRY_INIT(ttas, struct ttas_lock)
LOCK_ENTRIES(ttas, struct ttas_lock)
LOCK_ENTRY_ACQUIRE_UNTIL(ttas, struct ttas_lock)

static const struct lock_nt ttas_nt = {
    .name = "KSPIN_LOCK",
    .irql = "DISPATCH",
    .use = "short sections",
};

static const struct lock_ops ttas_ops = {
    .name = "ttas",
    .family = "test-and-set",
    .description = "test-and-test-and-set: waiters read, then race",
    .source = "Rudolph and Segall, ISCA 1984",
    .nt = &ttas_nt,
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_TIMED,
    .size = sizeof(struct ttas_lock),
    .init = ttas_entry_init,
    LOCK_ENTRIES_OF(ttas),
    .acquire_until = ttas_entry_acquire_until,
};

#endif

#ifdef LOCK
LOCK(ttas)
#endif
