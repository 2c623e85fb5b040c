/* What primitives that are file descriptors share. */
#ifndef BENCH_NATIVE_SIGNALS_DESCRIPTOR_H
#define BENCH_NATIVE_SIGNALS_DESCRIPTOR_H

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "bench/native/signals/signal.h"

/* Waits until one of them can be read; which ones stands in their `revents`. */
static inline int descriptor_await(struct pollfd *polled, unsigned count, uint64_t deadline)
{
    for (;;) {
        uint64_t now = deadline == MACHINE_NEVER ? 0 : machine_clock();
        struct timespec left = native_timespec(deadline > now ? deadline - now : 0);
        int ready = ppoll(polled, count, deadline == MACHINE_NEVER ? NULL : &left, NULL);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return errno;
        if (ready == 0 && machine_clock() >= deadline)
            return ETIMEDOUT;
    }
}

static inline int descriptor_await_one(int fd, uint64_t deadline)
{
    struct pollfd polled = {fd, POLLIN, 0};

    return descriptor_await(&polled, 1, deadline);
}

/* Waits in read() itself, so long as it takes. */
static inline int descriptor_read(int fd, void *bytes, size_t size)
{
    ssize_t n;

    do
        n = read(fd, bytes, size);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size ? 0 : n < 0 ? errno : EIO;
}

static inline int descriptor_write(int fd, const void *bytes, size_t size)
{
    ssize_t n;

    do
        n = write(fd, bytes, size);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size ? 0 : n < 0 ? errno : EIO;
}

#endif
