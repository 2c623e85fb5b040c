#include "bench/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/random.h"

const char *const plan_default_locks =
    "null,tas,ttas,ticket,mcs,mcs_park,rw_ticket,spin_park,push_lock,pthread_mutex";

unsigned *plan_default_threads(unsigned cpus, size_t *count)
{
    enum { most = 40 };
    unsigned *threads = calloc(most, sizeof *threads);

    *count = 0;
    if (threads == NULL)
        return NULL;
    for (unsigned n = 1; n < cpus; n *= 2)
        threads[(*count)++] = n;
    threads[(*count)++] = cpus;
    if (2 * cpus <= PLAN_THREADS_MOST)
        threads[(*count)++] = 2 * cpus;
    return threads;
}

unsigned *plan_crowding_threads(unsigned cpus, size_t *count)
{
    const unsigned numbers[] = {cpus, (3 * cpus + 1) / 2, 2 * cpus, 4 * cpus};
    unsigned *threads = calloc(sizeof numbers / sizeof numbers[0], sizeof *threads);

    *count = 0;
    for (size_t i = 0; threads != NULL && i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i] <= PLAN_THREADS_MOST && (i == 0 || numbers[i] > threads[*count - 1]))
            threads[(*count)++] = numbers[i];
    }
    return threads;
}

/* How long the threads of a fair spinning lock come back after the stop signal, about a time slice
 * each when they share CPUs; but that wait is cut off after a second or more. */
static uint64_t drain_ns(const struct plan *plan, const struct lock_ops *ops, unsigned threads)
{
    const uint64_t slice_ns = 3000000, most_ns = 1500000000;
    uint64_t all = threads * slice_ns;

    if (ops == NULL || threads <= plan->cpus || (ops->traits & LOCK_FIFO) == 0 ||
        (ops->traits & LOCK_SPINS) == 0)
        return 0;
    return all < most_ns ? all : most_ns;
}

size_t plan_objects_count(const struct plan *plan)
{
    return plan->objects == NULL ? 1 : plan->objects_count;
}

size_t plan_cells(const struct plan *plan)
{
    return plan->locks_count * plan->threads_count * plan->workloads_count *
           plan_objects_count(plan);
}

/* A repetition also starts a process and its threads, calibrates, and waits for the last thread. */
static uint64_t turn_overhead_ns(const struct plan *plan, const struct lock_ops *ops,
                                 unsigned threads)
{
    unsigned processes = processes_for(plan->processes, threads);

    return 13000000u + (threads + processes) * 300000u + drain_ns(plan, ops, threads);
}

static uint64_t overhead_ns(const struct plan *plan)
{
    uint64_t all = 0;

    for (size_t i = 0; i < plan->threads_count; i++) {
        for (size_t j = 0; j < plan->locks_count; j++)
            all += turn_overhead_ns(plan, plan->locks[j].ops, plan->threads[i]);
    }
    return all * plan->workloads_count * plan_objects_count(plan) * plan->repetitions;
}

/* On real cores: some time slices, and some turns of a long critical section. */
static uint64_t native_window_ns(const struct turn *turn)
{
    const uint64_t least_ns = 20000000, turns = 40;
    uint64_t turns_ns = turns * (uint64_t)delay_mean(&turn->workload->critical);

    return turns_ns > least_ns ? turns_ns : least_ns;
}

static uint64_t model_window_ns(const struct plan *plan, const struct turn *turn)
{
    /* A release that all waiters notice moves the line to each of them, so that one turn of every
     * thread takes up to the square of their number. */
    const uint64_t least_ns = 200000, pair_ns = 500, slices = 10, turns = 100;
    uint64_t rounds = (turn->threads + plan->cpus - 1) / plan->cpus;
    uint64_t at_once = turn->threads < plan->cpus ? turn->threads : plan->cpus;

    uint64_t window_ns = least_ns + at_once * at_once * pair_ns +
                         (rounds > 1 ? slices * rounds * plan->machine.parameters.slice_ns : 0);
    const struct workload *workload = turn->workload;
    uint64_t turns_ns = turns * (turn->threads * (uint64_t)delay_mean(&workload->critical) +
                                 (uint64_t)delay_mean(&workload->outside));
    return window_ns > turns_ns ? window_ns : turns_ns;
}

uint64_t plan_window_ns(const struct plan *plan, const struct turn *turn)
{
    if (plan->window_ns != 0)
        return plan->window_ns;
    return machine_is_simulated(&plan->machine) ? model_window_ns(plan, turn)
                                                : native_window_ns(turn);
}

