/* What a crew found, as the result of its repetition. */
#ifndef BENCH_NATIVE_REPORT_H
#define BENCH_NATIVE_REPORT_H

#include <jansson.h>

#include "bench/native/crew.h"

/* The result (result.h) of a crew that has run, or NULL: out of memory. The caller owns it. */
json_t *native_report(struct crew *crew);

#endif
