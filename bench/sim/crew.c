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
#include "bench/layout.h"
#include "bench/measured_loop.h"
#include "bench/nested.h"
#include "bench/sim/observer.h"
#include "bench/sim/memory.h"
#include "bench/sim/model.h"
#include "bench/sim/report.h"
#include "bench/varied_loop.h"
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
    struct layout layout;
    struct observer *observers;       /* of each lock that a turn can take */
    struct observed_thread *observed; /* of all threads, for each of them */
    struct latencies latencies[LATENCIES_WAYS];
    struct member *members;
    struct worker *workers;
    void *lock;    /* the first, of several */
    char *storage; /* of the lock or locks and what lies under them */
    struct lock_order_thread *order;
    struct order_refusal *refusals;
    struct guarded *guarded; /* the first, of several */
    struct guarded_line *own_lines;
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

static int work_through(struct member *member, struct loop_shape shape, void *context,
                        uint32_t phase)
{
    struct worker *worker = member->worker;

    if (workload_is_varied(&member->crew->repetition->workload))
        return varied_loop(worker->ops, worker, context, phase);
    return measured_loop(worker->ops, shape, worker, context, phase);
}

static void work_in_window(struct member *member, struct loop_shape shape, void *context)
{
    struct worker *worker = member->worker;

    worker->writes = worker->bursts = worker->burst_start = worker->burst_most = 0;
    worker->retries = 0;
    worker->critical.taken = worker->outside.taken = 0;
    worker->acquisitions = worker->carried;
    member->in_window = true;
    member->start_ns = at_work_since(member);
    member->error = work_through(member, shape, context, PHASE_WINDOW);
    member->end_ns = member->crew->engine.now / PS_PER_NS;
}

