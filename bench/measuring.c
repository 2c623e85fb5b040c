#include "bench/measuring.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/latencies.h"
#include "bench/signal_spec.h"
#include "bench/values.h"

struct measuring measuring_default(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (struct measuring){
        .processes = 1,
        .repetitions = 10,
        .placement = "compact",
        .workload = workload_default(),
        .machine = machine_native(),
        .passes = PASSES_ALL,
        .seed = ((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u) & INT64_MAX,
        .texts = json_array(),
    };
}

void measuring_free(struct measuring *measuring)
{
    free(measuring->names);
    free(measuring->locks);
    free(measuring->readers);
    free(measuring->workloads);
    json_decref(measuring->texts);
    *measuring = (struct measuring){0};
}

enum exit_code measuring_add_names(struct measuring *measuring, const char *names)
{
    const char **grown =
        realloc(measuring->names, (measuring->names_count + 1) * sizeof *measuring->names);

    if (grown == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    grown[measuring->names_count++] = names;
    measuring->names = grown;
    return EXIT_FINE;
}

static enum exit_code read_names(struct measuring *measuring, const char *names)
{
    enum exchange exchange = measuring->workload.exchange;

    return exchange == EXCHANGE_NONE
               ? lock_specs_read(names, &measuring->locks, &measuring->locks_count)
               : signal_specs_read(names, exchange, &measuring->locks, &measuring->locks_count);
}

enum exit_code measuring_read_names(struct measuring *measuring)
{
    enum exchange exchange = measuring->workload.exchange;
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < measuring->names_count && code == EXIT_FINE; i++)
        code = read_names(measuring, measuring->names[i]);
    if (measuring->names_count > 0)
        return code;
    if (measuring->planned_locks != NULL)
        return read_names(measuring, measuring->planned_locks);
    return exchange == EXCHANGE_NONE
               ? read_names(measuring, plan_default_locks)
               : signal_specs_add_all(exchange, measuring->quiet, &measuring->locks,
                                      &measuring->locks_count);
}

static enum exit_code set_locks(void *settings, const struct option_row *row, const char *value)
{
    (void)row;
    return measuring_add_names(settings, value);
}

static enum exit_code set_workload(void *settings, const struct option_row *row, const char *value)
{
    if (!workload_preset(value, option_field(settings, row)))
        return complain(EXIT_USAGE, "--%s can't be '%s': there are " WORKLOAD_PRESETS, row->name,
                        value);
    struct measuring *measuring = settings;
    free(measuring->readers);
    measuring->readers = NULL;
    measuring->oversubscribed = strcmp(value, WORKLOAD_OVERSUBSCRIBED) == 0;
    if (!measuring->tabled)
        measuring->table = measuring->oversubscribed ? TABLE_COLLAPSE : TABLE_THROUGHPUT;
    return EXIT_FINE;
}

static enum exit_code read_time_from(uint64_t least_ns, void *settings,
                                     const struct option_row *row, const char *value)
{
    uint64_t *field = option_field(settings, row), ns;
    char least[TIME_TEXT];

    if (!read_time(value, &ns) || ns < least_ns)
        return complain(
            EXIT_USAGE,
            "--%s can't be '%s': it is a time from %s to 60min with its unit, as in 100ms",
            row->name, value, format_time(least_ns, least));
    *field = ns;
    return EXIT_FINE;
}

static enum exit_code set_duration(void *settings, const struct option_row *row, const char *value)
{
    return read_time_from(1000, settings, row, value);
}

static enum exit_code set_budget(void *settings, const struct option_row *row, const char *value)
{
    return read_time_from(1000000000, settings, row, value);
}

static enum exit_code set_delay(void *settings, const struct option_row *row, const char *value)
{
    if (!read_delay(value, option_field(settings, row)))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is a time such as %s; at most 1s (a mean 300ms)",
                        row->name, value, DELAY_FORMS);
    return EXIT_FINE;
}

static enum exit_code set_outside(void *settings, const struct option_row *row, const char *value)
{
    if (!workload_read_outside(value, option_field(settings, row)))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is 0, a time such as 100ns, exp:200ns, "
                        "uniform:50ns-150ns, or bimodal:100ns-20us:5%%, at most 1s (a mean 300ms), "
                        "or burst:N:TIME, such a "
                        "time after N turns, where N is a power of two from 2 to %d",
                        row->name, value, WORKLOAD_BURST_MOST);
    return EXIT_FINE;
}

static enum exit_code set_hogs(void *settings, const struct option_row *row, const char *value)
{
    if (!workload_read_hogs(value, option_field(settings, row)))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is a number of threads from 1 to %d and their busy "
                        "time under the lock, as in 1:10us or 2:exp:50us, or 0",
                        row->name, value, WORKLOAD_HOGS_MOST);
    return EXIT_FINE;
}

