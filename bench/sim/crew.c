/* Compiled against the virtual machine, like the locks: the measured loop's own accesses are the
 * machine's, too. */
#define MACHINE_VIRTUAL
#include "bench/sim/crew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/allocate.h"
#include "bench/measured_loop.h"
#include "bench/nested.h"
#include "bench/sim/observer.h"
#include "bench/sim/memory.h"
#include "bench/sim/model.h"
#include "bench/sim/report.h"
#include "bench/virtual/alone.h"
#include "bench/virtual/watchdog.h"
#include "locks/catalogue.h"

struct member {
    struct crew *crew;
    struct worker *worker;
    bool in_window, back;
    int error;
    uint64_t start_ns, end_ns;
};

struct crew {
    const struct repetition *repetition;
    const struct lock_ops *ops; /* of the virtual catalogue, or of the nested locks */
    struct nested nested;       /* where the lock is several */
    struct sim_engine engine;
    struct observer observer;
    struct member *members;
    struct worker *workers;
    void *lock;
    void *storage; /* of the lock or locks */
    struct lock_order_thread *order;
    struct order_refusal *refusals;
    struct guarded *guarded;
    unsigned back, back_before; /* threads that came back, now and at the last look */
    uint64_t silence_ns;
    struct sim_usage before;
    struct sim_window window;
    struct sim_trace trace;
    _Alignas(MACHINE_APART) uint32_t phase;
};

/* ---- what a thread does ---- */

/* A thread with a core of its own has been waiting for the lock all the while, where the lock let
 * others pass; one that shares its core may not have run. */
static uint64_t at_work_since(const struct member *member)
{
    const struct repetition *repetition = member->crew->repetition;

    return repetition->threads <= repetition->cpus_count ? repetition->warmup_ns
                                                         : member->crew->engine.now / PS_PER_NS;
}

static void work_in_window(struct member *member, struct loop_shape shape, void *context)
{
    struct worker *worker = member->worker;

    worker->writes = worker->bursts = worker->burst_start = worker->burst_most = 0;
    worker->critical.taken = worker->outside.taken = 0;
    worker->acquisitions = worker->carried;
    member->in_window = true;
    member->start_ns = at_work_since(member);
    member->error = measured_loop(worker->ops, shape, worker, context, PHASE_WINDOW);
    member->end_ns = member->crew->engine.now / PS_PER_NS;
}

static void member_main(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    struct loop_shape shape = {.scripted = workload_is_scripted(&crew->repetition->workload)};
    /* One for both phases, so that the window begins with a warm one; as many as nested locks. */
    _Alignas(MACHINE_APART) char context[WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE];

    member->error =
        measured_loop(member->worker->ops, shape, member->worker, context, PHASE_WARMUP);
    if (member->error == 0 && crew->phase == PHASE_WINDOW)
        work_in_window(member, shape, context);
    /* One that never got the lock in the window waited for it from the beginning to the end. */
    if (!member->in_window && crew->phase == PHASE_STOP) {
        member->start_ns = at_work_since(member);
        member->end_ns = crew->engine.now / PS_PER_NS;
    }
    member->back = true;
    crew->back++;
}

/* ---- the phases ---- */

/* A hang shows in that nobody comes back for as long as a right lock may take. */
static void look_who_is_back(void *argument)
{
    struct crew *crew = argument;
    const uint64_t silence_ns = crew->repetition->silence_ns;

    if (crew->back == crew->back_before) {
        crew->silence_ns = silence_ns + 1;
        sim_engine_stop(&crew->engine);
        return;
    }
    crew->back_before = crew->back;
    sim_engine_set_alarm(&crew->engine, crew->engine.now / PS_PER_NS + silence_ns, look_who_is_back,
                         crew);
}

static void end_window(void *argument)
{
    struct crew *crew = argument;
    struct sim_engine *engine = &crew->engine;

    crew->phase = PHASE_STOP;
    crew->observer.recording = false;
    crew->window.ended = true;
    sim_engine_settle(engine);
    crew->window.usage = (struct sim_usage){
        engine->usage.cpu - crew->before.cpu,
        engine->usage.voluntary - crew->before.voluntary,
        engine->usage.involuntary - crew->before.involuntary,
    };
    sim_window_take_traffic(&crew->window, &engine->memory);
    crew->back_before = crew->back;
    sim_engine_set_alarm(engine, engine->now / PS_PER_NS + crew->repetition->silence_ns,
                         look_who_is_back, crew);
}