uint64_t plan_warmup_ns(const struct plan *plan, uint64_t window_ns)
{
    /* Real threads have to be started, and caches and clocks to warm up; on the model, a few turns
     * do. */
    const uint64_t least_ns = machine_is_simulated(&plan->machine) ? 20000 : 5000000;
    const uint64_t most_ns = 100000000;
    uint64_t warmup_ns = window_ns / 5;

    return warmup_ns < least_ns ? least_ns : warmup_ns > most_ns ? most_ns : warmup_ns;
}

uint64_t plan_pass_ns(const struct plan *plan, uint64_t window_ns)
{
    /* Time slices end within it even when it is short; a long one has long had what it looks for.
     */
    const uint64_t least_ns = 5000000, most_ns = 50000000;
    uint64_t pass_ns = window_ns / 5;

    if (plan->passes == PASSES_NONE)
        return 0;
    return pass_ns < least_ns ? least_ns : pass_ns > most_ns ? most_ns : pass_ns;
}

uint64_t plan_passes_ns(const struct plan *plan, uint64_t window_ns)
{
    return passes_count(plan->passes) * plan_pass_ns(plan, window_ns);
}

uint64_t plan_fit_budget(struct plan *plan, uint64_t budget_ns)
{
    /* Below the least, the start and the end of a window weigh too much; above the most, a window
     * tells little more, and a further repetition would. */
    const uint64_t least_ns = 10000000, most_ns = 500000000;
    uint64_t turns = plan_cells(plan) * plan->repetitions;
    uint64_t overhead = overhead_ns(plan);
    uint64_t each = budget_ns > overhead ? (budget_ns - overhead) / turns : 0;
    /* The warm-up and each pass take a fifth of it. */
    uint64_t window = each * 5 / (6 + passes_count(plan->passes));

    plan->window_ns = window < least_ns ? least_ns : window > most_ns ? most_ns : window;
    return overhead + turns * (plan_warmup_ns(plan, plan->window_ns) +
                               plan_passes_ns(plan, plan->window_ns) + plan->window_ns);
}

uint64_t plan_turn_ns(const struct plan *plan, const struct turn *turn)
{
    uint64_t window_ns = plan_window_ns(plan, turn);

    return turn_overhead_ns(plan, turn->lock->ops, turn->threads) +
           plan_warmup_ns(plan, window_ns) + plan_passes_ns(plan, window_ns) + window_ns;
}

static void shuffle(struct turn *turns, size_t count, uint64_t seed)
{
    uint64_t random = seed;

    for (size_t i = count; i-- > 1;) {
        size_t j = random_below(&random, i + 1);
        struct turn turn = turns[i];
        turns[i] = turns[j];
        turns[j] = turn;
    }
}

struct turn plan_cell(const struct plan *plan, size_t cell)
{
    size_t triple = cell / plan_objects_count(plan);
    size_t pair = triple / plan->workloads_count;

    return (struct turn){
        .lock = &plan->locks[pair / plan->threads_count],
        .threads = plan->threads[pair % plan->threads_count],
        .workload = &plan->workloads[triple % plan->workloads_count],
        .objects = plan->objects == NULL ? 1 : plan->objects[cell % plan->objects_count],
    };
}

bool plan_needs_budgets(const struct plan *plan)
{
    bool needed = false;

    for (size_t i = 0; i < plan->locks_count; i++)
        needed = needed || plan->locks[i].automatic;
    return needed;
}

struct lock_spec plan_lock(const struct plan *plan, const struct turn *turn)
{
    /* What is not a lock has no budget, and no operations of one. */
    if (!turn->lock->automatic)
        return *turn->lock;
    return lock_spec_with_budget(
        turn->lock,
        auto_budget_ns(&plan->auto_budgets, turn->lock->ops->name, turn->threads, plan->cpus));
}

static bool is_workload(const json_t *recorded, const struct workload *workload)
{
    json_t *object = workload_to_json(workload);
    bool same = json_equal(recorded, object) == 1;

    json_decref(object);
    return same;
}

