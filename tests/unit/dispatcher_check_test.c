/* The dispatcher under the checker: in every order of steps, nothing that is signalled is lost or
 * given away twice. With one lock for all objects, and with one an object. */
#define MACHINE_VIRTUAL
#include "tests/unit/unit.h"

#include "bench/check/explorer.h"
#include "bench/virtual/alone.h"
#include "bench/virtual/sanitizers.h"
#include "locks/nt/dispatcher.h"

/* clang takes an operation within a macro's argument for an expression that should have been used.
 */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wunused-value"
#endif

enum { OBJECTS = 2, EXECUTIONS_MOST = 200000 };

/* What one thread waits with, and what came of it. */
struct waiting {
    struct dispatcher_waiter waiter;
    struct dispatcher_block blocks[OBJECTS];
    int result;
    uint32_t index;
};

struct scene {
    enum dispatcher_locking locking;
    void (*prepare)(struct scene *scene);
    void (*threads[CHECK_THREADS_MOST])(struct scene *scene);
    const char *(*judge)(struct scene *scene);

    struct explorer *explorer;
    struct dispatcher dispatcher;
    struct dispatcher_thread owners[CHECK_THREADS_MOST];
    struct dispatcher_object objects[OBJECTS];
    struct dispatcher_object *list[OBJECTS];
    struct waiting waits[CHECK_THREADS_MOST];
    uint32_t flag;
    uint64_t data;
    unsigned told; /* of an owner that ended */
};

static void begin(void *client)
{
    struct scene *scene = client;

    virtual_machine_alone();
    memset(scene->owners, 0, sizeof scene->owners);
    memset(scene->waits, 0, sizeof scene->waits);
    dispatcher_init(&scene->dispatcher, scene->locking, scene->owners);
    for (unsigned i = 0; i < OBJECTS; i++)
        scene->list[i] = &scene->objects[i];
    scene->flag = 0;
    scene->data = 0;
    scene->told = 0;
    scene->prepare(scene);
}

static void run(void *client, unsigned thread)
{
    struct scene *scene = client;

    scene->threads[thread](scene);
}

static const char *end(void *client)
{
    struct scene *scene = client;

    virtual_machine_alone();
    for (unsigned i = 0; i < OBJECTS; i++) {
        if (!dispatcher_is_unused(&scene->dispatcher, &scene->objects[i]))
            return "somebody is left in a queue, or a lock is held";
    }
    return scene->judge(scene);
}

static bool is_no_context(void *client, uintptr_t address, unsigned *owner, bool **released)
{
    (void)client;
    (void)address;
    (void)owner;
    (void)released;
    return false;
}

static void explore_with(const struct scene *asked, enum dispatcher_locking locking)
{
    static struct scene scene;
    struct explorer *explorer = calloc(1, sizeof *explorer);
    unsigned threads = 0;

    assert_non_null(explorer);
    scene = *asked;
    scene.locking = locking;
    scene.explorer = explorer;
    while (threads < CHECK_THREADS_MOST && scene.threads[threads] != NULL)
        threads++;
    explorer->begin = begin;
    explorer->run = run;
    explorer->end = end;
    explorer->client = &scene;
    explorer->is_context = is_no_context;
    assert_true(explorer_make(explorer, threads));
    do {
        explorer_execute(explorer);
        if (explorer->ended == CHECK_VIOLATED)
            fail_msg("locking %d, execution %llu: %s", (int)locking,
                     (unsigned long long)explorer->complete,
                     explorer->property != NULL ? explorer->violation : explorer->model.overflow);
        assert_true(explorer->complete + explorer->pruned <= EXECUTIONS_MOST);
    } while (explorer_next(explorer));
    if (getenv("DISPATCHER_COUNTS") != NULL)
        print_message("# locking %d: %llu executions, %llu pruned\n", (int)locking,
                      (unsigned long long)explorer->complete, (unsigned long long)explorer->pruned);
    assert_true(explorer->complete > 1);
    explorer_free(explorer);
    free(explorer);
}

static void explore(const struct scene *scene)
{
    /* A thread that is begun again leaves its call stack behind in the thread sanitizer's books. */
    if (THREAD_SANITIZER) {
        print_message("# the thread sanitizer keeps the stacks of all executions\n");
        skip();
    }
    explore_with(scene, DISPATCHER_GLOBAL);
    explore_with(scene, DISPATCHER_PER_OBJECT);
}

/* ---- what scenes are made of ---- */

