/* Tests of significance against published tables, against counting out every case, and against an
 * independent implementation. */
#include "tests/unit/unit.h"

#include <math.h>
#include <sys/resource.h>

#include "config.h"

#ifdef HAVE_RMATH
#define MATHLIB_STANDALONE
#include <Rmath.h>
#endif

#include "bench/pairs.h"
#include "bench/random.h"
#include "bench/significance.h"

/* Values 1 to n+m dealt out so that the second side has that U, which is at most n*m. */
static void deal(size_t n, size_t m, size_t u, double *first, double *second)
{
    size_t f = 0;

    /* The j-th of the second side from above gets as many below it as are still wanted. */
    for (size_t j = m; j > 0; j--) {
        size_t below = u < n ? u : n;
        second[j - 1] = (double)(below + j);
        u -= below;
    }
    for (size_t value = 1; value <= n + m; value++) {
        bool taken = false;
        for (size_t j = 0; j < m; j++)
            taken = taken || second[j] == (double)value;
        if (!taken)
            first[f++] = (double)value;
    }
}

static double p_of(size_t n, size_t m, size_t u)
{
    double first[100], second[100];

    deal(n, m, u, first, second);
    struct rank_test test = significance_rank_test(first, n, second, m);
    assert_true(test.exact);
    assert_float_equal(test.u, u, 0);
    return test.p;
}

/* Critical values of U, two-sided (Mann and Whitney's table as it stands in Siegel, Nonparametric
 * Statistics, table K, and in most books since): the largest U that is significant at the level. */
static void critical_values(void **state)
{
    static const struct {
        size_t n, m, at_5, at_1;
    } table[] = {
        {5, 5, 2, 0},     {6, 6, 5, 2},     {7, 7, 8, 4},     {8, 8, 13, 7},
        {9, 9, 17, 11},   {5, 8, 6, 2},     {10, 10, 23, 16}, {10, 15, 39, 29},
        {12, 12, 37, 27}, {10, 20, 55, 42}, {15, 15, 64, 51}, {20, 20, 127, 105},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = table[i].n, m = table[i].m;
        assert_true(p_of(n, m, table[i].at_5) <= 0.05);
        assert_true(p_of(n, m, table[i].at_5 + 1) > 0.05);
        assert_true(p_of(n, m, table[i].at_1) <= 0.01);
        assert_true(p_of(n, m, table[i].at_1 + 1) > 0.01);
        assert_float_equal(p_of(n, m, table[i].at_5), p_of(n, m, n * m - table[i].at_5), 1e-12);
    }
}

static double pairs_above(const double *first, size_t n, const double *second, size_t m)
{
    double u = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++)
            u += second[j] > first[i] ? 1 : second[j] == first[i] ? 0.5 : 0;
    }
    return u;
}

/* The conditional p by dealing the values out in every way there is. */
static double enumerated_p(const double *first, size_t n, const double *second, size_t m)
{
    double all[16], a[16], b[16], observed = pairs_above(first, n, second, m);
    double below = 0, above = 0, ways = 0;

    memcpy(all, first, n * sizeof *all);
    memcpy(all + n, second, m * sizeof *all);
    for (unsigned deal = 0; deal < 1U << (n + m); deal++) {
        size_t f = 0, s = 0;
        if ((size_t)__builtin_popcount(deal) != m)
            continue;
        for (size_t i = 0; i < n + m; i++) {
            if ((deal >> i & 1) != 0)
                b[s++] = all[i];
            else
                a[f++] = all[i];
        }
        double u = pairs_above(a, n, b, m);
        below += u <= observed;
        above += u >= observed;
        ways++;
    }
    return fmin(1, 2 * fmin(below, above) / ways);
}

/* Small whole numbers, so that nearly every draw has ties. */
static void ties_are_exact(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (int turn = 0; turn < 300; turn++) {
        double first[6], second[6];
        size_t n = 1 + random_below(&random, 6), m = 1 + random_below(&random, 6);
        for (size_t i = 0; i < n; i++)
            first[i] = (double)random_below(&random, 4);
        for (size_t i = 0; i < m; i++)
            second[i] = (double)random_below(&random, 5);
        struct rank_test test = significance_rank_test(first, n, second, m);
        assert_float_equal(test.p, enumerated_p(first, n, second, m), 1e-12);
        assert_float_equal(test.u, pairs_above(first, n, second, m), 0);
        assert_float_equal(significance_cliffs_delta(first, n, second, m),
                           2 * test.u / (double)(n * m) - 1, 1e-12);
    }
}

