/* What a turn does while it has the lock: it writes or reads the pair and the lines, and checks
 * that the lock excludes. Always inlined: left to the compiler, these are in the loops of some
 * locks and called by those of others. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "bench/worker.h"

static inline void write_lines(const struct workplace *place)
{
    for (unsigned i = 0; i < place->lines_beyond; i++) {
        volatile uint64_t *value = &place->lines[i].value;
        plain_store(value, plain_load(value) + 1);
    }
}

static inline __attribute__((always_inline)) void write_section(
    const struct workplace *place, struct worker *worker, enum observation observation,
    const struct observing *observing, uint64_t critical_ns, uint64_t turn, uint64_t writes)
{
    struct guarded *guarded = place->guarded;
    uint64_t count = plain_load(&guarded->first);

    if (plain_load(&guarded->second) != count)
        note_violation(worker);
    plain_store(&guarded->first, count + 1);
    if (observation == OBSERVE_OWNERS)
        owner_log_add(&worker->owners, observing->owned_before, count);
    if (plain_load(&guarded->owner) != place->self + 1u) {
        plain_store(&guarded->owner, place->self + 1u);
        take_over(worker, writes);
    }
    write_lines(place);
    measured_delay(critical_ns, turn, &worker->critical);
    plain_store(&guarded->second, count + 1);
}

static inline __attribute__((always_inline)) void read_section(const struct workplace *place,
                                                               struct worker *worker,
                                                               uint64_t critical_ns, uint64_t turn)
{
    struct guarded *guarded = place->guarded;
    uint64_t count = plain_load(&guarded->first);

    for (unsigned i = 0; i < place->lines_beyond; i++)
        (void)plain_load(&place->lines[i].value);
    measured_delay(critical_ns, turn, &worker->critical);
    if (plain_load(&guarded->second) != count)
        note_violation(worker);
}

/* A lock that promises no exclusion gets the same traffic and no check. */
static inline __attribute__((always_inline)) void unverified_section(const struct workplace *place,
                                                                     struct worker *worker,
                                                                     uint64_t critical_ns,
                                                                     uint64_t turn, bool shared)
{
    if (!shared) {
        /* Without a first line there are no further ones: one branch is taken, and not two. */
        if (place->unverified_writes) {
            plain_store(&place->guarded->first, plain_load(&place->guarded->first) + 1);
            write_lines(place);
        }
    } else if (place->unverified_writes) {
        (void)plain_load(&place->guarded->first);
    }
    measured_delay(critical_ns, turn, &worker->critical);
}

#endif