bool plan_is_of_cell(const json_t *record, const struct turn *cell)
{
    const char *lock = json_string_value(json_object_get(record, "lock"));
    const json_t *objects = json_object_get(record, "objects");
    const json_t *workload = json_object_get(record, "workload");

    return lock != NULL && strcmp(lock, cell->lock->text) == 0 &&
           json_integer_value(json_object_get(record, "threads")) == cell->threads &&
           (objects == NULL || json_integer_value(objects) == cell->objects) &&
           (workload == NULL || is_workload(workload, cell->workload));
}

struct turn *plan_turns(const struct plan *plan, size_t *count)
{
    size_t made = 0;
    uint64_t random = ~plan->seed;

    *count = plan_cells(plan) * plan->repetitions;
    struct turn *turns = calloc(*count, sizeof *turns);
    if (turns == NULL)
        return NULL;
    for (size_t cell = 0; cell < plan_cells(plan); cell++) {
        for (unsigned repetition = 0; repetition < plan->repetitions; repetition++) {
            turns[made] = plan_cell(plan, cell);
            turns[made].repetition = repetition;
            turns[made++].seed = random_next(&random) >> 1;
        }
    }
    shuffle(turns, *count, plan->seed);
    return turns;
}

struct turn *plan_round(const struct plan *plan, const bool *open, unsigned repetition,
                        size_t *count)
{
    struct turn *turns = calloc(plan_cells(plan), sizeof *turns);
    uint64_t round_seed = plan->seed + repetition;

    *count = 0;
    for (size_t cell = 0; turns != NULL && cell < plan_cells(plan); cell++) {
        uint64_t random = ~plan->seed ^ ((uint64_t)repetition << 32 | cell);
        random_next(&random);
        if (!open[cell])
            continue;
        turns[*count] = plan_cell(plan, cell);
        turns[*count].repetition = repetition;
        turns[(*count)++].seed = random_next(&random) >> 1;
    }
    if (turns != NULL)
        shuffle(turns, *count, random_next(&round_seed));
    return turns;
}

/* Whether the workloads are one, but for the readers. */
static bool differ_in_readers_only(const struct plan *plan)
{
    for (size_t i = 1; i < plan->workloads_count; i++) {
        struct workload other = plan->workloads[i];
        json_t *first = workload_to_json(&plan->workloads[0]);
        other.readers = plan->workloads[0].readers;
        bool same = is_workload(first, &other);
        json_decref(first);
        if (!same)
            return false;
    }
    return true;
}

json_t *plan_workloads_to_json(const struct plan *plan)
{
    json_t *list = json_array();

    if (plan->workloads_count == 1) {
        json_decref(list);
        return workload_to_json(&plan->workloads[0]);
    }
    if (differ_in_readers_only(plan)) {
        json_t *object = workload_to_json(&plan->workloads[0]);
        for (size_t i = 0; i < plan->workloads_count; i++)
            json_array_append_new(list, json_integer(plan->workloads[i].readers));
        json_object_set_new(object, "readers", list);
        return object;
    }
    for (size_t i = 0; i < plan->workloads_count; i++)
        json_array_append_new(list, workload_to_json(&plan->workloads[i]));
    return list;
}

/* Null where each number of threads has a length of its own: the samples tell. */
static json_t *length_to_json(const struct plan *plan, uint64_t ns)
{
    return plan->window_ns == 0 ? json_null() : json_integer((json_int_t)ns);
}

json_t *plan_to_json(const struct plan *plan)
{
    json_t *locks = json_array(), *threads = json_array();

    for (size_t i = 0; i < plan->locks_count; i++)
        json_array_append_new(locks, json_string(plan->locks[i].text));
    for (size_t i = 0; i < plan->threads_count; i++)
        json_array_append_new(threads, json_integer(plan->threads[i]));
    json_t *object = json_pack("{s:s, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:s}", "machine",
                               plan->machine.text, "locks", locks, "threads", threads, "workload",
                               plan_workloads_to_json(plan), "placement", plan->placement, "cpus",
                               (int)plan->cpus, "repetitions", (int)plan->repetitions, "warmup_ns",
                               length_to_json(plan, plan_warmup_ns(plan, plan->window_ns)),
                               "window_ns", length_to_json(plan, plan->window_ns), "dispatch",
                               plan->through_vtable ? "vtable" : "inline");
    if (plan->auto_budgets.known)
        json_object_set_new(object, "auto_budgets", auto_budgets_to_json(&plan->auto_budgets));
    if (plan->objects != NULL) {
        json_t *objects = json_array();
        for (size_t i = 0; i < plan->objects_count; i++)
            json_array_append_new(objects, json_integer(plan->objects[i]));
        json_object_set_new(object, "objects", objects);
    }
    if (plan->until_percent != 0)
        json_object_set_new(object, "until", json_sprintf("%.12g%%", plan->until_percent));
    if (plan->until_ns != 0)
        json_object_set_new(object, "until_budget_ns", json_integer((json_int_t)plan->until_ns));
    if (machine_is_simulated(&plan->machine)) {
        json_object_set_new(object, "model", sim_parameters_to_json(&plan->machine.parameters));
        json_object_set(object, "latency_ns", plan->latencies);
        if (plan->machine.latencies != NULL)
            json_object_set_new(object, "latencies", json_string(plan->machine.latencies));
    } else {
        json_object_set_new(object, "processes", processes_to_json(plan->processes));
        if (plan->workloads[0].exchange == EXCHANGE_NONE) {
            char passes[PASSES_TEXT];
            json_object_set_new(object, "counters", json_string(counting_name(plan->counters)));
            json_object_set_new(object, "passes", json_string(passes_text(plan->passes, passes)));
            if (plan->latency_stride != 0)
                json_object_set_new(object, "latency_stride",
                                    json_integer((json_int_t)plan->latency_stride));
        }
    }
    return object;
}

