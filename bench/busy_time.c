#include "bench/busy_time.h"

#include <math.h>
#include <stdlib.h>

#include "bench/statistics.h"

static size_t collect(const struct delay_samples *samples, uint64_t clock_cost_ns,
                      double *overtimes)
{
    size_t count = samples->taken < DELAY_SAMPLES ? samples->taken : DELAY_SAMPLES;

    for (size_t i = 0; i < count; i++)
        overtimes[i] = (double)samples->sample[i].took_ns - (double)clock_cost_ns -
                       (double)samples->sample[i].asked_ns;
    return count;
}

double busy_overtime_ns(const struct findings *findings, bool critical, unsigned first,
                        unsigned end)
{
    double *all = calloc((size_t)(end - first) * DELAY_SAMPLES + 1, sizeof *all), sum = 0;
    size_t count = 0;

    if (all == NULL)
        return NAN;
    for (unsigned i = first; i < end; i++) {
        const struct thread_findings *thread = &findings->threads[i];
        count += collect(critical ? thread->critical : thread->outside, findings->clock_cost_ns,
                         all + count);
    }
    statistics_sort(all, count);
    for (size_t i = count / 10; i < count - count / 10; i++)
        sum += all[i];
    free(all);
    return count == 0 ? NAN : sum / (double)(count - 2 * (count / 10));
}
