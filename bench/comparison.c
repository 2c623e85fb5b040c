#include "bench/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/json.h"
#include "bench/machine.h"
#include "bench/run_fields.h"

static struct compared_side side_of(const struct sample_cell *cell, const double *values,
                                    size_t count)
{
    struct compared_side side = {.samples = count,
                                 .unfit = cell->unfit,
                                 .unfit_count = cell->unfit_count,
                                 .median = NAN,
                                 .violations = cell->violations};

    if (count > 0)
        side.median = statistics_median(values, count);
    side.has_interval = statistics_median_interval(values, count, &side.interval);
    return side;
}

static struct compared_cell compare_cell(const struct sample_cell *base,
                                         const struct sample_cell *new, size_t file,
                                         const char *measure_name)
{
    struct measure measure =
        measure_name == NULL ? sample_cell_measure(base) : measure_named(measure_name);
    size_t n, m;
    double *x = sample_cell_values(base, &measure, &n), *y = sample_cell_values(new, &measure, &m);
    struct compared_cell cell = {
        .identity = base->identity,
        .file = file,
        .measure = measure,
        .base = side_of(base, x, n),
        .new = side_of(new, y, m),
        .ratio = significance_ratio(x, n, y, m),
        .test = significance_rank_test(x, n, y, m),
        .cliffs_delta = significance_cliffs_delta(x, n, y, m),
    };

    free(x);
    free(y);
    return cell;
}

static void add_only(json_t *list, const json_t *identity, const char *file)
{
    json_t *copy = json_copy((json_t *)identity);

    json_object_set_new(copy, "file", json_string(file));
    json_array_append_new(list, copy);
}

static void compare_file(struct comparison *comparison, size_t file, const char *measure)
{
    const struct sample_cells *base = &comparison->sides[0], *new = &comparison->sides[file];
    const char *name = comparison->files[file].name;

    for (size_t i = 0; i < base->count; i++) {
        const struct sample_cell *other = sample_cells_find(new, base->cells[i].key);
        if (other != NULL)
            comparison->cells[comparison->count++] =
                compare_cell(&base->cells[i], other, file, measure);
        else
            add_only(comparison->only_in_base, base->cells[i].identity, name);
    }
    for (size_t i = 0; i < new->count; i++) {
        if (sample_cells_find(base, new->cells[i].key) == NULL)
            add_only(comparison->only_in_new, new->cells[i].identity, name);
    }
}

/* The adjustment grows with each p, so that the least p of every cell together, adjusted, are the
 * least that any outcome could give. */
static void adjust(struct comparison *comparison)
{
    size_t count = comparison->count;
    double *p = allocate_array(count, sizeof *p), *least = allocate_array(count, sizeof *least);

    for (size_t i = 0; i < count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        p[i] = cell->test.p;
        least[i] =
            isnan(cell->test.p) ? NAN : significance_least_p(cell->base.samples, cell->new.samples);
    }
    significance_holm(p, count);
    significance_holm(least, count);
    for (size_t i = 0; i < count; i++) {
        comparison->cells[i].p = p[i];
        comparison->cells[i].too_small = least[i] >= SIGNIFICANCE_LEVEL;
    }
    free(p);
    free(least);
}

/* The side that ranks higher, which every test has, tells the direction also where there is no
 * ratio. */
static void judge(struct compared_cell *cell, double threshold)
{
    bool more = cell->cliffs_delta > 0, less_is_better = cell->measure.less_is_better;
    double ratio = cell->ratio.estimate;

    if (!(cell->p < SIGNIFICANCE_LEVEL))
        return;
    cell->verdict = more != less_is_better ? VERDICT_BETTER : VERDICT_WORSE;
    if (cell->verdict == VERDICT_WORSE && !isnan(threshold))
        cell->beyond =
            isnan(ratio) || (less_is_better ? ratio > 1 + threshold : ratio < 1 - threshold);
}

