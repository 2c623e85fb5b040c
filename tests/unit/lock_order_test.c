/* The order of locks: what may be taken while what is held. */
#include "tests/unit/unit.h"

#include "locks/lock_order.h"

static struct lock_order_thread storage[2];
static struct lock_order order;

static int setup(void **state)
{
    (void)state;
    memset(storage, 0xa5, sizeof storage);
    lock_order_init(&order, 2, storage);
    native_set_self(0);
    return 0;
}

static void ranks_have_to_rise(void **state)
{
    uint32_t rank = 0;

    (void)state;
    assert_false(lock_order_highest(&order, &rank));
    assert_int_equal(lock_order_acquire(&order, 3), 0);
    assert_int_equal(lock_order_acquire(&order, 3), EDEADLK);
    assert_int_equal(lock_order_acquire(&order, 2), EDEADLK);
    assert_int_equal(lock_order_acquire(&order, 0), EDEADLK);
    assert_int_equal(lock_order_acquire(&order, 4), 0);
    assert_int_equal(lock_order_acquire(&order, 4), EDEADLK);
    assert_int_equal(lock_order_acquire(&order, UINT32_MAX), 0);
    assert_true(lock_order_highest(&order, &rank));
    assert_int_equal(rank, UINT32_MAX);
    /* A refusal changes nothing. */
    assert_int_equal(lock_order_release(&order, UINT32_MAX), 0);
    assert_int_equal(lock_order_acquire(&order, 5), 0);
}

static void releases_come_in_any_order(void **state)
{
    uint32_t rank = 0;

    (void)state;
    for (uint32_t i = 1; i <= 4; i++)
        assert_int_equal(lock_order_acquire(&order, 10 * i), 0);
    assert_int_equal(lock_order_release(&order, 20), 0);
    assert_int_equal(lock_order_release(&order, 20), EPERM);
    /* What is below the highest that is held stays out, also where nothing of that rank is held. */
    assert_int_equal(lock_order_acquire(&order, 20), EDEADLK);
    assert_int_equal(lock_order_release(&order, 40), 0);
    assert_true(lock_order_highest(&order, &rank));
    assert_int_equal(rank, 30);
    assert_int_equal(lock_order_acquire(&order, 31), 0);
    assert_int_equal(lock_order_release(&order, 10), 0);
    assert_int_equal(lock_order_release(&order, 30), 0);
    assert_int_equal(lock_order_release(&order, 31), 0);
    assert_false(lock_order_highest(&order, &rank));
    assert_int_equal(lock_order_acquire(&order, 1), 0);
}

static void only_what_is_held_is_released(void **state)
{
    (void)state;
    assert_int_equal(lock_order_release(&order, 0), EPERM);
    assert_int_equal(lock_order_acquire(&order, 1), 0);
    assert_int_equal(lock_order_release(&order, 2), EPERM);
    assert_int_equal(lock_order_release(&order, 1), 0);
    assert_int_equal(lock_order_release(&order, 1), EPERM);
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOCK_ORDER_MOST; i++)
        assert_int_equal(lock_order_acquire(&order, i), 0);
    assert_int_equal(lock_order_acquire(&order, LOCK_ORDER_MOST), EOVERFLOW);
    assert_int_equal(lock_order_acquire(&order, 0), EDEADLK);
    assert_int_equal(lock_order_release(&order, 0), 0);
    assert_int_equal(lock_order_acquire(&order, LOCK_ORDER_MOST), 0);
    assert_int_equal(sizeof storage[0], MACHINE_APART);
}

static void threads_hold_their_own(void **state)
{
    (void)state;
    assert_int_equal(lock_order_acquire(&order, 7), 0);
    native_set_self(1);
    assert_int_equal(lock_order_release(&order, 7), EPERM);
    assert_int_equal(lock_order_acquire(&order, 5), 0);
    native_set_self(0);
    assert_int_equal(lock_order_acquire(&order, 6), EDEADLK);
    assert_int_equal(lock_order_release(&order, 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ranks_have_to_rise, setup),
        cmocka_unit_test_setup(releases_come_in_any_order, setup),
        cmocka_unit_test_setup(only_what_is_held_is_released, setup),
        cmocka_unit_test_setup(there_is_room_for_so_many, setup),
        cmocka_unit_test_setup(threads_hold_their_own, setup),
    };
    return cmocka_run_group_tests_name("lock_order", tests, NULL, NULL);
}
