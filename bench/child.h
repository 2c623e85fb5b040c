/* The parent's side of a repetition: a fresh process that measures and reports, or doesn't. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <jansson.h>
#include <stdint.h>

#include "bench/repetition.h"

enum child_end {
    CHILD_REPORTED,    /* `result` is the repetition's result */
    CHILD_FAILED,      /* it could not measure; `reason` says why */
    CHILD_CRASHED,     /* it ended by itself without a report; `reason` says how */
    CHILD_HUNG,        /* it did not end in time and was killed; `reason` says when */
    CHILD_STOPPED,     /* somebody stopped it (Ctrl-Z): it measured nothing, and has gone */
    CHILD_INTERRUPTED, /* the user ended the program meanwhile; it was killed */
};

struct child_report {
    enum child_end end;
    json_t *result;
    char reason[256];
};

/* Runs one repetition in a fresh process: a new address layout, and whatever the lock does costs no
 * more than this repetition. Returns when the process has gone. A result is the caller's. */
struct child_report child_run(const struct repetition *repetition);

#endif
