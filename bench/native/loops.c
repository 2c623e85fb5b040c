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

enum { NESTED_CONTEXTS_SIZE = WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE };

static int nested_loop(struct worker *worker, uint32_t phase)
{
    _Alignas(MACHINE_APART) char contexts[NESTED_CONTEXTS_SIZE];

    return measured_loop(worker->ops, true, worker,
                         worker->context != NULL ? worker->context : contexts, phase);
}

loop_function *loop_nested(void)
{
    return nested_loop;
}

/* ---- raised ---- */

/* What a raised loop hands to the lock's functions as their context. */
struct raised_context {
    void *context; /* the lock's own */
    const struct lock_ops *ops;
    void (*raise)(void), (*lower)(void);
};

static inline __attribute__((always_inline)) int raised_acquire(
    int (*acquire)(void *lock, void *context), void *lock, struct raised_context *context)
{
    context->raise();
    int error = acquire(lock, context->context);
    if (error != 0)
        context->lower();
    return error;
}

static inline __attribute__((always_inline)) int raised_release(
    int (*release)(void *lock, void *context), void *lock, struct raised_context *context)
{
    int error = release(lock, context->context);
    context->lower();
    return error;
}

static inline __attribute__((always_inline)) int raised_on_stack(const struct lock_ops *ops,
                                                                 const struct lock_ops *raised,
                                                                 struct worker *worker,
                                                                 uint32_t phase)
{
    _Alignas(MACHINE_APART) char contexts[NESTED_CONTEXTS_SIZE];
    struct raised_context context = {
        .context = worker->context != NULL ? worker->context : contexts,
        .ops = ops,
        .raise = worker->raise,
        .lower = worker->lower,
    };

    return measured_loop(raised, true, worker, &context, phase);
}

#define RAISED_ENTRY(name, around, function, ops)                   \
    static int name##_raised_##function(void *lock, void *context_) \
    {                                                               \
        struct raised_context *context = context_;                  \
        return raised_##around((ops)->function, lock, context);     \
    }

/* What the loop uses of a vtable. */
#define RAISED_LOOP(name, ops, ops_of_context)                                                     \
    RAISED_ENTRY(name, acquire, acquire, ops_of_context)                                           \
    RAISED_ENTRY(name, release, release, ops_of_context)                                           \
    RAISED_ENTRY(name, acquire, acquire_shared, ops_of_context)                                    \
    RAISED_ENTRY(name, release, release_shared, ops_of_context)                                    \
    static int name##_raised_loop(struct worker *worker, uint32_t phase)                           \
    {                                                                                              \
        const struct lock_ops raised = {                                                           \
            .traits = (ops)->traits,                                                               \
            .acquire = name##_raised_acquire,                                                      \
            .release = name##_raised_release,                                                      \
            .acquire_shared = (ops)->acquire_shared != NULL ? name##_raised_acquire_shared : NULL, \
            .release_shared = name##_raised_release_shared,                                        \
        };                                                                                         \
        return raised_on_stack(ops, &raised, worker, phase);                                       \
    }

#define LOCK(name) RAISED_LOOP(name, &name##_ops, &name##_ops)
#include "locks/catalogue.def"
#undef LOCK
RAISED_LOOP(vtable, worker->ops, context->ops)

static const struct {
    const char *name;
    loop_function *loop;
} raised_loops[] = {
#define LOCK(name) {#name, name##_raised_loop},
#include "locks/catalogue.def"
#undef LOCK
};

loop_function *loop_raised(const struct lock_ops *ops)
{
    for (size_t i = 0; i < sizeof raised_loops / sizeof raised_loops[0]; i++) {
        if (strcmp(raised_loops[i].name, ops->name) == 0)
            return raised_loops[i].loop;
    }
    return NULL;
}

loop_function *loop_raised_through_vtable(void)
{
    return vtable_raised_loop;
}