static void member_main(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    struct loop_shape shape = {.scripted = workload_is_scripted(&crew->repetition->workload)};
    /* One for both phases, so that the window begins with a warm one; as many as nested locks. */
    _Alignas(MACHINE_APART) char context[WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE];

    member->error = work_through(member, shape, context, PHASE_WARMUP);
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
    for (unsigned i = 0; i < crew->layout.count; i++)
        observer_end(&crew->observers[i]);
    crew->window.ended = true;
    sim_engine_settle(engine);
    crew->window.usage = (struct sim_usage){
        engine->usage.cpu - crew->before.cpu,
        engine->usage.voluntary - crew->before.voluntary,
        engine->usage.involuntary - crew->before.involuntary,
        engine->usage.futex_calls - crew->before.futex_calls,
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
    for (unsigned i = 0; i < crew->layout.count; i++)
        observer_begin(&crew->observers[i]);
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

/* All of them have one name: which line it is tells which lock. */
static int make_choice(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;
    const struct layout *layout = &crew->layout;
    int error = 0;

    memory_name(&crew->engine.memory, crew->storage, layout->count * layout->lock_stride, "locks",
                SIM_BY_LINE);
    for (unsigned i = 0; i < layout->count && error == 0; i++)
        error = crew->ops->init(crew->storage + i * layout->lock_stride, repetition->threads,
                                repetition->lock.parameters);
    return error;
}

static int make_lock(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;
    const struct workload *workload = &repetition->workload;

    crew->layout = layout_make(crew->ops, repetition->threads, workload,
                               workload->memory.lines == MEMORY_SAME_LINE && workload->lines > 0);
    crew->storage = allocate_zeroed(MACHINE_APART, crew->layout.bytes);

    if (workload_is_nested(&repetition->workload))
        return make_nested(crew);
    crew->lock = crew->storage;
    if (workload_has_choice(&repetition->workload))
        return make_choice(crew);
    name_lock(crew, crew->lock, "lock", "lock, thread's part");
    return crew->ops->init(crew->lock, repetition->threads, repetition->lock.parameters);
}

/* With no lines under the lock, the words by which exclusion is checked cost nothing: the engine
 * sees an overlap by itself. */
static void make_data(struct crew *crew)
{
    const struct layout *layout = &crew->layout;

    crew->guarded = (struct guarded *)(crew->storage + layout->guarded);
    if (layout->guarded < layout->count * layout->lock_stride) {
        /* Behind the locks, whose lines have their names already. */
        memory_name(&crew->engine.memory, crew->guarded, sizeof *crew->guarded, "data",
                    SIM_BY_LINE);
        memory_name(&crew->engine.memory, crew->storage + layout->lines,
                    layout->count * layout->lines_stride, "lines", SIM_BY_LINE);
        return;
    }
    memory_name(&crew->engine.memory, crew->guarded, layout->count * layout->guarded_stride, "data",
                crew->repetition->workload.lines == 0 ? SIM_UNCOUNTED : SIM_BY_LINE);
}

/* What a varied loop is told. */
static void make_variation(const struct crew *crew, unsigned self, struct variation *variation)
{
    const struct repetition *repetition = crew->repetition;
    const struct workload *workload = &repetition->workload;

    *variation = (struct variation){
        .own_lines = crew->own_lines + self * workload->own_lines,
        .own_lines_count = workload->own_lines,
        .lock_stride = sizeof(struct observer),
        .guarded_stride = crew->layout.guarded_stride,
        .lines_stride = crew->layout.lines_stride,
    };
    if (workload_has_choice(workload))
        workload_choices(workload, repetition->seed + self, variation->choices);
}

static void make_own_lines(struct crew *crew)
{
    size_t bytes = (size_t)crew->repetition->threads * crew->repetition->workload.own_lines *
                   sizeof *crew->own_lines;

    if (bytes == 0)
        return;
    crew->own_lines = allocate_zeroed(MACHINE_APART, bytes);
    memory_name(&crew->engine.memory, crew->own_lines, bytes, "own lines", SIM_AS_ONE);
}

static void make_workers(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;
    const struct workload *workload = &repetition->workload;
    size_t bytes = repetition->threads * sizeof *crew->workers;

    crew->workers = allocate_zeroed(MACHINE_APART, bytes);
    memory_name(&crew->engine.memory, crew->workers, bytes, "program", SIM_AS_ONE);
    memory_name(&crew->engine.memory, crew, sizeof *crew, "program", SIM_AS_ONE);
    for (unsigned i = 0; i < repetition->threads; i++) {
        struct worker *worker = &crew->workers[i];
        worker->ops = &crew->observers[0].ops;
        worker->place = (struct workplace){
            .lock = crew->observers,
            .guarded = crew->guarded,
            .lines = (struct guarded_line *)(crew->storage + crew->layout.lines),
            .lines_beyond = workload->lines > 1 ? workload->lines - 1 : 0,
            .unverified_writes = workload->lines > 0,
            .self = i,
            .phase = &crew->phase,
        };
        workload_script(workload, i, repetition->seed + i, worker->script);
        make_variation(crew, i, &worker->variation);
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
            .held_ns = crew->observers[0].threads[i].held / PS_PER_NS,
            .writes = worker->writes,
            .bursts = worker->bursts,
            .burst_most = worker->burst_most,
            .retries = worker->retries,
            .start_ns = member->start_ns,
            .end_ns = member->end_ns,
            .critical = &worker->critical,
            .outside = &worker->outside,
        };
        findings->torn += worker->violations;
        findings->written += worker->all_writes;
    }
    for (unsigned i = 0; i < crew->layout.count; i++) {
        const char *guarded = (const char *)crew->guarded + i * crew->layout.guarded_stride;
        findings->counted += ((const struct guarded *)guarded)->first;
        findings->overlaps += crew->observers[i].overlaps;
        crew->window.acquisitions += crew->observers[i].acquisitions;
    }
    if ((crew->ops->traits & LOCK_UNVERIFIED) != 0)
        findings->overlaps = 0;
    virtual_machine_alone();
    if (crew->back == repetition->threads)
        findings_ask_locks(findings, crew->ops, crew->lock, crew->layout.lock_stride,
                           crew->layout.count);
}

static const char *owners_unmeasured(const struct crew *crew)
{
    if (workload_has_choice(&crew->repetition->workload))
        return "it is that of one lock, and each turn took one of several";
    return crew->observers[0].stream_cut ? "there was not enough memory for the stream of owners"
                                         : NULL;
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
        .idle_seen = true,
        .idle_ns = crew->observers[0].idle / PS_PER_NS,
        .clock_cost_ns = repetition->machine.parameters.clock_ns,
        .owners = &crew->observers[0].stream,
        .owners_unmeasured = owners_unmeasured(crew),
        .latencies = crew->latencies,
        .latency_stride = 1,
        .handoffs_unmeasured =
            (crew->ops->traits & LOCK_UNVERIFIED) != 0 ? "nobody owns a lock that is none" : NULL,
        .cpu_ns = crew->window.usage.cpu / PS_PER_NS,
        .voluntary = crew->window.usage.voluntary,
        .involuntary = crew->window.usage.involuntary,
        .futex_calls = crew->window.usage.futex_calls,
    };

    if (findings.threads == NULL)
        return NULL;
    find_all(crew, &findings);
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
    sim_engine_trace_rest(&crew->engine);
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
    for (unsigned i = 0; crew->observers != NULL && i < crew->layout.count; i++)
        owner_stream_free(&crew->observers[i].stream);
    free(crew->observers);
    free(crew->observed);
    free(crew->own_lines);
    free(crew->window.tallies);
    free(crew->workers);
    free(crew->members);
    free(crew->refusals);
    free(crew->order);
    free(crew->storage);
}

static void make_observers(struct crew *crew)
{
    const unsigned threads = crew->repetition->threads, count = crew->layout.count;

    crew->observers = allocate_zeroed(_Alignof(struct observer), count * sizeof *crew->observers);
    crew->observed = allocate_zeroed(_Alignof(struct observed_thread),
                                     (size_t)count * threads * sizeof *crew->observed);
    for (unsigned i = 0; i < count; i++)
        crew->observers[i] =
            observer_make(crew->ops, (char *)crew->lock + i * crew->layout.lock_stride,
                          &crew->engine, crew->observed + (size_t)i * threads, crew->latencies);
}

static json_t *make_and_run(struct crew *crew, char *problem, size_t problem_size)
{
    const unsigned threads = crew->repetition->threads;
    json_t *result = NULL;

    virtual_machine_alone();
    int error = make_lock(crew);
    if (error == 0) {
        crew->members = allocate_zeroed(_Alignof(struct member), threads * sizeof *crew->members);
        make_data(crew);
        make_own_lines(crew);
        make_observers(crew);
        make_workers(crew);
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
