/* The measured loop: what every worker thread runs, natively once per lock with the lock inlined.
 *
 * Written against the machine interface only. The loop costs a load of the phase, a count in a
 * register and its store to a line of the thread's own; the rest is the workload and the check that
 * the lock excludes. */
#ifndef BENCH_MEASURED_LOOP_H
#define BENCH_MEASURED_LOOP_H

#include "bench/racing_sections.h"
#include "bench/sections.h"

/* Of a condition, for the compiler. */
static inline __attribute__((always_inline)) bool rarely(bool condition)
{
    return __builtin_expect(condition, false);
}

/* One acquisition with what is done under it; returns what the lock says. A reader of a lock that
 * has no readers takes it exclusively and reads. */
static inline __attribute__((always_inline)) int measured_turn(
    const struct lock_ops *ops, enum observation observation, const struct workplace *place,
    struct worker *worker, const struct observing *observing, struct step step, uint64_t turn,
    uint64_t writes, void *context)
{
    struct latency_turns *timing = observing->timing;
    bool as_reader = step.shared && ops->acquire_shared != NULL;
    struct latencies *latencies =
        observation == OBSERVE_LATENCY
            ? &worker->latencies[as_reader ? LATENCIES_SHARED : LATENCIES_EXCLUSIVE]
            : NULL;
    bool looked_at = observation == OBSERVE_LATENCY && rarely(turn == *observing->next_look);

    if (looked_at) {
        latency_arrive(timing);
        *observing->next_look = timing->next;
    }
    int error =
        as_reader ? ops->acquire_shared(place->lock, context) : ops->acquire(place->lock, context);

    if (error != 0)
        return error;
    if (looked_at)
        latency_acquired(timing, &place->guarded->releases, as_reader, latencies);
    /* Published here, for the case that this thread never comes back from its next acquire: behind
     * the release, the store would delay the next acquire, which on x86 waits for all stores before
     * it; measured, 0.5 ns. */
    word_store(&worker->acquisitions, turn + 1, relaxed);
    /* For the loop through the vtable: the others know. */
    if (rarely((ops->traits & (LOCK_UNVERIFIED | LOCK_READERS_RACE)) != 0)) {
        if ((ops->traits & LOCK_UNVERIFIED) == 0)
            return racing_section(&(struct racing){ops, observation, place, worker, timing,
                                                   observing->owned_before, latencies, looked_at,
                                                   step, turn, writes, context});
        unverified_section(place, worker, step.critical_ns, turn, step.shared);
    } else if (step.shared) {
        read_section(place, worker, step.critical_ns, turn);
    } else {
        write_section(place, worker, observation, observing, step.critical_ns, turn, writes);
    }
    if (looked_at)
        latency_hold_ends(timing, latencies);
    if (observation == OBSERVE_LATENCY)
        latency_release(timing, place->watch, &place->guarded->releases, as_reader, turn);
    return as_reader ? ops->release_shared(place->lock, context)
                     : ops->release(place->lock, context);
}

/* Runs turns until the phase is no longer `phase`; returns 0, or what the lock returned instead. An
 * acquisition counts in the phase in which it was released; one that was under way when the last
 * phase ended is finished, for the total, and counted by nobody. `context` has LOCK_CONTEXT_SIZE
 * bytes, aligned to MACHINE_APART. With constant `ops` and `shape`, this
 * compiles to a loop of that lock and shape alone. */
static inline __attribute__((always_inline)) int measured_loop(const struct lock_ops *ops,
                                                               struct loop_shape shape,
                                                               struct worker *worker, void *context,
                                                               uint32_t phase)
{
    const struct workplace place = worker->place;
    uint64_t acquisitions = worker->carried, writes = worker->carried_writes;
    const uint64_t writes_before = writes;
    struct latency_turns timing = {0};
    uint64_t next_look = 0, owned_before = worker->owners.before;
    const struct observing observing = {&timing, &next_look, &owned_before};
    int error;

    if (shape.observation == OBSERVE_LATENCY) {
        timing = latency_turns_begin(place.watch);
        next_look = timing.next;
    }

    worker->carried = worker->carried_writes = 0;
    for (;;) {
        struct step step = {0};
        if (shape.scripted)
            step = worker->script[acquisitions % SCRIPT_STEPS];
        error = measured_turn(ops, shape.observation, &place, worker, &observing, step,
                              acquisitions, writes, context);
        if (error != 0)
            break;
        if (word_load(place.phase, relaxed) != phase) {
            worker->carried = 1;
            worker->carried_writes = !step.shared;
            forget_take_over(worker, writes);
            break;
        }
        writes += !step.shared;
        ++acquisitions;
        if (!shape.scripted)
            continue;
        measured_delay(step.outside_ns, acquisitions, &worker->outside);
        if (word_load(place.phase, relaxed) != phase)
            break;
    }
    word_store(&worker->acquisitions, acquisitions, relaxed);
    worker->owners.before = owned_before;
    leave_writes(worker, writes, writes_before);
    return error;
}

#endif
