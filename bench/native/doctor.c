#include "bench/native/doctor.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/native/clock_check.h"
#include "bench/native/counters/counters.h"
#include "bench/native/crew.h"
#include "bench/native/doctor_look.h"
#include "bench/native/system_files.h"
#include "bench/topology.h"
#include "locks/machine/machine.h"

const char *const doctor_grade_names[DOCTOR_GRADES] = {"ok", "note", "warn", "bad"};

/* What the checks go by. */
struct examination {
    const struct doctor_patient *patient;
    const char *root;
    bool looked; /* the sight is there */
    struct doctor_sight sight;
};

static void find(struct doctor_finding *finding, enum doctor_grade grade, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct doctor_finding *finding, enum doctor_grade grade, const char *format, ...)
{
    va_list arguments;

    finding->grade = grade;
    va_start(arguments, format);
    vsnprintf(finding->finding, sizeof finding->finding, format, arguments);
    va_end(arguments);
}

static void advise(struct doctor_finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void advise(struct doctor_finding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->advice, sizeof finding->advice, format, arguments);
    va_end(arguments);
}

static bool line_of(const struct examination *e, const char *path, char *line, size_t size)
{
    return system_line(e->root, path, line, size);
}

/* ---- the program and others like it ---- */

/* What a compiler was told can't be told afterwards, but for this. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILT_WITH "a sanitizer"
#elif !defined(__OPTIMIZE__)
#define BUILT_WITH "no optimisation"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BUILT_WITH "a sanitizer"
#endif
#endif

static void check_build(const struct examination *e, struct doctor_finding *finding)
{
    (void)e;
#ifdef BUILT_WITH
    find(finding, DOCTOR_BAD, "this lockbench was compiled with " BUILT_WITH);
    advise(finding, "configure it anew without CFLAGS and --enable-sanitizer");
#else
    find(finding, DOCTOR_OK, "this lockbench was compiled with optimisation");
#endif
}

static void check_alone(const struct examination *e, struct doctor_finding *finding)
{
    if (!e->patient->another_measures) {
        find(finding, DOCTOR_OK, "no other lockbench measures");
        return;
    }
    find(finding, DOCTOR_BAD, "another lockbench measures on this machine");
    advise(finding, "let it end ('lockbench run' waits for it)");
}

/* ---- the CPUs ---- */

/* How many CPUs a list of the kernel, as in 0-3,8, names; 0: it can't be read. */
static unsigned cpus_in(const struct examination *e, const char *path, hwloc_bitmap_t set)
{
    char list[4096];
    int count;

    if (!line_of(e, path, list, sizeof list) || hwloc_bitmap_list_sscanf(set, list) != 0)
        return 0;
    count = hwloc_bitmap_weight(set);
    return count > 0 ? (unsigned)count : 0;
}

static void check_cpus(const struct examination *e, struct doctor_finding *finding)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    unsigned allowed = topology_cpus(e->patient->topology);
    unsigned online = cpus_in(e, "/sys/devices/system/cpu/online", set);

    hwloc_bitmap_free(set);
    if (allowed == 1) {
        find(finding, DOCTOR_WARN, "1 CPU is allowed: threads never contend at the same time");
        advise(finding,
               "allow more (taskset, docker --cpuset-cpus), or use --machine sim:TOPOLOGY");
    } else if (online > allowed) {
        find(finding, DOCTOR_OK, "%u of %u CPUs are allowed; only these are used", allowed, online);
    } else if (online == 0) {
        find(finding, DOCTOR_OK, "%u CPUs are allowed", allowed);
    } else {
        find(finding, DOCTOR_OK, "%u CPUs, all of them allowed", allowed);
    }
}

static void find_nothing(const struct examination *e, struct doctor_finding *finding)
{
    find(finding, DOCTOR_NOTE, "not looked at: %s",
         e->patient->another_measures ? "it would disturb the other lockbench"
                                      : "the threads for it could not be started");
}

