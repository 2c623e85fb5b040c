/* In which windows the kernel's and the processor's events are counted. A thread whose events are
 * counted pays for it at each of its context switches, about as much as the switch itself. */
#ifndef BENCH_COUNTING_H
#define BENCH_COUNTING_H

#include <stdbool.h>

#include "locks/lock.h"

enum counting {
    COUNTING_AUTO, /* where the lock's waiters neither sleep nor yield */
    COUNTING_ALL,
    COUNTING_NONE
};

#define COUNTING_NAMES "auto, all, none"

/* Reads one of the names. Returns false and leaves `*counting` alone when `text` is none. */
bool counting_read(const char *text, enum counting *counting);

const char *counting_name(enum counting counting);

/* Why the events of a lock's windows are not counted; NULL: they are. */
const char *counting_refused(enum counting counting, const struct lock_ops *lock);

#endif
