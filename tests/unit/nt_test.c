/* The rules of the NT primitives, which their traits alone don't say: who is granted what, in which
 * order, and what misuse is told.
 *
 * Nothing is timed. One OS thread plays several where none of them has to wait, by saying each time
 * which one it is; where one has to wait, it is a real thread, and the primitive's own queue says
 * when it does. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "locks/mcs_checked.h"
#include "locks/nt/eresource.h"
#include "locks/nt/event_sync.h"
#include "locks/nt/fast_mutex.h"
#include "locks/nt/fast_mutex_fifo.h"
#include "locks/nt/guarded_mutex.h"
#include "locks/nt/kmutex.h"
#include "locks/nt/ksemaphore.h"
#include "locks/nt/ksemaphore_futex.h"
#include "locks/nt/ndis_rw.h"
#include "locks/nt/push_lock.h"
#include "locks/nt/wdf_spin.h"
#include "locks/nt/wdf_wait.h"
#include "locks/ttas_checked.h"

enum { THREADS = 8, HANG_SECONDS = 600 };

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* ---- locks through their vtables, and threads that wait for them ---- */

struct context {
    _Alignas(MACHINE_APART) char bytes[LOCK_CONTEXT_SIZE];
};

static void *make(const struct lock_ops *ops)
{
    uint64_t parameters[LOCK_PARAMETERS_MOST] = {0};
    size_t bytes = ops->size + THREADS * ops->size_per_thread;
    size_t room = (bytes + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
    void *lock = aligned_alloc(MACHINE_APART, room);

    for (int i = 0; ops->parameters != NULL && ops->parameters[i].name != NULL; i++)
        parameters[i] = ops->parameters[i].usual;
    assert_non_null(lock);
    memset(lock, 0, room);
    assert_int_equal(ops->init(lock, THREADS, parameters), 0);
    return lock;
}

static void unmake(const struct lock_ops *ops, void *lock)
{
    assert_true(ops->is_idle(lock));
    ops->destroy(lock);
    free(lock);
}

static uint64_t stat_of(const struct lock_ops *ops, void *lock, const char *name)
{
    struct lock_stat stats[LOCK_STATS_MOST];
    unsigned count = ops->stats(lock, stats);

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(stats[i].name, name) == 0)
            return stats[i].value;
    }
    fail_msg("%s counts no %s", ops->name, name);
    return 0;
}

/* A thread that takes a lock, notes what it found, and releases it when it is told to. */
struct visitor {
    pthread_t thread;
    unsigned self;
    void *lock;
    int (*acquire)(void *lock, void *context);
    int (*release)(void *lock, void *context);
    struct context context;
    int result;
    bool others_were_in; /* what `look_at` said when this one came in */
    WORD(bool) * look_at;
    WORD(bool) is_in, may_leave;
};

static void *visit(void *argument)
{
    struct visitor *visitor = argument;

    native_set_self(visitor->self);
    visitor->result = visitor->acquire(visitor->lock, &visitor->context);
    if (visitor->look_at != NULL)
        visitor->others_were_in = word_load(visitor->look_at, acquire);
    word_store(&visitor->is_in, true, release);
    while (!word_load(&visitor->may_leave, acquire))
        sched_yield();
    if (visitor->result == 0)
        visitor->result = visitor->release(visitor->lock, &visitor->context);
    return NULL;
}

static void send_with(struct visitor *visitor, const struct lock_ops *ops, void *lock,
                      unsigned self, bool shared)
{
    visitor->self = self;
    visitor->lock = lock;
    visitor->acquire = shared ? ops->acquire_shared : ops->acquire;
    visitor->release = shared ? ops->release_shared : ops->release;
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
}

static bool is_in(struct visitor *visitor)
{
    return word_load(&visitor->is_in, acquire);
}

static void await_in(struct visitor *visitor)
{
    while (!is_in(visitor))
        sched_yield();
}

/* Lets it out, and returns what its acquire and its release said. */
static int bring_back(struct visitor *visitor)
{
    word_store(&visitor->may_leave, true, release);
    assert_int_equal(pthread_join(visitor->thread, NULL), 0);
    return visitor->result;
}

/* ---- eresource ---- */

static const struct lock_ops *const resource_kinds[] = {
    [ERESOURCE_SHARED] = &eresource_ops,
    [ERESOURCE_STARVE_EXCLUSIVE] = &eresource_starve_exclusive_ops,
    [ERESOURCE_WAIT_EXCLUSIVE] = &eresource_wait_exclusive_ops,
};

enum resource_state {
    FREE,
    MINE_EXCLUSIVE,
    MINE_SHARED,
    MINE_SHARED_AND_WAITED_FOR,
    SHARED_BY_ANOTHER,
    SHARED_BY_ANOTHER_AND_WAITED_FOR,
    EXCLUSIVE_BY_ANOTHER,
    RESOURCE_STATES
};

/* What thread 0 gets that wants to share: 0, EDEADLK, or EBUSY: it has to wait. */
static const int grants[RESOURCE_STATES][3] = {
    [FREE] = {0, 0, 0},
    [MINE_EXCLUSIVE] = {0, 0, 0},
    [MINE_SHARED] = {0, 0, 0},
    [MINE_SHARED_AND_WAITED_FOR] = {0, 0, EDEADLK},
    [SHARED_BY_ANOTHER] = {0, 0, 0},
    [SHARED_BY_ANOTHER_AND_WAITED_FOR] = {EBUSY, 0, EBUSY},
    [EXCLUSIVE_BY_ANOTHER] = {EBUSY, EBUSY, EBUSY},
};

/* Thread 0 is the one that asks, 1 another that has the resource, 2 one that waits for exclusive
 * access. */
struct resource_cell {
    const struct lock_ops *ops;
    struct eresource_lock *resource;
    enum resource_state state;
    struct context own, others;
    struct visitor waiter;
};

static bool is_waited_for(enum resource_state state)
{
    return state == MINE_SHARED_AND_WAITED_FOR || state == SHARED_BY_ANOTHER_AND_WAITED_FOR;
}

static void await_exclusive_waiters(struct eresource_lock *resource, uint32_t count)
{
    while (eresource_exclusive_waiters(resource) != count)
        sched_yield();
}

static void await_shared_waiters(struct eresource_lock *resource, uint32_t count)
{
    while (eresource_shared_waiters(resource) != count)
        sched_yield();
}

static void set_up(struct resource_cell *cell)
{
    const struct lock_ops *ops = cell->ops;
    int error = 0;

    cell->resource = make(ops);
    native_set_self(0);
    if (cell->state == MINE_EXCLUSIVE)
        error = ops->acquire(cell->resource, &cell->own);
    if (cell->state == MINE_SHARED || cell->state == MINE_SHARED_AND_WAITED_FOR)
        error = ops->acquire_shared(cell->resource, &cell->own);
    native_set_self(1);
    if (cell->state == SHARED_BY_ANOTHER || cell->state == SHARED_BY_ANOTHER_AND_WAITED_FOR)
        error = ops->acquire_shared(cell->resource, &cell->others);
    if (cell->state == EXCLUSIVE_BY_ANOTHER)
        error = ops->acquire(cell->resource, &cell->others);
    assert_int_equal(error, 0);
    if (is_waited_for(cell->state)) {
        send_with(&cell->waiter, ops, cell->resource, 2, false);
        await_exclusive_waiters(cell->resource, 1);
    }
    native_set_self(0);
}

/* Threads 0 and 1 let go of what they had from set_up(). */
static void let_go(struct resource_cell *cell)
{
    const struct lock_ops *ops = cell->ops;

    native_set_self(0);
    if (cell->state == MINE_EXCLUSIVE)
        assert_int_equal(ops->release(cell->resource, &cell->own), 0);
    if (cell->state == MINE_SHARED || cell->state == MINE_SHARED_AND_WAITED_FOR)
        assert_int_equal(ops->release_shared(cell->resource, &cell->own), 0);
    native_set_self(1);
    if (cell->state == SHARED_BY_ANOTHER || cell->state == SHARED_BY_ANOTHER_AND_WAITED_FOR)
        assert_int_equal(ops->release_shared(cell->resource, &cell->others), 0);
    if (cell->state == EXCLUSIVE_BY_ANOTHER)
        assert_int_equal(ops->release(cell->resource, &cell->others), 0);
}

/* The request is granted, or refused, at once. */
static void ask_at_once(struct resource_cell *cell, int expected)
{
    const struct lock_ops *ops = cell->ops;
    struct context context;
    uint32_t before = eresource_count(cell->resource);
    uint32_t granted = expected == 0;

    assert_int_equal(ops->try_acquire_shared(cell->resource, &context), expected == 0 ? 0 : EBUSY);
    assert_int_equal(eresource_count(cell->resource), before + granted);
    assert_int_equal(ops->acquire_shared(cell->resource, &context), expected);
    assert_int_equal(eresource_count(cell->resource), before + 2 * granted);
    for (uint32_t i = 0; i < 2 * granted; i++)
        assert_int_equal(ops->release_shared(cell->resource, &context), 0);
    assert_int_equal(eresource_count(cell->resource), before);
    let_go(cell);
    if (is_waited_for(cell->state)) {
        await_in(&cell->waiter);
        assert_int_equal(bring_back(&cell->waiter), 0);
    }
}

