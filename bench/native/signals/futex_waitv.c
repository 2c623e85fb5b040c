/* One system call that sleeps on many words. It consumes nothing, and knows no "all". */
#include <linux/futex.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/native/signals/signal.h"

/* Of Linux 5.16; the same on every architecture. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* As the kernel lays it out; older headers lack it. */
struct waited_word {
    uint64_t value, address;
    uint32_t flags, reserved;
};

enum { WORD_OF_32_BITS = 2 };

struct object {
    _Alignas(MACHINE_APART) WORD(uint32_t) set;
};

struct futex_waitv_signals {
    struct signal_shape shape;
    struct waited_word waited[EXCHANGE_OBJECTS_MOST];
    struct object objects[];
};

static const char *waitv_missing(void)
{
    bool there = syscall(SYS_futex_waitv, NULL, 0, 0, NULL, CLOCK_MONOTONIC) == 0 ||
                 (errno != ENOSYS && errno != EPERM);

    return there ? NULL : "this kernel has no futex_waitv (Linux 5.16 or later), or forbids it";
}

static int waitv_init(void *memory, const struct signal_shape *shape)
{
    struct futex_waitv_signals *signals = memory;

    signals->shape = *shape;
    for (unsigned i = 0; i < shape->objects; i++) {
        word_init(&signals->objects[i].set, 0);
        signals->waited[i] = (struct waited_word){
            .address = (uintptr_t)&signals->objects[i].set,
            .flags = WORD_OF_32_BITS | FUTEX_PRIVATE_FLAG,
        };
    }
    return 0;
}

static void waitv_destroy(void *signals)
{
    (void)signals;
}

static int waitv_set(void *memory, unsigned object)
{
    struct futex_waitv_signals *signals = memory;

    word_store(&signals->objects[object].set, 1, release);
    /* Whether somebody sleeps, no word tells. */
    machine_futex_wake(&signals->objects[object].set, 1);
    return 0;
}

static bool take(struct futex_waitv_signals *signals, unsigned object)
{
    return word_load(&signals->objects[object].set, relaxed) != 0 &&
           word_exchange(&signals->objects[object].set, 0, acquire) != 0;
}

static int waitv_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct futex_waitv_signals *signals = memory;
    struct timespec until = native_timespec(deadline);

    for (;;) {
        for (unsigned i = 0; i < signals->shape.objects; i++) {
            if (take(signals, i)) {
                *index = i;
                return 0;
            }
        }
        if (deadline != MACHINE_NEVER && machine_clock() >= deadline)
            return ETIMEDOUT;
        if (syscall(SYS_futex_waitv, signals->waited, signals->shape.objects, 0,
                    deadline == MACHINE_NEVER ? NULL : &until, CLOCK_MONOTONIC) < 0 &&
            errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT)
            return errno;
    }
}

const struct signal_ops futex_waitv_signal_ops = {
    .name = "futex_waitv",
    .description = "one call that sleeps on a word for each object",
    .source = "futex_waitv(2), A. Almeida, Linux 5.16",
    .can = 1u << EXCHANGE_WAIT_ANY,
    .size = sizeof(struct futex_waitv_signals),
    .size_per_object = sizeof(struct object),
    .missing = waitv_missing,
    .init = waitv_init,
    .destroy = waitv_destroy,
    .set = waitv_set,
    .wait_any = waitv_wait_any,
};
