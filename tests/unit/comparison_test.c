/* Comparisons of results made by hand, whose outcome is known. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/comparison.h"
#include "bench/csv.h"

static struct records new_file(const char *name)
{
    return records_empty(name, json_pack("{s:s, s:i, s:{s:[s, s]}, s:{s:s, s:i, s:n}}", "record",
                                         "run", "schema", 1, "plan", "locks", "tas", "mcs", "host",
                                         "cpu_model", "X", "cpus", 2, "turbo"));
}

static json_t *sample(const char *lock, int threads, double throughput)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:{s:i}, s:f}", "lock", lock, "machine", "native",
                     "threads", threads, "placement", "compact", "workload", "lines", 1,
                     "throughput", throughput);
}

/* Samples of one cell, `from`, `from` + `step`, ... */
static void add(struct records *file, const char *lock, int threads, int count, double from,
                double step)
{
    for (int i = 0; i < count; i++)
        json_array_append_new(file->samples, sample(lock, threads, from + i * step));
}

static void add_signals(struct records *file, int count, double from)
{
    for (int i = 0; i < count; i++)
        json_array_append_new(file->samples,
                              json_pack("{s:s, s:s, s:i, s:s, s:{s:s}, s:f, s:{s:f}}", "lock",
                                        "futex", "machine", "native", "threads", 2, "placement",
                                        "compact", "workload", "exchange", "signal", "throughput",
                                        1000.0, "latency_ns", "p50", from + i));
}

/* Stamps the samples from `first` on with times `step` apart. */
static void stamp(struct records *file, int first, int step)
{
    size_t i;
    json_t *one;

    json_array_foreach (file->samples, i, one) {
        char time[32];
        snprintf(time, sizeof time, "2026-01-01T00:00:%02d.000Z", first + (int)i * step);
        json_object_set_new(one, "time", json_string(time));
    }
}

static void free_files(struct records *files, size_t count)
{
    while (count > 0)
        records_free(&files[--count]);
}

static struct comparison compare(const struct records *files, size_t count, bool any_machine,
                                 double threshold)
{
    return comparison_make(
        files, count,
        &(struct comparison_settings){.cells.any_machine = any_machine, .threshold = threshold});
}

/* mcs loses a tenth, which is beyond 5% and not beyond 15%; tas gains; with one thread mcs is the
 * same. */
static void verdicts(void **state)
{
    struct records files[2] = {new_file("base"), new_file("new")};

    (void)state;
    add(&files[0], "mcs", 2, 10, 1000, 1);
    add(&files[1], "mcs", 2, 10, 900, 1);
    add(&files[0], "tas", 2, 10, 1000, 1);
    add(&files[1], "tas", 2, 10, 2000, 2);
    add(&files[0], "mcs", 1, 10, 1000, 2);
    add(&files[1], "mcs", 1, 10, 1001, 2);
    struct comparison comparison = compare(files, 2, false, 0.05);
    assert_int_equal(comparison.count, 3);
    const struct compared_cell *same = &comparison.cells[0], *faster = &comparison.cells[1],
                               *slower = &comparison.cells[2];
    assert_int_equal(same->verdict, VERDICT_NONE);
    assert_false(same->beyond);
    assert_int_equal(faster->verdict, VERDICT_BETTER);
    assert_false(faster->beyond);
    assert_float_equal(faster->ratio.estimate, 2, 1e-9);
    assert_float_equal(faster->cliffs_delta, 1, 0);
    assert_int_equal(slower->verdict, VERDICT_WORSE);
    assert_true(slower->beyond);
    assert_float_equal(slower->base.median, 1004.5, 1e-9);
    assert_float_equal(slower->base.interval.low, 1001, 0);
    assert_float_equal(slower->base.interval.high, 1008, 0);
    assert_float_equal(slower->ratio.estimate, 904.5 / 1004.5, 1e-4);
    assert_float_equal(slower->test.p, 2.0 / 184756, 1e-12);
    /* Of three, two are as small as can be. */
    assert_float_equal(slower->p, 3 * 2.0 / 184756, 1e-12);
    assert_false(slower->too_small);
    size_t count;
    double mean = comparison_mean(&comparison, 1, "throughput", &count);
    assert_int_equal(count, 3);
    assert_float_equal(
        mean, cbrt(same->ratio.estimate * faster->ratio.estimate * slower->ratio.estimate), 1e-9);
    comparison_free(&comparison);
    comparison = compare(files, 2, false, 0.15);
    assert_int_equal(comparison.cells[2].verdict, VERDICT_WORSE);
    assert_false(comparison.cells[2].beyond);
    comparison_free(&comparison);
    comparison = compare(files, 2, false, NAN);
    assert_false(comparison.cells[2].beyond);
    comparison_free(&comparison);
    free_files(files, 2);
}

