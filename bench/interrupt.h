/* Ctrl-C and a polite kill: what was measured is saved before the program ends. */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are remembered instead of ending the program, and end a
 * system call that waits. */
void interrupt_catch(void);

/* Whether one of them came. */
bool interrupted(void);

#endif
