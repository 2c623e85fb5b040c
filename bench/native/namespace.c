#include "bench/native/namespace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A thread's wait, where all processes can reach it. */
struct place {
    struct dispatcher_waiter waiter;
    struct dispatcher_block blocks[DISPATCHER_OBJECTS_MOST];
};

/* What lies in the arena. */
struct namespace_shared {
    int error; /* of making it */
    /* Guards all below and the objects. Nobody ever waits for the dispatcher's own lock, which has
     * no owner whose death could be noticed. */
    pthread_mutex_t gate;
    pid_t inside;    /* who has, or had last, the gate */
    uint64_t looked; /* for the dead; a machine_clock() time */
    struct named_object *objects;
    struct dispatcher dispatcher;
    struct dispatcher_thread threads[NAMESPACE_THREADS_MOST];
    bool taken[NAMESPACE_THREADS_MOST];
    /* Held by the thread of that number for as long as it is attached. Apart from the places, so
     * that a page of these is touched only by a thread that has it. */
    pthread_mutex_t lives[NAMESPACE_THREADS_MOST];
    struct place places[NAMESPACE_THREADS_MOST];
};

static int fail(char problem[NAMESPACE_PROBLEM], int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(char problem[NAMESPACE_PROBLEM], int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, NAMESPACE_PROBLEM, format, arguments);
    va_end(arguments);
    return error;
}

/* ---- the gate ---- */

static int enter_gate(struct namespace *space, char problem[NAMESPACE_PROBLEM])
{
    struct namespace_shared *shared = space->shared;
    int error = pthread_mutex_lock(&shared->gate);

    if (error == 0) {
        shared->inside = space->process;
        return 0;
    }
    /* Given back without being declared consistent, it is closed to all for good. */
    if (error == EOWNERDEAD)
        pthread_mutex_unlock(&shared->gate);
    if (error != EOWNERDEAD && error != ENOTRECOVERABLE)
        return fail(problem, error, "the namespace '%s' can't be entered: %s", space->arena.name,
                    strerror(error));
    return fail(problem, ENOTRECOVERABLE,
                "process %d died inside the namespace '%s': its objects are lost",
                (int)shared->inside, space->arena.name);
}

static void leave_gate(struct namespace *space)
{
    pthread_mutex_unlock(&space->shared->gate);
}

/* Inside, machine_self() is the thread's number here; it may have another with other locks. */
static int enter(struct namespace_thread *thread)
{
    int error = enter_gate(thread->space, thread->problem);

    if (error != 0)
        return error;
    thread->number_elsewhere = machine_self();
    native_set_self(thread->number);
    return 0;
}

static void leave(struct namespace_thread *thread)
{
    native_set_self(thread->number_elsewhere);
    leave_gate(thread->space);
}

/* ---- the dead; all inside the gate, which keeps the dispatcher's queues still ---- */

/* All mutexes that a thread owns. Its own list lacks one that it was given and died before it
 * noticed. */
static void collect_owned(struct namespace_shared *shared, unsigned number)
{
    struct dispatcher_object *owned = NULL;

    for (struct named_object *named = shared->objects; named != NULL; named = named->next) {
        struct dispatcher_object *object = &named->object;
        if (object->type != DISPATCHER_MUTEX || object->owner != number + 1)
            continue;
        object->next_owned = owned;
        owned = object;
    }
    shared->threads[number].owned = owned;
}

/* Returns whether there were any. First all of them leave the queues, so that what the one abandons
 * is not given to another. */
static bool bury_the_dead(struct namespace_shared *shared)
{
    bool dead[NAMESPACE_THREADS_MOST] = {false}, any = false;

    for (unsigned i = 0; i < NAMESPACE_THREADS_MOST; i++) {
        dead[i] = shared->taken[i] && pthread_mutex_trylock(&shared->lives[i]) == EOWNERDEAD;
        if (!dead[i])
            continue;
        any = true;
        dispatcher_unlink_all(&shared->places[i].waiter);
    }
    for (unsigned i = 0; any && i < NAMESPACE_THREADS_MOST; i++) {
        if (!dead[i])
            continue;
        collect_owned(shared, i);
        dispatcher_thread_ends(&shared->dispatcher, i);
        shared->taken[i] = false;
        pthread_mutex_consistent(&shared->lives[i]);
        pthread_mutex_unlock(&shared->lives[i]);
    }
    return any;
}

