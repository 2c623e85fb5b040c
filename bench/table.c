#include "bench/table.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/drift.h"
#include "bench/fitness.h"
#include "bench/latency_table.h"
#include "bench/outliers.h"
#include "bench/workload.h"

/* Two to three digits that count, at most seven characters. */
static const char *short_number(double value, char text[16])
{
    if (isnan(value))
        return "-";
    if (value >= 1e6 || (value > 0 && value < 0.01))
        snprintf(text, 16, "%.1e", value);
    else
        snprintf(text, 16, "%.*f", value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3, value);
    return text;
}

const char *table_unfit(size_t unfit, bool all, char text[TABLE_UNFIT_TEXT])
{
    text[0] = '\0';
    if (unfit > 0 && all)
        snprintf(text, TABLE_UNFIT_TEXT, " UNFIT");
    else if (unfit > 0)
        snprintf(text, TABLE_UNFIT_TEXT, " %zu unfit", unfit);
    return text;
}

static void put_number(double value, char text[16])
{
    char digits[16];

    snprintf(text, 16, "%s", short_number(value, digits));
}

static void put_millions(double value, char text[16])
{
    put_number(value / 1e6, text);
}

/* Of what lies between fixed bounds. */
static void put_index(double value, char text[16])
{
    snprintf(text, 16, isnan(value) ? "-" : "%.3f", value);
}

/* In full where it fits. */
static void put_count(double value, char text[16])
{
    if (isnan(value) || value >= 1e7)
        put_number(value, text);
    else
        snprintf(text, 16, "%.0f", value);
}

static void put_time(double value, char text[16])
{
    if (isnan(value))
        snprintf(text, 16, "-");
    else
        latency_table_time(value, text);
}

/* Where a column stands. */
enum shown {
    ALWAYS,
    TO_SEVERAL,   /* always, but a thread alone has no such number */
    WITH_READERS, /* in a table that has readers */
};

/* A column behind the locks' names. */
struct column {
    const char *name;
    int width;    /* with the space before it, which stays whatever the number */
    size_t place; /* of its number in a cell */
    void (*put)(double value, char text[16]);
    enum shown shown;
};

/* The interval's name stands over two of them. With all of them a row has 80 columns. */
static const struct column throughput_columns[] = {
    {"M/s", 7, offsetof(struct cell, throughput), put_millions, ALWAYS},
    {"95% ", 8, offsetof(struct cell, interval.low), put_millions, ALWAYS},
    {"interval", 8, offsetof(struct cell, interval.high), put_millions, ALWAYS},
    {"jain", 6, offsetof(struct cell, jain), put_index, ALWAYS},
    {"rscale", 7, offsetof(struct cell, read_scaling), put_number, WITH_READERS},
    {"p99", 7, offsetof(struct cell, acquire_p99), put_time, ALWAYS},
    {"burst", 6, offsetof(struct cell, burst), put_number, TO_SEVERAL},
    {"cpu ns", 7, offsetof(struct cell, cpu_ns), put_number, ALWAYS},
    {0},
};

static const struct column fairness_columns[] = {
    {"M/s", 7, offsetof(struct cell, throughput), put_millions, ALWAYS},
    {"jain", 6, offsetof(struct cell, jain), put_index, ALWAYS},
    {"rsd", 6, offsetof(struct cell, rsd), put_index, ALWAYS},
    {"gini", 6, offsetof(struct cell, gini), put_index, ALWAYS},
    {"theil", 6, offsetof(struct cell, theil), put_index, ALWAYS},
    {"half", 6, offsetof(struct cell, top_half), put_index, ALWAYS},
    {"lwss", 5, offsetof(struct cell, lwss_mean), put_number, ALWAYS},
    {"mttr", 6, offsetof(struct cell, mttr), put_number, ALWAYS},
    {"max gap", 8, offsetof(struct cell, max_gap), put_count, ALWAYS},
    {0},
};

