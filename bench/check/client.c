/* Compiled against the virtual machine, like the locks: the data under the lock is the machine's,
 * too. */
#define MACHINE_VIRTUAL
#include "bench/check/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/virtual/alone.h"

/* ---- what clients are made of ---- */

static void *context_of(struct scene *scene, unsigned number)
{
    return scene->contexts[number].bytes;
}

static void expect_no_error(struct scene *scene, int error)
{
    if (error != 0)
        explorer_violation(scene->explorer, "no error", "the lock returned '%s'", strerror(error));
}

static void acquire(struct scene *scene, unsigned thread)
{
    explorer_acquire_begins(scene->explorer);
    expect_no_error(scene, scene->ops->acquire(scene->lock, context_of(scene, thread)));
    explorer_acquire_ends(scene->explorer);
}

static void acquire_shared(struct scene *scene, unsigned thread)
{
    explorer_acquire_begins(scene->explorer);
    expect_no_error(scene, scene->ops->acquire_shared(scene->lock, context_of(scene, thread)));
    explorer_acquire_ends(scene->explorer);
}

/* What the lock still does with the context, it does too late. `number` is the thread's, or that of
 * its context for the inner lock. */
static void forget_context(struct scene *scene, unsigned number)
{
    scene->released[number] = true;
    explorer_overwrite(scene->explorer, context_of(scene, number), LOCK_CONTEXT_SIZE);
}

static void release(struct scene *scene, unsigned thread)
{
    expect_no_error(scene, scene->ops->release(scene->lock, context_of(scene, thread)));
    forget_context(scene, thread);
}

static void release_shared(struct scene *scene, unsigned thread)
{
    expect_no_error(scene, scene->ops->release_shared(scene->lock, context_of(scene, thread)));
    forget_context(scene, thread);
}

static bool try_with(struct scene *scene, unsigned thread,
                     int (*try_acquire)(void *lock, void *context))
{
    struct check_thread *self = scene->explorer->running;

    self->trying = true;
    int error = try_acquire(scene->lock, context_of(scene, thread));
    self->trying = false;
    if (error != 0 && error != EBUSY)
        expect_no_error(scene, error);
    if (error != 0)
        forget_context(scene, thread);
    return error == 0;
}

static bool readers_retry(const struct scene *scene)
{
    return (scene->ops->traits & LOCK_READERS_RETRY) != 0;
}

/* Beside readers that may have to read again, plain accesses would race by design. With relaxed
 * ones, of a pair of words, it is the lock alone that keeps the two together. */
static void write_data(struct scene *scene, unsigned thread)
{
    if (readers_retry(scene)) {
        uint64_t written = word_load(&scene->data, relaxed) + 1;
        word_store(&scene->data, written, relaxed);
        word_store(&scene->data_again, written, relaxed);
    } else {
        plain_store(&scene->data, plain_load(&scene->data) + 1);
    }
    scene->writes[thread]++;
}

/* False: the lock says that it has to be done again. What was read is judged only when it does not.
 */
static bool read_and_release(struct scene *scene, unsigned thread)
{
    if (!readers_retry(scene)) {
        (void)plain_load(&scene->data);
        release_shared(scene, thread);
        return true;
    }
    uint64_t first = word_load(&scene->data, relaxed);
    uint64_t second = word_load(&scene->data_again, relaxed);
    int error = scene->ops->release_shared(scene->lock, context_of(scene, thread));
    forget_context(scene, thread);
    if (error == EAGAIN)
        return false;
    expect_no_error(scene, error);
    if (first != second)
        explorer_violation(scene->explorer, "readers see what lay there at one moment",
                           "thread %u read %" PRIu64 " and %" PRIu64
                           ", and its release said that nobody wrote meanwhile",
                           thread, first, second);
    return true;
}

static void turn(struct scene *scene, unsigned thread)
{
    acquire(scene, thread);
    write_data(scene, thread);
    release(scene, thread);
}

static void turn_shared(struct scene *scene, unsigned thread)
{
    do
        acquire_shared(scene, thread);
    while (!read_and_release(scene, thread));
}

static void turn_if_free(struct scene *scene, unsigned thread)
{
    if (!try_with(scene, thread, scene->ops->try_acquire))
        return;
    write_data(scene, thread);
    release(scene, thread);
}

/* ---- the clients ---- */

