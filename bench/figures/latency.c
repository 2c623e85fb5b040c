#include <math.h>

#include "bench/figures/curves.h"

/* The steps of a density in each doubling: fine enough for two modes of a lock, and coarse enough
 * for a clock that ticks every 10 ns. */
enum { DENSITY_STEPS = 6, DENSITY_MOST = 38 * DENSITY_STEPS };

static bool has(const struct cell *cell, enum latency latency)
{
    return cell->latencies != NULL && (cell->latencies[LATENCIES_EXCLUSIVE].of[latency].count > 0 ||
                                       cell->latencies[LATENCIES_SHARED].of[latency].count > 0);
}

/* The middle of a bucket, but nothing shorter or longer than there was; a logarithmic axis has no
 * 0.
 */
static double drawn_ns(const struct histogram *histogram, unsigned bucket)
{
    double ns = ((double)histogram_bucket_low(bucket) + (double)histogram_bucket_high(bucket)) / 2;

    ns = fmin(fmax(ns, (double)histogram->min), (double)histogram->max);
    return fmax(ns, 1);
}

/* Where a curve of percentiles goes on: 1 / (1 - part) of those that are shorter. */
static void put_percentiles(FILE *data, const struct histogram *histogram, const char *first,
                            int way)
{
    uint64_t shorter = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] == 0)
            continue;
        fprintf(data, "%s %d %.6g %.6g\n", first, way,
                (double)histogram->count / (double)(histogram->count - shorter),
                drawn_ns(histogram, i));
        shorter += histogram->buckets[i];
    }
    fprintf(data, "%s %d %.6g %.6g\n", first, way, (double)histogram->count,
            fmax((double)histogram->max, 1));
}

/* How many times fall into each step of the logarithmic axis, against the step with most. */
static void put_density(FILE *data, const struct histogram *histogram, const char *first, int way)
{
    double counts[DENSITY_MOST] = {0}, most = 0;
    int low = DENSITY_MOST, high = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        int step = (int)(log2(drawn_ns(histogram, i)) * DENSITY_STEPS + 0.5);
        if (histogram->buckets[i] == 0)
            continue;
        counts[step] += (double)histogram->buckets[i];
        most = fmax(most, counts[step]);
        low = step < low ? step : low;
        high = step > high ? step : high;
    }
    /* It ends with nothing on either side. */
    for (int step = low - 1; step <= high + 1; step++)
        fprintf(data, "%s %d %.6g %.6g\n", first, way, exp2((double)step / DENSITY_STEPS),
                step < low || step > high ? 0 : counts[step] / most);
}

static void put(FILE *data, const struct cell *cell, enum latency latency, const char *name,
                const char *first)
{
    bool any = false;

    for (int way = 0; way < LATENCIES_WAYS; way++) {
        const struct histogram *histogram = &cell->latencies[way].of[latency];
        const char *suffix = way == LATENCIES_SHARED ? ", shared" : "";
        if (histogram->count == 0)
            continue;
        fprintf(data, "%s\"%s%s\" lock variant way inverse ns\n", any ? "\n\n" : "", name, suffix);
        put_percentiles(data, histogram, first, way);
        fprintf(data, "\n\n\"%s%s\" lock variant way ns density\n", name, suffix);
        put_density(data, histogram, first, way);
        any = true;
    }
}

/* A figure of one kind of time: its rows differ in nothing else. */
#define FIGURE_OF(id, file_name, script_name, field, latency)                                      \
    static bool has_##id(const struct cell *cell)                                                  \
    {                                                                                              \
        return has(cell, latency);                                                                 \
    }                                                                                              \
                                                                                                   \
    static void put_##id(FILE *data, const struct cell *cell, const char *name, const char *first) \
    {                                                                                              \
        put(data, cell, latency, name, first);                                                     \
    }                                                                                              \
                                                                                                   \
    const struct figure_kind figure_##id = {                                                       \
        .name = file_name,                                                                         \
        .script = script_name,                                                                     \
        .measure = field,                                                                          \
        .has = has_##id,                                                                           \
        .put_distributions = put_##id,                                                             \
    }

FIGURE_OF(latency, "latency", "latency.gp", "latency_ns", LATENCY_ACQUIRE);
FIGURE_OF(hold, "hold", "hold.gp", "hold_ns", LATENCY_HOLD);
FIGURE_OF(handoff, "handoff", "handoff.gp", "handoff_ns", LATENCY_HANDOFF);
