/* A flag under a mutex, and a condition variable. Waits for several objects have one mutex and one
 * condition variable for all of them. */
#include <pthread.h>
#include <stdbool.h>

#include "bench/native/signals/own_timer.h"

struct condition {
    _Alignas(MACHINE_APART) pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool set;
};

struct pthread_cond_signals {
    struct own_timer timer;
    struct signal_shape shape;
    struct condition objects[];
};

/* The one whose mutex and condition variable belong to an object. */
static struct condition *guard_of(struct pthread_cond_signals *signals, unsigned object)
{
    bool several = signals->shape.exchange == EXCHANGE_WAIT_ANY ||
                   signals->shape.exchange == EXCHANGE_WAIT_ALL;

    return &signals->objects[several ? 0 : object];
}

static int cond_init(void *memory, const struct signal_shape *shape)
{
    struct pthread_cond_signals *signals = memory;

    signals->shape = *shape;
    for (unsigned i = 0; i < shape->objects; i++) {
        pthread_mutex_init(&signals->objects[i].mutex, NULL);
        pthread_cond_init(&signals->objects[i].changed, NULL);
        signals->objects[i].set = false;
    }
    return 0;
}

static void cond_destroy(void *memory)
{
    struct pthread_cond_signals *signals = memory;

    for (unsigned i = 0; i < signals->shape.objects; i++) {
        pthread_cond_destroy(&signals->objects[i].changed);
        pthread_mutex_destroy(&signals->objects[i].mutex);
    }
}

static int cond_set(void *memory, unsigned object)
{
    struct pthread_cond_signals *signals = memory;
    struct condition *guard = guard_of(signals, object);

    pthread_mutex_lock(&guard->mutex);
    signals->objects[object].set = true;
    pthread_mutex_unlock(&guard->mutex);
    /* After the mutex is free, so that who is woken does not run into it. */
    return signals->shape.exchange == EXCHANGE_BROADCAST ? pthread_cond_broadcast(&guard->changed)
                                                         : pthread_cond_signal(&guard->changed);
}

static int cond_reset(void *memory, unsigned object)
{
    struct pthread_cond_signals *signals = memory;

    pthread_mutex_lock(&signals->objects[object].mutex);
    signals->objects[object].set = false;
    pthread_mutex_unlock(&signals->objects[object].mutex);
    return 0;
}

/* A time that is past would be slept for all the same. */
static int await_change(struct condition *guard, uint64_t deadline)
{
    struct timespec until = native_timespec(deadline);

    if (deadline != MACHINE_NEVER && machine_clock() >= deadline)
        return ETIMEDOUT;
    return deadline == MACHINE_NEVER
               ? pthread_cond_wait(&guard->changed, &guard->mutex)
               : pthread_cond_clockwait(&guard->changed, &guard->mutex, CLOCK_MONOTONIC, &until);
}

static bool take_any(struct pthread_cond_signals *signals, unsigned first, unsigned count,
                     unsigned *index)
{
    for (unsigned i = first; i < first + count; i++) {
        if (signals->objects[i].set) {
            signals->objects[i].set = signals->shape.exchange == EXCHANGE_BROADCAST;
            *index = i;
            return true;
        }
    }
    return false;
}

static int wait_for_one_of(struct pthread_cond_signals *signals, unsigned first, unsigned count,
                           uint64_t deadline, unsigned *index)
{
    struct condition *guard = guard_of(signals, first);
    bool taken;
    int error = 0;

    pthread_mutex_lock(&guard->mutex);
    while (!(taken = take_any(signals, first, count, index)) && error == 0)
        error = await_change(guard, deadline);
    pthread_mutex_unlock(&guard->mutex);
    return taken ? 0 : error;
}

static int cond_wait(void *signals, unsigned object, uint64_t deadline)
{
    unsigned index;

    return wait_for_one_of(signals, object, 1, deadline, &index);
}

static int cond_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct pthread_cond_signals *signals = memory;

    return wait_for_one_of(signals, 0, signals->shape.objects, deadline, index);
}

static bool take_all(struct pthread_cond_signals *signals)
{
    for (unsigned i = 0; i < signals->shape.objects; i++) {
        if (!signals->objects[i].set)
            return false;
    }
    for (unsigned i = 0; i < signals->shape.objects; i++)
        signals->objects[i].set = false;
    return true;
}

static int cond_wait_all(void *memory, uint64_t deadline)
{
    struct pthread_cond_signals *signals = memory;
    struct condition *guard = guard_of(signals, 0);
    bool taken;
    int error = 0;

    pthread_mutex_lock(&guard->mutex);
    while (!(taken = take_all(signals)) && error == 0)
        error = await_change(guard, deadline);
    pthread_mutex_unlock(&guard->mutex);
    return taken ? 0 : error;
}

/* Nobody sets it: the wait ends by its time-out. */
static int cond_await_expiry(void *memory, uint64_t *expiries)
{
    struct pthread_cond_signals *signals = memory;

    return own_timer_expired(&signals->timer, cond_wait(signals, 0, signals->timer.due), expiries);
}

const struct signal_ops pthread_cond_signal_ops = {
    .name = "pthread_cond",
    .description = "a flag, a mutex and a condition variable",
    .source = "POSIX, of the C library",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_BROADCAST | 1u << EXCHANGE_WAIT_ANY |
           1u << EXCHANGE_WAIT_ALL | 1u << EXCHANGE_TIMER | 1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct pthread_cond_signals),
    .size_per_object = sizeof(struct condition),
    .init = cond_init,
    .destroy = cond_destroy,
    .set = cond_set,
    .reset = cond_reset,
    .wait = cond_wait,
    .wait_any = cond_wait_any,
    .wait_all = cond_wait_all,
    .arm = own_timer_arm,
    .disarm = own_timer_disarm,
    .await_expiry = cond_await_expiry,
};
