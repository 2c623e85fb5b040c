/* A thread that sleeps until the time has come. */
#include <time.h>

#include "bench/native/signals/own_timer.h"

static int nanosleep_init(void *signals, const struct signal_shape *shape)
{
    (void)signals;
    (void)shape;
    return 0;
}

static void nanosleep_destroy(void *signals)
{
    (void)signals;
}

static int nanosleep_await_expiry(void *memory, uint64_t *expiries)
{
    struct own_timer *timer = memory;
    struct timespec due = native_timespec(timer->due);
    int error;

    do
        error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    while (error == EINTR);
    return own_timer_expired(timer, error, expiries);
}

const struct signal_ops clock_nanosleep_signal_ops = {
    .name = "clock_nanosleep",
    .description = "a thread asleep until the time has come",
    .source = "clock_nanosleep(2)",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct own_timer),
    .init = nanosleep_init,
    .destroy = nanosleep_destroy,
    .arm = own_timer_arm,
    .disarm = own_timer_disarm,
    .await_expiry = nanosleep_await_expiry,
};
