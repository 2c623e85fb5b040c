/* rcu_memb, rcu_mb, rcu_qsbr, rcu_bp: liburcu's flavours of read-copy-update, as the yardstick for
 * readers: they wait for nobody.
 *
 * Guarantees that writers exclude each other (by a mutex), and that the release of a writer returns
 * only when every reader has gone that may have seen what the writer unpublished (a grace period).
 * Readers run beside a writer, so that it is the writer who keeps the data whole: it fills a copy
 * that nobody sees, publishes it by one store, releases, and only then reuses what was there
 * before. The mutex is given back before the grace period begins, so that several writers wait for
 * one together. Readers may be nested; one that writes within its own reading waits for itself for
 * ever.
 *
 * - rcu_memb: readers execute no fence; a writer interrupts all CPUs instead (membarrier(2)).
 * - rcu_mb: readers execute two full fences, and nobody is interrupted.
 * - rcu_qsbr: readers do nothing at all. A thread says now and then that it reads nothing, here at
 *   each shared release, and goes offline while it may wait; a grace period waits for every thread
 *   that is online, also for one that is busy with something else.
 * - rcu_bp: as rcu_memb, and threads register themselves when they first read, which costs each
 *   reader a look whether it has.
 *
 * The library is under the LGPL: its functions are called, unless the program is compiled with
 * _LGPL_SOURCE defined, which inlines them and is for programs whose licence allows it.
 *
 * Source: liburcu; M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level
 * Implementations of Read-Copy Update", IEEE TPDS 2012. */
#ifndef LOCKS_RCU_H
#define LOCKS_RCU_H

#include <pthread.h>
#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#include "lock.h"

/* The readers' side is the library's own, of one process, whatever the lock. */
struct rcu_lock {
    pthread_mutex_t writers;
};

static inline int rcu_entry_init(void *lock, unsigned threads, const uint64_t *parameters)
{
    (void)threads;
    (void)parameters;
    return pthread_mutex_init(&((struct rcu_lock *)lock)->writers, NULL);
}

static inline void rcu_entry_destroy(void *lock)
{
    pthread_mutex_destroy(&((struct rcu_lock *)lock)->writers);
}

static inline bool rcu_entry_is_idle(void *lock)
{
    pthread_mutex_t *writers = &((struct rcu_lock *)lock)->writers;

    return pthread_mutex_trylock(writers) == 0 && pthread_mutex_unlock(writers) == 0;
}

/* What only one of the flavours has to do. */
static inline void rcu_nothing(void)
{
}

static inline void rcu_qsbr_leave(void)
{
    urcu_qsbr_read_unlock();
    urcu_qsbr_quiescent_state();
}

/* A writer is offline while it waits for the mutex and while it has it: it would hold up the grace
 * period of another writer, and it reads nothing that anybody else could unpublish. */
#define RCU_LOCK(lock_name, read_lock, read_unlock, synchronize, go_offline, go_online,      \
                 description_, ...)                                                          \
    static inline int lock_name##_entry_acquire(void *lock, void *context)                   \
    {                                                                                        \
        (void)context;                                                                       \
        go_offline();                                                                        \
        return pthread_mutex_lock(&((struct rcu_lock *)lock)->writers);                      \
    }                                                                                        \
    static inline int lock_name##_entry_try_acquire(void *lock, void *context)               \
    {                                                                                        \
        (void)context;                                                                       \
        int error = pthread_mutex_trylock(&((struct rcu_lock *)lock)->writers);              \
        if (error == 0)                                                                      \
            go_offline();                                                                    \
        return error;                                                                        \
    }                                                                                        \
    static inline int lock_name##_entry_release(void *lock, void *context)                   \
    {                                                                                        \
        (void)context;                                                                       \
        int error = pthread_mutex_unlock(&((struct rcu_lock *)lock)->writers);               \
        synchronize();                                                                       \
        go_online();                                                                         \
        return error;                                                                        \
    }                                                                                        \
    LOCK_ENTRY(lock_name, acquire_shared, void, void, (void)lock; read_lock(); return 0)     \
    LOCK_ENTRY(lock_name, try_acquire_shared, void, void, (void)lock; read_lock(); return 0) \
    LOCK_ENTRY(lock_name, release_shared, void, void, (void)lock; read_unlock(); return 0)   \
    static const struct lock_ops lock_name##_ops = {                                         \
        .name = #lock_name,                                                                  \
        .family = "reader-writer",                                                           \
        .description = description_,                                                         \
        .source = "liburcu; Desnoyers et al., IEEE TPDS 2012",                               \
        .traits = LOCK_UNFAIR | LOCK_SLEEPS | LOCK_SHARED | LOCK_READERS_BESIDE_WRITER |     \
                  LOCK_NATIVE_ONLY | LOCK_ONE_PROCESS,                                       \
        .size = sizeof(struct rcu_lock),                                                     \
        .init = rcu_entry_init,                                                              \
        .destroy = rcu_entry_destroy,                                                        \
        .is_idle = rcu_entry_is_idle,                                                        \
        .acquire = lock_name##_entry_acquire,                                                \
        .try_acquire = lock_name##_entry_try_acquire,                                        \
        .release = lock_name##_entry_release,                                                \
        LOCK_ENTRIES_SHARED_OF(lock_name),                                                   \
        __VA_ARGS__,                                                                         \
    };

RCU_LOCK(rcu_memb, urcu_memb_read_lock, urcu_memb_read_unlock, urcu_memb_synchronize_rcu,
         rcu_nothing, rcu_nothing, "readers run beside a writer, who interrupts all CPUs",
         .thread_begins = urcu_memb_register_thread, .thread_ends = urcu_memb_unregister_thread)
RCU_LOCK(rcu_mb, urcu_mb_read_lock, urcu_mb_read_unlock, urcu_mb_synchronize_rcu, rcu_nothing,
         rcu_nothing, "rcu_memb whose readers execute full fences",
         .thread_begins = urcu_mb_register_thread, .thread_ends = urcu_mb_unregister_thread)
RCU_LOCK(rcu_qsbr, urcu_qsbr_read_lock, rcu_qsbr_leave, urcu_qsbr_synchronize_rcu,
         urcu_qsbr_thread_offline, urcu_qsbr_thread_online,
         "rcu whose readers say at times that they read nothing",
         .thread_begins = urcu_qsbr_register_thread, .thread_ends = urcu_qsbr_unregister_thread)
RCU_LOCK(rcu_bp, urcu_bp_read_lock, urcu_bp_read_unlock, urcu_bp_synchronize_rcu, rcu_nothing,
         rcu_nothing, "rcu_memb whose threads need not register", .thread_begins = NULL)

#endif

#ifdef LOCK
LOCK(rcu_memb)
LOCK(rcu_mb)
LOCK(rcu_qsbr)
LOCK(rcu_bp)
#endif
