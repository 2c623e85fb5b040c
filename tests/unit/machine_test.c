/* The native machine keeps what machine.h promises. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>

#include "locks/machine/machine.h"

static void words(void **state)
{
    WORD(uint32_t) word;
    uint32_t expected = 5;

    (void)state;
    word_init(&word, 3);
    assert_int_equal(word_exchange(&word, 4, relaxed), 3);
    assert_int_equal(word_fetch_add(&word, 2, acq_rel), 4);
    assert_int_equal(word_fetch_sub(&word, 1, acquire), 6);
    assert_int_equal(word_fetch_or(&word, 8, release), 5);
    assert_int_equal(word_fetch_and(&word, 12, seq_cst), 13);
    assert_int_equal(word_load(&word, acquire), 12);
    assert_false(word_compare_exchange(&word, &expected, 1, acquire, relaxed));
    assert_int_equal(expected, 12);
    assert_true(word_compare_exchange(&word, &expected, 1, acquire, relaxed));
    word_store(&word, 7, release);
    assert_int_equal(word_load(&word, relaxed), 7);
    machine_fence(seq_cst);
}

static void awaits_return_what_they_saw(void **state)
{
    WORD(uint32_t) word;
    unsigned pauses = 0;

    (void)state;
    word_init(&word, 3);
    assert_int_equal(word_await_equal(&word, 3, acquire), 3);
    assert_int_equal(word_await_differ(&word, 2, acquire), 3);
    assert_int_equal(word_await_equal_pausing(&word, 5, relaxed, seen,
                                              word_store(&word, seen + 1 + 0 * pauses++, relaxed)),
                     5);
    assert_int_equal(pauses, 2);
    word_init(&word, 1);
    assert_int_equal(
        word_await_differ_pausing(&word, 1, relaxed, seen, word_store(&word, seen + 8, relaxed)),
        9);
    /* A deadline that has passed: one look, and what it saw. */
    assert_int_equal(word_await_equal_until(&word, 4, acquire, 0), 9);
    assert_int_equal(word_await_equal_until(&word, 9, acquire, 0), 9);
}

static void operands_are_evaluated_once(void **state)
{
    WORD(uint32_t) words_[2];
    WORD(uint32_t) *next = words_;
    uint32_t value = 0;

    (void)state;
    word_init(&words_[0], 1);
    word_init(&words_[1], 1);
    word_await_equal(next++, ++value, acquire);
    assert_ptr_equal(next, &words_[1]);
    assert_int_equal(value, 1);
    word_retry_exchange(next, 0, 1, acquire);
    assert_int_equal(word_load(&words_[1], relaxed), 0);
}

static void time_passes(void **state)
{
    uint64_t before = machine_clock();

    (void)state;
    native_set_spin_rate(native_measure_spin_rate());
    machine_spin(1000);
    assert_true(machine_clock() > before);
    assert_true(machine_deadline(1000) > before + 1000);
    assert_true(machine_deadline(MACHINE_NEVER) == MACHINE_NEVER);
    assert_true(machine_deadline(MACHINE_NEVER - 1) == MACHINE_NEVER);
}

/* The rate is in turns of a loop of one or two cycles. */
static void spin_rate_is_that_of_a_processor(void **state)
{
    double rate = native_measure_spin_rate();

    (void)state;
    assert_true(rate > 0.001 && rate < 20);
}

struct sleeper {
    WORD(uint32_t) word;
    WORD(uint32_t) awake;
};

static void *sleep_until_changed(void *argument)
{
    struct sleeper *sleeper = argument;

    native_set_self(5);
    while (word_load(&sleeper->word, acquire) == 0)
        machine_futex_wait(&sleeper->word, 0);
    word_store(&sleeper->awake, machine_self(), release);
    return NULL;
}

