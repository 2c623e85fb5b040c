/* The histogram against the exact quantiles of the sorted samples. */
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/histogram.h"
#include "bench/random.h"

static const double parts[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
enum { PARTS = sizeof parts / sizeof parts[0], SAMPLES = 20000 };

static struct histogram *new_histogram(void)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);

    assert_non_null(histogram);
    return histogram;
}

static void buckets_follow_each_other(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket_low(0), 0);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t low = histogram_bucket_low(i), high = histogram_bucket_high(i);
        assert_int_equal(histogram_bucket(low), i);
        assert_int_equal(histogram_bucket(high), i);
        assert_true(i + 1 == HISTOGRAM_BUCKETS || histogram_bucket_low(i + 1) == high + 1);
        /* As wide as is claimed: the middle is at most 1/128 from either end. */
        assert_true(low < HISTOGRAM_STEPS ? high == low : (high - low) * 64 <= low);
    }
    assert_true(histogram_bucket(HISTOGRAM_MOST_NS) < HISTOGRAM_BUCKETS);
}

/* ---- distributions ---- */

static double uniform(uint64_t *random)
{
    return (double)(random_next(random) >> 11) / 9007199254740992.0;
}

static uint64_t draw_small(uint64_t *random)
{
    return (uint64_t)(uniform(random) * 60);
}

static uint64_t draw_uniform(uint64_t *random)
{
    return (uint64_t)(uniform(random) * 1e6);
}

static uint64_t draw_exponential(uint64_t *random)
{
    return (uint64_t)(-log(1 - uniform(random)) * 5000);
}

/* Over ten powers of ten. */
static uint64_t draw_logarithmic(uint64_t *random)
{
    return (uint64_t)pow(10, uniform(random) * 10.9);
}

/* A fast path, and one in a hundred that slept. */
static uint64_t draw_bimodal(uint64_t *random)
{
    return uniform(random) < 0.99 ? 20 + draw_small(random) : 50000 + draw_uniform(random);
}

/* Pareto's with no mean to speak of. */
static uint64_t draw_heavy_tail(uint64_t *random)
{
    return (uint64_t)(100 / (1 - uniform(random)));
}

static uint64_t draw_constant(uint64_t *random)
{
    (void)random;
    return 123457;
}

static uint64_t (*const draws[])(uint64_t *random) = {
    draw_small,   draw_uniform,    draw_exponential, draw_logarithmic,
    draw_bimodal, draw_heavy_tail, draw_constant,
};
enum { DRAWS = sizeof draws / sizeof draws[0] };

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void expect_quantiles_of(const struct histogram *histogram, uint64_t *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare);
    for (size_t i = 0; i < PARTS; i++) {
        size_t rank = (size_t)ceil(parts[i] * (double)count);
        double exact = (double)samples[rank == 0 ? 0 : rank - 1];
        double found = histogram_quantile(histogram, parts[i]);
        assert_true(fabs(found - exact) <= exact / 128);
        assert_true(exact >= HISTOGRAM_STEPS || found == exact);
    }
    assert_int_equal(histogram->min, samples[0]);
    assert_int_equal(histogram->max, samples[count - 1]);
}

static void quantiles_are_the_exact_ones_but_for_the_bucket(void **state)
{
    static uint64_t samples[SAMPLES];
    uint64_t random = 1;

    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        struct histogram *histogram = new_histogram();
        double sum = 0;
        for (size_t j = 0; j < SAMPLES; j++) {
            samples[j] = draws[i](&random);
            sum += (double)samples[j];
            histogram_add(histogram, samples[j]);
        }
        expect_quantiles_of(histogram, samples, SAMPLES);
        assert_int_equal(histogram->count, SAMPLES);
        assert_int_equal(histogram->beyond, 0);
        assert_float_equal(histogram_mean(histogram), sum / SAMPLES, sum / SAMPLES * 1e-12);
        free(histogram);
    }
}

/* Whatever the number of samples: of few, a high percentile is the longest. */
static void few_samples(void **state)
{
    static uint64_t samples[40];
    uint64_t random = 2;

    (void)state;
    for (size_t count = 1; count <= 40; count++) {
        struct histogram *histogram = new_histogram();
        for (size_t i = 0; i < count; i++) {
            samples[i] = draw_logarithmic(&random);
            histogram_add(histogram, samples[i]);
        }
        expect_quantiles_of(histogram, samples, count);
        assert_true(histogram_quantile(histogram, 0.99) == (double)histogram->max ||
                    histogram_bucket(histogram->max) ==
                        histogram_bucket((uint64_t)histogram_quantile(histogram, 0.99)));
        free(histogram);
    }
}

