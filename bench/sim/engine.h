/* The engine of the simulated machine: virtual threads on virtual cores, and the events that move
 * them.
 *
 * One OS thread runs everything, in the order of virtual time; what is due at the same time comes
 * in the order in which it was said. With one seed, a run is always the same.
 *
 *   engine     this file: time, the loop over events, from thread to thread
 *   scheduler  which thread has its core; time slices; sleeping and waking
 *   memory     which line an address lies in; accesses, transactions, watching
 *   machine    the machine interface of the locks, on top of the three
 *
 * Times are in picoseconds, so that a jitter of a tenth of a nanosecond is not lost. */
#ifndef BENCH_SIM_ENGINE_H
#define BENCH_SIM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/sim/coherence.h"
#include "bench/event_queue.h"
#include "bench/sim/trace.h"
#include "bench/virtual/coroutine.h"

struct virtual_site;

enum { PS_PER_NS = 1000 };

/* What a thread is about, and what its event means. */
enum sim_activity {
    SIM_COMPUTING,   /* busy; the event: it goes on */
    SIM_REQUESTING,  /* waits for a line; the event: its transaction completes */
    SIM_WATCHING,    /* awaits a write to a line; the event: its deadline, if it has one */
    SIM_POLLING,     /* between two looks or tries; the event: the next one */
    SIM_READY,       /* waits for its core */
    SIM_DISPATCHING, /* is being switched to; the event: it runs */
    SIM_ASLEEP,      /* in the kernel; the event: it was woken, and is ready */
    SIM_DONE,
};

/* An access to memory that a thread is making. */
struct sim_access {
    const struct virtual_site *site;
    void *word;
    unsigned size;
    uint64_t value;    /* to store, to add, to compare with: as the operation has it */
    uint64_t expected; /* of a compare-exchange; what a retry waits for */
    uint64_t deadline; /* of an await */
    uint64_t seen;     /* what was there */
    bool made;         /* of a compare-exchange */
};

struct sim_thread {
    struct coroutine *coroutine;
    unsigned number, cpu; /* the CPU's logical index */
    enum sim_activity activity;
    enum sim_activity resumed; /* what it goes on with when it has its core again, */
    uint64_t left;             /* for so long: of computing */
    uint64_t since;            /* when it last got its core, */
    uint64_t accounted;        /* until when the use of it is counted, */
    uint64_t left_core;        /* when it last left it, */
    uint64_t off_core;         /* how long it was without one, until it last got it, */
    uint64_t preempted;        /* and how often its slice ended in the middle of its work */
    int64_t had;               /* its virtual time, in picoseconds */
    int64_t deadline;          /* likewise, by which it should have had a slice more */
    int64_t owed;              /* while it sleeps: the mean was so far before it */
    uint64_t until_stall;      /* operations */
    bool sleeping;             /* it is among its line's sleepers; when it is not woken before its
                                  event, its time is over */
    bool woken;
    uint32_t apc_disabled;
    struct sim_access access;
    struct sim_line *line; /* of the access */
    struct sim_transaction transaction;
    uint64_t transaction_start;
    struct sim_thread *next;                  /* in a row: of a line or of a core */
    struct sim_thread *watching, *watched_by; /* the neighbours among a line's watchers */
    void (*run)(void *argument);
    void *argument;
    struct sim_engine *engine;
};

struct sim_core {
    struct sim_thread *running; /* NULL: idle */
    struct sim_thread *ready;
    uint64_t charged; /* when the running thread's virtual time was brought up to date last; to come
                         while the core is switched to it */
    int64_t had_last; /* the virtual time of the thread that left last */
    bool slice_over;  /* but the running thread has a line on its way */
};

/* The costs of the model's parameters, in picoseconds. */
struct sim_costs {
    uint64_t hit, atomic, relax, clock, syscall, context_switch, wake, wake_call, interrupt, slice,
        stall;
    uint64_t jitter; /* in parts of 2^16 */
};

