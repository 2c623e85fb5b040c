#include "bench/statistics.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void statistics_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare_doubles);
}

double statistics_median(const double *x, size_t n)
{
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* The r-th order statistic from below lies above the median when fewer than r values lie below it,
 * and the number below is binomial (n, 1/2). In logarithms, so that a large n does not overflow. */
static double chance_of_fewer_below(size_t r, size_t n)
{
    double chance = 0;

    for (size_t k = 0; k < r; k++)
        chance += exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
                      (double)n * log(2));
    return chance;
}

bool statistics_median_interval(const double *x, size_t n, struct interval *interval)
{
    size_t rank = 0;

    while (rank + 1 <= n / 2 && 1 - 2 * chance_of_fewer_below(rank + 1, n) >= 0.95)
        rank++;
    if (rank == 0)
        return false;
    *interval = (struct interval){x[rank - 1], x[n - rank], 1 - 2 * chance_of_fewer_below(rank, n)};
    return true;
}

bool statistics_fences(const double *x, size_t n, double *low, double *high)
{
    size_t half = (n + 1) / 2;

    if (n < 6)
        return false;
    double lower = statistics_median(x, half), upper = statistics_median(x + n - half, half);
    *low = lower - 3 * (upper - lower);
    *high = upper + 3 * (upper - lower);
    return upper > lower;
}
