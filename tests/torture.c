/* Every lock of the catalogue, held to its traits by real threads through its vtable.
 *
 * Nothing here is timed: what is waited for is an event, and a lock that never brings it ends the
 * test by the alarm in main(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "locks/catalogue.h"

enum { THREADS_MOST = 8, HANG_SECONDS = 600 };

struct context {
    _Alignas(MACHINE_APART) char bytes[LOCK_CONTEXT_SIZE];
};

/* A lock in storage of its own, with its usual parameters. */
struct fixture {
    const struct lock_ops *ops;
    void *lock;
    size_t bytes;
};

static struct fixture make(const struct lock_ops *ops)
{
    struct fixture fixture = {.ops = ops, .bytes = ops->size + THREADS_MOST * ops->size_per_thread};
    uint64_t parameters[LOCK_PARAMETERS_MOST] = {0};

    for (int i = 0; ops->parameters != NULL && ops->parameters[i].name != NULL; i++)
        parameters[i] = ops->parameters[i].usual;
    size_t room = (fixture.bytes + MACHINE_APART - 1) / MACHINE_APART * MACHINE_APART;
    fixture.lock = aligned_alloc(MACHINE_APART, room);
    assert_non_null(fixture.lock);
    memset(fixture.lock, 0, room);
    assert_int_equal(ops->init(fixture.lock, THREADS_MOST, parameters), 0);
    assert_true(ops->is_idle(fixture.lock));
    return fixture;
}

static void unmake(struct fixture *fixture)
{
    assert_true(fixture->ops->is_idle(fixture->lock));
    fixture->ops->destroy(fixture->lock);
    free(fixture->lock);
}

/* Around what a thread does with locks of that kind; between the two it waits for no thread that
 * does the same, but with the lock in its hands. */
static void begin_use(const struct lock_ops *ops)
{
    if (ops->thread_begins != NULL)
        ops->thread_begins();
}

static void end_use(const struct lock_ops *ops)
{
    if (ops->thread_ends != NULL)
        ops->thread_ends();
}

/* What one more thread does, alone, as thread number `self`; joined at once or later. */
struct task {
    pthread_t thread;
    struct fixture *fixture;
    unsigned self;
    WORD(pid_t) id; /* the system's number of the thread; 0: it has not begun */
    int (*run)(struct fixture *fixture, struct task *task);
    int result;
    WORD(bool) has_lock;  /* set by a task that waits, when it waits no more */
    WORD(bool) may_go_on; /* set for it */
    unsigned *order;      /* where it notes when it got the lock */
    unsigned *granted;    /* how many have noted; guarded by the lock */
};

static void *task_main(void *argument)
{
    struct task *task = argument;

    native_set_self(task->self);
    word_store(&task->id, gettid(), release);
    begin_use(task->fixture->ops);
    task->result = task->run(task->fixture, task);
    end_use(task->fixture->ops);
    return NULL;
}

static void begin(struct task *task, struct fixture *fixture, unsigned self,
                  int (*run)(struct fixture *, struct task *))
{
    task->fixture = fixture;
    task->self = self;
    task->run = run;
    assert_int_equal(pthread_create(&task->thread, NULL, task_main, task), 0);
}

static int end(struct task *task)
{
    assert_int_equal(pthread_join(task->thread, NULL), 0);
    return task->result;
}

static int in_another_thread(struct fixture *fixture, int (*run)(struct fixture *, struct task *))
{
    struct task task = {0};

    begin(&task, fixture, 1, run);
    return end(&task);
}

static int try_once(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->try_acquire(fixture->lock, &context);

    (void)task;
    return error != 0 ? error : fixture->ops->release(fixture->lock, &context);
}

static int try_shared_once(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->try_acquire_shared(fixture->lock, &context);

    (void)task;
    return error != 0 ? error : fixture->ops->release_shared(fixture->lock, &context);
}

static int share_once(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->acquire_shared(fixture->lock, &context);

    (void)task;
    return error != 0 ? error : fixture->ops->release_shared(fixture->lock, &context);
}

/* ---- exclusion: a pair that stays equal, a total that is exact, a lock that is idle again ---- */

struct pair {
    volatile uint64_t first, second;
};

/* Where readers run beside a writer, what nobody may find any more. */
#define POISON UINT64_MAX

