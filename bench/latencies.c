#include "bench/latencies.h"

const char *const latency_fields[LATENCIES_WAYS][LATENCIES] = {
    [LATENCIES_EXCLUSIVE] = {"latency_ns", "hold_ns", "handoff_ns"},
    [LATENCIES_SHARED] = {"latency_shared_ns", "hold_shared_ns", "handoff_shared_ns"},
};

uint64_t latency_stride_for(double turn_ns, uint64_t running, uint64_t clock_ns)
{
    /* The histograms' lines, and the announcement's that comes and goes. */
    const uint64_t memory_ns = 200;
    /* Measured, what looking does to the turns around comes to as much again. */
    const double part = 300;
    /* A turn that is announced costs those a look of their own who have the lock meanwhile. */
    double stride = part * (double)((4 + running) * clock_ns + memory_ns) / turn_ns;

    if (!(stride > LATENCY_STRIDE_LEAST))
        return LATENCY_STRIDE_LEAST;
    return stride < LATENCY_STRIDE_MOST ? (uint64_t)stride | 1 : LATENCY_STRIDE_MOST;
}

bool latencies_merge(struct latencies *latencies, const struct latencies *other)
{
    bool merged = true;

    for (int i = 0; i < LATENCIES; i++)
        merged = histogram_merge(&latencies->of[i], &other->of[i]) && merged;
    latencies->long_holds += other->long_holds;
    latencies->preempted += other->preempted;
    latencies->off_cpu_ns += other->off_cpu_ns;
    latencies->backwards += other->backwards;
    return merged;
}

json_t *latencies_to_json(const struct latencies *latencies, enum latency latency)
{
    json_t *object = histogram_to_json(&latencies->of[latency]);

    if (latency == LATENCY_HOLD)
        json_object_set_new(object, "over_25us", json_integer((json_int_t)latencies->long_holds));
    return object;
}

bool latencies_from_json(const json_t *object, struct latencies *latencies, enum latency latency)
{
    const json_t *longer = json_object_get(object, "over_25us");

    *latencies = (struct latencies){0};
    if (!histogram_from_json(object, &latencies->of[latency]))
        return false;
    if (latency != LATENCY_HOLD)
        return true;
    latencies->long_holds = (uint64_t)json_integer_value(longer);
    if (json_is_integer(longer) && json_integer_value(longer) >= 0 &&
        latencies->long_holds <= latencies->of[latency].count)
        return true;
    *latencies = (struct latencies){0};
    return false;
}
