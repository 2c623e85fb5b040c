#include "bench/native/repetition.h"

#include <errno.h>
#include <stdarg.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan.h"
#include "bench/statistics.h"

/* The longest finite time among the lock's parameters. */
static uint64_t longest_parameter_ns(const struct lock_spec *lock)
{
    uint64_t longest = 0;

    for (int i = 0; lock->ops->parameters != NULL && lock->ops->parameters[i].name != NULL; i++) {
        if (lock->ops->parameters[i].unit == LOCK_TIME && lock->parameters[i] != MACHINE_NEVER &&
            lock->parameters[i] > longest)
            longest = lock->parameters[i];
    }
    return longest;
}

void repetition_set_patience(struct repetition *repetition)
{
    const uint64_t least_ns = 1000000000, slice_ns = 10000000, most_ns = 10000000000u;
    uint64_t threads = repetition->threads;
    /* Each thread gets so small a part of its CPU. */
    uint64_t sharing = 1 + threads / repetition->cpus_count;

    repetition->silence_ns = least_ns + sharing * slice_ns +
                             sharing * workload_longest_ns(&repetition->workload) +
                             threads * longest_parameter_ns(&repetition->lock);
    repetition->drain_ns = repetition->silence_ns < most_ns ? repetition->silence_ns : most_ns;
}

json_t *repetition_to_json(const struct repetition *repetition)
{
    json_t *cpus = json_array();

    for (size_t i = 0; i < repetition->cpus_count && i < repetition->threads; i++)
        json_array_append_new(cpus, json_integer(repetition->cpus[i]));
    return json_pack(
        "{s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b}", "lock", repetition->lock.text,
        "threads", (int)repetition->threads, "cpus", cpus, "workload",
        workload_to_json(&repetition->workload), "warmup_ns", (json_int_t)repetition->warmup_ns,
        "window_ns", (json_int_t)repetition->window_ns, "drain_ns",
        (json_int_t)repetition->drain_ns, "silence_ns", (json_int_t)repetition->silence_ns, "seed",
        (json_int_t)repetition->seed, "through_vtable", repetition->through_vtable);
}

static bool cpus_from_json(const json_t *array, struct repetition *repetition)
{
    size_t count = json_array_size(array);

    if (count == 0 || count > PLAN_THREADS_MOST)
        return false;
    repetition->cpus = calloc(count, sizeof *repetition->cpus);
    if (repetition->cpus == NULL)
        return false;
    repetition->cpus_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(array, i);
        json_int_t cpu = json_integer_value(number);
        if (!json_is_integer(number) || cpu < 0 || cpu > 65535)
            return false;
        repetition->cpus[i] = (unsigned)cpu;
    }
    return true;
}

enum exit_code repetition_from_json(json_t *object, struct repetition *repetition)
{
    const char *lock;
    json_t *cpus, *workload;
    json_int_t warmup_ns, window_ns, drain_ns, silence_ns, seed;
    int threads, through_vtable;
    json_error_t error;

    *repetition = (struct repetition){0};
    if (json_unpack_ex(object, &error, 0, "{s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b}",
                       "lock", &lock, "threads", &threads, "cpus", &cpus, "workload", &workload,
                       "warmup_ns", &warmup_ns, "window_ns", &window_ns, "drain_ns", &drain_ns,
                       "silence_ns", &silence_ns, "seed", &seed, "through_vtable",
                       &through_vtable) != 0)
        return complain(EXIT_USAGE, "the request is wrong: %s", error.text);
    if (threads < 1 || threads > PLAN_THREADS_MOST || !cpus_from_json(cpus, repetition) ||
        !workload_from_json(workload, &repetition->workload) || warmup_ns < 0 || window_ns < 1 ||
        drain_ns < 1 || silence_ns < 1)
        return complain(EXIT_USAGE, "the request is wrong: a value is out of its range");
    repetition->threads = (unsigned)threads;
    repetition->warmup_ns = (uint64_t)warmup_ns;
    repetition->window_ns = (uint64_t)window_ns;
    repetition->drain_ns = (uint64_t)drain_ns;
    repetition->silence_ns = (uint64_t)silence_ns;
    repetition->seed = (uint64_t)seed;
    repetition->through_vtable = through_vtable != 0;
    return lock_spec_read(lock, &repetition->lock);
}

/* A result under construction: a number that was not measured is null, and its reason stands in
 * `unmeasured` under its name. */
struct result {
    json_t *object, *unmeasured, *violations;
};

static void unmeasured(struct result *result, json_t *object, const char *name, const char *reason)
{
    json_object_set_new(object, name, json_null());
    json_object_set_new(result->unmeasured, name, json_string(reason));
}

