/* The differences of all pairs of two sides, without a list of them: of 10,000 and 10,000 values
 * that would be 800 MB. */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include <stddef.h>

/* The rank-th smallest, from 1 to n * m, of the differences y[j] - x[i]; both sorted upwards, n and
 * m above 0. Memory for n + m values, time in proportion to (n + m) log(n + m) and the logarithm of
 * what is left. By D. B. Johnson and T. Mizoguchi, SIAM Journal on Computing 7, 1978. */
double pairs_select(const double *x, size_t n, const double *y, size_t m, size_t rank);

#endif
