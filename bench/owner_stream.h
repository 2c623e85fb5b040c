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
    /* Of a sample: what the owners noted. Where the numbers do not follow each other, one window
     * ends and another begins. NULL: the stream is whole. */
    struct owner_note *notes;
    uint64_t longest; /* of a sample: the longest gap, also outside of the windows */
};

/* Appends an acquisition to a whole stream. False: out of memory; it stays as it is. */
bool owner_stream_add(struct owner_stream *stream, unsigned owner);
void owner_stream_free(struct owner_stream *stream);

/* Makes a sample of what threads noted themselves, up to where the first log was full. False: out
 * of memory. */
bool owner_stream_merge(const struct owner_log *const *logs, unsigned threads,
                        struct owner_stream *stream);

/* The acquisitions in which LWSS counts the owners, for so many threads. */
size_t owner_stream_window(unsigned threads);

struct owner_metrics {
    /* LWSS, the lock's working set: distinct owners in that many acquisitions in a row, over
     * disjoint such stretches. NaN: there are none as long. */
    size_t window;
    double lwss_mean, lwss_median;
    /* MTTR, median time to reacquire: how many acquisitions ago the same thread had the lock
     * before, counting the present one; strict FIFO among N threads gives N. NaN: nobody had it
     * twice. */
    double mttr;
    /* The largest such number of any thread. In a whole stream, a stretch before its first
     * acquisition or after its last counts as if it had it just before or just after the stream.
     * 0: nobody had it. */
    uint64_t max_gap;
    size_t windows; /* that were noted: 1 of a whole stream */
};

/* For a stream of `threads` threads. False: out of memory. */
bool owner_stream_measure(const struct owner_stream *stream, unsigned threads,
                          struct owner_metrics *metrics);

#endif
