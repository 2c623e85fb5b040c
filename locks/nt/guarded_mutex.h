/* guarded_mutex: bits in one word, and a gate to sleep on. Known in NT as KGUARDED_MUTEX.
 *
 * Guarantees exclusion. A thread that comes at the right moment takes the lock before those who
 * wait (barging), so no order and no bound is promised; a waiter sleeps at once. Not recursive.
 * guarded_mutex holds off asynchronous calls while it is held (a guarded region);
 * guarded_mutex_unsafe is the same without that. Since Windows 8 the real one is a fast mutex; this
 * is the older, which kept its own algorithm.
 *
 * Source: the documentation of KeAcquireGuardedMutex; the algorithm is that of NT 5.2. */
#ifndef LOCKS_NT_GUARDED_MUTEX_H
#define LOCKS_NT_GUARDED_MUTEX_H

#include "../lock.h"
#include "event_gate.h"

enum {
    GUARDED_MUTEX_FREE = 1,
    GUARDED_MUTEX_WOKEN = 2, /* a waiter was woken and has not come to the lock yet */
    GUARDED_MUTEX_WAITER = 4 /* each that sleeps, or is about to */
};

struct guarded_mutex_lock {
    WORD(uint32_t) state;
    struct event_gate gate;
    uint32_t owner;       /* its number + 1; 0: free */
    uint32_t contentions; /* acquisitions that had to wait */
};

static inline void guarded_mutex_init(struct guarded_mutex_lock *lock)
{
    word_init(&lock->state, GUARDED_MUTEX_FREE);
    event_gate_init(&lock->gate);
    plain_store(&lock->owner, 0);
    plain_store(&lock->contentions, 0);
}

/* A thread that has been woken stands for the WOKEN bit: it takes it away with the lock, or turns
 * it into a waiter again, which adding 2 does by a carry into the count. acquire, where the lock is
 * taken: pairs with the release in guarded_mutex_release_with(); becoming a waiter orders nothing.
 */
static inline void guarded_mutex_contend(struct guarded_mutex_lock *lock, uint32_t seen)
{
    uint32_t taken = GUARDED_MUTEX_FREE, added = GUARDED_MUTEX_WAITER;

    for (;;) {
        if ((seen & GUARDED_MUTEX_FREE) != 0) {
            if (word_compare_exchange(&lock->state, &seen, seen ^ taken, acquire, relaxed))
                return;
            continue;
        }
        if (!word_compare_exchange(&lock->state, &seen, seen + added, relaxed, relaxed))
            continue;
        event_gate_wait(&lock->gate);
        taken = GUARDED_MUTEX_FREE | GUARDED_MUTEX_WOKEN;
        added = GUARDED_MUTEX_WAITER - GUARDED_MUTEX_WOKEN;
        seen = word_load(&lock->state, relaxed);
    }
}

static inline void guarded_mutex_acquire_with(struct guarded_mutex_lock *lock, bool guarded)
{
    if (guarded)
        machine_apc_disable();
    /* acquire: pairs with the release in guarded_mutex_release_with(). */
    uint32_t seen = word_fetch_and(&lock->state, ~(uint32_t)GUARDED_MUTEX_FREE, acquire);
    if ((seen & GUARDED_MUTEX_FREE) == 0) {
        guarded_mutex_contend(lock, seen);
        plain_store(&lock->contentions, plain_load(&lock->contentions) + 1);
    }
    plain_store(&lock->owner, machine_self() + 1);
}

static inline bool guarded_mutex_try_with(struct guarded_mutex_lock *lock, bool guarded)
{
    if (guarded)
        machine_apc_disable();
    if ((word_load(&lock->state, relaxed) & GUARDED_MUTEX_FREE) != 0 &&
        (word_fetch_and(&lock->state, ~(uint32_t)GUARDED_MUTEX_FREE, acquire) &
         GUARDED_MUTEX_FREE) != 0) {
        plain_store(&lock->owner, machine_self() + 1);
        return true;
    }
    if (guarded)
        machine_apc_enable();
    return false;
}

