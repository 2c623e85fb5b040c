/* What a spin budget is for the C library's adaptive mutex (PTHREAD_MUTEX_ADAPTIVE_NP), which
 * counts turns: the tunable glibc.pthread.mutex_spin_count that gives it on this machine, found and
 * verified by measuring in fresh processes. */
#ifndef BENCH_GLIBC_SPIN_H
#define BENCH_GLIBC_SPIN_H

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/message.h"
#include "bench/statistics.h"

/* The tunable goes to 32767, but glibc keeps the average number of turns of a mutex in 16 bits with
 * a sign. With jitter and backoff a wait passes its limit by up to 31 turns, so that beyond this
 * the average turns negative, and the mutex does not spin at all. */
enum { GLIBC_SPIN_COUNT_MOST = 32700 };

enum { GLIBC_SPIN_CURVE = 7, GLIBC_SPIN_REASON = 256 };

/* How long a count spins: the median of the waits in one process. */
struct glibc_spin_point {
    unsigned count;
    double ns;
};

struct glibc_spin {
    bool measured; /* otherwise only the wanted time and the reason count */
    char reason[GLIBC_SPIN_REASON];
    uint64_t wanted_ns; /* MACHINE_NEVER: for ever */
    unsigned count;     /* the tunable's value */
    /* What it gives, as measured in `processes` fresh processes: the median of theirs. */
    double achieved_ns;
    struct interval achieved;
    size_t processes;
    double turn_ns; /* of one turn, by the curve's long end */
    struct glibc_spin_point curve[GLIBC_SPIN_CURVE];
    bool out_of_reach; /* the most turns are shorter than what is wanted */
};

/* Finds the count for a budget: a curve over counts, the count between them, and the time which
 * that gives; and, where it is not within a twentieth, a better count. `program` is this program's
 * file, "/proc/self/exe". For a budget that is out of reach, as one without end is, that is the
 * most turns there are. Takes about two seconds; no other thread should run. What can't be measured
 * is no error but a reason: another C library, one CPU, a tunable without effect. Returns
 * EXIT_FINE, or EXIT_INTERRUPTED. */
enum exit_code glibc_spin_find(uint64_t budget_ns, hwloc_topology_t topology, const char *program,
                               struct glibc_spin *spin);

/* The count whose time on the curve, which grows, is nearest to `ns`; sets `out_of_reach` when that
 * is beyond its end. */
unsigned glibc_spin_invert(const struct glibc_spin_point curve[GLIBC_SPIN_CURVE], double ns,
                           bool *out_of_reach);

/* GLIBC_TUNABLES with that count: what is set already (NULL: nothing) but for an earlier count.
 * False when it does not fit. */
bool glibc_spin_tunables(const char *present, unsigned count, char *text, size_t size);

/* As an object: "wanted_ns", "count", "achieved_ns", "achieved_interval_ns", "processes",
 * "turn_ns", "out_of_reach", "curve": [[count, ns], ...], "tunable": what to set; where it was not
 * measured all but "wanted_ns" null, and "reason". The caller owns it. */
json_t *glibc_spin_to_json(const struct glibc_spin *spin);

#endif
