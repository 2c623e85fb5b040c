/* Cells, as medians and intervals of their samples. What tables, figures and `--json` show. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/latencies.h"
#include "bench/processes.h"
#include "bench/records.h"
#include "bench/statistics.h"

struct cell {
    const char *source; /* the name of the file, where several are read; "" otherwise */
    const char *lock;   /* as recorded, with its parameters */
    const char *machine;
    const char *placement;
    unsigned threads;
    unsigned processes; /* as asked for, see processes.h */
    unsigned cpus;      /* that this many threads ran on, */
    unsigned all_cpus;  /* and that as many threads as that would run on */
    char *workload;     /* as one text, to tell cells apart */
    char *setting;      /* the same without its share of readers */
    bool ranked;        /* neither unverified nor broken */
    bool has_hogs;      /* its critical sections differ in length */
    bool spins;         /* its waiters never give their CPU away */
    json_t *records;    /* its samples, a list */
    size_t samples;
    size_t unfit;     /* samples whose windows are unfit, see fitness.h: left out of all medians, */
    bool unfit_count; /* unless no window is fit */
    size_t apart;     /* samples in which not all threads were at work for half of the window */
    size_t unverified;        /* samples whose verification could not be completed */
    size_t violations;        /* records of violations, samples or not */
    double throughput;        /* median, acquisitions a second; NaN without samples */
    bool has_interval;        /* false with fewer than six samples that count: */
    struct interval interval; /* then NaN */
    /* Medians; NaN where nothing was measured. Traffic is per acquisition. */
    double jain, rsd, gini, theil, top_half, burst, cpu_ns, futex_calls, transactions, invalidated;
    double lwss_mean, lwss_median, mttr, opportunity_jain;
    double voluntary, involuntary; /* context switches per acquisition, likewise */
    double relative; /* throughput relative to as many threads as CPUs; NaN: not measured */
    /* Parts of all timed holds together: that lost their CPU, and of their time. NaN likewise. */
    double holder_preempted, holder_off_cpu;
    unsigned readers;    /* per cent of the acquisitions, and */
    bool one_share;      /* whether other cells have others */
    double read_scaling; /* see measuring.md; NaN without readers, or without a cell of 1 thread */
    bool less_null;      /* the traffic is that of real cores, without what `null` caused there */
    double burst_most, max_gap; /* the largest in all samples; NaN likewise */
    /* Of all samples that count together, one for each way of taking the lock; NULL: none has any.
     */
    struct latencies *latencies;
    double acquire_p99; /* nanoseconds, of the exclusive ones among them; NaN: none was timed */
    size_t order;       /* of the lock in its plan */
};

struct summary {
    struct cell *cells;
    size_t count;
};

/* Makes the cells of the files' samples and violations, sorted by source, machine, readers,
 * workload and placement, then by threads, then as a ranking: the locks that promise nothing first,
 * then by throughput, largest first, then those that are broken. Strings are the records'. */
struct summary summary_make(const struct records *files, size_t files_count);
void summary_free(struct summary *summary);

/* {"cells": [...]}; the caller owns it. */
json_t *summary_to_json(const struct summary *summary);

#endif
