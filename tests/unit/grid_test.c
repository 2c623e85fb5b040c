/* Which cells of the grid of `lockbench threshold` are measured next. */
#include "tests/unit/unit.h"

#include "bench/message.h"
#include "bench/threshold/axes.h"
#include "bench/threshold/survey.h"

/* A grid of one or more locks, and what was "measured" of it. */
struct made {
    struct measuring measuring;
    struct plan plan;
    struct workload *workloads;
    unsigned threads[2];
    struct grid grid;
    struct records records;
    bool *open;
};

static void make(struct made *made, const char *locks, const char *budgets, unsigned threads)
{
    struct axes axes = {.budgets = budgets, .criticals = "1us,10us", .outsides = "1us"};

    *made = (struct made){.measuring = measuring_default(), .threads = {threads, 1}};
    made->measuring.quiet = true;
    assert_int_equal(measuring_add_names(&made->measuring, locks), EXIT_FINE);
    assert_int_equal(axes_read_locks(&axes, &made->measuring, &made->grid.budgets), EXIT_FINE);
    assert_int_equal(axes_read_workloads(&axes, &made->workloads, &made->plan.workloads_count),
                     EXIT_FINE);
    made->plan.machine = made->measuring.machine;
    made->plan.locks = made->measuring.locks;
    made->plan.locks_count = made->measuring.locks_count;
    made->plan.threads = made->threads;
    made->plan.threads_count = 1;
    made->plan.workloads = made->workloads;
    made->plan.placement = "compact";
    made->plan.cpus = 2;
    made->plan.seed = 1;
    made->grid.plan = &made->plan;
    made->records = records_empty("made", json_object());
    made->open = calloc(plan_cells(&made->plan) * 2, sizeof(bool));
    assert_non_null(made->open);
}

static void unmake(struct made *made)
{
    records_free(&made->records);
    measuring_free(&made->measuring);
    free(made->workloads);
    free(made->open);
}

static json_t *record_of(const struct made *made, const char *kind, size_t cell)
{
    struct turn turn = plan_cell(&made->plan, cell);
    json_t *record = json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "record", kind, "lock",
                               turn.lock->text, "machine", "native", "threads", (int)turn.threads,
                               "placement", "compact", "workload", workload_to_json(turn.workload));

    assert_non_null(record);
    return record;
}

static void add_sample(struct made *made, size_t cell, double throughput, double cpu_ns)
{
    json_t *sample = record_of(made, "sample", cell);

    json_object_set_new(sample, "throughput", json_real(throughput));
    json_object_set_new(sample, "cpu_ns", json_real(cpu_ns));
    json_array_append_new(made->records.samples, sample);
}

/* Adds a sample of each open cell; all are as good but the one of `best`, an index of a budget. The
 * cells of `hangs` get a violation instead. */
static void measure_open(struct made *made, size_t best_speed, size_t best_cpu, size_t hangs)
{
    const size_t each = made->plan.threads_count * made->plan.workloads_count;

    for (size_t i = 0; i < plan_cells(&made->plan); i++) {
        size_t budget = i / each % made->grid.budgets;
        double away_speed =
            (double)(budget > best_speed ? budget - best_speed : best_speed - budget);
        double away_cpu = (double)(budget > best_cpu ? budget - best_cpu : best_cpu - budget);
        if (made->open[i] && budget == hangs)
            json_array_append_new(made->records.violations, record_of(made, "violation", i));
        else if (made->open[i])
            add_sample(made, i, 1000 - away_speed, 1000 + away_cpu);
    }
}

enum { NOWHERE = 1000 };

/* Which budgets of a group are open, as in "x..x". */
static const char *budgets_open(const struct made *made, size_t workload, char text[32])
{
    for (size_t i = 0; i < made->grid.budgets; i++)
        text[i] = made->open[grid_cell(&made->grid, 0, 0, workload, i)] ? 'x' : '.';
    text[made->grid.budgets] = '\0';
    return text;
}

static const char thirteen[] = "0,1us,2us,3us,4us,5us,6us,7us,8us,9us,10us,11us,inf";

static void a_cell_is_found_by_its_sample(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park,mcs_park", thirteen, 2);
    assert_int_equal(plan_cells(&made.plan), 2 * 13 * 2);
    assert_int_equal(grid_groups(&made.grid), 4);
    for (size_t i = 0; i < plan_cells(&made.plan); i++) {
        add_sample(&made, i, 1, 1);
        assert_int_equal(grid_find(&made.grid, json_array_get(made.records.samples, i)), i);
    }
    json_object_set_new(json_array_get(made.records.samples, 0), "threads", json_integer(3));
    assert_int_equal(grid_find(&made.grid, json_array_get(made.records.samples, 0)),
                     plan_cells(&made.plan));
    unmake(&made);
}

