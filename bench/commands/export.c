/* lockbench export: saved results as tidy CSV. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/allocate.h"
#include "bench/commands/commands.h"
#include "bench/csv.h"
#include "bench/json.h"
#include "bench/latencies.h"
#include "bench/records.h"
#include "bench/sample_cells.h"
#include "bench/statistics.h"

struct settings {
    bool csv;
    bool cells;
    const char *output;
};

static const struct option_row options[] = {
    OPTION_FLAG("csv", 'c', "as comma-separated values: the default, and the only format there is",
                struct settings, csv),
    OPTION_FLAG("cells", 'C', "a row a cell, of medians, instead of a row a sample",
                struct settings, cells),
    OPTION_TEXT("output", 'O', "FILE", "where to write; - is standard output, the default",
                struct settings, output),
    {0},
};

/* A table has the numbers that histograms come to, and the records have the histograms. */
static void leave_out_histograms(const struct records *file)
{
    size_t i;
    json_t *sample;

    json_array_foreach (file->samples, i, sample) {
        for (int way = 0; way < LATENCIES_WAYS; way++) {
            for (int j = 0; j < LATENCIES; j++)
                json_object_del(json_object_get(sample, latency_fields[way][j]), "histogram");
        }
    }
}

/* With several files each row says which one it is of. */
static json_t *begin_row(const char *source)
{
    json_t *row = json_object();

    if (source != NULL)
        json_object_set_new(row, "file", json_string(source));
    return row;
}

static void add_samples(json_t *rows, const struct records *file, const char *source)
{
    size_t i;
    json_t *sample;

    json_array_foreach (file->samples, i, sample) {
        json_t *row = begin_row(source);
        json_object_update(row, sample);
        json_object_del(row, "record");
        json_array_append_new(rows, row);
    }
}

/* What a median says nothing about. */
static bool has_median(const char *name, const json_t *value)
{
    return strcmp(name, "repetition") != 0 && strcmp(name, "seed") != 0 &&
           (json_is_number(value) || json_is_null(value));
}

/* Adds a median for each number that any sample of the cell has, and that is not what the cell is
 * known by. A column that is null in one sample may be a number in the next. */
static void add_medians(json_t *row, const struct sample_cell *cell)
{
    json_t *flat_samples = json_array(), *identity = csv_flatten(cell->identity);
    json_t *sample, *flat, *value;
    const char *name;
    size_t i;

    json_array_foreach (cell->samples, i, sample)
        json_array_append_new(flat_samples, csv_flatten(sample));
    json_array_foreach (flat_samples, i, flat) {
        json_object_foreach(flat, name, value)
        {
            if (has_median(name, value) && json_object_get(identity, name) == NULL &&
                json_object_get(row, name) == NULL)
                json_object_set_new(row, name,
                                    json_number_or_null(samples_median(flat_samples, name)));
        }
    }
    json_decref(identity);
    json_decref(flat_samples);
}

static void add_interval(json_t *row, const struct sample_cell *cell)
{
    struct interval interval;
    size_t count;
    struct measure measure = sample_cell_measure(cell);
    double *values = sample_cell_values(cell, &measure, &count);
    bool has_interval = statistics_median_interval(values, count, &interval);

    json_object_set_new(row, "interval.low", has_interval ? json_real(interval.low) : json_null());
    json_object_set_new(row, "interval.high",
                        has_interval ? json_real(interval.high) : json_null());
    free(values);
}

/* What a turn of a thread that runs takes, against what it takes alone; null without readers or
 * without a cell of one thread. */
static void add_read_scaling(json_t *row, const struct sample_cells *cells,
                             const struct sample_cell *cell)
{
    const json_t *sample = json_array_get(cell->samples, 0);
    json_t *alone = json_copy(cell->identity);
    double scaling = NAN;

    json_object_set_new(alone, "threads", json_integer(1));
    for (size_t i = 0; i < cells->count; i++) {
        if (json_equal(cells->cells[i].identity, alone))
            scaling = (double)json_array_size(json_object_get(sample, "cpus")) *
                      samples_median(cells->cells[i].samples, "throughput") /
                      samples_median(cell->samples, "throughput");
    }
    json_decref(alone);
    bool reads = json_integer_value(
                     json_object_get(json_object_get(cell->identity, "workload"), "readers")) > 0;
    json_object_set_new(row, "read_scaling",
                        reads && isfinite(scaling) && scaling > 0 ? json_real(scaling)
                                                                  : json_null());
}

