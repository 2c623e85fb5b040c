#include "bench/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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
        {WORKLOAD_OVERSUBSCRIBED,
         {DELAY_FIXED, 1000, 1000, 0},
         {DELAY_EXPONENTIAL, 2000, 2000, 0},
         0},
    };

    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (strcmp(presets[i].name, name) == 0) {
            workload->critical = presets[i].critical;
            workload->outside = presets[i].outside;
            workload->burst = 0;
            workload->lines = 1;
            workload->readers = presets[i].readers;
            workload->exchange = EXCHANGE_NONE;
            return true;
        }
    }
    if (!exchange_read(name, &workload->exchange))
        return false;
    workload->critical = workload->outside = (struct delay){DELAY_FIXED, 0, 0, 0};
    workload->burst = workload->lines = workload->readers = 0;
    return true;
}

/* `N:REST`: N, from `least` to `most`, and where the rest begins; NULL: it is no such text. */
static const char *read_leading_count(const char *text, uint64_t least, uint64_t most,
                                      unsigned *count)
{
    char number[8];
    const char *colon = strchr(text, ':');
    uint64_t value;

    if (colon == NULL || (size_t)(colon - text) >= sizeof number)
        return NULL;
    memcpy(number, text, (size_t)(colon - text));
    number[colon - text] = '\0';
    if (!read_count(number, least, most, &value))
        return NULL;
    *count = (unsigned)value;
    return colon + 1;
}

bool workload_read_hogs(const char *text, struct workload *workload)
{
    unsigned hogs;
    struct delay critical;

    if (strcmp(text, "0") == 0) {
        workload->hogs = 0;
        return true;
    }
    const char *rest = read_leading_count(text, 1, WORKLOAD_HOGS_MOST, &hogs);
    if (rest == NULL || !read_delay(rest, &critical))
        return false;
    workload->hogs = hogs;
    workload->hog_critical = critical;
    return true;
}

bool workload_read_outside(const char *text, struct workload *workload)
{
    static const char prefix[] = "burst:";
    unsigned burst = 0;
    struct delay outside;

    if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
        text = read_leading_count(text + sizeof prefix - 1, 2, WORKLOAD_BURST_MOST, &burst);
        if (text == NULL || (burst & (burst - 1)) != 0)
            return false;
    }
    if (!read_delay(text, &outside))
        return false;
    workload->burst = burst;
    workload->outside = outside;
    return true;
}

bool workload_read_choice(const char *text, double *zipf)
{
    const double most = 10;
    char *end;

    if (strcmp(text, "uniform") == 0 || strcmp(text, "zipf") == 0) {
        *zipf = text[0] == 'z' ? 1 : 0;
        return true;
    }
    if (strncmp(text, "zipf:", 5) != 0 || strspn(text + 5, "0123456789.") != strlen(text + 5) ||
        strlen(text + 5) > 8)
        return false;
    double exponent = strtod(text + 5, &end);
    if (end == text + 5 || *end != '\0' || !(exponent > 0 && exponent <= most))
        return false;
    *zipf = exponent;
    return true;
}

const char *workload_format_choice(double zipf, char text[CHOICE_TEXT])
{
    if (zipf == 0)
        snprintf(text, CHOICE_TEXT, "uniform");
    else
        snprintf(text, CHOICE_TEXT, "zipf:%.8g", zipf);
    return text;
}

const char *workload_format_hogs(const struct workload *workload, char text[WORKLOAD_PART_TEXT])
{
    int used = snprintf(text, WORKLOAD_PART_TEXT - DELAY_TEXT, "%u:", workload->hogs);

    format_delay(&workload->hog_critical, text + used);
    return text;
}

