/* A figure as one row. Most are of curves against the number of threads; of one number are those of
 * distributions, and of curves against the share of readers. The row says which cells it draws, and
 * what it writes of each. All that they share is in curves.h and in scripts/panels.gp. */
#ifndef BENCH_FIGURES_KIND_H
#define BENCH_FIGURES_KIND_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/message.h"
#include "bench/records.h"
#include "bench/summary.h"

struct figure_kind {
    const char *name;   /* as --figure takes it */
    const char *script; /* in scripts/ */
    /* The field of a sample without which there is nothing to draw, whose reason is then said;
     * NULL: every sample has what is drawn. */
    const char *measure;
    const char *columns; /* the names of the numbers that `put` writes, with spaces between */
    /* Whether a cell has what is drawn; it is asked only of cells with samples whose lock is
     * ranked. */
    bool (*has)(const struct cell *cell);
    /* Writes the numbers of a cell, each with curves_put_number(). */
    void (*put)(FILE *data, const struct cell *cell);
    /* Its curves are against the readers' share of the acquisitions, of one number of threads: the
     * most that there are. */
    bool by_readers;
    /* Of a figure of distributions instead of `put`: it is drawn of one number of threads, the most
     * that do not share CPUs. Writes all blocks of a cell, each line with `first` (the threads, the
     * lock and the variant, as above) before its own numbers. */
    void (*put_distributions)(FILE *data, const struct cell *cell, const char *name,
                              const char *first);
    /* Of a figure of results that is not of curves against the number of threads, instead of the
     * four above: writes all data. Complains and returns EXIT_USAGE when there is nothing to draw.
     */
    enum exit_code (*put_records)(FILE *data, const struct records *files, size_t count);
    /* Of a figure that is not of results, instead of all that: reads the file of that name,
     * writes all data, the title and the number of CPUs. Complains and returns EXIT_USAGE when
     * there is nothing in the file to draw. */
    enum exit_code (*put_file)(FILE *data, const char *name, char *title, size_t title_size,
                               unsigned *cpus);
};

#endif
