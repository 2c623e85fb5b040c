/* The threads of one repetition: started, pinned, calibrated, set to work on one lock, stopped.
 * They are threads of this process or, split over several, of processes that it forks; then
 * everything here lies in memory that all of them share, at the same address. */
#ifndef BENCH_NATIVE_CREW_H
#define BENCH_NATIVE_CREW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/layout.h"
#include "bench/worker.h"
#include "bench/native/arena.h"
#include "bench/native/counters/counters.h"
#include "bench/native/lock_memory.h"
#include "bench/native/loops.h"
#include "bench/native/surroundings.h"
#include "bench/nested.h"
#include "bench/repetition.h"

/* What the kernel did for and to the process. */
struct usage {
    uint64_t cpu_ns;
    uint64_t voluntary, involuntary; /* context switches */
    uint64_t futex_calls;            /* of the workers, by way of the machine */
};

/* Nanoseconds between two looks at the clock in a row: what a measured time has too much. */
struct clock_cost {
    uint64_t least, median;
};

/* A process that has some of the threads. */
struct crew_process {
    _Alignas(MACHINE_APART) pid_t pid;
    unsigned first, threads; /* the numbers of its threads begin with `first` */
    unsigned started;        /* of its threads */
    int start_error;         /* why no more were, or 0 */
    bool ended_well;         /* it did all that it was to do */
    bool gone; /* it has ended and been waited for; for the process of the repetition */
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
    WORD(uint64_t) futex_calls;
    WORD(bool) departed; /* it came back from the lock: what it found is whole */
    pid_t id;            /* the system's number of the thread */
    int error;           /* what the lock returned instead of 0 */
    uint64_t start_ns, end_ns;
    uint64_t voluntary, involuntary; /* context switches until it came back */
    uint64_t migrations;             /* from being bound to the end */
    bool migrations_known;
    struct counters counters; /* of the window */
};

/* A worker and, for processes, the contexts of its locks. */
struct crew_station {
    struct worker worker;
    _Alignas(MACHINE_APART) char context[WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE];
};

struct crew {
    const struct repetition *repetition;
    struct member *members;
    loop_function *loops[OBSERVATIONS]; /* NULL: that pass was not asked for */
    struct arena *arena;                /* NULL: the threads are of this process */
    struct crew_process *processes;     /* likewise; repetition->processes of them */
    pthread_barrier_t barrier;
    bool called_off; /* nobody goes to work */
    sem_t departures;
    const struct lock_ops *ops; /* to use the lock through */
    sem_t dismissals;           /* one for each process, when it may end */
    WORD(bool) giving_up;       /* the processes are killed, because threads did not come back */
    bool stopped;               /* somebody stopped a process, so all were killed */
    bool crashed;               /* a process ended as only the lock can have made it end */
    struct layout layout;
    struct lock_memory memory; /* where the usual one won't do */
    char *storage;             /* of all that is laid out */
    void *lock;                /* the first, of several */
    struct nested nested;      /* where the lock is several */
    struct guarded *guarded;
    struct guarded_line *lines;
    /* The pair that holds the count: `guarded`, or where readers run beside a writer, the one that
     * was published last. */
    _Alignas(MACHINE_APART) WORD(struct guarded *) published;
    _Alignas(MACHINE_APART) char *spares; /* further pairs, one a thread, to be published */
    int init_error;                       /* what the lock returned for that many threads */
    uint64_t start_ns, end_ns;            /* of the window */
    struct usage before, after;           /* likewise; the leader itself sleeps */
    struct counters_plan counting;
    bool switches_unknown; /* not every thread's context switches could be read */
    struct surroundings around_before, around_after; /* likewise */
    unsigned departed;                               /* threads that came back from the lock */
    uint64_t silence_ns; /* how long nobody has come back, at the end of the wait */
    struct clock_cost clock_cost;
    struct latency_watch watch;
    const char *no_preemptions; /* why it is not seen whether a holder lost its CPU, or NULL */
    double spin_rate, spin_rate_least, spin_rate_most;
    double irql_ns; /* the median over the CPUs */
    _Alignas(MACHINE_APART) WORD(uint32_t) phase;
    WORD(uint64_t) owner_windows; /* see owner_log.h; written as rarely as the phase */
};

/* For whoever else measures on real cores. */

/* What the kernel did until now. */
struct usage usage_now(void);

/* Looks at the clock often, and tells what two in a row are apart. */
struct clock_cost measure_clock_cost(void);

/* Makes a crew that has not started, which lives until the process ends. Returns NULL when there is
 * no memory for it, with the reason in `problem`. Before any thread exists. */
struct crew *crew_make(const struct repetition *repetition, char *problem, size_t problem_size);

/* Runs a repetition, from starting the threads to the end of the wait for them. Returns NULL, or
 * what could not be done, in words that end in the reason, in `problem`; with `crashed`, what the
 * lock did to a process; with `stopped`, that somebody stopped one. When threads did not come back
 * (departed < threads), they may still run: end the process. */
const char *crew_run(struct crew *crew, char *problem, size_t problem_size);

/* ---- for crew_processes.c ---- */

/* The bytes for what each thread finds in the pass that times. */
size_t crew_latencies_bytes(const struct repetition *repetition);

/* Where the locks lie and what is under them. */
struct layout crew_layout(const struct repetition *repetition);

/* Memory of the crew, zeroed; `name` is its own. Ends the process when there is none. */
void *crew_allocate(struct crew *crew, const char *name, size_t alignment, size_t size);

/* Starts the threads from number `first` on in this process. Returns how many were started: all, or
 * fewer and `*error`. */
unsigned crew_start_members(struct crew *crew, unsigned first, unsigned count, int *error);

/* What the thread does that says when the window begins and ends, once the members are being
 * started. Returns as crew_run() does. */
const char *crew_lead(struct crew *crew, char *problem, size_t problem_size);

/* What the first thread of each further process does until the members go to work: meets the others
 * and sets the process's spin rate. Returns false when they were called off. */
bool crew_attend(struct crew *crew);

#endif
