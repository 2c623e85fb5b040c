/* How long the waits that were asked for really took; the latest of them, for a median. */
#ifndef BENCH_DELAY_SAMPLES_H
#define BENCH_DELAY_SAMPLES_H

#include <stdint.h>

#include "bench/clock_span.h"

enum { DELAY_SAMPLES = 64 };

struct delay_samples {
    uint64_t taken;
    uint64_t backwards; /* looks that are not among them, because the clock went backwards */
    struct {
        uint32_t asked_ns, took_ns;
    } sample[DELAY_SAMPLES];
};

static inline void delay_sample_add(struct delay_samples *samples, uint64_t asked_ns,
                                    uint64_t start_ns, uint64_t end_ns)
{
    uint64_t backwards = samples->backwards;
    uint64_t took_ns = clock_span(start_ns, end_ns, &samples->backwards);

    if (samples->backwards != backwards)
        return;
    unsigned at = samples->taken++ % DELAY_SAMPLES;

    samples->sample[at].asked_ns = (uint32_t)asked_ns;
    samples->sample[at].took_ns = took_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)took_ns;
}

#endif
