/* A log-linear histogram of times: exact below 64 ns, and from there to 100 s with 64 buckets for
 * each doubling. After the idea of G. Tene's HdrHistogram (hdrhistogram.org): the relative error is
 * the same at every length, adding is cheap and merging loses nothing.
 *
 * All zeros is an empty histogram. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Buckets are at most 1/64 of their values wide, and the middle stands for all: a percentile is at
 * most 1/128 from the exact one. */
enum { HISTOGRAM_BITS = 6, HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS };

/* 100 s. What is longer counts as this, in sums too, and `beyond` tells how often that was. */
#define HISTOGRAM_MOST_NS UINT64_C(100000000000)

/* The most lies in [2^36, 2^37). */
enum { HISTOGRAM_BUCKETS = (36 - HISTOGRAM_BITS + 2) * HISTOGRAM_STEPS };

struct histogram {
    uint64_t count, sum;
    uint64_t min, max; /* exact; nothing while it is empty */
    uint64_t beyond;   /* those that were longer than the most */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* The bucket of a time of at most the most. The two leading terms continue each other: each
 * doubling has as many buckets as all that is exact. */
static inline unsigned histogram_bucket(uint64_t ns)
{
    if (ns < HISTOGRAM_STEPS)
        return (unsigned)ns;
    unsigned shift = 63u - HISTOGRAM_BITS - (unsigned)__builtin_clzll(ns);
    return shift * HISTOGRAM_STEPS + (unsigned)(ns >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t ns)
{
    if (ns > HISTOGRAM_MOST_NS) {
        ns = HISTOGRAM_MOST_NS;
        histogram->beyond++;
    }
    if (histogram->count == 0 || ns < histogram->min)
        histogram->min = ns;
    if (ns > histogram->max)
        histogram->max = ns;
    histogram->count++;
    histogram->sum += ns;
    histogram->buckets[histogram_bucket(ns)]++;
}

/* Adds all of `other`: the same as if each of its times had been added. False, with nothing
 * changed, when the sums are more than fit: files can claim that. */
bool histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The shortest and the longest time of a bucket, in nanoseconds. */
uint64_t histogram_bucket_low(unsigned bucket);
uint64_t histogram_bucket_high(unsigned bucket);

/* The time below or at which the part `part`, in [0, 1], of all times lies, by the nearest rank:
 * the ceil(part * count)-th shortest, the first for 0; the middle of its bucket, but never less
 * than the shortest or more than the longest of all. NaN: it is empty. */
double histogram_quantile(const struct histogram *histogram, double part);

/* NaN: it is empty. */
double histogram_mean(const struct histogram *histogram);

/* As an object, which the caller owns: count, min, mean, p50, p90, p99, p99.9, max (null while it
 * is empty), beyond, and `histogram` {bits, sum, buckets: [[bucket, count], ...]} with the buckets
 * that have something, upwards. NULL: out of memory. */
json_t *histogram_to_json(const struct histogram *histogram);

/* Reads back what histogram_to_json() made; other fields beside it do not matter. False, with the
 * histogram empty, when it is none, or its numbers contradict each other or are more than fit. */
bool histogram_from_json(const json_t *object, struct histogram *histogram);

#endif
