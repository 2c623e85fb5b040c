/* Memory that processes share, and a directory of named objects in it.
 *
 * An arena lies at the same address in every process that has it: what lies in it may point to what
 * lies in it. One with a name is a POSIX shared memory object, which unrelated processes find by
 * that name; one without a name is for the processes that are forked after it was made.
 *
 * The name appears only when the arena is complete, and goes with the last process that has it
 * open. A process that dies without closing it is noticed by the next that opens it; one that dies
 * while it makes an object leaves nothing of it. A hold (struct arena) is used by one thread at a
 * time, the objects by all. An arena is trusted as much as those who may write it: the mode says
 * who. */
#ifndef BENCH_NATIVE_ARENA_H
#define BENCH_NATIVE_ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum arena_error {
    ARENA_FINE,
    ARENA_BAD_NAME,      /* empty, too long, or with a '/' */
    ARENA_EXISTS,        /* an arena of that name is in use */
    ARENA_MISSING,       /* there is none of that name */
    ARENA_ABANDONED,     /* all that had it open are dead; it was removed */
    ARENA_DENIED,        /* its owner and mode keep this process out */
    ARENA_FOREIGN,       /* what has that name is no arena, or of another version or size */
    ARENA_ADDRESS_TAKEN, /* this process has something else where the arena has to lie */
    ARENA_OTHER_TYPE,    /* the object is there, and of another type or size */
    ARENA_FULL,          /* no room for the arena, the object, or one more process */
    ARENA_SYSTEM,        /* a system call failed */
};

/* The longest name of an arena, an object or a type, with its end. */
enum { ARENA_NAME = 64 };

/* The most processes that have one arena open by its name. */
enum { ARENA_PROCESSES_MOST = 256 };

/* This process's hold on an arena. */
struct arena {
    struct arena_header *header; /* where it lies; NULL: closed */
    char name[ARENA_NAME];       /* "": none */
    unsigned dead;               /* processes found dead when it was opened */
    char problem[256];           /* of the last call that failed: what and why, in words */
};

/* What an object is. Two types are the same when their names and bytes are. */
struct arena_type {
    const char *name;        /* as in "semaphore" */
    size_t bytes, alignment; /* alignment: a power of two, at most a page */
    /* Makes the object in zeroed memory, before any other process can find it; it must not call
     * arena_object(). NULL: zeroed memory is enough, and none of it is touched, so that its pages
     * come to lie where they are first used. */
    void (*init)(void *object, void *argument);
};

/* Makes an arena with room for `bytes` of objects (see arena_room()) and opens it here. `mode` says
 * who may open it, whatever the umask; `name` NULL: a nameless one. ARENA_EXISTS unless all that
 * had the present one open are dead, which is then replaced. */
enum arena_error arena_create(struct arena *arena, const char *name, size_t bytes, mode_t mode);

/* Opens the arena of that name at the address at which its creator has it. */
enum arena_error arena_open(struct arena *arena, const char *name);

/* In a child process, which has its parent's arenas mapped but counts as having none open: opens
 * this one, so that it outlives the parent. */
enum arena_error arena_adopt(struct arena *arena);

/* Unmaps the arena here, and removes it if no other process has it open. In a child process that
 * did not adopt it, only unmaps. */
void arena_close(struct arena *arena);

/* How many living processes have the arena open by its name. */
unsigned arena_processes(struct arena *arena);

/* Finds the object of that name, or makes it. A nameless arena has named objects as well. */
enum arena_error arena_object(struct arena *arena, const char *name, const struct arena_type *type,
                              void *argument, void **object);

/* How many bytes of an arena an object of that type takes, at most. */
size_t arena_room(const struct arena_type *type);

/* Makes a mutex for memory that processes share: the next one is told of the death of its owner
 * (EOWNERDEAD), and a thread that has it already is refused (EDEADLK). Returns 0 or an errno. */
int arena_mutex_init(pthread_mutex_t *mutex);

#endif
