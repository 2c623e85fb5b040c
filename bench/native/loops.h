/* The measured loops (measured_loop()) that are stamped from the catalogue, one per lock and shape.
 */
#ifndef BENCH_NATIVE_LOOPS_H
#define BENCH_NATIVE_LOOPS_H

#include "bench/worker.h"

typedef int loop_function(struct worker *worker, uint32_t phase);

/* The loop of that shape with the functions of that lock inlined. Never NULL for a lock of the
 * catalogue. */
loop_function *loop_inlined(const struct lock_ops *ops, struct loop_shape shape);

/* The loop that calls any lock through its vtable. */
loop_function *loop_through_vtable(struct loop_shape shape);

/* The same for nested locks, scripted: it has a context for each of them. */
loop_function *loop_nested(enum observation observation);

/* The first two again, scripted, with the worker's `raise` before each acquire and its `lower`
 * after the release. Loops of their own, so that those above stay as they are; the inlined one
 * observes nothing. The one through the vtable is also for nested locks. */
loop_function *loop_raised(const struct lock_ops *ops);
loop_function *loop_raised_through_vtable(enum observation observation);

/* The first two again, varied (bench/varied_loop.h). They observe nothing, and the one through
 * the vtable is also for nested locks. */
loop_function *loop_varied(const struct lock_ops *ops);
loop_function *loop_varied_through_vtable(void);

#endif