/* The request waits; the one that waits for exclusive access was there first and gets in first. */
static void ask_and_wait(struct resource_cell *cell)
{
    struct visitor request = {0};
    struct context context;

    assert_int_equal(cell->ops->try_acquire_shared(cell->resource, &context), EBUSY);
    send_with(&request, cell->ops, cell->resource, 0, true);
    await_shared_waiters(cell->resource, 1);
    let_go(cell);
    if (is_waited_for(cell->state)) {
        await_in(&cell->waiter);
        assert_int_equal(eresource_shared_waiters(cell->resource), 1);
        assert_false(is_in(&request));
        assert_int_equal(bring_back(&cell->waiter), 0);
    }
    await_in(&request);
    native_set_self(0);
    assert_int_equal(eresource_count(cell->resource), 1);
    assert_int_equal(bring_back(&request), 0);
}

static void resource_grants_what_the_table_says(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RESOURCE_STATES; i++) {
        for (unsigned j = 0; j < LENGTH(resource_kinds); j++) {
            struct resource_cell cell = {.ops = resource_kinds[j], .state = i};
            set_up(&cell);
            if (grants[i][j] == EBUSY)
                ask_and_wait(&cell);
            else
                ask_at_once(&cell, grants[i][j]);
            unmake(cell.ops, cell.resource);
        }
    }
}

static void resource_is_recursive_and_checked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(resource_kinds); i++) {
        const struct lock_ops *ops = resource_kinds[i];
        struct eresource_lock *resource = make(ops);
        struct context context;

        native_set_self(0);
        assert_int_equal(ops->release(resource, &context), EPERM);
        assert_int_equal(ops->acquire(resource, &context), 0);
        assert_int_equal(ops->acquire(resource, &context), 0);
        assert_int_equal(ops->try_acquire(resource, &context), 0);
        /* What is shared by the exclusive holder counts with the rest, and stays exclusive. */
        assert_int_equal(ops->acquire_shared(resource, &context), 0);
        assert_int_equal(eresource_count(resource), 4);
        native_set_self(1);
        assert_int_equal(eresource_count(resource), 0);
        assert_int_equal(ops->release(resource, &context), EPERM);
        assert_int_equal(ops->downgrade(resource, &context), EPERM);
        native_set_self(0);
        for (int left = 3; left >= 0; left--) {
            native_set_self(1);
            assert_int_equal(ops->try_acquire_shared(resource, &context), EBUSY);
            native_set_self(0);
            assert_int_equal(ops->release(resource, &context), 0);
            assert_int_equal(eresource_count(resource), left);
        }
        assert_int_equal(ops->release(resource, &context), EPERM);
        assert_int_equal(ops->acquire_shared(resource, &context), 0);
        assert_int_equal(ops->acquire_shared(resource, &context), 0);
        /* A shared holder that wants all would wait for itself. */
        assert_int_equal(ops->acquire(resource, &context), EDEADLK);
        assert_int_equal(ops->try_acquire(resource, &context), EBUSY);
        assert_int_equal(eresource_count(resource), 2);
        assert_int_equal(ops->downgrade(resource, &context), EPERM);
        native_set_self(1);
        assert_int_equal(ops->release_shared(resource, &context), EPERM);
        assert_int_equal(ops->try_acquire(resource, &context), EBUSY);
        native_set_self(0);
        assert_int_equal(ops->release_shared(resource, &context), 0);
        assert_false(ops->is_idle(resource));
        assert_int_equal(ops->release_shared(resource, &context), 0);
        assert_int_equal(ops->release_shared(resource, &context), EPERM);
        assert_int_equal(stat_of(ops, resource, "contentions"), 0);
        unmake(ops, resource);
    }
}

/* The exclusive one waits longest, and yet all that wait to share go first; then it alone. */
static void resource_release_admits_all_shared_first(void **state)
{
    const struct lock_ops *ops = &eresource_ops;
    struct eresource_lock *resource = make(ops);
    struct visitor exclusive[2] = {0}, shared[3] = {0};
    struct context context;

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->acquire(resource, &context), 0);
    for (unsigned i = 0; i < 2; i++) {
        send_with(&exclusive[i], ops, resource, 1 + i, false);
        await_exclusive_waiters(resource, 1 + i);
    }
    for (unsigned i = 0; i < 3; i++) {
        send_with(&shared[i], ops, resource, 3 + i, true);
        await_shared_waiters(resource, 1 + i);
    }
    assert_int_equal(ops->release(resource, &context), 0);
    assert_int_equal(eresource_shared_waiters(resource), 0);
    assert_int_equal(eresource_exclusive_waiters(resource), 2);
    for (unsigned i = 0; i < 3; i++)
        await_in(&shared[i]);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(bring_back(&shared[i]), 0);
    assert_int_equal(eresource_exclusive_waiters(resource), 2);
    /* The last of those that share lets one in, the one that has waited longest. */
    assert_int_equal(bring_back(&shared[2]), 0);
    assert_int_equal(eresource_exclusive_waiters(resource), 1);
    await_in(&exclusive[0]);
    assert_false(is_in(&exclusive[1]));
    assert_int_equal(bring_back(&exclusive[0]), 0);
    await_in(&exclusive[1]);
    assert_int_equal(bring_back(&exclusive[1]), 0);
    assert_int_equal(stat_of(ops, resource, "contentions"), 5);
    assert_int_equal(stat_of(ops, resource, "shared_waiters_most"), 3);
    assert_int_equal(stat_of(ops, resource, "exclusive_waiters_most"), 2);
    unmake(ops, resource);
}

static void resource_downgrade_admits_shared_only(void **state)
{
    const struct lock_ops *ops = &eresource_ops;
    struct eresource_lock *resource = make(ops);
    struct visitor exclusive = {0}, shared[2] = {0};
    struct context context;

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->acquire(resource, &context), 0);
    assert_int_equal(ops->acquire(resource, &context), 0);
    send_with(&exclusive, ops, resource, 1, false);
    await_exclusive_waiters(resource, 1);
    for (unsigned i = 0; i < 2; i++) {
        send_with(&shared[i], ops, resource, 2 + i, true);
        await_shared_waiters(resource, 1 + i);
    }
    assert_int_equal(ops->downgrade(resource, &context), 0);
    assert_int_equal(eresource_count(resource), 2);
    assert_int_equal(eresource_shared_waiters(resource), 0);
    assert_int_equal(eresource_exclusive_waiters(resource), 1);
    for (unsigned i = 0; i < 2; i++) {
        await_in(&shared[i]);
        assert_int_equal(bring_back(&shared[i]), 0);
    }
    assert_int_equal(ops->release_shared(resource, &context), 0);
    assert_int_equal(eresource_exclusive_waiters(resource), 1);
    assert_false(is_in(&exclusive));
    assert_int_equal(ops->release_shared(resource, &context), 0);
    await_in(&exclusive);
    assert_int_equal(bring_back(&exclusive), 0);
    unmake(ops, resource);
}

/* The times after which the real one looks what is wrong: half a second, then four each. */
static void resource_counts_time_outs(void **state)
{
    (void)state;
    assert_int_equal(eresource_timeouts_of(0), 0);
    assert_int_equal(eresource_timeouts_of(499999999), 0);
    assert_int_equal(eresource_timeouts_of(500000000), 1);
    assert_int_equal(eresource_timeouts_of(4499999999), 1);
    assert_int_equal(eresource_timeouts_of(4500000000), 2);
    assert_int_equal(eresource_timeouts_of(8500000000), 3);
}

/* ---- the dispatcher: semaphores, events, waits ---- */

static const enum dispatcher_locking lockings[] = {DISPATCHER_GLOBAL, DISPATCHER_PER_OBJECT};

/* A dispatcher with objects, whose thread 0 is the test itself. */
struct hall {
    struct dispatcher dispatcher;
    struct dispatcher_thread threads[THREADS];
    struct dispatcher_object objects[DISPATCHER_OBJECTS_MOST + 1];
    struct dispatcher_object *list[DISPATCHER_OBJECTS_MOST + 1];
};

static void open_hall(struct hall *hall, enum dispatcher_locking locking, enum dispatcher_type type,
                      int32_t state)
{
    memset(hall, 0, sizeof *hall);
    dispatcher_init(&hall->dispatcher, locking, hall->threads);
    for (unsigned i = 0; i < LENGTH(hall->objects); i++) {
        dispatcher_object_init(&hall->objects[i], type, state);
        /* Backwards, so that their order is not that of their addresses. */
        hall->list[LENGTH(hall->objects) - 1 - i] = &hall->objects[i];
    }
    native_set_self(0);
}

