#define MACHINE_VIRTUAL
#include "bench/check/model.h"

#include <string.h>

#include "bench/virtual/word.h"
#include "locks/machine/machine.h"

static bool acquires(int order)
{
    return order == VIRTUAL_acquire || order == VIRTUAL_acq_rel || order == VIRTUAL_seq_cst;
}

static bool releases(int order)
{
    return order == VIRTUAL_release || order == VIRTUAL_acq_rel || order == VIRTUAL_seq_cst;
}

static unsigned position_of(const struct model *model, uint16_t store)
{
    return store == NO_STORE ? 0 : model->stores[store].position;
}

static void learn_store(const struct model *model, struct view *view, unsigned location,
                        uint16_t store)
{
    if (position_of(model, store) > position_of(model, view->stores[location]))
        view->stores[location] = store;
}

static void learn_stores(const struct model *model, struct view *view, const struct view *other)
{
    for (unsigned i = 0; i < model->locations_count; i++)
        learn_store(model, view, i, other->stores[i]);
}

static void learn(const struct model *model, struct view *view, const struct view *other)
{
    learn_stores(model, view, other);
    for (unsigned i = 0; i < model->threads; i++) {
        if (other->clock[i] > view->clock[i])
            view->clock[i] = other->clock[i];
    }
}

void model_begin(struct model *model, unsigned threads)
{
    model->threads = threads;
    model->execution++;
    model->stores_count = 1; /* NO_STORE */
    model->overflow = NULL;
    memset(model->memory, 0, sizeof model->memory);
    memset(&model->sequential, 0, sizeof model->sequential);
    memset(&model->light, 0, sizeof model->light);
    memset(&model->heavy, 0, sizeof model->heavy);
    /* A clock of 0 is that of the beginning, which everybody knows. */
    for (unsigned i = 0; i < threads; i++)
        model->memory[i].current.clock[i] = 1;
}

static uint16_t add_store(struct model *model, const struct store *store)
{
    if (model->stores_count == CHECK_STORES_MOST) {
        model->overflow = "stores of one execution";
        return NO_STORE;
    }
    model->stores[model->stores_count] = *store;
    return model->stores_count++;
}

static void begin_location(struct model *model, struct location *location)
{
    struct store initial = {
        .value = virtual_word_read((const void *)location->address, location->size),
        .location = (uint16_t)(location - model->locations),
        .thread = -1,
        .undefined =
            location->address >= model->undefined_start && location->address < model->undefined_end,
    };

    location->execution = model->execution;
    location->count = 0;
    location->kernel_view = NO_STORE;
    memset(&location->times, 0, sizeof location->times);
    memset(location->sites, 0, sizeof location->sites);
    uint16_t store = add_store(model, &initial);
    if (store != NO_STORE)
        location->order[location->count++] = store;
}

/* Locations keep their places from execution to execution; there are few, so they are searched. */
struct location *model_location(struct model *model, uintptr_t address, unsigned size)
{
    unsigned i = 0;

    while (i < model->locations_count && model->locations[i].address != address)
        i++;
    if (i == CHECK_LOCATIONS_MOST) {
        model->overflow = "words of memory";
        i--;
    }
    if (i == model->locations_count)
        model->locations[model->locations_count++] =
            (struct location){.address = address, .size = size};
    if (model->locations[i].execution != model->execution)
        begin_location(model, &model->locations[i]);
    return &model->locations[i];
}

static unsigned index_of(const struct model *model, const struct location *location)
{
    return (unsigned)(location - model->locations);
}

unsigned model_oldest_readable(const struct model *model, unsigned thread,
                               const struct location *location, int order)
{
    unsigned at = index_of(model, location);
    unsigned own = position_of(model, model->memory[thread].current.stores[at]);
    unsigned common = position_of(model, model->sequential.stores[at]);

    return order == VIRTUAL_seq_cst && common > own ? common : own;
}

void model_read(struct model *model, unsigned thread, struct location *location, uint16_t store,
                int order)
{
    struct thread_memory *memory = &model->memory[thread];
    unsigned at = index_of(model, location);

    learn_store(model, &memory->current, at, store);
    learn(model, acquires(order) ? &memory->current : &memory->acquired,
          &model->stores[store].view);
    if (order == VIRTUAL_seq_cst)
        learn_store(model, &model->sequential, at, store);
}

void model_learn(struct model *model, unsigned thread, const struct location *location,
                 uint16_t store)
{
    learn_store(model, &model->memory[thread].current, index_of(model, location), store);
}

