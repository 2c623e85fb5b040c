/* A spin budget for glibc's adaptive mutex: how the count is found, what fresh processes are told,
 * and that what can't be measured has a reason. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "bench/glibc_spin.h"
#include "bench/topology.h"
#include "locks/machine/machine.h"

static const struct glibc_spin_point curve[GLIBC_SPIN_CURVE] = {
    {0, 0}, {32, 500}, {128, 3000}, {512, 12000}, {2048, 50000}, {8192, 200000}, {32700, 800000}};

static void counts_lie_between_those_measured(void **state)
{
    bool out_of_reach = true;

    (void)state;
    assert_int_equal(glibc_spin_invert(curve, 0, &out_of_reach), 0);
    assert_false(out_of_reach);
    assert_int_equal(glibc_spin_invert(curve, 500, &out_of_reach), 32);
    assert_int_equal(glibc_spin_invert(curve, 250, &out_of_reach), 16);
    assert_int_equal(glibc_spin_invert(curve, 1750, &out_of_reach), 80);
    assert_int_equal(glibc_spin_invert(curve, 800000, &out_of_reach), 32700);
    assert_false(out_of_reach);
    assert_int_equal(glibc_spin_invert(curve, 800001, &out_of_reach), 32700);
    assert_true(out_of_reach);
}

/* Where several counts spin equally long, the least of them. */
static void a_flat_curve_has_an_answer(void **state)
{
    const struct glibc_spin_point flat[GLIBC_SPIN_CURVE] = {
        {0, 0}, {32, 0}, {128, 0}, {512, 100}, {2048, 100}, {8192, 100}, {32700, 100}};
    bool out_of_reach;

    (void)state;
    assert_int_equal(glibc_spin_invert(flat, 0, &out_of_reach), 0);
    assert_int_equal(glibc_spin_invert(flat, 100, &out_of_reach), 512);
    assert_int_equal(glibc_spin_invert(flat, 50, &out_of_reach), 320);
}

static void other_tunables_are_kept(void **state)
{
    static const struct {
        const char *present, *text;
    } cases[] = {
        {NULL, "glibc.pthread.mutex_spin_count=7"},
        {"", "glibc.pthread.mutex_spin_count=7"},
        {"glibc.malloc.check=1", "glibc.malloc.check=1:glibc.pthread.mutex_spin_count=7"},
        {"glibc.pthread.mutex_spin_count=100", "glibc.pthread.mutex_spin_count=7"},
        {"a=1:glibc.pthread.mutex_spin_count=100:b=2", "a=1:b=2:glibc.pthread.mutex_spin_count=7"},
        {"::a=1::", "a=1:glibc.pthread.mutex_spin_count=7"},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(glibc_spin_tunables(cases[i].present, 7, text, sizeof text));
        assert_string_equal(text, cases[i].text);
    }
    assert_false(glibc_spin_tunables("a=1", 7, text, 20));
    assert_false(glibc_spin_tunables(NULL, 7, text, 20));
}

static void want_reason(const struct glibc_spin *spin, const char *reason)
{
    json_t *object = glibc_spin_to_json(spin);

    assert_false(spin->measured);
    if (strstr(spin->reason, reason) == NULL)
        fail_msg("'%s' should have '%s'", spin->reason, reason);
    assert_true(json_is_null(json_object_get(object, "count")));
    assert_true(json_is_null(json_object_get(object, "achieved_ns")));
    assert_string_equal(json_string_value(json_object_get(object, "reason")), spin->reason);
    json_decref(object);
}

/* With a program that is none, or that says nothing, or rubbish. */
static void what_can_not_be_found_has_a_reason(void **state)
{
    struct glibc_spin spin;
    hwloc_topology_t topology;

    (void)state;
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    bool alone = topology_cpus(topology) == 1;
    assert_int_equal(glibc_spin_find(5000, topology, "/nowhere", &spin), EXIT_FINE);
    want_reason(&spin, alone ? "one CPU" : "No such file");
    assert_int_equal(glibc_spin_find(5000, topology, "/bin/true", &spin), EXIT_FINE);
    want_reason(&spin, alone ? "one CPU" : "could not measure");
    assert_int_equal(glibc_spin_find(5000, topology, "/bin/false", &spin), EXIT_FINE);
    want_reason(&spin, alone ? "one CPU" : "could not measure");
    hwloc_topology_destroy(topology);
}

