#include "bench/native/loops.h"

#include <string.h>

#include "locks/catalogue.def"

static inline __attribute__((always_inline)) int loop_on_stack(const struct lock_ops *ops,
                                                               bool scripted, struct worker *worker,
                                                               uint32_t phase)
{
    _Alignas(MACHINE_APART) char context[LOCK_CONTEXT_SIZE];

    return measured_loop(ops, scripted, worker, worker->context != NULL ? worker->context : context,
                         phase);
}

#define LOCK(name)                                                         \
    static int name##_bare_loop(struct worker *worker, uint32_t phase)     \
    {                                                                      \
        return loop_on_stack(&name##_ops, false, worker, phase);           \
    }                                                                      \
    static int name##_scripted_loop(struct worker *worker, uint32_t phase) \
    {                                                                      \
        return loop_on_stack(&name##_ops, true, worker, phase);            \
    }
#include "locks/catalogue.def"
#undef LOCK

static const struct {
    const char *name;
    loop_function *bare, *scripted;
} loops[] = {
#define LOCK(name) {#name, name##_bare_loop, name##_scripted_loop},
#include "locks/catalogue.def"
#undef LOCK
};

loop_function *loop_inlined(const struct lock_ops *ops, bool scripted)
{
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        if (strcmp(loops[i].name, ops->name) == 0)
            return scripted ? loops[i].scripted : loops[i].bare;
    }
    return NULL;
}

static int vtable_bare_loop(struct worker *worker, uint32_t phase)
{
    return loop_on_stack(worker->ops, false, worker, phase);
}

static int vtable_scripted_loop(struct worker *worker, uint32_t phase)
{
    return loop_on_stack(worker->ops, true, worker, phase);
}

loop_function *loop_through_vtable(bool scripted)
{
    return scripted ? vtable_scripted_loop : vtable_bare_loop;
}
