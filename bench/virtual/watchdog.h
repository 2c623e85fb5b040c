/* Ends what does not move any more: a virtual thread that computes and never comes to its machine
 * stops everything else with it, so nothing that the machine does can catch it. */
#ifndef BENCH_VIRTUAL_WATCHDOG_H
#define BENCH_VIRTUAL_WATCHDOG_H

#include <stdint.h>

/* From now on, calls stuck() when progress(watched) has not changed within 10 s of this process's
 * computing time; time in which it was stopped does not count. Both are called from a signal's
 * handler; stuck() ends the process. */
void watchdog_start(uint64_t (*progress)(const void *watched), const void *watched,
                    void (*stuck)(void));

/* What was watched has come to its end. */
void watchdog_stop(void);

#endif
