/* push_lock: one pointer, in which waiters push themselves. Known in NT as EX_PUSH_LOCK.
 *
 * Guarantees exclusion, and that shared holders exclude only exclusive ones. Nothing is handed
 * over: a thread that comes at the right moment passes all who wait, also exclusively, so no order
 * and no bound is promised. A waiter spins on a line of its own for a budget, then sleeps. Not
 * recursive; it knows no owner. A release of an exclusive holder wakes all waiters if the oldest
 * wants to share, and else the oldest alone.
 *
 * The word: LOCKED; WAITING, and the rest is a pointer to the newest wait block; WAKING, somebody
 * has the list to itself; SHARED_MORE, more than one shared holder when the first waiter came,
 * whose number is in the oldest block. Without WAITING, the rest is the number of shared holders.
 *
 * The list, newest to oldest by `next`, lies on the waiters' stacks. Blocks are pushed without a
 * lock, so `previous` has to be filled in by whoever has WAKING, and `last` in the newest block
 * that it has seen says where the oldest is.
 *
 * Source: the documentation of ExAcquirePushLockExclusive; the algorithm is that of NT 5.2. */
#ifndef LOCKS_NT_PUSH_LOCK_H
#define LOCKS_NT_PUSH_LOCK_H

#include "../gate.h"
#include "../lock.h"

enum {
    PUSH_LOCK_LOCKED = 1,
    PUSH_LOCK_WAITING = 2,
    PUSH_LOCK_WAKING = 4,
    PUSH_LOCK_SHARED_MORE = 8,
    PUSH_LOCK_BITS = 15,
    PUSH_LOCK_SHARE = 16, /* one shared holder */
};

struct push_lock_block {
    _Alignas(16) struct push_lock_block *next; /* older */
    struct push_lock_block *previous;          /* newer; NULL: not known, or none */
    WORD(struct push_lock_block *) last;       /* the oldest; NULL: not known */
    WORD(uintptr_t) share; /* shared holders to wait for, in the block that was the first */
    bool exclusive;
    struct gate gate;
};

struct push_lock_lock {
    WORD(uintptr_t) word;
    uint64_t budget_ns;
};

static inline void push_lock_init(struct push_lock_lock *lock, uint64_t budget_ns)
{
    word_init(&lock->word, 0);
    plain_store(&lock->budget_ns, budget_ns);
}

static inline struct push_lock_block *push_lock_newest(uintptr_t word)
{
    return (struct push_lock_block *)(word & ~(uintptr_t)PUSH_LOCK_BITS);
}

/* ---- the list; by whoever has WAKING ---- */

/* From the newest block to the first that knows the oldest, telling each on the way who comes after
 * it: EVERY one, or those pushed since the last walk are lost. Only the own walks write `previous`,
 * and WAKING passes from hand to hand by the word. */
static inline struct push_lock_block *push_lock_walk(struct push_lock_block *newest)
{
    struct push_lock_block *block = newest, *last;

    while ((last = word_load(&block->last, relaxed)) == NULL) {
        struct push_lock_block *next = plain_load(&block->next);
        plain_store(&next->previous, block);
        block = next;
    }
    /* Relaxed, as the load above: a shared holder may jump from here to the oldest, which was
     * pushed before the newest, by which both know it. */
    word_store(&newest->last, last, relaxed);
    return last;
}

/* The whole list, oldest first. A block is gone as soon as its gate is open. */
static inline void push_lock_wake_list(struct push_lock_block *oldest)
{
    while (oldest != NULL) {
        struct push_lock_block *newer = plain_load(&oldest->previous);
        gate_open(&oldest->gate, GATE_PARK);
        oldest = newer;
    }
}

/* One that waits alone, and others stay behind: it is taken from the list, and the next newer one
 * is the oldest. release: the next to get WAKING must find the list so. */
static inline void push_lock_wake_oldest(struct push_lock_lock *lock,
                                         struct push_lock_block *newest,
                                         struct push_lock_block *oldest)
{
    word_store(&newest->last, plain_load(&oldest->previous), relaxed);
    machine_argument("takes three threads, one of them twice: client reuse, which is deep here");
    word_fetch_and(&lock->word, ~(uintptr_t)PUSH_LOCK_WAKING, release);
    gate_open(&oldest->gate, GATE_PARK);
}

/* With WAKING, on a lock that looked free. acquire, wherever the word is read for the list: pairs
 * with the release by which blocks are pushed and WAKING is given up. */
static inline void push_lock_wake(struct push_lock_lock *lock, uintptr_t seen)
{
    for (;;) {
        if ((seen & PUSH_LOCK_LOCKED) != 0) {
            /* Whoever has it will see to the list when it leaves. */
            machine_argument("a block pushed meanwhile is walked next: takes four threads");
            if (word_compare_exchange(&lock->word, &seen, seen & ~(uintptr_t)PUSH_LOCK_WAKING,
                                      release, acquire))
                return;
            continue;
        }
        struct push_lock_block *newest = push_lock_newest(seen);
        struct push_lock_block *oldest = push_lock_walk(newest);
        if (plain_load(&oldest->exclusive) && plain_load(&oldest->previous) != NULL) {
            push_lock_wake_oldest(lock, newest, oldest);
            return;
        }
        /* Relaxed: this thread has done nothing under the lock, and what its last holder did goes
         * on with the update. */
        if (word_compare_exchange(&lock->word, &seen, 0, relaxed, relaxed)) {
            push_lock_wake_list(oldest);
            return;
        }
        machine_argument("a block pushed meanwhile is walked next: takes four threads");
        seen = word_load(&lock->word, acquire);
    }
}

