/* dispatcher: objects that threads wait for, one or several at a time. What KeWaitForSingleObject,
 * KeWaitForMultipleObjects and the objects of NT's kernel (KMUTEX, KSEMAPHORE, KEVENT, ...) are.
 *
 * An object has a state and a queue of wait blocks, first come, first served. Who signals it gives
 * the state to the first waiter ON ITS BEHALF and then wakes it (direct hand-off): nobody can take
 * it in between, and a thread that wakes up has what it waited for.
 *
 * - Waiting for any takes the signalled object with the lowest index, and nothing of the others.
 * - Waiting for all takes nothing until all are signalled, and then all at once. A signal makes
 * such a waiter test all its objects again; it does not lose its place in any queue.
 * - A wait that gives up takes nothing.
 *
 * One lock for all objects (DISPATCHER_GLOBAL, as in NT up to 6.0), or one an object
 * (DISPATCHER_PER_OBJECT). With the latter a signaller can't look at a waiter's other objects, so
 * one that waits for all is woken to test them itself, and another thread may be faster.
 *
 * All memory (dispatcher, objects, waiters, blocks) may be shared by processes if it lies at the
 * same address in each. Threads are told apart by machine_self().
 *
 * Source: the documentation of KeWaitForMultipleObjects and the objects' own; the rules are those
 * of NT 5.2. */
#ifndef LOCKS_NT_DISPATCHER_H
#define LOCKS_NT_DISPATCHER_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "short_lock.h"

/* The most objects of one wait; NT's MAXIMUM_WAIT_OBJECTS. */
#define DISPATCHER_OBJECTS_MOST 64

enum dispatcher_locking { DISPATCHER_GLOBAL, DISPATCHER_PER_OBJECT };

enum dispatcher_type {
    DISPATCHER_MUTEX,     /* one owner, who may take it again */
    DISPATCHER_SEMAPHORE, /* permits, up to a limit */
    /* Synchronization: a wait that succeeds resets it. */
    DISPATCHER_EVENT_SYNC,
    DISPATCHER_TIMER_SYNC,
    /* Notification: stays set until it is reset. */
    DISPATCHER_EVENT_NOTIFY,
    DISPATCHER_TIMER_NOTIFY,
    DISPATCHER_THREAD,  /* set when the thread has ended, */
    DISPATCHER_PROCESS, /* or the process, */
    DISPATCHER_FILE,    /* or the I/O is complete */
};

struct dispatcher_block;

struct dispatcher_object {
    struct short_lock lock; /* with DISPATCHER_PER_OBJECT: of all below */
    enum dispatcher_type type;
    int32_t state;      /* mutex: 1 free, 0 owned, below that how often more; semaphore: permits;
                           synchronization: 0 or 1 */
    WORD(uint32_t) set; /* notification: see dispatcher_put_state() */
    int32_t limit;      /* semaphore */
    uint32_t owner;     /* mutex: number + 1; 0: nobody */
    uint32_t level;     /* mutex: its place in an order; 0: none */
    bool abandoned;     /* mutex: its last owner ended without releasing it */
    struct dispatcher_object *next_owned;  /* mutex: in its owner's list */
    struct dispatcher_block *first, *last; /* who waits */
};

/* What a thread owns. Touched by that thread only. */
struct dispatcher_thread {
    struct dispatcher_object *owned; /* mutexes */
};

struct dispatcher {
    struct short_lock lock; /* with DISPATCHER_GLOBAL: of all objects */
    enum dispatcher_locking locking;
    struct dispatcher_thread *threads; /* NULL: there are no mutexes */
};

/* A place in one object's queue. */
struct dispatcher_block {
    struct dispatcher_block *next, *previous;
    struct dispatcher_object *object;
    struct dispatcher_waiter *waiter;
    uint32_t key; /* its index among the objects of the wait */
    bool queued;
};

/* What a waiter's state says. DONE and what follows: it has what it waited for, see waiter_done().
 */
enum { WAITER_AWAKE, WAITER_ASLEEP, WAITER_RETEST, WAITER_DONE };

/* One thread's wait; on its stack, or wherever the others can reach it. Needs no initialisation. */
struct dispatcher_waiter {
    WORD(uint32_t) state;
    uint32_t self, count;
    bool all;
    struct dispatcher_block *blocks; /* `count` of them */
    struct dispatcher_block block;   /* the one, where there is only one */
};

