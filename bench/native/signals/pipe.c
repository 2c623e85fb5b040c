/* A pipe for each object, one byte a signal. */
#include <fcntl.h>

#include "bench/native/signals/descriptor.h"

struct pipe_signals {
    struct signal_shape shape;
    int ends[EXCHANGE_OBJECTS_MOST][2];
};

static void pipe_destroy(void *memory)
{
    struct pipe_signals *signals = memory;

    for (unsigned i = 0; i < signals->shape.objects; i++) {
        close(signals->ends[i][0]);
        close(signals->ends[i][1]);
    }
}

static int pipe_init(void *memory, const struct signal_shape *shape)
{
    struct pipe_signals *signals = memory;

    signals->shape = *shape;
    for (unsigned i = 0; i < shape->objects; i++) {
        if (pipe2(signals->ends[i], O_CLOEXEC) != 0) {
            int error = errno;
            signals->shape.objects = i;
            pipe_destroy(signals);
            return error;
        }
    }
    return 0;
}

static int pipe_set(void *memory, unsigned object)
{
    struct pipe_signals *signals = memory;

    return descriptor_write(signals->ends[object][1], "", 1);
}

/* Of an event that is set. */
static int pipe_reset(void *memory, unsigned object)
{
    struct pipe_signals *signals = memory;
    char byte;

    return descriptor_read(signals->ends[object][0], &byte, 1);
}

static int pipe_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct pipe_signals *signals = memory;
    bool stays = signals->shape.exchange == EXCHANGE_BROADCAST;
    int fd = signals->ends[object][0];
    int error = stays || deadline != MACHINE_NEVER ? descriptor_await_one(fd, deadline) : 0;

    return error != 0 || stays ? error : pipe_reset(signals, object);
}

const struct signal_ops pipe_signal_ops = {
    .name = "pipe",
    .description = "a byte through a pipe",
    .source = "pipe(2)",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_BROADCAST | 1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct pipe_signals),
    .init = pipe_init,
    .destroy = pipe_destroy,
    .set = pipe_set,
    .reset = pipe_reset,
    .wait = pipe_wait,
};
