/* The grid of spin budgets and what is said of it, from samples that were made up. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/random.h"
#include "bench/threshold/advice.h"

enum { REPETITIONS = 10 };

/* What a made-up machine has in a cell with a budget, before noise. */
typedef double model(unsigned threads, double critical_ns, double budget_ns);

struct made {
    struct records file;
    uint64_t random;
    double noise; /* a part */
    unsigned repetitions;
};

static struct made made_begin(unsigned cpus)
{
    struct made made = {.random = 1, .noise = 0.01, .repetitions = REPETITIONS};

    made.file = records_empty("made", json_pack("{s:{s:i}}", "plan", "cpus", (int)cpus));
    return made;
}

static double noisy(struct made *made, double value)
{
    double part = (double)random_below(&made->random, 1000001) / 1e6 - 0.5;

    return value * (1 + made->noise * part);
}

static json_t *add_sample(struct made *made, const char *lock, unsigned threads,
                          const char *critical, double throughput)
{
    json_t *sample =
        json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s, s:i, s:i}, s:f, s:[i, i], s:{}}", "lock", lock,
                  "machine", "native", "threads", (int)threads, "placement", "compact", "workload",
                  "critical", critical, "outside", "1us", "lines", 1, "readers", 0, "throughput",
                  throughput, "acquisitions", 500, 500, "validity");

    assert_non_null(sample);
    json_array_append_new(made->file.samples, sample);
    return sample;
}

static const char *const budgets[] = {"0", "1us", "2us", "4us", "8us", "16us", "32us", "inf"};
static const double budgets_ns[] = {0, 1000, 2000, 4000, 8000, 16000, 32000, HUGE_VAL};
enum { BUDGETS = sizeof budgets / sizeof budgets[0] };

static void add_cell(struct made *made, const char *lock, unsigned threads, const char *critical,
                     model *throughput)
{
    struct delay delay;
    char text[64];

    assert_true(read_delay(critical, &delay));
    for (size_t i = 0; i < BUDGETS; i++) {
        snprintf(text, sizeof text, "%s:budget=%s", lock, budgets[i]);
        double mean = throughput(threads, delay_mean(&delay), budgets_ns[i]);
        for (unsigned j = 0; j < made->repetitions; j++)
            add_sample(made, text, threads, critical, noisy(made, mean));
    }
}

/* ---- the grid ---- */

static void samples_become_cells_and_points(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    add_sample(&made, "spin_park:budget=20us", 2, "1us", 10);
    add_sample(&made, "spin_park:budget=20us", 2, "1us", 30);
    add_sample(&made, "spin_park:budget=inf", 2, "1us", 7);
    add_sample(&made, "spin_park:budget=0", 2, "1us", 5);
    add_sample(&made, "spin_park", 2, "1us", 6);
    add_sample(&made, "spin_park:budget=20us", 8, "1us", 4);
    add_sample(&made, "mcs_park:budget=20us", 2, "1us", 4);
    add_sample(&made, "spin_park:budget=20us", 2, "bimodal:1us-2us:5%", 4);
    add_sample(&made, "mcs", 2, "1us", 4);
    add_sample(&made, "spin_park:budget=auto", 2, "1us", 4);
    struct surface grid = surface_make(&made.file, 1);
    assert_int_equal(grid.count, 4);
    assert_string_equal(grid.cells[0].lock, "mcs_park");
    const struct surface_cell *cell = &grid.cells[1];
    assert_string_equal(cell->lock, "spin_park");
    assert_int_equal(cell->threads, 2);
    assert_int_equal(cell->cpus, 4);
    assert_true(surface_has_cpus(cell));
    /* One without a budget has that of the catalogue. */
    assert_int_equal(cell->count, 4);
    assert_int_equal(cell->points[0].budget_ns, 0);
    assert_int_equal(cell->points[1].budget_ns, 5000);
    assert_int_equal(cell->points[2].budget_ns, 20000);
    assert_true(cell->points[3].budget_ns == SURFACE_FOREVER);
    assert_float_equal(surface_median(&cell->points[2], SURFACE_THROUGHPUT), 20, 0);
    assert_true(isnan(surface_median(&cell->points[2], SURFACE_TAIL)));
    assert_null(surface_point_of(cell, 7));
    assert_false(surface_has_cpus(&grid.cells[3]));
    surface_free(&grid);
    records_free(&made.file);
}

