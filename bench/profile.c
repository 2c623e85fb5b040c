#include "bench/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#include "bench/json.h"
#include "bench/native/host.h"
#include "bench/run_fields.h"
#include "locks/machine/machine.h"

static const char *const source_names[] = {
    [PROFILE_FROM_CALIBRATION] = "calibration",
    [PROFILE_FROM_THRESHOLD] = "threshold",
};

/* ---- budgets ---- */

/* Three digits are more than a cost is known to. */
static uint64_t rounded(double ns)
{
    double step = ns < 1000 ? 1 : pow(10, floor(log10(ns)) - 2);

    return (uint64_t)llround(round(ns / step) * step);
}

static struct profile_budget budget_of(const struct calibration_value *cost)
{
    return (struct profile_budget){rounded(cost->median_ns), cost->interval.low,
                                   cost->interval.high};
}

bool profile_advise(struct profile *profile, char reason[CALIBRATION_REASON])
{
    const struct calibration_value *cost = &profile->calibration.values[CALIBRATION_COST];
    const struct calibration_value *cpu = &profile->calibration.values[CALIBRATION_CPU];

    profile->source = PROFILE_FROM_CALIBRATION;
    profile->fitting = profile->crowded = (struct profile_budget){0};
    if (profile->calibration.cpu == profile->calibration.other_cpu)
        return true;
    if (!cost->measured || !cpu->measured) {
        memcpy(reason, cost->measured ? cpu->reason : cost->reason, CALIBRATION_REASON);
        return false;
    }
    profile->fitting = budget_of(cost);
    profile->crowded = budget_of(cpu);
    return true;
}

/* ---- where it lies ---- */

/* A path that is not absolute does not count, says the XDG Base Directory Specification. False:
 * there is no place, for the reason in `problem`. */
static bool find_folder(char folder[PATH_MAX], char problem[PROFILE_PROBLEM])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length;

    if (config != NULL && config[0] == '/') {
        length = snprintf(folder, PATH_MAX, "%s/lockbench", config);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(folder, PATH_MAX, "%s/.config/lockbench", home);
    } else {
        snprintf(problem, PROFILE_PROBLEM,
                 "there is no place for a profile: set HOME or XDG_CONFIG_HOME to a folder's "
                 "absolute path");
        return false;
    }
    if (length + (int)sizeof "/profile.json.XXXXXX" <= PATH_MAX)
        return true;
    snprintf(problem, PROFILE_PROBLEM, "there is no place for a profile: the path is too long");
    return false;
}

static const char profile_file[] = "/profile.json";

/* ---- writing ---- */

static json_t *budget_to_json(const struct profile_budget *budget)
{
    json_t *high = isinf(budget->high_ns) ? json_string("inf") : json_real(budget->high_ns);
    json_t *low = isinf(budget->low_ns) ? json_string("inf") : json_real(budget->low_ns);

    return json_pack("{s:o, s:[o, o]}", "ns", json_time_or_inf(budget->ns), "interval_ns", low,
                     high);
}

static json_t *locks_to_json(const struct profile *profile)
{
    json_t *locks = json_object();

    for (size_t i = 0; i < profile->locks_count; i++) {
        const struct profile_lock *lock = &profile->locks[i];
        json_object_set_new(locks, lock->name,
                            json_pack("{s:o, s:o}", "fitting", budget_to_json(&lock->fitting),
                                      "crowded", budget_to_json(&lock->crowded)));
    }
    return locks;
}

static json_t *profile_to_json(struct profile *profile, hwloc_topology_t topology)
{
    time_t now = time(NULL);
    struct tm utc;

    strftime(profile->time, sizeof profile->time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    snprintf(profile->version, sizeof profile->version, "%s", PACKAGE_VERSION);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:{s:o, s:o}, s:o, s:o, s:o}", "record", "profile", "schema",
        PROFILE_SCHEMA, "version", profile->version, "time", profile->time, "source",
        source_names[profile->source], "budgets", "fitting", budget_to_json(&profile->fitting),
        "crowded", budget_to_json(&profile->crowded), "locks", locks_to_json(profile),
        "calibration", calibration_to_json(&profile->calibration), "host", host_describe(topology));
}

