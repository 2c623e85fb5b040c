#include "bench/threshold/axes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "locks/catalogue.h"

static const char default_criticals[] = "100ns,1us,10us,100us,1ms";
static const char default_outsides[] = "exp:200ns,exp:20us";

/* The index of the lock's parameter `budget`, or -1. */
static int budget_parameter(const struct lock_ops *ops)
{
    for (int i = 0; ops->parameters != NULL && ops->parameters[i].name != NULL; i++) {
        if (strcmp(ops->parameters[i].name, "budget") == 0)
            return i;
    }
    return -1;
}

static enum exit_code add_default_locks(struct lock_spec **locks, size_t *count)
{
    enum exit_code code = EXIT_FINE;

    for (unsigned i = 0; i < lock_catalogue_size && code == EXIT_FINE; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if (budget_parameter(ops) >= 0 && (ops->traits & LOCK_BROKEN) == 0)
            code = lock_specs_read(ops->name, locks, count);
    }
    return code;
}

/* "mcs_yield, mcs_park, ..." */
static void name_locks_with_budget(char *names, size_t size)
{
    size_t used = 0;

    for (unsigned i = 0; i < lock_catalogue_size && used < size; i++) {
        if (budget_parameter(lock_catalogue[i]) >= 0)
            used += (size_t)snprintf(names + used, size - used, "%s%s", used == 0 ? "" : ", ",
                                     lock_catalogue[i]->name);
    }
}

static enum exit_code check_lock(const struct lock_spec *lock)
{
    char word[] = ":budget=", names[256] = "";

    if (budget_parameter(lock->ops) < 0) {
        name_locks_with_budget(names, sizeof names);
        return complain(EXIT_USAGE, "%s has no budget to find: the locks that have one are %s",
                        lock->text, names);
    }
    if (strstr(lock->text, word) != NULL)
        return complain(EXIT_USAGE,
                        "%s has a budget already, and budgets are what is looked for: name it %s, "
                        "and give --budgets",
                        lock->text, lock->ops->name);
    return EXIT_FINE;
}

/* Reads a list of times, of which `inf` is one. */
static enum exit_code read_budgets(const char *list, uint64_t **budgets, size_t *count)
{
    char *copy = strdup(list), *rest = copy, *item;
    enum exit_code code = EXIT_FINE;

    *budgets = calloc(strlen(list) + 1, sizeof **budgets);
    *count = 0;
    if (copy == NULL || *budgets == NULL)
        code = complain(EXIT_MACHINE, "out of memory");
    while (code == EXIT_FINE && (item = strsep(&rest, ",")) != NULL) {
        uint64_t *budget = &(*budgets)[*count];
        if (strcmp(item, "inf") == 0)
            *budget = MACHINE_NEVER;
        else if (!read_time(item, budget))
            code = complain(EXIT_USAGE,
                            "--budgets can't have '%s': it is a list of times from 0 to inf, as in "
                            "0,1us,10us,inf",
                            item);
        if (code == EXIT_FINE && *count > 0 && *budget <= (*budgets)[*count - 1])
            code = complain(EXIT_USAGE, "--budgets can't have '%s' behind a longer one: they go up",
                            item);
        ++*count;
    }
    free(copy);
    if (code == EXIT_FINE && *count < 2)
        code = complain(EXIT_USAGE, "--budgets can't be '%s': at least two are compared", list);
    return code;
}

/* Of such budgets no cell counts (recommend.h). */
static void note_what_is_missing(const uint64_t *budgets, size_t count)
{
    if (budgets[0] != 0 || budgets[count - 1] != MACHINE_NEVER || count < 4)
        say("without 0, inf, and two --budgets in between no budget will be advised");
}

static enum exit_code default_budgets(uint64_t **budgets, size_t *count)
{
    *count = grid_default_budgets_count;
    *budgets = malloc(*count * sizeof **budgets);
    if (*budgets == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    memcpy(*budgets, grid_default_budgets, *count * sizeof **budgets);
    return EXIT_FINE;
}

/* Each lock with each budget. */
static enum exit_code multiply(const struct lock_spec *locks, size_t locks_count,
                               const uint64_t *budgets, size_t budgets_count,
                               struct measuring *measuring)
{
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < locks_count && code == EXIT_FINE; i++) {
        const struct lock_parameter *parameter =
            &locks[i].ops->parameters[budget_parameter(locks[i].ops)];
        for (size_t j = 0; j < budgets_count && code == EXIT_FINE; j++) {
            char text[LOCK_SPEC_TEXT + PARAMETER_TEXT + 16], value[PARAMETER_TEXT];
            snprintf(text, sizeof text, "%s:budget=%s", locks[i].text,
                     parameter_format(parameter, budgets[j], value));
            code = lock_specs_read(text, &measuring->locks, &measuring->locks_count);
        }
    }
    return code;
}

