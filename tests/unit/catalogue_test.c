/* Every lock's entry is complete and says one thing only. */
#include "tests/unit/unit.h"

#include "bench/native/loops.h"
#include "locks/catalogue.h"

static unsigned bits(uint32_t traits)
{
    return (unsigned)__builtin_popcount(traits);
}

static void entries_are_complete(void **state)
{
    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        print_message("# %s\n", ops->name);
        assert_non_null(ops->family);
        assert_non_null(ops->source);
        assert_in_range(strlen(ops->description), 1, 56);
        assert_true(ops->size > 0);
        assert_true(ops->context_size <= LOCK_CONTEXT_SIZE);
        assert_true(ops->init && ops->destroy && ops->acquire && ops->try_acquire && ops->release &&
                    ops->is_idle);
        for (unsigned shape = 0; shape < 2 * OBSERVATIONS; shape++)
            assert_non_null(loop_inlined(
                ops, (struct loop_shape){shape % 2 == 1, (enum observation)(shape / 2)}));
        assert_ptr_equal(lock_find(ops->name), ops);
        if (ops->alias != NULL)
            assert_ptr_equal(lock_find(ops->alias), ops);
    }
}

/* Longer ones would break the columns of the comparison. */
static void nt_entries_are_complete(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_nt *nt = lock_catalogue[i]->nt;
        if (nt == NULL)
            continue;
        print_message("# %s\n", lock_catalogue[i]->name);
        assert_in_range(strlen(nt->name), 1, 22);
        assert_in_range(strlen(nt->irql), 1, 16);
        assert_in_range(strlen(nt->use), 1, 28);
        count++;
    }
    assert_true(count > 0);
}

static void traits_fit_each_other(void **state)
{
    const uint32_t waiting =
        LOCK_SPINS | LOCK_SPIN_THEN_YIELDS | LOCK_SPIN_THEN_SLEEPS | LOCK_SLEEPS;

    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        bool shared = (ops->traits & LOCK_SHARED) != 0;
        print_message("# %s\n", ops->name);
        assert_int_equal(bits(ops->traits & (LOCK_FIFO | LOCK_UNFAIR)), 1);
        assert_int_equal(bits(ops->traits & waiting), 1);
        assert_int_equal(ops->acquire_shared != NULL, shared);
        assert_int_equal(ops->try_acquire_shared != NULL, shared);
        assert_int_equal(ops->release_shared != NULL, shared);
        assert_int_equal(ops->downgrade != NULL, (ops->traits & LOCK_DOWNGRADE) != 0);
        assert_int_equal(ops->acquire_until != NULL, (ops->traits & LOCK_TIMED) != 0);
        assert_true(shared || ops->downgrade == NULL);
    }
}

static void parameters_are_sound(void **state)
{
    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        unsigned count = 0;
        for (const struct lock_parameter *p = lock_catalogue[i]->parameters;
             p != NULL && p->name != NULL; p++, count++) {
            assert_true(p->least <= p->usual && p->usual <= p->most);
            assert_non_null(p->meaning);
        }
        assert_in_range(count, 0, LOCK_PARAMETERS_MOST);
    }
}

static void names_are_unique(void **state)
{
    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(lock_catalogue[i]->name, lock_catalogue[j]->name);
    }
    assert_null(lock_find("no such lock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_complete),  cmocka_unit_test(nt_entries_are_complete),
        cmocka_unit_test(traits_fit_each_other), cmocka_unit_test(parameters_are_sound),
        cmocka_unit_test(names_are_unique),
    };
    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
