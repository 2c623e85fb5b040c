/* Plans, workloads and the names of locks. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/layout.h"
#include "bench/lock_spec.h"
#include "bench/worker.h"
#include "bench/plan.h"
#include "bench/workload.h"
#include "locks/catalogue.h"

static struct plan make_plan(const char *locks)
{
    static unsigned threads[] = {1, 2, 4};
    static struct workload workload;
    workload = workload_default();
    struct plan plan = {.threads = threads,
                        .threads_count = 3,
                        .workloads = &workload,
                        .workloads_count = 1,
                        .placement = "compact",
                        .machine = machine_native(),
                        .repetitions = 10,
                        .seed = 42};

    assert_int_equal(lock_specs_read(locks, &plan.locks, &plan.locks_count), EXIT_FINE);
    return plan;
}

static void every_turn_once_in_an_order_of_the_seed(void **state)
{
    struct plan plan = make_plan("tas,mcs");
    size_t count, again_count, in_plan_order = 0;
    struct turn *turns = plan_turns(&plan, &count), *again = plan_turns(&plan, &again_count);
    unsigned seen[2][5][10] = {0};

    (void)state;
    assert_int_equal(count, 60);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(&turns[i], &again[i], sizeof turns[i]);
        seen[turns[i].lock - plan.locks][turns[i].threads][turns[i].repetition]++;
        in_plan_order += i > 0 && turns[i].lock >= turns[i - 1].lock;
    }
    for (size_t lock = 0; lock < 2; lock++) {
        for (unsigned i = 0; i < 10; i++) {
            assert_int_equal(seen[lock][1][i], 1);
            assert_int_equal(seen[lock][2][i], 1);
            assert_int_equal(seen[lock][4][i], 1);
        }
    }
    assert_true(in_plan_order < 58);
    plan.seed = 43;
    struct turn *other = plan_turns(&plan, &count);
    assert_memory_not_equal(other, turns, count * sizeof *turns);
    free(turns);
    free(again);
    free(other);
    free(plan.locks);
}

/* Each record is of the one cell whose workload it has. */
static void workloads_are_cells(void **state)
{
    struct workload workloads[] = {workload_default(), workload_default()};
    struct plan plan = make_plan("tas,mcs");

    (void)state;
    workloads[1].readers = 50;
    plan.workloads = workloads;
    plan.workloads_count = 2;
    assert_int_equal(plan_cells(&plan), 12);
    for (size_t i = 0; i < plan_cells(&plan); i++) {
        struct turn cell = plan_cell(&plan, i);
        json_t *record = json_pack("{s:s, s:i, s:o}", "lock", cell.lock->text, "threads",
                                   (int)cell.threads, "workload", workload_to_json(cell.workload));
        for (size_t j = 0; j < plan_cells(&plan); j++) {
            struct turn other = plan_cell(&plan, j);
            assert_int_equal(plan_is_of_cell(record, &other), i == j);
        }
        json_decref(record);
    }
    /* Those that differ in their readers only are written as one. */
    json_t *object = plan_to_json(&plan);
    json_t *workload = json_object_get(object, "workload");
    assert_int_equal(json_array_size(json_object_get(workload, "readers")), 2);
    json_decref(object);
    workloads[1].lines = 7;
    object = plan_to_json(&plan);
    assert_int_equal(json_array_size(json_object_get(object, "workload")), 2);
    json_decref(object);
    free(plan.locks);
}