const char *workload_format_outside(const struct workload *workload, char text[WORKLOAD_PART_TEXT])
{
    int used = 0;

    if (workload->burst > 1)
        used = snprintf(text, WORKLOAD_PART_TEXT - DELAY_TEXT, "burst:%u:", workload->burst);
    format_delay(&workload->outside, text + used);
    return text;
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
    char critical[DELAY_TEXT], outside[WORKLOAD_PART_TEXT], hogs[WORKLOAD_PART_TEXT];

    if (workload->exchange != EXCHANGE_NONE)
        return exchange_to_json(workload->exchange);
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i}", "critical", format_delay(&workload->critical, critical),
                  "outside", workload_format_outside(workload, outside), "lines",
                  (int)workload->lines, "readers", (int)workload->readers);
    if (workload->hogs > 0)
        json_object_set_new(object, "hogs", json_string(workload_format_hogs(workload, hogs)));
    if (memory_is_asked_for(&workload->memory)) {
        char memory[MEMORY_TEXT];
        json_object_set_new(object, "memory",
                            json_string(memory_format(&workload->memory, memory)));
    }
    if (workload->own_lines > 0)
        json_object_set_new(object, "own_lines", json_integer(workload->own_lines));
    if (workload_has_choice(workload)) {
        char choice[CHOICE_TEXT];
        json_object_set_new(object, "locks_per_run", json_integer(workload->locks));
        json_object_set_new(object, "choice",
                            json_string(workload_format_choice(workload->zipf, choice)));
    }
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
    const char *exchange, *hogs = "0", *choice = "uniform", *memory = "usual";
    int lines, readers, nested = 1, own_lines = 0, locks = 1;

    *workload = (struct workload){0};
    if (json_unpack((json_t *)object, "{s:s}", "exchange", &exchange) == 0)
        return exchange_read(exchange, &workload->exchange);
    if (json_unpack(
            (json_t *)object, "{s:s, s:s, s:i, s:i, s?s, s?i, s?s, s?s, s?i, s?i, s?s, s?s}",
            "critical", &critical, "outside", &outside, "lines", &lines, "readers", &readers,
            "irql", &irql, "nested", &nested, "nested_order", &order, "hogs", &hogs, "own_lines",
            &own_lines, "locks_per_run", &locks, "choice", &choice, "memory", &memory) != 0 ||
        lines < 0 || lines > WORKLOAD_LINES_MOST || readers < 0 || readers > 100 || nested < 1 ||
        nested > WORKLOAD_NESTED_MOST || own_lines < 0 || own_lines > WORKLOAD_LINES_MOST ||
        locks < 1 || locks > WORKLOAD_LOCKS_MOST || (locks > 1 && nested > 1) ||
        (int64_t)locks * lines > WORKLOAD_ALL_LINES_MOST || !irql_find(irql, &workload->irql) ||
        !nested_order_find(order, &workload->mixed) ||
        !workload_read_choice(choice, &workload->zipf) || !memory_read(memory, &workload->memory))
        return false;
    workload->lines = (unsigned)lines;
    workload->readers = (unsigned)readers;
    workload->nested = (unsigned)nested;
    workload->own_lines = (unsigned)own_lines;
    workload->locks = (unsigned)locks;
    return read_delay(critical, &workload->critical) && workload_read_outside(outside, workload) &&
           workload_read_hogs(hogs, workload);
}

static const char *describe(const struct workload *workload, const char *readers,
                            char text[WORKLOAD_TEXT])
{
    char critical[DELAY_TEXT], outside[WORKLOAD_PART_TEXT], hogs[DELAY_TEXT];
    char choice[CHOICE_TEXT], memory[MEMORY_TEXT];

    if (workload->exchange != EXCHANGE_NONE) {
        snprintf(text, WORKLOAD_TEXT, "%s", exchange_traits(workload->exchange)->name);
        return text;
    }
    int used = snprintf(text, WORKLOAD_TEXT, "critical %s, outside %s, %u line%s, %s readers",
                        format_delay(&workload->critical, critical),
                        workload_format_outside(workload, outside), workload->lines,
                        workload->lines == 1 ? "" : "s", readers);
    if (workload->hogs > 0)
        used +=
            snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", %u hog%s for %s", workload->hogs,
                     workload->hogs == 1 ? "" : "s", format_delay(&workload->hog_critical, hogs));
    if (workload->own_lines > 0)
        used += snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", %u own line%s",
                         workload->own_lines, workload->own_lines == 1 ? "" : "s");
    if (memory_is_asked_for(&workload->memory))
        used += snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", memory %s",
                         memory_format(&workload->memory, memory));
    if (workload_has_choice(workload))
        used += snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", one of %u locks, %s",
                         workload->locks, workload_format_choice(workload->zipf, choice));
    if (workload->irql != IRQL_NONE)
        used += snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", irql %s",
                         irql_name(workload->irql));
    if (workload_is_nested(workload))
        snprintf(text + used, WORKLOAD_TEXT - (size_t)used, ", %u nested locks%s", workload->nested,
                 workload->mixed ? " in mixed orders" : "");
    return text;
}

const char *workload_describe(const struct workload *workload, char text[WORKLOAD_TEXT])
{
    char readers[16];

    snprintf(readers, sizeof readers, "%u%%", workload->readers);
    return describe(workload, readers, text);
}

const char *workload_describe_planned(const json_t *object, char text[WORKLOAD_TEXT])
{
    json_t *shares = json_object_get(object, "readers"), *one = json_deep_copy(object);
    char readers[64] = "", share[32];
    struct workload workload;

    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(shares); i++) {
        snprintf(share, sizeof share, "%s%d%%", i == 0 ? "" : ", ",
                 (int)json_integer_value(json_array_get(shares, i)));
        if (strlen(readers) + strlen(share) < sizeof readers - strlen(", ..."))
            strcat(readers, share);
        else if (strstr(readers, "...") == NULL)
            strcat(readers, ", ...");
    }
    if (json_is_array(shares)) {
        json_object_set(one, "readers", json_array_get(shares, 0));
    } else if (shares == NULL) {
        json_object_set_new(one, "readers", json_integer(0));
        strcpy(readers, "several shares of");
    }
    if (workload_from_json(one, &workload))
        readers[0] == '\0' ? workload_describe(&workload, text)
                           : describe(&workload, readers, text);
    json_decref(one);
    return text;
}