static void check_pinning(const struct examination *e, struct doctor_finding *finding)
{
    if (!e->looked) {
        find_nothing(e, finding);
        return;
    }
    for (unsigned i = 0; i < e->sight.count; i++) {
        const struct cpu_look *look = &e->sight.cpus[i];
        if (look->bind_error != 0)
            find(finding, DOCTOR_BAD, "a thread can't be bound to CPU %u: %s", look->cpu,
                 strerror(look->bind_error));
        else if (!look->stayed)
            find(finding, DOCTOR_BAD, "a thread that was bound to CPU %u ran elsewhere", look->cpu);
        else
            continue;
        advise(finding, "run outside of what forbids or ignores it (a sandbox, an emulator)");
        return;
    }
    find(finding, DOCTOR_OK, "threads stay on the CPU that they are bound to (%u looked at)",
         e->sight.count);
}

static void check_busy(const struct examination *e, struct doctor_finding *finding)
{
    unsigned worst = UINT_MAX;

    for (unsigned i = 0; e->looked && i < e->sight.count; i++) {
        if (e->sight.cpus[i].busy_known &&
            (worst == UINT_MAX || e->sight.cpus[i].busy > e->sight.cpus[worst].busy))
            worst = i;
    }
    if (!e->looked) {
        find_nothing(e, finding);
    } else if (worst == UINT_MAX) {
        find(finding, DOCTOR_NOTE, "not known: /proc/stat does not show these CPUs");
    } else {
        const struct cpu_look *look = &e->sight.cpus[worst];
        /* A tick of the kernel may be a tenth of a look. */
        find(finding,
             look->busy > 0.5   ? DOCTOR_BAD
             : look->busy > 0.1 ? DOCTOR_WARN
                                : DOCTOR_OK,
             "others used up to %.0f%% of a CPU's time (CPU %u) while lockbench slept",
             look->busy * 100, look->cpu);
        if (finding->grade != DOCTOR_OK)
            advise(finding, "end what runs there ('top'), or keep off that CPU with --placement");
    }
}

static void check_lost(const struct examination *e, struct doctor_finding *finding)
{
    unsigned worst = 0;

    if (!e->looked) {
        find_nothing(e, finding);
        return;
    }
    for (unsigned i = 1; i < e->sight.count; i++) {
        if (e->sight.cpus[i].lost > e->sight.cpus[worst].lost)
            worst = i;
    }
    const struct cpu_look *look = &e->sight.cpus[worst];
    find(finding,
         look->lost > 0.1    ? DOCTOR_BAD
         : look->lost > 0.01 ? DOCTOR_WARN
                             : DOCTOR_OK,
         "a thread that spins loses up to %.1f%% of its time (CPU %u), in pauses of over 10 us",
         look->lost * 100, look->cpu);
    if (finding->grade != DOCTOR_OK)
        advise(finding, "other threads, interrupts or the hypervisor take it: a quieter machine");
}

static void check_steal(const struct examination *e, struct doctor_finding *finding)
{
    if (!e->looked) {
        find_nothing(e, finding);
        return;
    }
    if (!e->sight.steal_known) {
        find(finding, DOCTOR_NOTE, "not known: /proc/stat does not show these CPUs");
        return;
    }
    find(finding,
         e->sight.steal > 0.05    ? DOCTOR_BAD
         : e->sight.steal > 0.005 ? DOCTOR_WARN
                                  : DOCTOR_OK,
         "the hypervisor says that it took %.1f%% of the CPUs' time", e->sight.steal * 100);
    if (finding->grade != DOCTOR_OK)
        advise(finding, "another hour, or a machine whose CPUs are nobody else's");
}

static void check_load(const struct examination *e, struct doctor_finding *finding)
{
    char line[128];
    double load;
    unsigned cpus = topology_cpus(e->patient->topology);

    if (!line_of(e, "/proc/loadavg", line, sizeof line) || sscanf(line, "%lf", &load) != 1) {
        find(finding, DOCTOR_NOTE, "not known: there is no /proc/loadavg");
        return;
    }
    /* It is of the whole machine, and lags a minute behind. */
    find(finding, load > 0.5 * cpus ? DOCTOR_WARN : DOCTOR_OK,
         "load average of the last minute: %.2f, for %u CPU%s", load, cpus, cpus == 1 ? "" : "s");
    if (finding->grade != DOCTOR_OK)
        advise(finding, "end what runs, or wait; see the busy CPUs");
}