static void begin_window(void *argument)
{
    struct crew *crew = argument;
    struct sim_engine *engine = &crew->engine;

    crew->phase = PHASE_WINDOW;
    crew->observer.recording = true;
    sim_engine_settle(engine);
    crew->before = engine->usage;
    memory_reset_traffic(&engine->memory);
    sim_engine_set_alarm(engine, crew->repetition->warmup_ns + crew->repetition->window_ns,
                         end_window, crew);
}

/* ---- what is there before anybody works ---- */

static void name_lock(struct crew *crew, char *lock, const char *name, const char *part_name)
{
    const struct lock_ops *ops = crew->repetition->lock.ops;

    memory_name(&crew->engine.memory, lock, ops->size, name, SIM_BY_LINE);
    memory_name(&crew->engine.memory, lock + ops->size,
                crew->repetition->threads * ops->size_per_thread, part_name, SIM_AS_ONE);
}

_Static_assert(SIM_REGIONS_MOST >= 2 * WORKLOAD_NESTED_MOST + 8, "all that is named here");

static int make_nested(struct crew *crew)
{
    static const char *const names[WORKLOAD_NESTED_MOST] = {
        "lock 0", "lock 1", "lock 2",  "lock 3",  "lock 4",  "lock 5",  "lock 6",  "lock 7",
        "lock 8", "lock 9", "lock 10", "lock 11", "lock 12", "lock 13", "lock 14", "lock 15"};
    const struct repetition *repetition = crew->repetition;
    const struct lock_ops *ops = crew->ops;
    size_t order_bytes = repetition->threads * sizeof *crew->order;

    crew->storage = allocate_zeroed(
        MACHINE_APART, nested_bytes(ops, repetition->threads, repetition->workload.nested));
    crew->order = allocate_zeroed(MACHINE_APART, order_bytes);
    crew->refusals = allocate_zeroed(_Alignof(struct order_refusal),
                                     repetition->threads * sizeof *crew->refusals);
    memory_name(&crew->engine.memory, crew->order, order_bytes, "lock order", SIM_AS_ONE);
    crew->lock = &crew->nested;
    crew->ops = &crew->nested.ops;
    int error =
        nested_init(&crew->nested, ops, repetition, crew->storage, crew->order, crew->refusals);
    for (unsigned i = 0; i < crew->nested.count; i++)
        name_lock(crew, nested_lock(&crew->nested, i), names[i], "locks, thread's part");
    return error;
}

static int make_lock(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;

    if (workload_is_nested(&repetition->workload))
        return make_nested(crew);
    crew->storage = crew->lock =
        allocate_zeroed(MACHINE_APART, nested_bytes(crew->ops, repetition->threads, 1));
    name_lock(crew, crew->lock, "lock", "lock, thread's part");
    return crew->ops->init(crew->lock, repetition->threads, repetition->lock.parameters);
}

/* With no lines under the lock, the words by which exclusion is checked cost nothing: the engine
 * sees an overlap by itself. */
static struct guarded_line *make_data(struct crew *crew)
{
    unsigned lines = crew->repetition->workload.lines;
    struct guarded_line *data =
        allocate_zeroed(MACHINE_APART, (lines > 1 ? lines : 1) * sizeof *data);

    crew->guarded = (struct guarded *)data;
    memory_name(&crew->engine.memory, data, (lines > 1 ? lines : 1) * sizeof *data, "data",
                lines == 0 ? SIM_UNCOUNTED : SIM_BY_LINE);
    return data + 1;
}

