#include "bench/native/lock_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/topology.h"

/* That of one huge page; those of all machines that lockbench knows divide it. */
enum { HUGE_BYTES = 2 * 1024 * 1024 };

static size_t align(size_t bytes, size_t alignment)
{
    return (bytes + alignment - 1) / alignment * alignment;
}

/* The system's own huge pages are reserved when they are mapped: none is missing later. */
static bool map_hugetlb(struct lock_memory *memory, int sharing)
{
    size_t bytes = align(memory->bytes, HUGE_BYTES);
    void *start =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

    if (start == MAP_FAILED)
        return false;
    memory->start = start;
    memory->bytes = bytes;
    memory->hugetlb = true;
    return true;
}

/* Begins where a huge page can. */
static bool map_transparent(struct lock_memory *memory)
{
    size_t bytes = align(memory->bytes, HUGE_BYTES);
    void *start =
        mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED)
        return false;
    memory->start = (void *)align((uintptr_t)start, HUGE_BYTES);
    memory->bytes = bytes;
    memory->transparent = true;
    return madvise(memory->start, bytes, MADV_HUGEPAGE) == 0;
}

static const char *map_huge(struct lock_memory *memory, bool shared, char *problem, size_t size)
{
    if (map_hugetlb(memory, shared ? MAP_SHARED : MAP_PRIVATE))
        return NULL;
    int error = errno;
    if (!shared && map_transparent(memory))
        return NULL;
    snprintf(
        problem, size,
        "there is no huge page: the system keeps none (%s; see /proc/sys/vm/nr_hugepages), and "
        "%s",
        strerror(error),
        shared ? "memory that processes share gets no transparent ones here"
               : "it has no transparent ones either");
    return problem;
}

/* Before it is touched, so that its pages come to lie there. */
static const char *bind_node(const struct lock_memory *memory, unsigned node, char *problem,
                             size_t size)
{
    const int flags = HWLOC_MEMBIND_STRICT | HWLOC_MEMBIND_BYNODESET;
    hwloc_topology_t topology;
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc();

    if (nodes == NULL || topology_load(&topology) != EXIT_FINE) {
        snprintf(problem, size, "the machine's NUMA nodes are not known");
        hwloc_bitmap_free(nodes);
        return problem;
    }
    hwloc_bitmap_only(nodes, node);
    int error = hwloc_set_area_membind(topology, memory->start, memory->bytes, nodes,
                                       HWLOC_MEMBIND_BIND, flags) == 0
                    ? 0
                    : errno;
    hwloc_bitmap_free(nodes);
    hwloc_topology_destroy(topology);
    if (error == 0)
        return NULL;
    snprintf(problem, size, "memory can't be bound to NUMA node %u: %s", node, strerror(error));
    return problem;
}

const char *lock_memory_make(struct lock_memory *memory, const struct memory *wish, size_t bytes,
                             bool shared, char *problem, size_t problem_size)
{
    *memory = (struct lock_memory){.bytes = bytes};
    if (!wish->huge && !wish->on_node)
        return NULL;
    if (wish->huge) {
        if (map_huge(memory, shared, problem, problem_size) != NULL)
            return problem;
    } else {
        memory->start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                             (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
        if (memory->start == MAP_FAILED) {
            snprintf(problem, problem_size, "%zu bytes can't be mapped: %s", bytes,
                     strerror(errno));
            return problem;
        }
    }
    return wish->on_node ? bind_node(memory, wish->node, problem, problem_size) : NULL;
}

/* Kilobytes on huge pages of the mapping that begins at `start`, as the kernel counts them. False:
 * it does not show them. */
static bool huge_kilobytes(const void *start, uint64_t *kilobytes)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    char line[512];
    uintptr_t first, last;
    bool within = false, known = false;

    while (file != NULL && !known && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &first, &last) == 2)
            within = first <= (uintptr_t)start && (uintptr_t)start < last;
        else
            known = within && sscanf(line, "AnonHugePages: %" SCNu64, kilobytes) == 1;
    }
    if (file != NULL)
        fclose(file);
    return known;
}

const char *lock_memory_check(const struct lock_memory *memory, char *problem, size_t problem_size)
{
    uint64_t kilobytes;

    if (!memory->transparent)
        return NULL;
    if (!huge_kilobytes(memory->start, &kilobytes))
        snprintf(problem, problem_size,
                 "whether it has a huge page is not known: /proc/self/smaps does not say");
    else if (kilobytes == 0)
        snprintf(
            problem, problem_size,
            "there is no huge page: the system keeps none (see /proc/sys/vm/nr_hugepages), and "
            "gave no transparent one (see /sys/kernel/mm/transparent_hugepage/enabled)");
    else
        return NULL;
    return problem;
}

/* A process that only leads may not have them among its own yet. */
static void touch_pages(const volatile char *start, size_t bytes)
{
    const size_t page_bytes = 4096;

    for (size_t at = 0; at < bytes; at += page_bytes)
        (void)start[at];
}

/* A list of the nodes, or NULL. */
static json_t *nodes_of(const void *start, size_t bytes)
{
    hwloc_topology_t topology;
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
    json_t *list = NULL;
    int node;

    touch_pages(start, bytes);
    if (nodes != NULL && topology_load(&topology) == EXIT_FINE) {
        if (hwloc_get_area_memlocation(topology, start, bytes, nodes, HWLOC_MEMBIND_BYNODESET) ==
                0 &&
            hwloc_bitmap_weight(nodes) > 0) {
            list = json_array();
            hwloc_bitmap_foreach_begin(node, nodes) json_array_append_new(list, json_integer(node));
            hwloc_bitmap_foreach_end();
        }
        hwloc_topology_destroy(topology);
    }
    hwloc_bitmap_free(nodes);
    return list;
}

void lock_memory_report(struct result *result, const struct lock_memory *memory, void *storage,
                        const struct layout *layout)
{
    json_t *object = json_object(), *nodes = nodes_of(storage, layout->bytes);

    json_object_set_new(result->validity, "memory", object);
    if (nodes != NULL) {
        json_object_set_new(object, "nodes", nodes);
    } else {
        json_object_set_new(object, "nodes", json_null());
        json_object_set_new(result->unmeasured, "memory.nodes",
                            json_string("the system does not say where pages lie"));
    }
    json_object_set_new(object, "pages",
                        json_string(memory->hugetlb       ? "hugetlb"
                                    : memory->transparent ? "transparent huge"
                                                          : "usual"));
    json_object_set_new(object, "same_line", json_boolean(layout->same_line));
}

enum exit_code lock_memory_check_node(hwloc_topology_t topology, const struct memory *wish)
{
    char nodes[256] = "";

    if (!wish->on_node || hwloc_get_numanode_obj_by_os_index(topology, wish->node) != NULL)
        return EXIT_FINE;
    hwloc_const_nodeset_t all = hwloc_topology_get_topology_nodeset(topology);
    hwloc_bitmap_list_snprintf(nodes, sizeof nodes, all);
    return complain(EXIT_USAGE, "--memory can't have 'node:%u': the NUMA nodes here are %s",
                    wish->node, nodes);
}
