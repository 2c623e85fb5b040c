#include "bench/figures/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/processes.h"

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
    /* A quote or the end of a line would end the name for gnuplot. */
    for (size_t i = 0; i < length; i++)
        fputc(name[i] == '"' || name[i] == '\n' ? '_' : name[i], data);
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

static void put_processes(FILE *data, unsigned processes)
{
    if (processes == PROCESSES_EACH)
        fputs("a process each", data);
    else
        fprintf(data, "%u process%s", processes, processes == 1 ? "" : "es");
}

/* The lock and, where there are several, the file, the machine and the number of processes. */
static void put_curve_name(FILE *data, const struct summary *summary, const struct cell *curve)
{
    bool machines = has_machines(summary), sources = curve->source[0] != '\0';
    bool processes = has_processes(summary);

    fputs(curve->lock, data);
    if (!sources && !machines && !processes)
        return;
    fputs(" (", data);
    if (sources)
        put_source(data, summary, curve->source);
    if (machines)
        fprintf(data, "%s%s", sources ? ", " : "", machine_name(summary, curve->machine));
    if (processes) {
        fputs(sources || machines ? ", " : "", data);
        put_processes(data, curve->processes);
    }
    fputc(')', data);
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

/* What may be drawn in some figure: the cells with samples whose locks are ranked. */
struct drawable {
    const struct summary *summary;
    const struct cell **cells; /* in the order of the plan, and of the summary within it */
    size_t count;
};

static int compare_orders(const void *first, const void *second)
{
    const struct cell *const *a = first, *const *b = second;
    int order = ((*a)->order > (*b)->order) - ((*a)->order < (*b)->order);

    return order != 0 ? order : (*a > *b) - (*a < *b);
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
    return drawable;
}

static bool same_lock(const struct cell *a, const struct cell *b)
{
    return strcmp(a->lock, b->lock) == 0;
}

/* How many kinds of cells there are before the first that is the same as `cell`. All that could be
 * drawn counts, so that a lock keeps its colour from figure to figure, whatever each has to draw.
 */
static unsigned number_of(const struct drawable *drawable, const struct cell *cell,
                          bool (*same)(const struct cell *, const struct cell *))
{
    unsigned number = 0;

    for (size_t i = 0; i < drawable->count && !same(drawable->cells[i], cell); i++) {
        size_t first = 0;
        while (!same(drawable->cells[first], drawable->cells[i]))
            first++;
        number += first == i;
    }
    return number;
}

/* A block: the head, then a line for each number of threads, upwards, as the cells are sorted. */
static void put_curve(FILE *data, const struct drawable *drawable, const struct figure_kind *kind,
                      const struct cell *curve)
{
    unsigned lock = number_of(drawable, curve, same_lock);
    unsigned variant = number_of(drawable, curve, same_variant);

    fputc('"', data);
    put_curve_name(data, drawable->summary, curve);
    fprintf(data, "\" lock variant %s\n", kind->columns);
    for (size_t i = 0; i < drawable->count; i++) {
        const struct cell *cell = drawable->cells[i];
        if (!same_curve(cell, curve) || !kind->has(cell))
            continue;
        fprintf(data, "%u %u %u", cell->threads, lock, variant);
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

unsigned curves_put(FILE *data, const struct summary *summary, const struct figure_kind *kind)
{
    struct drawable drawable = drawable_make(summary);
    unsigned curves = 0;

    for (size_t i = 0; i < drawable.count; i++) {
        if (!begins_curve(&drawable, kind, i))
            continue;
        /* Two empty lines begin what gnuplot calls another index. */
        fputs(curves > 0 ? "\n\n" : "", data);
        put_curve(data, &drawable, kind, drawable.cells[i]);
        curves++;
    }
    free(drawable.cells);
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