struct arena {
    struct fixture fixture;
    pthread_barrier_t barrier;
    unsigned turns;                      /* of each thread */
    bool mixed;                          /* also reads, tries and downgrades, where the lock can */
    WORD(struct pair *) now;             /* the pair that readers find */
    struct pair pairs[THREADS_MOST + 1]; /* the first one, and to publish, one a thread */
};

struct fighter {
    pthread_t thread;
    struct arena *arena;
    unsigned self;
    struct pair *spare;
    uint64_t writes, torn, errors;
};

static bool readers_race(const struct arena *arena)
{
    const uint32_t race = LOCK_READERS_RETRY | LOCK_READERS_BESIDE_WRITER;

    return (arena->fixture.ops->traits & race) != 0;
}

static bool writers_publish(const struct arena *arena)
{
    return (arena->fixture.ops->traits & LOCK_READERS_BESIDE_WRITER) != 0;
}

/* Where readers meet a writer, both say so. */
static uint64_t load(const struct arena *arena, const volatile uint64_t *value)
{
    return readers_race(arena) ? word_load((const volatile WORD(uint64_t) *)value, relaxed)
                               : *value;
}

static void store(const struct arena *arena, volatile uint64_t *value, uint64_t stored)
{
    if (readers_race(arena))
        word_store((volatile WORD(uint64_t) *)value, stored, relaxed);
    else
        *value = stored;
}

static struct pair *write_pair(struct fighter *fighter)
{
    struct arena *arena = fighter->arena;
    struct pair *old = word_load(&arena->now, relaxed);
    struct pair *pair = writers_publish(arena) ? fighter->spare : old;
    uint64_t count = load(arena, &old->first);

    fighter->torn += load(arena, &old->second) != count || count == POISON;
    store(arena, &pair->first, count + 1);
    /* Now and then a long hold, so that waiters pile up, sleep, or are preempted. */
    if (count % 61 == 0)
        sched_yield();
    store(arena, &pair->second, count + 1);
    if (writers_publish(arena))
        word_store(&arena->now, pair, release);
    fighter->writes++;
    return old;
}

/* What was there before belongs to the writer that replaced it, when its release has returned. */
static void write_and_release(struct fighter *fighter, struct context *context)
{
    struct arena *arena = fighter->arena;
    struct pair *old = write_pair(fighter);

    fighter->errors += arena->fixture.ops->release(arena->fixture.lock, context) != 0;
    if (!writers_publish(arena))
        return;
    store(arena, &old->first, POISON);
    store(arena, &old->second, POISON);
    fighter->spare = old;
}

/* Whether the pair was whole. A writer may come in between where it can, given a while. */
static bool read_pair(struct fighter *fighter)
{
    struct arena *arena = fighter->arena;
    const struct pair *pair = word_load(&arena->now, acquire);
    uint64_t count = load(arena, &pair->first);

    if (readers_race(arena) && count % 7 == 0)
        sched_yield();
    return load(arena, &pair->second) == count && count != POISON;
}

/* What was read is judged when the lock says that it counts. */
static void read_and_release(struct fighter *fighter, struct context *context)
{
    const struct fixture *fixture = &fighter->arena->fixture;
    bool whole = read_pair(fighter);
    int error = fixture->ops->release_shared(fixture->lock, context);

    if (error == EAGAIN && (fixture->ops->traits & LOCK_READERS_RETRY) != 0)
        return;
    fighter->torn += !whole;
    fighter->errors += error != 0;
}

static void fight_exclusive(struct fighter *fighter, unsigned turn, struct context *context)
{
    const struct fixture *fixture = &fighter->arena->fixture;
    const struct lock_ops *ops = fixture->ops;
    bool tries = fighter->arena->mixed && turn % 5 == 0;
    int error =
        tries ? ops->try_acquire(fixture->lock, context) : ops->acquire(fixture->lock, context);

    if (tries && error == EBUSY)
        return;
    fighter->errors += error != 0;
    if (fighter->arena->mixed && turn % 7 == 0 && ops->downgrade != NULL) {
        const struct pair *pair = write_pair(fighter);
        uint64_t count = pair->first;
        fighter->errors += ops->downgrade(fixture->lock, context) != 0;
        fighter->torn += pair->first != count;
        read_and_release(fighter, context);
    } else {
        write_and_release(fighter, context);
    }
}

static void fight_shared(struct fighter *fighter, unsigned turn, struct context *context)
{
    const struct fixture *fixture = &fighter->arena->fixture;
    const struct lock_ops *ops = fixture->ops;
    bool tries = turn % 5 == 0;
    int error = tries ? ops->try_acquire_shared(fixture->lock, context)
                      : ops->acquire_shared(fixture->lock, context);

    if (tries && error == EBUSY)
        return;
    fighter->errors += error != 0;
    read_and_release(fighter, context);
}