static void make_workers(struct crew *crew, struct guarded_line *lines)
{
    const struct repetition *repetition = crew->repetition;
    const struct workload *workload = &repetition->workload;
    size_t bytes = repetition->threads * sizeof *crew->workers;

    crew->workers = allocate_zeroed(MACHINE_APART, bytes);
    memory_name(&crew->engine.memory, crew->workers, bytes, "program", SIM_AS_ONE);
    memory_name(&crew->engine.memory, crew, sizeof *crew, "program", SIM_AS_ONE);
    for (unsigned i = 0; i < repetition->threads; i++) {
        struct worker *worker = &crew->workers[i];
        worker->ops = &crew->observer.ops;
        worker->place = (struct workplace){
            .lock = &crew->observer,
            .guarded = crew->guarded,
            .lines = lines,
            .lines_beyond = workload->lines > 1 ? workload->lines - 1 : 0,
            .unverified_writes = workload->lines > 0,
            .self = i,
            .phase = &crew->phase,
        };
        workload_script(workload, repetition->seed + i, worker->script);
        crew->members[i] = (struct member){.crew = crew, .worker = worker};
        sim_engine_start(&crew->engine, i, member_main, &crew->members[i]);
    }
}

/* ---- what came of it ---- */

static void find_all(struct crew *crew, struct findings *findings)
{
    const struct repetition *repetition = crew->repetition;

    for (unsigned i = 0; i < repetition->threads; i++) {
        const struct member *member = &crew->members[i];
        const struct worker *worker = member->worker;
        findings->threads[i] = (struct thread_findings){
            .acquisitions = member->in_window ? worker->acquisitions : 0,
            .back = member->back,
            .error = member->error,
            .order = crew->refusals == NULL ? (struct order_refusal){0} : crew->refusals[i],
            .writes = worker->writes,
            .bursts = worker->bursts,
            .burst_most = worker->burst_most,
            .start_ns = member->start_ns,
            .end_ns = member->end_ns,
            .critical = &worker->critical,
            .outside = &worker->outside,
        };
        findings->torn += worker->violations;
        findings->written += worker->all_writes;
    }
    findings->counted = crew->guarded->first;
    virtual_machine_alone();
    if (crew->back == repetition->threads)
        findings_ask_lock(findings, crew->ops, crew->lock);
}

static json_t *report(struct crew *crew, enum sim_end end)
{
    const struct repetition *repetition = crew->repetition;
    struct findings findings = {
        .repetition = repetition,
        .threads = calloc(repetition->threads, sizeof *findings.threads),
        .elapsed_ns = repetition->window_ns,
        .back = crew->back,
        .silence_ns = crew->silence_ns,
        .overlaps = (crew->ops->traits & LOCK_UNVERIFIED) != 0 ? 0 : crew->observer.overlaps,
        .clock_cost_ns = repetition->machine.parameters.clock_ns,
        .owners = &crew->observer.stream,
        .owners_unmeasured = crew->observer.stream_cut
                                 ? "there was not enough memory for the stream of owners"
                                 : NULL,
        .latencies = crew->observer.latencies,
        .latency_stride = 1,
        .handoffs_unmeasured =
            (crew->ops->traits & LOCK_UNVERIFIED) != 0 ? "nobody owns a lock that is none" : NULL,
        .cpu_ns = crew->window.usage.cpu / PS_PER_NS,
        .voluntary = crew->window.usage.voluntary,
        .involuntary = crew->window.usage.involuntary,
    };

    if (findings.threads == NULL)
        return NULL;
    find_all(crew, &findings);
    crew->window.acquisitions = crew->observer.acquisitions;
    json_t *result = sim_report(&findings, &crew->engine, &crew->window, end);
    free(findings.threads);
    return result;
}

static const char *open_trace(struct crew *crew, char *problem, size_t problem_size)
{
    const struct repetition *repetition = crew->repetition;
    char title[LOCK_SPEC_TEXT + 128];

    if (repetition->trace == NULL)
        return NULL;
    snprintf(title, sizeof title, "threads: who has %s, and who waits", repetition->lock.text);
    if (trace_open(&crew->trace, repetition->trace, title, repetition->threads)) {
        crew->engine.trace = &crew->trace;
        return NULL;
    }
    snprintf(problem, problem_size, "the trace '%s' can't be written: %s", repetition->trace,
             strerror(errno));
    return problem;
}

static const char *close_trace(struct crew *crew, char *problem, size_t problem_size)
{
    if (crew->engine.trace == NULL)
        return NULL;
    sim_engine_settle(&crew->engine);
    if (trace_close(&crew->trace, crew->engine.now))
        return NULL;
    snprintf(problem, problem_size, "the trace '%s' can't be written: %s", crew->repetition->trace,
             strerror(errno));
    return problem;
}

