#include "bench/auto_budget.h"

#include <stdio.h>
#include <string.h>

#include "bench/json.h"
#include "bench/profile.h"
#include "bench/values.h"
#include "locks/machine/machine.h"

static enum exit_code find_simulated(const struct machine *machine, hwloc_topology_t topology,
                                     struct auto_budgets *budgets)
{
    struct profile profile = {0};
    char reason[CALIBRATION_REASON];
    enum exit_code code = calibration_measure(machine, topology, &profile.calibration);

    if (code != EXIT_FINE)
        return code;
    if (!profile_advise(&profile, reason))
        return complain(EXIT_USAGE, "budget=auto can't be had of this model: %s: give a time",
                        reason);
    *budgets = (struct auto_budgets){.known = true,
                                     .any = {profile.fitting.ns, profile.crowded.ns},
                                     .from = "calibration of the model"};
    return EXIT_FINE;
}

_Static_assert((int)PROFILE_TITLE <= (int)sizeof((struct auto_budgets){0}).from, "a title fits");
_Static_assert((int)PROFILE_LOCKS_MOST <= (int)AUTO_LOCKS_MOST &&
                   (int)PROFILE_LOCK_NAME <= (int)AUTO_LOCK_NAME,
               "locks of a profile fit");

static void take(const struct profile *profile, struct auto_budgets *budgets)
{
    *budgets = (struct auto_budgets){.known = true,
                                     .any = {profile->fitting.ns, profile->crowded.ns},
                                     .locks_count = profile->locks_count};
    for (size_t i = 0; i < profile->locks_count; i++) {
        const struct profile_lock *lock = &profile->locks[i];
        strcpy(budgets->locks[i].name, lock->name);
        budgets->locks[i].budget = (struct auto_budget){lock->fitting.ns, lock->crowded.ns};
    }
}

enum exit_code auto_budgets_find(const struct machine *machine, hwloc_topology_t topology,
                                 struct auto_budgets *budgets)
{
    struct profile profile;
    char problem[PROFILE_PROBLEM];

    if (machine_is_simulated(machine))
        return find_simulated(machine, topology, budgets);
    if (profile_read(&profile, topology, problem) != PROFILE_FOUND)
        return complain(EXIT_USAGE,
                        "budget=auto needs this machine's profile, and %s: write one with "
                        "'lockbench doctor --save', or give a time as in budget=5us",
                        problem);
    take(&profile, budgets);
    profile_title(&profile, budgets->from);
    return EXIT_FINE;
}

/* The lock's own, or that of any. */
static const struct auto_budget *budget_of(const struct auto_budgets *budgets, const char *lock)
{
    for (size_t i = 0; i < budgets->locks_count; i++) {
        if (strcmp(budgets->locks[i].name, lock) == 0)
            return &budgets->locks[i].budget;
    }
    return &budgets->any;
}

static bool is_same(const struct auto_budget *a, const struct auto_budget *b)
{
    return a->fitting_ns == b->fitting_ns && a->crowded_ns == b->crowded_ns;
}

/* `lock` is NULL: of all. */
static void say_budget(const struct auto_budgets *budgets, const struct auto_budget *budget,
                       const char *lock, unsigned cpus)
{
    char fitting[TIME_TEXT], crowded[TIME_TEXT];

    say("budget=auto%s%s is %s with up to %u thread%s, %s with more: %s",
        lock == NULL ? "" : " of ", lock == NULL ? "" : lock,
        format_time_or_inf(budget->fitting_ns, fitting), cpus, cpus == 1 ? "" : "s",
        format_time_or_inf(budget->crowded_ns, crowded), budgets->from);
}

void auto_budgets_say(const struct auto_budgets *budgets, const struct lock_spec *specs,
                      size_t count, unsigned cpus)
{
    const struct auto_budget *first = NULL;
    bool same = true;

    for (size_t i = 0; i < count; i++) {
        if (!specs[i].automatic)
            continue;
        const struct auto_budget *budget = budget_of(budgets, specs[i].ops->name);
        same = same && (first == NULL || is_same(budget, first));
        first = budget;
    }
    if (same) {
        say_budget(budgets, first == NULL ? &budgets->any : first, NULL, cpus);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (specs[i].automatic)
            say_budget(budgets, budget_of(budgets, specs[i].ops->name), specs[i].ops->name, cpus);
    }
}

uint64_t auto_budget_ns(const struct auto_budgets *budgets, const char *lock, unsigned threads,
                        unsigned cpus)
{
    const struct auto_budget *budget = budget_of(budgets, lock);

    return threads <= cpus ? budget->fitting_ns : budget->crowded_ns;
}

json_t *auto_budgets_to_json(const struct auto_budgets *budgets)
{
    json_t *locks = json_object();

    for (size_t i = 0; i < budgets->locks_count; i++) {
        const struct auto_budget *budget = &budgets->locks[i].budget;
        json_object_set_new(locks, budgets->locks[i].name,
                            json_pack("{s:o, s:o}", "fitting_ns",
                                      json_time_or_inf(budget->fitting_ns), "crowded_ns",
                                      json_time_or_inf(budget->crowded_ns)));
    }
    return json_pack("{s:o, s:o, s:s, s:o}", "fitting_ns",
                     json_time_or_inf(budgets->any.fitting_ns), "crowded_ns",
                     json_time_or_inf(budgets->any.crowded_ns), "from", budgets->from, "locks",
                     locks);
}

static bool read_budget(const json_t *value, uint64_t *ns)
{
    const json_int_t most_ns = 3600000000000;
    json_int_t number = json_integer_value(value);

    if (json_is_string(value) && strcmp(json_string_value(value), "inf") == 0) {
        *ns = MACHINE_NEVER;
        return true;
    }
    *ns = (uint64_t)number;
    return json_is_integer(value) && number >= 0 && number <= most_ns;
}

static bool read_both(const json_t *object, struct auto_budget *budget)
{
    return read_budget(json_object_get(object, "fitting_ns"), &budget->fitting_ns) &&
           read_budget(json_object_get(object, "crowded_ns"), &budget->crowded_ns);
}

static bool read_locks(json_t *object, struct auto_budgets *budgets)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (budgets->locks_count == AUTO_LOCKS_MOST || strlen(name) >= AUTO_LOCK_NAME ||
            !read_both(value, &budgets->locks[budgets->locks_count].budget))
            return false;
        strcpy(budgets->locks[budgets->locks_count++].name, name);
    }
    return true;
}

bool auto_budgets_from_json(const json_t *object, struct auto_budgets *budgets)
{
    const char *from = json_string_value(json_object_get(object, "from"));
    struct auto_budgets read = {.known = true};

    if (from == NULL || strlen(from) >= sizeof read.from || !read_both(object, &read.any) ||
        !read_locks(json_object_get(object, "locks"), &read))
        return false;
    strcpy(read.from, from);
    *budgets = read;
    return true;
}
