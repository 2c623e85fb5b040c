/* A crew whose threads are split over processes. */
#ifndef BENCH_NATIVE_CREW_PROCESSES_H
#define BENCH_NATIVE_CREW_PROCESSES_H

#include "bench/native/crew.h"

/* Makes the shared memory of a repetition with more than one process and, in it, a zeroed crew with
 * its arena and its processes. Returns NULL with the reason in `problem`. */
struct crew *crew_processes_make(const struct repetition *repetition, char *problem,
                                 size_t problem_size);

/* Runs the repetition; see crew_run(). All processes have ended when it returns. */
const char *crew_processes_run(struct crew *crew, char *problem, size_t problem_size);

/* What the kernel did for and to all processes so far, read by the leader when the window begins or
 * has ended. Sets switches_unknown when a thread's can't be read. */
void crew_processes_usage(struct crew *crew, struct usage *usage, bool begins);

#endif
