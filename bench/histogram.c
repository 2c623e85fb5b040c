#include "bench/histogram.h"

#include <math.h>
#include <string.h>

#include "bench/json.h"

_Static_assert((HISTOGRAM_MOST_NS >> 36) == 1, "the buckets reach as far as they have to");

bool histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    uint64_t count, sum;

    if (__builtin_add_overflow(histogram->count, other->count, &count) ||
        __builtin_add_overflow(histogram->sum, other->sum, &sum))
        return false;
    if (other->count > 0 && (histogram->count == 0 || other->min < histogram->min))
        histogram->min = other->min;
    if (other->max > histogram->max)
        histogram->max = other->max;
    histogram->count = count;
    histogram->sum = sum;
    histogram->beyond += other->beyond;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
    return true;
}

/* By how many bits the times of a bucket were shortened. */
static unsigned shift_of(unsigned bucket)
{
    return bucket < HISTOGRAM_STEPS ? 0 : bucket / HISTOGRAM_STEPS - 1;
}

uint64_t histogram_bucket_low(unsigned bucket)
{
    unsigned shift = shift_of(bucket);

    return (uint64_t)(bucket - shift * HISTOGRAM_STEPS) << shift;
}

uint64_t histogram_bucket_high(unsigned bucket)
{
    return histogram_bucket_low(bucket) + (UINT64_C(1) << shift_of(bucket)) - 1;
}

static double clamp(const struct histogram *histogram, double ns)
{
    return fmin(fmax(ns, (double)histogram->min), (double)histogram->max);
}

double histogram_quantile(const struct histogram *histogram, double part)
{
    uint64_t rank = (uint64_t)ceil(part * (double)histogram->count), below = 0;
    unsigned bucket = 0;

    if (histogram->count == 0)
        return NAN;
    rank = rank == 0 ? 1 : rank > histogram->count ? histogram->count : rank;
    while ((below += histogram->buckets[bucket]) < rank)
        bucket++;
    return clamp(histogram,
                 ((double)histogram_bucket_low(bucket) + (double)histogram_bucket_high(bucket)) /
                     2);
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? NAN : (double)histogram->sum / (double)histogram->count;
}

/* ---- as JSON ---- */

static json_t *time_of(const struct histogram *histogram, uint64_t ns)
{
    return histogram->count == 0 ? json_null() : json_integer((json_int_t)ns);
}

static json_t *buckets_to_json(const struct histogram *histogram)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] > 0)
            json_array_append_new(list,
                                  json_pack("[i, I]", (int)i, (json_int_t)histogram->buckets[i]));
    }
    return list;
}

json_t *histogram_to_json(const struct histogram *histogram)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:{s:i, s:I, s:o}}", "count",
                     (json_int_t)histogram->count, "min", time_of(histogram, histogram->min),
                     "mean", json_number_or_null(histogram_mean(histogram)), "p50",
                     json_number_or_null(histogram_quantile(histogram, 0.5)), "p90",
                     json_number_or_null(histogram_quantile(histogram, 0.9)), "p99",
                     json_number_or_null(histogram_quantile(histogram, 0.99)), "p99.9",
                     json_number_or_null(histogram_quantile(histogram, 0.999)), "max",
                     time_of(histogram, histogram->max), "beyond", (json_int_t)histogram->beyond,
                     "histogram", "bits", HISTOGRAM_BITS, "sum", (json_int_t)histogram->sum,
                     "buckets", buckets_to_json(histogram));
}

/* A whole number within [least, most]; with any other kind of value, false. */
static bool read_whole(const json_t *value, uint64_t least, uint64_t most, uint64_t *whole)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *whole = (uint64_t)json_integer_value(value);
    return *whole >= least && *whole <= most;
}

/* Upwards, each once, and none empty; all together `count`. */
static bool read_buckets(const json_t *list, struct histogram *histogram)
{
    uint64_t next = 0, bucket, count, left = histogram->count;
    size_t i;
    json_t *pair;

    if (!json_is_array(list))
        return false;
    json_array_foreach (list, i, pair) {
        if (json_array_size(pair) != 2 ||
            !read_whole(json_array_get(pair, 0), next, HISTOGRAM_BUCKETS - 1, &bucket) ||
            !read_whole(json_array_get(pair, 1), 1, left, &count))
            return false;
        histogram->buckets[bucket] = count;
        left -= count;
        next = bucket + 1;
    }
    return left == 0;
}

/* Whether the shortest and the longest lie in the outermost buckets that have something, and the
 * sum and the mean between them. */
static bool agrees(const struct histogram *histogram)
{
    unsigned first = 0, last = HISTOGRAM_BUCKETS - 1;
    double mean = histogram_mean(histogram);

    while (histogram->buckets[first] == 0)
        first++;
    while (histogram->buckets[last] == 0)
        last--;
    return histogram_bucket(histogram->min) == first && histogram_bucket(histogram->max) == last &&
           histogram->min <= histogram->max &&
           histogram->beyond <= histogram->buckets[histogram_bucket(HISTOGRAM_MOST_NS)] &&
           (histogram->beyond == 0 || histogram->max == HISTOGRAM_MOST_NS) &&
           mean >= (double)histogram->min * (1 - 1e-12) &&
           mean <= (double)histogram->max * (1 + 1e-12);
}

static bool read_all(const json_t *object, struct histogram *histogram)
{
    const json_t *inner = json_object_get(object, "histogram");
    const json_t *min = json_object_get(object, "min"), *max = json_object_get(object, "max");
    uint64_t bits;

    if (!read_whole(json_object_get(inner, "bits"), HISTOGRAM_BITS, HISTOGRAM_BITS, &bits) ||
        !read_whole(json_object_get(object, "count"), 0, INT64_MAX, &histogram->count) ||
        !read_whole(json_object_get(inner, "sum"), 0, INT64_MAX, &histogram->sum) ||
        !read_whole(json_object_get(object, "beyond"), 0, histogram->count, &histogram->beyond) ||
        !read_buckets(json_object_get(inner, "buckets"), histogram))
        return false;
    if (histogram->count == 0)
        return histogram->sum == 0;
    return read_whole(min, 0, HISTOGRAM_MOST_NS, &histogram->min) &&
           read_whole(max, 0, HISTOGRAM_MOST_NS, &histogram->max) && agrees(histogram);
}

bool histogram_from_json(const json_t *object, struct histogram *histogram)
{
    *histogram = (struct histogram){0};
    if (read_all(object, histogram))
        return true;
    *histogram = (struct histogram){0};
    return false;
}
