/* lockbench run: the main job. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/commands/commands.h"
#include "bench/drift.h"
#include "bench/dry_run.h"
#include "bench/figure.h"
#include "bench/figures/curves.h"
#include "bench/figures/figures.h"
#include "bench/interrupt.h"
#include "bench/job.h"
#include "bench/json.h"
#include "bench/measuring.h"
#include "bench/native/doctor.h"
#include "bench/native/irql.h"
#include "bench/native/lock_memory.h"
#include "bench/outliers.h"
#include "bench/plan_file.h"
#include "bench/resume.h"
#include "bench/signal_table.h"
#include "bench/sim/model.h"
#include "bench/sim/trace.h"
#include "bench/summary.h"
#include "bench/table.h"

/* With several shares of readers, that is what is asked about; curves against the threads would be
 * as many as shares times locks. */
static const struct figure_kind *kind_of(const struct records *file)
{
    const json_t *workload = json_object_get(json_object_get(file->run, "plan"), "workload");

    return json_is_array(json_object_get(workload, "readers")) ? &figure_rw : &figure_throughput;
}

/* Draws the run to files beside its results, and as characters here. */
static enum exit_code draw_all(const struct measuring *measuring, const struct records *file,
                               const struct summary *summary)
{
    static const char *const formats[] = {"png", "svg"};
    char machine[200], workload[WORKLOAD_TEXT], title[512], name[PATH_MAX];
    struct picture data = {0};
    struct figure figure = {.kind = kind_of(file),
                            .data = &data,
                            .output = name,
                            .title = title,
                            .cpus = table_cpus(file)};
    enum exit_code code =
        figure_data(summary, figure.kind, curves_threads(summary, figure.kind), &data);

    figure_machine(file, machine, sizeof machine);
    figure_workload(file, workload);
    snprintf(title, sizeof title, "%s: %s", machine, workload);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && code == EXIT_FINE; i++) {
        figure.format = formats[i];
        figure_name(file->name, formats[i], name, sizeof name);
        code = figure_draw(&figure);
        if (code == EXIT_FINE && !measuring->quiet)
            say("drawn: %s", name);
    }
    if (code == EXIT_FINE && !measuring->json) {
        putchar('\n');
        figure.format = "dumb";
        figure.output = "-";
        figure.title = "throughput, million acquisitions a second";
        code = figure_draw(&figure);
    }
    free(data.bytes);
    return code;
}

/* With what is said of the run as a whole. */
static void print_results(json_t *object, const struct records *file)
{
    struct drift drift = drift_of_file(file);

    json_object_set_new(object, "outliers", outliers_of_file(file));
    json_object_set_new(object, "drift", drift_to_json(&drift));
    json_print(object, 12);
}

/* Of signals. */
static enum exit_code show_signals(const struct measuring *measuring, const struct records *file)
{
    if (measuring->json)
        print_results(signal_table_to_json(file), file);
    else
        signal_table_print(stdout, file);
    return EXIT_FINE;
}

static enum exit_code show(const struct measuring *measuring, const struct records *file)
{
    struct summary summary = summary_make(file, 1);
    enum exit_code code = EXIT_FINE;

    if (measuring->json) {
        print_results(summary_to_json(&summary), file);
    } else {
        table_print(stdout, file, &summary, measuring->table);
    }
    if (measuring->draw && figure_has_curves(&summary, kind_of(file)))
        code = draw_all(measuring, file, &summary);
    summary_free(&summary);
    return code;
}

/* Lines of what was found, and where it is. */
static enum exit_code show_what_there_is(const struct measuring *measuring, const struct job *job,
                                         enum exit_code code)
{
    bool found = json_array_size(job->kept.samples) + json_array_size(job->kept.violations) > 0;
    const char *name = measuring->output;

    if (strcmp(name, "-") == 0 || (!found && code != EXIT_FINE))
        return code;
    enum exit_code shown = measuring->workload.exchange != EXCHANGE_NONE
                               ? show_signals(measuring, &job->kept)
                               : show(measuring, &job->kept);
    if (!measuring->quiet && code == EXIT_INTERRUPTED)
        say("interrupted; saved so far: %s; --resume %s goes on", name, name);
    else if (!measuring->quiet)
        say("saved: %s", name);
    return code == EXIT_FINE ? shown : code;
}

