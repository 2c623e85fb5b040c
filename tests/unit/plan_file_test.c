/* Plans as objects: what is taken, and what is refused. */
#include "tests/unit/unit.h"

#include "bench/plan_file.h"

static enum exit_code read_text(const char *text, struct measuring *measuring)
{
    json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(object);
    *measuring = measuring_default();
    enum exit_code code = plan_object_read(object, "a test", measuring);
    json_decref(object);
    return code;
}

static void every_key(void **state)
{
    struct measuring measuring;

    (void)state;
    assert_int_equal(
        read_text("{\"description\": \"all\", \"machine\": \"sim:pu:4\", \"model\": {\"remote\": "
                  "300, \"core\": \"9ns\", \"stall-every\": 7}, \"latencies\": \"file\", "
                  "\"locks\": [\"tas\", \"mcs\"], \"threads\": [1, \"max\", \"4-8:2\"], "
                  "\"objects\": 3, \"processes\": \"each\", \"workload\": {\"readers\": 50, "
                  "\"preset\": \"moderate\", \"nested\": 2, \"nested_order\": \"mixed\", \"irql\": "
                  "\"apc-guard\", \"hogs\": \"2:5us\"}, \"placement\": \"0,1\", \"repetitions\": "
                  "3, \"window_ns\": "
                  "5000000, \"dispatch\": \"vtable\", \"seed\": 7, \"draw\": true, \"cpus\": 2, "
                  "\"warmup_ns\": null}",
                  &measuring),
        EXIT_FINE);
    assert_string_equal(measuring.machine.text, "sim:pu:4");
    assert_int_equal(measuring.machine.parameters.latency_ns[SIM_REMOTE], 300);
    assert_int_equal(measuring.machine.parameters.latency_ns[SIM_CORE], 9);
    assert_int_equal(measuring.machine.parameters.stall_every, 7);
    assert_string_equal(measuring.machine.latencies, "file");
    assert_string_equal(measuring.planned_locks, "tas,mcs");
    assert_string_equal(measuring.threads, "1,max,4-8:2");
    assert_string_equal(measuring.objects, "3");
    assert_int_equal(measuring.processes, PROCESSES_EACH);
    /* A preset that stands behind leaves what is said besides. */
    assert_int_equal(measuring.workload.critical.low_ns, 100);
    assert_int_equal(measuring.workload.readers, 50);
    assert_int_equal(measuring.workload.nested, 2);
    assert_true(measuring.workload.mixed);
    assert_int_equal(measuring.workload.irql, IRQL_APC_GUARD);
    assert_int_equal(measuring.workload.hogs, 2);
    assert_string_equal(measuring.placement, "0,1");
    assert_int_equal(measuring.repetitions, 3);
    assert_int_equal(measuring.planned_duration_ns, 5000000);
    assert_true(measuring.through_vtable);
    assert_int_equal(measuring.seed, 7);
    assert_true(measuring.seeded);
    assert_true(measuring.planned_draw);
    measuring_free(&measuring);
    assert_int_equal(read_text("{\"workload\": {\"exchange\": \"signal\"}, \"time_budget\": "
                               "\"2min\", \"window_ns\": null}",
                               &measuring),
                     EXIT_FINE);
    assert_int_equal(measuring.workload.exchange, EXCHANGE_SIGNAL);
    assert_int_equal(measuring.planned_budget_ns, 120000000000);
    measuring_free(&measuring);
    assert_int_equal(read_text("{\"workload\": {\"readers\": [0, 95, \"40-60:10\"], \"preset\": "
                               "\"read-mostly\"}}",
                               &measuring),
                     EXIT_FINE);
    assert_int_equal(measuring.readers_count, 5);
    assert_int_equal(measuring.readers[4], 60);
    assert_int_equal(measuring.workload.readers, 95);
    measuring_free(&measuring);
}

