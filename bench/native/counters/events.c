#include "bench/native/counters/events.h"

#include <string.h>

const char *const traffic_names[TRAFFIC_PARTS] = {
    [TRAFFIC_TRANSACTIONS] = "transactions",
    [TRAFFIC_READS] = "reads",
    [TRAFFIC_OWNERSHIP] = "ownership",
    [TRAFFIC_UPGRADES] = "upgrades",
    [TRAFFIC_INVALIDATED] = "invalidated",
    [TRAFFIC_CORE] = "core",
    [TRAFFIC_CACHE] = "cache",
    [TRAFFIC_PACKAGE] = "package",
    [TRAFFIC_REMOTE] = "remote",
    [TRAFFIC_MEMORY] = "memory",
};

#define PART(name) (1u << TRAFFIC_##name)
#define READ       (PART(TRANSACTIONS) | PART(READS))
#define OWN        (PART(TRANSACTIONS) | PART(OWNERSHIP))

/* Intel. What leaves the core for a line, by loads and by stores; locked instructions ask for
 * ownership at once. Retired loads tell where their line was, stores do not. */
#define INTEL_REQUESTS                         \
    {"OFFCORE_REQUESTS:DEMAND_DATA_RD", READ}, \
    {                                          \
        "OFFCORE_REQUESTS:DEMAND_RFO", OWN     \
    }
#define INTEL_OLD_CLIENT                                      \
    INTEL_REQUESTS,                                           \
    {                                                         \
        "MEM_LOAD_UOPS_L3_HIT_RETIRED:XSNP_HITM", PART(CACHE) \
    }
#define INTEL_OLD_SERVER                                          \
    INTEL_OLD_CLIENT,                                             \
    {                                                             \
        "MEM_LOAD_UOPS_L3_MISS_RETIRED:REMOTE_HITM", PART(REMOTE) \
    }
#define INTEL_CLIENT                                     \
    INTEL_REQUESTS,                                      \
    {                                                    \
        "MEM_LOAD_L3_HIT_RETIRED:XSNP_HITM", PART(CACHE) \
    }
#define INTEL_SERVER                                         \
    INTEL_CLIENT,                                            \
    {                                                        \
        "MEM_LOAD_L3_MISS_RETIRED:REMOTE_HITM", PART(REMOTE) \
    }

/* AMD. Requests of the data cache that the core's own L2 can't answer, state changes included; and
 * where the lines came from, for loads and stores. */
#define AMD_REQUESTS                                                                 \
    {                                                                                \
        "CORE_TO_L2_CACHEABLE_REQUEST_ACCESS_STATUS:LS_RD_BLK_C", PART(TRANSACTIONS) \
    }

/* Arm. The L2 is the core's own; what it invalidates is for others' stores. */
#define ARM                                                      \
    {"L2D_CACHE_REFILL_RD", READ}, {"L2D_CACHE_REFILL_WR", OWN}, \
        {"L2D_CACHE_INVAL", PART(INVALIDATED)},                  \
    {                                                            \
        "REMOTE_ACCESS", PART(REMOTE)                            \
    }

const struct counters_row counters_rows[] = {
    {"hsw", {INTEL_OLD_CLIENT}},
    {"bdw", {INTEL_OLD_CLIENT}},
    {"hsw_ep", {INTEL_OLD_SERVER}},
    {"bdw_ep", {INTEL_OLD_SERVER}},
    {"skl", {INTEL_CLIENT}},
    {"icl", {INTEL_CLIENT}},
    {"skx", {INTEL_SERVER}},
    {"clx", {INTEL_SERVER}},
    {"icx", {INTEL_SERVER}},
    {"spr",
     {{"OFFCORE_REQUESTS:DEMAND_DATA_RD", READ},
      {"L2_RQSTS:RFO_MISS", OWN},
      {"MEM_LOAD_L3_HIT_RETIRED:XSNP_FWD", PART(CACHE)},
      {"MEM_LOAD_L3_MISS_RETIRED:REMOTE_HITM", PART(REMOTE)}}},
    {"amd64_fam17h_zen1", {AMD_REQUESTS}},
    {"amd64_fam17h_zen2", {AMD_REQUESTS}},
    {"amd64_fam19h_zen3",
     {AMD_REQUESTS,
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:INT_CACHE", PART(CACHE)},
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:EXT_CACHE_LCL", PART(PACKAGE)},
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:EXT_CACHE_RMT", PART(REMOTE)}}},
    {"amd64_fam19h_zen4",
     {AMD_REQUESTS,
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:LOCAL_CCX", PART(CACHE)},
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:NEAR_CACHE_NEAR_FAR", PART(PACKAGE)},
      {"DEMAND_DATA_CACHE_FILLS_FROM_SYSTEM:FAR_CACHE_NEAR_FAR", PART(REMOTE)}}},
    {"arm_n1", {ARM}},
    {"arm_n2", {ARM}},
    {"arm_v1", {ARM}},
    {"arm_v2", {ARM}},
};
const size_t counters_rows_count = sizeof counters_rows / sizeof counters_rows[0];

const struct counters_row *counters_row_of(const char *pmu)
{
    for (size_t i = 0; i < counters_rows_count; i++) {
        if (strcmp(counters_rows[i].pmu, pmu) == 0)
            return &counters_rows[i];
    }
    return NULL;
}

unsigned counters_row_events(const struct counters_row *row)
{
    unsigned count = 0;

    while (count < COUNTERS_EVENTS_MOST && row->events[count].name != NULL)
        count++;
    return count;
}
