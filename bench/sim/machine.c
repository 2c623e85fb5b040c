/* The machine interface of the locks, on the engine. */
#define MACHINE_VIRTUAL
#include "bench/sim/engine.h"
#include "bench/sim/memory.h"
#include "bench/sim/scheduler.h"
#include "locks/machine/machine.h"

/* The engine that runs: the interface has no room for it, because locks know nothing of it. */
static struct sim_engine *engine;

void sim_machine_use(struct sim_engine *used)
{
    engine = used;
    virtual_machine = &sim_machine;
}

static uint64_t sim_load(const struct virtual_site *site, const volatile void *word, unsigned size)
{
    memory_access(engine, &(struct sim_access){.site = site, .word = (void *)word, .size = size});
    return engine->running->access.seen;
}

static void sim_store(const struct virtual_site *site, volatile void *word, unsigned size,
                      uint64_t value)
{
    memory_access(engine, &(struct sim_access){
                              .site = site, .word = (void *)word, .size = size, .value = value});
}

static uint64_t sim_update(const struct virtual_site *site, volatile void *word, unsigned size,
                           uint64_t operand)
{
    memory_access(engine, &(struct sim_access){
                              .site = site, .word = (void *)word, .size = size, .value = operand});
    return engine->running->access.seen;
}

static bool sim_compare_exchange(const struct virtual_site *site, volatile void *word,
                                 unsigned size, uint64_t *expected, uint64_t desired)
{
    memory_access(engine, &(struct sim_access){.site = site,
                                               .word = (void *)word,
                                               .size = size,
                                               .value = desired,
                                               .expected = *expected});
    *expected = engine->running->access.seen;
    return engine->running->access.made;
}

/* Of a deadline; what lies beyond all time stays there. */
static uint64_t picoseconds(uint64_t deadline)
{
    return deadline > UINT64_MAX / PS_PER_NS ? UINT64_MAX : deadline * PS_PER_NS;
}

static uint64_t sim_await(const struct virtual_site *site, const volatile void *word, unsigned size,
                          uint64_t value, uint64_t deadline)
{
    memory_access(engine, &(struct sim_access){.site = site,
                                               .word = (void *)word,
                                               .size = size,
                                               .value = value,
                                               .deadline = picoseconds(deadline)});
    return engine->running->access.seen;
}

/* The deadline has always passed, so that one look is all. */
static uint64_t sim_look(const struct virtual_site *site, const volatile void *word, unsigned size,
                         uint64_t value)
{
    return sim_await(site, word, size, value, 0);
}

static void sim_retry_exchange(const struct virtual_site *site, volatile void *word, unsigned size,
                               uint64_t value, uint64_t until)
{
    memory_access(
        engine,
        &(struct sim_access){
            .site = site, .word = (void *)word, .size = size, .value = value, .expected = until});
}

/* There are no store buffers, so only the fences that empty them cost anything: the own one, or by
 * an interrupt those of all CPUs. What the interrupted threads lose is not modelled. */
static void sim_fence(const struct virtual_site *site)
{
    if (site->order == VIRTUAL_seq_cst)
        sim_spend(engine, engine->costs.hit + engine->costs.atomic);
    else if (site->order == VIRTUAL_heavy)
        sim_spend(engine, engine->costs.syscall + engine->costs.interrupt);
}

/* The kernel looks at the word and lays the thread to sleep in one step. */
static bool sim_futex_wait(const struct virtual_site *site, const volatile void *word,
                           uint32_t value, uint64_t deadline)
{
    struct sim_access access = {.site = site, .word = (void *)word, .size = sizeof value};

    engine->usage.futex_calls++;
    sim_spend(engine, engine->costs.syscall);
    memory_access_at_once(engine, &access);
    if (engine->running->access.seen != value)
        return true;
    return scheduler_sleep(engine, picoseconds(deadline));
}

static void sim_futex_wake(const struct virtual_site *site, const volatile void *word,
                           uint32_t most)
{
    (void)site;
    engine->usage.futex_calls++;
    sim_spend(engine, engine->costs.syscall);
    uint64_t called = scheduler_wake(engine, memory_line(engine, word), (const void *)word, most);
    if (called > 0)
        sim_spend(engine, called * engine->costs.wake_call);
}

static void sim_relax(void)
{
    sim_spend(engine, engine->costs.relax);
}

static void sim_yield(void)
{
    sim_spend(engine, engine->costs.syscall);
    if (engine->cores[engine->running->cpu].ready != NULL)
        scheduler_yield(engine);
}

static void sim_spin(uint64_t ns)
{
    sim_spend(engine, ns * PS_PER_NS);
}

static uint64_t sim_clock(void)
{
    uint64_t ns = engine->now / PS_PER_NS;

    sim_spend(engine, engine->costs.clock);
    return ns;
}

/* A counter of the thread's own, which nobody else looks at, is in its cache. */
static uint32_t sim_apc_disable(void)
{
    sim_spend(engine, 2 * engine->costs.hit);
    return engine->running->apc_disabled++;
}

static void sim_apc_enable(void)
{
    sim_spend(engine, 2 * engine->costs.hit);
    engine->running->apc_disabled--;
}

static unsigned sim_self(void)
{
    return engine->running->number;
}

static unsigned sim_cpu(void)
{
    return engine->model->cpus[engine->running->cpu].os_index;
}

static unsigned sim_node(void)
{
    return engine->model->cpus[engine->running->cpu].node;
}

const struct virtual_machine sim_machine = {
    .load = sim_load,
    .store = sim_store,
    .update = sim_update,
    .compare_exchange = sim_compare_exchange,
    .await = sim_await,
    .look = sim_look,
    .retry_exchange = sim_retry_exchange,
    .fence = sim_fence,
    .futex_wait = sim_futex_wait,
    .futex_wake = sim_futex_wake,
    .relax = sim_relax,
    .yield = sim_yield,
    .spin = sim_spin,
    .clock = sim_clock,
    .apc_disable = sim_apc_disable,
    .apc_enable = sim_apc_enable,
    .self = sim_self,
    .cpu = sim_cpu,
    .node = sim_node,
};
