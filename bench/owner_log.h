/* Which acquisitions a thread had. The pair under the lock counts the exclusive ones, so that the
 * holder knows its number at no cost, and keeps what follows on lines that nobody else touches.
 *
 * Two things are kept. How many acquisitions ago the thread had the lock before is known at each
 * one, so that the longest such gap is exact. And in some windows, spread over the pass, each
 * acquisition is noted; put together, the notes of all threads are a sample of the stream of
 * owners. */
#ifndef BENCH_OWNER_LOG_H
#define BENCH_OWNER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "locks/lock.h"

/* When acquisitions are noted, in one word that all threads read: those whose number modulo a power
 * of two lies below a length. Before the pass nothing is looked at; after it, nothing is noted, but
 * a thread that has waited since may still find that this was the longest gap. */
enum owner_windows { OWNER_WINDOWS_BEFORE = 0, OWNER_WINDOWS_AFTER = 1 };

static inline uint64_t owner_windows(uint32_t every, uint32_t length)
{
    return (uint64_t)length << 32 | (every - 1);
}

struct owner_note {
    /* The end of a pass comes long before this overflows. */
    uint32_t number;
    uint32_t gap; /* to the thread's acquisition before; 0: it had none */
};

struct owner_log {
    WORD(uint64_t) * windows;
    struct owner_note *notes; /* upwards */
    size_t count, capacity;
    uint64_t before; /* the number of the thread's last acquisition + 1; 0: it had none */
    uint64_t
        longest;    /* the longest gap that ended since the pass began; 0: the thread had no turn */
    uint64_t first; /* the number of its first acquisition since then, */
    bool fresh;     /* which was the first of all: when it began to wait for it is not known */
};

/* What few acquisitions come to; a function of its own, so that the others don't make room for it.
 */
static __attribute__((noinline, unused)) void owner_log_keep(struct owner_log *log,
                                                             uint64_t windows, uint64_t number,
                                                             uint64_t before)
{
    const uint64_t gap = number + 1 - before;

    if (windows == OWNER_WINDOWS_BEFORE)
        return;
    if (gap > log->longest) {
        if (log->longest == 0) {
            log->first = number;
            log->fresh = before == 0;
        }
        log->longest = before == 0 ? 1 : gap;
    }
    if (((uint32_t)number & (uint32_t)windows) < windows >> 32 && log->count < log->capacity)
        log->notes[log->count++] =
            (struct owner_note){(uint32_t)number, before == 0        ? 0
                                                  : gap < UINT32_MAX ? (uint32_t)gap
                                                                     : UINT32_MAX};
}

/* By the holder of the lock. `*before` is the log's, which the loop keeps in a register: on x86 a
 * store delays the atomic operation of the next acquire. All threads see the windows change between
 * the same two acquisitions: a later holder can't read an older word than an earlier one, because
 * the lock orders them. So a window has no holes. A log that is full stays as it is. */
static inline __attribute__((always_inline)) void owner_log_add(struct owner_log *log,
                                                                uint64_t *before, uint64_t number)
{
    const uint64_t windows = word_load(log->windows, relaxed), last = *before;
    const bool in_window = ((uint32_t)number & (uint32_t)windows) < windows >> 32;

    *before = number + 1;
    if (__builtin_expect(in_window | (number + 1 - last > log->longest), false))
        owner_log_keep(log, windows, number, last);
}

#endif
