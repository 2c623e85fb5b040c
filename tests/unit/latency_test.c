/* Which turns are timed, and what counts as a hand-off, with threads that are played by one. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "bench/latency_watch.h"
#include "bench/measured_loop.h"
#include "bench/workload.h"

enum { TURNS = 100000 };

static void turns_are_timed_in_stride(void **state)
{
    static const uint64_t strides[] = {3, 5, 257, 1021};

    (void)state;
    for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        struct latency_watch watch = {.stride = strides[i], .handoffs = true};
        struct latency_turns turns = latency_turns_begin(&watch);
        unsigned timed = 0, announced = 0;
        bool steps[SCRIPT_STEPS] = {false};
        for (uint64_t turn = 0; turn < TURNS; turn++) {
            if (turn != turns.next)
                continue;
            latency_arrive(&turns);
            assert_int_equal(turns.timed + turns.announced, 1);
            assert_true(turns.next > turn && turns.arrived_ns != 0);
            timed += turns.timed;
            announced += turns.announced;
            steps[turn % SCRIPT_STEPS] |= turns.timed;
        }
        assert_in_range(timed, TURNS / strides[i], TURNS / strides[i] + 1);
        assert_in_range(announced, TURNS / strides[i], TURNS / strides[i] + 1);
        assert_int_equal(word_load(&watch.announced, relaxed), announced);
        /* Every step of a script in turn. */
        for (size_t step = 0; step < SCRIPT_STEPS && timed > 2 * SCRIPT_STEPS; step++)
            assert_true(steps[step]);
    }
}

static void nobody_announces_itself_without_handoffs(void **state)
{
    struct latency_watch watch = {.stride = 3};
    struct latency_turns turns = latency_turns_begin(&watch);

    (void)state;
    while (turns.next < TURNS) {
        latency_arrive(&turns);
        assert_false(turns.announced);
    }
    assert_int_equal(word_load(&watch.announced, relaxed), 0);
}

/* A time of one thread that ends before it begins is none; of two threads' clocks, which may differ
 * by less than a look at them costs, nothing is left. */
static void a_clock_that_goes_backwards(void **state)
{
    struct latency_watch watch = {.stride = 3};
    const struct latency_turns turns = latency_turns_begin(&watch);
    struct latencies latencies = {0}, all = {0};

    (void)state;
    latency_add_own(&turns, &latencies, LATENCY_ACQUIRE, 1000, 900);
    latency_add_own(&turns, &latencies, LATENCY_ACQUIRE, 1000, 1100);
    assert_int_equal(latencies.backwards, 1);
    assert_int_equal(latencies.of[LATENCY_ACQUIRE].count, 1);
    assert_true(latencies_merge(&all, &latencies));
    assert_true(latencies_merge(&all, &latencies));
    assert_int_equal(all.backwards, 2);
    assert_int_equal(latency_between(&turns, 1000, 900), 0);
}

static void strides_are_odd(void **state)
{
    (void)state;
    assert_true(latency_stride_fits(3) && latency_stride_fits(LATENCY_STRIDE_MOST));
    assert_false(latency_stride_fits(0) || latency_stride_fits(1) || latency_stride_fits(256));
    assert_false(latency_stride_fits(LATENCY_STRIDE_MOST + 2) || latency_stride_fits(UINT64_MAX));
}

/* 300 ns of looking each time, by one thread and a clock of 20 ns. */
static void the_stride_follows_from_the_turn(void **state)
{
    (void)state;
    assert_int_equal(latency_stride_for(10, 1, 20), 9001);
    assert_int_equal(latency_stride_for(100, 1, 20), 901);
    assert_int_equal(latency_stride_for(300, 1, 20), 301);
    assert_int_equal(latency_stride_for(100, 6, 20), 1201);
    assert_int_equal(latency_stride_for(1e9, 1, 20), LATENCY_STRIDE_LEAST);
    assert_int_equal(latency_stride_for(1.0 / 0.0, 1, 20), LATENCY_STRIDE_LEAST);
    assert_int_equal(latency_stride_for(1e-6, 1, 20), LATENCY_STRIDE_MOST);
    for (double turn_ns = 1; turn_ns < 1e7; turn_ns *= 1.1)
        assert_true(latency_stride_fits(latency_stride_for(turn_ns, 4, 25)));
}

/* ---- hand-offs ---- */

/* A lock with its watch. */
struct play {
    struct latency_watch watch;
    struct latency_releases releases;
    struct latencies latencies;
};

static struct play *begin_play(void)
{
    struct play *play =
        aligned_alloc(MACHINE_APART, (sizeof(struct play) / MACHINE_APART + 1) * MACHINE_APART);

