/* The dispatcher's synchronization timer. Its timer thread is started by the thread that waits, and
 * runs on that one's CPU, as the kernel's own timers do. */
#include "bench/native/signals/signal.h"
#include "bench/native/watcher.h"

struct timer_sync_signals {
    struct dispatcher dispatcher;
    struct watcher watcher;
    struct watcher_timer timer;
    uint64_t seen; /* expiries that were waited for */
};

static int timer_sync_init(void *memory, const struct signal_shape *shape)
{
    struct timer_sync_signals *signals = memory;

    (void)shape;
    dispatcher_init(&signals->dispatcher, DISPATCHER_GLOBAL, NULL);
    int error = watcher_start(&signals->watcher, &signals->dispatcher, 1);
    return error != 0 ? error
                      : watcher_timer_init(&signals->watcher, &signals->timer,
                                           DISPATCHER_TIMER_SYNC, NULL, NULL);
}

static void timer_sync_destroy(void *memory)
{
    struct timer_sync_signals *signals = memory;

    watcher_stop(&signals->watcher);
}

static int timer_sync_disarm(void *memory)
{
    struct timer_sync_signals *signals = memory;

    watcher_timer_cancel(&signals->watcher, &signals->timer);
    return 0;
}

/* Between being cancelled and being set it does not expire: what has not been waited for is
 * forgotten here. */
static int timer_sync_arm(void *memory, uint64_t due, uint64_t period)
{
    struct timer_sync_signals *signals = memory;

    timer_sync_disarm(signals);
    signals->seen = word_load(&signals->timer.expiries, relaxed);
    watcher_timer_set(&signals->watcher, &signals->timer, due, period);
    return 0;
}

/* Several expiries may become one signal; an expiry that has been counted already may be signalled
 * afterwards. */
static int timer_sync_await_expiry(void *memory, uint64_t *expiries)
{
    struct timer_sync_signals *signals = memory;
    struct dispatcher_waiter waiter;
    int error = 0;

    do {
        error = dispatcher_wait_one(&signals->dispatcher, &waiter, &signals->timer.object,
                                    MACHINE_NEVER);
        *expiries = word_load(&signals->timer.expiries, relaxed) - signals->seen;
    } while (error == 0 && *expiries == 0);
    signals->seen += *expiries;
    return error;
}

const struct signal_ops timer_sync_signal_ops = {
    .name = "timer_sync",
    .description = "dispatcher synchronization timer, and its timer thread",
    .source = "documentation of KeSetTimerEx; NT 5.2",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct timer_sync_signals),
    .init = timer_sync_init,
    .destroy = timer_sync_destroy,
    .arm = timer_sync_arm,
    .disarm = timer_sync_disarm,
    .await_expiry = timer_sync_await_expiry,
};
