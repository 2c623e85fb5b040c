#include "bench/figures/curves.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/processes.h"
#include "bench/workload.h"

void curves_put_number(FILE *data, double value)
{
    if (isnan(value))
        fputs(" NaN", data);
    else
        fprintf(data, " %.6g", value);
}

bool curves_have_throughput(const struct cell *cell)
{
    return !isnan(cell->throughput);
}

void curves_put_throughput(FILE *data, const struct cell *cell)
{
    curves_put_number(data, cell->throughput);
    curves_put_number(data, cell->has_interval ? cell->interval.low : NAN);
    curves_put_number(data, cell->has_interval ? cell->interval.high : NAN);
}

/* A quote or the end of a line would end a curve's name for gnuplot. */
static void put_text(FILE *data, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        fputc(text[i] == '"' || text[i] == '\n' ? '_' : text[i], data);
}

/* A results file's name in a figure: without its ending and, where that tells it from the others,
 * without its folder. */
static void put_source(FILE *data, const struct summary *summary, const char *source)
{
    const char *name = basename(source);

    for (size_t i = 0; i < summary->count; i++) {
        const char *other = summary->cells[i].source;
        if (strcmp(other, source) != 0 && strcmp(basename(other), name) == 0)
            name = source;
    }
    size_t length = strlen(name);
    if (length > 6 && strcmp(name + length - 6, ".jsonl") == 0)
        length -= 6;
    put_text(data, name, length);
}

/* Real cores and one model are told apart by these words; several models by their topologies. */
static const char *machine_name(const struct summary *summary, const char *machine)
{
    if (strcmp(machine, "native") == 0)
        return "native";
    for (size_t i = 0; i < summary->count; i++) {
        const char *other = summary->cells[i].machine;
        if (strcmp(other, "native") != 0 && strcmp(other, machine) != 0)
            return machine;
    }
    return "model";
}

static bool has_machines(const struct summary *summary)
{
    for (size_t i = 1; i < summary->count; i++) {
        if (strcmp(summary->cells[i].machine, summary->cells[0].machine) != 0)
            return true;
    }
    return false;
}

static bool has_processes(const struct summary *summary)
{
    for (size_t i = 1; i < summary->count; i++) {
        if (summary->cells[i].processes != summary->cells[0].processes)
            return true;
    }
    return false;
}

/* What there is of a curve's workload: along the axis of shares, the share is none of it. */
static const char *workload_of(const struct figure_kind *kind, const struct cell *cell)
{
    return kind->by_readers ? cell->setting : cell->workload;
}

/* Within the curve's file: of several files with one workload each the title tells. */
static bool has_workloads(const struct summary *summary, const struct figure_kind *kind,
                          const struct cell *curve)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (strcmp(cell->source, curve->source) == 0 &&
            strcmp(workload_of(kind, cell), workload_of(kind, curve)) != 0)
            return true;
    }
    return false;
}

static void put_workload(FILE *data, const char *recorded)
{
    json_t *object = json_loads(recorded, JSON_DECODE_ANY, NULL);
    char text[WORKLOAD_TEXT];

    workload_describe_planned(object, text);
    if (text[0] != '\0')
        recorded = text;
    put_text(data, recorded, strlen(recorded));
    json_decref(object);
}

static void put_processes(FILE *data, unsigned processes)
{
    if (processes == PROCESSES_EACH)
        fputs("a process each", data);
    else
        fprintf(data, "%u process%s", processes, processes == 1 ? "" : "es");
}

/* The lock and, where there are several, the file, the machine, the workload and the number of
 * processes. */
