/* The table of results that a person reads. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/records.h"
#include "bench/summary.h"

/* Which numbers a table of locks shows. */
enum table_view { TABLE_THROUGHPUT, TABLE_FAIRNESS, TABLE_LATENCY, TABLE_COLLAPSE };
#define TABLE_VIEWS "throughput, fairness, latency or collapse"

/* Reads the name of one. False: there is none of that name. */
bool table_view_read(const char *name, enum table_view *view);

/* Prints the results of one file, of which `summary` was made: what was measured, a block for each
 * number of threads with a line for each lock, at most 80 columns wide but for long names, the
 * index of opportunity and marks (of times, a block for each kind of them), and below them what was
 * wrong and what could not be checked. */
void table_print(FILE *out, const struct records *file, const struct summary *summary,
                 enum table_view view);

/* The parts of that which other tables have as well: what was measured, and what was wrong. */
void table_print_head(FILE *out, const struct records *file);
void table_print_violations(FILE *out, const struct records *file);

/* Whether two cells stand in one block, and the line that names it, as in "2 threads", with an
 * empty one before it and something behind it. Beyond so many CPUs threads share them. */
bool table_same_block(const struct cell *a, const struct cell *b);
void table_print_block_name(FILE *out, const struct cell *cell, unsigned cpus, const char *behind);

/* The mark behind a row of which so many windows are unfit: they were left out or, with `all`,
 * every one is unfit and counted. "" if none is. */
enum { TABLE_UNFIT_TEXT = 32 };
const char *table_unfit(size_t unfit, bool all, char text[TABLE_UNFIT_TEXT]);

/* All marks of a row: that one, and that the lock is wrong. */
void table_print_marks(FILE *out, const struct cell *cell);

/* The note of that below the table; `all_unfit` rows have no fit window. Notes are paragraphs, and
 * an empty line comes before the first: `*first` says whether this would be it. */
void table_print_unfit(FILE *out, const struct records *file, size_t all_unfit, bool *first);

/* The note that names outliers, if there are any. */
void table_print_outliers(FILE *out, const struct records *file, bool *first);

/* The note that the machine drifted while the file was measured, if it did. */
void table_print_drift(FILE *out, const struct records *file, bool *first);

/* The note that a row has no interval. */
void table_print_too_few(FILE *out, const struct records *file, bool *first);

/* The number of CPUs that a run's threads were laid on, beyond which they share them. */
unsigned table_cpus(const struct records *file);

#endif