static enum exit_code complain_count(const struct option_row *row, const char *value,
                                     uint64_t least, uint64_t most)
{
    return complain(EXIT_USAGE,
                    "--%s can't be '%s': it is a whole number from %" PRIu64 " to %" PRIu64,
                    row->name, value, least, most);
}

static enum exit_code read_unsigned_within(unsigned least, unsigned most, void *settings,
                                           const struct option_row *row, const char *value)
{
    unsigned *field = option_field(settings, row);
    uint64_t count;

    if (!read_count(value, least, most, &count))
        return complain_count(row, value, least, most);
    *field = (unsigned)count;
    return EXIT_FINE;
}

static enum exit_code set_repetitions(void *settings, const struct option_row *row,
                                      const char *value)
{
    return read_unsigned_within(1, PLAN_REPETITIONS_MOST, settings, row, value);
}

static enum exit_code set_until(void *settings, const struct option_row *row, const char *value)
{
    double *field = option_field(settings, row), percent;

    if (!read_percent(value, &percent) || percent == 0)
        return complain(
            EXIT_USAGE,
            "--%s can't be '%s': it is a part of the median from above 0%% to 100%%, as "
            "in 2%%",
            row->name, value);
    *field = percent;
    return EXIT_FINE;
}

static enum exit_code set_lines(void *settings, const struct option_row *row, const char *value)
{
    return read_unsigned_within(0, WORKLOAD_LINES_MOST, settings, row, value);
}

static enum exit_code set_memory(void *settings, const struct option_row *row, const char *value)
{
    if (!memory_read(value, option_field(settings, row)))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is usual, or a list of same-line or apart, node:N, "
                        "and huge, each once",
                        row->name, value);
    return EXIT_FINE;
}

static enum exit_code set_locks_per_run(void *settings, const struct option_row *row,
                                        const char *value)
{
    return read_unsigned_within(1, WORKLOAD_LOCKS_MOST, settings, row, value);
}

static enum exit_code set_choice(void *settings, const struct option_row *row, const char *value)
{
    if (!workload_read_choice(value, option_field(settings, row)))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is uniform, zipf, or zipf with an exponent above 0 "
                        "to 10, as in zipf:0.8",
                        row->name, value);
    return EXIT_FINE;
}

static enum exit_code set_readers(void *settings, const struct option_row *row, const char *value)
{
    struct measuring *measuring = settings;
    char culprit[64];
    size_t count;
    unsigned *readers = read_list(value, 0, 100, NULL, NULL, &count, culprit, sizeof culprit);

    if (readers == NULL)
        return complain(EXIT_USAGE,
                        "--%s can't have '%s': it is a list of percentages from 0 to 100, such as "
                        "95 or 0,50,90-100:5",
                        row->name, culprit);
    free(measuring->readers);
    measuring->readers = readers;
    measuring->readers_count = drop_repeated(readers, count);
    measuring->workload.readers = 0;
    for (size_t i = 0; i < measuring->readers_count; i++) {
        if (readers[i] > measuring->workload.readers)
            measuring->workload.readers = readers[i];
    }
    return EXIT_FINE;
}

static enum exit_code set_irql(void *settings, const struct option_row *row, const char *value)
{
    if (!irql_find(value, option_field(settings, row)))
        return complain(EXIT_USAGE, "--%s can't be '%s': there are " IRQL_NAMES, row->name, value);
    return EXIT_FINE;
}

static enum exit_code set_nested(void *settings, const struct option_row *row, const char *value)
{
    return read_unsigned_within(1, WORKLOAD_NESTED_MOST, settings, row, value);
}

static enum exit_code set_nested_order(void *settings, const struct option_row *row,
                                       const char *value)
{
    if (!nested_order_find(value, option_field(settings, row)))
        return complain(EXIT_USAGE, "--%s can't be '%s': it is ranked or mixed", row->name, value);
    return EXIT_FINE;
}

static enum exit_code set_processes(void *settings, const struct option_row *row, const char *value)
{
    if (!processes_read(value, option_field(settings, row)))
        return complain(
            EXIT_USAGE,
            "--%s can't be '%s': it is a number of processes from 1 to %d, or each, one "
            "for each thread",
            row->name, value, PROCESSES_MOST);
    return EXIT_FINE;
}

static enum exit_code set_seed(void *settings, const struct option_row *row, const char *value)
{
    struct measuring *measuring = settings;

    if (!read_count(value, 0, INT64_MAX, &measuring->seed))
        return complain_count(row, value, 0, INT64_MAX);
    measuring->seeded = true;
    return EXIT_FINE;
}

