/* mcs: the queue lock of Mellor-Crummey and Scott, its node on the caller's stack. Known in NT as
 * the in-stack queued spin lock.
 *
 * Guarantees exclusion and entry in the order of arrival; a waiter spins on a line of its own,
 * which its predecessor writes once. Not recursive; a node serves one acquisition at a time, and
 * the release must be handed the node of its acquire. When a queued thread is preempted, all behind
 * it wait: mcs_yield gives the CPU away meanwhile, mcs_park sleeps.
 *
 * Source: J. M. Mellor-Crummey and M. L. Scott, "Algorithms for Scalable Synchronization on
 * Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991. */
#ifndef LOCKS_MCS_H
#define LOCKS_MCS_H

#include "gate.h"
#include "lock.h"

struct mcs_node {
    WORD(struct mcs_node *) next;
    struct gate gate; /* opened by the predecessor when it is this node's turn */
};

struct mcs_lock {
    WORD(struct mcs_node *) tail; /* the last in the queue; NULL: free */
    uint64_t budget_ns;           /* of the gates; not looked at by the make that only spins */
};

static inline void mcs_init(struct mcs_lock *lock, uint64_t budget_ns)
{
    word_init(&lock->tail, NULL);
    plain_store(&lock->budget_ns, budget_ns);
}

static inline void mcs_acquire_with(struct mcs_lock *lock, struct mcs_node *node,
                                    enum gate_make make)
{
    word_store(&node->next, NULL, relaxed);
    gate_close(&node->gate);

    /* release: whoever finds this node in `tail` must see it initialised before writing its `next`.
     * acquire: the lock may be free, and its last holder released it through `tail`; or there is a
     * predecessor, whose initialised node must be seen. */
    struct mcs_node *predecessor = word_exchange(&lock->tail, node, acq_rel);
    if (predecessor == NULL)
        return;

    /* release: the predecessor finds this node here and opens its gate, and must not do so before
     * the gate was closed above. */
    word_store(&predecessor->next, node, release);
    gate_wait(&node->gate, make, make == GATE_SPIN ? 0 : plain_load(&lock->budget_ns));
}

/* Release order on success: pairs with the exchange of whoever comes next. A node still in the
 * queue is never touched by a try, so failure orders nothing. */
static inline bool mcs_enter_if_free(struct mcs_lock *lock, struct mcs_node *node)
{
    struct mcs_node *tail = NULL;

    word_store(&node->next, NULL, relaxed);
    return word_load(&lock->tail, relaxed) == NULL &&
           word_compare_exchange(&lock->tail, &tail, node, acq_rel, relaxed);
}

/* A successor has exchanged the tail but not yet linked itself: a few instructions, unless it was
 * preempted between the two. The makes that give way elsewhere then give way here too. */
static inline struct mcs_node *mcs_await_successor(struct mcs_lock *lock, struct mcs_node *node,
                                                   enum gate_make make)
{
    if (make == GATE_SPIN)
        return word_await_differ(&node->next, NULL, acquire);

    uint64_t deadline = machine_deadline(plain_load(&lock->budget_ns));
    return word_await_differ_pausing(&node->next, NULL, acquire, next,
                                     machine_clock() < deadline ? machine_relax()
                                                                : machine_yield());
}

static inline void mcs_release_with(struct mcs_lock *lock, struct mcs_node *node,
                                    enum gate_make make)
{
    /* acquire: pairs with the successor's linking store, after which its gate may be opened. */
    struct mcs_node *successor = word_load(&node->next, acquire);

    if (successor == NULL) {
        struct mcs_node *tail = node;
        /* release: pairs with the exchange of the next to acquire. */
        if (word_compare_exchange(&lock->tail, &tail, NULL, release, relaxed))
            return;
        successor = mcs_await_successor(lock, node, make);
    }
    gate_open(&successor->gate, make);
}

static inline bool mcs_queue_is_empty(struct mcs_lock *lock)
{
    return word_load(&lock->tail, relaxed) == NULL;
}

/* The three locks, one for each make of the gate. */
#define MCS_LOCK(name, make)                                                            \
    static inline void name##_acquire(struct mcs_lock *lock, struct mcs_node *node)     \
    {                                                                                   \
        mcs_acquire_with(lock, node, make);                                             \
    }                                                                                   \
    static inline bool name##_try_acquire(struct mcs_lock *lock, struct mcs_node *node) \
    {                                                                                   \
        return mcs_enter_if_free(lock, node);                                           \
    }                                                                                   \
    static inline void name##_release(struct mcs_lock *lock, struct mcs_node *node)     \
    {                                                                                   \
        mcs_release_with(lock, node, make);                                             \
    }                                                                                   \
    static inline bool name##_is_idle(struct mcs_lock *lock)                            \
    {                                                                                   \
        return mcs_queue_is_empty(lock);                                                \
    }                                                                                   \
    LOCK_ENTRIES_CONTEXT(name, struct mcs_lock, struct mcs_node)

MCS_LOCK(mcs, GATE_SPIN)
MCS_LOCK(mcs_yield, GATE_YIELD)
MCS_LOCK(mcs_park, GATE_PARK)

static inline int mcs_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)threads;
    mcs_init(lock, parameters == NULL ? 0 : parameters[0]);
    return 0;
}

static const struct lock_parameter mcs_yield_parameters[] = {
    {"budget", "time to spin before yielding", LOCK_TIME, 1000, 0, MACHINE_NEVER},
    {0},
};

static const struct lock_parameter mcs_park_parameters[] = {
    {"budget", "time to spin before sleeping", LOCK_TIME, 5000, 0, MACHINE_NEVER},
    {0},
};

static const struct lock_nt mcs_nt = {
    .name = "KLOCK_QUEUE_HANDLE",
    .irql = "DISPATCH",
    .use = "short sections, many CPUs",
};

#define MCS_OPS(lock_name, ...)                                    \
    static const struct lock_ops lock_name##_ops = {               \
        .name = #lock_name,                                        \
        .family = "queue",                                         \
        .source = "Mellor-Crummey and Scott, ACM TOCS 9(1), 1991", \
        .size = sizeof(struct mcs_lock),                           \
        .context_size = sizeof(struct mcs_node),                   \
        .init = mcs_entry_init,                                    \
        LOCK_ENTRIES_OF(lock_name),                                \
        __VA_ARGS__,                                               \
    }

MCS_OPS(mcs, .alias = "qspin", .description = "in-stack queue; each spins on a line of its own",
        .nt = &mcs_nt, .traits = LOCK_FIFO | LOCK_SPINS | LOCK_LOCAL_SPIN);
MCS_OPS(mcs_yield, .description = "mcs whose waiters yield the CPU after a budget",
        .traits = LOCK_FIFO | LOCK_SPIN_THEN_YIELDS | LOCK_LOCAL_SPIN,
        .parameters = mcs_yield_parameters);
MCS_OPS(mcs_park, .description = "mcs whose waiters sleep after a budget",
        .traits = LOCK_FIFO | LOCK_SPIN_THEN_SLEEPS | LOCK_LOCAL_SPIN,
        .parameters = mcs_park_parameters);

#endif

#ifdef LOCK
LOCK(mcs)
LOCK(mcs_yield)
LOCK(mcs_park)
#endif
