#include <inttypes.h>
#include <string.h>

#include "bench/native/exchange.h"
#include "bench/result.h"

static bool all_are_back(const struct exchange_crew *crew)
{
    return crew->departed == crew->repetition->threads;
}

/* Of a thread that hangs nothing can be said. */
static struct exchange_faults all_faults(struct exchange_crew *crew)
{
    struct exchange_faults all = {0};

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        const struct exchange_faults *one = &crew->parties[i].faults;
        if (!word_load(&crew->parties[i].departed, acquire))
            continue;
        all.early += one->early;
        all.repeated += one->repeated;
        all.dropped += one->dropped;
        all.index += one->index;
        all.order += one->order;
        all.error = all.error != 0 ? all.error : one->error;
    }
    return all;
}

/* Nothing is promised by a lock that is none. */
static bool is_unverified(const struct exchange_crew *crew)
{
    const struct lock_ops *lock = crew->repetition->lock.ops;

    return lock != NULL && (lock->traits & LOCK_UNVERIFIED) != 0;
}

/* Through a lock that excludes, no count is lost. */
static void find_lost_counts(struct result *result, const struct exchange_crew *crew)
{
    uint64_t acquisitions = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        acquisitions += crew->parties[i].acquisitions;
    if (crew->counted != acquisitions)
        result_violation(result, "total",
                         "the threads counted %" PRIu64 " times under the lock and %" PRIu64
                         " is what the count came to",
                         acquisitions, crew->counted);
}

/* Each thread receives what another one sent; of a notification event, each waiter every set. */
static void find_lost(struct result *result, const struct exchange_crew *crew)
{
    uint64_t sent = 0, received = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        sent += crew->parties[i].sent;
        received += crew->parties[i].received;
    }
    if (crew->repetition->workload.exchange == EXCHANGE_BROADCAST)
        sent *= crew->repetition->threads - 1;
    if (sent != received)
        result_violation(result, "total",
                         "%" PRIu64 " signals were to be received, %" PRIu64 " were", sent,
                         received);
    if (crew->repetition->workload.exchange == EXCHANGE_HANDOFF && crew->ball != sent)
        result_violation(result, "total",
                         "the threads handed over %" PRIu64 " times, and %" PRIu64
                         " is what the count came to",
                         sent, crew->ball);
}

static void find_violations(struct result *result, struct exchange_crew *crew)
{
    const bool timer = crew->repetition->workload.exchange == EXCHANGE_TIMER;
    struct exchange_faults faults = all_faults(crew);

    if (!all_are_back(crew))
        result_violation(result, "hang", "no signal came through for %.1f s: one was lost",
                         (double)crew->silence_ns / 1e9);
    if (faults.error != 0)
        result_violation(result, "error", "it returned '%s'", strerror(faults.error));
    if (faults.early > 0)
        result_violation(result, "early", "%" PRIu64 " times a wait ended before %s", faults.early,
                         timer ? "the timer was due" : "the set");
    if (faults.repeated > 0)
        result_violation(result, "repeated",
                         "%" PRIu64 " times something was still signalled after the wait for it",
                         faults.repeated);
    if (faults.dropped > 0)
        result_violation(result, "dropped",
                         "%" PRIu64 " times the event was no longer set although nobody reset it",
                         faults.dropped);
    if (faults.index > 0)
        result_violation(result, "index",
                         "%" PRIu64 " times a wait named another object than was set",
                         faults.index);
    if (faults.order > 0 && !is_unverified(crew))
        result_violation(result, "unseen",
                         "%" PRIu64 " times a thread did not see what was handed over to it",
                         faults.order);
    if (!all_are_back(crew) || faults.error != 0 || is_unverified(crew))
        return;
    find_lost(result, crew);
    find_lost_counts(result, crew);
}

