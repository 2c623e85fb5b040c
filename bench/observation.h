/* What the measured loop notes besides its counts. Each is a loop of its own, so that the one that
 * notes nothing stays as it is. */
#ifndef BENCH_OBSERVATION_H
#define BENCH_OBSERVATION_H

enum observation {
    OBSERVE_NOTHING,
    OBSERVE_OWNERS,  /* which of the exclusive acquisitions were the thread's, see owner_log.h */
    OBSERVE_LATENCY, /* how long some turns took, see latency_watch.h */
    OBSERVATIONS
};

#endif