static void unfit_windows_are_left_out(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    add_sample(&made, "spin_park:budget=0", 2, "1us", 10);
    json_object_set_new(add_sample(&made, "spin_park:budget=0", 2, "1us", 90), "unfit",
                        json_pack("[s]", "steal"));
    json_object_set_new(add_sample(&made, "spin_park:budget=inf", 2, "1us", 80), "unfit",
                        json_pack("[s]", "steal"));
    struct surface grid = surface_make(&made.file, 1);
    assert_int_equal(grid.count, 1);
    assert_int_equal(grid.cells[0].points[0].count, 1);
    assert_int_equal(grid.cells[0].points[0].unfit, 1);
    assert_float_equal(surface_median(&grid.cells[0].points[0], SURFACE_THROUGHPUT), 10, 0);
    /* The only one there is. */
    assert_int_equal(grid.cells[0].points[1].count, 1);
    assert_int_equal(grid.cells[0].points[1].unfit, 0);
    surface_free(&grid);
    records_free(&made.file);
}

static void add_waits(struct made *made, unsigned threads, const char *budget, double cpu_ns,
                      int switches)
{
    char lock[64];

    snprintf(lock, sizeof lock, "spin_park:budget=%s", budget);
    json_t *sample = add_sample(made, lock, threads, "2us", 1000);
    json_object_set_new(sample, "cpu_ns", json_real(cpu_ns));
    json_object_set_new(json_object_get(sample, "validity"), "voluntary_switches",
                        json_integer(switches));
}

/* Work 3 us (2 under the lock, 1 outside). With 0, 0.5 sleeps an acquisition, each of 4 us of CPU
 * time; C is 10 us. With 4 us, 0.2 sleeps and 1 us spun. */
static void the_price_of_a_sleep(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    add_waits(&made, 2, "0", 5000, 500);
    add_waits(&made, 2, "8us", 3000 + 1000 + 800, 200);
    add_waits(&made, 2, "inf", 3000 + 2500, 0);
    struct surface grid = surface_make(&made.file, 1);
    surface_price(&grid, 10000);
    const struct surface_cell *cell = &grid.cells[0];
    assert_float_equal(cell->sleep_cpu_ns, 4000, 1e-6);
    assert_float_equal(surface_median(&cell->points[0], SURFACE_WAIT), 5000, 1e-6);
    assert_float_equal(surface_median(&cell->points[1], SURFACE_WAIT), 1000 + 2000, 1e-6);
    assert_float_equal(surface_median(&cell->points[2], SURFACE_WAIT), 2500, 1e-6);
    /* The oracle pays what is spun with 8 us, which is near enough to C. */
    struct competitive found = analysis_competitive(cell, 10000, 1);
    assert_true(found.known);
    assert_int_equal(found.reference_ns, 8000);
    assert_float_equal(found.offline_ns, 1000, 1e-6);
    assert_float_equal(found.at_reference.value, 3, 1e-6);
    assert_false(found.at_reference.has_interval);
    assert_float_equal(found.none.value, 5, 1e-6);
    assert_float_equal(found.best.value, 2.5, 1e-6);
    assert_true(found.best_budget_ns == SURFACE_FOREVER);
    /* With a C that no budget is near to, it is not known. */
    surface_price(&grid, 100000);
    assert_false(analysis_competitive(cell, 100000, 1).known);
    surface_free(&grid);
    /* One thread alone says what the lock itself costs: 0.4 us. */
    add_waits(&made, 1, "0", 3400, 0);
    grid = surface_make(&made.file, 1);
    surface_price(&grid, 10000);
    assert_int_equal(grid.cells[1].threads, 2);
    assert_float_equal(grid.cells[1].sleep_cpu_ns, 3200, 1e-6);
    surface_free(&grid);
    records_free(&made.file);
}

/* ---- cells ---- */

