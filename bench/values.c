#include "bench/values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool read_count(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < least || number > most)
        return false;
    *value = number;
    return true;
}

static const struct {
    const char *name;
    uint64_t ns;
} time_units[] = {
    {"min", 60000000000}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1},
};
enum { TIME_UNITS = sizeof time_units / sizeof time_units[0] };

static const uint64_t hour_ns = 3600000000000;

bool read_time(const char *text, uint64_t *ns)
{
    char *unit;

    if (strcmp(text, "0") == 0) {
        *ns = 0;
        return true;
    }
    /* strtod also reads signs, hexadecimal and infinity, none of which is a time. */
    if (strspn(text, "0123456789.") == 0)
        return false;
    double number = strtod(text, &unit);
    if (unit != text + strspn(text, "0123456789."))
        return false;
    for (int i = 0; i < TIME_UNITS; i++) {
        if (strcmp(unit, time_units[i].name) != 0)
            continue;
        double value = number * (double)time_units[i].ns;
        double whole = floor(value + 0.5);
        if (value > (double)hour_ns || fabs(value - whole) > 1e-6)
            return false;
        *ns = (uint64_t)whole;
        return true;
    }
    return false;
}

bool read_percent(const char *text, double *percent)
{
    size_t length = strspn(text, "0123456789.");
    char *sign;

    if (length == 0 || length > 15)
        return false;
    double number = strtod(text, &sign);
    if (sign != text + length || strcmp(sign, "%") != 0 || !(number >= 0 && number <= 100))
        return false;
    *percent = number;
    return true;
}

const char *format_time(uint64_t ns, char text[TIME_TEXT])
{
    if (ns == 0)
        return strcpy(text, "0");
    for (int i = 0; i < TIME_UNITS; i++) {
        if (ns % time_units[i].ns == 0) {
            snprintf(text, TIME_TEXT, "%" PRIu64 "%s", ns / time_units[i].ns, time_units[i].name);
            break;
        }
    }
    return text;
}

const char *format_time_or_inf(uint64_t ns, char text[TIME_TEXT])
{
    return ns == UINT64_MAX ? strcpy(text, "inf") : format_time(ns, text);
}

/* The rare long draws of an exponential delay are seven times its mean. */
static const uint64_t delay_most_ns = 1000000000, mean_most_ns = 300000000;

static bool read_bounded_time(const char *text, uint64_t *ns)
{
    uint64_t value;

    if (!read_time(text, &value) || value > delay_most_ns)
        return false;
    *ns = value;
    return true;
}

static bool read_uniform(const char *text, struct delay *delay)
{
    char low[TIME_TEXT];
    const char *dash = strchr(text, '-');

    if (dash == NULL || (size_t)(dash - text) >= sizeof low)
        return false;
    memcpy(low, text, (size_t)(dash - text));
    low[dash - text] = '\0';
    return read_bounded_time(low, &delay->low_ns) && read_bounded_time(dash + 1, &delay->high_ns) &&
           delay->low_ns <= delay->high_ns;
}

/* A script has few turns (see workload_script()): a smaller part would be none of them. */
static const double bimodal_least_percent = 1, bimodal_most_percent = 99;

static bool read_bimodal(const char *text, struct delay *delay)
{
    char times[2 * TIME_TEXT];
    const char *colon = strchr(text, ':');
    double percent;

    if (colon == NULL || (size_t)(colon - text) >= sizeof times)
        return false;
    memcpy(times, text, (size_t)(colon - text));
    times[colon - text] = '\0';
    if (!read_uniform(times, delay) || !read_percent(colon + 1, &percent) ||
        percent < bimodal_least_percent || percent > bimodal_most_percent)
        return false;
    delay->high_part = percent / 100;
    return true;
}

bool read_delay(const char *text, struct delay *delay)
{
    struct delay read = {0};
    bool fine;

    if (strncmp(text, "uniform:", 8) == 0) {
        read.kind = DELAY_UNIFORM;
        fine = read_uniform(text + 8, &read);
    } else if (strncmp(text, "bimodal:", 8) == 0) {
        read.kind = DELAY_BIMODAL;
        fine = read_bimodal(text + 8, &read);
    } else {
        bool exponential = strncmp(text, "exp:", 4) == 0;
        read.kind = exponential ? DELAY_EXPONENTIAL : DELAY_FIXED;
        fine = read_bounded_time(exponential ? text + 4 : text, &read.low_ns);
        fine = fine && (!exponential || read.low_ns <= mean_most_ns);
        read.high_ns = read.low_ns;
    }
    if (fine)
        *delay = read;
    return fine;
}

