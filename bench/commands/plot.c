/* lockbench plot: figures from saved results. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands/commands.h"
#include "bench/figure.h"
#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/figures/missing.h"
#include "bench/plan.h"
#include "bench/records.h"
#include "bench/signal_table.h"
#include "bench/summary.h"
#include "bench/table.h"
#include "bench/values.h"

struct settings {
    const struct figure_kind *kind;
    const char *formats; /* separated by commas */
    const char *output;
    const char *title;
    unsigned threads; /* 0: the figure's own choice */
    bool quiet;
};

static enum exit_code set_kind(void *settings, const struct option_row *row, const char *value)
{
    const struct figure_kind *kind = figure_find(value);

    if (kind == NULL)
        return complain(EXIT_USAGE, "--%s can't be '%s': there are " FIGURE_NAMES, row->name,
                        value);
    ((struct settings *)settings)->kind = kind;
    return EXIT_FINE;
}

static enum exit_code set_threads(void *settings, const struct option_row *row, const char *value)
{
    uint64_t threads;

    if (!read_count(value, 1, PLAN_THREADS_MOST, &threads))
        return complain(EXIT_USAGE, "--%s can't be '%s': use a number of threads, as in 4",
                        row->name, value);
    ((struct settings *)settings)->threads = (unsigned)threads;
    return EXIT_FINE;
}

static const struct option_row options[] = {
    OPTION("figure", 'F', "NAME", FIGURE_NAMES " (default throughput)", set_kind, struct settings,
           kind),
    OPTION_TEXT("format", 'f', "LIST",
                FIGURE_FORMATS " (default png,svg); dumb: characters for a terminal; "
                               "dat: the data that the script reads",
                struct settings, formats),
    OPTION_TEXT("output", 'O', "FILE",
                "where to draw; - is standard output. Default: beside the first "
                "results file, with the format's ending; dumb: here",
                struct settings, output),
    OPTION_TEXT("title", 't', "TEXT", "a title instead of the machine and the workload",
                struct settings, title),
    OPTION("threads", 0, "N",
           "of figures of one number of threads (rw, latency, hold, handoff): another one than "
           "they choose",
           set_threads, struct settings, threads),
    OPTION_FLAG("quiet", 'q', "do not say what was drawn", struct settings, quiet),
    {0},
};

/* What was read, and of which files. */
struct drawing {
    const struct settings *settings;
    char *const *names;
    size_t names_count;
    struct picture data;
    char title[512];
    unsigned cpus;
};

/* Whether `name` is one of the first `count` files that are read. */
static bool is_read(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (records_same_file(names[i], name))
            return true;
    }
    return false;
}

/* Beside the results, or where the output says; a figure other than the usual one says in its name
 * which it is. */
static void name_figure(const struct drawing *drawing, const char *format, char *name, size_t size)
{
    const struct settings *settings = drawing->settings;
    char ending[32];

    if (settings->output != NULL || settings->kind == &figure_throughput)
        snprintf(ending, sizeof ending, "%s", format);
    else
        snprintf(ending, sizeof ending, "%s.%s", settings->kind->name, format);
    figure_name(settings->output == NULL ? drawing->names[0] : settings->output, ending, name,
                size);
}

static enum exit_code draw_format(const struct drawing *drawing, const char *format,
                                  bool only_format)
{
    char name[PATH_MAX];
    const char *output = drawing->settings->output;

    if (output == NULL && strcmp(format, "dumb") == 0)
        output = "-";
    if (output == NULL || (!only_format && strcmp(output, "-") != 0)) {
        name_figure(drawing, format, name, sizeof name);
        output = name;
    }
    if (is_read(drawing->names, drawing->names_count, output))
        return complain(EXIT_USAGE, "'%s' is what is drawn: name another output", output);
    struct figure figure = {.kind = drawing->settings->kind,
                            .data = &drawing->data,
                            .format = format,
                            .output = output,
                            .title = drawing->title,
                            .cpus = drawing->cpus};
    enum exit_code code = figure_draw(&figure);
    if (code == EXIT_FINE && !drawing->settings->quiet && strcmp(output, "-") != 0)
        say("drawn: %s", output);
    return code;
}

