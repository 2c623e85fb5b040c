/* The machine interface (machine.h) on a virtual machine: every operation is a call through one
 * table of functions, behind which a simulated machine or a checker stands.
 *
 * Include machine.h with MACHINE_VIRTUAL defined, not this file. A lock's source is compiled once
 * more so; it does not know. Words are plain variables here, because one OS thread runs all virtual
 * threads and every access goes through the table; word_init() alone writes at once, since nobody
 * else can reach the word yet. Each place in a source has a record of its own, so that a report can
 * name it and a checker can tell it from the others. */
#ifndef LOCKS_MACHINE_VIRTUAL_H
#define LOCKS_MACHINE_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a pointer passes as a 64-bit value");

enum virtual_order {
    VIRTUAL_plain, /* no atomic access at all */
    VIRTUAL_relaxed,
    VIRTUAL_acquire,
    VIRTUAL_release,
    VIRTUAL_acq_rel,
    VIRTUAL_seq_cst,
    VIRTUAL_light, /* of fences only */
    VIRTUAL_heavy,
};

enum virtual_operation {
    VIRTUAL_LOAD,
    VIRTUAL_STORE,
    VIRTUAL_EXCHANGE,
    VIRTUAL_FETCH_ADD,
    VIRTUAL_FETCH_SUB,
    VIRTUAL_FETCH_AND,
    VIRTUAL_FETCH_OR,
    VIRTUAL_COMPARE_EXCHANGE,
    VIRTUAL_AWAIT_EQUAL,
    VIRTUAL_AWAIT_DIFFER,
    VIRTUAL_RETRY_EXCHANGE,
    VIRTUAL_FENCE,
    VIRTUAL_FUTEX_WAIT,
    VIRTUAL_FUTEX_WAKE,
};

/* A place in a source where the machine is used. */
struct virtual_site {
    const char *file;
    int line;
    enum virtual_operation operation;
    enum virtual_order order, failure; /* failure: of a compare-exchange that is not made */
};

/* What stands behind the interface. Values pass as 64 bits, of which `size` bytes (1, 2, 4 or 8)
 * count. Each function is called by the virtual thread that runs, and may run others before it
 * returns. */
struct virtual_machine {
    uint64_t (*load)(const struct virtual_site *site, const volatile void *word, unsigned size);
    void (*store)(const struct virtual_site *site, volatile void *word, unsigned size,
                  uint64_t value);
    /* Exchange and the fetch operations: returns the old value. */
    uint64_t (*update)(const struct virtual_site *site, volatile void *word, unsigned size,
                       uint64_t operand);
    bool (*compare_exchange)(const struct virtual_site *site, volatile void *word, unsigned size,
                             uint64_t *expected, uint64_t desired);
    /* Waits until the word equals or differs from `value`, as the site says, or until the deadline;
     * returns what was seen last. */
    uint64_t (*await)(const struct virtual_site *site, const volatile void *word, unsigned size,
                      uint64_t value, uint64_t deadline);
    /* One look of an await that does something of its own between two looks. A machine may let the
     * look itself wait until the condition holds. */
    uint64_t (*look)(const struct virtual_site *site, const volatile void *word, unsigned size,
                     uint64_t value);
    /* Repeats the exchange until it returns `until`. */
    void (*retry_exchange)(const struct virtual_site *site, volatile void *word, unsigned size,
                           uint64_t value, uint64_t until);
    void (*fence)(const struct virtual_site *site);
    /* False: it gave up at the deadline. */
    bool (*futex_wait)(const struct virtual_site *site, const volatile void *word, uint32_t value,
                       uint64_t deadline);
    void (*futex_wake)(const struct virtual_site *site, const volatile void *word, uint32_t most);
    void (*relax)(void);
    void (*yield)(void);
    void (*spin)(uint64_t ns);
    uint64_t (*clock)(void);
    uint32_t (*apc_disable)(void);
    void (*apc_enable)(void);
    unsigned (*self)(void);
    unsigned (*cpu)(void);
    unsigned (*node)(void);
};

