/* ndis_rw: a reader-writer lock whose readers write nothing that another thread writes. After NT's
 * NDIS_RW_LOCK.
 *
 * Guarantees exclusion between writers, and between a writer and readers; any number of readers at
 * once. Each reader counts itself in a line of its own, so readers alone cause no traffic; a writer
 * pays for that by looking at every thread's line. No order among writers, who are busy while they
 * wait. Recursive for readers and for the writer; a writer that reads, or a reader that writes,
 * gets EDEADLK, because it would wait for itself.
 *
 * - ndis_rw and ndis_rw_membarrier are fair between readers and writers: a reader that finds a
 * writer, waiting or at work, queues up behind it at the writers' lock. The latter's readers
 * execute no fence; its writer makes up for that by interrupting all CPUs.
 * - ndis_rw_readers lets readers pass a writer that waits: they stop only for one that holds the
 *   lock, and a writer gets it only at a moment without readers, which may never come.
 *
 * Source: the documentation of NdisAcquireReadWriteLock says what it does and not how; the design
 * is ours. The asymmetric fences are those of D. Dice, H. Huang and M. Yang, "Asymmetric Dekker
 * Synchronization", 2001. */
#ifndef LOCKS_NT_NDIS_RW_H
#define LOCKS_NT_NDIS_RW_H

#include "../ttas.h"

/* A reader that is on its way in says ENTERING, because a writer must then wait for what it
 * decides: to stay, or to make room. What is above counts how often a reader that is in came in. */
enum { NDIS_RW_OUT = 0, NDIS_RW_ENTERING = 1, NDIS_RW_IN = 2 };

struct ndis_rw_thread {
    _Alignas(MACHINE_APART) WORD(uint32_t) nest;
};

struct ndis_rw_lock {
    _Alignas(MACHINE_APART) struct ttas_lock writers;
    WORD(uint32_t)
    writing;              /* a writer wants in or is in; with `readers first`: is in, or looks
                             whether it can be */
    WORD(uint32_t) owner; /* the writer's number + 1; 0: nobody */
    uint32_t depth;       /* how often the writer has taken it */
    uint32_t threads;
    struct ndis_rw_thread readers[];
};

/* What the three differ in; constants, so that each compiles to its own. */
struct ndis_rw_make {
    bool light, readers_first;
};

static inline void ndis_rw_init(struct ndis_rw_lock *lock, unsigned threads)
{
    ttas_init(&lock->writers);
    word_init(&lock->writing, 0);
    word_init(&lock->owner, 0);
    plain_store(&lock->depth, 0);
    plain_store(&lock->threads, threads);
    for (unsigned i = 0; i < threads; i++)
        word_init(&lock->readers[i].nest, NDIS_RW_OUT);
}

/* A reader says that it comes and then looks for a writer; a writer says so and then looks for
 * readers. With these fences in between, at least one of them sees the other. */
static inline void ndis_rw_reader_fence(struct ndis_rw_make make)
{
    if (make.light)
        machine_fence_light();
    else
        machine_fence(seq_cst);
}

static inline void ndis_rw_writer_fence(struct ndis_rw_make make)
{
    if (make.light)
        machine_fence_heavy();
    else
        machine_fence(seq_cst);
}

static inline WORD(uint32_t) * ndis_rw_own_nest(struct ndis_rw_lock *lock)
{
    return &lock->readers[machine_self()].nest;
}

/* Relaxed, wherever a thread looks for its own number: its own last store is what it sees. */
static inline bool ndis_rw_is_mine(struct ndis_rw_lock *lock)
{
    return word_load(&lock->owner, relaxed) == machine_self() + 1;
}

/* ---- readers ---- */

/* Whether there was no writer. acquire: what the last one did, whose release cleared the flag. */
static inline bool ndis_rw_come_in(struct ndis_rw_lock *lock, WORD(uint32_t) * nest,
                                   struct ndis_rw_make make)
{
    word_store(nest, NDIS_RW_ENTERING, relaxed);
    ndis_rw_reader_fence(make);
    if (word_load(&lock->writing, acquire) == 0) {
        /* The writer waits for what comes after ENTERING, and for OUT in the end, which orders. */
        word_store(nest, NDIS_RW_IN, relaxed);
        return true;
    }
    /* release, although this time it has read nothing: the store hides that of its last leaving,
     * which the writer may not have seen. */
    machine_argument("a full fence has released before; a light one has not");
    word_store(nest, NDIS_RW_OUT, release);
    return false;
}

/* Behind the writer, through its own lock: it can't be there any more when this reader is. */
static inline void ndis_rw_queue_up(struct ndis_rw_lock *lock, WORD(uint32_t) * nest)
{
    ttas_acquire(&lock->writers);
    word_store(nest, NDIS_RW_IN, relaxed);
    ttas_release(&lock->writers);
}

