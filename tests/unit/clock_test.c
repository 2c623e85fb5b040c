/* A clock that goes backwards: nothing is a huge number, and the window is unfit. */
#include "tests/unit/unit.h"

#include <math.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/clock_span.h"
#include "bench/fitness.h"
#include "bench/worker.h"
#include "bench/native/crew.h"
#include "bench/native/report.h"
#include "bench/result.h"
#include "bench/statistics.h"

/* Which clocks are wrong. */
static enum fault {
    RIGHT,
    EARLIER_EACH_TIME,  /* every look is earlier than the one before */
    THREADS_ARE_BEHIND, /* all threads but the leader have a clock that is behind */
    BACK_IN_WINDOW,     /* the leader's goes back by an hour within the window */
    FAULTS
} fault;
/* They live until the process ends. */
static struct crew *crews[FAULTS], *watched;

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static time_t looks;
    int error = (int)syscall(SYS_clock_gettime, clock, now);
    bool leads = gettid() == getpid();

    if (clock != CLOCK_MONOTONIC)
        return error;
    if (fault == EARLIER_EACH_TIME)
        now->tv_sec -= ++looks;
    if (fault == THREADS_ARE_BEHIND && !leads)
        now->tv_sec -= 10;
    if (fault == BACK_IN_WINDOW && leads && watched != NULL &&
        word_load(&watched->phase, relaxed) != PHASE_WARMUP)
        now->tv_sec -= 3600;
    return error;
}

static void spans(void **state)
{
    uint64_t backwards = 0;

    (void)state;
    assert_int_equal(clock_span(5, 7, &backwards), 2);
    assert_int_equal(clock_span(5, 5, &backwards), 0);
    assert_int_equal(backwards, 0);
    assert_int_equal(clock_span(7, 5, &backwards), 0);
    assert_int_equal(backwards, 1);
}

static void delays(void **state)
{
    struct delay_samples samples = {0};

    (void)state;
    native_set_spin_rate(0.001);
    measured_delay(1, 0, &samples);
    assert_int_equal(samples.taken, 1);
    fault = EARLIER_EACH_TIME;
    measured_delay(1, 0, &samples);
    struct clock_cost cost = measure_clock_cost();
    fault = RIGHT;
    assert_int_equal(samples.taken, 1);
    assert_int_equal(samples.backwards, 1);
    assert_int_equal(cost.least, 0);
    assert_int_equal(cost.median, 0);
}

/* A repetition of 20 ms, as a sample. */
static json_t *measure_with(enum fault kind)
{
    unsigned cpu = (unsigned)sched_getcpu();
    struct repetition repetition = {
        .machine = machine_native(),
        .threads = 1,
        .cpus = &cpu,
        .cpus_count = 1,
        .processes = 1,
        .objects = 1,
        .warmup_ns = 1000000,
        .window_ns = 20000000,
        .seed = 1,
        .counters = COUNTING_NONE,
    };
    char problem[512];

    assert_int_equal(lock_spec_read("tas", &repetition.lock), EXIT_FINE);
    repetition_set_patience(&repetition);
    struct crew *crew = crew_make(&repetition, problem, sizeof problem);
    assert_non_null(crew);
    crews[kind] = watched = crew;
    fault = kind;
    const char *failed = crew_run(crew, problem, sizeof problem);
    fault = RIGHT;
    assert_null(failed);
    json_t *sample = native_report(crew);
    assert_non_null(sample);
    json_object_set_new(sample, "machine", json_string("native"));
    json_object_set_new(sample, "threads", json_integer(1));
    json_object_set_new(sample, "cpus", json_pack("[i]", (int)cpu));
    fitness_complete(sample);
    return sample;
}

static json_int_t times_backwards(const json_t *sample)
{
    return json_integer_value(
        json_object_get(json_object_get(sample, "validity"), "clock_backwards"));
}

static bool has_reason(const json_t *sample)
{
    const json_t *word;
    bool found = false;

    for (size_t i = 0; i < json_array_size(json_object_get(sample, "unfit")); i++) {
        word = json_array_get(json_object_get(sample, "unfit"), i);
        found = found || strcmp(json_string_value(word), "clock") == 0;
    }
    return found;
}

/* No number of it is such as a difference below 0 makes. */
static void want_sane(const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_object(value))
            want_sane(value);
        else if (json_is_number(value) &&
                 !(json_number_value(value) >= 0 && json_number_value(value) < 1e17) &&
                 strcmp(name, "critical_ns") != 0 && strcmp(name, "outside_ns") != 0)
            fail_msg("%s is %g", name, json_number_value(value));
    }
}

static void a_right_clock_is_fit(void **state)
{
    json_t *sample = measure_with(RIGHT);

    (void)state;
    assert_int_equal(times_backwards(sample), 0);
    assert_false(has_reason(sample));
    assert_true(json_is_number(json_object_get(sample, "throughput")));
    json_decref(sample);
}

static void clocks_that_disagree(void **state)
{
    json_t *sample = measure_with(THREADS_ARE_BEHIND);

    (void)state;
    assert_int_equal(times_backwards(sample), 2);
    assert_true(has_reason(sample));
    want_sane(sample);
    /* The leader's own clock tells how long the window was. */
    assert_true(json_is_number(json_object_get(sample, "throughput")));
    json_decref(sample);
}

static void back_within_the_window(void **state)
{
    json_t *sample = measure_with(BACK_IN_WINDOW);
    const json_t *unmeasured = json_object_get(sample, "unmeasured");

    (void)state;
    assert_true(times_backwards(sample) > 0);
    assert_true(has_reason(sample));
    assert_true(json_is_null(json_object_get(sample, "throughput")));
    assert_true(json_is_null(json_object_get(sample, "elapsed_ns")));
    assert_string_equal(json_string_value(json_object_get(unmeasured, "throughput")),
                        "the clock went backwards within the window");
    assert_true(
        json_is_null(json_object_get(json_object_get(sample, "validity"), "window_overrun_ns")));
    want_sane(sample);
    json_decref(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans),
        cmocka_unit_test(delays),
        cmocka_unit_test(a_right_clock_is_fit),
        cmocka_unit_test(clocks_that_disagree),
        cmocka_unit_test(back_within_the_window),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
