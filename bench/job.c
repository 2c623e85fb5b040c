#include "bench/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#include "bench/child.h"
#include "bench/fairness.h"
#include "bench/fitness.h"
#include "bench/growth.h"
#include "bench/interrupt.h"
#include "bench/json.h"
#include "bench/native/clock_check.h"
#include "bench/native/host.h"

/* Nothing of the host and of the moment: the same seed gives the same file. The command line is the
 * one that would give it again, whatever the one was that did. */
static json_t *describe_simulated(const struct plan *plan)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:I, s:o}", "record", "run", "schema",
                     RECORDS_SCHEMA, "version", PACKAGE_VERSION, "build", BUILD_FLAGS, "command",
                     plan_to_command(plan), "seed", (json_int_t)plan->seed, "plan",
                     plan_to_json(plan));
}

static json_t *describe_moment(int argc, char **argv)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    json_t *words = json_array();

    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    for (int i = 0; i < argc; i++) {
        json_t *word = json_string(argv[i]);
        json_array_append_new(words, word != NULL ? word : json_null());
    }
    return json_pack("{s:o, s:s}", "command", words, "time", when);
}

json_t *job_describe(const struct plan *plan, hwloc_topology_t topology, int argc, char **argv)
{
    if (machine_is_simulated(&plan->machine))
        return describe_simulated(plan);
    json_t *run = json_pack("{s:s, s:i, s:s, s:s, s:n, s:I}", "record", "run", "schema",
                            RECORDS_SCHEMA, "version", PACKAGE_VERSION, "build", BUILD_FLAGS,
                            "command", "seed", (json_int_t)plan->seed);
    json_t *moment = describe_moment(argc, argv);
    json_object_update(run, moment);
    json_decref(moment);
    json_object_set_new(run, "plan", plan_to_json(plan));
    json_object_set_new(run, "host", host_describe(topology));
    return run;
}

json_t *job_describe_resumption(const struct plan *plan, int argc, char **argv)
{
    if (machine_is_simulated(&plan->machine))
        return NULL;
    json_t *record = json_pack("{s:s}", "record", "resume");
    json_t *moment = describe_moment(argc, argv);
    json_object_update(record, moment);
    json_decref(moment);
    return record;
}

/* Writes a record and keeps it for the table. */
static enum exit_code keep(struct job *job, json_t *list, json_t *record)
{
    json_array_append(list, record);
    return records_append(job->writer, record);
}

/* Now, to the millisecond, so that the order of the samples of several files can be told. */
static json_t *time_now(void)
{
    struct timespec now;
    struct tm utc;
    char seconds[32], text[48];

    clock_gettime(CLOCK_REALTIME, &now);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    snprintf(text, sizeof text, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
    return json_string(text);
}

/* What says which cell a record belongs to. */
static json_t *identity(const struct job *job, const struct turn *turn, const char *record)
{
    json_t *cpus = json_array();

    for (size_t i = 0; i < job->placement->count && i < turn->threads; i++)
        json_array_append_new(cpus, json_integer(job->placement->cpus[i]));
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:o, s:s, s:o, s:i, s:I}", "record", record,
                               "lock", turn->lock->text, "machine", job->plan->machine.text,
                               "threads", (int)turn->threads, "cpus", cpus, "placement",
                               job->plan->placement, "workload", workload_to_json(turn->workload),
                               "repetition", (int)turn->repetition, "seed", (json_int_t)turn->seed);
    if (exchange_has_objects(turn->workload->exchange))
        json_object_set_new(object, "objects", json_integer(turn->objects));
    if (turn->lock->automatic)
        json_object_set_new(
            object, "budget_ns",
            json_time_or_inf(auto_budget_ns(&job->plan->auto_budgets, turn->lock->ops->name,
                                            turn->threads, job->plan->cpus)));
    if (!machine_is_simulated(&job->plan->machine))
        json_object_set_new(object, "processes", processes_to_json(job->plan->processes));
    return object;
}

/* `violation` says what was wrong. */
static enum exit_code keep_violation(struct job *job, const struct turn *turn, json_t *violation)
{
    json_t *record = identity(job, turn, "violation");

    json_object_update(record, violation);
    return keep(job, job->kept.violations, record);
}

/* The whole process went wrong: there is no sample. */
static enum exit_code keep_end(struct job *job, const struct turn *turn, const char *kind,
                               const char *reason)
{
    json_t *violation = json_pack("{s:s, s:s}", "kind", kind, "detail", reason);
    enum exit_code code = keep_violation(job, turn, violation);

    json_decref(violation);
    return code;
}

