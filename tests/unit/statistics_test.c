/* Statistics and fairness against numbers worked out elsewhere. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/fairness.h"
#include "bench/outliers.h"
#include "bench/owner_stream.h"
#include "bench/statistics.h"

static void medians(void **state)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, one[] = {5};

    (void)state;
    statistics_sort(odd, 3);
    assert_float_equal(statistics_median(odd, 3), 2, 0);
    statistics_sort(even, 4);
    assert_float_equal(statistics_median(even, 4), 2.5, 0);
    assert_float_equal(statistics_median(one, 1), 5, 0);
}

/* Ranks and exact coverages of the sign test's interval, as in the usual tables (for example
 * Conover, Practical Nonparametric Statistics, table of the binomial distribution at p = 1/2). */
static void intervals_of_order_statistics(void **state)
{
    static const struct {
        size_t n, rank;
        double coverage;
    } table[] = {
        {6, 1, 0.96875},   {7, 1, 0.984375},  {8, 1, 0.9921875},
        {9, 2, 0.9609375}, {10, 2, 0.978516}, {15, 4, 0.964844},
        {20, 6, 0.958611}, {25, 8, 0.956715}, {100, 40, 0.964800},
    };
    double x[100];
    struct interval interval;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        x[i] = (double)i + 1;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_true(statistics_median_interval(x, table[i].n, &interval));
        assert_float_equal(interval.low, table[i].rank, 0);
        assert_float_equal(interval.high, table[i].n + 1 - table[i].rank, 0);
        assert_float_equal(interval.coverage, table[i].coverage, 1e-6);
    }
    for (size_t n = 1; n < 6; n++)
        assert_false(statistics_median_interval(x, n, &interval));
}

/* Tukey's hinges of 1 to 10 are 3 and 8, of 1 to 9 they are 3 and 7: the middle one is of both
 * halves. */
static void fences(void **state)
{
    double x[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, same[] = {1, 5, 5, 5, 5, 5, 5, 9}, low, high;

    (void)state;
    assert_true(statistics_fences(x, 10, &low, &high));
    assert_float_equal(low, 3 - 15, 0);
    assert_float_equal(high, 8 + 15, 0);
    assert_true(statistics_fences(x, 9, &low, &high));
    assert_float_equal(low, 3 - 12, 0);
    assert_float_equal(high, 7 + 12, 0);
    assert_false(statistics_fences(x, 5, &low, &high));
    assert_false(statistics_fences(same, 8, &low, &high));
}

/* Of ten, the one that is far out is named with what may be behind it; it stays in the median. One
 * that is unfit is left out of both. */
static void outliers(void **state)
{
    struct records file = records_empty("file", NULL);
    char text[256];

    (void)state;
    for (int i = 0; i < 11; i++)
        json_array_append_new(
            file.samples,
            json_pack("{s:s, s:s, s:i, s:i, s:f, s:i, s:[i, i], s:{s:i, s:i}}", "lock", "tas",
                      "machine", "native", "threads", 2, "repetition", i, "throughput",
                      i == 4 ? 3e6 : 10e6 + 1e5 * i, "elapsed_ns", 100000000, "cpus", 0, 1,
                      "validity", "steal_ns", 10000000, "involuntary_switches", 14));
    json_object_set_new(json_array_get(file.samples, 10), "throughput", json_real(1));
    json_object_set_new(json_array_get(file.samples, 10), "unfit", json_pack("[s]", "steal"));
    json_t *found = outliers_of_file(&file);
    assert_int_equal(json_array_size(found), 1);
    outliers_describe(json_array_get(found, 0), text, sizeof text);
    assert_string_equal(text,
                        "tas, 2 threads, repetition 4: 3 M/s, 0.288 of the median; steal 5%; "
                        "14 involuntary switches");
    json_decref(found);
    json_object_set_new(json_array_get(file.samples, 4), "throughput", json_real(10.4e6));
    found = outliers_of_file(&file);
    assert_int_equal(json_array_size(found), 0);
    json_decref(found);
    records_free(&file);
}

/* The coverage does not overflow for many samples, and the interval closes on the median. */
static void intervals_of_many(void **state)
{
    enum { n = 10000 };
    double *x = calloc(n, sizeof *x);
    struct interval interval;

    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)i;
    assert_true(statistics_median_interval(x, n, &interval));
    assert_true(interval.coverage >= 0.95 && interval.coverage < 0.96);
    /* The normal approximation: n/2 -+ 1.96 sqrt(n)/2 = 5000 -+ 98. */
    assert_float_equal(interval.low, 4901, 2);
    assert_float_equal(interval.high, 5098, 2);
    free(x);
}

