/* The results of a workload of signals (bench/exchange.h), as a person reads them and as JSON. */
#ifndef BENCH_SIGNAL_TABLE_H
#define BENCH_SIGNAL_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "bench/exchange.h"
#include "bench/records.h"

/* The workload of signals that a run was of, or EXCHANGE_NONE. */
enum exchange signal_table_exchange(const struct records *file);

/* Prints the results of one file: for each measure a block for each number of threads and objects,
 * with a line for each primitive, at most 80 columns wide. */
void signal_table_print(FILE *out, const struct records *file);

/* {"cells": [...]}; the caller owns it. */
json_t *signal_table_to_json(const struct records *file);

#endif