/* Best at 4 us, and 3% worse at its neighbours. */
static double peak_at_4us(unsigned threads, double critical_ns, double budget_ns)
{
    bool at_an_end = budget_ns == 0 || isinf(budget_ns);
    double distance = at_an_end ? 4 : fabs(log2(budget_ns / 4000));

    (void)threads;
    (void)critical_ns;
    return 1e6 * (1 - 0.03 * distance * distance);
}

static void the_best_budget_and_its_plateau(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    add_cell(&made, "spin_park", 2, "1us", peak_at_4us);
    struct surface grid = surface_make(&made.file, 1);
    struct analysis analysis = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_true(analysis.known);
    assert_int_equal(analysis.best_budget.ns, 4000);
    assert_int_equal(analysis.low.ns, 2000);
    assert_int_equal(analysis.high.ns, 8000);
    /* The noise is 1%, the steps beside are 3% and 9%: the edges are sure. */
    assert_true(analysis.low.has_interval);
    assert_int_equal(analysis.low.low_ns, 2000);
    assert_int_equal(analysis.low.high_ns, 2000);
    assert_int_equal(analysis.high.low_ns, 8000);
    assert_true(analysis.best_value.has_interval);
    assert_int_equal(analysis.verdict, ANALYSIS_GAIN);
    assert_true(analysis.gain.interval.low > 1);
    assert_true(analysis_on_plateau(&grid.cells[0], &analysis, 2));
    assert_false(analysis_on_plateau(&grid.cells[0], &analysis, 1));
    /* Nothing was said of latencies. */
    assert_false(analysis_of_cell(&grid.cells[0], SURFACE_TAIL, 7).known);
    /* The same seed gives the same. */
    struct analysis again = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_int_equal(again.high.high_ns, analysis.high.high_ns);
    surface_free(&grid);
    records_free(&made.file);
}

/* Where the noise is as large as the step, the edge has an interval that says so. */
static void an_edge_that_is_not_sure(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    made.noise = 0.2;
    add_cell(&made, "spin_park", 2, "1us", peak_at_4us);
    struct surface grid = surface_make(&made.file, 1);
    struct analysis analysis = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_true(analysis.low.low_ns < analysis.low.high_ns ||
                analysis.high.low_ns < analysis.high.high_ns);
    surface_free(&grid);
    records_free(&made.file);
}

/* Of budgets that are alike, one had two good windows of three. It is 8% better than the others by
 * that alone, and all of them are on its plateau. A budget that is worse by a third is not. */
static void the_best_owes_something_to_luck(void **state)
{
    static const double scattered[] = {900, 1000, 1150}, lucky[] = {1000, 1080, 1150};
    struct made made = made_begin(4);

    (void)state;
    for (size_t i = 0; i < BUDGETS; i++) {
        char text[64];
        snprintf(text, sizeof text, "spin_park:budget=%s", budgets[i]);
        for (size_t j = 0; j < 3; j++)
            add_sample(&made, text, 2, "1us",
                       i + 1 == BUDGETS ? scattered[j] / 1.5
                       : i == 3         ? lucky[j]
                                        : scattered[j]);
    }
    struct surface grid = surface_make(&made.file, 1);
    struct analysis analysis = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_float_equal(analysis.best_value.value, 1080, 0);
    assert_int_equal(analysis.best_budget.ns, 4000);
    assert_true(analysis.reference < 1000 / 0.95);
    assert_int_equal(analysis.low.ns, 0);
    assert_int_equal(analysis.high.ns, 32000);
    assert_int_equal(analysis.verdict, ANALYSIS_NO_GAIN);
    surface_free(&grid);
    records_free(&made.file);
}

static double falls(unsigned threads, double critical_ns, double budget_ns)
{
    (void)threads;
    (void)critical_ns;
    return isinf(budget_ns) ? 1e5 : 1e6 / (1 + budget_ns / 100000);
}

static void no_budget_beats_sleeping_at_once(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    add_cell(&made, "spin_park", 8, "1ms", falls);
    struct surface grid = surface_make(&made.file, 1);
    struct analysis analysis = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_int_equal(analysis.low.ns, 0);
    assert_int_equal(analysis.verdict, ANALYSIS_NO_GAIN);
    surface_free(&grid);
    records_free(&made.file);
}

/* With three repetitions there is no 95% interval of the gain, and without budget 0 nothing to hold
 * it against. */
