/* Statistics and fairness against numbers worked out elsewhere. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/fairness.h"
#include "bench/native/owner_pass.h"
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
    /* Of a file with several shares of readers, with its own. */
    file.run = json_pack("{s:{s:{s:[i, i]}}}", "plan", "workload", "readers", 0, 90);
    json_t *sample;
    size_t j;
    json_array_foreach (file.samples, j, sample)
        json_object_set_new(sample, "workload", json_pack("{s:i}", "readers", 90));
    found = outliers_of_file(&file);
    outliers_describe(json_array_get(found, 0), text, sizeof text);
    assert_non_null(strstr(text, "tas, 2 threads, 90% readers, repetition 4: 3 M/s"));
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

static void gini(void **state)
{
    static const double alike[] = {5, 5, 5, 5}, one_has_all[] = {0, 0, 0, 9}, some[] = {1, 2, 3, 4},
                        none[] = {0, 0}, alone[] = {7};

    (void)state;
    assert_float_equal(fairness_gini(alike, 4), 0, 1e-12);
    assert_float_equal(fairness_gini(one_has_all, 4), 0.75, 1e-12);
    /* The twelve ordered pairs that differ do so by 20 in all; 20 / (2 * 16 * 2.5). */
    assert_float_equal(fairness_gini(some, 4), 0.25, 1e-12);
    assert_float_equal(fairness_gini(alone, 1), 0, 1e-12);
    assert_true(isnan(fairness_gini(none, 2)));
}

static void theil(void **state)
{
    static const double alike[] = {5, 5, 5}, one_has_all[] = {0, 0, 0, 9}, some[] = {1, 3},
                        none[] = {0, 0}, alone[] = {7};

    (void)state;
    assert_float_equal(fairness_theil(alike, 3), 0, 1e-12);
    assert_float_equal(fairness_theil(one_has_all, 4), log(4), 1e-12);
    /* Shares of 1/2 and 3/2. */
    assert_float_equal(fairness_theil(some, 2), (0.5 * log(0.5) + 1.5 * log(1.5)) / 2, 1e-12);
    assert_float_equal(fairness_theil(alone, 1), 0, 1e-12);
    assert_true(isnan(fairness_theil(none, 2)));
}

static void top_half(void **state)
{
    static const double alike[] = {5, 5, 5, 5}, one_has_all[] = {0, 0, 0, 9}, some[] = {1, 2, 3, 4},
                        odd[] = {1, 2, 5}, alike_odd[] = {4, 4, 4}, none[] = {0, 0}, alone[] = {7};

    (void)state;
    assert_float_equal(fairness_top_half(alike, 4), 0.5, 1e-12);
    assert_float_equal(fairness_top_half(one_has_all, 4), 1, 1e-12);
    assert_float_equal(fairness_top_half(some, 4), 0.7, 1e-12);
    /* The busiest, and half of the middle one. */
    assert_float_equal(fairness_top_half(odd, 3), 0.75, 1e-12);
    assert_float_equal(fairness_top_half(alike_odd, 3), 0.5, 1e-12);
    assert_float_equal(fairness_top_half(alone, 1), 0.5, 1e-12);
    assert_true(isnan(fairness_top_half(none, 2)));
}

static double index_of(const json_t *sample, const char *name)
{
    return json_number_value(json_object_get(sample, name));
}

/* In whatever order the threads stand; what is recorded already stays. */
static void indices_of_a_sample(void **state)
{
    json_t *sample = json_pack("{s:[i,i,i,i], s:f, s:{}}", "acquisitions", 4, 1, 3, 2, "jain", 0.5,
                               "unmeasured");

    (void)state;
    fairness_add(sample);
    assert_float_equal(index_of(sample, "jain"), 0.5, 0);
    assert_float_equal(index_of(sample, "rsd"), sqrt(1.25) / 2.5, 1e-12);
    assert_float_equal(index_of(sample, "gini"), 0.25, 1e-12);
    assert_float_equal(index_of(sample, "top_half"), 0.7, 1e-12);
    assert_true(json_is_real(json_object_get(sample, "theil")));
    assert_int_equal(json_object_size(json_object_get(sample, "unmeasured")), 0);
    json_decref(sample);
}