/* A sample, unless its window broke off, and a record for each violation that it shows. */
static enum exit_code keep_result(struct job *job, const struct turn *turn, json_t *result)
{
    json_t *sample = identity(job, turn, "sample");
    json_t *violations = json_incref(json_object_get(result, "violations")), *violation;
    bool measured = json_object_get(result, "throughput") != NULL;
    enum exit_code code = EXIT_FINE;
    size_t i;

    json_object_del(result, "violations");
    json_object_update(sample, result);
    json_decref(result);
    if (!machine_is_simulated(&job->plan->machine))
        json_object_set_new(sample, "time", time_now());
    if (measured) {
        fairness_add(sample);
        fitness_complete(sample);
        code = keep(job, job->kept.samples, sample);
    } else {
        json_decref(sample);
    }
    json_array_foreach (violations, i, violation) {
        if (code == EXIT_FINE)
            code = keep_violation(job, turn, violation);
    }
    json_decref(violations);
    return code;
}

static struct repetition repetition_of(const struct job *job, const struct turn *turn)
{
    uint64_t window_ns = plan_window_ns(job->plan, turn);
    struct repetition repetition = {
        .machine = job->plan->machine,
        .lock = plan_lock(job->plan, turn),
        .threads = turn->threads,
        .objects = turn->objects,
        .cpus = job->placement->cpus,
        .cpus_count = job->placement->count,
        .processes = processes_for(job->plan->processes, turn->threads),
        .workload = *turn->workload,
        .warmup_ns = plan_warmup_ns(job->plan, window_ns),
        .window_ns = window_ns,
        .passes = workload_has_passes(turn->workload) ? job->plan->passes : PASSES_NONE,
        .pass_ns = plan_pass_ns(job->plan, window_ns),
        .latency_stride = job->plan->latency_stride,
        .clocks = job->clocks,
        .seed = turn->seed,
        .through_vtable = job->plan->through_vtable,
        .counters = job->plan->counters,
        .trace = turn->repetition == 0 ? job->trace : NULL,
    };

    repetition_set_patience(&repetition);
    return repetition;
}

/* Once, and not by each repetition: on many CPUs it takes longer than a window. */
static void compare_clocks(struct job *job)
{
    const struct plan *plan = job->plan;
    size_t most = 1;

    if (job->clocks_compared || machine_is_simulated(&plan->machine) ||
        !passes_has(plan->passes, OBSERVE_LATENCY))
        return;
    for (size_t i = 0; i < plan->threads_count; i++)
        most = plan->threads[i] > most ? plan->threads[i] : most;
    clock_check_cpus(job->placement->cpus,
                     most < job->placement->count ? most : job->placement->count, machine_clock,
                     &job->clocks);
    job->clocks_compared = true;
}

static enum exit_code measure_turn(struct job *job, const struct turn *turn)
{
    compare_clocks(job);
    struct repetition repetition = repetition_of(job, turn);
    struct child_report report = child_run(&repetition);

    while (report.end == CHILD_STOPPED)
        report = child_run(&repetition);
    switch (report.end) {
    case CHILD_REPORTED:
        return keep_result(job, turn, report.result);
    case CHILD_CRASHED:
        return keep_end(job, turn, "crash", report.reason);
    case CHILD_HUNG:
        return keep_end(job, turn, "hang", report.reason);
    case CHILD_INTERRUPTED:
        return EXIT_INTERRUPTED;
    case CHILD_STOPPED:
    case CHILD_FAILED:
        break;
    }
    return complain(EXIT_MACHINE, "%s with %u thread%s can't be measured: %s", turn->lock->text,
                    turn->threads, turn->threads == 1 ? "" : "s", report.reason);
}

/* To be freed. */
static char *make_name(const char *lock, json_int_t threads, json_int_t objects,
                       const json_t *workload, json_int_t repetition)
{
    char *text = workload == NULL ? NULL : json_dumps(workload, JSON_COMPACT | JSON_SORT_KEYS);
    char *name;

    if (asprintf(&name, "%s %lld %lld %s %lld", lock, (long long)threads, (long long)objects,
                 text == NULL ? "" : text, (long long)repetition) < 0)
        abort();
    free(text);
    return name;
}

static char *turn_name(const struct turn *turn)
{
    json_t *workload = workload_to_json(turn->workload);
    char *name =
        make_name(turn->lock->text, turn->threads, turn->objects, workload, turn->repetition);

    json_decref(workload);
    return name;
}

/* The name of the turn that a record is of, or of another repetition of that cell. */
static char *record_name(const json_t *record, json_int_t repetition)
{
    const json_t *objects = json_object_get(record, "objects");
    const char *lock = json_string_value(json_object_get(record, "lock"));

    return make_name(lock == NULL ? "" : lock,
                     json_integer_value(json_object_get(record, "threads")),
                     objects == NULL ? 1 : json_integer_value(objects),
                     json_object_get(record, "workload"), repetition);
}