static void check_smt(const struct examination *e, struct doctor_finding *finding)
{
    hwloc_topology_t topology = e->patient->topology;
    hwloc_bitmap_t siblings = hwloc_bitmap_alloc();
    bool shared = false, beside = false, known = false;
    hwloc_obj_t cpu = NULL;

    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != NULL) {
        char path[128];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
                 cpu->os_index);
        unsigned all = cpus_in(e, path, siblings);
        known = known || all > 0;
        hwloc_bitmap_and(siblings, siblings, hwloc_topology_get_topology_cpuset(topology));
        int allowed = all == 0 ? 0 : hwloc_bitmap_weight(siblings);
        shared = shared || allowed > 1;
        beside = beside || (int)all > allowed;
    }
    hwloc_bitmap_free(siblings);
    if (!known)
        find(finding, DOCTOR_NOTE, "not known: this system does not show which CPUs share a core");
    else if (shared)
        find(finding, DOCTOR_WARN, "some allowed CPUs are hardware threads of one core");
    else if (beside)
        find(finding, DOCTOR_WARN, "other hardware threads of these cores are not ours");
    else
        find(finding, DOCTOR_OK, "every allowed CPU has a core of its own, as far as is shown");
    if (shared)
        advise(finding, "--placement cores takes one of each core first; or switch SMT off");
    else if (known && beside)
        advise(finding, "leave them idle, or switch SMT off (/sys/devices/system/cpu/smt/control)");
}

static void check_isolated(const struct examination *e, struct doctor_finding *finding)
{
    hwloc_const_bitmap_t allowed = hwloc_topology_get_topology_cpuset(e->patient->topology);
    hwloc_bitmap_t isolated = hwloc_bitmap_alloc();
    const char *path = "/sys/devices/system/cpu/isolated";
    char *list = NULL, line[8];

    if (!line_of(e, path, line, sizeof line)) {
        find(finding, DOCTOR_NOTE, "not known: this kernel does not show isolated CPUs");
    } else if (cpus_in(e, path, isolated) == 0 || hwloc_bitmap_list_asprintf(&list, isolated) < 0) {
        find(finding, DOCTOR_NOTE, "no CPU is isolated: the kernel may run others on any of them");
    } else if (hwloc_bitmap_isincluded(allowed, isolated)) {
        find(finding, DOCTOR_OK, "all allowed CPUs are isolated (%s)", list);
    } else {
        find(finding, DOCTOR_NOTE, "%s isolated CPUs: %s",
             hwloc_bitmap_intersects(allowed, isolated) ? "some allowed CPUs are not among the"
                                                        : "no allowed CPU is among the",
             list);
        advise(finding, "taskset -c %s lockbench run ...", list);
    }
    free(list);
    hwloc_bitmap_free(isolated);
}

/* ---- frequency and time ---- */

static void find_hidden(const struct examination *e, struct doctor_finding *finding)
{
    bool is_virtual = false;

    find(finding, DOCTOR_NOTE, "not known: %s",
         system_is_virtual(e->root, &is_virtual) && is_virtual
             ? "a virtual machine does not show it"
             : "this system does not show it");
}

static void check_governor(const struct examination *e, struct doctor_finding *finding)
{
    hwloc_obj_t cpu = NULL;
    unsigned seen = 0, slow = 0;
    char other[64] = "";

    while ((cpu = hwloc_get_next_obj_by_type(e->patient->topology, HWLOC_OBJ_PU, cpu)) != NULL) {
        char path[128], governor[64];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
                 cpu->os_index);
        if (!line_of(e, path, governor, sizeof governor))
            continue;
        seen++;
        if (strcmp(governor, "performance") != 0) {
            slow++;
            memcpy(other, governor, sizeof other);
        }
    }
    if (seen == 0) {
        find_hidden(e, finding);
    } else if (slow == 0) {
        find(finding, DOCTOR_OK, "performance on all of %u CPUs", seen);
    } else {
        find(finding, DOCTOR_WARN, "%s on %u of %u CPUs: the frequency follows the load", other,
             slow, seen);
        advise(finding, "cpupower frequency-set -g performance");
    }
}

