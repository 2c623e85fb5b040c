/* Memory for what can't go on without it: where there is none, the process complains and ends with
 * EXIT_MACHINE. For the processes of repetitions, and for what is found in records; whoever has
 * something to save asks for memory itself. */
#ifndef BENCH_ALLOCATE_H
#define BENCH_ALLOCATE_H

#include <stddef.h>

/* Zeroed, at a multiple of `alignment`, a power of two, and with nothing else up to the next one.
 * To be freed. */
void *allocate_zeroed(size_t alignment, size_t size);

/* `count` elements of `size` bytes, zeroed; also none of them is not NULL. To be freed. */
void *allocate_array(size_t count, size_t size);

/* `memory`, which somebody else asked for, unless it is NULL. */
void *allocated(void *memory);

#endif
