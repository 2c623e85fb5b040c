/* What a spin budget costs in theory, where the distribution of waits is known.
 *
 * A waiter that spins for a budget B and then sleeps, at a price of C for sleeping and being woken,
 * pays min(W, B) for a wait of W, and C more when W > B. One that knew W would pay min(W, C). With
 * B = C nobody pays more than twice that, whatever the waits are: A. R. Karlin, K. Li, M. S.
 * Manasse and S. Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory
 * Multiprocessor", SOSP 1991. Where the distribution is known, a better budget may be. */
#ifndef BENCH_THRESHOLD_ORACLE_H
#define BENCH_THRESHOLD_ORACLE_H

#include <stdbool.h>

#include "bench/values.h"

/* A budget without an end. */
#define ORACLE_FOREVER HUGE_VAL

/* What a wait is of a critical section. */
enum oracle_wait {
    ORACLE_WHOLE, /* as long as one: whoever waits came when it began */
    ORACLE_REST,  /* what is left of one when the waiter comes */
};

/* The waits of those who wait at all. */
struct oracle {
    struct delay critical;
    enum oracle_wait wait;
    /* With ORACLE_REST: the mean time after which the other thread comes, which is exponential; of
     * two threads, the mean of the work outside. HUGE_VAL: it comes at any moment of the section
     * alike. */
    double outside_ns;
};

/* The part of all waits that are longer than so many nanoseconds. */
double oracle_longer(const struct oracle *oracle, double ns);

/* E[min(W, B)]: what is spun with a budget of B, on average of those who wait; the mean wait with
 * ORACLE_FOREVER. Nanoseconds. */
double oracle_spun(const struct oracle *oracle, double budget_ns);

/* E[min(W, B)] + C P(W > B): what a wait costs with that budget. Nanoseconds. */
double oracle_cost(const struct oracle *oracle, double budget_ns, double sleep_ns);

/* E[min(W, C)]: what it costs one who knows how long each wait will be. */
double oracle_offline(const struct oracle *oracle, double sleep_ns);

struct oracle_optimum {
    double budget_ns; /* the smallest one of those that cost the least; ORACLE_FOREVER: none ends */
    double cost_ns;
    /* The least and the largest budget, around that one, that cost at most so much more. */
    double low_ns, high_ns;
};

/* The best budget, and which ones cost at most `tolerance` (a part) more than it. */
struct oracle_optimum oracle_best(const struct oracle *oracle, double sleep_ns, double tolerance);

#endif
