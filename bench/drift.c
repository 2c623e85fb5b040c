#include "bench/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/json.h"
#include "bench/machine.h"
#include "bench/statistics.h"

/* ------------------------------------------------------------------------------------------------
 * The test
 */

/* The values of one group in the order of time. */
struct group {
    double *values;
    size_t count;
};

static double pairs_of(size_t count)
{
    return (double)count * ((double)count - 1) / 2;
}

static double balance_of(const struct group *group)
{
    double s = 0;

    for (size_t i = 0; i < group->count; i++) {
        for (size_t j = i + 1; j < group->count; j++)
            s += (group->values[j] > group->values[i]) - (group->values[j] < group->values[i]);
    }
    return s;
}

/* n(n-1)(2n+5), of which the variance of the balance is an eighteenth. */
static double spread(double n)
{
    return n * (n - 1) * (2 * n + 5);
}

/* The variance of the balance of a group of that many values, given its ties. Sorts the values. */
static double variance_of(struct group *group, bool *tied)
{
    double ties = 0;

    statistics_sort(group->values, group->count);
    for (size_t from = 0, to; from < group->count; from = to) {
        for (to = from + 1; to < group->count && group->values[to] == group->values[from]; to++)
            ;
        ties += spread((double)(to - from));
    }
    *tied = *tied || ties > 0;
    return (spread((double)group->count) - ties) / 18;
}

/* One value more: it may come before any number, up to `below`, of those that are there, each with
 * the same chance. `chances` of so many pairs in the wrong order, of `count` of them; `sums` is
 * room for as many. */
static void add_to_chances(double *chances, double *sums, size_t count, size_t below)
{
    double sum = 0;

    for (size_t k = 0; k < count; k++) {
        sum += chances[k] - (k > below ? chances[k - below - 1] : 0);
        sums[k] = sum / (double)(below + 1);
    }
    memcpy(chances, sums, count * sizeof *chances);
}

/* The chance of a balance at least as far from 0, if every order of each group is as likely. */
static double exact_p(const struct group *groups, size_t count, double s, double pairs)
{
    size_t room = (size_t)pairs + 1;
    double *chances = allocate_array(room, sizeof *chances),
           *sums = allocate_array(room, sizeof *sums);
    double p = 0;

    chances[0] = 1;
    for (size_t g = 0; g < count; g++) {
        for (size_t below = 1; below < groups[g].count; below++)
            add_to_chances(chances, sums, room, below);
    }
    /* With k pairs in the wrong order, the balance is pairs - 2 k. */
    for (size_t k = 0; k <= (size_t)((pairs - fabs(s)) / 2); k++)
        p += 2 * chances[k];
    free(chances);
    free(sums);
    return p < 1 ? p : 1;
}

static double normal_p(double s, double variance)
{
    double distance = fabs(s) - 1;

    return distance <= 0 ? 1 : erfc(distance / sqrt(2 * variance));
}

/* The values sorted into their groups, which keep the order of time; `*all` is to be freed, too. */
static struct group *make_groups(const struct drift_value *values, size_t count, size_t groups,
                                 double **all)
{
    struct group *made = allocate_array(groups, sizeof *made);
    size_t at = 0;

    *all = allocate_array(count, sizeof **all);
    for (size_t i = 0; i < count; i++)
        made[values[i].group].count++;
    for (size_t g = 0; g < groups; g++) {
        made[g].values = *all + at;
        at += made[g].count;
        made[g].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct group *group = &made[values[i].group];
        group->values[group->count++] = values[i].value;
    }
    return made;
}

struct trend drift_test(const struct drift_value *values, size_t count, size_t groups_count)
{
    double *all, variance = 0;
    struct group *groups = make_groups(values, count, groups_count, &all);
    struct trend trend = {.p = NAN};
    bool tied = false;

    for (size_t g = 0; g < groups_count; g++) {
        trend.groups += groups[g].count > 1;
        trend.pairs += pairs_of(groups[g].count);
        trend.s += balance_of(&groups[g]);
        variance += variance_of(&groups[g], &tied);
    }
    trend.exact = !tied && trend.pairs > 0 && trend.pairs <= DRIFT_EXACT_MOST;
    if (trend.exact)
        trend.p = exact_p(groups, groups_count, trend.s, trend.pairs);
    else if (variance > 0)
        trend.p = normal_p(trend.s, variance);
    free(groups);
    free(all);
    return trend;
}

/* ------------------------------------------------------------------------------------------------
 * Cells
 */

struct moment {
    const char *time; /* sorts as text; NULL: not known */
    size_t order;     /* in the file */
    double value;
};

