/* Threads that play a scene together, each bound to its CPU. */
#ifndef BENCH_NATIVE_CAST_H
#define BENCH_NATIVE_CAST_H

#include <stdint.h>

#include "locks/machine/machine.h"

enum { CAST_MOST = 3 };

struct player {
    void (*play)(void *scene);
    unsigned cpu;
    int error; /* of the binding; set by the player */
    struct cast *cast;
};

/* `players`, `count` and `scene` are the caller's to set. */
struct cast {
    struct player players[CAST_MOST];
    unsigned count;
    void *scene;
    WORD(uint32_t) sign, bound;
};

/* Starts a thread for each player, and has them play when all are bound; waits for their end.
 * Returns 0, or the error because of which none has played. */
int cast_perform(struct cast *cast);

#endif
