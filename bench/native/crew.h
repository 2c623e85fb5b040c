/* The threads of one repetition: started, pinned, calibrated, set to work on one lock, stopped. */
#ifndef BENCH_NATIVE_CREW_H
#define BENCH_NATIVE_CREW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/measured_loop.h"
#include "bench/native/loops.h"
#include "bench/nested.h"
#include "bench/repetition.h"

/* What the kernel did for and to the process. */
struct usage {
    uint64_t cpu_ns;
    uint64_t voluntary, involuntary; /* context switches */
};

struct member {
    _Alignas(MACHINE_APART) struct crew *crew;
    struct worker *worker;
    pthread_t thread;
    unsigned cpu;
    int bind_error;       /* why it could not be bound, or 0 */
    bool stayed;          /* it ran where it was bound to, at the start and at the end */
    bool first_on_cpu;    /* one thread a CPU calibrates, so that CPUs and not threads compete */
    double spin_rate;     /* turns a nanosecond */
    double irql_ns;       /* of a raise and its lower */
    WORD(bool) in_window; /* from here on, the worker's counts are of the window */
    WORD(bool) departed;  /* it came back from the lock: what it found is whole */
    int error;            /* what the lock returned instead of 0 */
    uint64_t start_ns, end_ns;
    uint64_t migrations; /* from being bound to the end */
    bool migrations_known;
};

struct crew {
    const struct repetition *repetition;
    struct member *members;
    loop_function *loop;
    pthread_barrier_t barrier;
    bool called_off; /* nobody goes to work */
    sem_t departures;
    const struct lock_ops *ops; /* to use the lock through */
    void *lock;
    struct nested nested; /* where the lock is several */
    struct guarded *guarded;
    struct guarded_line *lines;
    int init_error;             /* what the lock returned for that many threads */
    uint64_t start_ns, end_ns;  /* of the window */
    struct usage before, after; /* likewise; the leader itself sleeps */
    uint64_t steal_ns;          /* of the CPUs used, within the window */
    bool steal_known;
    unsigned departed;      /* threads that came back from the lock */
    uint64_t silence_ns;    /* how long nobody has come back, at the end of the wait */
    uint64_t clock_cost_ns; /* of two looks at the clock in a row */
    double spin_rate, spin_rate_least, spin_rate_most;
    double irql_ns; /* the median over the CPUs */
    _Alignas(MACHINE_APART) WORD(uint32_t) phase;
};

/* For whoever else measures on real cores. */

/* Zeroed memory; without any, complains and ends the process. */
void *allocate_zeroed(size_t alignment, size_t size);

/* What the kernel did until now. */
struct usage usage_now(void);

/* Nanoseconds that the hypervisor took from the repetition's CPUs so far. False: not known. */
bool steal_now(const struct repetition *repetition, uint64_t *steal_ns);

/* Nanoseconds of two looks at the clock in a row. */
uint64_t measure_clock_cost(void);

/* Runs a repetition, from starting the threads to the end of the wait for them. Returns NULL, or
 * what could not be done, in words that end in the reason, in `problem`. When threads did not come
 * back (departed < threads), they still run: end the process. */
const char *crew_run(struct crew *crew, const struct repetition *repetition, char *problem,
                     size_t problem_size);

#endif