static int compare_moments(const void *first, const void *second)
{
    const struct moment *a = first, *b = second;
    int order = strcmp(a->time, b->time);

    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static bool is_simulated(const json_t *sample)
{
    return machine_topology_text(json_string_value(json_object_get(sample, "machine"))) != NULL;
}

/* The values of a cell in the order of time, into room for one a sample. */
static size_t moments_of(const struct sample_cell *cell, const char *measure,
                         struct moment *moments)
{
    size_t count = 0, i;
    bool timed = true;
    json_t *sample;

    json_array_foreach (cell->samples, i, sample) {
        const json_t *value = sample_value(sample, measure);
        if (!json_is_number(value) || is_simulated(sample))
            continue;
        const char *time = json_string_value(json_object_get(sample, "time"));
        timed = timed && time != NULL;
        moments[count++] = (struct moment){time, i, json_number_value(value)};
    }
    if (timed)
        qsort(moments, count, sizeof *moments, compare_moments);
    return count;
}

/* What is found while the cells are gone through. */
struct gathered {
    struct drift_value *values;
    double *early, *late; /* as parts of the medians of their cells */
    size_t count, early_count, late_count;
};

/* The one in the middle of an odd number is of neither half. */
static void gather(struct gathered *gathered, size_t group, const struct moment *moments,
                   size_t count)
{
    double *values = allocate_array(count, sizeof *values);

    for (size_t i = 0; i < count; i++) {
        values[i] = moments[i].value;
        gathered->values[gathered->count++] = (struct drift_value){group, moments[i].value};
    }
    statistics_sort(values, count);
    double median = count == 0 ? 0 : statistics_median(values, count);
    for (size_t i = 0; median > 0 && i < count / 2; i++) {
        gathered->early[gathered->early_count++] = moments[i].value / median;
        gathered->late[gathered->late_count++] = moments[count - 1 - i].value / median;
    }
    free(values);
}

static double median_of(double *values, size_t count)
{
    statistics_sort(values, count);
    return count == 0 ? NAN : statistics_median(values, count);
}

struct drift drift_find(const struct sample_cells *cells, const char *measure)
{
    struct drift drift = {.measure = measure};
    size_t all = 0;

    for (size_t i = 0; i < cells->count; i++)
        all += json_array_size(cells->cells[i].samples);
    struct gathered gathered = {.values = allocate_array(all, sizeof *gathered.values),
                                .early = allocate_array(all, sizeof(double)),
                                .late = allocate_array(all, sizeof(double))};
    struct moment *moments = allocate_array(all, sizeof *moments);
    for (size_t i = 0; i < cells->count; i++) {
        const char *name = measure != NULL ? measure : sample_cell_measure(&cells->cells[i]).name;
        drift.measure = name;
        gather(&gathered, i, moments, moments_of(&cells->cells[i], name, moments));
    }
    drift.trend = drift_test(gathered.values, gathered.count, cells->count);
    drift.tau = drift.trend.pairs > 0 ? drift.trend.s / drift.trend.pairs : NAN;
    drift.change = median_of(gathered.late, gathered.late_count) /
                       median_of(gathered.early, gathered.early_count) -
                   1;
    drift.found = drift.trend.p < DRIFT_LEVEL;
    free(gathered.values);
    free(gathered.early);
    free(gathered.late);
    free(moments);
    return drift;
}

struct drift drift_of_file(const struct records *file)
{
    const struct sample_cells_settings settings = {0};
    struct sample_cells cells = sample_cells_make(file, &settings);
    struct drift drift = drift_find(&cells, NULL);

    sample_cells_free(&cells);
    return drift;
}

void drift_describe(const struct drift *drift, char *text, size_t size)
{
    char change[96] = "", p[32];

    if (drift->trend.s * drift->change > 0)
        snprintf(change, sizeof change, ", by %.3g%% from the first half to the second",
                 fabs(drift->change) * 100);
    if (drift->trend.p < 1e-4)
        snprintf(p, sizeof p, "p < 0.0001");
    else
        snprintf(p, sizeof p, "p %.4f", drift->trend.p);
    snprintf(text, size, "%s %s over the run%s (%s)", drift->measure,
             drift->trend.s > 0 ? "rises" : "falls", change, p);
}

json_t *drift_to_json(const struct drift *drift)
{
    if (isnan(drift->trend.p))
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:f, s:b, s:i, s:b}", "measure", drift->measure, "tau",
                     json_number_or_null(drift->tau), "change", json_number_or_null(drift->change),
                     "p", drift->trend.p, "p_exact", drift->trend.exact, "cells",
                     (int)drift->trend.groups, "found", drift->found);
}
