#include "bench/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/values.h"

/* hwloc describes all CPUs of the machine unless it is told that a process's own binding counts,
 * and that can only be told of the system at hand. */
enum exit_code topology_load(hwloc_topology_t *topology)
{
    const unsigned long flags =
        HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;

    if (hwloc_topology_init(topology) != 0)
        return complain(EXIT_MACHINE, "hwloc can't start: %s", strerror(errno));
    if (hwloc_topology_set_flags(*topology, flags) == 0 && hwloc_topology_load(*topology) == 0)
        return EXIT_FINE;
    int error = errno;
    hwloc_topology_destroy(*topology);
    return complain(EXIT_MACHINE, "hwloc can't read this machine's topology: %s", strerror(error));
}

unsigned topology_cpus(hwloc_topology_t topology)
{
    return (unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
}

static void add_cpu(struct placement *placement, hwloc_obj_t cpu)
{
    placement->cpus[placement->count++] = cpu->os_index;
}

static void order_compact(hwloc_topology_t topology, struct placement *placement)
{
    hwloc_obj_t cpu = NULL;

    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != NULL)
        add_cpu(placement, cpu);
}

/* The rank of a CPU among those of its core. hwloc leaves cores out where it can't tell them. */
static unsigned rank_in_core(hwloc_topology_t topology, hwloc_obj_t cpu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, cpu);

    return core == NULL
               ? 0
               : cpu->logical_index -
                     hwloc_get_obj_inside_cpuset_by_type(topology, core->cpuset, HWLOC_OBJ_PU, 0)
                         ->logical_index;
}

static void order_cores(hwloc_topology_t topology, struct placement *placement)
{
    unsigned cpus = topology_cpus(topology);

    for (unsigned rank = 0; placement->count < cpus; rank++) {
        hwloc_obj_t cpu = NULL;
        while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != NULL) {
            if (rank_in_core(topology, cpu) == rank)
                add_cpu(placement, cpu);
        }
    }
}

/* The n-th CPU below `object` when its children take turns: its turn-th child gives its own
 * turn / children -th. A child that has run out is passed over. */
static void order_scatter_below(hwloc_obj_t object, struct placement *placement)
{
    if (object->type == HWLOC_OBJ_PU) {
        add_cpu(placement, object);
        return;
    }
    struct placement *children = calloc(object->arity, sizeof *children);
    size_t longest = 0;
    if (children == NULL)
        abort();
    for (unsigned i = 0; i < object->arity; i++) {
        hwloc_obj_t child = object->children[i];
        children[i].cpus = calloc((size_t)hwloc_bitmap_weight(child->cpuset), sizeof(unsigned));
        if (children[i].cpus == NULL)
            abort();
        order_scatter_below(child, &children[i]);
        longest = children[i].count > longest ? children[i].count : longest;
    }
    for (size_t turn = 0; turn < longest; turn++) {
        for (unsigned i = 0; i < object->arity; i++) {
            if (turn < children[i].count)
                placement->cpus[placement->count++] = children[i].cpus[turn];
        }
    }
    for (unsigned i = 0; i < object->arity; i++)
        free(children[i].cpus);
    free(children);
}

static enum exit_code order_listed(hwloc_topology_t topology, const char *list,
                                   struct placement *placement)
{
    enum { CPU_MOST = 65535 };
    char culprit[64];

    placement->cpus =
        read_list(list, 0, CPU_MOST, NULL, NULL, &placement->count, culprit, sizeof culprit);
    if (placement->cpus == NULL)
        return complain(EXIT_USAGE,
                        "the placement '%s' is none: it is compact, scatter, cores, or a list of "
                        "CPUs such as 0,2,4-7",
                        list);
    for (size_t i = 0; i < placement->count; i++) {
        if (hwloc_get_pu_obj_by_os_index(topology, placement->cpus[i]) == NULL) {
            char *allowed;
            hwloc_bitmap_list_asprintf(&allowed, hwloc_topology_get_topology_cpuset(topology));
            complain(EXIT_USAGE, "CPU %u can't be used: there are %s", placement->cpus[i], allowed);
            free(allowed);
            placement_free(placement);
            return EXIT_USAGE;
        }
    }
    return EXIT_FINE;
}

enum exit_code placement_make(hwloc_topology_t topology, const char *name,
                              struct placement *placement)
{
    *placement = (struct placement){0};
    bool compact = strcmp(name, "compact") == 0, cores = strcmp(name, "cores") == 0;
    bool scatter = strcmp(name, "scatter") == 0;

    if (!compact && !cores && !scatter)
        return order_listed(topology, name, placement);
    placement->cpus = calloc(topology_cpus(topology), sizeof(unsigned));
    if (placement->cpus == NULL)
        return complain(EXIT_MACHINE, "out of memory");
    if (compact)
        order_compact(topology, placement);
    else if (cores)
        order_cores(topology, placement);
    else
        order_scatter_below(hwloc_get_root_obj(topology), placement);
    return EXIT_FINE;
}

void placement_free(struct placement *placement)
{
    free(placement->cpus);
    *placement = (struct placement){0};
}

unsigned placement_cpus(const struct placement *placement)
{
    unsigned different = 0;

    for (size_t i = 0; i < placement->count; i++) {
        size_t j = 0;
        while (j < i && placement->cpus[j] != placement->cpus[i])
            j++;
        different += j == i;
    }
    return different;
}