static void add_measures(struct result *result, struct exchange_crew *crew)
{
    const struct exchange_measure *measures =
        exchange_traits(crew->repetition->workload.exchange)->measures;

    for (unsigned i = 0; i < EXCHANGE_MEASURES && measures[i].field != NULL; i++) {
        json_t *quantiles = reservoir_to_json(&crew->samples[i]);
        if (quantiles != NULL)
            json_object_set_new(result->object, measures[i].field, quantiles);
        else
            result_unmeasured(result, result->object, measures[i].field,
                              "the window was too short for one");
    }
}

static uint64_t clock_backwards(const struct exchange_crew *crew)
{
    uint64_t backwards = crew->end_ns <= crew->start_ns;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        backwards += crew->parties[i].backwards;
    return backwards;
}

static void add_totals(struct result *result, const struct exchange_crew *crew)
{
    uint64_t elapsed_ns = crew->end_ns > crew->start_ns ? crew->end_ns - crew->start_ns : 0;
    bool busy = crew->repetition->threads > 1 &&
                crew->repetition->workload.exchange != EXCHANGE_HANDOFF && !crew->shared_cpu;

    result_throughput(result, crew->operations, elapsed_ns);
    result_unmeasured(result, result->object, "acquisitions", "a signal is not acquired");
    result_unmeasured(result, result->object, "burst", "a signal has no owner");
    result_unmeasured(result, result->object, "traffic", "events are counted of locks only");
    if (busy)
        result_unmeasured(result, result->object, "cpu_ns",
                          "the setter is busy while the waiters fall asleep");
    else if (crew->operations == 0)
        result_unmeasured(result, result->object, "cpu_ns", "there was no signal in the window");
    else
        json_object_set_new(result->object, "cpu_ns",
                            json_real((double)(crew->after.cpu_ns - crew->before.cpu_ns) /
                                      (double)crew->operations));
}

/* In how many of the measured waits a thread really gave its CPU away. */
static void add_slept(struct result *result, const struct exchange_crew *crew)
{
    uint64_t slept = 0, waits = 0;

    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        slept += crew->parties[i].slept;
        waits += crew->parties[i].waits;
    }
    if (waits > 0)
        json_object_set_new(result->validity, "slept", json_real((double)slept / (double)waits));
    else
        result_unmeasured(result, result->validity, "slept",
                          "whether a thread sleeps is looked at where one signal comes at a time");
}

static void add_validity(struct result *result, struct exchange_crew *crew)
{
    bool stayed = true;

    for (unsigned i = 0; i < crew->repetition->threads; i++)
        stayed = stayed && crew->parties[i].stayed;
    json_object_set_new(result->validity, "pinned", json_boolean(stayed));
    json_object_set_new(result->validity, "clock_backwards",
                        json_integer((json_int_t)clock_backwards(crew)));
    surroundings_report(result, &crew->around_before, &crew->around_after,
                        crew->after.cpu_ns - crew->before.cpu_ns);
    json_object_set_new(result->validity, "voluntary_switches",
                        json_integer((json_int_t)(crew->after.voluntary - crew->before.voluntary)));
    json_object_set_new(
        result->validity, "involuntary_switches",
        json_integer((json_int_t)(crew->after.involuntary - crew->before.involuntary)));
    add_slept(result, crew);
}

json_t *exchange_report(struct exchange_crew *crew)
{
    struct result result = result_empty(NULL);

    find_violations(&result, crew);
    if (all_are_back(crew)) {
        add_totals(&result, crew);
        add_measures(&result, crew);
        add_validity(&result, crew);
    }
    json_object_set_new(result.validity, "threads_back", json_integer(crew->departed));
    json_object_set_new(result.validity, "clock_cost_ns",
                        json_integer((json_int_t)crew->clock_cost_ns));
    if (is_unverified(crew))
        result_unmeasured(&result, result.object, "verified", "this lock promises no exclusion");
    else
        json_object_set_new(result.object, "verified",
                            json_boolean(json_array_size(result.violations) == 0));
    return result_join(&result);
}