static void *fight(void *argument)
{
    struct fighter *fighter = argument;
    struct arena *arena = fighter->arena;
    struct context context;

    native_set_self(fighter->self);
    pthread_barrier_wait(&arena->barrier);
    begin_use(arena->fixture.ops);
    for (unsigned turn = 0; turn < arena->turns; turn++) {
        if (arena->mixed && arena->fixture.ops->acquire_shared != NULL && turn % 3 != 0)
            fight_shared(fighter, turn, &context);
        else
            fight_exclusive(fighter, turn, &context);
    }
    end_use(arena->fixture.ops);
    return NULL;
}

/* With more threads than CPUs, a spinning lock costs a time slice whenever a holder was preempted,
 * and one that spins in order of arrival nearly at each hand-off. */
static unsigned turns_for(const struct lock_ops *ops, unsigned threads)
{
    cpu_set_t allowed;

    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);

    bool fits = threads <= (unsigned)CPU_COUNT(&allowed);
    /* A release that waits for readers may sleep for some of them. */
    if ((ops->traits & LOCK_READERS_BESIDE_WRITER) != 0)
        return fits ? 4000 : 1000;
    if (fits)
        return 20000;
    if ((ops->traits & LOCK_SPINS) == 0)
        return 4000;
    /* Eight have each kind of turn in them. */
    return (ops->traits & LOCK_FIFO) != 0 ? 8 : 1000;
}

struct outcome {
    uint64_t writes, torn, errors, first, second;
};

static struct outcome fight_with(const struct lock_ops *ops, unsigned threads, bool mixed)
{
    struct arena arena = {.fixture = make(ops), .turns = turns_for(ops, threads), .mixed = mixed};
    struct fighter fighters[THREADS_MOST] = {0};
    struct outcome outcome = {0};

    word_init(&arena.now, &arena.pairs[0]);
    pthread_barrier_init(&arena.barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        fighters[i].arena = &arena;
        fighters[i].self = i;
        fighters[i].spare = &arena.pairs[i + 1];
        assert_int_equal(pthread_create(&fighters[i].thread, NULL, fight, &fighters[i]), 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(fighters[i].thread, NULL);
        outcome.torn += fighters[i].torn;
        outcome.errors += fighters[i].errors;
        outcome.writes += fighters[i].writes;
    }
    pthread_barrier_destroy(&arena.barrier);
    const struct pair *pair = word_load(&arena.now, acquire);
    outcome.first = pair->first;
    outcome.second = pair->second;
    unmake(&arena.fixture);
    return outcome;
}

static void fight_at_all_sizes(const struct lock_ops *ops, bool mixed)
{
    for (unsigned threads = 1; threads <= THREADS_MOST; threads *= 2) {
        struct outcome outcome = fight_with(ops, threads, mixed);
        assert_int_equal(outcome.torn, 0);
        assert_int_equal(outcome.errors, 0);
        assert_true(outcome.writes > 0);
        assert_int_equal(outcome.first, outcome.writes);
        assert_int_equal(outcome.second, outcome.writes);
    }
}

static void excludes(void **state)
{
    fight_at_all_sizes(*state, false);
}

static void excludes_with_tries_and_readers(void **state)
{
    fight_at_all_sizes(*state, true);
}

#if defined(__SANITIZE_THREAD__)
#define RACES_ARE_REPORTED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACES_ARE_REPORTED 1
#endif
#endif

/* The test of this test: a lock that does not exclude is seen not to. On one CPU its fault needs a
 * preemption between two instructions. */
static void is_caught(void **state)
{
    cpu_set_t allowed;

#ifdef RACES_ARE_REPORTED
    print_message("# the thread sanitizer reports the race that this test provokes\n");
    skip();
#endif

    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    if (CPU_COUNT(&allowed) < 2) {
        print_message("# one CPU: two threads never meet in the broken lock\n");
        skip();
    }
    for (;;) {
        struct outcome outcome = fight_with(*state, 2, false);
        if (outcome.torn > 0 && outcome.first != outcome.writes)
            return;
    }
}

/* ---- try ---- */

static void try_fails_while_held(void **state)
{
    struct fixture fixture = make(*state);
    struct context context;

    native_set_self(0);
    begin_use(fixture.ops);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
    assert_false(fixture.ops->is_idle(fixture.lock));
    assert_int_equal(fixture.ops->release(fixture.lock, &context), 0);
    end_use(fixture.ops);
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    unmake(&fixture);
}

/* ---- order of arrival ---- */

static int acquire_and_note(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->acquire(fixture->lock, &context);

    word_store(&task->has_lock, true, release);
    if (task->order != NULL)
        task->order[(*task->granted)++] = task->self;
    while (!word_load(&task->may_go_on, acquire))
        sched_yield();
    return error != 0 ? error : fixture->ops->release(fixture->lock, &context);
}

/* A lock that grants in the order of arrival must have written down the arrival, so its storage
 * changes when a waiter has queued. The bytes are read beside the lock's own atomic writes, which
 * is a race on purpose and hidden from the sanitizer. */
__attribute__((no_sanitize("thread"))) static void copy_racing(void *to, const void *from,
                                                               size_t bytes)
{
    volatile const unsigned char *source = from;

    for (size_t i = 0; i < bytes; i++)
        ((unsigned char *)to)[i] = source[i];
}

static void await_arrival(const struct fixture *fixture, const void *before)
{
    unsigned char *now = malloc(fixture->bytes);

    assert_non_null(now);
    do {
        sched_yield();
        copy_racing(now, fixture->lock, fixture->bytes);
    } while (memcmp(now, before, fixture->bytes) == 0);
    free(now);
}

/* A waiter that sleeps has done all that it does to queue up; until then its changes could be taken
 * for the arrival of the next one. */
static void await_sleep(struct task *task)
{
    char path[64], line[256], state = 'R';

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)word_load(&task->id, acquire));
    while (state != 'S') {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof line, file));
        fclose(file);
        assert_int_equal(sscanf(strrchr(line, ')'), ") %c", &state), 1);
        sched_yield();
    }
}

