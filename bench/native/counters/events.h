/* Which events of which microarchitecture tell what traffic a lock causes. Names are libpfm4's. */
#ifndef BENCH_NATIVE_COUNTERS_EVENTS_H
#define BENCH_NATIVE_COUNTERS_EVENTS_H

#include <stddef.h>
#include <stdint.h>

/* The fields of a sample's `traffic`; from TRAFFIC_CORE on, of its `by_distance`. */
enum traffic_part {
    TRAFFIC_TRANSACTIONS,
    TRAFFIC_READS,
    TRAFFIC_OWNERSHIP,
    TRAFFIC_UPGRADES,
    TRAFFIC_INVALIDATED,
    TRAFFIC_CORE,
    TRAFFIC_CACHE,
    TRAFFIC_PACKAGE,
    TRAFFIC_REMOTE,
    TRAFFIC_MEMORY,
    TRAFFIC_PARTS
};

/* As recorded. */
extern const char *const traffic_names[TRAFFIC_PARTS];

/* No processor has fewer counters than that which a program may use at a time: all events of a row
 * count at the same time. */
enum { COUNTERS_EVENTS_MOST = 4 };

/* An event, and the parts that each of its counts belongs to, as bits 1 << part. */
struct counters_event {
    const char *name;
    uint32_t parts;
};

/* A microarchitecture, under libpfm4's name for its PMU. */
struct counters_row {
    const char *pmu;
    struct counters_event events[COUNTERS_EVENTS_MOST]; /* the last ones may be without a name */
};

extern const struct counters_row counters_rows[];
extern const size_t counters_rows_count;

/* The row of a PMU, or NULL. */
const struct counters_row *counters_row_of(const char *pmu);

/* The events of a row. */
unsigned counters_row_events(const struct counters_row *row);

#endif
