#include "bench/native/counters/encode.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

#ifdef HAVE_LIBPFM

#include <perfmon/pfmlib_perf_event.h>

const char *counters_library(void)
{
    return "libpfm4";
}

/* Of several, a hybrid processor's, the first: threads on the other kind of core count nothing, and
 * that is said. */
bool counters_find_pmu(struct counters_pmu *pmu, char *reason, size_t size)
{
    int error = pfm_initialize();
    pfm_pmu_t number;

    if (error != PFM_SUCCESS) {
        snprintf(reason, size, "libpfm4 can't begin: %s", pfm_strerror(error));
        return false;
    }
    pfm_for_all_pmus(number)
    {
        pfm_pmu_info_t info = {.size = sizeof info};
        if (pfm_get_pmu_info(number, &info) == PFM_SUCCESS && info.is_present &&
            info.type == PFM_PMU_TYPE_CORE) {
            *pmu = (struct counters_pmu){info.name, info.desc};
            return true;
        }
    }
    snprintf(reason, size, "libpfm4 does not know this processor; a newer one may");
    return false;
}

bool counters_encode(const char *pmu, const char *event, struct perf_event_attr *attributes,
                     char *reason, size_t size)
{
    char name[256];
    pfm_perf_encode_arg_t argument = {.attr = attributes, .size = sizeof argument};

    snprintf(name, sizeof name, "%s::%s", pmu, event);
    *attributes = (struct perf_event_attr){.size = sizeof *attributes};
    int error =
        pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT_EXT, &argument);
    if (error == PFM_SUCCESS)
        return true;
    snprintf(reason, size, "libpfm4 does not encode it: %s", pfm_strerror(error));
    return false;
}

#else

const char *counters_library(void)
{
    return NULL;
}

bool counters_find_pmu(struct counters_pmu *pmu, char *reason, size_t size)
{
    (void)pmu;
    snprintf(reason, size, "this lockbench was built without libpfm4, which knows the events");
    return false;
}

bool counters_encode(const char *pmu, const char *event, struct perf_event_attr *attributes,
                     char *reason, size_t size)
{
    (void)pmu;
    (void)event;
    (void)attributes;
    snprintf(reason, size, "this lockbench was built without libpfm4");
    return false;
}

#endif
