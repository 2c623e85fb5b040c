/* ticket: ticket spin lock.
 *
 * Guarantees exclusion, and entry in the order in which the tickets were drawn. Not recursive. All
 * waiters spin on one word, so each release invalidates every waiter's copy; and with more threads
 * than CPUs each hand-off may wait for a time slice, because only one waiter can go on.
 * Both words lie on one line. The words wrap around together, which is right for up to 2^32 - 1
 * threads; only a try that is preempted between its two accesses while exactly 2^32 tickets are
 * drawn would be deceived.
 *
 * Source: D. P. Reed and R. K. Kanodia, "Synchronization with Eventcounts and Sequencers", CACM
 * 22(2), 1979; as a spin lock in J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable
 * Synchronization on Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991. */
#ifndef LOCKS_TICKET_H
#define LOCKS_TICKET_H

#include "lock.h"

struct ticket_lock {
    WORD(uint32_t) next;    /* the ticket that the next to arrive draws */
    WORD(uint32_t) serving; /* the ticket that may enter */
};

static inline void ticket_init(struct ticket_lock *lock)
{
    word_init(&lock->next, 0);
    word_init(&lock->serving, 0);
}

/* Drawing a ticket is relaxed: it orders only the tickets among themselves. What the last holder
 * wrote is acquired from `serving`, where ticket_release() releases it. */
static inline void ticket_acquire(struct ticket_lock *lock)
{
    uint32_t mine = word_fetch_add(&lock->next, 1, relaxed);

    word_await_equal(&lock->serving, mine, acquire);
}

/* `serving` is read first. If `next` still equals it afterwards, then no ticket was out at that
 * moment, and drawing one is entering; `serving` can't have moved without a ticket being drawn. */
static inline bool ticket_try_acquire(struct ticket_lock *lock)
{
    uint32_t serving = word_load(&lock->serving, acquire);

    return word_compare_exchange(&lock->next, &serving, serving + 1, relaxed, relaxed);
}

/* Only the holder writes `serving`, so it may be read relaxed and written without a locked
 * instruction. */
static inline void ticket_release(struct ticket_lock *lock)
{
    uint32_t serving = word_load(&lock->serving, relaxed);

    word_store(&lock->serving, serving + 1, release);
}

static inline bool ticket_is_idle(struct ticket_lock *lock)
{
    return word_load(&lock->next, relaxed) == word_load(&lock->serving, relaxed);
}

LOCK_ENTRY_INIT(ticket, struct ticket_lock)
LOCK_ENTRIES(ticket, struct ticket_lock)

static const struct lock_ops ticket_ops = {
    .name = "ticket",
    .family = "ticket",
    .description = "first come, first served; all spin on one word",
    .source = "Mellor-Crummey and Scott, ACM TOCS 9(1), 1991",
    .traits = LOCK_FIFO | LOCK_SPINS,
    .size = sizeof(struct ticket_lock),
    .init = ticket_entry_init,
    LOCK_ENTRIES_OF(ticket),
};

#endif

#ifdef LOCK
LOCK(ticket)
#endif