static void check_turbo(const struct examination *e, struct doctor_finding *finding)
{
    char line[64];
    const char *intel = "/sys/devices/system/cpu/intel_pstate/no_turbo";
    const char *boost = "/sys/devices/system/cpu/cpufreq/boost";
    bool of_intel = line_of(e, intel, line, sizeof line);

    if (!of_intel && !line_of(e, boost, line, sizeof line)) {
        find_hidden(e, finding);
    } else if ((line[0] == '0') == of_intel) {
        find(finding, DOCTOR_WARN, "on: few busy cores run faster than many, and hot ones slower");
        advise(finding, "echo %s",
               of_intel ? "1 > /sys/devices/system/cpu/intel_pstate/no_turbo"
                        : "0 > /sys/devices/system/cpu/cpufreq/boost");
    } else {
        find(finding, DOCTOR_OK, "off");
    }
}

static void check_clock(const struct examination *e, struct doctor_finding *finding)
{
    char source[64] = "unknown";
    struct clock_cost cost = measure_clock_cost();

    line_of(e, "/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
            sizeof source);
    find(finding,
         cost.median > 500   ? DOCTOR_BAD
         : cost.median > 150 ? DOCTOR_WARN
                             : DOCTOR_OK,
         "clock source %s; two looks at the clock are %" PRIu64 " ns apart (least: %" PRIu64 ")",
         source, cost.median, cost.least);
    if (finding->grade != DOCTOR_OK)
        advise(finding,
               "a source that needs no system call: "
               "/sys/devices/system/clocksource/clocksource0/current_clocksource");
}

/* What a hand-off from one CPU to another is measured by. */
static void check_clocks(const struct examination *e, struct doctor_finding *finding)
{
    struct clock_check check;

    if (!e->looked) {
        find_nothing(e, finding);
        return;
    }
    unsigned *cpus = calloc(e->sight.count, sizeof *cpus);
    if (cpus == NULL) {
        find(finding, DOCTOR_NOTE, "not known: there is no memory to look");
        return;
    }
    for (unsigned i = 0; i < e->sight.count; i++)
        cpus[i] = e->sight.cpus[i].cpu;
    clock_check_cpus(cpus, e->sight.count, machine_clock, &check);
    free(cpus);
    if (check.verdict == CLOCKS_AGREE) {
        find(finding, DOCTOR_OK, "the clocks of %u CPUs agree within %" PRIu64 " ns",
             e->sight.count, check.within_ns);
        return;
    }
    find(finding, check.verdict == CLOCKS_DIFFER ? DOCTOR_WARN : DOCTOR_NOTE, "%s%s",
         check.verdict == CLOCKS_DIFFER ? "" : "not known: ", check.reason);
    if (check.verdict == CLOCKS_DIFFER)
        advise(finding,
               "hand-off times are not measured; another clock source may do "
               "(/sys/devices/system/clocksource/clocksource0/available_clocksource)");
}

static void check_timer_slack(const struct examination *e, struct doctor_finding *finding)
{
    int slack_ns = prctl(PR_GET_TIMERSLACK);

    (void)e;
    if (slack_ns < 0) {
        find(finding, DOCTOR_NOTE, "not known: this system does not tell");
        return;
    }
    find(finding, slack_ns > 1000000 ? DOCTOR_WARN : DOCTOR_OK, "sleeps may end %g us late",
         slack_ns / 1e3);
    if (finding->grade != DOCTOR_OK)
        advise(finding, "windows end late: start lockbench from an ordinary shell");
}

static void check_realtime(const struct examination *e, struct doctor_finding *finding)
{
    long long runtime, period;

    if (!system_number(e->root, "/proc/sys/kernel/sched_rt_runtime_us", &runtime) ||
        !system_number(e->root, "/proc/sys/kernel/sched_rt_period_us", &period) || period <= 0)
        find(finding, DOCTOR_NOTE, "not known: this kernel does not show its limit");
    else if (runtime < 0)
        find(finding, DOCTOR_NOTE,
             "real-time threads are not limited: --irql dispatch-fifo is refused");
    else
        find(finding, DOCTOR_OK, "real-time threads have %.0f%% of a CPU; of use to --irql only",
             100.0 * (double)runtime / (double)period);
}

/* ---- what the machine is ---- */