static void indices_of_nothing(void **state)
{
    static const char *const names[] = {"jain", "rsd", "gini", "theil", "top_half"};
    json_t *samples = json_pack("[{s:[i,i], s:{}}, {s:n, s:{}}]", "acquisitions", 0, 0,
                                "unmeasured", "acquisitions", "unmeasured");
    json_t *sample;
    size_t i;

    (void)state;
    json_array_foreach (samples, i, sample) {
        fairness_add(sample);
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            const json_t *reasons = json_object_get(sample, "unmeasured");
            assert_true(json_is_null(json_object_get(sample, names[j])));
            assert_true(json_is_string(json_object_get(reasons, names[j])));
        }
    }
    json_decref(samples);
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

/* ---- what threads note themselves ---- */

enum { LOG_ROOM = 64, LOGS = 3 };

struct logs {
    WORD(uint64_t) windows;
    struct owner_note notes[LOGS][LOG_ROOM];
    struct owner_log logs[LOGS];
    const struct owner_log *all[LOGS];
    uint64_t number; /* of the next acquisition */
};

static void make_logs(struct logs *logs)
{
    memset(logs, 0, sizeof *logs);
    for (unsigned i = 0; i < LOGS; i++) {
        logs->logs[i] = (struct owner_log){
            .windows = &logs->windows, .notes = logs->notes[i], .capacity = LOG_ROOM};
        logs->all[i] = &logs->logs[i];
    }
}

/* Acquisitions, one after the other, of threads `a` to `c`. */
static void acquire(struct logs *logs, const char *owners)
{
    for (; *owners != '\0'; owners++) {
        struct owner_log *log = &logs->logs[*owners - 'a'];
        owner_log_add(log, &log->before, logs->number++);
    }
}

static void look_at(struct logs *logs, uint64_t windows)
{
    word_store(&logs->windows, windows, relaxed);
}

static struct owner_metrics measure_logs(const struct logs *logs, unsigned threads)
{
    struct owner_stream stream;
    struct owner_metrics metrics;

    assert_true(owner_stream_merge(logs->all, threads, &stream));
    assert_true(owner_stream_measure(&stream, threads, &metrics));
    owner_stream_free(&stream);
    return metrics;
}

/* Of the numbers 0 to 15, these are in windows: 0 to 2 and 8 to 10. */
static void owners_in_windows(void **state)
{
    static const uint16_t want[] = {0, 1, 2, 2, 0, 1};
    struct owner_stream stream;
    struct logs logs;

    (void)state;
    make_logs(&logs);
    look_at(&logs, owner_windows(8, 3));
    acquire(&logs, "abcabcabcabcabca");
    assert_true(owner_stream_merge(logs.all, LOGS, &stream));
    assert_int_equal(stream.count, 6);
    assert_memory_equal(stream.owners, want, sizeof want);
    assert_int_equal(stream.notes[3].number, 8);
    assert_int_equal(stream.notes[3].gap, 3);
    assert_int_equal(stream.longest, 3);
    owner_stream_free(&stream);
}

/* First come, first served, through three windows with a long way between them: the gaps are those
 * that there were, and not across the borders. */
static void gaps_across_windows(void **state)
{
    struct owner_metrics metrics;
    struct logs logs;

    (void)state;
    make_logs(&logs);
    look_at(&logs, owner_windows(64, 20));
    for (int i = 0; i < 60; i++)
        acquire(&logs, "abc");
    metrics = measure_logs(&logs, LOGS);
    assert_int_equal(metrics.windows, 3);
    assert_float_equal(metrics.mttr, 3, 1e-12);
    assert_int_equal(metrics.max_gap, 3);
    /* A window of thirty is in none of twenty, though sixty were noted. */
    assert_int_equal(metrics.window, 30);
    assert_true(isnan(metrics.lwss_mean));
}

/* Two windows of twenty: one thread in the first, two in the second, nothing across. */
static void working_sets_of_windows(void **state)
{
    struct owner_metrics metrics;
    struct logs logs;

    (void)state;
    make_logs(&logs);
    look_at(&logs, owner_windows(32, 20));
    acquire(&logs,
            "aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbb"
            "abababababababababab");
    metrics = measure_logs(&logs, 2);
    assert_int_equal(metrics.windows, 2);
    assert_int_equal(metrics.window, 20);
    assert_float_equal(metrics.lwss_mean, 1.5, 1e-12);
    assert_float_equal(metrics.lwss_median, 1.5, 1e-12);
}

/* The longest wait lies between two windows, or ends after the pass: it is known all the same. One
 * that ended before the pass is not of it; one that began before is. */
