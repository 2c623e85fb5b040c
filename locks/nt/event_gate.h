/* event_gate: many waiters, and a signal that one of them consumes. What NT calls a gate (KGATE),
 * and what a synchronization event is where only one signal can be outstanding.
 *
 * A signal wakes one waiter or stays set for the next; two signals before a wait become one, so a
 * gate fits only where the lock sees to it that at most one is outstanding (fast_mutex,
 * guarded_mutex). Not strictly first come, first served: the kernel wakes sleepers in their order,
 * but who arrives at the right moment takes the signal from the one that was woken, who then sleeps
 * again. Where order is promised, the dispatcher's queue is what to use.
 *
 * Source: the algorithm is ours, after the rules of KeSignalGateBoostPriority and KeWaitForGate; U.
 * Drepper, "Futexes Are Tricky", 2011 (the three values). */
#ifndef LOCKS_NT_EVENT_GATE_H
#define LOCKS_NT_EVENT_GATE_H

#include <stdbool.h>

#include "../machine/machine.h"

enum {
    EVENT_GATE_CLEAR,
    EVENT_GATE_SET,
    EVENT_GATE_SLEEPERS
}; /* SLEEPERS: clear, some may sleep */

struct event_gate {
    WORD(uint32_t) state;
};

static inline void event_gate_init(struct event_gate *gate)
{
    word_init(&gate->state, EVENT_GATE_CLEAR);
}

/* acquire, where the signal is consumed: what the signaller did before is done. One that sleeps, or
 * has slept, leaves SLEEPERS behind: it can't know whether it was the last, so the next signal has
 * to look. */
static inline void event_gate_wait(struct event_gate *gate)
{
    uint32_t seen = EVENT_GATE_SET;

    machine_argument("a guarded_mutex orders by its word as well; a fast_mutex by this alone");
    if (word_compare_exchange(&gate->state, &seen, EVENT_GATE_CLEAR, acquire, relaxed))
        return;
    machine_argument("a guarded_mutex orders by its word as well; a fast_mutex by this alone");
    while (word_exchange(&gate->state, EVENT_GATE_SLEEPERS, acquire) != EVENT_GATE_SET)
        machine_futex_wait(&gate->state, EVENT_GATE_SLEEPERS);
}

/* The exchange is the last access to the gate; a wake-up of a gate that is gone does no harm. */
static inline void event_gate_signal(struct event_gate *gate)
{
    machine_argument("a guarded_mutex orders by its word as well; a fast_mutex by this alone");
    if (word_exchange(&gate->state, EVENT_GATE_SET, release) == EVENT_GATE_SLEEPERS)
        machine_futex_wake(&gate->state, 1);
}

/* While nobody uses it. */
static inline bool event_gate_is_clear(struct event_gate *gate)
{
    return word_load(&gate->state, relaxed) != EVENT_GATE_SET;
}

#endif
