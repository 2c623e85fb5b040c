#include "bench/native/crew.h"

#include <inttypes.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/allocate.h"
#include "bench/native/bind.h"
#include "bench/native/crew_phases.h"
#include "bench/native/crew_processes.h"
#include "bench/native/irql.h"
#include "bench/native/owner_pass.h"
#include "bench/statistics.h"

/* Enough for the loop, a context and the C library; a thousand threads should cost little. */
enum { STACK_BYTES = 256 * 1024, PAGE_BYTES = 4096 };

void *crew_allocate(struct crew *crew, const char *name, size_t alignment, size_t size)
{
    const struct arena_type type = {name, size, alignment, NULL};
    void *memory;

    if (crew->arena == NULL)
        return allocate_zeroed(alignment, size);
    /* A hold of its own: several threads may be here. */
    struct arena hold = *crew->arena;
    if (arena_object(&hold, name, &type, NULL, &memory) == ARENA_FINE)
        return memory;
    fprintf(stderr, "lockbench: %s\n", hold.problem);
    exit(EXIT_MACHINE);
}

struct usage usage_now(void)
{
    struct timespec cpu;
    struct rusage rusage;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrusage(RUSAGE_SELF, &rusage);
    return (struct usage){.cpu_ns = native_ns(cpu),
                          .voluntary = (uint64_t)rusage.ru_nvcsw,
                          .involuntary = (uint64_t)rusage.ru_nivcsw};
}

/* For whoever looks after the thread has gone. */
static void note_switches(struct member *member)
{
    struct rusage rusage;

    getrusage(RUSAGE_THREAD, &rusage);
    member->voluntary = (uint64_t)rusage.ru_nvcsw;
    member->involuntary = (uint64_t)rusage.ru_nivcsw;
}

/* How often the kernel moved the calling thread to another CPU since it began. */
static bool migrations_now(uint64_t *migrations)
{
    FILE *file = fopen("/proc/thread-self/sched", "re");
    char line[256];
    bool known = false;

    if (file == NULL)
        return false;
    while (!known && fgets(line, sizeof line, file) != NULL)
        known = sscanf(line, "se.nr_migrations : %" SCNu64, migrations) == 1;
    fclose(file);
    return known;
}

/* Binding may be refused, and may silently do nothing: what counts is where the thread is. */
static void bind_member(struct member *member)
{
    member->bind_error = bind_to_cpu(member->cpu);
    member->stayed = member->bind_error == 0 && machine_cpu() == member->cpu;
}

static int init_lock(struct crew *crew, void *storage)
{
    const struct repetition *repetition = crew->repetition;
    const struct lock_ops *ops = repetition->lock.ops;
    const size_t threads = repetition->threads;

    if (!workload_is_nested(&repetition->workload)) {
        int error = 0;
        crew->ops = ops;
        crew->lock = storage;
        for (unsigned i = 0; i < crew->layout.count && error == 0; i++)
            error = ops->init((char *)storage + i * crew->layout.lock_stride, repetition->threads,
                              repetition->lock.parameters);
        return error;
    }
    crew->ops = &crew->nested.ops;
    crew->lock = &crew->nested;
    return nested_init(
        &crew->nested, ops, repetition, storage,
        crew_allocate(crew, "orders", MACHINE_APART, threads * sizeof(struct lock_order_thread)),
        crew_allocate(crew, "refusals", MACHINE_APART, threads * sizeof(struct order_refusal)));
}

struct layout crew_layout(const struct repetition *repetition)
{
    const struct workload *workload = &repetition->workload;

    const enum memory_lines lines = workload->memory.lines;
    bool behind = lines == MEMORY_SAME_LINE || (lines == MEMORY_USUAL && workload->lines == 0);

    return layout_make(repetition->lock.ops, repetition->threads, workload, behind);
}

