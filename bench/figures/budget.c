/* Throughput and CPU time against the spin budget, each relative to sleeping at once: a curve a
 * lock, with as many CPUs as threads and with fewer. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/threshold/analysis.h"

struct curve {
    const struct surface *surface;
    const char *lock;
    bool has_cpus;
};

static bool is_of(const struct surface_cell *cell, const struct curve *curve)
{
    return strcmp(cell->lock, curve->lock) == 0 && surface_has_cpus(cell) == curve->has_cpus;
}

/* The next larger budget of the curve; false after the last. */
static bool next_budget(const struct curve *curve, bool first, uint64_t *budget_ns)
{
    uint64_t next = 0;
    bool found = false;

    for (size_t i = 0; i < curve->surface->count; i++) {
        const struct surface_cell *cell = &curve->surface->cells[i];
        for (size_t j = 0; is_of(cell, curve) && j < cell->count; j++) {
            uint64_t other = cell->points[j].budget_ns;
            if ((first || other > *budget_ns) && (!found || other < next)) {
                next = other;
                found = true;
            }
        }
    }
    *budget_ns = next;
    return found;
}

/* Whether all budgets of the curve are known in a cell: measured, or between two that were. Only
 * then it counts: were a point the mean over cells that another point lacks, the curve would tell
 * of them, and not of the budget. */
static bool is_complete(const struct curve *curve, const struct surface_cell *cell)
{
    uint64_t budget_ns = 0;

    for (bool begin = true; next_budget(curve, begin, &budget_ns); begin = false) {
        if (isnan(surface_median_at(cell, budget_ns, SURFACE_THROUGHPUT)))
            return false;
    }
    return surface_point_of(cell, 0) != NULL;
}

static bool has_cells(const struct curve *curve)
{
    for (size_t i = 0; i < curve->surface->count; i++) {
        const struct surface_cell *cell = &curve->surface->cells[i];
        if (is_of(cell, curve) && is_complete(curve, cell))
            return true;
    }
    return false;
}

/* The geometric mean over the curve's cells; NaN without one. */
static double relative(const struct curve *curve, enum surface_measure measure, uint64_t budget_ns)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < curve->surface->count; i++) {
        const struct surface_cell *cell = &curve->surface->cells[i];
        if (!is_of(cell, curve) || !is_complete(curve, cell))
            continue;
        double ratio =
            surface_median_at(cell, budget_ns, measure) / surface_median_at(cell, 0, measure);
        if (!(ratio > 0) || isinf(ratio))
            continue;
        sum += log(ratio);
        count++;
    }
    return count == 0 ? NAN : exp(sum / (double)count);
}

/* -1 for a budget without end, which has no place on an axis. C, or NaN, stands in each line. */
static void put_curve(FILE *data, const struct curve *curve, double sleep_ns, bool first)
{
    uint64_t budget_ns = 0;

    fprintf(data, "%s\"%s, threads %s CPUs\" sleep throughput cpu\n", first ? "" : "\n\n",
            curve->lock, curve->has_cpus ? "<=" : ">");
    for (bool begin = true; next_budget(curve, begin, &budget_ns); begin = false) {
        fprintf(data, "%.0f", budget_ns == SURFACE_FOREVER ? -1 : (double)budget_ns);
        curves_put_number(data, sleep_ns);
        curves_put_number(data, relative(curve, SURFACE_THROUGHPUT, budget_ns));
        curves_put_number(data, relative(curve, SURFACE_CPU, budget_ns));
        fputc('\n', data);
    }
}

static enum exit_code put_records(FILE *data, const struct records *files, size_t count)
{
    struct surface surface = surface_make(files, count);
    unsigned curves = 0;

    for (size_t i = 0; i < surface.count; i++) {
        if (i > 0 && strcmp(surface.cells[i - 1].lock, surface.cells[i].lock) == 0)
            continue;
        for (int side = 0; side < 2; side++) {
            struct curve curve = {&surface, surface.cells[i].lock, side == 0};
            if (has_cells(&curve))
                put_curve(data, &curve, surface_sleep_ns(&files[0]), curves++ == 0);
        }
    }
    surface_free(&surface);
    return curves > 0 ? EXIT_FINE
                      : complain(EXIT_USAGE,
                                 "there is nothing to draw: no lock was measured with a budget of "
                                 "0, such as spin_park:budget=0, which all is relative to, and "
                                 "the other budgets");
}

const struct figure_kind figure_budget = {
    .name = "budget",
    .script = "budget.gp",
    .put_records = put_records,
};
