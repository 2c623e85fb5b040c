/* broken_tts: test, THEN set. A wrong lock.
 *
 * Guarantees nothing: between the load that sees the lock free and the store that takes it, another
 * thread may see it free as well. It is the negative control: a suite that does not catch it can't
 * be believed about the others. Its accesses are atomic, so the fault is in the algorithm only and
 * C11 defines what happens.
 *
 * Source: the mistake is an old one; articles on NT spin locks show it as the naive form. */
#ifndef LOCKS_BROKEN_TTS_H
#define LOCKS_BROKEN_TTS_H

#include "lock.h"

struct broken_tts_lock {
    WORD(uint32_t) held;
};

static inline void broken_tts_init(struct broken_tts_lock *lock)
{
    word_init(&lock->held, 0);
}

static inline void broken_tts_acquire(struct broken_tts_lock *lock)
{
    word_await_equal(&lock->held, 0, relaxed);
    word_store(&lock->held, 1, relaxed);
}

static inline bool broken_tts_try_acquire(struct broken_tts_lock *lock)
{
    if (word_load(&lock->held, relaxed) != 0)
        return false;
    word_store(&lock->held, 1, relaxed);
    return true;
}

static inline void broken_tts_release(struct broken_tts_lock *lock)
{
    word_store(&lock->held, 0, relaxed);
}

static inline bool broken_tts_is_idle(struct broken_tts_lock *lock)
{
    return word_load(&lock->held, relaxed) == 0;
}

LOCK_ENTRY_INIT(broken_tts, struct broken_tts_lock)
LOCK_ENTRIES(broken_tts, struct broken_tts_lock)

static const struct lock_nt broken_tts_nt = {
    .name = "KSPIN_LOCK, wrong form",
    .irql = "DISPATCH",
    .use = "nowhere: it does not exclude",
};

static const struct lock_ops broken_tts_ops = {
    .name = "broken_tts",
    .family = "negative control",
    .description = "WRONG on purpose: test, then set",
    .source = "the naive form shown in articles on NT spin locks",
    .nt = &broken_tts_nt,
    .traits = LOCK_UNFAIR | LOCK_SPINS | LOCK_BROKEN,
    .size = sizeof(struct broken_tts_lock),
    .init = broken_tts_entry_init,
    LOCK_ENTRIES_OF(broken_tts),
};

#endif

#ifdef LOCK
LOCK(broken_tts)
#endif
