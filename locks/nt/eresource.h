/* eresource: a reader-writer lock with owners, counts and three ways to share. Known in NT as
 * ERESOURCE.
 *
 * Guarantees exclusion. Waiters sleep and are granted the lock by whoever lets it go (hand-off), so
 * nobody takes it in between: an exclusive holder that leaves admits ALL who wait to share, the
 * last shared holder admits the one exclusive waiter that has waited longest. Threads that share
 * and threads that don't therefore take turns. Recursive both ways; an exclusive holder that
 * acquires it shared stays exclusive; a shared holder that wants it exclusively gets EDEADLK,
 * because it would wait for itself; a release by a thread that does not hold it gets EPERM. An
 * exclusive holder can become a shared one without a gap.
 *
 * The three differ in what a thread that wants to share does while others share and one waits for
 * exclusive access:
 * - eresource: it waits, unless it holds the lock already.
 * - eresource_starve_exclusive: it comes in, as often as it likes.
 * - eresource_wait_exclusive: it waits; and if it holds the lock already, it gets EDEADLK, because
 * it would wait for a thread that waits for it.
 *
 * The owners' table is a count for each thread, by its number. The real one waits half a second and
 * then four at a time, raising its owners' priority each time; here these times are only counted.
 *
 * Source: the documentation of ExAcquireResourceExclusiveLite and its kin; NT 5.2. */
#ifndef LOCKS_NT_ERESOURCE_H
#define LOCKS_NT_ERESOURCE_H

#include "../gate.h"
#include "../lock.h"
#include "short_lock.h"

#define ERESOURCE_FIRST_TIMEOUT_NS UINT64_C(500000000)
#define ERESOURCE_NEXT_TIMEOUT_NS  UINT64_C(4000000000)

/* What one that wants to share does when others share and one waits for exclusive access. */
enum eresource_sharing { ERESOURCE_SHARED, ERESOURCE_STARVE_EXCLUSIVE, ERESOURCE_WAIT_EXCLUSIVE };

/* On the waiter's stack; gone as soon as its gate is open. */
struct eresource_waiter {
    struct eresource_waiter *next;
    uint32_t self;
    struct gate gate;
};

struct eresource_queue {
    struct eresource_waiter *first, *last;
    uint32_t count, most; /* that wait, and that ever waited at once */
};

struct eresource_lock {
    struct short_lock lock; /* of all below */
    uint32_t owner;         /* exclusive: its number + 1; 0: nobody */
    uint32_t depth;         /* exclusive: how often it has it */
    uint32_t sharing;       /* threads that share */
    struct eresource_queue shared, exclusive;
    uint32_t contentions; /* acquisitions that had to wait */
    uint32_t timeouts;    /* times over after which the real one would have looked what is wrong */
    uint32_t counts[];    /* shared: how often each thread has it */
};

static inline void eresource_queue_init(struct eresource_queue *queue)
{
    plain_store(&queue->first, NULL);
    plain_store(&queue->last, NULL);
    plain_store(&queue->count, 0);
    plain_store(&queue->most, 0);
}

static inline void eresource_init(struct eresource_lock *lock, unsigned threads)
{
    short_lock_init(&lock->lock);
    plain_store(&lock->owner, 0);
    plain_store(&lock->depth, 0);
    plain_store(&lock->sharing, 0);
    eresource_queue_init(&lock->shared);
    eresource_queue_init(&lock->exclusive);
    plain_store(&lock->contentions, 0);
    plain_store(&lock->timeouts, 0);
    for (unsigned i = 0; i < threads; i++)
        plain_store(&lock->counts[i], 0);
}

/* ---- queues and grants; under the lock's lock ---- */

static inline void eresource_enqueue(struct eresource_queue *queue, struct eresource_waiter *waiter,
                                     uint32_t self)
{
    struct eresource_waiter *last = plain_load(&queue->last);
    uint32_t count = plain_load(&queue->count) + 1;

    plain_store(&waiter->next, NULL);
    plain_store(&waiter->self, self);
    gate_close(&waiter->gate);
    if (last == NULL)
        plain_store(&queue->first, waiter);
    else
        plain_store(&last->next, waiter);
    plain_store(&queue->last, waiter);
    plain_store(&queue->count, count);
    if (count > plain_load(&queue->most))
        plain_store(&queue->most, count);
}

static inline void eresource_own(struct eresource_lock *lock, uint32_t self)
{
    plain_store(&lock->owner, self + 1);
    plain_store(&lock->depth, 1);
}

