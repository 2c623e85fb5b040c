/* How evenly the acquisitions of a window were spread over the threads. */
#ifndef BENCH_FAIRNESS_H
#define BENCH_FAIRNESS_H

#include <jansson.h>
#include <stddef.h>

/* All are of x[0..n), n > 0, none of them negative, sorted upwards, and NaN when nobody has
 * anything. */

/* Jain's index: (sum x)^2 / (n * sum x^2), from 1/n (one has all) to 1 (all have the same).
 * R. Jain, D. Chiu and W. Hawe, DEC Research Report TR-301, 1984. */
double fairness_jain(const double *x, size_t n);

/* Relative standard deviation: that of the population over the mean, from 0 to sqrt(n - 1). */
double fairness_rsd(const double *x, size_t n);

/* Gini's coefficient: the mean difference of two threads over twice the mean, from 0 to 1 - 1/n.
 */
double fairness_gini(const double *x, size_t n);

/* Theil's index: the mean of x/mean * ln(x/mean), from 0 to ln n. */
double fairness_theil(const double *x, size_t n);

/* What the busiest half of the threads has of all, from 0.5 to 1; of an odd number, the one in the
 * middle belongs to it by half.
 * D. Dice and A. Kogan, "Compact NUMA-aware Locks", EuroSys 2019. */
double fairness_top_half(const double *x, size_t n);

/* Adds to a sample, from its `acquisitions`, each of these that it has not, under its name: `jain`,
 * `rsd`, `gini`, `theil`, `top_half`; null, with a reason, where there is nothing to tell of. */
void fairness_add(json_t *sample);

#endif