static void run_once(struct scene *scene, unsigned thread)
{
    turn(scene, thread);
}

static void run_twice(struct scene *scene, unsigned thread)
{
    turn(scene, thread);
    turn(scene, thread);
}

static void run_reuse(struct scene *scene, unsigned thread)
{
    turn(scene, thread);
    if (thread == 0)
        turn(scene, thread);
}

static void run_try(struct scene *scene, unsigned thread)
{
    if (thread == 0)
        turn_if_free(scene, thread);
    turn(scene, thread);
}

static void run_tries(struct scene *scene, unsigned thread)
{
    turn_if_free(scene, thread);
    if (thread == 0)
        turn_if_free(scene, thread);
}

static void run_readers(struct scene *scene, unsigned thread)
{
    if (thread == 0)
        turn(scene, thread);
    else
        turn_shared(scene, thread);
}

static void run_reader_twice(struct scene *scene, unsigned thread)
{
    if (thread == 0)
        turn(scene, thread);
    else
        turn_shared(scene, thread);
    if (thread == 0)
        turn(scene, thread);
    else
        turn_shared(scene, thread);
}

static void run_reader_try(struct scene *scene, unsigned thread)
{
    if (thread == 0) {
        turn(scene, thread);
        turn_if_free(scene, thread);
        return;
    }
    turn_shared(scene, thread);
    turn_shared(scene, thread);
}

static void run_try_shared(struct scene *scene, unsigned thread)
{
    if (thread == 0) {
        turn(scene, thread);
        return;
    }
    if (try_with(scene, thread, scene->ops->try_acquire_shared))
        read_and_release(scene, thread);
    turn_shared(scene, thread);
}

/* Whether the deadline passes is the explorer's choice, so one of a nanosecond is as good as any. A
 * thread that gave up may come again, and nobody waits for it meanwhile. */
static void turn_in_time(struct scene *scene, unsigned thread)
{
    int error = scene->ops->acquire_until(scene->lock, context_of(scene, thread), 1);

    if (error != 0 && error != ETIMEDOUT)
        expect_no_error(scene, error);
    if (error != 0) {
        forget_context(scene, thread);
        return;
    }
    write_data(scene, thread);
    release(scene, thread);
}

static void run_timed(struct scene *scene, unsigned thread)
{
    if (thread == 0)
        turn(scene, thread);
    else
        turn_in_time(scene, thread);
    turn(scene, thread);
}

/* What was written must still be there after the downgrade: no writer got in between. */
static void run_downgrade(struct scene *scene, unsigned thread)
{
    if (thread == 1) {
        turn(scene, thread);
        return;
    }
    if (thread == 2) {
        turn_shared(scene, thread);
        return;
    }
    acquire(scene, thread);
    write_data(scene, thread);
    uint64_t written = plain_load(&scene->data);
    expect_no_error(scene, scene->ops->downgrade(scene->lock, context_of(scene, thread)));
    if (plain_load(&scene->data) != written)
        explorer_violation(scene->explorer, "downgrade without a gap",
                           "a writer got in between the downgrade and its shared release");
    release_shared(scene, thread);
}

/* Who comes first to which of the two locks says nothing about who got the one that is asked about,
 * so that their order is not watched. */
static void run_nested(struct scene *scene, unsigned thread)
{
    const struct lock_ops *ops = scene->ops;
    const unsigned inner = CHECK_THREADS_MOST + thread;

    expect_no_error(scene, ops->acquire(scene->lock, context_of(scene, thread)));
    expect_no_error(scene, ops->acquire(scene->inner_lock, context_of(scene, inner)));
    write_data(scene, thread);
    expect_no_error(scene, ops->release(scene->inner_lock, context_of(scene, inner)));
    forget_context(scene, inner);
    release(scene, thread);
}

/* A second acquisition within the first, with a context of its own, as for an inner lock. */
static void turn_within(struct scene *scene, unsigned thread)
{
    const unsigned inner = CHECK_THREADS_MOST + thread;

    expect_no_error(scene, scene->ops->acquire(scene->lock, context_of(scene, inner)));
    write_data(scene, thread);
    expect_no_error(scene, scene->ops->release(scene->lock, context_of(scene, inner)));
    forget_context(scene, inner);
}

