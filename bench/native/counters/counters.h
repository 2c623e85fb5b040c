/* What the kernel and the processor count about the threads of a repetition, from the begin to the
 * end of each thread's window. Nothing here ends a measurement: what can't be counted has a reason.
 */
#ifndef BENCH_NATIVE_COUNTERS_COUNTERS_H
#define BENCH_NATIVE_COUNTERS_COUNTERS_H

#include <stdbool.h>

#include "bench/native/counters/encode.h"
#include "bench/native/counters/events.h"
#include "bench/native/counters/group.h"

/* The kernel's own events, which every machine has, and the processor's. */
enum counters_kind { COUNTERS_SOFTWARE, COUNTERS_HARDWARE, COUNTERS_KINDS };

enum { COUNTERS_REASON = 256 };

struct counters_choice {
    unsigned count;
    struct counters_event events[COUNTER_GROUP_MOST];
    struct perf_event_attr attributes[COUNTER_GROUP_MOST];
    char reasons[COUNTER_GROUP_MOST][COUNTERS_REASON]; /* why an event is not counted; "": it is */
};

/* What all threads of a repetition count. Plain data: it may lie in memory of several processes. */
struct counters_plan {
    struct counters_choice choices[COUNTERS_KINDS];
    bool hardware;                /* at least one of the processor's events is counted */
    bool user_only;               /* what is done in the kernel is not counted: no permission */
    char reason[COUNTERS_REASON]; /* why no event tells the traffic; "": some do */
    bool permission;              /* the reason is one that permissions would mend */
};

/* Chooses, and tries each event on the calling thread. By one thread of a process, before it
 * measures anything: it takes about a millisecond. */
void counters_choose(struct counters_plan *plan);

/* Lets the process have as many files as that many threads need, as far as it may. */
void counters_make_room(unsigned threads);

/* Of one thread: opened, begun, ended and closed by itself. */
struct counters {
    struct counter_group groups[COUNTERS_KINDS];
    struct counter_reading before[COUNTERS_KINDS], after[COUNTERS_KINDS];
    bool whole[COUNTERS_KINDS]; /* both looks were had */
};

void counters_open(struct counters *counters, const struct counters_plan *plan);
void counters_begin(struct counters *counters);
void counters_end(struct counters *counters);
void counters_close(struct counters *counters);

/* The sum over threads of one event. */
struct counters_total {
    bool known;
    double count;
    char reason[COUNTERS_REASON]; /* where it is not known */
};

struct counters_totals {
    struct counters_total events[COUNTERS_KINDS][COUNTER_GROUP_MOST];
    bool scheduled_known;
    double scheduled; /* part of the threads' time in which the hardware events were counted */
};

/* Adds up `count` threads; `thread(i, argument)` is that of the i-th. One thread of which an event
 * is not known makes its sum unknown. */
void counters_add_up(const struct counters_plan *plan, unsigned count,
                     const struct counters *(*thread)(unsigned i, void *argument), void *argument,
                     struct counters_totals *totals);

/* Says in words why an event can't be opened, with what to do about it where there is something. */
void counters_explain(int error, bool hardware, char *reason, size_t size);

#endif
