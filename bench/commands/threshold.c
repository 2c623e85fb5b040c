/* lockbench threshold: how long a waiter should spin before it sleeps. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calibration.h"
#include "bench/commands/commands.h"
#include "bench/figure.h"
#include "bench/figures/figures.h"
#include "bench/glibc_spin.h"
#include "bench/interrupt.h"
#include "bench/job.h"
#include "bench/measuring.h"
#include "bench/native/doctor.h"
#include "bench/profile.h"
#include "bench/sim/model.h"
#include "bench/threshold/advice.h"
#include "bench/threshold/analysis.h"
#include "bench/threshold/axes.h"
#include "bench/threshold/report.h"
#include "bench/threshold/survey.h"
#include "bench/values.h"
#include "locks/machine/machine.h"

/* Measuring comes first: the shared options are about it. */
struct settings {
    struct measuring measuring;
    struct axes axes;
};

static enum exit_code set_time_budget(void *settings, const struct option_row *row,
                                      const char *value)
{
    const uint64_t second_ns = 1000000000;
    uint64_t *field = option_field(settings, row), ns;

    if (!read_time(value, &ns) || ns < second_ns)
        return complain(EXIT_USAGE,
                        "--%s can't be '%s': it is a time from 1s to 60min with its unit, as in "
                        "2min",
                        row->name, value);
    *field = ns;
    return EXIT_FINE;
}

static const struct option_row options[] = {
    OPTION_TEXT("budgets", 0, "LIST",
                "how long waiters spin before they sleep, as in 0,1us,10us,inf; default: from 0 "
                "over 250ns to 256us in steps of 2, and inf",
                struct settings, axes.budgets),
    OPTION_TEXT("critical", 'c', "LIST",
                "busy times under the lock (default 100ns,1us,10us,100us,1ms)", struct settings,
                axes.criticals),
    OPTION_TEXT("outside", 'o', "LIST",
                "busy times between a release and the next acquire (default exp:200ns,exp:20us)",
                struct settings, axes.outsides),
    OPTION_TEXT("threads", 't', "LIST",
                "as in 1,2,4-16:4,max,2x (max: the allowed CPUs; 2x: twice as many); default: 0.5, "
                "1, 1.5, 2 and 4 for each CPU",
                struct settings, measuring.threads),
    OPTION("time-budget", 'b', "TIME",
           "of everything, from 1s to 60min (default 270s); a model is measured to the end",
           set_time_budget, struct settings, measuring.budget_ns),
    OPTION_TEXT("output", 'O', "FILE", "the results file", struct settings, measuring.output),
    {0},
};

static const char *const shared[] = {"locks",     "placement", "repetitions", "machine", "model",
                                     "latencies", "seed",      "json",        "quiet",   NULL};

static const uint64_t usual_budget_ns = 270000000000;

/* What is needed from the begin to the end. */
struct session {
    struct settings settings;
    hwloc_topology_t topology;
    struct placement placement;
    struct plan plan;
    struct workload *workloads;
    struct grid grid;
    struct calibration calibration;
    struct glibc_spin spin; /* after translate() */
    enum survey_end end;
    bool hurried;  /* there is no time for more than the grid */
    char name[64]; /* of the results, where nobody gave one */
    int argc;
    char **argv;
};

static bool is_simulated(const struct session *session)
{
    return machine_is_simulated(&session->settings.measuring.machine);
}

/* The time budget is the survey's, not one from which a window would follow. */
static enum exit_code make_plan(struct session *session, char threads[AXES_TEXT])
{
    struct measuring *measuring = &session->settings.measuring;
    struct plan *plan = &session->plan;
    const uint64_t budget_ns = measuring->budget_ns;
    enum exit_code code =
        axes_read_workloads(&session->settings.axes, &session->workloads, &plan->workloads_count);
    size_t workloads_count = plan->workloads_count;

