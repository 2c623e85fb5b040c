/* ksemaphore: the dispatcher's semaphore, with a limit of one permit, as a lock. Known in NT as
 * KSEMAPHORE.
 *
 * Guarantees exclusion, entry in the order of arrival, and a direct hand-off to the first waiter,
 * who sleeps meanwhile. It has no owner: any thread may release it, a thread that acquires it twice
 * waits for itself; a release while nobody holds it would pass the limit, and is refused with
 * EOVERFLOW. (A semaphore is signalled while its count is above 0, and not at 0, as is sometimes
 * written.)
 *
 * Source: the documentation of KeInitializeSemaphore and KeReleaseSemaphore; dispatcher.h. */
#ifndef LOCKS_NT_KSEMAPHORE_H
#define LOCKS_NT_KSEMAPHORE_H

#include "../lock.h"
#include "dispatcher.h"

struct ksemaphore_lock {
    struct dispatcher dispatcher;
    struct dispatcher_object semaphore;
};

static inline void ksemaphore_init(struct ksemaphore_lock *lock)
{
    dispatcher_init(&lock->dispatcher, DISPATCHER_GLOBAL, NULL);
    dispatcher_semaphore_init(&lock->semaphore, 1, 1);
}

static inline int ksemaphore_acquire_until(struct ksemaphore_lock *lock,
                                           struct dispatcher_waiter *waiter, uint64_t deadline)
{
    return dispatcher_wait_one(&lock->dispatcher, waiter, &lock->semaphore, deadline);
}

static inline int ksemaphore_acquire(struct ksemaphore_lock *lock, struct dispatcher_waiter *waiter)
{
    return ksemaphore_acquire_until(lock, waiter, MACHINE_NEVER);
}

static inline int ksemaphore_try_acquire(struct ksemaphore_lock *lock,
                                         struct dispatcher_waiter *waiter)
{
    (void)waiter;
    return dispatcher_try_one(&lock->dispatcher, &lock->semaphore);
}

static inline int ksemaphore_release(struct ksemaphore_lock *lock, struct dispatcher_waiter *waiter)
{
    int32_t previous;

    (void)waiter;
    return dispatcher_semaphore_release(&lock->dispatcher, &lock->semaphore, 1, &previous);
}

static inline bool ksemaphore_is_idle(struct ksemaphore_lock *lock)
{
    return plain_load(&lock->semaphore.state) == 1 &&
           dispatcher_is_unused(&lock->dispatcher, &lock->semaphore);
}

LOCK_ENTRY_INIT(ksemaphore, struct ksemaphore_lock)
LOCK_ENTRIES_CHECKED(ksemaphore, struct ksemaphore_lock, struct dispatcher_waiter)
LOCK_ENTRY_ACQUIRE_UNTIL_CHECKED(ksemaphore, struct ksemaphore_lock, struct dispatcher_waiter)

static const struct lock_nt ksemaphore_nt = {
    .name = "KSEMAPHORE",
    .irql = "<= DISPATCH",
    .use = "counts; anybody releases it",
};

static const struct lock_ops ksemaphore_ops = {
    .name = "ksemaphore",
    .family = "nt",
    .description = "dispatcher semaphore of one permit: hand-off in order",
    .source = "documentation of KeInitializeSemaphore; NT 5.2",
    .nt = &ksemaphore_nt,
    .traits = LOCK_FIFO | LOCK_SLEEPS | LOCK_TIMED,
    .size = sizeof(struct ksemaphore_lock),
    .context_size = sizeof(struct dispatcher_waiter),
    .init = ksemaphore_entry_init,
    LOCK_ENTRIES_OF(ksemaphore),
    .acquire_until = ksemaphore_entry_acquire_until,
};

#endif

#ifdef LOCK
LOCK(ksemaphore)
#endif
