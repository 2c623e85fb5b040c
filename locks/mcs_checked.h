/* mcs_checked: mcs that catches its misuse.
 *
 * Guarantees what mcs guarantees, and that the following return an error and leave the lock as it
 * was: acquiring it again while holding it (EDEADLK), acquiring with a node that is in the queue
 * already, of whichever thread (EINVAL), releasing it without holding it (EPERM) or with another
 * node than that of the acquire (EPERM). The check looks at every thread's entry in a table, so it
 * costs a line a thread: for finding mistakes, not for use.
 *
 * Source: J. M. Mellor-Crummey and M. L. Scott, ACM TOCS 9(1), 1991; the checks are those of an NT
 * in-stack queued spin lock under the driver verifier. */
#ifndef LOCKS_MCS_CHECKED_H
#define LOCKS_MCS_CHECKED_H

#include "mcs.h"

/* What a thread has in the queue. */
struct mcs_checked_entry {
    _Alignas(MACHINE_APART) WORD(struct mcs_node *) node; /* NULL: nothing */
};

struct mcs_checked_lock {
    _Alignas(MACHINE_APART) struct mcs_lock queue;
    unsigned threads;
    struct mcs_checked_entry entries[];
};

static inline int mcs_checked_init(struct mcs_checked_lock *lock, unsigned threads)
{
    mcs_init(&lock->queue, 0);
    plain_store(&lock->threads, threads);
    for (unsigned i = 0; i < threads; i++)
        word_init(&lock->entries[i].node, NULL);
    return 0;
}

/* The own entry is relaxed: only this thread writes it. That of others is read without order, too:
 * a node that is handed from thread to thread is handed over in some ordered way, by which its
 * entry is known as well; one that is not is in use at both places at once, and caught in one of
 * them. */
static inline int mcs_checked_enter(struct mcs_checked_lock *lock, struct mcs_node *node)
{
    unsigned self = machine_self(), threads = plain_load(&lock->threads);

    if (word_load(&lock->entries[self].node, relaxed) != NULL)
        return EDEADLK;
    for (unsigned i = 0; i < threads; i++) {
        if (word_load(&lock->entries[i].node, relaxed) == node)
            return EINVAL;
    }
    word_store(&lock->entries[self].node, node, relaxed);
    return 0;
}

static inline int mcs_checked_acquire(struct mcs_checked_lock *lock, struct mcs_node *node)
{
    int error = mcs_checked_enter(lock, node);

    if (error == 0)
        mcs_acquire(&lock->queue, node);
    return error;
}

static inline int mcs_checked_try_acquire(struct mcs_checked_lock *lock, struct mcs_node *node)
{
    int error = mcs_checked_enter(lock, node);

    if (error == EDEADLK)
        return EBUSY;
    if (error != 0 || mcs_try_acquire(&lock->queue, node))
        return error;
    word_store(&lock->entries[machine_self()].node, NULL, relaxed);
    return EBUSY;
}

/* The entry is cleared after the release: the node stays in the queue until then. */
static inline int mcs_checked_release(struct mcs_checked_lock *lock, struct mcs_node *node)
{
    unsigned self = machine_self();

    if (node == NULL || word_load(&lock->entries[self].node, relaxed) != node)
        return EPERM;
    mcs_release(&lock->queue, node);
    word_store(&lock->entries[self].node, NULL, relaxed);
    return 0;
}

static inline bool mcs_checked_is_idle(struct mcs_checked_lock *lock)
{
    return mcs_queue_is_empty(&lock->queue);
}

static inline int mcs_checked_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)parameters;
    return mcs_checked_init(lock, threads);
}

LOCK_ENTRIES_CHECKED(mcs_checked, struct mcs_checked_lock, struct mcs_node)

static const struct lock_nt mcs_checked_nt = {
    .name = "KLOCK_QUEUE_HANDLE",
    .irql = "DISPATCH",
    .use = "as mcs, under test",
};

static const struct lock_ops mcs_checked_ops = {
    .name = "mcs_checked",
    .alias = "qspin_checked",
    .family = "queue",
    .description = "mcs that catches wrong nodes, recursion, foreign release",
    .source = "Mellor-Crummey and Scott, ACM TOCS 9(1), 1991",
    .nt = &mcs_checked_nt,
    .traits = LOCK_FIFO | LOCK_SPINS | LOCK_LOCAL_SPIN | LOCK_OWNER_CHECKED,
    .size = sizeof(struct mcs_checked_lock),
    .size_per_thread = sizeof(struct mcs_checked_entry),
    .context_size = sizeof(struct mcs_node),
    .init = mcs_checked_entry_init,
    LOCK_ENTRIES_OF(mcs_checked),
};

#endif

#ifdef LOCK
LOCK(mcs_checked)
#endif
