/* From an event's name to what the kernel wants, through libpfm4, where lockbench was built with
 * it.
 */
#ifndef BENCH_NATIVE_COUNTERS_ENCODE_H
#define BENCH_NATIVE_COUNTERS_ENCODE_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>

/* The processor's PMU under libpfm4's name, and in words; LIBPFM_FORCE_PMU in the environment names
 * another one. Returns false, with the reason, when there is none that libpfm4 knows. By one thread
 * of a process. */
struct counters_pmu {
    const char *name, *description;
};
bool counters_find_pmu(struct counters_pmu *pmu, char *reason, size_t size);

/* Encodes an event of that PMU; type and config are set, and what else the event needs. Returns
 * false, with the reason, when libpfm4 does not know it. After counters_find_pmu(). */
bool counters_encode(const char *pmu, const char *event, struct perf_event_attr *attributes,
                     char *reason, size_t size);

/* Of libpfm4, or NULL: lockbench was built without it. */
const char *counters_library(void);

#endif
