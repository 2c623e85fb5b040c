#include "bench/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/pairs.h"

struct value {
    double x;
    bool is_second;
    unsigned rank; /* twice the mean rank of all that are equal: a whole number */
};

static int compare_values(const void *a, const void *b)
{
    double x = ((const struct value *)a)->x, y = ((const struct value *)b)->x;
    return (x > y) - (x < y);
}

/* The values of both sides, sorted and ranked; sum of t^3 - t over groups of t ties in `*ties`. */
static struct value *rank_values(const double *first, size_t n, const double *second, size_t m,
                                 double *ties)
{
    struct value *values = allocate_array(n + m, sizeof *values);

    for (size_t i = 0; i < n + m; i++)
        values[i] = (struct value){i < n ? first[i] : second[i - n], i >= n, 0};
    qsort(values, n + m, sizeof *values, compare_values);
    *ties = 0;
    for (size_t from = 0, to; from < n + m; from = to) {
        for (to = from + 1; to < n + m && values[to].x == values[from].x; to++)
            ;
        double t = (double)(to - from);
        *ties += t * t * t - t;
        for (size_t i = from; i < to; i++)
            values[i].rank = (unsigned)(from + 1 + to);
    }
    return values;
}

/* In how many ways `chosen` of the `count` values have each sum of (doubled) ranks: the shift
 * algorithm of B. Streitberg and J. Rohmel, Statistical Software Newsletter 12, 1986. A new array
 * up to the sum of all, which is stored. Numbers of ways are only added up, so that as doubles they
 * are good to 13 digits. */
static double *count_ways(const struct value *values, size_t count, size_t chosen, size_t *sum)
{
    size_t so_far = 0;

    *sum = 0;
    for (size_t i = 0; i < count; i++)
        *sum += values[i].rank;
    size_t width = *sum + 1;
    double *ways = allocate_array((chosen + 1) * width, sizeof *ways);
    ways[0] = 1;
    for (size_t i = 0; i < count; i++) {
        unsigned rank = values[i].rank;
        so_far += rank;
        for (size_t k = i + 1 < chosen ? i + 1 : chosen; k > 0; k--) {
            for (size_t s = so_far; s >= rank; s--)
                ways[k * width + s] += ways[(k - 1) * width + s - rank];
        }
    }
    memmove(ways, ways + chosen * width, width * sizeof *ways);
    return ways;
}

static double sum_of(const double *x, size_t from, size_t to)
{
    double sum = 0;

    for (size_t i = from; i < to; i++)
        sum += x[i];
    return sum;
}

static double twice_the_smaller(double below, double above)
{
    double p = 2 * fmin(below, above);

    return p < 1 ? p : 1;
}

/* Either side tells the whole story; the smaller one is counted faster. */
static double exact_p(const struct value *values, size_t n, size_t m)
{
    bool second = m <= n;
    size_t observed = 0, sum;
    double *ways = count_ways(values, n + m, second ? m : n, &sum);

    for (size_t i = 0; i < n + m; i++)
        observed += values[i].is_second == second ? values[i].rank : 0;
    double all = sum_of(ways, 0, sum + 1);
    double p = twice_the_smaller(sum_of(ways, 0, observed + 1) / all,
                                 sum_of(ways, observed, sum + 1) / all);
    free(ways);
    return p;
}

static double normal_p(double u, size_t n, size_t m, double ties)
{
    double pairs = (double)n * (double)m, all = (double)(n + m);
    double variance = pairs / 12 * (all + 1 - ties / (all * (all - 1)));
    double distance = fabs(u - pairs / 2) - 0.5;

    return variance <= 0 || distance <= 0 ? 1 : erfc(distance / sqrt(2 * variance));
}

static bool is_exact(size_t n, size_t m)
{
    return n + m <= SIGNIFICANCE_EXACT_MOST;
}

/* Pairs in which the second value is larger, ties counted as half. */
static double u_of(const struct value *values, size_t n, size_t m)
{
    double ranks = 0;

    for (size_t i = 0; i < n + m; i++)
        ranks += values[i].is_second ? values[i].rank / 2.0 : 0;
    return ranks - (double)m * (double)(m + 1) / 2;
}

