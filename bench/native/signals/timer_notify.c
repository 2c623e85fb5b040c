/* The dispatcher's notification timer. */
#include "bench/native/signals/dispatcher_timer.h"

static int init(void *memory, const struct signal_shape *shape)
{
    (void)shape;
    return dispatcher_timer_init(memory, DISPATCHER_TIMER_NOTIFY);
}

static int await_expiry(void *memory, uint64_t *expiries)
{
    return dispatcher_timer_await(memory, true, expiries);
}

const struct signal_ops timer_notify_signal_ops = {
    .name = "timer_notify",
    .description = "dispatcher notification timer, reset by who waits",
    .source = "documentation of KeSetTimerEx; NT 5.2",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct dispatcher_timer),
    .init = init,
    .destroy = dispatcher_timer_destroy,
    .arm = dispatcher_timer_arm,
    .disarm = dispatcher_timer_disarm,
    .await_expiry = await_expiry,
};
