/* Samples of locks with a spin budget, laid out as a grid: cells (who contends for what) by
 * budgets. Cells and budgets may be missing, as after a time budget that ended early. */
#ifndef BENCH_THRESHOLD_GRID_H
#define BENCH_THRESHOLD_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/records.h"
#include "bench/values.h"

/* The budget of a lock that never sleeps. */
#define GRID_FOREVER UINT64_MAX

/* What is known of a sample. */
enum grid_measure {
    GRID_THROUGHPUT,  /* acquisitions a second */
    GRID_CPU,         /* CPU nanoseconds per acquisition */
    GRID_TAIL,        /* 99th percentile of the acquire latency, ns */
    GRID_WAIT,        /* what waiting cost per acquisition, ns, after grid_price() */
    GRID_SLEEPS,      /* voluntary switches per acquisition */
    GRID_PREEMPTIONS, /* involuntary switches per acquisition */
    GRID_WORK,        /* critical section and outside work, as they were achieved, ns */
    GRID_MEASURES,
};

/* Its name as in JSON, and as a person reads it. */
const char *grid_measure_name(enum grid_measure measure);
const char *grid_measure_title(enum grid_measure measure);

/* Whether less of it is better: of everything but throughput. */
bool grid_less_is_better(enum grid_measure measure);

/* NaN: not measured. */
struct grid_sample {
    double value[GRID_MEASURES];
    bool fit; /* its window, see fitness.h */
};

/* The repetitions of one budget. */
struct grid_point {
    uint64_t budget_ns; /* GRID_FOREVER: it never sleeps */
    struct grid_sample *samples;
    size_t count;
    size_t unfit; /* samples that were left out, see fitness.h; where none is fit, none is */
};

struct grid_cell {
    char *lock; /* as recorded, without its budget */
    const char *machine;
    unsigned threads;
    unsigned cpus; /* that the plan had; more threads share them */
    struct delay critical, outside;
    char *rest;                /* what else tells cells apart: placement, lines, readers, ... */
    struct grid_point *points; /* upwards by budget */
    size_t count;
    /* After grid_price(), else NaN: CPU time of one sleep and wake-up in this cell, ns. */
    double sleep_cpu_ns;
};

/* Cells in the order lock, machine, the rest, outside, threads, critical section. */
struct grid {
    struct grid_cell *cells;
    size_t count;
};

/* Makes the grid of all samples of locks with a `budget`, given or by default. Other samples are
 * left out. The files have to live on. */
struct grid grid_make(const struct records *files, size_t count);
void grid_free(struct grid *grid);

/* The point of that budget, or NULL. */
const struct grid_point *grid_point_of(const struct grid_cell *cell, uint64_t budget_ns);

/* The measured values of a point, sorted upwards, in a new array of `*count`, never NULL. */
double *grid_values(const struct grid_point *point, enum grid_measure measure, size_t *count);

/* Their median; NaN without one. */
double grid_median(const struct grid_point *point, enum grid_measure measure);

/* Fills in GRID_WAIT with the price of a sleep, C, in nanoseconds: what was spun, and C for each
 * sleep. Per acquisition that is
 *
 *     cpu - work - sleeps * c + sleeps * C
 *
 * where c, the CPU time of a sleep, which is in cpu, is taken from budget 0, where nothing is spun:
 * c = (cpu - work) / sleeps there. `work` is the CPU time of one thread alone, where the grid has
 * that cell, and else the achieved critical section and outside work, which leaves out what the
 * lock itself costs. A cell without a budget of 0 or without its switches gets none. */
void grid_price(struct grid *grid, double sleep_ns);

/* Whether the threads of a cell have a CPU each. */
static inline bool grid_has_cpus(const struct grid_cell *cell)
{
    return cell->threads <= cell->cpus;
}

/* Writes a budget: `0`, `20us`, `inf`. Returns `text`. */
const char *grid_format_budget(uint64_t budget_ns, char text[TIME_TEXT]);

#endif
