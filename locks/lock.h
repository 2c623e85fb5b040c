/* What a lock is: the vtable through which every lock is used, and what its traits promise.
 *
 * The functions of the vtable may be called from any thread that has a number (machine_self()),
 * for at most as many threads as init was told. Unless it says otherwise, a function returns 0 or
 * an error number of <errno.h>; most locks can't fail and always return 0. */
#ifndef LOCKS_LOCK_H
#define LOCKS_LOCK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"

/* The most parameters that a lock may have. */
#define LOCK_PARAMETERS_MOST 4

/* A caller's context is at least this large, and aligned to MACHINE_APART. */
#define LOCK_CONTEXT_SIZE 128

/* What is true of a lock. Exactly one of each of the first two groups; the tests hold every lock to
 * its traits, in the parentheses: how. */
enum lock_trait {
    /* Who is next. */
    LOCK_FIFO = 1 << 0,   /* granted in the order of arrival (waiters queued one at a time) */
    LOCK_UNFAIR = 1 << 1, /* no bound on how often others pass a waiter */

    /* How a waiter waits. */
    LOCK_SPINS = 1 << 2,            /* busy until it has the lock */
    LOCK_SPIN_THEN_YIELDS = 1 << 3, /* busy for a budget, then sched_yield between looks */
    LOCK_SPIN_THEN_SLEEPS = 1 << 4, /* busy for a budget, then asleep in the kernel */
    LOCK_SLEEPS = 1 << 5,           /* asleep in the kernel at once */

    /* What it offers beyond exclusive acquire, try_acquire and release. */
    LOCK_SHARED = 1 << 6,     /* shared holders (two at once; never beside an exclusive one, but for
                                 the traits below) */
    LOCK_DOWNGRADE = 1 << 7,  /* exclusive to shared without a gap (no writer gets in between) */
    LOCK_TIMED = 1 << 12,     /* an acquire that gives up (the checker: in time, and for good) */
    LOCK_RECURSIVE = 1 << 13, /* its holder may take it again (each time released once) */
    LOCK_OWNER_CHECKED = 1 << 14, /* EDEADLK to a holder that would wait for itself, EPERM to a
                                     release by anybody but the holder (the lock is unharmed) */

    /* What its shared holders have to be able to do (a pair that they read is judged after that).
     */
    LOCK_READERS_RETRY = 1 << 16, /* read again: a writer may come in beside them, and
                                     release_shared says so. All that lies under the lock is then
                                     read, and by writers written, with relaxed atomic accesses */

    LOCK_READERS_BESIDE_WRITER = 1 << 17, /* run beside a writer, who publishes a copy and keeps
                                             what was there until its release has returned: that
                                             waits for every reader who may have seen it */

    /* What a spinning waiter looks at. */
    LOCK_LOCAL_SPIN = 1 << 8, /* a line of its own, written once, by its predecessor */

    /* What keeps it out of some uses. */
    LOCK_NATIVE_ONLY = 1 << 9,  /* foreign code: runs on real cores only */
    LOCK_UNVERIFIED = 1 << 10,  /* promises no exclusion, so none is checked, and is not ranked */
    LOCK_BROKEN = 1 << 11,      /* a wrong lock, here to be caught; only when asked for by name */
    LOCK_ONE_PROCESS = 1 << 15, /* all its threads must be of one process */
};

/* The NT primitive that a lock is the equivalent of. The lengths are the columns of `lockbench list
 * --family nt`. */
struct lock_nt {
    const char *name; /* as in "FAST_MUTEX"; at most 22 characters */
    /* The interrupt request level at which its holder runs there: one to which the lock raises it
     * ("APC"), or up to which it may be ("<= APC"); ", critical" and ", guarded": in such a region,
     * without normal kernel APCs or without any. At most 16 characters. */
    const char *irql;
    const char *use; /* where it may be used, or for what; at most 28 characters */
};

