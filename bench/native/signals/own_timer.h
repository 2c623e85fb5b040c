/* The timer of a primitive whose waits end by their own time-out: nobody signals it, and all there
 * is to set is when it is due. */
#ifndef BENCH_NATIVE_SIGNALS_OWN_TIMER_H
#define BENCH_NATIVE_SIGNALS_OWN_TIMER_H

#include "bench/native/signals/signal.h"

/* The first member of such a primitive's memory. */
struct own_timer {
    uint64_t due, period;
};

static inline int own_timer_arm(void *memory, uint64_t due, uint64_t period)
{
    *(struct own_timer *)memory = (struct own_timer){due, period};
    return 0;
}

static inline int own_timer_disarm(void *memory)
{
    (void)memory;
    return 0;
}

/* What a wait until `due` returned, as that of a timer. */
static inline int own_timer_expired(struct own_timer *timer, int error, uint64_t *expiries)
{
    timer->due += timer->period;
    *expiries = 1;
    return error == ETIMEDOUT ? 0 : error;
}

#endif
