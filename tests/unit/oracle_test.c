/* The theory of spin budgets against what pencil and paper give. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/threshold/oracle.h"

static struct oracle oracle_of(const char *critical, enum oracle_wait wait, double outside_ns)
{
    struct oracle oracle = {.wait = wait, .outside_ns = outside_ns};

    assert_true(read_delay(critical, &oracle.critical));
    return oracle;
}

static void assert_about(double value, double expected)
{
    assert_float_equal(value, expected, 1e-6 * (1 + fabs(expected)));
}

/* A wait of 4 us costs what was spun and, with a smaller budget, the sleep as well. */
static void a_fixed_wait(void **state)
{
    struct oracle oracle = oracle_of("4us", ORACLE_WHOLE, 0);

    (void)state;
    assert_about(oracle_cost(&oracle, 0, 10000), 10000);
    assert_about(oracle_cost(&oracle, 1000, 10000), 11000);
    assert_about(oracle_cost(&oracle, 4000, 10000), 4000);
    assert_about(oracle_cost(&oracle, ORACLE_FOREVER, 10000), 4000);
    struct oracle_optimum best = oracle_best(&oracle, 10000, 0.05);
    assert_about(best.budget_ns, 4000);
    assert_about(best.cost_ns, 4000);
    assert_about(best.low_ns, 4000);
    assert_true(isinf(best.high_ns));
    /* A sleep that costs less than the wait is taken at once. */
    best = oracle_best(&oracle, 3000, 0);
    assert_about(best.budget_ns, 0);
    assert_about(best.cost_ns, 3000);
    assert_about(best.high_ns, 0);
}

/* What is left of a fixed section D is uniform on [0, D]: B + C - B^2/2D - CB/D, which is concave,
 * so that the best budget is 0 or D, by whether C < D/2. */
static void the_rest_of_a_fixed_section(void **state)
{
    struct oracle oracle = oracle_of("4us", ORACLE_REST, HUGE_VAL);

    (void)state;
    for (double budget = 500; budget <= 4000; budget += 500)
        assert_about(oracle_cost(&oracle, budget, 3000),
                     budget + 3000 - budget * budget / 8000 - 3000 * budget / 4000);
    assert_about(oracle_best(&oracle, 2100, 0).budget_ns, 4000);
    assert_about(oracle_best(&oracle, 2100, 0).cost_ns, 2000);
    assert_about(oracle_best(&oracle, 1900, 0).budget_ns, 0);
    assert_about(oracle_best(&oracle, 1900, 0).cost_ns, 1900);
}

/* It has no memory: what is left is distributed as the whole, the cost is m + (C - m) exp(-B/m),
 * and the best budget is none or one without end, by whether C < m. */
static void an_exponential_wait(void **state)
{
    struct oracle whole = oracle_of("exp:2us", ORACLE_WHOLE, 0);
    struct oracle rest = oracle_of("exp:2us", ORACLE_REST, 5000);

    (void)state;
    for (double budget = 0; budget < 20000; budget += 1900) {
        double by_hand = 2000 + (5000 - 2000) * exp(-budget / 2000);
        assert_about(oracle_cost(&whole, budget, 5000), by_hand);
        assert_about(oracle_cost(&rest, budget, 5000), by_hand);
    }
    assert_about(oracle_best(&whole, 5000, 0).cost_ns, 2000);
    assert_about(oracle_best(&whole, 1000, 0).budget_ns, 0);
    assert_about(oracle_best(&whole, 1000, 0).cost_ns, 1000);
    /* Within 5% from where 3000 exp(-B/2000) = 100 on. */
    assert_float_equal(oracle_best(&whole, 5000, 0.05).low_ns, 2000 * log(30), 250);
}

/* Nine of ten wait for 1 us, one for 100 us. Spinning for 1 us costs 1 + C/10. */
static void a_bimodal_wait(void **state)
{
    struct oracle oracle = oracle_of("bimodal:1us-100us:10%", ORACLE_WHOLE, 0);

    (void)state;
    assert_about(oracle_cost(&oracle, 1000, 10000), 1000 + 1000);
    assert_about(oracle_cost(&oracle, 50000, 10000), 0.9 * 1000 + 0.1 * 50000 + 1000);
    assert_about(oracle_cost(&oracle, ORACLE_FOREVER, 10000), 0.9 * 1000 + 0.1 * 100000);
    struct oracle_optimum best = oracle_best(&oracle, 10000, 0.05);
    assert_about(best.budget_ns, 1000);
    assert_about(best.cost_ns, 2000);
    assert_about(best.low_ns, 1000);
    assert_in_range((unsigned long)best.high_ns, 1000, 2000);
}