static void check_virtual(const struct examination *e, struct doctor_finding *finding)
{
    char maker[128] = "";
    bool is_virtual;

    if (!system_is_virtual(e->root, &is_virtual)) {
        find(finding, DOCTOR_NOTE, "not known: /proc/cpuinfo shows no flags");
        return;
    }
    if (!is_virtual) {
        find(finding, DOCTOR_OK, "not a virtual machine");
        return;
    }
    line_of(e, "/sys/class/dmi/id/sys_vendor", maker, sizeof maker);
    find(finding, DOCTOR_WARN,
         "a virtual machine%s%s%s: its CPUs may be moved, shared and taken away unseen",
         maker[0] != '\0' ? " (" : "", maker, maker[0] != '\0' ? ")" : "");
    advise(finding, "more repetitions; a dedicated or bare-metal machine for final figures");
}

/* The smallest limit that a cgroup or one of those around it sets, in CPUs; `read` gets the folder
 * of each. */
static void least_quota(const char *base, const char *group,
                        bool (*read)(const char *folder, double *cpus), double *least)
{
    char folder[PATH_MAX];
    double cpus;

    snprintf(folder, sizeof folder, "%s%s", base, group);
    for (;;) {
        if (read(folder, &cpus) && cpus < *least)
            *least = cpus;
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= strlen(base) || slash == NULL)
            return;
        *slash = '\0';
    }
}

static bool read_quota_v2(const char *folder, double *cpus)
{
    char line[128];
    double quota, period;

    if (!system_line(folder, "/cpu.max", line, sizeof line) ||
        sscanf(line, "%lf %lf", &quota, &period) != 2 || period <= 0)
        return false;
    *cpus = quota / period;
    return true;
}

static bool read_quota_v1(const char *folder, double *cpus)
{
    long long quota, period;

    if (!system_number(folder, "/cpu.cfs_quota_us", &quota) || quota <= 0 ||
        !system_number(folder, "/cpu.cfs_period_us", &period) || period <= 0)
        return false;
    *cpus = (double)quota / (double)period;
    return true;
}

static void least_quota_in(const char *root, const char *mount, const char *group,
                           bool (*read)(const char *folder, double *cpus), double *least)
{
    char base[PATH_MAX];

    snprintf(base, sizeof base, "%s/sys/fs/cgroup%s", root, mount);
    /* A container sees its own group as "/", or by a path that is not there: then the walk up ends
     * at what is. */
    least_quota(base, strcmp(group, "/") == 0 ? "" : group, read, least);
}

/* One line of /proc/self/cgroup: "number:controllers:group". */
static void least_quota_of(const char *root, char *line, double *least)
{
    char *controllers = strchr(line, ':'), mount[256];
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');

    if (group == NULL)
        return;
    *group++ = '\0';
    controllers++;
    if (controllers[0] == '\0') {
        least_quota_in(root, "", group, read_quota_v2, least);
        least_quota_in(root, "/unified", group, read_quota_v2, least);
    } else if (strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0 ||
               strstr(controllers, ",cpu") != NULL) {
        snprintf(mount, sizeof mount, "/%s", controllers);
        least_quota_in(root, mount, group, read_quota_v1, least);
        least_quota_in(root, "/cpu", group, read_quota_v1, least);
    }
}

/* In CPUs; infinite without a limit, NaN when this process's groups are not known. */
static double cpu_quota(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    double least = HUGE_VAL;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NAN;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        least_quota_of(root, line, &least);
    }
    fclose(file);
    return least;
}

static void check_quota(const struct examination *e, struct doctor_finding *finding)
{
    unsigned cpus = topology_cpus(e->patient->topology);
    double quota = cpu_quota(e->root);

    if (isnan(quota)) {
        find(finding, DOCTOR_NOTE, "not known: there is no /proc/self/cgroup");
        return;
    }
    if (quota == HUGE_VAL) {
        find(finding, DOCTOR_OK, "no cgroup limits the CPU time");
        return;
    }
    find(finding, quota < cpus ? DOCTOR_BAD : DOCTOR_OK,
         "a cgroup limits the CPU time to that of %.3g CPUs, of %u that are allowed", quota, cpus);
    if (finding->grade != DOCTOR_OK)
        advise(finding,
               "all threads stand still when it is used up: lift cpu.max (docker --cpus)%s",
               quota >= 2 ? ", or allow fewer CPUs with taskset" : "");
}

