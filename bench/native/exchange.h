/* One repetition of a workload in which threads signal to each other (bench/exchange.h): the
 * threads are started, pinned, set to work, and watched, so that a signal that is lost shows as a
 * hang. */
#ifndef BENCH_NATIVE_EXCHANGE_H
#define BENCH_NATIVE_EXCHANGE_H

#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/native/crew.h"
#include "bench/native/signals/signal.h"
#include "bench/repetition.h"
#include "bench/reservoir.h"

/* What went wrong, as counts of one thread; an error number is the first one. */
struct exchange_faults {
    uint64_t early; /* a wait ended before its set, or a timer before its time */
    uint64_t
        repeated;     /* one set let two waits pass, or a wait did not consume what it waited for */
    uint64_t dropped; /* a notification event was not set any more after a wait */
    uint64_t index;   /* a wait for any object named another one than was set */
    uint64_t order;   /* what was written before the set was not there after the wait */
    int error;
};

struct party {
    _Alignas(MACHINE_APART) struct exchange_crew *crew;
    pthread_t thread;
    unsigned self, cpu;
    int bind_error;  /* why it could not be bound, or 0 */
    bool stayed;     /* it ran where it was bound to, at the start and at the end */
    uint64_t ran_ns; /* when it ran after the latest set */
    uint64_t sent, received;
    uint64_t acquisitions; /* of a lock: also those in which it was not its turn */
    uint64_t backwards;    /* times that the clock went backwards between two looks */
    uint64_t slept;        /* how often it gave its CPU away in waits, */
    uint64_t waits;        /* of so many */
    struct exchange_faults faults;
    WORD(uint64_t) progress; /* grows as long as signals come through */
    WORD(bool) departed;     /* it has come to its end: what it found is whole */
};

struct exchange_crew {
    const struct repetition *repetition;
    const struct signal_ops *ops; /* NULL: through a lock */
    void *signals;                /* or the lock */
    int init_error;
    struct party *parties;
    unsigned started;
    pthread_barrier_t barrier;
    bool called_off;
    bool shared_cpu; /* the setter shares its CPU with another thread */
    sem_t departures;
    unsigned departed;
    uint64_t silence_ns;
    uint64_t clock_cost_ns;

    /* Set by the first thread, which leads the exchange. */
    uint64_t window_ns; /* the planned part of the window for each measure */
    uint64_t start_ns, end_ns;
    struct usage before, after;
    struct surroundings around_before, around_after;
    uint64_t operations; /* in the window, of the first measure */
    struct reservoir samples[EXCHANGE_MEASURES];
    uint64_t random;

    /* Between two signals the threads meet here, asleep, so that nobody is in another's way. */
    _Alignas(MACHINE_APART) WORD(uint32_t) round; /* begun by the setter */
    WORD(bool) closed;                            /* there will be no other */
    _Alignas(MACHINE_APART)
        WORD(uint32_t) ready; /* waiters that are about to wait, of all rounds */
    _Alignas(MACHINE_APART) WORD(uint32_t) arrived; /* waiters that have run, of all rounds */
    _Alignas(MACHINE_APART) WORD(uint32_t) turn;    /* of the two that hand over through a lock */
    _Alignas(MACHINE_APART) uint64_t ball;          /* plain data that is handed over */
    uint64_t counted;                               /* acquisitions, counted under the lock */
};

/* What a thread of each workload does; the first thread leads (exchange_rounds.c). */
void exchange_work(struct party *party);

/* Measures a repetition. Returns its result, which the caller owns, or NULL and what could not be
 * done in `problem`. After a hang, threads still run: end the process. */
json_t *exchange_measure(const struct repetition *repetition, char *problem, size_t size);

/* The result of a crew that has run (exchange_report.c). */
json_t *exchange_report(struct exchange_crew *crew);

#endif
