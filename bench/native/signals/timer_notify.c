/* The dispatcher's notification timer. */
#include "bench/native/signals/dispatcher_timer.h"

DISPATCHER_TIMER(timer_notify, DISPATCHER_TIMER_NOTIFY, true,
                 "dispatcher notification timer, reset by who waits");
