/* The dispatcher's synchronization event, under the one lock of all objects. */
#include "bench/native/signals/dispatcher.h"

DISPATCHER_SIGNALS(event_sync, DISPATCHER_GLOBAL, DISPATCHER_EVENT_SYNC, dispatcher_signals_set,
                   "dispatcher synchronization event, one lock for all",
                   "documentation of KeInitializeEvent; NT 5.2");
