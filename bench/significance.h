/* Whether two sets of repetitions differ, and by how much; by ranks, so that nothing is assumed of
 * their distributions. None of the functions needs its samples sorted. */
#ifndef BENCH_SIGNIFICANCE_H
#define BENCH_SIGNIFICANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/statistics.h"

/* Below this a p says that two cells differ; intervals cover the rest. */
#define SIGNIFICANCE_LEVEL 0.05

/* With at most so many values on both sides together the distribution of the ranks is counted out;
 * beyond, it is taken for normal. */
enum { SIGNIFICANCE_EXACT_MOST = 100 };

struct rank_test {
    double u;   /* pairs in which the second value is larger, ties counted as half */
    double p;   /* two-sided: twice the smaller tail, at most 1; NaN when a side has no value */
    bool exact; /* the p is; else normal, corrected for ties and for continuity */
};

/* The test of H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18, 1947, of
 * first[0..n) against second[0..m). With ties the exact p is conditional on them: of all ways to
 * deal these values out to sides of these sizes, the part that is as extreme. */
struct rank_test significance_rank_test(const double *first, size_t n, const double *second,
                                        size_t m);

/* The least p that sides of n and m values can reach, when all of one are above all of the other;
 * 1 when a side is empty. */
double significance_least_p(size_t n, size_t m);

/* The least number of values on each side with which one of `comparisons` can ever be significant
 * after Holm's adjustment, if all differ as much. */
size_t significance_least_samples(size_t comparisons);

struct ratio {
    double estimate; /* NaN when a value is not above 0, or a side is empty */
    bool has_interval;
    struct interval interval; /* 95% or more, not adjusted for many comparisons */
};

/* How many times larger the second side is: the median of the ratios of all pairs (J. L. Hodges and
 * E. L. Lehmann, Annals of Mathematical Statistics 34, 1963, on logarithms). The interval is made
 * of those ratios whose ranks the distribution of U gives: exact where that is, conservative with
 * ties. There is none where even the widest covers less than 95%, as with 3 and 3 values. */
struct ratio significance_ratio(const double *first, size_t n, const double *second, size_t m);

/* N. Cliff, Psychological Bulletin 114, 1993: the part of pairs in which the second is larger, less
 * the part in which it is smaller; from -1 to 1. NaN when a side is empty. */
double significance_cliffs_delta(const double *first, size_t n, const double *second, size_t m);

/* S. Holm, Scandinavian Journal of Statistics 6, 1979: adjusts p[0..count), all of one family, so
 * that each may be held against the level. NaN is left alone and does not count. */
void significance_holm(double *p, size_t count);

#endif
