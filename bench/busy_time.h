/* What busy times really took, against what was asked for. */
#ifndef BENCH_BUSY_TIME_H
#define BENCH_BUSY_TIME_H

#include "bench/findings.h"

/* How much longer the looked-at busy times of the threads from `first` up to `end` took than they
 * were asked to, in nanoseconds on average: under the lock (`critical`) or outside. Without the
 * tenth at either end, where the preempted ones are. NaN when none was looked at. For threads that
 * are all back. */
double busy_overtime_ns(const struct findings *findings, bool critical, unsigned first,
                        unsigned end);

#endif
