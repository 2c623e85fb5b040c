/* Signalling primitives that go wrong, each in one way: what the workloads of signals must catch.
 * They are the bare futex, and a fault now and then. */
#include <errno.h>
#include <stdbool.h>

#include "bench/native/signals/signal.h"

extern const struct signal_ops futex_signal_ops;

/* Every so many calls something happens. */
enum { FAULT_EVERY = 10 };

struct faulty {
    WORD(uint32_t) calls;
    struct signal_shape shape;
    _Alignas(MACHINE_APART) char futex[];
};

static int faulty_init(void *memory, const struct signal_shape *shape)
{
    struct faulty *faulty = memory;

    word_init(&faulty->calls, 0);
    faulty->shape = *shape;
    return futex_signal_ops.init(faulty->futex, shape);
}

static void faulty_destroy(void *memory)
{
    (void)memory;
}

static bool strikes(struct faulty *faulty)
{
    return word_fetch_add(&faulty->calls, 1, relaxed) % FAULT_EVERY == FAULT_EVERY - 1;
}

static int faulty_set(void *memory, unsigned object)
{
    struct faulty *faulty = memory;

    return futex_signal_ops.set(faulty->futex, object);
}

static int faulty_reset(void *memory, unsigned object)
{
    struct faulty *faulty = memory;

    return futex_signal_ops.reset(faulty->futex, object);
}

static int faulty_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct faulty *faulty = memory;

    return futex_signal_ops.wait(faulty->futex, object, deadline);
}

static int loses_set(void *memory, unsigned object)
{
    return strikes(memory) ? 0 : faulty_set(memory, object);
}

static int early_wait(void *memory, unsigned object, uint64_t deadline)
{
    return strikes(memory) ? 0 : faulty_wait(memory, object, deadline);
}

static int repeats_wait(void *memory, unsigned object, uint64_t deadline)
{
    int error = faulty_wait(memory, object, deadline);

    if (error == 0 && strikes(memory))
        faulty_set(memory, object);
    return error;
}

static int misnames_wait_any(void *memory, uint64_t deadline, unsigned *index)
{
    struct faulty *faulty = memory;
    int error = futex_signal_ops.wait_any(faulty->futex, deadline, index);

    *index = error == 0 && strikes(faulty) ? 0 : *index;
    return error;
}

/* Gives up, and keeps what it had. */
static int takes_some_wait_all(void *memory, uint64_t deadline)
{
    struct faulty *faulty = memory;
    int error = futex_signal_ops.wait_all(faulty->futex, deadline);

    if (error == ETIMEDOUT && strikes(faulty))
        faulty_wait(faulty, 0, 0);
    return error;
}

/* A notification event that the last of its waiters resets. */
static int forgets_wait(void *memory, unsigned object, uint64_t deadline)
{
    int error = faulty_wait(memory, object, deadline);

    if (error == 0 && deadline == MACHINE_NEVER)
        faulty_reset(memory, object);
    return error;
}

static int fails_set(void *memory, unsigned object)
{
    int error = faulty_set(memory, object);

    return strikes(memory) ? EOVERFLOW : error;
}

/* A timer that does not wait. */
static int early_arm(void *memory, uint64_t due, uint64_t period)
{
    (void)memory;
    (void)due;
    (void)period;
    return 0;
}

static int early_disarm(void *memory)
{
    (void)memory;
    return 0;
}

static int early_await_expiry(void *memory, uint64_t *expiries)
{
    (void)memory;
    *expiries = 1;
    return 0;
}

#define FAULTY(signal, workloads, ...)                                                       \
    const struct signal_ops signal##_signal_ops = {.name = #signal,                          \
                                                   .description = "wrong",                   \
                                                   .source = "here",                         \
                                                   .can = workloads,                         \
                                                   .size = sizeof(struct faulty) + 8 * 1024, \
                                                   .size_per_object = 2 * MACHINE_APART,     \
                                                   .init = faulty_init,                      \
                                                   .destroy = faulty_destroy,                \
                                                   .reset = faulty_reset,                    \
                                                   __VA_ARGS__}

FAULTY(loses, 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_HANDOFF, .set = loses_set,
       .wait = faulty_wait);
FAULTY(early, 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_TIMER, .set = faulty_set, .wait = early_wait,
       .arm = early_arm, .disarm = early_disarm, .await_expiry = early_await_expiry);
FAULTY(repeats, 1u << EXCHANGE_SIGNAL, .set = faulty_set, .wait = repeats_wait);
FAULTY(misnames, 1u << EXCHANGE_WAIT_ANY, .set = faulty_set, .wait_any = misnames_wait_any);
FAULTY(takes_some, 1u << EXCHANGE_WAIT_ALL, .set = faulty_set, .wait = faulty_wait,
       .wait_all = takes_some_wait_all);
FAULTY(forgets, 1u << EXCHANGE_BROADCAST, .set = faulty_set, .wait = forgets_wait);
FAULTY(fails, 1u << EXCHANGE_SIGNAL, .set = fails_set, .wait = faulty_wait);