/* Of signals the latency counts, and less is better: the throughput is the same. */
static void latencies(void **state)
{
    struct records files[2] = {new_file("base"), new_file("new")};
    size_t count;

    (void)state;
    add_signals(&files[0], 8, 1000);
    add_signals(&files[1], 8, 1200);
    json_array_append_new(files[1].samples, json_deep_copy(json_array_get(files[1].samples, 0)));
    json_object_set_new(json_array_get(files[1].samples, 8), "latency_ns", json_null());
    struct comparison comparison = compare(files, 2, false, 0.05);
    assert_int_equal(comparison.count, 1);
    assert_int_equal(comparison.cells[0].new.samples, 8);
    assert_int_equal(comparison.cells[0].verdict, VERDICT_WORSE);
    assert_true(comparison.cells[0].beyond);
    assert_true(isnan(comparison_mean(&comparison, 1, "throughput", &count)));
    assert_float_equal(comparison_mean(&comparison, 1, "latency_ns.p50", &count), 1.2, 0.01);
    comparison_free(&comparison);
    free_files(files, 2);
}

/* Another measure than the usual, where less is better, and a name with a dot in it. */
static void measures(void **state)
{
    struct records files[2] = {new_file("base"), new_file("new")};

    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t j;
        json_t *one;
        add(&files[i], "mcs", 2, 6, 100, 1);
        json_array_foreach (files[i].samples, j, one)
            json_object_set_new(one, "latency_ns",
                                json_pack("{s:f}", "p99.9", 1000.0 + 500 * i + (double)j));
    }
    struct comparison_settings settings = {.threshold = 0.05, .measure = "latency_ns.p99.9"};
    struct comparison comparison = comparison_make(files, 2, &settings);
    assert_int_equal(comparison.cells[0].base.samples, 6);
    assert_float_equal(comparison.cells[0].base.median, 1002.5, 1e-9);
    assert_int_equal(comparison.cells[0].verdict, VERDICT_WORSE);
    assert_true(comparison.cells[0].beyond);
    comparison_free(&comparison);
    settings.measure = "latency_ns.p50";
    comparison = comparison_make(files, 2, &settings);
    assert_true(isnan(comparison.cells[0].p));
    assert_int_equal(comparison.cells[0].verdict, VERDICT_NONE);
    comparison_free(&comparison);
    assert_false(measure_named("jain").less_is_better);
    assert_true(measure_named("cpu_ns").less_is_better);
    free_files(files, 2);
}

/* One cell is in the base alone, one in the new file alone, and three files make two comparisons.
 * Where nothing was acquired at all there is no ratio, and a verdict all the same. */
static void cells_of_some(void **state)
{
    struct records files[3] = {new_file("base"), new_file("new"), new_file("more")};

    (void)state;
    add(&files[0], "mcs", 1, 8, 100, 1);
    add(&files[0], "mcs", 2, 8, 100, 1);
    add(&files[1], "mcs", 2, 8, 100, 1);
    add(&files[1], "tas", 2, 8, 100, 1);
    add(&files[2], "mcs", 1, 8, 100, 1);
    add(&files[2], "mcs", 2, 8, 0, 0);
    struct comparison comparison = compare(files, 3, false, 0.05);
    assert_int_equal(comparison.count, 3);
    assert_int_equal(json_array_size(comparison.only_in_base), 1);
    assert_int_equal(json_array_size(comparison.only_in_new), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(comparison.only_in_new, 0), "lock")),
        "tas");
    assert_int_equal(comparison.cells[0].file, 1);
    assert_int_equal(comparison.cells[2].file, 2);
    assert_true(isnan(comparison.cells[2].ratio.estimate));
    assert_int_equal(comparison.cells[2].verdict, VERDICT_WORSE);
    assert_true(comparison.cells[2].beyond);
    json_t *json = comparison_to_json(&comparison);
    json_t *cell = json_array_get(json_object_get(json, "cells"), 2);
    assert_true(json_is_null(json_object_get(cell, "ratio")));
    assert_true(json_is_true(json_object_get(cell, "significant")));
    json_decref(json);
    comparison_free(&comparison);
    free_files(files, 3);
}

/* Five of each are enough for six cells that all differ, and not for seven. */
static void too_few(void **state)
{
    static const char *const locks[] = {"a", "b", "c", "d", "e", "f", "g"};

    (void)state;
    for (size_t cells = 6; cells <= 7; cells++) {
        struct records files[2] = {new_file("base"), new_file("new")};
        for (size_t i = 0; i < cells; i++) {
            add(&files[0], locks[i], 1, 5, 100, 1);
            add(&files[1], locks[i], 1, 5, 200, 1);
        }
        struct comparison comparison = compare(files, 2, false, NAN);
        assert_int_equal(comparison.count, cells);
        for (size_t i = 0; i < cells; i++) {
            assert_int_equal(comparison.cells[i].too_small, cells == 7);
            assert_int_equal(comparison.cells[i].verdict,
                             cells == 7 ? VERDICT_NONE : VERDICT_BETTER);
            assert_false(comparison.cells[i].base.has_interval);
        }
        comparison_free(&comparison);
        free_files(files, 2);
    }
}

