/* wdf_spin: ttas in a guarded region, whose level is kept in the lock. Known as a spin lock
 * (WDFSPINLOCK) of the Windows driver framework.
 *
 * Guarantees exclusion, and that asynchronous calls to the holder are held off meanwhile; no order
 * among waiters, who are busy. Not recursive. The real one raises to DISPATCH_LEVEL, which user
 * space can't; what it can hold off are calls to its own thread.
 *
 * Source: the documentation of WdfSpinLockAcquire; ttas.h. */
#ifndef LOCKS_NT_WDF_SPIN_H
#define LOCKS_NT_WDF_SPIN_H

#include "../ttas.h"

struct wdf_spin_lock {
    struct ttas_lock spin;
    uint32_t irql; /* how deep the holder was in guarded regions */
};

static inline void wdf_spin_init(struct wdf_spin_lock *lock)
{
    ttas_init(&lock->spin);
    plain_store(&lock->irql, 0);
}

static inline void wdf_spin_acquire(struct wdf_spin_lock *lock)
{
    uint32_t irql = machine_apc_disable();

    ttas_acquire(&lock->spin);
    plain_store(&lock->irql, irql);
}

static inline bool wdf_spin_try_acquire(struct wdf_spin_lock *lock)
{
    uint32_t irql = machine_apc_disable();

    if (ttas_try_acquire(&lock->spin)) {
        plain_store(&lock->irql, irql);
        return true;
    }
    machine_apc_enable();
    return false;
}

static inline void wdf_spin_release(struct wdf_spin_lock *lock)
{
    ttas_release(&lock->spin);
    machine_apc_enable();
}

static inline bool wdf_spin_is_idle(struct wdf_spin_lock *lock)
{
    return ttas_is_idle(&lock->spin);
}

LOCK_ENTRY_INIT(wdf_spin, struct wdf_spin_lock)
LOCK_ENTRIES(wdf_spin, struct wdf_spin_lock)

static const struct lock_nt wdf_spin_nt = {
    .name = "WDFSPINLOCK",
    .irql = "DISPATCH",
    .use = "drivers of the framework",
};

static const struct lock_ops wdf_spin_ops = {
    .name = "wdf_spin",
    .family = "nt",
    .description = "ttas in a guarded region",
    .source = "documentation of WdfSpinLockAcquire",
    .nt = &wdf_spin_nt,
    .traits = LOCK_UNFAIR | LOCK_SPINS,
    .size = sizeof(struct wdf_spin_lock),
    .init = wdf_spin_entry_init,
    LOCK_ENTRIES_OF(wdf_spin),
};

#endif

#ifdef LOCK
LOCK(wdf_spin)
#endif