static void merged_parts_are_the_whole(void **state)
{
    struct histogram *whole = new_histogram(), *merged = new_histogram(), *part[3];
    uint64_t random = 3;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        part[i] = new_histogram();
    for (size_t i = 0; i < SAMPLES; i++) {
        uint64_t ns = draws[i % DRAWS](&random);
        histogram_add(whole, ns);
        histogram_add(part[i % 2], ns); /* the third stays empty */
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(histogram_merge(merged, part[2 - i]));
    assert_memory_equal(merged, whole, sizeof *whole);
    for (size_t i = 0; i < 3; i++)
        free(part[i]);
    free(merged);
    free(whole);
}

static void what_does_not_fit_is_not_merged(void **state)
{
    struct histogram *histogram = new_histogram(), *before = new_histogram(),
                     *other = new_histogram();

    (void)state;
    histogram_add(histogram, 7);
    *before = *histogram;
    other->count = UINT64_MAX;
    assert_false(histogram_merge(histogram, other));
    *other = (struct histogram){.count = 1, .sum = UINT64_MAX};
    assert_false(histogram_merge(histogram, other));
    assert_memory_equal(histogram, before, sizeof *before);
    free(histogram);
    free(before);
    free(other);
}

static void edges(void **state)
{
    struct histogram *histogram = new_histogram();

    (void)state;
    assert_true(isnan(histogram_quantile(histogram, 0.5)));
    assert_true(isnan(histogram_mean(histogram)));
    histogram_add(histogram, 0);
    assert_float_equal(histogram_quantile(histogram, 1), 0, 0);
    histogram_add(histogram, 1);
    assert_float_equal(histogram_quantile(histogram, 0.5), 0, 0);
    assert_float_equal(histogram_quantile(histogram, 0.51), 1, 0);
    histogram_add(histogram, HISTOGRAM_MOST_NS);
    assert_int_equal(histogram->beyond, 0);
    assert_float_equal(histogram_quantile(histogram, 1), 1e11, 1e11 / 128);
    assert_true(histogram_quantile(histogram, 1) <= 1e11);
    histogram_add(histogram, HISTOGRAM_MOST_NS + 1);
    histogram_add(histogram, UINT64_MAX);
    assert_int_equal(histogram->beyond, 2);
    assert_int_equal(histogram->max, HISTOGRAM_MOST_NS);
    assert_int_equal(histogram->count, 5);
    assert_int_equal(histogram->sum, 1 + 3 * HISTOGRAM_MOST_NS);
    free(histogram);
}

/* ---- as JSON ---- */

static json_t *as_text_and_back(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_t *again = json_loads(text, 0, NULL);

    json_decref(object);
    free(text);
    assert_non_null(again);
    return again;
}

static void what_is_written_is_read_back(void **state)
{
    struct histogram *histogram = new_histogram(), *back = new_histogram();
    uint64_t random = 4;

    (void)state;
    for (size_t i = 0; i < DRAWS; i++) { /* the first time, an empty one */
        json_t *object = as_text_and_back(histogram_to_json(histogram));
        assert_true(histogram_from_json(object, back));
        assert_memory_equal(back, histogram, sizeof *back);
        assert_int_equal(json_is_null(json_object_get(object, "p50")), i == 0);
        json_decref(object);
        for (size_t j = 0; j < 1000; j++)
            histogram_add(histogram, draws[i](&random));
        histogram_add(histogram, i < 3 ? 0 : UINT64_MAX);
    }
    free(histogram);
    free(back);
}

static void rubbish_is_refused(void **state)
{
    static const char *const wrong[] = {
        "null",
        "[]",
        "{}",
        "{'count':1,'min':5,'max':5,'beyond':0}",
        /* other buckets than ours */
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':7,'sum':5,'buckets':[[5,1]]}}",
        /* no numbers, negative ones, and too large ones */
        "{'count':1,'min':null,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}"
        "}",
        "{'count':'1','min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}}",
        "{'count':1.0,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}}",
        "{'count':-1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,-1]]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':-5,'buckets':[[5,1]]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,0]]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5000,1]]}"
        "}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[-5,1]]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[5]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':{}}}",
        /* counts whose sum does not fit, or is not the count */
        "{'count':2,'min':5,'max':6,'beyond':0,'histogram':{'bits':6,'sum':11,"
        "'buckets':[[5,9223372036854775807],[6,9223372036854775807]]}}",
        "{'count':2,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':10,'buckets':[[5,1]]}}",
        /* a bucket twice, or out of order */
        "{'count':2,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':10,"
        "'buckets':[[5,1],[5,1]]}}",
        "{'count':2,'min':5,'max':6,'beyond':0,'histogram':{'bits':6,'sum':11,"
        "'buckets':[[6,1],[5,1]]}}",
        /* ends and a sum that are not of these buckets */
        "{'count':1,'min':4,'max':5,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}}",
        "{'count':1,'min':5,'max':9,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}}",
        "{'count':1,'min':5,'max':5,'beyond':0,'histogram':{'bits':6,'sum':6,'buckets':[[5,1]]}}",
        "{'count':1,'min':5,'max':5,'beyond':1,'histogram':{'bits':6,'sum':5,'buckets':[[5,1]]}}",
        "{'count':0,'min':null,'max':null,'beyond':0,'histogram':{'bits':6,'sum':5,'buckets':[]}}",
        "{'count':1,'min':99999999999999,'max':99999999999999,'beyond':0,"
        "'histogram':{'bits':6,'sum':99999999999999,'buckets':[[2013,1]]}}",
    };
    struct histogram *histogram = new_histogram(), *empty = new_histogram();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s", wrong[i]);
        for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_non_null(object);
        if (histogram_from_json(object, histogram))
            fail_msg("this should be refused: %s", text);
        assert_memory_equal(histogram, empty, sizeof *empty);
        json_decref(object);
    }
    /* The same without anything wrong. */
    json_t *right =
        json_pack("{s:i, s:i, s:i, s:i, s:{s:i, s:i, s:[[i, i]]}}", "count", 1, "min", 5, "max", 5,
                  "beyond", 0, "histogram", "bits", 6, "sum", 5, "buckets", 5, 1);
    assert_true(histogram_from_json(right, histogram));
    json_decref(right);
    free(histogram);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_follow_each_other),
        cmocka_unit_test(quantiles_are_the_exact_ones_but_for_the_bucket),
        cmocka_unit_test(few_samples),
        cmocka_unit_test(merged_parts_are_the_whole),
        cmocka_unit_test(what_does_not_fit_is_not_merged),
        cmocka_unit_test(edges),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(rubbish_is_refused),
    };

    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
