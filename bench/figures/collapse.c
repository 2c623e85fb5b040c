/* What becomes of the throughput when threads outnumber CPUs, and how often holders lose theirs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/figures/curves.h"
#include "bench/figures/figures.h"

/* Workloads are averaged. */
static bool same_curve(const struct cell *a, const struct cell *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->lock, b->lock) == 0 &&
           a->processes == b->processes && strcmp(a->machine, b->machine) == 0 &&
           strcmp(a->placement, b->placement) == 0;
}

static bool is_drawn(const struct cell *cell)
{
    return curves_may_have(cell) && cell->throughput > 0;
}

/* The throughput with as many threads as CPUs or, where that was not measured, with the most below;
 * NaN where there are none. */
static double reference_of(const struct summary *summary, const struct cell *curve, unsigned cpus)
{
    const struct cell *reference = NULL;

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (is_drawn(cell) && same_curve(cell, curve) &&
            strcmp(cell->workload, curve->workload) == 0 && cell->threads <= cpus &&
            (reference == NULL || cell->threads > reference->threads))
            reference = cell;
    }
    return reference == NULL ? NAN : reference->throughput;
}

static bool is_measured(const struct summary *summary, const struct cell *curve,
                        const char *workload, unsigned threads, unsigned cpus)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (is_drawn(cell) && same_curve(cell, curve) && cell->threads == threads &&
            strcmp(cell->workload, workload) == 0)
            return !isnan(reference_of(summary, cell, cpus));
    }
    return false;
}

/* The next larger number of threads of a curve; 0 after the last. */
static unsigned next_threads(const struct summary *summary, const struct cell *curve,
                             unsigned threads)
{
    unsigned next = 0;

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (is_drawn(cell) && same_curve(cell, curve) && cell->threads > threads &&
            (next == 0 || cell->threads < next))
            next = cell->threads;
    }
    return next;
}

/* Whether a curve has a workload with each of its numbers of threads, from as many as CPUs on. Only
 * then it counts: were a point the mean of workloads that another point lacks, the curve would
 * tell of them, and not of the threads. */
static bool is_complete(const struct summary *summary, const struct cell *curve,
                        const char *workload, unsigned cpus)
{
    unsigned threads = cpus - 1;

    while ((threads = next_threads(summary, curve, threads)) != 0) {
        if (!is_measured(summary, curve, workload, threads, cpus))
            return false;
    }
    return true;
}

/* How many workloads count in a curve. */
static size_t workloads_of(const struct summary *summary, const struct cell *curve, unsigned cpus)
{
    size_t count = 0;

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        bool seen = !is_drawn(cell) || !same_curve(cell, curve);
        for (size_t j = 0; j < i && !seen; j++)
            seen = is_drawn(&summary->cells[j]) && same_curve(&summary->cells[j], curve) &&
                   strcmp(summary->cells[j].workload, cell->workload) == 0;
        count += !seen && is_complete(summary, curve, cell->workload, cpus);
    }
    return count;
}

/* A point of a curve: the geometric mean over workloads, and the interval of the only one; and the
 * mean part of the holds that lost their CPU, over those in which that was seen. */
struct point {
    double relative, low, high, preempted;
};

static struct point point_of(const struct summary *summary, const struct cell *curve,
                             unsigned threads, unsigned cpus)
{
    struct point point = {0, NAN, NAN, 0};
    size_t workloads = 0, seen = 0;

    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!is_drawn(cell) || !same_curve(cell, curve) || cell->threads != threads ||
            !is_complete(summary, curve, cell->workload, cpus))
            continue;
        double reference = reference_of(summary, cell, cpus);
        if (isnan(reference))
            continue;
        point.relative += log(cell->throughput / reference);
        point.low = cell->has_interval ? cell->interval.low / reference : NAN;
        point.high = cell->has_interval ? cell->interval.high / reference : NAN;
        workloads++;
        if (isnan(cell->holder_preempted))
            continue;
        point.preempted += cell->holder_preempted;
        seen++;
    }
    point.preempted = seen == 0 ? NAN : point.preempted / (double)seen;
    point.relative = workloads == 0 ? NAN : exp(point.relative / (double)workloads);
    if (workloads != 1)
        point.low = point.high = NAN;
    return point;
}

