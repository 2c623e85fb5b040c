/* Named dispatcher objects: a mutex, a semaphore or an event that unrelated processes find by its
 * name and wait for, alone or with others. What \BaseNamedObjects and the Ke/Ex objects in it are
 * to NT.
 *
 * A namespace is an arena (arena.h) with one dispatcher (locks/nt/dispatcher.h, one lock for all
 * objects), its objects by name, and up to NAMESPACE_THREADS_MOST threads of any processes, each
 * with a number and a wait of its own in the arena.
 *
 * Threads and processes that die, at any moment and by any means:
 * - One that owns a mutex has abandoned it: the next owner gets it with EOWNERDEAD. A waiter finds
 *   that out within about NAMESPACE_SLICE_NS twice.
 * - One that waits is taken out of all queues. No signal is given to a thread that is dead by then.
 *   A permit or an event that it had been given before is lost with it, as in NT: neither has an
 *   owner.
 * - One that is just changing the objects (for well under a microsecond, and the wakes) leaves them
 *   half changed: all are lost. Every call, also one that waits, then fails with ENOTRECOVERABLE
 *   and says which process it was. Nothing hangs. What can still be done is to detach and to close;
 *   the namespace can be made anew when all have closed it.
 * That is so because each change is made under a robust mutex, which the kernel hands on with the
 * news when its holder dies; and each thread holds one of its own for as long as it is attached,
 * which tells of its death whatever process has its number by then.
 *
 * Functions return 0 or an error number. Where it is not what a wait or a signal may always come to
 * (ETIMEDOUT, EPERM, ...), the `problem` of the namespace or of the thread that was passed says in
 * words what is wrong. */
#ifndef BENCH_NATIVE_NAMESPACE_H
#define BENCH_NATIVE_NAMESPACE_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/native/arena.h"
#include "locks/nt/dispatcher.h"

enum {
    NAMESPACE_THREADS_MOST = 256,
    /* There is room for at least so many. */
    NAMESPACE_OBJECTS = 1024,
    /* So often do those who wait look whether others have died. */
    NAMESPACE_SLICE_NS = 50000000,
    NAMESPACE_PROBLEM = 384,
};

/* This process's hold on a namespace. */
struct namespace
{
    struct arena arena; /* for what else the processes share: arena_object() */
    struct namespace_shared *shared;
    pid_t process;
    WORD(uint32_t) threads; /* of this process that are attached */
    char problem[NAMESPACE_PROBLEM];
};

/* A thread that uses it. For that thread alone. */
struct namespace_thread {
    struct namespace *space;
    unsigned number; /* among the threads of all processes */
    unsigned number_elsewhere;
    char problem[NAMESPACE_PROBLEM];
};

/* An object. Its fields are the namespace's own. */
struct named_object {
    struct dispatcher_object object;
    struct named_object *next;
    bool listed;
};

/* What an object is to be. */
struct namespace_kind {
    enum dispatcher_type type; /* DISPATCHER_MUTEX, _SEMAPHORE, _EVENT_SYNC or _EVENT_NOTIFY */
    int32_t state;             /* when it is made. Semaphore: permits; event: 1: set */
    int32_t limit;             /* semaphore: the most permits */
    uint32_t level;            /* mutex: its place in the order of acquisition; 0: none */
};

/* ---- a process's part; by one thread at a time ---- */

/* Makes a namespace and opens it; `room`: bytes for what else is to lie in its arena, `mode`: who
 * may open it. EEXIST, EACCES, EINVAL (its name), ENOSPC, ENOMEM or EIO: see `problem`.
 *
 * This and namespace_open() make all futexes of this process shared (native_share_futexes()): to be
 * called before any lock is used. */
int namespace_create(struct namespace *space, const char *name, size_t room, mode_t mode);

/* Opens the one of that name. ENOENT; ESTALE: all that had it open are dead, and it was removed;
 * EACCES; EPROTO: it is none, or of another build; EADDRINUSE: where it has to lie there is
 * something else, or it is open here already. */
int namespace_open(struct namespace *space, const char *name);

/* The last process to close it removes its name. EBUSY: threads of this process are attached, or
 * ended without detaching. In a
 * child of the process that opened it, which has to open it anew, only unmaps it. */
int namespace_close(struct namespace *space);

/* Finds the object of that name, or makes it. EEXIST: the name is that of an object of another
 * type, limit or level; EINVAL: there can be no such object, or no such name; ENOSPC;
 * ENOTRECOVERABLE. */
int namespace_object(struct namespace *space, const char *name, const struct namespace_kind *kind,
                     struct named_object **object);

/* ---- a thread's part; each by the thread whose `thread` it is ---- */

/* Attaches the calling thread. ENOSPC: there are NAMESPACE_THREADS_MOST; ENOTRECOVERABLE. */
int namespace_attach_thread(struct namespace *space, struct namespace_thread *thread);

/* Mutexes that it owns are abandoned, as by a thread that ends without it. */
void namespace_detach_thread(struct namespace_thread *thread);

/* Waits until machine_clock() reaches the deadline (0: only tests; MACHINE_NEVER) and takes the
 * object. 0; EOWNERDEAD: taken, but its last owner died with it or ended; ETIMEDOUT; EDEADLK: the
 * mutex's level is not above those owned; EOVERFLOW: the mutex can't be taken once more;
 * ENOTRECOVERABLE. */
int namespace_wait_one(struct namespace_thread *thread, struct named_object *object,
                       uint64_t deadline);

/* The same for any of several different objects: `*index` is the one that was taken. EINVAL: there
 * are none, more than DISPATCHER_OBJECTS_MOST, or one twice. */
int namespace_wait_any(struct namespace_thread *thread, struct named_object *const *objects,
                       uint32_t count, uint64_t deadline, uint32_t *index);

/* The same for all of them at once. */
int namespace_wait_all(struct namespace_thread *thread, struct named_object *const *objects,
                       uint32_t count, uint64_t deadline);

/* By the owner, once for each time it was taken. EPERM: the caller is not the owner; EINVAL: it is
 * no mutex; ENOTRECOVERABLE. */
int namespace_mutex_release(struct namespace_thread *thread, struct named_object *mutex);

/* Adds permits. `*previous`: how many there were. EOVERFLOW: they would be more than the limit, and
 * nothing has changed; EINVAL: it is no semaphore, or `permits` is below 1; ENOTRECOVERABLE. */
int namespace_semaphore_release(struct namespace_thread *thread, struct named_object *semaphore,
                                int32_t permits, int32_t *previous);

/* Sets an event, resets it, or lets those through who wait for it at this moment. `*before`:
 * whether it was set. EINVAL: it is no event; ENOTRECOVERABLE. */
int namespace_event_set(struct namespace_thread *thread, struct named_object *event, bool *before);
int namespace_event_reset(struct namespace_thread *thread, struct named_object *event,
                          bool *before);
int namespace_event_pulse(struct namespace_thread *thread, struct named_object *event,
                          bool *before);

#endif
