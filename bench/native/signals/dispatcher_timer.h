/* What the dispatcher's timers share. Their timer thread is started by the thread that waits, and
 * runs on that one's CPU, as the kernel's own timers do. */
#ifndef BENCH_NATIVE_SIGNALS_DISPATCHER_TIMER_H
#define BENCH_NATIVE_SIGNALS_DISPATCHER_TIMER_H

#include "bench/native/signals/signal.h"
#include "bench/native/watcher.h"

struct dispatcher_timer {
    struct dispatcher dispatcher;
    struct watcher watcher;
    struct watcher_timer timer;
    uint64_t seen; /* expiries that were waited for */
};

static inline int dispatcher_timer_init(void *memory, enum dispatcher_type type)
{
    struct dispatcher_timer *signals = memory;

    dispatcher_init(&signals->dispatcher, DISPATCHER_GLOBAL, NULL);
    int error = watcher_start(&signals->watcher, &signals->dispatcher, 1);
    return error != 0 ? error
                      : watcher_timer_init(&signals->watcher, &signals->timer, type, NULL, NULL);
}

static inline void dispatcher_timer_destroy(void *memory)
{
    struct dispatcher_timer *signals = memory;

    watcher_stop(&signals->watcher);
}

static inline int dispatcher_timer_disarm(void *memory)
{
    struct dispatcher_timer *signals = memory;

    watcher_timer_cancel(&signals->watcher, &signals->timer);
    return 0;
}

/* Between being cancelled and being set it does not expire: what has not been waited for is
 * forgotten here. */
static inline int dispatcher_timer_arm(void *memory, uint64_t due, uint64_t period)
{
    struct dispatcher_timer *signals = memory;

    dispatcher_timer_disarm(signals);
    signals->seen = word_load(&signals->timer.expiries, relaxed);
    watcher_timer_set(&signals->watcher, &signals->timer, due, period);
    return 0;
}

/* Several expiries may become one signal; an expiry that has been counted already may be signalled
 * afterwards. */
static inline int dispatcher_timer_await(void *memory, bool notification, uint64_t *expiries)
{
    struct dispatcher_timer *signals = memory;
    struct dispatcher_waiter waiter;
    int error = 0;

    do {
        error = dispatcher_wait_one(&signals->dispatcher, &waiter, &signals->timer.object,
                                    MACHINE_NEVER);
        /* A notification stays set. Before the count is read, so that what is counted afterwards
         * finds it reset, and sets it again. */
        if (notification)
            dispatcher_reset(&signals->dispatcher, &signals->timer.object);
        *expiries = word_load(&signals->timer.expiries, relaxed) - signals->seen;
    } while (error == 0 && *expiries == 0);
    signals->seen += *expiries;
    return error;
}

#define DISPATCHER_TIMER(signal_name, type, notification, description_)           \
    static int signal_name##_init(void *memory, const struct signal_shape *shape) \
    {                                                                             \
        (void)shape;                                                              \
        return dispatcher_timer_init(memory, type);                               \
    }                                                                             \
    static int signal_name##_await_expiry(void *memory, uint64_t *expiries)       \
    {                                                                             \
        return dispatcher_timer_await(memory, notification, expiries);            \
    }                                                                             \
    const struct signal_ops signal_name##_signal_ops = {                          \
        .name = #signal_name,                                                     \
        .description = description_,                                              \
        .source = "documentation of KeSetTimerEx; NT 5.2",                        \
        .can = 1u << EXCHANGE_TIMER,                                              \
        .size = sizeof(struct dispatcher_timer),                                  \
        .init = signal_name##_init,                                               \
        .destroy = dispatcher_timer_destroy,                                      \
        .arm = dispatcher_timer_arm,                                              \
        .disarm = dispatcher_timer_disarm,                                        \
        .await_expiry = signal_name##_await_expiry,                               \
    }

#endif
