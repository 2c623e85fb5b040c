/* Which turns are timed, and what counts as a hand-off, with threads that are played by one. */
#include "tests/unit/unit.h"

#include "bench/latency_watch.h"
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
            struct latency_look look = latency_look_begin(&turns, turn);
            assert_false(look.timed && look.announced);
            assert_int_equal(look.timed || look.announced, look.arrived_ns != 0);
            timed += look.timed;
            announced += look.announced;
            steps[turn % SCRIPT_STEPS] |= look.timed;
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
    for (uint64_t turn = 0; turn < TURNS; turn++)
        assert_false(latency_look_begin(&turns, turn).announced);
    assert_int_equal(word_load(&watch.announced, relaxed), 0);
}

static void strides_are_odd(void **state)
{
    (void)state;
    assert_true(latency_stride_fits(3) && latency_stride_fits(LATENCY_STRIDE_MOST));
    assert_false(latency_stride_fits(0) || latency_stride_fits(1) || latency_stride_fits(256));
    assert_false(latency_stride_fits(LATENCY_STRIDE_MOST + 2) || latency_stride_fits(UINT64_MAX));
}

/* ---- hand-offs ---- */

/* A lock, a holder that notes nothing itself, and one that announces its wait. */
struct play {
    struct latency_watch watch;
    struct latency_turns turns;
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
    play->turns = latency_turns_begin(&play->watch);
    return play;
}

static void hold_and_release(struct play *play, bool shared)
{
    const struct latency_look none = {0};

    latency_look_release(&play->turns, &none, &play->releases, shared, &play->latencies);
}

static struct latency_look announce(struct play *play)
{
    struct latency_look look = latency_look_begin(&play->turns, play->turns.next_announced);

    assert_true(look.announced);
    return look;
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
    struct latency_look look = announce(play);
    let_time_pass();
    hold_and_release(play, false);
    let_time_pass();
    latency_look_acquired(&play->turns, &look, &play->releases, false, &play->latencies);
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
    struct latency_look other = announce(play); /* somebody else's wait makes the holder look */
    hold_and_release(play, false);
    let_time_pass();
    struct latency_look look = announce(play);
    latency_look_acquired(&play->turns, &look, &play->releases, false, &play->latencies);
    assert_int_equal(handoffs(play), 0);
    latency_look_acquired(&play->turns, &other, &play->releases, false, &play->latencies);
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
    struct latency_look reader = announce(play), writer = announce(play);
    let_time_pass();
    hold_and_release(play, true);
    let_time_pass();
    latency_look_acquired(&play->turns, &reader, &play->releases, true, &play->latencies);
    assert_int_equal(handoffs(play), 0);
    hold_and_release(play, true);
    uint64_t last_ns = word_load(&play->releases.shared_ns, relaxed);
    latency_look_acquired(&play->turns, &writer, &play->releases, false, &play->latencies);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_timed_in_stride),
        cmocka_unit_test(nobody_announces_itself_without_handoffs),
        cmocka_unit_test(strides_are_odd),
        cmocka_unit_test(a_release_after_the_arrival_is_a_handoff),
        cmocka_unit_test(a_lock_that_was_free_is_handed_over_by_nobody),
        cmocka_unit_test(without_an_announcement_nobody_looks),
        cmocka_unit_test(readers_hand_over_to_writers_only),
        cmocka_unit_test(the_clock_is_taken_off),
        cmocka_unit_test(long_holds_are_counted),
    };

    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