/* ---- making things; before any other thread can reach them ---- */

/* `threads`: one for each number of a thread, zeroed; NULL where there are no mutexes. */
static inline void dispatcher_init(struct dispatcher *dispatcher, enum dispatcher_locking locking,
                                   struct dispatcher_thread *threads)
{
    short_lock_init(&dispatcher->lock);
    plain_store(&dispatcher->locking, locking);
    plain_store(&dispatcher->threads, threads);
}

/* Any object. `state`: 0 or 1 (a mutex: 1, free; a semaphore: its permits). */
static inline void dispatcher_object_init(struct dispatcher_object *object,
                                          enum dispatcher_type type, int32_t state)
{
    short_lock_init(&object->lock);
    plain_store(&object->type, type);
    plain_store(&object->state, state);
    word_init(&object->set, (uint32_t)state);
    plain_store(&object->limit, INT_MAX);
    plain_store(&object->owner, 0);
    plain_store(&object->level, 0);
    plain_store(&object->abandoned, false);
    plain_store(&object->next_owned, NULL);
    plain_store(&object->first, NULL);
    plain_store(&object->last, NULL);
}

/* `level`: above 0, a thread may only acquire it while every mutex that it owns has a lower one. */
static inline void dispatcher_mutex_init(struct dispatcher_object *mutex, uint32_t level)
{
    dispatcher_object_init(mutex, DISPATCHER_MUTEX, 1);
    plain_store(&mutex->level, level);
}

static inline void dispatcher_semaphore_init(struct dispatcher_object *semaphore, int32_t permits,
                                             int32_t limit)
{
    dispatcher_object_init(semaphore, DISPATCHER_SEMAPHORE, permits);
    plain_store(&semaphore->limit, limit);
}

/* ---- locking ---- */

static inline struct short_lock *dispatcher_lock_of(struct dispatcher *dispatcher,
                                                    struct dispatcher_object *object)
{
    return plain_load(&dispatcher->locking) == DISPATCHER_GLOBAL ? &dispatcher->lock
                                                                 : &object->lock;
}

/* Several objects, in the order of their addresses, so that no two threads wait for each other. */
static inline void dispatcher_lock_all(struct dispatcher *dispatcher,
                                       struct dispatcher_object *const *sorted, unsigned count)
{
    if (plain_load(&dispatcher->locking) == DISPATCHER_GLOBAL) {
        short_lock_acquire(&dispatcher->lock);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        short_lock_acquire(&sorted[i]->lock);
}

static inline void dispatcher_unlock_all(struct dispatcher *dispatcher,
                                         struct dispatcher_object *const *sorted, unsigned count)
{
    if (plain_load(&dispatcher->locking) == DISPATCHER_GLOBAL) {
        short_lock_release(&dispatcher->lock);
        return;
    }
    for (unsigned i = count; i-- > 0;)
        short_lock_release(&sorted[i]->lock);
}

/* ---- queues; under the object's lock ---- */

static inline void dispatcher_enqueue(struct dispatcher_object *object,
                                      struct dispatcher_block *block,
                                      struct dispatcher_waiter *waiter, uint32_t key)
{
    struct dispatcher_block *last = plain_load(&object->last);