static enum exit_code draw_formats(const struct drawing *drawing)
{
    const char *formats = drawing->settings->formats;
    bool only_format = strchr(formats, ',') == NULL;
    char *copy = strdup(formats), *rest = copy, *format;
    enum exit_code code = EXIT_FINE;

    while (code == EXIT_FINE && (format = strsep(&rest, ",")) != NULL)
        code = draw_format(drawing, format, only_format);
    free(copy);
    return code;
}

static enum exit_code check_formats(const char *formats)
{
    char *copy = strdup(formats), *rest = copy, *format;
    enum exit_code code = EXIT_FINE;

    while (code == EXIT_FINE && (format = strsep(&rest, ",")) != NULL) {
        if (!figure_is_format(format))
            code =
                complain(EXIT_USAGE, "--format can't have '%s': there are " FIGURE_FORMATS, format);
    }
    free(copy);
    return code;
}

/* Who names a PNG is not to find an SVG in it, nor one beside it. */
static enum exit_code check_output(const struct settings *settings)
{
    const char *format = settings->output == NULL ? NULL : figure_format_of(settings->output);
    char *copy = strdup(settings->formats), *rest = copy, *other;
    bool drawn = format == NULL;

    while ((other = strsep(&rest, ",")) != NULL)
        drawn = drawn || strcmp(other, format) == 0;
    free(copy);
    if (drawn)
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "--output '%s' is a name for %s, and --format has %s: name another output, or "
                    "leave out its ending",
                    settings->output, format, settings->formats);
}

/* Where several shares of readers were planned, a sample has one of them. */
static bool is_as_planned(const json_t *found, const json_t *planned)
{
    const json_t *shares = json_object_get(planned, "readers");
    json_t *share;
    size_t i;

    if (!json_is_array(shares))
        return json_equal(found, planned);
    json_t *one = json_copy((json_t *)planned);
    bool equal = false;
    json_array_foreach (shares, i, share) {
        json_object_set(one, "readers", share);
        equal = equal || json_equal(found, one);
    }
    json_decref(one);
    return equal;
}

/* Whether all samples of a file have what its first record says that they have: files that were put
 * one after another may be of several machines or workloads. */
static bool is_of_one(const struct records *file, const char *field)
{
    const json_t *planned = json_object_get(json_object_get(file->run, "plan"), field);
    size_t i;
    json_t *sample;

    json_array_foreach (file->samples, i, sample) {
        if (!is_as_planned(json_object_get(sample, field), planned))
            return false;
    }
    return true;
}

/* What all files have in common; said where they differ, because their curves do not compare. */
static void title_of_all(const struct records *files, size_t count, char *title, size_t size)
{
    char machine[200], workload[WORKLOAD_TEXT], other_machine[200], other_workload[WORKLOAD_TEXT];
    bool machines = !is_of_one(&files[0], "machine"), workloads = !is_of_one(&files[0], "workload");

    figure_machine(&files[0], machine, sizeof machine);
    figure_workload(&files[0], workload);
    for (size_t i = 1; i < count; i++) {
        figure_machine(&files[i], other_machine, sizeof other_machine);
        figure_workload(&files[i], other_workload);
        machines = machines || !is_of_one(&files[i], "machine");
        workloads = workloads || !is_of_one(&files[i], "workload");
        if (strcmp(machine, other_machine) == 0 && strcmp(workload, other_workload) == 0)
            continue;
        say("'%s' and '%s' are of different machines or workloads: %s: %s; %s: %s", files[0].name,
            files[i].name, machine, workload, other_machine, other_workload);
        machines = machines || strcmp(machine, other_machine) != 0;
        workloads = workloads || strcmp(workload, other_workload) != 0;
    }
    snprintf(title, size, "%s: %s", machines ? "different machines" : machine,
             workloads ? "different workloads" : workload);
}

/* The data of a figure of results. */
static enum exit_code summarize(const struct records *files, struct drawing *drawing)
{
    const struct figure_kind *kind = drawing->settings->kind;

