/* A comparison as a person reads it. */
#ifndef BENCH_COMPARISON_TABLE_H
#define BENCH_COMPARISON_TABLE_H

#include <stdio.h>

#include "bench/comparison.h"

/* For each NEW file the cells in blocks of the same machine, workload and threads, a line for each
 * lock, about 100 columns wide, and the geometric mean of the ratios. */
void comparison_print(FILE *out, const struct comparison *comparison);

/* The same as Markdown tables, one for each block. */
void comparison_print_markdown(FILE *out, const struct comparison *comparison);

#endif
