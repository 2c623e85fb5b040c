#include "bench/result.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/busy_time.h"
#include "bench/opportunity.h"

void result_unmeasured(struct result *result, json_t *object, const char *name, const char *reason)
{
    json_object_set_new(object, name, json_null());
    json_object_set_new(result->unmeasured, name, json_string(reason));
}

void result_violation(struct result *result, const char *kind, const char *format, ...)
{
    char detail[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    json_array_append_new(result->violations,
                          json_pack("{s:s, s:s}", "kind", kind, "detail", detail));
}

void result_throughput(struct result *result, uint64_t operations, uint64_t elapsed_ns)
{
    static const char *const names[] = {"elapsed_ns", "throughput"};

    if (elapsed_ns > 0) {
        json_object_set_new(result->object, "elapsed_ns", json_integer((json_int_t)elapsed_ns));
        json_object_set_new(result->object, "throughput",
                            json_real((double)operations * 1e9 / (double)elapsed_ns));
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        result_unmeasured(result, result->object, names[i],
                          "the clock went backwards within the window");
}

static uint64_t all_acquisitions(const struct findings *findings)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < findings->repetition->threads; i++)
        all += findings->threads[i].acquisitions;
    return all;
}

static void add_acquisitions(struct result *result, const struct findings *findings)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < findings->repetition->threads; i++)
        json_array_append_new(list, json_integer((json_int_t)findings->threads[i].acquisitions));
    result_throughput(result, all_acquisitions(findings), findings->elapsed_ns);
    json_object_set_new(result->object, "acquisitions", list);
}

static bool all_are_back(const struct findings *findings)
{
    return findings->back == findings->repetition->threads;
}

static void find_hang(struct result *result, const struct findings *findings)
{
    unsigned missing = findings->repetition->threads - findings->back;

    if (missing > 0 && findings->silence_ns > findings->repetition->silence_ns)
        result_violation(
            result, "hang",
            "%u of %u threads did not come back from the lock, and none moved for %.1f s", missing,
            findings->repetition->threads, (double)findings->silence_ns / 1e9);
}

static void find_disorder(struct result *result, const struct findings *findings)
{
    unsigned first = 0, refused = 0;

    for (unsigned i = 0; i < findings->repetition->threads; i++) {
        if (!findings->threads[i].back || !findings->threads[i].order.refused)
            continue;
        first = refused == 0 ? i : first;
        refused++;
    }
    if (refused > 0)
        result_violation(result, "order",
                         "thread %u asked for the lock of rank %u while it held that of rank %u, "
                         "and was refused before it could wait; such threads in all: %u",
                         first, findings->threads[first].order.asked,
                         findings->threads[first].order.held, refused);
}

/* Returns whether there was one: what a thread did then is counted nowhere. */
static bool find_errors(struct result *result, const struct findings *findings)
{
    unsigned first = 0, refused = 0;

    for (unsigned i = 0; i < findings->repetition->threads; i++) {
        const struct thread_findings *thread = &findings->threads[i];
        if (!thread->back || thread->error == 0 || thread->order.refused)
            continue;
        first = refused == 0 ? i : first;
        refused++;
    }
    if (refused > 0)
        result_violation(result, "error",
                         "the lock returned '%s' to thread %u, and errors to %u in all",
                         strerror(findings->threads[first].error), first, refused);
    return refused > 0;
}

/* The total, and the lock's own state: only with every thread back. */
static void find_lost_counts(struct result *result, const struct findings *findings)
{
    if (findings->counted != findings->written)
        result_violation(result, "total",
                         "the threads counted %" PRIu64 " times under the lock and %" PRIu64
                         " is what the count came to",
                         findings->written, findings->counted);
    if (!findings->idle)
        result_violation(result, "idle", "the lock is not free after every thread released it");
}