/* Starts a task that waits for the lock, and returns when it has queued. */
static void begin_waiter(struct task *task, struct fixture *fixture, unsigned self)
{
    unsigned char *before = malloc(fixture->bytes);

    assert_non_null(before);
    copy_racing(before, fixture->lock, fixture->bytes);
    begin(task, fixture, self, acquire_and_note);
    await_arrival(fixture, before);
    if ((fixture->ops->traits & LOCK_SLEEPS) != 0)
        await_sleep(task);
    free(before);
}

static void grants_in_order_of_arrival(void **state)
{
    struct fixture fixture = make(*state);
    struct task waiters[THREADS_MOST] = {0};
    struct context context;
    unsigned order[THREADS_MOST], granted = 0;

    native_set_self(0);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    for (unsigned i = 1; i < THREADS_MOST; i++) {
        waiters[i].order = order;
        waiters[i].granted = &granted;
        word_init(&waiters[i].may_go_on, true);
        begin_waiter(&waiters[i], &fixture, i);
    }
    assert_int_equal(granted, 0);
    assert_int_equal(fixture.ops->release(fixture.lock, &context), 0);
    for (unsigned i = 1; i < THREADS_MOST; i++)
        assert_int_equal(end(&waiters[i]), 0);
    assert_int_equal(granted, THREADS_MOST - 1);
    for (unsigned i = 1; i < THREADS_MOST; i++)
        assert_int_equal(order[i - 1], i);
    unmake(&fixture);
}

/* ---- readers ---- */

/* Neither a reader nor a writer gets in beside a writer. */
static void check_writer_is_alone(struct fixture *fixture, struct context *context)
{
    assert_int_equal(fixture->ops->acquire(fixture->lock, context), 0);
    assert_int_equal(in_another_thread(fixture, try_shared_once), EBUSY);
    assert_int_equal(in_another_thread(fixture, try_once), EBUSY);
    assert_int_equal(fixture->ops->release(fixture->lock, context), 0);
}

/* Takes it as a reader, beside which others read. */
static void share_with_others(struct fixture *fixture, struct context *context)
{
    assert_int_equal(fixture->ops->acquire_shared(fixture->lock, context), 0);
    assert_int_equal(in_another_thread(fixture, share_once), 0);
    assert_int_equal(in_another_thread(fixture, try_shared_once), 0);
}

static void shares_with_readers_only(void **state)
{
    struct fixture fixture = make(*state);
    struct context context;

    native_set_self(0);
    share_with_others(&fixture, &context);
    assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), 0);

    check_writer_is_alone(&fixture, &context);
    unmake(&fixture);
}