static void default_threads(void **state)
{
    static const struct {
        unsigned cpus, threads[10];
        size_t count;
    } table[] = {
        {1, {1, 2}, 2},
        {2, {1, 2, 4}, 3},
        {6, {1, 2, 4, 6, 12}, 5},
        {128, {1, 2, 4, 8, 16, 32, 64, 128, 256}, 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t count;
        unsigned *threads = plan_default_threads(table[i].cpus, &count);
        assert_int_equal(count, table[i].count);
        assert_memory_equal(threads, table[i].threads, count * sizeof *threads);
        free(threads);
    }
}

static void crowding_threads(void **state)
{
    static const struct {
        unsigned cpus, threads[4];
        size_t count;
    } table[] = {
        {1, {1, 2, 4}, 3},
        {2, {2, 3, 4, 8}, 4},
        {5, {5, 8, 10, 20}, 4},
        {PLAN_THREADS_MOST / 2,
         {PLAN_THREADS_MOST / 2, PLAN_THREADS_MOST / 4 * 3, PLAN_THREADS_MOST},
         3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t count;
        unsigned *threads = plan_crowding_threads(table[i].cpus, &count);
        assert_int_equal(count, table[i].count);
        assert_memory_equal(threads, table[i].threads, count * sizeof *threads);
        free(threads);
    }
}

static void budgets(void **state)
{
    struct plan plan = make_plan("tas,mcs");

    (void)state;
    /* Enough: the plan takes what it was given. */
    uint64_t needed = plan_fit_budget(&plan, 20000000000u);
    assert_true(needed > 15000000000u && needed <= 20000000000u);
    /* Far too little: the shortest window, and the truth about how long it takes. */
    needed = plan_fit_budget(&plan, 1000000u);
    assert_int_equal(plan.window_ns, 10000000);
    assert_true(needed > 60 * 15000000u);
    /* Far too much: a window is not made endless. */
    plan_fit_budget(&plan, 3600000000000u);
    assert_int_equal(plan.window_ns, 500000000);
    free(plan.locks);
}

static void scripts_have_the_mean_that_was_asked_for(void **state)
{
    struct workload workload = {.lines = 1, .readers = 25};
    struct step script[SCRIPT_STEPS], again[SCRIPT_STEPS];
    double critical = 0, outside = 0;
    unsigned shared = 0;

    (void)state;
    assert_true(read_delay("uniform:100ns-300ns", &workload.critical));
    assert_true(read_delay("exp:1us", &workload.outside));
    workload_script(&workload, 0, 1, script);
    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        assert_in_range(script[i].critical_ns, 100, 300);
        critical += script[i].critical_ns;
        outside += script[i].outside_ns;
        shared += script[i].shared;
    }
    assert_float_equal(critical / SCRIPT_STEPS, 200, 1);
    assert_float_equal(outside / SCRIPT_STEPS, 1000, 5);
    assert_int_equal(shared, SCRIPT_STEPS / 4);
    workload_script(&workload, 0, 1, again);
    assert_memory_equal(script, again, sizeof script);
    workload_script(&workload, 0, 2, again);
    assert_memory_not_equal(script, again, sizeof script);
}

/* Of 512 turns, to the nearest one, a quarter. */
static void scripts_have_both_modes(void **state)
{
    struct workload workload = {.lines = 1};
    struct step script[SCRIPT_STEPS];
    unsigned longer = 0;

    (void)state;
    assert_true(read_delay("bimodal:100ns-20us:25%", &workload.critical));
    workload_script(&workload, 0, 1, script);
    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        assert_true(script[i].critical_ns == 100 || script[i].critical_ns == 20000);
        longer += script[i].critical_ns == 20000;
    }
    assert_int_equal(longer, SCRIPT_STEPS / 4);
}

static void hogs_have_another_busy_time(void **state)
{
    struct workload workload = {.lines = 1};
    struct step script[SCRIPT_STEPS];

    (void)state;
    assert_true(read_delay("100ns", &workload.critical));
    assert_true(workload_read_hogs("2:exp:3us", &workload));
    assert_true(workload_is_scripted(&workload));
    assert_true(workload_longest_ns(&workload) > 3000 * 6);
    for (unsigned thread = 0; thread < 4; thread++) {
        double all = 0;
        workload_script(&workload, thread, thread, script);
        for (size_t i = 0; i < SCRIPT_STEPS; i++)
            all += script[i].critical_ns;
        assert_float_equal(all / SCRIPT_STEPS, thread < 2 ? 3000 : 100, 15);
    }
    assert_true(workload_read_hogs("0", &workload));
    assert_int_equal(workload.hogs, 0);
}

