/* Several locks of one kind, taken one within the other as if they were one lock: what `--nested`
 * measures. The one taken last guards what lies under them all.
 *
 * Written against the machine interface, like the locks, and compiled for each machine. Every lock
 * has its place as its rank, and a thread asks the order (locks/lock_order.h) before it takes one:
 * a thread that goes the other way is refused with EDEADLK and let go again, and nobody hangs. */
#ifndef BENCH_NESTED_H
#define BENCH_NESTED_H

#include "bench/findings.h"
#include "bench/workload.h"
#include "locks/lock.h"
#include "locks/lock_order.h"

struct nested {
    struct lock_ops ops; /* to use them all through; `lock` is then this, and the context has
                            LOCK_CONTEXT_SIZE bytes for each of them */
    const struct lock_ops *inner;
    unsigned count;
    bool mixed; /* threads of odd numbers take them in the opposite order */
    char *locks;
    size_t stride; /* from one to the next */
    struct lock_order order;
    struct order_refusal *refusals; /* one a thread */
};

/* Bytes of one lock for so many threads, and from there to the next. */
static inline size_t nested_bytes_of_one(const struct lock_ops *inner, unsigned threads)
{
    return inner->size + threads * inner->size_per_thread;
}

static inline size_t nested_stride(const struct lock_ops *inner, unsigned threads)
{
    return (nested_bytes_of_one(inner, threads) + MACHINE_APART - 1) / MACHINE_APART *
           MACHINE_APART;
}

/* Bytes of so many locks; behind the last there is no room left free. */
static inline size_t nested_bytes(const struct lock_ops *inner, unsigned threads, unsigned count)
{
    return (count - 1) * nested_stride(inner, threads) + nested_bytes_of_one(inner, threads);
}

static inline void *nested_lock(const struct nested *nested, unsigned rank)
{
    return nested->locks + rank * nested->stride;
}

static inline void *nested_context(void *contexts, unsigned rank)
{
    return (char *)contexts + rank * LOCK_CONTEXT_SIZE;
}

/* The rank of the lock that the calling thread takes as its `place`th. */
static inline unsigned nested_rank(const struct nested *nested, unsigned place)
{
    return nested->mixed && machine_self() % 2 == 1 ? nested->count - 1 - place : place;
}

static inline int nested_take(struct nested *nested, unsigned rank, void *contexts, bool shared)
{
    void *lock = nested_lock(nested, rank), *context = nested_context(contexts, rank);
    int error = lock_order_acquire(&nested->order, rank);

    if (error == EDEADLK) {
        struct order_refusal *refusal = &nested->refusals[machine_self()];
        refusal->asked = rank;
        refusal->refused = lock_order_highest(&nested->order, &refusal->held);
    }
    if (error != 0)
        return error;
    error = shared ? nested->inner->acquire_shared(lock, context)
                   : nested->inner->acquire(lock, context);
    if (error != 0)
        lock_order_release(&nested->order, rank);
    return error;
}

/* Gives back the first `count` that the thread took, the last of them first; returns the first
 * error. */
static inline int nested_give_back(struct nested *nested, unsigned count, void *contexts,
                                   bool shared)
{
    int first = 0;

    while (count-- > 0) {
        unsigned rank = nested_rank(nested, count);
        void *lock = nested_lock(nested, rank), *context = nested_context(contexts, rank);
        int error = shared ? nested->inner->release_shared(lock, context)
                           : nested->inner->release(lock, context);
        int disorder = lock_order_release(&nested->order, rank);
        error = error != 0 ? error : disorder;
        first = first != 0 ? first : error;
    }
    return first;
}

static inline int nested_take_all(struct nested *nested, void *contexts, bool shared)
{
    for (unsigned place = 0; place < nested->count; place++) {
        int error = nested_take(nested, nested_rank(nested, place), contexts, shared);
        if (error != 0) {
            nested_give_back(nested, place, contexts, shared);
            return error;
        }
    }
    return 0;
}

static inline int nested_acquire(void *lock, void *contexts)
{
    return nested_take_all(lock, contexts, false);
}

static inline int nested_acquire_shared(void *lock, void *contexts)
{
    return nested_take_all(lock, contexts, true);
}

static inline int nested_release(void *lock, void *contexts)
{
    return nested_give_back(lock, ((struct nested *)lock)->count, contexts, false);
}

static inline int nested_release_shared(void *lock, void *contexts)
{
    return nested_give_back(lock, ((struct nested *)lock)->count, contexts, true);
}

static inline bool nested_is_idle(void *lock)
{
    struct nested *nested = lock;
    bool idle = true;

    for (unsigned i = 0; i < nested->count; i++)
        idle = idle && nested->inner->is_idle(nested_lock(nested, i));
    return idle;
}

/* The sum over all of them: being of one kind, they count the same things. */
static inline unsigned nested_stats(void *lock, struct lock_stat stats[LOCK_STATS_MOST])
{
    struct nested *nested = lock;
    unsigned count = nested->inner->stats(nested_lock(nested, 0), stats);

    for (unsigned i = 1; i < nested->count; i++) {
        struct lock_stat more[LOCK_STATS_MOST];
        nested->inner->stats(nested_lock(nested, i), more);
        for (unsigned j = 0; j < count; j++)
            stats[j].value += more[j].value;
    }
    return count;
}

/* Makes workload->nested locks in `locks` (nested_bytes() of them), for so many threads, each with
 * its own `order` and `refusals`, which are zero. Returns what a lock's init returns. */
static inline int nested_init(struct nested *nested, const struct lock_ops *inner,
                              const struct repetition *repetition, void *locks,
                              struct lock_order_thread *order, struct order_refusal *refusals)
{
    const unsigned threads = repetition->threads;

    *nested = (struct nested){
        .ops = {.name = inner->name,
                .traits = inner->traits,
                .acquire = nested_acquire,
                .release = nested_release,
                .acquire_shared = inner->acquire_shared == NULL ? NULL : nested_acquire_shared,
                .release_shared = inner->release_shared == NULL ? NULL : nested_release_shared,
                .is_idle = nested_is_idle,
                .stats = inner->stats == NULL ? NULL : nested_stats},
        .inner = inner,
        .count = repetition->workload.nested,
        .mixed = repetition->workload.mixed,
        .locks = locks,
        .stride = nested_stride(inner, threads),
        .refusals = refusals,
    };
    lock_order_init(&nested->order, threads, order);
    for (unsigned i = 0; i < nested->count; i++) {
        int error = inner->init(nested_lock(nested, i), threads, repetition->lock.parameters);
        if (error != 0)
            return error;
    }
    return 0;
}

#endif