/* Memory that has a name. */
struct sim_region {
    uintptr_t start, end;
    const char *name;
    enum sim_naming { SIM_BY_LINE, SIM_AS_ONE, SIM_UNCOUNTED } naming;
};

struct sim_slot {
    uintptr_t number; /* of the line: its address / 64 */
    struct sim_line *line;
};

/* The most stretches of memory that have a name: two for each nested lock, and a few. */
enum { SIM_REGIONS_MOST = 2 * 16 + 8 };

struct sim_memory {
    struct sim_slot *slots; /* a hash table, open addressing; a power of two of them */
    size_t slots_count, lines_count;
    struct sim_region regions[SIM_REGIONS_MOST];
    unsigned regions_count;
    struct sim_thread **scratch; /* room for all threads */
    struct sim_tally **tallies;
    size_t tallies_count;
    struct sim_traffic traffic;
};

struct sim_usage {
    uint64_t cpu; /* picoseconds that threads had a core */
    uint64_t voluntary, involuntary;
    uint64_t futex_calls;
};

enum sim_end {
    SIM_ENDED,    /* every thread is done */
    SIM_DEADLOCK, /* no thread can ever run again */
    SIM_STOPPED,  /* by sim_engine_stop() */
};

struct sim_engine {
    const struct sim_model *model;
    struct sim_costs costs;
    uint64_t now, random;
    struct event_queue events; /* of threads, then of cores (a slice ends), then the alarm */
    struct sim_thread *threads;
    unsigned threads_count, done;
    struct sim_core *cores;
    struct sim_thread *running; /* whose coroutine is */
    struct coroutine *caller;
    enum sim_end end;
    bool stopped;
    struct sim_memory memory;
    struct sim_usage usage;
    uint64_t operations; /* accesses to memory */
    void (*alarm)(void *argument);
    void *alarm_argument;
    struct sim_trace *trace; /* NULL: none is written */
};

/* Makes an engine for threads that run on the CPUs cpus[i % cpus_count], logical indices of the
 * model, which has to live on. False: out of memory. Free with sim_engine_free(). */
bool sim_engine_make(struct sim_engine *engine, const struct sim_model *model, unsigned threads,
                     const unsigned *cpus, size_t cpus_count, uint64_t seed);
void sim_engine_free(struct sim_engine *engine);

/* Says what thread `number` runs; each must have something before the run. */
void sim_engine_start(struct sim_engine *engine, unsigned number, void (*run)(void *argument),
                      void *argument);

/* Calls alarm(argument) at virtual time `ns`; the alarm may set itself again, and may stop the run.
 */
void sim_engine_set_alarm(struct sim_engine *engine, uint64_t ns, void (*alarm)(void *argument),
                          void *argument);
void sim_engine_stop(struct sim_engine *engine);

/* Runs all threads until they are done, until none can ever run, or until it is stopped. */
enum sim_end sim_engine_run(struct sim_engine *engine);

/* Adds what the running threads have used so far; before `usage` is looked at. */
void sim_engine_settle(struct sim_engine *engine);

/* Notes in the trace the threads that have a core still, when the run has ended. */
void sim_engine_trace_rest(struct sim_engine *engine);

/* Where a thread is that waits, in words. Returns `text`. */
const char *sim_engine_position(const struct sim_engine *engine, unsigned number, char *text,
                                size_t size);

/* ---- for the engine's own parts ---- */

/* The running thread is busy for so many picoseconds. */
void sim_spend(struct sim_engine *engine, uint64_t ps);

/* The running thread has nothing to do until an event lets it go on. */
void sim_wait(struct sim_engine *engine);

/* The thread's event. */
static inline void sim_set_event(struct sim_engine *engine, const struct sim_thread *thread,
                                 uint64_t time)
{
    event_queue_set(&engine->events, thread->number, time);
}

/* A time that varies by the model's jitter. */
uint64_t sim_jittered(struct sim_engine *engine, uint64_t ps);

/* The machine interface on the engine that runs, and which one that is. */
extern const struct virtual_machine sim_machine;
void sim_machine_use(struct sim_engine *engine);

#endif
