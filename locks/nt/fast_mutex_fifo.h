/* fast_mutex_fifo: fast_mutex whose waiters sleep on the dispatcher's synchronization event.
 *
 * Guarantees what fast_mutex does, and entry in the order of arrival: the dispatcher hands the
 * signal to the first in its queue, and nobody can take it from there. As in NT, where the event of
 * a FAST_MUTEX is such an object.
 *
 * Source: as fast_mutex; dispatcher.h. */
#ifndef LOCKS_NT_FAST_MUTEX_FIFO_H
#define LOCKS_NT_FAST_MUTEX_FIFO_H

#include "dispatcher.h"
#include "fast_mutex.h"

struct fast_mutex_fifo_lock {
    struct fast_mutex_lock mutex; /* but its gate stays clear */
    struct dispatcher dispatcher;
    struct dispatcher_object event;
};

static inline void fast_mutex_fifo_init(struct fast_mutex_fifo_lock *lock)
{
    fast_mutex_init(&lock->mutex);
    dispatcher_init(&lock->dispatcher, DISPATCHER_GLOBAL, NULL);
    dispatcher_object_init(&lock->event, DISPATCHER_EVENT_SYNC, 0);
}

static inline void fast_mutex_fifo_acquire(struct fast_mutex_fifo_lock *lock,
                                           struct dispatcher_waiter *waiter)
{
    uint32_t irql = machine_apc_disable();

    if (!fast_mutex_enter(&lock->mutex)) {
        dispatcher_wait_one(&lock->dispatcher, waiter, &lock->event, MACHINE_NEVER);
        fast_mutex_count_contention(&lock->mutex);
    }
    fast_mutex_own(&lock->mutex, irql);
}

static inline bool fast_mutex_fifo_try_acquire(struct fast_mutex_fifo_lock *lock,
                                               struct dispatcher_waiter *waiter)
{
    (void)waiter;
    return fast_mutex_try_with(&lock->mutex, true);
}

static inline void fast_mutex_fifo_release(struct fast_mutex_fifo_lock *lock,
                                           struct dispatcher_waiter *waiter)
{
    (void)waiter;
    if (fast_mutex_leave(&lock->mutex))
        dispatcher_set(&lock->dispatcher, &lock->event);
    machine_apc_enable();
}

static inline bool fast_mutex_fifo_is_idle(struct fast_mutex_fifo_lock *lock)
{
    return fast_mutex_is_free(&lock->mutex) && !dispatcher_state(&lock->event) &&
           dispatcher_is_unused(&lock->dispatcher, &lock->event);
}

static inline unsigned fast_mutex_fifo_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct fast_mutex_fifo_lock *fifo = lock;

    return fast_mutex_stats(&fifo->mutex, stats);
}

LOCK_ENTRY_INIT(fast_mutex_fifo, struct fast_mutex_fifo_lock)
LOCK_ENTRIES_CONTEXT(fast_mutex_fifo, struct fast_mutex_fifo_lock, struct dispatcher_waiter)

static const struct lock_nt fast_mutex_fifo_nt = {
    .name = "FAST_MUTEX",
    .irql = "APC",
    .use = "threads, below DISPATCH",
};

static const struct lock_ops fast_mutex_fifo_ops = {
    .name = "fast_mutex_fifo",
    .family = "nt",
    .description = "fast_mutex on the dispatcher's event: in order",
    .source = "documentation of ExAcquireFastMutex; NT 5.2",
    .nt = &fast_mutex_fifo_nt,
    .traits = LOCK_FIFO | LOCK_SLEEPS,
    .size = sizeof(struct fast_mutex_fifo_lock),
    .context_size = sizeof(struct dispatcher_waiter),
    .init = fast_mutex_fifo_entry_init,
    LOCK_ENTRIES_OF(fast_mutex_fifo),
    .stats = fast_mutex_fifo_stats,
};

#endif

#ifdef LOCK
LOCK(fast_mutex_fifo)
#endif