/* Something that a lock counts about itself. */
struct lock_stat {
    const char *name; /* as in "contentions" */
    uint64_t value;
};

/* The most that a lock counts. */
#define LOCK_STATS_MOST 8

/* The unit in which a parameter is written: `budget=20us`, `limit=3`. */
enum lock_unit {
    LOCK_TIME, /* nanoseconds; MACHINE_NEVER is written `inf` where `most` allows it */
    LOCK_COUNT,
};

struct lock_parameter {
    const char *name; /* NULL ends a list */
    const char *meaning;
    enum lock_unit unit;
    uint64_t usual, least, most; /* the default, and the bounds that the command line enforces */
};

struct lock_ops {
    const char *name;
    const char *alias; /* another name by which the lock is known, or NULL */
    const char *family;
    const char *description;  /* one line, at most 56 characters */
    const char *source;       /* the paper or the documentation */
    const struct lock_nt *nt; /* NULL: NT has none like it */
    uint32_t traits;
    const struct lock_parameter *parameters; /* NULL: none */

    /* Bytes of a lock for `threads` threads: size + threads * size_per_thread, aligned to
     * MACHINE_APART. */
    size_t size, size_per_thread;

    /* Bytes of the context that the caller hands to acquire and to the matching release, in storage
     * of its own, aligned to MACHINE_APART. 0: the lock uses none, and the context may be NULL. The
     * lock does not touch a context after the release that it was handed to. */
    size_t context_size;

    /* Makes an unused lock in the storage at `lock`, for at most `threads` threads. `parameters`
     * has a value for each of the parameters above. Before any other thread can reach the lock. */
    int (*init)(void *lock, unsigned threads, const uint64_t *parameters);

    /* Ends an idle lock's life. After every other thread's last use. */
    void (*destroy)(void *lock);

    /* With a lock that has to know its threads, else NULL: by each of them, before its first and
     * after its last use of any lock of this kind. In between, others may have to wait for it even
     * while it uses none (but has the lock for itself), so that it must not wait for them by any
     * other means. */
    void (*thread_begins)(void);
    void (*thread_ends)(void);

    /* Waits for the lock and takes it alone. */
    int (*acquire)(void *lock, void *context);

    /* Takes the lock if that is possible at once; never waits for a holder. EBUSY: it is not. May
     * also say EBUSY beside another thread that is just acquiring or releasing. */
    int (*try_acquire)(void *lock, void *context);

    /* With LOCK_TIMED, else NULL: waits for the lock until machine_clock() reaches the deadline.
     * ETIMEDOUT: it was not to be had, and the lock has forgotten this thread. */
    int (*acquire_until)(void *lock, void *context, uint64_t deadline);

    /* By the holder, with the context of its acquire. */
    int (*release)(void *lock, void *context);

    /* With LOCK_SHARED, else NULL: the same for a holder that lets other shared holders in. With
     * LOCK_READERS_RETRY, release_shared may return EAGAIN: the caller has released, a writer was
     * there meanwhile, and what was read is worth nothing; to acquire_shared again, read again, and
     * release again is up to the caller. */
    int (*acquire_shared)(void *lock, void *context);
    int (*try_acquire_shared)(void *lock, void *context);
    int (*release_shared)(void *lock, void *context);

    /* With LOCK_DOWNGRADE, else NULL: the exclusive holder becomes a shared one, and releases with
     * release_shared and the same context. */
    int (*downgrade)(void *lock, void *context);

    /* Whether nobody holds the lock or waits for it. While no other thread uses it. */
    bool (*is_idle)(void *lock);

    /* What the lock has counted since init; returns how many. While no other thread uses it. NULL:
     * it counts nothing. */
    unsigned (*stats)(void *lock, struct lock_stat stats[LOCK_STATS_MOST]);
};

/* Runs a function alone: under the lock, with the context for this one acquisition. Returns what
 * the acquire or the release says, 0 if both went well; the function runs unless the acquire
 * failed. (KeSynchronizeExecution; there, too, the lock may be any that the caller names.) */
