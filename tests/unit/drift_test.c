/* The test against trend, against published tables and against counting out every order; and drifts
 * of files made by hand. */
#include "tests/unit/unit.h"

#include <math.h>

#include "config.h"

#ifdef HAVE_RMATH
#define MATHLIB_STANDALONE
#include <Rmath.h>
#endif

#include "bench/drift.h"
#include "bench/random.h"

/* Of a series of 1 to n with that balance. */
static struct trend trend_of(size_t n, int s)
{
    struct drift_value values[64];
    size_t wrong = (n * (n - 1) / 2 - (size_t)s) / 2;
    double left[64];

    for (size_t i = 0; i < n; i++)
        left[i] = (double)i + 1;
    for (size_t i = 0; i < n; i++) {
        /* The k-th smallest of what is left comes before k smaller ones. */
        size_t count = n - i, k = wrong < count - 1 ? wrong : count - 1;
        values[i] = (struct drift_value){0, left[k]};
        wrong -= k;
        memmove(left + k, left + k + 1, (count - k - 1) * sizeof *left);
    }
    struct trend trend = drift_test(values, n, 1);
    assert_float_equal(trend.s, s, 0);
    return trend;
}

/* One-sided chances of a balance of s or more: the table in Kendall, Rank Correlation Methods, as
 * it stands in Gilbert, Statistical Methods for Environmental Pollution Monitoring, table A18. */
static void published_chances(void **state)
{
    static const struct {
        size_t n;
        int s;
        double p;
    } table[] = {
        {4, 4, 0.167},    {4, 6, 0.042},    {5, 6, 0.117},    {5, 8, 0.042},    {5, 10, 0.0083},
        {8, 10, 0.138},   {8, 16, 0.031},   {8, 18, 0.016},   {8, 20, 0.0071},  {8, 24, 0.00087},
        {10, 11, 0.190},  {10, 19, 0.054},  {10, 21, 0.036},  {10, 23, 0.023},  {10, 25, 0.014},
        {10, 27, 0.0083}, {10, 29, 0.0046}, {10, 31, 0.0023}, {10, 33, 0.0011}, {10, 35, 0.00047},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct trend trend = trend_of(table[i].n, table[i].s);
        assert_true(trend.exact);
        assert_float_equal(trend.p / 2, table[i].p, table[i].p < 0.01 ? 5e-5 : 5e-4);
    }
    assert_float_equal(trend_of(5, 0).p, 1, 0);
}

static double balance(const double *x, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++)
            s += (x[j] > x[i]) - (x[j] < x[i]);
    }
    return s;
}

/* Adds up, over all orders of the values from `from` on, how often the balance is how large. */
static void enumerate(double *x, size_t n, size_t from, double *counts)
{
    if (from == n) {
        counts[(int)balance(x, n) + 16]++;
        return;
    }
    for (size_t i = from; i < n; i++) {
        double kept = x[from];
        x[from] = x[i];
        x[i] = kept;
        enumerate(x, n, from + 1, counts);
        x[i] = x[from];
        x[from] = kept;
    }
}

/* Two groups of different sizes, far apart: the chance of their sum by every order of both. */
static void groups_are_added_up(void **state)
{
    double first[] = {3, 1, 2, 4}, second[] = {1000, 5000, 3000, 4000, 2000};
    double of_first[33] = {0}, of_second[33] = {0};
    uint64_t random = 2;

    (void)state;
    enumerate(first, 4, 0, of_first);
    enumerate(second, 5, 0, of_second);
    for (int turn = 0; turn < 50; turn++) {
        struct drift_value values[9];
        double p = 0;
        for (size_t i = 4; i-- > 1;) {
            size_t j = random_below(&random, i + 1);
            double kept = first[i];
            first[i] = first[j];
            first[j] = kept;
        }
        for (size_t i = 5; i-- > 1;) {
            size_t j = random_below(&random, i + 1);
            double kept = second[i];
            second[i] = second[j];
            second[j] = kept;
        }
        /* One among the other, as cells of a plan are. */
        for (size_t i = 0; i < 9; i++)
            values[i] = i % 2 == 1 ? (struct drift_value){0, first[i / 2]}
                                   : (struct drift_value){1, second[i / 2]};
        double s = balance(first, 4) + balance(second, 5);
        for (int a = -16; a <= 16; a++) {
            for (int b = -16; b <= 16; b++)
                p += abs(a + b) >= fabs(s) ? of_first[a + 16] * of_second[b + 16] : 0;
        }
        struct trend trend = drift_test(values, 9, 2);
        assert_true(trend.exact);
        assert_float_equal(trend.s, s, 0);
        assert_float_equal(trend.pairs, 16, 0);
        assert_int_equal(trend.groups, 2);
        assert_float_equal(trend.p, p / (24 * 120), 1e-12);
    }
}

