#include "bench/native/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/native/counters/counters.h"
#include "bench/native/system_files.h"

struct description {
    json_t *host, *unmeasured;
};

static void add(struct description *d, const char *name, bool known, const char *value,
                const char *reason)
{
    if (known) {
        json_t *text = json_string(value);
        json_object_set_new(d->host, name, text != NULL ? text : json_null());
    } else {
        json_object_set_new(d->host, name, json_null());
        json_object_set_new(d->unmeasured, name, json_string(reason));
    }
}

static void add_cpu(struct description *d)
{
    char text[4096];
    bool known = system_cpuinfo("", "model name", text, sizeof text) ||
                 system_cpuinfo("", "CPU part", text, sizeof text);

    add(d, "cpu_model", known, text, "/proc/cpuinfo names no model");
    known = system_cpuinfo("", "microcode", text, sizeof text);
    add(d, "microcode", known, text, "/proc/cpuinfo shows no microcode");
    bool is_virtual;
    if (system_is_virtual("", &is_virtual))
        json_object_set_new(d->host, "virtual", json_boolean(is_virtual));
    else
        add(d, "virtual", false, NULL, "/proc/cpuinfo shows no flags");
}

static void add_frequency(struct description *d)
{
    char text[256];
    bool known =
        system_line("", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof text);

    add(d, "governor", known, text, "this kernel shows no frequency governor");
    if (system_line("", "/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof text))
        add(d, "turbo", true, strcmp(text, "0") == 0 ? "on" : "off", NULL);
    else if (system_line("", "/sys/devices/system/cpu/cpufreq/boost", text, sizeof text))
        add(d, "turbo", true, strcmp(text, "0") == 0 ? "off" : "on", NULL);
    else
        add(d, "turbo", false, NULL, "this kernel does not show whether the clock may be boosted");
    known = system_line("", "/sys/devices/system/cpu/smt/control", text, sizeof text);
    add(d, "smt", known, text, "this kernel does not show simultaneous multithreading");
}

/* Of the processor. Many virtual machines have none, and many systems keep them from ordinary
 * users.
 */
static void add_counters(struct description *d)
{
    struct counters_plan plan;

    counters_choose(&plan);
    add(d, "counters", plan.hardware, "available", plan.reason);
}

static void add_topology(struct description *d, hwloc_topology_t topology)
{
    char synthetic[4096], *text;
    int length;

    bool known = hwloc_topology_export_synthetic(topology, synthetic, sizeof synthetic, 0) > 0;
    add(d, "topology", known, synthetic, "this topology is too irregular for a synthetic string");
    known = hwloc_topology_export_xmlbuffer(topology, &text, &length, 0) == 0;
    add(d, "topology_xml", known, known ? text : NULL, "hwloc could not export it");
    if (known)
        hwloc_free_xmlbuffer(topology, text);
    if (hwloc_bitmap_list_asprintf(&text, hwloc_topology_get_topology_cpuset(topology)) >= 0) {
        add(d, "allowed_cpus", true, text, NULL);
        free(text);
    }
    json_object_set_new(d->host, "cpus",
                        json_integer(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU)));
}

json_t *host_describe(hwloc_topology_t topology)
{
    struct description d = {json_object(), json_object()};
    struct utsname system;
    char kernel[256];
    double load;

    add_cpu(&d);
    bool known = uname(&system) == 0;
    if (known)
        snprintf(kernel, sizeof kernel, "%s %s %s", system.sysname, system.release, system.machine);
    add(&d, "kernel", known, kernel, "uname failed");
    add_frequency(&d);
    if (getloadavg(&load, 1) == 1)
        json_object_set_new(d.host, "load", json_real(load));
    else
        add(&d, "load", false, NULL, "the system does not tell its load");
    add_counters(&d);
    add_topology(&d, topology);
    json_object_set_new(d.host, "unmeasured", d.unmeasured);
    return d.host;
}