/* One that checks its owner may refuse to let it in behind a writer that waits for it. */
static void turn_shared_within(struct scene *scene, unsigned thread)
{
    const unsigned inner = CHECK_THREADS_MOST + thread;
    int error = scene->ops->acquire_shared(scene->lock, context_of(scene, inner));

    if (error == 0)
        error = scene->ops->release_shared(scene->lock, context_of(scene, inner));
    else if (error == EDEADLK && (scene->ops->traits & LOCK_OWNER_CHECKED) != 0)
        error = 0;
    expect_no_error(scene, error);
    forget_context(scene, inner);
}

static void run_recursive(struct scene *scene, unsigned thread)
{
    if (thread == 1) {
        turn(scene, thread);
        return;
    }
    acquire(scene, thread);
    turn_within(scene, thread);
    write_data(scene, thread);
    release(scene, thread);
}

static void run_recursive_shared(struct scene *scene, unsigned thread)
{
    if (thread == 1) {
        turn(scene, thread);
        return;
    }
    acquire_shared(scene, thread);
    turn_shared_within(scene, thread);
    (void)plain_load(&scene->data);
    release_shared(scene, thread);
}

static void expect_error(struct scene *scene, const char *what, int expected, int error)
{
    if (error != expected)
        explorer_violation(scene->explorer, "misuse is told", "%s returned '%s' and not '%s'", what,
                           strerror(error), strerror(expected));
}

static void release_without_holding(struct scene *scene, unsigned thread)
{
    expect_error(scene, "a release by a thread that does not hold the lock", EPERM,
                 scene->ops->release(scene->lock, context_of(scene, thread)));
    forget_context(scene, thread);
}

static void run_misuse(struct scene *scene, unsigned thread)
{
    const unsigned inner = CHECK_THREADS_MOST + thread;

    if (thread == 1) {
        release_without_holding(scene, thread);
        turn(scene, thread);
        return;
    }
    acquire(scene, thread);
    if ((scene->ops->traits & LOCK_RECURSIVE) == 0) {
        expect_error(scene, "an acquire by the holder", EDEADLK,
                     scene->ops->acquire(scene->lock, context_of(scene, inner)));
        forget_context(scene, inner);
    }
    write_data(scene, thread);
    release(scene, thread);
    release_without_holding(scene, thread);
}

const struct client check_clients[] = {
    {.name = "2x2",
     .description = "two threads, two acquisitions each",
     .threads = 2,
     .run = run_twice},
    {.name = "3x1",
     .description = "three threads, one acquisition each",
     .threads = 3,
     .run = run_once},
    {.name = "reuse",
     .description = "three threads, one of them twice, with the same context",
     .threads = 3,
     .run = run_reuse,
     .context = true,
     .deep_for = LOCK_SHARED | LOCK_SPIN_THEN_SLEEPS},
    {.name = "try",
     .description = "one thread tries first, another acquires",
     .threads = 2,
     .run = run_try},
    {.name = "tries",
     .description = "two threads try, one of them twice",
     .threads = 2,
     .run = run_tries},
    {.name = "readers",
     .description = "a writer and two readers",
     .threads = 3,
     .run = run_readers,
     .needs = LOCK_SHARED},
    {.name = "reader-twice",
     .description = "a writer and a reader, twice each",
     .threads = 2,
     .run = run_reader_twice,
     .needs = LOCK_SHARED},
    {.name = "try-shared",
     .description = "a writer, and a reader that tries first",
     .threads = 2,
     .run = run_try_shared,
     .needs = LOCK_SHARED},
    {.name = "reader-try",
     .description = "a writer that comes and then tries, and a reader twice",
     .threads = 2,
     .run = run_reader_try,
     .needs = LOCK_SHARED},
    {.name = "timed",
     .description = "an acquire that may give up, beside one that does not",
     .threads = 2,
     .run = run_timed,
     .needs = LOCK_TIMED},
    {.name = "downgrade",
     .description = "a writer downgrades beside a writer and a reader",
     .threads = 3,
     .run = run_downgrade,
     .needs = LOCK_SHARED | LOCK_DOWNGRADE},
    {.name = "nested",
     .description = "two threads, one lock within another of its kind",
     .threads = 2,
     .run = run_nested,
     .nested = true},
    {.name = "recursive",
     .description = "one takes the lock twice, beside another",
     .threads = 2,
     .run = run_recursive,
     .needs = LOCK_RECURSIVE},
    {.name = "recursive-shared",
     .description = "one shares the lock twice, beside a writer",
     .threads = 2,
     .run = run_recursive_shared,
     .needs = LOCK_RECURSIVE | LOCK_SHARED},
    {.name = "misuse",
     .description = "an acquire by the holder, releases by others",
     .threads = 2,
     .run = run_misuse,
     .needs = LOCK_OWNER_CHECKED},
    {.name = "3-reuse",
     .description = "three threads, one of them twice",
     .threads = 3,
     .run = run_reuse,
     .deep = true},
    {.name = "3x2",
     .description = "three threads, two acquisitions each",
     .threads = 3,
     .run = run_twice,
     .deep = true},
    {.name = "4x1",
     .description = "four threads, one acquisition each",
     .threads = 4,
     .run = run_once,
     .deep = true},
};

