/* Passes: stretches of a repetition on real cores between its warm-up and its window, in which the
 * loop notes what it has no time for in the window: the throughput is that of the window, where
 * nothing is noted. A simulated machine sees all of it in its window, at no cost. */
#ifndef BENCH_PASSES_H
#define BENCH_PASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/observation.h"

/* A set of passes: the bit of each, 1 << its observation. */
typedef unsigned passes_set;

enum { PASSES_NONE = 0, PASSES_ALL = (1u << OBSERVATIONS) - (1u << OBSERVE_OWNERS) };

#define PASSES_NAMES "owners, latency, all, none"

/* Reads names, separated by commas. Returns false and leaves `*passes` alone when `text` has
 * another one. */
bool passes_read(const char *text, passes_set *passes);

/* The longest text that passes_text() writes, with its end. */
enum { PASSES_TEXT = 64 };

/* The names of the set, as passes_read() takes them. Returns `text`. */
const char *passes_text(passes_set passes, char text[PASSES_TEXT]);

/* Whether the pass of an observation is in the set, and how many passes are. */
bool passes_has(passes_set passes, enum observation observation);
unsigned passes_count(passes_set passes);

#endif
