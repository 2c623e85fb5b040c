/* What of the options goes together on the machine at hand, and the plan that they amount to. */
#include "bench/measuring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/values.h"

/* A number of threads that is given in terms of the CPUs: `max`, `2x`, `1.5x`, rounded up. */
static bool read_cpus_word(const char *item, void *argument, unsigned *value)
{
    const unsigned cpus = *(const unsigned *)argument;
    size_t length = strlen(item), digits = strspn(item, "0123456789.");

    if (strcmp(item, "max") == 0) {
        *value = cpus;
        return true;
    }
    if (length < 2 || length > 15 || digits != length - 1 || item[digits] != 'x')
        return false;
    char *end;
    double threads = ceil(strtod(item, &end) * cpus);
    if (end != item + digits || !(threads >= 1 && threads <= PLAN_THREADS_MOST))
        return false;
    *value = (unsigned)threads;
    return true;
}

/* Below that, starting and stopping real threads is all that a window would measure. */
static enum exit_code check_duration(const struct measuring *measuring)
{
    const uint64_t least_ns = 1000000;
    char text[TIME_TEXT];

    if (machine_is_simulated(&measuring->machine) || measuring->duration_ns == 0 ||
        measuring->duration_ns >= least_ns)
        return EXIT_FINE;
    return complain(
        EXIT_USAGE,
        "--duration can't be '%s': on real cores it is a time from 1ms to 60min, as in 100ms",
        format_time(measuring->duration_ns, text));
}

static enum exit_code plan_threads(struct plan *plan, const struct measuring *measuring,
                                   unsigned cpus)
{
    const char *text = measuring->threads;
    char culprit[64];

    if (text == NULL) {
        plan->threads = measuring->oversubscribed
                            ? plan_crowding_threads(cpus, &plan->threads_count)
                            : plan_default_threads(cpus, &plan->threads_count);
        return EXIT_FINE;
    }
    plan->threads = read_list(text, 1, PLAN_THREADS_MOST, read_cpus_word, &cpus,
                              &plan->threads_count, culprit, sizeof culprit);
    if (plan->threads == NULL)
        return complain(EXIT_USAGE,
                        "--threads can't have '%s': it is a list such as 1,2,4-16:4,max,2x, of at "
                        "most %d threads",
                        culprit, PLAN_THREADS_MOST);
    plan->threads_count = drop_repeated(plan->threads, plan->threads_count);
    return EXIT_FINE;
}

/* The numbers of objects, for the workloads that have them. */
static enum exit_code plan_objects(struct plan *plan, const char *text)
{
    char culprit[64];

    if (!exchange_has_objects(plan->workloads[0].exchange))
        return text == NULL ? EXIT_FINE
                            : complain(EXIT_USAGE,
                                       "--objects is about waits for several objects: add "
                                       "--workload wait-any or wait-all");
    plan->objects = read_list(text == NULL ? "1,2,4,8,16,32,64" : text, 1, EXCHANGE_OBJECTS_MOST,
                              NULL, NULL, &plan->objects_count, culprit, sizeof culprit);
    if (plan->objects == NULL)
        return complain(EXIT_USAGE,
                        "--objects can't have '%s': it is a list such as 1,2,4-16:4, of at most %d "
                        "objects",
                        culprit, EXCHANGE_OBJECTS_MOST);
    plan->objects_count = drop_repeated(plan->objects, plan->objects_count);
    return EXIT_FINE;
}

/* A workload of signals has as many threads as it is about, or at least one that waits. */
static enum exit_code plan_parties(struct plan *plan, bool given)
{
    const struct exchange_traits *traits = exchange_traits(plan->workloads[0].exchange);
    size_t kept = 0;

    for (size_t i = 0; i < plan->threads_count; i++) {
        unsigned threads = plan->threads[i];
        bool fits = exchange_takes_threads(plan->workloads[0].exchange, threads);
        if (given && !fits)
            return complain(EXIT_USAGE, "--threads can't have '%u': --workload %s has %s%u",
                            threads, traits->name, traits->threads == 0 ? "at least " : "",
                            traits->threads == 0 ? 2 : traits->threads);
        if (fits)
            plan->threads[kept++] = threads;
    }
    plan->threads_count = kept;
    if (kept == 0)
        plan->threads[plan->threads_count++] = traits->threads == 0 ? 2 : traits->threads;
    return EXIT_FINE;
}

