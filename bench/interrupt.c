#include "bench/interrupt.h"

#include <signal.h>

/* Written by the handler; a signal knows no other place. */
static volatile sig_atomic_t caught;

static void remember(int signal)
{
    caught = signal;
}

/* A signal that is ignored already stays so: `nohup`, a shell's background. */
static void catch_unless_ignored(int signal)
{
    /* Without SA_RESTART, so that poll() returns. */
    struct sigaction action = {.sa_handler = remember}, before;

    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(signal, &action, NULL);
}

void interrupt_catch(void)
{
    catch_unless_ignored(SIGINT);
    catch_unless_ignored(SIGTERM);
    catch_unless_ignored(SIGHUP);
    /* A child that has died is found by its silence, not by our death when we write to it. */
    signal(SIGPIPE, SIG_IGN);
}

bool interrupted(void)
{
    return caught != 0;
}
