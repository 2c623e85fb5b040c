/* One repetition as it passes between the parent, which plans, and the child process, which
 * measures: a request and a result, each one JSON object on one line. */
#ifndef BENCH_NATIVE_REPETITION_H
#define BENCH_NATIVE_REPETITION_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/native/crew.h"

/* The most threads of a run, and the most CPU number. */
enum { THREADS_MOST = 4096 };

/* The request as an object; the caller owns it. */
json_t *repetition_to_json(const struct repetition *repetition);

/* Reads a request; its `cpus` are to be freed. Complains and returns EXIT_USAGE on one that is
 * wrong. */
enum exit_code repetition_from_json(json_t *object, struct repetition *repetition);

/* The fields of a sample that were measured, from a crew that has run, with the violations found in
 * a list "violations" of objects {kind, detail}. The caller owns the object. */
json_t *repetition_result(struct crew *crew);

/* How long threads may take to come back after the stop signal: a second, and a rotation of all
 * threads through their time slices. A fair spinning lock with more threads than CPUs needs about
 * such a rotation for each hand-off, so that not all of them may come back in that time. */
uint64_t repetition_drain_ns(unsigned threads, unsigned cpus);

#endif