static void wrong_plans(void **state)
{
    static const char *const wrong[] = {
        "[]",
        "1",
        "{\"lock\": \"tas\"}",
        "{\"\": 1}",
        "{\"locks\": 1}",
        "{\"locks\": []}",
        "{\"locks\": [1.5]}",
        "{\"locks\": [[\"tas\"]]}",
        "{\"threads\": null}",
        "{\"threads\": {}}",
        "{\"repetitions\": 0}",
        "{\"repetitions\": -1}",
        "{\"repetitions\": \"10\"}",
        "{\"repetitions\": 9223372036854775807}",
        "{\"window_ns\": -1}",
        "{\"window_ns\": 9223372036854775807}",
        "{\"duration\": \"5\"}",
        "{\"duration\": 5}",
        "{\"duration\": \"5ms\", \"window_ns\": 5000000}",
        "{\"duration\": \"5ms\", \"time_budget\": \"1min\"}",
        "{\"seed\": -1}",
        "{\"draw\": 1}",
        "{\"machine\": \"simulated\"}",
        "{\"model\": {\"remote\": -1}}",
        "{\"model\": {\"remote\": 1.5}}",
        "{\"model\": {\"remoat\": 1}}",
        "{\"model\": {\"jitter\": 91}}",
        "{\"model\": []}",
        "{\"processes\": 0}",
        "{\"workload\": \"heavy\"}",
        "{\"workload\": {\"criticl\": \"0\"}}",
        "{\"workload\": {\"critical\": \"100\"}}",
        "{\"workload\": {\"readers\": 101}}",
        "{\"workload\": {\"readers\": [0, 101]}}",
        "{\"workload\": {\"readers\": []}}",
        "{\"workload\": {\"preset\": \"light\", \"exchange\": \"signal\"}}",
        "{\"workload\": {\"settle_ns\": [1, 2]}}",
        "{\"workload\": {\"exchange\": \"signal\", \"settle_ns\": [1, 2]}}",
        "{\"description\": 1}",
    };
    struct measuring measuring;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read_text(wrong[i], &measuring) != EXIT_USAGE)
            fail_msg("this was taken: %s", wrong[i]);
        measuring_free(&measuring);
    }
}

/* What was recorded is what comes back. */
static void recorded_plans_come_back(void **state)
{
    static const char *const workloads[] = {
        ("{\"workload\": \"read-mostly\", \"threads\": [1, 2, 5], \"locks\": [\"tas\", "
         "\"spin_park:budget=2us\"], \"placement\": \"scatter\", \"window_ns\": 1234567, "
         "\"processes\": 2, \"dispatch\": \"vtable\", \"repetitions\": 4}"),
        "{\"workload\": \"wait-any\", \"locks\": [\"futex\"], \"objects\": [1, 5]}",
        ("{\"workload\": {\"nested\": 3}, \"locks\": [\"mcs\"], \"machine\": \"sim:pu:2\", "
         "\"model\": {\"jitter\": 0, \"wake\": 2000}}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        struct measuring first, second;
        struct plan plan, again;
        assert_int_equal(read_text(workloads[i], &first), EXIT_FINE);
        assert_int_equal(measuring_read_names(&first), EXIT_FINE);
        assert_int_equal(measuring_plan(&first, 2, 2, &plan), EXIT_FINE);
        json_t *recorded = plan_to_json(&plan);
        second = measuring_default();
        assert_int_equal(plan_object_read(recorded, "a record", &second), EXIT_FINE);
        assert_int_equal(measuring_read_names(&second), EXIT_FINE);
        assert_int_equal(measuring_plan(&second, 2, 2, &again), EXIT_FINE);
        json_t *repeated = plan_to_json(&again);
        assert_true(json_equal(recorded, repeated));
        json_decref(recorded);
        json_decref(repeated);
        free(plan.threads);
        free(plan.objects);
        free(again.threads);
        free(again.objects);
        measuring_free(&first);
        measuring_free(&second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key),
        cmocka_unit_test(wrong_plans),
        cmocka_unit_test(recorded_plans_come_back),
    };
    return cmocka_run_group_tests_name("plan_file", tests, NULL, NULL);
}