static const struct column collapse_columns[] = {
    {"M/s", 8, offsetof(struct cell, throughput), put_millions, ALWAYS},
    {"95% ", 9, offsetof(struct cell, interval.low), put_millions, ALWAYS},
    {"interval", 8, offsetof(struct cell, interval.high), put_millions, ALWAYS},
    {"rel", 8, offsetof(struct cell, relative), put_number, ALWAYS},
    {"jain", 6, offsetof(struct cell, jain), put_index, ALWAYS},
    {"invol", 8, offsetof(struct cell, involuntary), put_number, ALWAYS},
    {"lost", 8, offsetof(struct cell, holder_preempted), put_number, ALWAYS},
    {0},
};

static const struct {
    const char *name;
    const struct column *columns; /* NULL: it is of times, in blocks of their own */
} views[] = {
    [TABLE_THROUGHPUT] = {"throughput", throughput_columns},
    [TABLE_FAIRNESS] = {"fairness", fairness_columns},
    [TABLE_LATENCY] = {"latency", NULL},
    [TABLE_COLLAPSE] = {"collapse", collapse_columns},
};

bool table_view_read(const char *name, enum table_view *view)
{
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        if (strcmp(name, views[i].name) == 0) {
            *view = (enum table_view)i;
            return true;
        }
    }
    return false;
}

/* How a table is laid out. */
struct layout {
    const struct column *columns;
    int width;     /* of the locks' names */
    unsigned cpus; /* beyond which threads share them */
    bool readers;  /* some acquisitions only read */
};

static bool is_shown(const struct layout *layout, const struct column *column)
{
    return column->shown != WITH_READERS || layout->readers;
}

/* `, 90% readers`, where that tells cells apart. */
static const char *put_share(const struct cell *cell, char text[RECORDS_SHARE_TEXT])
{
    text[0] = '\0';
    if (cell->one_share)
        snprintf(text, RECORDS_SHARE_TEXT, ", %u%% readers", cell->readers);
    return text;
}

void table_print_block_name(FILE *out, const struct cell *cell, unsigned cpus, const char *behind)
{
    const char *bold = isatty(fileno(out)) ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
    unsigned processes = processes_for(cell->processes, cell->threads);
    char split[32] = "", share[RECORDS_SHARE_TEXT];

    if (processes > 1)
        snprintf(split, sizeof split, " of %u processes", processes);
    fprintf(out, "\n%s%u thread%s%s%s%s%s%s%s%s\n", bold, cell->threads,
            cell->threads == 1 ? "" : "s", split, put_share(cell, share),
            cell->threads > cpus ? ", more than there are CPUs" : "",
            cell->source[0] != '\0' ? ", " : "", cell->source, behind, plain);
}

static void print_block_head(FILE *out, const struct layout *layout, const struct cell *cell)
{
    table_print_block_name(out, cell, layout->cpus, "");
    fprintf(out, "  %-*s", layout->width, "lock");
    for (const struct column *column = layout->columns; column->name != NULL; column++) {
        if (is_shown(layout, column))
            fprintf(out, "%*s", column->width, column->name);
    }
    fputs(cell->has_hogs ? " opp jain\n" : "\n", out);
}

void table_print_marks(FILE *out, const struct cell *cell)
{
    char unfit[TABLE_UNFIT_TEXT];

    fprintf(out, "%s%s", cell->violations > 0 ? " WRONG" : "",
            table_unfit(cell->unfit, cell->unfit_count, unfit));
}

static void print_cell(FILE *out, const struct layout *layout, const struct cell *cell)
{
    fprintf(out, "  %-*s", layout->width, cell->lock);
    for (const struct column *column = layout->columns; column->name != NULL; column++) {
        const double *value = (const double *)((const char *)cell + column->place);
        char text[16];
        if (!is_shown(layout, column))
            continue;
        column->put(column->shown == TO_SEVERAL && cell->threads == 1 ? NAN : *value, text);
        fprintf(out, " %*s", column->width - 1, text);
    }
    if (cell->has_hogs && isnan(cell->opportunity_jain))
        fprintf(out, " %8s", "-");
    else if (cell->has_hogs)
        fprintf(out, " %8.3f", cell->opportunity_jain);
    table_print_marks(out, cell);
    fputc('\n', out);
}