/* Whether it is the first of its curve among those that are relative to something. */
static bool begins_curve(const struct summary *summary, size_t at, unsigned cpus)
{
    if (!is_drawn(&summary->cells[at]) || isnan(reference_of(summary, &summary->cells[at], cpus)))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (is_drawn(&summary->cells[i]) && same_curve(&summary->cells[i], &summary->cells[at]) &&
            !isnan(reference_of(summary, &summary->cells[i], cpus)))
            return false;
    }
    return true;
}

static void put_curve(FILE *data, const struct summary *summary, const struct cell *curve,
                      unsigned cpus, bool first)
{
    fprintf(data, "%s\"%s%s%s\" threads relative low high preempted\n", first ? "" : "\n\n",
            curve->lock, curve->source[0] == '\0' ? "" : ", ", curve->source);
    for (unsigned threads = 0; (threads = next_threads(summary, curve, threads)) != 0;) {
        struct point point = point_of(summary, curve, threads, cpus);
        if (isnan(point.relative))
            continue;
        fprintf(data, "%.6g %u", (double)threads / cpus, threads);
        curves_put_number(data, point.relative);
        curves_put_number(data, point.low);
        curves_put_number(data, point.high);
        curves_put_number(data, point.preempted);
        fputc('\n', data);
    }
}

static unsigned cpus_of(const struct records *files)
{
    json_int_t cpus =
        json_integer_value(json_object_get(json_object_get(files[0].run, "plan"), "cpus"));

    return cpus > 0 ? (unsigned)cpus : 1;
}

/* A curve by the first of its cells. */
struct curve {
    const struct cell *first;
    size_t workloads; /* that count */
};

/* Those of one file in the order of its plan: budgets upwards. */
static int compare_curves(const void *first, const void *second)
{
    const struct cell *a = ((const struct curve *)first)->first;
    const struct cell *b = ((const struct curve *)second)->first;
    int order = strcmp(a->source, b->source);

    order = order != 0 ? order : (a->order > b->order) - (a->order < b->order);
    return order != 0 ? order : (a > b) - (a < b);
}

/* A new array of `*count`. */
static struct curve *find_curves(const struct summary *summary, unsigned cpus, size_t *count)
{
    struct curve *curves = allocated(calloc(summary->count + 1, sizeof *curves));

    *count = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (begins_curve(summary, i, cpus))
            curves[(*count)++] = (struct curve){cell, workloads_of(summary, cell, cpus)};
    }
    qsort(curves, *count, sizeof *curves, compare_curves);
    return curves;
}

static enum exit_code put_records(FILE *data, const struct records *files, size_t count)
{
    struct summary summary = summary_make(files, count);
    unsigned cpus = cpus_of(files), put = 0;
    size_t curves_count, most = 1;
    struct curve *curves = find_curves(&summary, cpus, &curves_count);

    for (size_t i = 0; i < curves_count; i++)
        most = curves[i].workloads > most ? curves[i].workloads : most;
    /* A mean over fewer workloads than others have would be of something else. */
    for (size_t i = 0; i < curves_count; i++) {
        if (curves[i].workloads == most)
            put_curve(data, &summary, curves[i].first, cpus, put++ == 0);
    }
    free(curves);
    summary_free(&summary);
    return put > 0 ? EXIT_FINE
                   : complain(EXIT_USAGE,
                              "there is nothing to draw: no lock was measured with "
                              "as many threads as CPUs or fewer, which all is "
                              "relative to");
}

const struct figure_kind figure_collapse = {
    .name = "collapse",
    .script = "collapse.gp",
    .put_records = put_records,
};
