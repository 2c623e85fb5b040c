#include "bench/sim/scheduler.h"

#include "bench/sim/memory.h"

static struct sim_core *core_of(struct sim_engine *engine, const struct sim_thread *thread)
{
    return &engine->cores[thread->cpu];
}

static uint32_t slice_event(const struct sim_engine *engine, unsigned cpu)
{
    return engine->threads_count + cpu;
}

static void append(struct sim_core *core, struct sim_thread *thread)
{
    thread->next = NULL;
    if (core->ready == NULL)
        core->ready = thread;
    else
        core->last_ready->next = thread;
    core->last_ready = thread;
}

static struct sim_thread *take_first(struct sim_core *core)
{
    struct sim_thread *first = core->ready;

    core->ready = first->next;
    return first;
}

static void dispatch(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);
    uint64_t runs = engine->now + engine->costs.context_switch;

    core->running = thread;
    core->slice_over = false;
    core->slice_end = runs + engine->costs.slice;
    thread->since = engine->now;
    thread->off_core += engine->now - thread->left_core;
    thread->activity = SIM_DISPATCHING;
    sim_set_event(engine, thread, runs);
    if (core->ready != NULL)
        event_queue_set(&engine->events, slice_event(engine, thread->cpu), core->slice_end);
    else
        event_queue_remove(&engine->events, slice_event(engine, thread->cpu));
}

void scheduler_ready(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);
    uint32_t event = slice_event(engine, thread->cpu);

    if (core->running == NULL) {
        dispatch(engine, thread);
        return;
    }
    thread->activity = SIM_READY;
    append(core, thread);
    if (event_queue_time(&engine->events, event) == UINT64_MAX)
        event_queue_set(&engine->events, event,
                        core->slice_end > engine->now ? core->slice_end : engine->now);
}

static void account(struct sim_engine *engine, struct sim_thread *thread)
{
    engine->usage.cpu += engine->now - thread->since;
    if (engine->trace != NULL)
        trace_run(engine->trace, engine->model->cpus[thread->cpu].os_index, thread->number,
                  thread->since, engine->now);
    thread->since = engine->now;
}

void sim_engine_settle(struct sim_engine *engine)
{
    for (unsigned i = 0; i < engine->model->cpus_count; i++) {
        if (engine->cores[i].running != NULL)
            account(engine, engine->cores[i].running);
    }
}

void scheduler_leave(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);

    account(engine, thread);
    thread->left_core = engine->now;
    core->running = NULL;
    if (core->ready != NULL)
        dispatch(engine, take_first(core));
    else
        event_queue_remove(&engine->events, slice_event(engine, thread->cpu));
}

void scheduler_preempt(struct sim_engine *engine, struct sim_thread *thread,
                       enum sim_activity resumed, uint64_t left)
{
    event_queue_remove(&engine->events, thread->number);
    thread->activity = SIM_READY;
    thread->resumed = resumed;
    thread->left = left;
    append(core_of(engine, thread), thread);
    scheduler_leave(engine, thread);
}

void scheduler_slice_ends(struct sim_engine *engine, unsigned cpu)
{
    struct sim_core *core = &engine->cores[cpu];
    struct sim_thread *thread = core->running;

    if (thread == NULL || core->ready == NULL)
        return;
    if (thread->activity == SIM_REQUESTING) {
        core->slice_over = true;
        return;
    }
    engine->usage.involuntary++;
    thread->preempted++;
    if (thread->activity == SIM_COMPUTING) {
        uint64_t due = event_queue_time(&engine->events, thread->number);
        scheduler_preempt(engine, thread, SIM_COMPUTING, due - engine->now);
        return;
    }
    if (thread->activity == SIM_WATCHING)
        memory_unwatch(thread);
    scheduler_preempt(engine, thread, SIM_POLLING, 0);
}

/* Not at once: what a thread does with the word that it has just read, and sleeping on it above
 * all, must not lie a time slice apart. */
void scheduler_line_came(struct sim_engine *engine, const struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);

    if (!core->slice_over)
        return;
    core->slice_over = false;
    event_queue_set(&engine->events, slice_event(engine, thread->cpu), engine->now);
}

/* Takes a thread out of its line's row of sleepers. */
static void take_sleeper(struct sim_line *line, struct sim_thread *thread)
{
    struct sim_thread *previous = NULL;

    for (struct sim_thread *other = line->sleepers; other != thread; other = other->next)
        previous = other;
    if (previous == NULL)
        line->sleepers = thread->next;
    else
        previous->next = thread->next;
    if (line->last_sleeper == thread)
        line->last_sleeper = previous;
    thread->sleeping = false;
}

bool scheduler_sleep(struct sim_engine *engine, uint64_t deadline)
{
    struct sim_thread *thread = engine->running;
    struct sim_line *line = thread->line;

    thread->next = NULL;
    if (line->sleepers == NULL)
        line->sleepers = thread;
    else
        line->last_sleeper->next = thread;
    line->last_sleeper = thread;
    thread->sleeping = true;
    thread->woken = false;
    thread->activity = SIM_ASLEEP;
    thread->resumed = SIM_COMPUTING;
    thread->left = 0;
    engine->usage.voluntary++;
    if (deadline != UINT64_MAX)
        sim_set_event(engine, thread, deadline > engine->now ? deadline : engine->now);
    scheduler_leave(engine, thread);
    sim_wait(engine);
    return thread->woken;
}

void scheduler_awake(struct sim_engine *engine, struct sim_thread *thread)
{
    if (thread->sleeping)
        take_sleeper(thread->line, thread);
    scheduler_ready(engine, thread);
}

void scheduler_wake(struct sim_engine *engine, struct sim_line *line, const void *word,
                    uint32_t most)
{
    struct sim_thread *next;

    for (struct sim_thread *thread = line->sleepers; thread != NULL && most > 0; thread = next) {
        next = thread->next;
        if (thread->access.word != word)
            continue;
        take_sleeper(line, thread);
        thread->woken = true;
        sim_set_event(engine, thread, engine->now + sim_jittered(engine, engine->costs.wake));
        most--;
    }
}