bool table_same_block(const struct cell *a, const struct cell *b)
{
    return a->threads == b->threads && a->processes == b->processes &&
           strcmp(a->source, b->source) == 0 && strcmp(a->machine, b->machine) == 0 &&
           strcmp(a->workload, b->workload) == 0 && strcmp(a->placement, b->placement) == 0;
}

/* A note is a paragraph below the table; an empty line comes before the first. */
static void begin_note(FILE *out, bool *first)
{
    fputs(*first ? "\n  " : "  ", out);
    *first = false;
}

static void print_cell_notes(FILE *out, const struct cell *cell, bool *first)
{
    char share[RECORDS_SHARE_TEXT];

    put_share(cell, share);
    if (cell->ranked && cell->unverified > 0) {
        begin_note(out, first);
        fprintf(out,
                "%s, %u threads%s: in %zu of %zu samples not every thread came back in time, so\n"
                "    that their total could not be checked.\n",
                cell->lock, cell->threads, share, cell->unverified, cell->samples);
    }
    if (cell->threads > 1 && cell->apart > 0 && cell->apart >= cell->samples / 2) {
        begin_note(out, first);
        fprintf(
            out,
            "%s, %u threads%s: in %zu of %zu samples not all of them were at work for even half\n"
            "    of the window; its fairness says little. A longer --duration helps.\n",
            cell->lock, cell->threads, share, cell->apart, cell->samples);
    }
}

/* A thread that spins when it waits uses all of its CPU's time, or somebody else does. */
static void print_disturbed(FILE *out, const struct cell *cell, unsigned cpus, bool *first)
{
    double used = cell->cpu_ns * cell->throughput / 1e9 / cell->threads;
    char share[RECORDS_SHARE_TEXT];

    if (!cell->spins || cell->threads > cpus || isnan(used) || used > 0.9)
        return;
    begin_note(out, first);
    fprintf(out, "%s, %u thread%s%s: had %.0f%% of the CPUs' time; something else ran there.\n",
            cell->lock, cell->threads, cell->threads == 1 ? "" : "s", put_share(cell, share),
            used * 100);
}

/* Where the table is of one run, what that run raised. */
static void print_irql(FILE *out, const struct records *file, bool *first)
{
    const json_t *workload = json_object_get(json_object_get(file->run, "plan"), "workload");
    const char *irql = json_string_value(json_object_get(workload, "irql"));
    double *costs = calloc(json_array_size(file->samples) + 1, sizeof *costs);
    size_t count = 0, i;
    json_t *sample;

    json_array_foreach (file->samples, i, sample) {
        const json_t *cost = json_object_get(sample, "irql_ns");
        if (costs != NULL && json_is_number(cost))
            costs[count++] = json_number_value(cost);
    }
    if (irql != NULL && count > 0) {
        char text[16];
        statistics_sort(costs, count);
        begin_note(out, first);
        fprintf(out, "irql %s: %s ns a pair of raise and lower, %s.\n", irql,
                short_number(statistics_median(costs, count), text),
                strcmp(irql, irql_name(IRQL_DISPATCH_FIFO_HELD)) == 0
                    ? "once for each thread and outside of the window"
                    : "included in the figures");
    }
    free(costs);
}

/* What the column is that only such a table has. */
static void print_hogs(FILE *out, const struct summary *summary, bool *first)
{
    bool hogs = false;

    for (size_t i = 0; i < summary->count; i++)
        hogs = hogs || summary->cells[i].has_hogs;
    if (!hogs)
        return;
    begin_note(out, first);
    fputs(
        "opp jain: Jain's index of the parts of the window in which each thread had the lock or\n"
        "    nobody did; 1 when all could have had it equally long.\n",
        out);
}

