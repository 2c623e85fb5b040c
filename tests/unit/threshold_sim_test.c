/* What is recommended from measurements on a simulated machine, against the optimum that can be
 * computed by hand, and against the two simple answers: never to spin, and never to sleep. Virtual
 * time: the same on every machine. LOCKBENCH is the program. */
#include "tests/unit/unit.h"

#include <math.h>
#include <unistd.h>

#include "bench/threshold/oracle.h"
#include "bench/threshold/recommend.h"

enum { COMMAND_TEXT = 4096 };

/* Runs `lockbench run` with these words and reads what it wrote. */
static struct records measure(const char *words)
{
    const char *program = getenv("LOCKBENCH"), *folder = getenv("TMPDIR");
    char command[COMMAND_TEXT], *name = NULL;
    struct records records;

    assert_true(asprintf(&name, "%s/threshold-XXXXXX", folder == NULL ? "/tmp" : folder) > 0);
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    close(fd);
    unlink(name);
    int length = snprintf(command, sizeof command, "'%s' run --quiet --output '%s' %s >/dev/null",
                          program == NULL ? "./lockbench" : program, name, words);
    assert_true(length > 0 && length < COMMAND_TEXT);
    assert_int_equal(system(command), 0);
    assert_int_equal(records_read(name, &records), EXIT_FINE);
    unlink(name);
    free(name);
    return records;
}

/* Two threads with a core each: whoever waits waits for what is left of one critical section, and
 * comes at a moment that the exponential work outside chooses. That is what oracle.h knows of. */
static const double outside_ns = 600000;

/* A sleep: the call that sleeps, the call that wakes, the delay, and the switch. */
static const double sleep_ns = 200 + 200 + 60000 + 40000;

static const char *const model = "--machine 'sim:core:2 pu:1' --model wake=60us,switch=40us";

enum { BUDGETS = 21 };
static uint64_t budgets[BUDGETS];

/* None, a row with steps of 18% around all that may matter, and none that ends. */
static void make_budgets(void)
{
    budgets[0] = 0;
    for (int i = 1; i < BUDGETS - 1; i++)
        budgets[i] = (uint64_t)(7000 * pow(1.18, i - 1));
    budgets[BUDGETS - 1] = SURFACE_FOREVER;
}

static void name_locks(char *locks, size_t size)
{
    char text[TIME_TEXT];
    size_t used = 0;

    for (int i = 0; i < BUDGETS; i++)
        used += (size_t)snprintf(locks + used, size - used, "%sspin_park:budget=%s",
                                 i == 0 ? "" : ",", format_time_or_inf(budgets[i], text));
    assert_true(used < size);
}

/* Many repetitions and not long windows: two threads that go through their scripts of random times
 * again and again fall into step, in each repetition into another one. One thread alone, with any
 * budget, says what the lock itself costs. */
static void measure_distribution(const char *critical, struct records both[2])
{
    static const char *const who[] = {"--threads 2 --repetitions 12",
                                      "--threads 1 --repetitions 1"};
    char words[COMMAND_TEXT], locks[COMMAND_TEXT / 2] = "spin_park:budget=0";

    for (int alone = 1; alone >= 0; alone--) {
        if (!alone)
            name_locks(locks, sizeof locks);
        snprintf(words, sizeof words,
                 "%s --locks %s %s --critical %s --outside exp:600us --duration 10s", model, locks,
                 who[alone], critical);
        both[alone] = measure(words);
    }
}

static const struct surface_cell *cell_of_two(const struct surface *grid)
{
    assert_int_equal(grid->count, 2);
    assert_int_equal(grid->cells[1].threads, 2);
    return &grid->cells[1];
}

/* The whole curve: what was measured per wait is what the theory expects, within a fifth on
 * average. Until a woken thread runs, the other one comes with a known chance, takes the lock, and
 * the woken one sleeps once more. */
static void assert_curve(const struct surface_cell *cell, const struct oracle *oracle)
{
    double sleeps = exp(100000 / outside_ns), off = 0;
    double waits = surface_median(&cell->points[0], SURFACE_SLEEPS) / sleeps;

    for (size_t i = 0; i < cell->count; i++) {
        uint64_t budget_ns = cell->points[i].budget_ns;
        double expected =
            oracle_cost(oracle, budget_ns == SURFACE_FOREVER ? ORACLE_FOREVER : (double)budget_ns,
                        sleep_ns * sleeps);
        double measured = surface_median(&cell->points[i], SURFACE_WAIT) / waits;
        off += fabs(measured / expected - 1) / (double)cell->count;
    }
    print_message("off by %.1f%% on average\n", 100 * off);
    assert_true(off <= 0.2);
}

/* Whether there is one best budget, and not a row of them that are as good. */
static bool is_unique(const struct oracle_optimum *best)
{
    return best->high_ns <= 1.5 * best->low_ns || best->high_ns < 0.1 * sleep_ns;
}

