/* What was counted, for a sample. */
#ifndef BENCH_NATIVE_COUNTERS_REPORT_H
#define BENCH_NATIVE_COUNTERS_REPORT_H

#include "bench/native/counters/counters.h"
#include "bench/native/crew.h"
#include "bench/result.h"

/* Adds `traffic` and `events` to a result of a crew. What is null inside them has its reason under
 * "traffic.NAME" and "events.NAME". */
void counters_report(struct result *result, const struct crew *crew);

/* The same, from sums over all threads, of so many acquisitions. */
void counters_report_totals(struct result *result, const struct counters_plan *plan,
                            const struct counters_totals *totals, uint64_t acquisitions);

#endif
