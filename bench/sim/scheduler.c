#include "bench/sim/scheduler.h"

#include "bench/sim/memory.h"
#include "bench/sim/run_queue.h"

static struct sim_core *core_of(struct sim_engine *engine, const struct sim_thread *thread)
{
    return &engine->cores[thread->cpu];
}

static uint32_t slice_event(const struct sim_engine *engine, unsigned cpu)
{
    return engine->threads_count + cpu;
}

/* While nobody else could run, a thread runs on. */
static void set_slice_end(struct sim_engine *engine, unsigned cpu)
{
    const struct sim_core *core = &engine->cores[cpu];

    if (core->ready != NULL)
        event_queue_set(&engine->events, slice_event(engine, cpu),
                        core->charged + run_queue_left(core->running));
    else
        event_queue_remove(&engine->events, slice_event(engine, cpu));
}

static void dispatch(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);
    uint64_t runs = engine->now + engine->costs.context_switch;

    core->running = thread;
    core->slice_over = false;
    core->charged = runs;
    thread->since = thread->accounted = engine->now;
    thread->off_core += engine->now - thread->left_core;
    thread->activity = SIM_DISPATCHING;
    sim_set_event(engine, thread, runs);
    set_slice_end(engine, thread->cpu);
}

void scheduler_ready(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);

    bool slice_over = run_queue_charge(engine, core);
    run_queue_enter(engine, core, thread);
    if (core->running == NULL) {
        dispatch(engine, thread);
        return;
    }
    thread->activity = SIM_READY;
    run_queue_append(core, thread);
    if (run_queue_has_better(core, slice_over))
        event_queue_set(&engine->events, slice_event(engine, thread->cpu), core->charged);
    else
        set_slice_end(engine, thread->cpu);
}

static void account(struct sim_engine *engine, struct sim_thread *thread)
{
    engine->usage.cpu += engine->now - thread->accounted;
    thread->accounted = engine->now;
}

static void trace_thread(struct sim_engine *engine, const struct sim_thread *thread)
{
    if (engine->trace != NULL)
        trace_run(engine->trace, engine->model->cpus[thread->cpu].os_index, thread->number,
                  thread->since, engine->now);
}

void sim_engine_settle(struct sim_engine *engine)
{
    for (unsigned i = 0; i < engine->model->cpus_count; i++) {
        if (engine->cores[i].running != NULL)
            account(engine, engine->cores[i].running);
    }
}

void sim_engine_trace_rest(struct sim_engine *engine)
{
    for (unsigned i = 0; i < engine->model->cpus_count; i++) {
        if (engine->cores[i].running != NULL)
            trace_thread(engine, engine->cores[i].running);
    }
}

static void leave_core(struct sim_engine *engine, struct sim_thread *thread)
{
    account(engine, thread);
    trace_thread(engine, thread);
    thread->left_core = engine->now;
    core_of(engine, thread)->running = NULL;
}

void scheduler_leave(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_core *core = core_of(engine, thread);

    run_queue_charge(engine, core);
    run_queue_exit(engine, core, thread);
    leave_core(engine, thread);
    if (core->ready != NULL)
        dispatch(engine, run_queue_take(core));
    else
        event_queue_remove(&engine->events, slice_event(engine, thread->cpu));
}

/* The running thread makes room for the one whose turn it is of the others. */
static void preempt(struct sim_engine *engine, struct sim_thread *thread, enum sim_activity resumed,
                    uint64_t left)
{
    struct sim_core *core = core_of(engine, thread);
    struct sim_thread *next = run_queue_take(core);

    event_queue_remove(&engine->events, thread->number);
    thread->activity = SIM_READY;
    thread->resumed = resumed;
    thread->left = left;
    leave_core(engine, thread);
    run_queue_append(core, thread);
    dispatch(engine, next);
}

void scheduler_yield(struct sim_engine *engine)
{
    struct sim_thread *thread = engine->running;

    run_queue_charge(engine, core_of(engine, thread));
    run_queue_yield(engine, thread);
    engine->usage.voluntary++;
    preempt(engine, thread, SIM_COMPUTING, 0);
    sim_wait(engine);
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
    if (!run_queue_has_better(core, run_queue_charge(engine, core))) {
        set_slice_end(engine, cpu);
        return;
    }
    engine->usage.involuntary++;
    thread->preempted++;
    if (thread->activity == SIM_COMPUTING) {
        uint64_t due = event_queue_time(&engine->events, thread->number);
        preempt(engine, thread, SIM_COMPUTING, due - engine->now);
        return;
    }
    if (thread->activity == SIM_WATCHING)
        memory_unwatch(thread);
    preempt(engine, thread, SIM_POLLING, 0);
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

/* Another core has to be interrupted, and may have to get up first. */
unsigned scheduler_wake(struct sim_engine *engine, struct sim_line *line, const void *word,
                        uint32_t most)
{
    struct sim_thread *next;
    unsigned called = 0;

    for (struct sim_thread *thread = line->sleepers; thread != NULL && most > 0; thread = next) {
        next = thread->next;
        if (thread->access.word != word)
            continue;
        take_sleeper(line, thread);
        thread->woken = true;
        bool elsewhere = thread->cpu != engine->running->cpu;
        uint64_t delay = elsewhere ? sim_jittered(engine, engine->costs.wake) : 0;
        sim_set_event(engine, thread, engine->now + delay);
        called += elsewhere;
        most--;
    }
    return called;
}
