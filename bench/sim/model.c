#include "bench/sim/model.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/json.h"

/* Whether the text is meant as a file: it is one, or it looks like a path. */
static bool is_path(const char *text)
{
    size_t length = strlen(text);

    return access(text, F_OK) == 0 || strchr(text, '/') != NULL ||
           (length > 4 && strcmp(text + length - 4, ".xml") == 0);
}

/* `what` the file is to be. */
static enum exit_code check_file(const char *what, const char *name)
{
    struct stat file;

    if (stat(name, &file) != 0 || access(name, R_OK) != 0)
        return complain(EXIT_USAGE, "the %s '%s' can't be read: %s", what, name, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return complain(EXIT_USAGE,
                        "the %s '%s' can't be read: that is no file, but a directory or a device",
                        what, name);
    return EXIT_FINE;
}

static enum exit_code complain_size(const char *text, double cpus)
{
    return complain(EXIT_USAGE, "the topology '%s' has %.0f CPUs: at most %d are simulated", text,
                    cpus, SIM_CPUS_MOST);
}

static enum exit_code check_size(const char *text, hwloc_topology_t topology)
{
    int cpus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);

    if (cpus < 1)
        return complain(EXIT_USAGE, "the topology '%s' has no CPU", text);
    if (cpus > SIM_CPUS_MOST)
        return complain_size(text, cpus);
    return EXIT_FINE;
}

/* How many CPUs a synthetic string asks for: hwloc would make them all first, however many. Memory,
 * in brackets, multiplies nothing; 0: hwloc will not take it. */