/* On both sides of the limit the two ways agree to what the approximation is good for. */
static void many_values(void **state)
{
    double first[51], second[51];
    uint64_t random = 7;

    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        for (size_t i = 0; i < 51; i++) {
            first[i] = (double)random_below(&random, 40);
            second[i] = (double)random_below(&random, 40) + turn % 8;
        }
        struct rank_test exact = significance_rank_test(first, 50, second, 50);
        struct rank_test normal = significance_rank_test(first, 51, second, 50);
        assert_true(exact.exact);
        assert_false(normal.exact);
        /* One value more moves p besides; 51 copies of it would not. */
        assert_float_equal(log10(exact.p), log10(normal.p), 0.25);
    }
}

static void nothing_to_tell(void **state)
{
    static const double same[] = {2, 2, 2, 2}, one[] = {1}, zero[] = {0, 1, 2, 3};
    double many[60];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        many[i] = 3;
    assert_float_equal(significance_rank_test(same, 4, same, 4).p, 1, 0);
    assert_float_equal(significance_rank_test(many, 60, many, 60).p, 1, 0);
    assert_float_equal(significance_rank_test(one, 1, one, 1).p, 1, 0);
    assert_true(isnan(significance_rank_test(one, 0, one, 1).p));
    assert_true(isnan(significance_cliffs_delta(one, 1, one, 0)));
    assert_true(isnan(significance_ratio(zero, 4, same, 4).estimate));
    assert_true(isnan(significance_ratio(same, 4, same, 0).estimate));
    assert_false(significance_ratio(same, 3, same, 3).has_interval);
}

/* Against the list of all pairs, sorted: small whole numbers, which make many ties, and others. */
static void pairs_are_selected(void **state)
{
    uint64_t random = 11;

    (void)state;
    for (int turn = 0; turn < 400; turn++) {
        double x[40], y[40], all[1600];
        size_t n = 1 + random_below(&random, 40), m = 1 + random_below(&random, 40);
        uint64_t most = turn % 2 == 0 ? 6 : 1000000000;
        for (size_t i = 0; i < n; i++)
            x[i] = (double)random_below(&random, most) / 7;
        for (size_t i = 0; i < m; i++)
            y[i] = (double)random_below(&random, most) / 7;
        statistics_sort(x, n);
        statistics_sort(y, m);
        for (size_t i = 0; i < n * m; i++)
            all[i] = y[i % m] - x[i / m];
        statistics_sort(all, n * m);
        for (size_t rank = 1; rank <= n * m; rank += 1 + n * m / 50)
            assert_float_equal(pairs_select(x, n, y, m, rank), all[rank - 1], 0);
        assert_float_equal(pairs_select(x, n, y, m, n * m), all[n * m - 1], 0);
    }
}

/* As many repetitions as there may be: the pairs themselves would be 800 MB. */
static void most_repetitions(void **state)
{
    enum { most = 10000 };
    double *first = calloc(most, sizeof *first), *second = calloc(most, sizeof *second);
    struct rusage before, after;
    uint64_t random = 12;

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    for (size_t i = 0; i < most; i++) {
        first[i] = 1000 + (double)random_below(&random, 1000000) / 1000;
        second[i] = 2 * (1000 + (double)random_below(&random, 1000000) / 1000);
    }
    getrusage(RUSAGE_SELF, &before);
    struct ratio ratio = significance_ratio(first, most, second, most);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 100 * 1024); /* in kilobytes */
    assert_float_equal(ratio.estimate, 2, 0.03);
    assert_true(ratio.interval.low < ratio.estimate && ratio.estimate < ratio.interval.high);
    assert_true(ratio.interval.high - ratio.interval.low < 0.06);
    assert_true(significance_cliffs_delta(first, most, second, most) > 0.9);
    free(first);
    free(second);
}

