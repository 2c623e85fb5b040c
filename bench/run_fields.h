/* What a run's record says of its machine, for whoever holds two runs against each other. */
#ifndef BENCH_RUN_FIELDS_H
#define BENCH_RUN_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

/* The fields of `host` that bear on every number, up to a NULL. They stay as they are while a
 * machine is left alone. */
extern const char *const run_host_fields[];

/* Whether two values are alike; one that is not there is as good as null. */
bool run_same_value(const json_t *a, const json_t *b);

/* A value in words, not too long for a line of several: its text, or the JSON of anything else. */
enum { RUN_VALUE_TEXT = 160 };
const char *run_value_text(const json_t *value, char text[RUN_VALUE_TEXT]);

#endif