/* Wakes one waiter, unless one is awake already: that one will release the lock in its turn, and
 * see to the others. When the exchange fails, somebody has taken the lock meanwhile or come to
 * wait, which nobody does but behind an owner: that owner will do it. Relaxed: what the waiter has
 * to see it sees when it takes the lock. */
static inline void guarded_mutex_release_with(struct guarded_mutex_lock *lock, bool guarded)
{
    plain_store(&lock->owner, 0);
    uint32_t seen = word_fetch_add(&lock->state, GUARDED_MUTEX_FREE, release);
    if (seen != 0 && (seen & GUARDED_MUTEX_WOKEN) == 0) {
        seen += GUARDED_MUTEX_FREE;
        if (word_compare_exchange(&lock->state, &seen,
                                  seen + GUARDED_MUTEX_WOKEN - GUARDED_MUTEX_WAITER, relaxed,
                                  relaxed))
            event_gate_signal(&lock->gate);
    }
    if (guarded)
        machine_apc_enable();
}

static inline bool guarded_mutex_is_free(struct guarded_mutex_lock *lock)
{
    return word_load(&lock->state, relaxed) == GUARDED_MUTEX_FREE &&
           event_gate_is_clear(&lock->gate);
}

static inline unsigned guarded_mutex_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct guarded_mutex_lock *mutex = lock;

    stats[0] = (struct lock_stat){"contentions", plain_load(&mutex->contentions)};
    return 1;
}

LOCK_ENTRY_INIT(guarded_mutex, struct guarded_mutex_lock)

#define GUARDED_MUTEX(lock_name, guarded, description_, nt_name, irql_, use_)                   \
    static inline void lock_name##_acquire(struct guarded_mutex_lock *lock)                     \
    {                                                                                           \
        guarded_mutex_acquire_with(lock, guarded);                                              \
    }                                                                                           \
    static inline bool lock_name##_try_acquire(struct guarded_mutex_lock *lock)                 \
    {                                                                                           \
        return guarded_mutex_try_with(lock, guarded);                                           \
    }                                                                                           \
    static inline void lock_name##_release(struct guarded_mutex_lock *lock)                     \
    {                                                                                           \
        guarded_mutex_release_with(lock, guarded);                                              \
    }                                                                                           \
    static inline bool lock_name##_is_idle(struct guarded_mutex_lock *lock)                     \
    {                                                                                           \
        return guarded_mutex_is_free(lock);                                                     \
    }                                                                                           \
    LOCK_ENTRIES(lock_name, struct guarded_mutex_lock)                                          \
    static const struct lock_nt lock_name##_nt = {.name = nt_name, .irql = irql_, .use = use_}; \
    static const struct lock_ops lock_name##_ops = {                                            \
        .name = #lock_name,                                                                     \
        .family = "nt",                                                                         \
        .description = description_,                                                            \
        .source = "documentation of KeAcquireGuardedMutex; NT 5.2",                             \
        .nt = &lock_name##_nt,                                                                  \
        .traits = LOCK_UNFAIR | LOCK_SLEEPS,                                                    \
        .size = sizeof(struct guarded_mutex_lock),                                              \
        .init = guarded_mutex_entry_init,                                                       \
        LOCK_ENTRIES_OF(lock_name),                                                             \
        .stats = guarded_mutex_stats,                                                           \
    };

GUARDED_MUTEX(guarded_mutex, true, "bits and a gate: sleeps, barging; in a guarded region",
              "KGUARDED_MUTEX", "<= APC, guarded", "threads, below DISPATCH")
GUARDED_MUTEX(guarded_mutex_unsafe, false, "guarded_mutex without the guarded region",
              "KGUARDED_MUTEX, Unsafe", "<= APC, guarded", "in a guarded region already")

#endif

#ifdef LOCK
LOCK(guarded_mutex)
LOCK(guarded_mutex_unsafe)
#endif