/* Null without a cell of as many threads as CPUs. */
static void add_relative(json_t *row, const struct sample_cells *cells,
                         const struct sample_cell *cell, const json_t *cpus)
{
    json_t *fitting = json_copy(cell->identity);
    double relative = NAN;

    json_object_set(fitting, "threads", (json_t *)cpus);
    for (size_t i = 0; i < cells->count; i++) {
        if (json_equal(cells->cells[i].identity, fitting))
            relative = samples_median(cell->samples, "throughput") /
                       samples_median(cells->cells[i].samples, "throughput");
    }
    json_decref(fitting);
    json_object_set_new(row, "relative_throughput", json_number_or_null(relative));
}

static void add_cells(json_t *rows, const struct records *file, const char *source)
{
    const struct sample_cells_settings settings = {0};
    struct sample_cells cells = sample_cells_make(file, &settings);

    for (size_t i = 0; i < cells.count; i++) {
        const struct sample_cell *cell = &cells.cells[i];
        json_t *row = begin_row(source);
        json_object_update(row, cell->identity);
        json_object_set_new(row, "samples",
                            json_integer((json_int_t)json_array_size(cell->samples)));
        json_object_set_new(row, "unfit", json_integer((json_int_t)cell->unfit));
        json_object_set_new(row, "violations", json_integer((json_int_t)cell->violations));
        add_interval(row, cell);
        add_medians(row, cell);
        add_read_scaling(row, &cells, cell);
        add_relative(row, &cells, cell,
                     json_object_get(json_object_get(file->run, "plan"), "cpus"));
        json_object_set_new(row, "voluntary_per_acquisition",
                            json_number_or_null(samples_median_per_acquisition(
                                cell->samples, "validity.voluntary_switches")));
        json_object_set_new(row, "involuntary_per_acquisition",
                            json_number_or_null(samples_median_per_acquisition(
                                cell->samples, "validity.involuntary_switches")));
        json_array_append_new(rows, row);
    }
    sample_cells_free(&cells);
}

/* Half a table is no table; what is not a file (/dev/full) stays. */
static enum exit_code write_rows(const json_t *rows, const char *output)
{
    bool to_stdout = output == NULL || strcmp(output, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(output, "we");
    struct stat status;

    if (out == NULL)
        return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(errno));
    csv_write(out, rows);
    /* What goes wrong with standard output is for main() to say. */
    if (to_stdout)
        return EXIT_FINE;
    bool failed = fflush(out) != 0 || ferror(out) != 0;
    int error = errno;
    failed = fclose(out) != 0 || failed;
    if (!failed)
        return EXIT_FINE;
    if (lstat(output, &status) == 0 && S_ISREG(status.st_mode))
        unlink(output);
    return complain(EXIT_MACHINE, "'%s' can't be written: %s", output, strerror(error));
}

static enum exit_code check_file(const struct settings *settings, const struct records *files,
                                 size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (records_same_file(files[i].name, files[at].name))
            return complain(EXIT_USAGE, "'%s' is named twice", files[at].name);
    }
    if (settings->output != NULL && records_same_file(files[at].name, settings->output))
        return complain(EXIT_USAGE, "'%s' is a results file: name another output",
                        settings->output);
    if (json_array_size(files[at].samples) == 0)
        return complain(EXIT_USAGE, "'%s' has no samples: name a file of a finished run",
                        files[at].name);
    return EXIT_FINE;
}

static enum exit_code export_files(const struct settings *settings, size_t count, char **names)
{
    struct records *files = calloc(count, sizeof *files);
    json_t *rows = json_array();
    enum exit_code code = EXIT_FINE;
    size_t read = 0;

    if (files == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (read < count && code == EXIT_FINE) {
        const char *source = count > 1 ? names[read] : NULL;
        code = records_read(names[read], &files[read]);
        if (code == EXIT_FINE)
            code = check_file(settings, files, read);
        if (code == EXIT_FINE)
            leave_out_histograms(&files[read]);
        if (code == EXIT_FINE)
            (settings->cells ? add_cells : add_samples)(rows, &files[read], source);
        read++;
    }
    if (code == EXIT_FINE)
        code = write_rows(rows, settings->output);
    json_decref(rows);
    while (read > 0)
        records_free(&files[--read]);
    free(files);
    return code;
}

static enum exit_code export_main(int argc, char **argv)
{
    struct settings settings = {0};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_export, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words == 0)
        return complain(EXIT_USAGE, "export needs a results file: lockbench export FILE...");
    return export_files(&settings, (size_t)words, argv + 1);
}

const struct command command_export = {
    .name = "export",
    .summary = "saved results as CSV",
    .usage = "FILE... [options]",
    .text =
        "Writes tidy comma-separated values: a line of names, then a row a sample, or with --cells "
        "a row a cell. Columns are named as the fields of the records, nested names joined by "
        "dots; what was not measured is empty. gnuplot, R and pandas read it as it is.",
    .run = export_main,
    .options = options,
};
