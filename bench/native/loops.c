#include "bench/native/loops.h"

#include <string.h>

#include "bench/measured_loop.h"
#include "locks/catalogue.def"

static inline __attribute__((always_inline)) int loop_on_stack(const struct lock_ops *ops,
                                                               struct loop_shape shape,
                                                               struct worker *worker,
                                                               uint32_t phase)
{
    _Alignas(MACHINE_APART) char context[LOCK_CONTEXT_SIZE];

    return measured_loop(ops, shape, worker, worker->context != NULL ? worker->context : context,
                         phase);
}

/* The loops of one vtable: one for each observation, bare and scripted. */
struct loops {
    const char *name;
    loop_function *loop[OBSERVATIONS][2];
};

#define SHAPE(name, ops, shape, ...)                                                \
    static int name##_##shape##_loop(struct worker *worker, uint32_t phase)         \
    {                                                                               \
        return loop_on_stack(ops, (struct loop_shape){__VA_ARGS__}, worker, phase); \
    }

#define SHAPES(name, ops)                                   \
    SHAPE(name, ops, bare, false, OBSERVE_NOTHING)          \
    SHAPE(name, ops, scripted, true, OBSERVE_NOTHING)       \
    SHAPE(name, ops, bare_owners, false, OBSERVE_OWNERS)    \
    SHAPE(name, ops, scripted_owners, true, OBSERVE_OWNERS) \
    SHAPE(name, ops, bare_latency, false, OBSERVE_LATENCY)  \
    SHAPE(name, ops, scripted_latency, true, OBSERVE_LATENCY)

#define LOOPS(name)                                                                    \
    {                                                                                  \
#name,                                                                         \
        {                                                                              \
            [OBSERVE_NOTHING] = {name##_bare_loop, name##_scripted_loop},              \
            [OBSERVE_OWNERS] = {name##_bare_owners_loop, name##_scripted_owners_loop}, \
            [OBSERVE_LATENCY] = {                                                      \
                name##_bare_latency_loop,                                              \
                name##_scripted_latency_loop                                           \
            }                                                                          \
        }                                                                              \
    }

#define LOCK(name) SHAPES(name, &name##_ops)
#include "locks/catalogue.def"
#undef LOCK
SHAPES(vtable, worker->ops)

static const struct loops inlined[] = {
#define LOCK(name) LOOPS(name),
#include "locks/catalogue.def"
#undef LOCK
};

loop_function *loop_inlined(const struct lock_ops *ops, struct loop_shape shape)
{
    for (size_t i = 0; i < sizeof inlined / sizeof inlined[0]; i++) {
        if (strcmp(inlined[i].name, ops->name) == 0)
            return inlined[i].loop[shape.observation][shape.scripted];
    }
    return NULL;
}

loop_function *loop_through_vtable(struct loop_shape shape)
{
    static const struct loops through_vtable = LOOPS(vtable);

    return through_vtable.loop[shape.observation][shape.scripted];
}

enum { NESTED_CONTEXTS_SIZE = WORKLOAD_NESTED_MOST * LOCK_CONTEXT_SIZE };

static inline __attribute__((always_inline)) int nested_on_stack(enum observation observation,
                                                                 struct worker *worker,
                                                                 uint32_t phase)
{
    _Alignas(MACHINE_APART) char contexts[NESTED_CONTEXTS_SIZE];

    return measured_loop(worker->ops, (struct loop_shape){true, observation}, worker,
                         worker->context != NULL ? worker->context : contexts, phase);
}

static int nested_loop(struct worker *worker, uint32_t phase)
{
    return nested_on_stack(OBSERVE_NOTHING, worker, phase);
}

static int nested_owners_loop(struct worker *worker, uint32_t phase)
{
    return nested_on_stack(OBSERVE_OWNERS, worker, phase);
}

static int nested_latency_loop(struct worker *worker, uint32_t phase)
{
    return nested_on_stack(OBSERVE_LATENCY, worker, phase);
}

loop_function *loop_nested(enum observation observation)
{
    static loop_function *const nested[OBSERVATIONS] = {
        [OBSERVE_NOTHING] = nested_loop,
        [OBSERVE_OWNERS] = nested_owners_loop,
        [OBSERVE_LATENCY] = nested_latency_loop,
    };

    return nested[observation];
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
                                                                 enum observation observation,
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

    return measured_loop(raised, (struct loop_shape){true, observation}, worker, &context, phase);
}

#define RAISED_ENTRY(name, around, function, ops)                   \
    static int name##_raised_##function(void *lock, void *context_) \
    {                                                               \
        struct raised_context *context = context_;                  \
        return raised_##around((ops)->function, lock, context);     \
    }

/* What the loop uses of a vtable. */
#define RAISED_ENTRIES(name, ops)                    \
    RAISED_ENTRY(name, acquire, acquire, ops)        \
    RAISED_ENTRY(name, release, release, ops)        \
    RAISED_ENTRY(name, acquire, acquire_shared, ops) \
    RAISED_ENTRY(name, release, release_shared, ops)

#define RAISED_LOOP(name, ops, loop, observation)                                                  \
    static int name##_raised_##loop(struct worker *worker, uint32_t phase)                         \
    {                                                                                              \
        const struct lock_ops raised = {                                                           \
            .traits = (ops)->traits,                                                               \
            .acquire = name##_raised_acquire,                                                      \
            .release = name##_raised_release,                                                      \
            .acquire_shared = (ops)->acquire_shared != NULL ? name##_raised_acquire_shared : NULL, \
            .release_shared = name##_raised_release_shared,                                        \
        };                                                                                         \
        return raised_on_stack(ops, &raised, observation, worker, phase);                          \
    }

#define LOCK(name)                    \
    RAISED_ENTRIES(name, &name##_ops) \
    RAISED_LOOP(name, &name##_ops, loop, OBSERVE_NOTHING)
#include "locks/catalogue.def"
#undef LOCK
RAISED_ENTRIES(vtable, context->ops)
RAISED_LOOP(vtable, worker->ops, loop, OBSERVE_NOTHING)
RAISED_LOOP(vtable, worker->ops, owners_loop, OBSERVE_OWNERS)
RAISED_LOOP(vtable, worker->ops, latency_loop, OBSERVE_LATENCY)

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

loop_function *loop_raised_through_vtable(enum observation observation)
{
    static loop_function *const raised[OBSERVATIONS] = {
        [OBSERVE_NOTHING] = vtable_raised_loop,
        [OBSERVE_OWNERS] = vtable_raised_owners_loop,
        [OBSERVE_LATENCY] = vtable_raised_latency_loop,
    };

    return raised[observation];
}
