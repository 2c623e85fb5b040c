#include "bench/native/doctor_look.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/native/bind.h"
#include "locks/machine/machine.h"

/* A pause in a loop that only reads the clock is somebody else's: an interrupt, another thread, the
 * hypervisor. The shorter ones are the timer's, which every measurement has. */
enum { PAUSE_NS = 10000, STACK_BYTES = 256 * 1024 };

/* In the kernel's ticks, since it started. */
struct ticks {
    uint64_t all, idle, steal;
};

static bool read_ticks(const char *root, unsigned cpu, struct ticks *ticks)
{
    char path[PATH_MAX], line[512];
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
    unsigned number;
    bool found = false;

    snprintf(path, sizeof path, "%s/proc/stat", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found =
            sscanf(line,
                   "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64 " %" SCNu64,
                   &number, &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) == 9 &&
            number == cpu;
    }
    if (file != NULL)
        fclose(file);
    if (found)
        *ticks = (struct ticks){user + nice + system + idle + iowait + irq + softirq + steal,
                                idle + iowait, steal};
    return found;
}

/* ---- while this process sleeps ---- */

static void sleep_ns(uint64_t ns)
{
    struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

    nanosleep(&time, NULL);
}

static void look_asleep(const char *root, uint64_t look_ns, struct doctor_sight *sight,
                        struct ticks *before)
{
    for (unsigned i = 0; i < sight->count; i++)
        sight->cpus[i].busy_known = read_ticks(root, sight->cpus[i].cpu, &before[i]);
    sleep_ns(look_ns);
    for (unsigned i = 0; i < sight->count; i++) {
        struct cpu_look *look = &sight->cpus[i];
        struct ticks after;
        look->busy_known = look->busy_known && read_ticks(root, look->cpu, &after) &&
                           after.all > before[i].all && after.idle >= before[i].idle;
        if (look->busy_known)
            look->busy =
                1 - (double)(after.idle - before[i].idle) / (double)(after.all - before[i].all);
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
static void judge_steal(const char *root, const struct ticks *before, struct doctor_sight *sight)
{
    uint64_t all = 0, steal = 0;

    sight->steal_known = true;
    for (unsigned i = 0; i < sight->count; i++) {
        struct ticks after;
        if (!read_ticks(root, sight->cpus[i].cpu, &after) || after.all <= before[i].all) {
            sight->steal_known = false;
            return;
        }
        all += after.all - before[i].all;
        /* Some kernels correct the figure downwards. */
        steal += after.steal > before[i].steal ? after.steal - before[i].steal : 0;
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
    struct ticks *ticks = calloc(count, sizeof *ticks);

    *sight = (struct doctor_sight){.cpus = calloc(count, sizeof *sight->cpus), .count = count};
    bool looked = ticks != NULL && sight->cpus != NULL;
    if (looked) {
        name_cpus(topology, sight);
        look_asleep(root, look_ns, sight, ticks);
        for (unsigned i = 0; i < count; i++)
            read_ticks(root, sight->cpus[i].cpu, &ticks[i]);
        looked = look_awake(look_ns, sight);
        judge_steal(root, ticks, sight);
    }
    free(ticks);
    return looked;
}

void doctor_look_free(struct doctor_sight *sight)
{
    free(sight->cpus);
    *sight = (struct doctor_sight){0};
}