    plain_store(&block->next, NULL);
    plain_store(&block->previous, last);
    plain_store(&block->object, object);
    plain_store(&block->waiter, waiter);
    plain_store(&block->key, key);
    plain_store(&block->queued, true);
    if (last == NULL)
        plain_store(&object->first, block);
    else
        plain_store(&last->next, block);
    plain_store(&object->last, block);
}

static inline void dispatcher_unlink(struct dispatcher_block *block)
{
    struct dispatcher_object *object = plain_load(&block->object);
    struct dispatcher_block *next = plain_load(&block->next);
    struct dispatcher_block *previous = plain_load(&block->previous);

    if (!plain_load(&block->queued))
        return;
    plain_store(&block->queued, false);
    if (previous == NULL)
        plain_store(&object->first, next);
    else
        plain_store(&previous->next, next);
    if (next == NULL)
        plain_store(&object->last, previous);
    else
        plain_store(&next->previous, previous);
}

static inline void dispatcher_unlink_all(struct dispatcher_waiter *waiter)
{
    struct dispatcher_block *blocks = plain_load(&waiter->blocks);

    for (uint32_t i = 0; i < plain_load(&waiter->count); i++)
        dispatcher_unlink(&blocks[i]);
}

/* ---- states; under the object's lock ---- */

static inline bool dispatcher_is_notification(enum dispatcher_type type)
{
    return type >= DISPATCHER_EVENT_NOTIFY;
}

/* The number of no thread. */
#define DISPATCHER_NOBODY (UINT32_MAX - 1)

/* Whether the thread may have it now. acquire: pairs with the release of a set that found it set
 * already, and took no lock. */
static inline bool dispatcher_is_signalled(struct dispatcher_object *object, uint32_t self)
{
    enum dispatcher_type type = plain_load(&object->type);

    if (dispatcher_is_notification(type))
        return word_load(&object->set, acquire) != 0;
    return plain_load(&object->state) > 0 ||
           (type == DISPATCHER_MUTEX && plain_load(&object->owner) == self + 1);
}

/* The thread takes what it waited for. Returns 0, or EOWNERDEAD: what the last owner of the mutex
 * left behind may be half done. */
static inline int dispatcher_consume(struct dispatcher_object *object, uint32_t self)
{
    enum dispatcher_type type = plain_load(&object->type);

    if (dispatcher_is_notification(type))
        return 0;
    plain_store(&object->state, plain_load(&object->state) - 1);
    if (type != DISPATCHER_MUTEX)
        return 0;
    bool abandoned = plain_load(&object->abandoned);
    plain_store(&object->owner, self + 1);
    plain_store(&object->abandoned, false);
    return abandoned ? EOWNERDEAD : 0;
}

static inline uint32_t dispatcher_highest_level(struct dispatcher *dispatcher, uint32_t self)
{
    uint32_t highest = 0;

    for (struct dispatcher_object *mutex = plain_load(&dispatcher->threads[self].owned);
         mutex != NULL; mutex = plain_load(&mutex->next_owned)) {
        uint32_t level = plain_load(&mutex->level);
        highest = level > highest ? level : highest;
    }
    return highest;
}

/* What is wrong with the thread's wanting the object, or 0. */
static inline int dispatcher_objection(struct dispatcher *dispatcher,
                                       struct dispatcher_object *object, uint32_t self)
{
    if (plain_load(&object->type) != DISPATCHER_MUTEX)
        return 0;
    if (plain_load(&object->owner) == self + 1)
        return plain_load(&object->state) == INT_MIN ? EOVERFLOW : 0;
    uint32_t level = plain_load(&object->level);
    return level > 0 && level <= dispatcher_highest_level(dispatcher, self) ? EDEADLK : 0;
}

/* ---- waking; under the object's lock ---- */

/* Threads to wake when no lock is held any more; a system call under it would make all others wait
 * for the kernel, too. Beyond what there is room for, they are woken at once. */
struct dispatcher_wakes {
    WORD(uint32_t) * words[8];
    unsigned count;
};

static inline void dispatcher_wake_later(struct dispatcher_wakes *wakes, WORD(uint32_t) * word)
{
    if (wakes->count < sizeof wakes->words / sizeof wakes->words[0])
        wakes->words[wakes->count++] = word;
    else
        machine_futex_wake(word, 1);
}

static inline void dispatcher_wake_now(const struct dispatcher_wakes *wakes)
{
    for (unsigned i = 0; i < wakes->count; i++)
        machine_futex_wake(wakes->words[i], 1);
}

static inline uint32_t waiter_done(uint32_t key, bool abandoned)
{
    return WAITER_DONE + 2 * key + abandoned;
}

/* Moves a waiter on; false: it has what it waited for already, by another of its objects, whose
 * lock is another one. release: the waiter must see what the signaller did. From here on the waiter
 * may be gone, unless an object of its wait is still locked. */
static inline bool dispatcher_advance(struct dispatcher *dispatcher,
                                      struct dispatcher_waiter *waiter, uint32_t state,
                                      struct dispatcher_wakes *wakes)
{
    WORD(uint32_t) *word = &waiter->state;
    uint32_t seen = WAITER_ASLEEP;