__attribute__((format(printf, 3, 4))) static void violation(struct result *result, const char *kind,
                                                            const char *format, ...)
{
    char detail[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    json_array_append_new(result->violations,
                          json_pack("{s:s, s:s}", "kind", kind, "detail", detail));
}

/* A thread that waited through the whole window has counts of the warm-up only. */
static uint64_t acquisitions_in_window(struct member *member)
{
    return word_load(&member->in_window, acquire)
               ? word_load(&member->worker->acquisitions, relaxed)
               : 0;
}

static void add_acquisitions(struct result *result, struct crew *crew)
{
    json_t *list = json_array();
    uint64_t all = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        uint64_t count = acquisitions_in_window(&crew->members[i]);
        json_array_append_new(list, json_integer((json_int_t)count));
        all += count;
    }
    uint64_t elapsed_ns = crew->end_ns - crew->start_ns;
    json_object_set_new(result->object, "elapsed_ns", json_integer((json_int_t)elapsed_ns));
    json_object_set_new(result->object, "acquisitions", list);
    json_object_set_new(result->object, "throughput",
                        json_real((double)all * 1e9 / (double)elapsed_ns));
}

static void find_hang(struct result *result, const struct crew *crew)
{
    unsigned missing = crew->repetition->threads - crew->departed;

    if (missing > 0 && crew->silence_ns > crew->repetition->silence_ns)
        violation(result, "hang",
                  "%u of %u threads did not come back from the lock, and none moved for %.1f s",
                  missing, crew->repetition->threads, (double)crew->silence_ns / 1e9);
}

/* Returns whether there was one: what a thread did then is counted nowhere. */
static bool find_errors(struct result *result, const struct crew *crew)
{
    const struct member *first = NULL;
    unsigned refused = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        const struct member *member = &crew->members[i];
        if (!word_load(&member->departed, acquire) || member->error == 0)
            continue;
        first = first == NULL ? member : first;
        refused++;
    }
    if (first != NULL)
        violation(result, "error", "the lock returned '%s' to thread %u, and errors to %u in all",
                  strerror(first->error), (unsigned)(first - crew->members), refused);
    return first != NULL;
}

/* The total, and the lock's own state: only with every thread back. */
static void find_lost_counts(struct result *result, struct crew *crew)
{
    const struct lock_ops *ops = crew->repetition->lock.ops;
    uint64_t made = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        made += crew->members[i].worker->all_writes;
    if (crew->guarded->first != made)
        violation(result, "total",
                  "the threads counted %" PRIu64 " times under the lock and %" PRIu64
                  " is what the count came to",
                  made, crew->guarded->first);
    if (!ops->is_idle(crew->lock))
        violation(result, "idle", "the lock is not free after every thread released it");
}

static bool all_are_back(const struct crew *crew)
{
    return crew->departed == crew->repetition->threads;
}

static uint64_t times_torn(const struct crew *crew)
{
    uint64_t torn = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        torn += word_load(&crew->members[i].worker->violations, relaxed);
    return torn;
}

static void add_verification(struct result *result, struct crew *crew)
{
    find_hang(result, crew);
    bool erred = find_errors(result, crew);
    if ((crew->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0) {
        unmeasured(result, result->object, "verified", "this lock promises no exclusion");
        return;
    }
    uint64_t torn = times_torn(crew);
    if (torn > 0)
        violation(result, "exclusion",
                  "%" PRIu64 " times a thread found the guarded pair half written", torn);
    if (all_are_back(crew) && !erred)
        find_lost_counts(result, crew);
    if (!all_are_back(crew) && json_array_size(result->violations) == 0)
        unmeasured(
            result, result->object, "verified",
            "not every thread came back in time after the window: the pair was right at every "
            "look, the total could not be checked");
    else
        json_object_set_new(result->object, "verified",
                            json_boolean(json_array_size(result->violations) == 0));
}

/* The runs of one owner: their mean length is what was written over how often the owner changed. */
static void add_burst(struct result *result, struct crew *crew)
{
    uint64_t writes = 0, bursts = 0, most = 0;

    if ((crew->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0) {
        unmeasured(result, result->object, "burst", "nobody owns a lock that is none");
        return;
    }
    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        const struct worker *worker = crew->members[i].worker;
        writes += worker->writes;
        bursts += worker->bursts;
        most = worker->burst_most > most ? worker->burst_most : most;
    }
    json_object_set_new(result->object, "burst",
                        json_pack("{s:f, s:I}", "mean",
                                  (double)writes / (double)(bursts > 0 ? bursts : 1), "max",
                                  (json_int_t)most));
}

/* What the machine did for and to all threads within the window. */
static void add_usage(struct result *result, json_t *validity, struct crew *crew)
{
    const struct usage *before = &crew->before, *after = &crew->after;
    uint64_t all = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        all += acquisitions_in_window(&crew->members[i]);
    if (all > 0)
        json_object_set_new(result->object, "cpu_ns",
                            json_real((double)(after->cpu_ns - before->cpu_ns) / (double)all));
    else
        unmeasured(result, result->object, "cpu_ns", "there was no acquisition in the window");
    json_object_set_new(validity, "voluntary_switches",
                        json_integer((json_int_t)(after->voluntary - before->voluntary)));
    json_object_set_new(validity, "involuntary_switches",
                        json_integer((json_int_t)(after->involuntary - before->involuntary)));
}

/* The part of the time, from the first thread's start to the last one's end, in which all were at
 * work. Signed: in a window that is short for its threads, one may end before another starts. */
static void add_full_concurrency(json_t *validity, const struct crew *crew)
{
    int64_t first_start = INT64_MAX, last_start = INT64_MIN;
    int64_t first_end = INT64_MAX, last_end = INT64_MIN;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        int64_t start = (int64_t)crew->members[i].start_ns;
        int64_t end = (int64_t)crew->members[i].end_ns;
        first_start = start < first_start ? start : first_start;
        last_start = start > last_start ? start : last_start;
        first_end = end < first_end ? end : first_end;
        last_end = end > last_end ? end : last_end;
    }
    double part = (double)(first_end - last_start) / (double)(last_end - first_start);
    json_object_set_new(validity, "full_concurrency", json_real(part > 0 ? part : 0));
}