static enum alternation alternation_of(int base_from, int base_step, int new_from, int new_step,
                                       int count)
{
    struct records files[2] = {new_file("base"), new_file("new")};

    add(&files[0], "mcs", 1, count, 100, 1);
    add(&files[1], "mcs", 1, count, 100, 1);
    if (base_step > 0)
        stamp(&files[0], base_from, base_step);
    stamp(&files[1], new_from, new_step);
    struct comparison comparison = compare(files, 2, false, NAN);
    enum alternation alternation = comparison_alternation(&comparison, 1);
    comparison_free(&comparison);
    free_files(files, 2);
    return alternation;
}

static void alternations(void **state)
{
    (void)state;
    assert_int_equal(alternation_of(0, 2, 1, 2, 10), ALTERNATION_FOUND);
    assert_int_equal(alternation_of(0, 1, 10, 1, 10), ALTERNATION_MISSING);
    assert_int_equal(alternation_of(0, 1, 8, 1, 10), ALTERNATION_MISSING);
    assert_int_equal(alternation_of(0, 2, 1, 2, 2), ALTERNATION_FOUND);
    assert_int_equal(alternation_of(0, 1, 2, 1, 2), ALTERNATION_MISSING);
    assert_int_equal(alternation_of(0, 1, 2, 1, 1), ALTERNATION_UNKNOWN);
    assert_int_equal(alternation_of(0, 0, 1, 2, 10), ALTERNATION_UNKNOWN);
}

static void machines(void **state)
{
    struct records files[2] = {new_file("base"), new_file("new")};
    char text[1000];

    (void)state;
    assert_false(comparison_machines_differ(&files[0], &files[1], text, sizeof text));
    json_object_set_new(json_object_get(files[1].run, "host"), "load", json_real(3));
    assert_false(comparison_machines_differ(&files[0], &files[1], text, sizeof text));
    json_object_set_new(json_object_get(files[1].run, "host"), "cpus", json_integer(4));
    json_object_set_new(json_object_get(files[1].run, "host"), "turbo", json_string("on"));
    assert_true(comparison_machines_differ(&files[0], &files[1], text, sizeof text));
    assert_string_equal(text, "turbo: unknown, on; cpus: 2, 4");
    for (int i = 0; i < 2; i++)
        json_object_update_new(files[i].run,
                               json_pack("{s:{s:s, s:{s:i}}, s:n}", "plan", "machine", "sim:pu:2",
                                         "model", "remote", 100 + 35 * i, "host"));
    assert_true(comparison_machines_differ(&files[0], &files[1], text, sizeof text));
    assert_string_equal(text, "remote: 100, 135");
    json_object_set_new(json_object_get(files[1].run, "plan"), "machine", json_string("sim:pu:4"));
    assert_true(comparison_machines_differ(&files[0], &files[1], text, sizeof text));
    assert_string_equal(text, "machine: sim:pu:2, sim:pu:4");
    free_files(files, 2);
}

/* The same lock on two machines is two cells, unless that is wanted. */
static void any_machine(void **state)
{
    struct records files[2] = {new_file("base"), new_file("new")};
    size_t i;
    json_t *one;

    (void)state;
    add(&files[0], "mcs", 1, 6, 100, 1);
    add(&files[1], "mcs", 1, 6, 100, 1);
    json_array_foreach (files[1].samples, i, one)
        json_object_set_new(one, "machine", json_string("sim:pu:2"));
    struct comparison comparison = compare(files, 2, false, NAN);
    assert_int_equal(comparison.count, 0);
    comparison_free(&comparison);
    comparison = compare(files, 2, true, NAN);
    assert_int_equal(comparison.count, 1);
    comparison_free(&comparison);
    free_files(files, 2);
}

static void csv_is(const char *json, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    json_t *rows = json_loads(json, 0, NULL);

    assert_non_null(memory);
    assert_non_null(rows);
    csv_write(memory, rows);
    fclose(memory);
    assert_string_equal(text, expected);
    free(text);
    json_decref(rows);
}

static void csv(void **state)
{
    (void)state;
    csv_is("[{\"a\": 1, \"b\": {\"c\": 0.1, \"d\": null}}, {\"a\": true, \"e\": \"x\"}]",
           "a,b.c,b.d,e\n1,0.1,,\ntrue,,,x\n");
    csv_is("[{\"a\": \"x,y\", \"b\": \"say \\\"no\\\"\", \"c\": \"one\\ntwo\"}]",
           "a,b,c\n\"x,y\",\"say \"\"no\"\"\",\"one\ntwo\"\n");
    csv_is("[{\"a\": [1, 2], \"b\": [{\"c\": 1}], \"d\": []}]",
           "a,b,d\n1 2,\"[{\"\"c\"\":1}]\",\n");
    csv_is("[{\"a\": 5142977814374823592, \"b\": null}, {\"a\": 1, \"b\": {\"c\": 2}}]",
           "a,b.c\n5142977814374823592,\n1,2\n");
    csv_is("[{\"a\": null}]", "a\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts), cmocka_unit_test(latencies),
        cmocka_unit_test(measures), cmocka_unit_test(cells_of_some),
        cmocka_unit_test(too_few),  cmocka_unit_test(alternations),
        cmocka_unit_test(machines), cmocka_unit_test(any_machine),
        cmocka_unit_test(csv),
    };
    return cmocka_run_group_tests_name("comparison", tests, NULL, NULL);
}