static enum exit_code set_machine(void *settings, const struct option_row *row, const char *value)
{
    return machine_read(value, option_field(settings, row));
}

static enum exit_code set_model(void *settings, const struct option_row *row, const char *value)
{
    struct measuring *measuring = settings;

    (void)row;
    measuring->modelled = true;
    return sim_parameters_read(value, &measuring->machine.parameters);
}

static enum exit_code set_dispatch(void *settings, const struct option_row *row, const char *value)
{
    bool *through_vtable = option_field(settings, row);

    if (strcmp(value, "inline") != 0 && strcmp(value, "vtable") != 0)
        return complain(EXIT_USAGE, "--%s can't be '%s': it is inline or vtable", row->name, value);
    *through_vtable = strcmp(value, "vtable") == 0;
    return EXIT_FINE;
}

static enum exit_code set_counters(void *settings, const struct option_row *row, const char *value)
{
    if (counting_read(value, option_field(settings, row)))
        return EXIT_FINE;
    return complain(EXIT_USAGE, "--%s can't be '%s': there are " COUNTING_NAMES, row->name, value);
}

static enum exit_code set_table(void *settings, const struct option_row *row, const char *value)
{
    struct measuring *measuring = settings;

    if (!table_view_read(value, &measuring->table))
        return complain(EXIT_USAGE, "--%s can't be '%s': it is " TABLE_VIEWS, row->name, value);
    measuring->tabled = true;
    return EXIT_FINE;
}

static enum exit_code set_passes(void *settings, const struct option_row *row, const char *value)
{
    struct measuring *measuring = settings;

    if (!passes_read(value, &measuring->passes))
        return complain(EXIT_USAGE, "--%s can't be '%s': there are " PASSES_NAMES, row->name,
                        value);
    measuring->passed = true;
    return EXIT_FINE;
}

static enum exit_code set_latency_stride(void *settings, const struct option_row *row,
                                         const char *value)
{
    uint64_t stride;

    if (!read_count(value, 0, UINT64_MAX, &stride) || !latency_stride_fits(stride))
        return complain(EXIT_USAGE, "--%s can't be '%s': it is an odd number from %d to %d",
                        row->name, value, LATENCY_STRIDE_LEAST, LATENCY_STRIDE_MOST);
    ((struct measuring *)settings)->latency_stride = stride;
    return EXIT_FINE;
}

#define VALUE(name, letter, argument, help, set, field) \
    OPTION(name, letter, argument, help, set, struct measuring, field)
#define TEXT(name, letter, argument, help, field) \
    OPTION_TEXT(name, letter, argument, help, struct measuring, field)
#define FLAG(name, letter, help, field) OPTION_FLAG(name, letter, help, struct measuring, field)

