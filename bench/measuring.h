/* The options that every measuring command shares, and the plan that they amount to. */
#ifndef BENCH_MEASURING_H
#define BENCH_MEASURING_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/table.h"

struct measuring {
    /* Lists of names as written: what they can name depends on the workload. */
    const char **names;
    size_t names_count;
    struct lock_spec *locks;
    size_t locks_count;
    const char *objects; /* as written; NULL: default */
    const char
        *threads; /* as written: it can be read only when the CPUs are known; NULL: default, */
    bool oversubscribed;             /* which is that of the workload of this name */
    uint64_t duration_ns, budget_ns; /* 0: not given */
    bool window_by_cell; /* no one length for all windows, also on real cores: plan_window_ns() */
    const char *plan;    /* a plan file, see plan_file.h; NULL: none */
    const char *resume;  /* a results file to go on with, see resume.h; NULL: none */
    /* From a plan, used where nothing of the kind is given besides: */
    const char *planned_locks; /* a list; NULL: none */
    uint64_t planned_duration_ns, planned_budget_ns;
    bool planned_draw;
    json_t *texts;      /* that the settings point to */
    unsigned processes; /* see processes.h */
    unsigned repetitions;
    double until_percent; /* 0: not given */
    const char *placement;
    struct workload workload; /* with the most readers */
    unsigned *readers;        /* several shares, one workload each; NULL: the one above */
    size_t readers_count;
    struct workload *workloads; /* of the plan */
    uint64_t seed;
    bool seeded; /* a seed was given */
    struct machine machine;
    bool modelled;      /* parameters of a model were given */
    const char *trace;  /* NULL: none */
    const char *output; /* NULL: not given */
    enum counting counters;
    enum table_view table; /* that is printed */
    bool tabled;           /* a table was chosen by name */
    passes_set passes;
    bool passed;             /* passes were given */
    uint64_t latency_stride; /* 0: not given */
    bool through_vtable, quiet, json, draw, dry_run;
};

/* The settings before any option is read. The seed is drawn from the clock. Free with
 * measuring_free(). */
struct measuring measuring_default(void);
void measuring_free(struct measuring *measuring);

/* The rows of the shared options; their `set` takes a struct measuring. Ends with an empty row. */
extern const struct option_row measuring_options[];

/* Adds a list of names. Complains and returns EXIT_MACHINE without memory. */
enum exit_code measuring_add_names(struct measuring *measuring, const char *names);

/* When all options are read: reads the names into `locks`; without any, those of the plan file; and
 * without such, adds those of the default plan or, in a workload of signals, all that can do it.
 * Complains and returns EXIT_USAGE. */
enum exit_code measuring_read_names(struct measuring *measuring);

/* Makes the plan for a machine with `cpus` CPUs, `placed` of which the placement uses. Locks that
 * the machine can't run are left out of it and named. Complains and returns EXIT_USAGE. */
enum exit_code measuring_plan(struct measuring *measuring, unsigned cpus, unsigned placed,
                              struct plan *plan);

#endif
