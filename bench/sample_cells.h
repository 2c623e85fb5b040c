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
    json_t *samples;  /* a list */
    size_t violations;
};

struct sample_cells {
    struct sample_cell *cells;
    size_t count;
};

/* Makes the cells of a file's samples and violations, sorted by what was asked for (workload,
 * placement, processes), then by threads and objects, then as the locks stand in the plan. With
 * `any_machine` the machine does not tell cells apart. */
struct sample_cells sample_cells_make(const struct records *file, bool any_machine);
void sample_cells_free(struct sample_cells *cells);

/* The cell of that key, or NULL. */
const struct sample_cell *sample_cells_find(const struct sample_cells *cells, const char *key);

/* What a sample is compared by. Of locks the throughput, where more is better; of signals the
 * median of their latencies, where less is. */
struct measure {
    const char *name; /* as the field is named, nested names joined by dots */
    bool less_is_better;
};
const struct measure *sample_cell_measure(const struct sample_cell *cell);

/* The values of the cell's measure, sorted upwards, without samples that have none. A new array of
 * `*count`, never NULL. */
double *sample_cell_values(const struct sample_cell *cell, size_t *count);

#endif