/* One look in each slice is enough for all who wait. */
static bool look_for_the_dead(struct namespace_shared *shared)
{
    uint64_t now = machine_clock();

    if (now - shared->looked < NAMESPACE_SLICE_NS)
        return false;
    shared->looked = now;
    return bury_the_dead(shared);
}

/* Before a signal. */
static void bury_dead_waiters(struct namespace_shared *shared, const struct named_object *object)
{
    if (object->object.first != NULL)
        bury_the_dead(shared);
}

/* ---- making, opening and closing ---- */

static void make_shared(void *object, void *argument)
{
    struct namespace_shared *shared = object;

    (void)argument;
    /* A signal handler that comes in while its thread is inside is refused. */
    shared->error = arena_mutex_init(&shared->gate);
    for (int i = 0; shared->error == 0 && i < NAMESPACE_THREADS_MOST; i++)
        shared->error = arena_mutex_init(&shared->lives[i]);
    dispatcher_init(&shared->dispatcher, DISPATCHER_GLOBAL, shared->threads);
}

static const struct arena_type shared_type = {"namespace", sizeof(struct namespace_shared),
                                              MACHINE_APART, make_shared};

static int fail_by_arena(struct namespace *space, enum arena_error error)
{
    static const int numbers[] = {
        [ARENA_FINE] = 0,
        [ARENA_BAD_NAME] = EINVAL,
        [ARENA_EXISTS] = EEXIST,
        [ARENA_MISSING] = ENOENT,
        [ARENA_ABANDONED] = ESTALE,
        [ARENA_DENIED] = EACCES,
        [ARENA_FOREIGN] = EPROTO,
        [ARENA_ADDRESS_TAKEN] = EADDRINUSE,
        [ARENA_OTHER_TYPE] = EEXIST,
        [ARENA_FULL] = ENOSPC,
        [ARENA_SYSTEM] = EIO,
    };

    return fail(space->problem, numbers[error], "%s", space->arena.problem);
}

/* Whoever has the arena first makes what is in it, its creator or not. */
static int complete(struct namespace *space, enum arena_error error)
{
    void *shared = NULL;

    if (error != ARENA_FINE)
        return fail_by_arena(space, error);
    error = arena_object(&space->arena, "namespace", &shared_type, NULL, &shared);
    space->shared = shared;
    int number = error != ARENA_FINE ? fail_by_arena(space, error) : space->shared->error;
    if (error == ARENA_FINE && number != 0)
        fail(space->problem, number, "robust mutexes can't be had: %s", strerror(number));
    if (number != 0)
        arena_close(&space->arena);
    else
        native_share_futexes();
    return number;
}

static const struct arena_type *object_type(enum dispatcher_type type);

int namespace_create(struct namespace *space, const char *name, size_t room, mode_t mode)
{
    *space = (struct namespace){.process = getpid()};
    room +=
        arena_room(&shared_type) + NAMESPACE_OBJECTS * arena_room(object_type(DISPATCHER_MUTEX));
    return complete(space, arena_create(&space->arena, name, room, mode));
}

int namespace_open(struct namespace *space, const char *name)
{
    *space = (struct namespace){.process = getpid()};
    return complete(space, arena_open(&space->arena, name));
}

/* The memory must not go while a thread holds a mutex in it: the kernel and the C library have it
 * in a list of the thread's. */
