/* Plans as JSON objects: files that a person writes (docs/plans.md), and the `plan` of a results
 * file. */
#ifndef BENCH_PLAN_FILE_H
#define BENCH_PLAN_FILE_H

#include <jansson.h>

#include "bench/measuring.h"

/* Reads a plan file into settings that are otherwise the default ones. `name` with a `/` or the
 * ending .json is a file; any other is one of the plans that come with the program. Complains,
 * naming the file and the place in it, and returns EXIT_USAGE when it can't be read. */
enum exit_code plan_file_read(const char *name, struct measuring *measuring);

/* The same for an object that is there already; `about` it in words, for complaints. What the
 * settings need of the object lives on in them. */
enum exit_code plan_object_read(json_t *object, const char *about, struct measuring *measuring);

#endif
