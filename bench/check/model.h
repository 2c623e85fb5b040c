/* The memory of the checker: RC11, operationally.
 *
 * Each location has its stores in modification order. A thread has a view: for each location the
 * oldest store that it may still read. A load reads any store that is not older; a store goes
 * anywhere behind the thread's view, before stores of others as well; a read-modify-write goes
 * directly behind the store that it reads, and nothing else gets in between. A release store
 * carries its thread's view, an acquire load takes it over; fences do the same for the relaxed
 * accesses around them; read-modify-writes carry on the views of what they read (release
 * sequences). Sequentially consistent accesses and fences have a view in common, in the order in
 * which they are executed.
 *
 * Source: O. Lahav, V. Vafeiadis, J. Kang, C.-K. Hur and D. Dreyer, "Repairing Sequential
 * Consistency in C/C++11", PLDI 2017 (RC11); views after J. Kang and others, "A Promising Semantics
 * for Relaxed-Memory Concurrency", POPL 2017. What is not shown: docs/checking.md. */
#ifndef BENCH_CHECK_MODEL_H
#define BENCH_CHECK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHECK_THREADS_MOST = 4,
    CHECK_LOCATIONS_MOST = 64,
    CHECK_STORES_MOST = 512,     /* of one execution */
    CHECK_LOCATION_STORES = 128, /* of one location */
};

struct virtual_site;

enum { NO_STORE = 0 };

/* What a thread, or a message, knows: of each location a store, and how far each thread had come.
 */
struct view {
    uint16_t stores[CHECK_LOCATIONS_MOST];
    uint16_t clock[CHECK_THREADS_MOST];
};

struct store {
    uint64_t value;
    uint16_t location, position; /* in modification order; the initial store is at 0 */
    uint16_t event;              /* the event that made it; only of stores that have a thread */
    int8_t thread;               /* -1: the initial value */
    bool taken;                  /* a read-modify-write stands directly behind it */
    bool undefined;              /* initial, of memory that nobody initialised */
    struct view view;            /* what whoever acquires it learns */
};

/* When each thread last did this to a location, by its own clock. */
struct access_times {
    uint16_t plain_read[CHECK_THREADS_MOST], plain_write[CHECK_THREADS_MOST];
    uint16_t atomic_read[CHECK_THREADS_MOST], atomic_write[CHECK_THREADS_MOST];
};

struct location {
    uintptr_t address;
    unsigned size;
    uint32_t execution; /* in which it was used last: what follows is of that one */
    uint16_t count;
    uint16_t order[CHECK_LOCATION_STORES]; /* the stores, oldest first */
    struct access_times times;
    const struct virtual_site *sites[CHECK_THREADS_MOST]; /* of each thread's last access */
    uint16_t kernel_view; /* what a futex call on it has made known to the next one */
};

struct thread_memory {
    struct view current;  /* what it knows */
    struct view acquired; /* what an acquire fence would add: from relaxed loads */
    struct view released; /* what relaxed stores carry: from the last release fence */
};

struct model {
    unsigned threads;
    uint32_t execution;
    struct location locations[CHECK_LOCATIONS_MOST];
    uint16_t locations_count;
    struct store stores[CHECK_STORES_MOST];
    uint16_t stores_count;
    struct thread_memory memory[CHECK_THREADS_MOST];
    struct view sequential;                   /* of sequentially consistent accesses and fences */
    struct view light, heavy;                 /* of those fences */
    const char *overflow;                     /* what there was no room for, or NULL */
    uintptr_t undefined_start, undefined_end; /* memory that nobody has initialised */
};

/* Begins an execution: all memory is as it is in the process, and all threads know that. */
void model_begin(struct model *model, unsigned threads);

/* The location of an address; its initial store is made at its first use in an execution. */
struct location *model_location(struct model *model, uintptr_t address, unsigned size);

/* The store at a place in modification order. */
static inline struct store *model_store_at(struct model *model, const struct location *location,
                                           unsigned position)
{
    return &model->stores[location->order[position]];
}

/* The first place in modification order that the thread may still read. */
unsigned model_oldest_readable(const struct model *model, unsigned thread,
                               const struct location *location, int order);

/* The thread reads the store. `order` is an enum virtual_order. */
void model_read(struct model *model, unsigned thread, struct location *location, uint16_t store,
                int order);

/* The thread comes to know of that store, and can read nothing older there; NO_STORE: of nothing.
 */
void model_learn(struct model *model, unsigned thread, const struct location *location,
                 uint16_t store);

/* Whether a store of the thread may go to that place, moving those from there on one up. */
bool model_may_store_at(const struct model *model, unsigned thread, const struct location *location,
                        unsigned position, int order);

/* The thread stores there. `read` is the store that a read-modify-write has read just before, else
 * NO_STORE. Returns the new store, or NO_STORE when there is no room. */
uint16_t model_write(struct model *model, unsigned thread, struct location *location,
                     unsigned position, uint64_t value, uint16_t read, int order);

void model_fence(struct model *model, unsigned thread, int order);

/* Notes an access, and says with whom it races: a thread whose access to the same location is not
 * ordered before it although one of the two is plain and one is a write; -1: with nobody. */
int model_race(struct model *model, unsigned thread, struct location *location, bool plain,
               bool write);

/* Writes the newest store of every location to the process's memory. */
void model_write_back(struct model *model);

#endif
