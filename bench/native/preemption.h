/* Whether a thread has lost its CPU between two places of its way, for the price of three accesses
 * to memory of its own: counts of context switches cost a system call (300 ns and more), which is
 * longer than many a critical section, and what happens in the call would be counted too.
 *
 * It is what the kernel promises for restartable sequences, <linux/rseq.h>: it sets the thread's
 * `rseq_cs` to NULL when it takes the CPU away (or delivers a signal) outside of the code that the
 * descriptor names there. Ours names no code at all. */
#ifndef BENCH_NATIVE_PREEMPTION_H
#define BENCH_NATIVE_PREEMPTION_H

#include <stdbool.h>

/* Why it can't be known here, or NULL: it can. Tries it out, with a sleep. */
const char *preemption_unknown(void);

/* Marks the place; then, once, whether the calling thread lost its CPU since, willingly or not, or
 * was sent a signal. Only where it can be known. */
void preemption_mark(void);
bool preemption_since(void);

#endif