    assert_non_null(play);
    memset(play, 0, sizeof *play);
    play->watch.stride = 3;
    play->watch.handoffs = true;
    return play;
}

/* As the loop does it in every turn. */
static void hold_and_release(struct play *play, bool shared)
{
    struct latency_turns holder = latency_turns_begin(&play->watch);

    latency_release(&holder, &play->watch, &play->releases, shared, 0);
}

/* A thread that announces itself. */
static struct latency_turns announce(struct play *play)
{
    struct latency_turns turns = latency_turns_begin(&play->watch);

    turns.next = turns.next_announced;
    latency_arrive(&turns);
    assert_true(turns.announced && !turns.timed);
    return turns;
}

static uint64_t handoffs(const struct play *play)
{
    return play->latencies.of[LATENCY_HANDOFF].count;
}

/* So that the next look at a coarse clock is later than the last. */
static void let_time_pass(void)
{
    uint64_t now = machine_clock();

    while (machine_clock() == now)
        ;
}

static void a_release_after_the_arrival_is_a_handoff(void **state)
{
    struct play *play = begin_play();

    (void)state;
    struct latency_turns look = announce(play);
    let_time_pass();
    hold_and_release(play, false);
    let_time_pass();
    latency_acquired(&look, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 1);
    assert_true(play->latencies.of[LATENCY_HANDOFF].max <= look.acquired_ns - look.arrived_ns);
    /* It times nothing but that, and is not announced any more. */
    assert_int_equal(play->latencies.of[LATENCY_ACQUIRE].count, 0);
    assert_int_equal(word_load(&play->watch.announced, relaxed), 0);
    free(play);
}

static void a_lock_that_was_free_is_handed_over_by_nobody(void **state)
{
    struct play *play = begin_play();

    (void)state;
    struct latency_turns other = announce(play); /* somebody else's wait makes the holder look */
    hold_and_release(play, false);
    let_time_pass();
    struct latency_turns look = announce(play);
    latency_acquired(&look, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 0);
    latency_acquired(&other, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 1);
    free(play);
}

/* Nothing old is taken for the last release. */
static void a_holder_that_hogs_the_lock_stops_looking(void **state)
{
    struct play *play = begin_play();
    struct latency_turns holder = latency_turns_begin(&play->watch);
    uint64_t turn = 0;

    (void)state;
    struct latency_turns look = announce(play);
    let_time_pass();
    for (int i = 0; i < LATENCY_WRITTEN_MOST; i++) {
        latency_release(&holder, &play->watch, &play->releases, false, turn++);
        assert_true(play->releases.exclusive_ns > look.arrived_ns);
    }
    latency_release(&holder, &play->watch, &play->releases, false, turn++);
    latency_acquired(&look, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 0);
    /* Until nobody waits; then it looks again. */
    latency_release(&holder, &play->watch, &play->releases, false, turn++);
    look = announce(play);
    let_time_pass();
    latency_release(&holder, &play->watch, &play->releases, false, turn++);
    latency_acquired(&look, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 1);
    free(play);
}

static void without_an_announcement_nobody_looks(void **state)
{
    struct play *play = begin_play();

    (void)state;
    hold_and_release(play, false);
    hold_and_release(play, true);
    assert_int_equal(play->releases.exclusive_ns, 0);
    assert_int_equal(word_load(&play->releases.shared_ns, relaxed), 0);
    free(play);
}

/* A reader does not wait for readers, and a writer waits for the last of them. */
static void readers_hand_over_to_writers_only(void **state)
{
    struct play *play = begin_play();

    (void)state;
    struct latency_turns reader = announce(play), writer = announce(play);
    let_time_pass();
    hold_and_release(play, true);
    let_time_pass();
    latency_acquired(&reader, &play->releases, true, &play->latencies);
    assert_int_equal(handoffs(play), 0);
    hold_and_release(play, true);
    uint64_t last_ns = word_load(&play->releases.shared_ns, relaxed);
    latency_acquired(&writer, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 1);
    assert_int_equal(play->latencies.of[LATENCY_HANDOFF].max, writer.acquired_ns - last_ns);
    free(play);
}

static void the_clock_is_taken_off(void **state)
{
    struct latency_watch watch = {.stride = 3, .clock_ns = 25};
    struct latency_turns turns = latency_turns_begin(&watch);

    (void)state;
    assert_int_equal(latency_between(&turns, 1000, 1100), 75);
    assert_int_equal(latency_between(&turns, 1000, 1025), 0);
    assert_int_equal(latency_between(&turns, 1000, 1010), 0);
    assert_int_equal(latency_between(&turns, 1000, 990), 0);
}