/* What has no meaning where threads signal to each other. */
static enum exit_code check_exchange(const struct measuring *measuring)
{
    const struct workload *workload = &measuring->workload;
    const char *culprit = workload->critical.high_ns != 0          ? "critical"
                          : workload->hogs != 0                    ? "hogs"
                          : workload->outside.high_ns != 0         ? "outside"
                          : workload->lines != 0                   ? "lines"
                          : workload->own_lines != 0               ? "own-lines"
                          : memory_is_asked_for(&workload->memory) ? "memory"
                          : workload_has_choice(workload)          ? "locks-per-run"
                          : workload->readers != 0                 ? "readers"
                          : workload->irql != IRQL_NONE            ? "irql"
                          : workload_is_nested(workload)           ? "nested"
                          : measuring->processes != 1              ? "processes"
                          : measuring->through_vtable              ? "dispatch"
                          : measuring->counters != COUNTING_AUTO   ? "counters"
                          : measuring->tabled                      ? "table"
                          : measuring->passed                      ? "passes"
                          : measuring->latency_stride != 0         ? "latency-stride"
                          : measuring->draw                        ? "draw"
                                                                   : NULL;

    if (workload->exchange == EXCHANGE_NONE)
        return EXIT_FINE;
    if (machine_is_simulated(&measuring->machine))
        return complain(EXIT_USAGE, "--workload %s runs on real cores only: leave out --machine",
                        exchange_traits(workload->exchange)->name);
    return culprit == NULL ? EXIT_FINE
                           : complain(EXIT_USAGE,
                                      "--%s is about locks, and --workload %s about signals: leave "
                                      "one of them out",
                                      culprit, exchange_traits(workload->exchange)->name);
}

/* Leaves out the locks with a trait that keeps them from `what`: they `can` only. */
static enum exit_code choose_locks(struct measuring *measuring, uint32_t trait, const char *one_can,
                                   const char *they_can, const char *what)
{
    size_t kept = 0;
    char left_out[1024] = "";

    for (size_t i = 0; i < measuring->locks_count; i++) {
        const struct lock_spec *lock = &measuring->locks[i];
        size_t used = strlen(left_out);
        if ((lock->ops->traits & trait) == 0)
            measuring->locks[kept++] = *lock;
        else if (used < sizeof left_out)
            snprintf(left_out + used, sizeof left_out - used, "%s%s", used == 0 ? "" : ", ",
                     lock->text);
    }
    bool one = measuring->locks_count - kept == 1;
    if (kept == 0)
        return complain(EXIT_USAGE, "%s %s: no lock is left for %s", left_out,
                        one ? one_can : they_can, what);
    if (kept < measuring->locks_count && !measuring->quiet)
        say("left out, because %s %s: %s", one ? "it" : "they", one ? one_can : they_can, left_out);
    measuring->locks_count = kept;
    return EXIT_FINE;
}

/* Names pass through JSON, which knows no other bytes. */
static enum exit_code check_text(const char *option, const char *text)
{
    json_t *string = text == NULL ? json_null() : json_string(text);

    if (string == NULL)
        return complain(EXIT_USAGE, "--%s: '%s' is not UTF-8: give it another name", option, text);
    json_decref(string);
    return EXIT_FINE;
}

static enum exit_code choose_simulated(struct measuring *measuring)
{
    char what[512];

    snprintf(what, sizeof what, "'%s'", measuring->machine.text);
    return choose_locks(measuring, LOCK_NATIVE_ONLY, "runs on real cores only",
                        "run on real cores only", what);
}

static enum exit_code choose_shared(struct measuring *measuring)
{
    if (measuring->processes == 1)
        return EXIT_FINE;
    return choose_locks(measuring, LOCK_ONE_PROCESS, "is for the threads of one process",
                        "are for the threads of one process", "--processes");
}

static enum exit_code check_stride(const struct measuring *measuring)
{
    if (measuring->latency_stride == 0 || passes_has(measuring->passes, OBSERVE_LATENCY))
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "--latency-stride is of the pass 'latency', which --passes leaves out: name it "
                    "there, or leave the stride out");
}

