/* lockbench topology: the machine, and how long a line takes between its cores. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "bench/commands/commands.h"
#include "bench/json.h"
#include "bench/native/core_latency.h"
#include "bench/native/host.h"
#include "bench/topology.h"

struct settings {
    bool json, no_latency, quiet;
};

static const struct option_row options[] = {
    OPTION_FLAG("json", 'j', "as JSON, with the latency matrix in nanoseconds", struct settings,
                json),
    OPTION_FLAG("no-latency", 'L', "do not measure the latencies", struct settings, no_latency),
    OPTION_FLAG("quiet", 'q', "no progress", struct settings, quiet),
    {0},
};

/* The CPUs in hwloc's order, with the matrix of their latencies; NULL: not measured. */
struct picture {
    hwloc_topology_t topology;
    struct placement cpus;
    double *latency;
};

static const char *text_or_dash(const json_t *host, const char *name)
{
    const char *text = json_string_value(json_object_get(host, name));

    return text == NULL ? "-" : text;
}

static void print_host(hwloc_topology_t topology)
{
    json_t *host = host_describe(topology);

    printf("CPU        %s%s\n", text_or_dash(host, "cpu_model"),
           json_is_true(json_object_get(host, "virtual")) ? " (virtual machine)" : "");
    printf("kernel     %s\n", text_or_dash(host, "kernel"));
    printf("CPUs       %u allowed: %s\n", topology_cpus(topology),
           text_or_dash(host, "allowed_cpus"));
    printf("topology   %s\n", text_or_dash(host, "topology"));
    json_decref(host);
}

static void print_cpus(const struct picture *picture)
{
    static const hwloc_obj_type_t columns[] = {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_NUMANODE,
                                               HWLOC_OBJ_L3CACHE, HWLOC_OBJ_CORE};

    printf("\n%6s %8s %6s %6s %6s\n", "CPU", "package", "node", "L3", "core");
    for (size_t i = 0; i < picture->cpus.count; i++) {
        hwloc_obj_t cpu = hwloc_get_pu_obj_by_os_index(picture->topology, picture->cpus.cpus[i]);
        printf("%6u", cpu->os_index);
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            /* Memory hangs beside the tree of CPUs, so a node is found by the CPUs that it serves.
             */
            hwloc_obj_t object = NULL;
            while ((object = hwloc_get_next_obj_by_type(picture->topology, columns[c], object)) !=
                       NULL &&
                   !hwloc_bitmap_isset(object->cpuset, cpu->os_index))
                ;
            const int width = c == 0 ? 9 : 7;
            if (object == NULL)
                printf("%*s", width, "-");
            else
                printf("%*u", width, object->logical_index);
        }
        putchar('\n');
    }
}

static void print_latency(const struct picture *picture)
{
    size_t n = picture->cpus.count;

    printf("\nns for a cache line from one CPU to another, one way\n%6s", "");
    for (size_t i = 0; i < n; i++)
        printf(" %5u", picture->cpus.cpus[i]);
    putchar('\n');
    for (size_t i = 0; i < n; i++) {
        printf("%6u", picture->cpus.cpus[i]);
        for (size_t j = 0; j < n; j++) {
            double ns = picture->latency[i * n + j];
            if (isnan(ns))
                printf(" %5s", "-");
            else
                printf(" %5.0f", ns);
        }
        putchar('\n');
    }
}

static void print_json(const struct picture *picture)
{
    json_t *cpus = json_array();

    for (size_t i = 0; i < picture->cpus.count; i++)
        json_array_append_new(cpus, json_integer(picture->cpus.cpus[i]));
    json_t *object = json_pack(
        "{s:o, s:o, s:o}", "host", host_describe(picture->topology), "cpus", cpus, "latency_ns",
        picture->latency == NULL ? json_null()
                                 : json_matrix(picture->latency, picture->cpus.count));
    json_print(object, 6);
}

static enum exit_code show(const struct settings *settings, struct picture *picture)
{
    size_t n = picture->cpus.count;

    if (!settings->no_latency && n > 1) {
        picture->latency = calloc(n * n, sizeof *picture->latency);
        if (picture->latency == NULL)
            return complain(EXIT_MACHINE, "out of memory");
        progress_enable(!settings->quiet);
        core_latency_measure(picture->cpus.cpus, n, picture->latency);
    }
    if (settings->json) {
        print_json(picture);
    } else {
        print_host(picture->topology);
        print_cpus(picture);
        if (picture->latency != NULL)
            print_latency(picture);
        else if (n == 1)
            puts("\nWith one CPU allowed there is no latency between CPUs to measure.");
    }
    free(picture->latency);
    return EXIT_FINE;
}

static enum exit_code topology_main(int argc, char **argv)
{
    struct settings settings = {0};
    struct picture picture = {0};
    int words;
    bool helped;
    enum exit_code code = options_read(&command_topology, argc, argv, &settings, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words > 0)
        return complain(EXIT_USAGE, "topology takes no argument: '%s'", argv[1]);
    code = topology_load(&picture.topology);
    if (code != EXIT_FINE)
        return code;
    code = placement_make(picture.topology, "compact", &picture.cpus);
    if (code == EXIT_FINE)
        code = show(&settings, &picture);
    placement_free(&picture.cpus);
    hwloc_topology_destroy(picture.topology);
    return code;
}

const struct command command_topology = {
    .name = "topology",
    .summary = "cores, caches, nodes; latency from core to core",
    .usage = "[options]",
    .text =
        "Shows the CPUs that this process may use, where they lie, and how many nanoseconds a "
        "cache "
        "line takes from one to another.",
    .run = topology_main,
    .options = options,
};
