#include "bench/comparison_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/processes.h"
#include "bench/workload.h"

enum { NUMBER_TEXT = 16, INTERVAL_TEXT = 2 * NUMBER_TEXT + 4 };

/* Three digits that count. */
static const char *short_number(double value, char text[NUMBER_TEXT])
{
    if (!isfinite(value))
        return "-";
    if (value >= 1e6 || (value > 0 && value < 0.01))
        snprintf(text, NUMBER_TEXT, "%.1e", value);
    else
        snprintf(text, NUMBER_TEXT, "%.*f",
                 value >= 100  ? 0
                 : value >= 10 ? 1
                 : value >= 1  ? 2
                               : 3,
                 value);
    return text;
}

/* The cells of a table in the texts that stand in it. */
struct line {
    char lock[256];
    char median[2][NUMBER_TEXT], interval[2][INTERVAL_TEXT];
    char ratio[NUMBER_TEXT], ratio_interval[INTERVAL_TEXT], p[NUMBER_TEXT];
    const char *verdict;
};

static void put_median(const struct compared_side *side, double scale, char median[NUMBER_TEXT],
                       char interval[INTERVAL_TEXT])
{
    char text[NUMBER_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT];

    snprintf(median, NUMBER_TEXT, "%s", short_number(side->median * scale, text));
    snprintf(interval, INTERVAL_TEXT, "-");
    if (side->has_interval)
        snprintf(interval, INTERVAL_TEXT, "%s..%s", short_number(side->interval.low * scale, low),
                 short_number(side->interval.high * scale, high));
}

static struct line line_of(const struct compared_cell *cell)
{
    double scale = cell->measure.scale;
    struct line line = {.ratio = "-", .ratio_interval = "-", .p = "-"};

    snprintf(line.lock, sizeof line.lock, "%s",
             json_string_value(json_object_get(cell->identity, "lock")));
    put_median(&cell->base, scale, line.median[0], line.interval[0]);
    put_median(&cell->new, scale, line.median[1], line.interval[1]);
    if (!isnan(cell->ratio.estimate))
        snprintf(line.ratio, sizeof line.ratio, "%.3f", cell->ratio.estimate);
    if (cell->ratio.has_interval)
        snprintf(line.ratio_interval, sizeof line.ratio_interval, "%.3f..%.3f",
                 cell->ratio.interval.low, cell->ratio.interval.high);
    if (cell->p < 1e-4)
        snprintf(line.p, sizeof line.p, "<0.0001");
    else if (!isnan(cell->p))
        snprintf(line.p, sizeof line.p, "%.4f", cell->p);
    line.verdict = comparison_verdict(cell);
    return line;
}

static void print_workload(FILE *out, const json_t *object)
{
    struct workload workload;
    char text[WORKLOAD_TEXT];

    if (workload_from_json(object, &workload)) {
        fputs(workload_describe(&workload, text), out);
        return;
    }
    char *json = json_dumps(object, JSON_COMPACT);
    fputs(json == NULL ? "" : json, out);
    free(json);
}

/* `4 threads of 2 processes, 16 objects; critical 0, outside exp:50ns, ...; compact; native` */
static void print_block_name(FILE *out, const json_t *identity)
{
    unsigned threads = (unsigned)json_integer_value(json_object_get(identity, "threads"));
    unsigned processes =
        processes_for(processes_from_json(json_object_get(identity, "processes")), threads);
    const json_t *objects = json_object_get(identity, "objects");
    const char *placement = json_string_value(json_object_get(identity, "placement"));
    const char *machine = json_string_value(json_object_get(identity, "machine"));

    fprintf(out, "%u thread%s", threads, threads == 1 ? "" : "s");
    if (processes > 1)
        fprintf(out, " of %u processes", processes);
    if (objects != NULL)
        fprintf(out, ", %lld objects", (long long)json_integer_value(objects));
    fputs("; ", out);
    print_workload(out, json_object_get(identity, "workload"));
    if (placement != NULL)
        fprintf(out, "; %s", placement);
    if (machine != NULL)
        fprintf(out, "; %s", machine);
}

static bool same_block(const struct compared_cell *a, const struct compared_cell *b)
{
    static const char *const fields[] = {"machine",   "threads",  "processes",
                                         "placement", "workload", "objects"};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const json_t *x = json_object_get(a->identity, fields[i]);
        const json_t *y = json_object_get(b->identity, fields[i]);
        if (x != y && (x == NULL || y == NULL || !json_equal((json_t *)x, (json_t *)y)))
            return false;
    }
    return a->file == b->file;
}

