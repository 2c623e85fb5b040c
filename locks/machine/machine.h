/* The machine that a lock runs on: everything that the source of a lock may use.
 *
 * A lock is written once, against the operations below, and reaches for nothing else: no
 * <stdatomic.h>, no system call, no thread-local storage. That is what lets the same source run on
 * real cores, on a simulated machine and under an exhaustive checker. What is per thread is indexed
 * by machine_self(), in storage that the lock was given at its initialisation.
 *
 * Words
 *   WORD(type)                     a shared variable of an integer or pointer type of 4 or 8 bytes
 *   word_init(w, v)                first value, before any other thread can reach the word
 *   word_load(w, order)            order is one bare token: relaxed, acquire, release, acq_rel,
 *   word_store(w, v, order)        seq_cst, as in C11; it is never implied
 *   word_exchange(w, v, order)     returns the old value, as every fetch operation does
 *   word_fetch_add(w, v, order)    word_fetch_sub, word_fetch_and, word_fetch_or likewise
 *   word_compare_exchange(w, expected, desired, success, failure)
 *                                  strong; expected is a pointer, and gets what was seen when the
 *                                  exchange fails; returns whether it was made
 *   machine_fence(order)           a C11 thread fence
 *   machine_fence_light(), machine_fence_heavy()
 *                                  two halves of a sequentially consistent fence: a light one and a
 *                                  heavy one order each other like two such fences, two light ones
 *                                  order nothing. The light one costs nothing; the heavy one
 *                                  interrupts every CPU that runs a thread of this process
 *   machine_fence_prepare()        before the first heavy fence; 0, or ENOSYS where there is none
 *
 * Waiting. A lock says WHAT it waits for and the machine decides how: real cores poll, a simulated
 * core is parked until the line is invalidated, the checker blocks the thread until a store can
 * satisfy it. A hand-written polling loop would be invisible to the latter two. Each returns the
 * value seen last.
 *   word_await_equal(w, v, order)
 *   word_await_differ(w, v, order)
 *   word_await_equal_until(w, v, order, deadline)    gives up at a machine_clock() time: the caller
 *                                                    compares what is returned with v
 *   word_await_equal_pausing(w, v, order, seen, pause)
 *   word_await_differ_pausing(w, v, order, seen, pause)
 *                                  `pause` is an expression evaluated between two looks at the
 *                                  word; in it, the name `seen` is the value seen
 *   word_retry_exchange(w, v, until, order)          repeats the exchange, each try a write on the
 *                                                    bus, until it returns `until`
 *
 * Sleeping, on a WORD(uint32_t)
 *   machine_futex_wait(w, v)       sleeps while *w == v; may return for no reason: always re-check.
 *                                  Orders nothing: what the lock relies on, its words must order
 *   machine_futex_wait_until(w, v, deadline)
 *                                  the same, and false when it returns because machine_clock() has
 *                                  reached the deadline
 *   machine_futex_wake(w, n)       wakes up to n sleepers; the word's storage need not exist any
 *                                  more, only its address is used
 *
 * Time and place
 *   machine_relax()                one polling pause; its length differs tenfold between processors
 *   machine_yield()                lets another thread have the CPU
 *   machine_spin(ns)               stays busy for about ns nanoseconds, touching no memory
 *   machine_clock()                monotonic nanoseconds
 *   machine_deadline(ns)           the machine_clock() time ns from now; MACHINE_NEVER stays NEVER
 *   machine_self()                 number of this thread among those that use the lock, 0..N-1
 *   machine_cpu(), machine_node()  where the thread runs at this moment; it may move at once
 *
 * Interruption. NT raises the interrupt request level (IRQL); what user space has is this.
 *   machine_apc_disable()          from here on, asynchronous calls to this thread are kept back
 * (an NT guarded region; natively, signals whose handlers ask for it, see native_apc_deliver()).
 * Nests. Returns how deep it was before machine_apc_enable()           ends the innermost; the last
 * one makes the calls kept back
 *
 * Arguments
 *   machine_argument(text)         says why the memory order of the next operation in the source is
 * not weaker, although no client of the checker notices when it is. Costs nothing; the checker
 * prints it
 *
 * Plain data: fields that the lock itself protects, and what lies under the lock
 *   plain_load(p), plain_store(p, v)     ordinary accesses, which a simulated machine counts and
 *                                        a checker watches for data races
 *
 * Real cores (native.h) are the usual form. With MACHINE_VIRTUAL defined before the first include
 * of a lock, all of it goes through a table of functions instead (virtual.h).
 *
 * Any thread may call any of these, except that a thread must have said which one it is, with
 * the machine's own function, before a lock asks for machine_self(). None of them fails.
 */
#ifndef LOCKS_MACHINE_MACHINE_H
#define LOCKS_MACHINE_MACHINE_H

#include <stdint.h>

/* The memory of different threads is kept this far apart: two 64-byte lines, because adjacent-line
 * prefetchers fetch lines in pairs. */
#define MACHINE_APART 128

/* A deadline that never comes. */
#define MACHINE_NEVER UINT64_MAX

/* The one place that chooses between the machines: a lock's source is compiled once for each. */
#ifdef MACHINE_VIRTUAL
#include "virtual.h"
#else
#include "native.h"
#endif

#endif
