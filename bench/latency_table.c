#include "bench/latency_table.h"

#include <string.h>

#include "bench/table.h"

static const double parts[] = {0.5, 0.9, 0.99, 0.999};
enum { PARTS = sizeof parts / sizeof parts[0], TIME_WIDTH = 8 };

static const char *const titles[LATENCIES_WAYS][LATENCIES] = {
    [LATENCIES_EXCLUSIVE] = {"acquire", "hold", "handoff"},
    [LATENCIES_SHARED] = {"acquire, shared", "hold, shared", "handoff, shared"},
};

void latency_table_time(double ns, char text[LATENCY_TABLE_TEXT])
{
    static const struct {
        double ns;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
    size_t i = 0;

    /* What would be rounded up to a thousand is one of the next unit. */
    while (units[i].ns > 1 && ns < 0.9995 * units[i].ns)
        i++;
    double value = ns / units[i].ns;
    snprintf(text, LATENCY_TABLE_TEXT, "%.*f%s",
             units[i].ns == 1 || value >= 99.95 ? 0
             : value >= 9.995                   ? 1
                                                : 2,
             value, units[i].unit);
}

static void print_time(FILE *out, double ns)
{
    char text[LATENCY_TABLE_TEXT];

    latency_table_time(ns, text);
    fprintf(out, " %*s", TIME_WIDTH, text);
}

static bool has(const struct cell *cell, int way, int latency)
{
    return cell->latencies != NULL && cell->latencies[way].of[latency].count > 0;
}

static void print_cell(FILE *out, const struct cell *cell, int way, int latency, int width)
{
    const struct latencies *latencies = &cell->latencies[way];
    const struct histogram *histogram = &latencies->of[latency];

    fprintf(out, "  %-*s", width, cell->lock);
    for (size_t i = 0; i < PARTS; i++)
        print_time(out, histogram_quantile(histogram, parts[i]));
    print_time(out, (double)histogram->max);
    if (latency == LATENCY_HOLD && latencies->long_holds > 0)
        fprintf(out, "  %.3g%%", 100.0 * (double)latencies->long_holds / (double)histogram->count);
    table_print_marks(out, cell);
    fputc('\n', out);
}

/* One kind of time of the cells [first, end), which are one block. */
static void print_kind(FILE *out, const struct summary *summary, size_t first, size_t end, int way,
                       int latency, unsigned cpus, int width)
{
    bool any = false, any_long = false;
    char title[64];

    for (size_t i = first; i < end; i++) {
        const struct cell *cell = &summary->cells[i];
        any = any || has(cell, way, latency);
        any_long = any_long || (has(cell, way, latency) && latency == LATENCY_HOLD &&
                                cell->latencies[way].long_holds > 0);
    }
    if (!any)
        return;
    snprintf(title, sizeof title, ": %s", titles[way][latency]);
    table_print_block_name(out, &summary->cells[first], cpus, title);
    fprintf(out, "  %-*s %*s %*s %*s %*s %*s%s\n", width, "lock", TIME_WIDTH, "p50", TIME_WIDTH,
            "p90", TIME_WIDTH, "p99", TIME_WIDTH, "p99.9", TIME_WIDTH, "max",
            any_long ? "  over 25us" : "");
    for (size_t i = first; i < end; i++) {
        if (has(&summary->cells[i], way, latency))
            print_cell(out, &summary->cells[i], way, latency, width);
    }
}

/* Whether there is anything; says otherwise what the samples say. */
static bool any_timed(FILE *out, const struct summary *summary)
{
    const char *reason = NULL;

    for (size_t i = 0; i < summary->count; i++) {
        if (summary->cells[i].latencies != NULL)
            return true;
        const json_t *sample = json_array_get(summary->cells[i].records, 0);
        const json_t *unmeasured = json_object_get(sample, "unmeasured");
        if (reason == NULL)
            reason = json_string_value(
                json_object_get(unmeasured, latency_fields[LATENCIES_EXCLUSIVE][LATENCY_ACQUIRE]));
    }
    fprintf(out, "\n  nothing was timed%s%s\n", reason == NULL ? "" : ": ",
            reason == NULL ? "" : reason);
    return false;
}

void latency_table_print(FILE *out, const struct summary *summary, unsigned cpus, int width)
{
    size_t first = 0;

    if (!any_timed(out, summary))
        return;

    while (first < summary->count) {
        size_t end = first + 1;
        while (end < summary->count &&
               table_same_block(&summary->cells[first], &summary->cells[end]))
            end++;
        for (int way = 0; way < LATENCIES_WAYS; way++) {
            for (int latency = 0; latency < LATENCIES; latency++)
                print_kind(out, summary, first, end, way, latency, cpus, width);
        }
        first = end;
    }
}
