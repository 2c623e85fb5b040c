/* A map of budgets by critical sections for each lock, with as many CPUs as threads and with fewer.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/threshold/analysis.h"

/* What one map is of. */
struct map {
    const struct surface *surface;
    const char *lock;
    bool has_cpus;
};

/* The budgets and critical sections of all maps, so that all have the same axes. */
struct axes {
    uint64_t *budgets;
    size_t budgets_count;
    struct delay *criticals;
    size_t criticals_count;
};

static int compare_budgets(const void *first, const void *second)
{
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;

    return (a > b) - (a < b);
}

static int compare_delays(const void *first, const void *second)
{
    const struct delay *one = first, *other = second;
    double a = delay_mean(one), b = delay_mean(other);
    char text[2][DELAY_TEXT];

    if (a != b)
        return a > b ? 1 : -1;
    return strcmp(format_delay(one, text[0]), format_delay(other, text[1]));
}

static size_t unique(void *array, size_t count, size_t size,
                     int (*compare)(const void *, const void *))
{
    size_t kept = 0;

    qsort(array, count, size, compare);
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)array + i * size, *to = (char *)array + kept * size;
        if (kept == 0 || compare(at, to - size) != 0) {
            memmove(to, at, size);
            kept++;
        }
    }
    return kept;
}

static struct axes axes_of(const struct surface *surface)
{
    size_t points = 0;
    struct axes axes = {0};

    for (size_t i = 0; i < surface->count; i++)
        points += surface->cells[i].count;
    axes.budgets = allocate_array(points, sizeof *axes.budgets);
    axes.criticals = allocate_array(surface->count, sizeof *axes.criticals);
    for (size_t i = 0; i < surface->count; i++) {
        axes.criticals[axes.criticals_count++] = surface->cells[i].critical;
        for (size_t j = 0; j < surface->cells[i].count; j++)
            axes.budgets[axes.budgets_count++] = surface->cells[i].points[j].budget_ns;
    }
    axes.budgets_count =
        unique(axes.budgets, axes.budgets_count, sizeof *axes.budgets, compare_budgets);
    axes.criticals_count =
        unique(axes.criticals, axes.criticals_count, sizeof *axes.criticals, compare_delays);
    return axes;
}

static bool is_of(const struct surface_cell *cell, const struct map *map,
                  const struct delay *critical)
{
    /* A thread alone has nobody to wait for. */
    return cell->threads > 1 && strcmp(cell->lock, map->lock) == 0 &&
           surface_has_cpus(cell) == map->has_cpus &&
           compare_delays(&cell->critical, critical) == 0;
}

static double best_of(const struct surface_cell *cell)
{
    double best = NAN;

    for (size_t i = 0; i < cell->count; i++)
        best = fmax(best, surface_median(&cell->points[i], SURFACE_THROUGHPUT));
    return best;
}

/* The geometric mean over numbers of threads and work outside of the throughput, a part of the best
 * budget's there. NaN where a cell does not know that budget: a mean over the others would be of
 * something else than that of the next budget. */
static double value_of(const struct map *map, const struct delay *critical, uint64_t budget_ns)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < map->surface->count; i++) {
        const struct surface_cell *cell = &map->surface->cells[i];
        double best = best_of(cell);
        if (!is_of(cell, map, critical) || !(best > 0))
            continue;
        double value = surface_median_at(cell, budget_ns, SURFACE_THROUGHPUT);
        if (isnan(value))
            return NAN;
        sum += log(fmax(value / best, 1e-6));
        count++;
    }
    return count == 0 ? NAN : exp(sum / (double)count);
}

/* A line for each critical section with the numbers of the best budget and of those around it that
 * are within 5%. */
static void put_plateau(FILE *data, size_t x, const double *values, size_t count)
{
    size_t best = SIZE_MAX, low, high;

    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i]) && (best == SIZE_MAX || values[i] > values[best]))
            best = i;
    }
    if (best == SIZE_MAX)
        return;
    for (low = best; low > 0 && values[low - 1] >= (1 - ANALYSIS_PLATEAU) * values[best]; low--)
        ;
    for (high = best; high + 1 < count && values[high + 1] >= (1 - ANALYSIS_PLATEAU) * values[best];
         high++)
        ;
    fprintf(data, "%zu %zu %zu %zu\n", x, low, high, best);
}

static double *values_at(const struct map *map, const struct axes *axes, size_t critical)
{
    double *values = allocate_array(axes->budgets_count, sizeof *values);

    for (size_t i = 0; i < axes->budgets_count; i++)
        values[i] = value_of(map, &axes->criticals[critical], axes->budgets[i]);
    return values;
}

/* Two blocks: the map itself, and the plateaus. */
static void put_map(FILE *data, const struct map *map, const struct axes *axes, bool first)
{
    char critical[DELAY_TEXT], budget[TIME_TEXT];

    fprintf(data, "%s\"%s, %s\" y critical budget value\n", first ? "" : "\n\n", map->lock,
            map->has_cpus ? "no more threads than CPUs" : "more threads than CPUs");
    for (size_t x = 0; x < axes->criticals_count; x++) {
        double *values = values_at(map, axes, x);
        for (size_t y = 0; y < axes->budgets_count; y++) {
            fprintf(data, "%zu %zu %s %s", x, y, format_delay(&axes->criticals[x], critical),
                    format_time_or_inf(axes->budgets[y], budget));
            curves_put_number(data, values[y]);
            fputc('\n', data);
        }
        free(values);
    }
    fputs("\n\nx low high best\n", data);
    for (size_t x = 0; x < axes->criticals_count; x++) {
        double *values = values_at(map, axes, x);
        put_plateau(data, x, values, axes->budgets_count);
        free(values);
    }
}

static bool has_map(const struct map *map)
{
    for (size_t i = 0; i < map->surface->count; i++) {
        if (is_of(&map->surface->cells[i], map, &map->surface->cells[i].critical))
            return true;
    }
    return false;
}

static enum exit_code put_records(FILE *data, const struct records *files, size_t count)
{
    struct surface surface = surface_make(files, count);
    struct axes axes = axes_of(&surface);
    bool first = true;
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < surface.count; i++) {
        struct map map = {&surface, surface.cells[i].lock, true};
        if (i > 0 && strcmp(surface.cells[i - 1].lock, map.lock) == 0)
            continue;
        for (int side = 0; side < 2; side++) {
            map.has_cpus = side == 0;
            if (has_map(&map)) {
                put_map(data, &map, &axes, first);
                first = false;
            }
        }
    }
    if (surface.count == 0)
        code = complain(EXIT_USAGE,
                        "there is nothing to draw: no sample of a lock with a budget, "
                        "such as spin_park:budget=20us");
    free(axes.budgets);
    free(axes.criticals);
    surface_free(&surface);
    return code;
}

const struct figure_kind figure_threshold = {
    .name = "threshold",
    .script = "threshold.gp",
    .put_records = put_records,
};
