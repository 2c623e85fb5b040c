/* Mutation: every memory order of a lock, weakened one at a time. One whose weakening nobody
 * notices is too strong, or the clients are too weak, or an argument says why it is there all the
 * same. */
#ifndef BENCH_CHECK_MUTATE_H
#define BENCH_CHECK_MUTATE_H

#include "bench/check/session.h"

struct mutant {
    struct mutation mutation;
    int from; /* the order that the source has */
    bool noticed;
    const char *client, *property; /* by which, and as what */
    const char *argument;          /* why the source has it all the same, or NULL */
};

struct mutants {
    struct mutant *list;
    size_t count;
    bool wrong; /* the lock breaks a property as it is, so that mutants would tell nothing */
};

/* Makes and tries all mutants of a lock, each with at most `bound`
 * executions a client. `tick` is called before each. False: out of memory, or `tick` returned
 * false. Free the list. */
bool mutate(const struct subject *subject, uint64_t bound,
            bool (*tick)(unsigned done, unsigned all, void *argument), void *argument,
            struct mutants *mutants);

#endif
