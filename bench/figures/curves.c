#include "bench/figures/curves.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/processes.h"
#include "bench/workload.h"

void curves_put_number(FILE *data, double value)
{
    if (isnan(value))
        fputs(" NaN", data);
    else
        fprintf(data, " %.6g", value);
}

static bool same_curve(const struct cell *a, const struct cell *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->lock, b->lock) == 0 &&
           a->processes == b->processes && strcmp(a->machine, b->machine) == 0 &&
           strcmp(a->workload, b->workload) == 0 && strcmp(a->placement, b->placement) == 0;
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

/* Within the curve's file: of several files with one workload each the title tells. */
static bool has_workloads(const struct summary *summary, const struct cell *curve)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (strcmp(cell->source, curve->source) == 0 &&
            strcmp(cell->workload, curve->workload) != 0)
            return true;
    }
    return false;
}

static void put_workload(FILE *data, const char *recorded)
{
    json_t *object = json_loads(recorded, JSON_DECODE_ANY, NULL);
    struct workload workload;
    char text[WORKLOAD_TEXT];

    if (workload_from_json(object, &workload))
        recorded = workload_describe(&workload, text);
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
static void put_curve_name(FILE *data, const struct summary *summary, const struct cell *curve)
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
    if (has_workloads(summary, curve)) {
        fputs(between, data);
        put_workload(data, curve->workload);
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

/* Whether they differ in the lock and the number of threads at most. */
static bool same_variant(const struct cell *a, const struct cell *b)
{
    struct cell key = *a;

    key.lock = b->lock;
    return same_curve(&key, b);
}

/* What may be drawn in some figure: the cells with samples whose locks are ranked, in the order of
 * the plan, and of the summary within it. All of them are numbered, so that a lock keeps its colour
 * from figure to figure, whatever each has to draw. */
struct drawable {
    const struct summary *summary;
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

static bool same_lock(const struct cell *a, const struct cell *b)
{
    return strcmp(a->lock, b->lock) == 0;
}

/* Numbers the cells: those that are the same have one number, in the order of the first of each. */
static unsigned *number_cells(const struct drawable *drawable,
                              bool (*same)(const struct cell *, const struct cell *))
{
    unsigned *numbers = calloc(drawable->count + 1, sizeof *numbers), next = 0;

    if (numbers == NULL)
        abort();
    for (size_t i = 0; i < drawable->count; i++) {
        size_t first = 0;
        while (first < i && !same(drawable->cells[first], drawable->cells[i]))
            first++;
        numbers[i] = first < i ? numbers[first] : next++;
    }
    return numbers;
}

static struct drawable drawable_make(const struct summary *summary)
{
    struct drawable drawable = {.summary = summary,
                                .cells = calloc(summary->count + 1, sizeof *drawable.cells)};

    if (drawable.cells == NULL)
        abort();
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

/* A block: the head, then a line for each number of threads, upwards, as the cells are sorted. */
static void put_curve(FILE *data, const struct drawable *drawable, const struct figure_kind *kind,
                      size_t at)
{
    const struct cell *curve = drawable->cells[at];

    fputc('"', data);
    put_curve_name(data, drawable->summary, curve);
    fprintf(data, "\" lock variant %s\n", kind->columns);
    for (size_t i = 0; i < drawable->count; i++) {
        const struct cell *cell = drawable->cells[i];
        if (!same_curve(cell, curve) || !kind->has(cell))
            continue;
        fprintf(data, "%u %u %u", cell->threads, drawable->locks[at], drawable->variants[at]);
        kind->put(data, cell);
        fputc('\n', data);
    }
}

/* Whether it is the first cell of a curve that the figure has. */
static bool begins_curve(const struct drawable *drawable, const struct figure_kind *kind, size_t at)
{
    if (!kind->has(drawable->cells[at]))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (kind->has(drawable->cells[i]) && same_curve(drawable->cells[i], drawable->cells[at]))
            return false;
    }
    return true;
}

unsigned curves_threads(const struct summary *summary, const struct figure_kind *kind)
{
    unsigned most = 0, fewest = UINT_MAX;

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!curves_may_have(cell) || !kind->has(cell))
            continue;
        if (cell->threads <= cell->cpus && cell->threads > most)
            most = cell->threads;
        fewest = cell->threads < fewest ? cell->threads : fewest;
    }
    return most > 0 ? most : fewest;
}

static unsigned put_distributions(FILE *data, const struct drawable *drawable,
                                  const struct figure_kind *kind)
{
    const unsigned threads = curves_threads(drawable->summary, kind);
    unsigned cells = 0;

    for (size_t i = 0; i < drawable->count; i++) {
        const struct cell *cell = drawable->cells[i];
        char *name = NULL, first[64];
        size_t length = 0;
        if (cell->threads != threads || !kind->has(cell))
            continue;
        FILE *memory = open_memstream(&name, &length);
        if (memory == NULL)
            abort();
        put_curve_name(memory, drawable->summary, cell);
        if (fclose(memory) != 0)
            abort();
        snprintf(first, sizeof first, "%u %u %u", threads, drawable->locks[i],
                 drawable->variants[i]);
        fputs(cells > 0 ? "\n\n" : "", data);
        kind->put_distributions(data, cell, name, first);
        free(name);
        cells++;
    }
    return cells;
}

unsigned curves_put(FILE *data, const struct summary *summary, const struct figure_kind *kind)
{
    struct drawable drawable = drawable_make(summary);
    unsigned curves = 0;

    if (kind->put_distributions != NULL)
        curves = put_distributions(data, &drawable, kind);
    for (size_t i = 0; i < drawable.count && kind->put_distributions == NULL; i++) {
        if (!begins_curve(&drawable, kind, i))
            continue;
        /* Two empty lines begin what gnuplot calls another index. */
        fputs(curves > 0 ? "\n\n" : "", data);
        put_curve(data, &drawable, kind, i);
        curves++;
    }
    drawable_free(&drawable);
    return curves;
}

bool curves_any(const struct summary *summary, const struct figure_kind *kind)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (curves_may_have(cell) && kind->has(cell))
            return true;
    }
    return false;
}