    if (code != EXIT_FINE)
        return code;
    if (measuring->threads == NULL)
        measuring->threads = axes_default_threads(placement_cpus(&session->placement), threads);
    measuring->window_by_cell = true;
    measuring->budget_ns = 0;
    code = measuring_plan(measuring, topology_cpus(session->topology),
                          placement_cpus(&session->placement), plan);
    measuring->budget_ns = budget_ns;
    if (code != EXIT_FINE)
        return code;
    plan->workloads = session->workloads;
    plan->workloads_count = workloads_count;
    plan->passes = is_simulated(session) ? PASSES_NONE : 1u << OBSERVE_LATENCY;
    plan->counters = COUNTING_NONE;
    session->grid.plan = plan;
    return EXIT_FINE;
}

static enum exit_code check_model(struct session *session)
{
    const struct machine *machine = &session->settings.measuring.machine;
    struct sim_model model;

    if (!is_simulated(session))
        return EXIT_FINE;
    enum exit_code code =
        sim_model_make(session->topology, &machine->parameters, machine->latencies, &model);
    if (code == EXIT_FINE) {
        session->plan.latencies = sim_model_latencies(&model);
        sim_model_free(&model);
    }
    return code;
}

/* ---- measuring ---- */

/* What is left to do when the grid was measured: the analysis with its figures, and the count for
 * the C library, where that is not the most of what there is time for. */
static const uint64_t analysis_ns = 1500000000, translation_ns = 3500000000;

/* When the last repetition of the grid may begin. */
static uint64_t survey_end_ns(struct session *session, uint64_t end_ns)
{
    if (is_simulated(session))
        return UINT64_MAX;
    session->hurried = machine_clock() + 3 * translation_ns > end_ns;
    return end_ns - (session->hurried ? analysis_ns / 2 : analysis_ns + translation_ns);
}

/* Takes some seconds of the budget on real cores, none on a model. */
static enum exit_code calibrate(struct session *session)
{
    if (!is_simulated(session) && !session->settings.measuring.quiet)
        progress_note("what waiting costs");
    enum exit_code code = calibration_measure(&session->settings.measuring.machine,
                                              session->topology, &session->calibration);
    progress_wipe();
    return code;
}

static json_t *first_record(const struct session *session)
{
    json_t *run = job_describe(&session->plan, session->topology, session->argc, session->argv);

    json_object_set_new(run, "calibration", calibration_to_json(&session->calibration));
    return run;
}

static enum exit_code measure(struct session *session, struct job *job, uint64_t begun_ns)
{
    const struct measuring *measuring = &session->settings.measuring;
    struct survey survey = {
        .job = job,
        .grid = &session->grid,
        .begun_ns = machine_clock(),
        .end_ns = survey_end_ns(session, begun_ns + measuring->budget_ns),
        .repetitions = measuring->repetitions,
    };

    return survey_measure(&survey, &session->end);
}

/* ---- what is said of it ---- */

static struct estimate cost_of(const struct calibration_value *value)
{
    return value->measured ? (struct estimate){value->median_ns, true, value->interval}
                           : (struct estimate){.value = NAN};
}

static struct advice advise(const struct session *session, const struct surface *surface)
{
    const struct calibration_value *cost = &session->calibration.values[CALIBRATION_COST];
    const struct advice_inputs inputs = {
        .cpus = placement_cpus(&session->placement),
        .sleep_ns = cost_of(cost),
        .sleep_unknown = cost->reason,
        .seed = session->plan.seed,
    };

    return advice_make(surface, &inputs);
}

/* On real cores: the C library of a model is none. */
static enum exit_code translate(struct session *session, struct advice *advice)
{
    const struct recommendation *enough = &advice->sides[ADVICE_ENOUGH].speed;
    struct glibc_spin *spin = &session->spin;
    enum exit_code code = EXIT_FINE;

