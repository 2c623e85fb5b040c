/* One repetition as it passes between the parent, which plans, and the child process, which
 * measures: a request and a result, each one JSON object on one line. */
#ifndef BENCH_NATIVE_REPETITION_H
#define BENCH_NATIVE_REPETITION_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/native/crew.h"

/* The request as an object; the caller owns it. */
json_t *repetition_to_json(const struct repetition *repetition);

/* Reads a request; its `cpus` are to be freed. Complains and returns EXIT_USAGE on one that is
 * wrong. */
enum exit_code repetition_from_json(json_t *object, struct repetition *repetition);

/* The fields of a sample that were measured, from a crew that has run, with the violations found in
 * a list "violations" of objects {kind, detail}. The caller owns the object. */
json_t *repetition_result(struct crew *crew);

/* Sets how long to wait for threads after the stop signal, from the locks' and the workload's own
 * times. While a right lock is drained, nobody may come back for a rotation of all threads through
 * their time slices (a fair spinning lock with more threads than CPUs), a longest turn, and the
 * longest of the lock's own times for each thread (a proportional backoff). What is longer than
 * that is a hang. Waiting is bounded, so that with absurd times no hang can be told. */
void repetition_set_patience(struct repetition *repetition);

#endif