static void what_can_not_be_said(void **state)
{
    struct made made = made_begin(4);

    (void)state;
    made.repetitions = 3;
    add_cell(&made, "spin_park", 2, "1us", peak_at_4us);
    add_sample(&made, "mcs_park:budget=4us", 2, "1us", 1e6);
    add_sample(&made, "mcs_park:budget=inf", 2, "1us", 2e6);
    struct surface grid = surface_make(&made.file, 1);
    struct analysis analysis = analysis_of_cell(&grid.cells[1], SURFACE_THROUGHPUT, 7);
    assert_int_equal(analysis.verdict, ANALYSIS_UNCERTAIN);
    assert_false(analysis.best_value.has_interval);
    analysis = analysis_of_cell(&grid.cells[0], SURFACE_THROUGHPUT, 7);
    assert_true(analysis.known);
    assert_int_equal(analysis.verdict, ANALYSIS_UNKNOWN);
    assert_false(analysis.low.has_interval);
    surface_free(&grid);
    records_free(&made.file);
}

/* ---- one budget for all ---- */

static const char *const criticals[] = {"1us", "4us", "100us"};

/* Spinning gains while the section is no longer than the budget, and costs where it is longer or
 * threads share CPUs. */
static double threshold_model(unsigned threads, double critical_ns, double budget_ns)
{
    double spun = isinf(budget_ns) ? 1e6 : budget_ns;
    double gain = budget_ns >= critical_ns && critical_ns < 50000 ? 1.5 : 1;

    return 1e6 * gain / (1 + spun * (threads > 4 ? 4e-5 : 1e-6));
}

static struct made made_grid(void)
{
    struct made made = made_begin(4);

    /* One thread has nobody to wait for, and does not count. */
    add_cell(&made, "spin_park", 1, "1us", falls);
    for (unsigned threads = 2; threads <= 8; threads *= 2) {
        for (size_t i = 0; i < 3; i++)
            add_cell(&made, "spin_park", threads, criticals[i], threshold_model);
    }
    return made;
}

static void one_budget_for_each_side(void **state)
{
    struct made made = made_grid();
    struct surface grid = surface_make(&made.file, 1);
    struct recommend_settings settings = {
        .measure = SURFACE_THROUGHPUT, .lock = "spin_park", .has_cpus = true, .seed = 3};

    (void)state;
    struct recommendation found = recommend(&grid, &settings);
    assert_true(found.known);
    assert_int_equal(found.cells, 6);
    assert_int_equal(found.incomplete, 0);
    assert_int_equal(found.budget.ns, 4000);
    assert_true(found.worst_fine && found.worst.value > 0.98 && found.mean.value > found.none_mean);
    assert_true(found.budget.has_interval && found.budget.low_ns <= 4000 &&
                found.budget.high_ns >= 4000);
    assert_true(found.mean.interval.low <= found.mean.value);
    assert_true(found.mean.value <= found.mean.interval.high);
    size_t count;
    struct recommend_level *levels = recommend_levels(&grid, &settings, 4000, &count);
    assert_int_equal(count, 3);
    assert_float_equal(levels[0].gain.value, 1.5, 0.02);
    assert_float_equal(levels[2].gain.value, 1, 0.02);
    assert_int_equal(levels[2].cells, 2);
    struct estimate reach = recommend_reach(levels, count);
    assert_float_equal(reach.value, 4000, 0);
    assert_true(reach.has_interval);
    assert_float_equal(reach.interval.high, 4000, 0);
    free(levels);
    settings.has_cpus = false;
    found = recommend(&grid, &settings);
    assert_int_equal(found.cells, 3);
    assert_true(found.budget.ns >= 1000 && found.budget.ns <= 4000);
    assert_true(found.forever_worst < 0.1);
    settings.lock = NULL;
    assert_int_equal(recommend(&grid, &settings).budget.ns, found.budget.ns);
    settings.lock = "mcs_park";
    assert_false(recommend(&grid, &settings).known);
    surface_free(&grid);
    records_free(&made.file);
}

