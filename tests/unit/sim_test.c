/* The simulated machine: what moves between caches, who runs when, and that it is always the same.
 */
#define MACHINE_VIRTUAL
#include "tests/unit/unit.h"

#include <math.h>

#include "bench/random.h"
#include "bench/sim/crew.h"
#include "bench/sim/engine.h"
#include "bench/sim/memory.h"
#include "bench/sim/model.h"
#include "bench/virtual/sanitizers.h"
#include "locks/catalogue.h"

/* ---- whole repetitions ---- */

/* What a miss takes does not vary and is much shorter than the critical section, and nothing but
 * the lock is shared: the regime in which the numbers of transactions can be told beforehand. */
static const char *const flat = "sim:pack:1 core:128 pu:1";

static struct repetition make_repetition(const char *machine, const char *lock, unsigned threads)
{
    static unsigned cpus[SIM_CPUS_MOST];
    struct repetition repetition = {
        .machine = machine_native(),
        .threads = threads,
        .cpus = cpus,
        .cpus_count = threads,
        .workload = {.critical = {DELAY_FIXED, 1000, 1000, 0}},
        .warmup_ns = 200000,
        .window_ns = 2000000,
        .seed = 1,
    };

    for (unsigned i = 0; i < threads; i++)
        cpus[i] = i;
    assert_int_equal(machine_read(machine, &repetition.machine), EXIT_FINE);
    assert_int_equal(lock_spec_read(lock, &repetition.lock), EXIT_FINE);
    repetition_set_patience(&repetition);
    return repetition;
}

static json_t *measure(const struct repetition *repetition)
{
    char problem[256];
    json_t *result = sim_measure(repetition, problem, sizeof problem);

    if (result == NULL)
        fail_msg("%s", problem);
    return result;
}

static json_t *measure_pairs(const char *lock, unsigned threads)
{
    struct repetition repetition = make_repetition(flat, lock, threads);

    /* A release that all waiters notice takes some 60 ns for each; the warm-up is several rounds.
     */
    repetition.window_ns += threads * 100000;
    repetition.warmup_ns = repetition.window_ns / 2;
    return measure(&repetition);
}

static double traffic_of(const json_t *result, const char *name)
{
    const json_t *number = json_object_get(json_object_get(result, "traffic"), name);

    assert_true(json_is_number(number));
    return json_number_value(number);
}

static double number_of(const json_t *result, const char *name)
{
    assert_true(json_is_number(json_object_get(result, name)));
    return json_number_value(json_object_get(result, name));
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(value >= expected - tolerance && value <= expected + tolerance))
        fail_msg("%g is not within %g of %g", value, tolerance, expected);
}

static void assert_verified(const json_t *result)
{
    if (json_is_false(json_object_get(result, "verified")) ||
        json_array_size(json_object_get(result, "violations")) > 0)
        fail_msg("%s", json_dumps(json_object_get(result, "violations"), 0));
}

/* The window cuts off parts of a pair at its ends, out of more than 1,500 pairs. */
static void expect_pairs(const char *lock, unsigned threads, double transactions,
                         double invalidated, double tolerance)
{
    json_t *result = measure_pairs(lock, threads);

    assert_verified(result);
    assert_near(traffic_of(result, "transactions"), transactions, tolerance);
    assert_near(traffic_of(result, "invalidated"), invalidated, tolerance);
    json_decref(result);
}

static void expect_first_come(const char *lock, unsigned threads)
{
    json_t *result = measure_pairs(lock, threads);

    assert_int_equal((int)number_of(result, "mttr"), (int)threads);
    assert_int_equal((int)number_of(result, "max_gap"), (int)threads);
    json_decref(result);
}

static void mcs_moves_six_lines(void **state)
{
    (void)state;
    expect_pairs("mcs", 2, 6, 4, 0.02);
    for (unsigned threads = 8; threads <= 128; threads *= 2) {
        expect_pairs("mcs", threads, 6, 5, 0.02);
        expect_first_come("mcs", threads);
    }
}

static void ticket_moves_a_line_to_every_thread(void **state)
{
    (void)state;
    for (unsigned threads = 8; threads <= 128; threads *= 2) {
        expect_pairs("ticket", threads, threads, threads - 1, threads * 0.01);
        expect_first_come("ticket", threads);
    }
}

/* N transactions a pair while the releaser gets it again, up to a few N when others do. */
static void ttas_moves_lines_to_every_thread(void **state)
{
    (void)state;
    for (unsigned threads = 8; threads <= 128; threads *= 2) {
        json_t *result = measure_pairs("ttas", threads);
        double transactions = traffic_of(result, "transactions");
        assert_verified(result);
        assert_true(transactions > threads * 0.99 && transactions < threads * 4);
        assert_true(traffic_of(result, "invalidated") > (threads - 1) * 0.99);
        json_decref(result);
    }
}

/* Every try is on the bus, so the longer the lock is held the more there are. */
static void tas_moves_lines_while_the_lock_is_held(void **state)
{
    struct repetition repetition = make_repetition(flat, "tas", 16);
    double before = 0;

    (void)state;
    for (uint64_t critical_ns = 500; critical_ns <= 8000; critical_ns *= 4) {
        repetition.workload.critical = (struct delay){DELAY_FIXED, critical_ns, critical_ns, 0};
        json_t *result = measure(&repetition);
        double transactions = traffic_of(result, "transactions");
        assert_true(transactions > 2 * before);
        before = transactions;
        json_decref(result);
    }
}