struct comparison comparison_make(const struct records *files, size_t files_count,
                                  const struct comparison_settings *settings)
{
    struct comparison comparison = {.files = files,
                                    .files_count = files_count,
                                    .sides = allocate_array(files_count, sizeof *comparison.sides),
                                    .drifts =
                                        allocate_array(files_count, sizeof *comparison.drifts),
                                    .all_windows = settings->cells.all_windows,
                                    .threshold = settings->threshold,
                                    .only_in_base = json_array(),
                                    .only_in_new = json_array()};

    for (size_t i = 0; i < files_count; i++) {
        comparison.sides[i] = sample_cells_make(&files[i], &settings->cells);
        comparison.drifts[i] = drift_find(&comparison.sides[i], settings->measure);
    }
    comparison.cells =
        allocate_array(files_count * comparison.sides[0].count, sizeof *comparison.cells);
    for (size_t i = 1; i < files_count; i++)
        compare_file(&comparison, i, settings->measure);
    adjust(&comparison);
    for (size_t i = 0; i < comparison.count; i++)
        judge(&comparison.cells[i], settings->threshold);
    return comparison;
}

void comparison_free(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->files_count; i++)
        sample_cells_free(&comparison->sides[i]);
    free(comparison->sides);
    free(comparison->drifts);
    free(comparison->cells);
    json_decref(comparison->only_in_base);
    json_decref(comparison->only_in_new);
    *comparison = (struct comparison){0};
}

bool comparison_begins_measure(const struct comparison *comparison, size_t at)
{
    const struct compared_cell *cell = &comparison->cells[at];

    for (size_t i = 0; i < at; i++) {
        const struct compared_cell *other = &comparison->cells[i];
        if (other->file == cell->file && strcmp(other->measure.name, cell->measure.name) == 0)
            return false;
    }
    return true;
}

double comparison_mean(const struct comparison *comparison, size_t file, const char *measure,
                       size_t *count)
{
    double sum = 0;

    *count = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        if (cell->file != file || isnan(cell->ratio.estimate) ||
            strcmp(cell->measure.name, measure) != 0)
            continue;
        sum += log(cell->ratio.estimate);
        (*count)++;
    }
    return *count == 0 ? NAN : exp(sum / (double)*count);
}

/* ------------------------------------------------------------------------------------------------
 * Machines
 */

static void add_difference(char *text, size_t size, const char *name, const json_t *base,
                           const json_t *new)
{
    char first[RUN_VALUE_TEXT], second[RUN_VALUE_TEXT];

    snprintf(text + strlen(text), size - strlen(text), "%s%s: %s, %s", *text != '\0' ? "; " : "",
             name, run_value_text(base, first), run_value_text(new, second));
}

static void compare_hosts(const json_t *base, const json_t *new, char *text, size_t size)
{
    for (const char *const *field = run_host_fields; *field != NULL; field++) {
        const json_t *a = json_object_get(base, *field), *b = json_object_get(new, *field);
        if (!run_same_value(a, b))
            add_difference(text, size, *field, a, b);
    }
}

static void compare_models(const json_t *base, const json_t *new, char *text, size_t size)
{
    const json_t *model = json_object_get(base, "model"), *other = json_object_get(new, "model");
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)model, name, value)
    {
        if (!run_same_value(value, json_object_get(other, name)))
            add_difference(text, size, name, value, json_object_get(other, name));
    }
    json_object_foreach((json_t *)other, name, value)
    {
        if (json_object_get(model, name) == NULL)
            add_difference(text, size, name, NULL, value);
    }
    if (!run_same_value(json_object_get(base, "latency_ns"), json_object_get(new, "latency_ns")))
        snprintf(text + strlen(text), size - strlen(text), "%slatency_ns: two matrices",
                 *text != '\0' ? "; " : "");
}

