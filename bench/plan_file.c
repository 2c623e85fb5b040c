#include "bench/plan_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/data_file.h"
#include "bench/values.h"

/* How a value is written, as a set. */
enum {
    TEXT = 1,
    NUMBER = 2,      /* a whole number */
    NANOSECONDS = 4, /* the same, for an option that takes a time */
    LIST = 8,        /* of texts and whole numbers */
    OBJECT = 16,
    FLAG = 32,    /* true or false */
    NOTHING = 64, /* null: the default */
    DERIVED =
        128, /* whatever it is, it follows from the rest: recorded for those who read results */
};

struct key {
    const char *name;
    int kinds;
    const char *option; /* that takes the value; NULL: none, or more than one */
};

static const struct key plan_keys[] = {
    {"description", TEXT, NULL},
    {"machine", TEXT, "machine"},
    {"model", OBJECT, NULL},
    {"latencies", TEXT, "latencies"},
    {"locks", TEXT | LIST, NULL},
    {"threads", TEXT | NUMBER | LIST, "threads"},
    {"objects", TEXT | NUMBER | LIST, "objects"},
    {"processes", TEXT | NUMBER, "processes"},
    {"workload", TEXT | OBJECT, "workload"},
    {"placement", TEXT, "placement"},
    {"repetitions", NUMBER, "repetitions"},
    {"until", TEXT, "until"},
    {"until_budget_ns", NANOSECONDS, "time-budget"},
    {"duration", TEXT, "duration"},
    {"window_ns", NANOSECONDS | NOTHING, "duration"},
    {"time_budget", TEXT, "time-budget"},
    {"counters", TEXT, "counters"},
    {"passes", TEXT, "passes"},
    {"latency_stride", NUMBER, "latency-stride"},
    {"dispatch", TEXT, "dispatch"},
    {"seed", NUMBER, "seed"},
    {"draw", FLAG, NULL},
    {"table", TEXT, "table"},
    {"cpus", DERIVED, NULL},
    {"warmup_ns", DERIVED, NULL},
    {"latency_ns", DERIVED, NULL},
    {0},
};

static const struct key workload_keys[] = {
    {"preset", TEXT, "workload"},
    {"exchange", TEXT, "workload"},
    {"critical", TEXT, "critical"},
    {"hogs", TEXT, "hogs"},
    {"outside", TEXT, "outside"},
    {"lines", NUMBER, "lines"},
    {"own_lines", NUMBER, "own-lines"},
    {"memory", TEXT, "memory"},
    {"locks_per_run", NUMBER, "locks-per-run"},
    {"choice", TEXT, "choice"},
    {"readers", TEXT | NUMBER | LIST, "readers"},
    {"irql", TEXT, "irql"},
    {"nested", NUMBER, "nested"},
    {"nested_order", TEXT, "nested-order"},
    {"settle_ns", DERIVED, NULL},
    {"delay_ns", DERIVED, NULL},
    {"period_ns", DERIVED, NULL},
    {0},
};

/* The object being read, and what is said of it. */
struct reading {
    const char *about;
    struct measuring *measuring;
};

static enum exit_code complain_unknown_key(const struct reading *reading, const struct key *keys,
                                           const char *name)
{
    const char *names[sizeof plan_keys / sizeof plan_keys[0]];
    size_t count = 0;

    for (const struct key *key = keys; key->name != NULL; key++)
        names[count++] = key->name;
    const char *nearest = nearest_name(name, names, count);
    const char *of = keys == plan_keys ? "a plan" : "a workload";
    if (nearest != NULL)
        return complain(EXIT_USAGE, "%s: '%s' is no key of %s: did you mean '%s'?", reading->about,
                        name, of, nearest);
    return complain(EXIT_USAGE, "%s: '%s' is no key of %s: docs/plans.md names them all",
                    reading->about, name, of);
}

static enum exit_code complain_kind(const struct reading *reading, const struct key *key)
{
    static const struct {
        int kind;
        const char *words;
    } kinds[] = {
        {TEXT, "a text in quotes"},
        {NUMBER, "a whole number"},
        {NANOSECONDS, "a whole number of nanoseconds"},
        {LIST, "a list of texts and whole numbers that is not empty"},
        {OBJECT, "an object"},
        {FLAG, "true or false"},
        {NOTHING, "null"},
    };
    char words[256] = "";

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t used = strlen(words);
        if ((key->kinds & kinds[i].kind) != 0)
            snprintf(words + used, sizeof words - used, "%s%s", used == 0 ? "" : ", or ",
                     kinds[i].words);
    }
    return complain(EXIT_USAGE, "%s: '%s' has to be %s", reading->about, key->name, words);
}