static void find_violations(struct result *result, const struct findings *findings)
{
    find_hang(result, findings);
    find_disorder(result, findings);
    bool erred = find_errors(result, findings);
    if ((findings->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        return;
    if (findings->torn > 0)
        result_violation(result, "exclusion",
                         "%" PRIu64 " times a thread found the guarded pair half written",
                         findings->torn);
    if (findings->overlaps > 0)
        result_violation(result, "exclusion",
                         "%" PRIu64 " times a thread got the lock while another one had it",
                         findings->overlaps);
    if (all_are_back(findings) && !erred)
        find_lost_counts(result, findings);
}

/* What is to be said of the whole, when all violations are known. */
static void add_verdict(struct result *result)
{
    if ((result->findings->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        result_unmeasured(result, result->object, "verified", "this lock promises no exclusion");
    else if (json_array_size(result->violations) == 0 && !all_are_back(result->findings))
        result_unmeasured(
            result, result->object, "verified",
            "not every thread came back in time after the window: the pair was right at every "
            "look, the total could not be checked");
    else
        json_object_set_new(result->object, "verified",
                            json_boolean(json_array_size(result->violations) == 0));
}

/* The runs of one owner: their mean length is what was written over how often the owner changed. */
static void add_burst(struct result *result, const struct findings *findings)
{
    uint64_t writes = 0, bursts = 0, most = 0;

    if ((findings->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0) {
        result_unmeasured(result, result->object, "burst", "nobody owns a lock that is none");
        return;
    }
    if (workload_has_choice(&findings->repetition->workload)) {
        result_unmeasured(result, result->object, "burst",
                          "it is that of one lock, and each turn took one of several");
        return;
    }
    for (unsigned i = 0; i < findings->repetition->threads; i++) {
        const struct thread_findings *thread = &findings->threads[i];
        writes += thread->writes;
        bursts += thread->bursts;
        most = thread->burst_most > most ? thread->burst_most : most;
    }
    if (writes == 0) {
        result_unmeasured(result, result->object, "burst",
                          "there was no exclusive acquisition in the window");
        return;
    }
    json_object_set_new(result->object, "burst",
                        json_pack("{s:f, s:I}", "mean",
                                  (double)writes / (double)(bursts > 0 ? bursts : 1), "max",
                                  (json_int_t)most));
}

static void add_retries(struct result *result, const struct findings *findings)
{
    uint64_t retries = 0;

    if ((findings->repetition->lock.ops->traits & LOCK_READERS_RETRY) == 0) {
        result_unmeasured(result, result->object, "retries",
                          "the readers of this lock never have to read again");
        return;
    }
    for (unsigned i = 0; i < findings->repetition->threads; i++)
        retries += findings->threads[i].retries;
    json_object_set_new(result->object, "retries", json_integer((json_int_t)retries));
}

static void add_per_acquisition(struct result *result, const char *name, uint64_t number,
                                const char *unmeasured)
{
    uint64_t all = all_acquisitions(result->findings);

    if (unmeasured == NULL && all == 0)
        unmeasured = "there was no acquisition in the window";
    if (unmeasured != NULL)
        result_unmeasured(result, result->object, name, unmeasured);
    else
        json_object_set_new(result->object, name, json_real((double)number / (double)all));
}

/* What the machine did for and to all threads within the window. */
static void add_usage(struct result *result, const struct findings *findings)
{
    add_per_acquisition(result, "cpu_ns", findings->cpu_ns, NULL);
    add_per_acquisition(result, "futex_calls", findings->futex_calls,
                        findings->futex_calls_unmeasured);
    if (findings->switches_unmeasured != NULL) {
        result_unmeasured(result, result->validity, "voluntary_switches",
                          findings->switches_unmeasured);
        result_unmeasured(result, result->validity, "involuntary_switches",
                          findings->switches_unmeasured);
        return;
    }
    json_object_set_new(result->validity, "voluntary_switches",
                        json_integer((json_int_t)findings->voluntary));
    json_object_set_new(result->validity, "involuntary_switches",
                        json_integer((json_int_t)findings->involuntary));
}

static void add_lock_stats(struct result *result, const struct findings *findings)
{
    json_t *object;

    if (findings->repetition->lock.ops->stats == NULL) {
        result_unmeasured(result, result->object, "lock_stats", "this lock counts nothing");
        return;
    }
    object = json_object();
    for (unsigned i = 0; i < findings->stats_count; i++)
        json_object_set_new(object, findings->stats[i].name,
                            json_integer((json_int_t)findings->stats[i].value));
    json_object_set_new(result->object, "lock_stats", object);
}

/* The part of the time, from the first thread's start to the last one's end, in which all were at
 * work. Signed: in a window that is short for its threads, one may end before another starts. */
static void add_full_concurrency(struct result *result, const struct findings *findings)
{
    int64_t first_start = INT64_MAX, last_start = INT64_MIN;
    int64_t first_end = INT64_MAX, last_end = INT64_MIN;

    for (unsigned i = 0; i < findings->repetition->threads; i++) {
        int64_t start = (int64_t)findings->threads[i].start_ns;
        int64_t end = (int64_t)findings->threads[i].end_ns;
        first_start = start < first_start ? start : first_start;
        last_start = start > last_start ? start : last_start;
        first_end = end < first_end ? end : first_end;
        last_end = end > last_end ? end : last_end;
    }
    if (last_end <= first_start) {
        result_unmeasured(result, result->validity, "full_concurrency",
                          "the clock went backwards within the window");
        return;
    }
    double part = (double)(first_end - last_start) / (double)(last_end - first_start);
    json_object_set_new(result->validity, "full_concurrency", json_real(part > 0 ? part : 0));
}

/* What a busy time really took, on average: what was asked for, and the mean overtime. */
static void add_achieved(struct result *result, const char *name, const struct delay *delay,
                         double overtime)
{
    if (delay->high_ns == 0)
        result_unmeasured(result, result->validity, name, "no such work was asked for");
    else if (isnan(overtime))
        result_unmeasured(result, result->validity, name, "too few turns were made to look at one");
    else
        json_object_set_new(result->validity, name, json_real(delay_mean(delay) + overtime));
}

static void add_busy_times(struct result *result, const struct findings *findings)
{
    const struct workload *workload = &findings->repetition->workload;
    const unsigned threads = findings->repetition->threads;
    const unsigned hogs = workload->hogs < threads ? workload->hogs : threads;

    add_achieved(result, "critical_ns", &workload->critical,
                 busy_overtime_ns(findings, true, hogs, threads));
    add_achieved(result, "outside_ns", &workload->outside,
                 busy_overtime_ns(findings, false, 0, threads));
    if (hogs > 0)
        add_achieved(result, "hog_critical_ns", &workload->hog_critical,
                     busy_overtime_ns(findings, true, 0, hogs));
}

static void add_number(struct result *result, const char *name, double value, const char *reason)
{
    if (isnan(value))
        result_unmeasured(result, result->object, name, reason);
    else
        json_object_set_new(result->object, name, json_real(value));
}

/* From the stream of owners. */
static void add_owners(struct result *result, const struct findings *findings)
{
    static const char *const names[] = {"owners", "lwss", "mttr", "max_gap"};
    const char *reason = findings->owners_unmeasured;
    struct owner_metrics metrics;

    if (reason == NULL &&
        !owner_stream_measure(findings->owners, findings->repetition->threads, &metrics))
        reason = "there was not enough memory for the stream of owners";
    if (reason != NULL) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            result_unmeasured(result, result->object, names[i], reason);
        return;
    }
    json_object_set_new(result->object, "owners",
                        json_pack("{s:I, s:I}", "noted", (json_int_t)findings->owners->count,
                                  "windows", (json_int_t)metrics.windows));
    if (isnan(metrics.lwss_mean))
        result_unmeasured(result, result->object, "lwss",
                          "ten acquisitions a thread in a row were not seen");
    else
        json_object_set_new(result->object, "lwss",
                            json_pack("{s:I, s:f, s:f}", "window", (json_int_t)metrics.window,
                                      "mean", metrics.lwss_mean, "median", metrics.lwss_median));
    add_number(result, "mttr", metrics.mttr, "no thread was seen to have the lock twice");
    add_number(result, "max_gap", metrics.max_gap == 0 ? NAN : (double)metrics.max_gap,
               "no exclusive acquisition was seen");
}

/* Why there is no such time, or NULL. */
static const char *no_latency(const struct findings *findings, int way, enum latency latency)
{
    const struct repetition *repetition = findings->repetition;

    if (findings->latencies_unmeasured != NULL)
        return findings->latencies_unmeasured;
    if (way == LATENCIES_SHARED && repetition->workload.readers == 0)
        return "no thread reads";
    if (way == LATENCIES_SHARED && repetition->lock.ops->acquire_shared == NULL)
        return "this lock knows no readers: their times are among the others";
    if (latency == LATENCY_HANDOFF && findings->handoffs_unmeasured != NULL)
        return findings->handoffs_unmeasured;
    if (findings->latencies[way].of[latency].count > 0)
        return NULL;
    return latency == LATENCY_HANDOFF ? "nobody who was looked at waited for another one"
                                      : "there was no acquisition to look at";
}

static json_t *latency_to_json(const struct findings *findings, int way, enum latency latency)
{
    json_t *object = latencies_to_json(&findings->latencies[way], latency);

    json_object_set_new(object, "stride", json_integer((json_int_t)findings->latency_stride));
    return object;
}

static void add_latencies(struct result *result, const struct findings *findings)
{
    for (int way = 0; way < LATENCIES_WAYS; way++) {
        for (unsigned i = 0; i < LATENCIES; i++) {
            const char *reason = no_latency(findings, way, (enum latency)i);
            if (reason != NULL)
                result_unmeasured(result, result->object, latency_fields[way][i], reason);
            else
                json_object_set_new(result->object, latency_fields[way][i],
                                    latency_to_json(findings, way, (enum latency)i));
        }
    }
}

/* Why nothing is known of the holders' CPUs, or NULL. */
static const char *no_holder(const struct findings *findings)
{
    const struct latencies *latencies = findings->latencies;

    if (findings->latencies_unmeasured != NULL)
        return findings->latencies_unmeasured;
    if ((findings->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        return "nobody owns a lock that is none";
    if (latencies[LATENCIES_EXCLUSIVE].of[LATENCY_HOLD].count +
            latencies[LATENCIES_SHARED].of[LATENCY_HOLD].count ==
        0)
        return "there was no acquisition to look at";
    return NULL;
}

/* A part of all holds that were timed, however the lock was taken: by number, or by time. */
static double part_of_holds(const struct findings *findings, bool of_time)
{
    double part = 0, all = 0;

    for (int way = 0; way < LATENCIES_WAYS; way++) {
        const struct latencies *latencies = &findings->latencies[way];
        const struct histogram *holds = &latencies->of[LATENCY_HOLD];
        part += (double)(of_time ? latencies->off_cpu_ns : latencies->preempted);
        all += (double)(of_time ? holds->sum : holds->count);
    }
    return part / all;
}

static void add_holder(struct result *result, const struct findings *findings)
{
    const struct {
        const char *name, *reason;
    } parts[] = {{"holder_preempted", findings->preempted_unmeasured},
                 {"holder_off_cpu", findings->off_cpu_unmeasured}};

    for (int i = 0; i < 2; i++) {
        const char *reason = no_holder(findings);
        reason = reason == NULL ? parts[i].reason : reason;
        add_number(result, parts[i].name, reason != NULL ? NAN : part_of_holds(findings, i == 1),
                   reason != NULL ? reason : "the holds took no time");
    }
}

static void add_irql(struct result *result, const struct findings *findings)
{
    if (findings->repetition->workload.irql == IRQL_NONE)
        result_unmeasured(result, result->object, "irql_ns", "no irql was raised");
    else
        json_object_set_new(result->object, "irql_ns", json_real(findings->irql_ns));
}

static void nothing_found(struct result *result, const struct findings *findings)
{
    static const char *const names[] = {"full_concurrency", "critical_ns", "outside_ns",
                                        "hog_critical_ns"};
    const size_t count =
        sizeof names / sizeof names[0] - (findings->repetition->workload.hogs == 0);
    const char *reason = "not every thread came back in time after the window";

    result_unmeasured(result, result->object, "burst", reason);
    result_unmeasured(result, result->object, "retries", reason);
    result_unmeasured(result, result->object, "lock_stats", reason);
    for (size_t i = 0; i < count; i++)
        result_unmeasured(result, result->validity, names[i], reason);
}

struct result result_begin(const struct findings *findings)
{
    struct result result = {findings, json_object(), json_object(), json_object(), json_array()};

    add_acquisitions(&result, findings);
    find_violations(&result, findings);
    if (all_are_back(findings)) {
        add_burst(&result, findings);
        add_retries(&result, findings);
        add_lock_stats(&result, findings);
        add_full_concurrency(&result, findings);
        add_busy_times(&result, findings);
    } else {
        nothing_found(&result, findings);
    }
    opportunity_add(&result, findings);
    add_usage(&result, findings);
    add_owners(&result, findings);
    add_latencies(&result, findings);
    add_holder(&result, findings);
    add_irql(&result, findings);
    json_object_set_new(result.validity, "threads_back", json_integer(findings->back));
    return result;
}

json_t *result_end(struct result *result)
{
    add_verdict(result);
    json_object_set_new(result->object, "validity", result->validity);
    json_object_set_new(result->object, "unmeasured", result->unmeasured);
    json_object_set_new(result->object, "violations", result->violations);
    return result->object;
}