/* Neither of the two ever becomes smaller. */
static uint64_t steps_made(const void *watched)
{
    const volatile struct sim_engine *engine = watched;

    return engine->now + engine->operations;
}

static void give_up(void)
{
    _exit(REPETITION_STUCK);
}

static json_t *run_threads(struct crew *crew, char *problem, size_t problem_size)
{
    if (open_trace(crew, problem, problem_size) != NULL)
        return NULL;
    sim_engine_set_alarm(&crew->engine, crew->repetition->warmup_ns, begin_window, crew);
    watchdog_start(steps_made, &crew->engine, give_up);
    enum sim_end end = sim_engine_run(&crew->engine);
    watchdog_stop();
    if (close_trace(crew, problem, problem_size) != NULL)
        return NULL;
    return report(crew, end);
}

static void free_all(struct crew *crew)
{
    owner_stream_free(&crew->observer.stream);
    free(crew->observer.since);
    free(crew->window.tallies);
    free(crew->workers);
    free(crew->members);
    free(crew->guarded);
    free(crew->refusals);
    free(crew->order);
    free(crew->storage);
}

static json_t *make_and_run(struct crew *crew, char *problem, size_t problem_size)
{
    const unsigned threads = crew->repetition->threads;
    json_t *result = NULL;

    virtual_machine_alone();
    int error = make_lock(crew);
    if (error == 0) {
        crew->members = allocate_zeroed(_Alignof(struct member), threads * sizeof *crew->members);
        crew->observer =
            observer_make(crew->ops, crew->lock, &crew->engine,
                          allocate_zeroed(sizeof(uint64_t), threads * sizeof(uint64_t)));
        make_workers(crew, make_data(crew));
        result = run_threads(crew, problem, problem_size);
    } else {
        snprintf(problem, problem_size, "the lock can't be made for %u threads: %s", threads,
                 strerror(error));
    }
    free_all(crew);
    return result;
}

/* Where each thread's CPU is in the model, or NULL with the problem. */
static unsigned *find_cpus(const struct sim_model *model, const struct repetition *repetition,
                           char *problem, size_t problem_size)
{
    unsigned *cpus = allocate_zeroed(sizeof *cpus, repetition->cpus_count * sizeof *cpus);

    for (size_t i = 0; i < repetition->cpus_count; i++) {
        cpus[i] = sim_model_index(model, repetition->cpus[i]);
        if (cpus[i] < model->cpus_count)
            continue;
        snprintf(problem, problem_size, "the topology has no CPU %u", repetition->cpus[i]);
        free(cpus);
        return NULL;
    }
    return cpus;
}

static json_t *run_on(const struct sim_model *model, const struct repetition *repetition,
                      char *problem, size_t problem_size)
{
    unsigned *cpus = find_cpus(model, repetition, problem, problem_size);
    json_t *result = NULL;

    if (cpus == NULL)
        return NULL;
    struct crew *crew = allocate_zeroed(MACHINE_APART, sizeof *crew);
    crew->repetition = repetition;
    crew->ops = lock_virtual(repetition->lock.ops);
    if (sim_engine_make(&crew->engine, model, repetition->threads, cpus, repetition->cpus_count,
                        repetition->seed))
        result = make_and_run(crew, problem, problem_size);
    else
        snprintf(problem, problem_size, "out of memory");
    sim_engine_free(&crew->engine);
    free(cpus);
    free(crew);
    return result;
}

json_t *sim_measure(const struct repetition *repetition, char *problem, size_t problem_size)
{
    struct sim_model model;
    hwloc_topology_t topology;
    json_t *result = NULL;

    snprintf(problem, problem_size, "the model can't be made");
    if (machine_load(&repetition->machine, &topology) != EXIT_FINE)
        return NULL;
    if (sim_model_make(topology, &repetition->machine.parameters, repetition->machine.latencies,
                       &model) == EXIT_FINE) {
        result = run_on(&model, repetition, problem, problem_size);
        sim_model_free(&model);
    }
    hwloc_topology_destroy(topology);
    return result;
}