static void longest_gap_outside_of_windows(void **state)
{
    struct owner_metrics metrics;
    struct logs logs;

    (void)state;
    make_logs(&logs);
    acquire(&logs, "baaaaaaaaaaaaaaabaa");
    look_at(&logs, owner_windows(64, 2));
    acquire(&logs, "aab");
    assert_int_equal(measure_logs(&logs, 2).max_gap, 5);
    acquire(&logs, "aaaaaaaaab");
    assert_int_equal(measure_logs(&logs, 2).max_gap, 10);
    look_at(&logs, OWNER_WINDOWS_AFTER);
    acquire(&logs, "aaaaaaaaaaaaaaab");
    metrics = measure_logs(&logs, 2);
    assert_int_equal(metrics.max_gap, 16);
    assert_int_equal(logs.logs[0].count + logs.logs[1].count, 0);
    assert_true(isnan(metrics.mttr) && metrics.windows == 0);
}

/* One that comes late has not waited since the start; one that never had a turn has since the pass
 * began. */
static void first_turns(void **state)
{
    struct logs logs;

    (void)state;
    make_logs(&logs);
    acquire(&logs, "aaaaaaaaaaaaaaaaaaab");
    look_at(&logs, OWNER_WINDOWS_AFTER);
    acquire(&logs, "abab");
    assert_int_equal(measure_logs(&logs, 3).max_gap, 2);
    acquire(&logs, "ababababc");
    assert_int_equal(measure_logs(&logs, 3).max_gap, 13);
}

/* From there on it is not known who had the lock; before, it is. */
static void full_log(void **state)
{
    struct owner_stream stream;
    struct logs logs;

    (void)state;
    make_logs(&logs);
    logs.logs[0].capacity = 2;
    look_at(&logs, owner_windows(1, 1));
    acquire(&logs, "abbababbb");
    assert_int_equal(logs.logs[0].count, 2);
    assert_int_equal(logs.logs[1].count, 6);
    assert_true(owner_stream_merge(logs.all, 2, &stream));
    assert_int_equal(stream.count, 4);
    assert_int_equal(stream.owners[2], 1);
    assert_int_equal(stream.owners[3], 0);
    owner_stream_free(&stream);
}

static void nothing_noted(void **state)
{
    struct logs logs;

    (void)state;
    make_logs(&logs);
    struct owner_metrics metrics = measure_logs(&logs, LOGS);
    assert_true(isnan(metrics.mttr) && isnan(metrics.lwss_mean));
    assert_int_equal(metrics.max_gap, 0);
    assert_int_equal(metrics.windows, 0);
}

/* Each window is as long as LWSS needs; there are some in the pass that is expected, and no more
 * than one thread alone has room for. */
static void windows_of_a_pass(void **state)
{
    static const unsigned threads[] = {1, 2, 3, 16, 64, 128};

    (void)state;
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        const size_t room = owner_pass_room(threads[i]);
        for (double expected = (double)room + 1; expected < 1e9; expected *= 3) {
            uint64_t windows = owner_pass_windows(threads[i], expected);
            double every = (double)(windows & UINT32_MAX) + 1, length = (double)(windows >> 32);
            assert_true(length >= owner_stream_window(threads[i]));
            assert_float_equal(fmod(length, owner_stream_window(threads[i])), 0, 0);
            assert_true(every >= length);
            assert_true(expected / every >= 2);
            assert_true(expected / every * length <= room);
        }
        assert_int_equal(owner_pass_windows(threads[i], 0), owner_windows(1, 1));
        assert_int_equal(owner_pass_windows(threads[i], (double)room), owner_windows(1, 1));
    }
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
        cmocka_unit_test(gini),
        cmocka_unit_test(theil),
        cmocka_unit_test(top_half),
        cmocka_unit_test(indices_of_a_sample),
        cmocka_unit_test(indices_of_nothing),
        cmocka_unit_test(owners_in_turn),
        cmocka_unit_test(owners_that_hog),
        cmocka_unit_test(working_sets),
        cmocka_unit_test(no_owner_twice),
        cmocka_unit_test(owners_in_windows),
        cmocka_unit_test(gaps_across_windows),
        cmocka_unit_test(working_sets_of_windows),
        cmocka_unit_test(longest_gap_outside_of_windows),
        cmocka_unit_test(first_turns),
        cmocka_unit_test(full_log),
        cmocka_unit_test(nothing_noted),
        cmocka_unit_test(windows_of_a_pass),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