/* The argument that stands just before that place in the source, or NULL. */
const char *virtual_argument(const char *file, int line);

/* The machine that is in place. Locks are not told which one they run on, so it has to be found
 * from anywhere; whoever starts virtual threads sets it first. */
extern const struct virtual_machine *virtual_machine;

#define WORD(type) type

#define VIRTUAL_SITE(operation, order, failure)                                            \
    __extension__({                                                                        \
        static const struct virtual_site site_ = {__FILE__, __LINE__, VIRTUAL_##operation, \
                                                  VIRTUAL_##order, VIRTUAL_##failure};     \
        &site_;                                                                            \
    })
#define VIRTUAL_VALUE(w, v) ((uint64_t)(uintptr_t)(__typeof__(*(w)))(v))
/* A statement expression, because a plain cast would be warned about where nobody uses the value.
 */
#define VIRTUAL_RESULT(w, v) __extension__({ (__typeof__(*(w)))(uintptr_t)(v); })
#define VIRTUAL_WORD(w)      (w), (unsigned)sizeof(*(w))
#define VIRTUAL_UPDATE(w, v, operation, order)                                       \
    VIRTUAL_RESULT(w, virtual_machine->update(VIRTUAL_SITE(operation, order, plain), \
                                              VIRTUAL_WORD(w), VIRTUAL_VALUE(w, v)))

#define word_init(w, v) ((void)(*(w) = (v)))
#define word_load(w, order) \
    VIRTUAL_RESULT(w, virtual_machine->load(VIRTUAL_SITE(LOAD, order, plain), VIRTUAL_WORD(w)))
#define word_store(w, v, order) \
    virtual_machine->store(VIRTUAL_SITE(STORE, order, plain), VIRTUAL_WORD(w), VIRTUAL_VALUE(w, v))
#define word_exchange(w, v, order)  VIRTUAL_UPDATE(w, v, EXCHANGE, order)
#define word_fetch_add(w, v, order) VIRTUAL_UPDATE(w, v, FETCH_ADD, order)
#define word_fetch_sub(w, v, order) VIRTUAL_UPDATE(w, v, FETCH_SUB, order)
#define word_fetch_and(w, v, order) VIRTUAL_UPDATE(w, v, FETCH_AND, order)
#define word_fetch_or(w, v, order)  VIRTUAL_UPDATE(w, v, FETCH_OR, order)
#define word_compare_exchange(w, expected, desired, success, failure)                              \
    __extension__({                                                                                \
        __typeof__(*(w)) *expected_ = (expected);                                                  \
        uint64_t seen_ = VIRTUAL_VALUE(w, *expected_);                                             \
        bool made_ =                                                                               \
            virtual_machine->compare_exchange(VIRTUAL_SITE(COMPARE_EXCHANGE, success, failure),    \
                                              VIRTUAL_WORD(w), &seen_, VIRTUAL_VALUE(w, desired)); \
        *expected_ = VIRTUAL_RESULT(w, seen_);                                                     \
        made_;                                                                                     \
    })
#define machine_fence(order)  virtual_machine->fence(VIRTUAL_SITE(FENCE, order, plain))
#define machine_fence_light() machine_fence(light)
#define machine_fence_heavy() machine_fence(heavy)

#define VIRTUAL_AWAIT(w, v, operation, order, deadline)                             \
    VIRTUAL_RESULT(w, virtual_machine->await(VIRTUAL_SITE(operation, order, plain), \
                                             VIRTUAL_WORD(w), VIRTUAL_VALUE(w, v), deadline))
#define word_await_equal(w, v, order)  VIRTUAL_AWAIT(w, v, AWAIT_EQUAL, order, MACHINE_NEVER)
#define word_await_differ(w, v, order) VIRTUAL_AWAIT(w, v, AWAIT_DIFFER, order, MACHINE_NEVER)
#define word_await_equal_until(w, v, order, deadline) \
    VIRTUAL_AWAIT(w, v, AWAIT_EQUAL, order, deadline)

#define VIRTUAL_AWAIT_PAUSING(w, v, operation, order, seen, pause, condition)                     \
    __extension__({                                                                               \
        __typeof__(w) await_word_ = (w);                                                          \
        __typeof__(*(w)) await_value_ = (v), seen;                                                \
        while (seen =                                                                             \
                   VIRTUAL_RESULT(w, virtual_machine->look(VIRTUAL_SITE(operation, order, plain), \
                                                           VIRTUAL_WORD(await_word_),             \
                                                           VIRTUAL_VALUE(w, await_value_))),      \
               !(condition))                                                                      \
            pause;                                                                                \
        seen;                                                                                     \
    })
#define word_await_equal_pausing(w, v, order, seen, pause) \
    VIRTUAL_AWAIT_PAUSING(w, v, AWAIT_EQUAL, order, seen, pause, seen == await_value_)
#define word_await_differ_pausing(w, v, order, seen, pause) \
    VIRTUAL_AWAIT_PAUSING(w, v, AWAIT_DIFFER, order, seen, pause, seen != await_value_)

#define word_retry_exchange(w, v, until, order)                                                  \
    virtual_machine->retry_exchange(VIRTUAL_SITE(RETRY_EXCHANGE, order, plain), VIRTUAL_WORD(w), \
                                    VIRTUAL_VALUE(w, v), VIRTUAL_VALUE(w, until))

#define machine_futex_wait_until(w, v, deadline) \
    virtual_machine->futex_wait(VIRTUAL_SITE(FUTEX_WAIT, relaxed, plain), (w), (v), (deadline))
#define machine_futex_wait(w, v) ((void)machine_futex_wait_until(w, v, MACHINE_NEVER))
#define machine_futex_wake(w, n) \
    virtual_machine->futex_wake(VIRTUAL_SITE(FUTEX_WAKE, relaxed, plain), (w), (n))

/* Pointers to arguments lie in a section of their own, which the linker makes a table; not the
 * arguments themselves, which compilers align as they like. */
struct virtual_argument {
    const char *file, *text;
    int line;
};
#define machine_argument(words)                                                       \
    do {                                                                              \
        static const struct virtual_argument argument_ = {__FILE__, words, __LINE__}; \
        static const struct virtual_argument *entry_                                  \
            __attribute__((used, section("lockbench_arguments"))) = &argument_;       \
        (void)entry_;                                                                 \
    } while (0)

#define plain_load(p) \
    VIRTUAL_RESULT(p, virtual_machine->load(VIRTUAL_SITE(LOAD, plain, plain), VIRTUAL_WORD(p)))
#define plain_store(p, v) \
    virtual_machine->store(VIRTUAL_SITE(STORE, plain, plain), VIRTUAL_WORD(p), VIRTUAL_VALUE(p, v))

static inline void machine_relax(void)
{
    virtual_machine->relax();
}

static inline void machine_yield(void)
{
    virtual_machine->yield();
}

static inline void machine_spin(uint64_t ns)
{
    virtual_machine->spin(ns);
}

static inline uint64_t machine_clock(void)
{
    return virtual_machine->clock();
}

static inline int machine_fence_prepare(void)
{
    return 0;
}

static inline uint32_t machine_apc_disable(void)
{
    return virtual_machine->apc_disable();
}

static inline void machine_apc_enable(void)
{
    virtual_machine->apc_enable();
}

static inline uint64_t machine_deadline(uint64_t ns)
{
    uint64_t now = machine_clock();
    return ns > MACHINE_NEVER - now ? MACHINE_NEVER : now + ns;
}

static inline unsigned machine_self(void)
{
    return virtual_machine->self();
}

static inline unsigned machine_cpu(void)
{
    return virtual_machine->cpu();
}

static inline unsigned machine_node(void)
{
    return virtual_machine->node();
}

#endif
