/* What waiting costs: what is computed of rounds, what the model says of itself, and that a record
 * of it is read back or refused. */
#include "unit.h"

#include <math.h>

#include "bench/calibration.h"
#include "bench/sim/model.h"
#include "bench/topology.h"

/* Every item of round i is `ns` + i. */
static void fill(struct calibration_rounds *rounds, enum calibration_item item, double ns)
{
    for (int round = 0; round < CALIBRATION_ROUNDS; round++)
        rounds->ns[item][round] = ns + round;
}

static void cost_is_what_sleeping_adds(void **state)
{
    struct calibration_rounds rounds;
    struct calibration calibration = {.cpu = 0, .other_cpu = 1};

    (void)state;
    calibration_rounds_clear(&rounds);
    fill(&rounds, CALIBRATION_WAKE_SHALLOW, 4000);
    fill(&rounds, CALIBRATION_WAKE_CALL, 900);
    fill(&rounds, CALIBRATION_SPIN, 100);
    calibration_conclude(&rounds, &calibration);
    const struct calibration_value *cost = &calibration.values[CALIBRATION_COST];
    assert_true(cost->measured);
    assert_int_equal(cost->rounds, CALIBRATION_ROUNDS);
    /* 4000 + i - (100 + i) + 900 + i with i = 7 in the middle; of 15, [x4, x12] covers 96.5%. */
    assert_float_equal(cost->median_ns, 4807, 1e-9);
    assert_float_equal(cost->interval.low, 4803, 1e-9);
    assert_float_equal(cost->interval.high, 4811, 1e-9);
    assert_false(calibration.values[CALIBRATION_RELAX].measured);
    assert_string_not_equal(calibration.values[CALIBRATION_RELAX].reason, "");
}

static void cost_on_one_cpu_is_that_of_waking_beside(void **state)
{
    struct calibration_rounds rounds;
    struct calibration calibration = {.cpu = 3, .other_cpu = 3};

    (void)state;
    calibration_rounds_clear(&rounds);
    fill(&rounds, CALIBRATION_WAKE_SAME, 2000);
    calibration_conclude(&rounds, &calibration);
    assert_float_equal(calibration.values[CALIBRATION_COST].median_ns, 2007, 1e-9);
}

static void what_lacks_a_part_has_its_reason(void **state)
{
    struct calibration_rounds rounds;
    struct calibration calibration = {.cpu = 0, .other_cpu = 1};

    (void)state;
    calibration_rounds_clear(&rounds);
    fill(&rounds, CALIBRATION_WAKE_SHALLOW, 4000);
    fill(&rounds, CALIBRATION_WAKE_CALL, 900);
    calibration_unmeasured(&rounds, CALIBRATION_SPIN, "no reason but this");
    calibration_unmeasured(&rounds, CALIBRATION_SPIN, "a later one");
    calibration_conclude(&rounds, &calibration);
    assert_false(calibration.values[CALIBRATION_COST].measured);
    assert_string_equal(calibration.values[CALIBRATION_SPIN].reason, "no reason but this");
    assert_string_equal(calibration.values[CALIBRATION_COST].reason, "no reason but this");
}

/* Fewer than six have no interval, and a number without one is not to be had. */
static void few_rounds_are_no_measurement(void **state)
{
    struct calibration_rounds rounds;
    struct calibration calibration = {0};

    (void)state;
    calibration_rounds_clear(&rounds);
    for (int round = 0; round < 5; round++)
        rounds.ns[CALIBRATION_RELAX][round] = 20;
    calibration_conclude(&rounds, &calibration);
    assert_false(calibration.values[CALIBRATION_RELAX].measured);
    rounds.ns[CALIBRATION_RELAX][14] = 20;
    calibration_conclude(&rounds, &calibration);
    assert_true(calibration.values[CALIBRATION_RELAX].measured);
    assert_int_equal(calibration.values[CALIBRATION_RELAX].rounds, 6);
}

/* ---- the model ---- */

static struct calibration calibrate_model(const char *machine_text, const char *parameters)
{
    struct machine machine = machine_native();
    hwloc_topology_t topology;
    struct calibration calibration;

    assert_int_equal(machine_read(machine_text, &machine), EXIT_FINE);
    assert_int_equal(sim_parameters_read(parameters, &machine.parameters), EXIT_FINE);
    assert_int_equal(machine_load(&machine, &topology), EXIT_FINE);
    assert_int_equal(calibration_measure(&machine, topology, &calibration), EXIT_FINE);
    hwloc_topology_destroy(topology);
    return calibration;
}

static double median(const struct calibration *calibration, enum calibration_item item)
{
    assert_true(calibration->values[item].measured);
    return calibration->values[item].median_ns;
}