static void put_curve_name(FILE *data, const struct summary *summary,
                           const struct figure_kind *kind, const struct cell *curve)
{
    const char *between = " (";

    put_text(data, curve->lock, strlen(curve->lock));
    if (curve->source[0] != '\0') {
        fputs(between, data);
        put_source(data, summary, curve->source);
        between = ", ";
    }
    if (has_machines(summary)) {
        const char *machine = machine_name(summary, curve->machine);
        fputs(between, data);
        put_text(data, machine, strlen(machine));
        between = ", ";
    }
    if (has_workloads(summary, kind, curve)) {
        fputs(between, data);
        put_workload(data, workload_of(kind, curve));
        between = ", ";
    }
    if (has_processes(summary)) {
        fputs(between, data);
        put_processes(data, curve->processes);
        between = ", ";
    }
    fputs(strcmp(between, ", ") == 0 ? ")" : "", data);
}

bool curves_may_have(const struct cell *cell)
{
    return cell->ranked && cell->samples > 0;
}

bool curves_of_one_number(const struct figure_kind *kind)
{
    return kind->by_readers || kind->put_distributions != NULL;
}

bool curves_have(const struct figure_kind *kind, unsigned threads, const struct cell *cell)
{
    return curves_may_have(cell) && kind->has(cell) && (threads == 0 || cell->threads == threads);
}

/* What may be drawn in some figure: the cells with samples whose locks are ranked, in the order of
 * the plan, and of the summary within it. All of them are numbered, so that a lock keeps its colour
 * from figure to figure, whatever each has to draw. */
struct drawable {
    const struct summary *summary;
    const struct figure_kind *kind;
    unsigned threads; /* 0: all */
    const struct cell **cells;
    unsigned *locks, *variants; /* the number of each cell's lock, and of its variant */
    size_t count;
};

static int compare_orders(const void *first, const void *second)
{
    const struct cell *const *a = first, *const *b = second;
    int order = ((*a)->order > (*b)->order) - ((*a)->order < (*b)->order);

    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static bool same_lock(const struct figure_kind *kind, const struct cell *a, const struct cell *b)
{
    (void)kind;
    return strcmp(a->lock, b->lock) == 0;
}

/* Whether they differ in the lock, and in what the axis is of, at most. */
static bool same_variant(const struct figure_kind *kind, const struct cell *a, const struct cell *b)
{
    return strcmp(a->source, b->source) == 0 && a->processes == b->processes &&
           strcmp(a->machine, b->machine) == 0 &&
           strcmp(workload_of(kind, a), workload_of(kind, b)) == 0 &&
           strcmp(a->placement, b->placement) == 0;
}

/* Numbers the cells: those that are the same have one number, in the order of the first of each. */
static unsigned *number_cells(const struct drawable *drawable,
                              bool (*same)(const struct figure_kind *, const struct cell *,
                                           const struct cell *))
{
    unsigned *numbers = allocate_array(drawable->count, sizeof *numbers), next = 0;

    for (size_t i = 0; i < drawable->count; i++) {
        size_t first = 0;
        while (first < i && !same(drawable->kind, drawable->cells[first], drawable->cells[i]))
            first++;
        numbers[i] = first < i ? numbers[first] : next++;
    }
    return numbers;
}

static struct drawable drawable_make(const struct summary *summary, const struct figure_kind *kind,
                                     unsigned threads)
{
    struct drawable drawable = {.summary = summary,
                                .kind = kind,
                                .threads = threads,
                                .cells = allocate_array(summary->count, sizeof *drawable.cells)};

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (curves_may_have(cell))
            drawable.cells[drawable.count++] = cell;
    }
    qsort(drawable.cells, drawable.count, sizeof *drawable.cells, compare_orders);
    drawable.locks = number_cells(&drawable, same_lock);
    drawable.variants = number_cells(&drawable, same_variant);
    return drawable;
}

static void drawable_free(struct drawable *drawable)
{
    free(drawable->cells);
    free(drawable->locks);
    free(drawable->variants);
}

static bool stands_in_figure(const struct drawable *drawable, size_t at)
{
    return curves_have(drawable->kind, drawable->threads, drawable->cells[at]);
}

static bool same_curve(const struct drawable *drawable, size_t a, size_t b)
{
    return drawable->locks[a] == drawable->locks[b] &&
           drawable->variants[a] == drawable->variants[b];
}

