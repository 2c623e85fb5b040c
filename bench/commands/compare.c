/* lockbench compare: what changed between results files, and is it more than chance. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands/commands.h"
#include "bench/comparison.h"
#include "bench/comparison_table.h"
#include "bench/csv.h"
#include "bench/fitness.h"
#include "bench/json.h"
#include "bench/values.h"

struct settings {
    struct comparison_settings comparison;
    bool markdown, csv, json;
    bool quiet;
};

static enum exit_code set_threshold(void *settings, const struct option_row *row, const char *value)
{
    double *part = option_field(settings, row), percent;

    if (!read_percent(value, &percent))
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is a percentage up to 100%%, such as 5%%",
                        row->name, value);
    *part = percent / 100;
    return EXIT_FINE;
}

static const struct option_row options[] = {
    OPTION("threshold", 't', "PERCENT",
           "exit code 1 when a lock got slower significantly and by more than that, such as 5%",
           set_threshold, struct settings, comparison.threshold),
    OPTION_TEXT("measure", 'M', "NAME",
                "another field than the throughput, as it is named in the records, such as cpu_ns, "
                "jain, traffic.transactions, latency_ns.p99",
                struct settings, comparison.measure),
    OPTION_FLAG("different-machines", 'd', "compare although the machines differ", struct settings,
                comparison.cells.any_machine),
    OPTION_FLAG("all-windows", 'w', "count unfit windows as well", struct settings,
                comparison.cells.all_windows),
    OPTION_FLAG("markdown", 'm', "as tables for a document", struct settings, markdown),
    OPTION_FLAG("csv", 'c', "as comma-separated values, a row a cell", struct settings, csv),
    OPTION_FLAG("json", 'j', "as JSON", struct settings, json),
    OPTION_FLAG("quiet", 'q', "no notes", struct settings, quiet),
    {0},
};

/* Also the files that were appended to one of the two. */
static bool machines_differ(const struct records *base, const struct records *new, char *text,
                            size_t size)
{
    size_t i;
    json_t *run;

    if (comparison_machines_differ(base, new, text, size))
        return true;
    json_array_foreach (new->later_runs, i, run) {
        struct records later = {.run = run};
        if (comparison_machines_differ(base, &later, text, size))
            return true;
    }
    return false;
}

static enum exit_code check_machines(const struct settings *settings, const struct records *base,
                                     const struct records *new)
{
    char text[2048];

    if (!machines_differ(base, new, text, sizeof text))
        return EXIT_FINE;
    if (!settings->comparison.cells.any_machine)
        return complain(EXIT_USAGE,
                        "'%s' and '%s' are of different machines (--different-machines compares "
                        "them all the same): %s",
                        base->name, new->name, text);
    if (!settings->quiet)
        say("'%s' and '%s' are of different machines: %s", base->name, new->name, text);
    return EXIT_FINE;
}

/* `mcs with 4 threads` */
static void put_cell_name(char *text, size_t size, const json_t *identity)
{
    int threads = (int)json_integer_value(json_object_get(identity, "threads"));
    const json_t *objects = json_object_get(identity, "objects");
    const char *lock = json_string_value(json_object_get(identity, "lock"));

    snprintf(text, size, "%s with %d thread%s", lock, threads, threads == 1 ? "" : "s");
    if (objects != NULL)
        snprintf(text + strlen(text), size - strlen(text), " and %lld objects",
                 (long long)json_integer_value(objects));
}

/* The first few of a list of cells, and how many more there are. */
static void put_cell_names(char *text, size_t size, const json_t *list)
{
    enum { SHOWN = 4 };
    char name[300];
    size_t i;
    json_t *identity;

    text[0] = '\0';
    json_array_foreach (list, i, identity) {
        if (i == SHOWN)
            break;
        put_cell_name(name, sizeof name, identity);
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i > 0 ? ", " : "", name);
    }
    if (json_array_size(list) > SHOWN)
        snprintf(text + strlen(text), size - strlen(text), ", and %zu more",
                 json_array_size(list) - SHOWN);
}

/* Of a list of cells those of one NEW file. */
static json_t *cells_of_file(const json_t *list, const char *file)
{
    json_t *mine = json_array(), *identity;
    size_t i;

    json_array_foreach (list, i, identity) {
        if (strcmp(json_string_value(json_object_get(identity, "file")), file) == 0)
            json_array_append(mine, identity);
    }
    return mine;
}

static void note_only_in(const json_t *list, const char *in, const char *not_in, const char *file)
{
    json_t *mine = cells_of_file(list, file);
    char names[1400];

    put_cell_names(names, sizeof names, mine);
    if (json_array_size(mine) > 0)
        say("%zu cell%s of '%s' %s not in '%s': %s", json_array_size(mine),
            json_array_size(mine) == 1 ? "" : "s", in, json_array_size(mine) == 1 ? "is" : "are",
            not_in, names);
    json_decref(mine);
}

