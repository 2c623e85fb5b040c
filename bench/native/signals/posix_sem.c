/* A POSIX semaphore that is posted once for each wait. It can't wake all of an unknown number. */
#include <semaphore.h>

#include "bench/native/signals/own_timer.h"

struct semaphore {
    _Alignas(MACHINE_APART) sem_t permits;
};

struct posix_sem_signals {
    struct own_timer timer;
    struct signal_shape shape;
    struct semaphore objects[];
};

static int posix_sem_init(void *memory, const struct signal_shape *shape)
{
    struct posix_sem_signals *signals = memory;

    signals->shape = *shape;
    for (unsigned i = 0; i < shape->objects; i++)
        sem_init(&signals->objects[i].permits, 0, 0);
    return 0;
}

static void posix_sem_destroy(void *memory)
{
    struct posix_sem_signals *signals = memory;

    for (unsigned i = 0; i < signals->shape.objects; i++)
        sem_destroy(&signals->objects[i].permits);
}

static int posix_sem_set(void *memory, unsigned object)
{
    struct posix_sem_signals *signals = memory;

    return sem_post(&signals->objects[object].permits) == 0 ? 0 : errno;
}

static int posix_sem_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct posix_sem_signals *signals = memory;
    sem_t *permits = &signals->objects[object].permits;
    struct timespec until = native_timespec(deadline);
    int failed;

    /* A time that is past would be slept for all the same. */
    if (deadline != MACHINE_NEVER && machine_clock() >= deadline)
        return sem_trywait(permits) == 0 ? 0 : ETIMEDOUT;
    do
        failed = deadline == MACHINE_NEVER ? sem_wait(permits)
                                           : sem_clockwait(permits, CLOCK_MONOTONIC, &until);
    while (failed != 0 && errno == EINTR);
    return failed == 0 ? 0 : errno;
}

/* Nobody posts it: the wait ends by its time-out. */
static int posix_sem_await_expiry(void *memory, uint64_t *expiries)
{
    struct posix_sem_signals *signals = memory;

    return own_timer_expired(&signals->timer, posix_sem_wait(signals, 0, signals->timer.due),
                             expiries);
}

const struct signal_ops posix_sem_signal_ops = {
    .name = "posix_sem",
    .description = "a POSIX semaphore, unnamed",
    .source = "POSIX, of the C library",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_TIMER | 1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct posix_sem_signals),
    .size_per_object = sizeof(struct semaphore),
    .init = posix_sem_init,
    .destroy = posix_sem_destroy,
    .set = posix_sem_set,
    .wait = posix_sem_wait,
    .arm = own_timer_arm,
    .disarm = own_timer_disarm,
    .await_expiry = posix_sem_await_expiry,
};
