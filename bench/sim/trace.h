/* A trace of a simulated run, in the format of Chrome's trace viewer, which Perfetto opens as well
 * ("Trace Event Format", Google, 2016): what each core did to which line, when, and who held the
 * lock. */
#ifndef BENCH_SIM_TRACE_H
#define BENCH_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/sim/coherence.h"

/* Viewers become slow beyond that; some 60 MB. */
enum { TRACE_EVENTS_MOST = 500000 };

struct sim_trace {
    FILE *file;
    uint64_t events; /* with those that were left out */
    uint64_t cut_ps; /* when the first was left out; 0: none was */
};

/* Makes an empty file of that name, so that what stands in the way of a trace shows before the run.
 * Complains: EXIT_USAGE when there is one already, EXIT_MACHINE when there can't be one. */
enum exit_code trace_claim(const char *name);

/* Removes the file when nothing was written to it, and returns whether something was. */
bool trace_keep(const char *name);

/* Begins the file `name`, which was claimed, with so many threads; `title` says what is traced.
 * False, with errno, when it can't be written. */
bool trace_open(struct sim_trace *trace, const char *name, const char *title, unsigned threads);

/* Ends it, at that time. False, with errno, when something could not be written. */
bool trace_close(struct sim_trace *trace, uint64_t now);

/* Each event, from `start` to `end`, in picoseconds. A CPU is named by the system's number. */
void trace_transaction(struct sim_trace *trace, unsigned cpu, const char *line,
                       const struct sim_transaction *transaction, uint64_t start, uint64_t end);
void trace_run(struct sim_trace *trace, unsigned cpu, unsigned thread, uint64_t start,
               uint64_t end);
void trace_lock(struct sim_trace *trace, unsigned thread, const char *what, uint64_t start,
                uint64_t end);

#endif
