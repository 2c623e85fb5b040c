/* An eventfd for each object. A single wait is one read(); a wait for any of several, or for an
 * event that stays set, is poll(). */
#include <sys/eventfd.h>

#include "bench/native/signals/descriptor.h"

struct eventfd_signals {
    struct signal_shape shape;
    struct pollfd polled[EXCHANGE_OBJECTS_MOST];
};

static void eventfd_destroy(void *memory)
{
    struct eventfd_signals *signals = memory;

    for (unsigned i = 0; i < signals->shape.objects; i++)
        close(signals->polled[i].fd);
}

static int eventfd_init(void *memory, const struct signal_shape *shape)
{
    struct eventfd_signals *signals = memory;

    signals->shape = *shape;
    for (unsigned i = 0; i < shape->objects; i++) {
        signals->polled[i] = (struct pollfd){eventfd(0, EFD_CLOEXEC), POLLIN, 0};
        if (signals->polled[i].fd < 0) {
            int error = errno;
            signals->shape.objects = i;
            eventfd_destroy(signals);
            return error;
        }
    }
    return 0;
}

static int eventfd_set(void *memory, unsigned object)
{
    struct eventfd_signals *signals = memory;
    uint64_t one = 1;

    return descriptor_write(signals->polled[object].fd, &one, sizeof one);
}

/* Of an event that is set. */
static int eventfd_reset(void *memory, unsigned object)
{
    struct eventfd_signals *signals = memory;
    uint64_t sets;

    return descriptor_read(signals->polled[object].fd, &sets, sizeof sets);
}

static int eventfd_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct eventfd_signals *signals = memory;
    bool stays = signals->shape.exchange == EXCHANGE_BROADCAST;
    int fd = signals->polled[object].fd;
    int error = stays || deadline != MACHINE_NEVER ? descriptor_await_one(fd, deadline) : 0;

    return error != 0 || stays ? error : eventfd_reset(signals, object);
}

static int eventfd_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct eventfd_signals *signals = memory;
    int error = descriptor_await(signals->polled, signals->shape.objects, deadline);

    for (unsigned i = 0; error == 0 && i < signals->shape.objects; i++) {
        if (signals->polled[i].revents != 0) {
            *index = i;
            return eventfd_reset(signals, i);
        }
    }
    return error;
}

const struct signal_ops eventfd_signal_ops = {
    .name = "eventfd",
    .description = "an eventfd; poll() where it is one of several",
    .source = "eventfd(2), poll(2)",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_BROADCAST | 1u << EXCHANGE_WAIT_ANY |
           1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct eventfd_signals),
    .init = eventfd_init,
    .destroy = eventfd_destroy,
    .set = eventfd_set,
    .reset = eventfd_reset,
    .wait = eventfd_wait,
    .wait_any = eventfd_wait_any,
};