/* What the looked-at waits took longer than they were asked to, in nanoseconds; `*count` of them,
 * in a new array. */
static double *overtimes(const struct crew *crew, bool critical, size_t *count)
{
    double *all = calloc((size_t)crew->repetition->threads * DELAY_SAMPLES, sizeof *all);

    *count = 0;
    for (unsigned i = 0; all != NULL && i < crew->repetition->threads; i++) {
        const struct worker *worker = crew->members[i].worker;
        const struct delay_samples *samples = critical ? &worker->critical : &worker->outside;
        for (unsigned j = 0; j < DELAY_SAMPLES && j < samples->taken; j++)
            all[(*count)++] = (double)samples->sample[j].took_ns - (double)crew->clock_cost_ns -
                              (double)samples->sample[j].asked_ns;
    }
    return all;
}

/* What a wait really took, on average: what was asked for, and the mean overtime without the tenth
 * at either end, where the preempted waits are. */
static void add_achieved(struct result *result, json_t *validity, const char *name,
                         const struct crew *crew, bool critical)
{
    const struct workload *workload = &crew->repetition->workload;
    const struct delay *delay = critical ? &workload->critical : &workload->outside;
    size_t count;
    double *all = overtimes(crew, critical, &count);

    if (delay->high_ns == 0) {
        unmeasured(result, validity, name, "no such work was asked for");
    } else if (count == 0) {
        unmeasured(result, validity, name, "too few turns were made to look at one");
    } else {
        double overtime = 0;
        statistics_sort(all, count);
        for (size_t i = count / 10; i < count - count / 10; i++)
            overtime += all[i];
        overtime /= (double)(count - 2 * (count / 10));
        json_object_set_new(validity, name, json_real(delay_mean(delay) + overtime));
    }
    free(all);
}

static void add_place(struct result *result, json_t *validity, const struct crew *crew)
{
    bool stayed = true, known = true;
    uint64_t migrations = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        stayed = stayed && crew->members[i].stayed;
        known = known && crew->members[i].migrations_known;
        migrations += crew->members[i].migrations;
    }
    json_object_set_new(validity, "pinned", json_boolean(stayed));
    if (known)
        json_object_set_new(validity, "migrations", json_integer((json_int_t)migrations));
    else
        unmeasured(result, validity, "migrations", "this kernel does not show /proc/PID/sched");
}

static void add_machine(struct result *result, json_t *validity, struct crew *crew)
{
    uint64_t overrun_ns = crew->end_ns - crew->start_ns - crew->repetition->window_ns;

    add_usage(result, validity, crew);
    json_object_set_new(validity, "window_overrun_ns", json_integer((json_int_t)overrun_ns));
    if (crew->steal_known)
        json_object_set_new(validity, "steal_ns", json_integer((json_int_t)crew->steal_ns));
    else
        unmeasured(result, validity, "steal_ns", "/proc/stat does not show these CPUs");
    json_object_set_new(validity, "spin_turns_per_ns",
                        json_pack("{s:f, s:f, s:f}", "median", crew->spin_rate, "min",
                                  crew->spin_rate_least, "max", crew->spin_rate_most));
}

static void add_what_threads_found(struct result *result, json_t *validity, struct crew *crew)
{
    add_burst(result, crew);
    add_full_concurrency(validity, crew);
    add_place(result, validity, crew);
    add_achieved(result, validity, "critical_ns", crew, true);
    add_achieved(result, validity, "outside_ns", crew, false);
}

static void nothing_found(struct result *result, json_t *validity)
{
    static const char *const names[] = {"full_concurrency", "pinned", "migrations", "critical_ns",
                                        "outside_ns"};
    const char *reason = "not every thread came back in time after the window";

    unmeasured(result, result->object, "burst", reason);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unmeasured(result, validity, names[i], reason);
}

json_t *repetition_result(struct crew *crew)
{
    struct result result = {json_object(), json_object(), json_array()};
    json_t *validity = json_object();

    add_acquisitions(&result, crew);
    add_verification(&result, crew);
    if (all_are_back(crew))
        add_what_threads_found(&result, validity, crew);
    else
        nothing_found(&result, validity);
    add_machine(&result, validity, crew);
    json_object_set_new(validity, "threads_back", json_integer(crew->departed));
    json_object_set_new(result.object, "validity", validity);
    json_object_set_new(result.object, "unmeasured", result.unmeasured);
    json_object_set_new(result.object, "violations", result.violations);
    return result.object;
}
