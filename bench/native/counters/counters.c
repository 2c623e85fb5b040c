#include "bench/native/counters/counters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/native/system_files.h"

/* Where the kernel may not be looked at, it would count those that happen in the kernel only as 0.
 */
static const struct {
    const char *name;
    uint64_t config;
    bool in_kernel;
} software[] = {
    {"context_switches", PERF_COUNT_SW_CONTEXT_SWITCHES, true},
    {"migrations", PERF_COUNT_SW_CPU_MIGRATIONS, true},
    {"page_faults", PERF_COUNT_SW_PAGE_FAULTS, false},
};
enum { SOFTWARE = sizeof software / sizeof software[0] };
_Static_assert((int)SOFTWARE <= (int)COUNTER_GROUP_MOST, "they are one group");

/* Where nothing is known of the processor but what all have. They tell no part of the traffic. */
static const struct {
    const char *name;
    uint64_t config;
} generic[] = {
    {"cycles", PERF_COUNT_HW_CPU_CYCLES},
    {"instructions", PERF_COUNT_HW_INSTRUCTIONS},
    {"cache-references", PERF_COUNT_HW_CACHE_REFERENCES},
    {"cache-misses", PERF_COUNT_HW_CACHE_MISSES},
};
enum { GENERIC = sizeof generic / sizeof generic[0] };
_Static_assert((int)GENERIC <= (int)COUNTER_GROUP_MOST, "they are one group");

void counters_explain(int error, bool hardware, char *reason, size_t size)
{
    long long paranoid = -1;

    system_number("", "/proc/sys/kernel/perf_event_paranoid", &paranoid);
    switch (error) {
    case EACCES:
    case EPERM:
        if (paranoid >= 2)
            snprintf(reason, size,
                     "no permission: /proc/sys/kernel/perf_event_paranoid is %lld; set it to 1 or "
                     "less, or be root (CAP_PERFMON)",
                     paranoid);
        else
            snprintf(reason, size,
                     "no permission, although /proc/sys/kernel/perf_event_paranoid is %lld: a "
                     "container's seccomp profile or a security module forbids perf_event_open",
                     paranoid);
        break;
    case ENOSYS:
        snprintf(reason, size, "this kernel has no perf_event_open");
        break;
    case EMFILE:
        snprintf(reason, size, "too many open files: raise the limit (ulimit -n)");
        break;
    case EINVAL:
        snprintf(reason, size, "the processor can't count it, or not together with the others");
        break;
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        snprintf(reason, size, "%s",
                 hardware ? "this machine exposes no hardware counters"
                          : "this kernel does not count it");
        break;
    default:
        snprintf(reason, size, "perf_event_open failed: %s", strerror(error));
    }
}

/* Whether an event can be opened, and why not. */
static int try_event(const struct perf_event_attr *attributes)
{
    struct counter_group group;

    counter_group_open(&group, attributes, 1);
    int error = group.errors[0];
    counter_group_close(&group);
    return error;
}

static bool is_permission(int error)
{
    return error == EACCES || error == EPERM;
}

static void choose_software(struct counters_plan *plan)
{
    struct counters_choice *choice = &plan->choices[COUNTERS_SOFTWARE];

    choice->count = SOFTWARE;
    for (unsigned i = 0; i < SOFTWARE; i++) {
        choice->events[i].name = software[i].name;
        choice->attributes[i] = (struct perf_event_attr){.type = PERF_TYPE_SOFTWARE,
                                                         .size = sizeof(struct perf_event_attr),
                                                         .config = software[i].config};
        int error = try_event(&choice->attributes[i]);
        if (is_permission(error) && !software[i].in_kernel) {
            choice->attributes[i].exclude_kernel = 1;
            error = try_event(&choice->attributes[i]);
            plan->user_only = plan->user_only || error == 0;
        }
        if (error != 0)
            counters_explain(error, false, choice->reasons[i], sizeof choice->reasons[i]);
    }
}

static void add_generic(struct counters_choice *choice)
{
    choice->count = GENERIC;
    for (unsigned i = 0; i < GENERIC; i++) {
        choice->events[i] = (struct counters_event){generic[i].name, 0};
        choice->attributes[i] = (struct perf_event_attr){.type = PERF_TYPE_HARDWARE,
                                                         .size = sizeof(struct perf_event_attr),
                                                         .config = generic[i].config};
    }
}

static void add_row(struct counters_choice *choice, const struct counters_row *row)
{
    choice->count = counters_row_events(row);
    for (unsigned i = 0; i < choice->count; i++) {
        choice->events[i] = row->events[i];
        counters_encode(row->pmu, row->events[i].name, &choice->attributes[i], choice->reasons[i],
                        sizeof choice->reasons[i]);
    }
}

/* The events of this processor's row; without one, what every processor has. */
static void name_hardware(struct counters_plan *plan)
{
    struct counters_choice *choice = &plan->choices[COUNTERS_HARDWARE];
    struct counters_pmu pmu;

    if (!counters_find_pmu(&pmu, plan->reason, sizeof plan->reason)) {
        add_generic(choice);
        return;
    }
    const struct counters_row *row = counters_row_of(pmu.name);
    if (row != NULL) {
        add_row(choice, row);
        return;
    }
    snprintf(plan->reason, sizeof plan->reason,
             "lockbench has no events for %s, only those that all processors have",
             pmu.description);
    add_generic(choice);
}

/* Of what none can be opened, the reason is that of the first try; it says more than that a name is
 * not known. */