static void alone_and_warm_nothing_moves(void **state)
{
    static const char *const locks[] = {"mcs", "ticket", "ttas", "tas", "rw_ticket", "spin_park"};

    (void)state;
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        expect_pairs(locks[i], 1, 0, 0, 0);
        expect_first_come(locks[i], 1);
    }
}

static double latency_of(const json_t *result, const char *field, const char *name)
{
    const json_t *number = json_object_get(json_object_get(result, field), name);

    if (!json_is_number(number))
        fail_msg("there is no %s.%s", field, name);
    return json_number_value(number);
}

/* By hand, on a line that is there: 1 ns for each access, and 5 ns more for the one that is an
 * atomic addition; then the time under the lock, in which the thread publishes its count. Now and
 * then the loop looks at the clock twice, to see what the time under the lock really was. */
static void times_alone_by_hand(void **state)
{
    struct repetition repetition = make_repetition(flat, "ticket", 1);

    (void)state;
    assert_int_equal(sim_parameters_read("jitter=0,stall-every=0,hit=1ns,atomic=5ns,clock=20ns",
                                         &repetition.machine.parameters),
                     EXIT_FINE);
    json_t *result = measure(&repetition);
    json_t *count = json_array_get(json_object_get(result, "acquisitions"), 0);
    assert_near(latency_of(result, "latency_ns", "count"), (double)json_integer_value(count), 1);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "min" : "max";
        assert_near(latency_of(result, "latency_ns", name), 7, 0);
        assert_near(latency_of(result, "hold_ns", name), i == 0 ? 1001 : 1001 + 2 * 20, 0);
    }
    assert_null(json_string_value(json_object_get(result, "handoff_ns")));
    json_decref(result);
}

/* While somebody always waits, an acquisition takes a hold and a hand-off, and who comes back at
 * once waits for those of all others. */
static void times_of_a_queue(void **state)
{
    static const char *const locks[] = {"ticket", "mcs"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (unsigned threads = 2; threads <= 32; threads *= 2) {
            json_t *result = measure_pairs(locks[i], threads);
            double each_ns = 1e9 / number_of(result, "throughput");
            double hold_ns = latency_of(result, "hold_ns", "mean");
            double handoff_ns = latency_of(result, "handoff_ns", "mean");
            double wait_ns = latency_of(result, "latency_ns", "mean");
            assert_near(hold_ns, 1000, 5);
            assert_near(hold_ns + handoff_ns, each_ns, each_ns * 0.005);
            assert_true(wait_ns < threads * each_ns - hold_ns);
            assert_true(wait_ns > (threads - 1) * each_ns - hold_ns / 2);
            assert_near(latency_of(result, "latency_ns", "stride"), 1, 0);
            json_decref(result);
        }
    }
}

/* Readers beside each other wait for nobody; one writer's hold is what they wait for. */
static void times_of_readers_stand_apart(void **state)
{
    struct repetition repetition = make_repetition(flat, "rw_ticket", 4);

    (void)state;
    repetition.workload.readers = 100;
    json_t *readers = measure(&repetition);
    assert_true(json_is_null(json_object_get(readers, "latency_ns")));
    assert_true(json_is_null(json_object_get(readers, "handoff_shared_ns")));
    assert_true(latency_of(readers, "latency_shared_ns", "count") > 1000);
    assert_near(latency_of(readers, "hold_shared_ns", "p50"), 1000, 1000.0 / 100);
    repetition.workload.readers = 50;
    json_t *both = measure(&repetition);
    assert_true(latency_of(both, "handoff_ns", "count") > 100);
    assert_true(latency_of(both, "handoff_shared_ns", "count") > 100);
    assert_true(latency_of(both, "handoff_shared_ns", "p50") < 1000);
    json_decref(readers);
    json_decref(both);
}

static void long_holds_are_told(void **state)
{
    struct repetition repetition = make_repetition(flat, "ticket", 2);

    (void)state;
    json_t *result = measure(&repetition);
    assert_near(latency_of(result, "hold_ns", "over_25us"), 0, 0);
    json_decref(result);
    repetition.workload.critical = (struct delay){DELAY_FIXED, 26000, 26000, 0};
    result = measure(&repetition);
    assert_near(latency_of(result, "hold_ns", "over_25us"), latency_of(result, "hold_ns", "count"),
                0);
    json_decref(result);
}

/* In pure lockstep, whoever releases a ttas is always the next to get it. */
/* So many threads for each core of two. */
static json_t *measure_crowd(const char *lock, unsigned threads_per_core, uint64_t critical_ns,
                             const char *slice)
{
    struct repetition repetition = make_repetition("sim:core:2 pu:1", lock, 2 * threads_per_core);

    repetition.cpus_count = 2;
    repetition.workload.critical = (struct delay){DELAY_FIXED, critical_ns, critical_ns, 0};
    repetition.workload.outside = (struct delay){DELAY_EXPONENTIAL, 2000, 2000, 0};
    repetition.window_ns = 40000000;
    assert_int_equal(sim_parameters_read(slice, &repetition.machine.parameters), EXIT_FINE);
    repetition_set_patience(&repetition);
    return measure(&repetition);
}

/* A hold that is longer than a time slice loses its core whenever another thread wants it, and
 * never otherwise. In 15 us, slices of 10 us end once or twice; the other thread, which
 * spins, has the core as long each time, and each of the two takes a switch. */