/* What its columns are. Locks that nobody owns have no holders. */
static void print_collapse(FILE *out, const struct summary *summary, unsigned cpus, bool *first)
{
    bool relative = false, seen = false;

    for (size_t i = 0; i < summary->count; i++) {
        relative = relative || !isnan(summary->cells[i].relative);
        seen = seen || !isnan(summary->cells[i].holder_preempted);
    }
    begin_note(out, first);
    fprintf(out,
            "rel: throughput relative to as many threads as CPUs, %u%s. invol: involuntary\n"
            "    switches per acquisition. lost: part of the timed holds in which the holder\n"
            "    lost its CPU%s.\n",
            cpus, relative ? "" : ", which were not measured",
            seen ? "" : ": not seen, the records say why");
}

/* What the locks are then, which is not what they are among threads. */
static void print_processes(FILE *out, const struct summary *summary, bool *first)
{
    bool split = false;

    for (size_t i = 0; i < summary->count; i++)
        split = split || processes_for(summary->cells[i].processes, summary->cells[i].threads) > 1;
    if (!split)
        return;
    begin_note(out, first);
    fputs(
        "The threads are those of several processes (--processes): the lock lies in memory that\n"
        "    they share, and the kernel finds its sleepers by that memory, which costs more.\n",
        out);
}

/* What is to be said of one that did not end with a narrow interval. */
static void print_ending(FILE *out, const struct records *file, const json_t *ending,
                         const char *until, bool *first)
{
    const char *ended = json_string_value(json_object_get(ending, "ended"));
    const char *lock = json_string_value(json_object_get(ending, "lock"));
    const json_t *width = json_object_get(ending, "half_width_percent");
    char share[RECORDS_SHARE_TEXT];
    bool time = strcmp(ended, "time") == 0, lost = strcmp(ended, "violation") == 0;

    begin_note(out, first);
    fprintf(out, "%s, %lld threads%s: not within %s ", lock == NULL ? "?" : lock,
            (long long)json_integer_value(json_object_get(ending, "threads")),
            records_share_text(file, ending, share), until);
    if (json_is_number(width))
        fprintf(out, "but %.2g%% ", json_number_value(width));
    fprintf(out, "after %lld repetitions, %s.\n",
            (long long)json_integer_value(json_object_get(ending, "repetitions")),
            time   ? "when the time was up"
            : lost ? "one of which left no sample"
                   : "as many as there may be");
}

/* How the repetitions ended where their number grew. */
static void print_endings(FILE *out, const struct records *file, bool *first)
{
    const char *until =
        json_string_value(json_object_get(json_object_get(file->run, "plan"), "until"));
    size_t narrow = 0, i;
    json_t *ending;

    if (until == NULL || json_array_size(file->endings) == 0)
        return;
    json_array_foreach (file->endings, i, ending) {
        const char *ended = json_string_value(json_object_get(ending, "ended"));
        narrow += ended != NULL && strcmp(ended, "interval") == 0;
    }
    begin_note(out, first);
    fprintf(out, "--until %s: reached in %zu of %zu cells. To compare runs, use a fixed number.\n",
            until, narrow, json_array_size(file->endings));
    json_array_foreach (file->endings, i, ending) {
        const char *ended = json_string_value(json_object_get(ending, "ended"));
        if (ended != NULL && strcmp(ended, "interval") != 0)
            print_ending(out, file, ending, until, first);
    }
}

void table_print_unfit(FILE *out, const struct records *file, size_t all_unfit, bool *first)
{
    size_t unfit = fitness_count_unfit(file->samples);
    char reasons[256];

    if (unfit == 0)
        return;
    fitness_reasons(file->samples, reasons, sizeof reasons);
    begin_note(out, first);
    fprintf(out, "%zu of %zu windows are unfit and left out: %s.\n", unfit,
            json_array_size(file->samples), reasons);
    if (all_unfit == 0)
        return;
    begin_note(out, first);
    fputs(
        "UNFIT: none of a row's windows was fit, and its numbers are of all of them: of this\n"
        "    machine as it was meanwhile, and not of the lock alone.\n",
        out);
}

