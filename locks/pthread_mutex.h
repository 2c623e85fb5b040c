/* pthread_mutex and pthread_mutex_adaptive: the C library's mutexes, as baselines.
 *
 * Guarantee exclusion; not recursive in these two kinds; no order among waiters. The plain kind
 * sleeps at once, the adaptive kind first polls a number of times that glibc adapts, at most
 * glibc.pthread.mutex_spin_count (default 100).
 *
 * Made without PTHREAD_PROCESS_SHARED, so that the kernel knows its sleepers within one process
 * only.
 *
 * glibc takes a shorter, non-atomic path while a process has only one thread: measure with a second
 * one alive.
 *
 * Source: POSIX.1-2017, pthread_mutex_lock(3); glibc manual, POSIX Threads. */
#ifndef LOCKS_PTHREAD_MUTEX_H
#define LOCKS_PTHREAD_MUTEX_H

#include <pthread.h>

#include "lock.h"

LOCK_ENTRY_CALL(pthread_mutex, acquire, pthread_mutex_lock)
LOCK_ENTRY_CALL(pthread_mutex, try_acquire, pthread_mutex_trylock)
LOCK_ENTRY_CALL(pthread_mutex, release, pthread_mutex_unlock)
static inline bool pthread_mutex_entry_is_idle(void *lock)
{
    return pthread_mutex_trylock(lock) == 0 && pthread_mutex_unlock(lock) == 0;
}

static inline void pthread_mutex_entry_destroy(void *lock)
{
    pthread_mutex_destroy(lock);
}

static inline int pthread_mutex_init_kind(void *lock, int kind)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);

    if (error == 0)
        error = pthread_mutexattr_settype(&attributes, kind);
    if (error == 0)
        error = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

static inline int pthread_mutex_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    return pthread_mutex_init_kind(lock, PTHREAD_MUTEX_TIMED_NP);
}

static inline int pthread_mutex_adaptive_entry_init(void *lock, unsigned threads,
                                                    const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    return pthread_mutex_init_kind(lock, PTHREAD_MUTEX_ADAPTIVE_NP);
}

static const struct lock_ops pthread_mutex_ops = {
    .name = "pthread_mutex",
    .family = "C library",
    .description = "the C library's mutex: sleeps at once",
    .source = "POSIX.1-2017, pthread_mutex_lock(3)",
    .traits = LOCK_UNFAIR | LOCK_SLEEPS | LOCK_NATIVE_ONLY | LOCK_ONE_PROCESS,
    .size = sizeof(pthread_mutex_t),
    .init = pthread_mutex_entry_init,
    LOCK_ENTRIES_OF(pthread_mutex),
};

static const struct lock_ops pthread_mutex_adaptive_ops = {
    .name = "pthread_mutex_adaptive",
    .family = "C library",
    .description = "the C library's mutex that polls before it sleeps",
    .source = "glibc manual, PTHREAD_MUTEX_ADAPTIVE_NP",
    .traits = LOCK_UNFAIR | LOCK_SPIN_THEN_SLEEPS | LOCK_NATIVE_ONLY | LOCK_ONE_PROCESS,
    .size = sizeof(pthread_mutex_t),
    .init = pthread_mutex_adaptive_entry_init,
    LOCK_ENTRIES_OF(pthread_mutex),
};

#endif

#ifdef LOCK
LOCK(pthread_mutex)
LOCK(pthread_mutex_adaptive)
#endif
