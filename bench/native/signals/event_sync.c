/* The dispatcher's synchronization event, under the one lock of all objects. */
#include "bench/native/signals/dispatcher.h"

static int init(void *signals, const struct signal_shape *shape)
{
    return dispatcher_signals_init(signals, shape, DISPATCHER_GLOBAL, DISPATCHER_EVENT_SYNC);
}

const struct signal_ops event_sync_signal_ops = {
    .name = "event_sync",
    .description = "dispatcher synchronization event, one lock for all",
    .source = "documentation of KeInitializeEvent; NT 5.2",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_WAIT_ANY | 1u << EXCHANGE_WAIT_ALL |
           1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct dispatcher_signals),
    .size_per_object = sizeof(struct dispatcher_apart),
    .init = init,
    .destroy = dispatcher_signals_destroy,
    .set = dispatcher_signals_set,
    .wait = dispatcher_signals_wait,
    .wait_any = dispatcher_signals_wait_any,
    .wait_all = dispatcher_signals_wait_all,
};