    *spin =
        (struct glibc_spin){.wanted_ns = enough->budget.ns, .reason = "a model has no C library"};
    if (!enough->known)
        snprintf(spin->reason, sizeof spin->reason, "there is no budget to translate");
    else if (session->hurried)
        snprintf(spin->reason, sizeof spin->reason, "%s",
                 "there was no time for it: with a --time-budget of 20s there is");
    else if (!is_simulated(session))
        code = glibc_spin_find(enough->budget.ns, session->topology, "/proc/self/exe", spin);
    if (code == EXIT_FINE)
        advice_translate(advice, spin);
    return code;
}

/* In a profile, what has no end is infinite. */
static double profile_ns(uint64_t budget_ns)
{
    return budget_ns == SURFACE_FOREVER ? INFINITY : (double)budget_ns;
}

static struct profile_budget profile_budget_of(const struct budget_estimate *budget)
{
    const bool known = budget->has_interval;

    return (struct profile_budget){budget->ns, profile_ns(known ? budget->low_ns : budget->ns),
                                   profile_ns(known ? budget->high_ns : budget->ns)};
}

/* Of those locks of which both budgets are known. */
static void save_locks(const struct advice *advice, struct profile *profile)
{
    for (size_t i = 0; i < advice->locks_count && profile->locks_count < PROFILE_LOCKS_MOST; i++) {
        const struct advice_lock *lock = &advice->locks[i];
        const struct recommendation *enough = &lock->sides[ADVICE_ENOUGH];
        const struct recommendation *more = &lock->sides[ADVICE_MORE];
        struct profile_lock *saved = &profile->locks[profile->locks_count];
        if (!enough->known || !more->known ||
            (size_t)snprintf(saved->name, sizeof saved->name, "%s", lock->lock) >=
                sizeof saved->name)
            continue;
        saved->fitting = profile_budget_of(&enough->budget);
        saved->crowded = profile_budget_of(&more->budget);
        profile->locks_count++;
    }
}

/* For `budget=auto`, where both budgets are known, from all of the grid, and the machine is this
 * one. On one CPU nobody spins while the owner works, whatever was measured. */
static enum exit_code save_profile(const struct session *session, const struct advice *advice)
{
    static struct profile profile;
    const struct recommendation *enough = &advice->sides[ADVICE_ENOUGH].speed;
    const struct recommendation *more = &advice->sides[ADVICE_MORE].speed;
    const bool one = advice->inputs.cpus == 1;

    if (is_simulated(session) || (!one && (!enough->known || !more->known)))
        return EXIT_FINE;
    if (!one && session->end == SURVEY_HOLES) {
        if (!session->settings.measuring.quiet)
            say("not saved for budget=auto: too little was looked at");
        return EXIT_FINE;
    }
    profile =
        (struct profile){.calibration = session->calibration, .source = PROFILE_FROM_THRESHOLD};
    if (!one) {
        profile.fitting = profile_budget_of(&enough->budget);
        profile.crowded = profile_budget_of(&more->budget);
        save_locks(advice, &profile);
    }
    enum exit_code code = profile_write(&profile, session->topology);
    if (code == EXIT_FINE && !session->settings.measuring.quiet)
        say("saved for budget=auto: %s", profile.path);
    return code;
}

static void report(const struct session *session, const struct surface *surface,
                   const struct advice *advice, const struct records *file)
{
    const struct threshold_report report = {
        .surface = surface,
        .advice = advice,
        .calibration = &session->calibration,
        .simulated = is_simulated(session),
        .spin = &session->spin,
        .file = file,
        .end = session->end,
        .groups = grid_groups(&session->grid),
        .looked_at = grid_count_looked_at(&session->grid, file),
    };

    threshold_report_print(&report, session->settings.measuring.json);
}

