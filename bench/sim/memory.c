#define MACHINE_VIRTUAL
#include "bench/sim/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/allocate.h"
#include "bench/random.h"
#include "bench/virtual/word.h"
#include "locks/machine/machine.h"

/* ---- from addresses to lines ---- */

void memory_name(struct sim_memory *memory, const void *start, size_t bytes, const char *name,
                 enum sim_naming naming)
{
    uintptr_t address = (uintptr_t)start;

    if (memory->regions_count == SIM_REGIONS_MOST)
        abort();
    memory->regions[memory->regions_count++] =
        (struct sim_region){address, address + bytes, name, naming};
}

static const struct sim_region *region_of(const struct sim_memory *memory, uintptr_t address)
{
    for (unsigned i = 0; i < memory->regions_count; i++) {
        if (address >= memory->regions[i].start && address < memory->regions[i].end)
            return &memory->regions[i];
    }
    return NULL;
}

static struct sim_tally *tally_of(struct sim_memory *memory, const char *name)
{
    for (size_t i = 0; i < memory->tallies_count; i++) {
        if (strcmp(memory->tallies[i]->name, name) == 0)
            return memory->tallies[i];
    }
    struct sim_tally *tally = allocate_array(1, sizeof *tally);
    snprintf(tally->name, sizeof tally->name, "%s", name);
    memory->tallies =
        allocated(realloc(memory->tallies, (memory->tallies_count + 1) * sizeof *memory->tallies));
    return memory->tallies[memory->tallies_count++] = tally;
}

static struct sim_line *make_line(struct sim_engine *engine, uintptr_t number)
{
    size_t words = (engine->model->cpus_count + 63) / 64;
    struct sim_line *line = allocate_array(1, sizeof *line + words * sizeof(uint64_t));
    uintptr_t address = number * SIM_LINE_BYTES;
    const struct sim_region *region = region_of(&engine->memory, address);
    char name[sizeof line->tally->name];

    /* A region that begins within the line names it. */
    for (uintptr_t at = address; region == NULL && at < address + SIM_LINE_BYTES; at++)
        region = region_of(&engine->memory, at);
    if (region != NULL && region->naming == SIM_BY_LINE)
        snprintf(name, sizeof name, "%s+%" PRIuPTR, region->name,
                 address > region->start ? address - region->start : 0);
    else
        snprintf(name, sizeof name, "%s", region == NULL ? "context" : region->name);
    line->holders = (uint64_t *)(line + 1);
    line->owner = SIM_NOBODY;
    line->uncounted = region != NULL && region->naming == SIM_UNCOUNTED;
    line->tally = tally_of(&engine->memory, name);
    return line;
}

static size_t slot_of(const struct sim_memory *memory, uintptr_t number)
{
    /* Fibonacci hashing spreads neighbours. */
    size_t at = (number * 0x9e3779b97f4a7c15u >> 20) & (memory->slots_count - 1);

    while (memory->slots[at].line != NULL && memory->slots[at].number != number)
        at = (at + 1) & (memory->slots_count - 1);
    return at;
}

static void grow(struct sim_memory *memory)
{
    struct sim_slot *old = memory->slots;
    size_t old_count = memory->slots_count;

    memory->slots_count = old_count == 0 ? 1024 : 2 * old_count;
    memory->slots = allocate_array(memory->slots_count, sizeof *memory->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].line != NULL)
            memory->slots[slot_of(memory, old[i].number)] = old[i];
    }
    free(old);
}

struct sim_line *memory_line(struct sim_engine *engine, const volatile void *word)
{
    struct sim_memory *memory = &engine->memory;
    uintptr_t number = (uintptr_t)word / SIM_LINE_BYTES;

    if (4 * memory->lines_count >= memory->slots_count)
        grow(memory);
    struct sim_slot *slot = &memory->slots[slot_of(memory, number)];
    if (slot->line == NULL) {
        *slot = (struct sim_slot){number, make_line(engine, number)};
        memory->lines_count++;
    }
    return slot->line;
}

