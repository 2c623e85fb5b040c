/* Coroutines: the virtual threads of the simulated machine and of the checker. Many of them share
 * one OS thread, and each runs until it hands over to another one by name. */
#ifndef BENCH_VIRTUAL_COROUTINE_H
#define BENCH_VIRTUAL_COROUTINE_H

#include <stddef.h>

struct coroutine;

/* The running flow of control, as one that others can hand back to. NULL: out of memory. */
struct coroutine *coroutine_of_caller(void);

/* One that will call run(argument) on a stack of its own when it is first handed to. `run` must not
 * return: it hands over for good. NULL: out of memory. */
struct coroutine *coroutine_new(void (*run)(void *argument), void *argument);

/* Goes on with `to`, and returns when somebody hands back to `from`, which is the one that calls.
 * Costs some ten nanoseconds and no system call. */
void coroutine_switch(struct coroutine *from, struct coroutine *to);

/* Makes a coroutine that has run anew: the next switch to it begins it again from the start, on the
 * same stack. Not the running one. */
void coroutine_restart(struct coroutine *coroutine);

/* Ends a coroutine, wherever it is; not the running one. What it owns is not freed. */
void coroutine_free(struct coroutine *coroutine);

#endif