    if (plain_load(&dispatcher->locking) == DISPATCHER_GLOBAL) {
        seen = word_exchange(word, state, release);
        if (seen == WAITER_ASLEEP)
            dispatcher_wake_later(wakes, word);
        return true;
    }
    while (!word_compare_exchange(word, &seen, state, release, relaxed)) {
        if (seen >= WAITER_DONE || seen == state)
            return false;
    }
    if (seen == WAITER_ASLEEP)
        dispatcher_wake_later(wakes, word);
    return true;
}

/* One that waits for any gets the object. Its blocks are unlinked before it is told, because it may
 * then be gone; with a lock an object it unlinks the others itself. */
static inline void dispatcher_satisfy_any(struct dispatcher *dispatcher,
                                          struct dispatcher_object *object,
                                          struct dispatcher_block *block,
                                          struct dispatcher_wakes *wakes)
{
    struct dispatcher_waiter *waiter = plain_load(&block->waiter);
    uint32_t self = plain_load(&waiter->self);
    uint32_t done = waiter_done(plain_load(&block->key), plain_load(&object->abandoned));

    if (plain_load(&dispatcher->locking) == DISPATCHER_GLOBAL)
        dispatcher_unlink_all(waiter);
    else
        dispatcher_unlink(block);
    if (dispatcher_advance(dispatcher, waiter, done, wakes))
        dispatcher_consume(object, self);
}

/* Takes all objects of a wait, if all are signalled; their locks are held. */
static inline bool dispatcher_take_all(struct dispatcher_waiter *waiter, bool *abandoned)
{
    struct dispatcher_block *blocks = plain_load(&waiter->blocks);
    uint32_t count = plain_load(&waiter->count), self = plain_load(&waiter->self);

    for (uint32_t i = 0; i < count; i++) {
        if (!dispatcher_is_signalled(plain_load(&blocks[i].object), self))
            return false;
    }
    *abandoned = false;
    for (uint32_t i = 0; i < count; i++) {
        if (dispatcher_consume(plain_load(&blocks[i].object), self) != 0)
            *abandoned = true;
    }
    return true;
}

static inline void dispatcher_satisfy_all(struct dispatcher *dispatcher,
                                          struct dispatcher_waiter *waiter,
                                          struct dispatcher_wakes *wakes)
{
    bool abandoned;

    if (plain_load(&dispatcher->locking) == DISPATCHER_PER_OBJECT) {
        dispatcher_advance(dispatcher, waiter, WAITER_RETEST, wakes);
    } else if (dispatcher_take_all(waiter, &abandoned)) {
        dispatcher_unlink_all(waiter);
        dispatcher_advance(dispatcher, waiter, waiter_done(0, abandoned), wakes);
    }
}

/* The object has become signalled: gives it to those who wait, in their order, while it lasts. */
static inline void dispatcher_signalled(struct dispatcher *dispatcher,
                                        struct dispatcher_object *object,
                                        struct dispatcher_wakes *wakes)
{
    struct dispatcher_block *block = plain_load(&object->first), *next;

    for (; block != NULL && dispatcher_is_signalled(object, DISPATCHER_NOBODY); block = next) {
        struct dispatcher_waiter *waiter = plain_load(&block->waiter);
        next = plain_load(&block->next);
        if (plain_load(&waiter->all))
            dispatcher_satisfy_all(dispatcher, waiter, wakes);
        else
            dispatcher_satisfy_any(dispatcher, object, block, wakes);
    }
}

/* ---- mutexes that a thread owns; by that thread ---- */

static inline void dispatcher_own(struct dispatcher *dispatcher, struct dispatcher_object *object)
{
    if (plain_load(&object->type) != DISPATCHER_MUTEX)
        return;
    struct dispatcher_thread *thread = &plain_load(&dispatcher->threads)[machine_self()];
    plain_store(&object->next_owned, plain_load(&thread->owned));
    plain_store(&thread->owned, object);
}

static inline void dispatcher_disown(struct dispatcher *dispatcher, struct dispatcher_object *mutex)
{
    struct dispatcher_thread *thread = &plain_load(&dispatcher->threads)[machine_self()];
    struct dispatcher_object **link = &thread->owned;

    while (plain_load(link) != mutex)
        link = &plain_load(link)->next_owned;
    plain_store(link, plain_load(&mutex->next_owned));
}

/* ---- waiting ---- */

/* A wait: its objects in the caller's order, and in that of their addresses. */
struct dispatcher_wait {
    struct dispatcher_waiter *waiter;
    struct dispatcher_object *const *objects, *const *sorted;
    uint32_t count;
    bool all;
};

/* A mutex that the thread owned already is not owned anew. */
static inline int dispatcher_take_now(struct dispatcher *dispatcher,
                                      struct dispatcher_object *object, uint32_t self)
{
    bool owned = plain_load(&object->owner) == self + 1;
    int result = dispatcher_consume(object, self);