bool comparison_machines_differ(const struct records *base, const struct records *new, char *text,
                                size_t size)
{
    const json_t *plan = json_object_get(base->run, "plan");
    const json_t *other_plan = json_object_get(new->run, "plan");
    const json_t *machine = json_object_get(plan, "machine");
    const json_t *other = json_object_get(other_plan, "machine");
    json_t *native = json_string("native");

    text[0] = '\0';
    machine = machine == NULL ? native : machine;
    other = other == NULL ? native : other;
    if (!json_equal((json_t *)machine, (json_t *)other)) {
        add_difference(text, size, "machine", machine, other);
    } else {
        compare_models(plan, other_plan, text, size);
        compare_hosts(json_object_get(base->run, "host"), json_object_get(new->run, "host"), text,
                      size);
    }
    json_decref(native);
    return text[0] != '\0';
}

/* ------------------------------------------------------------------------------------------------
 * Alternation
 */

struct moment {
    const char *time; /* sorts as text */
    bool is_new;
};

static int compare_moments(const void *a, const void *b)
{
    return strcmp(((const struct moment *)a)->time, ((const struct moment *)b)->time);
}

/* Adds the times of a side's samples; returns false when one has none. */
static bool add_moments(struct moment *moments, size_t *count, const struct sample_cell *cell,
                        bool is_new)
{
    size_t i;
    json_t *sample;

    json_array_foreach (cell->samples, i, sample) {
        const char *time = json_string_value(json_object_get(sample, "time"));
        if (time == NULL)
            return false;
        moments[(*count)++] = (struct moment){time, is_new};
    }
    return true;
}

/* Adds how often the samples of one cell change sides, and how often they would if they were
 * shuffled, each without the one change that there always is. Returns false when they don't tell
 * their times. */
static bool count_changes(const struct sample_cell *base, const struct sample_cell *new,
                          double *changes, double *expected)
{
    double n = (double)json_array_size(base->samples), m = (double)json_array_size(new->samples);
    struct moment *moments = allocate_array((size_t)(n + m), sizeof *moments);
    size_t count = 0;
    bool known =
        add_moments(moments, &count, base, false) && add_moments(moments, &count, new, true);
    if (known) {
        qsort(moments, count, sizeof *moments, compare_moments);
        for (size_t i = 1; i < count; i++)
            *changes += moments[i].is_new != moments[i - 1].is_new;
        if (n > 0 && m > 0) {
            *changes -= 1;
            *expected += 2 * n * m / (n + m) - 1;
        }
    }
    free(moments);
    return known;
}

static bool is_simulated(const struct records *file)
{
    const json_t *machine = json_object_get(json_object_get(file->run, "plan"), "machine");

    return machine_topology_text(json_string_value(machine)) != NULL;
}

enum alternation comparison_alternation(const struct comparison *comparison, size_t file)
{
    const struct sample_cells *base = &comparison->sides[0], *new = &comparison->sides[file];
    double changes = 0, expected = 0;

    if (is_simulated(&comparison->files[0]) && is_simulated(&comparison->files[file]))
        return ALTERNATION_NEEDLESS;
    for (size_t i = 0; i < base->count; i++) {
        const struct sample_cell *other = sample_cells_find(new, base->cells[i].key);
        if (other != NULL && !count_changes(&base->cells[i], other, &changes, &expected))
            return ALTERNATION_UNKNOWN;
    }
    if (expected <= 0)
        return ALTERNATION_UNKNOWN;
    return changes >= expected / 2 ? ALTERNATION_FOUND : ALTERNATION_MISSING;
}

/* ------------------------------------------------------------------------------------------------
 * JSON
 */

static const char *word_of(const struct compared_cell *cell, bool in_capitals)
{
    bool is_speed = cell->measure.is_speed;

    switch (cell->verdict) {
    case VERDICT_BETTER:
        return is_speed ? "faster" : "better";
    case VERDICT_WORSE:
        if (in_capitals)
            return is_speed ? "SLOWER" : "WORSE";
        return is_speed ? "slower" : "worse";
    case VERDICT_NONE:
        break;
    }
    return "~";
}

