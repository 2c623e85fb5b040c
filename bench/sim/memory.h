/* Memory: which line an address lies in, and what an access to it takes. */
#ifndef BENCH_SIM_MEMORY_H
#define BENCH_SIM_MEMORY_H

#include "bench/sim/engine.h"

/* Names the memory from `start` on; what has no name is the threads' contexts. Before the first
 * access to it. `name` has to live on. */
void memory_name(struct sim_memory *memory, const void *start, size_t bytes, const char *name,
                 enum sim_naming naming);

/* The line that the address lies in. */
struct sim_line *memory_line(struct sim_engine *engine, const volatile void *word);

/* Makes the access for the running thread and returns when it is made. thread->access says what is
 * to be done, and holds what was seen. Awaiting and retrying are one access each. */
void memory_access(struct sim_engine *engine, const struct sim_access *access);

/* The same without the time that an access takes when the line is there: no time passes between the
 * access and what the caller does next. */
void memory_access_at_once(struct sim_engine *engine, const struct sim_access *access);

/* The next look or try of a thread that waits. True: the access is made. */
bool memory_try(struct sim_engine *engine, struct sim_thread *thread);

/* The thread's transaction completes. True: the access is made. */
bool memory_complete(struct sim_engine *engine, struct sim_thread *thread);

/* A watching thread watches no longer. */
void memory_unwatch(struct sim_thread *thread);

/* Counts from here. */
void memory_reset_traffic(struct sim_memory *memory);

void memory_free(struct sim_memory *memory);

#endif