static void check_nodes(const struct examination *e, struct doctor_finding *finding)
{
    int nodes = hwloc_get_nbobjs_by_type(e->patient->topology, HWLOC_OBJ_NUMANODE);
    long long balancing = 0;

    system_number(e->root, "/proc/sys/kernel/numa_balancing", &balancing);
    if (nodes <= 1) {
        find(finding, DOCTOR_OK, "one NUMA node");
    } else if (balancing == 0) {
        find(finding, DOCTOR_OK, "%d NUMA nodes; the kernel moves no pages between them", nodes);
    } else {
        find(finding, DOCTOR_WARN, "%d NUMA nodes, and the kernel moves pages between them", nodes);
        advise(finding, "echo 0 > /proc/sys/kernel/numa_balancing");
    }
}

static void check_counters(const struct examination *e, struct doctor_finding *finding)
{
    struct counters_plan plan;

    (void)e;
    counters_choose(&plan);
    if (plan.reason[0] == '\0') {
        find(finding, plan.user_only ? DOCTOR_WARN : DOCTOR_OK,
             "they tell the cache-line traffic%s",
             plan.user_only ? ", but not what the kernel does when a lock sleeps" : "");
        if (plan.user_only)
            advise(finding, "echo 1 > /proc/sys/kernel/perf_event_paranoid, or be root");
    } else if (plan.permission) {
        find(finding, DOCTOR_WARN, "cache-line traffic can't be counted");
        advise(finding, "%s", plan.reason);
    } else {
        find(finding, DOCTOR_NOTE, "cache-line traffic can't be counted: %s", plan.reason);
        advise(finding, "--machine sim:TOPOLOGY counts that of a model");
    }
}

static void check_layout(const struct examination *e, struct doctor_finding *finding)
{
    long long randomized = -1;
    int persona = personality(0xffffffff);
    bool asked_not = persona != -1 && (persona & ADDR_NO_RANDOMIZE) != 0;

    system_number(e->root, "/proc/sys/kernel/randomize_va_space", &randomized);
    if (randomized < 0 && !asked_not) {
        find(finding, DOCTOR_NOTE, "not known: this kernel does not show it");
    } else if (randomized > 0 && !asked_not) {
        find(finding, DOCTOR_OK, "addresses are drawn anew for each repetition");
    } else {
        find(finding, DOCTOR_WARN, "addresses are the same in all repetitions: one layout's luck");
        advise(finding, asked_not ? "run without 'setarch -R' and outside of a debugger"
                                  : "echo 2 > /proc/sys/kernel/randomize_va_space");
    }
}

static void check_memory(const struct examination *e, struct doctor_finding *finding)
{
    char path[PATH_MAX], line[256];
    long long kilobytes = -1;

    snprintf(path, sizeof path, "%s/proc/meminfo", e->root);
    FILE *file = fopen(path, "re");
    while (file != NULL && kilobytes < 0 && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "MemAvailable: %lld", &kilobytes);
    if (file != NULL)
        fclose(file);
    if (kilobytes < 0) {
        find(finding, DOCTOR_NOTE, "not known: there is no /proc/meminfo");
        return;
    }
    find(finding,
         kilobytes < 32 * 1024    ? DOCTOR_BAD
         : kilobytes < 256 * 1024 ? DOCTOR_WARN
                                  : DOCTOR_OK,
         "%lld MB are free", kilobytes / 1024);
    if (finding->grade != DOCTOR_OK)
        advise(finding, "a repetition may be killed for want of memory: end what uses it");
}

static void check_mitigations(const struct examination *e, struct doctor_finding *finding)
{
    static const char *const names[] = {"meltdown", "spectre_v2", "retbleed",         "mds",
                                        "srbds",    "l1tf",       "spec_store_bypass"};
    char used[256] = "", path[128], line[512];
    bool known = false;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/vulnerabilities/%s", names[i]);
        if (!line_of(e, path, line, sizeof line))
            continue;
        known = true;
        if (strncmp(line, "Mitigation", strlen("Mitigation")) == 0)
            snprintf(used + strlen(used), sizeof used - strlen(used), "%s%s",
                     used[0] == '\0' ? "" : ", ", names[i]);
    }
    if (!known)
        find(finding, DOCTOR_NOTE, "not known: this kernel does not show them");
    else if (used[0] == '\0')
        find(finding, DOCTOR_NOTE, "none: system calls are as cheap as they get here");
    else
        find(finding, DOCTOR_NOTE, "against %s: system calls, and so sleeping locks, cost more",
             used);
}