/* A program that was killed between a sample and its violations has recorded the sample only. */
static bool was_caught(const struct records *kept)
{
    bool caught = json_array_size(kept->violations) > 0;
    size_t i;
    json_t *sample;

    json_array_foreach (kept->samples, i, sample)
        caught = caught || json_is_false(json_object_get(sample, "verified"));
    return caught;
}

/* Measures, writes, and shows what there is, also when the measuring had to stop. `first` is the
 * record that comes before those of the turns, or NULL; it is taken. */
static enum exit_code measure_and_show(const struct measuring *measuring, struct job *job,
                                       hwloc_topology_t topology, json_t *first)
{
    if (!machine_is_simulated(&measuring->machine))
        job_wait_for_machine(measuring->quiet);
    if (!machine_is_simulated(&measuring->machine) && !measuring->quiet && !interrupted())
        doctor_warn(topology);
    enum exit_code code = interrupted() ? EXIT_INTERRUPTED : EXIT_FINE;
    if (code == EXIT_FINE && first != NULL)
        code = records_append(job->writer, json_incref(first));
    json_decref(first);
    if (code == EXIT_FINE)
        code = job_measure(job);
    enum exit_code closed = records_close(job->writer);
    code = code == EXIT_FINE ? closed : code;
    bool measured = code == EXIT_FINE;
    code = show_what_there_is(measuring, job, code);
    /* That a lock was caught weighs more than a picture that could not be drawn. */
    return measured && was_caught(&job->kept) ? EXIT_NEGATIVE : code;
}

/* The parts of a simulated machine are read here once, so that what is wrong with them is said
 * once, and what was measured is recorded with the run. */
static enum exit_code check_model(const struct machine *machine, hwloc_topology_t topology,
                                  struct plan *plan)
{
    struct sim_model model;

    if (!machine_is_simulated(machine))
        return EXIT_FINE;
    enum exit_code code =
        sim_model_make(topology, &machine->parameters, machine->latencies, &model);
    if (code == EXIT_FINE) {
        plan->latencies = sim_model_latencies(&model);
        sim_model_free(&model);
    }
    return code;
}

static enum exit_code check_irql(enum irql irql)
{
    char problem[256];

    if (irql_check(irql, problem, sizeof problem) == NULL)
        return EXIT_FINE;
    return complain(EXIT_MACHINE, "--irql %s can't be had: %s", irql_name(irql), problem);
}

/* Everything that may be wrong with a plan, before anything is written. */
static enum exit_code make_plan(struct measuring *measuring, hwloc_topology_t topology,
                                const struct placement *placement, struct plan *plan)
{
    enum exit_code code =
        measuring_plan(measuring, topology_cpus(topology), placement_cpus(placement), plan);

    if (code == EXIT_FINE)
        code = check_model(&measuring->machine, topology, plan);
    if (code == EXIT_FINE && !machine_is_simulated(&measuring->machine))
        code = lock_memory_check_node(topology, &measuring->workload.memory);
    return code == EXIT_FINE ? check_irql(measuring->workload.irql) : code;
}

/* What is run, and from where it came. */
struct session {
    struct measuring measuring;
    struct resumption resumption; /* with --resume */
    hwloc_topology_t topology;
    char name[64]; /* of the results, where none was given */
    int argc;
    char **argv;
};

static enum exit_code show_plan(const struct session *session, const struct plan *plan)
{
    size_t count;
    struct turn *turns = job_turns(plan, &session->resumption.records, &count);

    if (turns == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    if (session->measuring.json)
        json_print(dry_run_to_json(plan, turns, count), 12);
    else
        dry_run_print(stdout, plan, turns, count);
    free(turns);
    return EXIT_FINE;
}

static void begin_job(const struct session *session, struct job *job)
{
    job->trace = session->measuring.trace;
    interrupt_catch();
    progress_enable(!session->measuring.quiet);
    complain_about(NULL);
}

static enum exit_code measure_anew(struct session *session, struct job *job)
{
    struct measuring *measuring = &session->measuring;
    struct record_writer writer;
    enum exit_code code = measuring->trace == NULL ? EXIT_FINE : trace_claim(measuring->trace);
    bool traced = code == EXIT_FINE && measuring->trace != NULL;