static void close_hall(struct hall *hall)
{
    for (unsigned i = 0; i < LENGTH(hall->objects); i++)
        assert_true(dispatcher_is_unused(&hall->dispatcher, &hall->objects[i]));
}

static unsigned waiters_of(struct hall *hall, struct dispatcher_object *object)
{
    struct short_lock *lock = dispatcher_lock_of(&hall->dispatcher, object);
    unsigned count = 0;

    short_lock_acquire(lock);
    for (struct dispatcher_block *block = object->first; block != NULL; block = block->next)
        count++;
    short_lock_release(lock);
    return count;
}

/* The number of the thread that is first in the queue. */
static unsigned first_waiter_of(struct hall *hall, struct dispatcher_object *object)
{
    struct short_lock *lock = dispatcher_lock_of(&hall->dispatcher, object);

    short_lock_acquire(lock);
    unsigned self = object->first->waiter->self;
    short_lock_release(lock);
    return self;
}

static int32_t state_of(struct hall *hall, struct dispatcher_object *object)
{
    struct short_lock *lock = dispatcher_lock_of(&hall->dispatcher, object);

    short_lock_acquire(lock);
    int32_t state = dispatcher_is_notification(object->type)
                        ? (int32_t)word_load(&object->set, relaxed)
                        : object->state;
    short_lock_release(lock);
    return state;
}

/* A thread's wait for the first `count` of the list from `from` on. */
struct wait {
    pthread_t thread;
    struct hall *hall;
    unsigned self, from;
    uint32_t count, index;
    bool all;
    uint64_t deadline;
    int result;
    struct dispatcher_waiter waiter;
    struct dispatcher_block blocks[DISPATCHER_OBJECTS_MOST];
};

static int wait_here(struct wait *wait)
{
    struct hall *hall = wait->hall;
    struct dispatcher_object *const *objects = &hall->list[wait->from];

    return wait->all ? dispatcher_wait_all(&hall->dispatcher, &wait->waiter, wait->blocks, objects,
                                           wait->count, wait->deadline)
                     : dispatcher_wait_any(&hall->dispatcher, &wait->waiter, wait->blocks, objects,
                                           wait->count, wait->deadline, &wait->index);
}

static void *wait_main(void *argument)
{
    struct wait *wait = argument;

    native_set_self(wait->self);
    wait->result = wait_here(wait);
    return NULL;
}

/* Starts the thread, and returns when it is queued at all its objects. */
static void begin_wait(struct wait *wait)
{
    unsigned before = waiters_of(wait->hall, wait->hall->list[wait->from]);

    wait->deadline = MACHINE_NEVER;
    assert_int_equal(pthread_create(&wait->thread, NULL, wait_main, wait), 0);
    while (waiters_of(wait->hall, wait->hall->list[wait->from]) == before)
        sched_yield();
}

static int end_wait(struct wait *wait)
{
    assert_int_equal(pthread_join(wait->thread, NULL), 0);
    return wait->result;
}

/* Takes what is there, or nothing. */
static int test_now(struct hall *hall, unsigned from, uint32_t count, bool all, uint32_t *index)
{
    struct wait wait = {.hall = hall, .from = from, .count = count, .all = all};
    int result = wait_here(&wait);

    *index = wait.index;
    return result;
}

static void semaphore_keeps_its_limit(void **state)
{
    static struct hall hall;
    int32_t previous = -7;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        open_hall(&hall, lockings[i], DISPATCHER_SEMAPHORE, 0);
        struct dispatcher_object *semaphore = hall.list[0];
        struct dispatcher *dispatcher = &hall.dispatcher;
        dispatcher_semaphore_init(semaphore, 2, 5);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, 4, &previous),
                         EOVERFLOW);
        assert_int_equal(state_of(&hall, semaphore), 2);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, INT_MAX, &previous),
                         EOVERFLOW);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, 0, &previous), EINVAL);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, -1, &previous),
                         EINVAL);
        assert_int_equal(state_of(&hall, semaphore), 2);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, 3, &previous), 0);
        assert_int_equal(previous, 2);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, 1, &previous),
                         EOVERFLOW);
        assert_int_equal(state_of(&hall, semaphore), 5);
        dispatcher_semaphore_init(semaphore, INT_MAX - 1, INT_MAX);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, INT_MAX, &previous),
                         EOVERFLOW);
        assert_int_equal(dispatcher_semaphore_release(dispatcher, semaphore, 1, &previous), 0);
        assert_int_equal(previous, INT_MAX - 1);
        assert_int_equal(state_of(&hall, semaphore), INT_MAX);
        /* Signalled while there are permits, and not at 0. */
        dispatcher_semaphore_init(semaphore, 1, 5);
        assert_true(dispatcher_state(semaphore));
        assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
        assert_false(dispatcher_state(semaphore));
        assert_int_equal(test_now(&hall, 0, 1, false, &index), ETIMEDOUT);
        assert_int_equal(state_of(&hall, semaphore), 0);
        close_hall(&hall);
    }
}

static void semaphore_satisfies_as_many_as_there_are_permits(void **state)
{
    static struct hall hall;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        struct wait waits[4] = {0};
        int32_t previous;

        open_hall(&hall, lockings[i], DISPATCHER_SEMAPHORE, 0);
        struct dispatcher_object *semaphore = hall.list[0];
        dispatcher_semaphore_init(semaphore, 0, 10);
        for (unsigned j = 0; j < LENGTH(waits); j++) {
            waits[j] = (struct wait){.hall = &hall, .self = 1 + j, .count = 1};
            begin_wait(&waits[j]);
        }
        assert_int_equal(dispatcher_semaphore_release(&hall.dispatcher, semaphore, 2, &previous),
                         0);
        assert_int_equal(previous, 0);
        assert_int_equal(waiters_of(&hall, semaphore), 2);
        assert_int_equal(first_waiter_of(&hall, semaphore), 3);
        assert_int_equal(state_of(&hall, semaphore), 0);
        assert_int_equal(dispatcher_semaphore_release(&hall.dispatcher, semaphore, 3, &previous),
                         0);
        assert_int_equal(previous, 0);
        assert_int_equal(waiters_of(&hall, semaphore), 0);
        assert_int_equal(state_of(&hall, semaphore), 1);
        for (unsigned j = 0; j < LENGTH(waits); j++)
            assert_int_equal(end_wait(&waits[j]), 0);
        close_hall(&hall);
    }
}

static void semaphores_as_locks_refuse_a_release_too_much(void **state)
{
    struct ksemaphore_lock *queued = make(&ksemaphore_ops);
    struct ksemaphore_futex_lock *racing = make(&ksemaphore_futex_ops);
    struct context context;

    (void)state;
    native_set_self(0);
    assert_int_equal(ksemaphore_ops.release(queued, &context), EOVERFLOW);
    assert_int_equal(ksemaphore_futex_ops.release(racing, NULL), EOVERFLOW);
    assert_true(ksemaphore_ops.is_idle(queued));
    assert_true(ksemaphore_futex_ops.is_idle(racing));
    assert_int_equal(ksemaphore_ops.acquire(queued, &context), 0);
    assert_int_equal(ksemaphore_futex_ops.acquire(racing, NULL), 0);
    assert_int_equal(ksemaphore_ops.try_acquire(queued, &context), EBUSY);
    assert_int_equal(ksemaphore_futex_ops.try_acquire(racing, NULL), EBUSY);
    /* They have no owner: another thread may release them. */
    native_set_self(1);
    assert_int_equal(ksemaphore_ops.release(queued, &context), 0);
    assert_int_equal(ksemaphore_futex_ops.release(racing, NULL), 0);
    unmake(&ksemaphore_ops, queued);
    unmake(&ksemaphore_futex_ops, racing);
}

static void events_tell_their_state(void **state)
{
    static const enum dispatcher_type types[] = {DISPATCHER_EVENT_SYNC, DISPATCHER_EVENT_NOTIFY};
    static struct hall hall;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        for (unsigned j = 0; j < LENGTH(types); j++) {
            bool notifies = types[j] == DISPATCHER_EVENT_NOTIFY;
            open_hall(&hall, lockings[i], types[j], 0);
            struct dispatcher_object *event = hall.list[0];
            assert_int_equal(test_now(&hall, 0, 1, false, &index), ETIMEDOUT);
            assert_false(dispatcher_set(&hall.dispatcher, event));
            assert_true(dispatcher_set(&hall.dispatcher, event));
            assert_int_equal(state_of(&hall, event), 1);
            /* Two sets are one. */
            assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
            assert_int_equal(test_now(&hall, 0, 1, false, &index), notifies ? 0 : ETIMEDOUT);
            assert_int_equal(dispatcher_reset(&hall.dispatcher, event), notifies);
            assert_false(dispatcher_reset(&hall.dispatcher, event));
            assert_int_equal(test_now(&hall, 0, 1, false, &index), ETIMEDOUT);
            assert_false(dispatcher_pulse(&hall.dispatcher, event));
            assert_int_equal(state_of(&hall, event), 0);
            dispatcher_set(&hall.dispatcher, event);
            assert_true(dispatcher_pulse(&hall.dispatcher, event));
            assert_int_equal(state_of(&hall, event), 0);
            close_hall(&hall);
        }
    }
}