/* A lock that was caught is said, whatever else there is to say: the records have it all. */
static void say_what_was_caught(const struct records *file)
{
    const json_t *first = json_array_get(file->violations, 0);

    if (first != NULL)
        say("%s went wrong (%s); %s has %zu such record%s",
            json_string_value(json_object_get(first, "lock")),
            json_string_value(json_object_get(first, "kind")), file->name,
            json_array_size(file->violations), json_array_size(file->violations) == 1 ? "" : "s");
}

static enum exit_code draw(const struct session *session, const struct records *file)
{
    static const struct figure_kind *const kinds[] = {&figure_threshold, &figure_budget,
                                                      &figure_collapse};
    static const char *const formats[] = {"png", "svg"};
    char title[512], ending[32], name[PATH_MAX];
    enum exit_code code = EXIT_FINE;

    figure_machine(file, title, sizeof title);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && code == EXIT_FINE; i++) {
        struct picture data = {0};
        struct figure figure = {.kind = kinds[i],
                                .data = &data,
                                .output = name,
                                .title = title,
                                .cpus = placement_cpus(&session->placement)};
        code = figure_records_data(file, 1, kinds[i], &data);
        /* It was said what is missing: of too little time, or without a budget of 0. */
        if (code == EXIT_USAGE) {
            code = EXIT_FINE;
            continue;
        }
        for (size_t j = 0; j < sizeof formats / sizeof formats[0] && code == EXIT_FINE; j++) {
            figure.format = formats[j];
            snprintf(ending, sizeof ending, "%s.%s", kinds[i]->name, formats[j]);
            figure_name(file->name, ending, name, sizeof name);
            code = figure_draw(&figure);
            if (code == EXIT_FINE && !session->settings.measuring.quiet)
                say("drawn: %s", name);
        }
        free(data.bytes);
    }
    return code;
}

/* Says what can be said, however the measuring ended. A profile, and figures, are of a survey that
 * ended by itself; that the one can't be written is no reason not to draw the others. */
static enum exit_code conclude(struct session *session, const struct records *file,
                               enum exit_code code)
{
    const struct calibration_value *cost = &session->calibration.values[CALIBRATION_COST];
    const bool quiet = session->settings.measuring.quiet;
    struct surface surface = surface_make(file, 1);
    enum exit_code saved = EXIT_FINE;

    surface_price(&surface, cost_of(cost).value);
    struct advice advice = advise(session, &surface);
    if (code == EXIT_FINE)
        code = translate(session, &advice);
    if (code == EXIT_FINE || json_array_size(file->samples) > 0)
        report(session, &surface, &advice, file);
    say_what_was_caught(file);
    if (code == EXIT_FINE)
        saved = save_profile(session, &advice);
    advice_free(&advice);
    surface_free(&surface);
    if (!quiet && (code == EXIT_FINE || code == EXIT_INTERRUPTED))
        say(code == EXIT_INTERRUPTED ? "interrupted; saved so far: %s" : "saved: %s", file->name);
    if (code == EXIT_FINE && grid_count_looked_at(&session->grid, file) > 0)
        code = draw(session, file);
    return code == EXIT_FINE ? saved : code;
}

/* ---- all of it ---- */

static enum exit_code measure_to(struct session *session, struct record_writer *writer,
                                 uint64_t begun_ns)
{
    const struct measuring *measuring = &session->settings.measuring;
    struct job job = {.plan = &session->plan, .placement = &session->placement, .writer = writer};
    enum exit_code code = calibrate(session);

    if (code != EXIT_FINE) {
        records_close(writer);
        if (code == EXIT_INTERRUPTED && !measuring->quiet)
            say("interrupted before anything was measured: nothing is saved");
        return code;
    }
    json_t *first = first_record(session);
    job.kept = records_empty(measuring->output, json_incref(first));
    code = records_append(writer, first);
    if (code == EXIT_FINE)
        code = measure(session, &job, begun_ns);
    enum exit_code closed = records_close(writer);
    code = code == EXIT_FINE ? closed : code;
    const bool measured = code == EXIT_FINE;
    code = conclude(session, &job.kept, code);
    bool caught = json_array_size(job.kept.violations) > 0;
    records_free(&job.kept);
    return measured && caught ? EXIT_NEGATIVE : code;
}

