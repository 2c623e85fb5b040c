/* Samples that lie far from the others of their cell: named, and kept. */
#ifndef BENCH_OUTLIERS_H
#define BENCH_OUTLIERS_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/sample_cells.h"

/* The outliers of a cell by what cells are compared by, beyond statistics_fences() of the samples
 * that count: a list of objects with `lock`, `threads`, `repetition`, `measure`, `value`, `ratio`
 * (to the median), and `elapsed_ns`, `cpus` and `validity` as they were recorded. The caller owns
 * it. */
json_t *outliers_find(const struct sample_cell *cell);

/* Of all cells of a file; where these differ in the share of readers, with `readers`. */
json_t *outliers_of_file(const struct records *file);

/* What there is to say of one in a line: `tas, 2 threads, repetition 7: 3.21 M/s, 0.31 of the
 * median; steal 4%, 12 switches`. */
void outliers_describe(const json_t *outlier, char *text, size_t size);

#endif
