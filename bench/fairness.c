#include "bench/fairness.h"

#include <math.h>

static double sum(const double *x, size_t n)
{
    double all = 0;

    for (size_t i = 0; i < n; i++)
        all += x[i];
    return all;
}

double fairness_jain(const double *x, size_t n)
{
    double all = sum(x, n), squares = 0;

    if (all == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return all * all / ((double)n * squares);
}

double fairness_rsd(const double *x, size_t n)
{
    double mean = sum(x, n) / (double)n, squares = 0;

    if (mean == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)n) / mean;
}