/* What is left when all moments are alike: long sections are met more often. With s = 4, l = 200,
 * 2% long: mean 7.92, P(W > 4) = 0.02 * 196 / 7.92, spun until 4: 4 - 16 / (2 * 7.92). */
static void the_rest_of_bimodal_sections(void **state)
{
    struct oracle oracle = oracle_of("bimodal:4us-200us:2%", ORACLE_REST, HUGE_VAL);
    double longer = 0.02 * 196 / 7.92;

    (void)state;
    assert_about(oracle_longer(&oracle, 4000), longer);
    assert_about(oracle_spun(&oracle, 4000), 4000 - 16000 / (2 * 7.92));
    assert_about(oracle_spun(&oracle, ORACLE_FOREVER),
                 (0.98 * 16 + 0.02 * 40000) / (2 * 7.92) * 1000);
    assert_about(oracle_best(&oracle, 20000, 0).budget_ns, 4000);
    assert_about(oracle_best(&oracle, 20000, 0).cost_ns,
                 4000 - 16000 / (2 * 7.92) + 20000 * longer);
}

/* A uniform wait on [1, 3] us: spun until 2 us 1 + (1 - 1/4) us, and half are longer. */
static void a_uniform_wait(void **state)
{
    struct oracle oracle = oracle_of("uniform:1us-3us", ORACLE_WHOLE, 0);

    (void)state;
    assert_about(oracle_longer(&oracle, 2000), 0.5);
    assert_about(oracle_spun(&oracle, 2000), 1750);
    assert_about(oracle_spun(&oracle, ORACLE_FOREVER), 2000);
    assert_about(oracle_cost(&oracle, 2000, 4000), 3750);
    oracle.wait = ORACLE_REST;
    oracle.outside_ns = HUGE_VAL;
    /* E[X^2] / 2 E[X], with E[X^2] = 13/3. */
    assert_about(oracle_spun(&oracle, ORACLE_FOREVER), 13.0 / 3 / 4 * 1000);
}

/* A waiter that comes soon finds most of the section before it: against the sum over a fine grid
 * of sections and of moments of coming. */
static void a_rest_when_the_other_thread_comes_soon(void **state)
{
    struct oracle fixed = oracle_of("4us", ORACLE_REST, 2000);
    struct oracle uniform = oracle_of("uniform:1us-3us", ORACLE_REST, 2000);
    double longer = 0, all = 0;

    (void)state;
    assert_about(oracle_longer(&fixed, 1000), (1 - exp(-1.5)) / (1 - exp(-2)));
    for (double x = 1000.5; x < 3000; x++) {
        all += 1 - exp(-x / 2000);
        longer += x > 1500 ? 1 - exp(-(x - 1500) / 2000) : 0;
    }
    assert_float_equal(oracle_longer(&uniform, 1500), longer / all, 1e-6);
}

/* Whatever the waits, spinning for as long as a sleep costs is at most twice as dear as knowing. */
static void twice_at_most(void **state)
{
    static const char *const all[] = {"1us", "40us", "exp:5us", "uniform:0-30us",
                                      "bimodal:100ns-50us:20%"};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (double sleep = 1000; sleep < 100000; sleep *= 1.7) {
            struct oracle whole = oracle_of(all[i], ORACLE_WHOLE, 0);
            struct oracle rest = oracle_of(all[i], ORACLE_REST, 10000);
            assert_true(oracle_cost(&whole, sleep, sleep) <=
                        2.000001 * oracle_offline(&whole, sleep));
            assert_true(oracle_cost(&rest, sleep, sleep) <=
                        2.000001 * oracle_offline(&rest, sleep));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_wait),
        cmocka_unit_test(the_rest_of_a_fixed_section),
        cmocka_unit_test(an_exponential_wait),
        cmocka_unit_test(a_bimodal_wait),
        cmocka_unit_test(the_rest_of_bimodal_sections),
        cmocka_unit_test(a_uniform_wait),
        cmocka_unit_test(a_rest_when_the_other_thread_comes_soon),
        cmocka_unit_test(twice_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
