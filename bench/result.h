/* The result of a repetition as a JSON object: the measured fields of a sample, and the violations.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <jansson.h>

#include "bench/findings.h"

/* A result under construction: a number that was not measured is null, and its reason stands in
 * `unmeasured` under its name. */
struct result {
    const struct findings *findings;
    json_t *object, *validity, *unmeasured, *violations;
};

/* One with nothing in it, for a machine that judges by itself; `findings` may be NULL then. */
struct result result_empty(const struct findings *findings);

/* Begins a result, from findings that live until its end, with what is judged alike on every
 * machine: acquisitions, throughput, verification, bursts, CPU time, full concurrency, and the
 * waits that were achieved. */
struct result result_begin(const struct findings *findings);

/* Says that `name`, a field of `object`, was not measured, and why. */
void result_unmeasured(struct result *result, json_t *object, const char *name, const char *reason);

/* Adds `elapsed_ns`, and the throughput of so many operations in it; 0: the clock went backwards,
 * so that neither is known. */
void result_throughput(struct result *result, uint64_t operations, uint64_t elapsed_ns);

/* Adds a violation. */
void result_violation(struct result *result, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The whole as one object, with the violations in a list "violations" of objects {kind, detail}.
 * The caller owns it. */
json_t *result_join(struct result *result);

/* The same of a result that was begun from findings, with its verdict. */
json_t *result_end(struct result *result);

#endif