static void long_holds_are_counted(void **state)
{
    struct latencies *latencies = calloc(2, sizeof *latencies);

    (void)state;
    assert_non_null(latencies);
    latencies_add(latencies, LATENCY_HOLD, 25000);
    latencies_add(latencies, LATENCY_HOLD, 25001);
    latencies_add(latencies, LATENCY_ACQUIRE, 1000000);
    latencies_add(&latencies[1], LATENCY_HOLD, 30000);
    assert_true(latencies_merge(latencies, &latencies[1]));
    json_t *object = latencies_to_json(latencies, LATENCY_HOLD);
    assert_int_equal(json_integer_value(json_object_get(object, "over_25us")), 2);
    assert_int_equal(json_integer_value(json_object_get(object, "count")), 3);
    assert_true(latencies_from_json(object, &latencies[1], LATENCY_HOLD));
    assert_int_equal(latencies[1].long_holds, 2);
    assert_memory_equal(&latencies[1].of[LATENCY_HOLD], &latencies->of[LATENCY_HOLD],
                        sizeof latencies->of[0]);
    /* More long ones than there are, and none of them told. */
    json_object_set_new(object, "over_25us", json_integer(4));
    assert_false(latencies_from_json(object, &latencies[1], LATENCY_HOLD));
    json_object_del(object, "over_25us");
    assert_false(latencies_from_json(object, &latencies[1], LATENCY_HOLD));
    assert_false(latencies_from_json(NULL, &latencies[1], LATENCY_HOLD));
    assert_int_equal(latencies[1].of[LATENCY_HOLD].count, 0);
    json_decref(object);
    object = latencies_to_json(latencies, LATENCY_ACQUIRE);
    assert_null(json_object_get(object, "over_25us"));
    json_decref(object);
    free(latencies);
}

/* A lock whose readers have to read again twice each time. */
struct rereading {
    unsigned acquires, releases;
};

static int rereading_acquire(void *lock, void *context)
{
    (void)context;
    ((struct rereading *)lock)->acquires++;
    return 0;
}

static int rereading_release(void *lock, void *context)
{
    (void)context;
    return ++((struct rereading *)lock)->releases % 3 == 0 ? 0 : EAGAIN;
}

static void each_reading_is_an_acquire_and_a_hold(void **state)
{
    const struct lock_ops ops = {.name = "rereading",
                                 .traits = LOCK_READERS_RETRY,
                                 .acquire_shared = rereading_acquire,
                                 .release_shared = rereading_release};
    struct latencies *latencies = calloc(LATENCIES_WAYS, sizeof *latencies);
    struct latency_watch watch = {.stride = 3};
    struct latency_turns timing = latency_turns_begin(&watch);
    uint64_t next_look = timing.next, owned_before = 0;
    const struct observing observing = {&timing, &next_look, &owned_before};
    struct rereading lock = {0};
    struct guarded guarded = {0};
    struct worker worker = {.latencies = latencies};
    const struct workplace place = {.lock = &lock, .guarded = &guarded, .watch = &watch};
    const struct step reads = {.shared = true};

    (void)state;
    assert_non_null(latencies);
    for (uint64_t turn = 0; turn < 6; turn++)
        assert_int_equal(
            measured_turn(&ops, OBSERVE_LATENCY, &place, &worker, &observing, reads, turn, 0, NULL),
            0);
    assert_int_equal(lock.acquires, 18);
    assert_int_equal(worker.retries, 12);
    /* The turns 1 and 4 are timed, with all that they read. */
    const struct latencies *shared = &latencies[LATENCIES_SHARED];
    assert_int_equal(shared->of[LATENCY_ACQUIRE].count, 6);
    assert_int_equal(shared->of[LATENCY_HOLD].count, 6);
    assert_int_equal(shared->of[LATENCY_HANDOFF].count, 0);
    assert_int_equal(latencies[LATENCIES_EXCLUSIVE].of[LATENCY_HOLD].count, 0);
    free(latencies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_timed_in_stride),
        cmocka_unit_test(nobody_announces_itself_without_handoffs),
        cmocka_unit_test(a_clock_that_goes_backwards),
        cmocka_unit_test(strides_are_odd),
        cmocka_unit_test(the_stride_follows_from_the_turn),
        cmocka_unit_test(a_release_after_the_arrival_is_a_handoff),
        cmocka_unit_test(a_lock_that_was_free_is_handed_over_by_nobody),
        cmocka_unit_test(a_holder_that_hogs_the_lock_stops_looking),
        cmocka_unit_test(without_an_announcement_nobody_looks),
        cmocka_unit_test(readers_hand_over_to_writers_only),
        cmocka_unit_test(the_clock_is_taken_off),
        cmocka_unit_test(long_holds_are_counted),
        cmocka_unit_test(each_reading_is_an_acquire_and_a_hold),
    };

    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
