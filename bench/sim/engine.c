#define MACHINE_VIRTUAL
#include "bench/sim/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/random.h"
#include "bench/sim/memory.h"
#include "bench/sim/scheduler.h"
#include "bench/virtual/site.h"
#include "locks/machine/machine.h"

static struct sim_costs costs_of(const struct sim_parameters *parameters)
{
    return (struct sim_costs){
        .hit = parameters->hit_ns * PS_PER_NS,
        .atomic = parameters->atomic_ns * PS_PER_NS,
        .relax = parameters->relax_ns * PS_PER_NS,
        .clock = parameters->clock_ns * PS_PER_NS,
        .syscall = parameters->syscall_ns * PS_PER_NS,
        .context_switch = parameters->switch_ns * PS_PER_NS,
        .wake = parameters->wake_ns * PS_PER_NS,
        .wake_call = parameters->wake_call_ns * PS_PER_NS,
        .interrupt = parameters->interrupt_ns * PS_PER_NS,
        .slice = parameters->slice_ns * PS_PER_NS,
        .stall = parameters->stall_ns * PS_PER_NS,
        .jitter = parameters->jitter * 65536 / 100,
    };
}

static uint32_t alarm_event(const struct sim_engine *engine)
{
    return engine->threads_count + engine->model->cpus_count;
}

bool sim_engine_make(struct sim_engine *engine, const struct sim_model *model, unsigned threads,
                     const unsigned *cpus, size_t cpus_count, uint64_t seed)
{
    *engine = (struct sim_engine){
        .model = model,
        .costs = costs_of(&model->parameters),
        .random = seed,
        .threads = calloc(threads, sizeof *engine->threads),
        .threads_count = threads,
        .cores = calloc(model->cpus_count, sizeof *engine->cores),
        .caller = coroutine_of_caller(),
        .memory.scratch = calloc(threads, sizeof *engine->memory.scratch),
    };
    if (engine->threads == NULL || engine->cores == NULL || engine->caller == NULL ||
        engine->memory.scratch == NULL ||
        !event_queue_make(&engine->events, threads + model->cpus_count + 1))
        return false;
    for (unsigned i = 0; i < threads; i++) {
        struct sim_thread *thread = &engine->threads[i];
        thread->engine = engine;
        thread->number = i;
        thread->cpu = cpus[i % cpus_count];
        thread->until_stall =
            1 + random_below(&engine->random, 2 * model->parameters.stall_every + 1);
    }
    return true;
}

void sim_engine_free(struct sim_engine *engine)
{
    for (unsigned i = 0; engine->threads != NULL && i < engine->threads_count; i++)
        coroutine_free(engine->threads[i].coroutine);
    memory_free(&engine->memory);
    event_queue_free(&engine->events);
    free(engine->threads);
    free(engine->cores);
    free(engine->caller);
}

uint64_t sim_jittered(struct sim_engine *engine, uint64_t ps)
{
    uint64_t most = ps * engine->costs.jitter >> 16;

    return ps - most + random_below(&engine->random, 2 * most + 1);
}

/* ---- the loop over events ---- */

static bool resume(struct sim_engine *engine, struct sim_thread *thread)
{
    thread->activity = thread->resumed;
    if (thread->activity == SIM_POLLING)
        return memory_try(engine, thread);
    if (thread->left == 0)
        return true;
    sim_set_event(engine, thread, engine->now + thread->left);
    return false;
}

/* What the thread's event was about. True: its coroutine goes on. */
static bool handle_thread(struct sim_engine *engine, struct sim_thread *thread)
{
    switch (thread->activity) {
    case SIM_COMPUTING:
        return true;
    case SIM_REQUESTING:
        scheduler_line_came(engine, thread);
        return memory_complete(engine, thread);
    case SIM_WATCHING:
        memory_unwatch(thread);
        return true;
    case SIM_POLLING:
        return memory_try(engine, thread);
    case SIM_DISPATCHING:
        return resume(engine, thread);
    case SIM_ASLEEP:
        scheduler_awake(engine, thread);
        return false;
    case SIM_READY:
    case SIM_DONE:
        break;
    }
    abort();
}

/* Takes the next event. Returns the thread whose coroutine goes on, or NULL. */
static struct sim_thread *handle_event(struct sim_engine *engine)
{
    event event = event_queue_pop(&engine->events);
    uint32_t subject = event_subject(event);

