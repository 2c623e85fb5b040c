/* fast_mutex: a count, an owner, and a gate to sleep on. Known in NT as FAST_MUTEX.
 *
 * Guarantees exclusion; while threads wait, nobody who comes later takes the lock before one of
 * them (no barging), so a busy lock is handed from sleeper to sleeper, which under load is a
 * convoy. Which of the waiters is next is not promised: fast_mutex_fifo promises that. A waiter
 * sleeps at once. Not recursive: an owner that acquires it again sleeps for ever. fast_mutex holds
 * off asynchronous calls while it is held (a guarded region); fast_mutex_unsafe is the same without
 * that, so that the difference between their rows in a table is what the region costs.
 *
 * Source: the documentation of ExAcquireFastMutex and its kin; the algorithm (a count that stays at
 * or below 0 while there are waiters) is that of NT 5.2. */
#ifndef LOCKS_NT_FAST_MUTEX_H
#define LOCKS_NT_FAST_MUTEX_H

#include "../lock.h"
#include "event_gate.h"

struct fast_mutex_lock {
    WORD(int32_t) count;  /* 1: free; 0: owned; -n: owned, and n wait */
    uint32_t owner;       /* its number + 1; 0: free */
    uint32_t irql;        /* how deep the owner was in guarded regions */
    uint32_t contentions; /* acquisitions that had to wait */
    struct event_gate gate;
};

static inline void fast_mutex_init(struct fast_mutex_lock *lock)
{
    word_init(&lock->count, 1);
    plain_store(&lock->contentions, 0);
    plain_store(&lock->owner, 0);
    plain_store(&lock->irql, 0);
    event_gate_init(&lock->gate);
}

/* Returns whether the lock was free; otherwise the thread waits for a signal now. acquire, where it
 * was free: pairs with the release in fast_mutex_leave(). Where it was not, the signal orders. */
static inline bool fast_mutex_enter(struct fast_mutex_lock *lock)
{
    return word_fetch_sub(&lock->count, 1, acquire) == 1;
}

static inline bool fast_mutex_enter_if_free(struct fast_mutex_lock *lock)
{
    int32_t free = 1;

    return word_compare_exchange(&lock->count, &free, 0, acquire, relaxed);
}

/* By the owner, so that the count needs no atomic access; the real one counts before it waits. */
static inline void fast_mutex_count_contention(struct fast_mutex_lock *lock)
{
    plain_store(&lock->contentions, plain_load(&lock->contentions) + 1);
}

static inline void fast_mutex_own(struct fast_mutex_lock *lock, uint32_t irql)
{
    plain_store(&lock->owner, machine_self() + 1);
    plain_store(&lock->irql, irql);
}

/* Returns whether somebody waits, or is about to: the signal stays for one that has not come to it
 * yet. One at most is outstanding, because the next to leave is whoever consumed it. */
static inline bool fast_mutex_leave(struct fast_mutex_lock *lock)
{
    plain_store(&lock->owner, 0);
    return word_fetch_add(&lock->count, 1, release) < 0;
}

static inline void fast_mutex_acquire_with(struct fast_mutex_lock *lock, bool guarded)
{
    uint32_t irql = guarded ? machine_apc_disable() : 0;

    if (!fast_mutex_enter(lock)) {
        event_gate_wait(&lock->gate);
        fast_mutex_count_contention(lock);
    }
    fast_mutex_own(lock, irql);
}

static inline bool fast_mutex_try_with(struct fast_mutex_lock *lock, bool guarded)
{
    uint32_t irql = guarded ? machine_apc_disable() : 0;

    if (fast_mutex_enter_if_free(lock)) {
        fast_mutex_own(lock, irql);
        return true;
    }
    if (guarded)
        machine_apc_enable();
    return false;
}

static inline void fast_mutex_release_with(struct fast_mutex_lock *lock, bool guarded)
{
    if (fast_mutex_leave(lock))
        event_gate_signal(&lock->gate);
    if (guarded)
        machine_apc_enable();
}

static inline bool fast_mutex_is_free(struct fast_mutex_lock *lock)
{
    return word_load(&lock->count, relaxed) == 1 && event_gate_is_clear(&lock->gate);
}

static inline unsigned fast_mutex_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct fast_mutex_lock *mutex = lock;

    stats[0] = (struct lock_stat){"contentions", plain_load(&mutex->contentions)};
    return 1;
}

LOCK_ENTRY_INIT(fast_mutex, struct fast_mutex_lock)

#define FAST_MUTEX(lock_name, guarded, description_, nt_name, irql_, use_)                      \
    static inline void lock_name##_acquire(struct fast_mutex_lock *lock)                        \
    {                                                                                           \
        fast_mutex_acquire_with(lock, guarded);                                                 \
    }                                                                                           \
    static inline bool lock_name##_try_acquire(struct fast_mutex_lock *lock)                    \
    {                                                                                           \
        return fast_mutex_try_with(lock, guarded);                                              \
    }                                                                                           \
    static inline void lock_name##_release(struct fast_mutex_lock *lock)                        \
    {                                                                                           \
        fast_mutex_release_with(lock, guarded);                                                 \
    }                                                                                           \
    static inline bool lock_name##_is_idle(struct fast_mutex_lock *lock)                        \
    {                                                                                           \
        return fast_mutex_is_free(lock);                                                        \
    }                                                                                           \
    LOCK_ENTRIES(lock_name, struct fast_mutex_lock)                                             \
    static const struct lock_nt lock_name##_nt = {.name = nt_name, .irql = irql_, .use = use_}; \
    static const struct lock_ops lock_name##_ops = {                                            \
        .name = #lock_name,                                                                     \
        .family = "nt",                                                                         \
        .description = description_,                                                            \
        .source = "documentation of ExAcquireFastMutex; NT 5.2",                                \
        .nt = &lock_name##_nt,                                                                  \
        .traits = LOCK_UNFAIR | LOCK_SLEEPS,                                                    \
        .size = sizeof(struct fast_mutex_lock),                                                 \
        .init = fast_mutex_entry_init,                                                          \
        LOCK_ENTRIES_OF(lock_name),                                                             \
        .stats = fast_mutex_stats,                                                              \
    };

FAST_MUTEX(fast_mutex, true, "count and gate: sleeps, no barging; a guarded region", "FAST_MUTEX",
           "APC", "threads, below DISPATCH")
FAST_MUTEX(fast_mutex_unsafe, false, "fast_mutex without the guarded region", "FAST_MUTEX, Unsafe",
           "<= APC, critical", "where APCs are off already")

#endif

#ifdef LOCK
LOCK(fast_mutex)
LOCK(fast_mutex_unsafe)
#endif
