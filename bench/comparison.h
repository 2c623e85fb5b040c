/* What changed between two results files, cell by cell, and what of it is more than chance. */
#ifndef BENCH_COMPARISON_H
#define BENCH_COMPARISON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/drift.h"
#include "bench/records.h"
#include "bench/sample_cells.h"
#include "bench/significance.h"

enum verdict { VERDICT_NONE, VERDICT_BETTER, VERDICT_WORSE };

struct compared_side {
    size_t samples;    /* that count */
    size_t unfit;      /* windows that are unfit; they are left out, */
    bool unfit_count;  /* unless no window of this side is fit, or all were asked for */
    double median;     /* NaN without samples */
    bool has_interval; /* 95%, of the median; false with fewer than six samples */
    struct interval interval;
    size_t violations;
};

struct compared_cell {
    const json_t *identity; /* as in BASE */
    size_t file;            /* which NEW it is of, from 1 */
    struct measure measure;
    struct compared_side base, new;
    struct ratio ratio; /* NEW over BASE */
    struct rank_test test;
    double cliffs_delta;
    double p;       /* Holm's, over all cells of the comparison; NaN when a side has no value */
    bool too_small; /* no difference could ever be significant with so few samples */
    enum verdict verdict;
    bool beyond; /* worse by more than the threshold */
};

struct comparison {
    const struct records *files; /* BASE first */
    size_t files_count;
    struct sample_cells *sides;  /* of each file */
    struct compared_cell *cells; /* file by file, each in the order of BASE's cells */
    size_t count;
    bool all_windows;                   /* unfit ones were asked for */
    double threshold;                   /* a part, as 0.05; NaN without one */
    struct drift *drifts;               /* of each file */
    json_t *only_in_base, *only_in_new; /* identities, each with the name of the NEW `file` */
};

/* How files are compared. */
struct comparison_settings {
    double threshold;    /* a part, as 0.05; NaN without one */
    const char *measure; /* NULL: what cells are usually compared by */
    struct sample_cells_settings cells;
};

/* Compares every other file with the first. A cell is worse beyond the threshold when its verdict
 * is and its ratio is below 1 - threshold, or, where less is better, above 1 + threshold. The files
 * must outlive the comparison. */
struct comparison comparison_make(const struct records *files, size_t files_count,
                                  const struct comparison_settings *settings);
void comparison_free(struct comparison *comparison);

/* Whether the cell at `at` is the first one of its file with its measure. */
bool comparison_begins_measure(const struct comparison *comparison, size_t at);

/* The geometric mean of the ratios of one NEW file's cells with that measure, and how many have
 * one; NaN when none has. */
double comparison_mean(const struct comparison *comparison, size_t file, const char *measure,
                       size_t *count);

/* Writes what is different about the machines of two files, on which a comparison of locks depends:
 * `cpu_model: AMD EPYC, AMD Ryzen; smt: ...`. Returns false when nothing is. */
bool comparison_machines_differ(const struct records *base, const struct records *new, char *text,
                                size_t size);

enum alternation {
    ALTERNATION_NEEDLESS, /* a simulated machine does not drift */
    ALTERNATION_FOUND,
    ALTERNATION_MISSING, /* one file was measured, then the other */
    ALTERNATION_UNKNOWN, /* the samples do not say when they were measured */
};

/* Whether the repetitions of each cell were measured by turns, so that whatever else the machine
 * did met both files alike: judged by how often, in the order of time, a sample of one file follows
 * one of the other. Less than half as often as after shuffling is no alternation; one sample a cell
 * does not tell. */
enum alternation comparison_alternation(const struct comparison *comparison, size_t file);

/* "faster", "slower", of what is neither a rate nor a time "better", "worse"; "~" for no verdict.
 * In capitals when it is beyond the threshold. */
const char *comparison_verdict(const struct compared_cell *cell);

/* {"cells": [...], ...}; the caller owns it. Numbers that there are not are null. */
json_t *comparison_to_json(const struct comparison *comparison);

#endif
