/* The rules of timers, and of objects that processes and completed I/O signal. A wait that should
 * succeed has a deadline that only a hang reaches. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/native/watcher.h"

static const uint64_t far_ns = 60000000000u, soon_ns = 1000000;

struct fixture {
    struct dispatcher dispatcher;
    struct watcher watcher;
};

static void start(struct fixture *fixture)
{
    dispatcher_init(&fixture->dispatcher, DISPATCHER_GLOBAL, NULL);
    assert_int_equal(watcher_start(&fixture->watcher, &fixture->dispatcher, 4), 0);
}

static void make_timer(struct fixture *fixture, struct watcher_timer *timer,
                       enum dispatcher_type type)
{
    assert_int_equal(watcher_timer_init(&fixture->watcher, timer, type, NULL, NULL), 0);
}

static int wait_for(struct fixture *fixture, struct dispatcher_object *object, uint64_t deadline)
{
    struct dispatcher_waiter waiter;

    return dispatcher_wait_one(&fixture->dispatcher, &waiter, object, deadline);
}

static void assert_signalled_in_time(struct fixture *fixture, struct dispatcher_object *object)
{
    assert_int_equal(wait_for(fixture, object, machine_deadline(far_ns)), 0);
}

static bool set(struct fixture *fixture, struct watcher_timer *timer, uint64_t ns, uint64_t period)
{
    return watcher_timer_set(&fixture->watcher, timer, machine_deadline(ns), period);
}

static void a_timer_expires_once_and_not_early(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_SYNC);
    assert_int_equal(wait_for(&fixture, &timer.object, 0), ETIMEDOUT);
    uint64_t due = machine_deadline(soon_ns);
    assert_false(watcher_timer_set(&fixture.watcher, &timer, due, 0));
    assert_signalled_in_time(&fixture, &timer.object);
    assert_true(machine_clock() >= due);
    assert_int_equal(word_load(&timer.expiries, relaxed), 1);
    /* The wait has consumed it, and it is no longer queued. */
    assert_int_equal(wait_for(&fixture, &timer.object, 0), ETIMEDOUT);
    assert_false(watcher_timer_cancel(&fixture.watcher, &timer));
    watcher_stop(&fixture.watcher);
}

static void set_says_whether_it_was_queued_and_replaces_it(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_SYNC);
    assert_false(set(&fixture, &timer, far_ns, 0));
    assert_true(set(&fixture, &timer, far_ns, 0));
    /* An earlier time takes the place of the late one, for which the thread sleeps already. */
    assert_true(set(&fixture, &timer, soon_ns, 0));
    assert_signalled_in_time(&fixture, &timer.object);
    assert_false(set(&fixture, &timer, far_ns, 0));
    watcher_stop(&fixture.watcher);
}

static void set_clears_the_signal(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    for (int i = 0; i < 2; i++) {
        start(&fixture);
        make_timer(&fixture, &timer, i == 0 ? DISPATCHER_TIMER_SYNC : DISPATCHER_TIMER_NOTIFY);
        set(&fixture, &timer, 0, 0);
        assert_true(dispatcher_state(&timer.object));
        set(&fixture, &timer, far_ns, 0);
        assert_int_equal(wait_for(&fixture, &timer.object, 0), ETIMEDOUT);
        watcher_stop(&fixture.watcher);
    }
}

static void cancel_says_whether_it_was_queued_and_leaves_the_signal(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_SYNC);
    assert_false(watcher_timer_cancel(&fixture.watcher, &timer));
    set(&fixture, &timer, far_ns, 0);
    assert_true(watcher_timer_cancel(&fixture.watcher, &timer));
    assert_false(watcher_timer_cancel(&fixture.watcher, &timer));
    assert_int_equal(wait_for(&fixture, &timer.object, 0), ETIMEDOUT);
    /* A periodic one is queued although it has expired. */
    set(&fixture, &timer, 0, far_ns);
    assert_true(watcher_timer_cancel(&fixture.watcher, &timer));
    assert_int_equal(wait_for(&fixture, &timer.object, 0), 0);
    watcher_stop(&fixture.watcher);
}

static void a_time_that_is_past_signals_at_once(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_SYNC);
    assert_false(watcher_timer_set(&fixture.watcher, &timer, 1, 0));
    assert_int_equal(wait_for(&fixture, &timer.object, 0), 0);
    assert_int_equal(wait_for(&fixture, &timer.object, 0), ETIMEDOUT);
    /* With a period it counts as now: what would have been due since is not made up for. */
    assert_false(watcher_timer_set(&fixture.watcher, &timer, 1, far_ns));
    assert_int_equal(wait_for(&fixture, &timer.object, 0), 0);
    assert_int_equal(word_load(&timer.expiries, relaxed), 2);
    watcher_stop(&fixture.watcher);
}

static void a_notification_timer_stays_signalled(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_NOTIFY);
    set(&fixture, &timer, soon_ns, 0);
    assert_signalled_in_time(&fixture, &timer.object);
    assert_int_equal(wait_for(&fixture, &timer.object, 0), 0);
    watcher_stop(&fixture.watcher);
}

static void a_periodic_timer_expires_again_and_again(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &timer, DISPATCHER_TIMER_SYNC);
    uint64_t due = machine_deadline(soon_ns);
    watcher_timer_set(&fixture.watcher, &timer, due, soon_ns);
    while (word_load(&timer.expiries, relaxed) < 5) {
        assert_signalled_in_time(&fixture, &timer.object);
        uint64_t expiries = word_load(&timer.expiries, relaxed);
        assert_true(machine_clock() >= due + (expiries - 1) * soon_ns);
    }
    assert_true(watcher_timer_cancel(&fixture.watcher, &timer));
    uint64_t expiries = word_load(&timer.expiries, relaxed);
    wait_for(&fixture, &timer.object, 0);
    /* Longer than its period: cancelled is cancelled. */
    assert_int_equal(wait_for(&fixture, &timer.object, machine_deadline(3 * soon_ns)), ETIMEDOUT);
    assert_int_equal(word_load(&timer.expiries, relaxed), expiries);
    watcher_stop(&fixture.watcher);
}

