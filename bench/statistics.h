/* Central values and intervals of a handful of repetitions. */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts x[0..n) upwards. */
void statistics_sort(double *x, size_t n);

/* Median of x[0..n), sorted upwards, n > 0: the mean of the two in the middle when n is even. */
double statistics_median(const double *x, size_t n);

struct interval {
    double low, high;
    double coverage; /* exact, whatever the distribution */
};

/* The narrowest interval [x_r, x_(n+1-r)] of order statistics of x[0..n), sorted upwards, that
 * covers the median with at least 95%: for n = 10 it is [x_2, x_9], 97.9%. False for n < 6, where
 * there is none. */
bool statistics_median_interval(const double *x, size_t n, struct interval *interval);

#endif