/* What a set or a pulse does with waiters: a notification lets all go, a synchronization the one
 * that has waited longest. */
static void signal_waiters(enum dispatcher_locking locking, enum dispatcher_type type, bool pulses)
{
    static struct hall hall;
    struct wait waits[12] = {0}; /* more than are woken in one go */
    bool notifies = type == DISPATCHER_EVENT_NOTIFY;

    open_hall(&hall, locking, type, 0);
    struct dispatcher_object *event = hall.list[0];
    for (unsigned i = 0; i < LENGTH(waits); i++) {
        waits[i] = (struct wait){.hall = &hall, .self = 1 + i, .count = 1};
        begin_wait(&waits[i]);
    }
    for (unsigned i = 0; i < (notifies ? 1 : LENGTH(waits)); i++) {
        assert_int_equal(first_waiter_of(&hall, event), 1 + i);
        assert_false(pulses ? dispatcher_pulse(&hall.dispatcher, event)
                            : dispatcher_set(&hall.dispatcher, event));
        assert_int_equal(waiters_of(&hall, event), notifies ? 0 : LENGTH(waits) - 1 - i);
        assert_int_equal(state_of(&hall, event), notifies && !pulses);
    }
    for (unsigned i = 0; i < LENGTH(waits); i++)
        assert_int_equal(end_wait(&waits[i]), 0);
    close_hall(&hall);
}

static void events_let_waiters_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        signal_waiters(lockings[i], DISPATCHER_EVENT_SYNC, false);
        signal_waiters(lockings[i], DISPATCHER_EVENT_SYNC, true);
        signal_waiters(lockings[i], DISPATCHER_EVENT_NOTIFY, false);
        signal_waiters(lockings[i], DISPATCHER_EVENT_NOTIFY, true);
    }
}

static void wait_any_takes_the_lowest_index_only(void **state)
{
    static struct hall hall;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        struct wait wait = {.hall = &hall, .self = 1, .count = 4};

        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        for (unsigned j = 1; j < 4; j++)
            dispatcher_set(&hall.dispatcher, hall.list[j]);
        for (unsigned j = 1; j < 4; j++) {
            assert_int_equal(test_now(&hall, 0, 4, false, &index), 0);
            assert_int_equal(index, j);
            for (unsigned k = 0; k < 4; k++)
                assert_int_equal(state_of(&hall, hall.list[k]), k > j);
        }
        assert_int_equal(test_now(&hall, 0, 4, false, &index), ETIMEDOUT);
        /* One that waits gets the first to come, and the next one stays. */
        begin_wait(&wait);
        assert_false(dispatcher_set(&hall.dispatcher, hall.list[2]));
        assert_false(dispatcher_set(&hall.dispatcher, hall.list[1]));
        assert_int_equal(end_wait(&wait), 0);
        assert_int_equal(wait.index, 2);
        assert_int_equal(state_of(&hall, hall.list[2]), 0);
        assert_int_equal(state_of(&hall, hall.list[1]), 1);
        close_hall(&hall);
    }
}

static void wait_all_takes_all_or_nothing(void **state)
{
    static struct hall hall;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        struct wait all = {.hall = &hall, .self = 1, .count = 3, .all = true};
        struct wait one = {.hall = &hall, .self = 2, .count = 1};

        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        dispatcher_set(&hall.dispatcher, hall.list[0]);
        dispatcher_set(&hall.dispatcher, hall.list[2]);
        assert_int_equal(test_now(&hall, 0, 3, true, &index), ETIMEDOUT);
        begin_wait(&all);
        for (unsigned j = 0; j < 3; j++)
            assert_int_equal(state_of(&hall, hall.list[j]), j != 1);
        /* What it does not take, another one may: one that came later gets it. */
        dispatcher_reset(&hall.dispatcher, hall.list[0]);
        begin_wait(&one);
        dispatcher_set(&hall.dispatcher, hall.list[0]);
        assert_int_equal(end_wait(&one), 0);
        assert_int_equal(first_waiter_of(&hall, hall.list[0]), 1);
        assert_int_equal(waiters_of(&hall, hall.list[0]), 1);
        dispatcher_set(&hall.dispatcher, hall.list[0]);
        assert_int_equal(state_of(&hall, hall.list[0]), 1);
        dispatcher_set(&hall.dispatcher, hall.list[1]);
        assert_int_equal(end_wait(&all), 0);
        for (unsigned j = 0; j < 3; j++)
            assert_int_equal(state_of(&hall, hall.list[j]), 0);
        close_hall(&hall);
    }
}

/* With one lock for all, a waiter for all that becomes satisfied is served in its turn. */
static void wait_all_keeps_its_place(void **state)
{
    static struct hall hall;
    struct wait all = {.hall = &hall, .self = 1, .count = 2, .all = true};
    struct wait one = {.hall = &hall, .self = 2, .count = 1};

    (void)state;
    open_hall(&hall, DISPATCHER_GLOBAL, DISPATCHER_EVENT_SYNC, 0);
    begin_wait(&all);
    begin_wait(&one);
    /* A test that fails does not send it to the end. */
    assert_false(dispatcher_set(&hall.dispatcher, hall.list[1]));
    assert_int_equal(first_waiter_of(&hall, hall.list[0]), 1);
    assert_false(dispatcher_set(&hall.dispatcher, hall.list[0]));
    assert_int_equal(waiters_of(&hall, hall.list[0]), 1);
    assert_int_equal(first_waiter_of(&hall, hall.list[0]), 2);
    assert_int_equal(state_of(&hall, hall.list[0]), 0);
    assert_int_equal(end_wait(&all), 0);
    dispatcher_set(&hall.dispatcher, hall.list[0]);
    assert_int_equal(end_wait(&one), 0);
    close_hall(&hall);
}

/* A waiter for all that takes a mutex beside other objects owns it afterwards, once. */
static void wait_all_takes_mutexes(void **state)
{
    static struct hall hall;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        struct wait all = {.hall = &hall, .self = 0, .count = 3, .all = true};
        int32_t previous;

        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        struct dispatcher_object *others = hall.list[0], *own = hall.list[1];
        dispatcher_mutex_init(others, 0);
        dispatcher_mutex_init(own, 0);
        assert_int_equal(test_now(&hall, 1, 1, false, &index), 0);
        begin_wait(&all);
        dispatcher_set(&hall.dispatcher, hall.list[2]);
        assert_int_equal(end_wait(&all), 0);
        assert_int_equal(state_of(&hall, others), 0);
        assert_int_equal(state_of(&hall, own), -1);
        assert_int_equal(dispatcher_mutex_release(&hall.dispatcher, own, &previous), 0);
        assert_int_equal(previous, -1);
        assert_int_equal(dispatcher_mutex_release(&hall.dispatcher, own, &previous), 0);
        assert_int_equal(dispatcher_mutex_release(&hall.dispatcher, own, &previous), EPERM);
        assert_int_equal(dispatcher_mutex_release(&hall.dispatcher, others, &previous), 0);
        assert_null(hall.threads[0].owned);
        close_hall(&hall);
    }
}

static void a_time_out_takes_nothing(void **state)
{
    static struct hall hall;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        for (unsigned all = 0; all < 2; all++) {
            for (unsigned soon = 0; soon < 2; soon++) {
                struct wait wait = {.hall = &hall, .count = 3, .all = all != 0};
                open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
                if (all)
                    dispatcher_set(&hall.dispatcher, hall.list[1]);
                wait.deadline = soon ? machine_deadline(2000000) : 0;
                assert_int_equal(wait_here(&wait), ETIMEDOUT);
                for (unsigned j = 0; j < 3; j++) {
                    assert_int_equal(waiters_of(&hall, hall.list[j]), 0);
                    assert_int_equal(state_of(&hall, hall.list[j]), all && j == 1);
                }
                /* Nor is what comes later lost to it. */
                dispatcher_set(&hall.dispatcher, hall.list[0]);
                assert_int_equal(state_of(&hall, hall.list[0]), 1);
                close_hall(&hall);
            }
        }
    }
}