/* What belongs to one kind of machine only. */
static enum exit_code check_machine(struct measuring *measuring)
{
    const char *culprit = measuring->trace != NULL               ? "trace"
                          : measuring->machine.latencies != NULL ? "latencies"
                          : measuring->modelled                  ? "model"
                                                                 : NULL;

    enum exit_code code = check_text("machine", measuring->machine.text);
    if (code == EXIT_FINE)
        code = check_text("latencies", measuring->machine.latencies);
    if (code == EXIT_FINE)
        code = check_text("trace", measuring->trace);
    if (code != EXIT_FINE)
        return code;
    if (!machine_is_simulated(&measuring->machine))
        return culprit == NULL ? choose_shared(measuring)
                               : complain(EXIT_USAGE,
                                          "--%s is for a simulated machine: add --machine "
                                          "sim:TOPOLOGY",
                                          culprit);
    if (measuring->budget_ns != 0)
        return complain(EXIT_USAGE,
                        "--time-budget is for real time: on a simulated machine, give "
                        "the window's --duration in virtual time");
    if (measuring->processes != 1)
        return complain(EXIT_USAGE,
                        "--processes is for real cores: a simulated machine has one "
                        "process; leave it out, or leave out --machine");
    if (measuring->through_vtable)
        return complain(EXIT_USAGE,
                        "--dispatch is for real cores: a simulated machine does not see "
                        "how a lock is called");
    if (measuring->counters != COUNTING_AUTO)
        return complain(EXIT_USAGE,
                        "--counters is for real cores: a simulated machine counts all of its "
                        "traffic");
    if (measuring->passed)
        return complain(EXIT_USAGE,
                        "--passes is for real cores: a simulated machine sees everything in its "
                        "window");
    if (measuring->latency_stride != 0)
        return complain(EXIT_USAGE,
                        "--latency-stride is for real cores: a simulated machine times every "
                        "acquisition");
    if (measuring->workload.memory.on_node || measuring->workload.memory.huge)
        return complain(EXIT_USAGE,
                        "--memory %s is for real cores: the memory of a simulated machine has no "
                        "nodes and no pages",
                        measuring->workload.memory.huge ? "huge" : "node:N");
    if (measuring->workload.irql != IRQL_NONE)
        return complain(EXIT_USAGE,
                        "--irql is for real cores: nothing interrupts the threads of a simulated "
                        "machine");
    return choose_simulated(measuring);
}

/* A trace is of one run. */
static enum exit_code check_trace(const struct measuring *measuring, const struct plan *plan)
{
    if (measuring->trace != NULL && strcmp(measuring->trace, "-") == 0)
        return complain(EXIT_USAGE, "--trace needs a file's name: standard output is for results");
    if (measuring->trace != NULL && strcmp(measuring->trace, measuring->output) == 0)
        return complain(EXIT_USAGE, "--trace and --output can't both be '%s'", measuring->trace);
    if (measuring->trace == NULL || plan_cells(plan) == 1)
        return EXIT_FINE;
    if (plan->workloads_count > 1)
        return complain(EXIT_USAGE, "--trace is of one share of readers: here are %zu",
                        plan->workloads_count);
    return complain(EXIT_USAGE,
                    "--trace is of one lock and one number of threads: here are %zu and %zu",
                    plan->locks_count, plan->threads_count);
}

static enum exit_code check_nested(struct measuring *measuring)
{
    if (workload_is_nested(&measuring->workload))
        return choose_locks(measuring, LOCK_READERS_BESIDE_WRITER,
                            "waits for readers in its release", "wait for readers in their release",
                            "--nested");
    if (!measuring->workload.mixed)
        return EXIT_FINE;
    return complain(EXIT_USAGE, "--nested-order mixed takes two locks or more: add --nested 2");
}

/* What goes with several locks, and with loops of their own. */
static enum exit_code check_varied(struct measuring *measuring)
{
    const struct workload *workload = &measuring->workload;
    const char *varied = workload_has_choice(workload) ? "locks-per-run"
                         : workload->own_lines > 0     ? "own-lines"
                                                       : NULL;

