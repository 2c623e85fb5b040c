#include "bench/native/report.h"

#include <stdlib.h>

#include "bench/native/counters/report.h"
#include "bench/result.h"

/* A thread that waited through the whole window has counts of the warm-up only. */
static uint64_t acquisitions_in_window(struct member *member)
{
    return word_load(&member->in_window, acquire)
               ? word_load(&member->worker->acquisitions, relaxed)
               : 0;
}

static void find_thread(struct member *member, struct thread_findings *thread)
{
    const struct worker *worker = member->worker;

    *thread = (struct thread_findings){
        .acquisitions = acquisitions_in_window(member),
        .back = word_load(&member->departed, acquire),
        .critical = &worker->critical,
        .outside = &worker->outside,
    };
    if (!thread->back)
        return;
    thread->error = member->error;
    if (workload_is_nested(&member->crew->repetition->workload))
        thread->order = member->crew->nested.refusals[member - member->crew->members];
    thread->writes = worker->writes;
    thread->bursts = worker->bursts;
    thread->burst_most = worker->burst_most;
    thread->retries = worker->retries;
    thread->start_ns = member->start_ns;
    thread->end_ns = member->end_ns;
}

/* The total and the lock's own state are looked at only when no thread can be at them any more. */
static void find_all(struct crew *crew, struct findings *findings)
{
    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        struct member *member = &crew->members[i];
        find_thread(member, &findings->threads[i]);
        findings->torn += word_load(&member->worker->violations, relaxed);
        if (crew->departed == crew->repetition->threads)
            findings->written += member->worker->all_writes;
    }
    if (crew->departed == crew->repetition->threads) {
        findings->counted = word_load(&crew->published, relaxed)->first;
        findings_ask_lock(findings, crew->ops, crew->lock);
    }
}

static void add_place(struct result *result, const struct crew *crew)
{
    bool stayed = true, known = true;
    uint64_t migrations = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        stayed = stayed && crew->members[i].stayed;
        known = known && crew->members[i].migrations_known;
        migrations += crew->members[i].migrations;
    }
    json_object_set_new(result->validity, "pinned", json_boolean(stayed));
    if (known)
        json_object_set_new(result->validity, "migrations", json_integer((json_int_t)migrations));
    else
        result_unmeasured(result, result->validity, "migrations",
                          "this kernel does not show /proc/PID/sched");
}

static void add_no_place(struct result *result)
{
    const char *reason = "not every thread came back in time after the window";

    result_unmeasured(result, result->validity, "pinned", reason);
    result_unmeasured(result, result->validity, "migrations", reason);
}

static void add_machine(struct result *result, const struct crew *crew)
{
    uint64_t overrun_ns = crew->end_ns - crew->start_ns - crew->repetition->window_ns;

    json_object_set_new(result->validity, "window_overrun_ns",
                        json_integer((json_int_t)overrun_ns));
    if (crew->steal_known)
        json_object_set_new(result->validity, "steal_ns", json_integer((json_int_t)crew->steal_ns));
    else
        result_unmeasured(result, result->validity, "steal_ns",
                          "/proc/stat does not show these CPUs");
    json_object_set_new(result->validity, "spin_turns_per_ns",
                        json_pack("{s:f, s:f, s:f}", "median", crew->spin_rate, "min",
                                  crew->spin_rate_least, "max", crew->spin_rate_most));
}

/* Why there is no stream of owners; NULL: there can be one. */
static const char *no_owners(const struct crew *crew)
{
    if (!passes_has(crew->repetition->passes, OBSERVE_OWNERS))
        return "not asked for: --passes without owners";
    if ((crew->repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        return "nobody owns a lock that is none";
    if (crew->departed < crew->repetition->threads)
        return "not every thread came back in time after the window";
    return NULL;
}

static bool merge_owners(const struct crew *crew, struct owner_stream *stream)
{
    const unsigned threads = crew->repetition->threads;
    const struct owner_log **logs = calloc(threads, sizeof *logs);

    for (unsigned i = 0; logs != NULL && i < threads; i++)
        logs[i] = &crew->members[i].worker->owners;
    bool merged = logs != NULL && owner_stream_merge(logs, threads, stream);
    free(logs);
    return merged;
}

json_t *native_report(struct crew *crew)
{
    struct owner_stream owners = {0};
    struct findings findings = {
        .repetition = crew->repetition,
        .threads = calloc(crew->repetition->threads, sizeof *findings.threads),
        .elapsed_ns = crew->end_ns - crew->start_ns,
        .back = crew->departed,
        .silence_ns = crew->silence_ns,
        .clock_cost_ns = crew->clock_cost_ns,
        .irql_ns = crew->irql_ns,
        .owners = &owners,
        .owners_unmeasured = no_owners(crew),
        .cpu_ns = crew->after.cpu_ns - crew->before.cpu_ns,
        .voluntary = crew->after.voluntary - crew->before.voluntary,
        .involuntary = crew->after.involuntary - crew->before.involuntary,
        .switches_unmeasured =
            crew->switches_unknown ? "this kernel does not show /proc/PID/task" : NULL,
    };

    if (findings.threads == NULL)
        return NULL;
    find_all(crew, &findings);
    if (findings.owners_unmeasured == NULL && !merge_owners(crew, &owners))
        findings.owners_unmeasured = "there was not enough memory for the stream of owners";
    struct result result = result_begin(&findings);
    if (crew->departed == crew->repetition->threads)
        add_place(&result, crew);
    else
        add_no_place(&result);
    add_machine(&result, crew);
    counters_report(&result, crew);
    free(findings.threads);
    owner_stream_free(&owners);
    return result_end(&result);
}
