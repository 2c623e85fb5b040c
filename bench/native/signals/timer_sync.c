/* The dispatcher's synchronization timer. */
#include "bench/native/signals/dispatcher_timer.h"

DISPATCHER_TIMER(timer_sync, DISPATCHER_TIMER_SYNC, false,
                 "dispatcher synchronization timer, and its timer thread");