static void sleepers_are_woken(void **state)
{
    struct sleeper sleeper;
    pthread_t thread;

    (void)state;
    word_init(&sleeper.word, 0);
    word_init(&sleeper.awake, 0);
    /* A word that differs already is not slept on. */
    machine_futex_wait(&sleeper.word, 1);
    assert_int_equal(pthread_create(&thread, NULL, sleep_until_changed, &sleeper), 0);
    word_store(&sleeper.word, 1, release);
    machine_futex_wake(&sleeper.word, UINT32_MAX);
    assert_int_equal(word_await_differ(&sleeper.awake, 0, acquire), 5);
    pthread_join(thread, NULL);
}

static void a_deadline_is_slept_to(void **state)
{
    WORD(uint32_t) word;
    uint64_t deadline = machine_deadline(20000000);

    (void)state;
    word_init(&word, 0);
    /* It may come back for no reason, and then says so. */
    while (machine_futex_wait_until(&word, 0, deadline))
        ;
    assert_true(machine_clock() >= deadline);
    assert_false(machine_futex_wait_until(&word, 0, 0));
    /* A word that differs already is not slept on, whatever the deadline. */
    assert_true(machine_futex_wait_until(&word, 1, machine_deadline(3600000000000u)));
    assert_true(machine_futex_wait_until(&word, 1, MACHINE_NEVER));
}

static void *sleep_until_changed_or_late(void *argument)
{
    struct sleeper *sleeper = argument;
    const uint64_t deadline = machine_deadline(3600000000000u);
    bool in_time = true;

    while (word_load(&sleeper->word, acquire) == 0 && in_time)
        in_time = machine_futex_wait_until(&sleeper->word, 0, deadline);
    word_store(&sleeper->awake, in_time ? 1 : 2, release);
    return NULL;
}

static void sleepers_are_woken_before_their_deadline(void **state)
{
    struct sleeper sleeper;
    pthread_t thread;

    (void)state;
    word_init(&sleeper.word, 0);
    word_init(&sleeper.awake, 0);
    assert_int_equal(pthread_create(&thread, NULL, sleep_until_changed_or_late, &sleeper), 0);
    word_store(&sleeper.word, 1, release);
    machine_futex_wake(&sleeper.word, 1);
    assert_int_equal(word_await_differ(&sleeper.awake, 0, acquire), 1);
    pthread_join(thread, NULL);
}

static volatile sig_atomic_t calls;

static void count_call(void *argument)
{
    calls += *(int *)argument;
}

static void handle_call(int signal)
{
    static int one = 1;

    (void)signal;
    native_apc_deliver(count_call, &one);
}

/* raise() returns when the handler has. */
static void calls_wait_for_the_last_enable(void **state)
{
    struct sigaction action = {.sa_handler = handle_call}, before;

    (void)state;
    sigaction(SIGUSR1, &action, &before);
    calls = 0;
    raise(SIGUSR1);
    assert_int_equal(calls, 1);
    assert_int_equal(machine_apc_disable(), 0);
    assert_int_equal(machine_apc_disable(), 1);
    raise(SIGUSR1);
    assert_int_equal(calls, 1);
    machine_apc_enable();
    assert_int_equal(calls, 1);
    /* A second one meanwhile becomes one with the first. */
    raise(SIGUSR1);
    machine_apc_enable();
    assert_int_equal(calls, 2);
    /* It was delivered once, and nothing is kept back any more. */
    machine_apc_disable();
    machine_apc_enable();
    assert_int_equal(calls, 2);
    raise(SIGUSR1);
    assert_int_equal(calls, 3);
    sigaction(SIGUSR1, &before, NULL);
}

static void places(void **state)
{
    (void)state;
    native_set_self(3);
    assert_int_equal(machine_self(), 3);
    assert_true(machine_cpu() < 65536);
    assert_true(machine_node() < 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(awaits_return_what_they_saw),
        cmocka_unit_test(operands_are_evaluated_once),
        cmocka_unit_test(time_passes),
        cmocka_unit_test(spin_rate_is_that_of_a_processor),
        cmocka_unit_test(sleepers_are_woken),
        cmocka_unit_test(a_deadline_is_slept_to),
        cmocka_unit_test(sleepers_are_woken_before_their_deadline),
        cmocka_unit_test(calls_wait_for_the_last_enable),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
