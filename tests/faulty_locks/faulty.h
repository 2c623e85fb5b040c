/* Locks that go wrong, each in one way: what `run` must catch. Those that stop a process have to
 * cost no more than that process. */
#ifndef TESTS_FAULTY_FAULTY_H
#define TESTS_FAULTY_FAULTY_H

#include <stdlib.h>

#include "locks/lock.h"
#include "locks/tas.h"

struct faulty_lock {
    struct tas_lock tas;
    uint64_t acquisitions; /* under the lock */
};

enum fault { HANGS, WAITS, LOOPS, CRASHES, REFUSES, STAYS_HELD, LOSES_ONE };

/* After so many acquisitions something happens. */
enum { FAULT_AFTER = 1000 };

static inline int faulty_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    struct faulty_lock *faulty = lock;

    (void)threads;
    (void)parameters;
    tas_init(&faulty->tas);
    faulty->acquisitions = 0;
    return 0;
}

static inline void faulty_entry_destroy(void *lock)
{
    (void)lock;
}

static inline int faulty_acquire(void *lock, enum fault fault)
{
    struct faulty_lock *faulty = lock;

    if (fault != WAITS)
        tas_acquire(&faulty->tas);
    /* Its waiters only look until the lock is free. */
    while (fault == WAITS && !tas_try_acquire(&faulty->tas))
        word_await_equal(&faulty->tas.held, 0, relaxed);
    if (++faulty->acquisitions < FAULT_AFTER)
        return 0;
    if (fault == CRASHES)
        abort();
    if (fault == REFUSES) {
        tas_release(&faulty->tas);
        return EDEADLK;
    }
    return 0;
}

static inline int faulty_release(void *lock, enum fault fault)
{
    struct faulty_lock *faulty = lock;
    bool strikes = faulty->acquisitions == FAULT_AFTER;

    /* Nobody gets in any more: the deadlock of a lost release. */
    if ((fault == HANGS || fault == WAITS) && strikes)
        return 0;
    /* Not one look at anything that the machine could see. */
    for (volatile bool for_ever = true; fault == LOOPS && strikes && for_ever;)
        ;
    tas_release(&faulty->tas);
    /* One thread never comes back, the others go on: a lost wake-up. */
    while (fault == LOSES_ONE && strikes)
        machine_yield();
    return 0;
}

#define FAULTY_LOCK(lock_name, fault)                                                  \
    static inline int lock_name##_entry_acquire(void *lock, void *context)             \
    {                                                                                  \
        (void)context;                                                                 \
        return faulty_acquire(lock, fault);                                            \
    }                                                                                  \
    static inline int lock_name##_entry_release(void *lock, void *context)             \
    {                                                                                  \
        (void)context;                                                                 \
        return faulty_release(lock, fault);                                            \
    }                                                                                  \
    static inline int lock_name##_entry_try_acquire(void *lock, void *context)         \
    {                                                                                  \
        (void)context;                                                                 \
        return tas_try_acquire(&((struct faulty_lock *)lock)->tas) ? 0 : EBUSY;        \
    }                                                                                  \
    static inline bool lock_name##_entry_is_idle(void *lock)                           \
    {                                                                                  \
        return fault != STAYS_HELD && tas_is_idle(&((struct faulty_lock *)lock)->tas); \
    }                                                                                  \
    static const struct lock_ops lock_name##_ops = {                                   \
        .name = #lock_name,                                                            \
        .family = "negative control",                                                  \
        .description = "wrong in one way",                                             \
        .source = "none",                                                              \
        .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_BROKEN,                              \
        .size = sizeof(struct faulty_lock),                                            \
        .init = faulty_entry_init,                                                     \
        .destroy = faulty_entry_destroy,                                               \
        .acquire = lock_name##_entry_acquire,                                          \
        .try_acquire = lock_name##_entry_try_acquire,                                  \
        .release = lock_name##_entry_release,                                          \
        .is_idle = lock_name##_entry_is_idle,                                          \
    };

FAULTY_LOCK(hangs, HANGS)
FAULTY_LOCK(waits, WAITS)
FAULTY_LOCK(loops, LOOPS)
FAULTY_LOCK(crashes, CRASHES)
FAULTY_LOCK(refuses, REFUSES)
FAULTY_LOCK(stays_held, STAYS_HELD)
FAULTY_LOCK(loses_one, LOSES_ONE)

#endif

#ifdef LOCK
LOCK(hangs)
LOCK(waits)
LOCK(loops)
LOCK(crashes)
LOCK(refuses)
LOCK(stays_held)
LOCK(loses_one)
#endif
