/* The timer thread of the dispatcher's objects (locks/nt/dispatcher.h), on real cores: one thread
 * that lets timers expire, and signals processes that have ended and I/O that is complete.
 *
 * Any thread may call these, also a timer's own function; the watcher and what it watches stay
 * where they are until watcher_stop(). */
#ifndef BENCH_NATIVE_WATCHER_H
#define BENCH_NATIVE_WATCHER_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/event_queue.h"
#include "locks/nt/dispatcher.h"

/* A timer: an object to wait for, and when it is due. */
struct watcher_timer {
    struct dispatcher_object object;
    uint32_t number; /* among the watcher's timers */
    uint64_t period; /* 0: it expires once */
    void (*call)(void *argument);
    void *argument;
    WORD(uint64_t) expiries; /* so far; also of those whose signals became one */
};

/* A file descriptor, and the object that is signalled when it can be read. */
struct watcher_source {
    struct dispatcher_object *object;
    bool drained; /* it is read empty, and watched on; otherwise once is enough */
};

struct watcher {
    struct dispatcher *dispatcher;
    pthread_t thread;
    /* Guards all below. Timers are signalled under it, so that one that is set anew or cancelled
     * can't be signalled by its former due time afterwards. */
    pthread_mutex_t mutex;
    struct event_queue due;
    struct watcher_timer **timers; /* by number */
    uint32_t timers_count, sources_count, most;
    struct watcher_source *sources;
    struct pollfd *polled; /* polled[0] wakes the thread; polled[1 + i] is of sources[i] */
    bool ends;
};

/* Starts the thread, for at most `most` timers and as many file descriptors. Returns 0 or an error
 * number. End with watcher_stop(). */
int watcher_start(struct watcher *watcher, struct dispatcher *dispatcher, uint32_t most);
void watcher_stop(struct watcher *watcher);

/* Makes a timer, not set and not signalled; `type` is DISPATCHER_TIMER_SYNC or
 * DISPATCHER_TIMER_NOTIFY. After each expiry, when the object has been signalled, `call`, unless it
 * is NULL, is called by the watcher's thread (or by the one that sets a timer whose time is past).
 * ENOSPC: there are too many. */
int watcher_timer_init(struct watcher *watcher, struct watcher_timer *timer,
                       enum dispatcher_type type, void (*call)(void *argument), void *argument);

/* Sets the timer to the machine_clock() time `due` (machine_deadline() makes one of a span) and
 * then, unless `period` is 0, to all `period` nanoseconds. Its signal is cleared; a due time that
 * is past signals it at once. Returns whether it was set already and had yet to expire: that is
 * cancelled. */
bool watcher_timer_set(struct watcher *watcher, struct watcher_timer *timer, uint64_t due,
                       uint64_t period);

/* Returns whether it was set and had yet to expire. A signal that it has given stays. A function of
 * its that is being called just now may still be. */
bool watcher_timer_cancel(struct watcher *watcher, struct watcher_timer *timer);

/* Signals the object when that process has ended. Returns 0 or an error number: ESRCH, ENOSPC. */
int watcher_add_process(struct watcher *watcher, struct dispatcher_object *object, pid_t pid);

/* Signals the object each time that the eventfd has counted completions of I/O, and resets the
 * count. The descriptor stays the caller's. Returns 0 or ENOSPC. */
int watcher_add_completions(struct watcher *watcher, struct dispatcher_object *object, int eventfd);

#endif