/* The middle of each of `count` equal parts of a distribution. */
static double part_of(size_t step, size_t count)
{
    return ((double)step + 0.5) / (double)count;
}

static double longest_ns(const struct delay *delay)
{
    return delay_quantile(delay, part_of(SCRIPT_STEPS - 1, SCRIPT_STEPS));
}

uint64_t workload_longest_ns(const struct workload *workload)
{
    double critical = longest_ns(&workload->critical);
    double hog = workload->hogs > 0 ? longest_ns(&workload->hog_critical) : 0;

    return (uint64_t)((critical > hog ? critical : hog) + longest_ns(&workload->outside));
}

static void shuffle(uint32_t *values, size_t count, uint64_t *random)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = random_below(random, i + 1);
        uint32_t value = values[i];
        values[i] = values[j];
        values[j] = value;
    }
}

static void draw(const struct delay *delay, uint32_t values[SCRIPT_STEPS], uint64_t *random)
{
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        values[i] = (uint32_t)(delay_quantile(delay, part_of(i, SCRIPT_STEPS)) + 0.5);
    shuffle(values, SCRIPT_STEPS, random);
}

/* A pause after each burst, and none within. The middles of few parts have not quite the mean that
 * was asked for, so that they are stretched to it. Each thread begins somewhere within a burst, so
 * that not all of them pause at once. */
static void draw_pauses(const struct workload *workload, uint32_t values[SCRIPT_STEPS],
                        uint64_t *random)
{
    const unsigned burst = workload->burst, count = SCRIPT_STEPS / burst;
    uint32_t pauses[SCRIPT_STEPS];
    double all = 0;

    for (size_t i = 0; i < count; i++)
        all += delay_quantile(&workload->outside, part_of(i, count));
    double stretch = all > 0 ? delay_mean(&workload->outside) * count / all : 0;
    for (size_t i = 0; i < count; i++)
        pauses[i] =
            (uint32_t)(stretch * delay_quantile(&workload->outside, part_of(i, count)) + 0.5);
    shuffle(pauses, count, random);
    size_t first = random_below(random, burst);
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        values[i] = i % burst == first ? pauses[i / burst] : 0;
}

void workload_script(const struct workload *workload, unsigned thread, uint64_t seed,
                     struct step *script)
{
    uint32_t critical[SCRIPT_STEPS], outside[SCRIPT_STEPS], shared[SCRIPT_STEPS];
    uint64_t random = seed;

    draw(workload_critical(workload, thread), critical, &random);
    if (workload->burst > 1)
        draw_pauses(workload, outside, &random);
    else
        draw(&workload->outside, outside, &random);
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        shared[i] = part_of(i, SCRIPT_STEPS) * 100 < workload->readers;
    shuffle(shared, SCRIPT_STEPS, &random);
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        script[i] = (struct step){critical[i], outside[i], shared[i]};
}

/* The first lock up to which the parts come to `quantile` of all. */
static size_t lock_at(const double *upto, size_t count, double quantile)
{
    size_t first = 0, last = count - 1;

    while (first < last) {
        size_t middle = (first + last) / 2;
        if (upto[middle] > quantile * upto[count - 1])
            last = middle;
        else
            first = middle + 1;
    }
    return first;
}

void workload_choices(const struct workload *workload, uint64_t seed, uint16_t *choices)
{
    double upto[WORKLOAD_LOCKS_MOST], sum = 0;
    uint32_t drawn[SCRIPT_STEPS];
    uint64_t random = ~seed;

    for (unsigned i = 0; i < workload->locks; i++)
        upto[i] = sum += pow(i + 1, -workload->zipf);
    /* One from each of equal parts, so that a script has little chance in how often it takes a
     * lock; anywhere within the part, so that together all threads take those, too, that have less
     * than a part. */
    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        double within = (double)(random_next(&random) >> 11) / (double)(1ull << 53);
        drawn[i] = (uint32_t)lock_at(upto, workload->locks, ((double)i + within) / SCRIPT_STEPS);
    }
    shuffle(drawn, SCRIPT_STEPS, &random);
    for (size_t i = 0; i < SCRIPT_STEPS; i++)
        choices[i] = (uint16_t)drawn[i];
}

bool workload_is_scripted(const struct workload *workload)
{
    return workload->critical.high_ns != 0 || workload->outside.high_ns != 0 ||
           workload->readers != 0 || workload_is_varied(workload);
}
