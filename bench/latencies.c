#include "bench/latencies.h"

const char *const latency_fields[LATENCIES_WAYS][LATENCIES] = {
    [LATENCIES_EXCLUSIVE] = {"latency_ns", "hold_ns", "handoff_ns"},
    [LATENCIES_SHARED] = {"latency_shared_ns", "hold_shared_ns", "handoff_shared_ns"},
};

bool latencies_merge(struct latencies *latencies, const struct latencies *other)
{
    bool merged = true;

    for (int i = 0; i < LATENCIES; i++)
        merged = histogram_merge(&latencies->of[i], &other->of[i]) && merged;
    latencies->long_holds += other->long_holds;
    return merged;
}

json_t *latencies_to_json(const struct latencies *latencies, enum latency latency, uint64_t stride)
{
    json_t *object = json_pack("{s:I}", "stride", (json_int_t)stride);
    json_t *histogram = histogram_to_json(&latencies->of[latency]);

    json_object_update(object, histogram);
    json_decref(histogram);
    if (latency == LATENCY_HOLD)
        json_object_set_new(object, "over_25us", json_integer((json_int_t)latencies->long_holds));
    return object;
}