static inline void eresource_share(struct eresource_lock *lock, uint32_t self, uint32_t times)
{
    uint32_t count = plain_load(&lock->counts[self]);

    if (count == 0)
        plain_store(&lock->sharing, plain_load(&lock->sharing) + 1);
    plain_store(&lock->counts[self], count + times);
}

/* Lets all in who wait to share. Returns them; their gates are opened without the lock. */
static inline struct eresource_waiter *eresource_admit_shared(struct eresource_lock *lock)
{
    struct eresource_waiter *first = plain_load(&lock->shared.first);

    for (struct eresource_waiter *waiter = first; waiter != NULL;
         waiter = plain_load(&waiter->next))
        eresource_share(lock, plain_load(&waiter->self), 1);
    plain_store(&lock->shared.first, NULL);
    plain_store(&lock->shared.last, NULL);
    plain_store(&lock->shared.count, 0);
    return first;
}

/* Gives the lock to the one that has waited longest for exclusive access. */
static inline struct eresource_waiter *eresource_admit_exclusive(struct eresource_lock *lock)
{
    struct eresource_waiter *first = plain_load(&lock->exclusive.first);

    if (first == NULL)
        return NULL;
    struct eresource_waiter *next = plain_load(&first->next);
    plain_store(&lock->exclusive.first, next);
    if (next == NULL)
        plain_store(&lock->exclusive.last, NULL);
    plain_store(&lock->exclusive.count, plain_load(&lock->exclusive.count) - 1);
    plain_store(&first->next, NULL);
    eresource_own(lock, plain_load(&first->self));
    return first;
}

/* Without the lock, because each wake-up may be a system call. */
static inline void eresource_wake(struct eresource_waiter *waiter)
{
    while (waiter != NULL) {
        struct eresource_waiter *next = plain_load(&waiter->next);
        gate_open(&waiter->gate, GATE_PARK);
        waiter = next;
    }
}

/* ---- waiting ---- */

/* How often the real one would have given up and looked again. */
static inline uint32_t eresource_timeouts_of(uint64_t waited_ns)
{
    return waited_ns < ERESOURCE_FIRST_TIMEOUT_NS
               ? 0
               : (uint32_t)(1 +
                            (waited_ns - ERESOURCE_FIRST_TIMEOUT_NS) / ERESOURCE_NEXT_TIMEOUT_NS);
}

/* With the lock's lock, which it gives back. The lock is this thread's when it returns. */
static inline void eresource_wait(struct eresource_lock *lock, struct eresource_queue *queue,
                                  struct eresource_waiter *waiter, uint32_t self)
{
    plain_store(&lock->contentions, plain_load(&lock->contentions) + 1);
    eresource_enqueue(queue, waiter, self);
    short_lock_release(&lock->lock);
    uint64_t start = machine_clock();
    gate_wait(&waiter->gate, GATE_PARK, 0);
    uint32_t timeouts = eresource_timeouts_of(machine_clock() - start);
    if (timeouts == 0)
        return;
    short_lock_acquire(&lock->lock);
    plain_store(&lock->timeouts, plain_load(&lock->timeouts) + timeouts);
    short_lock_release(&lock->lock);
}

/* What a thread gets at once: 0, EBUSY (it has to wait) or EDEADLK. Under the lock's lock. */
static inline int eresource_take_exclusive(struct eresource_lock *lock, uint32_t self)
{
    uint32_t owner = plain_load(&lock->owner);

    if (owner == self + 1) {
        plain_store(&lock->depth, plain_load(&lock->depth) + 1);
        return 0;
    }
    if (plain_load(&lock->counts[self]) > 0)
        return EDEADLK;
    if (owner != 0 || plain_load(&lock->sharing) > 0)
        return EBUSY;
    eresource_own(lock, self);
    return 0;
}

static inline int eresource_take_shared(struct eresource_lock *lock, uint32_t self,
                                        enum eresource_sharing how)
{
    uint32_t owner = plain_load(&lock->owner);
    bool waited_for = plain_load(&lock->exclusive.count) > 0;

    if (owner == self + 1) {
        plain_store(&lock->depth, plain_load(&lock->depth) + 1);
        return 0;
    }
    if (plain_load(&lock->counts[self]) > 0) {
        if (how == ERESOURCE_WAIT_EXCLUSIVE && waited_for)
            return EDEADLK;
    } else if (owner != 0 || (waited_for && how != ERESOURCE_STARVE_EXCLUSIVE)) {
        return EBUSY;
    }
    eresource_share(lock, self, 1);
    return 0;
}