/* With WAKING, just taken by pushing a block: makes the way to the oldest short, and gives WAKING
 * back; unless the lock has become free meanwhile, and nobody would wake anybody. */
static inline void push_lock_optimise(struct push_lock_lock *lock, uintptr_t seen)
{
    for (;;) {
        if ((seen & PUSH_LOCK_LOCKED) == 0) {
            push_lock_wake(lock, seen);
            return;
        }
        push_lock_walk(push_lock_newest(seen));
        machine_argument("a block pushed meanwhile is walked next: takes four threads");
        if (word_compare_exchange(&lock->word, &seen, seen & ~(uintptr_t)PUSH_LOCK_WAKING, release,
                                  acquire))
            return;
    }
}

/* ---- waiting ---- */

/* What the word becomes with this block in it. The first block takes over the number of the shared
 * holders, if there are several: there is no room for it in the word any more. */
static inline uintptr_t push_lock_with(struct push_lock_block *block, uintptr_t seen)
{
    uintptr_t word = (uintptr_t)block | PUSH_LOCK_LOCKED | PUSH_LOCK_WAITING;

    plain_store(&block->previous, NULL);
    if ((seen & PUSH_LOCK_WAITING) != 0) {
        plain_store(&block->next, push_lock_newest(seen));
        word_store(&block->last, NULL, relaxed);
        return word | (seen & PUSH_LOCK_SHARED_MORE) | PUSH_LOCK_WAKING;
    }
    uintptr_t share = seen / PUSH_LOCK_SHARE;
    plain_store(&block->next, NULL);
    word_store(&block->last, block, relaxed);
    word_store(&block->share, share, relaxed);
    return share > 1 ? word | PUSH_LOCK_SHARED_MORE : word;
}

/* Pushes the block onto a lock that is held, waits, and returns for another try: true. False: the
 * word has changed. release: publishes the block. acquire: the list, for which WAKING may come
 * along.
 */
static inline bool push_lock_push_and_wait(struct push_lock_lock *lock,
                                           struct push_lock_block *block, bool exclusive,
                                           uintptr_t *seen)
{
    plain_store(&block->exclusive, exclusive);
    gate_close(&block->gate);
    uintptr_t pushed = push_lock_with(block, *seen);
    if (!word_compare_exchange(&lock->word, seen, pushed, acq_rel, relaxed))
        return false;
    if ((pushed & PUSH_LOCK_WAKING) != 0 && (*seen & PUSH_LOCK_WAKING) == 0)
        push_lock_optimise(lock, pushed);
    gate_wait(&block->gate, GATE_PARK, plain_load(&lock->budget_ns));
    return true;
}

/* ---- exclusive ---- */

/* acquire, wherever the lock is taken: pairs with the release of those who leave it. After each
 * wait it begins anew. */
static inline void push_lock_acquire(struct push_lock_lock *lock, struct push_lock_block *block)
{
    uintptr_t seen;

    while (((seen = word_fetch_or(&lock->word, PUSH_LOCK_LOCKED, acquire)) & PUSH_LOCK_LOCKED) != 0)
        push_lock_push_and_wait(lock, block, true, &seen);
}

static inline bool push_lock_try_acquire(struct push_lock_lock *lock, struct push_lock_block *block)
{
    uintptr_t seen = word_load(&lock->word, relaxed);

    (void)block;
    return (seen & PUSH_LOCK_LOCKED) == 0 &&
           word_compare_exchange(&lock->word, &seen, seen | PUSH_LOCK_LOCKED, acquire, relaxed);
}

/* Wakes, unless somebody is at it. When WAKING can't be had because the word has changed, whoever
 * changed it sees to the list: it has taken the lock, or pushed itself and taken WAKING. acquire on
 * success: the list. */
static inline void push_lock_release(struct push_lock_lock *lock, struct push_lock_block *block)
{
    uintptr_t seen = word_fetch_sub(&lock->word, PUSH_LOCK_LOCKED, release) - PUSH_LOCK_LOCKED;

    (void)block;
    if ((seen & (PUSH_LOCK_WAITING | PUSH_LOCK_WAKING)) != PUSH_LOCK_WAITING)
        return;
    if (word_compare_exchange(&lock->word, &seen, seen | PUSH_LOCK_WAKING, acquire, relaxed))
        push_lock_wake(lock, seen | PUSH_LOCK_WAKING);
}

/* ---- shared ---- */

/* Whether a shared holder may come in, and what the word then is: the lock is free, or only shared
 * and nobody waits. Behind waiters the number is not kept: that holder is alone. */
