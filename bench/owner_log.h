/* Which acquisitions a thread had. The pair under the lock counts the exclusive ones, so that the
 * holder knows its number at no cost, and writes it to a line that nobody else touches; merged, the
 * logs of all threads are the stream of owners. */
#ifndef BENCH_OWNER_LOG_H
#define BENCH_OWNER_LOG_H

#include <stddef.h>
#include <stdint.h>

struct owner_log {
    uint64_t *numbers; /* upwards */
    size_t count, capacity;
};

/* A log that is full stays as it is: the stream is whole up to there. */
static inline void owner_log_add(struct owner_log *log, uint64_t number)
{
    if (log->count < log->capacity)
        log->numbers[log->count++] = number;
}

#endif
