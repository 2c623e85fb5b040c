#include "bench/workload.h"

#include <stdio.h>
#include <string.h>

#include "bench/random.h"

static const char *const irql_names[] = {
    [IRQL_NONE] = "none",
    [IRQL_APC_SIGMASK] = "apc-sigmask",
    [IRQL_APC_GUARD] = "apc-guard",
    [IRQL_DISPATCH_FIFO] = "dispatch-fifo",
    [IRQL_DISPATCH_FIFO_HELD] = "dispatch-fifo-held",
};

const char *irql_name(enum irql irql)
{
    return irql_names[irql];
}

bool irql_is_real_time(enum irql irql)
{
    return irql == IRQL_DISPATCH_FIFO || irql == IRQL_DISPATCH_FIFO_HELD;
}

bool irql_find(const char *name, enum irql *irql)
{
    for (size_t i = 0; i < sizeof irql_names / sizeof irql_names[0]; i++) {
        if (strcmp(irql_names[i], name) == 0) {
            *irql = (enum irql)i;
            return true;
        }
    }
    return false;
}

struct workload workload_default(void)
{
    return (struct workload){.outside = {DELAY_EXPONENTIAL, 50, 50, 0}, .lines = 1};
}

bool workload_preset(const char *name, struct workload *workload)
{
    static const struct {
        const char *name;
        struct delay critical, outside;
        unsigned readers;
    } presets[] = {
        {"saturated", {DELAY_FIXED, 0, 0, 0}, {DELAY_FIXED, 0, 0, 0}, 0},
        {"moderate", {DELAY_FIXED, 100, 100, 0}, {DELAY_EXPONENTIAL, 500, 500, 0}, 0},
        {"light", {DELAY_FIXED, 100, 100, 0}, {DELAY_EXPONENTIAL, 10000, 10000, 0}, 0},
        {"read-mostly", {DELAY_FIXED, 200, 200, 0}, {DELAY_EXPONENTIAL, 200, 200, 0}, 95},
    };

    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (strcmp(presets[i].name, name) == 0) {
            workload->critical = presets[i].critical;
            workload->outside = presets[i].outside;
            workload->lines = 1;
            workload->readers = presets[i].readers;
            workload->exchange = EXCHANGE_NONE;
            return true;
        }
    }
    if (!exchange_read(name, &workload->exchange))
        return false;
    workload->critical = workload->outside = (struct delay){DELAY_FIXED, 0, 0, 0};
    workload->lines = workload->readers = 0;
    return true;
}

/* What is drawn in such a workload is part of it. */
static json_t *exchange_to_json(enum exchange exchange)
{
    const char *name = exchange_traits(exchange)->name;

    if (exchange == EXCHANGE_TIMER)
        return json_pack("{s:s, s:[i, i], s:i}", "exchange", name, "delay_ns",
                         EXCHANGE_DELAY_LEAST_NS, EXCHANGE_DELAY_MOST_NS, "period_ns",
                         EXCHANGE_PERIOD_NS);
    if (exchange == EXCHANGE_HANDOFF)
        return json_pack("{s:s}", "exchange", name);
    return json_pack("{s:s, s:[i, i]}", "exchange", name, "settle_ns", EXCHANGE_SETTLE_LEAST_NS,
                     EXCHANGE_SETTLE_MOST_NS);
}

json_t *workload_to_json(const struct workload *workload)
{
    char critical[DELAY_TEXT], outside[DELAY_TEXT];

    if (workload->exchange != EXCHANGE_NONE)
        return exchange_to_json(workload->exchange);
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i}", "critical", format_delay(&workload->critical, critical),
                  "outside", format_delay(&workload->outside, outside), "lines",
                  (int)workload->lines, "readers", (int)workload->readers);
    if (workload->irql != IRQL_NONE)
        json_object_set_new(object, "irql", json_string(irql_name(workload->irql)));
    if (workload_is_nested(workload)) {
        json_object_set_new(object, "nested", json_integer(workload->nested));
        json_object_set_new(object, "nested_order",
                            json_string(workload->mixed ? "mixed" : "ranked"));
    }
    return object;
}

