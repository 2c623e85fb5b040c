/* Over how many processes the threads of a cell are split. */
#ifndef BENCH_PROCESSES_H
#define BENCH_PROCESSES_H

#include <jansson.h>
#include <stdbool.h>

/* One process a thread, instead of a number of processes; and the largest such number. */
enum { PROCESSES_EACH = 0, PROCESSES_MOST = 64 };

/* Reads a number from 1 to PROCESSES_MOST, or `each`. Returns false and leaves `*processes` alone
 * when `text` is neither. */
bool processes_read(const char *text, unsigned *processes);

/* As recorded: an integer, or "each". The caller owns it. */
json_t *processes_to_json(unsigned processes);

/* The same back; what is not recorded (NULL) is one process, and so is what can't be read. */
unsigned processes_from_json(const json_t *value);

/* How many processes that many threads are split over: never more than there are threads. */
unsigned processes_for(unsigned processes, unsigned threads);

#endif
