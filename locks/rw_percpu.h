/* rw_percpu: a big-reader lock: one counter a thread, on a line of its own.
 *
 * Guarantees that a writer is alone and that readers share. A reader writes no line that another
 * reader writes, and executes no fence: readers alone cause no traffic, however many they are. A
 * writer pays for that: it interrupts all CPUs that run a thread of this process, and looks at
 * every thread's line. Readers that find a writer make room and wait until it has gone; writers
 * that follow each other closely can keep them out, and no order is promised among anybody. Not
 * recursive. `ndis_rw_membarrier` pays the same for its readers, and adds recursion and fairness.
 *
 * Memory orders. A reader counts itself and then looks for a writer; a writer raises its flag and
 * then looks for readers. Each stores one word and then loads the other's, and at least one must
 * see the other: that takes a sequentially consistent fence on either side, of which the readers
 * have the light half and the writer the heavy one. What is left is to hand over the data: a reader
 * that leaves releases its counter to the writer that awaits it, a writer that leaves releases the
 * flag to the readers that find it down.
 *
 * Source: the per-CPU reader-writer semaphore of Linux (kernel/locking/percpu-rwsem.c), whose
 * writers make the readers' missing barriers good by an RCU grace period, as membarrier(2) does
 * here; before it, Linux's big-reader lock (brlock). One counter a thread instead of one a CPU,
 * because user space can be moved between two instructions. */
#ifndef LOCKS_RW_PERCPU_H
#define LOCKS_RW_PERCPU_H

#include "ttas.h"

struct rw_percpu_thread {
    _Alignas(MACHINE_APART) WORD(uint32_t) reading; /* 1: this thread reads, or is about to */
};

struct rw_percpu_lock {
    _Alignas(MACHINE_APART) struct ttas_lock writers;
    WORD(uint32_t) writing; /* a writer wants in or is in */
    uint32_t threads;
    struct rw_percpu_thread readers[];
};

static inline void rw_percpu_init(struct rw_percpu_lock *lock, unsigned threads)
{
    ttas_init(&lock->writers);
    word_init(&lock->writing, 0);
    plain_store(&lock->threads, threads);
    for (unsigned i = 0; i < threads; i++)
        word_init(&lock->readers[i].reading, 0);
}

/* ---- readers ---- */

/* Whether there was no writer. The counter is relaxed: until the fence it says nothing of the data.
 * acquire: what the last writer did, whose release took the flag down. */
static inline bool rw_percpu_come_in(struct rw_percpu_lock *lock, WORD(uint32_t) * reading)
{
    word_store(reading, 1, relaxed);
    machine_fence_light();
    if (word_load(&lock->writing, acquire) == 0)
        return true;
    /* release, although nothing was read this time: the store hides that of this thread's last
     * leaving, which the writer may not have seen. */
    word_store(reading, 0, release);
    return false;
}

static inline void rw_percpu_acquire_shared(struct rw_percpu_lock *lock)
{
    WORD(uint32_t) *reading = &lock->readers[machine_self()].reading;

    while (!rw_percpu_come_in(lock, reading))
        word_await_equal(&lock->writing, 0, relaxed);
}

static inline bool rw_percpu_try_acquire_shared(struct rw_percpu_lock *lock)
{
    return rw_percpu_come_in(lock, &lock->readers[machine_self()].reading);
}

/* release: what the reader read must have been read before the writer that awaits this writes. */
static inline void rw_percpu_release_shared(struct rw_percpu_lock *lock)
{
    word_store(&lock->readers[machine_self()].reading, 0, release);
}

/* ---- writers ---- */

static inline void rw_percpu_acquire(struct rw_percpu_lock *lock)
{
    uint32_t threads = plain_load(&lock->threads);

    ttas_acquire(&lock->writers);
    word_store(&lock->writing, 1, relaxed);
    machine_fence_heavy();
    /* acquire: pairs with the release of each reader that leaves. */
    for (uint32_t i = 0; i < threads; i++)
        word_await_equal(&lock->readers[i].reading, 0, acquire);
}

static inline bool rw_percpu_nobody_reads(struct rw_percpu_lock *lock)
{
    uint32_t threads = plain_load(&lock->threads);

    for (uint32_t i = 0; i < threads; i++) {
        if (word_load(&lock->readers[i].reading, acquire) != 0)
            return false;
    }
    return true;
}

/* release: to the readers that find the flag down; the next writer comes through the lock. */
static inline void rw_percpu_let_readers_in(struct rw_percpu_lock *lock)
{
    word_store(&lock->writing, 0, release);
}

static inline void rw_percpu_release(struct rw_percpu_lock *lock)
{
    rw_percpu_let_readers_in(lock);
    ttas_release(&lock->writers);
}

/* One look at each thread. A reader that is only about to read counts as one. */
static inline bool rw_percpu_try_acquire(struct rw_percpu_lock *lock)
{
    if (!ttas_try_acquire(&lock->writers))
        return false;
    word_store(&lock->writing, 1, relaxed);
    machine_fence_heavy();
    if (rw_percpu_nobody_reads(lock))
        return true;
    /* The release of the flag matters here, too: the store above hid that of the last writer. */
    rw_percpu_release(lock);
    return false;
}

static inline bool rw_percpu_is_idle(struct rw_percpu_lock *lock)
{
    return ttas_is_idle(&lock->writers) && word_load(&lock->writing, relaxed) == 0 &&
           rw_percpu_nobody_reads(lock);
}

static inline int rw_percpu_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)parameters;
    rw_percpu_init(lock, threads);
    return machine_fence_prepare();
}

LOCK_ENTRIES(rw_percpu, struct rw_percpu_lock)
LOCK_ENTRIES_SHARED(rw_percpu, struct rw_percpu_lock)

static const struct lock_ops rw_percpu_ops = {
    .name = "rw_percpu",
    .family = "reader-writer",
    .description = "readers count on lines of their own, without a fence",
    .source = "Linux's percpu-rwsem and brlock",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_ONE_PROCESS,
    .size = sizeof(struct rw_percpu_lock),
    .size_per_thread = sizeof(struct rw_percpu_thread),
    .init = rw_percpu_entry_init,
    LOCK_ENTRIES_OF(rw_percpu),
    LOCK_ENTRIES_SHARED_OF(rw_percpu),
};

#endif

#ifdef LOCK
LOCK(rw_percpu)
#endif
