/* The pass that observes who has the lock after whom: how much of it is noted. */
#ifndef BENCH_NATIVE_OWNER_PASS_H
#define BENCH_NATIVE_OWNER_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/owner_stream.h"

/* How many acquisitions each of so many threads can note. */
size_t owner_pass_room(unsigned threads);

/* The windows (see owner_log.h) for a pass that is expected to have so many acquisitions of all
 * threads together: spread over all of it, each as long as LWSS needs or longer, and so few that
 * even a thread that has the lock alone does not fill its log while the expectation is right. Where
 * it is about what a log has room for, or less, everything is noted. */
uint64_t owner_pass_windows(unsigned threads, double expected);

#endif
