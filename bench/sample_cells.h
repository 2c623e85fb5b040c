/* The samples of a results file, cell by cell: what `compare` compares and `export` sums up. */
#ifndef BENCH_SAMPLE_CELLS_H
#define BENCH_SAMPLE_CELLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/records.h"

struct sample_cell {
    json_t *identity; /* the recorded fields that tell cells apart */
    char *key;        /* the same as one text; equal in two files: the same cell */
    json_t *samples;  /* those that count, a list */
    size_t unfit; /* how many windows are unfit, see fitness.h; they are left out of `samples`, */
    bool unfit_count; /* unless no window is fit, or all windows were asked for */
    size_t violations;
};

struct sample_cells {
    struct sample_cell *cells;
    size_t count;
};

struct sample_cells_settings {
    bool any_machine; /* the machine does not tell cells apart */
    bool all_windows; /* unfit ones count as well */
};

/* Makes the cells of a file's samples and violations, sorted by what was asked for (workload,
 * placement, processes), then by threads and objects, then as the locks stand in the plan. */
struct sample_cells sample_cells_make(const struct records *file,
                                      const struct sample_cells_settings *settings);
void sample_cells_free(struct sample_cells *cells);

/* The cell of that key, or NULL. */
const struct sample_cell *sample_cells_find(const struct sample_cells *cells, const char *key);

/* A number that samples have. */
struct measure {
    const char *name; /* as the field is named, nested names joined by dots */
    bool less_is_better;
    bool is_speed;    /* a rate or a time: faster or slower, not better or worse */
    const char *unit; /* in which people read it, "" without one */
    double scale;     /* from what is recorded to that */
};

/* The measure of that name, which must outlive it; whether any sample has it is another matter.
 * More is better of `throughput`, `jain`, `lock_opportunity_jain` and `lwss`, less of everything
 * else. */
struct measure measure_named(const char *name);

/* What cells are compared by unless something else is asked for: of locks the throughput, of
 * signals the median of their latencies. */
struct measure sample_cell_measure(const struct sample_cell *cell);

/* The value of a sample's field, nested names joined by dots; NULL without one. */
const json_t *sample_value(const json_t *sample, const char *name);

/* The same as a number; NaN where it is none. */
double sample_number(const json_t *sample, const char *name);

/* Of all threads. */
double sample_acquisitions(const json_t *sample);

/* The values of a field of those samples that have it, sorted upwards, into room for all of them;
 * returns how many there are. */
size_t samples_values(const json_t *samples, const char *name, double *values);

/* Their median, NaN where no sample has it; and that of a number of the whole window, divided by
 * the acquisitions. */
double samples_median(const json_t *samples, const char *name);
double samples_median_per_acquisition(const json_t *samples, const char *name);

/* The values of a measure, sorted upwards, without samples that have none. A new array of `*count`,
 * never NULL. */
double *sample_cell_values(const struct sample_cell *cell, const struct measure *measure,
                           size_t *count);

#endif