/* The variance with ties is that of every order of them: 2 2 2 3 3 4, 720 ways. */
static void ties_are_allowed_for(void **state)
{
    double x[] = {2, 2, 2, 3, 3, 4}, counts[33] = {0}, variance = 0;
    struct drift_value values[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        values[i] = (struct drift_value){0, x[i]};
    enumerate(x, 6, 0, counts);
    for (int s = -16; s <= 16; s++)
        variance += (double)s * s * counts[s + 16] / 720;
    struct trend trend = drift_test(values, 6, 1);
    assert_false(trend.exact);
    assert_float_equal(trend.s, 11, 0);
    assert_float_equal(trend.p, erfc((11 - 1) / sqrt(2 * variance)), 1e-12);
}

static void nothing_to_tell(void **state)
{
    static const struct drift_value same[] = {{0, 1}, {0, 1}, {0, 1}}, single[] = {{0, 1}, {1, 2}};

    (void)state;
    assert_true(isnan(drift_test(same, 3, 1).p));
    assert_true(isnan(drift_test(single, 2, 2).p));
    assert_true(isnan(drift_test(single, 0, 0).p));
}

/* Where exact and normal meet, they agree to what the approximation is good for. */
static void many_values(void **state)
{
    struct drift_value values[1000];
    uint64_t random = 4;

    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        /* 80 cells of ten have 3600 pairs, 100 have 4500; what is added is constant. */
        for (size_t i = 0; i < 1000; i++) {
            double drift = (double)(i / 100) * (turn - 10) / 100;
            values[i] =
                (struct drift_value){i % 100, (double)random_below(&random, 1000000) / 1e6 + drift};
        }
        struct drift_value fewer[800];
        size_t count = 0;
        for (size_t i = 0; i < 1000; i++) {
            if (values[i].group < 80)
                fewer[count++] = values[i];
        }
        struct trend exact = drift_test(fewer, 800, 80), normal = drift_test(values, 1000, 100);
        assert_true(exact.exact);
        assert_false(normal.exact);
        /* By hand: each cell of ten adds 10 * 9 * 25 / 18 = 125 to the variance. */
        double z = (fabs(exact.s) - 1) / sqrt(80 * 125);
        assert_float_equal(exact.p, z <= 0 ? 1 : erfc(z / sqrt(2)), 0.01);
        z = (fabs(normal.s) - 1) / sqrt(100 * 125);
        assert_float_equal(normal.p, z <= 0 ? 1 : erfc(z / sqrt(2)), 1e-12);
    }
}

#ifdef HAVE_RMATH

/* The normal approximation's tail. */
static void normal_as_in_r(void **state)
{
    struct drift_value values[100];

    (void)state;
    for (size_t rising = 0; rising <= 100; rising += 10) {
        for (size_t i = 0; i < 100; i++)
            values[i] = (struct drift_value){0, (double)(i < rising ? i : 300 - i)};
        struct trend trend = drift_test(values, 100, 1);
        double z = fmax(0, fabs(trend.s) - 1) / sqrt(100.0 * 99 * 205 / 18);
        assert_false(trend.exact);
        assert_float_equal(trend.p, 2 * pnorm5(z, 0, 1, 0, 0), 1e-12);
    }
}

#else

static void normal_as_in_r(void **state)
{
    (void)state;
    print_message("# libRmath was not found by configure: install r-mathlib\n");
    skip();
}

#endif

/* A file of three cells, a thousandfold apart, ten samples each, by turns; each value is some per
 * cent less than the one before, and up to ten per cent off besides. */
static struct records file_of(double percent, const char *machine, bool backwards)
{
    static const char *const locks[] = {"tas", "mcs", "ticket"};
    static const double base[] = {1e3, 1e6, 1e9};
    struct records file = records_empty("file", NULL);
    uint64_t random = 8;

    for (int i = 0; i < 30; i++) {
        int at = backwards ? 29 - i : i;
        char time[32];
        snprintf(time, sizeof time, "2026-01-01T00:00:%02d.000Z", at);
        double noise = ((double)random_below(&random, 2001) - 1000) / 1e4;
        double value = base[at % 3] * (1 - percent / 100 * (at / 3)) * (1 + noise);
        json_array_append_new(file.samples, json_pack("{s:s, s:s, s:i, s:f, s:s}", "lock",
                                                      locks[at % 3], "machine", machine, "threads",
                                                      1, "throughput", value, "time", time));
    }
    return file;
}

static struct drift drift_in(struct records file)
{
    struct drift drift = drift_of_file(&file);

    records_free(&file);
    return drift;
}

static void files(void **state)
{
    char text[256];

    (void)state;
    struct drift none = drift_in(file_of(0, "native", false));
    assert_false(none.found);
    struct drift falls = drift_in(file_of(4, "native", false));
    assert_true(falls.found);
    assert_true(falls.tau < -0.5);
    assert_int_equal(falls.trend.groups, 3);
    /* Five steps of 4%, from one half to the other. */
    assert_float_equal(falls.change, -0.2, 0.07);
    drift_describe(&falls, text, sizeof text);
    assert_non_null(strstr(text, "throughput falls over the run, by "));
    json_t *object = drift_to_json(&falls);
    assert_true(json_is_true(json_object_get(object, "found")));
    json_decref(object);
    struct drift rises = drift_in(file_of(-4, "native", false));
    assert_true(rises.found && rises.tau > 0.5 && rises.change > 0);
    /* Time tells the order, not the place in the file. */
    struct drift turned = drift_in(file_of(4, "native", true));
    assert_true(turned.found && turned.tau < -0.5);
    assert_true(isnan(drift_in(file_of(4, "sim:pu:2", false)).trend.p));
}

/* An unfit window is none of the series. */
static void unfit_windows_do_not_drift(void **state)
{
    struct records file = file_of(4, "native", false);
    size_t i;
    json_t *sample;

    (void)state;
    json_array_foreach (file.samples, i, sample) {
        if (i >= 15)
            json_object_set_new(sample, "unfit", json_pack("[s]", "steal"));
    }
    struct drift drift = drift_of_file(&file);
    assert_float_equal(drift.trend.pairs, 30, 0);
    records_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_chances),
        cmocka_unit_test(groups_are_added_up),
        cmocka_unit_test(ties_are_allowed_for),
        cmocka_unit_test(nothing_to_tell),
        cmocka_unit_test(many_values),
        cmocka_unit_test(normal_as_in_r),
        cmocka_unit_test(files),
        cmocka_unit_test(unfit_windows_do_not_drift),
    };
    return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
