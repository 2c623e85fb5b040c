/* Who had the lock, one acquisition after the other, and what follows from that: final counts hide
 * who waited how long. Definitions after D. Dice and A. Kogan, "Compact NUMA-aware Locks", EuroSys
 * 2019, and D. Dice, "Malthusian Locks", EuroSys 2017. */
#ifndef BENCH_OWNER_STREAM_H
#define BENCH_OWNER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/owner_log.h"

struct owner_stream {
    uint16_t *owners; /* numbers of threads */
    size_t count, capacity;
};

/* Appends an acquisition. False: out of memory; the stream stays as it is. */
bool owner_stream_add(struct owner_stream *stream, unsigned owner);
void owner_stream_free(struct owner_stream *stream);

/* Makes the stream of what threads noted themselves: the longest stretch of acquisitions without
 * one that nobody noted, as before the last thread began to note, or where a log was full. False:
 * out of memory. */
bool owner_stream_merge(const struct owner_log *const *logs, unsigned threads,
                        struct owner_stream *stream);

struct owner_metrics {
    /* LWSS, the lock's working set: distinct owners in a window of that many acquisitions, over the
     * disjoint windows of the stream. NaN: it is shorter than one. */
    size_t window;
    double lwss_mean, lwss_median;
    /* MTTR, median time to reacquire: how many acquisitions ago the same thread had the lock
     * before, counting the present one; strict FIFO among N threads gives N. NaN: nobody had it
     * twice. */
    double mttr;
    /* The largest such number of any thread; a stretch before its first acquisition or after its
     * last counts as if it had it just before or just after the stream. */
    size_t max_gap;
};

/* For a stream of `threads` threads. False: out of memory. */
bool owner_stream_measure(const struct owner_stream *stream, unsigned threads,
                          struct owner_metrics *metrics);

#endif
