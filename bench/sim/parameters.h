/* What the simulated machine's operations cost. */
#ifndef BENCH_SIM_PARAMETERS_H
#define BENCH_SIM_PARAMETERS_H

#include <jansson.h>
#include <stdint.h>

#include "bench/message.h"

/* How far a line comes from, or an invalidation goes; nearest first. */
enum sim_distance {
    SIM_CORE,    /* another hardware thread of the core */
    SIM_CACHE,   /* a core that shares a cache which not all cores of the package share */
    SIM_PACKAGE, /* another core of the package */
    SIM_REMOTE,  /* another package */
    SIM_MEMORY,  /* no core has it */
    SIM_DISTANCES,
};

extern const char *const sim_distance_names[SIM_DISTANCES];

/* Times in nanoseconds. docs/simulating.md says where the usual values come from. */
struct sim_parameters {
    uint64_t latency_ns[SIM_DISTANCES]; /* of a transfer */
    uint64_t hit_ns;       /* an access to a line that the core may so access already */
    uint64_t atomic_ns;    /* what a read-modify-write or a full fence takes beyond that */
    uint64_t relax_ns;     /* a polling pause, and so the period of a polling loop */
    uint64_t clock_ns;     /* a look at the clock */
    uint64_t syscall_ns;   /* entering and leaving the kernel */
    uint64_t switch_ns;    /* from one thread to another on a core */
    uint64_t wake_ns;      /* from a futex wake to a sleeper of another core being ready to run */
    uint64_t wake_call_ns; /* what waking one of another core takes the waker beyond its call */
    uint64_t interrupt_ns; /* from interrupting all other CPUs to the last one's answer */
    uint64_t slice_ns;     /* how long a thread runs while others wait for its core */
    uint64_t jitter;       /* per cent by which a transfer or a wake-up varies, up or down */
    uint64_t stall_ns;     /* mean of a core's irregular stalls, */
    uint64_t stall_every;  /* of which there is one in so many operations on average; 0: none */
};

struct sim_parameters sim_parameters_default(void);

/* Changes what `text` names, as in `remote=300ns,jitter=0`. Complains and returns EXIT_USAGE. */
enum exit_code sim_parameters_read(const char *text, struct sim_parameters *parameters);

/* Whether there is a parameter of that name that is no time. */
bool sim_parameter_is_count(const char *name);

/* Adds `--model` and what differs from the usual to a command line, if anything does. */
void sim_parameters_add_changed(const struct sim_parameters *parameters, json_t *words);

/* The longest that one operation of a lock can take, without waiting for another thread. */
uint64_t sim_parameters_slowest_ns(const struct sim_parameters *parameters);

/* As an object of a record, and back; reading returns false when the object is not one. */
json_t *sim_parameters_to_json(const struct sim_parameters *parameters);
bool sim_parameters_from_json(const json_t *object, struct sim_parameters *parameters);

#endif
