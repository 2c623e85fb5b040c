/* Memory that processes share: who makes it, who finds it, and what a dead process leaves. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/native/arena.h"
#include "locks/machine/machine.h"

enum { ROOM = 1 << 16, RACERS = 8, ADDITIONS = 1000 };

static char name[32], path[64];

static int choose_name(void **state)
{
    static unsigned tests;

    (void)state;
    snprintf(name, sizeof name, "lockbench-test-%d-%u", (int)getpid(), tests++);
    snprintf(path, sizeof path, "/dev/shm/%s", name);
    return 0;
}

/* Every test ends with the last hold closed, and then nothing may be left. */
static int find_nothing_left(void **state)
{
    (void)state;
    if (access(path, F_OK) != 0)
        return 0;
    unlink(path);
    return -1;
}

static pid_t in_child(int (*run)(struct arena *inherited), struct arena *inherited)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(run(inherited));
    return child;
}

static int status_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* What a child returns is the number of the line at which it was disappointed. */
#define WANT(condition)                \
    do {                               \
        if (!(condition))              \
            return __LINE__ % 251 + 1; \
    } while (0)

static void assert_child_fine(int (*run)(struct arena *), struct arena *inherited)
{
    assert_int_equal(status_of(in_child(run, inherited)), 0);
}

static void assert_child_killed(int (*run)(struct arena *), struct arena *inherited)
{
    int status = status_of(in_child(run, inherited));

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static const struct arena_type counter_type = {"counter", sizeof(uint64_t), 8, NULL};
static const struct arena_type semaphore_type = {"semaphore", sizeof(uint64_t), 8, NULL};
static const struct arena_type long_counter_type = {"counter", 2 * sizeof(uint64_t), 8, NULL};

static void names_that_can_not_be(void **state)
{
    static const char *const bad[] = {
        "",   "a/b", ".",
        "..", "/a",  "a-name-that-goes-on-and-on-and-on-until-there-is-no-room-left-for-it"};
    struct arena arena;
    void *object;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(arena_create(&arena, bad[i], ROOM, 0600), ARENA_BAD_NAME);
        assert_non_null(strstr(arena.problem, bad[i]));
        assert_int_equal(arena_open(&arena, bad[i]), ARENA_BAD_NAME);
    }
    assert_int_equal(arena_create(&arena, NULL, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "a/b", &counter_type, NULL, &object), ARENA_BAD_NAME);
    arena_close(&arena);
}

static void an_object_is_found_again(void **state)
{
    struct arena arena;
    void *counter, *again, *other;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "x", &counter_type, NULL, &counter), ARENA_FINE);
    assert_int_equal(*(uint64_t *)counter, 0);
    *(uint64_t *)counter = 7;
    assert_int_equal(arena_object(&arena, "y", &counter_type, NULL, &other), ARENA_FINE);
    assert_ptr_not_equal(counter, other);
    assert_int_equal(arena_object(&arena, "x", &counter_type, NULL, &again), ARENA_FINE);
    assert_ptr_equal(counter, again);
    arena_close(&arena);
    assert_null(arena.header);
}

static void an_object_of_another_type_is_refused(void **state)
{
    struct arena arena;
    void *object;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "x", &semaphore_type, NULL, &object), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "x", &counter_type, NULL, &object), ARENA_OTHER_TYPE);
    assert_string_equal(arena.problem, "'x' is a semaphore, not a counter");
    assert_int_equal(arena_object(&arena, "c", &counter_type, NULL, &object), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "c", &long_counter_type, NULL, &object),
                     ARENA_OTHER_TYPE);
    assert_string_equal(arena.problem, "'c' is a counter of 8 bytes, not of 16");
    arena_close(&arena);
}

