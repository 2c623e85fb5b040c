/* How long the waits that were asked for really took; the latest of them, for a median. */
#ifndef BENCH_DELAY_SAMPLES_H
#define BENCH_DELAY_SAMPLES_H

#include <stdint.h>

enum { DELAY_SAMPLES = 64 };

struct delay_samples {
    uint64_t taken;
    struct {
        uint32_t asked_ns, took_ns;
    } sample[DELAY_SAMPLES];
};

static inline void delay_sample_add(struct delay_samples *samples, uint64_t asked_ns,
                                    uint64_t took_ns)
{
    unsigned at = samples->taken++ % DELAY_SAMPLES;

    samples->sample[at].asked_ns = (uint32_t)asked_ns;
    samples->sample[at].took_ns = took_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)took_ns;
}

#endif
