/* The machine's profile: what waiting costs on it, and for how long a waiter should spin, saved for
 * later runs in $XDG_CONFIG_HOME/lockbench/profile.json ($HOME/.config where that is not set). */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include <hwloc.h>
#include <jansson.h>
#include <limits.h>

#include "bench/calibration.h"
#include "bench/message.h"

enum { PROFILE_SCHEMA = 1, PROFILE_PROBLEM = 1024 };
enum { PROFILE_LOCKS_MOST = 32, PROFILE_LOCK_NAME = 32 };

/* How long a waiter should spin before it sleeps; MACHINE_NEVER: for ever. The interval is in
 * nanoseconds, to INFINITY where that is in it. */
struct profile_budget {
    uint64_t ns;
    double low_ns, high_ns;
};

/* What the budgets were taken from. */
enum profile_source {
    PROFILE_FROM_CALIBRATION, /* the costs alone, see profile_advise() */
    PROFILE_FROM_THRESHOLD,   /* a grid of budgets that was measured */
};

/* What one lock wants: the next in line of a queue lock has to be awake when its turn comes, and a
 * waiter of a lock that anybody may take has not. */
struct profile_lock {
    char name[PROFILE_LOCK_NAME];
    struct profile_budget fitting, crowded;
};

struct profile {
    struct calibration calibration;
    struct profile_budget fitting; /* of any lock, with at most a thread for each CPU */
    struct profile_budget crowded; /* with more threads */
    struct profile_lock locks[PROFILE_LOCKS_MOST]; /* those that were measured, of their own */
    size_t locks_count;
    enum profile_source source;
    /* Set by profile_write() and profile_read(): */
    char path[PATH_MAX], time[32], version[32];
};

enum profile_state {
    PROFILE_FOUND,
    PROFILE_NONE,    /* there is none, or no place for one */
    PROFILE_IGNORED, /* what is there is another machine's, or can't be used */
};

/* Sets the budgets by the costs, rounded to three digits: C where every thread has a CPU, and the
 * processor time of a sleep with its wake where others wait for it (calibration.h); nothing where
 * there is one CPU, on which no owner can run while another thread spins. False when a cost is not
 * known; `reason` then says why not. */
bool profile_advise(struct profile *profile, char reason[CALIBRATION_REASON]);

/* Writes the profile of this machine in place of the one that may be there, whole or not at all,
 * and makes the folders. Complains and returns EXIT_MACHINE. */
enum exit_code profile_write(struct profile *profile, hwloc_topology_t topology);

/* Reads this machine's. In every state but PROFILE_FOUND, `problem` says in words why there is
 * none to be used; nothing is printed. */
enum profile_state profile_read(struct profile *profile, hwloc_topology_t topology,
                                char problem[PROFILE_PROBLEM]);

/* "profile of 2026-11-22". Returns `text`. */
enum { PROFILE_TITLE = 64 };
const char *profile_title(const struct profile *profile, char text[PROFILE_TITLE]);

#endif
