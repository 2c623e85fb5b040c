#include <string.h>

#include "bench/native/loops.h"
#include "bench/varied_loop.h"
#include "locks/catalogue.def"

enum { CONTEXTS_SIZE = WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE };

/* The context has room for nested locks, too, which are called through their vtable. */
#define VARIED(name, ops, contexts_size)                                                     \
    static int name##_loop(struct worker *worker, uint32_t phase)                            \
    {                                                                                        \
        _Alignas(MACHINE_APART) char context[contexts_size];                                 \
                                                                                             \
        return varied_loop(ops, worker, worker->context != NULL ? worker->context : context, \
                           phase);                                                           \
    }

#define LOCK(name) VARIED(name, &name##_ops, LOCK_CONTEXT_SIZE)
#include "locks/catalogue.def"
#undef LOCK
VARIED(vtable, worker->ops, CONTEXTS_SIZE)

static const struct {
    const char *name;
    loop_function *loop;
} varied_loops[] = {
#define LOCK(name) {#name, name##_loop},
#include "locks/catalogue.def"
#undef LOCK
};

loop_function *loop_varied(const struct lock_ops *ops)
{
    for (size_t i = 0; i < sizeof varied_loops / sizeof varied_loops[0]; i++) {
        if (strcmp(varied_loops[i].name, ops->name) == 0)
            return varied_loops[i].loop;
    }
    return NULL;
}

loop_function *loop_varied_through_vtable(void)
{
    return vtable_loop;
}