    if (code == EXIT_FINE)
        code = measuring->output == session->name
                   ? records_create_another(&writer, session->name, sizeof session->name)
                   : records_create(&writer, measuring->output);
    if (code == EXIT_FINE) {
        json_t *run = job_describe(job->plan, session->topology, session->argc, session->argv);
        job->writer = &writer;
        job->kept = records_empty(measuring->output, json_incref(run));
        begin_job(session, job);
        code = measure_and_show(measuring, job, session->topology, run);
        records_free(&job->kept);
    }
    if (traced && trace_keep(measuring->trace) && !measuring->quiet)
        say("traced: %s", measuring->trace);
    return code;
}

static enum exit_code measure_rest(struct session *session, struct job *job)
{
    enum exit_code code = records_continue(&session->resumption.writer);
    if (code != EXIT_FINE)
        return code;
    if (job_is_complete(job->plan, &session->resumption.records)) {
        say("'%s' is complete: nothing is left to measure", session->measuring.resume);
        return EXIT_FINE;
    }
    job->writer = &session->resumption.writer;
    job->kept = session->resumption.records;
    begin_job(session, job);
    return measure_and_show(&session->measuring, job, session->topology,
                            job_describe_resumption(job->plan, session->argc, session->argv));
}

/* What a run is gone on with has found them already. */
static enum exit_code find_budgets(const struct session *session, struct plan *plan)
{
    const struct measuring *measuring = &session->measuring;
    const json_t *recorded =
        json_object_get(json_object_get(session->resumption.records.run, "plan"), "auto_budgets");
    enum exit_code code = EXIT_FINE;

    if (!plan_needs_budgets(plan))
        return EXIT_FINE;
    if (measuring->resume == NULL)
        code = auto_budgets_find(&plan->machine, session->topology, &plan->auto_budgets);
    else if (!auto_budgets_from_json(recorded, &plan->auto_budgets))
        code = complain(EXIT_USAGE, "'%s' does not tell which budgets 'auto' was: it is damaged",
                        measuring->resume);
    if (code == EXIT_FINE && !measuring->quiet)
        auto_budgets_say(&plan->auto_budgets, plan->locks, plan->locks_count, plan->cpus);
    return code;
}

static enum exit_code run_plan(struct session *session)
{
    struct measuring *measuring = &session->measuring;
    struct plan plan = {0};
    struct placement placement;
    struct job job = {.plan = &plan, .placement = &placement};
    enum exit_code code = placement_make(session->topology, measuring->placement, &placement);

    if (code != EXIT_FINE)
        return code;
    code = make_plan(measuring, session->topology, &placement, &plan);
    if (code == EXIT_FINE)
        code = find_budgets(session, &plan);
    if (measuring->resume != NULL)
        complain_about(NULL); /* what follows names the file itself */
    if (code == EXIT_FINE && measuring->resume != NULL)
        code = resume_check(&session->resumption, &plan, session->topology);
    if (code == EXIT_FINE)
        code = measuring->dry_run          ? show_plan(session, &plan)
               : measuring->resume != NULL ? measure_rest(session, &job)
                                           : measure_anew(session, &job);
    json_decref(plan.latencies);
    free(plan.threads);
    free(plan.objects);
    placement_free(&placement);
    return code;
}

static enum exit_code add_words(struct measuring *measuring, int words, char **argv)
{
    enum exit_code code = EXIT_FINE;

    for (int i = 1; i <= words && code == EXIT_FINE; i++)
        code = measuring_add_names(measuring, argv[i]);
    return code;
}

/* Draws where a plan says so, also the one that is measured with nothing asked for, and what is
 * measured can be drawn. */
static void choose_drawing(struct measuring *measuring)
{
    bool whole =
        measuring->names_count == 0 && measuring->plan == NULL && measuring->resume == NULL;

    if ((whole || measuring->planned_draw) && measuring->workload.exchange == EXCHANGE_NONE)
        measuring->draw =
            measuring->draw || measuring->output == NULL || strcmp(measuring->output, "-") != 0;
}

static enum exit_code fill_in_defaults(struct measuring *measuring, char *name, size_t size)
{
    enum exit_code code = measuring_read_names(measuring);

