/* Quantiles of samples that were kept, all or some. */
#include "tests/unit/unit.h"

#include "bench/reservoir.h"

static json_int_t field(const json_t *quantiles, const char *name)
{
    return json_integer_value(json_object_get(quantiles, name));
}

static void quantiles_are_exact(void **state)
{
    struct reservoir reservoir;

    (void)state;
    assert_true(reservoir_make(&reservoir, 2000, 1));
    assert_null(reservoir_to_json(&reservoir));
    /* 1 to 1000, not in order: 7 and 1000 have no common factor. */
    for (uint64_t i = 0; i < 1000; i++)
        reservoir_add(&reservoir, i * 7 % 1000 + 1);
    json_t *quantiles = reservoir_to_json(&reservoir);
    assert_int_equal(field(quantiles, "count"), 1000);
    assert_int_equal(field(quantiles, "min"), 1);
    assert_int_equal(field(quantiles, "p50"), 500);
    assert_int_equal(field(quantiles, "p90"), 900);
    assert_int_equal(field(quantiles, "p99"), 990);
    assert_int_equal(field(quantiles, "p99.9"), 999);
    assert_int_equal(field(quantiles, "max"), 1000);
    json_decref(quantiles);
    reservoir_free(&reservoir);
}

static void one_sample_is_every_quantile(void **state)
{
    struct reservoir reservoir;

    (void)state;
    assert_true(reservoir_make(&reservoir, 1, 1));
    reservoir_add(&reservoir, 42);
    json_t *quantiles = reservoir_to_json(&reservoir);
    assert_int_equal(field(quantiles, "p50"), 42);
    assert_int_equal(field(quantiles, "p99.9"), 42);
    json_decref(quantiles);
    reservoir_free(&reservoir);
}

/* A hundred times more than there is room for: what is kept is an even choice, so that its median
 * lies within 5 standard errors (sqrt(1/4 / 1000) = 1.6%) of the middle, and the extremes are those
 * of all. */
static void a_full_reservoir_stays_even(void **state)
{
    struct reservoir reservoir;
    const uint64_t all = 100000;

    (void)state;
    assert_true(reservoir_make(&reservoir, 1000, 1));
    for (uint64_t i = 0; i < all; i++)
        reservoir_add(&reservoir, i);
    json_t *quantiles = reservoir_to_json(&reservoir);
    assert_int_equal(field(quantiles, "count"), all);
    assert_int_equal(field(quantiles, "min"), 0);
    assert_int_equal(field(quantiles, "max"), all - 1);
    assert_in_range(field(quantiles, "p50"), 42000, 58000);
    json_decref(quantiles);
    reservoir_free(&reservoir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_exact),
        cmocka_unit_test(one_sample_is_every_quantile),
        cmocka_unit_test(a_full_reservoir_stays_even),
    };
    return cmocka_run_group_tests_name("reservoir", tests, NULL, NULL);
}