const char *comparison_verdict(const struct compared_cell *cell)
{
    return word_of(cell, cell->beyond);
}

static json_t *interval_or_null(bool has_interval, const struct interval *interval)
{
    if (!has_interval || !isfinite(interval->low) || !isfinite(interval->high))
        return json_null();
    return json_pack("[f, f]", interval->low, interval->high);
}

static void set_side(json_t *object, const char *name, const struct compared_side *side)
{
    char field[32];

    json_object_set_new(object, name, json_number_or_null(side->median));
    snprintf(field, sizeof field, "%s_interval", name);
    json_object_set_new(object, field, interval_or_null(side->has_interval, &side->interval));
    snprintf(field, sizeof field, "%s_samples", name);
    json_object_set_new(object, field, json_integer((json_int_t)side->samples));
    snprintf(field, sizeof field, "%s_unfit", name);
    json_object_set_new(object, field, json_integer((json_int_t)side->unfit));
    snprintf(field, sizeof field, "%s_violations", name);
    json_object_set_new(object, field, json_integer((json_int_t)side->violations));
}

static json_t *cell_to_json(const struct comparison *comparison, const struct compared_cell *cell)
{
    json_t *object = json_object();

    json_object_set_new(object, "file", json_string(comparison->files[cell->file].name));
    json_object_update(object, (json_t *)cell->identity);
    json_object_set_new(object, "measure", json_string(cell->measure.name));
    set_side(object, "base", &cell->base);
    set_side(object, "new", &cell->new);
    json_object_set_new(object, "ratio", json_number_or_null(cell->ratio.estimate));
    json_object_set_new(object, "interval",
                        interval_or_null(cell->ratio.has_interval, &cell->ratio.interval));
    json_object_set_new(object, "cliffs_delta", json_number_or_null(cell->cliffs_delta));
    json_object_set_new(object, "p_raw", json_number_or_null(cell->test.p));
    json_object_set_new(object, "p_exact", json_boolean(cell->test.exact));
    json_object_set_new(object, "p", json_number_or_null(cell->p));
    json_object_set_new(object, "significant", json_boolean(cell->verdict != VERDICT_NONE));
    json_object_set_new(object, "verdict", json_string(word_of(cell, false)));
    json_object_set_new(object, "beyond_threshold",
                        isnan(comparison->threshold) ? json_null() : json_boolean(cell->beyond));
    return object;
}

static json_t *means_to_json(const struct comparison *comparison)
{
    json_t *list = json_array();

    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        size_t count;
        if (!comparison_begins_measure(comparison, i))
            continue;
        double mean = comparison_mean(comparison, cell->file, cell->measure.name, &count);
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:i}", "file",
                                              comparison->files[cell->file].name, "measure",
                                              cell->measure.name, "ratio",
                                              json_number_or_null(mean), "cells", (int)count));
    }
    return list;
}

static json_t *drifts_to_json(const struct comparison *comparison)
{
    json_t *list = json_array();

    for (size_t i = 0; i < comparison->files_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "file", comparison->files[i].name,
                                              "drift", drift_to_json(&comparison->drifts[i])));
    return list;
}

json_t *comparison_to_json(const struct comparison *comparison)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < comparison->count; i++)
        json_array_append_new(cells, cell_to_json(comparison, &comparison->cells[i]));
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:O, s:O}", "base", comparison->files[0].name,
                     "all_windows", comparison->all_windows, "threshold",
                     json_number_or_null(comparison->threshold), "cells", cells, "geometric_mean",
                     means_to_json(comparison), "drifts", drifts_to_json(comparison),
                     "only_in_base", comparison->only_in_base, "only_in_new",
                     comparison->only_in_new);
}