void table_print_outliers(FILE *out, const struct records *file, bool *first)
{
    enum { SHOWN = 8 };
    json_t *outliers = outliers_of_file(file), *outlier;
    size_t count = json_array_size(outliers), i;

    if (count > 0) {
        begin_note(out, first);
        fprintf(out, "%zu outlier%s, kept:\n", count, count == 1 ? "" : "s");
    }
    json_array_foreach (outliers, i, outlier) {
        char text[512];
        if (i == SHOWN)
            break;
        outliers_describe(outlier, text, sizeof text);
        fprintf(out, "    %s\n", text);
    }
    if (count > SHOWN)
        fprintf(out, "    and %zu more: see --json\n", count - SHOWN);
    json_decref(outliers);
}

void table_print_drift(FILE *out, const struct records *file, bool *first)
{
    struct drift drift = drift_of_file(file);
    char text[256];

    if (!drift.found)
        return;
    drift_describe(&drift, text, sizeof text);
    begin_note(out, first);
    fprintf(out,
            "The machine drifted: %s.\n"
            "    Within this run that meets all rows alike; another run may differ by it.\n",
            text);
}

void table_print_too_few(FILE *out, const struct records *file, bool *first)
{
    begin_note(out, first);
    fprintf(out, "No interval with fewer than 6 %s: none covers 95%%.\n",
            fitness_count_unfit(file->samples) > 0 ? "fit windows" : "repetitions");
}

static void print_notes(FILE *out, const struct records *file, const struct summary *summary,
                        enum table_view view, unsigned cpus)
{
    bool too_few = false, first = true;
    size_t all_unfit = 0;

    for (size_t i = 0; i < summary->count; i++)
        all_unfit += summary->cells[i].unfit > 0 && summary->cells[i].unfit_count;
    table_print_unfit(out, file, all_unfit, &first);
    print_irql(out, file, &first);
    print_hogs(out, summary, &first);
    if (view == TABLE_COLLAPSE)
        print_collapse(out, summary, cpus, &first);
    table_print_outliers(out, file, &first);
    table_print_drift(out, file, &first);
    print_processes(out, summary, &first);
    print_endings(out, file, &first);
    for (size_t i = 0; i < summary->count; i++) {
        print_disturbed(out, &summary->cells[i], cpus, &first);
        print_cell_notes(out, &summary->cells[i], &first);
        too_few = too_few || (!summary->cells[i].has_interval && summary->cells[i].samples > 0);
    }
    if (too_few)
        table_print_too_few(out, file, &first);
}

unsigned table_cpus(const struct records *file)
{
    json_int_t cpus =
        json_integer_value(json_object_get(json_object_get(file->run, "plan"), "cpus"));

    return cpus > 0 ? (unsigned)cpus : 1;
}

static int64_t integer_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Real cores go without saying. */
static void print_machine(FILE *out, const json_t *plan)
{
    const char *machine = json_string_value(json_object_get(plan, "machine"));

    if (machine != NULL && strcmp(machine, "native") != 0)
        fprintf(out, "on a model, in virtual time: %s\n", machine);
}

/* The length of the windows in milliseconds; on a model it may grow with the threads. */
static void print_windows(FILE *out, const struct records *file)
{
    const json_t *planned = json_object_get(json_object_get(file->run, "plan"), "window_ns");
    int64_t least = INT64_MAX, most = 0;
    size_t i;
    json_t *sample;

    if (json_is_integer(planned)) {
        fprintf(out, "%.3g", (double)json_integer_value(planned) / 1e6);
        return;
    }
    json_array_foreach (file->samples, i, sample) {
        int64_t ns = integer_of(sample, "elapsed_ns");
        least = ns < least ? ns : least;
        most = ns > most ? ns : most;
    }
    if (most == 0)
        fputs("?", out);
    else if (least == most)
        fprintf(out, "%.3g", (double)most / 1e6);
    else
        fprintf(out, "%.3g to %.3g", (double)least / 1e6, (double)most / 1e6);
}