/* With all folders above it. */
static int make_folder(const char *folder)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s", folder);
    for (char *end = strchr(path + 1, '/');; end = strchr(end + 1, '/')) {
        if (end != NULL)
            *end = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno;
        if (end == NULL)
            return 0;
        *end = '/';
    }
}

static int write_file(int fd, json_t *object)
{
    if (json_dumpfd(object, fd, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0)
        return errno != 0 ? errno : EIO;
    if (write(fd, "\n", 1) != 1)
        return errno != 0 ? errno : ENOSPC;
    /* Before the name changes: after a crash there is the old one or the new one, not an empty one.
     */
    return fsync(fd) == 0 ? 0 : errno;
}

/* Who links to a file elsewhere keeps that link. */
static void follow_link(char path[PATH_MAX])
{
    char *target = realpath(path, NULL);

    if (target != NULL && strlen(target) + sizeof ".XXXXXX" <= PATH_MAX)
        strcpy(path, target);
    free(target);
}

/* Returns 0 or the error, after which there is what was there before. */
static int replace_file(const char *name, json_t *object)
{
    char path[PATH_MAX], temporary[PATH_MAX + sizeof ".XXXXXX"];

    snprintf(path, sizeof path, "%s", name);
    follow_link(path);
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    errno = 0;
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = write_file(fd, object);
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error != 0)
        unlink(temporary);
    return error;
}

enum exit_code profile_write(struct profile *profile, hwloc_topology_t topology)
{
    char folder[PATH_MAX], problem[PROFILE_PROBLEM];

    if (!find_folder(folder, problem))
        return complain(EXIT_MACHINE, "the profile can't be saved: %s", problem);
    int error = make_folder(folder);
    if (error != 0)
        return complain(EXIT_MACHINE, "the folder '%s' for the profile can't be made: %s", folder,
                        strerror(error));
    strcpy(profile->path, folder);
    strcat(profile->path, profile_file);
    json_t *object = profile_to_json(profile, topology);
    if (object == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    error = replace_file(profile->path, object);
    json_decref(object);
    if (error != 0)
        return complain(EXIT_MACHINE, "the profile '%s' can't be written: %s", profile->path,
                        strerror(error));
    return EXIT_FINE;
}

/* ---- reading ---- */

/* Neither a pipe, on which one would wait, nor something endless. NULL, with the reason. */
static json_t *load(const char *path, bool *missing, char *reason, size_t size)
{
    const off_t most = 4 << 20;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    json_error_t error;
    json_t *object = NULL;

    *missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (fd < 0) {
        snprintf(reason, size, "can't be read: %s", strerror(errno));
        return NULL;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > most) {
        snprintf(reason, size, "is no profile");
    } else {
        object = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
        if (object == NULL)
            snprintf(reason, size, "is damaged: line %d: %s", error.line, error.text);
    }
    close(fd);
    return object;
}

/* A budget is at most an hour, as on the command line. */
static bool time_from_json(const json_t *value, double *ns)
{
    const double hour_ns = 3600e9;

    *ns = json_number_value(value);
    if (json_is_string(value) && strcmp(json_string_value(value), "inf") == 0) {
        *ns = INFINITY;
        return true;
    }
    return json_is_number(value) && *ns >= 0 && *ns <= hour_ns;
}

static bool budget_from_json(const json_t *object, struct profile_budget *budget)
{
    const json_t *interval = json_object_get(object, "interval_ns");
    double ns;

    if (!time_from_json(json_object_get(object, "ns"), &ns) ||
        !time_from_json(json_array_get(interval, 0), &budget->low_ns) ||
        !time_from_json(json_array_get(interval, 1), &budget->high_ns) ||
        budget->low_ns > budget->high_ns)
        return false;
    budget->ns = isinf(ns) ? MACHINE_NEVER : (uint64_t)llround(ns);
    return true;
}

static bool source_from_json(const json_t *value, enum profile_source *source)
{
    for (size_t i = 0; i < sizeof source_names / sizeof source_names[0]; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), source_names[i]) == 0) {
            *source = (enum profile_source)i;
            return true;
        }
    }
    return false;
}

static bool text_from_json(const json_t *value, char *text, size_t size)
{
    return json_is_string(value) &&
           (size_t)snprintf(text, size, "%s", json_string_value(value)) < size;
}