void memory_reset_traffic(struct sim_memory *memory)
{
    memory->traffic = (struct sim_traffic){0};
    for (size_t i = 0; i < memory->tallies_count; i++)
        memory->tallies[i]->transactions = 0;
}

void memory_free(struct sim_memory *memory)
{
    for (size_t i = 0; i < memory->slots_count; i++)
        free(memory->slots[i].line);
    for (size_t i = 0; i < memory->tallies_count; i++)
        free(memory->tallies[i]);
    free(memory->slots);
    free(memory->tallies);
    free(memory->scratch);
    *memory = (struct sim_memory){0};
}

/* ---- what an access does, once the line is there ---- */

static void write_word(const struct sim_access *access, uint64_t value)
{
    virtual_word_write(access->word, access->size, value);
}

static bool reads_only(enum virtual_operation operation)
{
    return operation == VIRTUAL_LOAD || operation == VIRTUAL_AWAIT_EQUAL ||
           operation == VIRTUAL_AWAIT_DIFFER || operation == VIRTUAL_FUTEX_WAIT;
}

/* Does what the access is about. False: an await or a retry that has to go on. */
static bool perform(struct sim_engine *engine, struct sim_access *access)
{
    uint64_t seen = access->seen = virtual_word_read(access->word, access->size);

    engine->operations++;
    switch (access->site->operation) {
    case VIRTUAL_STORE:
    case VIRTUAL_EXCHANGE:
        write_word(access, access->value);
        return true;
    case VIRTUAL_FETCH_ADD:
        write_word(access, seen + access->value);
        return true;
    case VIRTUAL_FETCH_SUB:
        write_word(access, seen - access->value);
        return true;
    case VIRTUAL_FETCH_AND:
        write_word(access, seen & access->value);
        return true;
    case VIRTUAL_FETCH_OR:
        write_word(access, seen | access->value);
        return true;
    case VIRTUAL_COMPARE_EXCHANGE:
        access->made = seen == access->expected;
        if (access->made)
            write_word(access, access->value);
        return true;
    case VIRTUAL_RETRY_EXCHANGE:
        write_word(access, access->value);
        return seen == access->expected;
    case VIRTUAL_AWAIT_EQUAL:
        return seen == access->value || engine->now >= access->deadline;
    case VIRTUAL_AWAIT_DIFFER:
        return seen != access->value || engine->now >= access->deadline;
    default:
        return true;
    }
}

/* ---- waiting for the line ---- */

static void watch(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_line *line = thread->line;

    thread->activity = SIM_WATCHING;
    thread->watched_by = NULL;
    thread->watching = line->watchers;
    if (line->watchers != NULL)
        line->watchers->watched_by = thread;
    line->watchers = thread;
    if (thread->access.deadline != UINT64_MAX)
        sim_set_event(engine, thread, thread->access.deadline);
}

void memory_unwatch(struct sim_thread *thread)
{
    if (thread->watched_by != NULL)
        thread->watched_by->watching = thread->watching;
    else
        thread->line->watchers = thread->watching;
    if (thread->watching != NULL)
        thread->watching->watched_by = thread->watched_by;
}

/* Loops that poll are not in step with each other. */
static void poll_again(struct sim_engine *engine, struct sim_thread *thread)
{
    thread->activity = SIM_POLLING;
    sim_set_event(engine, thread,
                  engine->now + engine->costs.relax / 2 +
                      random_below(&engine->random, engine->costs.relax));
}

static bool is_write(const struct sim_thread *thread)
{
    return !reads_only(thread->access.site->operation);
}

static void start_transaction(struct sim_engine *engine, struct sim_thread *thread)
{
    thread->transaction =
        sim_line_transaction(engine->model, thread->line, thread->cpu, is_write(thread));
    thread->transaction_start = engine->now;
    sim_set_event(
        engine, thread,
        engine->now +
            sim_jittered(engine, (uint64_t)(thread->transaction.latency_ns * PS_PER_NS + 0.5)));
}

