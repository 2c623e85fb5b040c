#include "bench/run_fields.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

const char *const run_host_fields[] = {"cpu_model",    "microcode", "virtual", "kernel",
                                       "governor",     "turbo",     "smt",     "cpus",
                                       "allowed_cpus", "topology",  NULL};

bool run_same_value(const json_t *a, const json_t *b)
{
    bool no_a = a == NULL || json_is_null(a), no_b = b == NULL || json_is_null(b);

    return no_a || no_b ? no_a && no_b : json_equal((json_t *)a, (json_t *)b) != 0;
}

const char *run_value_text(const json_t *value, char text[RUN_VALUE_TEXT])
{
    char *json = NULL;

    if (json_is_string(value))
        snprintf(text, RUN_VALUE_TEXT, "%s", json_string_value(value));
    else if (value == NULL || json_is_null(value) ||
             (json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)) == NULL)
        snprintf(text, RUN_VALUE_TEXT, "unknown");
    else
        snprintf(text, RUN_VALUE_TEXT, "%s", json);
    free(json);
    return text;
}
