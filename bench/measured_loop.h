/* The measured loop: what every worker thread runs, natively once per lock with the lock inlined.
 *
 * Written against the machine interface only. The loop costs a load of the phase, a count in a
 * register and its store to a line of the thread's own; the rest is the workload and the check that
 * the lock excludes. */
#ifndef BENCH_MEASURED_LOOP_H
#define BENCH_MEASURED_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/delay_samples.h"
#include "bench/latency_watch.h"
#include "bench/observation.h"
#include "bench/owner_log.h"
#include "bench/workload.h"
#include "locks/lock.h"

/* What lies under the lock, on the first of its lines. A writer makes `first` larger, does its
 * work, and makes `second` equal again: two at once, or a reader beside a writer, see them differ
 * or lose a count. volatile: the accesses are to be made, each, even where the compiler sees that
 * no lock is around them. */
struct guarded {
    volatile uint64_t first, second;
    volatile uint64_t owner; /* number of the last writer + 1, 0 before the first */
    struct latency_releases releases;
};

/* One more line under the lock. */
struct guarded_line {
    _Alignas(64) volatile uint64_t value;
};

/* Every so many turns, a wait is looked at. */
enum { DELAY_SAMPLE_STRIDE = 257 };
_Static_assert(DELAY_SAMPLE_STRIDE % 2 == 1 && (SCRIPT_STEPS & (SCRIPT_STEPS - 1)) == 0,
               "looks at every step of a script in turn, not at the same few");

/* Where a thread works. The loop copies it, so that it lives in registers. */
struct workplace {
    void *lock;
    struct guarded *guarded;
    struct guarded_line *lines; /* beyond the first */
    unsigned lines_beyond;
    bool unverified_writes; /* whether a lock that is not verified writes the first line, too */
    unsigned self;
    WORD(uint32_t) * phase;
    struct latency_watch *watch; /* of the phase that observes latencies */
};

/* What a varied loop (varied_loop.h) does besides. Apart from the above, so that no other loop
 * copies it. */
struct variation {
    bool timed;                     /* it looks for how long it has the lock */
    struct guarded_line *own_lines; /* the thread's own, written under the lock */
    unsigned own_lines_count;
    /* From one of several locks to the next, from its guarded pair to the next one's, and so on;
     * and which of them each step of the script takes. */
    size_t lock_stride, guarded_stride, lines_stride;
    uint16_t choices[SCRIPT_STEPS];
};

/* The phases, in the word that the loop looks at. The passes are on real cores only, and those that
 * nobody asked for are left out. */
enum phase { PHASE_WARMUP, PHASE_OWNERS, PHASE_LATENCY, PHASE_WINDOW, PHASE_STOP };

/* What a loop needs of what it observes. Variables of their own, so that those that every turn
 * looks at stay in registers. */
struct observing {
    struct latency_turns *timing;
    uint64_t *next_look;    /* the turn that is timed next */
    uint64_t *owned_before; /* the `before` of the worker's owner log */
};

/* A loop is compiled for each shape. */
struct loop_shape {
    bool scripted; /* it does what the worker's script says, and not only acquire and release */
    enum observation observation;
};

/* From when to when a thread had the lock; never: both 0. */
struct hold {
    uint64_t since_ns, until_ns;
};

/* One thread of a run: what it is told, and what it finds. Nothing of it is shared with another
 * worker's lines. */
struct worker {
    /* Told. */
    _Alignas(MACHINE_APART) struct workplace place;
    const struct lock_ops *ops;
    struct step script[SCRIPT_STEPS];
    void (*raise)(void), (*lower)(void); /* of a raised loop: around each acquisition */
    void *context; /* where the lock's context lies; NULL: on the thread's stack */
    /* Where readers run beside a writer: the pair that they find, and one of the thread's own, to
     * publish when it writes. */
    WORD(struct guarded *) * published;
    struct guarded *spare;

    /* A turn that was under way when the last phase ended: it belongs to the phase in which it
     * ended. Without this, a window in which each thread gets the lock once would count nothing. */
    _Alignas(MACHINE_APART) unsigned carried, carried_writes;