int namespace_close(struct namespace *space)
{
    uint32_t threads = word_load(&space->threads, acquire);

    if (threads != 0 && space->process == getpid())
        return fail(space->problem, EBUSY,
                    "the namespace '%s' can't be closed: %" PRIu32
                    " threads of this process are attached",
                    space->arena.name, threads);
    arena_close(&space->arena);
    space->shared = NULL;
    return 0;
}

/* ---- objects ---- */

static void make_object(void *object, void *argument)
{
    struct named_object *named = object;
    const struct namespace_kind *kind = argument;

    if (kind->type == DISPATCHER_MUTEX)
        dispatcher_mutex_init(&named->object, kind->level);
    else if (kind->type == DISPATCHER_SEMAPHORE)
        dispatcher_semaphore_init(&named->object, kind->state, kind->limit);
    else
        dispatcher_object_init(&named->object, kind->type, kind->state);
}

#define OBJECT_TYPE(name)                                                               \
    {                                                                                   \
        (name), sizeof(struct named_object), _Alignof(struct named_object), make_object \
    }

/* NULL: there are none by name. */
static const struct arena_type *object_type(enum dispatcher_type type)
{
    static const struct arena_type types[] = {
        [DISPATCHER_MUTEX] = OBJECT_TYPE("mutex"),
        [DISPATCHER_SEMAPHORE] = OBJECT_TYPE("semaphore"),
        [DISPATCHER_EVENT_SYNC] = OBJECT_TYPE("synchronization event"),
        [DISPATCHER_EVENT_NOTIFY] = OBJECT_TYPE("notification event"),
    };

    return type <= DISPATCHER_EVENT_NOTIFY && types[type].name != NULL ? &types[type] : NULL;
}

static int check_kind(struct namespace *space, const char *name, const struct namespace_kind *kind)
{
    if (object_type(kind->type) == NULL)
        return fail(space->problem, EINVAL,
                    "'%s' can't be an object of type %d: by name there are mutexes, semaphores and "
                    "events",
                    name, (int)kind->type);
    if (kind->type == DISPATCHER_SEMAPHORE &&
        (kind->limit < 1 || kind->state < 0 || kind->state > kind->limit))
        return fail(space->problem, EINVAL,
                    "the semaphore '%s' can't have %" PRId32 " of %" PRId32
                    " permits: the limit is 1 or more, the permits are from 0 to the limit",
                    name, kind->state, kind->limit);
    if (kind->type >= DISPATCHER_EVENT_SYNC && (kind->state < 0 || kind->state > 1))
        return fail(space->problem, EINVAL,
                    "the event '%s' can't have the state %" PRId32 ": it is 0, or 1 for set", name,
                    kind->state);
    return 0;
}

static int check_alike(struct namespace *space, const char *name,
                       const struct dispatcher_object *object, const struct namespace_kind *kind)
{
    if (kind->type == DISPATCHER_SEMAPHORE && object->limit != kind->limit)
        return fail(space->problem, EEXIST,
                    "'%s' is a semaphore of limit %" PRId32 ", not of %" PRId32, name,
                    object->limit, kind->limit);
    if (kind->type == DISPATCHER_MUTEX && object->level != kind->level)
        return fail(space->problem, EEXIST, "'%s' is a mutex of level %" PRIu32 ", not of %" PRIu32,
                    name, object->level, kind->level);
    return 0;
}

/* For those who bury the dead. Whoever made the object may have died before it came to this, so the
 * first that comes to use it does it. */
static int list(struct namespace *space, struct named_object *named)
{
    struct namespace_shared *shared = space->shared;
    int error = enter_gate(space, space->problem);

    if (error != 0)
        return error;
    if (!named->listed) {
        named->next = shared->objects;
        shared->objects = named;
        named->listed = true;
    }
    leave_gate(space);
    return 0;
}

int namespace_object(struct namespace *space, const char *name, const struct namespace_kind *kind,
                     struct named_object **object)
{
    struct namespace_kind made = *kind;
    void *found;
    int error = check_kind(space, name, kind);