/* 2 / C(n+m, n): 1/126 with five and five, 1/92378 with ten and ten. */
static void least_p(void **state)
{
    (void)state;
    assert_float_equal(significance_least_p(5, 5), 2.0 / 252, 1e-12);
    assert_float_equal(significance_least_p(10, 10), 2.0 / 184756, 1e-15);
    assert_float_equal(significance_least_p(3, 3), 0.1, 1e-12);
    assert_float_equal(significance_least_p(1, 1), 1, 0);
    assert_float_equal(significance_least_p(0, 9), 1, 0);
    assert_float_equal(significance_least_p(7, 4), p_of(7, 4, 0), 1e-12);
    assert_int_equal(significance_least_samples(1), 4);
    assert_int_equal(significance_least_samples(6), 5);
    assert_int_equal(significance_least_samples(7), 6);
    assert_int_equal(significance_least_samples(40), 7);
}

/* Permeability constants of the human placenta at term and between 12 to 26 weeks, the data of
 * table 4.1 in Hollander and Wolfe, Nonparametric Statistical Methods; p (one-sided 0.1272) and, on
 * differences, estimate 0.305 and interval [-0.15, 0.76] as R's wilcox.test() gives them. Its
 * exponentials have these as logarithms of ratios. */
static void known_example(void **state)
{
    double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};

    (void)state;
    assert_float_equal(significance_rank_test(y, 5, x, 10).u, 35, 0);
    assert_float_equal(significance_rank_test(y, 5, x, 10).p, 0.2544, 5e-5);
    for (size_t i = 0; i < 10; i++)
        x[i] = exp(x[i]);
    for (size_t i = 0; i < 5; i++)
        y[i] = exp(y[i]);
    struct ratio ratio = significance_ratio(y, 5, x, 10);
    assert_float_equal(log(ratio.estimate), 0.305, 1e-9);
    assert_true(ratio.has_interval);
    assert_float_equal(log(ratio.interval.low), -0.15, 1e-9);
    assert_float_equal(log(ratio.interval.high), 0.76, 1e-9);
    assert_true(ratio.interval.coverage >= 0.95 && ratio.interval.coverage < 0.97);
}

/* An interval holds 1 just when the test finds no difference. */
static void interval_and_test_agree(void **state)
{
    uint64_t random = 3;
    unsigned differ = 0;

    (void)state;
    for (int turn = 0; turn < 500; turn++) {
        double first[12], second[12];
        size_t n = 4 + random_below(&random, 9), m = 4 + random_below(&random, 9);
        for (size_t i = 0; i < n; i++)
            first[i] = 1000 + (double)random_below(&random, 1000000) / 1000;
        for (size_t i = 0; i < m; i++)
            second[i] = 1300 + (double)random_below(&random, 1000000) / 1000;
        struct rank_test test = significance_rank_test(first, n, second, m);
        struct ratio ratio = significance_ratio(first, n, second, m);
        assert_true(ratio.has_interval);
        assert_true(ratio.interval.low <= ratio.estimate);
        assert_true(ratio.interval.high >= ratio.estimate);
        bool holds_1 = ratio.interval.low <= 1 && ratio.interval.high >= 1;
        assert_int_equal(holds_1, test.p > SIGNIFICANCE_LEVEL);
        differ += !holds_1;
    }
    assert_true(differ > 50 && differ < 450);
}

/* 51 and 50 values are beyond what is counted out. */
static void interval_of_many(void **state)
{
    double first[51], second[50];

    (void)state;
    for (size_t i = 0; i < 51; i++)
        first[i] = exp((double)i);
    for (size_t i = 0; i < 50; i++)
        second[i] = exp((double)i + 0.5);
    struct ratio ratio = significance_ratio(first, 51, second, 50);
    assert_true(ratio.has_interval);
    assert_float_equal(log(ratio.estimate), 0, 0.51);
    assert_true(ratio.interval.coverage > 0.9490 && ratio.interval.coverage < 0.9515);
    /* 14.6 is the standard deviation of the values: 1.96 * 14.6 * sqrt(2 / 50). */
    assert_float_equal(log(ratio.interval.high), 6, 1.1);
    assert_float_equal(log(ratio.interval.low), -6, 1.1);
}