const char *format_delay(const struct delay *delay, char text[DELAY_TEXT])
{
    char low[TIME_TEXT], high[TIME_TEXT];

    format_time(delay->low_ns, low);
    format_time(delay->high_ns, high);
    switch (delay->kind) {
    case DELAY_FIXED:
        return strcpy(text, low);
    case DELAY_EXPONENTIAL:
        snprintf(text, DELAY_TEXT, "exp:%s", low);
        break;
    case DELAY_UNIFORM:
        snprintf(text, DELAY_TEXT, "uniform:%s-%s", low, high);
        break;
    case DELAY_BIMODAL:
        snprintf(text, DELAY_TEXT, "bimodal:%s-%s:%.15g%%", low, high, delay->high_part * 100);
        break;
    }
    return text;
}

double delay_mean(const struct delay *delay)
{
    double low = (double)delay->low_ns, high = (double)delay->high_ns;

    return delay->kind == DELAY_BIMODAL ? low + delay->high_part * (high - low) : (low + high) / 2;
}

double delay_quantile(const struct delay *delay, double part)
{
    double low = (double)delay->low_ns, high = (double)delay->high_ns;

    if (delay->kind == DELAY_EXPONENTIAL)
        return -log(1 - part) * low;
    if (delay->kind == DELAY_BIMODAL)
        return part < 1 - delay->high_part ? low : high;
    return low + part * (high - low);
}

struct list {
    unsigned *values;
    size_t length;
};

/* Bounds what a range may ask for, before memory is asked for it. */
enum { LIST_MOST = 65536 };

static bool list_add(struct list *list, uint64_t value)
{
    if (list->length == LIST_MOST)
        return false;
    unsigned *grown = realloc(list->values, (list->length + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    grown[list->length++] = (unsigned)value;
    list->values = grown;
    return true;
}

/* `4`, `4-16` or `4-16:4`. */
static bool read_range(char *item, uint64_t least, uint64_t most, struct list *list)
{
    uint64_t first, last, step = 1;
    char *dash = strchr(item, '-');
    char *colon = dash == NULL ? NULL : strchr(dash, ':');

    if (colon != NULL) {
        *colon = '\0';
        if (!read_count(colon + 1, 1, most, &step))
            return false;
    }
    if (dash != NULL)
        *dash = '\0';
    if (!read_count(item, least, most, &first))
        return false;
    last = first;
    if (dash != NULL && !read_count(dash + 1, first, most, &last))
        return false;
    for (uint64_t value = first; value <= last; value += step) {
        if (!list_add(list, value))
            return false;
    }
    return true;
}

unsigned *read_list(const char *text, uint64_t least, uint64_t most,
                    bool (*word)(const char *item, void *argument, unsigned *value), void *argument,
                    size_t *length, char *culprit, size_t culprit_size)
{
    struct list list = {0};
    char *rest = strdup(text), *next = rest, *item;
    bool fine = rest != NULL;

    while (fine && (item = strsep(&next, ",")) != NULL) {
        unsigned value;
        snprintf(culprit, culprit_size, "%s", item);
        if (word != NULL && word(item, argument, &value))
            fine = list_add(&list, value);
        else
            fine = read_range(item, least, most, &list);
    }
    free(rest);
    if (!fine) {
        free(list.values);
        return NULL;
    }
    *length = list.length;
    return list.values;
}

size_t drop_repeated(unsigned *values, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < kept && values[j] != values[i])
            j++;
        if (j == kept)
            values[kept++] = values[i];
    }
    return kept;
}

static bool are_swapped(const char *a, const char *b)
{
    return a[-1] == b[0] && a[0] == b[-1];
}

/* Levenshtein's distance, with two letters in the wrong order as one error and not two (optimal
 * string alignment), by the three rows that it needs. */
static unsigned edit_distance(const char *a, const char *b)
{
    enum { longest = 63 };
    unsigned rows[3][longest + 1];
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length > longest || b_length > longest)
        return longest;
    for (unsigned j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *second_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = above[j] + 1 < row[j] ? above[j] + 1 : row[j];
            row[j] = row[j - 1] + 1 < row[j] ? row[j - 1] + 1 : row[j];
            if (i > 1 && j > 1 && are_swapped(&a[i - 1], &b[j - 1]) &&
                second_above[j - 2] + 1 < row[j])
                row[j] = second_above[j - 2] + 1;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *nearest_name(const char *text, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    /* Farther than a third of the word is no misspelling any more. */
    unsigned best = (unsigned)strlen(text) / 3 + 2;

    for (size_t i = 0; i < count; i++) {
        unsigned distance = edit_distance(text, names[i]);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