/* First come, first served. */
static void append_request(struct sim_thread *thread)
{
    struct sim_line *line = thread->line;

    thread->activity = SIM_REQUESTING;
    thread->next = NULL;
    if (line->requests == NULL)
        line->requests = thread;
    else
        line->last_request->next = thread;
    line->last_request = thread;
}

static void request(struct sim_engine *engine, struct sim_thread *thread)
{
    append_request(thread);
    if (thread->line->requests == thread)
        start_transaction(engine, thread);
}

/* Each watcher polls in a loop of its own and loses its copy now, so all of them ask for the line
 * again within one turn of that loop, and in any order. */
static void alert_watchers(struct sim_engine *engine, struct sim_line *line)
{
    struct sim_thread **watchers = engine->memory.scratch;
    size_t count = 0;

    for (struct sim_thread *thread = line->watchers; thread != NULL; thread = thread->watching)
        watchers[count++] = thread;
    line->watchers = NULL;
    for (; count > 0; count--) {
        size_t at = random_below(&engine->random, count);
        event_queue_remove(&engine->events, watchers[at]->number);
        append_request(watchers[at]);
        watchers[at] = watchers[count - 1];
    }
}

/* The line is there: the access is made, or the thread goes on waiting. */
static bool perform_or_wait(struct sim_engine *engine, struct sim_thread *thread)
{
    if (perform(engine, &thread->access))
        return true;
    if (thread->access.site->operation == VIRTUAL_RETRY_EXCHANGE)
        poll_again(engine, thread);
    else
        watch(engine, thread);
    return false;
}

bool memory_try(struct sim_engine *engine, struct sim_thread *thread)
{
    if (is_write(thread) ? sim_line_writable(thread->line, thread->cpu)
                         : sim_line_readable(thread->line, thread->cpu))
        return perform_or_wait(engine, thread);
    request(engine, thread);
    return false;
}

bool memory_complete(struct sim_engine *engine, struct sim_thread *thread)
{
    struct sim_line *line = thread->line;

    sim_line_complete(engine->model, line, thread->cpu, &thread->transaction,
                      &engine->memory.traffic);
    if (engine->trace != NULL)
        trace_transaction(engine->trace, engine->model->cpus[thread->cpu].os_index,
                          line->tally->name, &thread->transaction, thread->transaction_start,
                          engine->now);
    line->requests = thread->next;
    if (is_write(thread))
        alert_watchers(engine, line);
    if (line->requests != NULL)
        start_transaction(engine, line->requests);
    return perform_or_wait(engine, thread);
}

/* A core stalls now and then: a refilled pipeline, a walk of the page tables, an interrupt. Without
 * that, equal threads would stay in step for ever. */
static uint64_t stall(struct sim_engine *engine, struct sim_thread *thread)
{
    const struct sim_parameters *parameters = &engine->model->parameters;

    if (parameters->stall_every == 0 || --thread->until_stall > 0)
        return 0;
    thread->until_stall = 1 + random_below(&engine->random, 2 * parameters->stall_every);
    return random_below(&engine->random, 2 * engine->costs.stall + 1);
}

static uint64_t cost_of(const struct sim_engine *engine, enum virtual_operation operation)
{
    return engine->costs.hit +
           (reads_only(operation) || operation == VIRTUAL_STORE ? 0 : engine->costs.atomic);
}

void memory_access_at_once(struct sim_engine *engine, const struct sim_access *access)
{
    struct sim_thread *thread = engine->running;

    thread->access = *access;
    thread->line = memory_line(engine, access->word);
    if (!memory_try(engine, thread))
        sim_wait(engine);
}

void memory_access(struct sim_engine *engine, const struct sim_access *access)
{
    struct sim_thread *thread = engine->running;

    memory_access_at_once(engine, access);
    if (!thread->line->uncounted)
        sim_spend(engine, cost_of(engine, access->site->operation) + stall(engine, thread));
}
