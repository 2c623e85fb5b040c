#include "bench/glibc_spin.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/json.h"
#include "bench/topology.h"
#include "locks/machine/machine.h"

static const char tunable[] = "glibc.pthread.mutex_spin_count=";
static const char variable[] = "GLIBC_TUNABLES=";

/* ---- what a process is told ---- */

bool glibc_spin_tunables(const char *present, unsigned count, char *text, size_t size)
{
    size_t used = 0;

    for (const char *item = present; item != NULL && *item != '\0';) {
        size_t length = strcspn(item, ":");
        bool ours = strncmp(item, tunable, strlen(tunable)) == 0;
        if (length > 0 && !ours && used < size)
            used += (size_t)snprintf(text + used, size - used, "%.*s:", (int)length, item);
        item += length + (item[length] == ':');
    }
    if (used < size)
        used += (size_t)snprintf(text + used, size - used, "%s%u", tunable, count);
    return used < size;
}

/* The environment with another GLIBC_TUNABLES. A new array, whose texts are not. */
static char **environment_with(char *setting)
{
    size_t count = 0, kept = 0;

    while (environ[count] != NULL)
        count++;
    char **copy = calloc(count + 2, sizeof *copy);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], variable, strlen(variable)) != 0)
            copy[kept++] = environ[i];
    }
    copy[kept] = setting;
    return copy;
}

/* ---- a fresh process ---- */

/* Its standard output is the pipe; what it complains about on standard error is the reason that we
 * give in other words. */
