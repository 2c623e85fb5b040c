/* Where the locks of a repetition and what lies under them come to lie, in one piece of memory. */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/workload.h"
#include "locks/lock.h"

struct layout {
    size_t bytes;                   /* of the whole, which begins at a multiple of MACHINE_APART */
    unsigned count;                 /* locks of which a turn takes one; nested locks are one */
    size_t lock_stride;             /* the first lock is at the beginning */
    size_t guarded, guarded_stride; /* the pairs by which exclusion is checked */
    size_t lines, lines_stride;     /* the lines under the lock beyond the first */
    bool same_line;                 /* a pair lies on a line that its lock has part of */
};

/* Lays them out for so many threads. With `behind`, each pair follows its lock at once, on its last
 * line if there is room; otherwise locks and data have lines apart. */
struct layout layout_make(const struct lock_ops *ops, unsigned threads,
                          const struct workload *workload, bool behind);

#endif
