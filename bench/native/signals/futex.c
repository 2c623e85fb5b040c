/* The least that a futex needs: what every other primitive is held against.
 *
 * An object is one word: 0 clear, 1 set, 2 clear with sleepers, so that a set makes the system call
 * only when somebody sleeps. A wait for several objects sleeps on a further word of that kind,
 * which every set sets as well. */
#include <stdbool.h>

#include "bench/native/signals/own_timer.h"

enum { CLEAR, SET, CLEAR_WITH_SLEEPERS };

struct flag {
    _Alignas(MACHINE_APART) WORD(uint32_t) word;
};

struct futex_signals {
    struct own_timer timer;
    struct signal_shape shape;
    struct flag any; /* some object was set since it was last cleared */
    struct flag objects[];
};

static bool for_several(const struct futex_signals *signals)
{
    return signals->shape.exchange == EXCHANGE_WAIT_ANY ||
           signals->shape.exchange == EXCHANGE_WAIT_ALL;
}

static int futex_init(void *memory, const struct signal_shape *shape)
{
    struct futex_signals *signals = memory;

    signals->shape = *shape;
    word_init(&signals->any.word, CLEAR);
    for (unsigned i = 0; i < shape->objects; i++)
        word_init(&signals->objects[i].word, CLEAR);
    return 0;
}

static void futex_destroy(void *signals)
{
    (void)signals;
}

static void set_flag(struct flag *flag, uint32_t wake)
{
    /* acq_rel: release what came before the signal; acquire, so that the flags of two sets are seen
     * by whoever is woken by the second. */
    if (word_exchange(&flag->word, SET, acq_rel) == CLEAR_WITH_SLEEPERS)
        machine_futex_wake(&flag->word, wake);
}

static bool take_flag(struct flag *flag)
{
    uint32_t set = SET;

    return word_compare_exchange(&flag->word, &set, CLEAR, acquire, relaxed);
}

/* Sleeps until the flag is set. False: the deadline came first. */
static bool sleep_on(struct flag *flag, uint64_t deadline)
{
    for (;;) {
        uint32_t seen = CLEAR;
        if (!word_compare_exchange(&flag->word, &seen, CLEAR_WITH_SLEEPERS, acquire, acquire) &&
            seen == SET)
            return true;
        if (deadline != MACHINE_NEVER && machine_clock() >= deadline)
            return false;
        machine_futex_wait_until(&flag->word, CLEAR_WITH_SLEEPERS, deadline);
    }
}

static int futex_set(void *memory, unsigned object)
{
    struct futex_signals *signals = memory;

    set_flag(&signals->objects[object],
             signals->shape.exchange == EXCHANGE_BROADCAST ? UINT32_MAX : 1);
    if (for_several(signals))
        set_flag(&signals->any, 1);
    return 0;
}

static int futex_reset(void *memory, unsigned object)
{
    struct futex_signals *signals = memory;

    word_store(&signals->objects[object].word, CLEAR, relaxed);
    return 0;
}

static int futex_wait(void *memory, unsigned object, uint64_t deadline)
{
    struct futex_signals *signals = memory;
    struct flag *flag = &signals->objects[object];

    if (signals->shape.exchange == EXCHANGE_BROADCAST)
        return sleep_on(flag, deadline) ? 0 : ETIMEDOUT;
    while (!take_flag(flag)) {
        if (!sleep_on(flag, deadline))
            return ETIMEDOUT;
    }
    return 0;
}

static bool take_any(struct futex_signals *signals, unsigned *index)
{
    for (unsigned i = 0; i < signals->shape.objects; i++) {
        if (word_load(&signals->objects[i].word, relaxed) == SET &&
            take_flag(&signals->objects[i])) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* All or nothing, which is easy where one thread waits and flags are only ever set by others. */
static bool take_all(struct futex_signals *signals)
{
    for (unsigned i = 0; i < signals->shape.objects; i++) {
        if (word_load(&signals->objects[i].word, relaxed) != SET)
            return false;
    }
    for (unsigned i = 0; i < signals->shape.objects; i++)
        word_exchange(&signals->objects[i].word, CLEAR, acquire);
    return true;
}

/* Clears the common flag BEFORE it looks at the objects: a set that comes after the look sets it
 * anew, and the sleep ends at once. */
static bool await_change(struct futex_signals *signals, uint64_t deadline)
{
    if (!sleep_on(&signals->any, deadline))
        return false;
    word_exchange(&signals->any.word, CLEAR, acq_rel);
    return true;
}

static int futex_wait_any(void *signals, uint64_t deadline, unsigned *index)
{
    while (!take_any(signals, index)) {
        if (!await_change(signals, deadline))
            return ETIMEDOUT;
    }
    return 0;
}

static int futex_wait_all(void *signals, uint64_t deadline)
{
    while (!take_all(signals)) {
        if (!await_change(signals, deadline))
            return ETIMEDOUT;
    }
    return 0;
}

/* Nobody wakes it: the wait ends by its time-out. */
static int futex_await_expiry(void *memory, uint64_t *expiries)
{
    struct futex_signals *signals = memory;

    while (machine_clock() < signals->timer.due)
        machine_futex_wait_until(&signals->any.word, CLEAR, signals->timer.due);
    return own_timer_expired(&signals->timer, 0, expiries);
}

const struct signal_ops futex_signal_ops = {
    .name = "futex",
    .description = "one word that is slept on, the least there is",
    .source = "futex(2); for several objects, a further word that every set sets",
    .can = 1u << EXCHANGE_SIGNAL | 1u << EXCHANGE_BROADCAST | 1u << EXCHANGE_WAIT_ANY |
           1u << EXCHANGE_WAIT_ALL | 1u << EXCHANGE_TIMER | 1u << EXCHANGE_HANDOFF,
    .size = sizeof(struct futex_signals),
    .size_per_object = sizeof(struct flag),
    .init = futex_init,
    .destroy = futex_destroy,
    .set = futex_set,
    .reset = futex_reset,
    .wait = futex_wait,
    .wait_any = futex_wait_any,
    .wait_all = futex_wait_all,
    .arm = own_timer_arm,
    .disarm = own_timer_disarm,
    .await_expiry = futex_await_expiry,
};
