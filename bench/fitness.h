/* Whether the window of a repetition may be counted, judged by what the machine did meanwhile and
 * never by the result. Samples of unfit windows are kept, and left out of medians, intervals and
 * tests. */
#ifndef BENCH_FITNESS_H
#define BENCH_FITNESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The limits. A steady little of each is how shared machines are, and is within the intervals: a
 * window that is beyond one of these was measured on another machine, so to speak. */

/* Parts of the time of the CPUs used: that the hypervisor took, and that other processes had. */
#define FITNESS_STEAL_MOST 0.10
#define FITNESS_LOAD_MOST  0.50
/* How much longer than planned the window may be, as a part of that, and the time below which that
 * is nothing: the thread that ends it waits for a few time slices where all CPUs are busy. */
#define FITNESS_OVERRUN_MOST 0.20
enum { FITNESS_OVERRUN_LEAST_NS = 20000000 };
/* Involuntary context switches of each thread in a second, and the number below which they are
 * none, where each thread has a CPU of its own. Two that share a CPU fairly make some 150. */
enum { FITNESS_SWITCHES_MOST = 250, FITNESS_SWITCHES_LEAST = 10 };
/* How far the frequency of a CPU may be at the end from what it was at the begin, as a part. */
#define FITNESS_FREQUENCY_MOST 0.25
/* The kernel counts the CPUs' time in ticks of this length; one may be rounding. */
enum { FITNESS_TICK_NS = 10000000 };

/* What is wrong with the window of a sample, each in one word, in a new list: `steal`, `load`,
 * `overrun`, `switches`, `unpinned`, `migrations`, `frequency`, `clock`. What was not measured is
 * not held against it. */
json_t *fitness_judge(const json_t *sample);

/* Sets `unfit` of a sample of real cores that has none, as those of older programs. */
void fitness_complete(json_t *sample);

/* By what `unfit` says; a sample without it is fit. */
bool fitness_is_fit(const json_t *sample);

/* How many of the samples are unfit. */
size_t fitness_count_unfit(const json_t *samples);

/* The samples that count, in a new list: the fit ones or, where there is none, all. */
json_t *fitness_choose(const json_t *samples);

/* How often each word is said of the samples, as `steal 3, load 1`; "" if none is. */
void fitness_reasons(const json_t *samples, char *text, size_t size);

#endif
