/* Dispatcher objects by name, between processes: that they do what they do in one, and what a
 * process leaves that dies waiting for one, owning one, or changing one. Thread sanitizer sees the
 * threads of one process only: what it can find are races between the two of one process. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/native/namespace.h"

/* Longer than everything here takes; what hangs is ended by it, and fails. */
enum { PATIENCE_SECONDS = 300 };

enum { TURNS = 20000, ROUNDS = 100, TURNS_AFTERWARDS = 50 };

static char name[32], path[64];

static int choose_name(void **state)
{
    static unsigned tests;

    (void)state;
    snprintf(name, sizeof name, "lockbench-names-%d-%u", (int)getpid(), tests++);
    snprintf(path, sizeof path, "/dev/shm/%s", name);
    return 0;
}

static int find_nothing_left(void **state)
{
    (void)state;
    if (access(path, F_OK) != 0)
        return 0;
    unlink(path);
    return -1;
}

/* ---- the cast ---- */

static const struct namespace_kind mutex_kind = {.type = DISPATCHER_MUTEX};
static const struct namespace_kind semaphore_kind = {.type = DISPATCHER_SEMAPHORE, .limit = 4};
static const struct namespace_kind sync_kind = {.type = DISPATCHER_EVENT_SYNC};
static const struct namespace_kind notify_kind = {.type = DISPATCHER_EVENT_NOTIFY};

/* Not made for several at once: `a` and `b` are equal as long as the mutex excludes. */
struct board {
    uint64_t a, b;
    WORD(uint32_t) started, stop;
};

static const struct arena_type board_type = {"board", sizeof(struct board), 64, NULL};

/* All that one process has. */
struct player {
    struct namespace space;
    struct namespace_thread thread;
    struct named_object *mutex, *semaphore, *sync, *notify;
    struct board *board;
};

/* What a child returns is the number of the line at which it was disappointed. */
#define WANT(condition)                \
    do {                               \
        if (!(condition))              \
            return __LINE__ % 249 + 1; \
    } while (0)

/* The namespace has lost its objects. */
enum { LOST = 255 };

/* Returns 0 or the line; ENOTRECOVERABLE is passed on by its own number. */
static int join(struct player *player)
{
    struct namespace *space = &player->space;
    void *board;

    WANT(arena_object(&space->arena, "board", &board_type, NULL, &board) == ARENA_FINE);
    player->board = board;
    int error = namespace_attach_thread(space, &player->thread);
    if (error == ENOTRECOVERABLE)
        return LOST;
    WANT(error == 0);
    if (namespace_object(space, "mutex", &mutex_kind, &player->mutex) == ENOTRECOVERABLE ||
        namespace_object(space, "semaphore", &semaphore_kind, &player->semaphore) ==
            ENOTRECOVERABLE ||
        namespace_object(space, "sync", &sync_kind, &player->sync) == ENOTRECOVERABLE ||
        namespace_object(space, "notify", &notify_kind, &player->notify) == ENOTRECOVERABLE)
        return LOST;
    WANT(player->mutex != NULL && player->semaphore != NULL && player->sync != NULL &&
         player->notify != NULL);
    return 0;
}

static void begin(struct player *player)
{
    *player = (struct player){0};
    assert_int_equal(namespace_create(&player->space, name, 4096, 0600), 0);
    assert_int_equal(join(player), 0);
}

static void end(struct player *player)
{
    namespace_detach_thread(&player->thread);
    assert_int_equal(namespace_close(&player->space), 0);
}

/* A child that finds all by its name, as an unrelated process would. */
static pid_t in_child(int (*run)(struct player *player), struct player *inherited)
{
    struct player player = {0};
    pid_t child = fork();

    assert_true(child >= 0);
    if (child != 0)
        return child;
    namespace_close(&inherited->space);
    if (namespace_open(&player.space, name) != 0)
        _exit(254);
    int result = join(&player);
    if (result == 0) {
        result = run(&player);
        namespace_detach_thread(&player.thread);
    }
    if (namespace_close(&player.space) != 0)
        result = 253;
    _exit(result);
}

static int status_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_fine(pid_t child)
{
    assert_int_equal(status_of(child), 0);
}