    /* Found in the current phase. `acquisitions` is published at each turn, and exact at the end.
     */
    WORD(uint64_t) acquisitions;
    uint64_t writes;      /* those that were exclusive */
    uint64_t bursts;      /* how often it took over from another writer */
    uint64_t burst_start; /* `writes` at the last time */
    uint64_t burst_most;  /* the longest run of writes without another writer in between */
    uint64_t retries;     /* how often a reader had to read again, where a lock says so */
    struct delay_samples critical, outside;
    /* In a varied loop that is timed: for how long it had the lock in the turns that it began and
     * ended in the phase; and when in those that were under way at its begin and at its end. */
    uint64_t held_ns;
    struct hold first_hold, last_hold;

    /* Found in the passes that observe it. */
    struct owner_log owners;
    struct latencies *latencies; /* one for each way of taking the lock */

    /* Found since the start. */
    uint64_t all_writes;       /* with those that nobody counted: the total to check */
    WORD(uint64_t) violations; /* times that `first` and `second` differed */

    /* Told. */
    struct variation variation;
};

/* Busy for a while that is not 0, and now and then with a look at how long that took. */
static inline void measured_wait(uint64_t ns, uint64_t turn, struct delay_samples *samples)
{
    if (turn % DELAY_SAMPLE_STRIDE != 0) {
        machine_spin(ns);
        return;
    }
    uint64_t start = machine_clock();
    machine_spin(ns);
    delay_sample_add(samples, ns, start, machine_clock());
}

/* Inlined by order, as the sections below: there are so many loops that the compiler would rather
 * call them. */
static inline __attribute__((always_inline)) void measured_delay(uint64_t ns, uint64_t turn,
                                                                 struct delay_samples *samples)
{
    if (ns != 0)
        measured_wait(ns, turn, samples);
}

static inline void note_violation(struct worker *worker)
{
    word_store(&worker->violations, word_load(&worker->violations, relaxed) + 1, relaxed);
}

/* Bursts cost a load of a line that the holder owns anyway, and a store when the owner changes. */
static inline void take_over(struct worker *worker, uint64_t writes)
{
    uint64_t burst = writes - worker->burst_start;

    worker->burst_most = burst > worker->burst_most ? burst : worker->burst_most;
    worker->burst_start = writes;
    worker->bursts++;
}

/* The last turn is not counted in this phase, so nor is a run of writes that began with it. */
static inline void forget_take_over(struct worker *worker, uint64_t writes)
{
    if (worker->bursts > 0 && worker->burst_start == writes)
        worker->bursts--;
}

/* The sections are always inlined: left to the compiler, they are in the loops of some locks and
 * called by those of others. */
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
        if (place->unverified_writes)
            plain_store(&place->guarded->first, plain_load(&place->guarded->first) + 1);
        write_lines(place);
    } else if (place->unverified_writes) {
        (void)plain_load(&place->guarded->first);
    }
    measured_delay(critical_ns, turn, &worker->critical);
}

/* ---- locks that keep readers and writers apart in another way ---- */

/* A lock with one of these traits has a loop of its own shape; all others have none of it. */
enum { LOCK_READERS_RACE = LOCK_READERS_RETRY | LOCK_READERS_BESIDE_WRITER };

/* One side of a race that is meant: atomic, and ordered by the lock alone. */
static inline uint64_t racing_load(const volatile uint64_t *value)
{
    return word_load((const volatile WORD(uint64_t) *)value, relaxed);
}

static inline void racing_store(volatile uint64_t *value, uint64_t stored)
{
    word_store((volatile WORD(uint64_t) *)value, stored, relaxed);
}

/* What nobody may find any more. */
#define POISON UINT64_MAX

/* Those of a pair that is published lie behind it, and are published with it. */
static inline struct guarded_line *racing_lines(const struct workplace *place, struct guarded *pair)
{
    return pair == place->guarded ? place->lines : (struct guarded_line *)pair + 1;
}

/* What measured_turn() is about, from its acquire on. */
struct racing {
    const struct lock_ops *ops;
    enum observation observation;
    const struct workplace *place;
    struct worker *worker;
    struct latency_turns *timing;
    uint64_t *owned_before;
    struct latencies *latencies;
    bool looked_at; /* the turn's hold is timed */
    struct step step;
    uint64_t turn, writes;
    void *context;
};

/* As write_section(), of a pair that readers may look at meanwhile, or that is to take the place of
 * `old`. */
