/* Which thread has its core, sleeping and waking. Whose turn it is says run_queue.h; threads stay
 * on their core. */
#ifndef BENCH_SIM_SCHEDULER_H
#define BENCH_SIM_SCHEDULER_H

#include "bench/sim/engine.h"

/* The thread could run: now, if its core is idle. It will go on with thread->resumed. */
void scheduler_ready(struct sim_engine *engine, struct sim_thread *thread);

/* The running thread of a core leaves it: it sleeps or is done. */
void scheduler_leave(struct sim_engine *engine, struct sim_thread *thread);

/* The running thread lets another one of its core go first; there has to be one. */
void scheduler_yield(struct sim_engine *engine);

/* The slice of a core's running thread is over, or a thread has come that should go first. */
void scheduler_slice_ends(struct sim_engine *engine, unsigned cpu);

/* A thread's line has come: if its slice was over meanwhile, it makes room at its next event. */
void scheduler_line_came(struct sim_engine *engine, const struct sim_thread *thread);

/* The running thread sleeps on the word of its last access, until it is woken or the deadline, in
 * picoseconds (UINT64_MAX: none). Returns whether it was woken. */
bool scheduler_sleep(struct sim_engine *engine, uint64_t deadline);

/* A sleeping thread's event: it was woken, or its deadline has come. */
void scheduler_awake(struct sim_engine *engine, struct sim_thread *thread);

/* Wakes up to `most` threads that sleep on the word in that line. Returns how many of them are of
 * other cores than the running one. */
unsigned scheduler_wake(struct sim_engine *engine, struct sim_line *line, const void *word,
                        uint32_t most);

#endif