static void the_model_costs_what_its_parameters_say(void **state)
{
    struct calibration c =
        calibrate_model("sim:core:2 pu:1",
                        "jitter=0,stall-every=0,relax=17ns,syscall=300ns,switch=1us,wake=5us,"
                        "wake-call=2us,package=60ns,hit=1ns,slice=1ms,atomic=5ns,clock=20ns");

    (void)state;
    assert_float_equal(median(&c, CALIBRATION_RELAX), 17, 0.01);
    assert_float_equal(median(&c, CALIBRATION_YIELD), 300, 0.01);
    assert_float_equal(median(&c, CALIBRATION_SWITCH), 1300, 1);
    /* The line's way, with what the polling and the store add to it. */
    assert_in_range(median(&c, CALIBRATION_SPIN), 60, 200);
    /* The store may first have to fetch the line back: as long as a hand-off. */
    double store = median(&c, CALIBRATION_WAKE_CALL) - 300 - 2000;
    assert_in_range(store, 0, 200);
    assert_float_equal(median(&c, CALIBRATION_WAKE_SHALLOW), store + 300 + 5000 + 1000, 250);
    assert_float_equal(median(&c, CALIBRATION_CPU), 2 * 300 + 2000 + 1000, 0.01);
    assert_float_equal(median(&c, CALIBRATION_COST),
                       median(&c, CALIBRATION_WAKE_SHALLOW) - median(&c, CALIBRATION_SPIN) +
                           median(&c, CALIBRATION_WAKE_CALL),
                       0.01);
    /* One that computes is put aside for one that slept, at once. */
    assert_float_equal(median(&c, CALIBRATION_WAKE_BUSY), median(&c, CALIBRATION_WAKE_SHALLOW),
                       300);
    /* The waker's call, no way to another CPU, and the waker's own call to sleep. */
    assert_in_range(median(&c, CALIBRATION_WAKE_SAME), 300 + 1000, 2 * 300 + 2 * 1000);
    assert_false(c.values[CALIBRATION_WAKE_DEEP].measured);
    assert_non_null(strstr(c.values[CALIBRATION_WAKE_DEEP].reason, "deeper"));
}

/* What comes out, made into a model, is what went in, but for the lines that move meanwhile. */
static void a_model_is_found_again(void **state)
{
    struct calibration c = calibrate_model("sim:core:2 pu:1",
                                           "jitter=0,stall-every=0,relax=17ns,syscall=300ns,"
                                           "switch=1us,wake=5us,wake-call=2us,package=60ns");
    struct sim_parameters found = sim_parameters_default();
    char text[CALIBRATION_MODEL];

    (void)state;
    assert_true(calibration_model(&c, text));
    assert_int_equal(sim_parameters_read(text, &found), EXIT_FINE);
    assert_int_equal(found.relax_ns, 17);
    assert_int_equal(found.syscall_ns, 300);
    assert_int_equal(found.switch_ns, 1000);
    assert_in_range(found.wake_ns, 5000, 5250);
    assert_in_range(found.wake_call_ns, 2000, 2250);
    /* Just below the next unit. */
    c.values[CALIBRATION_WAKE_CALL].median_ns = 300 + 999700;
    assert_true(calibration_model(&c, text));
    assert_int_equal(sim_parameters_read(text, &found), EXIT_FINE);
    assert_in_range(found.wake_call_ns, 999000, 1000000);
    c.values[CALIBRATION_WAKE_CALL].measured = false;
    assert_false(calibration_model(&c, text));
}

static void the_model_is_the_same_twice(void **state)
{
    struct calibration first = calibrate_model("sim:pack:2 core:4 pu:2", "jitter=30");
    struct calibration second = calibrate_model("sim:pack:2 core:4 pu:2", "jitter=30");
    json_t *a = calibration_to_json(&first), *b = calibration_to_json(&second);

    (void)state;
    assert_true(json_equal(a, b));
    /* Jitter shows, and the CPUs are of different cores. */
    const struct calibration_value *wake = &first.values[CALIBRATION_WAKE_SHALLOW];
    assert_true(wake->interval.low < wake->interval.high);
    assert_int_equal(first.cpu, 0);
    assert_int_equal(first.other_cpu, 2);
    json_decref(a);
    json_decref(b);
}

static void a_model_of_one_cpu_has_reasons(void **state)
{
    struct calibration c = calibrate_model("sim:core:1 pu:1", "jitter=0");

    (void)state;
    assert_int_equal(c.cpu, c.other_cpu);
    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        bool on_one = item == CALIBRATION_RELAX || item == CALIBRATION_YIELD ||
                      item == CALIBRATION_SWITCH || item == CALIBRATION_WAKE_SAME ||
                      item == CALIBRATION_COST;
        assert_int_equal(c.values[item].measured, on_one);
        assert_true(on_one || strstr(c.values[item].reason, "one CPU") != NULL);
    }
    assert_float_equal(median(&c, CALIBRATION_COST), median(&c, CALIBRATION_WAKE_SAME), 0);
}