    engine->now = event_time(event);
    if (subject == alarm_event(engine)) {
        engine->alarm(engine->alarm_argument);
        return NULL;
    }
    if (subject >= engine->threads_count) {
        scheduler_slice_ends(engine, subject - engine->threads_count);
        return NULL;
    }
    struct sim_thread *thread = &engine->threads[subject];
    return handle_thread(engine, thread) ? thread : NULL;
}

/* The alarm writes nothing that a thread may wait for, so it does not count. */
static bool nothing_can_happen(const struct sim_engine *engine)
{
    return engine->events.count == 0 ||
           (engine->events.count == 1 &&
            event_subject(engine->events.heap[0]) == alarm_event(engine));
}

/* Goes on with whoever is next; returns when that is `here` again. */
static void go_on(struct sim_engine *engine, struct coroutine *here)
{
    struct coroutine *next = engine->caller;

    while (!engine->stopped) {
        if (nothing_can_happen(engine)) {
            engine->end = engine->done == engine->threads_count ? SIM_ENDED : SIM_DEADLOCK;
            break;
        }
        struct sim_thread *thread = handle_event(engine);
        if (thread != NULL) {
            engine->running = thread;
            next = thread->coroutine;
            break;
        }
    }
    if (next != here)
        coroutine_switch(here, next);
}

void sim_wait(struct sim_engine *engine)
{
    go_on(engine, engine->running->coroutine);
}

/* Switching is what costs, so a thread that is still the first goes on at once. */
void sim_spend(struct sim_engine *engine, uint64_t ps)
{
    uint64_t until = engine->now + ps;

    if (until < event_queue_next(&engine->events)) {
        engine->now = until;
        return;
    }
    engine->running->activity = SIM_COMPUTING;
    sim_set_event(engine, engine->running, until);
    sim_wait(engine);
}

static void thread_main(void *argument)
{
    struct sim_thread *thread = argument;
    struct sim_engine *engine = thread->engine;

    thread->run(thread->argument);
    thread->activity = SIM_DONE;
    engine->done++;
    scheduler_leave(engine, thread);
    sim_wait(engine);
}

void sim_engine_start(struct sim_engine *engine, unsigned number, void (*run)(void *argument),
                      void *argument)
{
    struct sim_thread *thread = &engine->threads[number];

    thread->run = run;
    thread->argument = argument;
    thread->coroutine = allocated(coroutine_new(thread_main, thread));
}

void sim_engine_set_alarm(struct sim_engine *engine, uint64_t ns, void (*alarm)(void *argument),
                          void *argument)
{
    engine->alarm = alarm;
    engine->alarm_argument = argument;
    event_queue_set(&engine->events, alarm_event(engine), ns * PS_PER_NS);
}

void sim_engine_stop(struct sim_engine *engine)
{
    engine->stopped = true;
    engine->end = SIM_STOPPED;
}

/* Threads begin within a microsecond of each other, as if they had left a barrier. */
enum sim_end sim_engine_run(struct sim_engine *engine)
{
    sim_machine_use(engine);
    for (unsigned i = 0; i < engine->threads_count; i++) {
        struct sim_thread *thread = &engine->threads[i];
        thread->activity = SIM_ASLEEP;
        thread->resumed = SIM_COMPUTING;
        sim_set_event(engine, thread,
                      engine->model->parameters.jitter == 0
                          ? 0
                          : random_below(&engine->random, 1000 * PS_PER_NS));
    }
    go_on(engine, engine->caller);
    return engine->end;
}

const char *sim_engine_position(const struct sim_engine *engine, unsigned number, char *text,
                                size_t size)
{
    const struct sim_thread *thread = &engine->threads[number];
    const struct virtual_site *site = thread->access.site;

    if (thread->activity == SIM_DONE || site == NULL) {
        snprintf(text, size, "%s", site == NULL ? "the beginning" : "the end");
        return text;
    }
    char place[SITE_TEXT];
    const char *what = thread->activity == SIM_COMPUTING           ? "computes after an access to"
                       : thread->activity == SIM_ASLEEP            ? "sleeps on"
                       : site->operation == VIRTUAL_RETRY_EXCHANGE ? "tries again and again on"
                                                                   : "waits for";
    int used =
        snprintf(text, size, "%s, %s %s", site_place(site, place), what, thread->line->tally->name);
    if (thread->activity == SIM_WATCHING && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, " to %s %" PRIu64,
                 site->operation == VIRTUAL_AWAIT_EQUAL ? "be" : "be other than",
                 thread->access.value);
    return text;
}
