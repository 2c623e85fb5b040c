/* A lock from outside: a shared object that the program loads. One source, compiled with
 * MACHINE_VIRTUAL defined, makes an object that `lockbench check NAME --plugin FILE.so` explores:
 *
 *   #include <lockbench/locks/plugin.h>
 *   ... the lock, written like those in this folder, with its vtable mylock_ops ...
 *   LOCK_PLUGIN(mylock_ops)
 *
 *   gcc -std=gnu11 -DMACHINE_VIRTUAL -shared -fPIC mylock.c -o mylock.so */
#ifndef LOCKS_PLUGIN_H
#define LOCKS_PLUGIN_H

#include "lock.h"

/* Of struct lock_ops and of the machine that a plugin is compiled against. Goes up with any change
 * of either. */
enum { LOCK_PLUGIN_ABI = 3 };

struct lock_plugin {
    uint32_t abi;
    const struct lock_ops *native_ops;  /* NULL: it was not built for real cores, */
    const struct lock_ops *virtual_ops; /* or not for virtual machines */
};

#ifdef MACHINE_VIRTUAL
#define LOCK_PLUGIN_FIELD .virtual_ops
#else
#define LOCK_PLUGIN_FIELD .native_ops
#endif

/* The object's one export. */
#define LOCK_PLUGIN(ops) \
    const struct lock_plugin lockbench_plugin_v1 = {LOCK_PLUGIN_ABI, LOCK_PLUGIN_FIELD = &(ops)};

#endif