static void waits_are_for_1_to_64_different_objects(void **state)
{
    static struct hall hall;
    uint32_t index;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        for (unsigned all = 0; all < 2; all++) {
            open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 1);
            assert_int_equal(test_now(&hall, 0, 0, all, &index), EINVAL);
            assert_int_equal(test_now(&hall, 0, 65, all, &index), EINVAL);
            struct dispatcher_object *first = hall.list[0];
            hall.list[0] = hall.list[5];
            assert_int_equal(test_now(&hall, 0, 6, all, &index), EINVAL);
            hall.list[0] = first;
            for (unsigned j = 0; j < LENGTH(hall.objects); j++)
                assert_int_equal(state_of(&hall, &hall.objects[j]), 1);
            assert_int_equal(test_now(&hall, 0, 64, all, &index), 0);
            assert_int_equal(state_of(&hall, hall.list[63]), !all);
            close_hall(&hall);
        }
        struct wait wait = {.hall = &hall, .self = 1, .count = 64};
        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        begin_wait(&wait);
        dispatcher_set(&hall.dispatcher, hall.list[63]);
        assert_int_equal(end_wait(&wait), 0);
        assert_int_equal(wait.index, 63);
        wait = (struct wait){.hall = &hall, .self = 1, .count = 64, .all = true};
        begin_wait(&wait);
        for (unsigned j = 64; j-- > 0;)
            dispatcher_set(&hall.dispatcher, hall.list[j]);
        assert_int_equal(end_wait(&wait), 0);
        for (unsigned j = 0; j < 64; j++)
            assert_int_equal(state_of(&hall, hall.list[j]), 0);
        close_hall(&hall);
    }
}

/* ---- mutexes ---- */

static void mutex_counts_its_depth(void **state)
{
    static struct hall hall;
    uint32_t index;
    int32_t previous;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        struct dispatcher *dispatcher = &hall.dispatcher;
        struct dispatcher_object *mutex = hall.list[0];
        dispatcher_mutex_init(mutex, 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), EPERM);
        for (int32_t depth = 1; depth <= 3; depth++) {
            assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
            assert_int_equal(state_of(&hall, mutex), 1 - depth);
        }
        native_set_self(1);
        assert_int_equal(test_now(&hall, 0, 1, false, &index), ETIMEDOUT);
        assert_int_equal(dispatcher_try_one(dispatcher, mutex), EBUSY);
        assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), EPERM);
        assert_int_equal(state_of(&hall, mutex), -2);
        native_set_self(0);
        for (int32_t depth = 3; depth >= 1; depth--) {
            assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), 0);
            assert_int_equal(previous, 1 - depth);
        }
        assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), EPERM);
        assert_int_equal(state_of(&hall, mutex), 1);
        /* The deepest that it can be. */
        assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
        mutex->state = INT_MIN + 1;
        assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
        assert_int_equal(test_now(&hall, 0, 1, false, &index), EOVERFLOW);
        assert_int_equal(test_now(&hall, 0, 1, true, &index), EOVERFLOW);
        assert_int_equal(dispatcher_try_one(dispatcher, mutex), EOVERFLOW);
        assert_int_equal(state_of(&hall, mutex), INT_MIN);
        assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), 0);
        assert_int_equal(previous, INT_MIN);
        mutex->state = 0;
        assert_int_equal(dispatcher_mutex_release(dispatcher, mutex, &previous), 0);
        close_hall(&hall);
    }
}

/* Four mutexes of levels 0, 1, 2, 2. */
static void mutex_levels_must_rise(void **state)
{
    static struct hall hall;
    uint32_t index;
    int32_t previous;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        static const uint32_t levels[] = {0, 1, 2, 2};
        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        struct dispatcher *dispatcher = &hall.dispatcher;
        for (unsigned j = 0; j < LENGTH(levels); j++)
            dispatcher_mutex_init(hall.list[j], levels[j]);
        assert_int_equal(test_now(&hall, 2, 1, false, &index), 0);
        assert_int_equal(test_now(&hall, 1, 1, false, &index), EDEADLK);
        assert_int_equal(test_now(&hall, 3, 1, false, &index), EDEADLK);
        assert_int_equal(dispatcher_try_one(dispatcher, hall.list[1]), EDEADLK);
        /* Also within a wait for several, and before anything of it is taken. */
        assert_int_equal(test_now(&hall, 0, 2, false, &index), EDEADLK);
        assert_int_equal(test_now(&hall, 0, 2, true, &index), EDEADLK);
        assert_int_equal(state_of(&hall, hall.list[0]), 1);
        assert_int_equal(state_of(&hall, hall.list[1]), 1);
        /* Recursion, and a mutex that has no level, are exempt. */
        assert_int_equal(test_now(&hall, 2, 1, false, &index), 0);
        assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[2], &previous), 0);
        assert_int_equal(test_now(&hall, 1, 1, false, &index), EDEADLK);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[2], &previous), 0);
        /* Released in any order. */
        assert_int_equal(test_now(&hall, 1, 1, false, &index), 0);
        assert_int_equal(test_now(&hall, 3, 1, false, &index), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[1], &previous), 0);
        assert_int_equal(test_now(&hall, 2, 1, false, &index), EDEADLK);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[0], &previous), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[3], &previous), 0);
        /* Others are not concerned. */
        assert_int_equal(test_now(&hall, 2, 1, false, &index), 0);
        native_set_self(1);
        assert_int_equal(test_now(&hall, 1, 1, false, &index), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[1], &previous), 0);
        native_set_self(0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[2], &previous), 0);
        close_hall(&hall);
    }
}

static void the_next_owner_of_an_abandoned_mutex_is_told(void **state)
{
    static struct hall hall;
    uint32_t index;
    int32_t previous;

    (void)state;
    for (unsigned i = 0; i < LENGTH(lockings); i++) {
        open_hall(&hall, lockings[i], DISPATCHER_EVENT_SYNC, 0);
        struct dispatcher *dispatcher = &hall.dispatcher;
        struct wait waiting = {.hall = &hall, .self = 2, .count = 1};
        struct wait all = {.hall = &hall, .self = 3, .from = 1, .count = 2, .all = true};
        for (unsigned j = 0; j < 3; j++)
            dispatcher_mutex_init(hall.list[j], j);
        native_set_self(1);
        for (unsigned j = 0; j < 3; j++) {
            assert_int_equal(test_now(&hall, j, 1, false, &index), 0);
            assert_int_equal(test_now(&hall, j, 1, false, &index), 0);
        }
        begin_wait(&waiting);
        dispatcher_thread_ends(dispatcher, 1);
        /* Who waits gets it at once, and is told. */
        assert_int_equal(end_wait(&waiting), EOWNERDEAD);
        assert_int_equal(state_of(&hall, hall.list[0]), 0);
        native_set_self(2);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[0], &previous), 0);
        /* Once. */
        assert_int_equal(test_now(&hall, 0, 1, false, &index), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[0], &previous), 0);
        native_set_self(3);
        assert_int_equal(wait_here(&all), EOWNERDEAD);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[1], &previous), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[2], &previous), 0);
        assert_int_equal(wait_here(&all), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[2], &previous), 0);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[1], &previous), 0);
        native_set_self(1);
        assert_int_equal(dispatcher_mutex_release(dispatcher, hall.list[0], &previous), EPERM);
        dispatcher_thread_ends(dispatcher, 1);
        close_hall(&hall);
    }
}

static void kmutex_is_all_that_as_a_lock(void **state)
{
    struct kmutex_lock *lock = make(&kmutex_ops);
    struct context context;

    (void)state;
    native_set_self(0);
    assert_int_equal(kmutex_ops.release(lock, &context), EPERM);
    assert_int_equal(kmutex_ops.acquire(lock, &context), 0);
    assert_int_equal(kmutex_ops.acquire(lock, &context), 0);
    assert_int_equal(kmutex_ops.acquire_until(lock, &context, 0), 0);
    assert_int_equal(lock->mutex.state, -2);
    native_set_self(1);
    assert_int_equal(kmutex_ops.acquire_until(lock, &context, 0), ETIMEDOUT);
    assert_int_equal(kmutex_ops.release(lock, &context), EPERM);
    native_set_self(0);
    kmutex_thread_ends(lock);
    native_set_self(1);
    assert_int_equal(kmutex_ops.try_acquire(lock, &context), EOWNERDEAD);
    assert_int_equal(kmutex_ops.release(lock, &context), 0);
    assert_int_equal(kmutex_ops.acquire(lock, &context), 0);
    assert_int_equal(kmutex_ops.release(lock, &context), 0);
    unmake(&kmutex_ops, lock);
}

/* ---- fast and guarded mutexes ---- */

static const struct {
    const struct lock_ops *ops;
    bool guarded;
} apc_mutexes[] = {
    {&fast_mutex_ops, true},    {&fast_mutex_unsafe_ops, false},    {&fast_mutex_fifo_ops, true},
    {&guarded_mutex_ops, true}, {&guarded_mutex_unsafe_ops, false}, {&wdf_spin_ops, true},
};

