/* A thread that sleeps until the time has come. */
#include <time.h>

#include "bench/native/signals/signal.h"

struct clock_nanosleep_signals {
    uint64_t due, period;
};

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

static int nanosleep_arm(void *memory, uint64_t due, uint64_t period)
{
    struct clock_nanosleep_signals *signals = memory;

    signals->due = due;
    signals->period = period;
    return 0;
}

static int nanosleep_disarm(void *signals)
{
    (void)signals;
    return 0;
}

static int nanosleep_await_expiry(void *memory, uint64_t *expiries)
{
    struct clock_nanosleep_signals *signals = memory;
    struct timespec due = signal_timespec(signals->due);
    int error;

    do
        error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    while (error == EINTR);
    signals->due += signals->period;
    *expiries = 1;
    return error;
}

const struct signal_ops clock_nanosleep_signal_ops = {
    .name = "clock_nanosleep",
    .description = "a thread asleep until the time has come",
    .source = "clock_nanosleep(2)",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct clock_nanosleep_signals),
    .init = nanosleep_init,
    .destroy = nanosleep_destroy,
    .arm = nanosleep_arm,
    .disarm = nanosleep_disarm,
    .await_expiry = nanosleep_await_expiry,
};