/* What has met both files alike is no difference of theirs. */
static void note_drift(const struct comparison *comparison, size_t file, bool alternating)
{
    const struct drift *drift = &comparison->drifts[file];
    char text[256];

    if (!drift->found)
        return;
    drift_describe(drift, text, sizeof text);
    say("'%s' was measured on a machine that drifted: %s%s", comparison->files[file].name, text,
        alternating ? "; the files were measured alternating, so that it met them alike"
                    : ": a difference as large may be that");
}

static void note_drifts(const struct comparison *comparison)
{
    bool alternating = true;

    for (size_t i = 1; i < comparison->files_count; i++)
        alternating = alternating && comparison_alternation(comparison, i) == ALTERNATION_FOUND;
    for (size_t i = 0; i < comparison->files_count; i++)
        note_drift(comparison, i, alternating);
}

static void note_alternation(const struct comparison *comparison, size_t file)
{
    const char *base = comparison->files[0].name, *new = comparison->files[file].name;

    switch (comparison_alternation(comparison, file)) {
    case ALTERNATION_MISSING:
        say("'%s' and '%s' were measured one after the other, not alternating: how the machine "
            "drifted meanwhile counts as a difference, too",
            base, new);
        break;
    case ALTERNATION_UNKNOWN:
        say("'%s' and '%s' do not show that they were measured alternating: how the machine "
            "drifted meanwhile may count as a difference, too",
            base, new);
        break;
    case ALTERNATION_NEEDLESS:
    case ALTERNATION_FOUND:
        break;
    }
}

static void note_violations(const struct records *file)
{
    size_t count = json_array_size(file->violations);

    if (count > 0)
        say("'%s' has %zu violation%s: what such a lock achieved is worth nothing", file->name,
            count, count == 1 ? "" : "s");
}

/* What was left out of one file, or, with no fit window in a cell, was not. */
static void note_unfit(const struct comparison *comparison, size_t file)
{
    const struct sample_cells *side = &comparison->sides[file];
    const char *name = comparison->files[file].name;
    size_t unfit = 0, all_unfit = 0;
    char reasons[256];

    for (size_t i = 0; i < side->count; i++) {
        unfit += side->cells[i].unfit;
        all_unfit += side->cells[i].unfit > 0 &&
                     side->cells[i].unfit == json_array_size(side->cells[i].samples);
    }
    if (unfit == 0)
        return;
    fitness_reasons(comparison->files[file].samples, reasons, sizeof reasons);
    say("'%s': %zu of %zu windows are unfit (%s): %s", name, unfit,
        json_array_size(comparison->files[file].samples), reasons,
        comparison->all_windows ? "they count all the same (--all-windows)" : "left out");
    if (!comparison->all_windows && all_unfit > 0)
        say("'%s': %zu cell%s no fit window: there all of them count", name, all_unfit,
            all_unfit == 1 ? " has" : "s have");
}

static void note_too_small(const struct comparison *comparison)
{
    const struct compared_cell *smallest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        size_t samples = cell->base.samples + cell->new.samples;
        if (!cell->too_small)
            continue;
        if (smallest == NULL || samples < smallest->base.samples + smallest->new.samples)
            smallest = cell;
        count++;
    }
    if (count > 0)
        say("in %zu of %zu cells the repetitions are too few (%zu and %zu) for any difference to "
            "be "
            "significant among so many comparisons: at least %zu in each file are needed",
            count, comparison->count, smallest->base.samples, smallest->new.samples,
            significance_least_samples(comparison->count));
}

static void note_approximations(const struct comparison *comparison)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->count; i++)
        count += !comparison->cells[i].test.exact;
    if (count > 0)
        say("in %zu of %zu cells there are more than %d samples: their p and intervals are the "
            "normal approximation",
            count, comparison->count, SIGNIFICANCE_EXACT_MOST);
}

static void note_all(const struct comparison *comparison)
{
    const struct records *files = comparison->files;

    for (size_t i = 0; i < comparison->files_count; i++)
        note_violations(&files[i]);
    for (size_t i = 0; i < comparison->files_count; i++)
        note_unfit(comparison, i);
    for (size_t i = 1; i < comparison->files_count; i++) {
        if (records_same_file(files[0].name, files[i].name))
            say("'%s' and '%s' are the same file", files[0].name, files[i].name);
        else
            note_alternation(comparison, i);
        note_only_in(comparison->only_in_base, files[0].name, files[i].name, files[i].name);
        note_only_in(comparison->only_in_new, files[i].name, files[0].name, files[i].name);
    }
    note_drifts(comparison);
    note_too_small(comparison);
    note_approximations(comparison);
}

/* In a table of its own each interval is two columns. */
static void split_intervals(json_t *cell)
{
    static const char *const names[] = {"base_interval", "new_interval", "interval"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *low = json_array_get(json_object_get(cell, names[i]), 0);
        json_t *high = json_array_get(json_object_get(cell, names[i]), 1);
        json_t *bounds = json_object();
        json_object_set_new(bounds, "low", low == NULL ? json_null() : json_incref(low));
        json_object_set_new(bounds, "high", high == NULL ? json_null() : json_incref(high));
        json_object_set_new(cell, names[i], bounds);
    }
}