static void kill_child(pid_t child)
{
    kill(child, SIGKILL);
    int status = status_of(child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool somebody_waits(struct named_object *object)
{
    return __atomic_load_n(&object->object.first, __ATOMIC_RELAXED) != NULL;
}

static void await_waiter(struct named_object *object)
{
    while (!somebody_waits(object))
        usleep(500);
}

static int take(struct player *player, struct named_object *object)
{
    return namespace_wait_one(&player->thread, object, MACHINE_NEVER);
}

static int try(struct player *player, struct named_object *object)
{
    return namespace_wait_one(&player->thread, object, 0);
}

static int set(struct player *player, struct named_object *event)
{
    bool before;

    return namespace_event_set(&player->thread, event, &before);
}

static int give(struct player *player, int32_t permits)
{
    int32_t previous;

    return namespace_semaphore_release(&player->thread, player->semaphore, permits, &previous);
}

/* ---- names and errors ---- */

static void a_name_is_that_of_one_kind_of_object(void **state)
{
    struct player player;
    struct named_object *object;

    (void)state;
    begin(&player);
    struct namespace *space = &player.space;
    assert_int_equal(namespace_object(space, "semaphore", &semaphore_kind, &object), 0);
    assert_ptr_equal(object, player.semaphore);
    assert_int_equal(namespace_object(space, "semaphore", &mutex_kind, &object), EEXIST);
    assert_string_equal(space->problem, "'semaphore' is a semaphore, not a mutex");
    assert_int_equal(namespace_object(space, "sync", &notify_kind, &object), EEXIST);
    assert_string_equal(space->problem,
                        "'sync' is a synchronization event, not a notification event");
    const struct namespace_kind other_limit = {.type = DISPATCHER_SEMAPHORE, .limit = 5};
    assert_int_equal(namespace_object(space, "semaphore", &other_limit, &object), EEXIST);
    assert_string_equal(space->problem, "'semaphore' is a semaphore of limit 4, not of 5");
    const struct namespace_kind other_level = {.type = DISPATCHER_MUTEX, .level = 2};
    assert_int_equal(namespace_object(space, "mutex", &other_level, &object), EEXIST);
    assert_string_equal(space->problem, "'mutex' is a mutex of level 0, not of 2");
    end(&player);
}

static void objects_that_can_not_be(void **state)
{
    static const struct namespace_kind bad[] = {
        {.type = DISPATCHER_SEMAPHORE},
        {.type = DISPATCHER_SEMAPHORE, .state = 3, .limit = 2},
        {.type = DISPATCHER_SEMAPHORE, .state = -1, .limit = 2},
        {.type = DISPATCHER_EVENT_SYNC, .state = 2},
        {.type = DISPATCHER_TIMER_SYNC},
        {.type = DISPATCHER_FILE},
    };
    struct player player;
    struct named_object *object;

    (void)state;
    begin(&player);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(namespace_object(&player.space, "odd", &bad[i], &object), EINVAL);
        assert_non_null(strstr(player.space.problem, "'odd'"));
    }
    assert_int_equal(namespace_object(&player.space, "a/b", &mutex_kind, &object), EINVAL);
    end(&player);
}

static void there_is_an_end_to_objects(void **state)
{
    struct player player;
    struct named_object *object;
    char object_name[16];
    int error = 0, made = 0;

    (void)state;
    begin(&player);
    for (; error == 0; made += error == 0) {
        snprintf(object_name, sizeof object_name, "o%d", made);
        error = namespace_object(&player.space, object_name, &sync_kind, &object);
    }
    assert_int_equal(error, ENOSPC);
    assert_true(made + 4 >= NAMESPACE_OBJECTS);
    assert_non_null(strstr(player.space.problem, "no room"));
    end(&player);
}

struct crowd {
    struct namespace *space;
    pthread_barrier_t attached, done;
};

static void *stand_in_crowd(void *argument)
{
    struct crowd *crowd = argument;
    struct namespace_thread thread;
    int error = namespace_attach_thread(crowd->space, &thread);

    pthread_barrier_wait(&crowd->attached);
    pthread_barrier_wait(&crowd->done);
    if (error == 0)
        namespace_detach_thread(&thread);
    return error == 0 ? NULL : argument;
}

static void there_is_an_end_to_threads(void **state)
{
    struct namespace_thread thread;
    pthread_t threads[NAMESPACE_THREADS_MOST - 1];
    struct player player;
    struct crowd crowd = {.space = &player.space};
    void *failed;

    (void)state;
    begin(&player);
    pthread_barrier_init(&crowd.attached, NULL, NAMESPACE_THREADS_MOST);
    pthread_barrier_init(&crowd.done, NULL, NAMESPACE_THREADS_MOST);
    for (int i = 1; i < NAMESPACE_THREADS_MOST; i++)
        assert_int_equal(pthread_create(&threads[i - 1], NULL, stand_in_crowd, &crowd), 0);
    pthread_barrier_wait(&crowd.attached);
    assert_int_equal(namespace_attach_thread(&player.space, &thread), ENOSPC);
    assert_non_null(strstr(thread.problem, "256 threads"));
    namespace_detach_thread(&player.thread);
    assert_int_equal(namespace_attach_thread(&player.space, &thread), 0);
    assert_int_equal(thread.number, player.thread.number);
    assert_int_equal(namespace_close(&player.space), EBUSY);
    assert_non_null(strstr(player.space.problem, "256 threads"));
    pthread_barrier_wait(&crowd.done);
    for (int i = 1; i < NAMESPACE_THREADS_MOST; i++) {
        assert_int_equal(pthread_join(threads[i - 1], &failed), 0);
        assert_null(failed);
    }
    player.thread = thread;
    end(&player);
}

static void a_wait_has_at_most_64_objects(void **state)
{
    struct named_object *objects[DISPATCHER_OBJECTS_MOST + 1];
    struct player player;
    char object_name[16];
    uint32_t index;

    (void)state;
    begin(&player);
    for (int i = 0; i <= DISPATCHER_OBJECTS_MOST; i++) {
        snprintf(object_name, sizeof object_name, "o%d", i);
        assert_int_equal(namespace_object(&player.space, object_name, &sync_kind, &objects[i]), 0);
        assert_int_equal(set(&player, objects[i]), 0);
    }
    struct namespace_thread *thread = &player.thread;
    assert_int_equal(namespace_wait_any(thread, objects, 65, MACHINE_NEVER, &index), EINVAL);
    assert_non_null(strstr(thread->problem, "65 objects in one wait"));
    assert_int_equal(namespace_wait_all(thread, objects, 0, MACHINE_NEVER), EINVAL);
    objects[64] = objects[3];
    assert_int_equal(namespace_wait_all(thread, objects + 1, 64, MACHINE_NEVER), EINVAL);
    assert_non_null(strstr(thread->problem, "twice"));
    assert_int_equal(namespace_wait_all(thread, objects, 64, MACHINE_NEVER), 0);
    assert_int_equal(namespace_wait_all(thread, objects, 64, 0), ETIMEDOUT);
    assert_int_equal(
        namespace_wait_any(thread, objects, 64, machine_deadline(2 * NAMESPACE_SLICE_NS), &index),
        ETIMEDOUT);
    end(&player);
}

static void misuse_is_refused(void **state)
{
    struct player player;
    int32_t previous;
    bool before;

    (void)state;
    begin(&player);
    struct namespace_thread *thread = &player.thread;
    assert_int_equal(namespace_mutex_release(thread, player.mutex), EPERM);
    assert_int_equal(namespace_mutex_release(thread, player.semaphore), EINVAL);
    assert_int_equal(namespace_semaphore_release(thread, player.mutex, 1, &previous), EINVAL);
    assert_int_equal(namespace_semaphore_release(thread, player.semaphore, 0, &previous), EINVAL);
    assert_int_equal(namespace_semaphore_release(thread, player.semaphore, 5, &previous),
                     EOVERFLOW);
    assert_int_equal(namespace_event_set(thread, player.mutex, &before), EINVAL);
    assert_int_equal(namespace_event_reset(thread, player.semaphore, &before), EINVAL);
    end(&player);
}

static void levels_are_an_order(void **state)
{
    const struct namespace_kind low = {.type = DISPATCHER_MUTEX, .level = 1};
    const struct namespace_kind high = {.type = DISPATCHER_MUTEX, .level = 2};
    struct named_object *first, *second;
    struct player player;

    (void)state;
    begin(&player);
    assert_int_equal(namespace_object(&player.space, "first", &low, &first), 0);
    assert_int_equal(namespace_object(&player.space, "second", &high, &second), 0);
    assert_int_equal(take(&player, second), 0);
    assert_int_equal(take(&player, first), EDEADLK);
    assert_int_equal(namespace_mutex_release(&player.thread, second), 0);
    end(&player);
}

static int open_without_permission(void)
{
    struct namespace space;

    /* root may open everything. */
    WANT(getuid() != 0 || setuid(65534) == 0);
    WANT(namespace_open(&space, name) == EACCES);
    WANT(strstr(space.problem, name) != NULL && strstr(space.problem, "mode 0400") != NULL);
    WANT(namespace_create(&space, name, 0, 0600) == EEXIST);
    return 0;
}

static void the_mode_says_who_may_open_it(void **state)
{
    struct namespace space, second;

    (void)state;
    assert_int_equal(namespace_open(&space, name), ENOENT);
    assert_non_null(strstr(space.problem, name));
    assert_int_equal(namespace_create(&space, name, 0, 0400), 0);
    assert_int_equal(namespace_open(&second, name), getuid() == 0 ? EADDRINUSE : EACCES);
    pid_t child = fork();
    if (child == 0) {
        namespace_close(&space);
        _exit(open_without_permission());
    }
    assert_fine(child);
    assert_int_equal(namespace_close(&space), 0);
}

/* ---- processes together ---- */

static int count_up(struct player *player)
{
    for (int i = 0; i < TURNS; i++) {
        WANT(take(player, player->mutex) == 0);
        WANT(player->board->a == player->board->b);
        player->board->a++;
        player->board->b++;
        WANT(namespace_mutex_release(&player->thread, player->mutex) == 0);
    }
    return 0;
}

/* Another thread of a process: the objects are the same, the thread is its own. */
struct second {
    struct namespace *space;
    struct player player;
};

static struct second second_of(struct player *player)
{
    return (struct second){
        &player->space,
        {.mutex = player->mutex, .semaphore = player->semaphore, .board = player->board}};
}

static void *count_up_in_thread(void *argument)
{
    struct second *second = argument;

    if (namespace_attach_thread(second->space, &second->player.thread) != 0)
        return "attach";
    int line = count_up(&second->player);
    namespace_detach_thread(&second->player.thread);
    return line == 0 ? NULL : "count";
}

/* A process of two threads, one of one. */
static void a_mutex_excludes_processes(void **state)
{
    struct player player;
    pthread_t thread;
    void *problem;

    (void)state;
    begin(&player);
    struct second second = second_of(&player);
    pid_t child = in_child(count_up, &player);
    assert_int_equal(pthread_create(&thread, NULL, count_up_in_thread, &second), 0);
    assert_int_equal(count_up(&player), 0);
    assert_int_equal(pthread_join(thread, &problem), 0);
    assert_null(problem);
    assert_fine(child);
    assert_int_equal(player.board->a, 3 * TURNS);
    assert_int_equal(player.board->b, 3 * TURNS);
    assert_int_equal(player.mutex->object.state, 1);
    end(&player);
}

static int answer(struct player *player)
{
    for (int i = 0; i < TURNS / 10; i++) {
        WANT(take(player, player->semaphore) == 0);
        WANT(player->board->a == (uint64_t)i + 1);
        player->board->b++;
        WANT(set(player, player->sync) == 0);
    }
    WANT(take(player, player->notify) == 0);
    WANT(take(player, player->notify) == 0);
    return 0;
}

static void a_semaphore_and_events_go_between_processes(void **state)
{
    struct player player;
    bool before;

    (void)state;
    begin(&player);
    pid_t child = in_child(answer, &player);
    for (int i = 0; i < TURNS / 10; i++) {
        player.board->a++;
        assert_int_equal(give(&player, 1), 0);
        assert_int_equal(take(&player, player.sync), 0);
        assert_int_equal(player.board->b, i + 1);
    }
    /* A pulse with nobody there is lost, a set stays. */
    assert_int_equal(namespace_event_set(&player.thread, player.notify, &before), 0);
    assert_fine(child);
    assert_int_equal(namespace_event_reset(&player.thread, player.notify, &before), 0);
    assert_true(before);
    assert_int_equal(namespace_event_pulse(&player.thread, player.notify, &before), 0);
    assert_false(before);
    assert_int_equal(try(&player, player.notify), ETIMEDOUT);
    end(&player);
}

static int wait_for_all(struct player *player)
{
    struct named_object *const objects[] = {player->mutex, player->semaphore, player->sync};

    WANT(namespace_wait_all(&player->thread, objects, 3, MACHINE_NEVER) == 0);
    WANT(namespace_mutex_release(&player->thread, player->mutex) == 0);
    WANT(namespace_mutex_release(&player->thread, player->mutex) == EPERM);
    return 0;
}

static void all_are_taken_at_once_or_none(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    assert_int_equal(take(&player, player.mutex), 0);
    pid_t child = in_child(wait_for_all, &player);
    await_waiter(player.sync);
    assert_int_equal(give(&player, 1), 0);
    assert_int_equal(namespace_mutex_release(&player.thread, player.mutex), 0);
    /* It waits for the event still, and has taken nothing. */
    assert_int_equal(try(&player, player.mutex), 0);
    assert_int_equal(try(&player, player.semaphore), 0);
    assert_int_equal(give(&player, 1), 0);
    assert_int_equal(set(&player, player.sync), 0);
    assert_int_equal(namespace_mutex_release(&player.thread, player.mutex), 0);
    assert_fine(child);
    assert_int_equal(try(&player, player.sync), ETIMEDOUT);
    assert_int_equal(try(&player, player.semaphore), ETIMEDOUT);
    assert_int_equal(try(&player, player.mutex), 0);
    end(&player);
}

static int wait_for_any(struct player *player)
{
    struct named_object *const objects[] = {player->semaphore, player->notify, player->sync};
    uint32_t index = 9;

    WANT(namespace_wait_any(&player->thread, objects, 3, MACHINE_NEVER, &index) == 0);
    WANT(index == 2);
    return 0;
}

static void any_is_taken(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    pid_t child = in_child(wait_for_any, &player);
    await_waiter(player.sync);
    assert_int_equal(set(&player, player.sync), 0);
    assert_fine(child);
    assert_false(somebody_waits(player.semaphore));
    assert_int_equal(try(&player, player.sync), ETIMEDOUT);
    end(&player);
}

/* ---- processes that die ---- */

static int own_and_stay(struct player *player)
{
    WANT(take(player, player->mutex) == 0);
    WANT(take(player, player->mutex) == 0);
    WANT(set(player, player->notify) == 0);
    for (;;)
        pause();
}

static void an_owner_that_is_killed_abandons_its_mutex(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    pid_t child = in_child(own_and_stay, &player);
    assert_int_equal(take(&player, player.notify), 0);
    assert_int_equal(try(&player, player.mutex), ETIMEDOUT);
    kill_child(child);
    assert_int_equal(take(&player, player.mutex), EOWNERDEAD);
    assert_int_equal(player.mutex->object.state, 0);
    assert_int_equal(namespace_mutex_release(&player.thread, player.mutex), 0);
    /* Told once. */
    assert_int_equal(take(&player, player.mutex), 0);
    assert_int_equal(namespace_mutex_release(&player.thread, player.mutex), 0);
    end(&player);
}

static int own_until_it_returns(struct player *player)
{
    return take(player, player->mutex) == 0 ? 0 : 1;
}

static void a_thread_that_detaches_abandons_its_mutex(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    assert_fine(in_child(own_until_it_returns, &player));
    assert_int_equal(try(&player, player.mutex), EOWNERDEAD);
    end(&player);
}

static void *own_and_end(void *argument)
{
    struct second *second = argument;

    if (namespace_attach_thread(second->space, &second->player.thread) != 0 ||
        take(&second->player, second->player.mutex) != 0)
        return argument;
    return NULL;
}

/* The process lives, and leaves by _exit() because it can't close the namespace. */
static int lose_a_thread(struct player *player)
{
    pthread_t thread;
    void *problem;

    struct second second = second_of(player);
    WANT(pthread_create(&thread, NULL, own_and_end, &second) == 0);
    WANT(pthread_join(thread, &problem) == 0 && problem == NULL);
    WANT(take(player, player->mutex) == EOWNERDEAD);
    WANT(namespace_mutex_release(&player->thread, player->mutex) == 0);
    namespace_detach_thread(&player->thread);
    WANT(namespace_close(&player->space) == EBUSY);
    _exit(0);
}

static void a_thread_that_ends_without_detaching_abandons_its_mutex(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    assert_fine(in_child(lose_a_thread, &player));
    assert_int_equal(try(&player, player.mutex), 0);
    end(&player);
}

static int wait_for_mutex(struct player *player)
{
    return take(player, player->mutex) == 0 ? 0 : 1;
}

/* Stopped, it can't notice that it has become the owner. */
static void an_owner_that_died_before_it_knew_abandons_its_mutex(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    assert_int_equal(take(&player, player.mutex), 0);
    pid_t child = in_child(wait_for_mutex, &player);
    await_waiter(player.mutex);
    kill(child, SIGSTOP);
    assert_int_equal(namespace_mutex_release(&player.thread, player.mutex), 0);
    assert_int_equal(try(&player, player.mutex), ETIMEDOUT);
    kill_child(child);
    assert_int_equal(take(&player, player.mutex), EOWNERDEAD);
    end(&player);
}

static int wait_for_semaphore_and_more(struct player *player)
{
    struct named_object *const objects[] = {player->notify, player->semaphore, player->sync};
    uint32_t index;

    WANT(namespace_wait_any(&player->thread, objects, 3, MACHINE_NEVER, &index) == 0);
    return 0;
}

static void a_dead_waiter_is_given_nothing(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    pid_t child = in_child(wait_for_semaphore_and_more, &player);
    await_waiter(player.sync);
    kill_child(child);
    assert_int_equal(give(&player, 1), 0);
    assert_false(somebody_waits(player.semaphore));
    assert_false(somebody_waits(player.sync));
    assert_int_equal(try(&player, player.semaphore), 0);
    assert_int_equal(set(&player, player.sync), 0);
    assert_int_equal(try(&player, player.sync), 0);
    end(&player);
}

/* The first in the queue is dead, the second gets it. */
static void the_waiter_behind_a_dead_one_is_served(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    pid_t dead = in_child(wait_for_semaphore_and_more, &player);
    await_waiter(player.sync);
    struct dispatcher_block *first = player.sync->object.first;
    pid_t child = in_child(wait_for_semaphore_and_more, &player);
    while (__atomic_load_n(&first->next, __ATOMIC_RELAXED) == NULL)
        usleep(500);
    kill_child(dead);
    assert_int_equal(give(&player, 1), 0);
    assert_fine(child);
    end(&player);
}

static void a_permit_that_was_given_before_is_lost(void **state)
{
    struct player player;

    (void)state;
    begin(&player);
    pid_t child = in_child(wait_for_semaphore_and_more, &player);
    await_waiter(player.sync);
    kill(child, SIGSTOP);
    assert_int_equal(give(&player, 1), 0);
    kill_child(child);
    assert_int_equal(try(&player, player.semaphore), ETIMEDOUT);
    assert_int_equal(give(&player, 4), 0);
    end(&player);
}

static void die(int number)
{
    (void)number;
    kill(getpid(), SIGKILL);
}

/* An object that can't be touched ends its user where no call that the others make would: inside.
 */
static int die_inside(struct player *player)
{
    void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    signal(SIGSEGV, die);
    set(player, nothing);
    return 1;
}

static int wait_until_lost(struct player *player)
{
    WANT(take(player, player->semaphore) == ENOTRECOVERABLE);
    WANT(strstr(player->thread.problem, "died inside the namespace") != NULL);
    WANT(strstr(player->thread.problem, name) != NULL);
    return 0;
}

static void who_dies_inside_ends_the_namespace_for_all(void **state)
{
    struct player player;
    struct namespace_thread another;
    struct named_object *object;
    char said[64];

    (void)state;
    begin(&player);
    pid_t waiter = in_child(wait_until_lost, &player);
    await_waiter(player.semaphore);
    pid_t child = in_child(die_inside, &player);
    int status = status_of(child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(take(&player, player.mutex), ENOTRECOVERABLE);
    snprintf(said, sizeof said, "process %d died inside", (int)child);
    assert_non_null(strstr(player.thread.problem, said));
    assert_fine(waiter);
    assert_int_equal(try(&player, player.mutex), ENOTRECOVERABLE);
    assert_int_equal(set(&player, player.notify), ENOTRECOVERABLE);
    assert_int_equal(give(&player, 1), ENOTRECOVERABLE);
    assert_int_equal(namespace_object(&player.space, "new", &sync_kind, &object), ENOTRECOVERABLE);
    assert_int_equal(namespace_attach_thread(&player.space, &another), ENOTRECOVERABLE);
    assert_non_null(strstr(another.problem, said));
    end(&player);
    /* And it can be made anew. */
    begin(&player);
    assert_int_equal(take(&player, player.mutex), 0);
    end(&player);
}

/* ---- at any moment ---- */

/* One turn of everything. 0, LOST, or the line. */
static int use_all(struct player *player)
{
    struct named_object *const both[] = {player->sync, player->semaphore};
    const uint64_t soon = machine_deadline(200000);
    uint32_t index;

    int error = take(player, player->mutex);
    if (error == ENOTRECOVERABLE)
        return LOST;
    WANT(error == 0 || error == EOWNERDEAD);
    /* Its last owner may have been killed between the two. */
    if (error == EOWNERDEAD)
        player->board->b = player->board->a;
    WANT(player->board->a == player->board->b);
    player->board->a++;
    player->board->b++;
    error = namespace_mutex_release(&player->thread, player->mutex);
    WANT(error == 0 || error == ENOTRECOVERABLE);
    error = give(player, 1);
    WANT(error == 0 || error == EOVERFLOW || error == ENOTRECOVERABLE);
    error = set(player, player->sync);
    WANT(error == 0 || error == ENOTRECOVERABLE);
    error = namespace_wait_all(&player->thread, both, 2, soon);
    WANT(error == 0 || error == ETIMEDOUT || error == ENOTRECOVERABLE);
    error = namespace_wait_any(&player->thread, both, 2, soon, &index);
    WANT(error == 0 || error == ETIMEDOUT || error == ENOTRECOVERABLE);
    return error == ENOTRECOVERABLE ? LOST : 0;
}

static int use_until_killed(struct player *player)
{
    int result = use_all(player);

    word_store(&player->board->started, 1, relaxed);
    while (result == 0)
        result = use_all(player);
    return result;
}

static int survive(struct player *player)
{
    int result = 0;

    while (result == 0 && word_load(&player->board->stop, relaxed) == 0)
        result = use_all(player);
    for (int i = 0; result == 0 && i < TURNS_AFTERWARDS; i++)
        result = use_all(player);
    return result;
}

/* Returns whether the namespace was lost; all survivors agree about that. */
static bool kill_one_of_three(unsigned *random)
{
    struct player player;
    pid_t survivors[2];
    int ends[2];

    begin(&player);
    survivors[0] = in_child(survive, &player);
    pid_t victim = in_child(use_until_killed, &player);
    survivors[1] = in_child(survive, &player);
    while (word_load(&player.board->started, relaxed) == 0)
        usleep(100);
    usleep((useconds_t)(rand_r(random) % 3000));
    kill_child(victim);
    word_store(&player.board->stop, 1, relaxed);
    for (int i = 0; i < 2; i++) {
        int status = status_of(survivors[i]);
        assert_true(WIFEXITED(status));
        ends[i] = WEXITSTATUS(status);
    }
    int own = use_all(&player);
    assert_true(own == 0 || own == LOST);
    assert_int_equal(ends[0], own);
    assert_int_equal(ends[1], own);
    end(&player);
    assert_int_not_equal(access(path, F_OK), 0);
    return own == LOST;
}

static void whoever_is_killed_whenever_nothing_hangs(void **state)
{
    unsigned random = 1, lost = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++)
        lost += kill_one_of_three(&random);
    print_message("# of %d killed, %u were inside\n", ROUNDS, lost);
    assert_true(lost < ROUNDS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, choose_name, find_nothing_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_that_of_one_kind_of_object),
        TEST(objects_that_can_not_be),
        TEST(there_is_an_end_to_objects),
        TEST(there_is_an_end_to_threads),
        TEST(a_wait_has_at_most_64_objects),
        TEST(misuse_is_refused),
        TEST(levels_are_an_order),
        TEST(the_mode_says_who_may_open_it),
        TEST(a_mutex_excludes_processes),
        TEST(a_semaphore_and_events_go_between_processes),
        TEST(all_are_taken_at_once_or_none),
        TEST(any_is_taken),
        TEST(an_owner_that_is_killed_abandons_its_mutex),
        TEST(a_thread_that_detaches_abandons_its_mutex),
        TEST(a_thread_that_ends_without_detaching_abandons_its_mutex),
        TEST(an_owner_that_died_before_it_knew_abandons_its_mutex),
        TEST(a_dead_waiter_is_given_nothing),
        TEST(the_waiter_behind_a_dead_one_is_served),
        TEST(a_permit_that_was_given_before_is_lost),
        TEST(who_dies_inside_ends_the_namespace_for_all),
        TEST(whoever_is_killed_whenever_nothing_hangs),
    };

    alarm(PATIENCE_SECONDS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
