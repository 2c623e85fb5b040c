#include "bench/sim/watchdog.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/repetition.h"

enum { PATIENCE_SECONDS = 10 };

/* A signal's handler is given nothing. */
static const struct sim_engine *watched;
static uint64_t last_now, last_operations;

static void look(int signal)
{
    (void)signal;
    const volatile struct sim_engine *engine = watched;
    if (engine->now == last_now && engine->operations == last_operations)
        _exit(REPETITION_STUCK);
    last_now = engine->now;
    last_operations = engine->operations;
}

void watchdog_start(const struct sim_engine *engine)
{
    const struct itimerval period = {{PATIENCE_SECONDS, 0}, {PATIENCE_SECONDS, 0}};

    watched = engine;
    last_now = UINT64_MAX;
    signal(SIGPROF, look);
    setitimer(ITIMER_PROF, &period, NULL);
}

void watchdog_stop(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_PROF, &never, NULL);
}