/* Bytes from one published pair to the next: with its lines behind it. */
static size_t pair_bytes(const struct workload *workload)
{
    size_t bytes = (workload->lines > 1 ? workload->lines : 1) * sizeof(struct guarded_line);

    return (bytes + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
}

/* The one that is published first, and a spare for each thread. */
static void make_pairs(struct crew *crew)
{
    size_t bytes = pair_bytes(&crew->repetition->workload);
    char *pairs =
        crew_allocate(crew, "guarded", MACHINE_APART, (crew->repetition->threads + 1) * bytes);

    crew->guarded = (struct guarded *)pairs;
    crew->lines = (struct guarded_line *)pairs + 1;
    crew->spares = pairs + bytes;
}

/* By the first thread, where it runs, so that the pages lie on its node. With no lines under the
 * lock, the words by which exclusion is checked follow the lock itself, on its line if there is
 * room; otherwise they are the first line, apart from the lock. */
static void make_lock(struct crew *crew)
{
    const struct layout *layout = &crew->layout;
    char *storage = crew->memory.start;

    if (storage == NULL)
        storage = crew_allocate(crew, "lock", MACHINE_APART, layout->bytes);
    crew->storage = storage;
    if ((crew->repetition->lock.ops->traits & LOCK_READERS_BESIDE_WRITER) != 0) {
        make_pairs(crew);
    } else {
        crew->guarded = (struct guarded *)(storage + layout->guarded);
        crew->lines = (struct guarded_line *)(storage + layout->lines);
    }
    word_init(&crew->published, crew->guarded);
    crew->init_error = init_lock(crew, storage);
}

static void make_owner_log(struct crew *crew, unsigned self, struct owner_log *log)
{
    char name[32];

    log->windows = &crew->owner_windows;
    log->capacity = owner_pass_room(crew->repetition->threads);
    snprintf(name, sizeof name, "owners %u", self);
    log->notes = crew_allocate(crew, name, MACHINE_APART, log->capacity * sizeof *log->notes);
}

/* Where nobody reads, nothing is there for readers. */
size_t crew_latencies_bytes(const struct repetition *repetition)
{
    return (repetition->workload.readers > 0 ? LATENCIES_WAYS : 1) * sizeof(struct latencies);
}

static struct latencies *make_latencies(struct crew *crew, unsigned self)
{
    char name[32];

    snprintf(name, sizeof name, "latencies %u", self);
    return crew_allocate(crew, name, MACHINE_APART, crew_latencies_bytes(crew->repetition));
}

/* By the thread itself, so that the lines lie on its node. */
static void make_variation(struct crew *crew, unsigned self, struct variation *variation)
{
    const struct repetition *repetition = crew->repetition;
    const struct workload *workload = &repetition->workload;
    char name[32];

    *variation = (struct variation){
        .timed = workload->hogs > 0 && !workload_has_choice(workload),
        .own_lines_count = workload->own_lines,
        .lock_stride = crew->layout.lock_stride,
        .guarded_stride = crew->layout.guarded_stride,
        .lines_stride = crew->layout.lines_stride,
    };
    snprintf(name, sizeof name, "own lines %u", self);
    if (workload->own_lines > 0)
        variation->own_lines = crew_allocate(crew, name, MACHINE_APART,
                                             workload->own_lines * sizeof *variation->own_lines);
    if (workload_has_choice(workload))
        workload_choices(workload, repetition->seed + self, variation->choices);
}

static void make_worker(struct member *member, unsigned self)
{
    const struct repetition *repetition = member->crew->repetition;
    char name[32];

    native_set_self(self);
    snprintf(name, sizeof name, "worker %u", self);
    struct crew_station *station = crew_allocate(member->crew, name, PAGE_BYTES, sizeof *station);
    member->worker = &station->worker;
    /* A stack belongs to one process, and queue locks look into each other's contexts. */
    member->worker->context = member->crew->arena != NULL ? station->context : NULL;
    member->worker->raise = irql_mode(repetition->workload.irql)->raise;
    member->worker->lower = irql_mode(repetition->workload.irql)->lower;
    workload_script(&repetition->workload, self, repetition->seed + self, member->worker->script);
    make_variation(member->crew, self, &member->worker->variation);
    if (passes_has(repetition->passes, OBSERVE_OWNERS))
        make_owner_log(member->crew, self, &member->worker->owners);
    if (passes_has(repetition->passes, OBSERVE_LATENCY))
        member->worker->latencies = make_latencies(member->crew, self);
}

static void place_worker(struct member *member, unsigned self)
{
    struct crew *crew = member->crew;
    const struct workload *workload = &crew->repetition->workload;

    member->worker->ops = crew->ops;
    if (crew->spares != NULL) {
        member->worker->published = &crew->published;
        member->worker->spare = (struct guarded *)(crew->spares + self * pair_bytes(workload));
    }
    member->worker->place = (struct workplace){
        .lock = crew->lock,
        .guarded = crew->guarded,
        .lines = crew->lines,
        .lines_beyond = workload->lines > 1 ? workload->lines - 1 : 0,
        .unverified_writes = workload->lines > 0,
        .self = self,
        .phase = &crew->phase,
        .watch = &crew->watch,
    };
}

/* A thread that waited for the lock through a whole phase goes on with the present one. */
static void work_until_window(struct member *member)
{
    const struct crew *crew = member->crew;
    loop_function *owners = crew->loops[OBSERVE_OWNERS];
    /* The warm-up is as the pass that follows it, so that each thread knows when it had the lock
     * before, and the thread that gets it first in the pass knows that it has begun. */
    loop_function *const loops[PHASE_WINDOW] = {
        [PHASE_WARMUP] = owners != NULL ? owners : crew->loops[OBSERVE_NOTHING],
        [PHASE_OWNERS] = owners,
        [PHASE_LATENCY] = crew->loops[OBSERVE_LATENCY],
    };
    uint32_t phase = PHASE_WARMUP;

    while (member->error == 0 && phase < PHASE_WINDOW) {
        member->error = loops[phase](member->worker, phase);
        phase = word_load(&member->crew->phase, acquire);
    }
}

static void work_in_window(struct member *member)
{
    struct worker *worker = member->worker;

    counters_begin(&member->counters);
    worker->writes = worker->bursts = worker->burst_start = worker->burst_most = 0;
    worker->retries = 0;
    worker->critical.taken = worker->outside.taken = 0;
    worker->held_ns = 0;
    worker->first_hold = worker->last_hold;
    worker->critical.backwards = worker->outside.backwards = 0;
    word_store(&worker->acquisitions, worker->carried, relaxed);
    word_store(&member->in_window, true, release);
    member->start_ns = machine_clock();
    member->error = member->crew->loops[OBSERVE_NOTHING](worker, PHASE_WINDOW);
    member->end_ns = machine_clock();
    counters_end(&member->counters);
}

static void work(struct member *member)
{
    struct crew *crew = member->crew;
    uint64_t migrations = 0;
    bool known = migrations_now(&migrations);

    bool held = irql_is_held(crew->repetition->workload.irql);

    pthread_barrier_wait(&crew->barrier);
    /* From here on, the thread waits for nobody but by way of the lock. */
    native_count_futex_calls(&member->futex_calls);
    if (crew->ops->thread_begins != NULL)
        crew->ops->thread_begins();
    if (held)
        member->worker->raise();
    work_until_window(member);
    if (member->error == 0 && word_load(&crew->phase, relaxed) == PHASE_WINDOW)
        work_in_window(member);
    if (held)
        member->worker->lower();
    if (crew->ops->thread_ends != NULL)
        crew->ops->thread_ends();
    member->stayed = member->stayed && machine_cpu() == member->cpu;
    member->migrations_known = known && migrations_now(&member->migrations);
    member->migrations -= migrations;
}

static void *member_main(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    unsigned self = (unsigned)(member - crew->members);

    member->id = gettid();
    bind_member(member);
    make_worker(member, self);
    if (self == 0)
        make_lock(crew);
    pthread_barrier_wait(&crew->barrier);
    /* Between these two the leader looks at who could be bound. */
    pthread_barrier_wait(&crew->barrier);
    if (crew->called_off)
        return NULL;
    place_worker(member, self);
    counters_open(&member->counters, &crew->counting);
    if (member->first_on_cpu) {
        member->spin_rate = native_measure_spin_rate();
        member->irql_ns = irql_measure_ns(crew->repetition->workload.irql);
    }
    pthread_barrier_wait(&crew->barrier);
    /* Between this one and the one in work(), the leader sets the rate. */
    work(member);
    note_switches(member);
    counters_close(&member->counters);
    word_store(&member->departed, true, release);
    sem_post(&crew->departures);
    return NULL;
}

/* What one thread on each CPU measured, all at once. */
struct spread {
    double median, least, most;
};

/* Of the number that lies there in each member. */
static struct spread spread_over_cpus(const struct crew *crew, size_t place)
{
    const unsigned threads = crew->repetition->threads;
    double *found = allocate_zeroed(sizeof *found, threads * sizeof *found);
    size_t count = 0;

    for (unsigned i = 0; i < threads; i++) {
        if (crew->members[i].first_on_cpu)
            found[count++] = *(const double *)((const char *)&crew->members[i] + place);
    }
    statistics_sort(found, count);
    struct spread spread = {statistics_median(found, count), found[0], found[count - 1]};
    free(found);
    return spread;
}

/* Sets the rate of this process. */
static struct spread set_spin_rate(const struct crew *crew)
{
    struct spread rates = spread_over_cpus(crew, offsetof(struct member, spin_rate));

    native_set_spin_rate(rates.median);
    return rates;
}

struct clock_cost measure_clock_cost(void)
{
    enum { LOOKS = 1001 };
    double looks[LOOKS];

    for (int i = 0; i < LOOKS; i++) {
        uint64_t start = machine_clock(), end = machine_clock();
        looks[i] = end > start ? (double)(end - start) : 0;
    }
    statistics_sort(looks, LOOKS);
    return (struct clock_cost){(uint64_t)looks[0], (uint64_t)looks[LOOKS / 2]};
}

static void place_members(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;

    for (unsigned number = 0; number < repetition->threads; number++) {
        struct member *member = &crew->members[number];
        member->crew = crew;
        member->cpu = repetition->cpus[number % repetition->cpus_count];
        member->first_on_cpu = number < repetition->cpus_count;
        for (unsigned i = 0; i < number && member->first_on_cpu; i++)
            member->first_on_cpu = crew->members[i].cpu != member->cpu;
    }
}

/* The barrier needs them all. */
unsigned crew_start_members(struct crew *crew, unsigned first, unsigned count, int *error)
{
    pthread_attr_t attributes;
    unsigned started = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (; started < count; started++) {
        struct member *member = &crew->members[first + started];
        *error = pthread_create(&member->thread, &attributes, member_main, member);
        if (*error != 0)
            break;
    }
    pthread_attr_destroy(&attributes);
    return started;
}

static const char *check_ready(struct crew *crew, char *problem, size_t problem_size)
{
    for (unsigned i = 0; i < crew->repetition->threads; i++) {
        const struct member *member = &crew->members[i];
        if (member->bind_error != 0) {
            snprintf(problem, problem_size, "thread %u can't be bound to CPU %u: %s", i,
                     member->cpu, strerror(member->bind_error));
            return problem;
        }
    }
    if (crew->init_error == 0)
        return lock_memory_check(&crew->memory, problem, problem_size);
    snprintf(problem, problem_size, "the lock can't be made for %u threads: %s",
             crew->repetition->threads, strerror(crew->init_error));
    return problem;
}

static loop_function *choose_loop(const struct repetition *repetition, enum observation observation)
{
    const struct workload *workload = &repetition->workload;
    struct loop_shape shape = {workload_is_scripted(workload), observation};
    bool through_vtable = repetition->through_vtable || workload_is_nested(workload);

    if (workload->irql != IRQL_NONE && !irql_is_held(workload->irql))
        return through_vtable || observation != OBSERVE_NOTHING
                   ? loop_raised_through_vtable(observation)
                   : loop_raised(repetition->lock.ops);
    if (workload_is_varied(workload) && observation == OBSERVE_NOTHING)
        return through_vtable ? loop_varied_through_vtable() : loop_varied(repetition->lock.ops);
    if (workload_is_nested(workload))
        return loop_nested(observation);
    return through_vtable ? loop_through_vtable(shape) : loop_inlined(repetition->lock.ops, shape);
}

static void choose_loops(struct crew *crew)
{
    const struct repetition *repetition = crew->repetition;

    for (unsigned i = OBSERVE_NOTHING; i < OBSERVATIONS; i++) {
        enum observation observation = (enum observation)i;
        if (observation == OBSERVE_NOTHING || passes_has(repetition->passes, observation))
            crew->loops[observation] = choose_loop(repetition, observation);
    }
}

const char *crew_lead(struct crew *crew, char *problem, size_t problem_size)
{
    const enum irql irql = crew->repetition->workload.irql;

    pthread_barrier_wait(&crew->barrier);
    crew->called_off = check_ready(crew, problem, problem_size) != NULL;
    pthread_barrier_wait(&crew->barrier);
    if (crew->called_off)
        return problem;
    pthread_barrier_wait(&crew->barrier);
    struct spread rates = set_spin_rate(crew);
    crew->spin_rate = rates.median;
    crew->spin_rate_least = rates.least;
    crew->spin_rate_most = rates.most;
    crew->irql_ns = spread_over_cpus(crew, offsetof(struct member, irql_ns)).median;
    irql_raise_leader(irql);
    pthread_barrier_wait(&crew->barrier);
    crew_lead_phases(crew);
    /* Threads that did not come back still run, and would keep an ordinary leader from reporting.
     */
    if (crew->departed == crew->repetition->threads)
        irql_lower_leader(irql);
    return NULL;
}

bool crew_attend(struct crew *crew)
{
    pthread_barrier_wait(&crew->barrier);
    pthread_barrier_wait(&crew->barrier);
    if (crew->called_off)
        return false;
    pthread_barrier_wait(&crew->barrier);
    set_spin_rate(crew);
    pthread_barrier_wait(&crew->barrier);
    return true;
}

static const char *run_threads(struct crew *crew, char *problem, size_t problem_size)
{
    const unsigned threads = crew->repetition->threads;
    int error = 0;
    unsigned started = crew_start_members(crew, 0, threads, &error);

    if (started < threads) {
        snprintf(problem, problem_size, "thread %u of %u can't be started: %s", started + 1,
                 threads, strerror(error));
        return problem;
    }
    if (crew_lead(crew, problem, problem_size) != NULL)
        return problem;
    for (unsigned i = 0; crew->departed == threads && i < threads; i++)
        pthread_join(crew->members[i].thread, NULL);
    return NULL;
}

struct crew *crew_make(const struct repetition *repetition, char *problem, size_t problem_size)
{
    const bool split = repetition->processes > 1;
    if (irql_check(repetition->workload.irql, problem, problem_size) != NULL)
        return NULL;
    struct crew *crew = split ? crew_processes_make(repetition, problem, problem_size)
                              : allocate_zeroed(MACHINE_APART, sizeof *crew);
    pthread_barrierattr_t attributes;

    if (crew == NULL)
        return NULL;
    crew->repetition = repetition;
    crew->layout = crew_layout(repetition);
    if (lock_memory_make(&crew->memory, &repetition->workload.memory, crew->layout.bytes, split,
                         problem, problem_size) != NULL)
        return NULL;
    choose_loops(crew);
    crew->members =
        crew_allocate(crew, "members", MACHINE_APART, repetition->threads * sizeof *crew->members);
    place_members(crew);
    crew->clock_cost = measure_clock_cost();
    if (counting_refused(repetition->counters, repetition->lock.ops) == NULL) {
        counters_make_room(repetition->threads);
        counters_choose(&crew->counting);
    }
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes,
                                   split ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    /* The members, the leader, and the first thread of each further process. */
    pthread_barrier_init(&crew->barrier, &attributes,
                         repetition->threads + 1 + (split ? repetition->processes : 0));
    pthread_barrierattr_destroy(&attributes);
    sem_init(&crew->departures, split, 0);
    return crew;
}

const char *crew_run(struct crew *crew, char *problem, size_t problem_size)
{
    return crew->arena == NULL ? run_threads(crew, problem, problem_size)
                               : crew_processes_run(crew, problem, problem_size);
}
