#include "bench/native/counters/report.h"

#include <math.h>
#include <stdio.h>

static void add_or_not(struct result *result, json_t *object, const char *group, const char *name,
                       json_t *number, const char *reason)
{
    char where[128];

    json_object_set_new(object, name, number != NULL ? number : json_null());
    if (number != NULL)
        return;
    snprintf(where, sizeof where, "%s.%s", group, name);
    json_object_set_new(result->unmeasured, where, json_string(reason));
}

/* ---- the events as they are ---- */

static json_t *whole_number(const struct counters_total *total)
{
    return total->known ? json_integer((json_int_t)llround(total->count)) : NULL;
}

static void add_kind(struct result *result, json_t *object, const char *group,
                     const struct counters_plan *plan, const struct counters_totals *totals,
                     enum counters_kind kind)
{
    const struct counters_choice *choice = &plan->choices[kind];

    for (unsigned i = 0; i < choice->count; i++) {
        const struct counters_total *total = &totals->events[kind][i];
        add_or_not(result, object, group, choice->events[i].name, whole_number(total),
                   total->reason);
    }
}

static void add_events(struct result *result, const struct counters_plan *plan,
                       const struct counters_totals *totals)
{
    json_t *events = json_object(), *hardware = json_object();

    add_kind(result, events, "events", plan, totals, COUNTERS_SOFTWARE);
    json_object_set_new(events, "kernel", json_boolean(!plan->user_only));
    if (plan->hardware) {
        add_kind(result, hardware, "events.hardware", plan, totals, COUNTERS_HARDWARE);
        add_or_not(result, events, "events", "scheduled",
                   totals->scheduled_known ? json_real(totals->scheduled) : NULL,
                   "no thread's counters could be read");
        json_object_set_new(events, "hardware", hardware);
    } else {
        json_decref(hardware);
        add_or_not(result, events, "events", "hardware", NULL, plan->reason);
        add_or_not(result, events, "events", "scheduled", NULL, plan->reason);
    }
    json_object_set_new(result->object, "events", events);
}

/* ---- what they say of the traffic ---- */

/* The sum of the events that a part is made of; NULL with the reason when it can't be told. */
static json_t *part_of(const struct counters_plan *plan, const struct counters_totals *totals,
                       enum traffic_part part, uint64_t acquisitions, const char **reason)
{
    const struct counters_choice *choice = &plan->choices[COUNTERS_HARDWARE];
    double sum = 0;
    bool told = false;

    for (unsigned i = 0; i < choice->count; i++) {
        const struct counters_total *total = &totals->events[COUNTERS_HARDWARE][i];
        if ((choice->events[i].parts & 1u << part) == 0)
            continue;
        if (!total->known) {
            *reason = total->reason;
            return NULL;
        }
        sum += total->count;
        told = true;
    }
    *reason = "no event of this processor tells it";
    return told ? json_real(sum / (double)acquisitions) : NULL;
}

static void add_traffic(struct result *result, const struct counters_plan *plan,
                        const struct counters_totals *totals, uint64_t acquisitions)
{
    json_t *traffic = json_object(), *by_distance = json_object();

    for (int part = 0; part < TRAFFIC_PARTS; part++) {
        const char *reason;
        json_t *number = part_of(plan, totals, (enum traffic_part)part, acquisitions, &reason);
        bool distance = part >= TRAFFIC_CORE;
        add_or_not(result, distance ? by_distance : traffic,
                   distance ? "traffic.by_distance" : "traffic", traffic_names[part], number,
                   reason);
    }
    json_object_set_new(traffic, "by_distance", by_distance);
    add_or_not(result, traffic, "traffic", "by_line", NULL, "counters do not tell lines apart");
    json_object_set_new(result->object, "traffic", traffic);
}

void counters_report_totals(struct result *result, const struct counters_plan *plan,
                            const struct counters_totals *totals, uint64_t acquisitions)
{
    char reason[COUNTERS_REASON + 64];

    add_events(result, plan, totals);
    snprintf(reason, sizeof reason, "%s; --machine sim:TOPOLOGY counts that of a model",
             plan->reason);
    if (plan->reason[0] != '\0')
        result_unmeasured(result, result->object, "traffic", reason);
    else if (acquisitions == 0)
        result_unmeasured(result, result->object, "traffic",
                          "there was no acquisition in the window");
    else
        add_traffic(result, plan, totals, acquisitions);
}

/* ---- of a crew ---- */

static const struct counters *counters_of(unsigned i, void *crew)
{
    return &((const struct crew *)crew)->members[i].counters;
}

void counters_report(struct result *result, const struct crew *crew)
{
    const unsigned threads = crew->repetition->threads;
    struct counters_totals totals;
    uint64_t acquisitions = 0;
    const char *refused = counting_refused(crew->repetition->counters, crew->repetition->lock.ops);

    if (refused != NULL) {
        result_unmeasured(result, result->object, "events", refused);
        result_unmeasured(result, result->object, "traffic", refused);
        return;
    }
    for (unsigned i = 0; i < threads; i++) {
        if (!word_load(&crew->members[i].departed, acquire)) {
            const char *reason = "not every thread came back in time after the window";
            result_unmeasured(result, result->object, "events", reason);
            result_unmeasured(result, result->object, "traffic", reason);
            return;
        }
        acquisitions += result->findings->threads[i].acquisitions;
    }
    counters_add_up(&crew->counting, threads, counters_of, (void *)crew, &totals);
    counters_report_totals(result, &crew->counting, &totals, acquisitions);
}