static void what_is_too_large_is_refused(void **state)
{
    static const struct arena_type large = {"block", 2 * ROOM, 4096, NULL};
    static const struct arena_type endless = {"block", SIZE_MAX - 100, 8, NULL};
    struct arena arena;
    struct statvfs disk;
    void *object;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "b", &large, NULL, &object), ARENA_FULL);
    assert_non_null(strstr(arena.problem, "no room for 'b'"));
    assert_int_equal(arena_object(&arena, "b", &endless, NULL, &object), ARENA_FULL);
    assert_int_equal(arena_object(&arena, "b", &counter_type, NULL, &object), ARENA_FINE);
    arena_close(&arena);
    /* One without a size has room for everything. */
    if (statvfs("/dev/shm", &disk) != 0 || disk.f_blocks == 0)
        return;
    assert_int_equal(arena_create(&arena, name, (size_t)1 << 45, 0600), ARENA_FULL);
    assert_non_null(strstr(arena.problem, "/dev/shm has no room"));
}

static void a_room_is_enough(void **state)
{
    static const struct arena_type page = {"page", 4096, 4096, NULL};
    struct arena arena;
    void *object;

    (void)state;
    assert_int_equal(
        arena_create(&arena, name, arena_room(&page) + arena_room(&counter_type), 0600),
        ARENA_FINE);
    assert_int_equal(arena_object(&arena, "c", &counter_type, NULL, &object), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "p", &page, NULL, &object), ARENA_FINE);
    assert_int_equal((uintptr_t)object % 4096, 0);
    arena_close(&arena);
}

static void a_name_without_an_arena(void **state)
{
    struct arena arena;

    (void)state;
    assert_int_equal(arena_open(&arena, name), ARENA_MISSING);
    assert_non_null(strstr(arena.problem, name));
}

static void an_arena_that_exists_is_not_made_again(void **state)
{
    struct arena arena, second;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0640), ARENA_FINE);
    assert_int_equal(arena_create(&second, name, ROOM, 0600), ARENA_EXISTS);
    assert_non_null(strstr(second.problem, name));
    assert_non_null(strstr(second.problem, "mode 0640"));
    assert_int_equal(arena_processes(&arena), 1);
    /* It can't lie at its place twice. */
    assert_int_equal(arena_open(&second, name), ARENA_ADDRESS_TAKEN);
    assert_non_null(strstr(second.problem, "0x"));
    arena_close(&arena);
}

static int open_to_find_it_foreign(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    WANT(arena_open(&arena, name) == ARENA_FOREIGN);
    WANT(strstr(arena.problem, name) != NULL);
    return 0;
}

static void what_is_no_arena_of_this_version_and_size_is_refused(void **state)
{
    struct arena none = {0}, arena;
    struct stat status;
    uint32_t version;

    (void)state;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_child_fine(open_to_find_it_foreign, &none);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_child_fine(open_to_find_it_foreign, &none);
    close(fd);
    unlink(path);

    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &version, sizeof version, 16), sizeof version);
    version++;
    assert_int_equal(pwrite(fd, &version, sizeof version, 16), sizeof version);
    assert_child_fine(open_to_find_it_foreign, &arena);
    version--;
    assert_int_equal(pwrite(fd, &version, sizeof version, 16), sizeof version);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(ftruncate(fd, status.st_size + 4096), 0);
    assert_child_fine(open_to_find_it_foreign, &arena);
    close(fd);
    arena_close(&arena);
}

/* ---- several processes ---- */

/* What they share: a list that goes through all, by pointers. */
struct board {
    WORD(uint64_t) made, sum, done;
    struct board *itself;
};

static void make_board(void *object, void *argument)
{
    struct board *board = object;

    (void)argument;
    /* Long enough for the others to come by. */
    usleep(2000);
    board->itself = board;
    word_fetch_add(&board->made, 1, relaxed);
}

static const struct arena_type board_type = {"board", sizeof(struct board), 64, make_board};

static int race(struct arena *inherited)
{
    struct arena arena;
    void *object;
    enum arena_error error = ARENA_MISSING;

    (void)inherited;
    while (error == ARENA_MISSING || error == ARENA_EXISTS) {
        error = arena_create(&arena, name, ROOM, 0600);
        if (error == ARENA_EXISTS)
            error = arena_open(&arena, name);
    }
    WANT(error == ARENA_FINE);
    WANT(arena_object(&arena, "board", &board_type, NULL, &object) == ARENA_FINE);
    struct board *board = object;
    WANT(board->itself == board);
    for (int i = 0; i < ADDITIONS; i++)
        word_fetch_add(&board->sum, 1, relaxed);
    word_fetch_add(&board->done, 1, release);
    while (word_load(&board->done, acquire) < RACERS)
        usleep(1000);
    WANT(word_load(&board->made, relaxed) == 1);
    WANT(word_load(&board->sum, relaxed) == RACERS * ADDITIONS);
    arena_close(&arena);
    return 0;
}