static void bursts_pause_once_in_so_many_turns(void **state)
{
    static const char *const pauses[] = {"10us", "exp:10us", "uniform:5us-15us"};
    struct workload workload = {.lines = 1};
    struct step script[SCRIPT_STEPS];
    char text[64];
    unsigned firsts = 0;

    (void)state;
    for (unsigned burst = 2; burst <= WORKLOAD_BURST_MOST; burst *= 2) {
        for (size_t kind = 0; kind < 3; kind++) {
            size_t paused = 0, first = SCRIPT_STEPS;
            double all = 0;
            snprintf(text, sizeof text, "burst:%u:%s", burst, pauses[kind]);
            assert_true(workload_read_outside(text, &workload));
            workload_script(&workload, 0, burst, script);
            for (size_t i = 0; i < SCRIPT_STEPS; i++) {
                if (script[i].outside_ns == 0)
                    continue;
                first = first == SCRIPT_STEPS ? i : first;
                assert_int_equal(i % burst, first);
                all += script[i].outside_ns;
                paused++;
            }
            assert_int_equal(paused, SCRIPT_STEPS / burst);
            assert_float_equal(all / (double)paused, 10000, 1);
            firsts += first > 0;
        }
    }
    /* Threads don't all pause at once. */
    assert_true(firsts > 0);
}

static void choices_are_as_often_as_they_ought_to_be(void **state)
{
    static const struct {
        unsigned locks;
        double zipf;
    } table[] = {{2, 0}, {7, 0}, {64, 1}, {64, 0.5}, {1024, 0}, {1024, 1}, {1024, 10}};
    enum { THREADS = 32 };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct workload workload = {.locks = table[i].locks, .zipf = table[i].zipf};
        uint16_t choices[SCRIPT_STEPS], again[SCRIPT_STEPS];
        unsigned taken[WORKLOAD_LOCKS_MOST] = {0};
        double sum = 0;
        for (unsigned lock = 0; lock < table[i].locks; lock++)
            sum += pow(lock + 1, -table[i].zipf);
        for (unsigned thread = 0; thread < THREADS; thread++) {
            workload_choices(&workload, thread, choices);
            for (size_t step = 0; step < SCRIPT_STEPS; step++) {
                assert_true(choices[step] < table[i].locks);
                taken[choices[step]]++;
            }
        }
        /* Each thread is at most two turns off: at either end of the lock's part. */
        for (unsigned lock = 0; lock < table[i].locks; lock++) {
            double expected = THREADS * SCRIPT_STEPS * pow(lock + 1, -table[i].zipf) / sum;
            assert_float_equal(taken[lock], expected, 2 * THREADS);
        }
        workload_choices(&workload, THREADS - 1, again);
        assert_memory_equal(choices, again, sizeof choices);
    }
}

static void memory_comes_back_from_its_text(void **state)
{
    static const char *const good[] = {
        "usual", "same-line",      "apart",        "node:0",
        "huge",  "same-line,huge", "apart,node:3", "same-line,node:65535,huge"};
    static const char *const bad[] = {
        "",        "same",       "same-line,",    "same-line,apart", "huge,huge", "node:",
        "node:-1", "node:65536", "node:1,node:1", "usual,huge",      ",huge",     "huge,"};
    struct memory memory = {.huge = true};
    char text[MEMORY_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(memory_read(bad[i], &memory));
    assert_true(memory.huge);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(memory_read(good[i], &memory));
        assert_string_equal(memory_format(&memory, text), good[i]);
        assert_int_equal(memory_is_asked_for(&memory), i > 0);
    }
    assert_true(memory_read("huge,node:2,apart", &memory));
    assert_string_equal(memory_format(&memory, text), "apart,node:2,huge");
}

