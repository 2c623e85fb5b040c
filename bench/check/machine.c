/* The machine interface of the locks, on the explorer: each operation that other threads can notice
 * is a step of its own; what only the thread itself can notice happens at once. */
#define MACHINE_VIRTUAL
#include "bench/check/explorer.h"
#include "locks/machine/machine.h"
#include "bench/virtual/word.h"

/* The explorer that runs: the interface has no room for it, because locks know nothing of it. */
static struct explorer *explorer;

static const struct virtual_machine check_machine;

void explorer_use(struct explorer *used)
{
    explorer = used;
    virtual_machine = &check_machine;
}

static struct location *location_of(const volatile void *word, unsigned size)
{
    return model_location(&explorer->model, (uintptr_t)word, size);
}

static struct outcome step(const struct operation *operation)
{
    struct check_thread *self = explorer->running;

    self->pending = *operation;
    explorer_step(explorer);
    return self->outcome;
}

/* Plain accesses are no steps: if they are ordered, no other order of steps changes them, and if
 * they are not, that is the finding. */
static uint64_t check_load(const struct virtual_site *site, const volatile void *word,
                           unsigned size)
{
    if (site->order == VIRTUAL_plain)
        return explorer_plain_load(explorer, site, word, size);
    return step(&(struct operation){.site = site, .location = location_of(word, size)}).seen;
}

static void check_store(const struct virtual_site *site, volatile void *word, unsigned size,
                        uint64_t value)
{
    if (site->order == VIRTUAL_plain)
        explorer_plain_store(explorer, site, word, size, value);
    else
        step(
            &(struct operation){.site = site, .location = location_of(word, size), .value = value});
}

static uint64_t check_update(const struct virtual_site *site, volatile void *word, unsigned size,
                             uint64_t operand)
{
    return step(&(struct operation){
                    .site = site, .location = location_of(word, size), .value = operand})
        .seen;
}

static bool check_compare_exchange(const struct virtual_site *site, volatile void *word,
                                   unsigned size, uint64_t *expected, uint64_t desired)
{
    struct outcome outcome = step(&(struct operation){.site = site,
                                                      .location = location_of(word, size),
                                                      .value = desired,
                                                      .expected = *expected});

    *expected = outcome.seen;
    return outcome.made;
}

static uint64_t check_await(const struct virtual_site *site, const volatile void *word,
                            unsigned size, uint64_t value, uint64_t deadline)
{
    return step(&(struct operation){.site = site,
                                    .location = location_of(word, size),
                                    .value = value,
                                    .timed = deadline != MACHINE_NEVER})
        .seen;
}

/* What is done between two looks is of no account, so the look itself waits. */
static uint64_t check_look(const struct virtual_site *site, const volatile void *word,
                           unsigned size, uint64_t value)
{
    return check_await(site, word, size, value, MACHINE_NEVER);
}

static void check_retry_exchange(const struct virtual_site *site, volatile void *word,
                                 unsigned size, uint64_t value, uint64_t until)
{
    step(&(struct operation){
        .site = site, .location = location_of(word, size), .value = value, .expected = until});
}

/* Only the common order of sequentially consistent fences concerns other threads at this moment. */
static void check_fence(const struct virtual_site *site)
{
    int order = explorer_order(explorer, site);

    explorer_note_site(explorer, site);
    if (order == VIRTUAL_seq_cst || order == VIRTUAL_light || order == VIRTUAL_heavy)
        step(&(struct operation){.site = site});
    else
        model_fence(&explorer->model, explorer->running->number, order);
}

static bool check_futex_wait(const struct virtual_site *site, const volatile void *word,
                             uint32_t value, uint64_t deadline)
{
    return step(&(struct operation){.site = site,
                                    .location = location_of(word, sizeof value),
                                    .value = value,
                                    .timed = deadline != MACHINE_NEVER})
        .made;
}

static void check_futex_wake(const struct virtual_site *site, const volatile void *word,
                             uint32_t most)
{
    step(&(struct operation){
        .site = site, .location = location_of(word, sizeof most), .value = most});
}

static void passes(void)
{
}

static void passes_time(uint64_t ns)
{
    (void)ns;
}

/* Time matters behind deadlines only, and those expire by the explorer's choice. */
static uint64_t clock_stands(void)
{
    return 0;
}

/* Nobody but the thread itself could notice. */
static uint32_t apc_disable(void)
{
    return 0;
}

static unsigned check_self(void)
{
    return explorer->running->number;
}

static unsigned node(void)
{
    return 0;
}

static const struct virtual_machine check_machine = {
    .load = check_load,
    .store = check_store,
    .update = check_update,
    .compare_exchange = check_compare_exchange,
    .await = check_await,
    .look = check_look,
    .retry_exchange = check_retry_exchange,
    .fence = check_fence,
    .futex_wait = check_futex_wait,
    .futex_wake = check_futex_wake,
    .relax = passes,
    .yield = passes,
    .spin = passes_time,
    .clock = clock_stands,
    .apc_disable = apc_disable,
    .apc_enable = passes,
    .self = check_self,
    .cpu = check_self,
    .node = node,
};
