/* The table of results that a person reads. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/records.h"
#include "bench/summary.h"

/* Which numbers a table of locks shows. */
enum table_view { TABLE_THROUGHPUT, TABLE_FAIRNESS };
#define TABLE_VIEWS "throughput or fairness"

/* Reads the name of one. False: there is none of that name. */
bool table_view_read(const char *name, enum table_view *view);

/* Prints the results of one file, of which `summary` was made: what was measured, a block for each
 * number of threads with a line for each lock, at most 80 columns wide, and below them what was
 * wrong and what could not be checked. */
void table_print(FILE *out, const struct records *file, const struct summary *summary,
                 enum table_view view);

/* The parts of that which other tables have as well: what was measured, and what was wrong. */
void table_print_head(FILE *out, const struct records *file);
void table_print_violations(FILE *out, const struct records *file);

/* The number of CPUs that a run's threads were laid on, beyond which they share them. */
unsigned table_cpus(const struct records *file);

#endif
