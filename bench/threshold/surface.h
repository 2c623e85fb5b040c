/* What was measured of locks with a spin budget, as a surface over a grid: cells (who contends for
 * what) by budgets. Cells and budgets may be missing, as after a time budget that ended early. */
#ifndef BENCH_THRESHOLD_SURFACE_H
#define BENCH_THRESHOLD_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/records.h"
#include "bench/values.h"

/* The budget of a lock that never sleeps. */
#define SURFACE_FOREVER UINT64_MAX

/* What is known of a sample. */
enum surface_measure {
    SURFACE_THROUGHPUT,  /* acquisitions a second */
    SURFACE_CPU,         /* CPU nanoseconds per acquisition */
    SURFACE_TAIL,        /* 99th percentile of the acquire latency, ns */
    SURFACE_WAIT,        /* what waiting cost per acquisition, ns, after surface_price() */
    SURFACE_SLEEPS,      /* voluntary switches per acquisition */
    SURFACE_PREEMPTIONS, /* involuntary switches per acquisition */
    SURFACE_FUTEX,       /* futex calls per acquisition */
    SURFACE_WORK,        /* critical section and outside work, as they were achieved, ns */
    SURFACE_MEASURES,
};

/* Its name as in JSON, and as a person reads it. */
const char *surface_measure_name(enum surface_measure measure);
const char *surface_measure_title(enum surface_measure measure);

/* Whether less of it is better: of everything but throughput. */
bool surface_less_is_better(enum surface_measure measure);

/* NaN: not measured. */
struct surface_sample {
    double value[SURFACE_MEASURES];
    bool fit; /* its window, see fitness.h */
};

/* The repetitions of one budget. */
struct surface_point {
    uint64_t budget_ns; /* SURFACE_FOREVER: it never sleeps */
    struct surface_sample *samples;
    size_t count;
    size_t unfit; /* samples that were left out, see fitness.h; where none is fit, none is */
};

struct surface_cell {
    char *lock; /* as recorded, without its budget */
    const char *machine;
    unsigned threads;
    unsigned cpus; /* that the plan had; more threads share them */
    struct delay critical, outside;
    char *rest;                   /* what else tells cells apart: placement, lines, readers, ... */
    struct surface_point *points; /* upwards by budget */
    size_t count;
    /* After surface_price(), else NaN: CPU time of one sleep and wake-up in this cell, ns. */
    double sleep_cpu_ns;
};

/* Cells in the order lock, machine, the rest, outside, threads, critical section. */
struct surface {
    struct surface_cell *cells;
    size_t count;
};

/* Makes the grid of all samples of locks with a `budget`, given or by default. Other samples are
 * left out. The files have to live on. */
struct surface surface_make(const struct records *files, size_t count);
void surface_free(struct surface *grid);

/* The point of that budget, or NULL. */
const struct surface_point *surface_point_of(const struct surface_cell *cell, uint64_t budget_ns);

/* The measured values of a point, sorted upwards, in a new array of `*count`, never NULL. */
double *surface_values(const struct surface_point *point, enum surface_measure measure,
                       size_t *count);

/* Their median; NaN without one. */
double surface_median(const struct surface_point *point, enum surface_measure measure);

/* How far a budget lies from one to the next, from 0 to 1, in logarithms, of which 0 has none: from
 * there in proportion. */
double surface_part_between(uint64_t low_ns, uint64_t budget_ns, uint64_t high_ns);

/* The median at a budget or, where it was not measured, between those of its neighbours, in
 * logarithms of both; above the largest budget that ends it is not known. NaN: it is not. */
double surface_median_at(const struct surface_cell *cell, uint64_t budget_ns,
                         enum surface_measure measure);

/* Fills in SURFACE_WAIT with the price of a sleep, C, in nanoseconds: what was spun, and C for each
 * sleep. Per acquisition that is
 *
 *     cpu - work - sleeps * c + sleeps * C
 *
 * where c, the CPU time of a sleep, which is in cpu, is taken from budget 0, where nothing is spun:
 * c = (cpu - work) / sleeps there. `work` is the CPU time of one thread alone, where the grid has
 * that cell, and else the achieved critical section and outside work, which leaves out what the
 * lock itself costs. A cell without a budget of 0 or without its switches gets none. */
void surface_price(struct surface *grid, double sleep_ns);

/* Whether the threads of a cell have a CPU each. */
static inline bool surface_has_cpus(const struct surface_cell *cell)
{
    return cell->threads <= cell->cpus;
}

/* What sleeping and being woken costs, C, where a file says so: in its first record, as
 * `calibration` (calibration.h), or of a simulated machine by its model. NaN: it does not. */
double surface_sleep_ns(const struct records *file);

#endif
