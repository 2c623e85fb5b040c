/* The checks of the doctor on machines that are made up of files, and a look at the one at hand. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/native/doctor.h"
#include "bench/native/doctor_look.h"
#include "bench/topology.h"

/* In place of the C library's: a system that says yes to every binding and puts the thread on any
 * CPU but that one. */
static bool binds_elsewhere;

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
    cpu_set_t other;

    (void)thread;
    if (!binds_elsewhere)
        return sched_setaffinity(0, size, set) == 0 ? 0 : errno;
    sched_getaffinity(0, sizeof other, &other);
    for (size_t cpu = 0; cpu < 8 * size && cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET_S(cpu, size, set))
            CPU_CLR(cpu, &other);
    }
    return sched_setaffinity(0, sizeof other, &other) == 0 ? 0 : errno;
}

/* Likewise: a clock that is late on one CPU. */
static bool clock_is_late;
static unsigned late_cpu;

int clock_gettime(clockid_t id, struct timespec *time)
{
    int error = (int)syscall(SYS_clock_gettime, id, time);

    if (clock_is_late && id == CLOCK_MONOTONIC && (unsigned)sched_getcpu() == late_cpu)
        time->tv_sec -= 3;
    return error;
}

struct machine_of_files {
    char root[64];
    hwloc_topology_t topology;
    struct doctor_finding findings[DOCTOR_FINDINGS_MOST];
    size_t count;
};

static void make_machine(struct machine_of_files *machine, const char *synthetic)
{
    strcpy(machine->root, "/tmp/doctor_test.XXXXXX");
    assert_non_null(mkdtemp(machine->root));
    assert_int_equal(hwloc_topology_init(&machine->topology), 0);
    assert_int_equal(hwloc_topology_set_synthetic(machine->topology, synthetic), 0);
    assert_int_equal(hwloc_topology_load(machine->topology), 0);
}

