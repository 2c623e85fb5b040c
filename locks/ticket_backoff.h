/* ticket_backoff: ticket lock with proportional backoff.
 *
 * Guarantees exclusion, and entry in the order in which the tickets were drawn. Not recursive.
 * A waiter knows how many are before it, and looks again only after that many times a guess of how
 * long one of them takes. The next in line polls. A guess that is too long delays every hand-off,
 * one that is too short makes it a plain ticket lock.
 *
 * Source: J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable Synchronization on
 * Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991. */
#ifndef LOCKS_TICKET_BACKOFF_H
#define LOCKS_TICKET_BACKOFF_H

#include "lock.h"
#include "ticket.h"

struct ticket_backoff_lock {
    struct ticket_lock ticket;
    uint64_t turn_ns; /* the guess: from one entry to the next */
};

static inline void ticket_backoff_init(struct ticket_backoff_lock *lock, uint64_t turn_ns)
{
    ticket_init(&lock->ticket);
    plain_store(&lock->turn_ns, turn_ns);
}

/* Orders as in ticket_acquire(). */
static inline void ticket_backoff_acquire(struct ticket_backoff_lock *lock)
{
    uint32_t mine = word_fetch_add(&lock->ticket.next, 1, relaxed);

    if (word_load(&lock->ticket.serving, acquire) == mine)
        return;
    uint64_t turn_ns = plain_load(&lock->turn_ns);
    word_await_equal_pausing(&lock->ticket.serving, mine, acquire, serving,
                             mine - serving > 1
                                 ? machine_spin((uint64_t)(mine - serving - 1) * turn_ns)
                                 : machine_relax());
}

static inline bool ticket_backoff_try_acquire(struct ticket_backoff_lock *lock)
{
    return ticket_try_acquire(&lock->ticket);
}

static inline void ticket_backoff_release(struct ticket_backoff_lock *lock)
{
    ticket_release(&lock->ticket);
}

static inline bool ticket_backoff_is_idle(struct ticket_backoff_lock *lock)
{
    return ticket_is_idle(&lock->ticket);
}

LOCK_ENTRY_INIT_PARAMETER(ticket_backoff, struct ticket_backoff_lock)
LOCK_ENTRIES(ticket_backoff, struct ticket_backoff_lock)

static const struct lock_parameter ticket_backoff_parameters[] = {
    {"turn", "expected time from one entry to the next", LOCK_TIME, 100, 1, 1000000000},
    {0},
};

static const struct lock_ops ticket_backoff_ops = {
    .name = "ticket_backoff",
    .family = "ticket",
    .description = "ticket whose waiters look as often as they need",
    .source = "Mellor-Crummey and Scott, ACM TOCS 9(1), 1991",
    .traits = LOCK_FIFO | LOCK_SPINS,
    .parameters = ticket_backoff_parameters,
    .size = sizeof(struct ticket_backoff_lock),
    .init = ticket_backoff_entry_init,
    LOCK_ENTRIES_OF(ticket_backoff),
};

#endif

#ifdef LOCK
LOCK(ticket_backoff)
#endif
