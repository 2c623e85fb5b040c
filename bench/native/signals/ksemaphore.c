/* The dispatcher's semaphore. */
#include "bench/native/signals/dispatcher.h"

static int init(void *signals, const struct signal_shape *shape)
{
    return dispatcher_signals_init(signals, shape, DISPATCHER_GLOBAL, DISPATCHER_SEMAPHORE);
}

static int release(void *memory, unsigned object)
{
    struct dispatcher_signals *signals = memory;
    int32_t previous;

    return dispatcher_semaphore_release(&signals->dispatcher, signals->objects[object], 1,
                                        &previous);
}

const struct signal_ops ksemaphore_signal_ops = {
    .name = "ksemaphore",
    .description = "dispatcher semaphore of one permit",
    .source = "documentation of KeInitializeSemaphore; NT 5.2",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_WAIT_ANY | 1u << EXCHANGE_WAIT_ALL |
           1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct dispatcher_signals),
    .size_per_object = sizeof(struct dispatcher_apart),
    .init = init,
    .destroy = dispatcher_signals_destroy,
    .set = release,
    .wait = dispatcher_signals_wait,
    .wait_any = dispatcher_signals_wait_any,
    .wait_all = dispatcher_signals_wait_all,
};
