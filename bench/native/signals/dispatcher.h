/* What primitives that are the dispatcher's objects (locks/nt/dispatcher.h) share. */
#ifndef BENCH_NATIVE_SIGNALS_DISPATCHER_H
#define BENCH_NATIVE_SIGNALS_DISPATCHER_H

#include "bench/native/signals/signal.h"
#include "locks/nt/dispatcher.h"

_Static_assert((int)EXCHANGE_OBJECTS_MOST <= (int)DISPATCHER_OBJECTS_MOST, "one wait can do it");

struct dispatcher_apart {
    _Alignas(MACHINE_APART) struct dispatcher_object object;
};

struct dispatcher_signals {
    struct signal_shape shape;
    struct dispatcher dispatcher;
    struct dispatcher_object *objects[EXCHANGE_OBJECTS_MOST];
    struct dispatcher_apart storage[];
};

/* Objects that are not signalled; a semaphore has one permit at most. */
static inline int dispatcher_signals_init(void *memory, const struct signal_shape *shape,
                                          enum dispatcher_locking locking,
                                          enum dispatcher_type type)
{
    struct dispatcher_signals *signals = memory;

    signals->shape = *shape;
    dispatcher_init(&signals->dispatcher, locking, NULL);
    for (unsigned i = 0; i < shape->objects; i++) {
        signals->objects[i] = &signals->storage[i].object;
        if (type == DISPATCHER_SEMAPHORE)
            dispatcher_semaphore_init(signals->objects[i], 0, 1);
        else
            dispatcher_object_init(signals->objects[i], type, 0);
    }
    return 0;
}

static inline void dispatcher_signals_destroy(void *signals)
{
    (void)signals;
}

static inline int dispatcher_signals_set(void *memory, unsigned object)
{
    struct dispatcher_signals *signals = memory;

    dispatcher_set(&signals->dispatcher, signals->objects[object]);
    return 0;
}

static inline int dispatcher_signals_reset(void *memory, unsigned object)
{
    struct dispatcher_signals *signals = memory;

    dispatcher_reset(&signals->dispatcher, signals->objects[object]);
    return 0;
}

static inline int dispatcher_signals_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct dispatcher_signals *signals = memory;
    struct dispatcher_waiter waiter;

    return dispatcher_wait_one(&signals->dispatcher, &waiter, signals->objects[object], deadline);
}

static inline int dispatcher_signals_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct dispatcher_signals *signals = memory;
    struct dispatcher_waiter waiter;
    struct dispatcher_block blocks[EXCHANGE_OBJECTS_MOST];

    return dispatcher_wait_any(&signals->dispatcher, &waiter, blocks, signals->objects,
                               signals->shape.objects, deadline, index);
}

static inline int dispatcher_signals_wait_all(void *memory, uint64_t deadline)
{
    struct dispatcher_signals *signals = memory;
    struct dispatcher_waiter waiter;
    struct dispatcher_block blocks[EXCHANGE_OBJECTS_MOST];

    return dispatcher_wait_all(&signals->dispatcher, &waiter, blocks, signals->objects,
                               signals->shape.objects, deadline);
}

/* A primitive of synchronization objects: one wait consumes what one set gives. */
#define DISPATCHER_SIGNALS(signal_name, locking, type, set_, description_, source_)        \
    static int signal_name##_init(void *signals, const struct signal_shape *shape)         \
    {                                                                                      \
        return dispatcher_signals_init(signals, shape, locking, type);                     \
    }                                                                                      \
    const struct signal_ops signal_name##_signal_ops = {                                   \
        .name = #signal_name,                                                              \
        .description = description_,                                                       \
        .source = source_,                                                                 \
        .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_WAIT_ANY | 1u << EXCHANGE_WAIT_ALL | \
               1u << EXCHANGE_HANDOFF,                                                     \
        .size = sizeof(struct dispatcher_signals),                                         \
        .size_per_object = sizeof(struct dispatcher_apart),                                \
        .init = signal_name##_init,                                                        \
        .destroy = dispatcher_signals_destroy,                                             \
        .set = set_,                                                                       \
        .wait = dispatcher_signals_wait,                                                   \
        .wait_any = dispatcher_signals_wait_any,                                           \
        .wait_all = dispatcher_signals_wait_all,                                           \
    }

#endif
