#include "bench/sim/coherence.h"

#include <math.h>
#include <string.h>

/* The lowest CPU of the set from `first` to `last`, or SIM_NOBODY. Signed, so that `last` may be
 * just below `first`. */
static int find_in_range(const uint64_t *set, int first, int last)
{
    if (first > last)
        return SIM_NOBODY;
    for (int word = first / 64; word <= last / 64; word++) {
        uint64_t bits = set[word];
        if (word == first / 64)
            bits &= ~UINT64_C(0) << (first % 64);
        if (word == last / 64)
            bits &= ~UINT64_C(0) >> (63 - last % 64);
        if (bits != 0)
            return word * 64 + __builtin_ctzll(bits);
    }
    return SIM_NOBODY;
}

static struct sim_range within(const struct sim_model *model, unsigned cpu, int distance)
{
    if (distance < SIM_CORE)
        return (struct sim_range){(uint16_t)cpu, (uint16_t)cpu};
    if (distance == SIM_REMOTE)
        return (struct sim_range){0, (uint16_t)(model->cpus_count - 1)};
    return model->cpus[cpu].near[distance];
}

/* A CPU of the set at just that distance, or SIM_NOBODY. */
static int find_at(const struct sim_model *model, const uint64_t *set, unsigned cpu, int distance)
{
    struct sim_range outer = within(model, cpu, distance), inner = within(model, cpu, distance - 1);
    int found = find_in_range(set, outer.first, inner.first - 1);

    return found != SIM_NOBODY ? found : find_in_range(set, inner.last + 1, outer.last);
}

static int find_nearest(const struct sim_model *model, const uint64_t *set, unsigned cpu,
                        enum sim_distance *distance)
{
    for (int at = SIM_CORE; at <= SIM_REMOTE; at++) {
        int found = find_at(model, set, cpu, at);
        *distance = (enum sim_distance)at;
        if (found != SIM_NOBODY)
            return found;
    }
    *distance = SIM_MEMORY;
    return SIM_NOBODY;
}

static int find_farthest(const struct sim_model *model, const uint64_t *set, unsigned cpu,
                         enum sim_distance *distance)
{
    for (int at = SIM_REMOTE; at >= SIM_CORE; at--) {
        int found = find_at(model, set, cpu, at);
        *distance = (enum sim_distance)at;
        if (found != SIM_NOBODY)
            return found;
    }
    *distance = SIM_MEMORY;
    return SIM_NOBODY;
}

/* A pair that was not measured takes the latency of its distance. */
static double latency_ns(const struct sim_model *model, unsigned cpu, int other,
                         enum sim_distance distance)
{
    if (model->latency_ns != NULL && other != SIM_NOBODY) {
        double measured = model->latency_ns[cpu * model->cpus_count + (unsigned)other];
        if (!isnan(measured))
            return measured;
    }
    return (double)model->parameters.latency_ns[distance];
}

static enum sim_distance distance_of(const struct sim_model *model, unsigned cpu, int other)
{
    int distance = SIM_CORE;

    while (other < within(model, cpu, distance).first || other > within(model, cpu, distance).last)
        distance++;
    return (enum sim_distance)distance;
}

/* Where latencies were measured, they say who is nearest or farthest. */
static int find_measured(const struct sim_model *model, const uint64_t *set, unsigned cpu,
                         bool farthest, enum sim_distance *distance)
{
    int found = SIM_NOBODY, last = (int)model->cpus_count - 1;
    double best = 0;

    *distance = SIM_MEMORY;
    for (int other = -1; (other = find_in_range(set, other + 1, last)) != SIM_NOBODY;) {
        if (other == (int)cpu)
            continue;
        enum sim_distance at = distance_of(model, cpu, other);
        double ns = latency_ns(model, cpu, other, at);
        if (found != SIM_NOBODY && (farthest ? ns <= best : ns >= best))
            continue;
        found = other;
        best = ns;
        *distance = at;
    }
    return found;
}

/* A copy comes from the nearest holder. A write waits until the farthest copy is invalidated, which
 * is never sooner than the nearest has sent its data. */
struct sim_transaction sim_line_transaction(const struct sim_model *model,
                                            const struct sim_line *line, unsigned cpu, bool write)
{
    struct sim_transaction transaction = {SIM_READ, SIM_MEMORY, 0};
    int other;

    if (model->latency_ns != NULL)
        other = find_measured(model, line->holders, cpu, write, &transaction.distance);
    else if (write)
        other = find_farthest(model, line->holders, cpu, &transaction.distance);
    else
        other = find_nearest(model, line->holders, cpu, &transaction.distance);
    if (write)
        transaction.kind = sim_line_readable(line, cpu) ? SIM_UPGRADE : SIM_OWN;
    transaction.latency_ns = latency_ns(model, cpu, other, transaction.distance);
    return transaction;
}

static unsigned count_others(const struct sim_model *model, const uint64_t *set, unsigned cpu)
{
    unsigned words = (model->cpus_count + 63) / 64, count = 0;

    for (unsigned word = 0; word < words; word++)
        count += (unsigned)__builtin_popcountll(set[word]);
    return count - (set[cpu / 64] >> (cpu % 64) & 1);
}

void sim_line_complete(const struct sim_model *model, struct sim_line *line, unsigned cpu,
                       const struct sim_transaction *transaction, struct sim_traffic *traffic)
{
    unsigned words = (model->cpus_count + 63) / 64;

    traffic->transactions[transaction->kind]++;
    traffic->distances[transaction->distance]++;
    line->tally->transactions++;
    if (transaction->kind == SIM_READ) {
        /* The first to read has it alone (E) and may write it without asking. */
        line->owner = transaction->distance == SIM_MEMORY ? (int)cpu : SIM_NOBODY;
    } else {
        traffic->invalidated += count_others(model, line->holders, cpu);
        memset(line->holders, 0, words * sizeof *line->holders);
        line->owner = (int)cpu;
    }
    line->holders[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}