static enum exit_code run(struct session *session)
{
    const struct measuring *measuring = &session->settings.measuring;
    struct record_writer writer;
    enum exit_code code = measuring->output == session->name
                              ? records_create_another(&writer, session->name, sizeof session->name)
                              : records_create(&writer, measuring->output);

    if (code != EXIT_FINE)
        return code;
    interrupt_catch();
    progress_enable(!measuring->quiet);
    if (!is_simulated(session))
        job_wait_for_machine(measuring->quiet);
    const uint64_t begun_ns = machine_clock();
    if (!is_simulated(session) && !measuring->quiet)
        doctor_warn(session->topology);
    return measure_to(session, &writer, begun_ns);
}

static enum exit_code fill_in_defaults(struct session *session)
{
    struct measuring *measuring = &session->settings.measuring;

    if (measuring->output == NULL) {
        records_name(session->name, sizeof session->name);
        measuring->output = session->name;
    }
    if (strcmp(measuring->output, "-") == 0)
        return complain(EXIT_USAGE,
                        "--output needs a file's name: standard output is for what is "
                        "said of the results");
    if (is_simulated(session) && measuring->budget_ns != 0)
        return complain(EXIT_USAGE,
                        "--time-budget is for real time: a simulated machine is "
                        "measured to the end");
    if (is_simulated(session) && !measuring->seeded)
        measuring->seed = 1;
    if (!is_simulated(session) && measuring->budget_ns == 0)
        measuring->budget_ns = usual_budget_ns;
    if (measuring->repetitions == 0)
        measuring->repetitions = is_simulated(session) ? 3 : 10;
    return EXIT_FINE;
}

static enum exit_code run_session(struct session *session)
{
    struct measuring *measuring = &session->settings.measuring;
    char threads[AXES_TEXT];
    enum exit_code code = fill_in_defaults(session);

    if (code == EXIT_FINE)
        code = axes_read_locks(&session->settings.axes, measuring, &session->grid.budgets);
    if (code == EXIT_FINE)
        code = machine_load(&measuring->machine, &session->topology);
    if (code != EXIT_FINE)
        return code;
    code = placement_make(session->topology, measuring->placement, &session->placement);
    if (code == EXIT_FINE)
        code = make_plan(session, threads);
    if (code == EXIT_FINE)
        code = check_model(session);
    if (code == EXIT_FINE)
        code = run(session);
    json_decref(session->plan.latencies);
    free(session->plan.threads);
    free(session->workloads);
    placement_free(&session->placement);
    hwloc_topology_destroy(session->topology);
    return code;
}

static enum exit_code threshold_main(int argc, char **argv)
{
    struct session session = {.settings.measuring = measuring_default(),
                              .spin.reason = "not looked for",
                              .argc = argc,
                              .argv = argv};
    struct measuring *measuring = &session.settings.measuring;
    int words;
    bool helped;

    measuring->repetitions = 0;
    enum exit_code code =
        options_read(&command_threshold, argc, argv, &session.settings, &words, &helped);
    for (int i = 1; i <= words && code == EXIT_FINE && !helped; i++)
        code = measuring_add_names(measuring, argv[i]);
    if (code == EXIT_FINE && !helped)
        code = run_session(&session);
    measuring_free(measuring);
    return code;
}

const struct command command_threshold = {
    .name = "threshold",
    .summary = "spin or sleep: how long a waiter should spin here",
    .usage = "[LOCK...] [options]",
    .text =
        "Measures locks whose waiters spin for a budget and then sleep, with every budget under "
        "critical sections of every length, with fewer and with more threads than CPUs, and says "
        "which budget is best here.",
    .run = threshold_main,
    .options = options,
    .shared = measuring_options,
    .shared_names = shared,
};
