/* The virtual machine for when nobody else is there: before the virtual threads start, when a lock
 * is made, and after they have ended, when it is asked whether it is free. Accesses go straight to
 * memory. */
#ifndef BENCH_VIRTUAL_ALONE_H
#define BENCH_VIRTUAL_ALONE_H

/* Puts it in place. */
void virtual_machine_alone(void);

#endif
