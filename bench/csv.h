/* Comma-separated values, as RFC 4180 quotes them, one line a row. */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include <jansson.h>
#include <stdio.h>

/* What an object holds, without nesting: names of nested objects joined by dots. A list of numbers
 * or texts becomes one text with spaces between, any other list its JSON. The caller owns it. */
json_t *csv_flatten(const json_t *object);

/* Writes a list of objects: a line with the names of all columns that any row has, in the order in
 * which they come up, then a line for each row. What is null or not there is empty; a column is
 * left out when nothing is in it where other rows have a nested object. Lines end with a line feed
 * alone: with a carriage return before it, gnuplot would take that for a part of the last column.
 */
void csv_write(FILE *out, const json_t *rows);

#endif