struct rank_test significance_rank_test(const double *first, size_t n, const double *second,
                                        size_t m)
{
    struct rank_test test = {NAN, NAN, is_exact(n, m)};
    double ties;

    if (n == 0 || m == 0)
        return test;
    struct value *values = rank_values(first, n, second, m, &ties);
    test.u = u_of(values, n, m);
    test.p = test.exact ? exact_p(values, n, m) : normal_p(test.u, n, m, ties);
    free(values);
    return test;
}

double significance_least_p(size_t n, size_t m)
{
    if (n == 0 || m == 0)
        return 1;
    double orders = lgamma((double)(n + m) + 1) - lgamma((double)n + 1) - lgamma((double)m + 1);
    return fmin(1, 2 * exp(-orders));
}

size_t significance_least_samples(size_t comparisons)
{
    size_t n = 1;

    while ((double)comparisons * significance_least_p(n, n) >= SIGNIFICANCE_LEVEL)
        n++;
    return n;
}

/* The largest rank k such that U is below k with a chance of at most half of the level: the k-th of
 * the sorted pairs from either end bounds the interval. 0: there is none. */
static size_t exact_rank(size_t n, size_t m, double *coverage)
{
    struct value *values = allocate_array(n + m, sizeof *values);
    size_t chosen = n < m ? n : m, sum, rank = 0, least = chosen * (chosen + 1);
    double below = 0;

    for (size_t i = 0; i < n + m; i++)
        values[i].rank = 2 * (unsigned)(i + 1);
    double *ways = count_ways(values, n + m, chosen, &sum);
    double all = sum_of(ways, 0, sum + 1);
    while (rank < n * m && (below + ways[least + 2 * rank]) / all <= SIGNIFICANCE_LEVEL / 2)
        below += ways[least + 2 * rank++];
    *coverage = 1 - 2 * below / all;
    free(ways);
    free(values);
    return rank;
}

static size_t normal_rank(size_t n, size_t m, double *coverage)
{
    double pairs = (double)n * (double)m;
    double deviation = sqrt(pairs * (double)(n + m + 1) / 12);
    double rank = floor(pairs / 2 + 0.5 - 1.959964 * deviation);

    if (rank < 1)
        return 0;
    *coverage = erf((pairs / 2 + 0.5 - rank) / deviation / sqrt(2));
    return (size_t)rank;
}

static bool are_above_zero(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0))
            return false;
    }
    return n > 0;
}

static double *sorted_logarithms(const double *values, size_t count)
{
    double *logarithms = allocate_array(count, sizeof *logarithms);

    for (size_t i = 0; i < count; i++)
        logarithms[i] = log(values[i]);
    statistics_sort(logarithms, count);
    return logarithms;
}

struct ratio significance_ratio(const double *first, size_t n, const double *second, size_t m)
{
    struct ratio ratio = {.estimate = NAN};
    double coverage = 0;

    if (!are_above_zero(first, n) || !are_above_zero(second, m))
        return ratio;
    double *x = sorted_logarithms(first, n), *y = sorted_logarithms(second, m);
    size_t middle = (n * m + 1) / 2;
    ratio.estimate =
        exp((pairs_select(x, n, y, m, middle) + pairs_select(x, n, y, m, n * m + 1 - middle)) / 2);
    size_t rank = is_exact(n, m) ? exact_rank(n, m, &coverage) : normal_rank(n, m, &coverage);
    ratio.has_interval = rank > 0;
    if (ratio.has_interval)
        ratio.interval =
            (struct interval){exp(pairs_select(x, n, y, m, rank)),
                              exp(pairs_select(x, n, y, m, n * m + 1 - rank)), coverage};
    free(x);
    free(y);
    return ratio;
}

double significance_cliffs_delta(const double *first, size_t n, const double *second, size_t m)
{
    double ties;

    if (n == 0 || m == 0)
        return NAN;
    struct value *values = rank_values(first, n, second, m, &ties);
    double u = u_of(values, n, m);
    free(values);
    return 2 * u / ((double)n * (double)m) - 1;
}

static int compare_p(const void *a, const void *b)
{
    double x = **(double *const *)a, y = **(double *const *)b;
    return (x > y) - (x < y);
}

void significance_holm(double *p, size_t count)
{
    double **order = allocate_array(count, sizeof *order);
    size_t known = 0;
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(p[i]))
            order[known++] = &p[i];
    }
    qsort(order, known, sizeof *order, compare_p);
    for (size_t i = 0; i < known; i++) {
        most = fmax(most, fmin(1, *order[i] * (double)(known - i)));
        *order[i] = most;
    }
    free(order);
}
