/* What else went on at the CPUs of a repetition while its window lasted. */
#ifndef BENCH_NATIVE_SURROUNDINGS_H
#define BENCH_NATIVE_SURROUNDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/repetition.h"
#include "bench/result.h"

/* Of all CPUs that the repetition's threads run on, at one moment. */
struct surroundings {
    bool ticks_known;
    uint64_t steal_ns, busy_ns; /* since the machine started, in the kernel's ticks: taken by the
                                   hypervisor; spent by processes and the kernel */
    json_t *frequency_khz;      /* a list, of each CPU in the order of the repetition's; NULL: not
                                   readable */
};

/* Looks at the machine whose files lie below `root` ("" for this one, see system_files.h). */
struct surroundings surroundings_look(const char *root, const struct repetition *repetition);

/* Adds to the result's validity what changed: `steal_ns`, `others_ns` (busy, beyond the
 * repetition's own CPU time in the window), `frequency_khz`. Gives up what the two looks have. */
void surroundings_report(struct result *result, struct surroundings *before,
                         struct surroundings *after, uint64_t own_cpu_ns);

#endif
