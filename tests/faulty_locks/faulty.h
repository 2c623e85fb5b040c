/* Locks that go wrong, each in one way: what `run` must catch. Those that stop a process have to
 * cost no more than that process. And one that does what no lock of the catalogue need do. */
#ifndef TESTS_FAULTY_FAULTY_H
#define TESTS_FAULTY_FAULTY_H

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "locks/lock.h"
#include "locks/seqlock.h"
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

/* A sequence lock that never tells its readers to read again. */
static inline int never_again_entry_release_shared(void *lock, void *context)
{
    seqlock_release_shared(lock, context);
    return 0;
}

static const struct lock_ops never_again_ops = {
    .name = "never_again",
    .family = "negative control",
    .description = "wrong in one way",
    .source = "none",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_READERS_RETRY | LOCK_BROKEN,
    .size = sizeof(struct seqlock),
    .context_size = sizeof(struct seqlock_context),
    .init = seqlock_entry_init,
    LOCK_ENTRIES_OF(seqlock),
    .acquire_shared = seqlock_entry_acquire_shared,
    .try_acquire_shared = seqlock_entry_try_acquire_shared,
    .release_shared = never_again_entry_release_shared,
};

/* Its readers run beside a writer, whose release does not wait until they have gone. */
static inline int hasty_entry_share(void *lock, void *context)
{
    (void)lock;
    (void)context;
    return 0;
}

static const struct lock_ops hasty_ops = {
    .name = "hasty",
    .family = "negative control",
    .description = "wrong in one way",
    .source = "none",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_READERS_BESIDE_WRITER |
              LOCK_NATIVE_ONLY | LOCK_BROKEN,
    .size = sizeof(struct tas_lock),
    .init = tas_entry_init,
    LOCK_ENTRIES_OF(tas),
    .acquire_shared = hasty_entry_share,
    .try_acquire_shared = hasty_entry_share,
    .release_shared = hasty_entry_share,
};

/* Right, but somebody stops the process that measures with it, once: in the folder lies a file
 * `stop-here`, and who takes it away is stopped. */
static inline void stop_once(void)
{
    if (unlink("stop-here") == 0)
        raise(SIGSTOP);
}

static inline int stops_at_start_entry_init(void *lock, unsigned threads,
                                            const uint64_t *parameters)
{
    /* The first thread of a process only tries whether there can be such a lock. */
    if (gettid() != getpid())
        stop_once();
    return tas_entry_init(lock, threads, parameters);
}

static inline int stops_inside_entry_acquire(void *lock, void *context)
{
    int error = tas_entry_acquire(lock, context);

    stop_once();
    return error;
}

#define STOPPING_LOCK(lock_name, init_entry, acquire_entry, end_entry) \
    static const struct lock_ops lock_name##_ops = {                   \
        .name = #lock_name,                                            \
        .family = "negative control",                                  \
        .description = "right, and its process is stopped",            \
        .source = "none",                                              \
        .traits = LOCK_UNFAIR | LOCK_SPINS,                            \
        .size = sizeof(struct tas_lock),                               \
        .init = init_entry,                                            \
        .destroy = faulty_entry_destroy,                               \
        .thread_ends = end_entry,                                      \
        .acquire = acquire_entry,                                      \
        .try_acquire = tas_entry_try_acquire,                          \
        .release = tas_entry_release,                                  \
        .is_idle = tas_entry_is_idle,                                  \
    };

STOPPING_LOCK(stops_at_start, stops_at_start_entry_init, tas_entry_acquire, NULL)
STOPPING_LOCK(stops_inside, tas_entry_init, stops_inside_entry_acquire, NULL)
STOPPING_LOCK(stops_at_end, tas_entry_init, tas_entry_acquire, stop_once)

/* Right, and counts: what a lock says about itself is recorded. */
struct counts_lock {
    struct tas_lock tas;
    uint64_t acquisitions, releases; /* under the lock */
};

static inline void counts_init(struct counts_lock *lock)
{
    tas_init(&lock->tas);
    plain_store(&lock->acquisitions, 0);
    plain_store(&lock->releases, 0);
}

static inline void counts_acquire(struct counts_lock *lock)
{
    tas_acquire(&lock->tas);
    plain_store(&lock->acquisitions, plain_load(&lock->acquisitions) + 1);
}

static inline bool counts_try_acquire(struct counts_lock *lock)
{
    if (!tas_try_acquire(&lock->tas))
        return false;
    plain_store(&lock->acquisitions, plain_load(&lock->acquisitions) + 1);
    return true;
}

static inline void counts_release(struct counts_lock *lock)
{
    plain_store(&lock->releases, plain_load(&lock->releases) + 1);
    tas_release(&lock->tas);
}

static inline bool counts_is_idle(struct counts_lock *lock)
{
    return tas_is_idle(&lock->tas);
}

static inline unsigned counts_stats(void *lock_, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct counts_lock *lock = lock_;

    stats[0] = (struct lock_stat){"acquisitions", plain_load(&lock->acquisitions)};
    stats[1] = (struct lock_stat){"releases", plain_load(&lock->releases)};
    return 2;
}

LOCK_ENTRY_INIT(counts, struct counts_lock)
LOCK_ENTRIES(counts, struct counts_lock)

static const struct lock_ops counts_ops = {
    .name = "counts",
    .family = "negative control",
    .description = "right, and counts",
    .source = "none",
    .traits = LOCK_UNFAIR | LOCK_SPINS,
    .size = sizeof(struct counts_lock),
    .init = counts_entry_init,
    .stats = counts_stats,
    LOCK_ENTRIES_OF(counts),
};

#endif

#ifdef LOCK
LOCK(hangs)
LOCK(waits)
LOCK(loops)
LOCK(crashes)
LOCK(refuses)
LOCK(stays_held)
LOCK(loses_one)
LOCK(never_again)
LOCK(hasty)
LOCK(counts)
LOCK(stops_at_start)
LOCK(stops_inside)
LOCK(stops_at_end)
#endif