    if (error != 0)
        return error;
    enum arena_error arena_error =
        arena_object(&space->arena, name, object_type(kind->type), &made, &found);
    if (arena_error != ARENA_FINE)
        return fail_by_arena(space, arena_error);
    *object = found;
    error = check_alike(space, name, &(*object)->object, kind);
    return error != 0 ? error : list(space, *object);
}

/* ---- threads ---- */

/* One that is not taken is free to lock, too. */
static int take_number(struct namespace_thread *thread)
{
    struct namespace_shared *shared = thread->space->shared;

    for (unsigned i = 0; i < NAMESPACE_THREADS_MOST; i++) {
        if (shared->taken[i] || pthread_mutex_trylock(&shared->lives[i]) != 0)
            continue;
        shared->taken[i] = true;
        thread->number = i;
        return 0;
    }
    return fail(thread->problem, ENOSPC,
                "the namespace '%s' has %d threads: there is room for no more",
                thread->space->arena.name, NAMESPACE_THREADS_MOST);
}

int namespace_attach_thread(struct namespace *space, struct namespace_thread *thread)
{
    *thread = (struct namespace_thread){.space = space};
    int error = enter_gate(space, thread->problem);

    if (error != 0)
        return error;
    bury_the_dead(space->shared);
    error = take_number(thread);
    if (error == 0)
        word_fetch_add(&space->threads, 1, relaxed);
    leave_gate(space);
    return error;
}

void namespace_detach_thread(struct namespace_thread *thread)
{
    struct namespace_shared *shared = thread->space->shared;
    bool entered = enter(thread) == 0;

    if (entered) {
        bury_the_dead(shared);
        dispatcher_thread_ends(&shared->dispatcher, thread->number);
        shared->taken[thread->number] = false;
    }
    pthread_mutex_unlock(&shared->lives[thread->number]);
    if (entered)
        leave(thread);
    /* release: the memory may go only after all that this thread did in it. */
    word_fetch_sub(&thread->space->threads, 1, release);
}

/* ---- waiting ---- */

/* Inside the gate, after a sleep. -1: sleeps on, in its place in the queues. */
static int resume_wait(struct namespace_thread *thread, const struct dispatcher_wait *wait,
                       uint64_t deadline, uint32_t *index)
{
    struct namespace_shared *shared = thread->space->shared;

    look_for_the_dead(shared);
    uint32_t state = word_load(&wait->waiter->state, acquire);
    if (state < WAITER_DONE && machine_clock() < deadline) {
        word_store(&wait->waiter->state, WAITER_AWAKE, relaxed);
        return -1;
    }
    return dispatcher_look_again(&shared->dispatcher, wait, thread->number, false, index);
}

/* Inside the gate. */
static int start_wait(struct namespace_thread *thread, const struct dispatcher_wait *wait,
                      uint64_t deadline, uint32_t *index)
{
    struct namespace_shared *shared = thread->space->shared;
    int result = dispatcher_start_wait(&shared->dispatcher, wait, thread->number, deadline, index);

    if (result == ETIMEDOUT && look_for_the_dead(shared))
        result = dispatcher_start_wait(&shared->dispatcher, wait, thread->number, deadline, index);
    return result;
}

static int wait_for(struct namespace_thread *thread, const struct dispatcher_wait *wait,
                    uint64_t deadline, uint32_t *index)
{
    int result = enter(thread);

    if (result != 0)
        return result;
    wait->waiter->blocks = thread->space->shared->places[thread->number].blocks;
    result = start_wait(thread, wait, deadline, index);
    while (result == -1) {
        uint64_t slice = machine_deadline(NAMESPACE_SLICE_NS);
        leave(thread);
        dispatcher_sleep(wait->waiter, slice < deadline ? slice : deadline);
        result = enter(thread);
        if (result != 0)
            return result;
        result = resume_wait(thread, wait, deadline, index);
    }
    leave(thread);
    return result;
}

