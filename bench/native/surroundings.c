#include "bench/native/surroundings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/native/system_files.h"

static size_t cpus_used(const struct repetition *repetition)
{
    return repetition->cpus_count < repetition->threads ? repetition->cpus_count
                                                        : repetition->threads;
}

/* A CPU may be named more than once. */
static bool is_named_before(const struct repetition *repetition, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (repetition->cpus[i] == repetition->cpus[at])
            return true;
    }
    return false;
}

static void look_at_ticks(const char *root, const struct repetition *repetition,
                          struct surroundings *look)
{
    const size_t count = cpus_used(repetition);
    const uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    struct system_ticks *ticks = calloc(count + 1, sizeof *ticks);

    if (ticks == NULL)
        return;
    system_cpu_ticks(root, repetition->cpus, count, ticks);
    look->ticks_known = true;
    for (size_t i = 0; i < count; i++) {
        look->ticks_known = look->ticks_known && ticks[i].known;
        if (!ticks[i].known || is_named_before(repetition, i))
            continue;
        look->steal_ns += ticks[i].steal * tick_ns;
        look->busy_ns += (ticks[i].all - ticks[i].idle - ticks[i].steal) * tick_ns;
    }
    free(ticks);
}

static json_t *frequencies(const char *root, const struct repetition *repetition)
{
    json_t *list = json_array();

    for (size_t i = 0; i < cpus_used(repetition); i++) {
        char path[96];
        long long khz;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq",
                 repetition->cpus[i]);
        if (!system_number(root, path, &khz) || khz <= 0) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, json_integer(khz));
    }
    return list;
}

struct surroundings surroundings_look(const char *root, const struct repetition *repetition)
{
    struct surroundings look = {.frequency_khz = frequencies(root, repetition)};

    look_at_ticks(root, repetition, &look);
    return look;
}

/* Some kernels correct their figures downwards. */
static uint64_t grown(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

static void report_frequency(struct result *result, json_t *before, json_t *after)
{
    if (before != NULL && after != NULL)
        json_object_set_new(result->validity, "frequency_khz",
                            json_pack("{s:O, s:O}", "before", before, "after", after));
    else
        result_unmeasured(result, result->validity, "frequency_khz",
                          "this kernel does not show the frequency of these CPUs");
    json_decref(before);
    json_decref(after);
}

void surroundings_report(struct result *result, struct surroundings *before,
                         struct surroundings *after, uint64_t own_cpu_ns)
{
    const char *unknown = "/proc/stat does not show these CPUs";
    uint64_t steal_ns = grown(before->steal_ns, after->steal_ns);
    uint64_t busy_ns = grown(before->busy_ns, after->busy_ns);

    if (before->ticks_known && after->ticks_known) {
        json_object_set_new(result->validity, "steal_ns", json_integer((json_int_t)steal_ns));
        json_object_set_new(result->validity, "others_ns",
                            json_integer((json_int_t)grown(own_cpu_ns, busy_ns)));
    } else {
        result_unmeasured(result, result->validity, "steal_ns", unknown);
        result_unmeasured(result, result->validity, "others_ns", unknown);
    }
    report_frequency(result, before->frequency_khz, after->frequency_khz);
    before->frequency_khz = after->frequency_khz = NULL;
}