static void hold_against_the_optimum(const char *critical, enum oracle_wait wait)
{
    struct oracle oracle = {.wait = wait, .outside_ns = outside_ns};
    struct records both[2];
    struct recommend_settings settings = {
        .measure = SURFACE_WAIT, .lock = "spin_park", .has_cpus = true, .seed = 1};

    measure_distribution(critical, both);
    struct surface grid = surface_make(both, 2);
    assert_true(read_delay(critical, &oracle.critical));
    surface_price(&grid, sleep_ns);
    const struct surface_cell *cell = cell_of_two(&grid);
    struct recommendation found = recommend(&grid, &settings);
    assert_int_equal(found.cells, 1);
    struct oracle_optimum best = oracle_best(&oracle, sleep_ns, ANALYSIS_PLATEAU);
    struct competitive ratio = analysis_competitive(cell, sleep_ns, 1);
    assert_true(found.known && ratio.known);
    double budget = found.budget.ns == SURFACE_FOREVER ? ORACLE_FOREVER : (double)found.budget.ns;
    double cost = oracle_cost(&oracle, budget, sleep_ns);
    print_message(
        "%s: recommended %.0f ns, which costs %.0f ns a wait; best %.0f ns, %.0f ns "
        "[%.0f, %.0f]; with C %.2f times the oracle, expected %.2f\n",
        critical, budget, cost, best.budget_ns, best.cost_ns, best.low_ns, best.high_ns,
        ratio.at_reference.value,
        oracle_cost(&oracle, sleep_ns, sleep_ns) / oracle_offline(&oracle, sleep_ns));
    assert_curve(cell, &oracle);
    assert_true(cost <= 1.2 * best.cost_ns);
    if (is_unique(&best))
        assert_true(fabs(budget - best.budget_ns) <= 0.2 * best.budget_ns);
    /* Two at most, and what those who sleep once more add. */
    assert_true(ratio.at_reference.value <= 2.2);
    surface_free(&grid);
    records_free(&both[0]);
    records_free(&both[1]);
}

static void fixed_and_short(void **state)
{
    (void)state;
    hold_against_the_optimum("40us", ORACLE_REST);
}

static void fixed_and_long(void **state)
{
    (void)state;
    hold_against_the_optimum("1ms", ORACLE_REST);
}

static void exponential(void **state)
{
    (void)state;
    hold_against_the_optimum("exp:50us", ORACLE_REST);
}

static void bimodal(void **state)
{
    (void)state;
    hold_against_the_optimum("bimodal:20us-1ms:2%", ORACLE_REST);
}

static void uniform(void **state)
{
    (void)state;
    hold_against_the_optimum("uniform:10us-90us", ORACLE_REST);
}

/* ---- one budget for all ---- */

/* From half a thread to four a CPU, sections from 100 ns to 1 ms, little and much work outside.
 * Windows take in some time slices, and hundreds of the longest sections. */
static void measure_all(struct records files[10])
{
    static const struct {
        const char *critical, *window;
    } sections[] = {
        {"100ns", "20ms"}, {"1us", "40ms"}, {"10us", "60ms"}, {"100us", "60ms"}, {"1ms", "400ms"}};
    char words[COMMAND_TEXT];

    for (size_t i = 0; i < 10; i++) {
        snprintf(words, sizeof words,
                 "--machine 'sim:core:4 pu:1' --threads 2,4,6,8,16 --repetitions 3 --duration %s "
                 "--critical %s --outside %s --locks spin_park:budget=0,spin_park:budget=1us,"
                 "spin_park:budget=5us,spin_park:budget=10us,spin_park:budget=20us,"
                 "spin_park:budget=50us,spin_park:budget=100us,spin_park:budget=inf",
                 sections[i / 2].window, sections[i / 2].critical,
                 i % 2 == 0 ? "exp:200ns" : "exp:20us");
        files[i] = measure(words);
    }
}

static void one_budget_keeps_what_the_better_extreme_has(void **state)
{
    struct records files[10];
    struct recommend_settings settings = {.measure = SURFACE_THROUGHPUT, .seed = 1};

    (void)state;
    measure_all(files);
    struct surface surface = surface_make(files, 10);
    for (int side = 0; side < 2; side++) {
        settings.has_cpus = side == 0;
        struct recommendation found = recommend(&surface, &settings);
        assert_true(found.known);
        print_message(
            "%s threads than CPUs: %.0f ns keeps %.3f, worst %.3f; never to spin "
            "%.3f, %.3f; never to sleep %.3f, %.3f\n",
            side == 0 ? "no more" : "more", (double)found.budget.ns, found.mean.value,
            found.worst.value, found.none_mean, found.none_worst, found.forever_mean,
            found.forever_worst);
        assert_int_equal(found.cells, side == 0 ? 20 : 30);
        assert_true(found.mean.value >= 0.97);
        assert_true(found.worst.value >= 0.8);
    }
    surface_free(&surface);
    for (size_t i = 0; i < 10; i++)
        records_free(&files[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_and_short),
        cmocka_unit_test(fixed_and_long),
        cmocka_unit_test(exponential),
        cmocka_unit_test(bimodal),
        cmocka_unit_test(uniform),
        cmocka_unit_test(one_budget_keeps_what_the_better_extreme_has),
    };

    make_budgets();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