/* Budgets that differ from cell to cell are held against each other between their neighbours. */
static void budgets_between(void **state)
{
    struct made made = made_begin(4);
    static const struct {
        const char *critical, *lock;
        double throughput;
    } all[] = {
        {"1us", "spin_park:budget=0", 100},   {"1us", "spin_park:budget=1us", 100},
        {"1us", "spin_park:budget=4us", 400}, {"1us", "spin_park:budget=inf", 100},
        {"2us", "spin_park:budget=0", 100},   {"2us", "spin_park:budget=2us", 300},
        {"2us", "spin_park:budget=4us", 100}, {"2us", "spin_park:budget=inf", 100},
        {"3us", "spin_park:budget=0", 100},   {"3us", "spin_park:budget=2us", 300},
    };
    struct recommend_settings settings = {.measure = SURFACE_THROUGHPUT, .has_cpus = true};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        add_sample(&made, all[i].lock, 2, all[i].critical, all[i].throughput);
    struct surface grid = surface_make(&made.file, 1);
    struct recommendation found = recommend(&grid, &settings);
    /* In the first cell, 2 us lie half-way from 1 to 4 us: 200. */
    assert_int_equal(found.budget.ns, 2000);
    assert_float_equal(found.mean.value, sqrt(2 * 3), 1e-9);
    assert_float_equal(found.worst.value, 2, 1e-9);
    assert_int_equal(found.cells, 2);
    assert_int_equal(found.incomplete, 1);
    assert_false(found.budget.has_interval);
    surface_free(&grid);
    records_free(&made.file);
}

/* Where each budget loses too much somewhere, the one that loses least is taken, and that said. */
static double contrary(unsigned threads, double critical_ns, double budget_ns)
{
    if (critical_ns < 2000)
        return isinf(budget_ns) ? 1e6 : 5e5;
    return budget_ns == 0 ? 1e6 : isinf(budget_ns) ? 1e5 : threads == 2 ? 6e5 : 7e5;
}

static void the_worst_cell_binds(void **state)
{
    struct made made = made_begin(4);
    struct recommend_settings settings = {.measure = SURFACE_THROUGHPUT, .has_cpus = true};

    (void)state;
    add_cell(&made, "spin_park", 2, "1us", contrary);
    add_cell(&made, "spin_park", 2, "4us", contrary);
    struct surface grid = surface_make(&made.file, 1);
    struct recommendation found = recommend(&grid, &settings);
    assert_true(found.known);
    assert_false(found.worst_fine);
    assert_float_equal(found.worst.value, 0.5, 0.01);
    surface_free(&grid);
    records_free(&made.file);
}

/* ---- the advice ---- */

/* The text without the breaks of its lines. */
static char *text_of(const struct advice *advice)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    advice_print(out, advice);
    assert_int_equal(fclose(out), 0);
    for (char *at = text; (at = strstr(at, "\n  ")) != NULL;) {
        *at = ' ';
        memmove(at + 1, at + 3, strlen(at + 3) + 1);
    }
    return text;
}

static void advice_with_its_intervals(void **state)
{
    struct made made = made_grid();
    struct surface surface = surface_make(&made.file, 1);
    struct advice_inputs inputs = {
        .cpus = 4, .sleep_ns = {3300, true, {3100, 3600, 0.95}}, .seed = 1};
    struct advice advice = advice_make(&surface, &inputs);
    /* 10 ns a count. */
    struct glibc_spin spin = {.measured = true, .count = 400, .achieved_ns = 4010};

    (void)state;
    spin.achieved = (struct interval){3990, 4030, 0.95};
    for (unsigned i = 0; i < GLIBC_SPIN_CURVE; i++)
        spin.curve[i] = (struct glibc_spin_point){10 << 2 * i, 100 << 2 * i};
    struct budget_estimate *crowded = &advice.sides[ADVICE_MORE].speed.budget;
    assert_true(advice.sides[ADVICE_MORE].speed.known && crowded->has_interval);
    crowded->ns = 1000;
    crowded->low_ns = 500;
    crowded->high_ns = 2000;
    advice_translate(&advice, &spin);
    char *text = text_of(&advice);
    assert_non_null(strstr(text, "C = 3.3 us [3.1 us, 3.6 us]"));
    assert_non_null(strstr(text,
                           "for critical sections up to 4 us [4 us, 4 us] spin for up to "
                           "4 us [4 us, 4 us]"));
    assert_non_null(strstr(text, "mutex_spin_count=400 (400 to 400)"));
    assert_non_null(strstr(text, "it spins for 4.01 us [3.99 us, 4.03 us]"));
    assert_non_null(
        strstr(text, "For more threads than CPUs it is mutex_spin_count=100 (50 to 200)"));
    assert_null(strstr(text, "Not said"));
    assert_null(strstr(text, "never pays"));
    free(text);
    json_t *json = advice_to_json(&advice);
    json_t *side = json_object_get(json, "threads_within_cpus");
    json_t *budget = json_object_get(json_object_get(side, "throughput"), "budget_ns");
    assert_int_equal(json_integer_value(json_object_get(budget, "value")), 4000);
    assert_int_equal(json_array_size(json_object_get(json, "unsaid")), 0);
    json_decref(json);
    advice_free(&advice);
    surface_free(&surface);
    records_free(&made.file);
}

