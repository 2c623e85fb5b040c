#include "bench/native/doctor_look.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "bench/native/bind.h"
#include "bench/native/system_files.h"
#include "locks/machine/machine.h"

/* A pause in a loop that only reads the clock is somebody else's: an interrupt, another thread, the
 * hypervisor. The shorter ones are the timer's, which every measurement has. */
enum { PAUSE_NS = 10000, STACK_BYTES = 256 * 1024 };

/* Of all CPUs that are looked at, in their order. */
static void read_ticks(const char *root, const struct doctor_sight *sight,
                       struct system_ticks *ticks)
{
    unsigned *cpus = calloc(sight->count, sizeof *cpus);

    for (unsigned i = 0; i < sight->count; i++)
        ticks[i] = (struct system_ticks){0};
    for (unsigned i = 0; cpus != NULL && i < sight->count; i++)
        cpus[i] = sight->cpus[i].cpu;
    if (cpus != NULL)
        system_cpu_ticks(root, cpus, sight->count, ticks);
    free(cpus);
}

/* ---- while this process sleeps ---- */

static void sleep_ns(uint64_t ns)
{
    struct timespec time = native_timespec(ns);

    nanosleep(&time, NULL);
}

static void look_asleep(const char *root, uint64_t look_ns, struct doctor_sight *sight,
                        struct system_ticks *before, struct system_ticks *after)
{
    read_ticks(root, sight, before);
    sleep_ns(look_ns);
    read_ticks(root, sight, after);
    for (unsigned i = 0; i < sight->count; i++) {
        struct cpu_look *look = &sight->cpus[i];
        look->busy_known = before[i].known && after[i].known && after[i].all > before[i].all &&
                           after[i].idle >= before[i].idle;
        if (look->busy_known)
            look->busy = 1 - (double)(after[i].idle - before[i].idle) /
                                 (double)(after[i].all - before[i].all);
    }
}

/* ---- while it spins ---- */

/* When all have been started, or those that were are to end. */
struct start {
    sem_t sign;
    bool called_off;
};

struct spinner {
    pthread_t thread;
    struct start *start;
    struct cpu_look *look;
    uint64_t look_ns;
};

static void *spin(void *argument)
{
    struct spinner *spinner = argument;
    struct cpu_look *look = spinner->look;
    uint64_t lost = 0;

    look->bind_error = bind_to_cpu(look->cpu);
    bool began = look->bind_error == 0 && machine_cpu() == look->cpu;
    while (sem_wait(&spinner->start->sign) != 0)
        ;
    if (spinner->start->called_off)
        return NULL;
    const uint64_t start = machine_clock();
    for (uint64_t last = start, now; last - start < spinner->look_ns; last = now) {
        now = machine_clock();
        if (now - last >= PAUSE_NS)
            lost += now - last;
    }
    look->stayed = began && machine_cpu() == look->cpu;
    look->lost = (double)lost / (double)(machine_clock() - start);
    return NULL;
}

static unsigned start_spinners(struct spinner *spinners, unsigned count)
{
    pthread_attr_t attributes;
    unsigned started = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (started < count &&
           pthread_create(&spinners[started].thread, &attributes, spin, &spinners[started]) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

static bool look_awake(uint64_t look_ns, struct doctor_sight *sight)
{
    struct spinner *spinners = calloc(sight->count, sizeof *spinners);
    struct start start = {.called_off = true};

    if (spinners == NULL)
        return false;
    sem_init(&start.sign, 0, 0);
    for (unsigned i = 0; i < sight->count; i++)
        spinners[i] =
            (struct spinner){.start = &start, .look = &sight->cpus[i], .look_ns = look_ns};
    unsigned started = start_spinners(spinners, sight->count);
    start.called_off = started < sight->count;
    for (unsigned i = 0; i < started; i++)
        sem_post(&start.sign);
    for (unsigned i = 0; i < started; i++)
        pthread_join(spinners[i].thread, NULL);
    sem_destroy(&start.sign);
    free(spinners);
    return !start.called_off;
}

/* Of all CPUs that spun, since they began. */
static void judge_steal(const struct system_ticks *before, const struct system_ticks *after,
                        struct doctor_sight *sight)
{
    uint64_t all = 0, steal = 0;

    sight->steal_known = true;
    for (unsigned i = 0; i < sight->count; i++) {
        if (!before[i].known || !after[i].known || after[i].all <= before[i].all) {
            sight->steal_known = false;
            return;
        }
        all += after[i].all - before[i].all;
        /* Some kernels correct the figure downwards. */
        steal += after[i].steal > before[i].steal ? after[i].steal - before[i].steal : 0;
    }
    sight->steal = (double)steal / (double)all;
}

static void name_cpus(hwloc_topology_t topology, struct doctor_sight *sight)
{
    hwloc_obj_t cpu = NULL;

    for (unsigned i = 0; i < sight->count; i++) {
        cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu);
        sight->cpus[i].cpu = cpu->os_index;
    }
}

bool doctor_look(const char *root, hwloc_topology_t topology, uint64_t look_ns,
                 struct doctor_sight *sight)
{
    unsigned count = (unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    struct system_ticks *before = calloc(count, sizeof *before);
    struct system_ticks *after = calloc(count, sizeof *after);

    *sight = (struct doctor_sight){.cpus = calloc(count, sizeof *sight->cpus), .count = count};
    bool looked = before != NULL && after != NULL && sight->cpus != NULL;
    if (looked) {
        name_cpus(topology, sight);
        look_asleep(root, look_ns, sight, before, after);
        read_ticks(root, sight, before);
        looked = look_awake(look_ns, sight);
        read_ticks(root, sight, after);
        judge_steal(before, after, sight);
    }
    free(after);
    free(before);
    return looked;
}

void doctor_look_free(struct doctor_sight *sight)
{
    free(sight->cpus);
    *sight = (struct doctor_sight){0};
}
