/* rw_ticket: task-fair reader-writer spin lock.
 *
 * Guarantees that a writer is alone, that readers share, and that everybody enters in the order of
 * arrival: readers that arrived next to each other enter together, a reader behind a writer waits
 * for it, so neither starves. Not recursive, not even for readers: a writer that arrived between a
 * reader's two acquisitions would wait for the first and be waited for by the second.
 * Readers write the shared line, so they do not scale. The words wrap around as in ticket.h.
 *
 * Everybody draws a ticket from one counter. `reading` is the ticket up to which readers may enter,
 * `writing` counts the tickets that are done with: a writer enters when all before it are done.
 *
 * Source: the fair reader-writer lock of J. M. Mellor-Crummey and M. L. Scott, "Scalable
 * Reader-Writer Synchronization for Shared-Memory Multiprocessors", PPoPP 1991, in the well-known
 * form with three counters. */
#ifndef LOCKS_RW_TICKET_H
#define LOCKS_RW_TICKET_H

#include "lock.h"

struct rw_ticket_lock {
    WORD(uint32_t) next;
    WORD(uint32_t) reading;
    WORD(uint32_t) writing;
};

static inline void rw_ticket_init(struct rw_ticket_lock *lock)
{
    word_init(&lock->next, 0);
    word_init(&lock->reading, 0);
    word_init(&lock->writing, 0);
}

/* acquire: pairs with every release of `writing` before, by writers and by readers. All of them are
 * read-modify-writes, so the last one carries on the releases of the others, in whatever order they
 * came: a reader may be done before the writer that let it in has counted itself out. */
static inline void rw_ticket_acquire(struct rw_ticket_lock *lock)
{
    uint32_t mine = word_fetch_add(&lock->next, 1, relaxed);

    word_await_equal(&lock->writing, mine, acquire);
}

/* As in ticket_try_acquire(): if no ticket is out, drawing one is entering. */
static inline bool rw_ticket_try_acquire(struct rw_ticket_lock *lock)
{
    uint32_t writing = word_load(&lock->writing, acquire);

    return word_compare_exchange(&lock->next, &writing, writing + 1, relaxed, relaxed);
}

/* Both words are released, because the next reader looks at one and the next writer at the other.
 * `reading` comes first: once `writing` has moved, the next writer may be through and move
 * `reading` itself. `writing` therefore needs a read-modify-write, as in the readers' release: the
 * reader that `reading` let in may be done already, and its increment must not be lost. */
static inline void rw_ticket_release(struct rw_ticket_lock *lock)
{
    uint32_t mine = word_load(&lock->writing, relaxed);

    word_store(&lock->reading, mine + 1, release);
    word_fetch_add(&lock->writing, 1, release);
}

/* Lets the next reader in as well. Only the reader whose turn it is writes `reading`. release: the
 * reader behind acquires from this store what the last writer released before it. */
static inline void rw_ticket_admit_next_reader(struct rw_ticket_lock *lock, uint32_t mine)
{
    word_store(&lock->reading, mine + 1, release);
}

static inline void rw_ticket_acquire_shared(struct rw_ticket_lock *lock)
{
    uint32_t mine = word_fetch_add(&lock->next, 1, relaxed);

    word_await_equal(&lock->reading, mine, acquire);
    rw_ticket_admit_next_reader(lock, mine);
}

/* No ticket beyond `reading` is out, so every holder is a reader and nobody waits. */
static inline bool rw_ticket_try_acquire_shared(struct rw_ticket_lock *lock)
{
    uint32_t reading = word_load(&lock->reading, acquire);
    uint32_t mine = reading;

    if (!word_compare_exchange(&lock->next, &mine, reading + 1, relaxed, relaxed))
        return false;
    rw_ticket_admit_next_reader(lock, reading);
    return true;
}

/* release: what the reader read must have been read before the next writer writes. */
static inline void rw_ticket_release_shared(struct rw_ticket_lock *lock)
{
    word_fetch_add(&lock->writing, 1, release);
}

/* The writer's own ticket stays undone, so writers still wait; readers no longer do. */
static inline void rw_ticket_downgrade(struct rw_ticket_lock *lock)
{
    rw_ticket_admit_next_reader(lock, word_load(&lock->writing, relaxed));
}

static inline bool rw_ticket_is_idle(struct rw_ticket_lock *lock)
{
    uint32_t next = word_load(&lock->next, relaxed);

    return word_load(&lock->reading, relaxed) == next && word_load(&lock->writing, relaxed) == next;
}

LOCK_ENTRY_INIT(rw_ticket, struct rw_ticket_lock)
LOCK_ENTRIES(rw_ticket, struct rw_ticket_lock)
LOCK_ENTRIES_SHARED(rw_ticket, struct rw_ticket_lock)
LOCK_ENTRY_DOWNGRADE(rw_ticket, struct rw_ticket_lock)

static const struct lock_ops rw_ticket_ops = {
    .name = "rw_ticket",
    .family = "reader-writer",
    .description = "readers share; all enter in order of arrival",
    .source = "Mellor-Crummey and Scott, PPoPP 1991",
    .traits = LOCK_FIFO | LOCK_SPINS | LOCK_SHARED | LOCK_DOWNGRADE,
    .size = sizeof(struct rw_ticket_lock),
    .init = rw_ticket_entry_init,
    LOCK_ENTRIES_OF(rw_ticket),
    LOCK_ENTRIES_SHARED_OF(rw_ticket),
    .downgrade = rw_ticket_entry_downgrade,
};

#endif

#ifdef LOCK
LOCK(rw_ticket)
#endif
