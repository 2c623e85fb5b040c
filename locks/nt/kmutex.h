/* kmutex: the dispatcher's mutex as a lock. Known in NT as KMUTEX, or mutant.
 *
 * Guarantees exclusion, entry in the order of arrival, and a direct hand-off to the first waiter,
 * who sleeps meanwhile. Recursive: released as often as it was taken; EOVERFLOW once too often. A
 * release by another thread is refused with EPERM. If its owner ends without releasing it, the next
 * one gets it with EOWNERDEAD (kmutex_thread_ends()). With a `level` above 0, a thread that owns a
 * mutex of the same dispatcher of that level or above is refused with EDEADLK at once.
 *
 * Source: the documentation of KeInitializeMutex and KeReleaseMutex; dispatcher.h. */
#ifndef LOCKS_NT_KMUTEX_H
#define LOCKS_NT_KMUTEX_H

#include "../lock.h"
#include "dispatcher.h"

struct kmutex_lock {
    struct dispatcher dispatcher;
    struct dispatcher_object mutex;
    struct dispatcher_thread threads[];
};

static inline void kmutex_init(struct kmutex_lock *lock, unsigned threads, uint32_t level)
{
    dispatcher_init(&lock->dispatcher, DISPATCHER_GLOBAL, lock->threads);
    dispatcher_mutex_init(&lock->mutex, level);
    for (unsigned i = 0; i < threads; i++)
        plain_store(&lock->threads[i].owned, NULL);
}

static inline int kmutex_acquire_until(struct kmutex_lock *lock, struct dispatcher_waiter *waiter,
                                       uint64_t deadline)
{
    return dispatcher_wait_one(&lock->dispatcher, waiter, &lock->mutex, deadline);
}

static inline int kmutex_acquire(struct kmutex_lock *lock, struct dispatcher_waiter *waiter)
{
    return kmutex_acquire_until(lock, waiter, MACHINE_NEVER);
}

static inline int kmutex_try_acquire(struct kmutex_lock *lock, struct dispatcher_waiter *waiter)
{
    (void)waiter;
    return dispatcher_try_one(&lock->dispatcher, &lock->mutex);
}

static inline int kmutex_release(struct kmutex_lock *lock, struct dispatcher_waiter *waiter)
{
    int32_t previous;

    (void)waiter;
    return dispatcher_mutex_release(&lock->dispatcher, &lock->mutex, &previous);
}

/* By a thread that ends: the mutex, if it owns it, is abandoned. */
static inline void kmutex_thread_ends(struct kmutex_lock *lock)
{
    dispatcher_thread_ends(&lock->dispatcher, machine_self());
}

static inline bool kmutex_is_idle(struct kmutex_lock *lock)
{
    return plain_load(&lock->mutex.state) == 1 &&
           dispatcher_is_unused(&lock->dispatcher, &lock->mutex);
}

static inline int kmutex_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    kmutex_init(lock, threads, (uint32_t)parameters[0]);
    return 0;
}

LOCK_ENTRIES_CHECKED(kmutex, struct kmutex_lock, struct dispatcher_waiter)
LOCK_ENTRY_ACQUIRE_UNTIL_CHECKED(kmutex, struct kmutex_lock, struct dispatcher_waiter)

static const struct lock_parameter kmutex_parameters[] = {
    {"level", "place in the order in which mutexes are taken; 0: none", LOCK_COUNT, 0, 0, 1000000},
    {0},
};

static const struct lock_nt kmutex_nt = {
    .name = "KMUTEX",
    .irql = "<= APC, critical",
    .use = "several objects in one wait",
};

static const struct lock_ops kmutex_ops = {
    .name = "kmutex",
    .family = "nt",
    .description = "dispatcher mutex: owner, recursion, hand-off in order",
    .source = "documentation of KeInitializeMutex; NT 5.2",
    .nt = &kmutex_nt,
    .traits = LOCK_FIFO | LOCK_SLEEPS | LOCK_TIMED | LOCK_RECURSIVE | LOCK_OWNER_CHECKED,
    .parameters = kmutex_parameters,
    .size = sizeof(struct kmutex_lock),
    .size_per_thread = sizeof(struct dispatcher_thread),
    .context_size = sizeof(struct dispatcher_waiter),
    .init = kmutex_entry_init,
    LOCK_ENTRIES_OF(kmutex),
    .acquire_until = kmutex_entry_acquire_until,
};

#endif

#ifdef LOCK
LOCK(kmutex)
#endif