    if (!owned)
        dispatcher_own(dispatcher, object);
    return result;
}

/* Without waiting. Returns ETIMEDOUT where there is nothing to take. */
static inline int dispatcher_take_any(struct dispatcher *dispatcher,
                                      const struct dispatcher_wait *wait, uint32_t self,
                                      uint32_t *index)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (!dispatcher_is_signalled(wait->objects[i], self))
            continue;
        *index = i;
        return dispatcher_take_now(dispatcher, wait->objects[i], self);
    }
    return ETIMEDOUT;
}

static inline int dispatcher_take_each(struct dispatcher *dispatcher,
                                       const struct dispatcher_wait *wait, uint32_t self)
{
    int result = 0;

    for (uint32_t i = 0; i < wait->count; i++) {
        if (!dispatcher_is_signalled(wait->objects[i], self))
            return ETIMEDOUT;
    }
    for (uint32_t i = 0; i < wait->count; i++) {
        int error = dispatcher_take_now(dispatcher, wait->objects[i], self);
        result = error != 0 ? error : result;
    }
    return result;
}

static inline int dispatcher_take(struct dispatcher *dispatcher, const struct dispatcher_wait *wait,
                                  uint32_t self, uint32_t *index)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        int error = dispatcher_objection(dispatcher, wait->objects[i], self);
        if (error != 0)
            return error;
    }
    return wait->all ? dispatcher_take_each(dispatcher, wait, self)
                     : dispatcher_take_any(dispatcher, wait, self, index);
}

static inline void dispatcher_begin_wait(const struct dispatcher_wait *wait, uint32_t self)
{
    struct dispatcher_waiter *waiter = wait->waiter;
    struct dispatcher_block *blocks = plain_load(&waiter->blocks);

    /* Relaxed: the queues, under their locks, publish it. */
    word_store(&waiter->state, WAITER_AWAKE, relaxed);
    plain_store(&waiter->self, self);
    plain_store(&waiter->count, wait->count);
    plain_store(&waiter->all, wait->all);
    for (uint32_t i = 0; i < wait->count; i++)
        dispatcher_enqueue(wait->objects[i], &blocks[i], waiter, i);
}

/* Sleeps until the waiter is moved on, or the time is over; returns its state. acquire, wherever
 * that is read: pairs with the release in dispatcher_advance(). */
static inline uint32_t dispatcher_sleep(struct dispatcher_waiter *waiter, uint64_t deadline)
{
    uint32_t state = WAITER_AWAKE;

    if (!word_compare_exchange(&waiter->state, &state, WAITER_ASLEEP, relaxed, relaxed))
        return word_load(&waiter->state, acquire);
    do {
        bool in_time = machine_futex_wait_until(&waiter->state, WAITER_ASLEEP, deadline);
        state = word_load(&waiter->state, acquire);
        if (!in_time)
            break;
    } while (state == WAITER_ASLEEP);
    return state;
}

/* The thread has been given what it waited for. */
static inline int dispatcher_end_wait(struct dispatcher *dispatcher,
                                      const struct dispatcher_wait *wait, uint32_t state,
                                      uint32_t *index)
{
    uint32_t key = (state - WAITER_DONE) / 2;

    if (plain_load(&dispatcher->locking) == DISPATCHER_PER_OBJECT && wait->count > 1) {
        dispatcher_lock_all(dispatcher, wait->sorted, wait->count);
        dispatcher_unlink_all(wait->waiter);
        dispatcher_unlock_all(dispatcher, wait->sorted, wait->count);
    }
    *index = key;
    if (!wait->all)
        dispatcher_own(dispatcher, wait->objects[key]);
    for (uint32_t i = 0; wait->all && i < wait->count; i++) {
        struct dispatcher_object *object = wait->objects[i];
        /* Not one that the thread owned before, and now owns once more. Without the lock, the state
         * of a mutex alone may be looked at: nobody but its owner writes it. */
        if (plain_load(&object->type) == DISPATCHER_MUTEX && plain_load(&object->state) == 0)
            dispatcher_own(dispatcher, object);
    }
    return (state - WAITER_DONE) % 2 != 0 ? EOWNERDEAD : 0;
}