static void holders_that_lose_their_core(void **state)
{
    (void)state;
    json_t *alone = measure_crowd("ticket", 1, 15000, "slice=10us,jitter=0");
    json_t *sharing = measure_crowd("ticket", 2, 15000, "slice=10us,jitter=0");
    assert_verified(sharing);
    assert_near(number_of(alone, "holder_preempted"), 0, 0);
    assert_near(number_of(alone, "holder_off_cpu"), 0, 0);
    assert_near(number_of(sharing, "holder_preempted"), 1, 0);
    double hold_ns = latency_of(sharing, "hold_ns", "mean");
    double off_ns = number_of(sharing, "holder_off_cpu") * hold_ns;
    double switch_ns = (hold_ns - off_ns - 15000) / (off_ns / 10000);
    assert_in_range((uint64_t)(off_ns / 1000), 10, 25);
    assert_in_range((uint64_t)switch_ns, 500, 3000);
    json_decref(alone);
    json_decref(sharing);
}

/* Each slice that ends in the middle of a hold is one preemption, of which there can be no more
 * than slices; a waiter whose turn has come while it was off its core is no holder yet. */
static void short_holds_seldom_lose_their_core(void **state)
{
    (void)state;
    json_t *barging = measure_crowd("ttas", 2, 1000, "slice=100us");
    json_t *in_order = measure_crowd("ticket", 2, 1000, "slice=100us");
    double holds = latency_of(barging, "hold_ns", "count");
    double preempted = number_of(barging, "holder_preempted") * holds;
    assert_near(preempted, round(preempted), 1e-6);
    assert_in_range((uint64_t)round(preempted), 10, 2 * 40000000 / 100000);
    assert_true(number_of(barging, "holder_off_cpu") > 0.1);
    assert_true(number_of(in_order, "holder_preempted") < 0.01);
    assert_true(latency_of(in_order, "handoff_ns", "mean") > 10000);
    json_decref(barging);
    json_decref(in_order);
}

static void jitter_lets_others_in(void **state)
{
    struct repetition repetition = make_repetition(flat, "ttas", 8);

    (void)state;
    repetition.machine.parameters.jitter = repetition.machine.parameters.stall_every = 0;
    json_t *lockstep = measure(&repetition);
    repetition.machine.parameters = sim_parameters_default();
    repetition.window_ns *= 10;
    json_t *jittered = measure(&repetition);
    size_t owners = 0, i;
    json_t *count;

    json_array_foreach (json_object_get(lockstep, "acquisitions"), i, count)
        owners += json_integer_value(count) > 0;
    assert_int_equal(owners, 1);
    owners = 0;
    json_array_foreach (json_object_get(jittered, "acquisitions"), i, count)
        owners += json_integer_value(count) > 0;
    assert_true(owners > 1);
    json_decref(lockstep);
    json_decref(jittered);
}

/* The same seed gives the same bytes, another seed another run, on every kind of lock. */
static void a_seed_is_a_run(void **state)
{
    static const char *const locks[] = {"mcs_park", "tas", "rw_ticket", "ttas_backoff"};

    (void)state;
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        struct repetition repetition = make_repetition("sim:pack:2 core:4 pu:2", locks[i], 40);
        repetition.cpus_count = 16;
        repetition.workload = workload_default();
        repetition.workload.readers = 30;
        repetition.window_ns = 20000000;
        json_t *first = measure(&repetition), *same = measure(&repetition);
        repetition.seed++;
        json_t *other = measure(&repetition);
        assert_true(json_equal(first, same));
        assert_false(json_equal(first, other));
        json_decref(first);
        json_decref(same);
        json_decref(other);
    }
}

static void expect_right(const char *machine, const struct lock_ops *ops, unsigned threads,
                         unsigned cpus, unsigned readers)
{
    struct repetition repetition = make_repetition(machine, ops->name, threads);

    repetition.cpus_count = cpus;
    repetition.workload = workload_default();
    repetition.workload.readers = readers;
    repetition.window_ns = threads > cpus ? 40000000 : 200000 + threads * 10000;
    json_t *result = measure(&repetition);
    assert_verified(result);
    json_decref(result);
}

/* All of it is one OS thread, in which the thread sanitizer can find nothing; but it takes 10 ms to
 * make a fiber, so that 128 of them in every run would take minutes. */
static void every_lock_is_right_on_every_size(void **state)
{
    static const unsigned sizes[] = {1, 2, 16, 128};
    const size_t count = sizeof sizes / sizeof sizes[0] - THREAD_SANITIZER;

    (void)state;
    for (unsigned i = 0; i < lock_catalogue_size; i++) {
        const struct lock_ops *ops = lock_catalogue[i];
        if ((ops->traits & (LOCK_NATIVE_ONLY | LOCK_BROKEN)) != 0)
            continue;
        for (size_t j = 0; j < count; j++) {
            expect_right("sim:pack:2 core:64 pu:1", ops, sizes[j], sizes[j], 0);
            expect_right("sim:pack:2 core:64 pu:1", ops, sizes[j], sizes[j], 40);
        }
        expect_right("sim:pack:1 core:2 pu:1", ops, 8, 2, 20);
    }
}

static void a_broken_lock_is_caught(void **state)
{
    struct repetition repetition = make_repetition("sim:pack:1 core:4 pu:1", "broken_tts", 4);

    (void)state;
    json_t *result = measure(&repetition);
    assert_true(json_is_false(json_object_get(result, "verified")));
    json_decref(result);
}

