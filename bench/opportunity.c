#include "bench/opportunity.h"

#include <stdlib.h>

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
    if (workload->hogs == 0)
        return "no hogs were asked for";
    if (workload_has_choice(workload))
        return "it is that of one lock, and each turn took one of several";
    return findings->holds_unseen;
}

static double idle_ns(const struct findings *findings)
{
    double idle = (double)findings->elapsed_ns;

    if (findings->idle_seen)
        return (double)findings->idle_ns;
    for (unsigned i = 0; i < findings->repetition->threads; i++)
        idle -= (double)findings->threads[i].held_ns;
    return idle > 0 ? idle : 0;
}

static void add_parts(struct result *result, const struct findings *findings, double *parts)
{
    const unsigned threads = findings->repetition->threads;
    const double idle = idle_ns(findings);
    json_t *list = json_array();

    for (unsigned i = 0; i < threads; i++) {
        parts[i] = ((double)findings->threads[i].held_ns + idle) / (double)findings->elapsed_ns;
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
