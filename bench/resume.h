/* Going on with a run that ended early: the same plan, on the same machine, into the same file. */
#ifndef BENCH_RESUME_H
#define BENCH_RESUME_H

#include <hwloc.h>

#include "bench/measuring.h"
#include "bench/records.h"

struct resumption {
    struct record_writer writer;
    struct records records; /* what there is already */
};

/* Opens a results file and reads its plan and its seed into settings that are otherwise the default
 * ones. Complains and returns EXIT_USAGE when that can't be done. Close with resume_close(), also
 * then. */
enum exit_code resume_open(const char *name, struct measuring *measuring,
                           struct resumption *resumption);

/* Whether the options that stand beside --resume leave the run as it was. Complains and returns
 * EXIT_USAGE when they do not. */
enum exit_code resume_check_options(const struct measuring *measuring);

/* Whether what would be measured now fits what was measured then: the same plan, version, and
 * machine. Complains and returns EXIT_USAGE when it does not. */
enum exit_code resume_check(const struct resumption *resumption, const struct plan *plan,
                            hwloc_topology_t topology);

/* Closes the file and gives up its records. */
enum exit_code resume_close(struct resumption *resumption);

#endif