    if (workload->zipf != 0 && !workload_has_choice(workload))
        return complain(EXIT_USAGE, "--choice is of one of several locks: add --locks-per-run 2");
    if (workload_has_choice(workload) && workload_is_nested(workload))
        return complain(EXIT_USAGE,
                        "--locks-per-run takes one lock in a turn, and --nested several: "
                        "leave one of them out");
    if (workload_has_choice(workload) &&
        (uint64_t)workload->locks * workload->lines > WORKLOAD_ALL_LINES_MOST)
        return complain(EXIT_USAGE,
                        "--locks-per-run %u with --lines %u is too much memory: at most %d lines "
                        "of all locks together",
                        workload->locks, workload->lines, WORKLOAD_ALL_LINES_MOST);
    if (varied != NULL && workload->irql != IRQL_NONE && workload->irql != IRQL_DISPATCH_FIFO_HELD)
        return complain(EXIT_USAGE,
                        "--%s does not go with --irql %s: leave one of them out, or raise once "
                        "with dispatch-fifo-held",
                        varied, irql_name(workload->irql));
    if (workload_is_varied(workload))
        return choose_locks(measuring, LOCK_READERS_RETRY | LOCK_READERS_BESIDE_WRITER,
                            "lets its readers go beside a writer",
                            "let their readers go beside a writer",
                            "--locks-per-run, --own-lines and --hogs");
    return EXIT_FINE;
}

/* What is given besides takes the place of all that a plan says of the window. Where a budget ends
 * the repetitions, it is apart from that. */
static void take_planned_window(struct measuring *measuring)
{
    bool apart = measuring->until_percent != 0;
    bool duration = measuring->duration_ns != 0, budget = measuring->budget_ns != 0;

    if (!duration && (apart || !budget))
        measuring->duration_ns = measuring->planned_duration_ns;
    if (!budget && (apart || !duration))
        measuring->budget_ns = measuring->planned_budget_ns;
}

static enum exit_code check_until(const struct measuring *measuring)
{
    if (measuring->until_percent == 0 || measuring->workload.exchange == EXCHANGE_NONE)
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "--until is about the throughput of locks, and --workload %s about signals: "
                    "leave one of them out",
                    exchange_traits(measuring->workload.exchange)->name);
}

/* Before memory is asked for them. */
static enum exit_code check_size(const struct plan *plan)
{
    size_t turns = plan_cells(plan) * plan->repetitions;

    if (turns <= PLAN_TURNS_MOST)
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "this plan has %zu repetitions of all cells together, and at most %d are "
                    "possible: give fewer --threads, --locks or --repetitions",
                    turns, PLAN_TURNS_MOST);
}

/* Without a length of its own, a window is such that the least repetitions take a quarter of a
 * budget that ends them: the rest is there to grow in. */
static uint64_t window_budget_ns(const struct measuring *measuring)
{
    const uint64_t usual_ns = 60000000000u;

    if (measuring->budget_ns == 0)
        return usual_ns;
    return measuring->until_percent != 0 ? measuring->budget_ns / 4 : measuring->budget_ns;
}

static enum exit_code plan_window(const struct measuring *measuring, struct plan *plan)
{
    if (measuring->duration_ns != 0 && measuring->budget_ns != 0 && measuring->until_percent == 0)
        return complain(EXIT_USAGE,
                        "--duration and --time-budget both set the window: give one of them");
    if (measuring->duration_ns != 0) {
        plan->window_ns = measuring->duration_ns;
        return EXIT_FINE;
    }
    if (machine_is_simulated(&plan->machine) || measuring->window_by_cell)
        return EXIT_FINE;
    uint64_t budget_ns = window_budget_ns(measuring);
    uint64_t needed_ns = plan_fit_budget(plan, budget_ns);
    if (needed_ns > budget_ns + budget_ns / 10)
        say("this plan takes about %.0f s, more than its budget of %.0f s: the shortest sensible "
            "window is %.0f ms",
            (double)needed_ns / 1e9, (double)budget_ns / 1e9, (double)plan->window_ns / 1e6);
    return EXIT_FINE;
}