const unsigned check_clients_count = sizeof check_clients / sizeof check_clients[0];

bool client_is_deep(const struct client *client, const struct lock_ops *ops)
{
    return client->deep ||
           (client->deep_for != 0 && (ops->traits & client->deep_for) == client->deep_for);
}

const struct client *client_find(const char *name)
{
    for (unsigned i = 0; i < check_clients_count; i++) {
        if (strcmp(check_clients[i].name, name) == 0)
            return &check_clients[i];
    }
    return NULL;
}

/* ---- scenes, as the explorer sees them ---- */

static void begin(void *client)
{
    struct scene *scene = client;

    virtual_machine_alone();
    memset(scene->lock, 0, scene->lock_bytes);
    memset(scene->contexts, 0xa5, sizeof scene->contexts);
    memset(scene->released, 0, sizeof scene->released);
    memset(scene->writes, 0, sizeof scene->writes);
    scene->data = scene->data_again = 0;
    int error = scene->ops->init(scene->lock, scene->client->threads, scene->parameters);
    if (error == 0 && scene->client->nested)
        error = scene->ops->init(scene->inner_lock, scene->client->threads, scene->parameters);
    scene->refused = error == 0 ? NULL : strerror(error);
}

static void run(void *client, unsigned thread)
{
    struct scene *scene = client;

    scene->client->run(scene, thread);
}

static const char *end(void *client)
{
    struct scene *scene = client;
    uint64_t written = 0;

    virtual_machine_alone();
    for (unsigned i = 0; i < scene->client->threads; i++)
        written += scene->writes[i];
    if (scene->data != written)
        return "the count under the lock is not what the threads counted";
    bool idle = scene->ops->is_idle(scene->lock) &&
                (!scene->client->nested || scene->ops->is_idle(scene->inner_lock));
    return idle ? NULL : "the lock is not free after every thread released it";
}

static bool is_context(void *client, uintptr_t address, unsigned *owner, bool **released)
{
    struct scene *scene = client;
    uintptr_t start = (uintptr_t)scene->contexts;

    if (address < start || address >= start + sizeof scene->contexts)
        return false;
    size_t number = (address - start) / sizeof scene->contexts[0];
    *owner = (unsigned)(number % CHECK_THREADS_MOST);
    *released = &scene->released[number];
    return true;
}

bool scene_make(struct scene *scene, struct explorer *explorer, const struct client *client,
                const struct lock_ops *ops, const uint64_t *parameters)
{
    size_t bytes = ops->size + client->threads * ops->size_per_thread;

    bytes = (bytes + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
    size_t all_bytes = client->nested ? 2 * bytes : bytes;
    *scene = (struct scene){
        .explorer = explorer,
        .client = client,
        .ops = ops,
        .parameters = parameters,
        .lock = aligned_alloc(MACHINE_APART, all_bytes),
        .lock_bytes = all_bytes,
    };
    if (scene->lock == NULL)
        return false;
    scene->inner_lock = client->nested ? (char *)scene->lock + bytes : NULL;
    explorer->begin = begin;
    explorer->run = run;
    explorer->end = end;
    explorer->client = scene;
    explorer->is_context = is_context;
    explorer->fifo = (ops->traits & LOCK_FIFO) != 0;
    explorer->model.undefined_start = (uintptr_t)scene->contexts;
    explorer->model.undefined_end = (uintptr_t)scene->contexts + sizeof scene->contexts;
    return true;
}

void scene_free(struct scene *scene)
{
    free(scene->lock);
}