/* With lines under the lock they are part of the traffic, and named. */
static void lines_that_cost_are_named(void **state)
{
    struct repetition repetition = make_repetition(flat, "mcs", 8);
    bool lock = false, context = false, data = false;
    double shares = 0;
    size_t i;
    json_t *line;

    (void)state;
    repetition.workload.lines = 3;
    json_t *result = measure(&repetition);
    json_t *lines = json_object_get(json_object_get(result, "traffic"), "by_line");
    json_array_foreach (lines, i, line) {
        const char *name = json_string_value(json_object_get(line, "line"));
        lock = lock || strcmp(name, "lock+0") == 0;
        context = context || strcmp(name, "context") == 0;
        data = data || strcmp(name, "data+128") == 0;
        shares += json_number_value(json_object_get(line, "share"));
    }
    assert_true(lock && context && data);
    assert_near(shares, 1, 1e-9);
    /* Three lines of data move to each new holder; the first is read before it is written. */
    assert_near(traffic_of(result, "transactions"), 6 + 3 * 2, 0.05);
    json_decref(result);
}

/* ---- single threads on the engine ---- */

static struct sim_model make_model(const char *text, const char *parameters)
{
    struct machine machine = machine_native();
    struct sim_model model;
    hwloc_topology_t topology;

    assert_int_equal(machine_read(text, &machine), EXIT_FINE);
    assert_int_equal(sim_parameters_read(parameters, &machine.parameters), EXIT_FINE);
    assert_int_equal(machine_load(&machine, &topology), EXIT_FINE);
    assert_int_equal(sim_model_make(topology, &machine.parameters, NULL, &model), EXIT_FINE);
    hwloc_topology_destroy(topology);
    return model;
}

/* Whoever holds the words of a test. */
struct scene {
    struct sim_engine *engine;
    _Alignas(256) uint32_t word;
    uint32_t beside;
    _Alignas(64) uint32_t apart;
    uint64_t end_ns[4]; /* when each thread was done */
    unsigned order;
};

static const char exact[] =
    "jitter=0,stall-every=0,hit=1ns,atomic=5ns,core=10ns,package=60ns,"
    "remote=140ns,memory=100ns,syscall=200ns,switch=1us,wake=3us,slice=1ms";

/* Runs thread i on cpus[i]. */
static enum sim_end play(const char *machine, struct scene *scene, unsigned threads,
                         const unsigned *cpus, void (*run)(void *argument))
{
    struct sim_model model = make_model(machine, exact);
    struct sim_engine engine;

    scene->engine = &engine;
    assert_true(sim_engine_make(&engine, &model, threads, cpus, threads, 1));
    memory_name(&engine.memory, scene, sizeof *scene, "scene", SIM_BY_LINE);
    for (unsigned i = 0; i < threads; i++)
        sim_engine_start(&engine, i, run, scene);
    enum sim_end end = sim_engine_run(&engine);
    scene->order = (unsigned)(engine.memory.traffic.transactions[SIM_OWN] +
                              engine.memory.traffic.transactions[SIM_UPGRADE]);
    sim_engine_free(&engine);
    sim_model_free(&model);
    return end;
}

static void note_end(struct scene *scene)
{
    scene->end_ns[machine_self()] = scene->engine->now / PS_PER_NS;
}

static void add_beside(void *argument)
{
    struct scene *scene = argument;

    for (int i = 0; i < 1000; i++)
        word_fetch_add(machine_self() == 0 ? &scene->word : &scene->beside, 1, relaxed);
}

static void add_apart(void *argument)
{
    struct scene *scene = argument;

    for (int i = 0; i < 1000; i++)
        word_fetch_add(machine_self() == 0 ? &scene->word : &scene->apart, 1, relaxed);
}

static void false_sharing_shows(void **state)
{
    static const unsigned cpus[] = {0, 1};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:2 pu:1", &scene, 2, cpus, add_beside), SIM_ENDED);
    assert_true(scene.order > 20);
    assert_int_equal(scene.word + scene.beside, 2000);
    assert_int_equal(play("sim:pack:1 core:2 pu:1", &scene, 2, cpus, add_apart), SIM_ENDED);
    assert_int_equal(scene.order, 2);
}

static void spin_long(void *argument)
{
    machine_spin(2500000);
    note_end(argument);
}

/* Both are ready at 0; a switch takes 1 us, a slice is 1 ms. Thread 0 runs from 1 us to 1001, 1 to
 * 2002, 0 to 3003, 1 to 4004, 0 from 4005 for the 500 us that are left, 1 likewise from 4506. */
static void slices_by_hand(void **state)
{
    static const unsigned cpus[] = {0, 0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 2, cpus, spin_long), SIM_ENDED);
    assert_int_equal(scene.end_ns[0], 4505000);
    assert_int_equal(scene.end_ns[1], 5006000);
}

static void sleep_or_wake(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0) {
        machine_futex_wait(&scene->word, 0);
    } else {
        machine_spin(10000);
        word_store(&scene->word, 1, relaxed);
        machine_futex_wake(&scene->word, 1);
    }
    note_end(scene);
}

/* Thread 0 runs at 1 us, is in the kernel for 200 ns and gets the line from memory in 100: asleep
 * at 1,300 ns. Thread 1 begins at 1 us, too, spins until 11 us, gets the line in 60 ns, writes it
 * in 1, and is in the kernel until 11,261: then 3 us until the sleeper is ready and 1 us until it
 * runs. */
static void sleeping_by_hand(void **state)
{
    static const unsigned cpus[] = {0, 1};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:2 pu:1", &scene, 2, cpus, sleep_or_wake), SIM_ENDED);
    assert_int_equal(scene.end_ns[1], 11261);
    assert_int_equal(scene.end_ns[0], 15261);
}

