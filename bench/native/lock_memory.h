/* Memory of a kind for the locks of a repetition and what lies under them: bound to a NUMA node, or
 * on huge pages. */
#ifndef BENCH_NATIVE_LOCK_MEMORY_H
#define BENCH_NATIVE_LOCK_MEMORY_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/layout.h"
#include "bench/memory.h"
#include "bench/message.h"
#include "bench/result.h"

struct lock_memory {
    void *start; /* NULL: nothing of the kind is wanted */
    size_t bytes;
    bool
        transparent; /* huge pages were asked for by madvise(), and are there after a first touch */
    bool hugetlb;    /* they are those that the system keeps for it */
};

/* Maps so much memory of that kind, zero and not touched, when such is wanted; with `shared`, for
 * processes that are forked afterwards, too. It lives until the process ends. Returns NULL, or why
 * it can't be had, in `problem`. */
const char *lock_memory_make(struct lock_memory *memory, const struct memory *wish, size_t bytes,
                             bool shared, char *problem, size_t problem_size);

/* Once it was touched: whether it is what it was to be. Returns as lock_memory_make() does. */
const char *lock_memory_check(const struct lock_memory *memory, char *problem, size_t problem_size);

/* Says in `validity` where what begins at `storage` lies: `memory`, with `nodes`, `pages` and
 * `same_line`. */
void lock_memory_report(struct result *result, const struct lock_memory *memory, void *storage,
                        const struct layout *layout);

/* Complains and returns EXIT_USAGE when this machine has no such node. */
enum exit_code lock_memory_check_node(hwloc_topology_t topology, const struct memory *wish);

#endif
