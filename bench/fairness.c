#include "bench/fairness.h"

#include <math.h>
#include <stdlib.h>

#include "bench/allocate.h"
#include "bench/json.h"
#include "bench/statistics.h"

static double sum(const double *x, size_t n)
{
    double all = 0;

    for (size_t i = 0; i < n; i++)
        all += x[i];
    return all;
}

double fairness_jain(const double *x, size_t n)
{
    double all = sum(x, n), squares = 0;

    if (all == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return all * all / ((double)n * squares);
}

double fairness_rsd(const double *x, size_t n)
{
    double mean = sum(x, n) / (double)n, squares = 0;

    if (mean == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)n) / mean;
}

/* Sorted, x[i] is the larger one in i pairs and the smaller one in n - 1 - i. */
double fairness_gini(const double *x, size_t n)
{
    double all = sum(x, n), differences = 0;

    if (all == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        differences += (2 * (double)i + 1 - (double)n) * x[i];
    return differences / ((double)n * all);
}

double fairness_theil(const double *x, size_t n)
{
    double mean = sum(x, n) / (double)n, information = 0;

    if (mean == 0)
        return NAN;
    for (size_t i = 0; i < n; i++) {
        double share = x[i] / mean;
        /* 0 ln 0 is 0, the limit. */
        information += share > 0 ? share * log(share) : 0;
    }
    /* Rounding may go below what the sum can be. */
    return fmax(information / (double)n, 0);
}

double fairness_top_half(const double *x, size_t n)
{
    double all = sum(x, n), busy = sum(x + (n + 1) / 2, n / 2);

    if (all == 0)
        return NAN;
    if (n % 2 != 0)
        busy += x[n / 2] / 2;
    return busy / all;
}

static const struct {
    const char *name;
    double (*of)(const double *x, size_t n);
} indices[] = {
    {"jain", fairness_jain},   {"rsd", fairness_rsd},           {"gini", fairness_gini},
    {"theil", fairness_theil}, {"top_half", fairness_top_half},
};

/* The counts, sorted, in a new array of `*n`. */
static double *counts_of(const json_t *acquisitions, size_t *n)
{
    double *counts = allocate_array(json_array_size(acquisitions), sizeof *counts);
    size_t i;
    json_t *count;

    *n = 0;
    json_array_foreach (acquisitions, i, count) {
        if (json_is_number(count) && json_number_value(count) >= 0)
            counts[(*n)++] = json_number_value(count);
    }
    statistics_sort(counts, *n);
    return counts;
}

void fairness_add(json_t *sample)
{
    const json_t *acquisitions = json_object_get(sample, "acquisitions");
    json_t *unmeasured = json_object_get(sample, "unmeasured");
    const char *reason = json_is_array(acquisitions) ? "there was no acquisition in the window"
                                                     : "it tells of the threads' acquisitions, "
                                                       "and there are none here";
    size_t n;
    double *counts = counts_of(acquisitions, &n);

    for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        if (json_object_get(sample, indices[i].name) != NULL)
            continue;
        double value = n > 0 ? indices[i].of(counts, n) : NAN;
        json_object_set_new(sample, indices[i].name, json_number_or_null(value));
        if (!isfinite(value) && unmeasured != NULL)
            json_object_set_new(unmeasured, indices[i].name, json_string(reason));
    }
    free(counts);
}
