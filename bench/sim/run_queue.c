#include "bench/sim/run_queue.h"

/* Of all that could run, the running one among them. */
struct load {
    int64_t sum; /* of their virtual times */
    int64_t count;
};

static struct load load_of(const struct sim_core *core)
{
    struct load load = {0};

    if (core->running != NULL)
        load = (struct load){core->running->had, 1};
    for (const struct sim_thread *thread = core->ready; thread != NULL; thread = thread->next) {
        load.sum += thread->had;
        load.count++;
    }
    return load;
}

static bool is_eligible(const struct load *load, const struct sim_thread *thread)
{
    return thread->had * load->count <= load->sum;
}

static bool is_before(const struct load *load, const struct sim_thread *thread,
                      const struct sim_thread *other)
{
    bool eligible = is_eligible(load, thread);

    return eligible != is_eligible(load, other) ? eligible : thread->deadline < other->deadline;
}

/* A slice that was had is followed by the next one. Among others they vary as all else does, or the
 * cores would stay in step with each other, and with what is done under a lock. */
static void ask_again(struct sim_engine *engine, struct sim_thread *thread, bool alone)
{
    const uint64_t slice = engine->costs.slice;

    if (thread->deadline <= thread->had)
        thread->deadline += (thread->had - thread->deadline) / (int64_t)slice * (int64_t)slice;
    while (thread->deadline <= thread->had)
        thread->deadline += (int64_t)(alone ? slice : sim_jittered(engine, slice));
}

/* A switch is nobody's time. */
bool run_queue_charge(struct sim_engine *engine, struct sim_core *core)
{
    struct sim_thread *thread = core->running;

    if (thread == NULL || engine->now <= core->charged)
        return false;
    thread->had += (int64_t)(engine->now - core->charged);
    core->charged = engine->now;
    bool slice_over = thread->deadline <= thread->had;
    ask_again(engine, thread, core->ready == NULL);
    return slice_over;
}

/* What it is owed it is owed still, as much as there was when it went to sleep; with it in the sum,
 * the mean moves, for which the factor makes up. What it owes has been paid when the others have
 * caught up. */
void run_queue_enter(struct sim_engine *engine, struct sim_core *core, struct sim_thread *thread)
{
    struct load load = load_of(core);
    int64_t left = thread->deadline - thread->had;

    if (load.count == 0) {
        thread->had = core->had_last;
    } else {
        int64_t mean = load.sum / load.count;
        if (thread->owed > 0)
            thread->had = mean - thread->owed * (load.count + 1) / load.count;
        else if (thread->had < mean)
            thread->had = mean;
    }
    thread->deadline = thread->had + left;
    ask_again(engine, thread, load.count == 0);
}

void run_queue_exit(struct sim_engine *engine, struct sim_core *core, struct sim_thread *thread)
{
    const int64_t most = 2 * (int64_t)engine->costs.slice;
    struct load load = load_of(core);
    int64_t owed = load.sum / load.count - thread->had;

    thread->owed = owed < most ? owed : most;
    core->had_last = thread->had;
}

void run_queue_yield(struct sim_engine *engine, struct sim_thread *thread)
{
    thread->deadline = thread->had + (int64_t)engine->costs.slice;
}

uint64_t run_queue_left(const struct sim_thread *thread)
{
    return (uint64_t)(thread->deadline - thread->had);
}

bool run_queue_has_better(const struct sim_core *core, bool slice_over)
{
    struct load load = load_of(core);

    for (const struct sim_thread *thread = core->ready; thread != NULL; thread = thread->next) {
        if (is_before(&load, thread, core->running) ||
            (slice_over && !is_before(&load, core->running, thread)))
            return true;
    }
    return false;
}

void run_queue_append(struct sim_core *core, struct sim_thread *thread)
{
    struct sim_thread **end = &core->ready;

    while (*end != NULL)
        end = &(*end)->next;
    *end = thread;
    thread->next = NULL;
}

struct sim_thread *run_queue_take(struct sim_core *core)
{
    struct load load = load_of(core);
    struct sim_thread **best = &core->ready;

    for (struct sim_thread **at = &core->ready; *at != NULL; at = &(*at)->next) {
        if (is_before(&load, *at, *best))
            best = at;
    }
    struct sim_thread *thread = *best;
    *best = thread->next;
    return thread;
}