/* The width of the longest lock's name. */
static int width_of_locks(const struct comparison *comparison)
{
    int width = 16;

    for (size_t i = 0; i < comparison->count; i++) {
        int length =
            (int)json_string_length(json_object_get(comparison->cells[i].identity, "lock"));
        width = length > width ? length : width;
    }
    return width;
}

static void print_line(FILE *out, const struct line *line, int width)
{
    fprintf(out, "  %-*s %7s %13s %7s %13s %7s %13s %8s %s\n", width, line->lock, line->median[0],
            line->interval[0], line->median[1], line->interval[1], line->ratio,
            line->ratio_interval, line->p, line->verdict);
}

static void print_markdown_line(FILE *out, const struct line *line)
{
    fprintf(out, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", line->lock, line->median[0],
            line->interval[0], line->median[1], line->interval[1], line->ratio,
            line->ratio_interval, line->p, line->verdict);
}

static void print_block_head(FILE *out, const struct compared_cell *cell, int width)
{
    const char *bold = isatty(fileno(out)) ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
    char base[NUMBER_TEXT], new[NUMBER_TEXT];

    snprintf(base, sizeof base, "BASE %s", cell->measure.unit);
    snprintf(new, sizeof new, "NEW %s", cell->measure.unit);
    fprintf(out, "\n%s", bold);
    print_block_name(out, cell->identity);
    fprintf(out, "\n  %-*s %8s %12s %7s %13s %7s %13s %8s%s\n", width, "lock", base, "95% interval",
            new, "95% interval", "ratio", "95% interval", "p", plain);
}

static void print_markdown_head(FILE *out, const struct compared_cell *cell)
{
    const char *unit = cell->measure.unit;

    fputs("\n**", out);
    print_block_name(out, cell->identity);
    fprintf(out,
            "**\n\n| lock | BASE %s | 95%% interval | NEW %s | 95%% interval | ratio | 95%% "
            "interval | p | |\n|---|---:|---|---:|---|---:|---|---:|---|\n",
            unit, unit);
}

static void print_file_name(FILE *out, const struct comparison *comparison, size_t file,
                            const char *quote)
{
    fprintf(out, "BASE %s%s%s, NEW %s%s%s\n", quote, comparison->files[0].name, quote, quote,
            comparison->files[file].name, quote);
}

static void print_means(FILE *out, const struct comparison *comparison, size_t file)
{
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        size_t count;
        if (cell->file != file || !comparison_begins_measure(comparison, i))
            continue;
        double mean = comparison_mean(comparison, file, cell->measure.name, &count);
        if (count > 0)
            fprintf(out, "\nGeometric mean of NEW/BASE over %zu cell%s: %.3f (%s, %s is better)\n",
                    count, count == 1 ? "" : "s", mean, cell->measure.name,
                    cell->measure.less_is_better ? "less" : "more");
    }
}

static bool lacks_interval(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        if (!cell->base.has_interval || !cell->new.has_interval)
            return true;
    }
    return false;
}

static bool leaves_out(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compared_cell *cell = &comparison->cells[i];
        if ((cell->base.unfit > 0 && !cell->base.unfit_count) ||
            (cell->new.unfit > 0 && !cell->new.unfit_count))
            return true;
    }
    return false;
}

static void print_all(FILE *out, const struct comparison *comparison, bool markdown)
{
    int width = width_of_locks(comparison);
    const struct compared_cell *cells = comparison->cells;

    for (size_t i = 0; i < comparison->count; i++) {
        struct line line = line_of(&cells[i]);
        if (i == 0 || cells[i].file != cells[i - 1].file) {
            fputs(i > 0 ? "\n" : "", out);
            print_file_name(out, comparison, cells[i].file, markdown ? "`" : "");
        }
        if (i == 0 || !same_block(&cells[i], &cells[i - 1])) {
            if (markdown)
                print_markdown_head(out, &cells[i]);
            else
                print_block_head(out, &cells[i], width);
        }
        if (markdown)
            print_markdown_line(out, &line);
        else
            print_line(out, &line, width);
        if (i + 1 == comparison->count || cells[i + 1].file != cells[i].file)
            print_means(out, comparison, cells[i].file);
    }
    if (lacks_interval(comparison))
        fprintf(out,
                "\nNo interval of a median with fewer than 6 repetitions%s: none covers 95%%.\n",
                leaves_out(comparison) ? " that count" : "");
}

void comparison_print(FILE *out, const struct comparison *comparison)
{
    print_all(out, comparison, false);
}

void comparison_print_markdown(FILE *out, const struct comparison *comparison)
{
    print_all(out, comparison, true);
}