void table_print_head(FILE *out, const struct records *file)
{
    json_t *plan = json_object_get(file->run, "plan");
    const char *placement = json_string_value(json_object_get(plan, "placement"));
    int64_t repetitions = integer_of(plan, "repetitions");
    size_t all = json_array_size(json_object_get(plan, "locks")) *
                 json_array_size(json_object_get(plan, "threads")) * (size_t)repetitions;
    size_t objects = json_array_size(json_object_get(plan, "objects"));
    unsigned cpus = table_cpus(file);
    size_t shares = records_shares_of_readers(file);
    char text[WORKLOAD_TEXT];

    all *= (objects > 0 ? objects : 1) * (shares > 0 ? shares : 1);
    workload_describe_planned(json_object_get(plan, "workload"), text);
    if (text[0] != '\0')
        fprintf(out, "%s\n", text);
    print_machine(out, plan);
    fprintf(out, "%" PRId64 "%s repetition%s of ", repetitions,
            json_object_get(plan, "until") != NULL ? " or more" : "", repetitions == 1 ? "" : "s");
    print_windows(out, file);
    fprintf(out, " ms each, placement %s, %u CPU%s\n", placement == NULL ? "?" : placement, cpus,
            cpus == 1 ? "" : "s");
    if (json_array_size(file->samples) + json_array_size(file->violations) < all)
        fprintf(out, "ended early: %zu of %zu samples\n", json_array_size(file->samples), all);
}

static bool alike(const json_t *a, const json_t *b)
{
    static const char *const names[] = {"lock", "threads", "objects", "workload", "kind"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *x = json_object_get(a, names[i]), *y = json_object_get(b, names[i]);
        if (x != y && !json_equal(x, y))
            return false;
    }
    return true;
}

static const char *text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text == NULL ? "?" : text;
}

/* Of each kind in each cell the first, with how many there were. */
void table_print_violations(FILE *out, const struct records *file)
{
    const json_t *violations = file->violations;
    size_t i, j;
    json_t *one, *other;
    char share[RECORDS_SHARE_TEXT];

    if (json_array_size(violations) > 0)
        fprintf(out, "\n  WRONG\n");
    json_array_foreach (violations, i, one) {
        size_t first = SIZE_MAX, count = 0;
        int64_t last = -1;
        json_array_foreach (violations, j, other) {
            if (!alike(one, other))
                continue;
            first = first == SIZE_MAX ? j : first;
            /* One repetition may break a rule in two ways; they stand one after the other. */
            int64_t repetition = integer_of(other, "repetition");
            count += repetition != last;
            last = repetition;
        }
        if (first == i)
            fprintf(out,
                    "  %s, %" PRId64 " thread%s%s: %s, in %zu repetition%s; seed %" PRId64
                    ":\n"
                    "    %s\n",
                    text_of(one, "lock"), integer_of(one, "threads"),
                    integer_of(one, "threads") == 1 ? "" : "s",
                    records_share_text(file, one, share), text_of(one, "kind"), count,
                    count == 1 ? "" : "s", integer_of(one, "seed"), text_of(one, "detail"));
    }
}

static struct layout make_layout(const struct records *file, const struct summary *summary,
                                 enum table_view view)
{
    struct layout layout = {views[view].columns, 22, table_cpus(file), false};

    for (size_t i = 0; i < summary->count; i++) {
        int length = (int)strlen(summary->cells[i].lock);
        layout.width = length > layout.width ? length : layout.width;
        layout.readers = layout.readers || summary->cells[i].readers > 0;
    }
    return layout;
}

static void print_blocks(FILE *out, const struct summary *summary, const struct layout *layout)
{
    for (size_t i = 0; i < summary->count; i++) {
        if (i == 0 || !table_same_block(&summary->cells[i - 1], &summary->cells[i]))
            print_block_head(out, layout, &summary->cells[i]);
        print_cell(out, layout, &summary->cells[i]);
    }
}

void table_print(FILE *out, const struct records *file, const struct summary *summary,
                 enum table_view view)
{
    const struct layout layout = make_layout(file, summary, view);

    table_print_head(out, file);
    if (layout.columns == NULL)
        latency_table_print(out, summary, layout.cpus, layout.width);
    else
        print_blocks(out, summary, &layout);
    print_notes(out, file, summary, view, layout.cpus);
    table_print_violations(out, file);
}
