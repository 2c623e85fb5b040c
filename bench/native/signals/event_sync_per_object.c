/* The dispatcher's synchronization event, with a lock for each object. */
#include "bench/native/signals/dispatcher.h"

DISPATCHER_SIGNALS(event_sync_per_object, DISPATCHER_PER_OBJECT, DISPATCHER_EVENT_SYNC,
                   dispatcher_signals_set, "the same with a lock an object",
                   "documentation of KeInitializeEvent; locks of our own");
