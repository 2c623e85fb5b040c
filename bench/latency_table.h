/* The table of acquire, hold and hand-off times that a person reads. */
#ifndef BENCH_LATENCY_TABLE_H
#define BENCH_LATENCY_TABLE_H

#include <stdio.h>

#include "bench/summary.h"

/* Three digits that count and the unit, as in `24.4us`; at most six characters below 1,000 s. */
enum { LATENCY_TABLE_TEXT = 16 };
void latency_table_time(double ns, char text[LATENCY_TABLE_TEXT]);

/* Prints percentiles of all samples of a cell together: for each number of threads and each kind of
 * time a block with a line for each lock that has it, its names `width` wide. Where nothing at all
 * was timed, says why. More than `cpus` threads share CPUs. */
void latency_table_print(FILE *out, const struct summary *summary, unsigned cpus, int width);

#endif