/* "1,2,max"; NULL when it is no such list. */
static json_t *list_to_text(const json_t *list)
{
    json_t *text = json_string(""), *item, *longer;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *before = json_string_value(text), *comma = i == 0 ? "" : ",";
        if (json_is_string(item))
            longer = json_sprintf("%s%s%s", before, comma, json_string_value(item));
        else if (json_is_integer(item))
            longer =
                json_sprintf("%s%s%" JSON_INTEGER_FORMAT, before, comma, json_integer_value(item));
        else
            longer = NULL;
        json_decref(text);
        text = longer;
        if (text == NULL)
            return NULL;
    }
    return text;
}

/* The value as one writes it on the command line, which lives as long as the settings; NULL when it
 * is not of a kind that the key has. */
static const char *value_text(struct measuring *measuring, const struct key *key,
                              const json_t *value)
{
    json_t *text = NULL;

    if (json_is_string(value) && (key->kinds & TEXT) != 0)
        text = json_string(json_string_value(value));
    else if (json_is_integer(value) && (key->kinds & (NUMBER | NANOSECONDS)) != 0)
        text = json_sprintf("%" JSON_INTEGER_FORMAT "%s", json_integer_value(value),
                            (key->kinds & NANOSECONDS) != 0 ? "ns" : "");
    else if (json_array_size(value) > 0 && (key->kinds & LIST) != 0)
        text = list_to_text(value);
    if (text != NULL)
        json_array_append_new(measuring->texts, text);
    return json_string_value(text);
}

static enum exit_code set_option(const struct reading *reading, const char *option,
                                 const char *value)
{
    const struct option_row *row = measuring_options;

    while (strcmp(row->name, option) != 0)
        row++;
    complain_about(reading->about);
    enum exit_code code = row->set(reading->measuring, row, value);
    complain_about(NULL);
    return code;
}

static enum exit_code read_keys(const struct reading *reading, const struct key *keys,
                                const json_t *object);

/* Its whole numbers are nanoseconds, except where there is something to count. */
static enum exit_code read_model(const struct reading *reading, const json_t *object)
{
    struct key key = {.kinds = TEXT};
    enum exit_code code = EXIT_FINE;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        key.name = name;
        key.kinds = TEXT | (sim_parameter_is_count(name) ? NUMBER : NANOSECONDS);
        const char *text = value_text(reading->measuring, &key, value);
        if (text == NULL)
            return complain_kind(reading, &key);
        json_t *setting = json_sprintf("%s=%s", name, text);
        code = setting == NULL ? complain(EXIT_USAGE, "%s: '%s' is no text", reading->about, name)
                               : set_option(reading, "model", json_string_value(setting));
        json_decref(setting);
        if (code != EXIT_FINE)
            return code;
    }
    return code;
}

/* What such a workload draws from can't be chosen, but is recorded. */
static enum exit_code check_derived(const struct reading *reading, const json_t *object)
{
    json_t *derived = workload_to_json(&reading->measuring->workload), *value;
    enum exit_code code = EXIT_FINE;
    const char *name;

    json_object_foreach((json_t *)object, name, value)
    {
        const json_t *right = json_object_get(derived, name);
        for (const struct key *key = workload_keys; key->name != NULL && code == EXIT_FINE; key++) {
            if (key->kinds == DERIVED && strcmp(key->name, name) == 0 &&
                (right == NULL || !json_equal(right, value)))
                code = complain(EXIT_USAGE, "%s: '%s' of a workload can't be chosen: leave it out",
                                reading->about, name);
        }
    }
    json_decref(derived);
    return code;
}

/* A preset comes before what changes parts of it, wherever it stands. */
static enum exit_code read_workload(const struct reading *reading, const json_t *object)
{
    static const char *const whole[] = {"preset", "exchange"};
    enum exit_code code = EXIT_FINE;
    json_t *rest = json_copy((json_t *)object), *first = json_object();

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        json_t *value = json_object_get(object, whole[i]);
        if (value != NULL)
            json_object_set(first, whole[i], value);
        json_object_del(rest, whole[i]);
    }
    if (json_object_size(first) > 1)
        code = complain(EXIT_USAGE, "%s: a workload has a preset or an exchange, not both",
                        reading->about);
    if (code == EXIT_FINE)
        code = read_keys(reading, workload_keys, first);
    if (code == EXIT_FINE)
        code = read_keys(reading, workload_keys, rest);
    if (code == EXIT_FINE)
        code = check_derived(reading, object);
    json_decref(first);
    json_decref(rest);
    return code;
}

