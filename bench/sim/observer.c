#include "bench/sim/observer.h"

static unsigned self(const struct observer *observer)
{
    return observer->engine->running->number;
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

static void enter(struct observer *observer, uint64_t arrived, bool shared)
{
    struct sim_engine *engine = observer->engine;

    bool retried = shared && readers_retry(observer);

    if (observer->writers > 0 || (!shared && observer->readers > 0))
        observer->overlaps += !retried;
    if (shared)
        observer->readers += !retried;
    else
        observer->writers++;
    if (!retried)
        note(observer);
    if (engine->trace != NULL)
        trace_lock(engine->trace, self(observer), shared ? "acquire shared" : "acquire", arrived,
                   engine->now);
    observer->since[self(observer)] = engine->now;
}

static void leave(struct observer *observer, bool shared)
{
    struct sim_engine *engine = observer->engine;

    if (!shared)
        observer->writers--;
    else if (!readers_retry(observer))
        observer->readers--;
    if (engine->trace != NULL)
        trace_lock(engine->trace, self(observer), shared ? "hold shared" : "hold",
                   observer->since[self(observer)], engine->now);
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
                              struct sim_engine *engine, uint64_t *since)
{
    struct observer observer = {
        .ops = *observed,
        .observed = observed,
        .lock = lock,
        .engine = engine,
        .since = since,
    };

    observer.ops.acquire = acquire;
    observer.ops.release = release;
    if (observed->acquire_shared != NULL) {
        observer.ops.acquire_shared = acquire_shared;
        observer.ops.release_shared = release_shared;
    }
    return observer;
}