/* The example of Holm's procedure in most textbooks: 0.01, 0.04, 0.03, 0.005 of four. */
static void holm(void **state)
{
    double p[] = {0.01, 0.04, NAN, 0.03, 0.005}, none[] = {NAN}, large[] = {0.5, 0.9, 0.6};

    (void)state;
    significance_holm(p, 5);
    assert_float_equal(p[0], 0.03, 1e-12);
    assert_float_equal(p[1], 0.06, 1e-12);
    assert_true(isnan(p[2]));
    assert_float_equal(p[3], 0.06, 1e-12);
    assert_float_equal(p[4], 0.02, 1e-12);
    significance_holm(none, 1);
    assert_true(isnan(none[0]));
    significance_holm(large, 3);
    assert_float_equal(large[0], 1, 0);
    assert_float_equal(large[1], 1, 0);
}

#ifdef HAVE_RMATH

/* Every U of every size up to 12, and some of larger ones. */
static void p_as_in_r(void **state)
{
    static const size_t sizes[][2] = {{20, 20}, {7, 30}, {35, 35}, {49, 51}, {1, 99}};

    (void)state;
    for (size_t n = 1; n <= 12; n++) {
        for (size_t m = 1; m <= 12; m++) {
            for (size_t u = 0; 2 * u <= n * m; u++)
                assert_float_equal(p_of(n, m, u), fmin(1, 2 * pwilcox(u, n, m, 1, 0)), 1e-12);
        }
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i][0], m = sizes[i][1];
        for (size_t u = 0; 2 * u <= n * m; u += 1 + n * m / 40) {
            double p = fmin(1, 2 * pwilcox(u, n, m, 1, 0));
            assert_float_equal(p_of(n, m, u) / p, 1, 1e-9);
        }
        wilcox_free();
    }
}

/* As wilcox.test() takes its exact interval: the qwilcox-th pair from either end. */
static void interval_as_in_r(void **state)
{
    double first[30], second[30], pairs[900];
    uint64_t random = 5;

    (void)state;
    for (size_t n = 4; n <= 30; n += 3) {
        for (size_t m = 4; m <= 30; m += 2) {
            for (size_t i = 0; i < n; i++)
                first[i] = 1 + (double)random_below(&random, 1000000);
            for (size_t i = 0; i < m; i++)
                second[i] = 1 + (double)random_below(&random, 1000000);
            for (size_t i = 0; i < n * m; i++)
                pairs[i] = second[i % m] / first[i / m];
            statistics_sort(pairs, n * m);
            struct ratio ratio = significance_ratio(first, n, second, m);
            size_t rank = (size_t)qwilcox(0.025, n, m, 1, 0);
            assert_true(ratio.has_interval);
            assert_float_equal(ratio.interval.low / pairs[rank - 1], 1, 1e-9);
            assert_float_equal(ratio.interval.high / pairs[n * m - rank], 1, 1e-9);
            assert_float_equal(ratio.interval.coverage,
                               1 - 2 * pwilcox((double)rank - 1, n, m, 1, 0), 1e-12);
            wilcox_free();
        }
    }
}

#else

static void skip_without_r(void **state)
{
    (void)state;
    print_message("# libRmath was not found by configure: install r-mathlib\n");
    skip();
}
#define p_as_in_r        skip_without_r
#define interval_as_in_r skip_without_r

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values),
        cmocka_unit_test(ties_are_exact),
        cmocka_unit_test(many_values),
        cmocka_unit_test(nothing_to_tell),
        cmocka_unit_test(pairs_are_selected),
        cmocka_unit_test(most_repetitions),
        cmocka_unit_test(least_p),
        cmocka_unit_test(known_example),
        cmocka_unit_test(interval_and_test_agree),
        cmocka_unit_test(interval_of_many),
        cmocka_unit_test(holm),
        cmocka_unit_test(p_as_in_r),
        cmocka_unit_test(interval_as_in_r),
    };
    return cmocka_run_group_tests_name("significance", tests, NULL, NULL);
}