static void the_first_look_has_both_ends_and_two_between(void **state)
{
    static const struct {
        const char *budgets, *open;
    } cases[] = {
        {thirteen, "x...x...x..xx"},    {"0,1us,2us,3us,4us,inf", "x.x.xx"},
        {"0,1us,2us,3us,inf", "xxxxx"}, {"0,1us,2us,inf", "xxxx"},
        {"0,1us,inf", "xxx"},           {"0,inf", "xx"},
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made made;
        make(&made, "spin_park", cases[i].budgets, 2);
        assert_int_not_equal(grid_open_coarse(&made.grid, 0, made.open), 0);
        assert_string_equal(budgets_open(&made, 0, text), cases[i].open);
        assert_string_equal(budgets_open(&made, 1, text), cases[i].open);
        assert_int_equal(grid_open_coarse(&made.grid, 1, made.open), 0);
        unmake(&made);
    }
}

/* Six groups of three locks are of two rounds, in which each comes once and whole. */
static void rounds_of_the_first_look_have_whole_groups(void **state)
{
    struct made made;
    size_t opened[32] = {0}, rounds = 0, cells = 0, count;

    (void)state;
    make(&made, "spin_park,mcs_park,push_lock", thirteen, 2);
    assert_int_equal(grid_groups(&made.grid), 6);
    while ((count = grid_open_coarse(&made.grid, rounds, made.open)) > 0) {
        assert_true(++rounds < 10);
        assert_int_equal(count % 5, 0);
        assert_true(count <= 5 * GRID_ROUND);
        cells += count;
        for (size_t i = 0; i < 6; i++)
            opened[i] += made.open[grid_cell(&made.grid, i / 2, 0, i % 2, 4)];
        measure_open(&made, 0, 0, NOWHERE);
        assert_int_equal(grid_count_looked_at(&made.grid, &made.records), cells / 5);
    }
    assert_int_equal(rounds, 2);
    assert_int_equal(cells, 30);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(opened[i], 1);
    unmake(&made);
}

static void a_thread_alone_has_one_look_after_all_others(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park,mcs_park", thirteen, 2);
    made.plan.threads_count = 2;
    assert_int_equal(grid_groups(&made.grid), 8);
    assert_int_equal(grid_open_coarse(&made.grid, 0, made.open), 20);
    for (size_t i = 0; i < plan_cells(&made.plan); i++)
        assert_true(!made.open[i] || plan_cell(&made.plan, i).threads == 2);
    assert_int_equal(grid_open_coarse(&made.grid, 1, made.open), 4);
    for (size_t i = 0; i < plan_cells(&made.plan); i++)
        assert_true(!made.open[i] || plan_cell(&made.plan, i).threads == 1);
    assert_int_equal(grid_open_coarse(&made.grid, 2, made.open), 0);
    unmake(&made);
}

/* How many rounds it takes until no budget is left to be looked at. */
static size_t refine(struct made *made, size_t best_speed, size_t best_cpu, size_t hangs)
{
    size_t rounds = 0;

    grid_open_coarse(&made->grid, 0, made->open);
    measure_open(made, best_speed, best_cpu, hangs);
    while (rounds < 100 && grid_open_finer(&made->grid, &made->records, made->open) > 0) {
        rounds++;
        measure_open(made, best_speed, best_cpu, hangs);
    }
    return rounds;
}

static size_t samples_of_budget(const struct made *made, size_t budget)
{
    size_t cell = grid_cell(&made->grid, 0, 0, 0, budget), count = 0, i;
    json_t *sample;

    json_array_foreach (made->records.samples, i, sample)
        count += grid_find(&made->grid, sample) == cell;
    return count;
}

/* Wherever the best budget is, its neighbours are measured in a few rounds, and none twice. */
static void the_neighbours_of_the_best_are_measured(void **state)
{
    (void)state;
    for (size_t best = 0; best < 13; best++) {
        struct made made;
        make(&made, "spin_park", thirteen, 2);
        assert_in_range(refine(&made, best, best, NOWHERE), 0, 4);
        assert_int_equal(samples_of_budget(&made, best), 1);
        if (best > 0)
            assert_int_equal(samples_of_budget(&made, best - 1), 1);
        if (best < 12)
            assert_int_equal(samples_of_budget(&made, best + 1), 1);
        assert_true(json_array_size(made.records.samples) < 2 * 11);
        unmake(&made);
    }
}

static void the_best_by_cpu_time_is_looked_for_too(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park", thirteen, 2);
    refine(&made, 11, 1, NOWHERE);
    for (size_t budget = 0; budget <= 2; budget++)
        assert_int_equal(samples_of_budget(&made, budget), 1);
    for (size_t budget = 10; budget <= 12; budget++)
        assert_int_equal(samples_of_budget(&made, budget), 1);
    assert_int_equal(samples_of_budget(&made, 5), 0);
    unmake(&made);
}

