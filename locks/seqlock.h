/* seqlock: a sequence lock: readers write nothing, and read again when a writer came in between.
 *
 * Guarantees that a writer is alone among writers, and that a reader which was let go has read what
 * lay there at one moment. It does not keep writers away from readers: what lies under it is read
 * and written by relaxed atomic accesses, a reader must be able to bear any mixture of old and new
 * until its release says that there was none, and it must not follow pointers to what a writer may
 * have freed. Readers wait for a writer that is at work; with writers that come without end they
 * may read again for ever. Writers spin, in no order.
 *
 * The sequence is even while nobody writes, and odd while somebody does. Each writer makes it
 * larger by two. 64 bits never wrap around under a reader; 32 could, while it is preempted.
 *
 * Memory orders. The body's accesses are relaxed, so that the sequence alone orders them:
 * - A reader whose first look saw what a writer left must read what that writer wrote: the writer's
 *   last store is a release, the reader's first load an acquire.
 * - A reader that read anything of a writer's must see in its last look that this writer came. It
 * is the reverse of the above: the flag (odd) is stored before the data, the data are read before
 * the flag. A release on the store of the flag would order what comes before it, and an acquire on
 * the last load what comes after it, both the wrong way round; what is needed is a release fence
 *   between the flag and the writer's stores, and an acquire fence between the reader's loads and
 *   its last look, which synchronise through any one of the data. That look itself can be relaxed.
 *
 * Source: Linux's seqlock; the orders are those of H.-J. Boehm, "Can Seqlocks Get Along With
 * Programming Language Memory Models?", MSPC 2012, in its form with fences. */
#ifndef LOCKS_SEQLOCK_H
#define LOCKS_SEQLOCK_H

#include "lock.h"

struct seqlock {
    WORD(uint64_t) sequence;
};

/* Of a reader. */
struct seqlock_context {
    uint64_t sequence; /* when it began */
};

static inline void seqlock_init(struct seqlock *lock)
{
    word_init(&lock->sequence, 0);
}

static inline bool seqlock_is_written(uint64_t sequence)
{
    return sequence % 2 == 1;
}

/* acquire: what the last writer did, whose release is the store of the number found. The fence
 * keeps the writer's stores behind the odd number; see above. */
static inline bool seqlock_begin_write(struct seqlock *lock, uint64_t *seen)
{
    if (!word_compare_exchange(&lock->sequence, seen, *seen + 1, acquire, relaxed))
        return false;
    machine_fence(release);
    return true;
}

/* The number is relaxed wherever it only says whether there is something to wait for. */
static inline void seqlock_acquire(struct seqlock *lock)
{
    uint64_t seen = word_load(&lock->sequence, relaxed);

    for (;;) {
        if (seqlock_is_written(seen))
            seen = word_await_differ(&lock->sequence, seen, relaxed);
        else if (seqlock_begin_write(lock, &seen))
            return;
    }
}

static inline bool seqlock_try_acquire(struct seqlock *lock)
{
    uint64_t seen = word_load(&lock->sequence, relaxed);

    return !seqlock_is_written(seen) && seqlock_begin_write(lock, &seen);
}

/* Only the writer writes the number while it is odd. release: to the next writer, and to readers.
 */
static inline void seqlock_release(struct seqlock *lock)
{
    word_store(&lock->sequence, word_load(&lock->sequence, relaxed) + 1, release);
}

/* acquire: pairs with the release of the writer that left this number. */
static inline int seqlock_acquire_shared(struct seqlock *lock, struct seqlock_context *context)
{
    uint64_t seen = word_load(&lock->sequence, acquire);

    while (seqlock_is_written(seen))
        seen = word_await_differ(&lock->sequence, seen, acquire);
    plain_store(&context->sequence, seen);
    return 0;
}

static inline int seqlock_try_acquire_shared(struct seqlock *lock, struct seqlock_context *context)
{
    uint64_t seen = word_load(&lock->sequence, acquire);

    if (seqlock_is_written(seen))
        return EBUSY;
    plain_store(&context->sequence, seen);
    return 0;
}

/* Whether a writer came in since; the fence pairs with the one of seqlock_begin_write(). */
static inline int seqlock_release_shared(struct seqlock *lock, struct seqlock_context *context)
{
    machine_fence(acquire);
    return word_load(&lock->sequence, relaxed) == plain_load(&context->sequence) ? 0 : EAGAIN;
}

static inline bool seqlock_is_idle(struct seqlock *lock)
{
    return !seqlock_is_written(word_load(&lock->sequence, relaxed));
}

LOCK_ENTRY_INIT(seqlock, struct seqlock)
LOCK_ENTRIES(seqlock, struct seqlock)
LOCK_ENTRIES_SHARED_CHECKED(seqlock, struct seqlock, struct seqlock_context)

static const struct lock_ops seqlock_ops = {
    .name = "seqlock",
    .family = "reader-writer",
    .description = "readers write nothing, and read again after a writer",
    .source = "Linux's seqlock; orders: Boehm, MSPC 2012",
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_SHARED | LOCK_READERS_RETRY,
    .size = sizeof(struct seqlock),
    .context_size = sizeof(struct seqlock_context),
    .init = seqlock_entry_init,
    LOCK_ENTRIES_OF(seqlock),
    LOCK_ENTRIES_SHARED_OF(seqlock),
};

#endif

#ifdef LOCK
LOCK(seqlock)
#endif
