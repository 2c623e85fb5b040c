/* Every signalling primitive's entry is complete, and it does what its workloads rely on. */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "bench/native/signals/catalogue.h"

/* Memory for a set of objects, made; NULL where this system lacks the primitive. */
static void *make(const struct signal_ops *ops, enum exchange exchange, unsigned objects)
{
    const struct signal_shape shape = {exchange, objects, 2};
    size_t size = ops->size + objects * ops->size_per_object + shape.threads * ops->size_per_thread;
    const char *missing = ops->missing == NULL ? NULL : ops->missing();

    if (missing != NULL) {
        print_message("# %s is not looked at: %s\n", ops->name, missing);
        return NULL;
    }
    size = (size + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
    void *signals = aligned_alloc(MACHINE_APART, size);
    assert_non_null(signals);
    memset(signals, 0, size);
    print_message("# %s\n", ops->name);
    assert_int_equal(ops->init(signals, &shape), 0);
    return signals;
}

static void end(const struct signal_ops *ops, void *signals)
{
    ops->destroy(signals);
    free(signals);
}

/* Calls `look` for every primitive that can do the workload and that this system has. */
static void each(enum exchange exchange, unsigned objects,
                 void (*look)(const struct signal_ops *ops, void *signals))
{
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        if ((ops->can & exchange_bit(exchange)) == 0)
            continue;
        void *signals = make(ops, exchange, objects);
        if (signals == NULL)
            continue;
        look(ops, signals);
        end(ops, signals);
    }
}

static bool can(const struct signal_ops *ops, enum exchange exchange)
{
    return (ops->can & exchange_bit(exchange)) != 0;
}

static void entries_are_complete(void **state)
{
    (void)state;
    for (unsigned i = 0; i < signal_catalogue_size; i++) {
        const struct signal_ops *ops = signal_catalogue[i];
        print_message("# %s\n", ops->name);
        assert_ptr_equal(signal_find(ops->name), ops);
        assert_in_range(strlen(ops->description), 1, 56);
        assert_non_null(ops->source);
        assert_true(ops->can != 0 && ops->size > 0);
        assert_true(ops->init && ops->destroy);
        bool one = can(ops, EXCHANGE_SIGNAL) || can(ops, EXCHANGE_HANDOFF);
        assert_true(!one || (ops->set && ops->wait));
        assert_true(!can(ops, EXCHANGE_BROADCAST) || (ops->set && ops->wait && ops->reset));
        assert_true(!can(ops, EXCHANGE_WAIT_ANY) || (ops->set && ops->wait_any));
        assert_true(!can(ops, EXCHANGE_WAIT_ALL) || (ops->set && ops->wait_all && ops->wait));
        assert_true(!can(ops, EXCHANGE_TIMER) || (ops->arm && ops->disarm && ops->await_expiry));
    }
    assert_null(signal_find("no such primitive"));
}

static void the_bare_futex_can_do_everything(void **state)
{
    (void)state;
    for (int i = EXCHANGE_SIGNAL; i <= EXCHANGE_HANDOFF; i++)
        assert_true(can(signal_find("futex"), (enum exchange)i));
}

static void look_at_event(const struct signal_ops *ops, void *signals)
{
    assert_int_equal(ops->wait(signals, 0, 0), ETIMEDOUT);
    assert_int_equal(ops->set(signals, 0), 0);
    assert_int_equal(ops->wait(signals, 0, MACHINE_NEVER), 0);
    assert_int_equal(ops->wait(signals, 0, 0), ETIMEDOUT);
    uint64_t deadline = machine_clock() + 1000000;
    assert_int_equal(ops->wait(signals, 0, deadline), ETIMEDOUT);
    assert_true(machine_clock() >= deadline);
    assert_int_equal(ops->set(signals, 0), 0);
    /* Not a test: what goes through a thread may still be on its way. */
    assert_int_equal(ops->wait(signals, 0, MACHINE_NEVER), 0);
}

static void an_event_is_consumed_by_one_wait(void **state)
{
    (void)state;
    each(EXCHANGE_SIGNAL, 1, look_at_event);
}

static void look_at_ways(const struct signal_ops *ops, void *signals)
{
    assert_int_equal(ops->set(signals, 1), 0);
    assert_int_equal(ops->wait(signals, 0, 0), ETIMEDOUT);
    assert_int_equal(ops->wait(signals, 1, 0), 0);
}

static void the_two_ways_of_a_hand_over_are_apart(void **state)
{
    (void)state;
    each(EXCHANGE_HANDOFF, 2, look_at_ways);
}

static void look_at_notification(const struct signal_ops *ops, void *signals)
{
    assert_int_equal(ops->wait(signals, 0, 0), ETIMEDOUT);
    assert_int_equal(ops->set(signals, 0), 0);
    assert_int_equal(ops->wait(signals, 0, MACHINE_NEVER), 0);
    assert_int_equal(ops->wait(signals, 0, 0), 0);
    assert_int_equal(ops->reset(signals, 0), 0);
    assert_int_equal(ops->wait(signals, 0, 0), ETIMEDOUT);
}

static void a_notification_stays_until_it_is_reset(void **state)
{
    (void)state;
    each(EXCHANGE_BROADCAST, 1, look_at_notification);
}