static void timers_expire_in_the_order_of_their_times(void **state)
{
    struct fixture fixture;
    struct watcher_timer late, early;

    (void)state;
    start(&fixture);
    make_timer(&fixture, &late, DISPATCHER_TIMER_NOTIFY);
    make_timer(&fixture, &early, DISPATCHER_TIMER_NOTIFY);
    set(&fixture, &late, 2 * soon_ns, 0);
    set(&fixture, &early, soon_ns, 0);
    assert_signalled_in_time(&fixture, &late.object);
    assert_true(dispatcher_state(&early.object));
    watcher_stop(&fixture.watcher);
}

struct call {
    struct fixture *fixture;
    struct watcher_timer *timer;
    struct dispatcher_object called;
    bool signalled; /* the object was, when the call came */
    unsigned calls;
};

/* Sets its own timer once more, as such functions do. */
static void note_call(void *argument)
{
    struct call *call = argument;

    call->signalled = dispatcher_state(&call->timer->object);
    if (++call->calls == 1)
        set(call->fixture, call->timer, soon_ns, 0);
    else
        dispatcher_set(&call->fixture->dispatcher, &call->called);
}

static void the_call_comes_after_the_signal(void **state)
{
    struct fixture fixture;
    struct watcher_timer timer;
    struct call call = {.fixture = &fixture, .timer = &timer};

    (void)state;
    for (uint64_t first = 0; first <= soon_ns; first += soon_ns) {
        call.calls = 0;
        start(&fixture);
        dispatcher_object_init(&call.called, DISPATCHER_EVENT_SYNC, 0);
        assert_int_equal(
            watcher_timer_init(&fixture.watcher, &timer, DISPATCHER_TIMER_NOTIFY, note_call, &call),
            0);
        set(&fixture, &timer, first, 0);
        assert_signalled_in_time(&fixture, &call.called);
        assert_true(call.signalled);
        assert_int_equal(call.calls, 2);
        watcher_stop(&fixture.watcher);
    }
}

static void too_many_timers_are_refused(void **state)
{
    struct fixture fixture;
    struct watcher_timer timers[5];

    (void)state;
    start(&fixture);
    for (int i = 0; i < 4; i++)
        make_timer(&fixture, &timers[i], DISPATCHER_TIMER_SYNC);
    assert_int_equal(
        watcher_timer_init(&fixture.watcher, &timers[4], DISPATCHER_TIMER_SYNC, NULL, NULL),
        ENOSPC);
    watcher_stop(&fixture.watcher);
}

static void a_process_signals_when_it_ends(void **state)
{
    struct fixture fixture;
    struct dispatcher_object object;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        pause();
        _exit(0);
    }
    start(&fixture);
    dispatcher_object_init(&object, DISPATCHER_PROCESS, 0);
    int error = watcher_add_process(&fixture.watcher, &object, pid);
    if (error == ENOSYS || error == EPERM) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        watcher_stop(&fixture.watcher);
        print_message("# this kernel has no pidfd_open\n");
        skip();
    }
    assert_int_equal(error, 0);
    assert_int_equal(wait_for(&fixture, &object, 0), ETIMEDOUT);
    kill(pid, SIGKILL);
    assert_signalled_in_time(&fixture, &object);
    assert_int_equal(wait_for(&fixture, &object, 0), 0);
    waitpid(pid, NULL, 0);
    assert_int_equal(watcher_add_process(&fixture.watcher, &object, pid), ESRCH);
    watcher_stop(&fixture.watcher);
}

static void completions_signal_again_and_again(void **state)
{
    struct fixture fixture;
    struct dispatcher_object object;
    int completions = eventfd(0, EFD_CLOEXEC);
    uint64_t one = 1;

    (void)state;
    start(&fixture);
    dispatcher_object_init(&object, DISPATCHER_FILE, 0);
    assert_int_equal(watcher_add_completions(&fixture.watcher, &object, completions), 0);
    assert_int_equal(wait_for(&fixture, &object, 0), ETIMEDOUT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(completions, &one, sizeof one), sizeof one);
        assert_signalled_in_time(&fixture, &object);
        assert_true(dispatcher_reset(&fixture.dispatcher, &object));
    }
    watcher_stop(&fixture.watcher);
    close(completions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_expires_once_and_not_early),
        cmocka_unit_test(set_says_whether_it_was_queued_and_replaces_it),
        cmocka_unit_test(set_clears_the_signal),
        cmocka_unit_test(cancel_says_whether_it_was_queued_and_leaves_the_signal),
        cmocka_unit_test(a_time_that_is_past_signals_at_once),
        cmocka_unit_test(a_notification_timer_stays_signalled),
        cmocka_unit_test(a_periodic_timer_expires_again_and_again),
        cmocka_unit_test(timers_expire_in_the_order_of_their_times),
        cmocka_unit_test(the_call_comes_after_the_signal),
        cmocka_unit_test(too_many_timers_are_refused),
        cmocka_unit_test(a_process_signals_when_it_ends),
        cmocka_unit_test(completions_signal_again_and_again),
    };
    return cmocka_run_group_tests_name("watcher", tests, NULL, NULL);
}
