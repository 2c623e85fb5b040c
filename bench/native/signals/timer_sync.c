/* The dispatcher's synchronization timer. */
#include "bench/native/signals/dispatcher_timer.h"

static int init(void *memory, const struct signal_shape *shape)
{
    (void)shape;
    return dispatcher_timer_init(memory, DISPATCHER_TIMER_SYNC);
}

static int await_expiry(void *memory, uint64_t *expiries)
{
    return dispatcher_timer_await(memory, false, expiries);
}

const struct signal_ops timer_sync_signal_ops = {
    .name = "timer_sync",
    .description = "dispatcher synchronization timer, and its timer thread",
    .source = "documentation of KeSetTimerEx; NT 5.2",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct dispatcher_timer),
    .init = init,
    .destroy = dispatcher_timer_destroy,
    .arm = dispatcher_timer_arm,
    .disarm = dispatcher_timer_disarm,
    .await_expiry = await_expiry,
};