static inline int lock_execute(const struct lock_ops *ops, void *lock, void *context,
                               void (*function)(void *argument), void *argument)
{
    int error = ops->acquire(lock, context);

    if (error != 0)
        return error;
    function(argument);
    return ops->release(lock, context);
}

/* The entries of the vtable, made from a lock's own typed functions. A lock named x_ that has
 * x_acquire(lock), x_try_acquire(lock) -> bool, x_release(lock) and x_is_idle(lock) says
 * LOCK_ENTRIES(x, struct x_lock) once and `LOCK_ENTRIES_OF(x)` in its vtable; one whose functions
 * also take a context uses LOCK_ENTRIES_CONTEXT. All are inlined where the vtable is a constant. */
#define LOCK_ENTRY(lock_name, function, lock_type, context_type, result)        \
    static inline int lock_name##_entry_##function(void *lock_, void *context_) \
    {                                                                           \
        lock_type *lock = lock_;                                                \
        context_type *context = context_;                                       \
        (void)context;                                                          \
        result;                                                                 \
    }

/* One that is a call of foreign code which itself returns 0 or an error number. */
#define LOCK_ENTRY_CALL(lock_name, function, call) \
    LOCK_ENTRY(lock_name, function, void, void, return call(lock))

#define LOCK_ENTRY_IS_IDLE(lock_name, lock_type)             \
    static inline bool lock_name##_entry_is_idle(void *lock) \
    {                                                        \
        return lock_name##_is_idle((lock_type *)lock);       \
    }                                                        \
    static inline void lock_name##_entry_destroy(void *lock) \
    {                                                        \
        (void)lock;                                          \
    }

