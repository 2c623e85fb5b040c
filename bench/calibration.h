/* What waiting costs on a machine: by spinning, by yielding, by sleeping and being woken. */
#ifndef BENCH_CALIBRATION_H
#define BENCH_CALIBRATION_H

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/machine.h"
#include "bench/statistics.h"

/* Each in nanoseconds, the clock's own part taken off. A hand-off by waking lasts from before the
 * waker's store to the woken thread running in its own code; the waker's call lies within it. */
enum calibration_item {
    CALIBRATION_RELAX,        /* one machine_relax() */
    CALIBRATION_YIELD,        /* one machine_yield() with nobody else on the CPU */
    CALIBRATION_SWITCH,       /* from one thread to another of the same CPU by machine_yield() */
    CALIBRATION_SPIN,         /* a hand-off to a thread that spins on another core */
    CALIBRATION_WAKE_CALL,    /* the system call by which a thread on another core is woken */
    CALIBRATION_WAKE_SAME,    /* a hand-off by waking, on the waker's own CPU, which sleeps then */
    CALIBRATION_WAKE_BUSY,    /* to another core, on which a further thread computes */
    CALIBRATION_WAKE_SHALLOW, /* to another core, idle for CALIBRATION_SHALLOW_NS */
    CALIBRATION_WAKE_DEEP,    /* to another core, idle for CALIBRATION_DEEP_NS */
    CALIBRATION_CPU,          /* processor time of a sleep with its wake, of both threads */
    CALIBRATION_COST,         /* C, see below */
    CALIBRATION_ITEMS,
};

/* C is the time of threads that one wait loses by sleeping instead of spinning to its end, however
 * long it is: the woken thread runs later by WAKE_SHALLOW - SPIN, and the waker is in the kernel
 * for WAKE_CALL. (Shallow, because the question whether to sleep arises for short waits only.)
 * Spinning loses the wait itself, so that who knew beforehand how long it takes would lose
 * min(wait, C), and who spins for C and then sleeps loses at most twice that: A. R. Karlin, K. Li,
 * M. S. Manasse and S. Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory
 * Multiprocessor", SOSP 1991. With one CPU nobody spins while the owner works, and C is WAKE_SAME.
 *
 * Where others wait for the CPU, the way back is not lost: somebody else runs meanwhile. What is
 * lost is processor time, and CALIBRATION_CPU takes C's place. */

enum { CALIBRATION_SHALLOW_NS = 20000, CALIBRATION_DEEP_NS = 10000000 };

enum { CALIBRATION_ROUNDS = 15, CALIBRATION_REASON = 160 };

struct calibration_value {
    bool measured; /* otherwise only the reason counts */
    double median_ns;
    struct interval interval; /* of the median of the rounds, at least 95% */
    size_t rounds;
    char reason[CALIBRATION_REASON];
};

struct calibration {
    struct calibration_value values[CALIBRATION_ITEMS];
    unsigned cpu, other_cpu; /* the same: there is one */
};

/* What was measured, round by round, in which all items take turns, so that a machine that drifts
 * drifts under all of them; NaN where there is nothing, for `reasons`. */
struct calibration_rounds {
    double ns[CALIBRATION_ITEMS][CALIBRATION_ROUNDS];
    char reasons[CALIBRATION_ITEMS][CALIBRATION_REASON];
};

/* A name for a record (`wake_shallow`), and one for a person. */
extern const char *const calibration_names[CALIBRATION_ITEMS];
extern const char *const calibration_titles[CALIBRATION_ITEMS];

/* Calibrates the machine, with the topology that was loaded for it: on real cores the first of its
 * CPUs and one of another core, for some seconds, in threads of its own while the caller waits and
 * nothing else should run; a simulated one by small programs on its model, in no time. Complains
 * and returns EXIT_MACHINE, or EXIT_INTERRUPTED; what can't be measured is no error. */
enum exit_code calibration_measure(const struct machine *machine, hwloc_topology_t topology,
                                   struct calibration *calibration);

/* Begins with nothing measured. */
void calibration_rounds_clear(struct calibration_rounds *rounds);

/* Says why an item is not measured, unless a reason stands there. */
void calibration_unmeasured(struct calibration_rounds *rounds, enum calibration_item item,
                            const char *reason);

/* Computes C of each round, and the medians and intervals. */
void calibration_conclude(struct calibration_rounds *rounds, struct calibration *calibration);

/* As an object: of each item {"median_ns", "interval_ns": [low, high], "rounds"}, or null with its
 * reason under "unmeasured"; "cpu", "other_cpu"; "model", see calibration_model(), or null. The
 * caller owns it. */
json_t *calibration_to_json(const struct calibration *calibration);

/* Reads that back; false when it is no such thing, or holds what no machine has. */
bool calibration_from_json(const json_t *object, struct calibration *calibration);

/* The parameters of a simulated machine on which the kernel's part costs what it costs here, for
 * --model, as in `relax=26ns,syscall=427ns`: what a person would work out from the medians. How far
 * cores are from each other is no part of it (`lockbench topology`). False when one of them is not
 * measured. */
enum { CALIBRATION_MODEL = 160 };
bool calibration_model(const struct calibration *calibration, char text[CALIBRATION_MODEL]);

/* A line for each item, with what is not measured and why. */
void calibration_print(FILE *out, const struct calibration *calibration);

/* A line with calibration_model(), or nothing. */
void calibration_print_model(FILE *out, const struct calibration *calibration);

/* A time as a person reads it, three digits and its unit: `3.31 us`, `inf`. Returns `text`. */
enum { CALIBRATION_TEXT = 24 };
const char *calibration_time(double ns, char text[CALIBRATION_TEXT]);

#endif
