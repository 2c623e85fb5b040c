#include "bench/native/report.h"

#include <stdlib.h>

#include "bench/allocate.h"
#include "bench/native/counters/report.h"
#include "bench/native/crew_phases.h"
#include "bench/native/irql.h"
#include "bench/clock_span.h"
#include "bench/result.h"

/* A thread that waited through the whole window has counts of the warm-up only. */
static uint64_t acquisitions_in_window(struct member *member)
{
    return word_load(&member->in_window, acquire)
               ? word_load(&member->worker->acquisitions, relaxed)
               : 0;
}

/* The part of a hold that lies in the window. */
static uint64_t part_in_window(const struct crew *crew, const struct hold *hold)
{
    uint64_t since = hold->since_ns > crew->start_ns ? hold->since_ns : crew->start_ns;
    uint64_t until = hold->until_ns < crew->end_ns ? hold->until_ns : crew->end_ns;

    return until > since ? until - since : 0;
}

/* One that had the lock, or waited for it, through the whole window has counts of what was before.
 */
static uint64_t held_in_window(struct member *member)
{
    const struct worker *worker = member->worker;
    uint64_t last_ns = part_in_window(member->crew, &worker->last_hold);

    if (!word_load(&member->in_window, acquire))
        return last_ns;
    return worker->held_ns + part_in_window(member->crew, &worker->first_hold) + last_ns;
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
    thread->held_ns = held_in_window(member);
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
        for (unsigned i = 0; i < crew->layout.count; i++) {
            const char *guarded = (const char *)word_load(&crew->published, relaxed) +
                                  i * crew->layout.guarded_stride;
            findings->counted += ((const struct guarded *)guarded)->first;
        }
        findings_ask_locks(findings, crew->ops, crew->lock, crew->layout.lock_stride,
                           crew->layout.count);
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

/* How many latencies a worker has. */
static int ways_timed(const struct crew *crew)
{
    if (!passes_has(crew->repetition->passes, OBSERVE_LATENCY))
        return 0;
    return crew->repetition->workload.readers > 0 ? LATENCIES_WAYS : 1;
}

/* Of one thread, which looked at its clock after the leader had at the begin of the window, and
 * again after the leader had at its end. */
static uint64_t clock_backwards_at(const struct crew *crew, const struct member *member)
{
    uint64_t backwards = member->worker->critical.backwards + member->worker->outside.backwards;

    for (int way = 0; way < ways_timed(crew); way++)
        backwards += member->worker->latencies[way].backwards;

    clock_span(crew->start_ns, member->start_ns, &backwards);
    clock_span(member->start_ns, member->end_ns, &backwards);
    if (member->error == 0)
        clock_span(crew->end_ns, member->end_ns, &backwards);
    return backwards;
}

/* How often it was seen to. The leader wakes when the planned end has come, by the same clock. */
static uint64_t clock_backwards(struct crew *crew)
{
    uint64_t backwards = 0;

    clock_span(crew->start_ns + crew->repetition->window_ns, crew->end_ns, &backwards);
    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        struct member *member = &crew->members[i];
        if (word_load(&member->departed, acquire) && word_load(&member->in_window, acquire))
            backwards += clock_backwards_at(crew, member);
    }
    return backwards;
}

static void add_machine(struct result *result, struct crew *crew)
{
    uint64_t planned_end_ns = crew->start_ns + crew->repetition->window_ns;

    if (crew->end_ns >= planned_end_ns)
        json_object_set_new(result->validity, "window_overrun_ns",
                            json_integer((json_int_t)(crew->end_ns - planned_end_ns)));
    else
        result_unmeasured(result, result->validity, "window_overrun_ns",
                          "the clock went backwards within the window");
    json_object_set_new(result->validity, "clock_backwards",
                        json_integer((json_int_t)clock_backwards(crew)));
    surroundings_report(result, &crew->around_before, &crew->around_after,
                        result->findings->cpu_ns);
    json_object_set_new(result->validity, "spin_turns_per_ns",
                        json_pack("{s:f, s:f, s:f}", "median", crew->spin_rate, "min",
                                  crew->spin_rate_least, "max", crew->spin_rate_most));
}

/* What the loops of the passes can't do. */
static const char *no_passes(const struct repetition *repetition)
{
    if (workload_has_choice(&repetition->workload))
        return "it is that of one lock, and each turn took one of several";
    if (repetition->workload.own_lines > 0)
        return "passes write no lines of the threads' own";
    return NULL;
}

/* Why it is not seen how long threads had the lock; NULL: it is. Where readers have it at the same
 * time, it is not known how long nobody had it. */
static const char *holds_unseen(const struct repetition *repetition)
{
    const struct workload *workload = &repetition->workload;

    if (workload->irql != IRQL_NONE && !irql_is_held(workload->irql))
        return "loops that raise an irql don't look for how long they have the lock";
    if (workload->readers > 0 && repetition->lock.ops->acquire_shared != NULL)
        return "readers have the lock at the same time: how long nobody had it is not known";
    return NULL;
}