/* The most repetitions of a cell: so many that a budget in time ends them, or a hundred. */
static unsigned repetitions_most(const struct measuring *measuring)
{
    unsigned most = measuring->budget_ns != 0 ? PLAN_REPETITIONS_MOST : 100;

    return measuring->repetitions > most ? measuring->repetitions : most;
}

/* Real-time threads of one CPU don't take turns: one that spins would wait for ever for another
 * that it keeps from running. Of the default numbers of threads, those with a CPU for each remain.
 */
static enum exit_code check_real_time(struct plan *plan, bool default_threads)
{
    size_t kept = 0;

    if (!irql_is_real_time(plan->workloads[0].irql))
        return EXIT_FINE;
    for (size_t i = 0; i < plan->threads_count; i++) {
        if (plan->threads[i] <= plan->cpus)
            plan->threads[kept++] = plan->threads[i];
        else if (!default_threads)
            return complain(EXIT_USAGE,
                            "--threads can't have %u with --irql %s: there are %u CPUs, and "
                            "real-time threads of one CPU don't take turns",
                            plan->threads[i], irql_name(plan->workloads[0].irql), plan->cpus);
    }
    plan->threads_count = kept;
    return EXIT_FINE;
}

/* One for each share of readers. */
static enum exit_code make_workloads(struct measuring *measuring, size_t *count)
{
    *count = measuring->readers == NULL ? 1 : measuring->readers_count;
    free(measuring->workloads);
    measuring->workloads = calloc(*count, sizeof *measuring->workloads);
    if (measuring->workloads == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    for (size_t i = 0; i < *count; i++) {
        measuring->workloads[i] = measuring->workload;
        if (measuring->readers != NULL)
            measuring->workloads[i].readers = measuring->readers[i];
    }
    return EXIT_FINE;
}

enum exit_code measuring_plan(struct measuring *measuring, unsigned cpus, unsigned placed,
                              struct plan *plan)
{
    enum exit_code code = check_exchange(measuring);

    take_planned_window(measuring);
    if (code == EXIT_FINE)
        code = check_machine(measuring);
    if (code == EXIT_FINE)
        code = check_stride(measuring);
    if (code == EXIT_FINE)
        code = check_nested(measuring);
    if (code == EXIT_FINE)
        code = check_varied(measuring);
    if (code == EXIT_FINE)
        code = check_until(measuring);
    if (code == EXIT_FINE)
        code = check_duration(measuring);
    size_t workloads_count;
    if (code == EXIT_FINE)
        code = make_workloads(measuring, &workloads_count);
    if (code != EXIT_FINE)
        return code;
    *plan = (struct plan){
        .machine = measuring->machine,
        .locks = measuring->locks,
        .locks_count = measuring->locks_count,
        .workloads = measuring->workloads,
        .workloads_count = workloads_count,
        .placement = measuring->placement,
        .cpus = placed,
        .processes = measuring->processes,
        .repetitions = measuring->repetitions,
        .until_percent = measuring->until_percent,
        .repetitions_most = repetitions_most(measuring),
        .until_ns = measuring->until_percent != 0 ? measuring->budget_ns : 0,
        .seed = measuring->seed,
        .counters = measuring->counters,
        .passes = machine_is_simulated(&measuring->machine) ||
                          measuring->workload.exchange != EXCHANGE_NONE
                      ? PASSES_NONE
                      : measuring->passes,
        .latency_stride = measuring->latency_stride,
        .through_vtable = measuring->through_vtable || (workload_is_nested(&measuring->workload) &&
                                                        !machine_is_simulated(&measuring->machine)),
    };
    code = plan_threads(plan, measuring, cpus);
    if (code == EXIT_FINE)
        code = check_real_time(plan, measuring->threads == NULL);
    if (code == EXIT_FINE)
        code = plan_objects(plan, measuring->objects);
    if (code == EXIT_FINE && plan->workloads[0].exchange != EXCHANGE_NONE)
        code = plan_parties(plan, measuring->threads != NULL);
    if (code == EXIT_FINE)
        code = check_trace(measuring, plan);
    if (code == EXIT_FINE)
        code = check_size(plan);
    return code == EXIT_FINE ? plan_window(measuring, plan) : code;
}