static void await_or_store(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0) {
        word_await_equal(&scene->word, 1, acquire);
    } else {
        machine_spin(1000);
        word_store(&scene->word, 1, release);
        machine_spin(5000000);
    }
    note_end(scene);
}

/* Two waiters' worth of one core: the waiter uses up its slice of 1 ms before the storer runs, and
 * is switched to again a slice later. */
static void a_waiter_keeps_its_core(void **state)
{
    static const unsigned cpus[] = {0, 0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 2, cpus, await_or_store), SIM_ENDED);
    /* Switched to at 2,003 us: what it awaits is in its cache, because both share that. */
    assert_int_equal(scene.end_ns[0], 2003001);
}

/* Thread 2 wakes thread 1 on another core, on which thread 0 computes. */
static void sleep_beside_a_computer(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0) {
        machine_spin(5000000);
    } else if (machine_self() == 1) {
        machine_futex_wait(&scene->word, 0);
    } else {
        machine_spin(1500000);
        word_store(&scene->word, 1, relaxed);
        machine_futex_wake(&scene->word, 1);
    }
    note_end(scene);
}

/* Thread 0 has the core from 1 us on for a slice, thread 1 from 1,002 us until it is asleep 300 ns
 * later, thread 0 again from 1,003.3. Thread 2 runs from 1 us, gets the line from memory by then,
 * so that it stores after 60 ns for the line and 1 for the store, and has called at 1,501,261; 3 us
 * later thread 1 is ready. It has had much less than thread 0: so it need not wait until a slice is
 * over, and is done a switch later. Thread 0 has what it lacks then after one switch more. */
static void a_sleeper_goes_first(void **state)
{
    static const unsigned cpus[] = {0, 0, 1};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:2 pu:1", &scene, 3, cpus, sleep_beside_a_computer),
                     SIM_ENDED);
    assert_int_equal(scene.end_ns[2], 1501261);
    assert_int_equal(scene.end_ns[1], 1505261);
    assert_int_equal(scene.end_ns[0], 5005300);
}

/* Sleeps for 10 us and computes for 90, again and again, beside one that only computes. */
static void sleep_little(void *argument)
{
    struct scene *scene = argument;

    for (int i = 0; i < 200 && machine_self() == 0; i++) {
        machine_futex_wait_until(&scene->word, 0, machine_clock() + 10000);
        machine_spin(90000);
    }
    if (machine_self() == 1)
        machine_spin(18000000);
    note_end(scene);
}

/* Both want 18 ms. A thread that goes first whenever it wakes up would have them after 20; but of
 * the core it gets no more than its share, which is half, and a slice beforehand at most. */
static void nobody_has_more_than_a_share(void **state)
{
    static const unsigned cpus[] = {0, 0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 2, cpus, sleep_little), SIM_ENDED);
    assert_in_range(scene.end_ns[0], 34000000, 40000000);
    assert_in_range(scene.end_ns[1], 34000000, 40000000);
}

/* Thread 0 wakes thread 1 of its own core, which it lets go to sleep first, and thread 2 of another
 * one. */
static void wake_near_and_far(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0) {
        machine_yield();
        machine_spin(10000);
        word_store(&scene->word, 1, relaxed);
        machine_futex_wake(&scene->word, 2);
    } else {
        machine_futex_wait(&scene->word, 0);
    }
    note_end(scene);
}

/* Thread 0 yields until 1,200 ns, thread 1 is asleep at 2,460, thread 0 goes on at 3,460, stores at
 * 13,521, and has called at 13,721; waking thread 2 takes it 2 us longer. When it is done thread 1
 * has been ready all the time, and needs a switch; thread 2 is ready after 3 us. */
static void waking_far_costs_more(void **state)
{
    static const unsigned cpus[] = {0, 0, 1};
    struct sim_model model = make_model("sim:pack:1 core:2 pu:1", exact);
    struct sim_engine engine;
    struct scene scene = {.engine = &engine};

    (void)state;
    model.parameters.wake_call_ns = 2000;
    assert_true(sim_engine_make(&engine, &model, 3, cpus, 3, 1));
    for (unsigned i = 0; i < 3; i++)
        sim_engine_start(&engine, i, wake_near_and_far, &scene);
    assert_int_equal(sim_engine_run(&engine), SIM_ENDED);
    assert_int_equal(scene.end_ns[0], 15721);
    assert_int_equal(scene.end_ns[1], 16721);
    assert_int_equal(scene.end_ns[2], 17721);
    sim_engine_free(&engine);
    sim_model_free(&model);
}

/* A file that was written before there was such a cost can still be read. */
static void models_of_earlier_files_are_read(void **state)
{
    struct sim_parameters parameters = sim_parameters_default();
    json_t *model = sim_parameters_to_json(&parameters);

    (void)state;
    json_object_del(model, "wake-call");
    parameters.wake_call_ns = 7;
    assert_true(sim_parameters_from_json(model, &parameters));
    assert_int_equal(parameters.wake_call_ns, 0);
    json_object_del(model, "wake");
    assert_false(sim_parameters_from_json(model, &parameters));
    json_decref(model);
}

static void wait_for_nobody(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0)
        word_await_equal(&scene->word, 7, acquire);
    else
        machine_futex_wait(&scene->apart, 0);
}