/* A block: the head, then a line for each number of threads, or each share of readers, upwards, as
 * the cells are sorted. */
static void put_curve(FILE *data, const struct drawable *drawable, size_t at)
{
    const struct figure_kind *kind = drawable->kind;

    fputc('"', data);
    put_curve_name(data, drawable->summary, kind, drawable->cells[at]);
    fprintf(data, "\" lock variant %s\n", kind->columns);
    for (size_t i = 0; i < drawable->count; i++) {
        const struct cell *cell = drawable->cells[i];
        if (!same_curve(drawable, i, at) || !stands_in_figure(drawable, i))
            continue;
        fprintf(data, "%u %u %u", kind->by_readers ? cell->readers : cell->threads,
                drawable->locks[at], drawable->variants[at]);
        kind->put(data, cell);
        fputc('\n', data);
    }
}

/* Whether it is the first cell of a curve that the figure has. */
static bool begins_curve(const struct drawable *drawable, size_t at)
{
    if (!stands_in_figure(drawable, at))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (stands_in_figure(drawable, i) && same_curve(drawable, i, at))
            return false;
    }
    return true;
}

/* Of shares of readers, the most threads of any cell. Of distributions, the most that have a CPU
 * each; if there are none, the fewest. */
unsigned curves_threads(const struct summary *summary, const struct figure_kind *kind)
{
    unsigned most = 0, fewest = UINT_MAX;

    if (!curves_of_one_number(kind))
        return 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!curves_have(kind, 0, cell))
            continue;
        if ((kind->by_readers || cell->threads <= cell->cpus) && cell->threads > most)
            most = cell->threads;
        fewest = cell->threads < fewest ? cell->threads : fewest;
    }
    return most > 0 ? most : fewest;
}

static unsigned put_distributions(FILE *data, const struct drawable *drawable)
{
    unsigned cells = 0;

    for (size_t i = 0; i < drawable->count; i++) {
        const struct cell *cell = drawable->cells[i];
        char *name = NULL, first[64];
        size_t length = 0;
        if (!stands_in_figure(drawable, i))
            continue;
        FILE *memory = open_memstream(&name, &length);
        if (memory == NULL)
            abort();
        put_curve_name(memory, drawable->summary, drawable->kind, cell);
        if (fclose(memory) != 0)
            abort();
        snprintf(first, sizeof first, "%u %u %u", cell->threads, drawable->locks[i],
                 drawable->variants[i]);
        fputs(cells > 0 ? "\n\n" : "", data);
        drawable->kind->put_distributions(data, cell, name, first);
        free(name);
        cells++;
    }
    return cells;
}

unsigned curves_put(FILE *data, const struct summary *summary, const struct figure_kind *kind,
                    unsigned threads)
{
    struct drawable drawable = drawable_make(summary, kind, threads);
    unsigned curves = 0;

    if (kind->put_distributions != NULL)
        curves = put_distributions(data, &drawable);
    for (size_t i = 0; i < drawable.count && kind->put_distributions == NULL; i++) {
        if (!begins_curve(&drawable, i))
            continue;
        /* Two empty lines begin what gnuplot calls another index. */
        fputs(curves > 0 ? "\n\n" : "", data);
        put_curve(data, &drawable, i);
        curves++;
    }
    drawable_free(&drawable);
    return curves;
}

bool curves_any(const struct summary *summary, const struct figure_kind *kind, unsigned threads)
{
    for (size_t i = 0; i < summary->count; i++) {
        if (curves_have(kind, threads, &summary->cells[i]))
            return true;
    }
    return false;
}

bool curves_any_of_shares(const struct summary *summary, const struct figure_kind *kind,
                          unsigned threads)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *a = &summary->cells[i];
        for (size_t j = 0; j < i && curves_have(kind, threads, a); j++) {
            const struct cell *b = &summary->cells[j];
            if (curves_have(kind, threads, b) && same_lock(kind, a, b) && same_variant(kind, a, b))
                return true;
        }
    }
    return false;
}