/* Woken without having been given anything: to test again, or because the time is over. Returns -1
 * when the wait goes on. Nobody moves the waiter on meanwhile: all its objects are locked. */
static inline int dispatcher_look_again(struct dispatcher *dispatcher,
                                        const struct dispatcher_wait *wait, uint32_t self,
                                        bool in_time, uint32_t *index)
{
    int result = ETIMEDOUT;

    dispatcher_lock_all(dispatcher, wait->sorted, wait->count);
    uint32_t state = word_load(&wait->waiter->state, relaxed);
    if (state >= WAITER_DONE) {
        dispatcher_unlock_all(dispatcher, wait->sorted, wait->count);
        return dispatcher_end_wait(dispatcher, wait, state, index);
    }
    if (in_time)
        result = dispatcher_take(dispatcher, wait, self, index);
    if (in_time && result == ETIMEDOUT) {
        word_store(&wait->waiter->state, WAITER_AWAKE, relaxed);
        result = -1;
    } else {
        dispatcher_unlink_all(wait->waiter);
    }
    dispatcher_unlock_all(dispatcher, wait->sorted, wait->count);
    return result;
}

/* The first half of a wait: takes what it waits for, or (-1) queues for it, to sleep and look
 * again. */
static inline int dispatcher_start_wait(struct dispatcher *dispatcher,
                                        const struct dispatcher_wait *wait, uint32_t self,
                                        uint64_t deadline, uint32_t *index)
{
    dispatcher_lock_all(dispatcher, wait->sorted, wait->count);
    int result = dispatcher_take(dispatcher, wait, self, index);
    if (result == ETIMEDOUT && deadline != 0) {
        dispatcher_begin_wait(wait, self);
        result = -1;
    }
    dispatcher_unlock_all(dispatcher, wait->sorted, wait->count);
    return result;
}

static inline int dispatcher_wait(struct dispatcher *dispatcher, const struct dispatcher_wait *wait,
                                  uint64_t deadline, uint32_t *index)
{
    const uint32_t self = machine_self();
    int result = dispatcher_start_wait(dispatcher, wait, self, deadline, index);

    while (result == -1) {
        uint32_t state = dispatcher_sleep(wait->waiter, deadline);
        result = state >= WAITER_DONE
                     ? dispatcher_end_wait(dispatcher, wait, state, index)
                     : dispatcher_look_again(dispatcher, wait, self, state == WAITER_RETEST, index);
    }
    return result;
}

/* Waits for the object until machine_clock() reaches the deadline (0: tests it; MACHINE_NEVER) and
 * takes it. 0; EOWNERDEAD: taken, but the mutex was abandoned; ETIMEDOUT; EDEADLK: the mutex's
 * level is not above those owned; EOVERFLOW: the mutex can't be taken once more. */
static inline int dispatcher_wait_one(struct dispatcher *dispatcher,
                                      struct dispatcher_waiter *waiter,
                                      struct dispatcher_object *object, uint64_t deadline)
{
    const struct dispatcher_wait wait = {waiter, &object, &object, 1, false};
    uint32_t index;

    plain_store(&waiter->blocks, &waiter->block);
    return dispatcher_wait(dispatcher, &wait, deadline, &index);
}

/* Takes the object if that is possible at once, and does not even wait for a thread that is just
 * doing something with it. EBUSY where dispatcher_wait_one() with a deadline of 0 says ETIMEDOUT,
 * or because of such a thread. */
static inline int dispatcher_try_one(struct dispatcher *dispatcher,
                                     struct dispatcher_object *object)
{
    const struct dispatcher_wait wait = {NULL, &object, &object, 1, false};
    struct short_lock *lock = dispatcher_lock_of(dispatcher, object);
    uint32_t index;

    if (!short_lock_try_acquire(lock))
        return EBUSY;
    int result = dispatcher_take(dispatcher, &wait, machine_self(), &index);
    short_lock_release(lock);
    return result == ETIMEDOUT ? EBUSY : result;
}

/* Sorts by address. False: an object is there twice. */
static inline bool dispatcher_sort(struct dispatcher_object *const *objects, uint32_t count,
                                   struct dispatcher_object **sorted)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && (uintptr_t)sorted[at - 1] > (uintptr_t)objects[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = objects[i];
    }
    for (uint32_t i = 1; i < count; i++) {
        if (sorted[i] == sorted[i - 1])
            return false;
    }
    return true;
}