static void a_deadlock_ends_the_run(void **state)
{
    static const unsigned cpus[] = {0, 1};
    struct sim_model model = make_model("sim:pack:1 core:2 pu:1", exact);
    struct sim_engine engine;
    struct scene scene = {0};
    char text[128];

    (void)state;
    assert_true(sim_engine_make(&engine, &model, 2, cpus, 2, 1));
    memory_name(&engine.memory, &scene, sizeof scene, "scene", SIM_BY_LINE);
    sim_engine_start(&engine, 0, wait_for_nobody, &scene);
    sim_engine_start(&engine, 1, wait_for_nobody, &scene);
    assert_int_equal(sim_engine_run(&engine), SIM_DEADLOCK);
    sim_engine_position(&engine, 0, text, sizeof text);
    assert_non_null(strstr(text, "sim_test.c:"));
    assert_non_null(strstr(text, "waits for scene+"));
    assert_non_null(strstr(text, "to be 7"));
    sim_engine_position(&engine, 1, text, sizeof text);
    assert_non_null(strstr(text, "sleeps on scene+"));
    sim_engine_free(&engine);
    sim_model_free(&model);
}

static void give_up_in_time(void *argument)
{
    struct scene *scene = argument;
    uint64_t deadline = machine_deadline(10000);

    assert_int_equal(word_await_equal_until(&scene->word, 1, acquire, deadline), 0);
    assert_int_equal(scene->engine->now / PS_PER_NS, deadline + 1);
    note_end(scene);
}

static void deadlines_are_kept(void **state)
{
    static const unsigned cpus[] = {0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 1, cpus, give_up_in_time), SIM_ENDED);
    assert_true(scene.end_ns[0] > 11000);
}

static void sleep_till_ten(void *argument)
{
    struct scene *scene = argument;

    assert_false(machine_futex_wait_until(&scene->word, 0, 10000));
    note_end(scene);
}

/* Runs at 1 us, asleep at 1,300 ns (see sleeping_by_hand()); the timer makes it ready at 10 us, and
 * it runs a switch later. */
static void a_timed_sleep_by_hand(void **state)
{
    static const unsigned cpus[] = {0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 1, cpus, sleep_till_ten), SIM_ENDED);
    assert_int_equal(scene.end_ns[0], 11000);
}

static void sleep_too_late(void *argument)
{
    struct scene *scene = argument;

    assert_false(machine_futex_wait_until(&scene->word, 0, 500));
    note_end(scene);
}

/* Asleep at 1,300 ns, ready at once, and switched to. */
static void a_deadline_that_has_passed_by_hand(void **state)
{
    static const unsigned cpus[] = {0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 1, cpus, sleep_too_late), SIM_ENDED);
    assert_int_equal(scene.end_ns[0], 2300);
}

static void sleep_in_time_or_wake(void *argument)
{
    struct scene *scene = argument;

    if (machine_self() == 0) {
        assert_true(machine_futex_wait_until(&scene->word, 0, 20000));
        note_end(scene);
        /* Its timer is gone: the next sleep lasts until its own. */
        assert_false(machine_futex_wait_until(&scene->word, 1, 30000));
        scene->end_ns[2] = scene->engine->now / PS_PER_NS;
    } else {
        machine_spin(10000);
        word_store(&scene->word, 1, relaxed);
        machine_futex_wake(&scene->word, 1);
        note_end(scene);
    }
}

/* As in sleeping_by_hand() it is woken before its deadline. */
static void woken_before_a_deadline_by_hand(void **state)
{
    static const unsigned cpus[] = {0, 1};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:2 pu:1", &scene, 2, cpus, sleep_in_time_or_wake),
                     SIM_ENDED);
    assert_int_equal(scene.end_ns[1], 11261);
    assert_int_equal(scene.end_ns[0], 15261);
    assert_int_equal(scene.end_ns[2], 31000);
}

static void use_every_operation(void *argument)
{
    struct scene *scene = argument;
    uint32_t expected = 3;

    word_store(&scene->word, 12, relaxed);
    assert_int_equal(word_exchange(&scene->word, 8, relaxed), 12);
    assert_int_equal(word_fetch_add(&scene->word, 5, relaxed), 8);
    assert_int_equal(word_fetch_sub(&scene->word, 3, relaxed), 13);
    assert_int_equal(word_fetch_and(&scene->word, 6, relaxed), 10);
    assert_int_equal(word_fetch_or(&scene->word, 1, relaxed), 2);
    assert_false(word_compare_exchange(&scene->word, &expected, 9, acquire, relaxed) &&
                 expected != 3);
    assert_int_equal(word_load(&scene->word, acquire), 9);
    expected = 1;
    assert_false(word_compare_exchange(&scene->word, &expected, 7, acquire, relaxed));
    assert_int_equal(expected, 9);
    machine_fence(seq_cst);
    assert_int_equal(word_await_differ(&scene->word, 1, relaxed), 9);
    assert_int_equal(machine_cpu(), 0);
    assert_int_equal(machine_node(), 0);
    note_end(scene);
}

static void operations_do_what_they_say(void **state)
{
    static const unsigned cpus[] = {0};
    struct scene scene = {0};

    (void)state;
    assert_int_equal(play("sim:pack:1 core:1 pu:1", &scene, 1, cpus, use_every_operation),
                     SIM_ENDED);
    assert_true(scene.end_ns[0] > 0);
}

/* ---- the model ---- */

static enum sim_distance distance_between(const struct sim_model *model, unsigned a, unsigned b)
{
    uint64_t holders[SIM_CPUS_MOST / 64] = {0};
    struct sim_tally tally = {0};
    struct sim_line line = {.holders = holders, .owner = (int)b, .tally = &tally};

    holders[b / 64] = UINT64_C(1) << (b % 64);
    return sim_line_transaction(model, &line, a, false).distance;
}

