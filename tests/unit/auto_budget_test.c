/* `budget=auto`: which locks may have it, what becomes of it, and that a record of it is read back
 * or refused. */
#include "unit.h"

#include "bench/auto_budget.h"
#include "bench/plan.h"
#include "bench/topology.h"
#include "locks/catalogue.h"

/* Every lock that has a budget, and no other. */
static void every_budget_may_be_auto(void **state)
{
    unsigned found = 0;

    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        char text[LOCK_SPEC_TEXT], settled_text[LOCK_SPEC_TEXT];
        struct lock_spec spec;
        snprintf(text, sizeof text, "%s:budget=auto", ops->name);
        snprintf(settled_text, sizeof settled_text, "%s:budget=4.2us", ops->name);
        for (int p = 0; ops->parameters != NULL && ops->parameters[p].name != NULL; p++) {
            if (strcmp(ops->parameters[p].name, "budget") != 0)
                continue;
            found++;
            assert_int_equal(lock_spec_read(text, &spec), EXIT_FINE);
            assert_true(spec.automatic);
            assert_string_equal(spec.text, text);
            struct lock_spec settled = lock_spec_with_budget(&spec, 4200);
            assert_false(settled.automatic);
            assert_int_equal(settled.parameters[p], 4200);
            struct lock_spec again;
            assert_int_equal(lock_spec_read(settled.text, &again), EXIT_FINE);
            assert_int_equal(again.parameters[p], 4200);
            assert_int_equal(lock_spec_read(settled_text, &again), EXIT_FINE);
            assert_string_equal(again.text, settled.text);
        }
    }
    assert_in_range(found, 3, 100);
}

static void for_ever_is_a_budget(void **state)
{
    struct lock_spec spec;

    (void)state;
    assert_int_equal(lock_spec_read("spin_park:budget=auto", &spec), EXIT_FINE);
    struct lock_spec settled = lock_spec_with_budget(&spec, MACHINE_NEVER);
    assert_true(settled.parameters[0] == MACHINE_NEVER);
    assert_string_equal(settled.text, "spin_park:budget=inf");
    settled = lock_spec_with_budget(&spec, 0);
    assert_string_equal(settled.text, "spin_park:budget=0");
}

static void other_locks_stay_as_they_are(void **state)
{
    struct lock_spec spec;

    (void)state;
    assert_int_equal(lock_spec_read("spin_park:budget=20us", &spec), EXIT_FINE);
    struct lock_spec settled = lock_spec_with_budget(&spec, 4200);
    assert_string_equal(settled.text, "spin_park:budget=20us");
    assert_int_equal(settled.parameters[0], 20000);
    assert_int_equal(lock_specs_refuse_auto(&spec, 1), EXIT_FINE);
    assert_int_equal(lock_spec_read("ttas_backoff:min=auto", &spec), EXIT_USAGE);
    assert_int_equal(lock_spec_read("kmutex:level=auto", &spec), EXIT_USAGE);
    assert_int_equal(lock_spec_read("mcs:budget=auto", &spec), EXIT_USAGE);
    assert_int_equal(lock_spec_read("spin_park:budget=auto", &spec), EXIT_FINE);
    assert_int_equal(lock_specs_refuse_auto(&spec, 1), EXIT_USAGE);
}

/* With a thread for each CPU the one budget, with one thread more the other. */
static void the_number_of_threads_decides(void **state)
{
    const struct auto_budgets budgets = {.known = true,
                                         .any = {4200, 900},
                                         .locks = {{"spin_park", {8000, 7000}}},
                                         .locks_count = 1};
    struct lock_spec locks[2];
    struct plan plan = {.locks = locks, .locks_count = 1, .cpus = 4, .auto_budgets = budgets};

    (void)state;
    assert_int_equal(auto_budget_ns(&budgets, "mcs_park", 1, 4), 4200);
    assert_int_equal(auto_budget_ns(&budgets, "mcs_park", 4, 4), 4200);
    assert_int_equal(auto_budget_ns(&budgets, "mcs_park", 5, 4), 900);
    assert_int_equal(auto_budget_ns(&budgets, "spin_park", 4, 4), 8000);
    assert_int_equal(auto_budget_ns(&budgets, "spin_park", 5, 4), 7000);
    assert_int_equal(lock_spec_read("mcs", &locks[0]), EXIT_FINE);
    assert_int_equal(lock_spec_read("mcs_park:budget=auto", &locks[1]), EXIT_FINE);
    assert_false(plan_needs_budgets(&plan));
    plan.locks_count = 2;
    assert_true(plan_needs_budgets(&plan));
    const struct turn few = {.lock = &locks[1], .threads = 4};
    const struct turn many = {.lock = &locks[1], .threads = 8};
    assert_int_equal(plan_lock(&plan, &few).parameters[0], 4200);
    assert_int_equal(plan_lock(&plan, &many).parameters[0], 900);
    assert_string_equal(few.lock->text, "mcs_park:budget=auto");
}

static void records_are_read_back(void **state)
{
    struct auto_budgets budgets = {.known = true,
                                   .any = {MACHINE_NEVER, 0},
                                   .locks = {{"mcs_park", {1, 2}}, {"spin_park", {3, 4}}},
                                   .locks_count = 2,
                                   .from = "profile of 2026-11-22"};
    struct auto_budgets read;

    (void)state;
    json_t *object = auto_budgets_to_json(&budgets);
    assert_true(auto_budgets_from_json(object, &read));
    assert_true(read.known && read.any.fitting_ns == MACHINE_NEVER && read.any.crowded_ns == 0);
    assert_string_equal(read.from, budgets.from);
    assert_int_equal(read.locks_count, 2);
    assert_string_equal(read.locks[1].name, "spin_park");
    assert_int_equal(read.locks[1].budget.fitting_ns, 3);
    assert_int_equal(read.locks[1].budget.crowded_ns, 4);
    json_decref(object);
}

static void wrong_records_are_refused(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"fitting_ns\": 1, \"crowded_ns\": 1}",
        "{\"fitting_ns\": -1, \"crowded_ns\": 1, \"from\": \"x\"}",
        "{\"fitting_ns\": 1.5, \"crowded_ns\": 1, \"from\": \"x\"}",
        "{\"fitting_ns\": \"long\", \"crowded_ns\": 1, \"from\": \"x\"}",
        "{\"fitting_ns\": 9000000000000, \"crowded_ns\": 1, \"from\": \"x\"}",
        ("{\"fitting_ns\": 1, \"crowded_ns\": 1, \"from\": \"a text that is longer than any title "
         "of a profile or of a calibration ever is, and by far\"}"),
        ("{\"fitting_ns\": 1, \"crowded_ns\": 1, \"from\": \"x\", \"locks\": {\"mcs_park\": "
         "{\"fitting_ns\": 1}}}"),
        ("{\"fitting_ns\": 1, \"crowded_ns\": 1, \"from\": \"x\", \"locks\": {\"a name that is "
         "longer than that of any lock\": {\"fitting_ns\": 1, \"crowded_ns\": 1}}}"),
    };
    struct auto_budgets read;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *object = json_loads(wrong[i], 0, NULL);
        assert_non_null(object);
        assert_false(auto_budgets_from_json(object, &read));
        json_decref(object);
    }
    assert_false(auto_budgets_from_json(NULL, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_budget_may_be_auto),
        cmocka_unit_test(for_ever_is_a_budget),
        cmocka_unit_test(other_locks_stay_as_they_are),
        cmocka_unit_test(the_number_of_threads_decides),
        cmocka_unit_test(records_are_read_back),
        cmocka_unit_test(wrong_records_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