/* No two things overlap, and nothing lies outside. */
static void locks_and_data_have_room(void **state)
{
    static const char *const names[] = {"tas", "mcs", "eresource", "ndis_rw", "push_lock"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct lock_ops *ops = lock_find(names[i]);
        const size_t bytes = ops->size + 5 * ops->size_per_thread;
        for (unsigned lines = 0; lines <= 3; lines++) {
            for (int behind = 0; behind < 2; behind++) {
                const struct workload workload = {.lines = lines, .locks = 3};
                struct layout layout = layout_make(ops, 5, &workload, behind);
                size_t pair = layout.guarded, beyond = lines > 1 ? 64 * (lines - 1) : 0;
                assert_int_equal(layout.count, 3);
                assert_true(layout.lock_stride >= bytes && layout.lock_stride % MACHINE_APART == 0);
                assert_true(pair >= bytes && layout.guarded_stride % MACHINE_APART == 0);
                assert_true(behind ? pair + sizeof(struct guarded) <= layout.lock_stride
                                   : pair >= 3 * layout.lock_stride && pair % 64 == 0);
                assert_true(layout.lines % 64 == 0 &&
                            layout.lines >= pair + sizeof(struct guarded));
                assert_true(layout.lines_stride >= beyond);
                assert_true(layout.lines + 2 * layout.lines_stride + beyond <= layout.bytes);
                assert_true(pair + 2 * layout.guarded_stride + sizeof(struct guarded) <=
                            layout.bytes);
                assert_int_equal(layout.same_line,
                                 behind && pair / 64 == (ops->size - 1) / 64 &&
                                     pair / 64 == (pair + sizeof(struct guarded) - 1) / 64);
            }
        }
    }
}