static void mutexes_guard_their_region(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(apc_mutexes); i++) {
        const struct lock_ops *ops = apc_mutexes[i].ops;
        const uint32_t inside = apc_mutexes[i].guarded;
        void *lock = make(ops);
        struct context context;

        native_set_self(0);
        for (uint32_t outside = 0; outside < 3; outside++) {
            if (outside > 0)
                machine_apc_disable();
            assert_int_equal(ops->acquire(lock, &context), 0);
            assert_int_equal(native_apc.disabled, outside + inside);
            /* A try that fails leaves the depth as it was. */
            assert_int_equal(ops->try_acquire(lock, &context), EBUSY);
            assert_int_equal(native_apc.disabled, outside + inside);
            assert_int_equal(ops->release(lock, &context), 0);
            assert_int_equal(native_apc.disabled, outside);
            assert_int_equal(ops->try_acquire(lock, &context), 0);
            assert_int_equal(native_apc.disabled, outside + inside);
            assert_int_equal(ops->release(lock, &context), 0);
            assert_int_equal(native_apc.disabled, outside);
        }
        machine_apc_enable();
        machine_apc_enable();
        unmake(ops, lock);
    }
}

/* How many wait. */
static uint32_t fast_waiters(void *lock)
{
    struct fast_mutex_lock *mutex = lock;

    return (uint32_t)-word_load(&mutex->count, relaxed);
}

static uint32_t fast_fifo_waiters(void *lock)
{
    struct fast_mutex_fifo_lock *fifo = lock;
    uint32_t count = 0;

    short_lock_acquire(&fifo->dispatcher.lock);
    for (struct dispatcher_block *block = fifo->event.first; block != NULL; block = block->next)
        count++;
    short_lock_release(&fifo->dispatcher.lock);
    return count;
}

static uint32_t guarded_waiters(void *lock)
{
    struct guarded_mutex_lock *mutex = lock;

    return word_load(&mutex->state, relaxed) / GUARDED_MUTEX_WAITER;
}

static const struct {
    const struct lock_ops *ops;
    uint32_t (*waiters)(void *lock);
    bool fifo;
} counting_mutexes[] = {
    {&fast_mutex_ops, fast_waiters, false},
    {&fast_mutex_unsafe_ops, fast_waiters, false},
    {&fast_mutex_fifo_ops, fast_fifo_waiters, true},
    {&guarded_mutex_ops, guarded_waiters, false},
    {&guarded_mutex_unsafe_ops, guarded_waiters, false},
};

/* Each that has to wait is counted, and no try. */
static void mutexes_count_contentions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(counting_mutexes); i++) {
        const struct lock_ops *ops = counting_mutexes[i].ops;
        void *lock = make(ops);
        struct visitor visitors[3] = {0};
        struct context context;

        native_set_self(0);
        assert_int_equal(ops->acquire(lock, &context), 0);
        native_set_self(1);
        assert_int_equal(ops->try_acquire(lock, &context), EBUSY);
        native_set_self(0);
        for (unsigned j = 0; j < LENGTH(visitors); j++) {
            send_with(&visitors[j], ops, lock, 1 + j, false);
            while (counting_mutexes[i].waiters(lock) != 1 + j)
                sched_yield();
            word_store(&visitors[j].may_leave, true, release);
        }
        assert_int_equal(ops->try_acquire(lock, &context), EBUSY);
        assert_int_equal(ops->release(lock, &context), 0);
        for (unsigned j = 0; j < LENGTH(visitors); j++)
            assert_int_equal(bring_back(&visitors[j]), 0);
        assert_int_equal(stat_of(ops, lock, "contentions"), LENGTH(visitors));
        assert_int_equal(ops->acquire(lock, &context), 0);
        assert_int_equal(ops->release(lock, &context), 0);
        assert_int_equal(stat_of(ops, lock, "contentions"), LENGTH(visitors));
        unmake(ops, lock);
    }
}

/* Handed from one to the next in the order in which they came to wait. */
static void fast_mutex_fifo_is_in_order(void **state)
{
    const struct lock_ops *ops = &fast_mutex_fifo_ops;
    void *lock = make(ops);
    struct visitor visitors[6] = {0};
    struct context context;

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->acquire(lock, &context), 0);
    for (unsigned i = 0; i < LENGTH(visitors); i++) {
        send_with(&visitors[i], ops, lock, 1 + i, false);
        while (fast_fifo_waiters(lock) != 1 + i)
            sched_yield();
    }
    assert_int_equal(ops->release(lock, &context), 0);
    for (unsigned i = 0; i < LENGTH(visitors); i++) {
        await_in(&visitors[i]);
        for (unsigned j = i + 1; j < LENGTH(visitors); j++)
            assert_false(is_in(&visitors[j]));
        assert_int_equal(fast_fifo_waiters(lock), LENGTH(visitors) - 1 - i);
        assert_int_equal(bring_back(&visitors[i]), 0);
    }
    unmake(ops, lock);
}

/* ---- push_lock ---- */

static uintptr_t word_of(struct push_lock_lock *lock)
{
    return word_load(&lock->word, acquire);
}

/* Returns when the thread has pushed its block, and nobody is busy with the list. */
static void queue_up(struct visitor *visitor, struct push_lock_lock *lock, unsigned self,
                     bool shared)
{
    uintptr_t word;

    send_with(visitor, &push_lock_ops, lock, self, shared);
    do {
        sched_yield();
        word = word_of(lock);
    } while ((void *)push_lock_newest(word) != (void *)&visitor->context ||
             (word & PUSH_LOCK_WAKING) != 0);
}

static void push_lock_counts_who_shares(void **state)
{
    struct push_lock_lock *lock = make(&push_lock_ops);
    const struct lock_ops *ops = &push_lock_ops;
    struct context contexts[3];

    (void)state;
    for (uintptr_t i = 0; i < 3; i++) {
        assert_int_equal(ops->acquire_shared(lock, &contexts[i]), 0);
        assert_int_equal(word_of(lock), (i + 1) * PUSH_LOCK_SHARE + PUSH_LOCK_LOCKED);
    }
    assert_int_equal(ops->try_acquire(lock, &contexts[0]), EBUSY);
    for (uintptr_t i = 3; i-- > 0;) {
        assert_int_equal(ops->release_shared(lock, &contexts[i]), 0);
        assert_int_equal(word_of(lock), i == 0 ? 0 : i * PUSH_LOCK_SHARE + PUSH_LOCK_LOCKED);
    }
    assert_int_equal(ops->acquire(lock, &contexts[0]), 0);
    assert_int_equal(word_of(lock), PUSH_LOCK_LOCKED);
    assert_int_equal(ops->try_acquire_shared(lock, &contexts[1]), EBUSY);
    assert_int_equal(ops->release(lock, &contexts[0]), 0);
    unmake(ops, lock);
}

/* One release lets all in that wait to share, when the oldest is one of them. */
static void push_lock_wakes_readers_together(void **state)
{
    struct push_lock_lock *lock = make(&push_lock_ops);
    struct visitor readers[4] = {0};
    struct context context;

    (void)state;
    assert_int_equal(push_lock_ops.acquire(lock, &context), 0);
    for (unsigned i = 0; i < LENGTH(readers); i++)
        queue_up(&readers[i], lock, 1 + i, true);
    assert_ptr_equal(push_lock_oldest(word_of(lock)), &readers[0].context);
    assert_int_equal(push_lock_ops.release(lock, &context), 0);
    for (unsigned i = 0; i < LENGTH(readers); i++)
        await_in(&readers[i]);
    assert_int_equal(word_of(lock), LENGTH(readers) * PUSH_LOCK_SHARE + PUSH_LOCK_LOCKED);
    for (unsigned i = 0; i < LENGTH(readers); i++)
        assert_int_equal(bring_back(&readers[i]), 0);
    unmake(&push_lock_ops, lock);
}

/* The oldest wants it alone: it is taken from the list, and the others stay where they are. */
static void push_lock_wakes_one_writer(void **state)
{
    struct push_lock_lock *lock = make(&push_lock_ops);
    struct visitor writers[2] = {0}, readers[2] = {0};
    struct context context;

    (void)state;
    assert_int_equal(push_lock_ops.acquire(lock, &context), 0);
    queue_up(&writers[0], lock, 1, false);
    queue_up(&readers[0], lock, 2, true);
    queue_up(&writers[1], lock, 3, false);
    queue_up(&readers[1], lock, 4, true);
    assert_ptr_equal(push_lock_oldest(word_of(lock)), &writers[0].context);
    assert_int_equal(push_lock_ops.release(lock, &context), 0);
    await_in(&writers[0]);
    assert_int_equal(word_of(lock),
                     (uintptr_t)&readers[1].context + PUSH_LOCK_WAITING + PUSH_LOCK_LOCKED);
    assert_ptr_equal(push_lock_oldest(word_of(lock)), &readers[0].context);
    assert_false(is_in(&writers[1]));
    assert_false(is_in(&readers[0]));
    assert_false(is_in(&readers[1]));
    assert_int_equal(bring_back(&writers[0]), 0);
    /* The next one shares, so that all are woken, who get in in whatever order. */
    word_store(&readers[0].may_leave, true, release);
    word_store(&readers[1].may_leave, true, release);
    assert_int_equal(bring_back(&writers[1]), 0);
    assert_int_equal(bring_back(&readers[0]), 0);
    assert_int_equal(bring_back(&readers[1]), 0);
    unmake(&push_lock_ops, lock);
}

