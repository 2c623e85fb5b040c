#include "bench/native/watcher.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------------
 * The thread */

static void wake(const struct watcher *watcher)
{
    uint64_t one = 1;
    ssize_t written = write(watcher->polled[0].fd, &one, sizeof one);

    /* It can only fail because the count is full, and then the thread is awake. */
    (void)written;
}

static void drain(int eventfd)
{
    uint64_t count;
    ssize_t read_bytes = read(eventfd, &count, sizeof count);

    (void)read_bytes;
}

/* One expiry; the next one is set before the signal, whose receiver may cancel it. */
static void expire(struct watcher *watcher, struct watcher_timer *timer, uint64_t due)
{
    if (timer->period != 0)
        event_queue_set(&watcher->due, timer->number, due + timer->period);
    word_fetch_add(&timer->expiries, 1, relaxed);
    dispatcher_set(watcher->dispatcher, &timer->object);
}

/* Gives the mutex away for the calls, so that they may set timers. */
static void expire_those_due(struct watcher *watcher)
{
    while (event_queue_next(&watcher->due) <= machine_clock()) {
        event event = event_queue_pop(&watcher->due);
        struct watcher_timer *timer = watcher->timers[event_subject(event)];
        expire(watcher, timer, event_time(event));
        if (timer->call == NULL)
            continue;
        pthread_mutex_unlock(&watcher->mutex);
        timer->call(timer->argument);
        pthread_mutex_lock(&watcher->mutex);
    }
}

static void signal_those_ready(struct watcher *watcher)
{
    for (uint32_t i = 0; i < watcher->sources_count; i++) {
        const struct watcher_source *source = &watcher->sources[i];
        struct pollfd *polled = &watcher->polled[1 + i];
        if (polled->revents == 0)
            continue;
        if (source->drained) {
            drain(polled->fd);
        } else {
            close(polled->fd);
            polled->fd = -1;
        }
        polled->revents = 0;
        dispatcher_set(watcher->dispatcher, source->object);
    }
}

/* With the mutex held only between two sleeps. What is added or set to an earlier time meanwhile
 * wakes the thread. */
static void sleep_until_next(struct watcher *watcher)
{
    uint64_t next = event_queue_next(&watcher->due), now = machine_clock();
    uint64_t left = next > now ? next - now : 0;
    struct timespec span = native_timespec(left);
    nfds_t count = 1 + watcher->sources_count;

    pthread_mutex_unlock(&watcher->mutex);
    int ready = ppoll(watcher->polled, count, next == UINT64_MAX ? NULL : &span, NULL);
    pthread_mutex_lock(&watcher->mutex);
    if (ready <= 0)
        return;
    if (watcher->polled[0].revents != 0)
        drain(watcher->polled[0].fd);
    signal_those_ready(watcher);
}

static void *watcher_main(void *argument)
{
    struct watcher *watcher = argument;

    pthread_mutex_lock(&watcher->mutex);
    while (!watcher->ends) {
        expire_those_due(watcher);
        if (!watcher->ends)
            sleep_until_next(watcher);
    }
    pthread_mutex_unlock(&watcher->mutex);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------
 * Beginning and end */

static void free_all(struct watcher *watcher)
{
    event_queue_free(&watcher->due);
    free(watcher->timers);
    free(watcher->sources);
    free(watcher->polled);
}

static int make_all(struct watcher *watcher)
{
    watcher->timers = calloc(watcher->most, sizeof *watcher->timers);
    watcher->sources = calloc(watcher->most, sizeof *watcher->sources);
    watcher->polled = calloc(watcher->most + 1, sizeof *watcher->polled);
    if (watcher->timers == NULL || watcher->sources == NULL || watcher->polled == NULL ||
        !event_queue_make(&watcher->due, watcher->most))
        return ENOMEM;
    watcher->polled[0] = (struct pollfd){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), POLLIN, 0};
    return watcher->polled[0].fd >= 0 ? 0 : errno;
}

