/* lockbench doctor: is this machine fit to measure on, and if not, why? */
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/auto_budget.h"
#include "bench/commands/commands.h"
#include "bench/job.h"
#include "bench/json.h"
#include "bench/native/doctor.h"
#include "bench/profile.h"
#include "bench/topology.h"

struct settings {
    bool json, quiet, save;
};

static const struct option_row options[] = {
    OPTION_FLAG("json", 'j', "as JSON", struct settings, json),
    OPTION_FLAG("quiet", 'q', "only what is not ok: warnings, and what is bad", struct settings,
                quiet),
    OPTION_FLAG("save", 's',
                "measure what sleeping and waking costs here, and save it as the machine's profile",
                struct settings, save),
    {0},
};

static void print_finding(const struct doctor_finding *finding)
{
    static const char *const colours[DOCTOR_GRADES] = {
        [DOCTOR_OK] = "\033[32m",
        [DOCTOR_NOTE] = "\033[2m",
        [DOCTOR_WARN] = "\033[33m",
        [DOCTOR_BAD] = "\033[1;31m",
    };
    const bool coloured = isatty(STDOUT_FILENO) != 0;

    printf("%s%-4s%s  %-11s  %s\n", coloured ? colours[finding->grade] : "",
           doctor_grade_names[finding->grade], coloured ? "\033[0m" : "", finding->check,
           finding->finding);
    if (finding->advice[0] != '\0')
        printf("      %-11s  -> %s\n", "", finding->advice);
}

static void print_findings(const struct doctor_finding *findings, size_t count, bool quiet)
{
    size_t bad = doctor_count(findings, count, DOCTOR_BAD);
    size_t warnings = doctor_count(findings, count, DOCTOR_WARN);

    for (size_t i = 0; i < count; i++) {
        if (!quiet || findings[i].grade >= DOCTOR_WARN)
            print_finding(&findings[i]);
    }
    if (!quiet)
        printf("\n%s: %zu bad, %zu warning%s\n",
               bad > 0 ? "This machine is not fit to measure on"
                       : "This machine is fit to measure on",
               bad, warnings, warnings == 1 ? "" : "s");
}

/* `profile` was saved; NULL: none was asked for. */
static void print_json(const struct doctor_finding *findings, size_t count, bool quiet,
                       const struct profile *profile)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct doctor_finding *finding = &findings[i];
        if (quiet && finding->grade < DOCTOR_WARN)
            continue;
        json_t *advice = finding->advice[0] != '\0' ? json_string(finding->advice) : json_null();
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "check", finding->check,
                                              "grade", doctor_grade_names[finding->grade],
                                              "finding", finding->finding, "advice", advice));
    }
    json_t *object = json_pack("{s:b, s:o}", "fit", doctor_count(findings, count, DOCTOR_BAD) == 0,
                               "checks", list);
    if (profile != NULL) {
        json_object_set_new(object, "profile", json_string(profile->path));
        json_object_set_new(object, "calibration", calibration_to_json(&profile->calibration));
    }
    json_print(object, 12);
}

static enum exit_code save_profile(const struct settings *settings, hwloc_topology_t topology,
                                   struct profile *profile)
{
    const struct machine machine = machine_native();
    char reason[CALIBRATION_REASON];

    progress_enable(!settings->quiet);
    enum exit_code code = calibration_measure(&machine, topology, &profile->calibration);
    if (code != EXIT_FINE)
        return code;
    if (!profile_advise(profile, reason))
        return complain(EXIT_MACHINE, "there is no profile to save: C can't be measured: %s",
                        reason);
    return profile_write(profile, topology);
}

static void print_profile(const struct profile *profile, unsigned cpus)
{
    struct auto_budgets budgets = {.known = true,
                                   .any = {profile->fitting.ns, profile->crowded.ns}};

    printf("\nmedians of %d rounds, [95%% interval]\n", CALIBRATION_ROUNDS);
    calibration_print(stdout, &profile->calibration);
    calibration_print_model(stdout, &profile->calibration);
    fflush(stdout);
    snprintf(budgets.from, sizeof budgets.from, "calibration");
    say("saved: %s", profile->path);
    auto_budgets_say(&budgets, NULL, 0, cpus);
}

static enum exit_code examine(const struct settings *settings, hwloc_topology_t topology)
{
    struct profile profile = {0};
    enum exit_code code = EXIT_FINE;

    if (settings->save)
        job_wait_for_machine(settings->quiet);
    const struct doctor_patient patient = {.root = "",
                                           .topology = topology,
                                           .look_ns = 500000000,
                                           .another_measures =
                                               !settings->save && !job_take_machine()};
    struct doctor_finding findings[DOCTOR_FINDINGS_MOST];
    size_t count = doctor_examine(&patient, findings);

    if (settings->save)
        code = save_profile(settings, topology, &profile);
    if (settings->json)
        print_json(findings, count, settings->quiet,
                   settings->save && code == EXIT_FINE ? &profile : NULL);
    else
        print_findings(findings, count, settings->quiet);
    if (settings->save && code == EXIT_FINE && !settings->json && !settings->quiet)
        print_profile(&profile, topology_cpus(topology));
    if (code != EXIT_FINE)
        return code;
    return doctor_count(findings, count, DOCTOR_BAD) > 0 ? EXIT_NEGATIVE : EXIT_FINE;
}

static enum exit_code doctor_main(int argc, char **argv)
{
    struct settings settings = {0};
    hwloc_topology_t topology;
    int words;
    bool helped;
    enum exit_code code = options_read(&command_doctor, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words > 0)
        return complain(EXIT_USAGE, "doctor takes no argument: '%s'", argv[1]);
    code = topology_load(&topology);
    if (code != EXIT_FINE)
        return code;
    code = examine(&settings, topology);
    hwloc_topology_destroy(topology);
    return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "is this machine fit to measure on, and if not, why",
    .usage = "[options]",
    .text =
        "Looks for what spoils measurements, for about a second, and says what to do about it. "
        "'bad' makes them worthless, 'warn' widens their intervals or bends them, 'note' is worth "
        "knowing. Ends with 1 when something is bad. With --save, some seconds longer: measures "
        "the costs of sleeping and waking, of switching and spinning, and writes the profile that "
        "'budget=auto' of a lock is taken from. 'lockbench run' makes the same checks more "
        "shortly and says only what is bad.",
    .run = doctor_main,
    .options = options,
};
