/* pthread_rwlock: the C library's reader-writer lock, as a baseline.
 *
 * Guarantees that a writer is alone and that readers share. In its default kind readers pass
 * waiting writers, which may starve; sleeps at once. Made without PTHREAD_PROCESS_SHARED.
 *
 * Source: POSIX.1-2017, pthread_rwlock_rdlock(3); glibc's pthread_rwlockattr_setkind_np(3). */
#ifndef LOCKS_PTHREAD_RWLOCK_H
#define LOCKS_PTHREAD_RWLOCK_H

#include <pthread.h>

#include "lock.h"

static inline int pthread_rwlock_entry_init(void *lock, unsigned threads,
                                            const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    return pthread_rwlock_init(lock, NULL);
}

static inline void pthread_rwlock_entry_destroy(void *lock)
{
    pthread_rwlock_destroy(lock);
}

LOCK_ENTRY_CALL(pthread_rwlock, acquire, pthread_rwlock_wrlock)
LOCK_ENTRY_CALL(pthread_rwlock, try_acquire, pthread_rwlock_trywrlock)
LOCK_ENTRY_CALL(pthread_rwlock, release, pthread_rwlock_unlock)
LOCK_ENTRY_CALL(pthread_rwlock, acquire_shared, pthread_rwlock_rdlock)
LOCK_ENTRY_CALL(pthread_rwlock, try_acquire_shared, pthread_rwlock_tryrdlock)
LOCK_ENTRY_CALL(pthread_rwlock, release_shared, pthread_rwlock_unlock)
static inline bool pthread_rwlock_entry_is_idle(void *lock)
{
    return pthread_rwlock_trywrlock(lock) == 0 && pthread_rwlock_unlock(lock) == 0;
}

static const struct lock_ops pthread_rwlock_ops = {
    .name = "pthread_rwlock",
    .family = "C library",
    .description = "the C library's reader-writer lock: readers first",
    .source = "POSIX.1-2017, pthread_rwlock_rdlock(3)",
    .traits = LOCK_UNFAIR | LOCK_SLEEPS | LOCK_SHARED | LOCK_NATIVE_ONLY | LOCK_ONE_PROCESS,
    .size = sizeof(pthread_rwlock_t),
    .init = pthread_rwlock_entry_init,
    LOCK_ENTRIES_OF(pthread_rwlock),
    LOCK_ENTRIES_SHARED_OF(pthread_rwlock),
};

#endif

#ifdef LOCK
LOCK(pthread_rwlock)
#endif