/* tests/fixtures/two_sockets.xml: two packages of two L3 caches with four cores of two hardware
 * threads, which the system numbers across all cores first. */
static void distances_of_a_server(void **state)
{
    char machine[1024];

    (void)state;
    snprintf(machine, sizeof machine, "sim:%s/tests/fixtures/two_sockets.xml", getenv("SOURCES"));
    struct sim_model model = make_model(machine, exact);
    assert_int_equal(model.cpus_count, 32);
    assert_int_equal(distance_between(&model, 0, 1), SIM_CORE);
    assert_int_equal(distance_between(&model, 0, 7), SIM_CACHE);
    assert_int_equal(distance_between(&model, 0, 8), SIM_PACKAGE);
    assert_int_equal(distance_between(&model, 0, 16), SIM_REMOTE);
    assert_int_equal(distance_between(&model, 31, 15), SIM_REMOTE);
    assert_int_equal(distance_between(&model, 31, 16), SIM_PACKAGE);
    assert_int_equal(distance_between(&model, 31, 24), SIM_CACHE);
    assert_int_equal(model.cpus[1].os_index, 16);
    assert_int_equal(sim_model_index(&model, 16), 1);
    assert_int_equal(model.cpus[0].node, 0);
    assert_int_equal(model.cpus[31].node, 1);
    sim_model_free(&model);
}

/* A cache that all cores of the package share tells none of them apart. */
static void a_common_cache_is_no_cluster(void **state)
{
    struct sim_model model = make_model("sim:pack:2 l3:1 core:4 pu:1", exact);

    (void)state;
    assert_int_equal(distance_between(&model, 0, 3), SIM_PACKAGE);
    assert_int_equal(distance_between(&model, 0, 4), SIM_REMOTE);
    sim_model_free(&model);
}

/* A copy comes from the nearest holder; a write waits for the farthest. */
static void nearest_and_farthest(void **state)
{
    struct sim_model model = make_model("sim:pack:2 core:100 pu:1", exact);
    uint64_t holders[4] = {0};
    struct sim_tally tally = {0};
    struct sim_line line = {.holders = holders, .owner = SIM_NOBODY, .tally = &tally};
    struct sim_traffic traffic = {0};
    struct sim_transaction transaction;

    (void)state;
    transaction = sim_line_transaction(&model, &line, 5, false);
    assert_int_equal(transaction.distance, SIM_MEMORY);
    sim_line_complete(&model, &line, 5, &transaction, &traffic);
    assert_true(sim_line_writable(&line, 5));
    transaction = sim_line_transaction(&model, &line, 150, false);
    assert_int_equal(transaction.distance, SIM_REMOTE);
    sim_line_complete(&model, &line, 150, &transaction, &traffic);
    assert_false(sim_line_writable(&line, 5));
    assert_true(sim_line_readable(&line, 5) && sim_line_readable(&line, 150));
    transaction = sim_line_transaction(&model, &line, 99, false);
    assert_int_equal(transaction.distance, SIM_PACKAGE);
    transaction = sim_line_transaction(&model, &line, 99, true);
    assert_int_equal(transaction.kind, SIM_OWN);
    assert_int_equal(transaction.distance, SIM_REMOTE);
    transaction = sim_line_transaction(&model, &line, 5, true);
    assert_int_equal(transaction.kind, SIM_UPGRADE);
    sim_line_complete(&model, &line, 5, &transaction, &traffic);
    assert_int_equal(traffic.invalidated, 1);
    assert_false(sim_line_readable(&line, 150));
    sim_model_free(&model);
}

/* ---- the queue of events ---- */

/* Against a plain search for the smallest, with times that often are equal. */
static void events_come_in_order(void **state)
{
    enum { SUBJECTS = 50, STEPS = 20000 };
    struct event_queue queue;
    struct {
        bool due;
        uint64_t time, said;
    } known[SUBJECTS] = {0};
    uint64_t random = 5, now = 0;

    (void)state;
    assert_true(event_queue_make(&queue, SUBJECTS));
    for (uint64_t step = 0; step < STEPS; step++) {
        uint32_t subject = (uint32_t)random_below(&random, SUBJECTS);
        uint64_t what = random_below(&random, 4);
        if (what < 2) {
            known[subject].due = true;
            known[subject].time = now + random_below(&random, 10);
            known[subject].said = step;
            event_queue_set(&queue, subject, known[subject].time);
        } else if (what == 2) {
            known[subject].due = false;
            event_queue_remove(&queue, subject);
        } else if (queue.count > 0) {
            uint32_t best = SUBJECTS;
            for (uint32_t i = 0; i < SUBJECTS; i++) {
                if (known[i].due &&
                    (best == SUBJECTS || known[i].time < known[best].time ||
                     (known[i].time == known[best].time && known[i].said < known[best].said)))
                    best = i;
            }
            assert_int_equal(event_queue_next(&queue), known[best].time);
            event event = event_queue_pop(&queue);
            assert_int_equal(event_subject(event), best);
            now = event_time(event);
            known[best].due = false;
        }
    }
    event_queue_free(&queue);
}

/* First come, first served: equal turns, of which the hog's take ten times as long. Nobody else has
 * the lock while one has it, so that the parts come to 1 and, for each further thread, the idle
 * time once more. */
