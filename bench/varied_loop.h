/* The measured loop of workloads in which a turn is more than a lock and what it guards: several
 * locks, of which each turn takes one; lines of the thread's own; a look for how long it had the
 * lock.
 *
 * A text of its own beside measured_loop(): with both made from one, the compiler weighs what one
 * has when it decides what to inline in the other. */
#ifndef BENCH_VARIED_LOOP_H
#define BENCH_VARIED_LOOP_H

#include "bench/measured_loop.h"

/* The place of the lock that a turn takes. */
static inline struct workplace place_of_turn(const struct worker *worker, uint64_t turn)
{
    const struct variation *variation = &worker->variation;
    const size_t choice = variation->choices[turn % SCRIPT_STEPS];
    struct workplace place = worker->place;

    place.lock = (char *)place.lock + choice * variation->lock_stride;
    place.guarded = (struct guarded *)((char *)place.guarded + choice * variation->guarded_stride);
    if (place.lines_beyond > 0)
        place.lines =
            (struct guarded_line *)((char *)place.lines + choice * variation->lines_stride);
    return place;
}

static inline void write_own_lines(const struct variation *variation)
{
    for (unsigned i = 0; i < variation->own_lines_count; i++) {
        volatile uint64_t *value = &variation->own_lines[i].value;
        plain_store(value, plain_load(value) + 1);
    }
}

/* As measured_turn(); `*hold` is when it had the lock, if that is looked at. */
static inline __attribute__((always_inline)) int varied_turn(const struct lock_ops *ops,
                                                             struct worker *worker,
                                                             struct step step, uint64_t turn,
                                                             uint64_t writes, void *context,
                                                             struct hold *hold)
{
    const struct workplace place = place_of_turn(worker, turn);
    const bool timed = worker->variation.timed;
    bool as_reader = step.shared && ops->acquire_shared != NULL;
    int error =
        as_reader ? ops->acquire_shared(place.lock, context) : ops->acquire(place.lock, context);

    if (error != 0)
        return error;
    if (timed)
        hold->since_ns = machine_clock();
    word_store(&worker->acquisitions, turn + 1, relaxed);
    write_own_lines(&worker->variation);
    if ((ops->traits & LOCK_UNVERIFIED) != 0)
        unverified_section(&place, worker, step.critical_ns, turn, step.shared);
    else if (step.shared)
        read_section(&place, worker, step.critical_ns, turn);
    else
        write_section(&place, worker, OBSERVE_NOTHING, NULL, step.critical_ns, turn, writes);
    if (timed)
        hold->until_ns = machine_clock();
    return as_reader ? ops->release_shared(place.lock, context) : ops->release(place.lock, context);
}

/* As measured_loop(), of a scripted shape that observes nothing. */
static inline __attribute__((always_inline)) int varied_loop(const struct lock_ops *ops,
                                                             struct worker *worker, void *context,
                                                             uint32_t phase)
{
    uint64_t acquisitions = worker->carried, writes = worker->carried_writes;
    const uint64_t writes_before = writes;
    int error;

    worker->carried = worker->carried_writes = 0;
    worker->last_hold = (struct hold){0};
    for (;;) {
        const struct step step = worker->script[acquisitions % SCRIPT_STEPS];
        struct hold hold = {0};
        error = varied_turn(ops, worker, step, acquisitions, writes, context, &hold);
        if (error != 0)
            break;
        if (word_load(worker->place.phase, relaxed) != phase) {
            worker->carried = 1;
            worker->carried_writes = !step.shared;
            worker->last_hold = hold;
            forget_take_over(worker, writes);
            break;
        }
        writes += !step.shared;
        ++acquisitions;
        worker->held_ns += hold.until_ns - hold.since_ns;
        measured_delay(step.outside_ns, acquisitions, &worker->outside);
        if (word_load(worker->place.phase, relaxed) != phase)
            break;
    }
    word_store(&worker->acquisitions, acquisitions, relaxed);
    leave_writes(worker, writes, writes_before);
    return error;
}

#endif