/* A reader keeps nobody away, is told of each writer that came meanwhile, and waits for one that is
 * there. */
static void tells_readers_to_read_again(void **state)
{
    struct fixture fixture = make(*state);
    struct context context;

    native_set_self(0);
    share_with_others(&fixture, &context);
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), 0);

    assert_int_equal(fixture.ops->acquire_shared(fixture.lock, &context), 0);
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), EAGAIN);

    assert_int_equal(fixture.ops->try_acquire_shared(fixture.lock, &context), 0);
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), 0);

    check_writer_is_alone(&fixture, &context);
    unmake(&fixture);
}

static void lets_readers_run_beside_a_writer(void **state)
{
    struct fixture fixture = make(*state);
    struct context context;

    native_set_self(0);
    begin_use(fixture.ops);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    assert_int_equal(in_another_thread(&fixture, share_once), 0);
    assert_int_equal(in_another_thread(&fixture, try_shared_once), 0);
    assert_int_equal(fixture.ops->release(fixture.lock, &context), 0);
    end_use(fixture.ops);
    unmake(&fixture);
}

static int share_and_wait(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->acquire_shared(fixture->lock, &context);

    word_store(&task->has_lock, true, release);
    while (!word_load(&task->may_go_on, acquire))
        sched_yield();
    return error != 0 ? error : fixture->ops->release_shared(fixture->lock, &context);
}

/* Says that it has the lock when it has released it. */
static int write_and_note(struct fixture *fixture, struct task *task)
{
    struct context context;
    int error = fixture->ops->acquire(fixture->lock, &context);

    if (error == 0)
        error = fixture->ops->release(fixture->lock, &context);
    word_store(&task->has_lock, true, release);
    return error;
}

static void waits_for_readers_in_its_release(void **state)
{
    struct fixture fixture = make(*state);
    struct task reader = {0}, writer = {0};

    begin(&reader, &fixture, 1, share_and_wait);
    while (!word_load(&reader.has_lock, acquire))
        sched_yield();
    begin(&writer, &fixture, 2, write_and_note);
    /* Chances for a wrong lock to come back. */
    for (int i = 0; i < 1000; i++)
        sched_yield();
    assert_false(word_load(&writer.has_lock, acquire));
    word_store(&reader.may_go_on, true, release);
    assert_int_equal(end(&reader), 0);
    assert_int_equal(end(&writer), 0);
    unmake(&fixture);
}

static void downgrades_to_shared(void **state)
{
    struct fixture fixture = make(*state);
    struct context context;

    native_set_self(0);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    assert_int_equal(fixture.ops->downgrade(fixture.lock, &context), 0);
    assert_int_equal(in_another_thread(&fixture, try_shared_once), 0);
    assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), 0);
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    unmake(&fixture);
}

/* A writer that waits must not get in when the holder only steps down to a reader. */
static void downgrades_past_a_waiting_writer(void **state)
{
    struct fixture fixture = make(*state);
    struct task writer = {0};
    struct context context;

    native_set_self(0);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    word_init(&writer.may_go_on, true);
    begin_waiter(&writer, &fixture, 1);
    assert_int_equal(fixture.ops->downgrade(fixture.lock, &context), 0);
    /* Chances for a wrong lock to let the writer in. */
    for (int i = 0; i < 1000; i++)
        sched_yield();
    assert_false(word_load(&writer.has_lock, acquire));
    assert_int_equal(fixture.ops->release_shared(fixture.lock, &context), 0);
    assert_int_equal(end(&writer), 0);
    assert_true(word_load(&writer.has_lock, acquire));
    unmake(&fixture);
}

/* ---- holders that come again, and releases by others ---- */

/* The lock is free for others only after as many releases as there were acquisitions. */
static void its_holder_may_take_it_again(void **state)
{
    struct fixture fixture = make(*state);
    struct context contexts[3];

    native_set_self(0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture.ops->acquire(fixture.lock, &contexts[i]), 0);
    for (int i = 3; i-- > 0;) {
        assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
        assert_false(fixture.ops->is_idle(fixture.lock));
        assert_int_equal(fixture.ops->release(fixture.lock, &contexts[i]), 0);
    }
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    unmake(&fixture);
}