static void print_csv(const json_t *object)
{
    json_t *cells = json_object_get(object, "cells"), *cell;
    size_t i;

    json_array_foreach (cells, i, cell)
        split_intervals(cell);
    csv_write(stdout, cells);
}

static void print(const struct settings *settings, const struct comparison *comparison)
{
    if (!settings->csv && !settings->json) {
        (settings->markdown ? comparison_print_markdown : comparison_print)(stdout, comparison);
        return;
    }
    json_t *object = comparison_to_json(comparison);
    if (!settings->csv) {
        json_print(object, 12);
        return;
    }
    print_csv(object);
    json_decref(object);
}

/* The finding for which the exit code is 1. */
static enum exit_code judge(const struct comparison *comparison)
{
    json_t *worse = json_array();
    bool is_speed = true;
    char names[1400];

    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        if (!cell->beyond)
            continue;
        json_array_append(worse, (json_t *)cell->identity);
        is_speed = is_speed && cell->measure.is_speed;
    }
    put_cell_names(names, sizeof names, worse);
    size_t count = json_array_size(worse);
    json_decref(worse);
    if (count == 0)
        return EXIT_FINE;
    return complain(EXIT_NEGATIVE, "%zu cell%s significantly %s by more than %g%%: %s", count,
                    count == 1 ? " is" : "s are", is_speed ? "slower" : "worse",
                    comparison->threshold * 100, names);
}

/* Whether there is anything to compare in each file. */
static enum exit_code check_common(const struct settings *settings,
                                   const struct comparison *comparison)
{
    const struct records *files = comparison->files;
    bool measured = false;

    for (size_t i = 1; i < comparison->files_count; i++) {
        json_t *missing = cells_of_file(comparison->only_in_base, files[i].name);
        bool none = json_array_size(missing) == comparison->sides[0].count;
        json_decref(missing);
        if (none)
            return complain(EXIT_USAGE,
                            "'%s' and '%s' have no cell in common: compare runs of the same locks, "
                            "threads, workload, placement and processes",
                            files[0].name, files[i].name);
    }
    for (size_t i = 0; i < comparison->count; i++)
        measured = measured || !isnan(comparison->cells[i].p);
    if (!measured && settings->comparison.measure != NULL)
        return complain(EXIT_USAGE,
                        "no cell has a number '%s' in both files: docs/records.md names the fields",
                        settings->comparison.measure);
    return EXIT_FINE;
}

static enum exit_code compare_records(const struct settings *settings, const struct records *files,
                                      size_t count)
{
    enum exit_code code = EXIT_FINE;

    for (size_t i = 1; i < count && code == EXIT_FINE; i++)
        code = check_machines(settings, &files[0], &files[i]);
    /* A file of several runs may be of several machines itself. */
    for (size_t i = 0; i < count && code == EXIT_FINE && !settings->comparison.cells.any_machine;
         i++)
        code = check_machines(settings, &files[i], &files[i]);
    if (code != EXIT_FINE)
        return code;
    struct comparison comparison = comparison_make(files, count, &settings->comparison);
    code = check_common(settings, &comparison);
    if (code == EXIT_FINE) {
        if (!settings->quiet)
            note_all(&comparison);
        print(settings, &comparison);
        code = judge(&comparison);
    }
    comparison_free(&comparison);
    return code;
}

static enum exit_code read_one(const char *name, struct records *records)
{
    enum exit_code code = records_read(name, records);

    if (code == EXIT_FINE && json_array_size(records->samples) == 0)
        return complain(EXIT_USAGE, "'%s' has no samples: name a file of a finished run", name);
    return code;
}

static enum exit_code compare_files(const struct settings *settings, size_t count, char **names)
{
    struct records *files = calloc(count, sizeof *files);
    enum exit_code code = EXIT_FINE;
    size_t read = 0;

    if (files == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (read < count && code == EXIT_FINE) {
        code = read_one(names[read], &files[read]);
        read++;
    }
    if (code == EXIT_FINE)
        code = compare_records(settings, files, count);
    while (read > 0)
        records_free(&files[--read]);
    free(files);
    return code;
}

static enum exit_code compare_main(int argc, char **argv)
{
    struct settings settings = {.comparison.threshold = NAN};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_compare, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (settings.markdown + settings.csv + settings.json > 1)
        return complain(EXIT_USAGE, "--markdown, --csv and --json exclude each other: choose one");
    if (words < 2)
        return complain(EXIT_USAGE,
                        "compare needs two results files or more: lockbench compare BASE NEW");
    return compare_files(&settings, (size_t)words, argv + 1);
}

const struct command command_compare = {
    .name = "compare",
    .summary = "what changed between results, and is it significant",
    .usage = "BASE NEW [MORE...] [options]",
    .text =
        "Compares results files with the first one, cell by cell: medians, the ratio NEW/BASE with "
        "its 95% interval, and p of the exact Mann-Whitney test, adjusted by Holm for the number "
        "of cells. ~ is a difference that may be chance. Of locks the throughput is compared, of "
        "signals the median latency, where less is better. Exit code 1: something got slower, "
        "significantly and by more than the threshold.",
    .run = compare_main,
    .options = options,
};