/* The first to wait takes over how many share; the last of them lets it in. */
static void push_lock_moves_the_count_to_the_waiter(void **state)
{
    struct push_lock_lock *lock = make(&push_lock_ops);
    struct visitor writer = {0}, reader = {0};
    struct context contexts[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(push_lock_ops.acquire_shared(lock, &contexts[i]), 0);
    queue_up(&writer, lock, 1, false);
    assert_int_equal(word_of(lock) & PUSH_LOCK_BITS,
                     PUSH_LOCK_LOCKED + PUSH_LOCK_WAITING + PUSH_LOCK_SHARED_MORE);
    /* Nobody shares past a waiter. */
    assert_int_equal(push_lock_ops.try_acquire_shared(lock, &contexts[1]), EBUSY);
    queue_up(&reader, lock, 2, true);
    assert_int_equal(word_load(&push_lock_oldest(word_of(lock))->share, relaxed), 2);
    assert_int_equal(push_lock_ops.release_shared(lock, &contexts[0]), 0);
    assert_int_equal(word_load(&push_lock_oldest(word_of(lock))->share, relaxed), 1);
    assert_false(is_in(&writer));
    assert_int_equal(push_lock_ops.release_shared(lock, &contexts[1]), 0);
    await_in(&writer);
    assert_false(is_in(&reader));
    assert_int_equal(bring_back(&writer), 0);
    await_in(&reader);
    assert_int_equal(bring_back(&reader), 0);
    unmake(&push_lock_ops, lock);
}

/* Threads that come, share, and go as it falls out. */
enum { STRESS_TURNS = 4000 };

struct stress {
    struct push_lock_lock *lock;
    uint64_t first, second; /* equal under the lock */
};

struct stress_thread {
    pthread_t thread;
    struct stress *stress;
    unsigned self;
    uint64_t writes, torn;
};

static void stress_turn(struct stress_thread *thread, uint32_t draw, struct context *context)
{
    const struct lock_ops *ops = &push_lock_ops;
    struct stress *stress = thread->stress;
    bool shared = draw % 4 != 0, tries = draw % 32 < 8;
    int (*try_acquire)(void *, void *) = shared ? ops->try_acquire_shared : ops->try_acquire;
    int (*acquire)(void *, void *) = shared ? ops->acquire_shared : ops->acquire;

    if ((tries ? try_acquire : acquire)(stress->lock, context) != 0)
        return;
    thread->torn += stress->first != stress->second;
    if (!shared) {
        stress->first++;
        if (draw % 64 == 0)
            sched_yield();
        stress->second++;
        thread->writes++;
    }
    (shared ? ops->release_shared : ops->release)(stress->lock, context);
}

static void *stress_main(void *argument)
{
    struct stress_thread *thread = argument;
    struct context context;
    uint32_t draw = thread->self + 1;

    native_set_self(thread->self);
    for (unsigned i = 0; i < STRESS_TURNS; i++) {
        draw = draw * 1664525u + 1013904223u;
        stress_turn(thread, draw >> 16, &context);
    }
    return NULL;
}

static void push_lock_survives_a_crowd(void **state)
{
    static const uint64_t budgets_ns[] = {0, 200, 5000};

    (void)state;
    for (unsigned i = 0; i < LENGTH(budgets_ns); i++) {
        struct push_lock_lock lock;
        struct stress stress = {.lock = &lock};
        struct stress_thread threads[THREADS] = {0};
        uint64_t writes = 0;

        push_lock_init(&lock, budgets_ns[i]);
        for (unsigned j = 0; j < THREADS; j++) {
            threads[j].stress = &stress;
            threads[j].self = j;
            assert_int_equal(pthread_create(&threads[j].thread, NULL, stress_main, &threads[j]), 0);
        }
        for (unsigned j = 0; j < THREADS; j++) {
            pthread_join(threads[j].thread, NULL);
            assert_int_equal(threads[j].torn, 0);
            writes += threads[j].writes;
        }
        assert_true(writes > 0);
        assert_int_equal(stress.first, writes);
        assert_int_equal(stress.second, writes);
        assert_true(push_lock_is_idle(&lock));
    }
}

/* ---- ndis_rw ---- */

static const struct {
    const struct lock_ops *ops;
    bool readers_first;
} ndis_locks[] = {
    {&ndis_rw_ops, false},
    {&ndis_rw_membarrier_ops, false},
    {&ndis_rw_readers_ops, true},
};

/* One of them can't be made where the kernel has no membarrier. */
static bool can_be_made(const struct lock_ops *ops)
{
    if (ops != &ndis_rw_membarrier_ops || machine_fence_prepare() == 0)
        return true;
    print_message("# %s is left out: the kernel has no membarrier\n", ops->name);
    return false;
}

static void ndis_rw_is_checked(const struct lock_ops *ops)
{
    struct ndis_rw_lock *lock = make(ops);

    native_set_self(0);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_int_equal(ops->release_shared(lock, NULL), EPERM);
    for (int depth = 1; depth <= 3; depth++)
        assert_int_equal(ops->acquire(lock, NULL), 0);
    assert_int_equal(ops->try_acquire(lock, NULL), 0);
    assert_int_equal(ops->acquire_shared(lock, NULL), EDEADLK);
    assert_int_equal(ops->try_acquire_shared(lock, NULL), EBUSY);
    native_set_self(1);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_int_equal(ops->release_shared(lock, NULL), EPERM);
    for (int depth = 4; depth >= 1; depth--) {
        native_set_self(1);
        assert_int_equal(ops->try_acquire_shared(lock, NULL), EBUSY);
        assert_int_equal(ops->try_acquire(lock, NULL), EBUSY);
        native_set_self(0);
        assert_int_equal(ops->release(lock, NULL), 0);
    }
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_int_equal(ops->acquire_shared(lock, NULL), 0);
    assert_int_equal(ops->acquire_shared(lock, NULL), 0);
    assert_int_equal(ops->try_acquire_shared(lock, NULL), 0);
    assert_int_equal(ops->acquire(lock, NULL), EDEADLK);
    assert_int_equal(ops->try_acquire(lock, NULL), EBUSY);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    native_set_self(1);
    assert_int_equal(ops->try_acquire_shared(lock, NULL), 0);
    assert_int_equal(ops->release_shared(lock, NULL), 0);
    for (int depth = 3; depth >= 1; depth--) {
        native_set_self(1);
        assert_int_equal(ops->try_acquire(lock, NULL), EBUSY);
        native_set_self(0);
        assert_int_equal(ops->release_shared(lock, NULL), 0);
    }
    assert_int_equal(ops->release_shared(lock, NULL), EPERM);
    unmake(ops, lock);
}

static void ndis_rw_tells_misuse(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(ndis_locks); i++) {
        if (can_be_made(ndis_locks[i].ops))
            ndis_rw_is_checked(ndis_locks[i].ops);
    }
}

/* Beside a writer that waits for a reader: that reader comes in again; a new one does so only with
 * ndis_rw_readers, with the others it comes in behind the writer. */
static void ndis_rw_with_a_waiting_writer(const struct lock_ops *ops, bool readers_first)
{
    struct ndis_rw_lock *lock = make(ops);
    struct visitor writer = {0}, reader = {0};

    native_set_self(0);
    assert_int_equal(ops->acquire_shared(lock, NULL), 0);
    send_with(&writer, ops, lock, 1, false);
    while (ttas_is_idle(&lock->writers) ||
           (!readers_first && word_load(&lock->writing, relaxed) == 0))
        sched_yield();
    assert_int_equal(ops->acquire_shared(lock, NULL), 0);
    native_set_self(2);
    if (readers_first) {
        /* A try meets the writer's look by bad luck; an acquire can't. */
        assert_int_equal(ops->acquire_shared(lock, NULL), 0);
        assert_false(is_in(&writer));
        assert_int_equal(ops->release_shared(lock, NULL), 0);
    } else {
        assert_int_equal(ops->try_acquire_shared(lock, NULL), EBUSY);
        reader.look_at = &writer.is_in;
        send_with(&reader, ops, lock, 2, true);
    }
    native_set_self(0);
    assert_int_equal(ops->release_shared(lock, NULL), 0);
    assert_false(is_in(&writer));
    assert_int_equal(ops->release_shared(lock, NULL), 0);
    await_in(&writer);
    assert_false(is_in(&reader));
    assert_int_equal(bring_back(&writer), 0);
    if (!readers_first) {
        assert_int_equal(bring_back(&reader), 0);
        assert_true(reader.others_were_in);
    }
    unmake(ops, lock);
}