/* ---- the lock ---- */

static inline int eresource_acquire(struct eresource_lock *lock, struct eresource_waiter *waiter)
{
    uint32_t self = machine_self();

    short_lock_acquire(&lock->lock);
    int result = eresource_take_exclusive(lock, self);
    if (result == EBUSY) {
        eresource_wait(lock, &lock->exclusive, waiter, self);
        return 0;
    }
    short_lock_release(&lock->lock);
    return result;
}

/* A try does not even wait for a thread that is just coming or going. */
static inline int eresource_try_acquire(struct eresource_lock *lock,
                                        struct eresource_waiter *waiter)
{
    (void)waiter;
    if (!short_lock_try_acquire(&lock->lock))
        return EBUSY;
    int result = eresource_take_exclusive(lock, machine_self());
    short_lock_release(&lock->lock);
    return result == 0 ? 0 : EBUSY;
}

static inline int eresource_acquire_shared_with(struct eresource_lock *lock,
                                                struct eresource_waiter *waiter,
                                                enum eresource_sharing how)
{
    uint32_t self = machine_self();

    short_lock_acquire(&lock->lock);
    int result = eresource_take_shared(lock, self, how);
    if (result == EBUSY) {
        eresource_wait(lock, &lock->shared, waiter, self);
        return 0;
    }
    short_lock_release(&lock->lock);
    return result;
}

static inline int eresource_try_shared_with(struct eresource_lock *lock, enum eresource_sharing how)
{
    if (!short_lock_try_acquire(&lock->lock))
        return EBUSY;
    int result = eresource_take_shared(lock, machine_self(), how);
    short_lock_release(&lock->lock);
    return result == 0 ? 0 : EBUSY;
}

static inline struct eresource_waiter *eresource_leave_exclusive(struct eresource_lock *lock)
{
    uint32_t depth = plain_load(&lock->depth) - 1;

    plain_store(&lock->depth, depth);
    if (depth > 0)
        return NULL;
    plain_store(&lock->owner, 0);
    struct eresource_waiter *admitted = eresource_admit_shared(lock);
    return admitted != NULL ? admitted : eresource_admit_exclusive(lock);
}

static inline struct eresource_waiter *eresource_leave_shared(struct eresource_lock *lock,
                                                              uint32_t self)
{
    uint32_t count = plain_load(&lock->counts[self]) - 1;
    uint32_t sharing = plain_load(&lock->sharing);

    plain_store(&lock->counts[self], count);
    if (count > 0)
        return NULL;
    plain_store(&lock->sharing, sharing - 1);
    return sharing > 1 ? NULL : eresource_admit_exclusive(lock);
}

/* However it was acquired: the state says how it is held. */
static inline int eresource_release(struct eresource_lock *lock, struct eresource_waiter *waiter)
{
    uint32_t self = machine_self();
    struct eresource_waiter *admitted = NULL;
    int result = 0;

    (void)waiter;
    short_lock_acquire(&lock->lock);
    if (plain_load(&lock->owner) == self + 1)
        admitted = eresource_leave_exclusive(lock);
    else if (plain_load(&lock->counts[self]) > 0)
        admitted = eresource_leave_shared(lock, self);
    else
        result = EPERM;
    short_lock_release(&lock->lock);
    eresource_wake(admitted);
    return result;
}

/* The exclusive holder becomes a shared one, as often as it had it, and all who wait to share come
 * in. EPERM: the caller does not hold it exclusively. */
static inline int eresource_downgrade(struct eresource_lock *lock)
{
    uint32_t self = machine_self();

    short_lock_acquire(&lock->lock);
    if (plain_load(&lock->owner) != self + 1) {
        short_lock_release(&lock->lock);
        return EPERM;
    }
    plain_store(&lock->owner, 0);
    eresource_share(lock, self, plain_load(&lock->depth));
    plain_store(&lock->depth, 0);
    struct eresource_waiter *admitted = eresource_admit_shared(lock);
    short_lock_release(&lock->lock);
    eresource_wake(admitted);
    return 0;
}

/* ---- what can be asked (ExGetExclusiveWaiterCount and its kin); true at that moment only ---- */

static inline uint32_t eresource_ask(struct eresource_lock *lock, const uint32_t *field)
{
    short_lock_acquire(&lock->lock);
    uint32_t value = plain_load(field);
    short_lock_release(&lock->lock);
    return value;
}