static void two_events(struct scene *scene)
{
    dispatcher_object_init(scene->list[0], DISPATCHER_EVENT_SYNC, 0);
    dispatcher_object_init(scene->list[1], DISPATCHER_EVENT_SYNC, 0);
}

static void set(struct scene *scene, unsigned object)
{
    dispatcher_set(&scene->dispatcher, scene->list[object]);
}

static void set_first(struct scene *scene)
{
    set(scene, 0);
}

static void set_second(struct scene *scene)
{
    set(scene, 1);
}

/* Whether a deadline passes is the explorer's choice. */
static int wait_any(struct scene *scene, struct waiting *wait, uint64_t deadline)
{
    return wait->result = dispatcher_wait_any(&scene->dispatcher, &wait->waiter, wait->blocks,
                                              scene->list, OBJECTS, deadline, &wait->index);
}

static int wait_all(struct scene *scene, struct waiting *wait, uint64_t deadline)
{
    return wait->result = dispatcher_wait_all(&scene->dispatcher, &wait->waiter, wait->blocks,
                                              scene->list, OBJECTS, deadline);
}

static int wait_first(struct scene *scene, struct waiting *wait, uint64_t deadline)
{
    return wait->result =
               dispatcher_wait_one(&scene->dispatcher, &wait->waiter, scene->list[0], deadline);
}

static bool are(const struct scene *scene, int32_t first, int32_t second)
{
    return scene->objects[0].state == first && scene->objects[1].state == second;
}

/* ---- any ---- */

static void wait_for_any(struct scene *scene)
{
    wait_any(scene, &scene->waits[2], MACHINE_NEVER);
}

static const char *one_is_taken(struct scene *scene)
{
    const struct waiting *wait = &scene->waits[2];

    if (wait->result != 0)
        return "the wait failed";
    return are(scene, wait->index != 0, wait->index != 1) ? NULL : "not one event was taken";
}

static void any_takes_one_of_two(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_first, set_second, wait_for_any},
                            .judge = one_is_taken});
}

static void wait_for_any_twice(struct scene *scene)
{
    wait_any(scene, &scene->waits[2], MACHINE_NEVER);
    wait_any(scene, &scene->waits[3], MACHINE_NEVER);
}

static const char *each_is_taken_once(struct scene *scene)
{
    const struct waiting *waits = scene->waits;

    if (waits[2].result != 0 || waits[3].result != 0)
        return "a wait failed";
    if (waits[2].index == waits[3].index)
        return "an event was taken twice";
    return are(scene, 0, 0) ? NULL : "an event that was taken is set";
}

static void any_twice_takes_both(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_first, set_second, wait_for_any_twice},
                            .judge = each_is_taken_once});
}

/* ---- all, beside one ---- */

static void permits_and_an_event(struct scene *scene)
{
    dispatcher_semaphore_init(scene->list[0], 0, 2);
    dispatcher_object_init(scene->list[1], DISPATCHER_EVENT_SYNC, 0);
}

static void release_permit(struct scene *scene)
{
    int32_t previous;

    if (dispatcher_semaphore_release(&scene->dispatcher, scene->list[0], 1, &previous) != 0)
        explorer_violation(scene->explorer, "semaphore", "a permit was refused");
}

static void signal_all_and_one(struct scene *scene)
{
    release_permit(scene);
    set_second(scene);
    release_permit(scene);
}

static void wait_for_all(struct scene *scene)
{
    wait_all(scene, &scene->waits[1], MACHINE_NEVER);
}

static void wait_for_one(struct scene *scene)
{
    wait_first(scene, &scene->waits[2], MACHINE_NEVER);
}

static const char *all_was_taken(struct scene *scene)
{
    if (scene->waits[1].result != 0 || scene->waits[2].result != 0)
        return "a wait failed";
    return are(scene, 0, 0) ? NULL : "something was not taken, or twice";
}

static void all_beside_one_of_them(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = permits_and_an_event,
                            .threads = {signal_all_and_one, wait_for_all, wait_for_one},
                            .judge = all_was_taken});
}

/* What is set again while the waiter comes back from its wait is the next one's. */
static void set_both_and_first(struct scene *scene)
{
    set(scene, 0);
    set(scene, 1);
    set(scene, 0);
}

static const char *all_of_two_was_taken(struct scene *scene)
{
    if (scene->waits[1].result != 0)
        return "the wait failed";
    /* The third set may have come before the wait took the first. */
    return are(scene, 0, 0) || are(scene, 1, 0) ? NULL : "it was not all that was taken";
}