static inline void write_racing(const struct racing *racing, struct guarded *old,
                                struct guarded *pair)
{
    const struct workplace *place = racing->place;
    struct worker *worker = racing->worker;
    struct guarded_line *lines = racing_lines(place, pair);
    uint64_t count = racing_load(&old->first);

    if (racing_load(&old->second) != count || count == POISON)
        note_violation(worker);
    if (plain_load(&old->owner) != place->self + 1u)
        take_over(worker, racing->writes);
    racing_store(&pair->first, count + 1);
    if (racing->observation == OBSERVE_OWNERS)
        owner_log_add(&worker->owners, racing->owned_before, count);
    plain_store(&pair->owner, place->self + 1u);
    for (unsigned i = 0; i < place->lines_beyond; i++)
        racing_store(&lines[i].value, racing_load(&lines[i].value) + 1);
    measured_delay(racing->step.critical_ns, racing->turn, &worker->critical);
    racing_store(&pair->second, count + 1);
}

/* As read_section(); returns whether the pair was whole, which is for the caller to judge. */
static inline bool read_racing(const struct racing *racing, struct guarded *pair)
{
    const struct workplace *place = racing->place;
    const struct guarded_line *lines = racing_lines(place, pair);
    uint64_t count = racing_load(&pair->first);

    for (unsigned i = 0; i < place->lines_beyond; i++)
        (void)racing_load(&lines[i].value);
    measured_delay(racing->step.critical_ns, racing->turn, &racing->worker->critical);
    return racing_load(&pair->second) == count && count != POISON;
}

/* From the first shared acquire on: what is read counts when the release says so. Each reading is
 * an acquire and a hold of its own, in the times too. */
static inline __attribute__((always_inline)) int read_until_valid(const struct racing *racing)
{
    void *lock = racing->place->lock;

    for (;;) {
        bool whole = read_racing(racing, racing->place->guarded);
        if (racing->looked_at)
            latency_hold_ends(racing->timing, racing->latencies);
        int error = racing->ops->release_shared(lock, racing->context);
        if (error == 0 && !whole)
            note_violation(racing->worker);
        if (error != EAGAIN)
            return error;
        racing->worker->retries++;
        if (racing->looked_at)
            latency_arrive_again(racing->timing);
        error = racing->ops->acquire_shared(lock, racing->context);
        if (error != 0)
            return error;
        if (racing->looked_at)
            latency_acquired(racing->timing, &racing->place->guarded->releases, true,
                             racing->latencies);
    }
}

/* acquire: pairs with the release by which the pair was published. Only what follows from the
 * pointer has to be ordered, for which C11 has no order that compilers take at its word. */
static inline __attribute__((always_inline)) int read_published(const struct racing *racing)
{
    struct guarded *pair = word_load(racing->worker->published, acquire);

    if (!read_racing(racing, pair))
        note_violation(racing->worker);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    return racing->ops->release_shared(racing->place->lock, racing->context);
}

/* What was published before is poisoned as soon as nobody may look at it any more, and is the
 * thread's own from then on. */
static inline __attribute__((always_inline)) int write_published(const struct racing *racing)
{
    struct worker *worker = racing->worker;
    struct guarded *old = word_load(worker->published, relaxed);

    write_racing(racing, old, worker->spare);
    word_store(worker->published, worker->spare, release);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    int error = racing->ops->release(racing->place->lock, racing->context);
    racing_store(&old->first, POISON);
    racing_store(&old->second, POISON);
    worker->spare = old;
    return error;
}

static inline __attribute__((always_inline)) int racing_section(const struct racing *racing)
{
    struct guarded *guarded = racing->place->guarded;

    if ((racing->ops->traits & LOCK_READERS_BESIDE_WRITER) != 0)
        return racing->step.shared ? read_published(racing) : write_published(racing);
    if (racing->step.shared)
        return read_until_valid(racing);
    write_racing(racing, guarded, guarded);
    if (racing->looked_at)
        latency_hold_ends(racing->timing, racing->latencies);
    return racing->ops->release(racing->place->lock, racing->context);
}

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
    worker->writes = writes;
    worker->all_writes += writes - writes_before + worker->carried_writes;
    if (writes - worker->burst_start > worker->burst_most)
        worker->burst_most = writes - worker->burst_start;
    return error;
}

#endif
