/* The kernel's own NT events, made for emulators. A wait is one system call, whatever it waits for.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/native/signals/signal.h"

/* As linux/ntsync.h of Linux 6.14 has them; most distributions do not have that header yet. (The
 * kernel's documentation lists the fields in another order.) */
struct event_arguments {
    uint32_t manual, signaled;
};

struct wait_arguments {
    uint64_t timeout; /* a CLOCK_MONOTONIC time; UINT64_MAX: none */
    uint64_t objects; /* address of the descriptors */
    uint32_t count, index, flags, owner, alert, pad;
};

#define CREATE_EVENT _IOW('N', 0x87, struct event_arguments)
#define EVENT_SET    _IOR('N', 0x88, uint32_t)
#define EVENT_RESET  _IOR('N', 0x89, uint32_t)
#define WAIT_ANY     _IOWR('N', 0x82, struct wait_arguments)
#define WAIT_ALL     _IOWR('N', 0x83, struct wait_arguments)

_Static_assert(sizeof(struct wait_arguments) == 40, "the kernel's layout has no gaps");
_Static_assert(MACHINE_NEVER == UINT64_MAX, "never is the same to both");

struct ntsync_signals {
    struct signal_shape shape;
    int device;
    int events[EXCHANGE_OBJECTS_MOST];
};

static int open_device(void)
{
    return open("/dev/ntsync", O_RDONLY | O_CLOEXEC);
}

static const char *ntsync_missing(void)
{
    int device = open_device();

    if (device >= 0) {
        close(device);
        return NULL;
    }
    return errno == ENOENT ? "there is no /dev/ntsync (Linux 6.14 or later, module ntsync)"
                           : "/dev/ntsync can't be opened: it needs the right to read it";
}

static void ntsync_destroy(void *memory)
{
    struct ntsync_signals *signals = memory;

    for (unsigned i = 0; i < signals->shape.objects; i++)
        close(signals->events[i]);
    close(signals->device);
}

static int ntsync_init(void *memory, const struct signal_shape *shape)
{
    struct ntsync_signals *signals = memory;
    struct event_arguments event = {.manual = shape->exchange == EXCHANGE_BROADCAST};

    signals->shape = *shape;
    signals->device = open_device();
    if (signals->device < 0)
        return errno;
    for (unsigned i = 0; i < shape->objects; i++) {
        signals->events[i] = ioctl(signals->device, CREATE_EVENT, &event);
        if (signals->events[i] < 0) {
            int error = errno;
            signals->shape.objects = i;
            ntsync_destroy(signals);
            return error;
        }
    }
    return 0;
}

static int ntsync_set(void *memory, unsigned object)
{
    struct ntsync_signals *signals = memory;
    uint32_t before;

    return ioctl(signals->events[object], EVENT_SET, &before) == 0 ? 0 : errno;
}

static int ntsync_reset(void *memory, unsigned object)
{
    struct ntsync_signals *signals = memory;
    uint32_t before;

    return ioctl(signals->events[object], EVENT_RESET, &before) == 0 ? 0 : errno;
}

static int wait_for(struct ntsync_signals *signals, unsigned long how, const int *events,
                    unsigned count, uint64_t deadline, unsigned *index)
{
    struct wait_arguments wait = {
        .timeout = deadline, .objects = (uintptr_t)events, .count = count, .owner = 1};
    int failed;

    do
        failed = ioctl(signals->device, how, &wait);
    while (failed < 0 && errno == EINTR);
    *index = wait.index;
    return failed < 0 ? errno : 0;
}

static int ntsync_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct ntsync_signals *signals = memory;
    unsigned index;

    return wait_for(signals, WAIT_ANY, &signals->events[object], 1, deadline, &index);
}

static int ntsync_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct ntsync_signals *signals = memory;

    return wait_for(signals, WAIT_ANY, signals->events, signals->shape.objects, deadline, index);
}

static int ntsync_wait_all(void *memory, uint64_t deadline)
{
    struct ntsync_signals *signals = memory;
    unsigned index;

    return wait_for(signals, WAIT_ALL, signals->events, signals->shape.objects, deadline, &index);
}

const struct signal_ops ntsync_signal_ops = {
    .name = "ntsync",
    .description = "NT events of the kernel, /dev/ntsync",
    .source = "E. Figura, Documentation/userspace-api/ntsync.rst, Linux 6.14",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_BROADCAST | 1u << EXCHANGE_WAIT_ANY |
           1u << EXCHANGE_WAIT_ALL | 1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct ntsync_signals),
    .missing = ntsync_missing,
    .init = ntsync_init,
    .destroy = ntsync_destroy,
    .set = ntsync_set,
    .reset = ntsync_reset,
    .wait = ntsync_wait,
    .wait_any = ntsync_wait_any,
    .wait_all = ntsync_wait_all,
};
