/* spin_park: a sleeping mutex whose waiters first spin for a budget.
 *
 * Guarantees exclusion. Does not guarantee any order: a thread that arrives at the right moment
 * passes all sleepers (barging), which keeps the lock busy while a woken thread is on its way; not
 * recursive. Budget 0 sleeps at once, `inf` is a spin lock. The budget is in nanoseconds and not in
 * relax instructions, whose length differs tenfold between processors.
 *
 * Source: U. Drepper, "Futexes Are Tricky", 2011 (the three-valued mutex), with a waiter that spins
 * first as in A. R. Karlin, K. Li, M. S. Manasse and S. Owicki, "Empirical Studies of Competitive
 * Spinning for a Shared-Memory Multiprocessor", SOSP 1991. */
#ifndef LOCKS_SPIN_PARK_H
#define LOCKS_SPIN_PARK_H

#include "lock.h"

enum { SPIN_PARK_FREE, SPIN_PARK_HELD, SPIN_PARK_SLEEPERS }; /* SLEEPERS: held, some may sleep */

struct spin_park_lock {
    WORD(uint32_t) state;
    uint64_t budget_ns;
};

static inline void spin_park_init(struct spin_park_lock *lock, uint64_t budget_ns)
{
    word_init(&lock->state, SPIN_PARK_FREE);
    plain_store(&lock->budget_ns, budget_ns);
}

/* acquire: pairs with the release in spin_park_release(). A failed try orders nothing. */
static inline bool spin_park_try_acquire(struct spin_park_lock *lock)
{
    uint32_t seen = SPIN_PARK_FREE;

    return word_compare_exchange(&lock->state, &seen, SPIN_PARK_HELD, acquire, relaxed);
}

/* The await is relaxed: it is the exchange in spin_park_try_acquire() that takes the lock. */
static inline bool spin_park_spin(struct spin_park_lock *lock, uint64_t budget_ns)
{
    uint64_t deadline = machine_deadline(budget_ns);

    while (word_await_equal_until(&lock->state, SPIN_PARK_FREE, relaxed, deadline) ==
           SPIN_PARK_FREE) {
        if (spin_park_try_acquire(lock))
            return true;
    }
    return false;
}

/* A thread that has slept takes the lock as SLEEPERS, never as HELD: it can't know whether it was
 * the last to sleep, so its own release must look. */
static inline void spin_park_contend(struct spin_park_lock *lock)
{
    uint64_t budget_ns = plain_load(&lock->budget_ns);

    if (budget_ns != 0 && spin_park_spin(lock, budget_ns))
        return;
    while (word_exchange(&lock->state, SPIN_PARK_SLEEPERS, acquire) != SPIN_PARK_FREE)
        machine_futex_wait(&lock->state, SPIN_PARK_SLEEPERS);
}

static inline void spin_park_acquire(struct spin_park_lock *lock)
{
    if (!spin_park_try_acquire(lock))
        spin_park_contend(lock);
}

/* After the exchange the lock may be taken, released and given away by others; the wake-up needs
 * nothing but the address. */
static inline void spin_park_release(struct spin_park_lock *lock)
{
    if (word_exchange(&lock->state, SPIN_PARK_FREE, release) == SPIN_PARK_SLEEPERS)
        machine_futex_wake(&lock->state, 1);
}

static inline bool spin_park_is_idle(struct spin_park_lock *lock)
{
    return word_load(&lock->state, relaxed) == SPIN_PARK_FREE;
}

LOCK_ENTRY_INIT_PARAMETER(spin_park, struct spin_park_lock)
LOCK_ENTRIES(spin_park, struct spin_park_lock)

static const struct lock_parameter spin_park_parameters[] = {
    {"budget", "time to spin before sleeping", LOCK_TIME, 5000, 0, MACHINE_NEVER},
    {0},
};

static const struct lock_nt spin_park_nt = {
    .name = "CRITICAL_SECTION",
    .irql = "PASSIVE",
    .use = "user mode",
};

static const struct lock_ops spin_park_ops = {
    .name = "spin_park",
    .family = "sleeping mutex",
    .description = "spins for a budget, then sleeps on a futex",
    .source = "Drepper, Futexes Are Tricky, 2011; Karlin et al., SOSP 1991",
    .nt = &spin_park_nt,
    .traits = LOCK_UNFAIR | LOCK_SPIN_THEN_SLEEPS,
    .parameters = spin_park_parameters,
    .size = sizeof(struct spin_park_lock),
    .init = spin_park_entry_init,
    LOCK_ENTRIES_OF(spin_park),
};

#endif

#ifdef LOCK
LOCK(spin_park)
#endif