static enum exit_code read_value(const struct reading *reading, const struct key *key,
                                 const json_t *value)
{
    if (key->kinds == DERIVED || (json_is_null(value) && (key->kinds & NOTHING) != 0))
        return EXIT_FINE;
    if (json_is_object(value) && (key->kinds & OBJECT) != 0)
        return strcmp(key->name, "model") == 0 ? read_model(reading, value)
                                               : read_workload(reading, value);
    if (json_is_boolean(value) && (key->kinds & FLAG) != 0) {
        reading->measuring->planned_draw = json_is_true(value);
        return EXIT_FINE;
    }
    const char *text = value_text(reading->measuring, key, value);
    if (text == NULL)
        return complain_kind(reading, key);
    if (strcmp(key->name, "locks") == 0)
        reading->measuring->planned_locks = text;
    return key->option == NULL ? EXIT_FINE : set_option(reading, key->option, text);
}

static enum exit_code read_keys(const struct reading *reading, const struct key *keys,
                                const json_t *object)
{
    enum exit_code code = EXIT_FINE;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        const struct key *key = keys;
        while (key->name != NULL && strcmp(key->name, name) != 0)
            key++;
        code = key->name == NULL ? complain_unknown_key(reading, keys, name)
                                 : read_value(reading, key, value);
        if (code != EXIT_FINE)
            return code;
    }
    return code;
}

/* What one says of the window on the command line takes the place of all that a plan says of it. */
static enum exit_code take_window(const struct reading *reading, const json_t *object)
{
    struct measuring *measuring = reading->measuring;

    if (measuring->duration_ns != 0 && measuring->budget_ns != 0 && measuring->until_percent == 0)
        return complain(EXIT_USAGE,
                        "%s: a duration and a time_budget both set the window: give one "
                        "of them",
                        reading->about);
    if (json_object_get(object, "duration") != NULL &&
        json_is_integer(json_object_get(object, "window_ns")))
        return complain(EXIT_USAGE, "%s: 'duration' and 'window_ns' are the same: give one of them",
                        reading->about);
    measuring->planned_duration_ns = measuring->duration_ns;
    measuring->planned_budget_ns = measuring->budget_ns;
    measuring->duration_ns = measuring->budget_ns = 0;
    return EXIT_FINE;
}

enum exit_code plan_object_read(json_t *object, const char *about, struct measuring *measuring)
{
    const struct reading reading = {about, measuring};

    if (!json_is_object(object))
        return complain(EXIT_USAGE, "%s: a plan is an object: {\"locks\": [\"mcs\", ...], ...}",
                        about);
    enum exit_code code = read_keys(&reading, plan_keys, object);
    return code == EXIT_FINE ? take_window(&reading, object) : code;
}

static bool is_file_name(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') != NULL || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

/* The names of the plans that lie where default.json does, and the nearest one. */
static enum exit_code complain_unknown_plan(const char *name)
{
    char path[PATH_MAX], list[1024] = "";
    const char *names[64], *nearest = NULL;
    struct dirent **entries = NULL;
    size_t count = 0;
    int found = 0;

    if (data_file_find("plans", "default.json", path)) {
        *strrchr(path, '/') = '\0';
        found = scandir(path, &entries, NULL, alphasort);
    }
    for (int i = 0; i < found; i++) {
        char *ending = strrchr(entries[i]->d_name, '.');
        if (ending == NULL || strcmp(ending, ".json") != 0 || count == 64)
            continue;
        *ending = '\0';
        names[count++] = entries[i]->d_name;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ",
                 entries[i]->d_name);
    }
    nearest = nearest_name(name, names, count);
    if (nearest != NULL)
        complain(EXIT_USAGE, "no plan is named '%s': did you mean '%s'?", name, nearest);
    else
        complain(EXIT_USAGE,
                 "no plan is named '%s': there are %s, and files, named with their .json", name,
                 list[0] == '\0' ? "none here" : list);
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    return EXIT_USAGE;
}

static json_t *load(const char *path, enum exit_code *code)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    json_error_t error;

    *code = EXIT_USAGE;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        complain(EXIT_USAGE, "the plan '%s' can't be read: %s", path, strerror(errno));
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        fclose(file);
        complain(EXIT_USAGE, "the plan '%s' can't be read: that is a directory", path);
        return NULL;
    }
    json_t *object = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (object == NULL)
        complain(EXIT_USAGE, "'%s', line %d, column %d: %s: docs/plans.md shows the format", path,
                 error.line, error.column, error.text);
    else
        *code = EXIT_FINE;
    return object;
}

enum exit_code plan_file_read(const char *name, struct measuring *measuring)
{
    char path[PATH_MAX], file[256], about[PATH_MAX + 2];
    enum exit_code code;

    snprintf(path, sizeof path, "%s", name);
    snprintf(file, sizeof file, "%s.json", name);
    if (!is_file_name(name) && (name[0] == '\0' || !data_file_find("plans", file, path)))
        return complain_unknown_plan(name);
    json_t *object = load(path, &code);
    if (object == NULL)
        return code;
    snprintf(about, sizeof about, "'%s'", path);
    code = plan_object_read(object, about, measuring);
    json_decref(object);
    return code;
}