int watcher_start(struct watcher *watcher, struct dispatcher *dispatcher, uint32_t most)
{
    *watcher = (struct watcher){.dispatcher = dispatcher, .most = most};
    int error = make_all(watcher);

    if (error == 0) {
        pthread_mutex_init(&watcher->mutex, NULL);
        error = pthread_create(&watcher->thread, NULL, watcher_main, watcher);
        if (error != 0)
            close(watcher->polled[0].fd);
    }
    if (error != 0)
        free_all(watcher);
    return error;
}

void watcher_stop(struct watcher *watcher)
{
    pthread_mutex_lock(&watcher->mutex);
    watcher->ends = true;
    wake(watcher);
    pthread_mutex_unlock(&watcher->mutex);
    pthread_join(watcher->thread, NULL);
    close(watcher->polled[0].fd);
    for (uint32_t i = 0; i < watcher->sources_count; i++) {
        if (!watcher->sources[i].drained && watcher->polled[1 + i].fd >= 0)
            close(watcher->polled[1 + i].fd);
    }
    pthread_mutex_destroy(&watcher->mutex);
    free_all(watcher);
}

/* ---------------------------------------------------------------------------------------------
 * Timers */

int watcher_timer_init(struct watcher *watcher, struct watcher_timer *timer,
                       enum dispatcher_type type, void (*call)(void *argument), void *argument)
{
    int error = 0;

    dispatcher_object_init(&timer->object, type, 0);
    timer->period = 0;
    timer->call = call;
    timer->argument = argument;
    word_init(&timer->expiries, 0);
    pthread_mutex_lock(&watcher->mutex);
    if (watcher->timers_count == watcher->most)
        error = ENOSPC;
    else
        watcher->timers[timer->number = watcher->timers_count++] = timer;
    pthread_mutex_unlock(&watcher->mutex);
    return error;
}

static bool is_queued(const struct watcher *watcher, const struct watcher_timer *timer)
{
    return event_queue_time(&watcher->due, timer->number) != UINT64_MAX;
}

bool watcher_timer_set(struct watcher *watcher, struct watcher_timer *timer, uint64_t due,
                       uint64_t period)
{
    pthread_mutex_lock(&watcher->mutex);
    uint64_t now = machine_clock(), next = event_queue_next(&watcher->due);
    bool queued = is_queued(watcher, timer), past = due <= now;
    event_queue_remove(&watcher->due, timer->number);
    timer->period = period;
    dispatcher_reset(watcher->dispatcher, &timer->object);
    if (past)
        expire(watcher, timer, now);
    else
        event_queue_set(&watcher->due, timer->number, due);
    /* The thread sleeps until what was next before. */
    if (event_queue_next(&watcher->due) < next)
        wake(watcher);
    pthread_mutex_unlock(&watcher->mutex);
    if (past && timer->call != NULL)
        timer->call(timer->argument);
    return queued;
}

bool watcher_timer_cancel(struct watcher *watcher, struct watcher_timer *timer)
{
    pthread_mutex_lock(&watcher->mutex);
    bool queued = is_queued(watcher, timer);
    event_queue_remove(&watcher->due, timer->number);
    pthread_mutex_unlock(&watcher->mutex);
    return queued;
}

/* ---------------------------------------------------------------------------------------------
 * Processes and files */

static int add_source(struct watcher *watcher, struct dispatcher_object *object, int fd,
                      bool drained)
{
    int error = 0;

    pthread_mutex_lock(&watcher->mutex);
    if (watcher->sources_count == watcher->most) {
        error = ENOSPC;
    } else {
        watcher->sources[watcher->sources_count] = (struct watcher_source){object, drained};
        watcher->polled[1 + watcher->sources_count++] = (struct pollfd){fd, POLLIN, 0};
        wake(watcher);
    }
    pthread_mutex_unlock(&watcher->mutex);
    return error;
}

int watcher_add_process(struct watcher *watcher, struct dispatcher_object *object, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0)
        return errno;
    int error = add_source(watcher, object, fd, false);
    if (error != 0)
        close(fd);
    return error;
}

int watcher_add_completions(struct watcher *watcher, struct dispatcher_object *object, int eventfd)
{
    return add_source(watcher, object, eventfd, true);
}