/* ---- real cores: what must be so whatever the machine ---- */

static void real_cores_are_measured_or_say_why(void **state)
{
    struct machine machine = machine_native();
    hwloc_topology_t topology;
    struct calibration c;

    (void)state;
    assert_int_equal(machine_load(&machine, &topology), EXIT_FINE);
    assert_int_equal(calibration_measure(&machine, topology, &c), EXIT_FINE);
    bool alone = topology_cpus(topology) == 1;
    assert_int_equal(c.cpu == c.other_cpu, alone);
    hwloc_topology_destroy(topology);
    for (int item = 0; item < CALIBRATION_ITEMS; item++) {
        const struct calibration_value *value = &c.values[item];
        assert_true(value->measured != (value->reason[0] != '\0'));
        if (!value->measured)
            continue;
        assert_true(value->median_ns >= 0 && isfinite(value->median_ns));
        assert_true(value->interval.low <= value->median_ns);
        assert_true(value->interval.high >= value->median_ns);
    }
    assert_true(c.values[CALIBRATION_RELAX].measured);
    assert_true(c.values[CALIBRATION_WAKE_SAME].measured);
}

/* ---- records ---- */

static json_t *some_record(void)
{
    struct calibration c = calibrate_model("sim:core:2 pu:1", "jitter=10");

    return calibration_to_json(&c);
}

static void a_record_is_read_back(void **state)
{
    json_t *record = some_record();
    struct calibration read;

    (void)state;
    assert_true(calibration_from_json(record, &read));
    json_t *again = calibration_to_json(&read);
    assert_true(json_equal(record, again));
    json_decref(record);
    json_decref(again);
}

static void wrong_records_are_refused(void **state)
{
    static const char *const wrong[] = {
        "7",
        "null",
        "[1, 2, 3]",
        "{\"median_ns\": 5}",
        "{\"median_ns\": \"5\", \"interval_ns\": [1, 9], \"rounds\": 15}",
        "{\"median_ns\": -5, \"interval_ns\": [-9, 9], \"rounds\": 15}",
        "{\"median_ns\": 5, \"interval_ns\": [6, 9], \"rounds\": 15}",
        "{\"median_ns\": 5, \"interval_ns\": [1, 9, 9], \"rounds\": 15}",
        "{\"median_ns\": 5, \"interval_ns\": [1, 9], \"rounds\": 0}",
        "{\"median_ns\": 5, \"interval_ns\": [1, 1e300], \"rounds\": 15}",
        "{\"median_ns\": 1e13, \"interval_ns\": [1, 1e14], \"rounds\": 15}",
    };
    struct calibration read;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *record = some_record();
        json_object_set_new(record, "relax", json_loads(wrong[i], JSON_DECODE_ANY, NULL));
        assert_false(calibration_from_json(record, &read));
        json_decref(record);
    }
    json_t *record = some_record();
    json_object_del(record, "cost");
    assert_false(calibration_from_json(record, &read));
    json_decref(record);
    assert_false(calibration_from_json(NULL, &read));
}

static void times_have_three_digits(void **state)
{
    char text[CALIBRATION_TEXT];

    (void)state;
    assert_string_equal(calibration_time(3312, text), "3.31 us");
    assert_string_equal(calibration_time(17, text), "17.0 ns");
    assert_string_equal(calibration_time(999.9, text), "1.00 us");
    assert_string_equal(calibration_time(0, text), "0.00 ns");
    assert_string_equal(calibration_time(2.5e9, text), "2.50 s");
    assert_string_equal(calibration_time(123456789, text), "123 ms");
    assert_string_equal(calibration_time(INFINITY, text), "inf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost_is_what_sleeping_adds),
        cmocka_unit_test(cost_on_one_cpu_is_that_of_waking_beside),
        cmocka_unit_test(what_lacks_a_part_has_its_reason),
        cmocka_unit_test(few_rounds_are_no_measurement),
        cmocka_unit_test(the_model_costs_what_its_parameters_say),
        cmocka_unit_test(a_model_is_found_again),
        cmocka_unit_test(the_model_is_the_same_twice),
        cmocka_unit_test(a_model_of_one_cpu_has_reasons),
        cmocka_unit_test(real_cores_are_measured_or_say_why),
        cmocka_unit_test(a_record_is_read_back),
        cmocka_unit_test(wrong_records_are_refused),
        cmocka_unit_test(times_have_three_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
