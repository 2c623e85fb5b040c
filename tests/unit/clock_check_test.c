/* The check that CPUs' clocks agree, with clocks that do and clocks that do not. */
#include "tests/unit/unit.h"

#include <sched.h>
#include <unistd.h>

#include "bench/native/clock_check.h"
#include "locks/machine/machine.h"

/* An exchange at `at`, each way as long as given, with a second clock that is `ahead`. */
static void exchange(struct clock_bounds *bounds, uint64_t at, uint64_t there, uint64_t back,
                     int64_t ahead)
{
    clock_bounds_narrow(bounds, at, (uint64_t)((int64_t)(at + there) + ahead), at + there + back);
}

static void bounds_hold_the_offset_and_narrow(void **state)
{
    static const int64_t offsets[] = {0, 1, -1, 70, -70, 1000, -1000, 5000000000, -5000000000};

    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct clock_bounds bounds = CLOCK_BOUNDS_UNKNOWN;
        for (uint64_t round = 0; round < 100; round++)
            exchange(&bounds, 1000000000000 + 1000 * round, 50 + round * 7 % 90,
                     60 + round * 11 % 80, offsets[i]);
        assert_true(bounds.low <= offsets[i] && offsets[i] <= bounds.high);
        /* The best of each direction, which need not be of one exchange. */
        assert_int_equal(bounds.high - offsets[i], 50);
        assert_int_equal(offsets[i] - bounds.low, 60);
    }
}

static void expect(struct clock_bounds bounds, enum clock_verdict verdict, const char *reason)
{
    struct clock_check check;

    clock_check_judge(&bounds, 2, 5, &check);
    assert_int_equal(check.verdict, verdict);
    assert_string_equal(check.reason, reason);
}

static void what_is_less_than_the_way_agrees(void **state)
{
    struct clock_check check;

    (void)state;
    expect((struct clock_bounds){-60, 50}, CLOCKS_AGREE, "");
    clock_check_judge(&(struct clock_bounds){-60, 50}, 2, 5, &check);
    assert_int_equal(check.within_ns, 60);
    expect((struct clock_bounds){0, 110}, CLOCKS_AGREE, "");
    expect((struct clock_bounds){-110, 0}, CLOCKS_AGREE, "");
    expect((struct clock_bounds){1, 111}, CLOCKS_DIFFER,
           "the clock of CPU 5 is at least 1 ns ahead of that of CPU 2");
    expect((struct clock_bounds){-500, -390}, CLOCKS_DIFFER,
           "the clock of CPU 5 is at least 390 ns behind that of CPU 2");
    expect((struct clock_bounds){40, -10}, CLOCKS_DIFFER,
           "the clocks of CPUs 2 and 5 drift apart: 50 ns within 500 exchanges");
}

/* ---- on CPUs ---- */

static unsigned ahead_cpu;
static int64_t ahead_ns;

static uint64_t clock_with_offset(void)
{
    uint64_t now = machine_clock();

    return machine_cpu() == ahead_cpu ? (uint64_t)((int64_t)now + ahead_ns) : now;
}

static size_t two_cpus(unsigned cpus[2])
{
    cpu_set_t allowed;
    size_t found = 0;

    sched_getaffinity(0, sizeof allowed, &allowed);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
        if (CPU_ISSET(cpu, &allowed))
            cpus[found++] = cpu;
    }
    return found;
}

static void clocks_of_two_cpus(void **state)
{
    static const int64_t offsets[] = {3600000000000, -3600000000000};
    unsigned cpus[2];
    struct clock_check check;

    (void)state;
    if (two_cpus(cpus) < 2) {
        print_message("# it takes two CPUs to compare clocks\n");
        skip();
    }
    ahead_cpu = cpus[1];
    for (size_t i = 0; i < 2; i++) {
        ahead_ns = offsets[i];
        clock_check_cpus(cpus, 2, clock_with_offset, &check);
        assert_int_equal(check.verdict, CLOCKS_DIFFER);
        assert_non_null(strstr(check.reason, i == 0 ? " ahead of " : " behind "));
    }
    /* Whether they do agree is the machine's affair; that one of both is said is ours. */
    clock_check_cpus(cpus, 2, machine_clock, &check);
    assert_int_not_equal(check.verdict, CLOCKS_UNCHECKED);
    assert_int_equal(check.verdict == CLOCKS_AGREE, check.reason[0] == '\0');
    assert_true(check.verdict != CLOCKS_AGREE || check.within_ns > 0);
}

static void one_cpu_cannot_be_checked(void **state)
{
    const unsigned cpus[] = {0, 0, 0};
    struct clock_check check;

    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        clock_check_cpus(cpus, n, machine_clock, &check);
        assert_int_equal(check.verdict, CLOCKS_UNCHECKED);
        assert_non_null(strstr(check.reason, "one CPU"));
    }
}

static void a_cpu_that_is_not_there(void **state)
{
    const unsigned cpus[] = {0, 4000};
    struct clock_check check;

    (void)state;
    clock_check_cpus(cpus, 2, machine_clock, &check);
    assert_int_equal(check.verdict, CLOCKS_UNCHECKED);
    assert_non_null(strstr(check.reason, "CPUs 0 and 4000 could not be compared"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold_the_offset_and_narrow),
        cmocka_unit_test(what_is_less_than_the_way_agrees),
        cmocka_unit_test(clocks_of_two_cpus),
        cmocka_unit_test(one_cpu_cannot_be_checked),
        cmocka_unit_test(a_cpu_that_is_not_there),
    };

    return cmocka_run_group_tests_name("clock_check", tests, NULL, NULL);
}