static void add_file(const struct machine_of_files *machine, const char *path, const char *text)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s%s", machine->root, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Its CPUs are not there to be looked at. */
static void examine(struct machine_of_files *machine)
{
    const struct doctor_patient patient = {
        .root = machine->root, .topology = machine->topology, .another_measures = true};

    machine->count = doctor_examine(&patient, machine->findings);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_machine(struct machine_of_files *machine)
{
    hwloc_topology_destroy(machine->topology);
    nftw(machine->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct doctor_finding *finding_of(const struct machine_of_files *machine,
                                               const char *check)
{
    for (size_t i = 0; i < machine->count; i++) {
        if (strcmp(machine->findings[i].check, check) == 0)
            return &machine->findings[i];
    }
    fail_msg("there is no check %s", check);
    return NULL;
}

static void expect(const struct machine_of_files *machine, const char *check,
                   enum doctor_grade grade, const char *text)
{
    const struct doctor_finding *finding = finding_of(machine, check);

    if (finding->grade != grade || strstr(finding->finding, text) == NULL)
        fail_msg("%s should be %s with '%s', and is %s: %s", check, doctor_grade_names[grade], text,
                 doctor_grade_names[finding->grade], finding->finding);
    /* What is wrong comes with what to do about it. */
    assert_true(grade < DOCTOR_WARN || finding->advice[0] != '\0');
}

static void without_any_file_nothing_is_claimed(void **state)
{
    static const char *const unknown[] = {
        "governor", "turbo", "smt",      "virtual", "load",  "real time", "mitigations",
        "memory",   "quota", "isolated", "busy",    "steal", "clocks"};
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "core:2 pu:1");
    examine(&machine);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect(&machine, unknown[i], DOCTOR_NOTE, i < 10 ? "not known" : "not looked at");
    expect(&machine, "alone", DOCTOR_BAD, "another lockbench");
    remove_machine(&machine);
}

static void a_machine_at_its_best_is_ok(void **state)
{
    static const char *const good[] = {"governor", "turbo", "smt",    "virtual", "load",
                                       "isolated", "quota", "memory", "cpus"};
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "core:2 pu:1");
    add_file(&machine, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    add_file(&machine, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    add_file(&machine, "/sys/devices/system/cpu/cpufreq/boost", "0\n");
    add_file(&machine, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");
    add_file(&machine, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1\n");
    add_file(&machine, "/sys/devices/system/cpu/isolated", "0-1\n");
    add_file(&machine, "/sys/devices/system/cpu/online", "0-1\n");
    add_file(&machine, "/proc/cpuinfo", "flags\t\t: fpu sse\n");
    add_file(&machine, "/proc/loadavg", "0.02 0.1 0.1 1/200 4711\n");
    add_file(&machine, "/proc/meminfo", "MemTotal: 99999999 kB\nMemAvailable: 88888888 kB\n");
    add_file(&machine, "/proc/self/cgroup", "0::/user\n");
    add_file(&machine, "/sys/fs/cgroup/user/cpu.max", "max 100000\n");
    examine(&machine);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect(&machine, good[i], DOCTOR_OK, "");
    remove_machine(&machine);
}

static void what_spoils_measurements_is_found(void **state)
{
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "numa:2 core:1 pu:2");
    add_file(&machine, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    add_file(&machine, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    add_file(&machine, "/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    add_file(&machine, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n");
    add_file(&machine, "/sys/devices/system/cpu/isolated", "7\n");
    add_file(&machine, "/proc/cpuinfo", "flags\t\t: fpu hypervisor sse\n");
    add_file(&machine, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
    add_file(&machine, "/proc/loadavg", "3.5 0.1 0.1 1/200 4711\n");
    add_file(&machine, "/proc/meminfo", "MemAvailable: 20000 kB\n");
    add_file(&machine, "/proc/sys/kernel/numa_balancing", "1\n");
    add_file(&machine, "/proc/sys/kernel/randomize_va_space", "0\n");
    examine(&machine);
    expect(&machine, "governor", DOCTOR_WARN, "powersave on 1 of 2");
    expect(&machine, "turbo", DOCTOR_WARN, "on");
    expect(&machine, "smt", DOCTOR_WARN, "one core");
    expect(&machine, "isolated", DOCTOR_NOTE, "no allowed CPU is among the isolated CPUs: 7");
    expect(&machine, "virtual", DOCTOR_WARN, "QEMU");
    expect(&machine, "load", DOCTOR_WARN, "3.50");
    expect(&machine, "memory", DOCTOR_BAD, "19 MB");
    expect(&machine, "numa", DOCTOR_WARN, "2 NUMA nodes");
    expect(&machine, "addresses", DOCTOR_WARN, "the same");
    remove_machine(&machine);
}

static void a_sibling_that_is_not_ours_is_found(void **state)
{
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "core:2 pu:1");
    add_file(&machine, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,8\n");
    examine(&machine);
    expect(&machine, "smt", DOCTOR_WARN, "not ours");
    remove_machine(&machine);
}

/* The smallest limit of all groups around this one holds. */
static void quotas_of_both_kinds_of_cgroups_are_found(void **state)
{
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "core:4 pu:1");
    add_file(&machine, "/proc/self/cgroup", "0::/a/b\n");
    add_file(&machine, "/sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_OK, "8 CPUs, of 4");
    add_file(&machine, "/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_BAD, "1.5 CPUs, of 4");
    add_file(&machine, "/sys/fs/cgroup/a/b/cpu.max", "100000 100000\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_BAD, "1 CPUs, of 4");
    /* By a path that a container does not see; the limit is in the folder that it does. */
    add_file(&machine, "/proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/docker/1234\n");
    add_file(&machine, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
    add_file(&machine, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_BAD, "0.5 CPUs, of 4");
    add_file(&machine, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_OK, "no cgroup");
    add_file(&machine, "/proc/self/cgroup", "rubbish\n::\n0:\n");
    examine(&machine);
    expect(&machine, "quota", DOCTOR_OK, "");
    remove_machine(&machine);
}

static void every_allowed_cpu_is_looked_at(void **state)
{
    hwloc_topology_t topology;
    struct doctor_sight sight;

    (void)state;
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    assert_true(doctor_look("", topology, 20000000, &sight));
    assert_int_equal(sight.count, topology_cpus(topology));
    for (unsigned i = 0; i < sight.count; i++) {
        const struct cpu_look *look = &sight.cpus[i];
        assert_int_equal(look->bind_error, 0);
        assert_true(look->stayed);
        assert_true(look->lost >= 0 && look->lost <= 1);
        assert_true(!look->busy_known || (look->busy >= 0 && look->busy <= 1));
    }
    assert_true(!sight.steal_known || (sight.steal >= 0 && sight.steal <= 1));
    doctor_look_free(&sight);
    hwloc_topology_destroy(topology);
}

static void clocks_that_differ_are_found(void **state)
{
    hwloc_topology_t topology;
    struct machine_of_files machine;

    (void)state;
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    if (topology_cpus(topology) < 2) {
        print_message("# it takes two CPUs to compare clocks\n");
        hwloc_topology_destroy(topology);
        skip();
    }
    const struct doctor_patient patient = {.root = "", .topology = topology, .look_ns = 5000000};
    late_cpu = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, 1)->os_index;
    clock_is_late = true;
    machine.count = doctor_examine(&patient, machine.findings);
    clock_is_late = false;
    expect(&machine, "clocks", DOCTOR_WARN, "ns behind that of CPU");
    hwloc_topology_destroy(topology);
}

static void pinning_that_silently_does_something_else_is_noticed(void **state)
{
    hwloc_topology_t topology;
    struct machine_of_files machine;

    (void)state;
    assert_int_equal(topology_load(&topology), EXIT_FINE);
    if (topology_cpus(topology) < 2) {
        print_message("# it takes two CPUs to be on another one\n");
        hwloc_topology_destroy(topology);
        skip();
    }
    const struct doctor_patient patient = {.root = "", .topology = topology, .look_ns = 5000000};
    binds_elsewhere = true;
    machine.count = doctor_examine(&patient, machine.findings);
    binds_elsewhere = false;
    expect(&machine, "pinning", DOCTOR_BAD, "ran elsewhere");
    hwloc_topology_destroy(topology);
}

/* What is not there can't be bound to, and is not silently taken for bound. */
static void a_cpu_that_is_not_there_is_not_taken_for_one(void **state)
{
    struct machine_of_files machine;

    (void)state;
    make_machine(&machine, "core:1 pu:1(indexes=4000)");
    const struct doctor_patient patient = {
        .root = machine.root, .topology = machine.topology, .look_ns = 1000000};
    machine.count = doctor_examine(&patient, machine.findings);
    expect(&machine, "pinning", DOCTOR_BAD, "can't be bound to CPU 4000");
    expect(&machine, "busy", DOCTOR_NOTE, "not known");
    expect(&machine, "clocks", DOCTOR_NOTE, "one CPU");
    remove_machine(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_any_file_nothing_is_claimed),
        cmocka_unit_test(a_machine_at_its_best_is_ok),
        cmocka_unit_test(what_spoils_measurements_is_found),
        cmocka_unit_test(a_sibling_that_is_not_ours_is_found),
        cmocka_unit_test(quotas_of_both_kinds_of_cgroups_are_found),
        cmocka_unit_test(every_allowed_cpu_is_looked_at),
        cmocka_unit_test(clocks_that_differ_are_found),
        cmocka_unit_test(pinning_that_silently_does_something_else_is_noticed),
        cmocka_unit_test(a_cpu_that_is_not_there_is_not_taken_for_one),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