/* Profiles of earlier versions have none. */
static bool locks_from_json(json_t *object, struct profile *profile)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        struct profile_lock *lock = &profile->locks[profile->locks_count];
        if (profile->locks_count == PROFILE_LOCKS_MOST || strlen(name) >= sizeof lock->name ||
            !budget_from_json(json_object_get(value, "fitting"), &lock->fitting) ||
            !budget_from_json(json_object_get(value, "crowded"), &lock->crowded))
            return false;
        strcpy(lock->name, name);
        profile->locks_count++;
    }
    return true;
}

/* Everything but whose it is. */
static bool profile_from_json(const json_t *object, struct profile *profile)
{
    const json_t *budgets = json_object_get(object, "budgets");

    return text_from_json(json_object_get(object, "version"), profile->version,
                          sizeof profile->version) &&
           text_from_json(json_object_get(object, "time"), profile->time, sizeof profile->time) &&
           strlen(profile->time) == strlen("2026-11-22T10:15:00Z") &&
           source_from_json(json_object_get(object, "source"), &profile->source) &&
           budget_from_json(json_object_get(budgets, "fitting"), &profile->fitting) &&
           budget_from_json(json_object_get(budgets, "crowded"), &profile->crowded) &&
           locks_from_json(json_object_get(object, "locks"), profile) &&
           calibration_from_json(json_object_get(object, "calibration"), &profile->calibration);
}

/* False, with the first thing that differs. */
static bool is_of_machine(const json_t *host, const json_t *here, char *reason, size_t size)
{
    char then_text[RUN_VALUE_TEXT], here_text[RUN_VALUE_TEXT];

    for (const char *const *field = run_host_fields; *field != NULL; field++) {
        const json_t *a = json_object_get(host, *field), *b = json_object_get(here, *field);
        if (run_same_value(a, b))
            continue;
        snprintf(reason, size, "is another machine's: its %s is %s, and here it is %s", *field,
                 run_value_text(a, then_text), run_value_text(b, here_text));
        return false;
    }
    return true;
}

/* False, with what keeps the profile from being used here. */
static bool accept(const json_t *object, hwloc_topology_t topology, struct profile *profile,
                   char *reason, size_t size)
{
    const json_t *kind = json_object_get(object, "record");
    json_int_t schema = json_integer_value(json_object_get(object, "schema"));

    if (!json_is_string(kind) || strcmp(json_string_value(kind), "profile") != 0) {
        snprintf(reason, size, "is no profile");
        return false;
    }
    if (schema != PROFILE_SCHEMA) {
        snprintf(reason, size, "is of schema %lld, and this lockbench reads %d", (long long)schema,
                 PROFILE_SCHEMA);
        return false;
    }
    if (!profile_from_json(object, profile)) {
        snprintf(reason, size, "is damaged: a value is missing or out of its range");
        return false;
    }
    json_t *here = host_describe(topology);
    bool same = is_of_machine(json_object_get(object, "host"), here, reason, size);
    json_decref(here);
    return same;
}

enum profile_state profile_read(struct profile *profile, hwloc_topology_t topology,
                                char problem[PROFILE_PROBLEM])
{
    char folder[PATH_MAX], reason[PROFILE_PROBLEM / 2];
    bool missing;

    *profile = (struct profile){0};
    if (!find_folder(folder, problem))
        return PROFILE_NONE;
    strcpy(profile->path, folder);
    strcat(profile->path, profile_file);
    json_t *object = load(profile->path, &missing, reason, sizeof reason);
    if (missing) {
        snprintf(problem, PROFILE_PROBLEM, "there is no '%.240s'", profile->path);
        return PROFILE_NONE;
    }
    bool accepted = object != NULL && accept(object, topology, profile, reason, sizeof reason);
    json_decref(object);
    if (accepted)
        return PROFILE_FOUND;
    snprintf(problem, PROFILE_PROBLEM, "'%.240s' %s", profile->path, reason);
    return PROFILE_IGNORED;
}

const char *profile_title(const struct profile *profile, char text[PROFILE_TITLE])
{
    snprintf(text, PROFILE_TITLE, "profile of %.10s", profile->time);
    return text;
}