static void several_make_it_at_once(void **state)
{
    struct arena none = {0};
    pid_t children[RACERS];

    (void)state;
    for (int i = 0; i < RACERS; i++)
        children[i] = in_child(race, &none);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(status_of(children[i]), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static int write_into_board(struct arena *inherited)
{
    void *object;

    WANT(arena_object(inherited, "board", &board_type, NULL, &object) == ARENA_FINE);
    struct board *board = object;
    word_store(&board->itself->sum, 42, relaxed);
    arena_close(inherited);
    return 0;
}

static void a_nameless_arena_is_shared_with_children(void **state)
{
    struct arena arena;
    void *object;

    (void)state;
    assert_int_equal(arena_create(&arena, NULL, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "board", &board_type, NULL, &object), ARENA_FINE);
    assert_child_fine(write_into_board, &arena);
    assert_int_equal(word_load(&((struct board *)object)->sum, relaxed), 42);
    arena_close(&arena);
}

static int close_inherited(struct arena *inherited)
{
    arena_close(inherited);
    return 0;
}

static int adopt_and_close(struct arena *inherited)
{
    WANT(arena_adopt(inherited) == ARENA_FINE);
    WANT(arena_processes(inherited) == 2);
    arena_close(inherited);
    return 0;
}

static void a_child_does_not_take_the_name_with_it(void **state)
{
    struct arena arena;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_child_fine(close_inherited, &arena);
    assert_int_equal(access(path, F_OK), 0);
    assert_child_fine(adopt_and_close, &arena);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(arena_processes(&arena), 1);
    arena_close(&arena);
    assert_int_equal(access(path, F_OK), -1);
}

/* Opens it as somebody unrelated would, waits until its other user has gone, and goes. */
static int outlive_the_other(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    WANT(arena_open(&arena, name) == ARENA_FINE);
    while (arena_processes(&arena) > 1)
        usleep(1000);
    WANT(access(path, F_OK) == 0);
    arena_close(&arena);
    WANT(access(path, F_OK) != 0);
    return 0;
}

static void the_last_to_leave_removes_the_name(void **state)
{
    struct arena arena;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    pid_t child = in_child(outlive_the_other, &arena);
    while (arena_processes(&arena) < 2)
        usleep(1000);
    arena_close(&arena);
    assert_int_equal(status_of(child), 0);
}

static int open_without_permission(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    /* root may open everything. */
    WANT(getuid() != 0 || setuid(65534) == 0);
    WANT(arena_open(&arena, name) == ARENA_DENIED);
    WANT(strstr(arena.problem, name) != NULL && strstr(arena.problem, "mode 0400") != NULL);
    WANT(arena_create(&arena, name, ROOM, 0600) == ARENA_EXISTS);
    return 0;
}

static int open_with_permission(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    WANT(getuid() != 0 || setuid(65534) == 0);
    WANT(arena_open(&arena, name) == ARENA_FINE);
    arena_close(&arena);
    return 0;
}

static void the_mode_says_who_may_open_it(void **state)
{
    struct arena arena;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0400), ARENA_FINE);
    assert_child_fine(open_without_permission, &arena);
    arena_close(&arena);
    assert_int_equal(arena_create(&arena, name, ROOM, 0666), ARENA_FINE);
    assert_child_fine(open_with_permission, &arena);
    arena_close(&arena);
}

/* ---- processes that die ---- */

static void die_while_making(void *object, void *argument)
{
    memset(object, 0xff, *(size_t *)argument);
    kill(getpid(), SIGKILL);
}