/* Why there is no stream of owners; NULL: there can be one. */
static const char *no_owners(const struct crew *crew)
{
    if (no_passes(crew->repetition) != NULL)
        return no_passes(crew->repetition);
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

static const char *no_latencies(const struct crew *crew)
{
    if (no_passes(crew->repetition) != NULL)
        return no_passes(crew->repetition);
    if (!passes_has(crew->repetition->passes, OBSERVE_LATENCY))
        return "not asked for: --passes without latency";
    if (crew->departed < crew->repetition->threads)
        return "not every thread came back in time after the window";
    return NULL;
}

/* Of all threads. */
static bool merge_latencies(const struct crew *crew, struct latencies *all)
{
    const int ways = ways_timed(crew);
    bool merged = true;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        for (int way = 0; way < ways; way++)
            merged = latencies_merge(&all[way], &crew->members[i].worker->latencies[way]) && merged;
    }
    return merged;
}

static void add_clock(struct result *result, const struct crew *crew)
{
    const struct clock_check *clocks = &crew->repetition->clocks;

    json_object_set_new(result->validity, "clock_cost_ns",
                        json_integer((json_int_t)crew->clock_cost.median));
    json_object_set_new(result->validity, "clock_cost_min_ns",
                        json_integer((json_int_t)crew->clock_cost.least));
    if (result->findings->latencies_unmeasured != NULL || crew->repetition->threads == 1)
        result_unmeasured(result, result->validity, "clocks_within_ns",
                          "no times of two CPUs are compared");
    else if (clocks->verdict != CLOCKS_AGREE)
        result_unmeasured(result, result->validity, "clocks_within_ns", clocks->reason);
    else
        json_object_set_new(result->validity, "clocks_within_ns",
                            json_integer((json_int_t)clocks->within_ns));
}

json_t *native_report(struct crew *crew)
{
    struct owner_stream owners = {0};
    struct latencies *latencies =
        allocate_zeroed(_Alignof(struct latencies), LATENCIES_WAYS * sizeof *latencies);
    struct findings findings = {
        .repetition = crew->repetition,
        .threads = calloc(crew->repetition->threads, sizeof *findings.threads),
        .elapsed_ns = crew->end_ns > crew->start_ns ? crew->end_ns - crew->start_ns : 0,
        .back = crew->departed,
        .silence_ns = crew->silence_ns,
        .clock_cost_ns = crew->clock_cost.median,
        .holds_unseen = holds_unseen(crew->repetition),
        .irql_ns = crew->irql_ns,
        .owners = &owners,
        .owners_unmeasured = no_owners(crew),
        .latencies = latencies,
        .latency_stride = crew->watch.stride,
        .latencies_unmeasured = no_latencies(crew),
        .handoffs_unmeasured = crew_no_handoffs(crew),
        .preempted_unmeasured = crew->no_preemptions,
        .off_cpu_unmeasured =
            "on real cores it is seen whether a holder lost its CPU, and not for "
            "how long",
        .cpu_ns = crew->after.cpu_ns - crew->before.cpu_ns,
        .voluntary = crew->after.voluntary - crew->before.voluntary,
        .involuntary = crew->after.involuntary - crew->before.involuntary,
        .futex_calls = crew->after.futex_calls - crew->before.futex_calls,
        .futex_calls_unmeasured = (crew->repetition->lock.ops->traits & LOCK_NATIVE_ONLY) != 0
                                      ? "this lock is of a library, whose futex calls are not seen"
                                      : NULL,
        .switches_unmeasured =
            crew->switches_unknown ? "this kernel does not show /proc/PID/task" : NULL,
    };

    if (findings.threads == NULL)
        return NULL;
    find_all(crew, &findings);
    if (findings.owners_unmeasured == NULL && findings.torn > 0)
        findings.owners_unmeasured = "the lock let several threads in at once";
    if (findings.owners_unmeasured == NULL && !merge_owners(crew, &owners))
        findings.owners_unmeasured = "there was not enough memory for the stream of owners";
    if (findings.latencies_unmeasured == NULL && !merge_latencies(crew, latencies))
        findings.latencies_unmeasured = "the times are more than can be counted";
    struct result result = result_begin(&findings);
    if (crew->departed == crew->repetition->threads)
        add_place(&result, crew);
    else
        add_no_place(&result);
    add_machine(&result, crew);
    add_clock(&result, crew);
    counters_report(&result, crew);
    if (memory_is_asked_for(&crew->repetition->workload.memory))
        lock_memory_report(&result, &crew->memory, crew->storage, &crew->layout);
    free(findings.threads);
    owner_stream_free(&owners);
    free(latencies);
    return result_end(&result);
}
