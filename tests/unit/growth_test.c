/* When a cell has repetitions enough. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/growth.h"

static unsigned one_thread[] = {1};

static struct plan make_plan(double percent, unsigned most)
{
    static struct workload workload;
    struct plan plan = {.threads = one_thread,
                        .threads_count = 1,
                        .workloads = &workload,
                        .workloads_count = 1,
                        .repetitions = 6,
                        .until_percent = percent,
                        .repetitions_most = most};

    assert_int_equal(lock_specs_read("tas", &plan.locks, &plan.locks_count), EXIT_FINE);
    return plan;
}

static void add(struct records *records, int repetition, double throughput)
{
    json_array_append_new(records->samples,
                          json_pack("{s:s, s:i, s:i, s:f}", "lock", "tas", "threads", 1,
                                    "repetition", repetition, "throughput", throughput));
}

static void ends(void **state)
{
    struct plan plan = make_plan(10, 8);
    struct records records = records_empty("file", NULL);
    struct growth cell = {0};

    (void)state;
    /* Of another cell, and beyond what is judged: neither counts. */
    json_array_append_new(records.samples,
                          json_pack("{s:s, s:i, s:i, s:f}", "lock", "mcs", "threads", 1,
                                    "repetition", 0, "throughput", 9e9));
    add(&records, 6, 103);
    /* The interval of six is from the least to the largest: 12 above a median of 100. */
    static const double values[] = {112, 99, 100, 100, 100, 101};
    for (int i = 0; i < 6; i++)
        add(&records, i, values[i]);
    assert_int_equal(growth_judge(&plan, &records, 6, &cell), 1);
    assert_int_equal(cell.end, GROWTH_OPEN);
    assert_float_equal(cell.half_width, 12, 1e-9);
    /* Of seven, too. When the time is up, it is closed with as many as there are. */
    struct growth closed = cell;
    growth_close(&plan, &records, &closed);
    assert_int_equal(closed.end, GROWTH_OPEN);
    assert_int_equal(closed.repetitions, 7);
    json_t *record = growth_to_json(&closed);
    assert_string_equal(json_string_value(json_object_get(record, "ended")), "time");
    json_decref(record);
    assert_int_equal(growth_judge(&plan, &records, 7, &cell), 1);
    /* Of nine, the second and the eighth. */
    add(&records, 7, 97);
    add(&records, 8, 100);
    plan.repetitions_most = 20;
    assert_int_equal(growth_judge(&plan, &records, 9, &cell), 0);
    assert_int_equal(cell.end, GROWTH_INTERVAL);
    assert_float_equal(cell.half_width, 3, 1e-9);
    records_free(&records);
    free(plan.locks);
}

static void the_cap_and_the_interval(void **state)
{
    struct plan plan = make_plan(5, 9);
    struct records records = records_empty("file", NULL);
    struct growth cell = {0}, capped = {0};

    (void)state;
    for (int i = 0; i < 9; i++)
        add(&records, i, i == 0 ? 200 : 100 + i);
    assert_int_equal(growth_judge(&plan, &records, 8, &cell), 1);
    /* Of nine, the second and the eighth. */
    assert_int_equal(growth_judge(&plan, &records, 9, &cell), 0);
    assert_int_equal(cell.end, GROWTH_INTERVAL);
    assert_int_equal(cell.repetitions, 9);
    plan.until_percent = 0.001;
    assert_int_equal(growth_judge(&plan, &records, 9, &capped), 0);
    assert_int_equal(capped.end, GROWTH_REPETITIONS);
    json_t *record = growth_to_json(&capped);
    assert_string_equal(json_string_value(json_object_get(record, "ended")), "repetitions");
    json_decref(record);
    records_free(&records);
    free(plan.locks);
}

static void a_lost_sample_ends_it(void **state)
{
    struct plan plan = make_plan(5, 9);
    struct records records = records_empty("file", NULL);
    struct growth cell = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        add(&records, i, 100);
    assert_int_equal(growth_judge(&plan, &records, 6, &cell), 0);
    assert_int_equal(cell.end, GROWTH_LOST);
    assert_true(isnan(cell.half_width));
    json_t *record = growth_to_json(&cell);
    assert_true(json_is_null(json_object_get(record, "half_width_percent")));
    json_decref(record);
    records_free(&records);
    free(plan.locks);
}

/* Six repetitions of which one is unfit have no interval; the seventh makes one, and the cap counts
 * unfit ones as well. */
static void unfit_windows_do_not_count(void **state)
{
    struct plan plan = make_plan(5, 7);
    struct records records = records_empty("file", NULL);
    struct growth cell = {0};

    (void)state;
    for (int i = 0; i < 7; i++)
        add(&records, i, i == 2 ? 1000 : 100);
    json_object_set_new(json_array_get(records.samples, 2), "unfit", json_pack("[s]", "steal"));
    assert_int_equal(growth_judge(&plan, &records, 6, &cell), 1);
    assert_true(isnan(cell.half_width));
    assert_int_equal(cell.unfit, 1);
    struct growth capped = cell;
    assert_int_equal(growth_judge(&plan, &records, 7, &cell), 0);
    assert_int_equal(cell.end, GROWTH_INTERVAL);
    assert_int_equal(cell.repetitions, 7);
    json_t *record = growth_to_json(&cell);
    assert_int_equal(json_integer_value(json_object_get(record, "unfit")), 1);
    json_decref(record);
    json_object_set_new(json_array_get(records.samples, 3), "unfit", json_pack("[s]", "load"));
    assert_int_equal(growth_judge(&plan, &records, 7, &capped), 0);
    assert_int_equal(capped.end, GROWTH_REPETITIONS);
    assert_true(isnan(capped.half_width));
    records_free(&records);
    free(plan.locks);
}

/* Nothing at all was acquired: there is no per cent of that. */
static void a_median_of_nothing(void **state)
{
    struct plan plan = make_plan(5, 6);
    struct records records = records_empty("file", NULL);
    struct growth cell = {0};

    (void)state;
    for (int i = 0; i < 6; i++)
        add(&records, i, 0);
    assert_int_equal(growth_judge(&plan, &records, 6, &cell), 0);
    assert_int_equal(cell.end, GROWTH_REPETITIONS);
    json_t *record = growth_to_json(&cell);
    assert_true(json_is_null(json_object_get(record, "half_width_percent")));
    json_decref(record);
    records_free(&records);
    free(plan.locks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),
        cmocka_unit_test(the_cap_and_the_interval),
        cmocka_unit_test(a_lost_sample_ends_it),
        cmocka_unit_test(unfit_windows_do_not_count),
        cmocka_unit_test(a_median_of_nothing),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
