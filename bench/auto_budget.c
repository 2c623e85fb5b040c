#include "bench/auto_budget.h"

#include <stdio.h>
#include <string.h>

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
                                     .fitting_ns = profile.fitting.ns,
                                     .crowded_ns = profile.crowded.ns,
                                     .from = "calibration of the model"};
    return EXIT_FINE;
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
    *budgets = (struct auto_budgets){
        .known = true, .fitting_ns = profile.fitting.ns, .crowded_ns = profile.crowded.ns};
    profile_title(&profile, budgets->from);
    return EXIT_FINE;
}

_Static_assert((int)PROFILE_TITLE <= (int)sizeof((struct auto_budgets){0}).from, "a title fits");

static const char *budget_text(uint64_t ns, char text[TIME_TEXT])
{
    if (ns == MACHINE_NEVER)
        strcpy(text, "inf");
    else
        format_time(ns, text);
    return text;
}

void auto_budgets_say(const struct auto_budgets *budgets, unsigned cpus)
{
    char fitting[TIME_TEXT], crowded[TIME_TEXT];

    say("budget=auto is %s with up to %u thread%s, %s with more: %s",
        budget_text(budgets->fitting_ns, fitting), cpus, cpus == 1 ? "" : "s",
        budget_text(budgets->crowded_ns, crowded), budgets->from);
}

uint64_t auto_budget_ns(const struct auto_budgets *budgets, unsigned threads, unsigned cpus)
{
    return threads <= cpus ? budgets->fitting_ns : budgets->crowded_ns;
}

json_t *auto_budget_to_json(uint64_t ns)
{
    return ns == MACHINE_NEVER ? json_string("inf") : json_integer((json_int_t)ns);
}

json_t *auto_budgets_to_json(const struct auto_budgets *budgets)
{
    return json_pack("{s:o, s:o, s:s}", "fitting_ns", auto_budget_to_json(budgets->fitting_ns),
                     "crowded_ns", auto_budget_to_json(budgets->crowded_ns), "from", budgets->from);
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

bool auto_budgets_from_json(const json_t *object, struct auto_budgets *budgets)
{
    const char *from = json_string_value(json_object_get(object, "from"));
    struct auto_budgets read = {.known = true};

    if (from == NULL || strlen(from) >= sizeof read.from ||
        !read_budget(json_object_get(object, "fitting_ns"), &read.fitting_ns) ||
        !read_budget(json_object_get(object, "crowded_ns"), &read.crowded_ns))
        return false;
    strcpy(read.from, from);
    *budgets = read;
    return true;
}