static void ndis_rw_readers_and_a_waiting_writer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH(ndis_locks); i++) {
        if (can_be_made(ndis_locks[i].ops))
            ndis_rw_with_a_waiting_writer(ndis_locks[i].ops, ndis_locks[i].readers_first);
    }
}

/* ---- what knows its owner ---- */

static void wdf_wait_tells_misuse_and_counts_time_outs(void **state)
{
    const struct lock_ops *ops = &wdf_wait_ops;
    struct wdf_wait_lock *lock = make(ops);
    struct context own, others;

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->release(lock, &own), EPERM);
    assert_int_equal(ops->acquire(lock, &own), 0);
    assert_int_equal(ops->acquire(lock, &own), EDEADLK);
    assert_int_equal(ops->acquire_until(lock, &own, 0), EDEADLK);
    assert_int_equal(ops->try_acquire(lock, &own), EBUSY);
    assert_int_equal(stat_of(ops, lock, "timeouts"), 0);
    native_set_self(1);
    assert_int_equal(ops->release(lock, &others), EPERM);
    assert_int_equal(ops->try_acquire(lock, &others), EBUSY);
    assert_int_equal(ops->acquire_until(lock, &others, 0), ETIMEDOUT);
    assert_int_equal(ops->acquire_until(lock, &others, machine_deadline(1000000)), ETIMEDOUT);
    assert_int_equal(ops->release(lock, &others), EPERM);
    assert_int_equal(stat_of(ops, lock, "timeouts"), 2);
    native_set_self(0);
    assert_int_equal(ops->release(lock, &own), 0);
    native_set_self(1);
    assert_int_equal(ops->acquire_until(lock, &others, machine_deadline(1000000)), 0);
    assert_int_equal(ops->release(lock, &others), 0);
    assert_int_equal(stat_of(ops, lock, "timeouts"), 2);
    unmake(ops, lock);
}

static void ttas_checked_tells_misuse(void **state)
{
    const struct lock_ops *ops = &ttas_checked_ops;
    void *lock = make(ops);

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_true(ops->is_idle(lock));
    assert_int_equal(ops->acquire(lock, NULL), 0);
    assert_int_equal(ops->acquire(lock, NULL), EDEADLK);
    assert_int_equal(ops->try_acquire(lock, NULL), EBUSY);
    native_set_self(1);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_int_equal(ops->try_acquire(lock, NULL), EBUSY);
    native_set_self(0);
    assert_int_equal(ops->release(lock, NULL), 0);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    native_set_self(1);
    assert_int_equal(ops->try_acquire(lock, NULL), 0);
    assert_int_equal(ops->release(lock, NULL), 0);
    unmake(ops, lock);
}

static void mcs_checked_tells_misuse(void **state)
{
    const struct lock_ops *ops = &mcs_checked_ops;
    void *lock = make(ops);
    struct context own, another;
    struct visitor waiter = {0};

    (void)state;
    native_set_self(0);
    assert_int_equal(ops->release(lock, &own), EPERM);
    assert_int_equal(ops->release(lock, NULL), EPERM);
    assert_int_equal(ops->acquire(lock, &own), 0);
    /* Again, with either node. */
    assert_int_equal(ops->acquire(lock, &own), EDEADLK);
    assert_int_equal(ops->acquire(lock, &another), EDEADLK);
    assert_int_equal(ops->try_acquire(lock, &another), EBUSY);
    assert_int_equal(ops->release(lock, &another), EPERM);
    native_set_self(1);
    /* With a node that is in the queue. */
    assert_int_equal(ops->acquire(lock, &own), EINVAL);
    assert_int_equal(ops->try_acquire(lock, &own), EINVAL);
    assert_int_equal(ops->release(lock, &own), EPERM);
    assert_int_equal(ops->try_acquire(lock, &another), EBUSY);
    assert_int_equal(ops->release(lock, &another), EPERM);
    native_set_self(0);
    /* Unharmed: one that queues up now is let in by the release. */
    send_with(&waiter, ops, lock, 2, false);
    while (word_load(&((struct mcs_checked_lock *)lock)->queue.tail, acquire) ==
           (struct mcs_node *)&own)
        sched_yield();
    native_set_self(1);
    assert_int_equal(ops->acquire(lock, &waiter.context), EINVAL);
    native_set_self(0);
    assert_int_equal(ops->release(lock, &waiter.context), EPERM);
    assert_false(is_in(&waiter));
    assert_int_equal(ops->release(lock, &own), 0);
    await_in(&waiter);
    assert_int_equal(bring_back(&waiter), 0);
    assert_int_equal(ops->try_acquire(lock, &own), 0);
    assert_int_equal(ops->release(lock, &own), 0);
    unmake(ops, lock);
}

/* ---- lock_execute() ---- */

struct execution {
    const struct lock_ops *ops;
    void *lock;
    unsigned runs;
    bool alone, releases;
    struct context *context;
};

static void execute(void *argument)
{
    struct execution *execution = argument;
    struct context another;

    execution->runs++;
    native_set_self(1);
    execution->alone = execution->ops->try_acquire(execution->lock, &another) == EBUSY;
    native_set_self(0);
    if (execution->releases)
        execution->ops->release(execution->lock, execution->context);
}

static void execute_runs_under_the_lock(void **state)
{
    static const struct lock_ops *const kinds[] = {&wdf_spin_ops, &kmutex_ops, &ttas_checked_ops,
                                                   &mcs_checked_ops};

    (void)state;
    native_set_self(0);
    for (unsigned i = 0; i < LENGTH(kinds); i++) {
        struct context context;
        struct execution execution = {.ops = kinds[i], .lock = make(kinds[i]), .context = &context};
        assert_int_equal(lock_execute(kinds[i], execution.lock, &context, execute, &execution), 0);
        assert_int_equal(execution.runs, 1);
        assert_true(execution.alone);
        unmake(kinds[i], execution.lock);
    }
    struct context own, context;
    struct execution execution = {
        .ops = &ttas_checked_ops, .lock = make(&ttas_checked_ops), .context = &context};
    /* Not without the lock. */
    assert_int_equal(ttas_checked_ops.acquire(execution.lock, &own), 0);
    assert_int_equal(lock_execute(&ttas_checked_ops, execution.lock, &context, execute, &execution),
                     EDEADLK);
    assert_int_equal(execution.runs, 0);
    assert_int_equal(ttas_checked_ops.release(execution.lock, &own), 0);
    /* And what the release says is told, too. */
    execution.releases = true;
    assert_int_equal(lock_execute(&ttas_checked_ops, execution.lock, &context, execute, &execution),
                     EPERM);
    assert_int_equal(execution.runs, 1);
    unmake(&ttas_checked_ops, execution.lock);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(resource_grants_what_the_table_says),
        TEST(resource_is_recursive_and_checked),
        TEST(resource_release_admits_all_shared_first),
        TEST(resource_downgrade_admits_shared_only),
        TEST(resource_counts_time_outs),
        TEST(semaphore_keeps_its_limit),
        TEST(semaphore_satisfies_as_many_as_there_are_permits),
        TEST(semaphores_as_locks_refuse_a_release_too_much),
        TEST(events_tell_their_state),
        TEST(events_let_waiters_go),
        TEST(wait_any_takes_the_lowest_index_only),
        TEST(wait_all_takes_all_or_nothing),
        TEST(wait_all_keeps_its_place),
        TEST(wait_all_takes_mutexes),
        TEST(a_time_out_takes_nothing),
        TEST(waits_are_for_1_to_64_different_objects),
        TEST(mutex_counts_its_depth),
        TEST(mutex_levels_must_rise),
        TEST(the_next_owner_of_an_abandoned_mutex_is_told),
        TEST(kmutex_is_all_that_as_a_lock),
        TEST(mutexes_guard_their_region),
        TEST(mutexes_count_contentions),
        TEST(fast_mutex_fifo_is_in_order),
        TEST(push_lock_counts_who_shares),
        TEST(push_lock_wakes_readers_together),
        TEST(push_lock_wakes_one_writer),
        TEST(push_lock_moves_the_count_to_the_waiter),
        TEST(push_lock_survives_a_crowd),
        TEST(ndis_rw_tells_misuse),
        TEST(ndis_rw_readers_and_a_waiting_writer),
        TEST(wdf_wait_tells_misuse_and_counts_time_outs),
        TEST(ttas_checked_tells_misuse),
        TEST(mcs_checked_tells_misuse),
        TEST(execute_runs_under_the_lock),
    };

    /* What hangs ends the program here, with the name of its test as the last line. */
    alarm(HANG_SECONDS);
    return cmocka_run_group_tests_name("nt", tests, NULL, NULL);
}
