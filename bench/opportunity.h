/* The lock opportunity of each thread: the part of the window in which it could have had the lock,
 * because it did or because nobody did. Where critical sections differ in length, equal numbers of
 * acquisitions are no equal share; Jain's index of these parts tells.
 *
 * Y. Patel, L. Yang, L. Arulraj, A. C. Arpaci-Dusseau, R. H. Arpaci-Dusseau and M. M. Swift,
 * "Avoiding Scheduler Subversion using Scheduler-Cooperative Locks", EuroSys 2020. */
#ifndef BENCH_OPPORTUNITY_H
#define BENCH_OPPORTUNITY_H

#include "bench/result.h"

/* Adds `lock_opportunity`, a list with a part for each thread, and `lock_opportunity_jain`; null
 * where it is not known for how long the lock was held. */
void opportunity_add(struct result *result, const struct findings *findings);

#endif
