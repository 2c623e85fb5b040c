/* gate: how ONE waiter waits for ONE signal. Used by queue locks, which thereby say who waits for
 * whom and leave it to the gate how.
 *
 * A gate is one word, which lies wherever the algorithm has its flag. It is closed by its owner
 * before anybody can reach it, opened once by one signaller, and waited at by one waiter. Three
 * makes from one source, chosen by a constant:
 *
 * - spin polls;
 * - yield polls for a budget, then gives the CPU away between two looks;
 * - park polls for a budget, then sleeps, and the signaller makes a system call only if it does.
 *
 * gate_open() is the signaller's last access to the word: the waiter may then give the storage
 * away. A wake-up that comes late to such storage is harmless, because sleepers always look again.
 *
 * Budgets are in nanoseconds and not in polls: one relax instruction takes 10 cycles on some
 * processors and 140 on others. */
#ifndef LOCKS_GATE_H
#define LOCKS_GATE_H

#include <stdbool.h>

#include "machine/machine.h"

enum gate_make { GATE_SPIN, GATE_YIELD, GATE_PARK };

enum { GATE_CLOSED, GATE_OPEN, GATE_ASLEEP }; /* ASLEEP: closed, and the waiter sleeps */

struct gate {
    WORD(uint32_t) state;
};

/* By the owner of the storage, before the gate is published: relaxed, the publishing orders it. */
static inline void gate_close(struct gate *gate)
{
    word_store(&gate->state, GATE_CLOSED, relaxed);
}

/* The waiter says that it will sleep, unless the signal is already there; that exchange orders
 * nothing, the load that sees the gate open does. */
static inline void gate_sleep(struct gate *gate)
{
    uint32_t seen = GATE_CLOSED;

    if (word_compare_exchange(&gate->state, &seen, GATE_ASLEEP, relaxed, relaxed))
        machine_futex_wait(&gate->state, GATE_ASLEEP);
    while (word_load(&gate->state, acquire) != GATE_OPEN)
        machine_futex_wait(&gate->state, GATE_ASLEEP);
}

/* Waits until the gate is open. acquire: pairs with the release in gate_open(). */
static inline void gate_wait(struct gate *gate, enum gate_make make, uint64_t budget_ns)
{
    if (make == GATE_SPIN) {
        word_await_equal(&gate->state, GATE_OPEN, acquire);
        return;
    }
    if (budget_ns != 0 && word_await_equal_until(&gate->state, GATE_OPEN, acquire,
                                                 machine_deadline(budget_ns)) == GATE_OPEN)
        return;
    if (make == GATE_YIELD)
        word_await_equal_pausing(&gate->state, GATE_OPEN, acquire, state, machine_yield());
    else
        gate_sleep(gate);
}

/* Lets the waiter through. release: pairs with the acquire in gate_wait(). */
static inline void gate_open(struct gate *gate, enum gate_make make)
{
    if (make != GATE_PARK)
        word_store(&gate->state, GATE_OPEN, release);
    else if (word_exchange(&gate->state, GATE_OPEN, release) == GATE_ASLEEP)
        machine_futex_wake(&gate->state, 1);
}

#endif
