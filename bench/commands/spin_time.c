/* lockbench spin-time: the process in which glibc's adaptive mutex is timed under a tunable, which
 * is read at a process's start only. */
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/commands/commands.h"
#include "bench/native/adaptive_mutex.h"
#include "bench/values.h"

/* Nobody comes to help a mutex that never lets its waiter sleep. */
enum { PATIENCE_S = 20 };

static const struct option_row options[] = {{0}};

static enum exit_code measure(unsigned cpu, unsigned other_cpu)
{
    struct adaptive_spin spin;
    char problem[ADAPTIVE_MUTEX_PROBLEM];

    alarm(PATIENCE_S);
    if (adaptive_mutex_measure(cpu, other_cpu, &spin, problem) != NULL)
        return complain(EXIT_MACHINE, "how long a mutex spins can't be measured: %s", problem);
    json_t *object =
        json_pack("{s:f, s:[f, f], s:I}", "median_ns", spin.median_ns, "interval_ns",
                  spin.interval.low, spin.interval.high, "waits", (json_int_t)spin.waits);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(object);
    return EXIT_FINE;
}

static enum exit_code spin_time_main(int argc, char **argv)
{
    uint64_t cpus[2];
    int words;
    bool helped;
    enum exit_code code = options_read(&command_spin_time, argc, argv, NULL, &words, &helped);

    if (code != EXIT_FINE || helped)
        return code;
    if (words != 2)
        return complain(EXIT_USAGE, "spin-time takes the numbers of two CPUs, as in 0 1");
    for (int i = 0; i < 2; i++) {
        if (!read_count(argv[1 + i], 0, UINT16_MAX, &cpus[i]))
            return complain(EXIT_USAGE, "'%s' is no number of a CPU", argv[1 + i]);
    }
    return measure((unsigned)cpus[0], (unsigned)cpus[1]);
}

const struct command command_spin_time = {
    .name = "spin-time",
    .summary = "how long glibc's adaptive mutex spins (used by threshold)",
    .usage = "CPU CPU",
    .text =
        "Measures how long a thread on the second CPU spins for a PTHREAD_MUTEX_ADAPTIVE_NP mutex "
        "that a thread on the first one holds, before it sleeps, and writes that as a JSON object: "
        "the median of many waits, in nanoseconds. With GLIBC_TUNABLES set to "
        "glibc.pthread.mutex_spin_count=N, that of N.",
    .run = spin_time_main,
    .options = options,
};