static inline int ndis_rw_acquire_shared_with(struct ndis_rw_lock *lock, struct ndis_rw_make make)
{
    WORD(uint32_t) *nest = ndis_rw_own_nest(lock);
    uint32_t depth = word_load(nest, relaxed);

    if (depth != NDIS_RW_OUT) {
        /* A reader that comes in again must not stop for a writer that waits for it. */
        word_store(nest, depth + 1, relaxed);
        return 0;
    }
    if (ndis_rw_is_mine(lock))
        return EDEADLK;
    while (!ndis_rw_come_in(lock, nest, make)) {
        if (!make.readers_first) {
            ndis_rw_queue_up(lock, nest);
            return 0;
        }
        word_await_equal(&lock->writing, 0, relaxed);
    }
    return 0;
}

static inline int ndis_rw_try_shared_with(struct ndis_rw_lock *lock, struct ndis_rw_make make)
{
    WORD(uint32_t) *nest = ndis_rw_own_nest(lock);
    uint32_t depth = word_load(nest, relaxed);

    if (depth == NDIS_RW_OUT)
        return !ndis_rw_is_mine(lock) && ndis_rw_come_in(lock, nest, make) ? 0 : EBUSY;
    word_store(nest, depth + 1, relaxed);
    return 0;
}

/* release: pairs with the acquire of the writer that awaits it. */
static inline int ndis_rw_leave(struct ndis_rw_lock *lock)
{
    WORD(uint32_t) *nest = ndis_rw_own_nest(lock);
    uint32_t depth = word_load(nest, relaxed);

    if (depth == NDIS_RW_OUT)
        return EPERM;
    word_store(nest, depth == NDIS_RW_IN ? NDIS_RW_OUT : depth - 1, release);
    return 0;
}

/* ---- writers ---- */

/* acquire: pairs with the release of each reader that leaves. */
static inline void ndis_rw_await_readers(struct ndis_rw_lock *lock)
{
    uint32_t threads = plain_load(&lock->threads);

    for (uint32_t i = 0; i < threads; i++) {
        machine_argument("one that lets readers pass looks again, behind a full fence");
        word_await_equal(&lock->readers[i].nest, NDIS_RW_OUT, acquire);
    }
}

/* Whether no reader is in, once those who are on their way have decided. */
static inline bool ndis_rw_readers_are_out(struct ndis_rw_lock *lock)
{
    uint32_t threads = plain_load(&lock->threads);

    for (uint32_t i = 0; i < threads; i++) {
        if (word_await_differ(&lock->readers[i].nest, NDIS_RW_ENTERING, acquire) != NDIS_RW_OUT)
            return false;
    }
    return true;
}

/* The flag stands only while the writer looks, so that readers pass it as long as it waits. */
static inline bool ndis_rw_stop_readers(struct ndis_rw_lock *lock, struct ndis_rw_make make)
{
    word_store(&lock->writing, 1, relaxed);
    ndis_rw_writer_fence(make);
    if (ndis_rw_readers_are_out(lock))
        return true;
    /* Relaxed: it hides the last writer's release from the readers, but the full fence above,
     * behind that writer's lock, has released all the same. */
    word_store(&lock->writing, 0, relaxed);
    return false;
}

static inline void ndis_rw_own(struct ndis_rw_lock *lock)
{
    word_store(&lock->owner, machine_self() + 1, relaxed);
    plain_store(&lock->depth, 1);
}

static inline int ndis_rw_acquire_with(struct ndis_rw_lock *lock, struct ndis_rw_make make)
{
    if (ndis_rw_is_mine(lock)) {
        plain_store(&lock->depth, plain_load(&lock->depth) + 1);
        return 0;
    }
    if (word_load(ndis_rw_own_nest(lock), relaxed) != NDIS_RW_OUT)
        return EDEADLK;
    ttas_acquire(&lock->writers);
    if (make.readers_first) {
        do
            ndis_rw_await_readers(lock);
        while (!ndis_rw_stop_readers(lock, make));
    } else {
        word_store(&lock->writing, 1, relaxed);
        ndis_rw_writer_fence(make);
        ndis_rw_await_readers(lock);
    }
    ndis_rw_own(lock);
    return 0;
}

/* Never waits for a reader: one look at each. */
static inline bool ndis_rw_nobody_reads(struct ndis_rw_lock *lock)
{
    uint32_t threads = plain_load(&lock->threads);

    for (uint32_t i = 0; i < threads; i++) {
        if (word_load(&lock->readers[i].nest, acquire) != NDIS_RW_OUT)
            return false;
    }
    return true;
}

static inline int ndis_rw_try_with(struct ndis_rw_lock *lock, struct ndis_rw_make make)
{
    if (ndis_rw_is_mine(lock)) {
        plain_store(&lock->depth, plain_load(&lock->depth) + 1);
        return 0;
    }
    if (word_load(ndis_rw_own_nest(lock), relaxed) != NDIS_RW_OUT ||
        !ttas_try_acquire(&lock->writers))
        return EBUSY;
    word_store(&lock->writing, 1, relaxed);
    ndis_rw_writer_fence(make);
    if (ndis_rw_nobody_reads(lock)) {
        ndis_rw_own(lock);
        return 0;
    }
    /* release: as in ndis_rw_come_in(), for the last writer's release. */
    machine_argument("a full fence has released before; a light one has not");
    word_store(&lock->writing, 0, release);
    ttas_release(&lock->writers);
    return EBUSY;
}