static void its_sharer_may_share_it_again(void **state)
{
    struct fixture fixture = make(*state);
    struct context contexts[3];

    native_set_self(0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture.ops->acquire_shared(fixture.lock, &contexts[i]), 0);
    for (int i = 3; i-- > 0;) {
        assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
        assert_int_equal(in_another_thread(&fixture, try_shared_once), 0);
        assert_int_equal(fixture.ops->release_shared(fixture.lock, &contexts[i]), 0);
    }
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    unmake(&fixture);
}

static int release_only(struct fixture *fixture, struct task *task)
{
    struct context context;

    (void)task;
    return fixture->ops->release(fixture->lock, &context);
}

static void misuse_is_told_and_does_no_harm(void **state)
{
    struct fixture fixture = make(*state);
    struct context context, another;

    native_set_self(0);
    assert_int_equal(fixture.ops->release(fixture.lock, &context), EPERM);
    assert_int_equal(fixture.ops->acquire(fixture.lock, &context), 0);
    if ((fixture.ops->traits & LOCK_RECURSIVE) == 0)
        assert_int_equal(fixture.ops->acquire(fixture.lock, &another), EDEADLK);
    assert_int_equal(in_another_thread(&fixture, release_only), EPERM);
    assert_int_equal(in_another_thread(&fixture, try_once), EBUSY);
    assert_int_equal(fixture.ops->release(fixture.lock, &context), 0);
    assert_int_equal(fixture.ops->release(fixture.lock, &context), EPERM);
    assert_int_equal(in_another_thread(&fixture, release_only), EPERM);
    assert_int_equal(in_another_thread(&fixture, try_once), 0);
    unmake(&fixture);
}

/* ---- the list of tests, from the catalogue ---- */

static const struct {
    const char *name;
    CMUnitTestFunction run;
    uint32_t needs;   /* the trait that claims it; 0: every lock that promises exclusion */
    uint32_t but_not; /* the traits that make it something else */
} kinds[] = {
    {"is caught", is_caught, LOCK_BROKEN, 0},
    {"excludes", excludes, 0, 0},
    {"excludes with tries and readers", excludes_with_tries_and_readers, 0, 0},
    {"try fails while held", try_fails_while_held, 0, 0},
    {"grants in order of arrival", grants_in_order_of_arrival, LOCK_FIFO, 0},
    {"shares with readers only", shares_with_readers_only, LOCK_SHARED,
     LOCK_READERS_RETRY | LOCK_READERS_BESIDE_WRITER},
    {"lets readers run beside a writer", lets_readers_run_beside_a_writer,
     LOCK_READERS_BESIDE_WRITER, 0},
    {"waits for readers in its release", waits_for_readers_in_its_release,
     LOCK_READERS_BESIDE_WRITER, 0},
    {"tells readers to read again", tells_readers_to_read_again, LOCK_READERS_RETRY, 0},
    {"downgrades to shared", downgrades_to_shared, LOCK_DOWNGRADE, 0},
    {"downgrades past a waiting writer", downgrades_past_a_waiting_writer, LOCK_DOWNGRADE, 0},
    {"may be taken again by its holder", its_holder_may_take_it_again, LOCK_RECURSIVE, 0},
    {"may be shared again by its sharer", its_sharer_may_share_it_again,
     LOCK_RECURSIVE | LOCK_SHARED, 0},
    {"tells misuse", misuse_is_told_and_does_no_harm, LOCK_OWNER_CHECKED, 0},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static size_t fill_tests(struct CMUnitTest *tests)
{
    size_t count = 0;

    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if ((ops->traits & LOCK_UNVERIFIED) != 0)
            continue;
        for (size_t j = 0; j < KINDS; j++) {
            char *name;
            if ((ops->traits & kinds[j].needs) != kinds[j].needs ||
                (ops->traits & kinds[j].but_not) != 0 ||
                (ops->traits & LOCK_BROKEN) != (kinds[j].needs & LOCK_BROKEN))
                continue;
            if (asprintf(&name, "%s %s", ops->name, kinds[j].name) < 0)
                abort();
            tests[count++] = (struct CMUnitTest){name, kinds[j].run, NULL, NULL, (void *)ops};
        }
    }
    return count;
}

int main(void)
{
    struct CMUnitTest *tests = calloc(lock_catalogue_size * KINDS, sizeof *tests);

    if (tests == NULL)
        abort();
    /* A lock that hangs ends the program here, with the name of its test as the last line. */
    alarm(HANG_SECONDS);
    size_t count = fill_tests(tests);
    int failed = _cmocka_run_group_tests("torture", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        free((char *)tests[i].name);
    free(tests);
    return failed;
}
