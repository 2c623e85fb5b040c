/* Cache coherence: who holds which line, what a transfer moves, how long it takes.
 *
 * A directory-based MESI protocol for lines of 64 bytes. A core that holds a line alone (M or E)
 * reads and writes it, one that shares it (S) reads it; everything else is a transaction, of which
 * one line has one at a time and the others wait in order of arrival (the engine's business). A
 * line changes state when its transaction completes. Caches are as large as they need to be:
 * nothing is evicted. */
#ifndef BENCH_SIM_COHERENCE_H
#define BENCH_SIM_COHERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/sim/model.h"

enum { SIM_LINE_BYTES = 64, SIM_NOBODY = -1 };

enum sim_transaction_kind {
    SIM_READ,    /* GetS: a copy to read */
    SIM_OWN,     /* GetM: the line, to write, from others */
    SIM_UPGRADE, /* the right to write a copy that is there already */
};

/* What moved. */
struct sim_traffic {
    uint64_t transactions[3]; /* by kind */
    uint64_t invalidated;     /* copies */
    uint64_t distances[SIM_DISTANCES];
};

/* Lines of one name together; what a report shows. */
struct sim_tally {
    char name[32];
    uint64_t transactions;
};

struct sim_line {
    uint64_t *holders; /* a set of CPUs */
    int owner;         /* who may write, or SIM_NOBODY */
    bool uncounted;    /* the program's own bookkeeping: free to access, and no traffic */
    struct sim_tally *tally;

    /* The engine's: threads in a row, by their links. */
    struct sim_thread *requests, *last_request; /* the first one's transaction is under way */
    struct sim_thread *watchers;                /* parked until the line is written */
    struct sim_thread *sleepers, *last_sleeper; /* in the kernel, on a futex in this line */
};

struct sim_transaction {
    enum sim_transaction_kind kind;
    enum sim_distance distance; /* of the core that it has to wait for longest */
    double latency_ns;
};

/* Whether the CPU may read, or write, the line without a transaction. */
static inline bool sim_line_readable(const struct sim_line *line, unsigned cpu)
{
    return line->uncounted || (line->holders[cpu / 64] >> (cpu % 64) & 1) != 0;
}

static inline bool sim_line_writable(const struct sim_line *line, unsigned cpu)
{
    return line->uncounted || line->owner == (int)cpu;
}

/* What it takes to give the CPU the line, to write or only to read, as things stand. */
struct sim_transaction sim_line_transaction(const struct sim_model *model,
                                            const struct sim_line *line, unsigned cpu, bool write);

/* Completes it: the line changes state, and the traffic is counted. */
void sim_line_complete(const struct sim_model *model, struct sim_line *line, unsigned cpu,
                       const struct sim_transaction *transaction, struct sim_traffic *traffic);

#endif