static int die_with_the_directory(struct arena *inherited)
{
    struct arena arena;
    size_t bytes = 1024;
    const struct arena_type type = {"mutex", bytes, 64, die_while_making};
    void *object;

    arena_close(inherited);
    WANT(arena_open(&arena, name) == ARENA_FINE);
    arena_object(&arena, "x", &type, &bytes, &object);
    return 1;
}

static void the_directory_outlives_one_that_dies_with_it(void **state)
{
    struct arena arena;
    void *object;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_child_killed(die_with_the_directory, &arena);
    /* Nothing is left of what it was making. */
    assert_int_equal(arena_object(&arena, "x", &long_counter_type, NULL, &object), ARENA_FINE);
    assert_int_equal(((uint64_t *)object)[0], 0);
    assert_int_equal(((uint64_t *)object)[1], 0);
    assert_int_equal(arena_processes(&arena), 1);
    arena_close(&arena);
}

static int open_and_die(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    if (arena_open(&arena, name) == ARENA_FINE)
        kill(getpid(), SIGKILL);
    return 1;
}

static int find_one_dead(struct arena *inherited)
{
    struct arena arena;

    arena_close(inherited);
    WANT(arena_open(&arena, name) == ARENA_FINE);
    WANT(arena.dead == 1);
    WANT(arena_processes(&arena) == 2);
    arena_close(&arena);
    return 0;
}

static void the_next_to_open_it_finds_the_dead(void **state)
{
    struct arena arena;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_child_killed(open_and_die, &arena);
    assert_child_fine(find_one_dead, &arena);
    assert_int_equal(arena_processes(&arena), 1);
    arena_close(&arena);
}

static int create_and_die(struct arena *inherited)
{
    struct arena arena;

    (void)inherited;
    if (arena_create(&arena, name, ROOM, 0600) == ARENA_FINE)
        kill(getpid(), SIGKILL);
    return 1;
}

static void what_a_dead_creator_left_is_removed(void **state)
{
    struct arena none = {0}, arena;
    char pid[16];

    (void)state;
    pid_t child = in_child(create_and_die, &none);
    assert_true(WIFSIGNALED(status_of(child)));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(arena_open(&arena, name), ARENA_ABANDONED);
    snprintf(pid, sizeof pid, "%d", (int)child);
    assert_non_null(strstr(arena.problem, pid));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(arena_open(&arena, name), ARENA_MISSING);
}

static void what_a_dead_creator_left_is_replaced(void **state)
{
    struct arena none = {0}, arena;

    (void)state;
    assert_child_killed(create_and_die, &none);
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_processes(&arena), 1);
    arena_close(&arena);
}

static enum arena_error error_inside;

static void ask_for_another(void *object, void *argument)
{
    void *other;

    (void)object;
    error_inside = arena_object(argument, "other", &counter_type, NULL, &other);
}

static void an_object_that_needs_another_is_told(void **state)
{
    const struct arena_type type = {"pair", 8, 8, ask_for_another};
    struct arena arena;
    void *object;

    (void)state;
    assert_int_equal(arena_create(&arena, name, ROOM, 0600), ARENA_FINE);
    assert_int_equal(arena_object(&arena, "pair", &type, &arena, &object), ARENA_FINE);
    assert_int_equal(error_inside, ARENA_SYSTEM);
    arena_close(&arena);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, choose_name, find_nothing_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_can_not_be),
        TEST(an_object_is_found_again),
        TEST(an_object_of_another_type_is_refused),
        TEST(what_is_too_large_is_refused),
        TEST(a_room_is_enough),
        TEST(a_name_without_an_arena),
        TEST(an_arena_that_exists_is_not_made_again),
        TEST(what_is_no_arena_of_this_version_and_size_is_refused),
        TEST(several_make_it_at_once),
        TEST(a_nameless_arena_is_shared_with_children),
        TEST(a_child_does_not_take_the_name_with_it),
        TEST(the_last_to_leave_removes_the_name),
        TEST(the_mode_says_who_may_open_it),
        TEST(the_directory_outlives_one_that_dies_with_it),
        TEST(the_next_to_open_it_finds_the_dead),
        TEST(what_a_dead_creator_left_is_removed),
        TEST(what_a_dead_creator_left_is_replaced),
        TEST(an_object_that_needs_another_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
