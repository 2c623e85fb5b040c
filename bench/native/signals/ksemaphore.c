/* The dispatcher's semaphore. */
#include "bench/native/signals/dispatcher.h"

static int release(void *memory, unsigned object)
{
    struct dispatcher_signals *signals = memory;
    int32_t previous;

    return dispatcher_semaphore_release(&signals->dispatcher, signals->objects[object], 1,
                                        &previous);
}

DISPATCHER_SIGNALS(ksemaphore, DISPATCHER_GLOBAL, DISPATCHER_SEMAPHORE, release,
                   "dispatcher semaphore of one permit",
                   "documentation of KeInitializeSemaphore; NT 5.2");