static inline bool push_lock_may_share(uintptr_t seen, uintptr_t *shared)
{
    if ((seen & PUSH_LOCK_WAITING) != 0) {
        *shared = seen | PUSH_LOCK_LOCKED;
        return (seen & PUSH_LOCK_LOCKED) == 0;
    }
    *shared = (seen + PUSH_LOCK_SHARE) | PUSH_LOCK_LOCKED;
    return (seen & PUSH_LOCK_LOCKED) == 0 || seen >= PUSH_LOCK_SHARE;
}

static inline void push_lock_acquire_shared(struct push_lock_lock *lock,
                                            struct push_lock_block *block)
{
    uintptr_t seen = 0, shared;

    for (;;) {
        if (push_lock_may_share(seen, &shared)) {
            if (word_compare_exchange(&lock->word, &seen, shared, acquire, relaxed))
                return;
        } else if (push_lock_push_and_wait(lock, block, false, &seen)) {
            seen = word_load(&lock->word, relaxed);
        }
    }
}

static inline bool push_lock_try_acquire_shared(struct push_lock_lock *lock,
                                                struct push_lock_block *block)
{
    uintptr_t seen = word_load(&lock->word, relaxed), shared;

    (void)block;
    return push_lock_may_share(seen, &shared) &&
           word_compare_exchange(&lock->word, &seen, shared, acquire, relaxed);
}

/* The block that was the first, in which the number is. Nobody leaves the list while the lock is
 * held, but whoever has WAKING may write `last` meanwhile; what it writes is always the oldest,
 * which was pushed before the newest, by which this thread knows it: relaxed. */
static inline struct push_lock_block *push_lock_oldest(uintptr_t word)
{
    struct push_lock_block *block = push_lock_newest(word), *last;

    while ((last = word_load(&block->last, relaxed)) == NULL)
        block = plain_load(&block->next);
    return last;
}

/* The last of several shared holders behind whom somebody waits. acq_rel: what all of them did is
 * done, and the list is this thread's if WAKING is. */
static inline void push_lock_leave_waiters(struct push_lock_lock *lock, uintptr_t seen)
{
    uintptr_t left;

    do
        left = (seen & ~(uintptr_t)(PUSH_LOCK_LOCKED | PUSH_LOCK_SHARED_MORE)) | PUSH_LOCK_WAKING;
    while (!word_compare_exchange(&lock->word, &seen, left, acq_rel, relaxed));
    if ((seen & PUSH_LOCK_WAKING) == 0)
        push_lock_wake(lock, left);
}

static inline void push_lock_release_shared(struct push_lock_lock *lock,
                                            struct push_lock_block *block)
{
    /* What a single reader without waiters finds. acquire on failure: the list. */
    uintptr_t seen = PUSH_LOCK_SHARE | PUSH_LOCK_LOCKED;

    (void)block;
    while ((seen & PUSH_LOCK_WAITING) == 0) {
        uintptr_t left = seen >= 2 * PUSH_LOCK_SHARE ? seen - PUSH_LOCK_SHARE : 0;
        if (word_compare_exchange(&lock->word, &seen, left, release, acquire))
            return;
    }
    /* acq_rel: the last one leaves for all of them. */
    if ((seen & PUSH_LOCK_SHARED_MORE) != 0 &&
        word_fetch_sub(&push_lock_oldest(seen)->share, 1, acq_rel) > 1)
        return;
    push_lock_leave_waiters(lock, seen);
}

static inline bool push_lock_is_idle(struct push_lock_lock *lock)
{
    return word_load(&lock->word, relaxed) == 0;
}

LOCK_ENTRY_INIT_PARAMETER(push_lock, struct push_lock_lock)
LOCK_ENTRIES_CONTEXT(push_lock, struct push_lock_lock, struct push_lock_block)
LOCK_ENTRIES_SHARED_CONTEXT(push_lock, struct push_lock_lock, struct push_lock_block)

static const struct lock_parameter push_lock_parameters[] = {
    {"budget", "time to spin before sleeping", LOCK_TIME, 1000, 0, MACHINE_NEVER},
    {0},
};

static const struct lock_nt push_lock_nt = {
    .name = "EX_PUSH_LOCK",
    .irql = "<= APC, critical",
    .use = "where room is short",
};

static const struct lock_ops push_lock_ops = {
    .name = "push_lock",
    .family = "nt",
    .description = "one word; waiters push blocks, spin, then sleep",
    .source = "documentation of ExAcquirePushLockExclusive; NT 5.2",
    .nt = &push_lock_nt,
    .traits = LOCK_UNFAIR | LOCK_SPIN_THEN_SLEEPS | LOCK_SHARED | LOCK_LOCAL_SPIN,
    .parameters = push_lock_parameters,
    .size = sizeof(struct push_lock_lock),
    .context_size = sizeof(struct push_lock_block),
    .init = push_lock_entry_init,
    LOCK_ENTRIES_OF(push_lock),
    LOCK_ENTRIES_SHARED_OF(push_lock),
};

#endif

#ifdef LOCK
LOCK(push_lock)
#endif