#define LOCK_ENTRIES(lock_name, lock_type)                                               \
    LOCK_ENTRY(lock_name, acquire, lock_type, void, lock_name##_acquire(lock); return 0) \
    LOCK_ENTRY(lock_name, try_acquire, lock_type, void,                                  \
               return lock_name##_try_acquire(lock) ? 0 : EBUSY)                         \
    LOCK_ENTRY(lock_name, release, lock_type, void, lock_name##_release(lock); return 0) \
    LOCK_ENTRY_IS_IDLE(lock_name, lock_type)

#define LOCK_ENTRIES_CONTEXT(lock_name, lock_type, context_type)                                \
    LOCK_ENTRY(lock_name, acquire, lock_type, context_type, lock_name##_acquire(lock, context); \
               return 0)                                                                        \
    LOCK_ENTRY(lock_name, try_acquire, lock_type, context_type,                                 \
               return lock_name##_try_acquire(lock, context) ? 0 : EBUSY)                       \
    LOCK_ENTRY(lock_name, release, lock_type, context_type, lock_name##_release(lock, context); \
               return 0)                                                                        \
    LOCK_ENTRY_IS_IDLE(lock_name, lock_type)

/* The same for a lock whose functions all take a context, used or not, and return 0 or an error. */
#define LOCK_ENTRIES_CHECKED(lock_name, lock_type, context_type) \
    LOCK_ENTRY(lock_name, acquire, lock_type, context_type,      \
               return lock_name##_acquire(lock, context))        \
    LOCK_ENTRY(lock_name, try_acquire, lock_type, context_type,  \
               return lock_name##_try_acquire(lock, context))    \
    LOCK_ENTRY(lock_name, release, lock_type, context_type,      \
               return lock_name##_release(lock, context))        \
    LOCK_ENTRY_IS_IDLE(lock_name, lock_type)

#define LOCK_ENTRIES_SHARED_CHECKED(lock_name, lock_type, context_type) \
    LOCK_ENTRY(lock_name, acquire_shared, lock_type, context_type,      \
               return lock_name##_acquire_shared(lock, context))        \
    LOCK_ENTRY(lock_name, try_acquire_shared, lock_type, context_type,  \
               return lock_name##_try_acquire_shared(lock, context))    \
    LOCK_ENTRY(lock_name, release_shared, lock_type, context_type,      \
               return lock_name##_release_shared(lock, context))

#define LOCK_ENTRIES_SHARED(lock_name, lock_type)                                            \
    LOCK_ENTRY(lock_name, acquire_shared, lock_type, void, lock_name##_acquire_shared(lock); \
               return 0)                                                                     \
    LOCK_ENTRY(lock_name, try_acquire_shared, lock_type, void,                               \
               return lock_name##_try_acquire_shared(lock) ? 0 : EBUSY)                      \
    LOCK_ENTRY(lock_name, release_shared, lock_type, void, lock_name##_release_shared(lock); \
               return 0)

#define LOCK_ENTRIES_SHARED_CONTEXT(lock_name, lock_type, context_type)          \
    LOCK_ENTRY(lock_name, acquire_shared, lock_type, context_type,               \
               lock_name##_acquire_shared(lock, context);                        \
               return 0)                                                         \
    LOCK_ENTRY(lock_name, try_acquire_shared, lock_type, context_type,           \
               return lock_name##_try_acquire_shared(lock, context) ? 0 : EBUSY) \
    LOCK_ENTRY(lock_name, release_shared, lock_type, context_type,               \
               lock_name##_release_shared(lock, context);                        \
               return 0)

#define LOCK_ENTRY_ACQUIRE_UNTIL(lock_name, lock_type)                                 \
    static inline int lock_name##_entry_acquire_until(void *lock, void *context,       \
                                                      uint64_t deadline)               \
    {                                                                                  \
        (void)context;                                                                 \
        return lock_name##_acquire_until((lock_type *)lock, deadline) ? 0 : ETIMEDOUT; \
    }

#define LOCK_ENTRY_ACQUIRE_UNTIL_CHECKED(lock_name, lock_type, context_type)                    \
    static inline int lock_name##_entry_acquire_until(void *lock, void *context,                \
                                                      uint64_t deadline)                        \
    {                                                                                           \
        return lock_name##_acquire_until((lock_type *)lock, (context_type *)context, deadline); \
    }

#define LOCK_ENTRY_DOWNGRADE(lock_name, lock_type) \
    LOCK_ENTRY(lock_name, downgrade, lock_type, void, lock_name##_downgrade(lock); return 0)

#define LOCK_ENTRIES_OF(lock_name)                                                      \
    .acquire = lock_name##_entry_acquire, .try_acquire = lock_name##_entry_try_acquire, \
    .release = lock_name##_entry_release, .destroy = lock_name##_entry_destroy,         \
    .is_idle = lock_name##_entry_is_idle

#define LOCK_ENTRIES_SHARED_OF(lock_name)                       \
    .acquire_shared = lock_name##_entry_acquire_shared,         \
    .try_acquire_shared = lock_name##_entry_try_acquire_shared, \
    .release_shared = lock_name##_entry_release_shared

/* The init entry of a lock whose own x_init(lock) needs to know neither threads nor parameters. */
#define LOCK_ENTRY_INIT(lock_name, lock_type)                              \
    static inline int lock_name##_entry_init(void *lock, unsigned threads, \
                                             const uint64_t *parameters)   \
    {                                                                      \
        (void)threads;                                                     \
        (void)parameters;                                                  \
        lock_name##_init((lock_type *)lock);                               \
        return 0;                                                          \
    }

/* The init entry of a lock with one parameter, which x_init(lock, value) takes. */
#define LOCK_ENTRY_INIT_PARAMETER(lock_name, lock_type)                    \
    static inline int lock_name##_entry_init(void *lock, unsigned threads, \
                                             const uint64_t *parameters)   \
    {                                                                      \
        (void)threads;                                                     \
        lock_name##_init((lock_type *)lock, parameters[0]);                \
        return 0;                                                          \
    }

#endif