/* A turn is done with its sample, or with a violation that left none. */
static void add_done(json_t *done, const json_t *records)
{
    size_t i;
    json_t *record;

    json_array_foreach (records, i, record) {
        char *name = record_name(record, json_integer_value(json_object_get(record, "repetition")));
        json_object_set_new(done, name, json_true());
        free(name);
    }
}

/* Leaves out the turns that have a record. Returns how many are left. */
static size_t without_done(const struct records *kept, struct turn *turns, size_t count)
{
    json_t *done = json_object();
    size_t left = 0;

    add_done(done, kept->samples);
    add_done(done, kept->violations);
    for (size_t i = 0; i < count; i++) {
        char *name = turn_name(&turns[i]);
        if (json_object_get(done, name) == NULL)
            turns[left++] = turns[i];
        free(name);
    }
    json_decref(done);
    return left;
}

struct turn *job_turns(const struct plan *plan, const struct records *kept, size_t *count)
{
    struct turn *turns = plan_turns(plan, count);

    *count = turns == NULL ? 0 : without_done(kept, turns, *count);
    return turns;
}

bool job_is_complete(const struct plan *plan, const struct records *kept)
{
    size_t left;

    free(job_turns(plan, kept, &left));
    return left == 0 &&
           (plan->until_percent == 0 || json_array_size(kept->endings) >= plan_cells(plan));
}

/* Until when turns are begun, and where the time left is judged from. */
struct period {
    uint64_t start_ns, end_ns;
};

static bool is_over(const struct period *period)
{
    return machine_clock() >= period->end_ns;
}

static enum exit_code measure_turns(struct job *job, const struct turn *turns, size_t count,
                                    const struct period *period)
{
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < count && code == EXIT_FINE && !is_over(period); i++) {
        char what[LOCK_SPEC_TEXT + 32];
        snprintf(what, sizeof what, "%s, %u thread%s", turns[i].lock->text, turns[i].threads,
                 turns[i].threads == 1 ? "" : "s");
        progress_show((unsigned)i, (unsigned)count, period->start_ns, what);
        code = interrupted() ? EXIT_INTERRUPTED : measure_turn(job, &turns[i]);
    }
    return code;
}

/* How many samples there are of each cell, by the name of its first turn. */
static json_t *count_samples(const json_t *samples)
{
    json_t *counts = json_object(), *sample;
    size_t i;

    json_array_foreach (samples, i, sample) {
        char *name = record_name(sample, 0);
        json_int_t count = json_integer_value(json_object_get(counts, name));
        json_object_set_new(counts, name, json_integer(count + 1));
        free(name);
    }
    return counts;
}

/* What the repetitions that were there already took, as far as one can tell afterwards. */
static uint64_t spent_before_ns(const struct plan *plan, const json_t *samples)
{
    json_t *counts = count_samples(samples);
    uint64_t spent_ns = 0;

    for (size_t i = 0; i < plan_cells(plan); i++) {
        struct turn cell = plan_cell(plan, i);
        char *name = turn_name(&cell);
        spent_ns +=
            (uint64_t)json_integer_value(json_object_get(counts, name)) * plan_turn_ns(plan, &cell);
        free(name);
    }
    json_decref(counts);
    return spent_ns;
}

/* No limit where the time ends nothing. Where a run is gone on with that was about to end, nothing
 * more is begun. */
static uint64_t growth_end_ns(const struct job *job, uint64_t start_ns, uint64_t spent_ns)
{
    if (json_array_size(job->kept.endings) > 0)
        return 0;
    if (job->plan->until_ns == 0)
        return UINT64_MAX;
    return spent_ns < job->plan->until_ns ? start_ns + job->plan->until_ns - spent_ns : 0;
}

