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

/* J. W. Tukey's outer fences (Exploratory Data Analysis, 1977, chapter 2): three times the spread
 * of the hinges, the medians of either half (with the middle one, of an odd number), beyond the
 * hinges. What lies outside is "far out". Of ten values of a normal distribution one or more does
 * in 3% of all cases; within his inner fences, at half the distance, that would be 20%. False with
 * fewer than six values of x[0..n), sorted upwards, or without a spread. */
bool statistics_fences(const double *x, size_t n, double *low, double *high);

#endif