static void all_of_events_that_are_set_again(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_both_and_first, wait_for_all},
                            .judge = all_of_two_was_taken});
}

/* ---- time-outs ---- */

static void wait_for_any_in_time(struct scene *scene)
{
    wait_any(scene, &scene->waits[2], 1);
}

static const char *one_or_none_is_taken(struct scene *scene)
{
    const struct waiting *wait = &scene->waits[2];

    if (wait->result == ETIMEDOUT)
        return are(scene, 1, 1) ? NULL : "a wait that gave up took an event";
    return one_is_taken(scene);
}

static void any_gives_up_or_takes_one(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_first, set_second, wait_for_any_in_time},
                            .judge = one_or_none_is_taken});
}

static void wait_for_all_in_time(struct scene *scene)
{
    wait_all(scene, &scene->waits[2], 1);
}

static const char *all_or_none_is_taken(struct scene *scene)
{
    if (scene->waits[2].result == ETIMEDOUT)
        return are(scene, 1, 1) ? NULL : "a wait that gave up took an event";
    return are(scene, 0, 0) ? NULL : "it was not all that was taken";
}

static void all_gives_up_or_takes_all(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_first, set_second, wait_for_all_in_time},
                            .judge = all_or_none_is_taken});
}

/* One gives up beside one that stays: what the former did not take the latter gets. */
static void wait_for_one_in_time(struct scene *scene)
{
    if (wait_first(scene, &scene->waits[1], 1) == 0)
        set(scene, 0);
}

static const char *the_other_got_it(struct scene *scene)
{
    return scene->waits[2].result == 0 && are(scene, 0, 0) ? NULL : "the event was lost";
}

static void one_that_gives_up_leaves_it_to_the_next(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = two_events,
                            .threads = {set_first, wait_for_one_in_time, wait_for_one},
                            .judge = the_other_got_it});
}

/* ---- semaphores ---- */

static void release_two(struct scene *scene)
{
    int32_t previous;

    if (dispatcher_semaphore_release(&scene->dispatcher, scene->list[0], 2, &previous) != 0 ||
        previous != 0)
        explorer_violation(scene->explorer, "semaphore", "two permits were refused");
}

static void wait_for_permit(struct scene *scene)
{
    wait_first(scene, &scene->waits[1], MACHINE_NEVER);
}

static void two_permits_for_two_waiters(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = permits_and_an_event,
                            .threads = {release_two, wait_for_permit, wait_for_one},
                            .judge = all_was_taken});
}

/* ---- notifications that are set already, and take no lock ---- */

static void a_set_notification(struct scene *scene)
{
    dispatcher_object_init(scene->list[0], DISPATCHER_EVENT_NOTIFY, 1);
    dispatcher_object_init(scene->list[1], DISPATCHER_EVENT_NOTIFY, 0);
}

static void publish_and_set(struct scene *scene)
{
    plain_store(&scene->data, 7);
    word_store(&scene->flag, 1, relaxed);
    set(scene, 0);
}

/* Resets the event, looks, and waits if there is nothing yet: the set is either seen in what it
 * published, or waited for. */
static void reset_look_and_wait(struct scene *scene)
{
    dispatcher_reset(&scene->dispatcher, scene->list[0]);
    if (word_load(&scene->flag, relaxed) != 0)
        return;
    wait_first(scene, &scene->waits[1], MACHINE_NEVER);
    if (plain_load(&scene->data) != 7)
        explorer_violation(scene->explorer, "notification", "what was published is not seen");
}

static const char *nothing_is_wrong(struct scene *scene)
{
    (void)scene;
    return NULL;
}

static void a_set_behind_a_reset_is_not_lost(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = a_set_notification,
                            .threads = {publish_and_set, reset_look_and_wait},
                            .judge = nothing_is_wrong});
}

static void a_clear_notification(struct scene *scene)
{
    dispatcher_object_init(scene->list[0], DISPATCHER_EVENT_NOTIFY, 0);
    dispatcher_object_init(scene->list[1], DISPATCHER_EVENT_NOTIFY, 0);
}

/* Another one sets it, too, and may let the waiter go in vain: it must only not sleep for ever. */
static void reset_look_and_sleep(struct scene *scene)
{
    dispatcher_reset(&scene->dispatcher, scene->list[0]);
    if (word_load(&scene->flag, relaxed) == 0)
        wait_first(scene, &scene->waits[1], MACHINE_NEVER);
}

