/* How evenly the acquisitions of a window were spread over the threads. */
#ifndef BENCH_FAIRNESS_H
#define BENCH_FAIRNESS_H

#include <stddef.h>

/* Jain's index of x[0..n), n > 0: (sum x)^2 / (n * sum x^2), from 1/n (one has all) to 1 (all have
 * the same). NaN when nobody has anything.
 * R. Jain, D. Chiu and W. Hawe, DEC Research Report TR-301, 1984. */
double fairness_jain(const double *x, size_t n);

/* Relative standard deviation: that of the population over the mean; 0 is fair. NaN likewise. */
double fairness_rsd(const double *x, size_t n);

#endif