/* release: pairs with the acquire of a reader that finds the flag clear; the writers' lock orders
 * for those who come through it. */
static inline int ndis_rw_release_write(struct ndis_rw_lock *lock)
{
    if (!ndis_rw_is_mine(lock))
        return EPERM;
    uint32_t depth = plain_load(&lock->depth) - 1;
    plain_store(&lock->depth, depth);
    if (depth > 0)
        return 0;
    word_store(&lock->owner, 0, relaxed);
    word_store(&lock->writing, 0, release);
    ttas_release(&lock->writers);
    return 0;
}

static inline bool ndis_rw_is_free(struct ndis_rw_lock *lock)
{
    return ttas_is_idle(&lock->writers) && word_load(&lock->writing, relaxed) == 0 &&
           word_load(&lock->owner, relaxed) == 0 && ndis_rw_nobody_reads(lock);
}

/* The three locks. */
#define NDIS_RW(lock_name, light, readers_first, description_, use_, ...)                      \
    static inline int lock_name##_acquire(struct ndis_rw_lock *lock, void *context)            \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_acquire_with(lock, (struct ndis_rw_make){light, readers_first});        \
    }                                                                                          \
    static inline int lock_name##_try_acquire(struct ndis_rw_lock *lock, void *context)        \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_try_with(lock, (struct ndis_rw_make){light, readers_first});            \
    }                                                                                          \
    static inline int lock_name##_release(struct ndis_rw_lock *lock, void *context)            \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_release_write(lock);                                                    \
    }                                                                                          \
    static inline int lock_name##_acquire_shared(struct ndis_rw_lock *lock, void *context)     \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_acquire_shared_with(lock, (struct ndis_rw_make){light, readers_first}); \
    }                                                                                          \
    static inline int lock_name##_try_acquire_shared(struct ndis_rw_lock *lock, void *context) \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_try_shared_with(lock, (struct ndis_rw_make){light, readers_first});     \
    }                                                                                          \
    static inline int lock_name##_release_shared(struct ndis_rw_lock *lock, void *context)     \
    {                                                                                          \
        (void)context;                                                                         \
        return ndis_rw_leave(lock);                                                            \
    }                                                                                          \
    static inline bool lock_name##_is_idle(struct ndis_rw_lock *lock)                          \
    {                                                                                          \
        return ndis_rw_is_free(lock);                                                          \
    }                                                                                          \
    static inline int lock_name##_entry_init(void *lock, unsigned threads,                     \
                                             const uint64_t *parameters)                       \
    {                                                                                          \
        (void)parameters;                                                                      \
        ndis_rw_init(lock, threads);                                                           \
        return (light) ? machine_fence_prepare() : 0;                                          \
    }                                                                                          \
    LOCK_ENTRIES_CHECKED(lock_name, struct ndis_rw_lock, void)                                 \
    LOCK_ENTRIES_SHARED_CHECKED(lock_name, struct ndis_rw_lock, void)                          \
    static const struct lock_nt lock_name##_nt = {                                             \
        .name = "NDIS_RW_LOCK", .irql = "DISPATCH", .use = use_};                              \
    static const struct lock_ops lock_name##_ops = {                                           \
        .name = #lock_name,                                                                    \
        .family = "nt",                                                                        \
        .description = description_,                                                           \
        .source = "documentation of NdisAcquireReadWriteLock; Dice et al., 2001",              \
        .nt = &lock_name##_nt,                                                                 \
        .size = sizeof(struct ndis_rw_lock),                                                   \
        .size_per_thread = sizeof(struct ndis_rw_thread),                                      \
        .init = lock_name##_entry_init,                                                        \
        LOCK_ENTRIES_OF(lock_name),                                                            \
        LOCK_ENTRIES_SHARED_OF(lock_name),                                                     \
        __VA_ARGS__,                                                                           \
    };

NDIS_RW(ndis_rw, false, false, "readers count on lines of their own; writers look at all",
        "read mostly, short sections",
        .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_RECURSIVE | LOCK_OWNER_CHECKED)
NDIS_RW(ndis_rw_membarrier, true, false, "ndis_rw without a fence in the reader",
        "hardly ever written",
        .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_RECURSIVE | LOCK_OWNER_CHECKED |
                  LOCK_ONE_PROCESS)
NDIS_RW(ndis_rw_readers, false, true, "ndis_rw whose readers pass a waiting writer",
        "read mostly; writers wait",
        .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_RECURSIVE | LOCK_OWNER_CHECKED)

#endif

#ifdef LOCK
LOCK(ndis_rw)
LOCK(ndis_rw_membarrier)
LOCK(ndis_rw_readers)
#endif
