#include "bench/virtual/watchdog.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

enum { PATIENCE_SECONDS = 10 };

/* A signal's handler is given nothing. */
static struct {
    uint64_t (*progress)(const void *watched);
    const void *watched;
    void (*stuck)(void);
    uint64_t last;
} dog;

static void look(int signal)
{
    uint64_t progress = dog.progress(dog.watched);

    (void)signal;
    if (progress == dog.last)
        dog.stuck();
    dog.last = progress;
}

void watchdog_start(uint64_t (*progress)(const void *watched), const void *watched,
                    void (*stuck)(void))
{
    const struct itimerval period = {{PATIENCE_SECONDS, 0}, {PATIENCE_SECONDS, 0}};

    dog.progress = progress;
    dog.watched = watched;
    dog.stuck = stuck;
    dog.last = progress(watched);
    signal(SIGPROF, look);
    setitimer(ITIMER_PROF, &period, NULL);
}

void watchdog_stop(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    setitimer(ITIMER_PROF, &never, NULL);
}
