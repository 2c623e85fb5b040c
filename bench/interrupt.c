#include "bench/interrupt.h"

#include <signal.h>

/* Written by the handler; a signal knows no other place. */
static volatile sig_atomic_t caught;

static void remember(int signal)
{
    caught = signal;
}

void interrupt_catch(void)
{
    /* Without SA_RESTART, so that poll() returns. */
    struct sigaction action = {.sa_handler = remember};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    /* A child that has died is found by its silence, not by our death when we write to it. */
    signal(SIGPIPE, SIG_IGN);
}

bool interrupted(void)
{
    return caught != 0;
}