static int spawn(const char *program, char **words, char **environment, const int output[2],
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn(pid, program, &actions, NULL, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Its report is shorter than a pipe holds, and it ends by itself. */
static size_t receive(int fd, char *text, size_t size)
{
    struct pollfd waiting = {fd, POLLIN, 0};
    size_t length = 0;

    while (!interrupted() && length + 1 < size) {
        if (poll(&waiting, 1, 100) <= 0)
            continue;
        ssize_t n = read(fd, text + length, size - 1 - length);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        length += n > 0 ? (size_t)n : 0;
    }
    text[length] = '\0';
    return length;
}

struct trial {
    const char *program;
    unsigned cpu, other_cpu;
};

static const char *explain(char reason[GLIBC_SPIN_REASON], const char *what, const char *why)
{
    snprintf(reason, GLIBC_SPIN_REASON, "%s%s", what, why);
    return reason;
}

static const char *judge(const char *text, int status, double *ns, char reason[GLIBC_SPIN_REASON])
{
    json_t *object = json_loads(text, 0, NULL);
    const json_t *median = json_object_get(object, "median_ns");

    *ns = json_number_value(median);
    bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0 && json_is_number(median);
    json_decref(object);
    if (fine)
        return NULL;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return explain(reason, "", "a waiter for an adaptive mutex did not go to sleep in 20 s");
    return explain(reason, "", "a fresh process could not measure how long a mutex spins");
}

/* How long a mutex spins in a process with that count. NULL, or why it can't be told. */
static const char *try_count(const struct trial *trial, unsigned count, double *ns,
                             char reason[GLIBC_SPIN_REASON])
{
    char setting[4096], cpu[16], other_cpu[16], text[512];
    char name[] = "lockbench", command[] = "spin-time";
    char *words[] = {name, command, cpu, other_cpu, NULL};
    const size_t prefix = strlen(variable);
    int output[2], status = 0;
    pid_t pid;

    snprintf(cpu, sizeof cpu, "%u", trial->cpu);
    snprintf(other_cpu, sizeof other_cpu, "%u", trial->other_cpu);
    strcpy(setting, variable);
    if (!glibc_spin_tunables(getenv("GLIBC_TUNABLES"), count, setting + prefix,
                             sizeof setting - prefix))
        return explain(reason, "", "GLIBC_TUNABLES is too long already");
    char **environment = environment_with(setting);
    if (environment == NULL || pipe2(output, O_CLOEXEC) != 0) {
        free(environment);
        return explain(reason, "a process can't be started: ", strerror(errno));
    }
    int error = spawn(trial->program, words, environment, output, &pid);
    close(output[1]);
    free(environment);
    if (error == 0) {
        receive(output[0], text, sizeof text);
        if (interrupted())
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(output[0]);
    return error != 0 ? explain(reason, "a process can't be started: ", strerror(error))
                      : judge(text, status, ns, reason);
}

/* ---- from times to counts ---- */

unsigned glibc_spin_invert(const struct glibc_spin_point curve[GLIBC_SPIN_CURVE], double ns,
                           bool *out_of_reach)
{
    int i = 1;

    *out_of_reach = ns > curve[GLIBC_SPIN_CURVE - 1].ns;
    if (*out_of_reach)
        return curve[GLIBC_SPIN_CURVE - 1].count;
    if (ns <= curve[0].ns)
        return curve[0].count;
    while (curve[i].ns < ns)
        i++;
    double part = (ns - curve[i - 1].ns) / (curve[i].ns - curve[i - 1].ns);
    return curve[i - 1].count + (unsigned)lround(part * (curve[i].count - curve[i - 1].count));
}

/* A turn's time is what the counts differ by, whatever a call takes besides. */
static double turn_of(const struct glibc_spin_point curve[GLIBC_SPIN_CURVE])
{
    const struct glibc_spin_point *last = &curve[GLIBC_SPIN_CURVE - 1], *middle = &last[-3];

    return (last->ns - middle->ns) / (last->count - middle->count);
}

/* A noisy machine may turn two short ones round; one that ignores the tunable has all alike. */
static const char *check_curve(struct glibc_spin_point curve[GLIBC_SPIN_CURVE],
                               char reason[GLIBC_SPIN_REASON])
{
    for (int i = 1; i < GLIBC_SPIN_CURVE; i++) {
        if (curve[i].ns < curve[i - 1].ns)
            curve[i].ns = curve[i - 1].ns;
    }
    if (curve[GLIBC_SPIN_CURVE - 1].ns > 4 * curve[GLIBC_SPIN_CURVE - 3].ns)
        return NULL;
    return explain(reason, "",
                   "glibc.pthread.mutex_spin_count does not change how long a mutex spins here");
}

static const char *measure_curve(const struct trial *trial, struct glibc_spin *spin)
{
    static const unsigned counts[GLIBC_SPIN_CURVE] = {
        0, 32, 128, 512, 2048, 8192, GLIBC_SPIN_COUNT_MOST};
    double base_ns = 0, ns;

    for (int i = 0; i < GLIBC_SPIN_CURVE; i++) {
        if (try_count(trial, counts[i], &ns, spin->reason) != NULL)
            return spin->reason;
        base_ns = i == 0 ? ns : base_ns;
        spin->curve[i] = (struct glibc_spin_point){counts[i], ns > base_ns ? ns - base_ns : 0};
    }
    return check_curve(spin->curve, spin->reason);
}

/* In turn with processes in which a mutex does not spin: what a call takes besides. */
static const char *verify(const struct trial *trial, struct glibc_spin *spin)
{
    enum { PROCESSES = 7 };
    double ns[PROCESSES], base_ns[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        if (try_count(trial, 0, &base_ns[i], spin->reason) != NULL ||
            try_count(trial, spin->count, &ns[i], spin->reason) != NULL)
            return spin->reason;
    }
    statistics_sort(base_ns, PROCESSES);
    statistics_sort(ns, PROCESSES);
    double base = statistics_median(base_ns, PROCESSES);
    for (int i = 0; i < PROCESSES; i++)
        ns[i] = ns[i] > base ? ns[i] - base : 0;
    spin->achieved_ns = statistics_median(ns, PROCESSES);
    statistics_median_interval(ns, PROCESSES, &spin->achieved);
    spin->processes = PROCESSES;
    return NULL;
}

/* One more turn of the screw where the curve was not good enough: between its points it is bent,
 * for the turns come in groups, the more the longer a wait is. */
static const char *find_count(const struct trial *trial, double wanted_ns, struct glibc_spin *spin)
{
    const char *problem = measure_curve(trial, spin);

    if (problem != NULL)
        return problem;
    spin->turn_ns = turn_of(spin->curve);
    spin->count = glibc_spin_invert(spin->curve, wanted_ns, &spin->out_of_reach);
    problem = verify(trial, spin);
    double off_ns = wanted_ns - spin->achieved_ns;
    if (problem != NULL || spin->out_of_reach || fabs(off_ns) <= wanted_ns / 20 ||
        fabs(off_ns) < spin->turn_ns)
        return problem;
    double better = round(spin->count + off_ns / spin->turn_ns);
    spin->count = (unsigned)(better < 0                       ? 0
                             : better > GLIBC_SPIN_COUNT_MOST ? GLIBC_SPIN_COUNT_MOST
                                                              : better);
    return verify(trial, spin);
}

enum exit_code glibc_spin_find(uint64_t budget_ns, hwloc_topology_t topology, const char *program,
                               struct glibc_spin *spin)
{
    struct placement placement;
    enum exit_code code = placement_make(topology, "cores", &placement);

    *spin = (struct glibc_spin){.wanted_ns = budget_ns};
    if (code != EXIT_FINE)
        return code;
    struct trial trial = {program, placement.cpus[0], placement.cpus[placement.count > 1 ? 1 : 0]};
    placement_free(&placement);
    double wanted_ns = budget_ns == MACHINE_NEVER ? INFINITY : (double)budget_ns;
    if (trial.cpu == trial.other_cpu)
        explain(spin->reason, "", "one CPU is allowed, on which nobody sees another thread spin");
    else
        spin->measured = find_count(&trial, wanted_ns, spin) == NULL;
    return interrupted() ? EXIT_INTERRUPTED : EXIT_FINE;
}

/* ---- JSON ---- */

static json_t *curve_to_json(const struct glibc_spin *spin)
{
    json_t *curve = json_array();

    for (int i = 0; i < GLIBC_SPIN_CURVE; i++)
        json_array_append_new(curve,
                              json_pack("[i, f]", (int)spin->curve[i].count, spin->curve[i].ns));
    return curve;
}

json_t *glibc_spin_to_json(const struct glibc_spin *spin)
{
    char setting[sizeof tunable + 16];
    json_t *wanted = json_time_or_inf(spin->wanted_ns);

    if (!spin->measured)
        return json_pack("{s:o, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:s}", "wanted_ns", wanted,
                         "count", "achieved_ns", "achieved_interval_ns", "processes", "turn_ns",
                         "out_of_reach", "curve", "tunable", "reason", spin->reason);
    glibc_spin_tunables(NULL, spin->count, setting, sizeof setting);
    return json_pack("{s:o, s:i, s:f, s:[f, f], s:I, s:f, s:b, s:o, s:s}", "wanted_ns", wanted,
                     "count", (int)spin->count, "achieved_ns", spin->achieved_ns,
                     "achieved_interval_ns", spin->achieved.low, spin->achieved.high, "processes",
                     (json_int_t)spin->processes, "turn_ns", spin->turn_ns, "out_of_reach",
                     spin->out_of_reach, "curve", curve_to_json(spin), "tunable", setting);
}