static inline uint32_t eresource_exclusive_waiters(struct eresource_lock *lock)
{
    return eresource_ask(lock, &lock->exclusive.count);
}

static inline uint32_t eresource_shared_waiters(struct eresource_lock *lock)
{
    return eresource_ask(lock, &lock->shared.count);
}

/* How often the calling thread holds it, either way. */
static inline uint32_t eresource_count(struct eresource_lock *lock)
{
    uint32_t self = machine_self();

    short_lock_acquire(&lock->lock);
    uint32_t count = plain_load(&lock->owner) == self + 1 ? plain_load(&lock->depth)
                                                          : plain_load(&lock->counts[self]);
    short_lock_release(&lock->lock);
    return count;
}

static inline bool eresource_is_idle(struct eresource_lock *lock)
{
    return plain_load(&lock->owner) == 0 && plain_load(&lock->sharing) == 0 &&
           plain_load(&lock->shared.first) == NULL && plain_load(&lock->exclusive.first) == NULL &&
           short_lock_is_free(&lock->lock);
}

static inline unsigned eresource_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct eresource_lock *resource = lock;

    stats[0] = (struct lock_stat){"contentions", plain_load(&resource->contentions)};
    stats[1] = (struct lock_stat){"shared_waiters_most", plain_load(&resource->shared.most)};
    stats[2] = (struct lock_stat){"exclusive_waiters_most", plain_load(&resource->exclusive.most)};
    stats[3] = (struct lock_stat){"timeouts", plain_load(&resource->timeouts)};
    return 4;
}

static inline int eresource_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)parameters;
    eresource_init(lock, threads);
    return 0;
}

LOCK_ENTRIES_CHECKED(eresource, struct eresource_lock, struct eresource_waiter)
LOCK_ENTRY(eresource, downgrade, struct eresource_lock, struct eresource_waiter,
           return eresource_downgrade(lock))

/* The three locks, which differ in how they share. */
#define ERESOURCE(lock_name, how, description_, use_)                                         \
    LOCK_ENTRY(lock_name, acquire_shared, struct eresource_lock, struct eresource_waiter,     \
               return eresource_acquire_shared_with(lock, context, how))                      \
    LOCK_ENTRY(lock_name, try_acquire_shared, struct eresource_lock, struct eresource_waiter, \
               return eresource_try_shared_with(lock, how))                                   \
    static const struct lock_nt lock_name##_nt = {                                            \
        .name = "ERESOURCE", .irql = "<= APC, critical", .use = use_};                        \
    static const struct lock_ops lock_name##_ops = {                                          \
        .name = #lock_name,                                                                   \
        .family = "nt",                                                                       \
        .description = description_,                                                          \
        .source = "documentation of ExAcquireResourceExclusiveLite; NT 5.2",                  \
        .nt = &lock_name##_nt,                                                                \
        .traits = LOCK_UNFAIR | LOCK_SLEEPS | LOCK_SHARED | LOCK_DOWNGRADE | LOCK_RECURSIVE | \
                  LOCK_OWNER_CHECKED,                                                         \
        .size = sizeof(struct eresource_lock),                                                \
        .size_per_thread = sizeof(uint32_t),                                                  \
        .context_size = sizeof(struct eresource_waiter),                                      \
        .init = eresource_entry_init,                                                         \
        LOCK_ENTRIES_OF(eresource),                                                           \
        .acquire_shared = lock_name##_entry_acquire_shared,                                   \
        .try_acquire_shared = lock_name##_entry_try_acquire_shared,                           \
        .release_shared = eresource_entry_release,                                            \
        .downgrade = eresource_entry_downgrade,                                               \
        .stats = eresource_stats,                                                             \
    };

ERESOURCE(eresource, ERESOURCE_SHARED, "owners, counts; sharers and exclusive take turns",
          "file systems; long holds")
ERESOURCE(eresource_starve_exclusive, ERESOURCE_STARVE_EXCLUSIVE,
          "eresource whose sharers pass an exclusive waiter", "sharers who can't wait")
ERESOURCE(eresource_wait_exclusive, ERESOURCE_WAIT_EXCLUSIVE,
          "eresource whose sharers wait, even when they have it", "writers before new sharers")

#endif

#ifdef LOCK
LOCK(eresource)
LOCK(eresource_starve_exclusive)
LOCK(eresource_wait_exclusive)
#endif
