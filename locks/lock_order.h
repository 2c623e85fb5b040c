/* lock_order: the rule that keeps a program with many locks out of deadlocks, checked.
 *
 * Every lock has a rank, and a thread takes locks in the order of their ranks only: what it asks
 * for must rank higher than all that it holds. Then no circle of threads can wait for each other,
 * because whoever holds the highest rank of all waits for nobody. A thread that breaks the rule is
 * told so at once, whether or not anybody is in its way at that moment: the deadlock of two threads
 * that take two locks in opposite orders (ABBA) shows in the first run and not in the unlucky one.
 * Releasing goes in any order.
 *
 * Guarantees nothing by itself: a thread asks here first and takes the lock when it is let. What a
 * thread holds is written by that thread alone, on lines of its own.
 *
 * Source: the check is ours; E. G. Coffman, M. J. Elphick, A. Shoshani, "System Deadlocks",
 * Computing Surveys 3(2), 1971 (ordered resources exclude the circular wait). */
#ifndef LOCKS_LOCK_ORDER_H
#define LOCKS_LOCK_ORDER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"

/* The most locks that a thread may hold: they fill its two lines. */
enum { LOCK_ORDER_MOST = MACHINE_APART / sizeof(uint32_t) - 1 };

/* What one thread holds, in the order in which it took them: so the last ranks highest. */
struct lock_order_thread {
    _Alignas(MACHINE_APART) uint32_t held;
    uint32_t ranks[LOCK_ORDER_MOST];
};

struct lock_order {
    struct lock_order_thread *threads;
};

/* Begins with nobody holding anything. `storage` is for so many threads, and lives as long. Before
 * any other thread can reach it. */
static inline void lock_order_init(struct lock_order *order, unsigned threads,
                                   struct lock_order_thread *storage)
{
    order->threads = storage;
    for (unsigned i = 0; i < threads; i++)
        plain_store(&storage[i].held, 0);
}

/* The calling thread is about to take a lock of that rank. 0: it may, and counts as holding it from
 * here on. EDEADLK: it holds one of that rank or higher. EOVERFLOW: it holds LOCK_ORDER_MOST. */
static inline int lock_order_acquire(struct lock_order *order, uint32_t rank)
{
    struct lock_order_thread *self = &order->threads[machine_self()];
    uint32_t held = plain_load(&self->held);

    if (held > 0 && plain_load(&self->ranks[held - 1]) >= rank)
        return EDEADLK;
    if (held == LOCK_ORDER_MOST)
        return EOVERFLOW;
    plain_store(&self->ranks[held], rank);
    plain_store(&self->held, held + 1);
    return 0;
}

/* The calling thread has released the lock of that rank, or did not get it. EPERM: it does not hold
 * one. */
static inline int lock_order_release(struct lock_order *order, uint32_t rank)
{
    struct lock_order_thread *self = &order->threads[machine_self()];
    uint32_t held = plain_load(&self->held), place = held;

    while (place > 0 && plain_load(&self->ranks[place - 1]) != rank)
        place--;
    if (place == 0)
        return EPERM;
    for (; place < held; place++)
        plain_store(&self->ranks[place - 1], plain_load(&self->ranks[place]));
    plain_store(&self->held, held - 1);
    return 0;
}

/* The highest rank that the calling thread holds; false, and no rank, if it holds nothing. */
static inline bool lock_order_highest(struct lock_order *order, uint32_t *rank)
{
    struct lock_order_thread *self = &order->threads[machine_self()];
    uint32_t held = plain_load(&self->held);

    if (held == 0)
        return false;
    *rank = plain_load(&self->ranks[held - 1]);
    return true;
}

#endif