/* It is tried once, and the budgets beyond it are found all the same. */
static void a_budget_that_hangs_is_tried_once(void **state)
{
    (void)state;
    for (size_t hangs = 0; hangs < 13; hangs++) {
        struct made made;
        size_t best = hangs == 5 ? 7 : 5;
        make(&made, "spin_park", thirteen, 2);
        assert_in_range(refine(&made, best, best, hangs), 1, 5);
        assert_int_equal(samples_of_budget(&made, hangs), 0);
        assert_in_range(json_array_size(made.records.violations), 0, 2);
        for (size_t budget = best - 1; budget <= best + 1; budget++)
            assert_int_equal(samples_of_budget(&made, budget), budget == hangs ? 0 : 1);
        assert_int_equal(grid_count_looked_at(&made.grid, &made.records), 2);
        /* Of what never had a sample no more repetitions are wanted. */
        grid_open_again(&made.grid, &made.records, 3, made.open);
        assert_false(made.open[grid_cell(&made.grid, 0, 0, 0, hangs)]);
        assert_true(made.open[grid_cell(&made.grid, 0, 0, 0, best)]);
        unmake(&made);
    }
}

static void enough_repetitions_are_enough(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park", "0,1us,2us,inf", 2);
    assert_int_equal(grid_open_again(&made.grid, &made.records, 3, made.open), 0);
    grid_open_coarse(&made.grid, 0, made.open);
    measure_open(&made, 1, 1, NOWHERE);
    assert_int_equal(grid_open_again(&made.grid, &made.records, 3, made.open), 8);
    measure_open(&made, 1, 1, NOWHERE);
    assert_int_equal(grid_open_again(&made.grid, &made.records, 3, made.open), 8);
    measure_open(&made, 1, 1, NOWHERE);
    assert_int_equal(grid_open_again(&made.grid, &made.records, 3, made.open), 0);
    unmake(&made);
}

static void nothing_measured_opens_nothing_finer(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park", thirteen, 2);
    assert_int_equal(grid_open_finer(&made.grid, &made.records, made.open), 0);
    unmake(&made);
}

static void default_threads_are_of_each_cpu(void **state)
{
    char text[AXES_TEXT];

    (void)state;
    assert_string_equal(axes_default_threads(1, text), "1,2,4");
    assert_string_equal(axes_default_threads(2, text), "1,2,3,4,8");
    assert_string_equal(axes_default_threads(8, text), "4,8,12,16,32");
    assert_string_equal(axes_default_threads(2000, text), "1000,2000,3000,4000");
}

/* ---- the survey ---- */

static void a_survey_whose_time_is_up_has_holes(void **state)
{
    struct made made;
    enum survey_end end;

    (void)state;
    make(&made, "spin_park", thirteen, 2);
    struct job job = {.plan = &made.plan, .kept = made.records};
    struct survey survey = {.job = &job, .grid = &made.grid, .end_ns = 0, .repetitions = 3};
    assert_int_equal(survey_measure(&survey, &end), EXIT_FINE);
    assert_int_equal(end, SURVEY_HOLES);
    assert_int_equal(json_array_size(made.records.samples), 0);
    assert_int_equal(grid_count_looked_at(&made.grid, &made.records), 0);
    unmake(&made);
}

/* Each cell is to have three repetitions in the end; what is opened has none yet. */
static void a_finer_look_leaves_time_for_repetitions(void **state)
{
    struct made made;

    (void)state;
    make(&made, "spin_park", thirteen, 2);
    add_sample(&made, 0, 1, 1);
    add_sample(&made, 1, 1, 1);
    struct job job = {.plan = &made.plan, .kept = made.records};
    struct survey survey = {.job = &job, .grid = &made.grid, .begun_ns = 1000, .end_ns = 2000};
    /* Two samples took 200 ns; two cells and one more need seven of 100 ns each. */
    assert_true(survey_has_time_for(&survey, 2, 1, 1200));
    survey.end_ns = 1900;
    assert_false(survey_has_time_for(&survey, 2, 1, 1200));
    survey.end_ns = UINT64_MAX;
    assert_true(survey_has_time_for(&survey, 1000000, 1000000, 1200));
    unmake(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_found_by_its_sample),
        cmocka_unit_test(the_first_look_has_both_ends_and_two_between),
        cmocka_unit_test(rounds_of_the_first_look_have_whole_groups),
        cmocka_unit_test(a_thread_alone_has_one_look_after_all_others),
        cmocka_unit_test(the_neighbours_of_the_best_are_measured),
        cmocka_unit_test(the_best_by_cpu_time_is_looked_for_too),
        cmocka_unit_test(a_budget_that_hangs_is_tried_once),
        cmocka_unit_test(enough_repetitions_are_enough),
        cmocka_unit_test(nothing_measured_opens_nothing_finer),
        cmocka_unit_test(default_threads_are_of_each_cpu),
        cmocka_unit_test(a_survey_whose_time_is_up_has_holes),
        cmocka_unit_test(a_finer_look_leaves_time_for_repetitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