static void a_hog_has_most_of_the_time(void **state)
{
    enum { THREADS = 4 };
    struct repetition repetition = make_repetition(flat, "mcs", THREADS);
    double part[THREADS], sum = 0, squares = 0;

    (void)state;
    repetition.workload.hogs = 1;
    repetition.workload.hog_critical = (struct delay){DELAY_FIXED, 10000, 10000, 0};
    repetition_set_patience(&repetition);
    json_t *result = measure(&repetition);
    const json_t *parts = json_object_get(result, "lock_opportunity");
    assert_int_equal(json_array_size(parts), THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        part[i] = json_number_value(json_array_get(parts, i));
        sum += part[i];
        squares += part[i] * part[i];
    }
    double idle = (sum - 1) / (THREADS - 1);
    assert_true(idle > 0 && idle < 0.05);
    assert_near((part[0] - idle) / (part[1] - idle), 10, 0.3);
    assert_near(part[1] - idle, 1.0 / 13, 0.005);
    assert_near(number_of(result, "lock_opportunity_jain"), sum * sum / THREADS / squares, 1e-6);
    const json_t *turns = json_object_get(result, "acquisitions");
    assert_near((double)json_integer_value(json_array_get(turns, 0)),
                (double)json_integer_value(json_array_get(turns, 1)), 1);
    json_decref(result);
}

/* Readers have it at the same time: each could have had it nearly always. */
static void readers_share_their_opportunity(void **state)
{
    struct repetition repetition = make_repetition(flat, "rw_ticket", 4);

    (void)state;
    repetition.workload.readers = 100;
    repetition.workload.lines = 1;
    repetition.workload.hogs = 4;
    repetition.workload.hog_critical = (struct delay){DELAY_FIXED, 1000, 1000, 0};
    json_t *result = measure(&repetition);
    const json_t *parts = json_object_get(result, "lock_opportunity");
    for (size_t i = 0; i < 4; i++) {
        double part = json_number_value(json_array_get(parts, i));
        assert_true(part > 0.5 && part <= 1);
    }
    json_decref(result);
}

/* They stay in their threads' caches. */
static void own_lines_do_not_move(void **state)
{
    struct repetition repetition = make_repetition(flat, "mcs", 8);

    (void)state;
    repetition.workload.own_lines = 8;
    json_t *result = measure(&repetition);
    assert_verified(result);
    assert_near(traffic_of(result, "transactions"), 6, 0.05);
    json_decref(result);
}

/* With a lock for each thread in mind, there is little to wait for; and what goes wrong under one
 * of them is seen. */
static void several_locks_are_each_checked(void **state)
{
    struct repetition repetition = make_repetition(flat, "mcs", 16);

    (void)state;
    json_t *one = measure(&repetition);
    repetition.workload.locks = 64;
    repetition.workload.lines = 2;
    json_t *several = measure(&repetition);
    assert_verified(several);
    assert_true(number_of(several, "throughput") > 4 * number_of(one, "throughput"));
    assert_true(json_is_null(json_object_get(several, "burst")));
    assert_true(json_is_null(json_object_get(several, "mttr")));
    json_decref(one);
    json_decref(several);
    repetition = make_repetition(flat, "broken_tts", 16);
    repetition.workload.locks = 4;
    repetition.workload.lines = 1;
    repetition.workload.critical = (struct delay){DELAY_FIXED, 200, 200, 0};
    json_t *broken = measure(&repetition);
    assert_true(json_is_false(json_object_get(broken, "verified")));
    json_decref(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mcs_moves_six_lines),
        cmocka_unit_test(ticket_moves_a_line_to_every_thread),
        cmocka_unit_test(ttas_moves_lines_to_every_thread),
        cmocka_unit_test(tas_moves_lines_while_the_lock_is_held),
        cmocka_unit_test(alone_and_warm_nothing_moves),
        cmocka_unit_test(times_alone_by_hand),
        cmocka_unit_test(times_of_a_queue),
        cmocka_unit_test(times_of_readers_stand_apart),
        cmocka_unit_test(long_holds_are_told),
        cmocka_unit_test(holders_that_lose_their_core),
        cmocka_unit_test(short_holds_seldom_lose_their_core),
        cmocka_unit_test(jitter_lets_others_in),
        cmocka_unit_test(a_seed_is_a_run),
        cmocka_unit_test(every_lock_is_right_on_every_size),
        cmocka_unit_test(a_hog_has_most_of_the_time),
        cmocka_unit_test(readers_share_their_opportunity),
        cmocka_unit_test(own_lines_do_not_move),
        cmocka_unit_test(several_locks_are_each_checked),
        cmocka_unit_test(a_broken_lock_is_caught),
        cmocka_unit_test(lines_that_cost_are_named),
        cmocka_unit_test(false_sharing_shows),
        cmocka_unit_test(slices_by_hand),
        cmocka_unit_test(sleeping_by_hand),
        cmocka_unit_test(a_waiter_keeps_its_core),
        cmocka_unit_test(a_sleeper_goes_first),
        cmocka_unit_test(nobody_has_more_than_a_share),
        cmocka_unit_test(waking_far_costs_more),
        cmocka_unit_test(models_of_earlier_files_are_read),
        cmocka_unit_test(a_deadlock_ends_the_run),
        cmocka_unit_test(deadlines_are_kept),
        cmocka_unit_test(a_timed_sleep_by_hand),
        cmocka_unit_test(a_deadline_that_has_passed_by_hand),
        cmocka_unit_test(woken_before_a_deadline_by_hand),
        cmocka_unit_test(operations_do_what_they_say),
        cmocka_unit_test(distances_of_a_server),
        cmocka_unit_test(a_common_cache_is_no_cluster),
        cmocka_unit_test(nearest_and_farthest),
        cmocka_unit_test(events_come_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