static void wrong_parts_of_workloads(void **state)
{
    static const char *const hogs[] = {"",        "1",      "1:",          ":10us",
                                       "-1:10us", "0:10us", "1:fast",      "4097:1us",
                                       "x:1us",   "1:2s",   "00000001:1us"};
    static const char *const outside[] = {"",
                                          "burst",
                                          "burst:",
                                          "burst:8",
                                          "burst:8:",
                                          "burst:1:1us",
                                          "burst:3:1us",
                                          "burst:256:1us",
                                          "burst:-8:1us",
                                          "burst:8:burst:8:1us",
                                          "burst:8:fast"};
    static const char *const choices[] = {"",         "zip",       "zipf:",    "zipf:0",
                                          "zipf:-1",  "zipf:x",    "zipf:11",  "zipf:1.2.3",
                                          "zipf:1e1", "uniform:1", "zipf:nan", "zipf:0.123456789"};
    struct workload workload = {
        .zipf = 0.5, .hogs = 3, .burst = 4, .outside = {DELAY_FIXED, 7, 7, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof hogs / sizeof hogs[0]; i++)
        assert_false(workload_read_hogs(hogs[i], &workload));
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_false(workload_read_outside(outside[i], &workload));
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        assert_false(workload_read_choice(choices[i], &workload.zipf));
    assert_float_equal(workload.zipf, 0.5, 0);
    assert_int_equal(workload.hogs, 3);
    assert_int_equal(workload.burst, 4);
    assert_int_equal(workload.outside.low_ns, 7);
}

static void workloads_come_back_from_json(void **state)
{
    static const char *const presets[] = {"saturated", "moderate", "light", "read-mostly",
                                          "oversubscribed"};
    struct workload workload = workload_default(), back;
    char text[WORKLOAD_TEXT], back_text[WORKLOAD_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        assert_true(workload_preset(presets[i], &workload));
        json_t *object = workload_to_json(&workload);
        assert_true(workload_from_json(object, &back));
        assert_string_equal(workload_describe(&workload, text),
                            workload_describe(&back, back_text));
        json_decref(object);
    }
    assert_false(workload_preset("heavy", &workload));
    /* A preset leaves alone what it does not say; what was not asked for is left out. */
    json_t *plain = workload_to_json(&workload);
    assert_null(json_object_get(plain, "irql"));
    json_decref(plain);
    workload.irql = IRQL_DISPATCH_FIFO_HELD;
    assert_true(workload_preset("light", &workload));
    json_t *raised = workload_to_json(&workload);
    assert_true(workload_from_json(raised, &back));
    assert_int_equal(back.irql, IRQL_DISPATCH_FIFO_HELD);
    assert_non_null(strstr(workload_describe(&back, text), "irql dispatch-fifo-held"));
    assert_false(workload_is_nested(&back));
    workload.nested = 3;
    workload.mixed = true;
    json_t *nested = workload_to_json(&workload);
    assert_true(workload_from_json(nested, &back));
    assert_int_equal(back.nested, 3);
    assert_true(back.mixed);
    assert_non_null(strstr(workload_describe(&back, text), "3 nested locks in mixed orders"));
    json_decref(nested);
    assert_true(workload_read_hogs("2:exp:3us", &workload));
    assert_true(workload_read_outside("burst:16:uniform:5ns-7ns", &workload));
    json_t *uneven = workload_to_json(&workload);
    assert_string_equal(json_string_value(json_object_get(uneven, "hogs")), "2:exp:3us");
    assert_string_equal(json_string_value(json_object_get(uneven, "outside")),
                        "burst:16:uniform:5ns-7ns");
    assert_true(workload_from_json(uneven, &back));
    assert_int_equal(back.hogs, 2);
    assert_int_equal(back.hog_critical.kind, DELAY_EXPONENTIAL);
    assert_int_equal(back.burst, 16);
    workload.own_lines = 5;
    workload.locks = 16;
    assert_true(workload_read_choice("zipf:0.8", &workload.zipf));
    workload.nested = 1;
    workload.mixed = false;
    json_t *several = workload_to_json(&workload);
    assert_true(workload_from_json(several, &back));
    assert_int_equal(back.own_lines, 5);
    assert_int_equal(back.locks, 16);
    assert_float_equal(back.zipf, 0.8, 0);
    json_object_set_new(several, "nested", json_integer(2));
    assert_false(workload_from_json(several, &back));
    json_decref(several);
    json_object_set_new(uneven, "hogs", json_string("2"));
    assert_false(workload_from_json(uneven, &back));
    json_decref(uneven);
    json_object_set_new(raised, "irql", json_string("high"));
    assert_false(workload_from_json(raised, &back));
    json_decref(raised);
    json_t *wrong = json_pack("{s:s, s:s, s:i, s:i}", "critical", "0", "outside", "0", "lines", -1,
                              "readers", 0);
    assert_false(workload_from_json(wrong, &back));
    json_decref(wrong);
    assert_false(workload_from_json(NULL, &back));
}

static void processes(void **state)
{
    static const char *const bad[] = {"", "0", "65", "-1", "2x", "Each", "each ", "1.5"};
    unsigned count = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(processes_read(bad[i], &count));
    assert_int_equal(count, 7);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(processes_read(i == 0 ? "64" : "each", &count));
        json_t *value = processes_to_json(count);
        assert_int_equal(processes_from_json(value), count);
        json_decref(value);
    }
    /* Records of earlier versions have none. */
    assert_int_equal(processes_from_json(NULL), 1);
    assert_int_equal(processes_for(1, 8), 1);
    assert_int_equal(processes_for(3, 8), 3);
    assert_int_equal(processes_for(3, 2), 2);
    assert_int_equal(processes_for(PROCESSES_EACH, 8), 8);
}