static int wait_several(struct namespace_thread *thread, struct named_object *const *named,
                        uint32_t count, bool all, uint64_t deadline, uint32_t *index)
{
    struct dispatcher_object *objects[DISPATCHER_OBJECTS_MOST], *sorted[DISPATCHER_OBJECTS_MOST];
    struct place *place = &thread->space->shared->places[thread->number];
    const struct dispatcher_wait wait = {&place->waiter, objects, sorted, count, all};

    if (count == 0 || count > DISPATCHER_OBJECTS_MOST)
        return fail(thread->problem, EINVAL,
                    "%" PRIu32 " objects in one wait: there must be 1 to %d", count,
                    DISPATCHER_OBJECTS_MOST);
    for (uint32_t i = 0; i < count; i++)
        objects[i] = &named[i]->object;
    if (!dispatcher_sort(objects, count, sorted))
        return fail(thread->problem, EINVAL, "an object is there twice in one wait for %" PRIu32,
                    count);
    return wait_for(thread, &wait, deadline, index);
}

int namespace_wait_one(struct namespace_thread *thread, struct named_object *object,
                       uint64_t deadline)
{
    uint32_t index;

    return wait_several(thread, &object, 1, false, deadline, &index);
}

int namespace_wait_any(struct namespace_thread *thread, struct named_object *const *objects,
                       uint32_t count, uint64_t deadline, uint32_t *index)
{
    return wait_several(thread, objects, count, false, deadline, index);
}

int namespace_wait_all(struct namespace_thread *thread, struct named_object *const *objects,
                       uint32_t count, uint64_t deadline)
{
    uint32_t index;

    return wait_several(thread, objects, count, true, deadline, &index);
}

/* ---- signalling ---- */

static int enter_to_signal(struct namespace_thread *thread, const struct named_object *object)
{
    int error = enter(thread);

    if (error == 0)
        bury_dead_waiters(thread->space->shared, object);
    return error;
}

int namespace_mutex_release(struct namespace_thread *thread, struct named_object *mutex)
{
    int32_t previous;
    int error = enter_to_signal(thread, mutex);

    if (error != 0)
        return error;
    error = mutex->object.type != DISPATCHER_MUTEX
                ? fail(thread->problem, EINVAL, "what is released is no mutex")
                : dispatcher_mutex_release(&thread->space->shared->dispatcher, &mutex->object,
                                           &previous);
    leave(thread);
    return error;
}

int namespace_semaphore_release(struct namespace_thread *thread, struct named_object *semaphore,
                                int32_t permits, int32_t *previous)
{
    int error = enter_to_signal(thread, semaphore);

    if (error != 0)
        return error;
    error = semaphore->object.type != DISPATCHER_SEMAPHORE
                ? fail(thread->problem, EINVAL, "what is given permits is no semaphore")
                : dispatcher_semaphore_release(&thread->space->shared->dispatcher,
                                               &semaphore->object, permits, previous);
    leave(thread);
    return error;
}

static int change_event(struct namespace_thread *thread, struct named_object *event, bool *before,
                        bool (*change)(struct dispatcher *, struct dispatcher_object *))
{
    int error = enter_to_signal(thread, event);

    if (error != 0)
        return error;
    if (event->object.type != DISPATCHER_EVENT_SYNC &&
        event->object.type != DISPATCHER_EVENT_NOTIFY)
        error = fail(thread->problem, EINVAL, "what is set, reset or pulsed is no event");
    else
        *before = change(&thread->space->shared->dispatcher, &event->object);
    leave(thread);
    return error;
}

int namespace_event_set(struct namespace_thread *thread, struct named_object *event, bool *before)
{
    return change_event(thread, event, before, dispatcher_set);
}

int namespace_event_reset(struct namespace_thread *thread, struct named_object *event, bool *before)
{
    return change_event(thread, event, before, dispatcher_reset);
}

int namespace_event_pulse(struct namespace_thread *thread, struct named_object *event, bool *before)
{
    return change_event(thread, event, before, dispatcher_pulse);
}
