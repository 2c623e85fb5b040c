/* wdf_wait: a synchronization event, set at first, and an owner. Known as a wait lock (WDFWAITLOCK)
 * of the Windows driver framework.
 *
 * Guarantees exclusion, entry in the order of arrival and a direct hand-off, because that is what
 * the event does; a waiter sleeps and may give up at a deadline. Not recursive: an owner that
 * acquires it again gets EDEADLK; a release by another thread is refused with EPERM.
 *
 * Source: the documentation of WdfWaitLockAcquire and WdfWaitLockRelease; event_sync.h. */
#ifndef LOCKS_NT_WDF_WAIT_H
#define LOCKS_NT_WDF_WAIT_H

#include "event_sync.h"

struct wdf_wait_lock {
    struct event_sync_lock event;
    WORD(uint32_t) timeouts;
    bool owns[]; /* by number of the thread; each looks at its own, so that nobody shares it */
};

static inline void wdf_wait_init(struct wdf_wait_lock *lock, unsigned threads)
{
    event_sync_init(&lock->event);
    word_init(&lock->timeouts, 0);
    for (unsigned i = 0; i < threads; i++)
        plain_store(&lock->owns[i], false);
}

static inline int wdf_wait_acquire_until(struct wdf_wait_lock *lock,
                                         struct dispatcher_waiter *waiter, uint64_t deadline)
{
    bool *owns = &lock->owns[machine_self()];

    if (plain_load(owns))
        return EDEADLK;
    int error = event_sync_acquire_until(&lock->event, waiter, deadline);
    if (error == 0)
        plain_store(owns, true);
    else
        word_fetch_add(&lock->timeouts, 1, relaxed);
    return error;
}

static inline int wdf_wait_acquire(struct wdf_wait_lock *lock, struct dispatcher_waiter *waiter)
{
    return wdf_wait_acquire_until(lock, waiter, MACHINE_NEVER);
}

static inline int wdf_wait_try_acquire(struct wdf_wait_lock *lock, struct dispatcher_waiter *waiter)
{
    int error = event_sync_try_acquire(&lock->event, waiter);

    if (error == 0)
        plain_store(&lock->owns[machine_self()], true);
    return error;
}

static inline int wdf_wait_release(struct wdf_wait_lock *lock, struct dispatcher_waiter *waiter)
{
    bool *owns = &lock->owns[machine_self()];

    if (!plain_load(owns))
        return EPERM;
    plain_store(owns, false);
    return event_sync_release(&lock->event, waiter);
}

static inline bool wdf_wait_is_idle(struct wdf_wait_lock *lock)
{
    return event_sync_is_idle(&lock->event);
}

static inline unsigned wdf_wait_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct wdf_wait_lock *wdf = lock;

    stats[0] = (struct lock_stat){"timeouts", word_load(&wdf->timeouts, relaxed)};
    return 1;
}

static inline int wdf_wait_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)parameters;
    wdf_wait_init(lock, threads);
    return 0;
}

LOCK_ENTRIES_CHECKED(wdf_wait, struct wdf_wait_lock, struct dispatcher_waiter)
LOCK_ENTRY_ACQUIRE_UNTIL_CHECKED(wdf_wait, struct wdf_wait_lock, struct dispatcher_waiter)

static const struct lock_nt wdf_wait_nt = {
    .name = "WDFWAITLOCK",
    .irql = "PASSIVE",
    .use = "drivers of the framework",
};

static const struct lock_ops wdf_wait_ops = {
    .name = "wdf_wait",
    .family = "nt",
    .description = "synchronization event with an owner; timed",
    .source = "documentation of WdfWaitLockAcquire",
    .nt = &wdf_wait_nt,
    .traits = LOCK_FIFO | LOCK_SLEEPS | LOCK_TIMED | LOCK_OWNER_CHECKED,
    .size = sizeof(struct wdf_wait_lock),
    .size_per_thread = sizeof(bool),
    .context_size = sizeof(struct dispatcher_waiter),
    .init = wdf_wait_entry_init,
    LOCK_ENTRIES_OF(wdf_wait),
    .acquire_until = wdf_wait_entry_acquire_until,
    .stats = wdf_wait_stats,
};

#endif

#ifdef LOCK
LOCK(wdf_wait)
#endif