static inline int dispatcher_wait_several(struct dispatcher *dispatcher,
                                          struct dispatcher_waiter *waiter,
                                          struct dispatcher_block *blocks,
                                          struct dispatcher_object *const *objects, uint32_t count,
                                          bool all, uint64_t deadline, uint32_t *index)
{
    struct dispatcher_object *sorted[DISPATCHER_OBJECTS_MOST];
    const struct dispatcher_wait wait = {waiter, objects, sorted, count, all};

    if (count == 0 || count > DISPATCHER_OBJECTS_MOST || !dispatcher_sort(objects, count, sorted))
        return EINVAL;
    plain_store(&waiter->blocks, blocks);
    return dispatcher_wait(dispatcher, &wait, deadline, index);
}

/* Waits for any of up to DISPATCHER_OBJECTS_MOST objects, which are all different; `blocks` has
 * room for as many. `*index` is the one that was taken. Returns as dispatcher_wait_one(), and
 * EINVAL for a wrong number of objects or one that is there twice. */
static inline int dispatcher_wait_any(struct dispatcher *dispatcher,
                                      struct dispatcher_waiter *waiter,
                                      struct dispatcher_block *blocks,
                                      struct dispatcher_object *const *objects, uint32_t count,
                                      uint64_t deadline, uint32_t *index)
{
    return dispatcher_wait_several(dispatcher, waiter, blocks, objects, count, false, deadline,
                                   index);
}

/* The same for all of them at once. EOWNERDEAD: one at least was abandoned. */
static inline int dispatcher_wait_all(struct dispatcher *dispatcher,
                                      struct dispatcher_waiter *waiter,
                                      struct dispatcher_block *blocks,
                                      struct dispatcher_object *const *objects, uint32_t count,
                                      uint64_t deadline)
{
    uint32_t index;

    return dispatcher_wait_several(dispatcher, waiter, blocks, objects, count, true, deadline,
                                   &index);
}

/* ---- signalling ---- */

/* What the word of a notification says. PULSED: set, for those who wait at this moment only; a set
 * that finds it so must not take it for SET. */
enum { DISPATCHER_CLEAR, DISPATCHER_SET, DISPATCHER_PULSED };

/* `how`: SET or PULSED. release: pairs with the acquire in dispatcher_is_signalled(), which no lock
 * orders behind a set that found it set. */
static inline void dispatcher_put_state(struct dispatcher_object *object, uint32_t how)
{
    if (dispatcher_is_notification(plain_load(&object->type)))
        word_store(&object->set, how, release);
    else
        plain_store(&object->state, 1);
}

/* Returns whether it was set. An update with acquire, because a set that found the word set took no
 * lock: either what that thread did before is seen by this one, or it comes behind and finds the
 * word clear. */
static inline bool dispatcher_clear_state(struct dispatcher_object *object)
{
    if (dispatcher_is_notification(plain_load(&object->type)))
        return word_exchange(&object->set, DISPATCHER_CLEAR, acquire) != DISPATCHER_CLEAR;
    bool before = plain_load(&object->state) > 0;
    plain_store(&object->state, 0);
    return before;
}

static inline bool dispatcher_state(struct dispatcher_object *object)
{
    return dispatcher_is_signalled(object, DISPATCHER_NOBODY);
}

/* Sets an event, or any object that has no owner and no count. Returns whether it was set before. A
 * notification that is set already needs no lock: an update that changes nothing passes on to its
 * waiters what this thread did before. */
static inline bool dispatcher_set(struct dispatcher *dispatcher, struct dispatcher_object *object)
{
    struct dispatcher_wakes wakes = {.count = 0};

    if (dispatcher_is_notification(plain_load(&object->type)) &&
        word_fetch_or(&object->set, 0, release) == DISPATCHER_SET)
        return true;
    struct short_lock *lock = dispatcher_lock_of(dispatcher, object);
    short_lock_acquire(lock);
    bool before = dispatcher_state(object);
    /* Not again: a store would part its readers from the updates of those who took no lock. */
    if (!before) {
        dispatcher_put_state(object, DISPATCHER_SET);
        dispatcher_signalled(dispatcher, object, &wakes);
    }
    short_lock_release(lock);
    dispatcher_wake_now(&wakes);
    return before;
}