bool nested_order_find(const char *name, bool *mixed)
{
    *mixed = strcmp(name, "mixed") == 0;
    return *mixed || strcmp(name, "ranked") == 0;
}

bool workload_from_json(const json_t *object, struct workload *workload)
{
    const char *critical, *outside, *irql = irql_name(IRQL_NONE), *order = "ranked";
    const char *exchange;
    int lines, readers, nested = 1;

    *workload = (struct workload){0};
    if (json_unpack((json_t *)object, "{s:s}", "exchange", &exchange) == 0)
        return exchange_read(exchange, &workload->exchange);
    if (json_unpack((json_t *)object, "{s:s, s:s, s:i, s:i, s?s, s?i, s?s}", "critical", &critical,
                    "outside", &outside, "lines", &lines, "readers", &readers, "irql", &irql,
                    "nested", &nested, "nested_order", &order) != 0 ||
        lines < 0 || lines > WORKLOAD_LINES_MOST || readers < 0 || readers > 100 || nested < 1 ||
        nested > WORKLOAD_NESTED_MOST || !irql_find(irql, &workload->irql) ||
        !nested_order_find(order, &workload->mixed))
        return false;
    workload->lines = (unsigned)lines;
    workload->readers = (unsigned)readers;
    workload->nested = (unsigned)nested;
    return read_delay(critical, &workload->critical) && read_delay(outside, &workload->outside);
}

const char *workload_describe(const struct workload *workload, char text[WORKLOAD_TEXT])
{
    char critical[DELAY_TEXT], outside[DELAY_TEXT];

    if (workload->exchange != EXCHANGE_NONE) {
        snprintf(text, WORKLOAD_TEXT, "%s", exchange_traits(workload->exchange)->name);
        return text;
    }
    int used = snprintf(text, WORKLOAD_TEXT, "critical %s, outside %s, %u line%s, %u%% readers",
                        format_delay(&workload->critical, critical),
                        format_delay(&workload->outside, outside), workload->lines,
                        workload->lines == 1 ? "" : "s", workload->readers);
    if (workload->irql != IRQL_NONE)
        used += snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", irql %s",
                         irql_name(workload->irql));
    if (workload_is_nested(workload))
        snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", %u nested locks%s", workload->nested,
                 workload->mixed ? " in mixed orders" : "");
    return text;
}

static double part_of_step(size_t step)
{
    return ((double)step + 0.5) / SCRIPT_STEPS;
}

uint64_t workload_longest_ns(const struct workload *workload)
{
    double last = part_of_step(SCRIPT_STEPS - 1);

    return (uint64_t)(delay_quantile(&workload->critical, last) +
                      delay_quantile(&workload->outside, last));
}

static void shuffle(uint32_t *values, uint64_t *random)
{
    for (size_t i = SCRIPT_STEPS - 1; i > 0; i--) {
        size_t j = random_below(random, i + 1);
        uint32_t value = values[i];
        values[i] = values[j];
        values[j] = value;
    }
}

void workload_script(const struct workload *workload, uint64_t seed, struct step *script)
{
    uint32_t critical[SCRIPT_STEPS], outside[SCRIPT_STEPS], shared[SCRIPT_STEPS];
    uint64_t random = seed;

    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        double part = part_of_step(i);
        critical[i] = (uint32_t)(delay_quantile(&workload->critical, part) + 0.5);
        outside[i] = (uint32_t)(delay_quantile(&workload->outside, part) + 0.5);
        shared[i] = part * 100 < workload->readers;
    }
    shuffle(critical, &random);
    shuffle(outside, &random);
    shuffle(shared, &random);
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        script[i] = (struct step){critical[i], outside[i], shared[i]};
}

bool workload_is_scripted(const struct workload *workload)
{
    return workload->critical.high_ns != 0 || workload->outside.high_ns != 0 ||
           workload->readers != 0;
}
