#include "bench/opportunity.h"

#include <math.h>
#include <stdlib.h>

#include "bench/busy_time.h"
#include "bench/fairness.h"

/* Why it can't be told, or NULL. */
static const char *obstacle(const struct findings *findings)
{
    const struct repetition *repetition = findings->repetition;
    const struct workload *workload = &repetition->workload;

    if (findings->back < repetition->threads)
        return "not every thread came back in time after the window";
    if ((repetition->lock.ops->traits & LOCK_UNVERIFIED) != 0)
        return "nobody owns a lock that is none";
    if (workload->hogs == 0 && workload->critical.high_ns == 0)
        return "no busy time under the lock was asked for";
    if (findings->holds_seen)
        return NULL;
    if (workload->readers > 0 && repetition->lock.ops->acquire_shared != NULL)
        return "readers have the lock at the same time: how long nobody had it is not known";
    if (repetition->threads > repetition->cpus_count)
        return "threads share CPUs: how long one that was preempted had the lock is not known";
    return NULL;
}

/* Where the machine does not see who has the lock: what the thread's acquisitions asked for and,
 * for each, the mean overtime of its like. A busy time so rare that none was looked at is so long
 * that its overtime does not matter. */
static void estimate_held(const struct findings *findings, double *held_ns)
{
    const unsigned threads = findings->repetition->threads;
    const unsigned asked = findings->repetition->workload.hogs;
    const unsigned hogs = asked < threads ? asked : threads;
    const double of_hogs = busy_overtime_ns(findings, true, 0, hogs);
    const double of_others = busy_overtime_ns(findings, true, hogs, threads);

    for (unsigned i = 0; i < threads; i++) {
        const struct thread_findings *thread = &findings->threads[i];
        double overtime = i < hogs ? of_hogs : of_others;
        if (thread->asked_ns == 0 || isnan(overtime))
            overtime = 0;
        held_ns[i] = (double)thread->asked_ns + overtime * (double)thread->acquisitions;
    }
}

static double idle_ns(const struct findings *findings, const double *held_ns)
{
    double idle = (double)findings->elapsed_ns;

    if (findings->holds_seen)
        return (double)findings->idle_ns;
    for (unsigned i = 0; i < findings->repetition->threads; i++)
        idle -= held_ns[i];
    return idle > 0 ? idle : 0;
}

static void add_parts(struct result *result, const struct findings *findings, double *parts)
{
    const unsigned threads = findings->repetition->threads;
    json_t *list = json_array();

    for (unsigned i = 0; i < threads; i++)
        parts[i] = (double)findings->threads[i].held_ns;
    if (!findings->holds_seen)
        estimate_held(findings, parts);
    double idle = idle_ns(findings, parts);
    for (unsigned i = 0; i < threads; i++) {
        parts[i] = (parts[i] + idle) / (double)findings->elapsed_ns;
        json_array_append_new(list, json_real(parts[i]));
    }
    json_object_set_new(result->object, "lock_opportunity", list);
    json_object_set_new(result->object, "lock_opportunity_jain",
                        json_real(fairness_jain(parts, threads)));
}

void opportunity_add(struct result *result, const struct findings *findings)
{
    double *parts = calloc(findings->repetition->threads, sizeof *parts);
    const char *reason = parts == NULL ? "there was not enough memory" : obstacle(findings);

    if (reason == NULL) {
        add_parts(result, findings, parts);
    } else {
        result_unmeasured(result, result->object, "lock_opportunity", reason);
        result_unmeasured(result, result->object, "lock_opportunity_jain", reason);
    }
    free(parts);
}
