/* Which windows count: samples made by hand on either side of each limit. */
#include "tests/unit/unit.h"

#include "bench/comparison.h"
#include "bench/fitness.h"
#include "bench/summary.h"

/* A tenth of a second of two threads on CPUs of their own, with nothing amiss. */
static json_t *sample(int threads, double throughput)
{
    return json_pack(
        "{s:s, s:s, s:s, s:i, s:[i, i], s:s, s:{s:i}, s:i, s:f, s:{s:b, s:i, s:i, s:i, "
        "s:i, s:i}}",
        "record", "sample", "lock", "tas", "machine", "native", "threads", threads, "cpus", 0, 1,
        "placement", "compact", "workload", "lines", 1, "elapsed_ns", 100000000, "throughput",
        throughput, "validity", "pinned", 1, "migrations", 0, "steal_ns", 0, "others_ns", 0,
        "involuntary_switches", 0, "window_overrun_ns", 0);
}

static json_t *with(json_t *sample, const char *name, json_t *value)
{
    json_object_set_new(json_object_get(sample, "validity"), name, value);
    return sample;
}

/* Takes the sample. */
static void want(json_t *sample, const char *reasons)
{
    char text[256] = "";
    json_t *unfit = fitness_judge(sample), *word;
    size_t i;

    json_array_foreach (unfit, i, word) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, json_string_value(word));
    }
    assert_string_equal(text, reasons);
    json_decref(unfit);
    json_decref(sample);
}

static void limits(void **state)
{
    (void)state;
    want(sample(2, 1), "");
    /* A tenth of 200 ms of two CPUs. */
    want(with(sample(2, 1), "steal_ns", json_integer(20000000)), "");
    want(with(sample(2, 1), "steal_ns", json_integer(30000000)), "steal");
    want(with(sample(2, 1), "others_ns", json_integer(100000000)), "");
    want(with(sample(2, 1), "others_ns", json_integer(110000000)), "load");
    want(with(sample(2, 1), "involuntary_switches", json_integer(50)), "");
    want(with(sample(2, 1), "involuntary_switches", json_integer(51)), "switches");
    want(with(sample(2, 1), "pinned", json_false()), "unpinned");
    want(with(sample(2, 1), "migrations", json_integer(1)), "migrations");
    want(with(sample(2, 1), "clock_backwards", json_integer(1)), "clock");
    /* 100 ms with the overrun: 20 of 80 are a quarter. */
    want(with(sample(2, 1), "window_overrun_ns", json_integer(20000000)), "");
    want(with(sample(2, 1), "window_overrun_ns", json_integer(20000001)), "overrun");
    want(with(with(sample(2, 1), "steal_ns", json_integer(90000000)), "pinned", json_false()),
         "steal unpinned");
}

static void frequencies(void **state)
{
    (void)state;
    want(with(sample(2, 1), "frequency_khz",
              json_pack("{s:[i, i], s:[i, i]}", "before", 2000000, 2000000, "after", 2000000,
                        2500000)),
         "");
    want(with(sample(2, 1), "frequency_khz",
              json_pack("{s:[i, i], s:[i, i]}", "before", 2000000, 2000000, "after", 2000000,
                        1400000)),
         "frequency");
    want(with(sample(2, 1), "frequency_khz", json_null()), "");
}

/* A tick may be rounding, a handful of switches is none, and 20 ms late is what a busy CPU makes.
 */
static void short_windows(void **state)
{
    json_t *short_one = sample(2, 1);

    (void)state;
    json_object_set_new(short_one, "elapsed_ns", json_integer(22000000));
    with(short_one, "steal_ns", json_integer(10000000));
    with(short_one, "others_ns", json_integer(10000000));
    with(short_one, "involuntary_switches", json_integer(10));
    with(short_one, "window_overrun_ns", json_integer(20000000));
    want(json_incref(short_one), "");
    with(short_one, "steal_ns", json_integer(20000000));
    want(short_one, "steal");
}

static void not_known_is_not_unfit(void **state)
{
    static const char *const names[] = {"pinned",    "migrations",           "steal_ns",
                                        "others_ns", "involuntary_switches", "window_overrun_ns"};
    json_t *unknown = sample(2, 1), *without = sample(2, 1);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        with(unknown, names[i], json_null());
    want(unknown, "");
    json_object_del(without, "validity");
    json_object_del(without, "elapsed_ns");
    want(without, "");
}

/* Threads that share CPUs take turns there; signals have threads of their own besides. */
static void switches_that_belong_there(void **state)
{
    json_t *signals = with(sample(2, 1), "involuntary_switches", json_integer(5000));

    (void)state;
    want(with(sample(3, 1), "involuntary_switches", json_integer(5000)), "");
    json_object_set_new(json_object_get(signals, "workload"), "exchange", json_string("timer"));
    want(signals, "");
}

