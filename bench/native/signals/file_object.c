/* A file object of the dispatcher: who completes I/O writes to an eventfd, and the watcher's thread
 * signals the object. What that thread costs is the difference to event_sync. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/native/signals/signal.h"
#include "bench/native/watcher.h"

struct file_object_signals {
    struct dispatcher dispatcher;
    struct dispatcher_object object;
    struct watcher watcher;
    int eventfd;
};

static int init(void *memory, const struct signal_shape *shape)
{
    struct file_object_signals *signals = memory;

    (void)shape;
    dispatcher_init(&signals->dispatcher, DISPATCHER_GLOBAL, NULL);
    dispatcher_object_init(&signals->object, DISPATCHER_FILE, 0);
    signals->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signals->eventfd < 0)
        return errno;
    int error = watcher_start(&signals->watcher, &signals->dispatcher, 1);
    return error != 0
               ? error
               : watcher_add_completions(&signals->watcher, &signals->object, signals->eventfd);
}

static void destroy(void *memory)
{
    struct file_object_signals *signals = memory;

    watcher_stop(&signals->watcher);
    close(signals->eventfd);
}

static int set(void *memory, unsigned object)
{
    struct file_object_signals *signals = memory;

    (void)object;
    return eventfd_write(signals->eventfd, 1) == 0 ? 0 : errno;
}

/* A file object stays signalled until the next I/O begins: here, that is when the waiter has it. */
static int wait(void *memory, unsigned object, uint64_t deadline)
{
    struct file_object_signals *signals = memory;
    struct dispatcher_waiter waiter;

    (void)object;
    int error = dispatcher_wait_one(&signals->dispatcher, &waiter, &signals->object, deadline);
    if (error == 0)
        dispatcher_reset(&signals->dispatcher, &signals->object);
    return error;
}

const struct signal_ops file_object_signal_ops = {
    .name = "file_object",
    .description = "dispatcher file object: I/O completes, a thread signals",
    .source = "documentation of KeWaitForSingleObject; NT 5.2",
    .can = 1u << EXCHANGE_SIGNAL,
    .size = sizeof(struct file_object_signals),
    .init = init,
    .destroy = destroy,
    .set = set,
    .wait = wait,
};