const struct option_row measuring_options[] = {
    VALUE("locks", 'l', "LIST", "locks, as in mcs,spin_park:budget=20us,@queue,@nt,@all", set_locks,
          locks),
    TEXT(
        "plan", 0, "FILE",
        "what to measure, as a JSON file, or one that comes with the program: default, fairness, "
        "hogs, numa, oversubscribed, read-mostly, scaling, uncontended; other options change parts "
        "of it",
        plan),
    TEXT("threads", 't', "LIST",
         "as in 1,2,4-16:4,max,2x (max: the allowed CPUs; 2x, 1.5x: so many times as many); "
         "default: powers of two to max, max, and 2x; under --workload " WORKLOAD_OVERSUBSCRIBED
         " max,1.5x,2x,4x",
         threads),
    TEXT("objects", 0, "LIST",
         "of one wait, under --workload wait-any or wait-all; default 1,2,4,8,16,32,64", objects),
    VALUE("processes", 'P', "N",
          "split the threads over N processes that share the lock (default 1); each: one a thread",
          set_processes, processes),
    VALUE("workload", 'w', "NAME", WORKLOAD_PRESETS "; options after it change parts of it",
          set_workload, workload),
    VALUE("critical", 'c', "SPEC", "busy time under the lock: " DELAY_FORMS, set_delay,
          workload.critical),
    VALUE(
        "hogs", 0, "N:SPEC",
        "the first N threads are busy under the lock for so long instead, as in 1:10us; who could "
        "have the lock for which part of the time is then shown",
        set_hogs, workload),
    VALUE("outside", 'o', "SPEC",
          "busy time between a release and the next acquire; burst:N:SPEC: only after N turns in a "
          "row, as in burst:8:20us",
          set_outside, workload),
    VALUE("lines", 'n', "N", "shared cache lines written under the lock (default 1)", set_lines,
          workload.lines),
    VALUE("own-lines", 0, "N",
          "cache lines of the thread's own written under the lock, besides (default 0)", set_lines,
          workload.own_lines),
    VALUE(
        "memory", 0, "LIST",
        "of lock and data: same-line (data behind the lock, on its line if there is room), apart, "
        "node:N (bound to a NUMA node), huge (a huge page), as in same-line,node:0; default usual",
        set_memory, workload.memory),
    VALUE("locks-per-run", 0, "N",
          "locks of the kind, each with data of its own; every turn takes one (default 1)",
          set_locks_per_run, workload.locks),
    VALUE("choice", 0, "NAME",
          "of one of several locks: uniform (default), zipf, or zipf:EXPONENT; the first one is "
          "taken most often then",
          set_choice, workload.zipf),
    VALUE("readers", 'r', "LIST",
          "per cent of the acquisitions that only read, shared where the lock can, as in 95 or "
          "0,50,90,99,100: a cell for each",
          set_readers, workload.readers),
    VALUE("irql", 0, "NAME",
          "what keeps a thread from being interrupted from each acquire to its release: " IRQL_NAMES
          "; its cost is measured apart",
          set_irql, workload.irql),
    VALUE("nested", 0, "N", "locks of the kind, taken one within the other (default 1)", set_nested,
          workload.nested),
    VALUE("nested-order", 0, "NAME",
          "ranked (default), or mixed: odd threads take them the other way round, and are caught",
          set_nested_order, workload.mixed),
    TEXT("placement", 'p', "NAME",
         "threads on CPUs: compact (default), scatter, cores, or a list of CPUs in their order, as "
         "in 0,2,4-7",
         placement),
    VALUE("duration", 'd', "TIME",
          "length of a window, as in 100ms; on a simulated machine, of virtual time", set_duration,
          duration_ns),
    VALUE("repetitions", 'R', "N", "fresh processes per cell (default 10)", set_repetitions,
          repetitions),
    VALUE("until", 0, "PERCENT",
          "further repetitions of each cell until the 95% interval of its throughput is within so "
          "much of the median, as in 2%; at most 100, or as long as --time-budget says",
          set_until, until_percent),
    VALUE("time-budget", 'b', "TIME", "of the whole plan (default 1min); sets the window",
          set_budget, budget_ns),
    VALUE(
        "machine", 'm', "NAME",
        "native (default), or sim:TOPOLOGY, a simulated machine: the file of 'lstopo FILE.xml', or "
        "such as 'sim:pack:2 core:32 pu:1'",
        set_machine, machine),
    VALUE("model", 0, "LIST",
          "what the simulated machine's operations cost, as in remote=300ns,jitter=0", set_model,
          machine),
    TEXT("latencies", 0, "FILE",
         "for the simulated machine, what 'lockbench topology --json' measured", machine.latencies),
    TEXT("trace", 0, "FILE",
         "what each simulated core did to which line, of one lock and number of threads, for "
         "Perfetto or chrome://tracing",
         trace),
    VALUE("dispatch", 0, "HOW", "inline (default), or vtable: call through pointers", set_dispatch,
          through_vtable),
    VALUE("counters", 0, "HOW",
          "count cache-line traffic and the kernel's events: auto (default), where waiters neither "
          "sleep nor yield; all; none",
          set_counters, counters),
    VALUE("passes", 0, "LIST",
          "what is noted between warm-up and window, in a pass of its own each: all (default), "
          "owners (who had the lock after whom), latency (how long it took), none",
          set_passes, passes),
    VALUE("latency-stride", 0, "N",
          "in the pass latency, time every Nth turn of each thread, an odd number; default: as "
          "often as costs a hundredth of the time",
          set_latency_stride, latency_stride),
    VALUE("seed", 's', "N",
          "of the order and of all that is drawn at random; default: from the clock, on a "
          "simulated machine 1",
          set_seed, seed),
    TEXT("output", 'O', "FILE", "the results file; - is standard output", output),
    TEXT("resume", 0, "FILE",
         "go on with a run that was interrupted: measure what its results file lacks, and append "
         "it there",
         resume),
    VALUE(
        "table", 0, "NAME",
        "what the printed table shows: throughput (default), fairness, latency, or collapse (that "
        "of --workload " WORKLOAD_OVERSUBSCRIBED "); the records and --json have all of it",
        set_table, table),
    FLAG("draw", 'D', "draw a PNG, an SVG and, here, characters as well", draw),
    FLAG("dry-run", 0,
         "print what would be measured and how long it would take; measure and write nothing",
         dry_run),
    FLAG("json", 'j', "print the summary as JSON instead of a table", json),
    FLAG("quiet", 'q', "no progress and no notes", quiet),
    {0},
};
