/* One repetition as the parent, which plans, asks for it of the child process, which measures: a
 * request that passes as one JSON object. */
#ifndef BENCH_REPETITION_H
#define BENCH_REPETITION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/clocks.h"
#include "bench/counting.h"
#include "bench/lock_spec.h"
#include "bench/machine.h"
#include "bench/passes.h"
#include "bench/workload.h"

/* What a repetition is asked to do. Times are the machine's: virtual on a simulated one. */
struct repetition {
    struct machine machine;
    struct lock_spec lock;
    unsigned threads;
    unsigned objects; /* of one wait, in a workload of signals; 1 otherwise */
    unsigned *cpus;   /* thread i runs on cpus[i % cpus_count] */
    size_t cpus_count;
    unsigned processes; /* that the threads are split over, at least 1, at most one a thread */
    struct workload workload;
    uint64_t warmup_ns, window_ns;
    passes_set passes;         /* on real cores, */
    uint64_t pass_ns;          /* each so long */
    uint64_t latency_stride;   /* of the pass that times; 0: as often as costs little */
    struct clock_check clocks; /* of real cores */
    uint64_t drain_ns;         /* how long threads may take to come back after the stop signal */
    uint64_t silence_ns;       /* how long none may come back although the lock is right */
    uint64_t seed;
    bool through_vtable;
    enum counting counters; /* of real cores */
    const char *trace;      /* of a simulated machine: the file to write a trace to, or NULL */
};

/* The exit code of a simulation in which nothing moves any more: a lock that loops without touching
 * the machine. */
enum { REPETITION_STUCK = 4 };

/* The wait for threads that do not come back ends when none has for so many times drain_ns. */
enum { DRAINS_OF_SILENCE = 4 };

/* The request as an object; the caller owns it. */
json_t *repetition_to_json(const struct repetition *repetition);

/* Reads a request, which has to live as long as the repetition; its `cpus` are to be freed.
 * Complains and returns EXIT_USAGE on one that is wrong. */
enum exit_code repetition_from_json(json_t *object, struct repetition *repetition);

/* Sets how long to wait for threads after the stop signal, from the locks' and the workload's own
 * times. While a right lock is drained, nobody may come back for a rotation of all threads through
 * their time slices (a fair spinning lock with more threads than CPUs), a longest turn, and the
 * longest of the lock's own times for each thread (a proportional backoff). What is longer than
 * that is a hang. Waiting is bounded, so that with absurd times no hang can be told. */
void repetition_set_patience(struct repetition *repetition);

#endif