bool model_may_store_at(const struct model *model, unsigned thread, const struct location *location,
                        unsigned position, int order)
{
    return position > model_oldest_readable(model, thread, location, order) &&
           position <= location->count && !model->stores[location->order[position - 1]].taken;
}

static void insert(struct model *model, struct location *location, unsigned position,
                   uint16_t store)
{
    for (unsigned i = location->count; i > position; i--) {
        location->order[i] = location->order[i - 1];
        model->stores[location->order[i]].position = (uint16_t)i;
    }
    location->order[position] = store;
    model->stores[store].position = (uint16_t)position;
    location->count++;
}

uint16_t model_write(struct model *model, unsigned thread, struct location *location,
                     unsigned position, uint64_t value, uint16_t read, int order)
{
    struct thread_memory *memory = &model->memory[thread];
    unsigned at = index_of(model, location);

    if (location->count == CHECK_LOCATION_STORES) {
        model->overflow = "stores to one word";
        return NO_STORE;
    }
    const uint64_t mask =
        location->size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * location->size)) - 1;
    const struct store made = {
        .value = value & mask, .location = (uint16_t)at, .thread = (int8_t)thread};
    uint16_t store = add_store(model, &made);
    if (store == NO_STORE)
        return NO_STORE;
    insert(model, location, position, store);
    memory->current.stores[at] = store;
    struct view *view = &model->stores[store].view;
    *view = releases(order) ? memory->current : memory->released;
    view->stores[at] = store;
    if (read != NO_STORE) {
        model->stores[read].taken = true;
        learn(model, view, &model->stores[read].view);
    }
    if (order == VIRTUAL_seq_cst)
        learn_store(model, &model->sequential, at, store);
    /* What the thread does from here on is not what this store tells of. */
    memory->current.clock[thread]++;
    return store;
}

/* Like two sequentially consistent fences where one of the two is heavy: a light fence knows what
 * heavy ones before it knew, and a heavy one what any before it knew. */
static void asymmetric_fence(struct model *model, struct thread_memory *memory, int order)
{
    learn_stores(model, &memory->current, &model->heavy);
    if (order == VIRTUAL_light) {
        learn_stores(model, &model->light, &memory->current);
        return;
    }
    learn_stores(model, &memory->current, &model->light);
    model->heavy = memory->current;
}

void model_fence(struct model *model, unsigned thread, int order)
{
    struct thread_memory *memory = &model->memory[thread];

    if (order == VIRTUAL_light || order == VIRTUAL_heavy) {
        asymmetric_fence(model, memory, order);
        return;
    }
    if (acquires(order))
        learn(model, &memory->current, &memory->acquired);
    if (order == VIRTUAL_seq_cst) {
        /* Their order is no happening-before: it hides old stores, but orders no plain access. */
        learn_stores(model, &memory->current, &model->sequential);
        model->sequential = memory->current;
    }
    if (releases(order))
        memory->released = memory->current;
    memory->current.clock[thread]++;
}

/* Whether some other thread's access at these times is unknown to the thread. */
static int unordered(const struct model *model, unsigned thread,
                     const uint16_t times[CHECK_THREADS_MOST])
{
    const struct view *current = &model->memory[thread].current;

    for (unsigned i = 0; i < model->threads; i++) {
        if (i != thread && times[i] > current->clock[i])
            return (int)i;
    }
    return -1;
}

int model_race(struct model *model, unsigned thread, struct location *location, bool plain,
               bool write)
{
    struct access_times *times = &location->times;
    uint16_t now = model->memory[thread].current.clock[thread];
    int other = unordered(model, thread, times->plain_write);

    if (other < 0 && write)
        other = unordered(model, thread, times->plain_read);
    if (other < 0 && plain)
        other = unordered(model, thread, times->atomic_write);
    if (other < 0 && plain && write)
        other = unordered(model, thread, times->atomic_read);
    (plain   ? write ? times->plain_write : times->plain_read
     : write ? times->atomic_write
             : times->atomic_read)[thread] = now;
    return other;
}

void model_write_back(struct model *model)
{
    for (unsigned i = 0; i < model->locations_count; i++) {
        struct location *location = &model->locations[i];
        if (location->execution == model->execution && location->count > 0)
            virtual_word_write((void *)location->address, location->size,
                               model_store_at(model, location, location->count - 1u)->value);
    }
}
