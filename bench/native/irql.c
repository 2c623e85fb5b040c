#include "bench/native/irql.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/statistics.h"
#include "locks/machine/machine.h"

/* Linux has the real-time priorities 1 to 99. */
enum { WORKER_PRIORITY = 1, LEADER_PRIORITY };

static void nothing(void)
{
}

static _Thread_local sigset_t mask_before;

static void block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask_before);
}

static void restore_signals(void)
{
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

static void disable_apc(void)
{
    machine_apc_disable();
}

static void become_fifo(void)
{
    const struct sched_param priority = {WORKER_PRIORITY};

    sched_setscheduler(0, SCHED_FIFO, &priority);
}

static void become_other(void)
{
    const struct sched_param none = {0};

    sched_setscheduler(0, SCHED_OTHER, &none);
}

static const struct {
    struct irql_mode mode;
    bool real_time, held;
    unsigned pairs; /* in a batch: some 10 to 50 us, so that the clock does not count */
} modes[] = {
    [IRQL_NONE] = {{nothing, nothing}, false, false, 10000},
    [IRQL_APC_SIGMASK] = {{block_signals, restore_signals}, false, false, 100},
    [IRQL_APC_GUARD] = {{disable_apc, machine_apc_enable}, false, false, 10000},
    [IRQL_DISPATCH_FIFO] = {{become_fifo, become_other}, true, false, 50},
    [IRQL_DISPATCH_FIFO_HELD] = {{become_fifo, become_other}, true, true, 50},
};

const struct irql_mode *irql_mode(enum irql irql)
{
    return &modes[irql].mode;
}

bool irql_is_held(enum irql irql)
{
    return modes[irql].held;
}

const char *irql_check_throttle(const char *file, char *problem, size_t problem_size)
{
    FILE *stream = fopen(file, "re");
    long runtime_us = 0;
    bool known = stream != NULL && fscanf(stream, "%ld", &runtime_us) == 1;

    if (stream != NULL)
        fclose(stream);
    if (known && runtime_us >= 0)
        return NULL;
    snprintf(problem, problem_size,
             known ? "the kernel does not throttle real-time threads, and those that spin would "
                     "stop this machine: write 950000 to %s"
                   : "whether the kernel throttles real-time threads is not known, and those that "
                     "spin could stop this machine: %s can't be read",
             file);
    return problem;
}

const char *irql_check(enum irql irql, char *problem, size_t problem_size)
{
    const struct sched_param priority = {LEADER_PRIORITY};

    if (!modes[irql].real_time)
        return NULL;
    if (irql_check_throttle(RT_RUNTIME_FILE, problem, problem_size) != NULL)
        return problem;
    if (sched_setscheduler(0, SCHED_FIFO, &priority) == 0) {
        become_other();
        return NULL;
    }
    snprintf(problem, problem_size,
             "this process may not use SCHED_FIFO (%s): give it CAP_SYS_NICE, or 'ulimit -r %d'",
             strerror(errno), LEADER_PRIORITY);
    return problem;
}

double irql_measure_ns(enum irql irql)
{
    enum { batches = 101 };
    const struct irql_mode mode = modes[irql].mode;
    const unsigned pairs = modes[irql].pairs;
    double each_ns[batches];

    if (irql == IRQL_NONE)
        return 0;
    for (int i = 0; i < batches; i++) {
        uint64_t start = machine_clock();
        for (unsigned j = 0; j < pairs; j++) {
            mode.raise();
            mode.lower();
        }
        each_ns[i] = (double)(machine_clock() - start) / pairs;
    }
    statistics_sort(each_ns, batches);
    return statistics_median(each_ns, batches);
}

void irql_raise_leader(enum irql irql)
{
    const struct sched_param priority = {LEADER_PRIORITY};

    if (modes[irql].real_time)
        sched_setscheduler(0, SCHED_FIFO, &priority);
}

void irql_lower_leader(enum irql irql)
{
    if (modes[irql].real_time)
        become_other();
}