/* A program that says the same whatever the tunable is. */
static void a_tunable_without_effect_is_noticed(void **state)
{
    char name[] = "/tmp/lockbench-spin-XXXXXX";
    struct glibc_spin spin;
    hwloc_topology_t topology;
    int fd = mkstemp(name);

    (void)state;
    static const char script[] = "#!/bin/sh\necho '{\"median_ns\": 2500.0}'\n";
    assert_int_equal(write(fd, script, sizeof script - 1), sizeof script - 1);
    assert_int_equal(fchmod(fd, 0700), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    assert_int_equal(glibc_spin_find(5000, topology, name, &spin), EXIT_FINE);
    want_reason(&spin, topology_cpus(topology) == 1 ? "one CPU" : "does not change");
    hwloc_topology_destroy(topology);
    unlink(name);
}

/* A made-up machine: 25 ns a turn, and 85 ns for a call. */
static void a_made_up_machine_is_found_out(void **state)
{
    static const char script[] =
        "#!/bin/sh\nn=${GLIBC_TUNABLES##*=}\n"
        "echo \"{\\\"median_ns\\\": $((85 + 25 * n)).0}\"\n";
    char name[] = "/tmp/lockbench-spin-XXXXXX";
    struct glibc_spin spin;
    hwloc_topology_t topology;
    int fd = mkstemp(name);

    (void)state;
    assert_int_equal(write(fd, script, sizeof script - 1), sizeof script - 1);
    assert_int_equal(fchmod(fd, 0700), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    if (topology_cpus(topology) == 1) {
        hwloc_topology_destroy(topology);
        unlink(name);
        print_message("one CPU: a count can't be found\n");
        skip();
    }
    assert_int_equal(glibc_spin_find(5000, topology, name, &spin), EXIT_FINE);
    assert_true(spin.measured);
    assert_int_equal(spin.count, 200);
    assert_float_equal(spin.achieved_ns, 5000, 1e-9);
    assert_float_equal(spin.turn_ns, 25, 1e-9);
    assert_false(spin.out_of_reach);
    json_t *object = glibc_spin_to_json(&spin);
    assert_string_equal(json_string_value(json_object_get(object, "tunable")),
                        "glibc.pthread.mutex_spin_count=200");
    assert_int_equal(json_array_size(json_object_get(object, "curve")), GLIBC_SPIN_CURVE);
    json_decref(object);
    assert_int_equal(glibc_spin_find(10000000, topology, name, &spin), EXIT_FINE);
    assert_true(spin.measured && spin.out_of_reach);
    assert_int_equal(spin.count, GLIBC_SPIN_COUNT_MOST);
    assert_int_equal(glibc_spin_find(MACHINE_NEVER, topology, name, &spin), EXIT_FINE);
    assert_true(spin.measured && spin.out_of_reach);
    assert_int_equal(spin.count, GLIBC_SPIN_COUNT_MOST);
    assert_int_equal(glibc_spin_find(0, topology, name, &spin), EXIT_FINE);
    assert_true(spin.measured);
    assert_int_equal(spin.count, 0);
    assert_float_equal(spin.achieved_ns, 0, 0);
    hwloc_topology_destroy(topology);
    unlink(name);
}

/* The program itself, where the environment says which it is: whatever this machine is, the parts
 * of the answer fit each other. */
static void the_real_one_is_found_or_says_why(void **state)
{
    const char *program = getenv("LOCKBENCH");
    struct glibc_spin spin;
    hwloc_topology_t topology;

    (void)state;
    if (program == NULL) {
        print_message("LOCKBENCH names no program\n");
        skip();
    }
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    assert_int_equal(glibc_spin_find(20000, topology, program, &spin), EXIT_FINE);
    hwloc_topology_destroy(topology);
    assert_true(spin.measured != (spin.reason[0] != '\0'));
    if (!spin.measured)
        return;
    print_message("20 us: count %u spins %.0f ns [%.0f, %.0f], a turn %.2f ns\n", spin.count,
                  spin.achieved_ns, spin.achieved.low, spin.achieved.high, spin.turn_ns);
    assert_in_range(spin.count, 1, GLIBC_SPIN_COUNT_MOST);
    assert_true(spin.turn_ns > 0);
    assert_true(spin.achieved.low <= spin.achieved_ns && spin.achieved_ns <= spin.achieved.high);
    for (int i = 1; i < GLIBC_SPIN_CURVE; i++)
        assert_true(spin.curve[i].ns >= spin.curve[i - 1].ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_lie_between_those_measured),
        cmocka_unit_test(a_flat_curve_has_an_answer),
        cmocka_unit_test(other_tunables_are_kept),
        cmocka_unit_test(what_can_not_be_found_has_a_reason),
        cmocka_unit_test(a_tunable_without_effect_is_noticed),
        cmocka_unit_test(a_made_up_machine_is_found_out),
        cmocka_unit_test(the_real_one_is_found_or_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
