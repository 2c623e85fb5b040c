/* The dispatcher's notification event. */
#include "bench/native/signals/dispatcher.h"

static int init(void *signals, const struct signal_shape *shape)
{
    return dispatcher_signals_init(signals, shape, DISPATCHER_GLOBAL, DISPATCHER_EVENT_NOTIFY);
}

const struct signal_ops event_notify_signal_ops = {
    .name = "event_notify",
    .description = "dispatcher notification event: wakes all, stays set",
    .source = "documentation of KeInitializeEvent; NT 5.2",
    .can = 1u << EXCHANGE_BROADCAST,
    .size = sizeof(struct dispatcher_signals),
    .size_per_object = sizeof(struct dispatcher_apart),
    .init = init,
    .destroy = dispatcher_signals_destroy,
    .set = dispatcher_signals_set,
    .wait = dispatcher_signals_wait,
    .reset = dispatcher_signals_reset,
};