    if (drawing->settings->title == NULL)
        title_of_all(files, drawing->names_count, drawing->title, sizeof drawing->title);
    drawing->cpus = table_cpus(&files[0]);
    if (kind->put_records != NULL)
        return figure_records_data(files, drawing->names_count, kind, &drawing->data);
    struct summary summary = summary_make(files, drawing->names_count);
    unsigned threads = drawing->settings->threads;
    if (threads == 0)
        threads = curves_threads(&summary, kind);
    enum exit_code code = missing_say(files, drawing->names_count, &summary, kind, threads);
    if (code == EXIT_FINE)
        code = figure_data(&summary, kind, threads, &drawing->data);
    summary_free(&summary);
    return code;
}

static enum exit_code read_files(struct drawing *drawing)
{
    struct records *files = calloc(drawing->names_count, sizeof *files);
    enum exit_code code = EXIT_FINE;
    size_t read = 0;

    if (files == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (read < drawing->names_count && code == EXIT_FINE) {
        const char *name = drawing->names[read];
        /* Its samples would count twice, and the intervals would be too narrow. */
        if (is_read(drawing->names, read, name)) {
            code = complain(EXIT_USAGE, "'%s' is named twice", name);
            break;
        }
        code = records_read(name, &files[read]);
        if (code == EXIT_FINE && signal_table_exchange(&files[read]) != EXCHANGE_NONE)
            code = complain(EXIT_USAGE, "'%s' is of signals, and figures are of locks only", name);
        read++;
    }
    if (code == EXIT_FINE)
        code = summarize(files, drawing);
    while (read > 0)
        records_free(&files[--read]);
    free(files);
    return code;
}

static enum exit_code read_one_file(struct drawing *drawing)
{
    const struct figure_kind *kind = drawing->settings->kind;

    if (drawing->names_count > 1)
        return complain(EXIT_USAGE, "--figure %s is of one file: leave out '%s'", kind->name,
                        drawing->names[1]);
    return figure_file_data(drawing->names[0], kind, &drawing->data, drawing->title,
                            sizeof drawing->title, &drawing->cpus);
}

static enum exit_code plot_files(const struct settings *settings, size_t count, char *const *names)
{
    struct drawing drawing = {.settings = settings, .names = names, .names_count = count};
    enum exit_code code =
        settings->kind->put_file != NULL ? read_one_file(&drawing) : read_files(&drawing);

    if (settings->title != NULL)
        snprintf(drawing.title, sizeof drawing.title, "%s", settings->title);
    if (code == EXIT_FINE)
        code = draw_formats(&drawing);
    free(drawing.data.bytes);
    return code;
}

static enum exit_code plot_main(int argc, char **argv)
{
    struct settings settings = {.kind = &figure_throughput, .formats = "png,svg"};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_plot, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words == 0)
        return complain(EXIT_USAGE, "plot needs a results file: lockbench plot FILE...");
    if (settings.threads > 0 && !curves_of_one_number(settings.kind))
        return complain(
            EXIT_USAGE,
            "--threads is for figures of one number of threads (rw, latency, hold, handoff); "
            "leave it out with --figure %s",
            settings.kind->name);
    code = check_formats(settings.formats);
    if (code == EXIT_FINE)
        code = check_output(&settings);
    if (code == EXIT_FINE && strchr(settings.formats, ',') != NULL && settings.output != NULL &&
        strcmp(settings.output, "-") == 0)
        return complain(EXIT_USAGE, "--output - takes one format, not '%s'", settings.formats);
    return code == EXIT_FINE ? plot_files(&settings, (size_t)words, argv + 1) : code;
}

const struct command command_plot = {
    .name = "plot",
    .summary = "figures from saved results",
    .usage = "FILE... [options]",
    .text =
        "Draws against the number of threads. " FIGURE_TEXTS
        ". A dashed line marks the number of CPUs. The curves of several files are drawn together, "
        "each with its file's name, and with its machine where these differ.",
    .run = plot_main,
    .options = options,
};