    if (code != EXIT_FINE)
        return code;
    choose_drawing(measuring);
    if (measuring->resume != NULL) {
        measuring->output = measuring->resume;
    } else if (measuring->output == NULL) {
        records_name(name, size);
        measuring->output = name;
    }
    if (machine_is_simulated(&measuring->machine) && !measuring->seeded)
        measuring->seed = 1;
    if ((measuring->json || measuring->draw) && strcmp(measuring->output, "-") == 0)
        return complain(EXIT_USAGE, "--%s and --output - do not go together: name a file",
                        measuring->json ? "json" : "draw");
    return code;
}

/* The settings that a plan file or an earlier run gives, before the options change parts of them.
 * Where neither is named, there are none. */
static enum exit_code begin_with_plan(struct session *session)
{
    const char *plan = session->measuring.plan, *resume = session->measuring.resume;
    enum exit_code code = resume == NULL ? EXIT_FINE : resume_check_options(&session->measuring);

    if (code != EXIT_FINE)
        return code;
    measuring_free(&session->measuring);
    session->measuring = measuring_default();
    return resume != NULL ? resume_open(resume, &session->measuring, &session->resumption)
                          : plan_file_read(plan, &session->measuring);
}

/* Reads the options, and once more over a plan if they name one: an option has precedence wherever
 * it stands. getopt reorders the words, so each time gets a copy of its own. */
static enum exit_code read_options(struct session *session, bool *helped)
{
    struct measuring *measuring = &session->measuring;
    size_t size = ((size_t)session->argc + 1) * sizeof *session->argv;
    char **words = malloc(size);
    int count;

    if (words == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    memcpy(words, session->argv, size);
    enum exit_code code =
        options_read(&command_run, session->argc, words, measuring, &count, helped);
    if (code == EXIT_FINE && !*helped && (measuring->plan != NULL || measuring->resume != NULL)) {
        code = begin_with_plan(session);
        memcpy(words, session->argv, size);
        if (code == EXIT_FINE)
            code = options_read(&command_run, session->argc, words, measuring, &count, helped);
    }
    if (code == EXIT_FINE && !*helped)
        code = add_words(measuring, count, words);
    free(words);
    return code;
}

static enum exit_code run_session(struct session *session)
{
    struct measuring *measuring = &session->measuring;
    char about[PATH_MAX] = "";

    if (measuring->resume != NULL)
        snprintf(about, sizeof about, "with --resume '%s'", measuring->resume);
    else if (measuring->plan != NULL)
        snprintf(about, sizeof about, "with the plan '%s'", measuring->plan);
    complain_about(about[0] == '\0' ? NULL : about);
    enum exit_code code = fill_in_defaults(measuring, session->name, sizeof session->name);
    if (code == EXIT_FINE)
        code = machine_load(&measuring->machine, &session->topology);
    if (code == EXIT_FINE) {
        code = run_plan(session);
        hwloc_topology_destroy(session->topology);
    }
    complain_about(NULL);
    return code;
}

static enum exit_code run_main(int argc, char **argv)
{
    struct session session = {
        .measuring = measuring_default(), .resumption.writer.fd = -1, .argc = argc, .argv = argv};
    bool helped;
    enum exit_code code = read_options(&session, &helped);

    if (code == EXIT_FINE && !helped)
        code = run_session(&session);
    enum exit_code closed = resume_close(&session.resumption);
    measuring_free(&session.measuring);
    return code == EXIT_FINE ? closed : code;
}

const struct command command_run = {
    .name = "run",
    .summary = "measure locks; with no argument the default plan, drawn",
    .usage = "[LOCK...] [options]",
    .text =
        "Measures each lock with each number of threads, every repetition in a fresh process, all "
        "in "
        "one random order. Saves every sample to a results file (JSON Lines), prints a table, and "
        "ends with 1 when a lock was caught being wrong. LOCK is a name, a name with parameters "
        "(spin_park:budget=20us; budget=auto is what the machine's profile has, see doctor), "
        "@FAMILY, @nt (all that NT has) or @all; 'lockbench list' shows "
        "them. Under a workload of signals (--workload " EXCHANGE_NAMES
        ") it is a primitive such as futex or eventfd.",
    .run = run_main,
    .options = measuring_options,
};
