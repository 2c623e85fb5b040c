/* Events of the calling thread that are counted together, through perf_event_open(2). */
#ifndef BENCH_NATIVE_COUNTERS_GROUP_H
#define BENCH_NATIVE_COUNTERS_GROUP_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTER_GROUP_MOST = 4 };

/* One look at a group. Times are of the thread on a CPU, in nanoseconds: how long the events were
 * to be counted, and how long they were, when the kernel had to share the counters out. */
struct counter_reading {
    uint64_t enabled_ns, running_ns;
    uint64_t values[COUNTER_GROUP_MOST]; /* of the events, in their order */
};

/* All zero is a group without events. */
struct counter_group {
    unsigned count;
    int files[COUNTER_GROUP_MOST];  /* -1: could not be opened */
    int errors[COUNTER_GROUP_MOST]; /* why; 0: it could */
    int leader;                     /* the number of the first that could, or -1 */
    unsigned open;
    int read_error; /* the last look failed; 0: it did not */
};

/* Opens events for the calling thread; counting begins. An event that can't be opened does not keep
 * the others from it. */
void counter_group_open(struct counter_group *group, const struct perf_event_attr *attributes,
                        unsigned count);
void counter_group_close(struct counter_group *group);

/* Looks. Returns false, with read_error, when that failed or nothing is open. */
bool counter_group_read(struct counter_group *group, struct counter_reading *reading);

/* Takes a look apart: what read(2) of the leader gave, `words` of 64 bits. Returns false when it is
 * not what a look at this group would be. */
bool counter_group_parse(const struct counter_group *group, const uint64_t *buffer, size_t words,
                         struct counter_reading *reading);

/* What was counted of event `number` between two looks. */
enum counter_verdict {
    COUNTER_EXACT,
    COUNTER_SCALED,   /* counted for a part of the time: scaled up to all of it */
    COUNTER_UNCOUNTED /* the thread ran, and the kernel never counted: no number */
};
enum counter_verdict counter_between(const struct counter_reading *before,
                                     const struct counter_reading *after, unsigned number,
                                     double *count);

#endif
