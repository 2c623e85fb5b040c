/* What lockbench does with JSON in many places, beyond what jansson does. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* The number of that name; NaN: the object has no number there. */
double json_number_or_nan(const json_t *object, const char *name);

/* As JSON has it, which knows neither NaN nor infinity: those are null. */
json_t *json_number_or_null(double value);

/* A time in whole nanoseconds that may have no end, which is UINT64_MAX: "inf". */
json_t *json_time_or_inf(uint64_t ns);

/* A matrix of `n` rows of `n` numbers that lie behind each other, as a list of lists. */
json_t *json_matrix(const double *numbers, size_t n);

/* Writes it to standard output for a person or a program, with that many digits of each number that
 * is not whole, and gives up the reference. */
void json_print(json_t *value, size_t digits);

#endif
