/* Whether a thread sees that it lost its CPU, and whether a timed hold counts it. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <time.h>

#include "bench/latency_watch.h"
#include "bench/native/preemption.h"

static void skip_where_unknown(void)
{
    const char *reason = preemption_unknown();

    if (reason == NULL)
        return;
    print_message("skipped: %s\n", reason);
    skip();
}

static void sleep_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 1000};

    nanosleep(&moment, NULL);
}

/* However busy the machine is: of so many moments, one passes without a switch. */
static void a_sleep_is_seen(void **state)
{
    unsigned seen = 0;

    (void)state;
    skip_where_unknown();
    for (int i = 0; i < 1000; i++) {
        preemption_mark();
        seen += preemption_since();
    }
    assert_in_range(seen, 0, 500);
    for (int i = 0; i < 10; i++) {
        preemption_mark();
        sleep_a_moment();
        assert_true(preemption_since());
    }
}

static void *see_in_thread(void *argument)
{
    (void)argument;
    a_sleep_is_seen(NULL);
    return NULL;
}

/* Each thread has a mark of its own. */
static void other_threads_see_it_too(void **state)
{
    pthread_t thread;

    (void)state;
    skip_where_unknown();
    preemption_mark();
    assert_int_equal(pthread_create(&thread, NULL, see_in_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)preemption_since();
}

static void play_turn(struct latency_turns *turns, struct latencies *latencies, bool sleeps)
{
    struct latency_releases releases = {0};

    latency_arrive(turns);
    latency_acquired(turns, &releases, false, latencies);
    if (sleeps)
        sleep_a_moment();
    latency_hold_ends(turns, latencies);
}

static void a_timed_hold_counts_it(void **state)
{
    struct latency_watch watch = {
        .stride = 3, .mark = preemption_mark, .has_lost_cpu = preemption_since};
    struct latency_turns turns = latency_turns_begin(&watch);
    struct latencies latencies = {0};

    (void)state;
    skip_where_unknown();
    for (int i = 0; i < 100; i++)
        play_turn(&turns, &latencies, false);
    assert_in_range(latencies.preempted, 0, 50);
    latencies.preempted = 0;
    for (int i = 0; i < 10; i++)
        play_turn(&turns, &latencies, true);
    assert_int_equal(latencies.preempted, 10);
    assert_int_equal(latencies.of[LATENCY_HOLD].count, 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sleep_is_seen),
        cmocka_unit_test(other_threads_see_it_too),
        cmocka_unit_test(a_timed_hold_counts_it),
    };

    return cmocka_run_group_tests_name("preemption", tests, NULL, NULL);
}
