/* What figures of curves share: which curves there are, their names,
 * and what they look like. */
#ifndef BENCH_FIGURES_CURVES_H
#define BENCH_FIGURES_CURVES_H

#include <stdio.h>

#include "bench/figures/kind.h"
#include "bench/summary.h"

/* Writes a block a curve, in the order of the plan, for gnuplot: its name in quotes and the names
 * of the columns, then for each number of threads, or each share of readers, upwards, a line of it,
 * the number of the lock (its colour, from 0), the number of the variant (whatever else tells
 * curves of one lock apart: its dashes and points, from 0), and the kind's own numbers. Locks that
 * are out of the ranking are not drawn. `threads` is what curves_threads() says. Returns how many
 * curves there are. */
unsigned curves_put(FILE *data, const struct summary *summary, const struct figure_kind *kind,
                    unsigned threads);

/* Of which number of threads such a figure is, unless another is asked for; 0: of all. */
unsigned curves_threads(const struct summary *summary, const struct figure_kind *kind);

/* Whether the figure is of one number of threads. */
bool curves_of_one_number(const struct figure_kind *kind);

/* Whether the cell stands in the figure of that number of threads, 0 for all. */
bool curves_have(const struct figure_kind *kind, unsigned threads, const struct cell *cell);

/* Whether it is of those that figures draw, if they have their numbers: with samples, of a lock
 * that is ranked. */
bool curves_may_have(const struct cell *cell);

/* Whether there is a curve. */
bool curves_any(const struct summary *summary, const struct figure_kind *kind, unsigned threads);

/* Of a figure against the share of readers: whether there is a curve of more than one. */
bool curves_any_of_shares(const struct summary *summary, const struct figure_kind *kind,
                          unsigned threads);

/* A number, or, if it is NaN, what gnuplot is told to pass over; with a space before it. */
void curves_put_number(FILE *data, double value);

/* Of figures of the throughput: whether a cell has it; and writes it with its interval. */
bool curves_have_throughput(const struct cell *cell);
void curves_put_throughput(FILE *data, const struct cell *cell);

#endif