static void add_option(json_t *words, const char *name, const char *value)
{
    json_array_append_new(words, json_string(name));
    json_array_append_new(words, json_string(value));
}

static void add_number(json_t *words, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    add_option(words, name, text);
}

/* "1,2,4": numbers, or the names of locks, separated by commas. */
static json_t *join(const json_t *list)
{
    json_t *text = json_string(""), *item, *longer;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *before = json_string_value(text), *comma = i == 0 ? "" : ",";
        longer = json_is_string(item)
                     ? json_sprintf("%s%s%s", before, comma, json_string_value(item))
                     : json_sprintf("%s%s%" JSON_INTEGER_FORMAT, before, comma,
                                    json_integer_value(item));
        json_decref(text);
        text = longer;
    }
    return text;
}

json_t *plan_to_command(const struct plan *plan)
{
    const struct workload *workload = &plan->workloads[0];
    json_t *object = plan_to_json(plan), *words = json_pack("[s, s]", "lockbench", "run");
    json_t *locks = join(json_object_get(object, "locks"));
    json_t *threads = join(json_object_get(object, "threads"));
    char delay[DELAY_TEXT], part[WORKLOAD_PART_TEXT], time[TIME_TEXT];

    add_option(words, "--locks", json_string_value(locks));
    add_option(words, "--machine", plan->machine.text);
    if (plan->machine.latencies != NULL)
        add_option(words, "--latencies", plan->machine.latencies);
    sim_parameters_add_changed(&plan->machine.parameters, words);
    add_option(words, "--threads", json_string_value(threads));
    add_option(words, "--placement", plan->placement);
    add_option(words, "--critical", format_delay(&workload->critical, delay));
    if (workload->hogs > 0)
        add_option(words, "--hogs", workload_format_hogs(workload, part));
    add_option(words, "--outside", workload_format_outside(workload, part));
    add_number(words, "--lines", workload->lines);
    if (workload->own_lines > 0)
        add_number(words, "--own-lines", workload->own_lines);
    if (memory_is_asked_for(&workload->memory))
        add_option(words, "--memory", memory_format(&workload->memory, part));
    if (workload_has_choice(workload)) {
        add_number(words, "--locks-per-run", workload->locks);
        add_option(words, "--choice", workload_format_choice(workload->zipf, part));
    }
    if (plan->workloads_count > 1) {
        json_t *readers = join(json_object_get(json_object_get(object, "workload"), "readers"));
        add_option(words, "--readers", json_string_value(readers));
        json_decref(readers);
    } else {
        add_number(words, "--readers", workload->readers);
    }
    if (workload_is_nested(workload)) {
        add_number(words, "--nested", workload->nested);
        add_option(words, "--nested-order", workload->mixed ? "mixed" : "ranked");
    }
    if (plan->window_ns != 0)
        add_option(words, "--duration", format_time(plan->window_ns, time));
    add_number(words, "--repetitions", plan->repetitions);
    if (plan->until_percent != 0)
        add_option(words, "--until", json_string_value(json_object_get(object, "until")));
    add_number(words, "--seed", plan->seed);
    json_decref(threads);
    json_decref(locks);
    json_decref(object);
    return words;
}