static void try_hardware(struct counters_plan *plan)
{
    struct counters_choice *choice = &plan->choices[COUNTERS_HARDWARE];
    unsigned open = 0;
    int first = 0;

    for (unsigned i = 0; i < choice->count; i++) {
        struct perf_event_attr *attributes = &choice->attributes[i];
        if (choice->reasons[i][0] != '\0')
            continue;
        attributes->exclude_hv = 1;
        int error = try_event(attributes);
        if (is_permission(error)) {
            attributes->exclude_kernel = 1;
            error = try_event(attributes);
            plan->user_only = plan->user_only || error == 0;
        }
        open += error == 0;
        first = first == 0 ? error : first;
        if (error != 0)
            counters_explain(error, true, choice->reasons[i], sizeof choice->reasons[i]);
    }
    plan->hardware = open > 0;
    if (open > 0)
        return;
    if (first != 0)
        counters_explain(first, true, plan->reason, sizeof plan->reason);
    else if (plan->reason[0] == '\0')
        memcpy(plan->reason, choice->reasons[0], sizeof plan->reason);
    plan->permission = is_permission(first);
}

/* One event that may not see the kernel makes all of them blind to it: counts of a group are
 * compared with each other. */
static void see_alike(struct counters_plan *plan)
{
    for (int kind = 0; kind < COUNTERS_KINDS && plan->user_only; kind++) {
        for (unsigned i = 0; i < plan->choices[kind].count; i++)
            plan->choices[kind].attributes[i].exclude_kernel = 1;
    }
}

void counters_choose(struct counters_plan *plan)
{
    *plan = (struct counters_plan){0};
    choose_software(plan);
    name_hardware(plan);
    try_hardware(plan);
    see_alike(plan);
}

void counters_make_room(unsigned threads)
{
    struct rlimit limit;
    const rlim_t wanted = 64 + (rlim_t)threads * COUNTERS_KINDS * COUNTER_GROUP_MOST;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- of one thread ---- */

void counters_open(struct counters *counters, const struct counters_plan *plan)
{
    for (int kind = 0; kind < COUNTERS_KINDS; kind++) {
        const struct counters_choice *choice = &plan->choices[kind];
        struct perf_event_attr chosen[COUNTER_GROUP_MOST];
        unsigned count = 0;
        for (unsigned i = 0; i < choice->count; i++) {
            if (choice->reasons[i][0] == '\0')
                chosen[count++] = choice->attributes[i];
        }
        counter_group_open(&counters->groups[kind], chosen, count);
        counters->whole[kind] = false;
    }
}

void counters_begin(struct counters *counters)
{
    for (int kind = 0; kind < COUNTERS_KINDS; kind++)
        counters->whole[kind] =
            counter_group_read(&counters->groups[kind], &counters->before[kind]);
}

void counters_end(struct counters *counters)
{
    for (int kind = 0; kind < COUNTERS_KINDS; kind++)
        counters->whole[kind] = counters->whole[kind] &&
                                counter_group_read(&counters->groups[kind], &counters->after[kind]);
}

void counters_close(struct counters *counters)
{
    for (int kind = 0; kind < COUNTERS_KINDS; kind++)
        counter_group_close(&counters->groups[kind]);
}

/* ---- of all threads ---- */

static void not_known(struct counters_total *total, const char *reason)
{
    if (total->known)
        snprintf(total->reason, sizeof total->reason, "%s", reason);
    total->known = false;
}

/* `number` is that of the event among those of its kind which are opened. */
static void add_thread(struct counters_total *total, const struct counters *counters, int kind,
                       unsigned number)
{
    const struct counter_group *group = &counters->groups[kind];
    char reason[COUNTERS_REASON];
    double count = 0;

    if (group->errors[number] != 0) {
        counters_explain(group->errors[number], kind == COUNTERS_HARDWARE, reason, sizeof reason);
        not_known(total, reason);
    } else if (!counters->whole[kind]) {
        not_known(total, "a thread's counters could not be read");
    } else if (counter_between(&counters->before[kind], &counters->after[kind], number, &count) ==
               COUNTER_UNCOUNTED) {
        not_known(total,
                  "the kernel never counted it in the window: others use the counters (the NMI "
                  "watchdog, another perf), or this kind of core has no such event");
    } else {
        total->count += count;
    }
}

static void add_scheduled(struct counters_totals *totals, const struct counters *counters,
                          double *enabled, double *running)
{
    const struct counter_reading *before = &counters->before[COUNTERS_HARDWARE];
    const struct counter_reading *after = &counters->after[COUNTERS_HARDWARE];

    if (!counters->whole[COUNTERS_HARDWARE])
        return;
    *enabled += (double)(after->enabled_ns - before->enabled_ns);
    *running += (double)(after->running_ns - before->running_ns);
    totals->scheduled_known = *enabled > 0;
    totals->scheduled = *enabled > 0 ? *running / *enabled : 0;
}

void counters_add_up(const struct counters_plan *plan, unsigned count,
                     const struct counters *(*thread)(unsigned i, void *argument), void *argument,
                     struct counters_totals *totals)
{
    double enabled = 0, running = 0;

    *totals = (struct counters_totals){.scheduled_known = false};
    for (int kind = 0; kind < COUNTERS_KINDS; kind++) {
        const struct counters_choice *choice = &plan->choices[kind];
        unsigned number = 0;
        for (unsigned event = 0; event < choice->count; event++) {
            struct counters_total *total = &totals->events[kind][event];
            total->known = true;
            if (choice->reasons[event][0] != '\0') {
                not_known(total, choice->reasons[event]);
                continue;
            }
            for (unsigned i = 0; i < count; i++)
                add_thread(total, thread(i, argument), kind, number);
            number++;
        }
    }
    for (unsigned i = 0; i < count; i++)
        add_scheduled(totals, thread(i, argument), &enabled, &running);
}