static void jain(void **state)
{
    static const double alike[] = {5, 5, 5, 5}, one_has_all[] = {0, 9, 0, 0}, some[] = {1, 2, 3, 4},
                        none[] = {0, 0};

    (void)state;
    assert_float_equal(fairness_jain(alike, 4), 1, 1e-12);
    assert_float_equal(fairness_jain(one_has_all, 4), 0.25, 1e-12);
    assert_float_equal(fairness_jain(some, 4), 100.0 / 120.0, 1e-12);
    assert_true(isnan(fairness_jain(none, 2)));
}

static void rsd(void **state)
{
    static const double alike[] = {5, 5, 5}, some[] = {2, 4, 4, 4, 5, 5, 7, 9}, none[] = {0, 0};

    (void)state;
    assert_float_equal(fairness_rsd(alike, 3), 0, 1e-12);
    /* The population's deviation of these eight is 2, their mean 5. */
    assert_float_equal(fairness_rsd(some, 8), 0.4, 1e-12);
    assert_true(isnan(fairness_rsd(none, 2)));
}

static struct owner_metrics owners_of(const char *owners, unsigned threads)
{
    struct owner_stream stream = {0};
    struct owner_metrics metrics;

    for (; *owners != '\0'; owners++)
        assert_true(owner_stream_add(&stream, (unsigned)(*owners - 'a')));
    assert_true(owner_stream_measure(&stream, threads, &metrics));
    owner_stream_free(&stream);
    return metrics;
}

static void owners_in_turn(void **state)
{
    struct owner_metrics metrics =
        owners_of("abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc", 3);

    (void)state;
    assert_int_equal(metrics.window, 30);
    assert_float_equal(metrics.lwss_mean, 3, 1e-12);
    assert_float_equal(metrics.lwss_median, 3, 1e-12);
    assert_float_equal(metrics.mttr, 3, 1e-12);
    assert_int_equal(metrics.max_gap, 3);
}

/* Gaps of a: 1, 1, 4; of b: 1, so that the median of all lies between two of them; c has it once.
 */
static void owners_that_hog(void **state)
{
    struct owner_metrics metrics = owners_of("aaabbcaa", 3);

    (void)state;
    assert_true(isnan(metrics.lwss_mean) && isnan(metrics.lwss_median));
    assert_float_equal(metrics.mttr, 1, 1e-12);
    /* c waits for its turn while the others have five. */
    assert_int_equal(metrics.max_gap, 6);
    metrics = owners_of("abbbbbbbba", 2);
    assert_int_equal(metrics.max_gap, 9);
    assert_float_equal(owners_of("abaabb", 2).mttr, 1.5, 1e-12);
}

/* Two windows of ten: one has one owner, the other two. */
static void working_sets(void **state)
{
    struct owner_metrics metrics = owners_of("aaaaaaaaaaaaaaaaaaaaababababababababababab", 2);

    (void)state;
    assert_int_equal(metrics.window, 20);
    assert_float_equal(metrics.lwss_mean, 1.5, 1e-12);
}

static void no_owner_twice(void **state)
{
    (void)state;
    assert_true(isnan(owners_of("ab", 2).mttr));
    assert_int_equal(owners_of("ab", 2).max_gap, 2);
    /* b never gets it. */
    assert_int_equal(owners_of("aaaaa", 2).max_gap, 6);
    assert_true(isnan(owners_of("", 2).mttr));
}

/* 2 is a hole; behind it b's log is full, and a's says nothing of where b was. */
static void owners_noted_by_threads(void **state)
{
    uint64_t a[] = {0, 4, 6, 9}, b[] = {1, 3, 5};
    const struct owner_log log_a = {a, 4, 4}, log_b = {b, 3, 3}, none = {NULL, 0, 0};
    const struct owner_log *const logs[] = {&log_a, &log_b, &none};
    const uint16_t want[] = {1, 0, 1, 0};
    struct owner_stream stream;

    (void)state;
    assert_true(owner_stream_merge(logs, 3, &stream));
    assert_int_equal(stream.count, 4);
    assert_memory_equal(stream.owners, want, sizeof want);
    owner_stream_free(&stream);
    assert_true(owner_stream_merge(&logs[2], 1, &stream));
    assert_int_equal(stream.count, 0);
    owner_stream_free(&stream);
}

static void full_log(void **state)
{
    uint64_t numbers[2];
    struct owner_log log = {numbers, 0, 2};

    (void)state;
    for (uint64_t number = 5; number < 9; number++)
        owner_log_add(&log, number);
    assert_int_equal(log.count, 2);
    assert_int_equal(numbers[1], 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians),
        cmocka_unit_test(intervals_of_order_statistics),
        cmocka_unit_test(fences),
        cmocka_unit_test(outliers),
        cmocka_unit_test(intervals_of_many),
        cmocka_unit_test(jain),
        cmocka_unit_test(rsd),
        cmocka_unit_test(owners_in_turn),
        cmocka_unit_test(owners_that_hog),
        cmocka_unit_test(working_sets),
        cmocka_unit_test(no_owner_twice),
        cmocka_unit_test(owners_noted_by_threads),
        cmocka_unit_test(full_log),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
