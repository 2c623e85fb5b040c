/* A timerfd; read() says how often it expired. */
#include <sys/timerfd.h>

#include "bench/native/signals/descriptor.h"

struct timerfd_signals {
    int fd;
};

static int timerfd_init(void *memory, const struct signal_shape *shape)
{
    struct timerfd_signals *signals = memory;

    (void)shape;
    signals->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return signals->fd >= 0 ? 0 : errno;
}

static void timerfd_destroy(void *memory)
{
    struct timerfd_signals *signals = memory;

    close(signals->fd);
}

static int timerfd_arm(void *memory, uint64_t due, uint64_t period)
{
    struct timerfd_signals *signals = memory;
    struct itimerspec times = {native_timespec(period), native_timespec(due)};

    return timerfd_settime(signals->fd, TFD_TIMER_ABSTIME, &times, NULL) == 0 ? 0 : errno;
}

static int timerfd_disarm(void *signals)
{
    return timerfd_arm(signals, 0, 0);
}

static int timerfd_await_expiry(void *memory, uint64_t *expiries)
{
    struct timerfd_signals *signals = memory;

    return descriptor_read(signals->fd, expiries, sizeof *expiries);
}

const struct signal_ops timerfd_signal_ops = {
    .name = "timerfd",
    .description = "a timer of the kernel behind a file descriptor",
    .source = "timerfd_create(2)",
    .can = 1u << EXCHANGE_TIMER,
    .size = sizeof(struct timerfd_signals),
    .init = timerfd_init,
    .destroy = timerfd_destroy,
    .arm = timerfd_arm,
    .disarm = timerfd_disarm,
    .await_expiry = timerfd_await_expiry,
};
