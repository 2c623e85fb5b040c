/* pthread_spin: the C library's spin lock, as a baseline.
 *
 * Guarantees exclusion; no order among waiters; not recursive. Made PTHREAD_PROCESS_PRIVATE.
 *
 * Source: POSIX.1-2017, pthread_spin_lock(3). */
#ifndef LOCKS_PTHREAD_SPIN_H
#define LOCKS_PTHREAD_SPIN_H

#include <pthread.h>

#include "lock.h"

static inline int pthread_spin_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    return pthread_spin_init(lock, PTHREAD_PROCESS_PRIVATE);
}

static inline void pthread_spin_entry_destroy(void *lock)
{
    pthread_spin_destroy(lock);
}

LOCK_ENTRY_CALL(pthread_spin, acquire, pthread_spin_lock)
LOCK_ENTRY_CALL(pthread_spin, try_acquire, pthread_spin_trylock)
LOCK_ENTRY_CALL(pthread_spin, release, pthread_spin_unlock)
static inline bool pthread_spin_entry_is_idle(void *lock)
{
    return pthread_spin_trylock(lock) == 0 && pthread_spin_unlock(lock) == 0;
}

static const struct lock_ops pthread_spin_ops = {
    .name = "pthread_spin",
    .family = "C library",
    .description = "the C library's spin lock",
    .source = "POSIX.1-2017, pthread_spin_lock(3)",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_NATIVE_ONLY | LOCK_ONE_PROCESS,
    .size = sizeof(pthread_spinlock_t),
    .init = pthread_spin_entry_init,
    LOCK_ENTRIES_OF(pthread_spin),
};

#endif

#ifdef LOCK
LOCK(pthread_spin)
#endif
