#include "bench/sim/observer.h"

static unsigned self(const struct observer *observer)
{
    return observer->engine->running->number;
}

/* The part of a time from `since` to now that lies within the recording. */
static uint64_t recorded(const struct observer *observer, uint64_t since)
{
    if (!observer->recording)
        return 0;
    return observer->engine->now - (since > observer->began ? since : observer->began);
}

void observer_begin(struct observer *observer)
{
    observer->began = observer->engine->now;
    observer->recording = true;
}

void observer_end(struct observer *observer)
{
    for (unsigned i = 0; i < observer->engine->threads_count; i++) {
        struct observed_thread *thread = &observer->threads[i];
        if (thread->holds)
            thread->held += recorded(observer, thread->since);
    }
    if (observer->writers + observer->readers == 0)
        observer->idle += recorded(observer, observer->free_since);
    observer->recording = false;
}

/* Its readers exclude nobody, and come again until they are let go. */
static bool readers_retry(const struct observer *observer)
{
    return (observer->observed->traits & LOCK_READERS_RETRY) != 0;
}

static void note(struct observer *observer)
{
    if (!observer->recording)
        return;
    observer->acquisitions++;
    if (!owner_stream_add(&observer->stream, self(observer)))
        observer->stream_cut = true;
}

static uint64_t ns_between(uint64_t from, uint64_t to)
{
    return (to - from + PS_PER_NS / 2) / PS_PER_NS;
}

/* A reader waits for the writer before it, a writer for all who had the lock before; what was
 * released before the thread came was not kept from it. */
static void note_acquired(struct observer *observer, uint64_t arrived, bool shared)
{
    struct latencies *latencies = &observer->latencies[shared];
    const uint64_t now = observer->engine->now, *last = observer->released;
    uint64_t released = last[LATENCIES_EXCLUSIVE];

    if (!shared && last[LATENCIES_SHARED] > released)
        released = last[LATENCIES_SHARED];
    latencies_add(latencies, LATENCY_ACQUIRE, ns_between(arrived, now));
    if (released > arrived)
        latencies_add(latencies, LATENCY_HANDOFF, ns_between(released, now));
}

static void enter(struct observer *observer, uint64_t arrived, bool shared)
{
    struct sim_engine *engine = observer->engine;
    struct observed_thread *thread = &observer->threads[self(observer)];
    bool retried = shared && readers_retry(observer);

    if (observer->writers + observer->readers == 0)
        observer->idle += recorded(observer, observer->free_since);
    if (observer->writers > 0 || (!shared && observer->readers > 0))
        observer->overlaps += !retried;
    if (shared)
        observer->readers += !retried;
    else
        observer->writers++;
    if (!retried)
        note(observer);
    if (observer->recording)
        note_acquired(observer, arrived, shared);
    if (engine->trace != NULL)
        trace_lock(engine->trace, self(observer), shared ? "acquire shared" : "acquire", arrived,
                   engine->now);
    thread->holds = true;
    thread->since = engine->now;
    thread->preempted = engine->running->preempted;
    thread->off_core = engine->running->off_core;
}

static void note_held(struct observer *observer, const struct observed_thread *thread, bool shared)
{
    const struct sim_thread *holder = observer->engine->running;
    struct latencies *latencies = &observer->latencies[shared];

    latencies_add(latencies, LATENCY_HOLD, ns_between(thread->since, observer->engine->now));
    latencies->preempted += holder->preempted != thread->preempted;
    latencies->off_cpu_ns += ns_between(thread->off_core, holder->off_core);
}

static void leave(struct observer *observer, bool shared)
{
    struct sim_engine *engine = observer->engine;
    struct observed_thread *thread = &observer->threads[self(observer)];

    thread->holds = false;
    thread->held += recorded(observer, thread->since);
    if (!shared)
        observer->writers--;
    else if (!readers_retry(observer))
        observer->readers--;
    if (observer->writers + observer->readers == 0)
        observer->free_since = engine->now;
    /* No writer waits for a reader who may have to read again. */
    if (!shared || !readers_retry(observer))
        observer->released[shared] = engine->now;
    if (observer->recording)
        note_held(observer, thread, shared);
    if (engine->trace != NULL)
        trace_lock(engine->trace, self(observer), shared ? "hold shared" : "hold", thread->since,
                   engine->now);
}

static int acquire(void *lock, void *context)
{
    struct observer *observer = lock;
    uint64_t arrived = observer->engine->now;
    int error = observer->observed->acquire(observer->lock, context);

    if (error == 0)
        enter(observer, arrived, false);
    return error;
}

static int acquire_shared(void *lock, void *context)
{
    struct observer *observer = lock;
    uint64_t arrived = observer->engine->now;
    int error = observer->observed->acquire_shared(observer->lock, context);

    if (error == 0)
        enter(observer, arrived, true);
    return error;
}

static int release(void *lock, void *context)
{
    struct observer *observer = lock;

    leave(observer, false);
    return observer->observed->release(observer->lock, context);
}

static int release_shared(void *lock, void *context)
{
    struct observer *observer = lock;

    leave(observer, true);
    int error = observer->observed->release_shared(observer->lock, context);
    if (error == 0 && readers_retry(observer))
        note(observer);
    return error;
}

struct observer observer_make(const struct lock_ops *observed, void *lock,
                              struct sim_engine *engine, struct observed_thread *threads,
                              struct latencies *latencies)
{
    struct observer observer = {
        .ops = *observed,
        .observed = observed,
        .lock = lock,
        .engine = engine,
        .threads = threads,
        .latencies = latencies,
    };

    observer.ops.acquire = acquire;
    observer.ops.release = release;
    if (observed->acquire_shared != NULL) {
        observer.ops.acquire_shared = acquire_shared;
        observer.ops.release_shared = release_shared;
    }
    return observer;
}