static double cpus_asked_for(const char *text)
{
    double cpus = 1;

    while (*text != '\0') {
        const char *colon = strpbrk(text, ": ");
        long count = strtol(colon != NULL && *colon == ':' ? colon + 1 : text, NULL, 10);
        if (*text != '[' && (count <= 0 || count > INT_MAX))
            return 0;
        cpus *= *text == '[' ? 1 : (double)count;
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return cpus;
}

enum exit_code sim_topology_load(const char *text, hwloc_topology_t *topology)
{
    bool path = is_path(text);
    enum exit_code code = path ? check_file("topology", text) : EXIT_FINE;

    if (code != EXIT_FINE)
        return code;
    if (!path && cpus_asked_for(text) > SIM_CPUS_MOST)
        return complain_size(text, cpus_asked_for(text));
    if (hwloc_topology_init(topology) != 0)
        return complain(EXIT_MACHINE, "hwloc can't start: %s", strerror(errno));
    if ((path ? hwloc_topology_set_xml(*topology, text)
              : hwloc_topology_set_synthetic(*topology, text)) != 0 ||
        hwloc_topology_load(*topology) != 0)
        code = path ? complain(EXIT_USAGE,
                               "'%s' is no topology that hwloc can read: write one with "
                               "'lstopo FILE.xml' on the machine that you mean",
                               text)
                    : complain(EXIT_USAGE,
                               "hwloc can't read the topology '%s': it is a file of 'lstopo "
                               "FILE.xml', or such as 'pack:2 core:32 pu:1'",
                               text);
    else
        code = check_size(text, *topology);
    if (code != EXIT_FINE)
        hwloc_topology_destroy(*topology);
    return code;
}

static struct sim_range range_of(hwloc_topology_t topology, hwloc_const_cpuset_t cpuset)
{
    int count = hwloc_get_nbobjs_inside_cpuset_by_type(topology, cpuset, HWLOC_OBJ_PU);
    hwloc_obj_t first = hwloc_get_obj_inside_cpuset_by_type(topology, cpuset, HWLOC_OBJ_PU, 0);

    return (struct sim_range){(uint16_t)first->logical_index,
                              (uint16_t)(first->logical_index + (unsigned)count - 1)};
}

/* What a CPU shares with the fewest others and is of one of these kinds; itself if there is none.
 */
static hwloc_obj_t sharing(hwloc_obj_t cpu, bool (*is_kind)(hwloc_obj_t object))
{
    hwloc_obj_t object = cpu;

    while (object != NULL && !is_kind(object))
        object = object->parent;
    return object == NULL ? cpu : object;
}

static bool is_core(hwloc_obj_t object)
{
    return object->type == HWLOC_OBJ_CORE;
}

static bool is_package(hwloc_obj_t object)
{
    return object->type == HWLOC_OBJ_PACKAGE || object->parent == NULL;
}

/* The largest cache that the CPU shares with other cores but not with all of the package; where
 * there is none, its core. */
static hwloc_obj_t cluster_of(hwloc_obj_t cpu, hwloc_obj_t core, hwloc_obj_t package)
{
    hwloc_obj_t cluster = core;

    for (hwloc_obj_t object = cpu; object != NULL && object != package; object = object->parent) {
        if (hwloc_obj_type_is_dcache(object->type) &&
            hwloc_bitmap_weight(object->cpuset) > hwloc_bitmap_weight(core->cpuset) &&
            !hwloc_bitmap_isequal(object->cpuset, package->cpuset))
            cluster = object;
    }
    return cluster;
}

static void describe_cpu(hwloc_topology_t topology, hwloc_obj_t pu, struct sim_cpu *cpu)
{
    hwloc_obj_t core = sharing(pu, is_core), package = sharing(pu, is_package);
    hwloc_obj_t cluster = cluster_of(pu, core, package);
    int node = hwloc_bitmap_first(pu->nodeset);

    *cpu = (struct sim_cpu){
        .os_index = pu->os_index,
        .node = node < 0 ? 0 : (unsigned)node,
        .near = {[SIM_CORE] = range_of(topology, core->cpuset),
                 [SIM_CACHE] = range_of(topology, cluster->cpuset),
                 [SIM_PACKAGE] = range_of(topology, package->cpuset)},
    };
}

unsigned sim_model_index(const struct sim_model *model, unsigned os_index)
{
    unsigned i = 0;

    while (i < model->cpus_count && model->cpus[i].os_index != os_index)
        i++;
    return i;
}

static bool is_number(const json_t *value, unsigned number)
{
    return json_is_integer(value) && json_integer_value(value) == number;
}

/* Where the file's row or column for each CPU stands; false when it has not just these CPUs. */
static bool match_cpus(const json_t *list, const struct sim_model *model, unsigned *places)
{
    if (json_array_size(list) != model->cpus_count)
        return false;
    for (unsigned i = 0; i < model->cpus_count; i++) {
        unsigned place = 0;
        while (place < model->cpus_count &&
               !is_number(json_array_get(list, place), model->cpus[i].os_index))
            place++;
        if (place == model->cpus_count)
            return false;
        places[i] = place;
    }
    return true;
}

/* A latency has to be one that a machine can have; the diagonal and what was not measured are null.
 */
static enum exit_code read_cell(const char *name, const json_t *cell, double *ns)
{
    const double most = 1e6;

    *ns = json_is_number(cell) ? json_number_value(cell) : NAN;
    if (json_is_null(cell) || (*ns > 0 && *ns <= most))
        return EXIT_FINE;
    return complain(EXIT_USAGE,
                    "'%s': a latency must be a number above 0 and up to 1e6 ns, or null", name);
}

static bool is_square(const json_t *rows, unsigned n)
{
    bool square = json_array_size(rows) == n;

    for (unsigned i = 0; i < n && square; i++)
        square = json_array_size(json_array_get(rows, i)) == n;
    return square;
}

static enum exit_code read_matrix(const char *name, const json_t *object, struct sim_model *model)
{
    const json_t *rows = json_object_get(object, "latency_ns");
    unsigned n = model->cpus_count, places[SIM_CPUS_MOST];
    enum exit_code code = EXIT_FINE;

    if (!json_is_array(rows) || !json_is_array(json_object_get(object, "cpus")))
        return complain(EXIT_USAGE,
                        "'%s' has no measured latencies: write it with 'lockbench topology "
                        "--json' on a machine of at least two CPUs",
                        name);
    if (!match_cpus(json_object_get(object, "cpus"), model, places))
        return complain(EXIT_USAGE,
                        "the latencies in '%s' are of %zu CPUs, and not of those %u that the "
                        "topology has",
                        name, json_array_size(json_object_get(object, "cpus")), n);
    if (!is_square(rows, n))
        return complain(EXIT_USAGE,
                        "'%s' has no matrix of latencies from each of its %u CPUs to each", name,
                        n);
    model->latency_ns = calloc((size_t)n * n, sizeof *model->latency_ns);
    if (model->latency_ns == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    for (unsigned i = 0; i < n && code == EXIT_FINE; i++) {
        for (unsigned j = 0; j < n && code == EXIT_FINE; j++)
            code = read_cell(name, json_array_get(json_array_get(rows, places[i]), places[j]),
                             &model->latency_ns[i * n + j]);
    }
    return code;
}

static enum exit_code read_latencies(const char *name, struct sim_model *model)
{
    json_error_t error;
    enum exit_code code = check_file("latencies", name);

    if (code != EXIT_FINE)
        return code;
    json_t *object = json_load_file(name, 0, &error);
    if (object == NULL)
        return complain(EXIT_USAGE, "the latencies '%s' are not JSON: line %d: %s", name,
                        error.line, error.text);
    code = read_matrix(name, object, model);
    json_decref(object);
    return code;
}

enum exit_code sim_model_make(hwloc_topology_t topology, const struct sim_parameters *parameters,
                              const char *latencies, struct sim_model *model)
{
    unsigned count = (unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    enum exit_code code = EXIT_FINE;

    *model = (struct sim_model){
        .cpus_count = count,
        .cpus = calloc(count, sizeof *model->cpus),
        .parameters = *parameters,
    };
    if (model->cpus == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    for (unsigned i = 0; i < count; i++)
        describe_cpu(topology, hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, i), &model->cpus[i]);
    if (latencies != NULL)
        code = read_latencies(latencies, model);
    if (code != EXIT_FINE)
        sim_model_free(model);
    return code;
}

void sim_model_free(struct sim_model *model)
{
    free(model->cpus);
    free(model->latency_ns);
    *model = (struct sim_model){0};
}

json_t *sim_model_latencies(const struct sim_model *model)
{
    return model->latency_ns == NULL ? NULL : json_matrix(model->latency_ns, model->cpus_count);
}