static enum exit_code measure_round(struct job *job, const bool *open, unsigned repetition,
                                    const struct period *period, size_t *left)
{
    size_t count;
    struct turn *turns = plan_round(job->plan, open, repetition, &count);

    if (turns == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    count = without_done(&job->kept, turns, count);
    enum exit_code code = measure_turns(job, turns, count, period);
    *left = without_done(&job->kept, turns, count);
    free(turns);
    return code;
}

enum exit_code job_measure_round(struct job *job, const bool *open, unsigned repetition,
                                 uint64_t end_ns, size_t *left)
{
    const struct period period = {machine_clock(), end_ns};
    enum exit_code code = measure_round(job, open, repetition, &period, left);

    progress_wipe();
    return code;
}

/* One more repetition of every open cell. `*left` of them could not be begun in time. */
static enum exit_code grow_once(struct job *job, const struct growth *cells, unsigned repetition,
                                const struct period *period, size_t *left)
{
    bool *open = calloc(plan_cells(job->plan), sizeof *open);

    if (open == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    for (size_t i = 0; i < plan_cells(job->plan); i++)
        open[i] = cells[i].end == GROWTH_OPEN;
    enum exit_code code = measure_round(job, open, repetition, period, left);
    free(open);
    return code;
}

static bool has_ending(const struct records *kept, const struct turn *cell)
{
    size_t i;
    json_t *ending;

    json_array_foreach (kept->endings, i, ending) {
        if (plan_is_of_cell(ending, cell))
            return true;
    }
    return false;
}

static enum exit_code keep_endings(struct job *job, const struct growth *cells)
{
    enum exit_code code = EXIT_FINE;

    for (size_t i = 0; i < plan_cells(job->plan) && code == EXIT_FINE; i++) {
        struct turn cell = plan_cell(job->plan, i);
        if (has_ending(&job->kept, &cell))
            continue;
        json_t *record = json_pack("{s:s, s:s, s:i}", "record", "until", "lock", cell.lock->text,
                                   "threads", (int)cell.threads);
        if (job->plan->workloads_count > 1)
            json_object_set_new(record, "workload", workload_to_json(cell.workload));
        if (exchange_has_objects(cell.workload->exchange))
            json_object_set_new(record, "objects", json_integer(cell.objects));
        json_t *how = growth_to_json(&cells[i]);
        json_object_update(record, how);
        json_decref(how);
        code = keep(job, job->kept.endings, record);
    }
    return code;
}

/* Rounds of one repetition of each cell that is not known well enough. Which cells those are
 * follows from the records alone, so that a run that is gone on with comes to the same. */
static enum exit_code grow(struct job *job, const struct period *period)
{
    struct growth *cells = calloc(plan_cells(job->plan), sizeof *cells);
    unsigned repetition = job->plan->repetitions;
    enum exit_code code = EXIT_FINE;
    size_t left = 0;

    if (cells == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    while (code == EXIT_FINE && left == 0 &&
           growth_judge(job->plan, &job->kept, repetition, cells) > 0)
        code = grow_once(job, cells, repetition++, period, &left);
    if (code == EXIT_FINE) {
        growth_close(job->plan, &job->kept, cells);
        code = keep_endings(job, cells);
    }
    free(cells);
    return code;
}

enum exit_code job_measure(struct job *job)
{
    size_t count;
    struct turn *turns = job_turns(job->plan, &job->kept, &count);
    struct period period = {machine_clock(), UINT64_MAX};
    bool grows = job->plan->until_percent != 0;
    /* Before anything is added to what there was. */
    uint64_t spent_ns = grows ? spent_before_ns(job->plan, job->kept.samples) : 0;

    if (turns == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    enum exit_code code = measure_turns(job, turns, count, &period);
    period.end_ns = growth_end_ns(job, period.start_ns, spent_ns);
    if (code == EXIT_FINE && grows)
        code = grow(job, &period);
    progress_wipe();
    free(turns);
    return code;
}

/* Opens the file that all users lock, and makes it if it is not there. Not through a link, which
 * somebody else may have laid in a folder that all can write to. */
static int open_machine_lock(void)
{
    const char *name = "/tmp/lockbench.lock";
    int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT) {
        fd = open(name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        /* Whatever the umask: others have to be able to open it. */
        if (fd >= 0)
            fchmod(fd, 0666);
    }
    return fd;
}

/* The file is never removed: a name that comes and goes would let two processes lock two files. The
 * lock goes with the process. Returns the file, or -1 with errno. */
static int try_machine(bool *taken)
{
    int fd = open_machine_lock();

    *taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    return fd;
}

bool job_take_machine(void)
{
    bool taken;
    int fd = try_machine(&taken);

    if (fd >= 0 && !taken)
        close(fd);
    return taken || fd < 0;
}

void job_wait_for_machine(bool quiet)
{
    const struct timespec pause = {0, 100000000};
    bool taken;
    int fd = try_machine(&taken);

    if (fd < 0) {
        say("/tmp/lockbench.lock can't be opened (%s): another measurement on this machine would "
            "not "
            "be noticed",
            strerror(errno));
        return;
    }
    if (taken)
        return;
    if (!quiet)
        say("another lockbench measures on this machine: waiting for it to end");
    /* Not one long wait: a signal that comes just before it would not end it. */
    while (!interrupted() && flock(fd, LOCK_EX | LOCK_NB) != 0)
        nanosleep(&pause, NULL);
}
