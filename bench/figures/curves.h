/* What figures of curves against the number of threads share: which curves there are, their names,
 * and what they look like. */
#ifndef BENCH_FIGURES_CURVES_H
#define BENCH_FIGURES_CURVES_H

#include <stdio.h>

#include "bench/figures/kind.h"
#include "bench/summary.h"

/* Writes a block a curve, in the order of the plan, for gnuplot: its name in quotes and the names
 * of the columns, then for each number of threads, upwards, a line of it, the number of the lock
 * (its colour, from 0), the number of the variant (whatever else tells curves of one lock apart:
 * its dashes and points, from 0), and the kind's own numbers. Locks that are out of the ranking are
 * not drawn. Returns how many curves there are. */
unsigned curves_put(FILE *data, const struct summary *summary, const struct figure_kind *kind);

/* Whether it is of those that figures draw, if they have their numbers: with samples, of a lock
 * that is ranked. */
bool curves_may_have(const struct cell *cell);

/* Of a figure of distributions, the number of threads that it is drawn of: the most of any cell
 * that has a CPU for each; if there is none, the fewest. Only where curves_any(). */
unsigned curves_threads(const struct summary *summary, const struct figure_kind *kind);

/* Whether there is a curve. */
bool curves_any(const struct summary *summary, const struct figure_kind *kind);

/* A number, or, if it is NaN, what gnuplot is told to pass over; with a space before it. */
void curves_put_number(FILE *data, double value);

#endif