static void older_samples_are_judged_on_reading(void **state)
{
    json_t *old = with(sample(2, 1), "pinned", json_false()), *model = json_deep_copy(old);
    json_t *recorded = sample(2, 1);

    (void)state;
    fitness_complete(old);
    assert_false(fitness_is_fit(old));
    /* What was recorded stays, whatever the limits are now. */
    json_object_set_new(recorded, "unfit", json_pack("[s]", "of the future"));
    fitness_complete(recorded);
    assert_false(fitness_is_fit(recorded));
    json_object_set_new(model, "machine", json_string("sim:pu:2"));
    fitness_complete(model);
    assert_null(json_object_get(model, "unfit"));
    assert_true(fitness_is_fit(model));
    json_decref(old);
    json_decref(model);
    json_decref(recorded);
}

/* `count` samples of 1, 2, ... million a second, the first `unfit` of them a hundred times that and
 * stolen from. */
static struct records file_of(int count, int unfit)
{
    struct records file = records_empty("file", json_pack("{s:{s:[s]}}", "plan", "locks", "tas"));

    for (int i = 1; i <= count; i++) {
        json_t *one = sample(2, i <= unfit ? i * 1e8 : i * 1e6);
        if (i <= unfit)
            with(one, "steal_ns", json_integer(100000000));
        fitness_complete(one);
        json_array_append_new(file.samples, one);
    }
    return file;
}

/* Of ten, the three largest are unfit: the ranks of the interval are those of seven. */
static void medians_leave_them_out(void **state)
{
    struct records file = file_of(10, 3);
    struct summary summary = summary_make(&file, 1);
    const struct cell *cell = &summary.cells[0];
    char reasons[64];

    (void)state;
    assert_int_equal(cell->samples, 10);
    assert_int_equal(cell->unfit, 3);
    assert_false(cell->unfit_count);
    assert_float_equal(cell->throughput, 7e6, 1);
    assert_true(cell->has_interval);
    assert_float_equal(cell->interval.low, 4e6, 1);
    assert_float_equal(cell->interval.high, 10e6, 1);
    assert_float_equal(cell->interval.coverage, 0.984375, 1e-6);
    fitness_reasons(file.samples, reasons, sizeof reasons);
    assert_string_equal(reasons, "steal 3");
    json_t *object = summary_to_json(&summary);
    const json_t *first = json_array_get(json_object_get(object, "cells"), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "unfit")), 3);
    json_decref(object);
    summary_free(&summary);
    records_free(&file);
}

/* Ten repetitions, of which five are fit, have no interval. */
static void five_fit_ones_have_no_interval(void **state)
{
    struct records file = file_of(10, 5), enough = file_of(10, 4);
    struct summary summary = summary_make(&file, 1), other = summary_make(&enough, 1);

    (void)state;
    assert_false(summary.cells[0].has_interval);
    assert_float_equal(summary.cells[0].throughput, 8e6, 1);
    assert_true(other.cells[0].has_interval);
    summary_free(&summary);
    summary_free(&other);
    records_free(&file);
    records_free(&enough);
}

static void with_none_fit_all_count(void **state)
{
    struct records file = file_of(7, 7);
    struct summary summary = summary_make(&file, 1);

    (void)state;
    assert_true(summary.cells[0].unfit_count);
    assert_int_equal(summary.cells[0].unfit, 7);
    assert_float_equal(summary.cells[0].throughput, 4e8, 1);
    summary_free(&summary);
    records_free(&file);
}

static void comparisons_leave_them_out(void **state)
{
    struct records files[2] = {file_of(10, 0), file_of(10, 3)};
    struct comparison_settings settings = {.threshold = 0.05};
    struct comparison comparison = comparison_make(files, 2, &settings);

    (void)state;
    assert_int_equal(comparison.cells[0].base.samples, 10);
    assert_int_equal(comparison.cells[0].new.samples, 7);
    assert_int_equal(comparison.cells[0].new.unfit, 3);
    assert_float_equal(comparison.cells[0].new.median, 7e6, 1);
    json_t *object = comparison_to_json(&comparison);
    const json_t *cell = json_array_get(json_object_get(object, "cells"), 0);
    assert_int_equal(json_integer_value(json_object_get(cell, "base_unfit")), 0);
    assert_int_equal(json_integer_value(json_object_get(cell, "new_unfit")), 3);
    json_decref(object);
    comparison_free(&comparison);

    settings.cells.all_windows = true;
    comparison = comparison_make(files, 2, &settings);
    assert_int_equal(comparison.cells[0].new.samples, 10);
    assert_int_equal(comparison.cells[0].new.unfit, 3);
    assert_float_equal(comparison.cells[0].new.median, 8.5e6, 1);
    comparison_free(&comparison);
    records_free(&files[0]);
    records_free(&files[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(frequencies),
        cmocka_unit_test(short_windows),
        cmocka_unit_test(not_known_is_not_unfit),
        cmocka_unit_test(switches_that_belong_there),
        cmocka_unit_test(older_samples_are_judged_on_reading),
        cmocka_unit_test(medians_leave_them_out),
        cmocka_unit_test(five_fit_ones_have_no_interval),
        cmocka_unit_test(with_none_fit_all_count),
        cmocka_unit_test(comparisons_leave_them_out),
    };
    return cmocka_run_group_tests_name("fitness", tests, NULL, NULL);
}
