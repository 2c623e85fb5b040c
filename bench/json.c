#include "bench/json.h"

#include <math.h>
#include <stdio.h>

double json_number_or_nan(const json_t *object, const char *name)
{
    const json_t *number = json_object_get(object, name);

    return json_is_number(number) ? json_number_value(number) : NAN;
}

json_t *json_number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_time_or_inf(uint64_t ns)
{
    return ns == UINT64_MAX ? json_string("inf") : json_integer((json_int_t)ns);
}

json_t *json_matrix(const double *numbers, size_t n)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; j++)
            json_array_append_new(row, json_number_or_null(numbers[i * n + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

void json_print(json_t *value, size_t digits)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
    putchar('\n');
    json_decref(value);
}