/* ---- what a run writes and draws ---- */

static void check_disk(const struct examination *e, struct doctor_finding *finding)
{
    struct statvfs disk;

    (void)e;
    if (access(".", W_OK) != 0) {
        find(finding, DOCTOR_WARN, "the current folder can't be written to");
        advise(finding, "name the results with --output, or go to another folder");
        return;
    }
    if (statvfs(".", &disk) != 0) {
        find(finding, DOCTOR_NOTE, "not known: the current folder does not tell");
        return;
    }
    double megabytes = (double)disk.f_bavail * (double)disk.f_frsize / 1e6;
    find(finding,
         megabytes < 1     ? DOCTOR_BAD
         : megabytes < 100 ? DOCTOR_WARN
                           : DOCTOR_OK,
         "%.0f MB are free in the current folder", megabytes);
    if (finding->grade != DOCTOR_OK)
        advise(finding, "make room, or name the results with --output");
}

static void check_gnuplot(const struct examination *e, struct doctor_finding *finding)
{
    const char *path = getenv("PATH");
    char *folders = strdup(path == NULL ? "" : path), *rest = folders, *folder;
    char name[PATH_MAX];
    bool found = false;

    (void)e;
    while (!found && (folder = strsep(&rest, ":")) != NULL) {
        snprintf(name, sizeof name, "%s/gnuplot", folder[0] == '\0' ? "." : folder);
        found = access(name, X_OK) == 0;
    }
    free(folders);
    find(finding, found ? DOCTOR_OK : DOCTOR_WARN,
         found ? "there, to draw with" : "not there: nothing can be drawn");
    if (!found)
        advise(finding, "install gnuplot-nox");
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    void (*make)(const struct examination *e, struct doctor_finding *finding);
} checks[] = {
    {"build", check_build},
    {"alone", check_alone},
    {"cpus", check_cpus},
    {"pinning", check_pinning},
    {"quota", check_quota},
    {"busy", check_busy},
    {"lost time", check_lost},
    {"steal", check_steal},
    {"load", check_load},
    {"virtual", check_virtual},
    {"governor", check_governor},
    {"turbo", check_turbo},
    {"smt", check_smt},
    {"isolated", check_isolated},
    {"numa", check_nodes},
    {"clock", check_clock},
    {"clocks", check_clocks},
    {"timer slack", check_timer_slack},
    {"real time", check_realtime},
    {"counters", check_counters},
    {"addresses", check_layout},
    {"memory", check_memory},
    {"mitigations", check_mitigations},
    {"disk", check_disk},
    {"gnuplot", check_gnuplot},
};
enum { CHECKS = sizeof checks / sizeof checks[0] };
_Static_assert((int)CHECKS <= (int)DOCTOR_FINDINGS_MOST, "room for all");

size_t doctor_examine(const struct doctor_patient *patient, struct doctor_finding *findings)
{
    struct examination e = {.patient = patient, .root = patient->root};

    e.looked = !patient->another_measures &&
               doctor_look(patient->root, patient->topology, patient->look_ns, &e.sight);
    for (size_t i = 0; i < CHECKS; i++) {
        findings[i] = (struct doctor_finding){.check = checks[i].name};
        checks[i].make(&e, &findings[i]);
    }
    doctor_look_free(&e.sight);
    return CHECKS;
}

size_t doctor_count(const struct doctor_finding *findings, size_t count, enum doctor_grade grade)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += findings[i].grade == grade;
    return found;
}

void doctor_warn(hwloc_topology_t topology)
{
    const struct doctor_patient patient = {
        .root = "", .topology = topology, .look_ns = 50000000, .another_measures = false};
    struct doctor_finding findings[DOCTOR_FINDINGS_MOST];
    size_t count = doctor_examine(&patient, findings);

    for (size_t i = 0; i < count; i++) {
        if (findings[i].grade == DOCTOR_BAD)
            say("unfit to measure on: %s: %s; %s", findings[i].check, findings[i].finding,
                findings[i].advice);
    }
}