/* Without a calibration, with a hole, and with one side that nobody measured. */
static void advice_says_what_it_can_not(void **state)
{
    struct made made = made_begin(4);
    struct advice_inputs inputs = {
        .cpus = 4, .sleep_ns.value = NAN, .sleep_unknown = "there was no time"};
    const struct glibc_spin spin = {.reason = "there is no glibc"};

    (void)state;
    made.repetitions = 2;
    add_cell(&made, "spin_park", 2, "1us", threshold_model);
    add_sample(&made, "spin_park:budget=0", 2, "4us", 1e6);
    struct surface surface = surface_make(&made.file, 1);
    struct advice advice = advice_make(&surface, &inputs);
    advice_translate(&advice, &spin);
    char *text = text_of(&advice);
    assert_non_null(strstr(text, "costs: there was no time"));
    assert_non_null(strstr(text, "1 of 2 cells"));
    assert_non_null(strstr(text, "a budget for more threads than CPUs: no such cell"));
    assert_non_null(strstr(text, "mutex_spin_count: there is no glibc"));
    assert_null(strstr(text, "it is mutex_spin_count"));
    assert_non_null(strstr(text, "three repetitions"));
    assert_null(strstr(text, "nan"));
    free(text);
    json_t *json = advice_to_json(&advice);
    assert_non_null(json);
    assert_true(json_array_size(json_object_get(json, "unsaid")) >= 4);
    json_decref(json);
    advice_free(&advice);
    surface_free(&surface);
    records_free(&made.file);
}

static void with_one_cpu_spinning_never_pays(void **state)
{
    struct made made = made_begin(1);
    struct advice_inputs inputs = {.cpus = 1, .sleep_ns.value = 3000};

    (void)state;
    add_cell(&made, "spin_park", 2, "4us", falls);
    struct surface surface = surface_make(&made.file, 1);
    struct advice advice = advice_make(&surface, &inputs);
    char *text = text_of(&advice);
    assert_non_null(strstr(text, "spinning never pays"));
    assert_non_null(strstr(text, "Sleep at once."));
    assert_non_null(strstr(text, "In 1 of 1 cells no budget beats sleeping at once by 5%."));
    assert_null(strstr(text, "pin for up to"));
    assert_null(strstr(text, "mutex_spin_count"));
    free(text);
    advice_free(&advice);
    surface_free(&surface);
    records_free(&made.file);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_become_cells_and_points),
        cmocka_unit_test(unfit_windows_are_left_out),
        cmocka_unit_test(the_price_of_a_sleep),
        cmocka_unit_test(the_best_budget_and_its_plateau),
        cmocka_unit_test(an_edge_that_is_not_sure),
        cmocka_unit_test(the_best_owes_something_to_luck),
        cmocka_unit_test(no_budget_beats_sleeping_at_once),
        cmocka_unit_test(what_can_not_be_said),
        cmocka_unit_test(one_budget_for_each_side),
        cmocka_unit_test(budgets_between),
        cmocka_unit_test(the_worst_cell_binds),
        cmocka_unit_test(advice_with_its_intervals),
        cmocka_unit_test(advice_says_what_it_can_not),
        cmocka_unit_test(with_one_cpu_spinning_never_pays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