enum exit_code axes_read_locks(const struct axes *axes, struct measuring *measuring,
                               size_t *budgets)
{
    struct lock_spec *locks = NULL;
    size_t count = 0;
    uint64_t *times = NULL;
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < measuring->names_count && code == EXIT_FINE; i++)
        code = lock_specs_read(measuring->names[i], &locks, &count);
    if (code == EXIT_FINE && count == 0)
        code = add_default_locks(&locks, &count);
    for (size_t i = 0; i < count && code == EXIT_FINE; i++)
        code = check_lock(&locks[i]);
    if (code == EXIT_FINE)
        code = axes->budgets != NULL ? read_budgets(axes->budgets, &times, budgets)
                                     : default_budgets(&times, budgets);
    if (code == EXIT_FINE && !measuring->quiet)
        note_what_is_missing(times, *budgets);
    if (code == EXIT_FINE)
        code = multiply(locks, count, times, *budgets, measuring);
    free(times);
    free(locks);
    return code;
}

/* Reads a list of delays. */
static enum exit_code read_delays(const char *option, const char *list, struct delay **delays,
                                  size_t *count)
{
    char *copy = strdup(list), *rest = copy, *item;
    enum exit_code code = EXIT_FINE;

    *delays = calloc(strlen(list) + 1, sizeof **delays);
    *count = 0;
    if (copy == NULL || *delays == NULL)
        code = complain(EXIT_MACHINE, "out of memory");
    while (code == EXIT_FINE && (item = strsep(&rest, ",")) != NULL) {
        if (!read_delay(item, &(*delays)[(*count)++]))
            code = complain(EXIT_USAGE,
                            "--%s can't have '%s': it is a list of 0, times such as 100ns, "
                            "exp:200ns, and uniform:50ns-150ns, each at most 1s (a mean 300ms)",
                            option, item);
    }
    free(copy);
    for (size_t i = 0; code == EXIT_FINE && i < *count; i++) {
        for (size_t j = 0; code == EXIT_FINE && j < i; j++) {
            char text[DELAY_TEXT], other[DELAY_TEXT];
            if (strcmp(format_delay(&(*delays)[i], text), format_delay(&(*delays)[j], other)) == 0)
                code = complain(EXIT_USAGE, "--%s has '%s' twice", option, text);
        }
    }
    return code;
}

enum exit_code axes_read_workloads(const struct axes *axes, struct workload **workloads,
                                   size_t *count)
{
    struct delay *criticals = NULL, *outsides = NULL;
    size_t criticals_count, outsides_count;
    enum exit_code code =
        read_delays("critical", axes->criticals != NULL ? axes->criticals : default_criticals,
                    &criticals, &criticals_count);

    *workloads = NULL;
    *count = 0;
    if (code == EXIT_FINE)
        code = read_delays("outside", axes->outsides != NULL ? axes->outsides : default_outsides,
                           &outsides, &outsides_count);
    if (code == EXIT_FINE) {
        *workloads = calloc(criticals_count * outsides_count, sizeof **workloads);
        if (*workloads == NULL)
            code = complain(EXIT_MACHINE, "out of memory");
    }
    for (size_t i = 0; code == EXIT_FINE && i < criticals_count; i++) {
        for (size_t j = 0; j < outsides_count; j++) {
            struct workload *workload = &(*workloads)[(*count)++];
            *workload = workload_default();
            workload->critical = criticals[i];
            workload->outside = outsides[j];
        }
    }
    free(criticals);
    free(outsides);
    return code;
}

const char *axes_default_threads(unsigned cpus, char text[AXES_TEXT])
{
    size_t count, used = 0;
    unsigned *threads = grid_default_threads(cpus, &count);

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, AXES_TEXT - used, "%s%u", i == 0 ? "" : ",", threads[i]);
    free(threads);
    return text;
}
