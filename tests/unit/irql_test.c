/* Each level does to the calling thread what it says, and takes it back. */
#include "tests/unit/unit.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "bench/native/irql.h"
#include "locks/machine/machine.h"

static const enum irql all[] = {IRQL_NONE, IRQL_APC_SIGMASK, IRQL_APC_GUARD, IRQL_DISPATCH_FIFO,
                                IRQL_DISPATCH_FIFO_HELD};

static void names(void **state)
{
    enum irql found;

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(irql_find(irql_name(all[i]), &found));
        assert_int_equal(found, all[i]);
        assert_non_null(strstr(IRQL_NAMES, irql_name(all[i])));
    }
    assert_false(irql_find("apc", &found));
}

static bool is_blocked(int signal)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, signal) == 1;
}

/* What was blocked before stays so. */
static void signals_are_blocked(void **state)
{
    const struct irql_mode *mode = irql_mode(IRQL_APC_SIGMASK);
    sigset_t usr1;

    (void)state;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    mode->raise();
    assert_true(is_blocked(SIGUSR1) && is_blocked(SIGUSR2) && is_blocked(SIGTERM));
    mode->lower();
    assert_true(is_blocked(SIGUSR1));
    assert_false(is_blocked(SIGUSR2) || is_blocked(SIGTERM));
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
}

static void calls_are_kept_back(void **state)
{
    const struct irql_mode *mode = irql_mode(IRQL_APC_GUARD);

    (void)state;
    mode->raise();
    assert_int_equal(machine_apc_disable(), 1);
    machine_apc_enable();
    mode->lower();
    assert_int_equal(machine_apc_disable(), 0);
    machine_apc_enable();
}

static void threads_are_real_time(void **state)
{
    char problem[256];

    (void)state;
    if (irql_check(IRQL_DISPATCH_FIFO, problem, sizeof problem) != NULL) {
        print_message("# %s\n", problem);
        skip();
    }
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    for (enum irql irql = IRQL_DISPATCH_FIFO; irql <= IRQL_DISPATCH_FIFO_HELD; irql++) {
        struct sched_param worker, leader;
        irql_mode(irql)->raise();
        assert_int_equal(sched_getscheduler(0), SCHED_FIFO);
        sched_getparam(0, &worker);
        irql_mode(irql)->lower();
        assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
        irql_raise_leader(irql);
        assert_int_equal(sched_getscheduler(0), SCHED_FIFO);
        sched_getparam(0, &leader);
        assert_true(leader.sched_priority > worker.sched_priority);
        irql_lower_leader(irql);
        assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    }
    irql_raise_leader(IRQL_APC_GUARD);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

static void only_one_is_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_int_equal(irql_is_held(all[i]), all[i] == IRQL_DISPATCH_FIFO_HELD);
}

static void costs(void **state)
{
    char problem[256];

    (void)state;
    assert_true(irql_measure_ns(IRQL_NONE) == 0);
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++) {
        if (irql_check(all[i], problem, sizeof problem) == NULL)
            assert_true(irql_measure_ns(all[i]) > 0);
    }
}

static const char *check_throttle(const char *content, char *problem, size_t size)
{
    char name[] = "/tmp/lockbench-test-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
    const char *found = irql_check_throttle(name, problem, size);
    unlink(name);
    return found;
}

static void no_throttle_is_refused(void **state)
{
    char problem[256];

    (void)state;
    assert_null(check_throttle("950000\n", problem, sizeof problem));
    assert_null(check_throttle("0\n", problem, sizeof problem));
    assert_non_null(check_throttle("-1\n", problem, sizeof problem));
    assert_non_null(strstr(problem, "does not throttle"));
    assert_non_null(check_throttle("", problem, sizeof problem));
    assert_non_null(strstr(problem, "can't be read"));
    assert_non_null(irql_check_throttle("/no/such/file", problem, sizeof problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(signals_are_blocked),
        cmocka_unit_test(calls_are_kept_back),
        cmocka_unit_test(threads_are_real_time),
        cmocka_unit_test(only_one_is_held),
        cmocka_unit_test(costs),
        cmocka_unit_test(no_throttle_is_refused),
    };
    return cmocka_run_group_tests_name("irql", tests, NULL, NULL);
}
