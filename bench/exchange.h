/* Workloads in which threads do not contend for a lock but signal to each other: what is measured
 * is how long a signal takes. */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

enum exchange {
    EXCHANGE_NONE, /* threads that take a lock */
    EXCHANGE_SIGNAL,
    EXCHANGE_BROADCAST,
    EXCHANGE_WAIT_ANY,
    EXCHANGE_WAIT_ALL,
    EXCHANGE_TIMER,
    EXCHANGE_HANDOFF,
};

/* The names of the workloads, for messages. */
#define EXCHANGE_NAMES "signal, broadcast, wait-any, wait-all, timer, handoff"

/* The most objects of one wait, as in NT. */
enum { EXCHANGE_OBJECTS_MOST = 64 };

/* What a workload measures, at most two times of it: the names of their fields in a sample. */
enum { EXCHANGE_MEASURES = 2 };

struct exchange_measure {
    const char *field;   /* NULL: there is no such measure */
    const char *meaning; /* in words, for the head of a table */
};

struct exchange_traits {
    const char *name;
    unsigned threads; /* that it needs; 0: any number from 2 */
    bool objects;     /* it is measured against the number of objects */
    struct exchange_measure measures[EXCHANGE_MEASURES];
};

/* Of any but EXCHANGE_NONE. */
const struct exchange_traits *exchange_traits(enum exchange exchange);

/* Whether it is measured against the number of objects; also of EXCHANGE_NONE. */
bool exchange_has_objects(enum exchange exchange);

/* Whether it works with so many threads; EXCHANGE_NONE does with any. */
bool exchange_takes_threads(enum exchange exchange, unsigned threads);

/* The workload of that name; false if there is none. */
bool exchange_read(const char *name, enum exchange *exchange);

/* The bit of a workload in a set of workloads. */
static inline uint32_t exchange_bit(enum exchange exchange)
{
    return 1u << exchange;
}

/* Before each set, the setter waits for so long after the waiter said that it is about to wait, so
 * that it really sleeps: a time drawn evenly from this range, so that sets do not fall into step
 * with the kernel's clock. */
enum { EXCHANGE_SETTLE_LEAST_NS = 20000, EXCHANGE_SETTLE_MOST_NS = 60000 };

/* A timer's single waits are drawn evenly from this range; the periodic one has this period. */
enum {
    EXCHANGE_DELAY_LEAST_NS = 100000,
    EXCHANGE_DELAY_MOST_NS = 1000000,
    EXCHANGE_PERIOD_NS = 1000000,
};

#endif
