/* What a signalling primitive is: the vtable through which the workloads of bench/exchange.h use
 * it.
 *
 * A primitive comes as a set of objects in one piece of memory. An object is a synchronization
 * event (one wait consumes the signal) or, under EXCHANGE_BROADCAST, a notification event (it stays
 * set until it is reset, and lets everybody pass). Functions return 0 or an error number. */
#ifndef BENCH_NATIVE_SIGNALS_SIGNAL_H
#define BENCH_NATIVE_SIGNALS_SIGNAL_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/exchange.h"
#include "locks/machine/machine.h"

/* What a set of objects is for. */
struct signal_shape {
    enum exchange exchange;
    unsigned objects; /* at most EXCHANGE_OBJECTS_MOST */
    unsigned threads; /* that use it, each with its own machine_self() */
};

/* Deadlines are machine_clock() times. One that is past, such as 0, makes a wait a test;
 * MACHINE_NEVER, with which all is measured, lets the primitive take its way without a time-out. A
 * wait returns ETIMEDOUT when the deadline came first, and has then consumed nothing. */
struct signal_ops {
    const char *name;
    const char *description; /* at most 56 characters */
    const char *source;      /* who says how it works */
    uint32_t can;            /* the workloads, a bit each (exchange_bit()) */
    size_t size, size_per_object, size_per_thread;

    /* NULL: it is everywhere. Otherwise NULL when this system has it, or what it lacks, in words
     * that follow "left out: ". */
    const char *(*missing)(void);

    int (*init)(void *signals, const struct signal_shape *shape);
    void (*destroy)(void *signals);

    int (*set)(void *signals, unsigned object);
    int (*reset)(void *signals, unsigned object); /* of notification events, by their setter */
    int (*wait)(void *signals, unsigned object, uint64_t deadline);
    /* For all objects of the set: by one thread at a time. */
    int (*wait_any)(void *signals, uint64_t deadline, unsigned *index);
    int (*wait_all)(void *signals, uint64_t deadline);

    /* A timer, used by one thread: due at a machine_clock() time and then, unless `period` is 0,
     * again and again. */
    int (*arm)(void *signals, uint64_t due, uint64_t period);
    int (*disarm)(void *signals);
    /* Waits for the next expiry; `*expiries` is how many there were since the last one that was
     * waited for, at least 1. */
    int (*await_expiry)(void *signals, uint64_t *expiries);
};

#endif
