/* lockbench threshold: how long a waiter should spin before it sleeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands/commands.h"
#include "bench/interrupt.h"
#include "bench/job.h"
#include "bench/measuring.h"
#include "bench/sim/model.h"
#include "bench/threshold/axes.h"
#include "bench/threshold/survey.h"
#include "locks/machine/machine.h"

/* Measuring comes first: the shared options are about it. */
struct settings {
    struct measuring measuring;
    struct axes axes;
};

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
    {0},
};

static const char *const shared[] = {
    "locks",     "threads", "placement", "time-budget", "repetitions", "machine", "model",
    "latencies", "seed",    "output",    "json",        "quiet",       NULL};

/* On real cores a window has some time slices, and some turns of the longest critical section. */
static const uint64_t window_ns = 30000000;
static const uint64_t usual_budget_ns = 180000000000;

/* What is needed from the begin to the end. */
struct session {
    struct settings settings;
    hwloc_topology_t topology;
    struct placement placement;
    struct plan plan;
    struct workload *workloads;
    struct grid grid;
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
    measuring->duration_ns = is_simulated(session) ? 0 : window_ns;
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

static enum exit_code measure(struct session *session, struct job *job, enum survey_end *end)
{
    const struct measuring *measuring = &session->settings.measuring;
    struct survey survey = {
        .job = job,
        .grid = &session->grid,
        .end_ns = is_simulated(session) ? UINT64_MAX : machine_clock() + measuring->budget_ns,
        .repetitions = measuring->repetitions,
    };

    interrupt_catch();
    progress_enable(!measuring->quiet);
    return survey_measure(&survey, end);
}

static enum exit_code run(struct session *session)
{
    const struct measuring *measuring = &session->settings.measuring;
    struct record_writer writer;
    struct job job = {.plan = &session->plan, .placement = &session->placement, .writer = &writer};
    enum survey_end end;
    enum exit_code code = records_create(&writer, measuring->output);

    if (code != EXIT_FINE)
        return code;
    json_t *first = job_describe(&session->plan, session->topology, session->argc, session->argv);
    job.kept = records_empty(measuring->output, json_incref(first));
    code = records_append(&writer, first);
    if (code == EXIT_FINE)
        code = measure(session, &job, &end);
    enum exit_code closed = records_close(&writer);
    records_free(&job.kept);
    return code == EXIT_FINE ? closed : code;
}

static enum exit_code run_session(struct session *session)
{
    struct measuring *measuring = &session->settings.measuring;
    char threads[AXES_TEXT];
    enum exit_code code =
        axes_read_locks(&session->settings.axes, measuring, &session->grid.budgets);

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
    struct session session = {
        .settings.measuring = measuring_default(), .argc = argc, .argv = argv};
    struct measuring *measuring = &session.settings.measuring;
    int words;
    bool helped;

    measuring->budget_ns = usual_budget_ns;
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