static void look_at_any(const struct signal_ops *ops, void *signals)
{
    unsigned index = 99;

    assert_int_equal(ops->wait_any(signals, 0, &index), ETIMEDOUT);
    ops->set(signals, 3);
    ops->set(signals, 1);
    assert_int_equal(ops->wait_any(signals, MACHINE_NEVER, &index), 0);
    assert_int_equal(index, 1);
    assert_int_equal(ops->wait_any(signals, 0, &index), 0);
    assert_int_equal(index, 3);
    assert_int_equal(ops->wait_any(signals, 0, &index), ETIMEDOUT);
    uint64_t deadline = machine_clock() + 1000000;
    assert_int_equal(ops->wait_any(signals, deadline, &index), ETIMEDOUT);
    assert_true(machine_clock() >= deadline);
}

static void any_takes_the_first_that_is_set(void **state)
{
    (void)state;
    each(EXCHANGE_WAIT_ANY, 4, look_at_any);
}

static void look_at_all(const struct signal_ops *ops, void *signals)
{
    assert_int_equal(ops->wait_all(signals, 0), ETIMEDOUT);
    ops->set(signals, 0);
    ops->set(signals, 2);
    assert_int_equal(ops->wait_all(signals, 0), ETIMEDOUT);
    assert_int_equal(ops->wait_all(signals, machine_clock() + 1000000), ETIMEDOUT);
    ops->set(signals, 1);
    /* Those that were set before are still set: giving up took nothing. */
    assert_int_equal(ops->wait_all(signals, MACHINE_NEVER), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(ops->wait(signals, i, 0), ETIMEDOUT);
}

static void all_takes_all_or_nothing(void **state)
{
    (void)state;
    each(EXCHANGE_WAIT_ALL, 3, look_at_all);
}

/* A set that comes while the wait is under way, asleep or not yet, ends it. */
struct sets {
    const struct signal_ops *ops;
    void *signals;
    unsigned objects;
};

static void *set_one_after_the_other(void *argument)
{
    const struct sets *sets = argument;

    native_set_self(1);
    for (unsigned i = 0; i < sets->objects; i++)
        assert_int_equal(sets->ops->set(sets->signals, i), 0);
    return NULL;
}

static void look_at_concurrent_all(const struct signal_ops *ops, void *signals)
{
    struct sets sets = {ops, signals, EXCHANGE_OBJECTS_MOST};

    for (int i = 0; i < 200; i++) {
        pthread_t setter;
        assert_int_equal(pthread_create(&setter, NULL, set_one_after_the_other, &sets), 0);
        assert_int_equal(ops->wait_all(signals, MACHINE_NEVER), 0);
        pthread_join(setter, NULL);
        assert_int_equal(ops->wait_all(signals, 0), ETIMEDOUT);
    }
}

static void all_is_woken_by_the_last_set(void **state)
{
    (void)state;
    each(EXCHANGE_WAIT_ALL, EXCHANGE_OBJECTS_MOST, look_at_concurrent_all);
}

static void look_at_concurrent_any(const struct signal_ops *ops, void *signals)
{
    struct sets sets = {ops, signals, EXCHANGE_OBJECTS_MOST};

    for (int i = 0; i < 200; i++) {
        bool seen[EXCHANGE_OBJECTS_MOST] = {false};
        pthread_t setter;
        assert_int_equal(pthread_create(&setter, NULL, set_one_after_the_other, &sets), 0);
        for (unsigned j = 0; j < EXCHANGE_OBJECTS_MOST; j++) {
            unsigned index = EXCHANGE_OBJECTS_MOST;
            assert_int_equal(ops->wait_any(signals, MACHINE_NEVER, &index), 0);
            assert_true(index < EXCHANGE_OBJECTS_MOST && !seen[index]);
            seen[index] = true;
        }
        pthread_join(setter, NULL);
    }
}

static void any_takes_each_set_once(void **state)
{
    (void)state;
    each(EXCHANGE_WAIT_ANY, EXCHANGE_OBJECTS_MOST, look_at_concurrent_any);
}

static void look_at_timer(const struct signal_ops *ops, void *signals)
{
    uint64_t due = machine_clock() + 1000000, period = 500000, expiries = 0, all = 0;

    assert_int_equal(ops->arm(signals, due, 0), 0);
    assert_int_equal(ops->await_expiry(signals, &expiries), 0);
    assert_true(machine_clock() >= due);
    assert_int_equal(expiries, 1);
    /* One that is past expires at once. */
    assert_int_equal(ops->arm(signals, machine_clock() - 1, 0), 0);
    assert_int_equal(ops->await_expiry(signals, &expiries), 0);
    assert_int_equal(expiries, 1);
    due = machine_clock() + period;
    assert_int_equal(ops->arm(signals, due, period), 0);
    while (all < 5) {
        assert_int_equal(ops->await_expiry(signals, &expiries), 0);
        assert_true(expiries >= 1);
        all += expiries;
        assert_true(machine_clock() >= due + (all - 1) * period);
    }
    assert_int_equal(ops->disarm(signals), 0);
}

static void a_timer_is_never_early(void **state)
{
    (void)state;
    each(EXCHANGE_TIMER, 1, look_at_timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_complete),
        cmocka_unit_test(the_bare_futex_can_do_everything),
        cmocka_unit_test(an_event_is_consumed_by_one_wait),
        cmocka_unit_test(the_two_ways_of_a_hand_over_are_apart),
        cmocka_unit_test(a_notification_stays_until_it_is_reset),
        cmocka_unit_test(any_takes_the_first_that_is_set),
        cmocka_unit_test(all_takes_all_or_nothing),
        cmocka_unit_test(all_is_woken_by_the_last_set),
        cmocka_unit_test(any_takes_each_set_once),
        cmocka_unit_test(a_timer_is_never_early),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