static void lock_names(void **state)
{
    struct lock_spec spec;

    (void)state;
    assert_int_equal(lock_spec_read("tas", &spec), EXIT_FINE);
    assert_string_equal(spec.text, "tas");
    /* An alias is shown as the lock that is called. */
    assert_int_equal(lock_spec_read("qspin", &spec), EXIT_FINE);
    assert_string_equal(spec.text, "mcs");
    assert_int_equal(lock_spec_read("spin_park:budget=0.02ms", &spec), EXIT_FINE);
    assert_string_equal(spec.text, "spin_park:budget=20us");
    assert_int_equal(spec.parameters[0], 20000);
    assert_int_equal(lock_spec_read("spin_park:budget=inf", &spec), EXIT_FINE);
    assert_true(spec.parameters[0] == MACHINE_NEVER);
    assert_string_equal(spec.text, "spin_park:budget=inf");
    assert_int_equal(lock_spec_read("ttas_backoff:max=1us:min=50ns", &spec), EXIT_FINE);
    assert_string_equal(spec.text, "ttas_backoff:min=50ns:max=1us");
}

/* Longer than any name of a lock with all of its parameters. */
#define TEN       "0123456789"
#define LONG_NAME TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void wrong_lock_names(void **state)
{
    static const char *const wrong[] = {
        "",
        "mcz",
        "TAS",
        "tas:",
        "tas:budget=1us",
        "spin_park:",
        "spin_park:budget",
        "spin_park:budget=",
        "spin_park:budget=10",
        "spin_park:budget=-1us",
        "spin_park:bugdet=1us",
        "spin_park:budget=1us:budget=2us",
        "spin_park:budget=61min",
        "ttas_backoff:min=0",
        "ttas_backoff:min=inf",
        "ttas_backoff:min=20us:max=10us",
        LONG_NAME,
    };
    struct lock_spec spec;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(lock_spec_read(wrong[i], &spec), EXIT_USAGE);
}

static void groups_of_locks(void **state)
{
    struct lock_spec *specs = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(lock_specs_read("@queue,mcs,tas,tas", &specs, &count), EXIT_FINE);
    assert_int_equal(count, 5);
    assert_string_equal(specs[4].text, "tas");
    count = 0;
    assert_int_equal(lock_specs_read("@all", &specs, &count), EXIT_FINE);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(specs[i].ops->traits & LOCK_BROKEN, 0);
    assert_int_equal(count, lock_catalogue_size - 1);
    count = 0;
    assert_int_equal(lock_specs_read("@shared", &specs, &count), EXIT_FINE);
    for (size_t i = 0; i < count; i++)
        assert_non_null(specs[i].ops->acquire_shared);
    assert_int_equal(lock_specs_read("@nosuch", &specs, &count), EXIT_USAGE);
    assert_int_equal(lock_specs_read("tas,,mcs", &specs, &count), EXIT_USAGE);
    free(specs);
}

/* The default plan speaks for the suite: a family that is not in it is not seen. */
static void default_plan_has_every_family(void **state)
{
    struct lock_spec *specs = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(lock_specs_read(plan_default_locks, &specs, &count), EXIT_FINE);
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        bool found = (lock_catalogue[i]->traits & LOCK_BROKEN) != 0;
        for (size_t j = 0; j < count && !found; j++)
            found = strcmp(specs[j].ops->family, lock_catalogue[i]->family) == 0;
        assert_true(found);
    }
    free(specs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_turn_once_in_an_order_of_the_seed),
        cmocka_unit_test(workloads_are_cells),
        cmocka_unit_test(default_threads),
        cmocka_unit_test(crowding_threads),
        cmocka_unit_test(budgets),
        cmocka_unit_test(scripts_have_the_mean_that_was_asked_for),
        cmocka_unit_test(scripts_have_both_modes),
        cmocka_unit_test(hogs_have_another_busy_time),
        cmocka_unit_test(bursts_pause_once_in_so_many_turns),
        cmocka_unit_test(choices_are_as_often_as_they_ought_to_be),
        cmocka_unit_test(memory_comes_back_from_its_text),
        cmocka_unit_test(locks_and_data_have_room),
        cmocka_unit_test(wrong_parts_of_workloads),
        cmocka_unit_test(workloads_come_back_from_json),
        cmocka_unit_test(processes),
        cmocka_unit_test(lock_names),
        cmocka_unit_test(wrong_lock_names),
        cmocka_unit_test(groups_of_locks),
        cmocka_unit_test(default_plan_has_every_family),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
