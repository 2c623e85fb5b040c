/* short_lock: a ticket lock for the few instructions inside a primitive (the dispatcher's lock, an
 * eresource's). What is a queued spin lock at DISPATCH_LEVEL in NT.
 *
 * Guarantees exclusion and entry in the order of arrival, so that a queue behind it is one in that
 * order, too. User space can't keep its CPU as DISPATCH_LEVEL does: a waiter therefore gives its
 * CPU away after a while, for the case that the holder was preempted.
 *
 * Source: D. P. Reed and R. K. Kanodia, "Synchronization with Eventcounts and Sequencers", CACM
 * 22(2), 1979. */
#ifndef LOCKS_NT_SHORT_LOCK_H
#define LOCKS_NT_SHORT_LOCK_H

#include "../machine/machine.h"

/* Longer than any section under it takes, also with a line or two from another package. */
#define SHORT_LOCK_PATIENCE_NS 2000

struct short_lock {
    WORD(uint32_t) next, serving;
};

static inline void short_lock_init(struct short_lock *lock)
{
    word_init(&lock->next, 0);
    word_init(&lock->serving, 0);
}

/* The time is looked at only by those who have to wait. */
static inline void short_lock_pause(uint64_t *patience)
{
    uint64_t now = machine_clock();

    if (*patience == 0)
        *patience = now + SHORT_LOCK_PATIENCE_NS;
    if (now < *patience)
        machine_relax();
    else
        machine_yield();
}

/* acquire: pairs with the release in short_lock_release(). Drawing the ticket orders nothing. */
static inline void short_lock_acquire(struct short_lock *lock)
{
    uint32_t ticket = word_fetch_add(&lock->next, 1, relaxed);
    uint64_t patience = 0;

    word_await_equal_pausing(&lock->serving, ticket, acquire, serving, short_lock_pause(&patience));
}

/* Only if nobody has it at this moment. The load acquires: who releases the lock writes `serving`.
 */
static inline bool short_lock_try_acquire(struct short_lock *lock)
{
    uint32_t serving = word_load(&lock->serving, acquire);

    return word_compare_exchange(&lock->next, &serving, serving + 1, relaxed, relaxed);
}

/* Only the holder writes `serving`, so it need not be a read-modify-write. */
static inline void short_lock_release(struct short_lock *lock)
{
    word_store(&lock->serving, word_load(&lock->serving, relaxed) + 1, release);
}

/* While nobody uses it. */
static inline bool short_lock_is_free(struct short_lock *lock)
{
    return word_load(&lock->serving, relaxed) == word_load(&lock->next, relaxed);
}

#endif