static void set_publish_and_set(struct scene *scene)
{
    set(scene, 0);
    publish_and_set(scene);
}

/* The other one may find it set only under the lock. */
static void a_set_beside_another_is_not_lost(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = a_clear_notification,
                            .threads = {set_publish_and_set, reset_look_and_sleep, set_first},
                            .judge = nothing_is_wrong});
}

static void pulse_first(struct scene *scene)
{
    dispatcher_pulse(&scene->dispatcher, scene->list[0]);
}

/* Thread 2 is in the queue from the beginning: a pulse would otherwise rightly undo the set before
 * it comes. */
static void a_notification_that_is_waited_for(struct scene *scene)
{
    struct dispatcher_waiter *waiter = &scene->waits[2].waiter;
    a_clear_notification(scene);
    waiter->blocks = &waiter->block;
    dispatcher_begin_wait(&(struct dispatcher_wait){waiter, scene->list, scene->list, 1, false}, 2);
}

/* The pulse or the set lets it go. If it was not the set, that is still to come, and stays. */
static void wait_until_published(struct scene *scene)
{
    if (dispatcher_sleep(&scene->waits[2].waiter, MACHINE_NEVER) < WAITER_DONE)
        explorer_violation(scene->explorer, "notification", "let go without a reason");
    if (word_load(&scene->flag, relaxed) != 0)
        return;
    wait_first(scene, &scene->waits[1], MACHINE_NEVER);
    if (plain_load(&scene->data) != 7)
        explorer_violation(scene->explorer, "notification", "what was published is not seen");
}

static void a_set_beside_a_pulse_is_not_lost(void **state)
{
    (void)state;
    explore(&(struct scene){.prepare = a_notification_that_is_waited_for,
                            .threads = {publish_and_set, pulse_first, wait_until_published},
                            .judge = nothing_is_wrong});
}

/* ---- owners that end ---- */

static void a_mutex(struct scene *scene)
{
    dispatcher_mutex_init(scene->list[0], 0);
    dispatcher_object_init(scene->list[1], DISPATCHER_EVENT_SYNC, 0);
}

static void take_mutex(struct scene *scene, struct waiting *wait)
{
    int error = wait_first(scene, wait, MACHINE_NEVER);

    if (error != 0 && error != EOWNERDEAD)
        explorer_violation(scene->explorer, "mutex", "the wait failed");
    scene->told += error == EOWNERDEAD;
    plain_store(&scene->data, plain_load(&scene->data) + 1);
}

static void take_and_end(struct scene *scene)
{
    take_mutex(scene, &scene->waits[0]);
    dispatcher_thread_ends(&scene->dispatcher, 0);
}

static void take_and_release(struct scene *scene, struct waiting *wait)
{
    int32_t previous;

    take_mutex(scene, wait);
    if (dispatcher_mutex_release(&scene->dispatcher, scene->list[0], &previous) != 0)
        explorer_violation(scene->explorer, "mutex", "the release was refused");
}

static void take_and_release_second(struct scene *scene)
{
    take_and_release(scene, &scene->waits[1]);
}

static void take_and_release_third(struct scene *scene)
{
    take_and_release(scene, &scene->waits[2]);
}

static const char *somebody_is_told_once(struct scene *scene)
{
    if (scene->data != 3 || scene->objects[0].state != 1)
        return "not each has had the mutex";
    /* Nobody yet, if the one that ended was the last. */
    return scene->told + scene->objects[0].abandoned == 1 ? NULL : "not one was told of the end";
}

static void an_end_is_told_once(void **state)
{
    (void)state;
    explore(
        &(struct scene){.prepare = a_mutex,
                        .threads = {take_and_end, take_and_release_second, take_and_release_third},
                        .judge = somebody_is_told_once});
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_takes_one_of_two),
        TEST(any_twice_takes_both),
        TEST(all_beside_one_of_them),
        TEST(all_of_events_that_are_set_again),
        TEST(any_gives_up_or_takes_one),
        TEST(all_gives_up_or_takes_all),
        TEST(one_that_gives_up_leaves_it_to_the_next),
        TEST(two_permits_for_two_waiters),
        TEST(a_set_behind_a_reset_is_not_lost),
        TEST(a_set_beside_another_is_not_lost),
        TEST(a_set_beside_a_pulse_is_not_lost),
        TEST(an_end_is_told_once),
    };
    return cmocka_run_group_tests_name("dispatcher under the checker", tests, NULL, NULL);
}
