/* event_sync: the dispatcher's synchronization event, set at first, as a lock. Known in NT as a
 * KEVENT of type SynchronizationEvent.
 *
 * Guarantees exclusion, entry in the order of arrival, and a direct hand-off to the first waiter,
 * who sleeps meanwhile. It has no owner and no count: any thread may release it, and a release
 * while nobody holds it goes unnoticed.
 *
 * Source: the documentation of KeInitializeEvent and KeSetEvent; dispatcher.h. */
#ifndef LOCKS_NT_EVENT_SYNC_H
#define LOCKS_NT_EVENT_SYNC_H

#include "../lock.h"
#include "dispatcher.h"

struct event_sync_lock {
    struct dispatcher dispatcher;
    struct dispatcher_object event;
};

static inline void event_sync_init(struct event_sync_lock *lock)
{
    dispatcher_init(&lock->dispatcher, DISPATCHER_GLOBAL, NULL);
    dispatcher_object_init(&lock->event, DISPATCHER_EVENT_SYNC, 1);
}

static inline int event_sync_acquire_until(struct event_sync_lock *lock,
                                           struct dispatcher_waiter *waiter, uint64_t deadline)
{
    return dispatcher_wait_one(&lock->dispatcher, waiter, &lock->event, deadline);
}

static inline int event_sync_acquire(struct event_sync_lock *lock, struct dispatcher_waiter *waiter)
{
    return event_sync_acquire_until(lock, waiter, MACHINE_NEVER);
}

static inline int event_sync_try_acquire(struct event_sync_lock *lock,
                                         struct dispatcher_waiter *waiter)
{
    (void)waiter;
    return dispatcher_try_one(&lock->dispatcher, &lock->event);
}

static inline int event_sync_release(struct event_sync_lock *lock, struct dispatcher_waiter *waiter)
{
    (void)waiter;
    dispatcher_set(&lock->dispatcher, &lock->event);
    return 0;
}

static inline bool event_sync_is_idle(struct event_sync_lock *lock)
{
    return dispatcher_state(&lock->event) && dispatcher_is_unused(&lock->dispatcher, &lock->event);
}

LOCK_ENTRY_INIT(event_sync, struct event_sync_lock)
LOCK_ENTRIES_CHECKED(event_sync, struct event_sync_lock, struct dispatcher_waiter)
LOCK_ENTRY_ACQUIRE_UNTIL_CHECKED(event_sync, struct event_sync_lock, struct dispatcher_waiter)

static const struct lock_nt event_sync_nt = {
    .name = "KEVENT synchronization",
    .irql = "<= DISPATCH",
    .use = "tells one; anybody sets it",
};

static const struct lock_ops event_sync_ops = {
    .name = "event_sync",
    .family = "nt",
    .description = "dispatcher synchronization event: hand-off in order",
    .source = "documentation of KeInitializeEvent; NT 5.2",
    .nt = &event_sync_nt,
    .traits = LOCK_FIFO | LOCK_SLEEPS | LOCK_TIMED,
    .size = sizeof(struct event_sync_lock),
    .context_size = sizeof(struct dispatcher_waiter),
    .init = event_sync_entry_init,
    LOCK_ENTRIES_OF(event_sync),
    .acquire_until = event_sync_entry_acquire_until,
};

#endif

#ifdef LOCK
LOCK(event_sync)
#endif
