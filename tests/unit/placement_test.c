/* The order in which threads take CPUs, on machines that hwloc makes up. */
#include "tests/unit/unit.h"

#include "bench/topology.h"

static hwloc_topology_t make_up(const char *description)
{
    hwloc_topology_t topology;

    assert_int_equal(hwloc_topology_init(&topology), 0);
    assert_int_equal(hwloc_topology_set_synthetic(topology, description), 0);
    assert_int_equal(hwloc_topology_load(topology), 0);
    return topology;
}

static void expect(const char *description, const char *name, const unsigned *cpus, size_t count)
{
    hwloc_topology_t topology = make_up(description);
    struct placement placement;

    assert_int_equal(placement_make(topology, name, &placement), EXIT_FINE);
    assert_int_equal(placement.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(placement.cpus[i], cpus[i]);
    placement_free(&placement);
    hwloc_topology_destroy(topology);
}

/* Two packages of two cores with two hardware threads each, numbered depth first. */
static const char *const two_sockets = "pack:2 core:2 pu:2";

static void compact(void **state)
{
    static const unsigned order[] = {0, 1, 2, 3, 4, 5, 6, 7};

    (void)state;
    expect(two_sockets, "compact", order, 8);
}

static void scatter(void **state)
{
    static const unsigned order[] = {0, 4, 2, 6, 1, 5, 3, 7};

    (void)state;
    expect(two_sockets, "scatter", order, 8);
}

static void cores(void **state)
{
    static const unsigned order[] = {0, 2, 4, 6, 1, 3, 5, 7};

    (void)state;
    expect(two_sockets, "cores", order, 8);
}

static void scatter_over_caches(void **state)
{
    static const unsigned order[] = {0, 4, 2, 6, 1, 5, 3, 7};

    (void)state;
    expect("pack:1 l3:2 l2:2 core:2 pu:1", "scatter", order, 8);
}

static void one_cpu(void **state)
{
    static const unsigned order[] = {0};

    (void)state;
    expect("pu:1", "compact", order, 1);
    expect("pu:1", "scatter", order, 1);
    expect("pu:1", "cores", order, 1);
}

static void listed(void **state)
{
    static const unsigned order[] = {6, 0, 2, 3};

    (void)state;
    expect(two_sockets, "6,0,2-3", order, 4);
}

static void refused(void **state)
{
    static const char *const wrong[] = {"", "8", "0,8", "compat", "-1", "0-", "0,,1", "Compact"};
    hwloc_topology_t topology = make_up(two_sockets);
    struct placement placement;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(placement_make(topology, wrong[i], &placement), EXIT_USAGE);
    hwloc_topology_destroy(topology);
}

/* Every named order has each CPU once, also where packages differ. */
static void complete(void **state)
{
    static const char *const names[] = {"compact", "scatter", "cores"};
    hwloc_topology_t topology = make_up("pack:3 l3:2 core:5 pu:2");
    struct placement placement;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        unsigned seen[60] = {0};
        assert_int_equal(placement_make(topology, names[i], &placement), EXIT_FINE);
        assert_int_equal(placement.count, 60);
        for (size_t j = 0; j < 60; j++)
            seen[placement.cpus[j]]++;
        for (size_t j = 0; j < 60; j++)
            assert_int_equal(seen[j], 1);
        placement_free(&placement);
    }
    hwloc_topology_destroy(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact), cmocka_unit_test(scatter),
        cmocka_unit_test(cores),   cmocka_unit_test(scatter_over_caches),
        cmocka_unit_test(one_cpu), cmocka_unit_test(listed),
        cmocka_unit_test(refused), cmocka_unit_test(complete),
    };
    return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