/* Returns whether it was set before. */
static inline bool dispatcher_reset(struct dispatcher *dispatcher, struct dispatcher_object *object)
{
    struct short_lock *lock = dispatcher_lock_of(dispatcher, object);

    short_lock_acquire(lock);
    bool before = dispatcher_clear_state(object);
    short_lock_release(lock);
    return before;
}

/* Lets those through who wait at this moment (a synchronization event: the first of them) and
 * leaves the event reset. Returns whether it was set before. */
static inline bool dispatcher_pulse(struct dispatcher *dispatcher, struct dispatcher_object *event)
{
    struct dispatcher_wakes wakes = {.count = 0};
    struct short_lock *lock = dispatcher_lock_of(dispatcher, event);

    short_lock_acquire(lock);
    bool before = dispatcher_clear_state(event);
    dispatcher_put_state(event, DISPATCHER_PULSED);
    dispatcher_signalled(dispatcher, event, &wakes);
    dispatcher_clear_state(event);
    short_lock_release(lock);
    dispatcher_wake_now(&wakes);
    return before;
}

/* Adds permits. `*previous`: how many there were. EOVERFLOW: they would be more than the limit, and
 * nothing has changed; EINVAL: `permits` is below 1. */
static inline int dispatcher_semaphore_release(struct dispatcher *dispatcher,
                                               struct dispatcher_object *semaphore, int32_t permits,
                                               int32_t *previous)
{
    struct dispatcher_wakes wakes = {.count = 0};
    struct short_lock *lock = dispatcher_lock_of(dispatcher, semaphore);
    int error = permits < 1 ? EINVAL : 0;

    short_lock_acquire(lock);
    *previous = plain_load(&semaphore->state);
    if (error == 0 && permits > plain_load(&semaphore->limit) - *previous)
        error = EOVERFLOW;
    if (error == 0) {
        plain_store(&semaphore->state, *previous + permits);
        dispatcher_signalled(dispatcher, semaphore, &wakes);
    }
    short_lock_release(lock);
    dispatcher_wake_now(&wakes);
    return error;
}

/* By the owner, once for each time it was taken. `*previous`: the state before, 0 or below. EPERM:
 * the caller is not the owner. */
static inline int dispatcher_mutex_release(struct dispatcher *dispatcher,
                                           struct dispatcher_object *mutex, int32_t *previous)
{
    struct dispatcher_wakes wakes = {.count = 0};
    struct short_lock *lock = dispatcher_lock_of(dispatcher, mutex);
    int error = 0;

    short_lock_acquire(lock);
    *previous = plain_load(&mutex->state);
    if (plain_load(&mutex->owner) != machine_self() + 1)
        error = EPERM;
    else
        plain_store(&mutex->state, *previous + 1);
    if (error == 0 && *previous == 0) {
        dispatcher_disown(dispatcher, mutex);
        plain_store(&mutex->owner, 0);
        dispatcher_signalled(dispatcher, mutex, &wakes);
    }
    short_lock_release(lock);
    dispatcher_wake_now(&wakes);
    return error;
}

/* By a thread that ends, or on behalf of one that has ended: abandons the mutexes that it owns;
 * each one's next owner is told. */
static inline void dispatcher_thread_ends(struct dispatcher *dispatcher, unsigned self)
{
    struct dispatcher_thread *thread = &plain_load(&dispatcher->threads)[self];

    while (plain_load(&thread->owned) != NULL) {
        struct dispatcher_wakes wakes = {.count = 0};
        struct dispatcher_object *mutex = plain_load(&thread->owned);
        struct short_lock *lock = dispatcher_lock_of(dispatcher, mutex);

        short_lock_acquire(lock);
        plain_store(&thread->owned, plain_load(&mutex->next_owned));
        plain_store(&mutex->state, 1);
        plain_store(&mutex->owner, 0);
        plain_store(&mutex->abandoned, true);
        dispatcher_signalled(dispatcher, mutex, &wakes);
        short_lock_release(lock);
        dispatcher_wake_now(&wakes);
    }
}

/* Whether nobody waits for the object. While nobody uses it. */
static inline bool dispatcher_is_unused(struct dispatcher *dispatcher,
                                        struct dispatcher_object *object)
{
    return plain_load(&object->first) == NULL && short_lock_is_free(&object->lock) &&
           short_lock_is_free(&dispatcher->lock);
}

#endif
